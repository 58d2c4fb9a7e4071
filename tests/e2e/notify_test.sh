#! /usr/bin/env atf-sh
# What the service manager is told by NOTIFY_SOCKET.
# Not here: the datagrams one by one (tests/unit/notify_test.c).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

# start_notifying NAME [-w USEC] SOCKET ARGUMENT...: the relay, told to notify;
# what it says goes to NAME.told.  It is ready when this returns.
start_notifying()
{
	_name=$1
	_watchdog=
	shift
	if [ "$1" = -w ]; then
		_watchdog="-w $2"
		shift 2
	fi
	_socket=$1
	shift
	: >"$_name.log"
	rm -f "$_name.told"
	# shellcheck disable=SC2086 # two words or none
	"$notified" $_watchdog "$_socket" "$_name.told" "$relay" "$@" \
	    2>"$_name.log" &
	echo $! >"$_name.pid"
	"$await" "$_name.told" ' READY=1$' ||
	    atf_fail "$_name is not ready: $(cat "$_name.log")"
}

# told NAME REGEX: after READY=1, sooner or later.
told()
{
	"$await" "$1.told" " $2\$" ||
	    atf_fail "not told $2: $(cat "$1.told" "$1.log")"
}

# count_told NAME REGEX
count_told()
{
	grep -c -e "^[0-9]* $2\$" "$1.told"
}

# milliseconds NAME REGEX: when the first such line came.
milliseconds()
{
	sed -n "s/^\([0-9]*\) $2\$/\1/p" "$1.told" | head -n 1
}

atf_test_case ready
ready_head()
{
	atf_set descr "READY=1, once, and clients can connect"
}
ready_body()
{
	for listen in ./relay.sock 127.0.0.1:0; do
		start_peer service listen 127.0.0.1:0 text:hello eof
		start_notifying relay "$PWD/notify.sock" $listen \
		    "$(address service)"
		atf_check "$peer" connect "$(relay_address relay)" \
		    expect:hello shut eof
		check_peer service
		stop_relay relay
		told relay STOPPING=1
		atf_check_equal 1 "$(count_told relay READY=1)"
		atf_check_equal READY=1 \
		    "$(sed -n '1s/^[0-9]* //p' relay.told)"
		rm notify.sock
	done
}

atf_test_case ready_at_once
ready_at_once_head()
{
	atf_set descr "Whoever connects at READY=1 is served, each time"
}
ready_at_once_body()
{
	start_peer service -n 20 listen 127.0.0.1:0 text:hello eof
	i=0
	while [ $i -lt 20 ]; do
		i=$((i + 1))
		start_notifying relay "$PWD/notify.sock" ./relay.sock \
		    "$(address service)"
		atf_check "$peer" connect ./relay.sock expect:hello shut eof
		stop_relay relay
		rm notify.sock
	done
	check_peer service
}

atf_test_case not_ready
not_ready_head()
{
	atf_set descr "No READY=1 where it does not start"
}
not_ready_body()
{
	start_relay first ./relay.sock 127.0.0.1:9
	atf_check -s exit:69 -e match:'in use' "$notified" \
	    "$PWD/notify.sock" relay.told "$relay" ./relay.sock 127.0.0.1:9
	rm notify.sock
	atf_check -s exit:67 -e match:'no such user' "$notified" \
	    "$PWD/notify.sock" other.told "$relay" -u no-such-user \
	    ./other.sock 127.0.0.1:9
	stop_relay first
	"$await" relay.told
	atf_check -o empty cat relay.told
	atf_check -o empty cat other.told
}

atf_test_case abstract
abstract_head()
{
	atf_set descr "An abstract NOTIFY_SOCKET"
}
abstract_body()
{
	[ "$(uname -s)" = Linux ] || atf_skip "no abstract sockets"
	start_peer service listen 127.0.0.1:0 text:hello eof
	start_notifying relay "@notify-$$" ./relay.sock "$(address service)"
	atf_check "$peer" connect ./relay.sock expect:hello shut eof
	check_peer service
	stop_relay relay
	told relay STOPPING=1
}

atf_test_case status
status_head()
{
	atf_set descr "STATUS= tells the connections"
}
status_body()
{
	start_peer service -t 2 listen 127.0.0.1:0 text:in await:over shut
	start_notifying relay "$PWD/notify.sock" ./relay.sock \
	    "$(address service)"
	told relay 'STATUS=0 connections now, 0 total'
	start_client clients -t 2 connect ./relay.sock expect:in await:over eof
	told relay 'STATUS=2 connections now, 2 total'
	touch over
	check_peer clients
	check_peer service
	told relay 'STATUS=0 connections now, 2 total'
	stop_relay relay
}

atf_test_case status_seldom
status_seldom_head()
{
	atf_set descr "STATUS= at most once a second, and only on change"
}
status_seldom_body()
{
	start_peer service -n 300 listen ./service.sock text:hello eof
	start_notifying relay "$PWD/notify.sock" 127.0.0.1:0 ./service.sock
	atf_check "$peer" -n 300 connect "$(relay_address relay)" \
	    expect:hello shut eof
	check_peer service
	told relay 'STATUS=0 connections now, 300 total'
	# Counted, not measured from one to the next: that a line is read late
	# must not matter.
	n=$(count_told relay 'STATUS=.*')
	from=$(milliseconds relay 'STATUS=.*')
	to=$(milliseconds relay 'STATUS=0 connections now, 300 total')
	test "$n" -le $((2 + (to - from) / 1000)) ||
	    atf_fail "$(cat relay.told)"
	stop_relay relay
	# The change that was told last is told once.
	atf_check_equal 1 "$(count_told relay \
	    'STATUS=0 connections now, 300 total')"
}

