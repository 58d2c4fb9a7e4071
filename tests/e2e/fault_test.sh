#! /usr/bin/env atf-sh
# Calls that fail while the relay serves, once and always: it goes on, and no
# client takes a broken exchange for a whole one.
# Not here: calls that fail before it serves (fault_start_test.sh), what the
# world does to it (adversity_test.sh).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"
# shellcheck source=tests/e2e/faults.sh
. "$(atf_get_srcdir)/faults.sh"

# Enough for each way of moving octets: full reads, then pipes.
octets=700000

# meet NAME FAULT...: a client meets it; its exchange may break, visibly, and
# the next client is served.
meet()
{
	_to=$1
	shift
	"$fault" "$_to.faults" "$@"
	"$peer" connect "$(relay_address "$_to")" try:$octets 2>meet.err ||
	    atf_fail "$_to, $*: $(cat meet.err "$_to.log")"
	count_hits "$_to"
	serves "$_to" "$*"
}

# suffer NAME FAULT...: as meet, but it is not even noticed.
suffer()
{
	_to=$1
	shift
	"$fault" "$_to.faults" "$@"
	serves "$_to" "$*"
	count_hits "$_to"
}

# outlast NAME FAULT...: as suffer; it may come when the client has gone.
outlast()
{
	_to=$1
	shift
	"$fault" "$_to.faults" "$@"
	serves "$_to" "$*"
	"$fault" "$_to.faults" 0 >/dev/null
	count_hits "$_to"
}

count_hits()
{
	_result=$("$fault" "$1.faults")
	_hits=$((_hits + ${_result% *}))
}

# each HOW CALL ERROR FROM TIMES [KIND]: in both relays; one of them makes it.
each()
{
	_how=$1
	shift
	_hits=0
	$_how to_tcp "$@"
	$_how to_unix "$@"
	[ $_hits -gt 0 ] || atf_fail "$*: no such call"
}

atf_test_case passing
passing_head()
{
	atf_set descr "Errors that pass harm nobody"
}
passing_body()
{
	need_faults
	start_both
	# Before there are pipes to use again; moved by a copy then.
	for error in EMFILE ENFILE ENOMEM; do
		each suffer pipe2 $error 1 0
	done
	each suffer fcntl EPERM 1 0
	each suffer fcntl EPERM 1 1
	for error in EINTR ECONNABORTED EPROTO ETIMEDOUT; do
		each suffer accept4 $error 1 3
	done
	for call in recvmsg send splice epoll_wait; do
		each suffer $call EINTR 1 1
		each suffer $call EINTR 2 3
	done
	each suffer splice EINTR 1 0 short
	for error in EINVAL ENOSYS ENOTCONN; do
		each suffer splice $error 1 1
	done
	# Retried until it is there.
	for error in EMFILE ENFILE ENOBUFS ENOMEM; do
		each suffer socket $error 1 2
	done

	# They end the same, one by one or both.
	each outlast syscall ENOSYS 1 1
	each suffer close EINTR 1 0 after
	each suffer close EIO 1 0 after
	for error in EINVAL ENOBUFS; do
		each suffer getsockname $error 1 0
	done
	for error in ENOTCONN ECONNRESET EPIPE EINVAL; do
		each outlast shutdown $error 1 1 after
	done
	stop_both
}

atf_test_case pieces
pieces_head()
{
	atf_set descr "Octet by octet, and interrupted, all arrives"
}
pieces_body()
{
	need_faults
	octets=20000
	start_both
	each suffer recvmsg EINTR 1 0 short
	each suffer send EINTR 1 0 short
	stop_both
}

atf_test_case broken
broken_head()
{
	atf_set descr "Errors of one connection break it, visibly, and no other"
}
broken_body()
{
	need_faults
	start_both
	for from in 1 2 5; do
		for error in ECONNRESET ETIMEDOUT ENOMEM EIO; do
			each meet recvmsg $error $from 1
		done
	done
	for error in ECONNRESET EPIPE ENOBUFS ENOMEM; do
		for from in 1 2; do
			each meet send $error $from 1
		done
		# As many are only made where bulk is copied.
		_hits=0
		meet to_tcp send $error 5 1
	done
	for error in ECONNRESET EPIPE ENOMEM EINVAL; do
		for from in 1 2 5; do
			each meet splice $error $from 1
		done
	done
	for error in EACCES ETIMEDOUT ECONNREFUSED ENETUNREACH ENOENT; do
		each meet connect $error 1 1
	done
	each meet socket EACCES 1 1
	for error in ENOBUFS ENOTCONN EIO; do
		each meet shutdown $error 1 1
	done
	for from in 1 2; do
		each meet epoll_ctl ENOMEM $from 1
		each meet epoll_ctl ENOSPC $from 1
	done
	stop_both
}

