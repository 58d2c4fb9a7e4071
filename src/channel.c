/*
 * One direction: read into a borrowed buffer or splice into a pipe, write at
 * once, keep the rest only after a short write.
 * Not here: the other direction, or why a connection ends.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <string.h>

#include "channel.h"

/* Buffers or pipes filled in one call, so that others get their turn. */
#define ROUNDS 4

/*
 * A channel begins with small reads.  After so many full ones in a row it
 * carries bulk, and goes on in the way that is cheapest for its sockets.
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

/* The smallest initial window, RFC 3390, with segments of 512 octets. */
#define FIRST_WINDOW 2048

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* SIGPIPE is ignored anyway */
#endif

enum way {
	WAY_PROBE, /* copy, and find out */
	WAY_COPY,
	WAY_SPLICE,
};

enum progress {
	PROGRESS_MADE,
	PROGRESS_BLOCKED, /* wait for the loop */
	PROGRESS_STOPPED, /* the state is no longer open */
};

int
channel_prepend(
    struct channel *c, struct pool *pool, const void *data, size_t length)
{
	struct buffer *b;

	b = pool_borrow(pool);
	if (b == NULL)
		return -1;
	memcpy(b->data, data, length);
	b->end = length;
	c->buffer = b;
	return 0;
}

static enum progress
fail(struct channel *c, const struct channel_ends *x, enum channel_state state)
{
	c->state = (uint8_t)state;
	c->error = (int16_t)errno;
	event_io_disable(x->loop, x->from, EVENT_READ);
	event_io_disable(x->loop, x->to, EVENT_WRITE);
	return PROGRESS_STOPPED;
}

/* The destination is full: read no more until it has taken this. */
static enum progress
block(struct channel *c, const struct channel_ends *x)
{
	event_io_drained(x->to, EVENT_WRITE);
	event_io_disable(x->loop, x->from, EVENT_READ);
	/* No fault of the destination's, which need not ever say more. */
	if (event_io_enable(x->loop, x->to, EVENT_WRITE) == -1)
		return fail(c, x, CHANNEL_READ_FAILED);
	if (c->buffer != NULL)
		c->buffer = pool_shrink(x->pool, c->buffer);
	return PROGRESS_BLOCKED;
}

/* Wait for the source again, whose end cannot have been read meanwhile. */
static void
unblock(const struct channel_ends *x)
{
	event_io_disable(x->loop, x->to, EVENT_WRITE);
	(void)event_io_enable(x->loop, x->from, EVENT_READ);
}

size_t
channel_pending(const struct channel *c)
{
	if (c->pipe != NULL)
		return c->pipe->length;
	return c->buffer == NULL ? 0 : c->buffer->end - c->buffer->start;
}

/*
 * To be called before each write.  Nagle's algorithm (RFC 9293, 3.7.4) waits
 * only while something is unacknowledged: a first write that fits the window
 * goes out at once, and many a connection has just one, a request.
 */
