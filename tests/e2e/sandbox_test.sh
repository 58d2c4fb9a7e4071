#! /usr/bin/env atf-sh
# The relay does all of its work inside its walls.
# Not here: that the walls hold.

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

# need_walls: skip where this build or this kernel lacks some.
need_walls()
{
	"$relay" --sandbox=require ./probe.sock 127.0.0.1:9 2>probe.log &
	"$await" probe.log 'sandbox' || atf_fail "$(cat probe.log)"
	if grep -q 'missing' probe.log; then
		atf_skip "$(grep missing probe.log)"
	fi
	kill $!
	wait $! || atf_fail "exited with $?: $(cat probe.log)"
}

# start_walled NAME ARGUMENT...: and wait until the walls are there.
start_walled()
{
	_walled=$1
	shift
	start_relay "$_walled" --sandbox=require "$@"
	"$await" "$_walled.log" 'sandbox: ' ||
	    atf_fail "$(cat "$_walled.log")"
}

# stop_walled NAME [SIGNAL]: and no wall was run into.
stop_walled()
{
	stop_relay "$@"
	atf_check -s exit:1 grep 'forbidden' "$1.log"
}

# through LISTEN TARGET: traffic both ways, twice.
through()
{
	_listen=$1
	_target=$2
	start_peer service -n 2 listen "$_target" both:300000 eof
	start_walled relay -v "$_listen" "$(address service)"
	atf_check "$peer" -n 2 connect "$(relay_address relay)" both:300000 \
	    shut eof
	check_peer service
	await_totals relay ' 0 now, 2 total, 0 refused, 0 failed; 600000 .*'
	stop_walled relay
	rm -f service.sock
	test ! -e relay.sock || atf_fail "the socket is still there"
	atf_check grep -q ': ended$' relay.log
}

atf_test_case choice
choice_head()
{
	atf_set descr "--sandbox: off is silent, auto says what holds"
}
choice_body()
{
	start_relay relay --sandbox=off ./sock 127.0.0.1:9
	atf_check "$peer" connect ./sock over
	stop_relay relay
	atf_check -s exit:1 grep 'sandbox: ' relay.log
	for choice in --sandbox=auto ''; do
		start_relay relay $choice ./sock 127.0.0.1:9
		atf_check "$peer" connect ./sock over
		stop_relay relay
		atf_check -o match:'^1$' grep -c 'sandbox: ' relay.log
	done
}

atf_test_case named
named_head()
{
	atf_set descr "What is enforced and what is missing is named"
}
named_body()
{
	start_relay relay ./sock 127.0.0.1:9
	"$await" relay.log 'sandbox: ' || atf_fail "$(cat relay.log)"
	stop_relay relay
	if grep -q 'not enforced: any sandbox' relay.log; then
		atf_check grep -q 'sandbox: nothing; not enforced: ' relay.log
		return
	fi
	if grep -q 'sandbox: .*chroot' relay.log; then
		atf_check grep -q 'not enforced: .*limits of sockets' relay.log
		return
	fi
	case $(uname -s) in
	FreeBSD)
		atf_check grep -q 'sandbox: .*Capsicum' relay.log
		;;
	Linux)
		atf_check grep -q 'sandbox: .*no capabilities' relay.log
		atf_check grep -q 'sandbox: .*seccomp' relay.log
		atf_check grep -q 'sandbox: .*Landlock' relay.log
		;;
	OpenBSD)
		atf_check grep -q 'sandbox: .*pledge' relay.log
		atf_check grep -q 'sandbox: .*unveil' relay.log
		;;
	esac
}

atf_test_case required
required_head()
{
	atf_set descr "--sandbox=require exits with 69 where there is none"
}
required_body()
{
	start_relay relay --sandbox=auto ./sock 127.0.0.1:9
	"$await" relay.log 'sandbox: ' || atf_fail "$(cat relay.log)"
	stop_relay relay
	# Brackets in it would mean something else below.
	missing=$(sed -n 's/.*not enforced: //p' relay.log | tr '()' ..)
	if [ -z "$missing" ]; then
		start_walled relay ./sock 127.0.0.1:9
		atf_check_equal '' "$(grep 'not enforced' relay.log)"
		stop_walled relay
		return
	fi
	atf_check -s exit:69 -e match:"--sandbox=require: missing: $missing" \
	    "$relay" --sandbox=require ./sock 127.0.0.1:9
}

atf_test_case leaves_nothing
leaves_nothing_head()
{
	atf_set descr "A relay that --sandbox=require ends leaves no file"
}
leaves_nothing_body()
{
	"$relay" --sandbox=require -p relay.pid ./sock 127.0.0.1:9 \
	    2>relay.log &
	"$await" relay.log 'sandbox' || atf_fail "$(cat relay.log)"
	if grep -q missing relay.log; then
		wait $!
	else
		kill $!
		wait $!
	fi
	test ! -e sock || atf_fail "the socket is still there"
	test ! -e sock.lock || atf_fail "the lock is still there"
	test ! -e relay.pid || atf_fail "the pid file is still there"
}

atf_test_case unknown
unknown_head()
{
	atf_set descr "--sandbox with a word that it does not know"
}
unknown_body()
{
	atf_check -s exit:64 -e \
	    inline:"simpletcpunixrelay: --sandbox: on: unknown (see --help)\n" \
	    "$relay" --sandbox=on ./sock 127.0.0.1:9
}

atf_test_case pairs
pairs_head()
{
	atf_set descr "Between TCP and paths, all four ways"
}
pairs_body()
{
	need_walls
	through 127.0.0.1:0 ./service.sock
	through ./relay.sock 127.0.0.1:0
	through 127.0.0.1:0 127.0.0.1:0
	through ./relay.sock ./service.sock
}

