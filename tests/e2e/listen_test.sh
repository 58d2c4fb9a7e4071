#! /usr/bin/env atf-sh
# Where the relay listens: socket files.
# Not here: TCP addresses (listen_tcp_test.sh), the bytes (data_test.sh), limits
# (limit_test.sh).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

mode_of()
{
	# The portable form of stat(1).
	find "$1" -prune -type s -exec ls -ld {} + | cut -c 1-10
}

atf_test_case mode_default
mode_default_head()
{
	atf_set descr "The mode is 0666 less the umask"
}
mode_default_body()
{
	umask 027
	start_relay relay ./sock 127.0.0.1:9
	atf_check_equal srw-r----- "$(mode_of sock)"
	stop_relay relay
	umask 0
	start_relay relay ./sock 127.0.0.1:9
	atf_check_equal srw-rw-rw- "$(mode_of sock)"
	stop_relay relay
}

atf_test_case mode_given
mode_given_head()
{
	atf_set descr "--mode, whatever the umask"
}
mode_given_body()
{
	umask 077
	for mode in 600:srw------- 660:srw-rw---- 0666:srw-rw-rw- \
	    777:srwxrwxrwx 0:s---------; do
		start_relay relay -m "${mode%:*}" ./sock 127.0.0.1:9
		atf_check_equal "${mode#*:}" "$(mode_of sock)"
		stop_relay relay
	done
}

atf_test_case owner
owner_head()
{
	atf_set descr "--owner by name and by number"
	atf_set require.user root
}
owner_body()
{
	group=$(id -gn nobody)
	start_relay relay -o nobody -m 600 ./sock 127.0.0.1:9
	atf_check_equal "nobody $group" \
	    "$(find sock -prune -exec ls -ld {} + | awk '{print $3, $4}')"
	stop_relay relay
	start_relay relay -o 12345:54321 ./sock 127.0.0.1:9
	atf_check_equal "12345 54321" \
	    "$(find sock -prune -exec ls -ldn {} + | awk '{print $3, $4}')"
	stop_relay relay
}

atf_test_case owner_unknown
owner_unknown_head()
{
	atf_set descr "--owner that does not exist: 67"
}
owner_unknown_body()
{
	refused 67 "no-such-user: no such user" -o no-such-user ./sock \
	    127.0.0.1:9
	refused 67 "root:no-such-group: no such group" -o root:no-such-group \
	    ./sock 127.0.0.1:9
	test ! -e sock || atf_fail "a socket was made"
}

atf_test_case owner_not_permitted
owner_not_permitted_head()
{
	atf_set descr "--owner without the right to give away: 77"
	atf_set require.user unprivileged
}
owner_not_permitted_body()
{
	refused 77 "./sock: Operation not permitted" -o root ./sock 127.0.0.1:9
	test ! -e sock || atf_fail "a socket was left behind"
	test ! -e sock.lock || atf_fail "a lock was left behind"
}

atf_test_case not_permitted
not_permitted_head()
{
	atf_set descr "A directory that may not be written: 77"
	atf_set require.user unprivileged
}
not_permitted_body()
{
	mkdir closed
	chmod 500 closed
	refused 77 "closed/sock: Permission denied" closed/sock 127.0.0.1:9
	chmod 700 closed
}

atf_test_case stale
stale_head()
{
	atf_set descr "A socket that a killed relay left is replaced"
}
stale_body()
{
	start_relay relay ./sock 127.0.0.1:9
	kill -s KILL "$(cat relay.pid)"
	wait "$(cat relay.pid)"
	test -S sock || atf_fail "there is no stale socket to test with"
	start_peer service listen 127.0.0.1:0 recv:10 eof
	start_relay relay ./sock "$(address service)"
	atf_check "$peer" connect ./sock send:10 shut eof
	check_peer service
	stop_relay relay
	test ! -e sock || atf_fail "the socket is still there"
	test ! -e sock.lock || atf_fail "the lock is still there"
}

atf_test_case in_use
in_use_head()
{
	atf_set descr "A socket that somebody answers on is left alone: 69"
}
in_use_body()
{
	start_relay relay ./sock 127.0.0.1:9
	refused 69 "./sock: in use" ./sock 127.0.0.1:9
	test -S sock || atf_fail "the socket was removed"
	stop_relay relay

	# Of a program that knows nothing of the lock.
	start_peer service -n 2 listen ./sock echo
	refused 69 "./sock: in use" ./sock 127.0.0.1:9
	atf_check "$peer" connect ./sock text:alive shut expect:alive eof
	check_peer service
}

