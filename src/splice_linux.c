/*
 * splice(2) of Linux.
 * Not here: systems without it, see splice_none.c.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "splice.h"

/* What an unprivileged process may ask for, pipe(7); measured to be enough. */
#define SIZE_MAX_WANTED (1024 * 1024)

/* Below this, a copy is cheaper. */
#define SIZE_MIN_USED (64 * 1024)

#define FLAGS (SPLICE_F_MOVE | SPLICE_F_NONBLOCK)

/* Of TCP_CONGESTION: "bbr", and later ones of it. */
#define PACED "bbr"

/* Whether TCP sends when a timer tells it to; true if it is not known. */
static bool
is_paced(int fd)
{
	char name[sizeof(PACED)] = "";
	socklen_t length;

	length = sizeof(name) - 1;
	if (getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &length) == -1)
		return true;
	return strcmp(name, PACED) == 0;
}

/*
 * A Unix socket hands out small pieces, and splice(2) gives TCP a few at a
 * time.  Each time TCP that is paced may set its timer, which costs more than
 * a copy of them all.
 */
bool
splice_pays(sa_family_t from, sa_family_t to, int fd)
{
	return from != AF_UNIX || to == AF_UNIX || !is_paced(fd);
}

/* All processes of a user share a limit, so less may be granted. */
static int
grow(int fd)
{
	int size, wanted;

	for (wanted = SIZE_MAX_WANTED; wanted >= SIZE_MIN_USED; wanted /= 2) {
		size = fcntl(fd, F_SETPIPE_SZ, wanted);
		if (size != -1)
			return size;
	}
	return -1;
}

int
splice_open(struct splice_pipe *p)
{
	int fds[2], size;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) == -1)
		return -1;
	size = grow(fds[1]);
	*p = (struct splice_pipe) { .in = fds[1], .out = fds[0] };
	if (size > 0) {
		p->size = (size_t)size;
		return 0;
	}
	splice_close(p);
	errno = ENOBUFS;
	return -1;
}

void
splice_close(struct splice_pipe *p)
{
	close(p->in);
	close(p->out);
}

ssize_t
splice_fill(struct splice_pipe *p, int from)
{
	ssize_t n;

	do
		n = splice(from, NULL, p->in, NULL, p->size, FLAGS);
	while (n == -1 && errno == EINTR);
	if (n > 0)
		p->length = (size_t)n;
	if (n == -1 && (errno == EAGAIN || errno == ENOTCONN))
		return 0;
	if (n == -1 && errno == ENOSYS)
		errno = EINVAL;
	return n;
}

ssize_t
splice_drain(struct splice_pipe *p, int to)
{
	ssize_t n;

	n = splice(p->out, NULL, to, NULL, p->length, FLAGS);
	if (n > 0)
		p->length -= (size_t)n;
	return n;
}
