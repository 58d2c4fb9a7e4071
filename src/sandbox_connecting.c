/*
 * seccomp: how a connection begins, for the relay or for the process that
 * connects in its place; and what else that process does.
 * Not here: ports, see sandbox_landlock.c.
 */
#include <sys/socket.h>

#include <stddef.h>

#include "passrights.h"
#include "sandbox_filter.h"
#include "sandbox_linux.h"

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

static const unsigned socket_options[] = {
	SO_KEEPALIVE,
	SO_LINGER,
	SO_OOBINLINE,
	SO_PASSRIGHTS,
};

static int
add_socket(scmp_filter_ctx f, unsigned family)
{
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 3,
	    sandbox_filter_equals(0, family),
	    sandbox_filter_equals(
	        1, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC),
	    sandbox_filter_equals(2, 0));
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

	e = sandbox_filter_add(f, SCMP_ACT_ALLOW, allowed, LENGTH(allowed));
	if (e == 0)
		e = sandbox_filter_add_extra(f);
	for (i = 0; e == 0 && i < LENGTH(socket_options); i++)
		e = sandbox_filter_add_option(
		    f, SCMP_SYS(setsockopt), SOL_SOCKET, socket_options[i]);
	return e;
}

int
sandbox_seccomp_enter_connecting(
    const struct endpoints *endpoints, bool any_address)
{
	scmp_filter_ctx f;
	int e;

	if (!sandbox_seccomp_fits())
		return 0;
	if (sandbox_seccomp_report() == -1)
		return -1;
	e = sandbox_filter_create(&f, SCMP_ACT_TRAP);
	if (e == 0)
		e = add_lists(f);
	if (e == 0)
		e = sandbox_connect_rules(f, endpoints, any_address);
	if (e == 0)
		e = sandbox_filter_load(f);
	seccomp_release(f);
	return sandbox_filter_result(e);
}
