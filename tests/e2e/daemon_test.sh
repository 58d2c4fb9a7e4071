#! /usr/bin/env atf-sh
# In the background, with a pid file.
# Not here: the pid file's races (tests/unit/pidfile_test.c).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

# start_daemon ARGUMENT...: with relay.pid; it serves when this returns.
start_daemon()
{
	"$relay" -d -p relay.pid "$@" 2>relay.log ||
	    atf_fail "exited with $?: $(cat relay.log)"
	test -s relay.pid || atf_fail "there is no pid in the pid file"
}

# await_gone FILE
await_gone()
{
	"$await" -g "$1" || atf_fail "$1 is still there"
}

# stop_daemon: it removes its pid file last.
stop_daemon()
{
	kill "$(cat relay.pid)" || atf_fail "has gone: $(cat relay.log)"
	await_gone relay.pid
}

# The test framework does not end what is in the background.
end_daemons()
{
	for file in *.pid; do
		test ! -s "$file" || kill -s KILL "$(cat "$file")" 2>/dev/null
	done
	:
}

atf_test_case background cleanup
background_head()
{
	atf_set descr "-d returns when clients can connect, each time"
}
background_body()
{
	start_peer service -n 20 listen ./service.sock text:hello eof
	i=0
	while [ $i -lt 10 ]; do
		i=$((i + 1))
		start_daemon ./relay.sock ./service.sock
		atf_check "$peer" connect ./relay.sock expect:hello shut eof
		stop_daemon
		test ! -e relay.sock || atf_fail "the socket is still there"
		start_daemon 127.0.0.1:0 ./service.sock
		atf_check "$peer" connect "$(relay_address relay)" \
		    expect:hello shut eof
		stop_daemon
	done
	check_peer service
}
background_cleanup()
{
	end_daemons
}

atf_test_case detached cleanup
detached_head()
{
	atf_set descr "A session of its own, and none of our descriptors"
}
detached_body()
{
	# A name has a process of its own.
	for target in 127.0.0.1:9 localhost:9; do
		# Would not end if the daemon kept the pipe.
		output=$("$relay" -d -p relay.pid ./relay.sock $target 2>&1) ||
		    atf_fail "exited with $?: $output"
		pid=$(cat relay.pid)
		# Not every ps knows sessions; each knows process groups.
		atf_check_equal "$pid" "$(ps -o pgid= -p "$pid" | tr -d ' ')"
		if ps -o sid= -p $$ >/dev/null 2>&1; then
			atf_check_equal "$pid" \
			    "$(ps -o sid= -p "$pid" | tr -d ' ')"
		fi
		atf_check "$peer" connect ./relay.sock over
		kill -s HUP "$pid"
		await_gone relay.pid
	done
}
detached_cleanup()
{
	end_daemons
}

atf_test_case without_pidfile
without_pidfile_head()
{
	atf_set descr "-d alone, until --exit-idle-time"
}
without_pidfile_body()
{
	start_peer service listen 127.0.0.1:0 text:hello eof
	atf_check -e ignore "$relay" --daemonize --exit-idle-time 1s \
	    ./relay.sock "$(address service)"
	atf_check "$peer" connect ./relay.sock expect:hello shut eof
	check_peer service
	await_gone relay.sock
}

atf_test_case status cleanup
status_head()
{
	atf_set descr "-d: otherwise the exit code is the child's"
}
status_body()
{
	start_daemon ./relay.sock 127.0.0.1:9
	atf_check -s exit:69 -e match:'./relay.sock: in use' "$relay" -d \
	    ./relay.sock 127.0.0.1:9
	atf_check -s exit:69 -e match:'./relay.sock: in use' "$relay" -d \
	    -p other.pid ./relay.sock 127.0.0.1:9
	test ! -e other.pid || atf_fail "a pid file was left behind"
	atf_check "$peer" connect ./relay.sock over
	stop_daemon
	atf_check -s exit:73 -e match:'No such file or directory' "$relay" -d \
	    nowhere/sock 127.0.0.1:9
	atf_check -s exit:67 -e match:'no such user' "$relay" -d \
	    -u no-such-user ./relay.sock 127.0.0.1:9
	atf_check -s exit:64 -e match:'LISTEN and TARGET missing' "$relay" -d
	test ! -e relay.sock || atf_fail "a socket was left behind"
}
status_cleanup()
{
	end_daemons
}

atf_test_case pidfile cleanup
pidfile_head()
{
	atf_set descr "-p: the pid, a lock, and nothing left behind"
}
pidfile_body()
{
	start_relay first -p relay.pid ./first.sock 127.0.0.1:9
	# It is there before the first client is served.
	atf_check "$peer" connect ./first.sock over
	pid=$(cat first.pid)
	atf_check -o inline:"$pid\n" cat relay.pid
	for option in '' -d; do
		# shellcheck disable=SC2086 # one word or none
		atf_check -s exit:69 -e inline:"simpletcpunixrelay: relay.pid: \
in use by process $pid\n" "$relay" $option -p relay.pid ./second.sock \
		    127.0.0.1:9
	done
	test ! -e second.sock || atf_fail "a socket was made"
	atf_check -o inline:"$pid\n" cat relay.pid
	stop_relay first
	test ! -e relay.pid || atf_fail "the pid file is still there"

	start_daemon ./first.sock 127.0.0.1:9
	pid=$(cat relay.pid)
	atf_check -s exit:69 -e inline:"simpletcpunixrelay: relay.pid: \
in use by process $pid\n" "$relay" -d -p relay.pid ./second.sock 127.0.0.1:9
	atf_check -o inline:"$pid\n" cat relay.pid
	stop_daemon
}
pidfile_cleanup()
{
	end_daemons
}