static void
hurry(struct channel *c, int to)
{
	const int on = 1;

	if (!c->nagle || (c->bytes == 0 && channel_pending(c) <= FIRST_WINDOW))
		return;
	c->nagle = false;
	(void)setsockopt(to, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* Write once.  The destination takes what it has room for. */
static ssize_t
write_some(struct channel *c, const struct channel_ends *x)
{
	struct buffer *b;
	ssize_t n;

	hurry(c, x->to->fd);
	b = c->buffer;
	if (b == NULL)
		return splice_drain(c->pipe, x->to->fd);
	n = send(
	    x->to->fd, b->data + b->start, b->end - b->start, MSG_NOSIGNAL);
	if (n > 0)
		b->start += (size_t)n;
	return n;
}

static enum progress
flush(struct channel *c, const struct channel_ends *x)
{
	ssize_t n;
	bool cut;

	/*
	 * A splice(2) that a reset cuts short tells how far it came, and uses
	 * the error up: the next has EPIPE, perhaps after an EINTR.
	 */
	for (cut = false; channel_pending(c) > 0; cut |= n > 0) {
		n = write_some(c, x);
		if (n == -1 && errno == EPIPE && cut && c->pipe != NULL)
			errno = ECONNRESET;
		if (n >= 0)
			c->bytes += (uint64_t)n;
		else if (errno == EAGAIN)
			return block(c, x);
		else if (errno != EINTR)
			return fail(c, x, CHANNEL_WRITE_FAILED);
	}
	channel_close(c, x->pool);
	if (x->to->want & EVENT_WRITE)
		unblock(x);
	return PROGRESS_MADE;
}

/* The peer of a shut-down socket may have gone already: no error. */
static enum progress
finish(struct channel *c, const struct channel_ends *x)
{
	event_io_disable(x->loop, x->from, EVENT_READ);
	event_io_disable(x->loop, x->to, EVENT_WRITE);
	if (!c->last && shutdown(x->to->fd, SHUT_WR) == -1 &&
	    errno != ENOTCONN && errno != ECONNRESET && errno != EPIPE &&
	    errno != EINVAL)
		return fail(c, x, CHANNEL_WRITE_FAILED);
	c->state = CHANNEL_ENDED;
	return PROGRESS_STOPPED;
}

static sa_family_t
family_of(int fd)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	socklen_t length;

	length = sizeof(ss);
	(void)getsockname(fd, (struct sockaddr *)&ss, &length);
	return ss.ss_family;
}

/* It carries bulk: choose the cheapest way. */
static void
promote(struct channel *c, const struct channel_ends *x)
{
	const int size = SEND_BUFFER;
	sa_family_t to;

	c->streak = 0;
	c->way = WAY_COPY;
	to = family_of(x->to->fd);
	if (!splice_pays(family_of(x->from->fd), to))
		return;
	c->way = WAY_SPLICE;
	if (to == AF_UNIX)
		(void)setsockopt(
		    x->to->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

static void
note_read(struct channel *c, const struct channel_ends *x, bool full)
{
	if (c->way != WAY_PROBE)
		return;
	if (!full)
		c->streak = 0;
	else if (++c->streak == PROMOTE_AFTER)
		promote(c, x);
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

static ssize_t
fill_buffer(struct channel *c, const struct channel_ends *x)
{
	struct iovec iov;
	struct buffer *b;
	ssize_t n;
	bool cut;

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
	event_io_took(x->from, b->end, b->end < iov.iov_len && !cut);
	note_read(c, x, b->end == iov.iov_len);
	return n;
}

static enum progress
fill(struct channel *c, const struct channel_ends *x)
{
	ssize_t n;

	if (c->way != WAY_SPLICE || !fill_pipe(c, x, &n))
		n = fill_buffer(c, x);
	if (n > 0)
		return PROGRESS_MADE;
	if (n == 0 && c->source_error != 0) {
		errno = c->source_error;
		return fail(c, x, CHANNEL_READ_FAILED);
	}
	if (n == 0) {
		c->eof = true;
		return PROGRESS_MADE;
	}
	if (errno != EAGAIN)
		return fail(c, x, CHANNEL_READ_FAILED);
	event_io_drained(x->from, EVENT_READ);
	return PROGRESS_BLOCKED;
}

bool
channel_pump(struct channel *c, const struct channel_ends *x)
{
	enum progress progress;
	uint64_t before;
	int rounds;

	if (c->state != CHANNEL_OPEN)
		return false;
	before = c->bytes;
	progress = PROGRESS_MADE;
	for (rounds = 0; progress == PROGRESS_MADE; rounds++) {
		if (channel_pending(c) > 0)
			progress = flush(c, x);
		if (progress != PROGRESS_MADE)
			break;
		if (c->eof)
			progress = finish(c, x);
		else if (rounds == ROUNDS || !(x->from->ready & EVENT_READ))
			break;
		else
			progress = fill(c, x);
	}
	return c->bytes != before || c->state != CHANNEL_OPEN;
}

void
channel_close(struct channel *c, struct pool *pool)
{
	if (c->buffer != NULL)
		pool_return(pool, c->buffer);
	if (c->pipe != NULL)
		pool_return_pipe(pool, c->pipe);
	c->buffer = NULL;
	c->pipe = NULL;
}
