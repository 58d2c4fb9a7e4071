/*
 * seccomp: how a connection begins, for the relay or for the process that
 * connects in its place; and what else that process does.
 * Not here: ports, see sandbox_landlock.c.
 */
#include <sys/socket.h>

#include <errno.h>
#include <seccomp.h>
#include <stddef.h>

#include "sandbox_linux.h"

#ifndef SANDBOX_EXTRA_CALLS
#define SANDBOX_EXTRA_CALLS
#endif

/* It waits for a request, opens a socket, passes it on and closes it. */
static const int allowed[] = {
	SCMP_SYS(brk),
	SCMP_SYS(close),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(recvfrom),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sendmsg),
	SCMP_SYS(write),
};

/* A test double may need more. */
static const int extra[] = { -1, SANDBOX_EXTRA_CALLS };

static const unsigned socket_options[] = { SO_KEEPALIVE, SO_OOBINLINE };

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* libseccomp's own macros leave a field out. */
static struct scmp_arg_cmp
equals(unsigned argument, scmp_datum_t value)
{
	return (struct scmp_arg_cmp) {
		.arg = argument,
		.op = SCMP_CMP_EQ,
		.datum_a = value,
	};
}

static int
add_socket(scmp_filter_ctx f, unsigned family)
{
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 3,
	    equals(0, family),
	    equals(1, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC),
	    equals(2, 0));
}

static bool
has_family(const struct endpoints *all, int family)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (all->list[i].addr.ss_family == family)
			return true;
	return false;
}

int
sandbox_connect_rules(
    void *f, const struct endpoints *endpoints, bool any_address)
{
	static const int families[] = { AF_UNIX, AF_INET, AF_INET6 };
	size_t i;
	int e;

	e = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(connect), 0);
	for (i = 0; e == 0 && i < LENGTH(families); i++)
		if (has_family(endpoints, families[i]) ||
		    (any_address && families[i] != AF_UNIX))
			e = add_socket(f, (unsigned)families[i]);
	return e;
}

static int
add_lists(scmp_filter_ctx f)
{
	size_t i;
	int e;

	e = 0;
	for (i = 0; e == 0 && i < LENGTH(allowed); i++)
		e = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
	for (i = 1; e == 0 && i < LENGTH(extra); i++)
		e = seccomp_rule_add(f, SCMP_ACT_ALLOW, extra[i], 0);
	for (i = 0; e == 0 && i < LENGTH(socket_options); i++)
		e = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
		    equals(1, SOL_SOCKET), equals(2, socket_options[i]));
	return e;
}

/* Returns 0 or a negative errno. */
static int
enter(scmp_filter_ctx f, const struct endpoints *endpoints, bool any_address)
{
	int e;

	/* The errno itself, so that a kernel without seccomp can be told. */
	e = seccomp_attr_set(f, SCMP_FLTATR_API_SYSRAWRC, 1);
	if (e == 0)
		e = seccomp_attr_set(
		    f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* A kernel without this action: if it lacks more, loading tells. */
	if (e == 0 || e == -EINVAL)
		e = add_lists(f);
	if (e == 0)
		e = sandbox_connect_rules(f, endpoints, any_address);
	return e == 0 ? seccomp_load(f) : e;
}

int
sandbox_seccomp_enter_connecting(
    const struct endpoints *endpoints, bool any_address)
{
	scmp_filter_ctx f;
	int e;

	if (sandbox_seccomp_report() == -1)
		return -1;
	f = seccomp_init(SCMP_ACT_TRAP);
	if (f == NULL) {
		errno = ENOMEM;
		return -1;
	}
	e = enter(f, endpoints, any_address);
	seccomp_release(f);
	if (e >= 0 || e == -EINVAL || e == -ENOSYS)
		return 0;
	errno = -e;
	return -1;
}
