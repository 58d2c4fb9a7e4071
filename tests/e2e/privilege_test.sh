#! /usr/bin/env atf-sh
# Becoming another user: what is kept, what is given up, what is refused.
# Not here: the walls (sandbox_test.sh), --owner alone (listen_test.sh).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

# listing FILE [OPTION]: mode, owner and group.
listing()
{
	find "$1" -prune -exec ls "-ld${2:-}" {} + |
	    awk '{ print substr($1, 1, 10), $3, $4 }'
}

# ids NAME: the user ids and group ids of the process, each once.
ids()
{
	ps -o ruid= -o uid= -o rgid= -o gid= -p "$(cat "$1.pid")" |
	    tr -s ' ' '\n' | grep . | sort -u | tr '\n' ' '
}

# runs_as_nobody NAME: with all of its ids.
runs_as_nobody()
{
	for _id in $(ids "$1"); do
		test "$_id" = "$(id -u nobody)" ||
		    test "$_id" = "$(id -g nobody)" ||
		    atf_fail "runs with $(ids "$1")"
	done
}

# status_is NAME FIELD REGEX: a line of /proc/PID/status, blanks as one.
status_is()
{
	tr -s ' \t' ' ' <"/proc/$(cat "$1.pid")/status" >"$1.status"
	grep -q -e "^$2: *$3 *\$" "$1.status" ||
	    atf_fail "$2 is not $3: $(cat "$1.status")"
}

need_proc()
{
	grep -q '^CapPrm:' /proc/self/status 2>/dev/null ||
	    atf_skip "no capabilities in /proc/PID/status"
}

# start_settled NAME ARGUMENT...: and wait until it has entered its sandbox.
start_settled()
{
	start_relay "$@"
	"$await" "$1.log" 'sandbox: ' || atf_fail "$(cat "$1.log")"
}

atf_test_case user
user_head()
{
	atf_set descr "--user: the socket is the user's, and so is the process"
	atf_set require.user root
}
user_body()
{
	mkdir run
	chown nobody run
	start_peer service listen 127.0.0.1:0 both:3000000 eof
	start_settled relay -u nobody -m 660 run/sock "$(address service)"
	atf_check_equal "srw-rw---- nobody $(id -gn nobody)" \
	    "$(listing run/sock)"
	runs_as_nobody relay
	atf_check "$peer" connect run/sock both:3000000 shut eof
	check_peer service
	stop_relay relay
	test ! -e run/sock || atf_fail "the socket is still there"
	test ! -e run/sock.lock || atf_fail "the lock is still there"
}

atf_test_case forms
forms_head()
{
	atf_set descr "--user by number, and USER:GROUP"
	atf_set require.user root
}
forms_body()
{
	uid=$(id -u nobody)
	gid=$(id -g nobody)
	for form in "nobody $uid $gid" "$uid $uid $gid" \
	    "nobody:23456 $uid 23456" "12345:54321 12345 54321"; do
		# shellcheck disable=SC2086 # three words
		set -- $form
		start_settled relay -u "$1" ./sock 127.0.0.1:9
		atf_check_equal "srw-r--r-- $2 $3" "$(listing sock n)"
		atf_check_equal "$(printf '%s\n' "$2" "$3" | sort -u |
		    tr '\n' ' ')" "$(ids relay)"
		stop_relay relay
	done
}

atf_test_case gives_up
gives_up_head()
{
	atf_set descr "After --user: ids, groups, and no way back"
	atf_set require.user root
}
gives_up_body()
{
	need_proc
	uid=$(id -u nobody)
	gid=$(id -g nobody)
	for which in auto off; do
		: >relay.log
		start_relay relay --sandbox $which -u nobody ./sock 127.0.0.1:9
		# The first client is served after all has been given up.
		atf_check "$peer" connect ./sock over
		status_is relay Uid "$uid $uid $uid $uid"
		status_is relay Gid "$gid $gid $gid $gid"
		status_is relay Groups "\($gid\)*"
		status_is relay CapPrm '0*'
		status_is relay CapEff '0*'
		grep -q '^Max core file size *0 *0 ' \
		    "/proc/$(cat relay.pid)/limits" ||
		    atf_fail "$(cat "/proc/$(cat relay.pid)/limits")"
		# Not dumpable: such a process's files in /proc are root's.
		atf_check_equal 0 "$(find "/proc/$(cat relay.pid)/maps" -prune \
		    -exec ls -ldn {} + | awk '{ print $3 }')"
		stop_relay relay
	done
}

atf_test_case gives_up_more
gives_up_more_head()
{
	atf_set descr "Seccomp, no new privileges, no capabilities at all"
	atf_set require.user root
}
gives_up_more_body()
{
	need_proc
	for user in nobody ''; do
		start_settled relay ${user:+-u} ${user:+"$user"} ./sock \
		    127.0.0.1:9
		grep -q 'sandbox:.*seccomp' relay.log ||
		    atf_skip "$(grep sandbox: relay.log)"
		status_is relay NoNewPrivs 1
		status_is relay Seccomp 2
		for set in CapInh CapPrm CapEff CapBnd CapAmb; do
			status_is relay $set '0*'
		done
		stop_relay relay
	done
}

