# What the tests with faults share: a relay in which calls fail when the test
# wants it.
# Not here: test cases.
# shellcheck shell=sh

# shellcheck disable=SC2034 # for common.sh
relay=$top/tests/faults/relay
fault=$top/tests/faults/fault

need_faults()
{
	[ -x "$relay" ] || atf_skip "no call can be made to fail here"
}

# start_faulty NAME ARGUMENT...: as start_relay; its faults are in NAME.faults.
start_faulty()
{
	_faulty=$1
	shift
	"$fault" "$_faulty.faults" >/dev/null
	FAULTS=$_faulty.faults
	export FAULTS
	# shellcheck disable=SC2086 # a list of words
	start_relay "$_faulty" ${RELAY_OPTIONS-} "$@"
	unset FAULTS
}

# start_both [ARGUMENT...]: a relay of each kind, to_tcp and to_unix, before
# services that bear whatever becomes of a connection.
start_both()
{
	start_peer tcp_service -n 0 listen 127.0.0.1:0 try:"$octets"
	start_peer unix_service -n 0 listen ./service.sock try:"$octets"
	start_faulty to_tcp "$@" ./to_tcp.sock "$(address tcp_service)"
	start_faulty to_unix "$@" 127.0.0.1:0 ./service.sock
}

stop_both()
{
	stop_relay to_tcp
	stop_relay to_unix
	kill "$(cat tcp_service.pid)" "$(cat unix_service.pid)"
}

# serves NAME WHAT: a client is served, and there is nothing wrong.
serves()
{
	"$peer" connect "$(relay_address "$1")" both:"$octets" shut eof \
	    2>serves.err ||
	    atf_fail "$1, after $2: $(cat serves.err ./*_service.err "$1.log")"
}

# exhaust_timers REGEX: more clients of relay than there is room for at first
# in a loop's heap of timers, and no memory for more until it has said so.
exhaust_timers()
{
	"$fault" relay.faults reallocarray ENOMEM 1 0
	_n=0
	while [ $_n -lt 80 ]; do
		_n=$((_n + 1))
		start_client client$_n connect ./relay.sock try:"$octets"
	done
	atf_check "$await" relay.log "$1"
	"$fault" relay.faults >/dev/null
}

# survive_timers: each of these clients came to an end, some were served, and
# so is another one.
survive_timers()
{
	while [ "$_n" -gt 0 ]; do
		check_peer "client$_n"
		_n=$((_n - 1))
	done
	serves relay "lost timers"
	grep -q ": $octets .*: ended" relay.log || atf_fail "$(cat relay.log)"
}
