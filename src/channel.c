/*
 * One direction: read, write at once, keep the rest only after a short write.
 * Not here: how it is read, see channel_fill.c; the other direction, or why a
 * connection ends.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <string.h>

#include "channel_fill.h"

/* Buffers or pipes filled in one call, so that others get their turn. */
#define ROUNDS 4

/* The smallest initial window, RFC 3390, with segments of 512 octets. */
#define FIRST_WINDOW 2048

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* SIGPIPE is ignored anyway */
#endif

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

/*
 * What is held, and all that comes, has nowhere to go.  A Unix socket can tell
 * its peer; one of TCP cannot, without an end of the other direction too.
 */
void
channel_refuse(struct channel *c, const struct channel_ends *x, int error)
{
	c->state = CHANNEL_WRITE_FAILED;
	c->error = (int16_t)error;
	channel_close(c, x->pool);
	event_io_disable(x->loop, x->to, EVENT_WRITE);
	if (c->eof) {
		event_io_disable(x->loop, x->from, EVENT_READ);
		return;
	}
	if (channel_family(x->from->fd) == AF_UNIX)
		(void)shutdown(x->from->fd, SHUT_RD);
	channel_copy(c);
	/* It is registered, and so it cannot fail. */
	(void)event_io_enable(x->loop, x->from, EVENT_READ);
}

static enum progress
refuse(struct channel *c, const struct channel_ends *x)
{
	channel_refuse(c, x, errno);
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
		return fail(c, x, CHANNEL_FAILED);
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

/*
 * A splice(2) that a reset cuts short tells how far it came, and uses the
 * error up: the next has EPIPE, perhaps after an EINTR.  So does a send(2) to
 * a Unix socket.
 */
static bool
may_be_reset(const struct channel *c, const struct channel_ends *x)
{
	return c->pipe != NULL || channel_family(x->to->fd) == AF_UNIX;
}

/* The peer has gone, or the way to it; else it is this system that fails. */
static bool
is_of_peer(int error)
{
	return error == EPIPE || error == ECONNRESET || error == ECONNABORTED ||
	    error == ENOTCONN || error == ETIMEDOUT || error == EHOSTUNREACH ||
	    error == EHOSTDOWN || error == ENETUNREACH || error == ENETDOWN ||
	    error == ENETRESET;
}

static enum progress
give_up(struct channel *c, const struct channel_ends *x, int error)
{
	errno = error;
	return is_of_peer(error) ? refuse(c, x) : fail(c, x, CHANNEL_FAILED);
}

static enum progress
flush(struct channel *c, const struct channel_ends *x)
{
	ssize_t n;
	bool cut;
	int error;

	for (cut = false; channel_pending(c) > 0; cut |= n > 0) {
		n = write_some(c, x);
		error = errno;
		if (n >= 0)
			c->bytes += (uint64_t)n;
		else if (error == EAGAIN)
			return block(c, x);
		else if (error != EINTR) {
			c->doubt = cut && error == EPIPE && may_be_reset(c, x);
			return give_up(c, x, error);
		}
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
		return refuse(c, x);
	c->state = CHANNEL_ENDED;
	return PROGRESS_STOPPED;
}

static enum progress
fill(struct channel *c, const struct channel_ends *x)
{
	ssize_t n;

	n = channel_fill(c, x);
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

/*
 * Write what is held.  A source that broke behind it is gone for whatever
 * could not be written, too.
 */
static enum progress
deliver(struct channel *c, const struct channel_ends *x)
{
	enum progress progress;
	int error;

	error = c->error;
	progress = flush(c, x);
	if (error == 0)
		return progress;
	errno = error;
	return fail(c, x, CHANNEL_READ_FAILED);
}

/* What nobody takes, up to its end. */
static void
discard(struct channel *c, const struct channel_ends *x)
{
	enum progress progress;
	int rounds;

	progress = PROGRESS_MADE;
	for (rounds = 0; rounds < ROUNDS && progress == PROGRESS_MADE;
	     rounds++) {
		if (c->eof || !(x->from->ready & EVENT_READ))
			break;
		progress = fill(c, x);
		channel_close(c, x->pool);
	}
	if (c->eof)
		event_io_disable(x->loop, x->from, EVENT_READ);
}

bool
channel_pump(struct channel *c, const struct channel_ends *x)
{
	enum progress progress;
	uint64_t before;
	int rounds;

	if (c->state == CHANNEL_WRITE_FAILED)
		discard(c, x);
	if (c->state != CHANNEL_OPEN)
		return false;
	before = c->bytes;
	progress = PROGRESS_MADE;
	for (rounds = 0; progress == PROGRESS_MADE; rounds++) {
		if (channel_pending(c) > 0)
			progress = deliver(c, x);
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