atf_test_case low_port
low_port_head()
{
	atf_set descr "--user: a port below 1024"
	atf_set require.user root
}
low_port_body()
{
	start_peer service listen ./service.sock both:100000 eof
	chmod 777 service.sock
	# The first of these that nobody has.
	for port in 1023 1021 1019 1017 1015 1013; do
		"$relay" -u nobody "127.0.0.1:$port" ./service.sock \
		    2>relay.log &
		echo $! >relay.pid
		"$await" relay.log .
		grep -q 'listening on' relay.log && break
		grep -q ': in use' relay.log || atf_fail "$(cat relay.log)"
	done
	grep -q 'listening on' relay.log || atf_skip "no low port is free"
	atf_check "$peer" connect "$(relay_address relay)" both:100000 shut eof
	check_peer service
	runs_as_nobody relay
	stop_relay relay
}

atf_test_case protected_directory
protected_directory_head()
{
	atf_set descr "A socket that may not be removed stays, and is replaced"
	atf_set require.user root
}
protected_directory_body()
{
	mkdir -m 755 protected
	for round in 1 2 3; do
		start_peer service listen 127.0.0.1:0 text:hello eof
		start_settled relay -v -u nobody protected/sock \
		    "$(address service)"
		atf_check "$peer" connect protected/sock expect:hello shut eof
		check_peer service
		stop_relay relay
		test -S protected/sock || atf_fail "the socket was removed"
		atf_check -o match:'^1$' grep -c \
		    'protected/sock: not removed: Permission denied' relay.log
		grep -q 'orbidden system call' relay.log &&
		    atf_fail "round $round: $(cat relay.log)"
	done
	# Said at verbose level only.
	start_settled relay -u nobody protected/sock 127.0.0.1:9
	stop_relay relay
	atf_check -s exit:1 grep 'not removed' relay.log
}

atf_test_case owner_wins
owner_wins_head()
{
	atf_set descr "--owner says whose the socket is, not --user"
	atf_set require.user root
}
owner_wins_body()
{
	start_settled relay -u nobody -o 12345:54321 -m 600 ./sock 127.0.0.1:9
	atf_check_equal "srw------- 12345 54321" "$(listing sock n)"
	uid=$(id -u nobody)
	case " $(ids relay)" in
	*" $uid "*) ;;
	*) atf_fail "runs with $(ids relay)" ;;
	esac
	stop_relay relay
}

atf_test_case unknown
unknown_head()
{
	atf_set descr "--user that does not exist: 67, for anybody"
}
unknown_body()
{
	refused 67 "no-such-user: no such user" -u no-such-user ./sock \
	    127.0.0.1:9
	refused 67 "nobody:no-such-group: no such group" \
	    -u nobody:no-such-group ./sock 127.0.0.1:9
	refused 67 "12345: a number without a group; write USER:GROUP" \
	    -u 12345 ./sock 127.0.0.1:9
	test ! -e sock || atf_fail "a socket was made"
}

atf_test_case to_root
to_root_head()
{
	atf_set descr "--user root gives up nothing: 67"
}
to_root_body()
{
	for user in root 0 0:0 root:nobody; do
		id -gn nobody | grep -q '^nobody$' || [ $user != root:nobody ] ||
		    continue
		refused 67 "$user: is root, which gives up nothing" -u $user \
		    ./sock 127.0.0.1:9
	done
	test ! -e sock || atf_fail "a socket was made"
}

atf_test_case not_root
not_root_head()
{
	atf_set descr "--user without being root: 77"
	atf_set require.user unprivileged
}
not_root_body()
{
	refused 77 "nobody: only root can become another user" -u nobody \
	    ./sock 127.0.0.1:9
	test ! -e sock || atf_fail "a socket was made"
}

atf_test_case warning
warning_head()
{
	atf_set descr "Root without --user: a warning, and it works"
	atf_set require.user root
}
warning_body()
{
	start_peer service listen 127.0.0.1:0 text:hello eof
	start_settled relay ./sock "$(address service)"
	atf_check "$peer" connect ./sock expect:hello shut eof
	check_peer service
	stop_relay relay
	atf_check grep -q 'running as root; see --user' relay.log
	start_settled relay -u nobody ./sock 127.0.0.1:9
	stop_relay relay
	atf_check -s exit:1 grep 'running as root' relay.log
}

atf_test_case no_warning
no_warning_head()
{
	atf_set descr "Anybody else without --user: no warning"
	atf_set require.user unprivileged
}
no_warning_body()
{
	start_settled relay ./sock 127.0.0.1:9
	stop_relay relay
	atf_check -s exit:1 grep 'running as root' relay.log
}

atf_init_test_cases()
{
	atf_add_test_case user
	atf_add_test_case forms
	atf_add_test_case gives_up
	atf_add_test_case gives_up_more
	atf_add_test_case low_port
	atf_add_test_case protected_directory
	atf_add_test_case owner_wins
	atf_add_test_case unknown
	atf_add_test_case to_root
	atf_add_test_case not_root
	atf_add_test_case warning
	atf_add_test_case no_warning
}
