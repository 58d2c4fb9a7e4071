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
	sweep_calls ENOMEM $memory socketpair fork dup2 $walls $seccomp send \
	    recv signal -- "$relay" ${RELAY_OPTIONS-} @faults localhost:9
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
	sweep_calls EMFILE fork pipe2 setsid dup2 open -- \
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
	    chmod getpwnam getgrnam -- "$relay" -u nobody -o nobody -m 660 \
	    run/sock 127.0.0.1:9
}

atf_init_test_cases()
{
	atf_add_test_case path
	atf_add_test_case ports
	atf_add_test_case name
	atf_add_test_case handed
	atf_add_test_case background
	atf_add_test_case user
}
