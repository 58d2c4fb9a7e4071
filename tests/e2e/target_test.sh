#! /usr/bin/env atf-sh
# How the relay reaches its target, or does not.
# Not here: the bytes (data_test.sh), where it listens (listen_test.sh).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

# free_address: 127.0.0.1 with a port on which nobody listens now.
free_address()
{
	start_peer free listen 127.0.0.1:0 eof
	kill "$(cat free.pid)"
	wait "$(cat free.pid)"
	address free
}

atf_test_case refused
refused_head()
{
	atf_set descr "A target that refuses: the client is reset or closed"
}
refused_body()
{
	nobody=$(free_address)
	start_relay relay 127.0.0.1:0 "$nobody"
	atf_check "$peer" connect "$(relay_address relay)" gone
	atf_check "$await" relay.log "$nobody: Connection refused"
	await_totals relay ' 0 now, 1 total, 0 refused, 1 failed'
	stop_relay relay

	start_relay relay ./relay.sock ./nowhere.sock
	atf_check "$peer" connect ./relay.sock over
	atf_check "$await" relay.log "./nowhere.sock: No such file"
	stop_relay relay
}

atf_test_case not_a_socket
not_a_socket_head()
{
	atf_set descr "A target that is no socket fails at once, even if waiting"
}
not_a_socket_body()
{
	echo content >file
	start_relay relay --wait infinity 127.0.0.1:0 ./file
	# Linux refuses such a connect, and that is worth waiting for.
	if [ "$(uname -s)" != Linux ]; then
		atf_check "$peer" connect "$(relay_address relay)" gone
	fi
	mkdir closed
	stop_relay relay
}

atf_test_case appears_late
appears_late_head()
{
	atf_set descr "--wait: a target that starts later is reached"
}
appears_late_body()
{
	start_relay relay --wait 30s 127.0.0.1:0 ./service.sock
	start_client client connect "$(relay_address relay)" send:1000 \
	    recv:1000 shut eof
	# The relay has tried and failed when its client is accepted.
	await_totals relay ' 1 now, 1 total'
	start_peer service listen ./service.sock recv:1000 send:1000 eof
	check_peer client
	check_peer service
	stop_relay relay

	nobody=$(free_address)
	start_relay relay --wait 30s ./relay.sock "$nobody"
	start_client client connect ./relay.sock send:1000 recv:1000 shut eof
	start_peer service listen "$nobody" recv:1000 send:1000 eof
	check_peer client
	check_peer service
	stop_relay relay
}

atf_test_case stale_then_there
stale_then_there_head()
{
	atf_set descr "--wait: a stale socket that comes to life is reached"
}
stale_then_there_body()
{
	start_peer service listen ./service.sock eof
	kill "$(cat service.pid)"
	wait "$(cat service.pid)"
	test -S service.sock || atf_fail "there is no stale socket"
	start_relay relay --wait 30s 127.0.0.1:0 ./service.sock
	start_client client connect "$(relay_address relay)" expect:hello \
	    shut eof
	rm service.sock
	start_peer service listen ./service.sock text:hello eof
	check_peer client
	check_peer service
	stop_relay relay
}

atf_test_case never_appears
never_appears_head()
{
	atf_set descr "--wait ends"
}
never_appears_body()
{
	start_relay relay --wait 50ms 127.0.0.1:0 ./service.sock
	atf_check "$peer" connect "$(relay_address relay)" gone
	stop_relay relay
}

atf_test_case client_gives_up
client_gives_up_head()
{
	atf_set descr "--wait: a client that resets is not waited for"
}
client_gives_up_body()
{
	start_relay relay -v --wait infinity 127.0.0.1:0 ./service.sock
	atf_check "$peer" connect "$(relay_address relay)" send:10 reset
	atf_check "$await" relay.log 'client gone'
	stop_relay relay
}

atf_test_case backlog_full
backlog_full_head()
{
	atf_set descr "64 clients of a Unix target with a backlog of one"
}
backlog_full_body()
{
	start_peer service -b 1 -n 64 listen ./service.sock text:hello close
	start_relay relay 127.0.0.1:0 ./service.sock
	atf_check "$peer" -t 64 connect "$(relay_address relay)" \
	    expect:hello shut eof
	check_peer service
	await_totals relay ' 0 now, 64 total, 0 refused, 0 failed'
	stop_relay relay
}

atf_test_case backlog_stays_full
backlog_stays_full_head()
{
	atf_set descr "A backlog that stays full is a time-out"
}
backlog_stays_full_body()
{
	start_peer service -b 0 listen ./service.sock await:over
	start_relay relay -t 100ms 127.0.0.1:0 ./service.sock
	start_client held -t 4 connect "$(relay_address relay)" await:over
	atf_check "$await" relay.log 'service.sock: '
	touch over
	check_peer held
	check_peer service
	stop_relay relay
}

atf_test_case next_address
next_address_head()
{
	atf_set descr "Every address of a name is tried"
}
next_address_body()
{
	grep -q '^::1.*localhost' /etc/hosts ||
	    atf_skip "localhost has one address only"
	start_peer service listen 127.0.0.1:0 text:hello eof
	start_relay relay ./relay.sock \
	    "localhost:$(address service | sed 's/.*://')"
	atf_check "$peer" connect ./relay.sock expect:hello shut eof
	check_peer service
	stop_relay relay
}

atf_test_case idle
idle_head()
{
	atf_set descr "--idle-timeout ends a connection on which nothing moves"
}
idle_body()
{
	start_peer service listen 127.0.0.1:0 recv:10 gone
	start_relay relay -v -i 1s 127.0.0.1:0 "$(address service)"
	atf_check "$peer" connect "$(relay_address relay)" send:10 gone
	check_peer service
	atf_check "$await" relay.log 'idle time-out'
	stop_relay relay
}

atf_test_case idle_half_closed
idle_half_closed_head()
{
	atf_set descr "--idle-timeout ends half-closed connections too"
}
idle_half_closed_body()
{
	start_peer service listen 127.0.0.1:0 recv:10 eof await:over
	start_relay relay -v -i 1s 127.0.0.1:0 "$(address service)"
	atf_check "$peer" connect "$(relay_address relay)" send:10 shut gone
	atf_check "$await" relay.log 'idle time-out'
	touch over
	check_peer service
	stop_relay relay
}

atf_test_case idle_not_while_moving
idle_not_while_moving_head()
{
	atf_set descr "--idle-timeout spares a connection that is in use"
}
idle_not_while_moving_body()
{
	start_peer service listen 127.0.0.1:0 echo
	start_relay relay -v -i 1s 127.0.0.1:0 "$(address service)"
	atf_check "$peer" connect "$(relay_address relay)" busy:2500 shut eof
	check_peer service
	stop_relay relay
	atf_check -s exit:1 grep -q 'idle' relay.log
}

atf_init_test_cases()
{
	atf_add_test_case refused
	atf_add_test_case not_a_socket
	atf_add_test_case appears_late
	atf_add_test_case stale_then_there
	atf_add_test_case never_appears
	atf_add_test_case client_gives_up
	atf_add_test_case backlog_full
	atf_add_test_case backlog_stays_full
	atf_add_test_case next_address
	atf_add_test_case idle
	atf_add_test_case idle_half_closed
	atf_add_test_case idle_not_while_moving
}
