/*
 * seccomp: the system calls of the running relay, and no others.
 * Not here: files and ports, see sandbox_landlock.c.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <linux/sockios.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sysexits.h>
#include <unistd.h>

#include "passrights.h"
#include "sandbox_filter.h"
#include "sandbox_linux.h"

/* With any argument: each works on what the relay has open, or on nothing. */
static const int allowed[] = {
	SCMP_SYS(accept4),
	SCMP_SYS(brk),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(close),
	SCMP_SYS(close_range),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(fstat),
	SCMP_SYS(ftruncate),
	SCMP_SYS(futex),
	SCMP_SYS(getpeername),
	SCMP_SYS(getpid),
	SCMP_SYS(getrandom),
	SCMP_SYS(getsockname),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(madvise),
	SCMP_SYS(mremap),
	SCMP_SYS(munmap),
	SCMP_SYS(newfstatat),
	SCMP_SYS(pipe2),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(read),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(shutdown),
	SCMP_SYS(splice),
	SCMP_SYS(statx),
	SCMP_SYS(time),
	SCMP_SYS(unlinkat),
	SCMP_SYS(write),
};

/* What a C library may try, and can do without. */
static const int refused[] = {
	SCMP_SYS(accept), /* musl's accept4(3), after EINVAL */
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(prctl),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sysinfo),
	SCMP_SYS(uname),
};

static const struct {
	unsigned level;
	unsigned name;
} socket_options[] = {
	{ SOL_SOCKET, SO_KEEPALIVE },
	{ SOL_SOCKET, SO_LINGER },
	{ SOL_SOCKET, SO_OOBINLINE },
	{ SOL_SOCKET, SO_PASSRIGHTS },
	{ SOL_SOCKET, SO_SNDBUF },
	{ IPPROTO_TCP, TCP_NODELAY },
};

static int
add_lists(scmp_filter_ctx f)
{
	int e;

	e = sandbox_filter_add(f, SCMP_ACT_ALLOW, allowed, LENGTH(allowed));
	if (e == 0)
		e = sandbox_filter_add_extra(f);
	if (e == 0)
		e = sandbox_filter_add(
		    f, SCMP_ACT_ERRNO(EACCES), refused, LENGTH(refused));
	return e;
}

/* Memory, but none that can be run. */
static int
add_memory(scmp_filter_ctx f)
{
	int e;

	e = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
	    sandbox_filter_masked(2, PROT_EXEC, 0));
	if (e != 0)
		return e;
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
	    sandbox_filter_masked(2, PROT_EXEC, 0));
}

static int
add_options(scmp_filter_ctx f)
{
	size_t i;
	int e;

	e = 0;
	for (i = 0; e == 0 && i < LENGTH(socket_options); i++)
		e = sandbox_filter_add_option(f, SCMP_SYS(setsockopt),
		    socket_options[i].level, socket_options[i].name);
	if (e == 0)
		e = sandbox_filter_add_option(
		    f, SCMP_SYS(getsockopt), SOL_SOCKET, SO_ERROR);
	if (e == 0)
		e = sandbox_filter_add_option(
		    f, SCMP_SYS(getsockopt), SOL_SOCKET, SO_PEERCRED);
	if (e == 0)
		e = sandbox_filter_add_option(
		    f, SCMP_SYS(getsockopt), IPPROTO_TCP, TCP_CONGESTION);
	return e;
}

/* To where a socket is connected; an address could name another place. */
static int
add_send(scmp_filter_ctx f)
{
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 1,
	    sandbox_filter_equals(4, 0));
}

/* A pipe may be made larger; nothing else about a descriptor changes. */
static int
add_pipe(scmp_filter_ctx f)
{
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
	    sandbox_filter_equals(1, F_SETPIPE_SZ));
}

/* How much of what was sent has not been acknowledged; nothing is changed. */
static int
add_ioctl(scmp_filter_ctx f)
{
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
	    sandbox_filter_equals(1, SIOCOUTQ));
}

/*
 * Of sockets that connect, none for a relay that is helped; a C library may
 * try to connect to the log's daemon again, and can do without.
 */
