/*
 * Systems without splice(2): every octet is copied.
 * Not here: Linux, see splice_linux.c.
 */
#include <errno.h>

#include "splice.h"

bool
splice_pays(sa_family_t from, sa_family_t to, int fd)
{
	(void)from;
	(void)to;
	(void)fd;
	return false;
}

int
splice_open(struct splice_pipe *p)
{
	(void)p;
	errno = ENOSYS;
	return -1;
}

void
splice_close(struct splice_pipe *p)
{
	(void)p;
}

ssize_t
splice_fill(struct splice_pipe *p, int from)
{
	(void)p;
	(void)from;
	errno = EINVAL;
	return -1;
}

ssize_t
splice_drain(struct splice_pipe *p, int to)
{
	(void)p;
	(void)to;
	errno = EINVAL;
	return -1;
}
