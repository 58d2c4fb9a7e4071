/*
 * Reading for a channel: how much, in which way, and whether the source is
 * drained.
 * Not here: writing what was read, see channel.c.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>

#include "channel_fill.h"

/*
 * A channel begins with small reads.  After so many full ones in a row it
 * carries bulk, which is spliced if that costs less for its sockets.
 */
#define SMALL_READ ((size_t)64 * 1024)
#define PROMOTE_AFTER 2

/* Back after so many fills in a row that a copy is cheaper for. */
#define SMALL_FILL ((size_t)16 * 1024)
#define DEMOTE_AFTER 16

/*
 * Of a Unix socket that is spliced to; the system may grant less.  It costs
 * nothing, and nearly doubles the rate of a single connection.
 */
#define SEND_BUFFER (1024 * 1024)

/* Full reads until a pipe is asked for again. */
#define RETRY_AFTER 64

enum way {
	WAY_PROBE, /* copy, and find out */
	WAY_COPY,
	WAY_SPLICE,
};

sa_family_t
channel_family(int fd)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	socklen_t length;

	length = sizeof(ss);
	(void)getsockname(fd, (struct sockaddr *)&ss, &length);
	return ss.ss_family;
}

static bool
may_splice(const struct channel_ends *x)
{
	return splice_pays(
	    channel_family(x->from->fd), channel_family(x->to->fd), x->to->fd);
}

static void
begin_splicing(struct channel *c, const struct channel_ends *x)
{
	const int size = SEND_BUFFER;

	c->streak = 0;
	c->way = WAY_SPLICE;
	if (channel_family(x->to->fd) == AF_UNIX)
		(void)setsockopt(
		    x->to->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/* Where a copy is cheapest anyway, the first full read is enough. */
static void
note_read(struct channel *c, const struct channel_ends *x, bool full)
{
	if (c->way != WAY_PROBE)
		return;
	if (!full)
		c->streak = 0;
	else if (c->streak == 0 && !may_splice(x))
		c->way = WAY_COPY;
	else if (++c->streak == PROMOTE_AFTER)
		begin_splicing(c, x);
}

static void
note_fill(struct channel *c, size_t n)
{
	if (n >= SMALL_FILL)
		c->streak = 0;
	else if (++c->streak == DEMOTE_AFTER) {
		c->streak = 0;
		c->way = WAY_PROBE;
	}
}

/*
 * Whatever the pipe cannot take as it is, end of file and urgent data among
 * it, is left to a copy, which also tells whether the source is drained.
 */
static bool
fill_pipe(struct channel *c, const struct channel_ends *x, ssize_t *n)
{
	struct splice_pipe *p;
	int error;

	p = pool_borrow_pipe(x->pool);
	if (p == NULL) {
		c->way = WAY_PROBE;
		c->streak = PROMOTE_AFTER - RETRY_AFTER;
		return false;
	}
	*n = splice_fill(p, x->from->fd);
	if (*n > 0) {
		c->pipe = p;
		event_io_took(x->from, (size_t)*n, false);
		note_fill(c, (size_t)*n);
		return true;
	}
	error = errno;
	pool_return_pipe(x->pool, p);
	errno = error;
	if (*n == -1 && error == EINVAL) {
		c->way = WAY_COPY;
		return false;
	}
	return *n == -1;
}

/*
 * By recvmsg(2), if the peer may pass descriptors, because it tells
 * (MSG_CTRUNC) when a read was cut short at them, with more bytes behind.
 */
static ssize_t
receive(const struct channel *c, int from, struct iovec *iov, bool *cut)
{
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 1 };
	ssize_t n;

	do
		n = c->plain ? recv(from, iov->iov_base, iov->iov_len, 0)
		             : recvmsg(from, &msg, 0);
	while (n == -1 && errno == EINTR);
	*cut = msg.msg_flags & MSG_CTRUNC;
	return n;
}

/*
 * Read what is behind a full small read, so that both go out at once: a stream
 * that begins with a small write was measured to be paced by BBR more often,
 * from then on, which costs up to twice as much.  An error is for after what
 * was read.  Returns whether the source is drained.
 */
static bool
top_up(struct channel *c, int from, struct buffer *b)
{
	struct iovec iov = {
		.iov_base = b->data + b->end,
		.iov_len = b->size - b->end,
	};
	ssize_t n;
	bool cut;

	n = receive(c, from, &iov, &cut);
	if (n > 0)
		b->end += (size_t)n;
	else if (n == -1 && errno != EAGAIN)
		c->error = (int16_t)errno;
	return n > 0 && (size_t)n < iov.iov_len && !cut;
}

static ssize_t
fill_buffer(struct channel *c, const struct channel_ends *x)
{
	struct iovec iov;
	struct buffer *b;
	ssize_t n;
	bool cut, drained;

	b = pool_borrow(x->pool);
	if (b == NULL)
		return -1;
	iov.iov_base = b->data;
	iov.iov_len = c->way == WAY_COPY ? b->size : SMALL_READ;
	n = receive(c, x->from->fd, &iov, &cut);
	if (n <= 0) {
		pool_return(x->pool, b);
		return n;
	}
	b->end = (size_t)n;
	c->buffer = b;
	drained = b->end < iov.iov_len && !cut;
	note_read(c, x, b->end == iov.iov_len);
	if (c->way == WAY_COPY && iov.iov_len == SMALL_READ)
		drained = top_up(c, x->from->fd, b);
	event_io_took(x->from, b->end, drained);
	return (ssize_t)b->end;
}

void
channel_copy(struct channel *c)
{
	c->way = WAY_COPY;
}

ssize_t
channel_fill(struct channel *c, const struct channel_ends *x)
{
	ssize_t n;

	if (c->way != WAY_SPLICE || !fill_pipe(c, x, &n))
		n = fill_buffer(c, x);
	return n;
}
