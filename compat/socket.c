/*
 * socket(2) and socketpair(2) with flags in the type.
 * Not here: how the flags are set, see set_flags.c.
 */
#include "compat.h"

#define FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)

/* The names in parentheses are the system's own: a macro needs "name(". */
int
compat_socket(int domain, int type, int protocol)
{
	int fd;

	fd = (socket)(domain, type & ~FLAGS, protocol);
	if (fd == -1 ||
	    compat_set_flags(&fd, 1, (type & SOCK_NONBLOCK) != 0,
	        (type & SOCK_CLOEXEC) != 0) == -1)
		return -1;
	return fd;
}

int
compat_socketpair(int domain, int type, int protocol, int fds[2])
{
	int ends[2];

	if ((socketpair)(domain, type & ~FLAGS, protocol, ends) == -1 ||
	    compat_set_flags(ends, 2, (type & SOCK_NONBLOCK) != 0,
	        (type & SOCK_CLOEXEC) != 0) == -1)
		return -1;
	fds[0] = ends[0];
	fds[1] = ends[1];
	return 0;
}
