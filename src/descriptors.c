/*
 * RLIMIT_NOFILE and SO_LINGER.
 * Not here: what becomes of a limit, see relay.c.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <stdint.h>

#include "descriptors.h"

size_t
descriptors_raise_limit(void)
{
	struct rlimit rl;
	rlim_t before;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return 0;
	before = rl.rlim_cur;
	rl.rlim_cur = rl.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &rl) == -1)
		rl.rlim_cur = before;
	/* rlim_t is signed on some systems. */
	return (uintmax_t)rl.rlim_cur > SIZE_MAX ? SIZE_MAX
	                                         : (size_t)rl.rlim_cur;
}

void
descriptors_reset(int fd)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	/* A Unix socket takes the option and just closes. */
	if (fd != -1)
		(void)setsockopt(
		    fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}