atf_test_case not_a_socket
not_a_socket_head()
{
	atf_set descr "A file that is no socket is never touched: 73"
}
not_a_socket_body()
{
	echo content >file
	mkdir directory
	mkfifo fifo
	ln -s file link
	ln -s nowhere dangling
	for name in file directory fifo link dangling; do
		refused 73 "./$name: exists and is not a socket" "./$name" \
		    127.0.0.1:9
	done
	atf_check -o inline:"content\n" cat file
	test -d directory || atf_fail "the directory is gone"
	test -p fifo || atf_fail "the fifo is gone"
	test -L link || atf_fail "the link is gone"
	test -L dangling || atf_fail "the dangling link is gone"
}

atf_test_case at_once
at_once_head()
{
	atf_set descr "Of two instances started at once exactly one wins"
}
at_once_body()
{
	for round in 1 2 3 4 5 6 7 8 9 10; do
		for i in 1 2; do
			"$relay" ./sock 127.0.0.1:9 2>"$round.$i.log" &
			eval "pid$i=$!"
		done
		# shellcheck disable=SC2154 # set by eval
		pids="$pid1 $pid2"
		cat >both.sh <<END
cat $round.1.log $round.2.log >$round.log
grep -q 'listening on' $round.log && grep -q 'in use' $round.log &&
    touch $round.done
END
		while [ ! -e "$round.done" ]; do
			sh both.sh
		done
		# shellcheck disable=SC2086
		kill $pids 2>/dev/null
		wait
		test ! -e sock || atf_fail "the socket is still there"
	done
}

atf_test_case not_ours_any_more
not_ours_any_more_head()
{
	atf_set descr "At exit, a socket that took our place stays"
}
not_ours_any_more_body()
{
	start_relay relay ./sock 127.0.0.1:9
	mv sock moved
	start_peer service listen ./sock text:alive eof
	stop_relay relay
	test -S sock || atf_fail "the other's socket was removed"
	atf_check "$peer" connect ./sock expect:alive shut eof
	check_peer service
}

atf_test_case too_long
too_long_head()
{
	atf_set descr "A path that does not fit is refused, not cut"
}
too_long_body()
{
	# shellcheck disable=SC2183
	path=./$(printf '%0110d' 0)
	refused 64 "$path: path too long for a Unix socket (see --help)" \
	    "$path" 127.0.0.1:9
	refused 64 "$path: path too long for a Unix socket (see --help)" \
	    127.0.0.1:0 "$path"
}

atf_test_case no_directory
no_directory_head()
{
	atf_set descr "A directory that does not exist: 73"
}
no_directory_body()
{
	refused 73 "nowhere/sock: No such file or directory" nowhere/sock \
	    127.0.0.1:9
}

atf_test_case abstract
abstract_head()
{
	atf_set descr "Abstract Unix sockets"
}
abstract_body()
{
	if [ "$(uname -s)" != Linux ]; then
		refused 64 "@name: abstract Unix sockets exist on Linux only \
(see --help)" @name 127.0.0.1:9
		return
	fi
	start_peer service listen 127.0.0.1:0 recv:1000 send:1000 eof
	start_relay first "@relay-test-$$" "$(address service)"
	atf_check_equal "@relay-test-$$" "$(relay_address first)"
	start_relay second 127.0.0.1:0 "@relay-test-$$"
	atf_check "$peer" connect "$(relay_address second)" send:1000 \
	    recv:1000 shut eof
	check_peer service
	refused 69 "@relay-test-$$: in use" "@relay-test-$$" 127.0.0.1:9
	stop_relay second
	stop_relay first
}

atf_init_test_cases()
{
	atf_add_test_case mode_default
	atf_add_test_case mode_given
	atf_add_test_case owner
	atf_add_test_case owner_unknown
	atf_add_test_case owner_not_permitted
	atf_add_test_case not_permitted
	atf_add_test_case stale
	atf_add_test_case in_use
	atf_add_test_case not_a_socket
	atf_add_test_case at_once
	atf_add_test_case not_ours_any_more
	atf_add_test_case too_long
	atf_add_test_case no_directory
	atf_add_test_case abstract
}
