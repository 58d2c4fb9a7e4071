#! /usr/bin/env atf-sh
# Clients that mean no good: others are served meanwhile, and what they cost
# is bounded.  HOSTILE=10000 in the environment: so many, instead of 500.
# Not here: calls that fail (fault_test.sh), a target that misbehaves.

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

crowd=$top/tests/lib/crowd
number=${HOSTILE:-500}

# resident NAME: kB, or nothing where /proc does not tell.
resident()
{
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' \
	    "/proc/$(cat "$1.pid")/status" 2>/dev/null
}

# start_crowd NAME ARGUMENT...: and wait for the file that it makes.
start_crowd()
{
	_name=$1
	shift
	rm -f "$_name.address"
	"$crowd" "$1" "$2" "$_name.address" ${3+"$3"} 2>"$_name.err" &
	echo $! >"$_name.pid"
	until [ -e "$_name.address" ]; do
		kill -0 $! 2>/dev/null || atf_fail "$_name: $(cat "$_name.err")"
	done
}

# Their run-time keeps what was freed, and more for each octet.
sanitized()
{
	nm "$top/simpletcpunixrelay" 2>/dev/null | grep -q -e __asan -e __tsan
}

# endure LISTEN TARGET
endure()
{
	[ "$(ulimit -Hn)" = unlimited ] ||
	    [ "$(ulimit -Hn)" -ge $((number * 3 / 2 + 100)) ] ||
	    atf_skip "too few descriptors allowed"
	start_crowd service serve "$2"
	start_relay relay "$1" "$(address service)"
	await_totals relay ' 0 now, 0 total'
	_before=$(resident relay)
	start_crowd crowd annoy "$(relay_address relay)" "$number"
	# Three quarters stay; others come and go.
	"$crowd" trips "$(relay_address relay)" 2000 >round_trips 2>round_trips.err ||
	    atf_fail "not served: $(cat round_trips.err relay.log)"
	kill -0 "$(cat crowd.pid)" || atf_fail "crowd: $(cat crowd.err)"
	_least=$((number - number / 4))
	await_totals relay " ($_least|$((_least + 1))|$((_least + 2))) now"
	_after=$(resident relay)
	echo "$number from $1: $_before kB before, $_after kB with them;" \
	    "round trips of $(cat round_trips) us, median and longest"
	if [ -n "$_after" ] && ! sanitized; then
		[ $((_after - _before)) -lt $((number + 2048)) ] ||
		    atf_fail "$_before kB before, $_after kB with them"
	fi
	_address=$(address service)
	kill "$(cat crowd.pid)" "$(cat service.pid)"
	await_totals relay ' 0 now, [1-9][0-9]* total'
	rm -f service.sock
	start_crowd service serve "$_address"
	"$crowd" trips "$(relay_address relay)" 10 >round_trips || atf_fail "not served"
	stop_relay relay
	kill "$(cat service.pid)"
}

atf_test_case unix
unix_head()
{
	atf_set descr "A Unix socket before TCP, and a hostile crowd"
}
unix_body()
{
	endure ./relay.sock 127.0.0.1:0
}

atf_test_case tcp
tcp_head()
{
	atf_set descr "TCP before a Unix socket, and a hostile crowd"
}
tcp_body()
{
	endure 127.0.0.1:0 ./service.sock
}

atf_init_test_cases()
{
	atf_add_test_case unix
	atf_add_test_case tcp
}
