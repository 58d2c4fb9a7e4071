#! /usr/bin/env atf-sh
# Calls that fail while the relay starts: each in turn, until none is left.  It
# says why it does not start, or it serves and stops in order.
# Not here: calls that fail later (fault_test.sh).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"
# shellcheck source=tests/e2e/faults.sh
. "$(atf_get_srcdir)/faults.sh"

sweep=$top/tests/faults/sweep

# An exit with an error leaves memory to the system.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS

# sweep_calls ERROR CALL... -- COMMAND...
sweep_calls()
{
	_error=$1
	shift
	_calls=
	while [ "$1" != -- ]; do
		_calls="$_calls $1"
		shift
	done
	shift
	for _call in $_calls; do
		"$sweep" "$_call" "$_error" "$@" >out 2>err ||
		    atf_fail "$_call: $(cat err)"
		echo "$_call: $(cat out)"
	done
}

memory="malloc calloc aligned_alloc reallocarray"
sockets="socket bind listen setsockopt getsockname connect"
files="open openat fstat fstatat fchownat chmod flock fcntl unlinkat"
# Not read and write: a signal that is lost is none.
loop="epoll_create1 epoll_ctl pipe2 sigaction signal fopen"
walls="prctl setrlimit getrlimit syscall"
seccomp="seccomp_init seccomp_rule_add seccomp_attr_set seccomp_load"

atf_test_case path
path_head()
{
	atf_set descr "From a path, with a pid file"
}
path_body()
{
	need_faults
	mkdir run
	# shellcheck disable=SC2086 # lists of words
	sweep_calls ENOMEM $memory $sockets $files ftruncate $loop $walls \
	    $seccomp -- "$relay" ${RELAY_OPTIONS-} -p run/pid -m 600 ./sock \
	    127.0.0.1:9
	# What a kernel without them answers.
	sweep_calls ENOSYS syscall seccomp_load -- "$relay" ./sock 127.0.0.1:9
	sweep_calls EINVAL seccomp_load prctl -- "$relay" ./sock 127.0.0.1:9
	sweep_calls EOPNOTSUPP seccomp_attr_set syscall -- "$relay" -j 2 \
	    ./sock 127.0.0.1:9
	[ ! -e sock ] || rm sock
}

atf_test_case ports
ports_head()
{
	atf_set descr "From TCP on every address, with workers"
}
ports_body()
{
	need_faults
	# shellcheck disable=SC2086
	sweep_calls ENOBUFS $memory $sockets $loop $seccomp pthread_create -- \
	    "$relay" -j 3 '*:0' ./target.sock
	sweep_calls EMFILE fcntl -- "$relay" -j 3 '*:0' ./target.sock
	"$relay" 127.0.0.1:0 ./target.sock 2>walls.log &
	"$await" walls.log 'sandbox'
	kill $!
	wait $! || atf_fail "exited with $?: $(cat walls.log)"
	if grep -q 'not enforced' walls.log; then
		return
	fi
	sweep_calls EPERM prctl setrlimit syscall -- "$relay" -j 2 \
	    --sandbox=require 127.0.0.1:0 ./target.sock
}

atf_test_case name
name_head()
{
	atf_set descr "Towards a name, with the process that looks it up"
}
name_body()
{
	need_faults
	# shellcheck disable=SC2086
	sweep_calls ENOMEM $memory socketpair fork dup2 bind epoll_ctl $walls \
	    $seccomp send recv signal -- "$relay" ${RELAY_OPTIONS-} \
	    "@faults-$$" localhost:9
}

atf_test_case handed
handed_head()
{
	atf_set descr "With sockets handed over"
}
handed_body()
{
	need_faults
	# shellcheck disable=SC2154,SC2086 # common.sh; a list of words
	sweep_calls ENOMEM $memory setsockopt getsockname getsockopt fcntl \
	    fstat -- "$handover" 127.0.0.1:0 127.0.0.1:0 -- "$relay" \
	    ${RELAY_OPTIONS-} 127.0.0.1:9
	# shellcheck disable=SC2086
	sweep_calls EBADF setsockopt getsockname getsockopt fcntl -- \
	    "$handover" 127.0.0.1:0 -- "$relay" ${RELAY_OPTIONS-} 127.0.0.1:9
}

