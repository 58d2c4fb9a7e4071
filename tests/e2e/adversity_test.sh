#! /usr/bin/env atf-sh
# What the world does to a relay that serves: its target dies, either end
# stops, files go, the disk is full, the clock is set.
# Not here: calls that fail (fault_test.sh), descriptors (limit_test.sh), the
# resolver process (resolver_test.sh).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

# serves NAME: a client is served by a service that echoes "both".
serves()
{
	"$peer" connect "$(relay_address "$1")" both:300000 shut eof \
	    2>serves.err || atf_fail "$1: $(cat serves.err "$1.log")"
}

atf_test_case target_killed
target_killed_head()
{
	atf_set descr "A target killed in the middle, and started again"
}
target_killed_body()
{
	start_relay relay -w 20s 127.0.0.1:0 ./service.sock
	for _ in 1 2 3 4 5; do
		rm -f service.sock up
		start_peer service listen ./service.sock recv:3000000 \
		    touch:up await:never
		start_client up connect "$(relay_address relay)" try:40000000
		"$await" up
		kill -s KILL "$(cat service.pid)"
		{ wait "$(cat service.pid)"; } 2>/dev/null
		check_peer up
		# It waits for the next one, which is not there yet.
		rm -f service.sock
		start_client next connect "$(relay_address relay)" \
		    both:300000 shut eof
		start_peer service listen ./service.sock both:300000 shut eof
		check_peer next
		check_peer service
	done
	await_totals relay ' 0 now'
	stop_relay relay
	rm -f service.sock

	# TCP, downwards, on the same port again.
	start_peer service listen 127.0.0.1:0 both:1000 touch:down \
	    send:40000000
	start_relay relay -w 20s ./relay.sock "$(address service)"
	start_client client connect ./relay.sock try:40000000
	"$await" down
	kill -s KILL "$(cat service.pid)"
	{ wait "$(cat service.pid)"; } 2>/dev/null
	check_peer client
	start_peer service listen "$(address service)" both:300000 shut eof
	serves relay
	check_peer service
	await_totals relay ' 0 now'
	stop_relay relay
}

atf_test_case stopped_target
stopped_target_head()
{
	atf_set descr "A target that is stopped loses nothing, and holds nobody up"
}
stopped_target_body()
{
	start_peer stopped listen 127.0.0.1:0 touch:in both:20000000 shut eof
	start_relay relay ./relay.sock "$(address stopped)"
	start_client client connect ./relay.sock both:20000000 shut eof
	"$await" in
	kill -s STOP "$(cat stopped.pid)"
	start_peer service listen ./service.sock both:300000 shut eof
	start_relay other 127.0.0.1:0 ./service.sock
	serves other
	check_peer service
	# Connections to the same relay are made and waited for as well.
	atf_check "$peer" -t 20 connect ./relay.sock send:10 close
	kill -s CONT "$(cat stopped.pid)"
	check_peer client
	check_peer stopped
	stop_relay other
	stop_relay relay
}

atf_test_case stopped_client
stopped_client_head()
{
	atf_set descr "A client that is stopped loses nothing, and holds nobody up"
}
stopped_client_body()
{
	start_peer service -n 2 listen ./service.sock touch:in try:20000000
	start_relay relay 127.0.0.1:0 ./service.sock
	start_client stopped connect "$(relay_address relay)" both:20000000 \
	    shut eof
	"$await" in
	kill -s STOP "$(cat stopped.pid)"
	# The service takes one after the other; the relay does not.
	start_client second connect "$(relay_address relay)" both:20000000 \
	    shut eof
	await_totals relay ' 2 now'
	kill -s CONT "$(cat stopped.pid)"
	check_peer stopped
	check_peer second
	check_peer service
	await_totals relay ' 0 now, 2 total, 0 refused, 0 failed'
	stop_relay relay
}

