#! /usr/bin/env atf-sh
# Names: looked up by a process of its own, again and again.
# Not here: addresses of a name to listen on (listen_tcp_test.sh).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

# helper_of NAME: the pid of the relay's resolver process, which has descriptor
# 3; one that connects has fewer.
helper_of()
{
	for _pid in $(children_of "$1"); do
		[ ! -e "/proc/$_pid/fd/3" ] || echo "$_pid"
	done
}

need_proc()
{
	grep -q '^PPid:' /proc/self/status 2>/dev/null ||
	    atf_skip "no /proc to find the process with"
}

atf_test_case confined
confined_head()
{
	atf_set descr "The resolver process has walls too, and ends with us"
	atf_set require.user root
}
confined_body()
{
	need_proc
	start_relay relay -u nobody ./relay.sock localhost:9
	"$await" relay.log 'sandbox: '
	helper=$(helper_of relay)
	test -n "$helper" || atf_fail "there is no resolver process"
	atf_check -o match:"^Uid:	$(id -u nobody)	" \
	    grep '^Uid:' "/proc/$helper/status"
	if grep -q seccomp relay.log; then
		atf_check -o match:'2$' grep '^Seccomp:' \
		    "/proc/$helper/status"
		atf_check -o match:'1$' grep '^NoNewPrivs:' \
		    "/proc/$helper/status"
		atf_check -o match:'0000000000000000$' grep '^CapEff:' \
		    "/proc/$helper/status"
	fi
	stop_relay relay
	atf_check "$await" -g "/proc/$helper"
}

atf_test_case totals
totals_head()
{
	atf_set descr "SIGUSR1 for all processes leaves the resolver process be"
}
totals_body()
{
	need_proc
	start_relay relay ./relay.sock localhost:9
	"$await" relay.log 'sandbox: '
	helper=$(helper_of relay)
	test -n "$helper" || atf_fail "there is no resolver process"
	kill -s USR1 "$helper"
	await_totals relay ' 0 now'
	stop_relay relay
	atf_check -s exit:1 grep 'has gone' relay.log
}

atf_test_case none_for_numbers
none_for_numbers_head()
{
	atf_set descr "Numbers and paths need no resolver process"
}
none_for_numbers_body()
{
	need_proc
	for target in 127.0.0.1:9 '[::1]:9' ./nowhere.sock; do
		start_relay relay ./relay.sock "$target"
		atf_check_equal "" "$(helper_of relay)"
		stop_relay relay
	done
}

atf_test_case dies
dies_head()
{
	atf_set descr "Without its resolver process, the relay goes on"
	atf_set require.user root
}
dies_body()
{
	need_proc
	start_peer service -n 2 listen 127.0.0.1:0 text:hello eof
	start_relay relay ./relay.sock \
	    "localhost:$(address service | sed 's/.*://')"
	atf_check "$peer" connect ./relay.sock expect:hello shut eof
	kill -s KILL "$(helper_of relay)"
	atf_check "$await" relay.log 'the resolver process has gone'
	atf_check "$peer" connect ./relay.sock expect:hello shut eof
	check_peer service
	stop_relay relay
}

atf_test_case unknown
unknown_head()
{
	atf_set descr "A name that never had an address ends the start"
}
unknown_body()
{
	atf_check -s exit:68 \
	    -e inline:"simpletcpunixrelay: relay-test.invalid:9: unknown host\n" \
	    "$relay" ./relay.sock relay-test.invalid:9
	test ! -e relay.sock || atf_fail "a socket was left behind"
}

atf_test_case moves
moves_head()
{
	atf_set descr "A name that changes its address is followed"
	atf_set require.user root
	atf_set require.progs unshare
}
moves_body()
{
	start_peer service listen 127.0.0.1:0 text:hello eof
	port=$(address service | sed 's/.*://')
	echo 127.0.0.2 relay-test-target >hosts
	: >relay.log
	unshare -m sh -c 'mount --bind hosts /etc/hosts && exec "$@"' sh \
	    "$relay" --wait 30s ./relay.sock "relay-test-target:$port" \
	    2>relay.log &
	echo $! >relay.pid
	"$await" relay.log . || atf_fail "does not start"
	grep -q 'listening' relay.log || atf_skip "$(cat relay.log)"
	start_client client connect ./relay.sock expect:hello shut eof
	await_totals relay ' 1 now, 1 total'
	# In place: the mount is of this very file.
	echo 127.0.0.1 relay-test-target >hosts
	check_peer client
	check_peer service
	stop_relay relay
}

atf_init_test_cases()
{
	atf_add_test_case confined
	atf_add_test_case totals
	atf_add_test_case none_for_numbers
	atf_add_test_case dies
	atf_add_test_case unknown
	atf_add_test_case moves
}