atf_test_case background
background_head()
{
	atf_set descr "In the background, where it ends by itself"
}
background_body()
{
	need_faults
	# It says on standard error alone that it is ready: by its end.
	# shellcheck disable=SC2086
	sweep_calls EMFILE fork pipe2 setsid sigaction dup2 open -- \
	    /usr/bin/env -u NOTIFY_SOCKET "$relay" ${RELAY_OPTIONS-} -d \
	    --exit-idle-time 1ms 127.0.0.1:0 127.0.0.1:9
}

atf_test_case user
user_head()
{
	atf_set descr "As another user"
	atf_set require.user root
}
user_body()
{
	need_faults
	mkdir run
	chown nobody run
	sweep_calls EPERM initgroups setgid setuid setrlimit prctl fchownat \
	    fchmod getpwnam getgrnam -- "$relay" -u nobody \
	    -o "nobody:$(id -gn nobody)" -m 660 run/sock 127.0.0.1:9
	# The process that looks a name up becomes that user by itself.
	sweep_calls EPERM initgroups setgid setuid setrlimit prctl -- \
	    "$relay" -u nobody "@faults-$$" localhost:9
}

# arm CALL ERROR FROM TIMES: of the relay that is started next.
arm()
{
	"$fault" next.faults "$@"
	_fault=$*
}

# hits N: so many calls have failed.
hits()
{
	_result=$("$fault" next.faults)
	[ "${_result% *}" = "$1" ] ||
	    atf_fail "$_fault: ${_result% *} calls have failed, not $1"
}

# fails STATUS MESSAGE COMMAND...: with the fault; what it says begins so.
fails()
{
	_status=$1
	_message=$2
	shift 2
	atf_check -s "exit:$_status" -e "match:$_message" \
	    env FAULTS=next.faults "$@"
}

atf_test_case taken
taken_head()
{
	atf_set descr "Addresses that cannot be had, by exit status"
}
taken_body()
{
	need_faults
	for _error in EACCES EPERM; do
		arm bind $_error 1 1
		fails 77 '127.0.0.1:0: ' "$relay" 127.0.0.1:0 127.0.0.1:9
		hits 1
	done
	arm socket EAFNOSUPPORT 1 0
	fails 71 '127.0.0.1:0: ' "$relay" 127.0.0.1:0 127.0.0.1:9
	hits 1
	arm bind EACCES 1 1
	fails 71 '@faults: ' "$relay" @faults 127.0.0.1:9
	hits 1
	# However often another port is picked, somebody has it.
	arm bind EADDRINUSE 1 0
	fails 69 '127.0.0.1:0: in use' "$relay" 127.0.0.1:0 127.0.0.1:9
	hits 32
	arm bind EADDRINUSE 1 0
	fails 69 '127.0.0.1:9: in use' "$relay" 127.0.0.1:9 127.0.0.1:9
	hits 1
}

# start_armed NAME LISTEN: a relay that meets the fault, and serves.
start_armed()
{
	FAULTS=next.faults
	export FAULTS
	# shellcheck disable=SC2086 # a list of words
	start_relay "$1" ${RELAY_OPTIONS-} "$2" ./service.sock
	unset FAULTS
	hits 1
}

atf_test_case some
some_head()
{
	atf_set descr "One of two addresses, and the second port that is picked"
}
some_body()
{
	need_faults
	start_peer service -n 2 listen ./service.sock text:hello eof
	arm bind EADDRINUSE 1 1
	start_armed again 127.0.0.1:0
	atf_check "$peer" connect "$(relay_address again)" expect:hello shut \
	    eof
	stop_relay again

	# Where there is IPv6, that comes first of two.
	"$fault" next.faults >/dev/null
	"$relay" '*:0' ./service.sock 2>probe.log &
	echo $! >probe.pid
	"$await" probe.log 'listening on 0.0.0.0'
	stop_relay probe
	grep -q 'listening on \[::\]' probe.log || {
		kill "$(cat service.pid)"
		return
	}
	# A port that is taken there is given up on the other, too.
	arm bind EADDRINUSE 2 1
	start_armed both '*:0'
	port=$(relay_address both | sed 's/.*://')
	atf_check -o inline:'2\n' grep -c "listening on .*:$port\$" both.log
	atf_check -o inline:'2\n' grep -c 'listening on' both.log
	stop_relay both

	# The first one is to find out how a target's can be.
	arm socket EAFNOSUPPORT 2 1
	start_armed one '*:0'
	atf_check "$peer" connect \
	    "127.0.0.1:$(relay_address one | sed 's/.*://')" expect:hello \
	    shut eof
	atf_check -o inline:'1\n' grep -c 'listening on' one.log
	stop_relay one
	check_peer service
}

