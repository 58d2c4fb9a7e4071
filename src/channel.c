/*
 * One direction: read into a borrowed buffer, write at once, keep the rest
 * only after a short write.
 * Not here: the other direction, or why a connection ends.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <string.h>

#include "channel.h"

/* Buffers filled in one call, so that others get their turn. */
#define ROUNDS 4

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* SIGPIPE is ignored anyway */
#endif

enum progress {
	PROGRESS_MADE,
	PROGRESS_BLOCKED, /* wait for the loop */
	PROGRESS_STOPPED, /* the state is no longer open */
};

void
channel_init(struct channel *c, struct event_io *from, struct event_io *to)
{
	*c = (struct channel) { .from = from, .to = to };
}

int
channel_open(struct channel *c, struct event_loop *loop)
{
	return event_io_enable(loop, c->from, EVENT_READ);
}

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
fail(struct channel *c, struct event_loop *loop, enum channel_state state)
{
	c->state = (uint8_t)state;
	c->error = errno;
	event_io_disable(loop, c->from, EVENT_READ);
	event_io_disable(loop, c->to, EVENT_WRITE);
	return PROGRESS_STOPPED;
}

/* The destination is full: read no more until it has taken this. */
static enum progress
block(struct channel *c, struct event_loop *loop, struct pool *pool)
{
	event_io_drained(c->to, EVENT_WRITE);
	event_io_disable(loop, c->from, EVENT_READ);
	if (event_io_enable(loop, c->to, EVENT_WRITE) == -1)
		return fail(c, loop, CHANNEL_WRITE_FAILED);
	c->buffer = pool_shrink(pool, c->buffer);
	return PROGRESS_BLOCKED;
}

/* Wait for the source again, its destination having room. */
static enum progress
unblock(struct channel *c, struct event_loop *loop)
{
	event_io_disable(loop, c->to, EVENT_WRITE);
	if (!c->eof && event_io_enable(loop, c->from, EVENT_READ) == -1)
		return fail(c, loop, CHANNEL_READ_FAILED);
	return PROGRESS_MADE;
}

static enum progress
flush(struct channel *c, struct event_loop *loop, struct pool *pool)
{
	struct buffer *b;
	ssize_t n;

	b = c->buffer;
	while (b->start < b->end) {
		n = send(c->to->fd, b->data + b->start, b->end - b->start,
		    MSG_NOSIGNAL);
		if (n >= 0) {
			b->start += (size_t)n;
			c->bytes += (uint64_t)n;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return block(c, loop, pool);
		else if (errno != EINTR)
			return fail(c, loop, CHANNEL_WRITE_FAILED);
	}
	pool_return(pool, b);
	c->buffer = NULL;
	if (c->to->want & EVENT_WRITE)
		return unblock(c, loop);
	return PROGRESS_MADE;
}

/* The peer of a shut-down socket may have gone already: no error. */
static enum progress
finish(struct channel *c, struct event_loop *loop)
{
	event_io_disable(loop, c->from, EVENT_READ);
	event_io_disable(loop, c->to, EVENT_WRITE);
	if (shutdown(c->to->fd, SHUT_WR) == -1 && errno != ENOTCONN &&
	    errno != ECONNRESET && errno != EPIPE && errno != EINVAL)
		return fail(c, loop, CHANNEL_WRITE_FAILED);
	c->state = CHANNEL_ENDED;
	return PROGRESS_STOPPED;
}

/*
 * recvmsg(2), because it tells (MSG_CTRUNC) when a read was cut short at
 * descriptors that the peer passed, with more bytes behind them.
 */
static enum progress
fill(struct channel *c, struct event_loop *loop, struct pool *pool)
{
	struct iovec iov;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct buffer *b;
	ssize_t n;

	b = pool_borrow(pool);
	if (b == NULL)
		return fail(c, loop, CHANNEL_READ_FAILED);
	iov.iov_base = b->data;
	iov.iov_len = b->size;
	do
		n = recvmsg(c->from->fd, &msg, 0);
	while (n == -1 && errno == EINTR);
	if (n > 0) {
		b->end = (size_t)n;
		c->buffer = b;
		event_io_took(c->from, b->end,
		    b->end < b->size && !(msg.msg_flags & MSG_CTRUNC));
		return PROGRESS_MADE;
	}
	pool_return(pool, b);
	if (n == 0 && c->source_error != 0) {
		errno = c->source_error;
		return fail(c, loop, CHANNEL_READ_FAILED);
	}
	if (n == 0) {
		c->eof = true;
		return PROGRESS_MADE;
	}
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return fail(c, loop, CHANNEL_READ_FAILED);
	event_io_drained(c->from, EVENT_READ);
	return PROGRESS_BLOCKED;
}

bool
channel_pump(struct channel *c, struct event_loop *loop, struct pool *pool)
{
	enum progress progress;
	uint64_t before;
	int rounds;

	if (c->state != CHANNEL_OPEN)
		return false;
	before = c->bytes;
	progress = PROGRESS_MADE;
	for (rounds = 0; progress == PROGRESS_MADE; rounds++) {
		if (c->buffer != NULL)
			progress = flush(c, loop, pool);
		if (progress != PROGRESS_MADE)
			break;
		if (c->eof)
			progress = finish(c, loop);
		else if (rounds == ROUNDS || !(c->from->ready & EVENT_READ))
			break;
		else
			progress = fill(c, loop, pool);
	}
	return c->bytes != before || c->state != CHANNEL_OPEN;
}

size_t
channel_pending(const struct channel *c)
{
	return c->buffer == NULL ? 0 : c->buffer->end - c->buffer->start;
}

void
channel_close(struct channel *c, struct pool *pool)
{
	if (c->buffer != NULL)
		pool_return(pool, c->buffer);
	c->buffer = NULL;
}