atf_test_case pairs_abstract
pairs_abstract_head()
{
	atf_set descr "Abstract sockets on either side"
}
pairs_abstract_body()
{
	need_walls
	[ "$(uname -s)" = Linux ] || atf_skip "no abstract sockets"
	through "@relay-walls-$$" 127.0.0.1:0
	through 127.0.0.1:0 "@service-walls-$$"
	through "@relay-walls-$$" "@service-walls-$$"
	through "@relay-walls-$$" ./service.sock
	through ./relay.sock "@service-walls-$$"
}

atf_test_case pairs_ipv6
pairs_ipv6_head()
{
	atf_set descr "IPv6 on either side"
}
pairs_ipv6_body()
{
	need_walls
	need_ipv6
	through '[::1]:0' ./service.sock
	through ./relay.sock '[::1]:0'
	through 127.0.0.1:0 '[::1]:0'
}

atf_test_case errors
errors_head()
{
	atf_set descr "Targets that refuse, resets, --wait"
}
errors_body()
{
	need_walls
	start_walled relay -v 127.0.0.1:0 ./service.sock
	atf_check "$peer" connect "$(relay_address relay)" gone
	atf_check "$await" relay.log './service.sock: No such file'
	stop_walled relay

	start_peer free listen 127.0.0.1:0 eof
	kill "$(cat free.pid)"
	wait "$(cat free.pid)"
	start_walled relay -v ./relay.sock "$(address free)"
	atf_check "$peer" connect ./relay.sock over
	atf_check "$await" relay.log "$(address free): Connection refused"
	stop_walled relay

	start_walled relay -v --wait 30s 127.0.0.1:0 ./service.sock
	start_client client connect "$(relay_address relay)" text:hello reset
	await_totals relay ' 0 now, 1 total'
	check_peer client
	start_client client connect "$(relay_address relay)" expect:hello \
	    shut eof
	await_totals relay ' 1 now, 2 total'
	start_peer service listen ./service.sock text:hello eof
	check_peer client
	check_peer service
	stop_walled relay
}

atf_test_case limits
limits_head()
{
	atf_set descr "Limit of connections, idle time-out"
}
limits_body()
{
	need_walls
	start_peer service listen ./service.sock text:in over
	start_walled relay -v -c 1 -i 3s 127.0.0.1:0 ./service.sock
	start_client client connect "$(relay_address relay)" expect:in \
	    touch:in gone
	"$await" in
	atf_check "$peer" connect "$(relay_address relay)" over
	atf_check "$await" relay.log 'connection refused: 1 open already'
	check_peer client
	check_peer service
	atf_check "$await" relay.log 'idle time-out'
	stop_walled relay
}

atf_test_case descriptors
descriptors_head()
{
	atf_set descr "More clients than descriptors"
}
descriptors_body()
{
	need_walls
	start_peer service -n 60 listen ./service.sock text:hello eof
	(
		ulimit -n 48
		exec "$relay" --sandbox=require ./relay.sock ./service.sock \
		    2>relay.log
	) &
	echo $! >relay.pid
	"$await" relay.log 'sandbox: '
	clients 60 ./relay.sock expect:hello shut eof
	check_peer service
	await_totals relay ' 0 now, 60 total, 0 refused, 0 failed'
	stop_walled relay
}

atf_test_case signals
signals_head()
{
	atf_set descr "SIGUSR1, drain after SIGTERM, its end, SIGINT"
}
signals_body()
{
	need_walls
	start_peer service listen 127.0.0.1:0 recv:1000 touch:got await:go \
	    send:3000000 eof
	start_walled relay ./relay.sock "$(address service)"
	start_client client connect ./relay.sock send:1000 recv:3000000 \
	    shut eof
	"$await" got
	await_totals relay ' 1 now, 1 total'
	kill "$(cat relay.pid)"
	atf_check "$await" relay.log 'stopping: 1 connections open'
	test ! -e relay.sock || atf_fail "the socket is still there"
	touch go
	check_peer client
	check_peer service
	wait "$(cat relay.pid)" || atf_fail "exited with $?: $(cat relay.log)"
	atf_check -s exit:1 grep 'forbidden' relay.log
	rm got go

	start_peer service listen 127.0.0.1:0 recv:1000 touch:got gone
	start_walled relay --drain-time 100ms 127.0.0.1:0 "$(address service)"
	start_client client connect "$(relay_address relay)" send:1000 gone
	"$await" got
	stop_walled relay
	check_peer client
	check_peer service

	start_walled relay ./relay.sock 127.0.0.1:9
	stop_walled relay INT
	test ! -e relay.sock || atf_fail "the socket is still there"
}

atf_test_case socket_kinds
socket_kinds_head()
{
	atf_set descr "Urgent data, resets and half-closed connections"
}
socket_kinds_body()
{
	need_walls
	start_peer service listen 127.0.0.1:0 expect:urgent eof text:after \
	    shut
	start_walled relay -v 127.0.0.1:0 "$(address service)"
	atf_check "$peer" connect "$(relay_address relay)" urgent:urgent shut \
	    expect:after eof
	check_peer service
	start_peer service listen "$(address service)" recv:1000 reset
	atf_check "$peer" connect "$(relay_address relay)" send:1000 gone
	check_peer service
	stop_walled relay
}

atf_init_test_cases()
{
	atf_add_test_case choice
	atf_add_test_case named
	atf_add_test_case required
	atf_add_test_case leaves_nothing
	atf_add_test_case unknown
	atf_add_test_case pairs
	atf_add_test_case pairs_abstract
	atf_add_test_case pairs_ipv6
	atf_add_test_case errors
	atf_add_test_case limits
	atf_add_test_case descriptors
	atf_add_test_case signals
	atf_add_test_case socket_kinds
}
