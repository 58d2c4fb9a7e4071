/*
 * pipe2(2).
 * Not here: the flags, see set_flags.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "compat.h"

int
compat_pipe2(int fds[2], int flags)
{
	int ends[2];

	if ((flags & ~(O_NONBLOCK | O_CLOEXEC)) != 0) {
		errno = EINVAL;
		return -1;
	}
	if (pipe(ends) == -1 ||
	    compat_set_flags(ends, 2, (flags & O_NONBLOCK) != 0,
	        (flags & O_CLOEXEC) != 0) == -1)
		return -1;
	fds[0] = ends[0];
	fds[1] = ends[1];
	return 0;
}
