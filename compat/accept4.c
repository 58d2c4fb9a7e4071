/*
 * accept4(2).
 * Not here: the flags, see set_flags.c.
 */
#include <errno.h>
#include <fcntl.h>

#include "compat.h"

/*
 * Where accept(2) hands the listener's O_NONBLOCK on, a socket that should
 * block would not, so it is taken off.
 */
static int
block(int fd)
{
	int flags;

	flags = fcntl(fd, F_GETFL);
	if (flags == -1 || (flags & O_NONBLOCK) == 0)
		return 0;
	return fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
}

int
compat_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
	int accepted;

	if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) {
		errno = EINVAL;
		return -1;
	}
	accepted = accept(fd, address, length);
	if (accepted == -1)
		return -1;
	if ((flags & SOCK_NONBLOCK) == 0)
		(void)block(accepted);
	if (compat_set_flags(&accepted, 1, (flags & SOCK_NONBLOCK) != 0,
	        (flags & SOCK_CLOEXEC) != 0) == -1)
		return -1;
	return accepted;
}