atf_test_case memory
memory_head()
{
	atf_set descr "Without memory for a connection, others go on"
}
memory_body()
{
	need_faults
	start_both -v -i 60
	for from in 1 2 3; do
		each meet malloc ENOMEM $from 1
	done
	each meet malloc ENOMEM 1 0
	stop_both
}

atf_test_case blocked
blocked_head()
{
	atf_set descr "A full destination that cannot be waited for is an error"
}
blocked_body()
{
	need_faults
	start_peer service listen ./service.sock await:over close
	start_faulty relay -v 127.0.0.1:0 ./service.sock
	# Each end is registered first.
	"$fault" relay.faults epoll_ctl ENOMEM 3 1
	start_client client connect "$(relay_address relay)" try:50000000
	atf_check "$await" relay.log ': [a-z]*: Cannot allocate memory'
	touch over
	check_peer client
	check_peer service
	stop_relay relay
}

atf_test_case retries
retries_head()
{
	atf_set descr "Without memory for another retry, only that client is lost"
}
retries_body()
{
	need_faults
	octets=1000
	start_faulty relay -v -w 20s ./relay.sock ./service.sock
	exhaust_timers 'Cannot allocate memory'
	start_peer service -n 0 listen ./service.sock try:$octets
	survive_timers
	stop_relay relay
	kill "$(cat service.pid)"
}

# endure NAME FAULT...: it goes on and on while a client waits, and costs next
# to nothing; then the client learns what became of it, and others are served.
endure()
{
	_to=$1
	shift
	"$fault" "$_to.faults" "$@"
	start_client client connect "$(relay_address "$_to")" try:$octets
	_result=$("$fault" "$_to.faults" 50)
	[ "${_result#* }" -lt 2000 ] ||
	    atf_fail "$_to, $*: ${_result#* } calls in 50 ms"
	count_hits "$_to"
	check_peer client
	serves "$_to" "$*"
}

atf_test_case always
always_head()
{
	atf_set descr "What fails for long neither ends the relay nor spins"
}
always_body()
{
	need_faults
	start_both -i 60
	for error in EMFILE ENOMEM EPERM; do
		each endure accept4 $error 1 0
	done
	each endure recvmsg EIO 1 0
	each endure send EIO 1 0
	each endure splice EIO 1 0
	each endure connect EAGAIN 1 0
	each endure connect EACCES 1 0
	each endure socket EMFILE 1 0
	each endure shutdown EIO 1 0
	each endure epoll_ctl ENOMEM 1 0
	each endure setsockopt EINVAL 1 0
	each endure getsockname ENOBUFS 1 0
	each endure malloc ENOMEM 1 0
	stop_both
}

atf_test_case starves
starves_head()
{
	atf_set descr "Accepting fails for seconds: said once, nobody is lost"
}
starves_body()
{
	need_faults
	start_peer service listen 127.0.0.1:0 text:hello eof
	start_faulty relay 127.0.0.1:0 "$(address service)"
	"$fault" relay.faults accept4 EMFILE 1 2
	atf_check "$peer" connect "$(relay_address relay)" expect:hello shut \
	    eof
	check_peer service
	_hits=0
	count_hits relay
	atf_check_equal 2 $_hits
	atf_check -o inline:'1\n' grep -c 'not accepting for now' relay.log
	stop_relay relay
}

atf_test_case loop
loop_head()
{
	atf_set descr "A loop that cannot wait any more ends the relay, and says so"
}
loop_body()
{
	need_faults
	start_faulty relay -v ./relay.sock 127.0.0.1:9
	"$fault" relay.faults epoll_wait EBADF 1 0
	# It waits already; a client wakes it.
	"$peer" connect ./relay.sock over
	wait "$(cat relay.pid)"
	atf_check_equal 71 $?
	atf_check grep -q 'event loop: Bad file descriptor' relay.log
	[ ! -e relay.sock ] || atf_fail "the socket is still there"
}

atf_init_test_cases()
{
	atf_add_test_case passing
	atf_add_test_case pieces
	atf_add_test_case broken
	atf_add_test_case memory
	atf_add_test_case blocked
	atf_add_test_case retries
	atf_add_test_case always
	atf_add_test_case starves
	atf_add_test_case loop
}
