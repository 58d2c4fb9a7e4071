#! /usr/bin/env atf-sh
# Calls that fail at one certain moment of a session: what becomes of it.
# Not here: each call, in any session (fault_test.sh).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"
# shellcheck source=tests/e2e/faults.sh
. "$(atf_get_srcdir)/faults.sh"

# hits NAME N: so many calls have failed.
hits()
{
	_result=$("$fault" "$1.faults")
	[ "${_result% *}" = "$2" ] ||
	    atf_fail "${_result% *} calls have failed, not $2: $(cat "$1.log")"
}

atf_test_case waits
waits_head()
{
	atf_set descr "--wait: what may pass is waited for"
}
waits_body()
{
	need_faults
	octets=1000
	start_peer service -n 0 listen ./service.sock try:$octets
	start_faulty relay -w 20s 127.0.0.1:0 ./service.sock
	for error in ECONNREFUSED ENOENT ENETUNREACH EHOSTUNREACH ENETDOWN \
	    EADDRNOTAVAIL; do
		"$fault" relay.faults connect $error 1 3
		serves relay "$error"
		hits relay 3
	done
	"$fault" relay.faults connect EACCES 1 3
	atf_check "$peer" connect "$(relay_address relay)" gone
	hits relay 1
	stop_relay relay
	kill "$(cat service.pid)"
}

atf_test_case no_reason
no_reason_head()
{
	atf_set descr "An error that cannot be asked for is one all the same"
}
no_reason_body()
{
	need_faults
	case $("$relay" --version) in
	*kqueue*) atf_skip "the double of kqueue(2) asks for errors as well" ;;
	esac
	start_peer free listen 127.0.0.1:0 eof
	kill "$(cat free.pid)"
	wait "$(cat free.pid)"
	start_faulty relay -v 127.0.0.1:0 "$(address free)"
	"$fault" relay.faults getsockopt EPERM 1 1
	atf_check "$peer" connect "$(relay_address relay)" gone
	hits relay 1
	atf_check "$await" relay.log ': target: Operation not permitted'
	stop_relay relay

	# Of a client that has reset, while its target takes nothing.
	start_peer service listen 127.0.0.1:0 await:done over
	start_faulty relay -v 127.0.0.1:0 "$(address service)"
	"$fault" relay.faults getsockopt EPERM 1 1
	atf_check "$peer" connect "$(relay_address relay)" fill:100000000 reset
	atf_check "$await" relay.log ': client: Operation not permitted'
	hits relay 1
	stop_relay relay
	kill "$(cat service.pid)"
}

atf_test_case own_failure
own_failure_head()
{
	atf_set descr "A write for which the system lacks something ends it all"
}
own_failure_body()
{
	need_faults
	for error in ENOBUFS ENOMEM; do
		start_peer service listen ./service.sock over
		start_faulty relay -v 127.0.0.1:0 ./service.sock
		"$await" relay.log 'sandbox'
		# The first may be what another process is asked for.
		from=1
		! grep -q 'connecting process' relay.log || from=2
		"$fault" relay.faults send $error $from 1
		atf_check "$peer" connect "$(relay_address relay)" send:1000 \
		    gone
		check_peer service
		hits relay 1
		atf_check "$await" relay.log ': relay: '
		stop_relay relay
		rm service.sock
	done
}

atf_test_case unknown_client
unknown_client_head()
{
	atf_set descr "--proxy-protocol: without an address it says UNKNOWN"
}
unknown_client_body()
{
	need_faults
	printf 'PROXY UNKNOWN\r\n' >expected
	for call in getpeername getsockname; do
		start_peer service listen ./service.sock line:header \
		    both:1000 eof
		start_faulty relay --proxy-protocol v1 127.0.0.1:0 \
		    ./service.sock
		"$fault" relay.faults $call ENOBUFS 1 1
		atf_check "$peer" connect "$(relay_address relay)" both:1000 \
		    shut eof
		check_peer service
		hits relay 1
		atf_check cmp expected header
		stop_relay relay
		rm service.sock
	done
}

atf_test_case no_room_for_a_timer
no_room_for_a_timer_head()
{
	atf_set descr "--idle-timeout: without memory for it, the client is lost"
}
no_room_for_a_timer_body()
{
	need_faults
	octets=1000
	start_peer service -n 0 -b 100 listen ./service.sock await:go \
	    try:$octets
	start_faulty relay -v -i 60 ./relay.sock ./service.sock
	exhaust_timers ': relay: Cannot allocate memory'
	touch go
	survive_timers
	stop_relay relay
	kill "$(cat service.pid)"
}

atf_test_case no_room_for_the_drain
no_room_for_the_drain_head()
{
	atf_set descr "Without memory for the drain's end, it ends at once"
}
no_room_for_the_drain_body()
{
	need_faults
	# As many timers as there is room for at first.
	start_peer service -t 15 listen ./service.sock text:in over
	start_faulty relay -j 1 -i 1h --drain-time 1h 127.0.0.1:0 \
	    ./service.sock
	start_client client -t 15 connect "$(relay_address relay)" expect:in \
	    touch:in gone
	"$await" in
	"$fault" relay.faults reallocarray ENOMEM 1 0
	stop_relay relay
	hits relay 1
	check_peer client
	check_peer service
	atf_check -s exit:1 grep 'broken off' relay.log
}

atf_init_test_cases()
{
	atf_add_test_case waits
	atf_add_test_case no_reason
	atf_add_test_case own_failure
	atf_add_test_case unknown_client
	atf_add_test_case no_room_for_a_timer
	atf_add_test_case no_room_for_the_drain
}