atf_test_case stale cleanup
stale_head()
{
	atf_set descr "A pid file that a killed relay left is replaced"
}
stale_body()
{
	start_daemon ./relay.sock 127.0.0.1:9
	old=$(cat relay.pid)
	# Its socket goes with the process; then it is dead, reaped or not.
	"$peer" connect ./relay.sock over
	kill -s KILL "$old"
	while "$peer" connect ./relay.sock 2>/dev/null; do
		:
	done
	atf_check -o inline:"$old\n" cat relay.pid
	start_daemon ./relay.sock 127.0.0.1:9
	test "$(cat relay.pid)" != "$old" || atf_fail "still $old"
	atf_check "$peer" connect ./relay.sock over
	stop_daemon

	: >relay.pid
	start_daemon ./relay.sock 127.0.0.1:9
	stop_daemon
}
stale_cleanup()
{
	end_daemons
}

atf_test_case no_pidfile
no_pidfile_head()
{
	atf_set descr "A file that is no pid file is never touched: 73"
}
no_pidfile_body()
{
	echo content >file
	printf '123' >number
	mkdir directory
	ln -s file link
	ln -s nowhere dangling
	for name in file number directory link dangling; do
		for option in '' -d; do
			# shellcheck disable=SC2086 # one word or none
			atf_check -s exit:73 -e inline:"simpletcpunixrelay: \
$name: exists and is not a pid file\n" "$relay" $option -p $name ./relay.sock \
			    127.0.0.1:9
		done
	done
	atf_check -o inline:'content\n' cat file
	atf_check -o inline:'123' cat number
	test -d directory || atf_fail "the directory is gone"
	test -L link || atf_fail "the link is gone"
	test -L dangling || atf_fail "the dangling link is gone"
	test ! -e nowhere || atf_fail "a file was made"
	test ! -e relay.sock || atf_fail "a socket was made"
	atf_check -s exit:73 -e match:'nowhere/file: No such file' "$relay" \
	    -p nowhere/file ./relay.sock 127.0.0.1:9
}

atf_test_case not_permitted
not_permitted_head()
{
	atf_set descr "A pid file that may not be written: 77"
	atf_set require.user unprivileged
}
not_permitted_body()
{
	mkdir -m 500 closed
	for option in '' -d; do
		# shellcheck disable=SC2086 # one word or none
		atf_check -s exit:77 -e match:'closed/pid: Permission denied' \
		    "$relay" $option -p closed/pid ./relay.sock 127.0.0.1:9
	done
	test ! -e relay.sock || atf_fail "a socket was made"
	chmod 700 closed
}

atf_test_case drain cleanup
drain_head()
{
	atf_set descr "SIGTERM drains in the background as elsewhere"
}
drain_body()
{
	start_peer service listen 127.0.0.1:0 text:in await:over text:out eof
	start_daemon ./relay.sock "$(address service)"
	start_client client connect ./relay.sock expect:in touch:in \
	    await:over expect:out shut eof
	"$await" in
	kill "$(cat relay.pid)"
	await_gone relay.sock
	test -s relay.pid || atf_fail "the pid file went before the process"
	touch over
	check_peer client
	check_peer service
	await_gone relay.pid
}
drain_cleanup()
{
	end_daemons
}

atf_test_case as_user cleanup
as_user_head()
{
	atf_set descr "-d, -p and -u: the pid file in either kind of directory"
	atf_set require.user root
}
as_user_body()
{
	mkdir run
	chown nobody run
	start_peer service -n 3 listen 127.0.0.1:0 text:hello eof
	atf_check -e ignore "$relay" -d -u nobody -p run/pid ./relay.sock \
	    "$(address service)"
	cp run/pid relay.pid
	atf_check "$peer" connect ./relay.sock expect:hello shut eof
	kill "$(cat run/pid)"
	await_gone run/pid
	rm relay.pid

	# It may not be removed; at least it names nobody any more.
	for round in 1 2; do
		# The one before keeps it locked until it has gone.
		until "$relay" -d -p relay.pid -u nobody ./relay.sock \
		    "$(address service)" 2>relay.log; do
			grep -q 'relay.pid: in use' relay.log ||
			    atf_fail "round $round: $(cat relay.log)"
		done
		atf_check "$peer" connect ./relay.sock expect:hello shut eof
		kill "$(cat relay.pid)"
		while [ -s relay.pid ]; do
			:
		done
		test -e relay.pid || atf_fail "round $round: removed"
	done
	check_peer service
}
as_user_cleanup()
{
	test ! -s run/pid || kill -s KILL "$(cat run/pid)" 2>/dev/null
	end_daemons
}

atf_test_case handed_over cleanup
handed_over_head()
{
	atf_set descr "-d with a socket handed over"
}
handed_over_body()
{
	start_peer service listen 127.0.0.1:0 text:hello eof
	atf_check -e ignore "$handover" -a addresses 127.0.0.1:0 -- "$relay" \
	    -d -p relay.pid "$(address service)"
	atf_check "$peer" connect "$(cat addresses)" expect:hello shut eof
	check_peer service
	stop_daemon
}
handed_over_cleanup()
{
	end_daemons
}

atf_init_test_cases()
{
	atf_add_test_case background
	atf_add_test_case detached
	atf_add_test_case without_pidfile
	atf_add_test_case status
	atf_add_test_case pidfile
	atf_add_test_case stale
	atf_add_test_case no_pidfile
	atf_add_test_case not_permitted
	atf_add_test_case drain
	atf_add_test_case as_user
	atf_add_test_case handed_over
}