atf_test_case stopped_relay
stopped_relay_head()
{
	atf_set descr "A relay that was stopped goes on where it was"
}
stopped_relay_body()
{
	start_peer service listen ./service.sock touch:in both:20000000 shut \
	    eof
	start_relay relay -i 60 127.0.0.1:0 ./service.sock
	start_client client connect "$(relay_address relay)" both:20000000 \
	    shut eof
	"$await" in
	for _ in 1 2 3 4 5; do
		kill -s STOP "$(cat relay.pid)"
		kill -s CONT "$(cat relay.pid)"
	done
	check_peer client
	check_peer service
	stop_relay relay
}

atf_test_case directory_removed
directory_removed_head()
{
	atf_set descr "Without its directory, connections go on, and the end is clean"
}
directory_removed_body()
{
	mkdir run
	start_peer service listen 127.0.0.1:0 touch:in await:gone \
	    both:300000 shut eof
	start_relay relay -p run/pid run/sock "$(address service)"
	start_client client connect run/sock await:gone both:300000 shut eof
	"$await" in
	rm -r run
	touch gone
	check_peer client
	check_peer service
	await_totals relay ' 0 now, 1 total'
	stop_relay relay
	[ ! -e run ] || atf_fail "the directory is back"
}

atf_test_case log_closed
log_closed_head()
{
	atf_set descr "A log that nobody reads any more ends nothing"
}
log_closed_body()
{
	mkfifo log
	start_peer service -n 3 listen ./service.sock both:300000 shut eof
	"$relay" -v ./relay.sock ./service.sock 2>log &
	echo $! >relay.pid
	# The reader ends at the first line.
	head -n 1 log >relay.log
	"$await" relay.sock
	for _ in 1 2 3; do
		serves relay
	done
	check_peer service
	stop_relay relay
}

atf_test_case log_full
log_full_head()
{
	atf_set descr "A log whose reader has stopped holds nothing up"
}
log_full_body()
{
	mkfifo log
	start_peer service -n 2000 listen ./service.sock close
	# Both ends, so that it stays open without a reader.
	exec 9<>log
	"$relay" -v ./relay.sock ./service.sock 2>log &
	echo $! >relay.pid
	"$await" relay.sock
	atf_check "$peer" -n 2000 connect ./relay.sock over
	check_peer service
	kill "$(cat relay.pid)"
	wait "$(cat relay.pid)" || atf_fail "exited with $?"
	exec 9>&-
}

atf_test_case disk_full
disk_full_head()
{
	atf_set descr "A pid file that there is no room for: 71"
}
disk_full_body()
{
	# shellcheck source=tests/e2e/faults.sh
	. "$(atf_get_srcdir)/faults.sh"
	need_faults
	mkdir run
	# Of the log only what is an error is written before.
	for call in ftruncate write; do
		"$fault" faults $call ENOSPC 1 1
		atf_check -s exit:71 \
		    -e inline:'simpletcpunixrelay: run/pid: No space left on device\n' \
		    env FAULTS=faults "$relay" -q -p run/pid ./sock 127.0.0.1:9
		[ ! -e sock ] || atf_fail "the socket is still there"
	done
	# And there is room again.
	start_relay relay -p run/pid ./sock 127.0.0.1:9
	"$await" run/pid .
	stop_relay relay
}

atf_test_case clock_set
clock_set_head()
{
	atf_set descr "The clock on the wall is never looked at"
}
clock_set_body()
{
	# shellcheck source=tests/e2e/faults.sh
	. "$(atf_get_srcdir)/faults.sh"
	need_faults
	start_peer service listen ./service.sock text:in over
	start_faulty relay -v -i 1s 127.0.0.1:0 ./service.sock
	"$fault" relay.faults clock EINVAL 1 0
	atf_check "$peer" connect "$(relay_address relay)" expect:in gone
	atf_check "$await" relay.log 'idle time-out'
	_result=$("$fault" relay.faults)
	atf_check_equal 0 "${_result% *}"
	check_peer service
	stop_relay relay
}

atf_init_test_cases()
{
	atf_add_test_case target_killed
	atf_add_test_case stopped_target
	atf_add_test_case stopped_client
	atf_add_test_case stopped_relay
	atf_add_test_case directory_removed
	atf_add_test_case log_closed
	atf_add_test_case log_full
	atf_add_test_case disk_full
	atf_add_test_case clock_set
}
