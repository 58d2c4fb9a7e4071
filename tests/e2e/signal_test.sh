#! /usr/bin/env atf-sh
# Signals: stopping, draining, totals.
# Not here: what ends a connection otherwise (data_test.sh).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

atf_test_case drain
drain_head()
{
	atf_set descr "SIGTERM: open connections go on, new ones do not"
}
drain_body()
{
	start_peer service listen 127.0.0.1:0 recv:1000 touch:got await:go \
	    send:5000000 eof
	start_relay relay ./relay.sock "$(address service)"
	start_client client connect ./relay.sock send:1000 recv:5000000 \
	    shut eof
	"$await" got
	kill "$(cat relay.pid)"
	atf_check "$await" relay.log 'stopping: 1 connections open'
	test ! -e relay.sock || atf_fail "the socket is still there"
	touch go
	check_peer client
	check_peer service
	wait "$(cat relay.pid)" || atf_fail "exited with $?"
}

atf_test_case drain_ends
drain_ends_head()
{
	atf_set descr "--drain-time ends; what is open then is reset"
}
drain_ends_body()
{
	start_peer service listen 127.0.0.1:0 recv:1000 touch:got gone
	start_relay relay --drain-time 100ms 127.0.0.1:0 "$(address service)"
	start_client client connect "$(relay_address relay)" send:1000 gone
	"$await" got
	stop_relay relay
	check_peer client
	check_peer service
	atf_check grep -q 'stopping: 1 connections broken off' relay.log
}

atf_test_case second_term
second_term_head()
{
	atf_set descr "A second SIGTERM ends at once"
}
second_term_body()
{
	start_peer service listen 127.0.0.1:0 recv:1000 touch:got gone
	start_relay relay --drain-time infinity 127.0.0.1:0 \
	    "$(address service)"
	start_client client connect "$(relay_address relay)" send:1000 gone
	"$await" got
	kill "$(cat relay.pid)"
	"$await" relay.log 'stopping'
	stop_relay relay
	check_peer client
	check_peer service
}

atf_test_case interrupt
interrupt_head()
{
	atf_set descr "SIGINT ends at once, and not with a clean end of file"
}
interrupt_body()
{
	start_peer service listen 127.0.0.1:0 recv:1000 touch:got gone
	start_relay relay 127.0.0.1:0 "$(address service)"
	start_client client connect "$(relay_address relay)" send:1000 gone
	"$await" got
	stop_relay relay INT
	check_peer client
	check_peer service

	start_relay relay ./relay.sock 127.0.0.1:9
	stop_relay relay INT
	test ! -e relay.sock || atf_fail "the socket is still there"
}

atf_test_case hangup
hangup_head()
{
	atf_set descr "SIGHUP ends in order"
}
hangup_body()
{
	start_relay relay ./relay.sock 127.0.0.1:9
	stop_relay relay HUP
	test ! -e relay.sock || atf_fail "the socket is still there"
}

atf_test_case hangup_ignored
hangup_ignored_head()
{
	atf_set descr "Under nohup(1), SIGHUP ends nothing"
}
hangup_ignored_body()
{
	start_peer service -n 2 listen 127.0.0.1:0 text:hello eof
	: >relay.log
	(
		trap '' HUP
		exec "$relay" ./relay.sock "$(address service)" 2>relay.log
	) &
	echo $! >relay.pid
	"$await" relay.log 'listening on'
	kill -s HUP "$(cat relay.pid)"
	# It has taken the signal before the first is served.
	atf_check "$peer" -n 2 connect ./relay.sock expect:hello shut eof
	check_peer service
	test -S relay.sock || atf_fail "$(cat relay.log)"
	stop_relay relay
}

atf_test_case totals
totals_head()
{
	atf_set descr "SIGUSR1 logs the totals"
}
totals_body()
{
	start_peer service -n 2 listen 127.0.0.1:0 recv:1000 send:50 eof
	start_relay relay ./relay.sock "$(address service)"
	kill -s USR1 "$(cat relay.pid)"
	atf_check "$await" relay.log "connections: 0 now, 0 total, 0 refused, \
0 failed; 0 bytes to target, 0 bytes to clients"
	atf_check "$peer" -n 2 connect ./relay.sock send:1000 recv:50 shut eof
	check_peer service
	kill -s USR1 "$(cat relay.pid)"
	atf_check "$await" relay.log "connections: 0 now, 2 total, 0 refused, \
0 failed; 2000 bytes to target, 100 bytes to clients"
	stop_relay relay
}

atf_test_case totals_of_open
totals_of_open_head()
{
	atf_set descr "SIGUSR1 counts the bytes of open connections too"
}
totals_of_open_body()
{
	start_peer service listen 127.0.0.1:0 recv:1000 send:50 await:go eof
	start_relay relay ./relay.sock "$(address service)"
	start_client client connect ./relay.sock send:1000 recv:50 touch:got \
	    await:go shut eof
	"$await" got
	kill -s USR1 "$(cat relay.pid)"
	atf_check "$await" relay.log "connections: 1 now, 1 total, 0 refused, \
0 failed; 1000 bytes to target, 50 bytes to clients"
	touch go
	check_peer client
	check_peer service
	stop_relay relay
}

atf_test_case broken_pipe
broken_pipe_head()
{
	atf_set descr "SIGPIPE does not end the relay"
}
broken_pipe_body()
{
	start_peer service -n 2 listen ./service.sock close
	start_relay relay ./relay.sock ./service.sock
	"$peer" connect ./relay.sock send:10000000 2>/dev/null
	"$peer" connect ./relay.sock send:10000000 2>/dev/null
	check_peer service
	stop_relay relay
}

atf_init_test_cases()
{
	atf_add_test_case drain
	atf_add_test_case drain_ends
	atf_add_test_case second_term
	atf_add_test_case interrupt
	atf_add_test_case hangup
	atf_add_test_case hangup_ignored
	atf_add_test_case totals
	atf_add_test_case totals_of_open
	atf_add_test_case broken_pipe
}