# spares STATUS MESSAGE CALL ERROR FROM: a stale socket stays, its lock does
# not.
spares()
{
	_status=$1
	_message=$2
	shift 2
	arm "$@" 1
	fails "$_status" "$_message" "$relay" ./sock 127.0.0.1:9
	hits 1
	test -S sock || atf_fail "$_fault: the socket was removed"
	test ! -e sock.lock || atf_fail "$_fault: the lock is still there"
}

atf_test_case stale
stale_head()
{
	atf_set descr "A socket that may be alive, or cannot be removed, stays"
}
stale_body()
{
	need_faults
	start_peer stale listen ./sock eof
	kill "$(cat stale.pid)"
	wait "$(cat stale.pid)"
	# The first socket is the one to listen with.
	spares 71 './sock: ' socket ENOMEM 2
	spares 69 './sock: in use' connect EAGAIN 1
	spares 69 './sock: in use' connect EINPROGRESS 1
	spares 77 './sock: ' connect EACCES 1
	# It has gone, and another one is there at once.
	spares 69 './sock: in use' connect ENOENT 1
	spares 69 './sock: in use' unlinkat ENOENT 1
	spares 77 './sock: ' unlinkat EACCES 1
}

atf_test_case not_a_lock
not_a_lock_head()
{
	atf_set descr "A link at the lock's name, whatever a system calls it"
}
not_a_lock_body()
{
	need_faults
	ln -s nowhere sock.lock
	for _error in EOPNOTSUPP EINVAL; do
		arm openat $_error 1 1
		fails 73 './sock: its .lock exists and is not a lock file' \
		    "$relay" ./sock 127.0.0.1:9
		hits 1
	done
	rm sock.lock
	arm openat EOPNOTSUPP 1 1
	fails 71 './sock: ' "$relay" ./sock 127.0.0.1:9
	hits 1
	test ! -e nowhere || atf_fail "a file was made"
}

atf_test_case no_journal
no_journal_head()
{
	atf_set descr "What cannot be found to be the journal is none"
}
no_journal_body()
{
	need_faults
	: >relay.log
	JOURNAL_STREAM=$(stat -c %d:%i relay.log)
	export JOURNAL_STREAM
	"$relay" 127.0.0.1:9 2>>relay.log
	atf_check -o match:'^<3>no listening socket' cat relay.log
	arm fstat EBADF 1 1
	FAULTS=next.faults "$relay" 127.0.0.1:9 2>>relay.log
	hits 1
	atf_check -o match:'^simpletcpunixrelay: no listening socket' \
	    tail -n 1 relay.log
}

atf_test_case inetd
inetd_head()
{
	atf_set descr "From inetd(8): what it says goes to the system's log"
}
inetd_body()
{
	need_faults
	# Of open(2), the first is for standard descriptors that are missing.
	while read -r _status _call _error _from; do
		arm "$_call" "$_error" "$_from" 1
		atf_check -s "exit:$_status" env FAULTS=next.faults \
		    "$handover" -i 127.0.0.1:0 -- "$relay" --inetd 127.0.0.1:9
		hits 1
	done <<END
69 fcntl EBADF 1
71 fcntl EMFILE 2
71 calloc ENOMEM 1
71 fcntl EBADF 3
71 fcntl EBADF 4
71 fcntl EBADF 5
71 open EMFILE 2
71 dup2 EBADF 1
71 dup2 EBADF 3
END
}

atf_init_test_cases()
{
	atf_add_test_case path
	atf_add_test_case ports
	atf_add_test_case name
	atf_add_test_case handed
	atf_add_test_case background
	atf_add_test_case user
	atf_add_test_case taken
	atf_add_test_case some
	atf_add_test_case stale
	atf_add_test_case not_a_lock
	atf_add_test_case no_journal
	atf_add_test_case inetd
}
