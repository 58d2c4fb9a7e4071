/*
 * What several unit tests share.
 * Not here: anything that one test alone needs.
 */
#ifndef UNIT_H
#define UNIT_H

#include <fcntl.h>
#include <unistd.h>

#define UNIT_LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* Kill a case that hangs, long before Kyua does. */
static inline void
unit_guard(void)
{
	alarm(100);
}

/* Open descriptors of this process. */
static inline int
unit_descriptors(void)
{
	int fd, n;

	n = 0;
	for (fd = 0; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) != -1)
			n++;
	return n;
}

#endif