static int
add_sockets(scmp_filter_ctx f, const struct sandbox_needs *needs)
{
	int e;

	/* syslog(3) tries this when its daemon has restarted. */
	e = seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 2,
	    sandbox_filter_equals(0, AF_UNIX),
	    sandbox_filter_equals(1, SOCK_DGRAM | SOCK_CLOEXEC));
	if (e != 0)
		return e;
	if (needs->helped) {
		/* Holds a number for a socket that is about to be passed. */
		e = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(dup), 0);
		return e != 0 ? e
		              : seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES),
		                    SCMP_SYS(connect), 0);
	}
	return sandbox_connect_rules(f, needs->endpoints, needs->any_family);
}

/* For all threads at once; that there be no new privileges, they know. */
static int
prepare_seal(struct sandbox *s)
{
	int e;

	e = sandbox_filter_create(&s->seal, SCMP_ACT_ALLOW);
	if (e == 0)
		e = seccomp_attr_set(s->seal, SCMP_FLTATR_CTL_NNP, 0);
	if (e == 0)
		e = sandbox_threads_seal(s->seal);
	if (e == 0)
		e = seccomp_attr_set(s->seal, SCMP_FLTATR_CTL_TSYNC, 1);
	/* No such kernel: then sandbox_seccomp_enter() says what is missing. */
	if (e == -EOPNOTSUPP) {
		seccomp_release(s->seal);
		s->seal = NULL;
		s->seal_missing = true;
		e = 0;
	}
	return e;
}

/* Others have socketcall(2), 32 bits of time, or another order for clone(2). */
bool
sandbox_seccomp_fits(void)
{
	uint32_t processor;

	processor = seccomp_arch_native();
	return processor == SCMP_ARCH_X86_64 ||
	    processor == SCMP_ARCH_AARCH64 || processor == SCMP_ARCH_RISCV64;
}

int
sandbox_seccomp_prepare(struct sandbox *s, const struct sandbox_needs *needs)
{
	scmp_filter_ctx f;
	int e;

	if (!sandbox_seccomp_fits())
		return 0;
	e = sandbox_filter_create(&s->filter, SCMP_ACT_TRAP);
	f = s->filter;
	if (e == 0)
		e = add_lists(f);
	if (e == 0)
		e = add_memory(f);
	if (e == 0)
		e = add_options(f);
	if (e == 0)
		e = add_send(f);
	if (e == 0)
		e = add_pipe(f);
	if (e == 0)
		e = add_ioctl(f);
	if (e == 0)
		e = add_sockets(f, needs);
	if (e == 0)
		e = sandbox_threads_rules(f, needs->workers);
	if (e == 0 && needs->workers > 1)
		e = prepare_seal(s);
	return sandbox_filter_result(e);
}

/* The call was not made.  Say which it was, and end. */
static void
on_forbidden(int signo, siginfo_t *info, void *context)
{
	char text[] = "simpletcpunixrelay: forbidden system call \0\0\0\0\0\0";
	size_t length;
	int n, power;

	(void)signo;
	(void)context;
	length = sizeof(text) - 7;
	n = info->si_syscall;
	for (power = 1000; power > 0; power /= 10)
		if (n >= power || power == 1)
			text[length++] = (char)('0' + n / power % 10);
	text[length++] = '\n';
	if (write(STDERR_FILENO, text, length) == -1)
		_exit(EX_SOFTWARE);
	_exit(EX_SOFTWARE);
}

int
sandbox_seccomp_report(void)
{
	struct sigaction sa = { .sa_sigaction = on_forbidden,
		.sa_flags = SA_SIGINFO };

	sigemptyset(&sa.sa_mask);
	return sigaction(SIGSYS, &sa, NULL);
}

int
sandbox_seccomp_enter(struct sandbox *s)
{
	int e;

	if (s->filter == NULL) {
		sandbox_note(s->missing, "seccomp (for this processor)");
		return 0;
	}
	if (sandbox_seccomp_report() == -1)
		return -1;
	e = sandbox_filter_load(s->filter);
	seccomp_release(s->filter);
	s->filter = NULL;
	if (e > 0) {
		sandbox_note(s->enforced, "seccomp");
		if (s->seal_missing)
			sandbox_note(s->missing, "seccomp for all threads");
	} else if (e == 0) {
		sandbox_note(s->missing, "seccomp");
		seccomp_release(s->seal);
		s->seal = NULL;
	}
	return sandbox_filter_result(e);
}

int
sandbox_seccomp_seal(struct sandbox *s)
{
	int e;

	if (s->seal == NULL)
		return 0;
	e = seccomp_load(s->seal);
	seccomp_release(s->seal);
	s->seal = NULL;
	return sandbox_filter_result(e);
}
