#! /usr/bin/env atf-sh
# How many system calls it takes, within the walls.
# Not here: how long they take.

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

# need_trace: skip where calls cannot be counted, or the walls lack something.
need_trace()
{
	[ -z "${RELAY_OPTIONS-}" ] || atf_skip "one worker's calls are counted"
	command -v strace >/dev/null || atf_skip "no strace"
	strace -o probe.calls true 2>probe.log ||
	    atf_skip "strace: $(cat probe.log)"
	"$relay" --sandbox=require ./probe.sock 127.0.0.1:9 2>probe.log &
	"$await" probe.log 'sandbox' || atf_fail "$(cat probe.log)"
	if grep -q 'missing' probe.log; then
		atf_skip "$(grep missing probe.log)"
	fi
	kill $!
	wait $! || atf_fail "exited with $?: $(cat probe.log)"
}

# start_traced ARGUMENT...: its calls go to "calls".  -D: the process is the
# relay, and strace a child of its own.
start_traced()
{
	rm -f calls
	: >relay.log
	strace -D -q -e signal=none -o calls \
	    "$relay" --sandbox=require "$@" 2>relay.log &
	echo $! >relay.pid
	"$await" relay.log 'listening on' || atf_fail "$(cat relay.log)"
}

# stop_traced: leaves in "served" the calls from the first wait to the signal.
stop_traced()
{
	stop_relay relay
	"$await" calls 'exited with'
	sed -n -e '/^rt_sigreturn/q' -e '/^epoll_p*wait/,$ { /^[a-z]/p; }' \
	    calls >served
	# A library that makes a kqueue of it has calls of its own.
	! grep -q '^ioctl' served || atf_skip "no system call is a kqueue's"
}

# count_calls [NAME]: all, or those of one name.
count_calls()
{
	grep -c "^${1-[a-z]}" served
}

# require_calls MOST N: no more than MOST for each of N, in tenths of a call.
require_calls()
{
	_calls=$(($(count_calls) - $(count_calls getsockname)))
	[ $((_calls * 10)) -le $(($1 * $2)) ] || {
		sed 's/(.*//' served | sort | uniq -c | sort -rn
		atf_fail "$_calls calls for $2"
	}
}

octets=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

# exchanges N: the actions for N small messages and the answers to them.
exchanges()
{
	_i=0
	while [ $_i -lt "$1" ]; do
		echo "text:$octets expect:$octets"
		_i=$((_i + 1))
	done
}

# converse: a thousand times there and back again.
converse()
{
	# Not atf_check, which would print all of the words.
	# shellcheck disable=SC2046 # a list of words
	"$peer" connect "$(relay_address relay)" $(exchanges 1000) ||
	    atf_fail "the client failed"
	check_peer service
	stop_traced
	# Wait, read, write, each way; and forty to connect and to close.
	require_calls 60 1007
	# Where no descriptors can come along, none are looked for: from TCP,
	# and where they are refused, which strace may know as a number.
	[ "$(count_calls 'recv\(from\)*(')" -ge 1000 ] ||
	    atf_fail "recv(2) is not used"
	! grep -q -E '(SO_PASSRIGHTS|0x53).*, \[0\], 4\) = 0' calls ||
	    [ "$(count_calls recvmsg)" -eq \
	        "$(count_calls 'recvmsg(.*SCM_RIGHTS')" ] ||
	    atf_fail "recvmsg(2) is used, though descriptors are refused"
}

atf_test_case messages
messages_head()
{
	atf_set descr "Three calls for a message: wait, read, write"
}
messages_body()
{
	need_trace
	start_peer service listen 127.0.0.1:0 echo
	start_traced ./relay.sock "$(address service)"
	converse
	[ "$(count_calls 'setsockopt([0-9]*, SOL_TCP, TCP_NODELAY, \[1\]')" \
	    -eq 1 ] || atf_fail "no TCP_NODELAY"
	start_peer service listen ./service.sock echo
	start_traced 127.0.0.1:0 ./service.sock
	converse
}

