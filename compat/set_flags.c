/*
 * Flags of new descriptors, which others set while they make them.
 * Not here: what makes them.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "compat.h"

static int
set_flags(int fd, int nonblock, int cloexec)
{
	int flags;

	if (cloexec && fcntl(fd, F_SETFD, FD_CLOEXEC) == -1)
		return -1;
	if (!nonblock)
		return 0;
	flags = fcntl(fd, F_GETFL);
	return flags == -1 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int
compat_set_flags(const int *fds, size_t n, int nonblock, int cloexec)
{
	size_t i;
	int saved;

	for (i = 0; i < n; i++)
		if (set_flags(fds[i], nonblock, cloexec) == -1)
			goto close_all;
	return 0;
close_all:
	saved = errno;
	for (i = 0; i < n; i++)
		close(fds[i]);
	errno = saved;
	return -1;
}