atf_test_case drain
drain_head()
{
	atf_set descr "STOPPING=1 and more time, as the drain begins"
}
drain_body()
{
	start_peer service listen 127.0.0.1:0 text:in await:over shut
	start_notifying relay "$PWD/notify.sock" --drain-time 20s \
	    ./relay.sock "$(address service)"
	start_client client connect ./relay.sock expect:in touch:in \
	    await:over eof
	"$await" in
	atf_check_equal 0 "$(count_told relay STOPPING=1)"
	kill "$(cat relay.pid)"
	# While a connection is still open.
	told relay STOPPING=1
	told relay 'EXTEND_TIMEOUT_USEC=[0-9]*'
	usec=$(sed -n 's/.*EXTEND_TIMEOUT_USEC=//p' relay.told)
	test "$usec" -ge 20000000 || atf_fail "only $usec more"
	touch over
	check_peer client
	check_peer service
	wait "$(cat relay.pid)" || atf_fail "exited with $?"
	atf_check_equal 1 "$(count_told relay STOPPING=1)"
}

atf_test_case drain_without_end
drain_without_end_head()
{
	atf_set descr "More time is asked for again and again without an end"
}
drain_without_end_body()
{
	start_peer service listen 127.0.0.1:0 text:in await:over shut
	start_notifying relay "$PWD/notify.sock" --drain-time infinity \
	    ./relay.sock "$(address service)"
	start_client client connect ./relay.sock expect:in touch:in \
	    await:over eof
	"$await" in
	kill "$(cat relay.pid)"
	told relay STOPPING=1
	told relay 'EXTEND_TIMEOUT_USEC=[0-9]*'
	cat >again.sh <<'END'
[ "$(grep -c EXTEND_TIMEOUT_USEC relay.told)" -ge 2 ] && touch again
END
	until [ -e again ]; do
		sh again.sh
	done
	touch over
	check_peer client
	check_peer service
	wait "$(cat relay.pid)" || atf_fail "exited with $?"
}

atf_test_case watchdog
watchdog_head()
{
	atf_set descr "WATCHDOG=1 in half of the time that was set"
}
watchdog_body()
{
	start_notifying relay -w 200000 "$PWD/notify.sock" ./relay.sock \
	    127.0.0.1:9
	until [ "$(count_told relay WATCHDOG=1)" -ge 6 ]; do
		"$await" relay.told ' WATCHDOG=1$'
	done
	stop_relay relay
	awk '
	/WATCHDOG=1$/ { n++; last = $1; if (n == 1) first = $1 }
	# 100 ms apart, and not in a burst.
	END { exit !(last - first >= (n - 1) * 100 - 90) }' relay.told ||
	    atf_fail "too often: $(cat relay.told)"

	rm notify.sock
	start_notifying relay "$PWD/notify.sock" ./relay.sock 127.0.0.1:9
	told relay 'STATUS=.*'
	stop_relay relay
	told relay STOPPING=1
	atf_check_equal 0 "$(count_told relay WATCHDOG=1)"
}

atf_test_case walled
walled_head()
{
	atf_set descr "All of it inside the sandbox, as another user"
	atf_set require.user root
}
walled_body()
{
	abstract=
	[ "$(uname -s)" != Linux ] || abstract="@notify-$$"
	for socket in "$PWD/notify.sock" $abstract; do
		start_peer service listen 127.0.0.1:0 text:in await:over shut
		start_notifying relay -w 100000 "$socket" -u nobody \
		    ./relay.sock "$(address service)"
		told relay WATCHDOG=1
		start_client client connect ./relay.sock expect:in touch:in \
		    await:over eof
		told relay 'STATUS=1 connections now, 1 total'
		kill "$(cat relay.pid)"
		told relay STOPPING=1
		told relay 'EXTEND_TIMEOUT_USEC=[0-9]*'
		touch over
		check_peer client
		check_peer service
		wait "$(cat relay.pid)" || atf_fail "exited with $?"
		atf_check grep -q 'sandbox: ' relay.log
		atf_check -s exit:1 grep forbidden relay.log
		rm -f in over
	done
}

atf_test_case nobody_listens
nobody_listens_head()
{
	atf_set descr "A manager that is not there does not matter"
}
nobody_listens_body()
{
	for socket in "$PWD/nowhere.sock" "$PWD" relative ''; do
		start_peer service listen 127.0.0.1:0 text:hello eof
		NOTIFY_SOCKET=$socket
		export NOTIFY_SOCKET
		start_relay relay ./relay.sock "$(address service)"
		unset NOTIFY_SOCKET
		atf_check "$peer" connect ./relay.sock expect:hello shut eof
		check_peer service
		stop_relay relay
	done
}

atf_init_test_cases()
{
	atf_add_test_case ready
	atf_add_test_case ready_at_once
	atf_add_test_case not_ready
	atf_add_test_case abstract
	atf_add_test_case status
	atf_add_test_case status_seldom
	atf_add_test_case drain
	atf_add_test_case drain_without_end
	atf_add_test_case watchdog
	atf_add_test_case walled
	atf_add_test_case nobody_listens
}