# visit: two hundred clients, 32 at once, each with a message and its answer.
visit()
{
	atf_check "$peer" -n 7 -t 32 connect "$(relay_address relay)" \
	    "text:$octets" "expect:$octets" close
	check_peer service
	stop_traced
	# Fourteen and two, and a share in the waits; to have it connected by
	# another process takes one more than to do so, and one to take what
	# that may still hold out of epoll.
	_most=160
	! grep -q 'connecting process' relay.log || _most=180
	require_calls $_most 224
	# Nobody has asked who the clients are.
	[ "$(count_calls 'accept4([0-9]*, NULL, NULL,')" -ge 224 ] ||
	    atf_fail "accept4(2)"
}

serve="-n 7 -t 32 listen"
answer="expect:$octets text:$octets eof close"

atf_test_case connections
connections_head()
{
	atf_set descr "At most sixteen calls for a connection"
}
connections_body()
{
	need_trace
	# shellcheck disable=SC2086 # a list of words
	start_peer service $serve 127.0.0.1:0 $answer
	start_traced ./relay.sock "$(address service)"
	visit
	# The port may have been one that needs this: src/connector.c.
	[ "$(count_calls getsockname)" -le 224 ] || atf_fail "getsockname(2)"
	[ "$(count_calls getsockopt)" -eq 0 ] || atf_fail "getsockopt(2)"

	# shellcheck disable=SC2086
	start_peer service $serve ./service.sock $answer
	start_traced 127.0.0.1:0 ./service.sock
	visit
	[ "$(count_calls getsockname)" -eq 0 ] || atf_fail "getsockname(2)"
	[ "$(count_calls getsockopt)" -eq 0 ] || atf_fail "getsockopt(2)"
}

# start_below: a service below the ports that the system picks.
start_below()
{
	_least=$(awk '{ print $1 }' /proc/sys/net/ipv4/ip_local_port_range) ||
	    atf_skip "no range of local ports"
	# shellcheck disable=SC2013 # words are what it prints
	for _port in $(awk -v least="$_least" -v seed=$$ 'BEGIN {
		srand(seed)
		for (i = 0; i < 20; i++)
			print int(least / 2 + rand() * (least / 2 - 1)) }'); do
		rm -f service.address
		"$peer" -a service.address -n 20 listen "127.0.0.1:$_port" \
		    eof 2>service.err &
		echo $! >service.pid
		until test -e service.address; do
			kill -0 $! 2>/dev/null || break
		done
		test ! -e service.address || return 0
	done
	atf_skip "no free port below $_least"
}

atf_test_case own_end
own_end_head()
{
	atf_set descr "Only ports that may be picked are compared with ours"
}
own_end_body()
{
	need_trace
	start_below
	start_traced ./relay.sock "$(address service)"
	atf_check "$peer" -n 20 connect "$(relay_address relay)" shut eof
	check_peer service
	stop_traced
	if grep -q 'connecting process' relay.log; then
		[ "$(count_calls connect)" -eq 0 ] || atf_fail "connect(2)"
		[ "$(count_calls 'recvmsg(.*SCM_RIGHTS')" -eq 20 ] ||
		    atf_fail "recvmsg(2)"
	else
		[ "$(count_calls connect)" -eq 20 ] || atf_fail "connect(2)"
	fi
	[ "$(count_calls getsockname)" -eq 0 ] || atf_fail "getsockname(2)"
}

atf_test_case backlog
backlog_head()
{
	atf_set descr "--backlog: what listen(2) is told"
}
backlog_body()
{
	need_trace
	for listen in ./relay.sock 127.0.0.1:0; do
		start_traced -b 7 $listen 127.0.0.1:9
		stop_relay relay
		"$await" calls 'exited with'
		atf_check -o inline:'1\n' grep -c '^listen([0-9]*, 7)' calls
	done
}

atf_init_test_cases()
{
	atf_add_test_case messages
	atf_add_test_case connections
	atf_add_test_case own_end
	atf_add_test_case backlog
}
