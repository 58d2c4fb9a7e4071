# What the end-to-end tests share: starting, finding and stopping programs.
# Not here: test cases.
# shellcheck shell=sh

top=$(atf_get_srcdir)/../..
relay=$top/simpletcpunixrelay
# Options that every relay gets besides its own, RELAY_OPTIONS="-j 2", and a
# command that runs it, RELAY_UNDER="valgrind -q".
[ -z "${RELAY_OPTIONS-}${RELAY_UNDER-}" ] || relay=$top/tests/lib/relay
peer=$top/tests/lib/peer
await=$top/tests/lib/await
# shellcheck disable=SC2034 # these are for some of the tests
handover=$top/tests/lib/handover
# shellcheck disable=SC2034
notified=$top/tests/lib/notified

# What relays and peers said goes with the result of a test that failed.
tell_logs()
{
	[ $? -ne 0 ] || return 0
	for _log in *.log *.err; do
		[ ! -s "$_log" ] || tail -n 20 "$_log" | sed "s|^|$_log: |" >&2
	done
}
trap tell_logs EXIT

# start_relay NAME ARGUMENT...: in the background, log in NAME.log, and wait
# until it listens.
start_relay()
{
	_name=$1
	shift
	# Before the shell in the background does: no old line may be found.
	: >"$_name.log"
	"$relay" "$@" 2>"$_name.log" &
	echo $! >"$_name.pid"
	"$await" "$_name.log" 'listening on' ||
	    atf_fail "$_name does not listen: $(cat "$_name.log")"
}

# stop_relay NAME [SIGNAL]: and it must exit with 0.
stop_relay()
{
	kill -s "${2:-TERM}" "$(cat "$1.pid")"
	wait "$(cat "$1.pid")" ||
	    atf_fail "$1 exited with $?: $(cat "$1.log")"
}

# relay_address NAME: where it listens.
relay_address()
{
	sed -n 's/^simpletcpunixrelay: listening on //p' "$1.log" | head -n 1
}

# children_of NAME: pids of the relay's processes; the one that looks names up
# comes before the one that connects, each if there is one.
children_of()
{
	_parent=$(cat "$1.pid")
	for _status in /proc/[0-9]*/status; do
		if grep -q "^PPid:	$_parent\$" "$_status" 2>/dev/null; then
			sed -n 's/^Pid:	//p' "$_status"
		fi
	done | sort -n
}

# start_peer NAME ARGUMENT...: a peer that listens; its address goes to
# NAME.address, and check_peer tells whether all went as it should.
start_peer()
{
	_name=$1
	shift
	rm -f "$_name.address"
	"$peer" -a "$_name.address" "$@" 2>"$_name.err" &
	echo $! >"$_name.pid"
	"$await" "$_name.address" || atf_fail "$_name: $(cat "$_name.err")"
}

# start_client NAME ARGUMENT...: a peer that connects, in the background.
start_client()
{
	_name=$1
	shift
	"$peer" "$@" 2>"$_name.err" &
	echo $! >"$_name.pid"
}

# check_peer NAME: wait for its end; it must have found nothing wrong.
check_peer()
{
	wait "$(cat "$1.pid")" || atf_fail "$1: $(cat "$1.err")"
}

# await_totals NAME REGEX: ask for the totals until they match this, an extended
# one, or for 20 s.
await_totals()
{
	_end=$(($(date +%s) + 20))
	until grep -q -E -e "connections:.*$2" "$1.log"; do
		[ "$(date +%s)" -lt $_end ] || atf_fail "no such totals in $1.log"
		kill -s USR1 "$(cat "$1.pid")" || atf_fail "$1 has gone"
	done
}

address()
{
	cat "$1.address"
}

# each_way SERVICE-ACTION... -- CLIENT-ACTION...: through the relay, in the two
# pairs of socket kinds that it is made for.
each_way()
{
	_server=
	while [ "$1" != -- ]; do
		_server="$_server $1"
		shift
	done
	shift

	# shellcheck disable=SC2086 # a list of words
	start_peer tcp_service listen 127.0.0.1:0 $_server
	start_relay to_tcp ./to_tcp.sock "$(address tcp_service)"
	atf_check "$peer" connect ./to_tcp.sock "$@"
	check_peer tcp_service
	stop_relay to_tcp
	# Files that one peer touches and the other awaits.
	rm -f full go got read

	# shellcheck disable=SC2086
	start_peer unix_service listen ./service.sock $_server
	start_relay to_unix 127.0.0.1:0 ./service.sock
	atf_check "$peer" connect "$(relay_address to_unix)" "$@"
	check_peer unix_service
	stop_relay to_unix
	rm -f full go got read service.sock
}

# clients N ACTION...: N independent clients at once; all must succeed.
clients()
{
	_n=$1
	shift
	_i=0
	while [ $_i -lt "$_n" ]; do
		start_client "client$_i" connect "$@"
		_i=$((_i + 1))
	done
	while [ $_i -gt 0 ]; do
		_i=$((_i - 1))
		check_peer "client$_i"
	done
}

# refused STATUS MESSAGE ARGUMENT...: the relay does not start.
refused()
{
	_status=$1
	_message=$2
	shift 2
	atf_check -s "exit:$_status" -e "inline:simpletcpunixrelay: $_message\n" \
	    "$relay" "$@"
}

# need_ipv6: skip where a relay cannot listen on it.
need_ipv6()
{
	"$relay" '[::1]:0' 127.0.0.1:9 2>probe.log &
	"$await" probe.log .
	kill $!
	wait $!
	grep -q 'listening on' probe.log || atf_skip "no IPv6: $(cat probe.log)"
}
