#! /usr/bin/env atf-sh
# The process that connects, where the relay may not: what it has, and what
# becomes of the relay without it.
# Not here: what it answers (tests/unit/connect_helper_test.c); that the relay
# works with it, which all other tests show of such a build.

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

# need_helper: skip where the relay connects by itself.
need_helper()
{
	[ -e /proc/self/stat ] || atf_skip "no /proc to find the process with"
	start_relay probe ./probe.sock 127.0.0.1:9
	"$await" probe.log 'sandbox: '
	_found=$(children_of probe)
	stop_relay probe
	[ -n "$_found" ] || atf_skip "this build connects by itself"
}

# status_is PID FIELD REGEX: a line of /proc/PID/status, blanks as one.
status_is()
{
	tr -s ' \t' ' ' <"/proc/$1/status" >status
	grep -q -e "^$2: *$3 *\$" status || atf_fail "$2 is not $3: $(cat status)"
}

# await_end NAME: and it must have exited with 71, leaving no socket.
await_end()
{
	wait "$(cat "$1.pid")"
	atf_check_equal 71 $?
	[ ! -e "$1.sock" ] || atf_fail "the socket is still there"
}

atf_test_case confined
confined_head()
{
	atf_set descr "It has walls of its own, three descriptors, and ends with us"
	atf_set require.user root
}
confined_body()
{
	need_helper
	start_relay relay -u nobody -p relay.pidfile ./relay.sock 127.0.0.1:9
	"$await" relay.log 'sandbox: '
	helper=$(children_of relay)
	status_is "$helper" Uid "\($(id -u nobody) *\)*"
	status_is "$helper" Groups "\($(id -g nobody)\)*"
	atf_check_equal '0 1 2' "$(find "/proc/$helper/fd" -mindepth 1 \
	    -exec basename {} \; | sort -n | xargs)"
	if grep -q 'sandbox:.*seccomp' relay.log; then
		status_is "$helper" Seccomp 2
		status_is "$helper" NoNewPrivs 1
		status_is "$helper" CapEff '0*'
		status_is "$helper" CapPrm '0*'
		grep -q '^Max processes *0 *0 ' "/proc/$helper/limits" ||
		    atf_fail "$(cat "/proc/$helper/limits")"
		grep -q '^Max open files *64 *64 ' "/proc/$helper/limits" ||
		    atf_fail "$(cat "/proc/$helper/limits")"
		atf_check grep -q 'sandbox:.*connecting process' relay.log
	fi
	# Whoever asks all processes for the totals asks it, too.
	kill -s USR1 "$helper"
	await_totals relay ' 0 now'
	stop_relay relay
	atf_check "$await" -g "/proc/$helper"
}

atf_test_case never_connects
never_connects_head()
{
	atf_set descr "The relay itself makes no socket and connects to nothing"
}
never_connects_body()
{
	need_helper
	[ -z "${RELAY_OPTIONS-}" ] || atf_skip "one worker's calls are counted"
	command -v strace >/dev/null || atf_skip "no strace"
	strace -o probe.calls true 2>probe.err ||
	    atf_skip "strace: $(cat probe.err)"
	grep -q 'sandbox: .*seccomp' probe.log ||
	    atf_skip "nothing forbids it: $(grep 'sandbox: ' probe.log)"
	start_peer service -n 5 listen 127.0.0.1:0 text:hello eof
	: >relay.log
	# -D: the process is the relay, and strace a child of its own.
	strace -D -q -e signal=none -o calls "$relay" ./relay.sock \
	    "$(address service)" 2>relay.log &
	echo $! >relay.pid
	"$await" relay.log 'sandbox: '
	atf_check "$peer" -n 5 connect ./relay.sock expect:hello shut eof
	check_peer service
	stop_relay relay
	"$await" calls 'exited with'
	# Before it waits for the first time, it makes those that listen.
	sed -n '/^epoll_p*wait/,$p' calls >served
	atf_check -o inline:'5\n' grep -c '^recvmsg(.*SCM_RIGHTS' served
	atf_check -s exit:1 grep -e '^socket(' -e '^connect(' served
}

atf_test_case kinds
kinds_head()
{
	atf_set descr "Addresses and paths, with several threads"
}
kinds_body()
{
	need_helper
	targets="127.0.0.1:0 ./service.sock"
	[ "$(uname -s)" != Linux ] || targets="$targets @service-helper-$$"
	! grep -q ':1$' /proc/net/if_inet6 2>/dev/null ||
	    targets="$targets [::1]:0"
	for target in $targets; do
		start_peer service -n 12 listen "$target" both:30000 eof
		start_relay relay -j 2 127.0.0.1:0 "$(address service)"
		clients 12 "$(relay_address relay)" both:30000 shut eof
		check_peer service
		await_totals relay ' 0 now, 12 total, 0 refused, 0 failed'
		stop_relay relay
		rm -f service.sock
	done
}

atf_test_case dies
dies_head()
{
	atf_set descr "Without it the relay ends at once, with 71, and says so"
}
dies_body()
{
	need_helper
	for threads in 1 3; do
		start_relay relay -j $threads ./relay.sock 127.0.0.1:9
		"$await" relay.log 'sandbox: '
		kill -s KILL "$(children_of relay)"
		await_end relay
		atf_check -o inline:'1\n' grep -c \
		    'the connecting process has gone: no connection can be made' \
		    relay.log
	done
}

atf_test_case dies_while_serving
dies_while_serving_head()
{
	atf_set descr "Without it, open connections go on to their end"
}
dies_while_serving_body()
{
	need_helper
	start_peer service listen 127.0.0.1:0 text:in await:go both:3000000 \
	    shut eof
	start_relay relay --drain-time 60s ./relay.sock "$(address service)"
	start_client client connect ./relay.sock expect:in touch:in await:go \
	    both:3000000 shut eof
	"$await" in
	kill -s KILL "$(children_of relay)"
	atf_check "$await" relay.log 'stopping: 1 connections open'
	[ ! -e relay.sock ] || atf_fail "it still listens"
	touch go
	check_peer client
	check_peer service
	await_end relay
}

atf_test_case hangs
hangs_head()
{
	atf_set descr "One that hangs is given up after five seconds"
}
hangs_body()
{
	need_helper
	start_relay relay ./relay.sock 127.0.0.1:9
	"$await" relay.log 'sandbox: '
	helper=$(children_of relay)
	kill -s STOP "$helper"
	atf_check "$peer" connect ./relay.sock over
	await_end relay
	atf_check grep -q 'the connecting process does not answer: ' relay.log
	# It finds the relay gone.
	kill -s CONT "$helper"
	atf_check "$await" -g "/proc/$helper"
}

atf_test_case cannot_start
cannot_start_head()
{
	atf_set descr "If it cannot become the user or confine itself: 71"
}
cannot_start_body()
{
	need_helper
	# shellcheck source=tests/e2e/faults.sh
	. "$(atf_get_srcdir)/faults.sh"
	need_faults
	# An exit with an error leaves memory to the system.
	ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	export ASAN_OPTIONS
	for call in fork socketpair dup2; do
		"$fault" faults $call ENOMEM 1 1
		atf_check -s exit:71 -e match:'127.0.0.1:9: ' \
		    env FAULTS=faults "$relay" ./sock 127.0.0.1:9
		[ ! -e sock ] || atf_fail "the socket is still there"
	done
}

atf_init_test_cases()
{
	atf_add_test_case confined
	atf_add_test_case never_connects
	atf_add_test_case kinds
	atf_add_test_case dies
	atf_add_test_case dies_while_serving
	atf_add_test_case hangs
	atf_add_test_case cannot_start
}
