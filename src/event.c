/*
 * The event loop's core: what is common to every backend.  Readiness is
 * noted in the watches while a batch is taken in, and delivered afterwards
 * from a run queue, so that a callback may free any watch.
 * Not here: timers (event_timer.c), signals (event_signal.c).
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "event_backend.h"
#include "event_loop.h"
#include "os.h"

struct event_loop *
event_loop_create(void)
{
	struct event_loop *loop;

	loop = calloc(1, sizeof(*loop));
	if (loop == NULL)
		return NULL;
	TAILQ_INIT(&loop->run_queue);
	if (event_timer_open(loop) == -1)
		goto free_loop;
	loop->backend = event_backend_open();
	if (loop->backend == NULL)
		goto free_heap;
	return loop;

free_heap:
	free(loop->heap);
free_loop:
	free(loop);
	return NULL;
}

void
event_loop_destroy(struct event_loop *loop)
{
	event_signal_close(loop);
	event_backend_close(loop->backend);
	free(loop->heap);
	free(loop);
}

uint64_t
event_now(struct event_loop *loop)
{
	struct timespec ts;

	if (loop->now == 0) {
		clock_gettime(CLOCK_MONOTONIC, &ts);
		loop->now =
		    (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
	}
	return loop->now;
}

uint64_t
event_round(const struct event_loop *loop)
{
	return loop->round;
}

static void
enqueue(struct event_loop *loop, struct event_io *io)
{
	if (io->queued)
		return;
	io->queued = 1;
	loop->run_length++;
	TAILQ_INSERT_TAIL(&loop->run_queue, io, link);
}

static void
dequeue(struct event_loop *loop, struct event_io *io)
{
	if (!io->queued)
		return;
	io->queued = 0;
	loop->run_length--;
	TAILQ_REMOVE(&loop->run_queue, io, link);
}

/* What of the remembered readiness may be delivered. */
static unsigned
deliverable(const struct event_io *io)
{
	return io->ready & (io->want | EVENT_ERROR);
}

/*
 * A Unix socket reports that it is writable each time its peer has read.
 * Nobody waits for that here, so no longer ask: it costs a wake-up a message.
 * One such report is let pass, because TCP does not repeat it.
 */
static void
disarm_write(struct event_loop *loop, struct event_io *io)
{
	if (!io->stray)
		io->stray = 1;
	else if (event_backend_set(loop->backend, io, EVENT_READ) == 0)
		io->armed = EVENT_READ;
}

/* It would be reported again and again. */
static void
disarm_level(struct event_loop *loop, struct event_io *io)
{
	io->ready = 0;
	if (event_backend_set(loop->backend, io, 0) == 0)
		io->armed = 0;
}

void
event_note(
    struct event_loop *loop, struct event_io *io, unsigned bits, uint32_t avail)
{
	io->ready |= (uint8_t)bits;
	if ((bits & EVENT_READ) && (avail != 0 || io->avail != EVENT_AVAIL_ALL))
		io->avail = avail;
	if (deliverable(io) != 0)
		enqueue(loop, io);
	else if (io->armed & EVENT_LEVEL)
		disarm_level(loop, io);
	else if (bits == EVENT_WRITE && io->armed == (EVENT_READ | EVENT_WRITE))
		disarm_write(loop, io);
}

/*
 * Each watch gets one call a round; what is still ready comes again.  What
 * a callback makes deliverable does not have to wait for the next round, but
 * only as much of it as there was at first, lest timers starve.
 */
static void
deliver(struct event_loop *loop)
{
	struct event_io *io;
	unsigned bits;

	loop->quota = loop->spare = loop->run_length;
	for (; loop->quota > 0 && !loop->stopped; loop->quota--) {
		io = TAILQ_FIRST(&loop->run_queue);
		if (io == NULL)
			break;
		dequeue(loop, io);
		bits = deliverable(io);
		if (bits == 0)
			continue;
		io->ready &= (uint8_t)~EVENT_ERROR;
		if (io->armed & EVENT_LEVEL)
			io->ready = 0;
		loop->current = io;
		io->on_ready(io, bits);
		if (loop->current == io && deliverable(io) != 0)
			enqueue(loop, io);
	}
	loop->current = NULL;
	loop->spare = 0;
}

int
event_loop_run(struct event_loop *loop)
{
	int timeout;

	loop->stopped = false;
	while (!loop->stopped) {
		timeout = loop->run_length > 0 ? 0 : event_timer_next(loop);
		if (event_backend_wait(loop->backend, loop, timeout) == -1)
			return -1;
		loop->now = 0;
		loop->round++;
		event_timer_expire(loop);
		deliver(loop);
	}
	return 0;
}

void
event_loop_stop(struct event_loop *loop)
{
	loop->stopped = true;
}

void
event_io_init(
    struct event_io *io, int fd, void (*on_ready)(struct event_io *, unsigned))
{
	*io = (struct event_io) { .fd = fd, .on_ready = on_ready };
}

int
event_io_enable(struct event_loop *loop, struct event_io *io, unsigned bits)
{
	unsigned armed;

	armed = io->armed | EVENT_READ | bits;
	if (armed != io->armed) {
		if (event_backend_set(loop->backend, io, armed) == -1)
			return -1;
		io->armed = (uint8_t)armed;
	}
	io->want |= (uint8_t)bits;
	if (deliverable(io) == 0 || io == loop->current || io->queued)
		return 0;
	enqueue(loop, io);
	if (loop->spare > 0) {
		loop->spare--;
		loop->quota++;
	}
	return 0;
}

void
event_io_disable(struct event_loop *loop, struct event_io *io, unsigned bits)
{
	io->want &= (uint8_t)~bits;
	if (io->armed & EVENT_LEVEL)
		io->ready = 0;
	if (deliverable(io) == 0)
		dequeue(loop, io);
}

void
event_io_drained(struct event_io *io, unsigned bits)
{
	io->ready &= (uint8_t)~bits;
	if (bits & EVENT_READ)
		io->avail = 0;
}

void
event_io_took(struct event_io *io, size_t n, bool short_read)
{
	if (io->avail == EVENT_AVAIL_ALL)
		return;
	io->avail = n < io->avail ? io->avail - (uint32_t)n : 0;
	if (short_read && io->avail == 0)
		io->ready &= (uint8_t)~EVENT_READ;
}

static void
forget(struct event_loop *loop, struct event_io *io)
{
	dequeue(loop, io);
	if (loop->current == io)
		loop->current = NULL;
	io->want = io->ready = io->armed = io->stray = 0;
	io->avail = 0;
}

void
event_io_remove(struct event_loop *loop, struct event_io *io)
{
	if (io->armed != 0)
		event_backend_set(loop->backend, io, 0);
	forget(loop, io);
}

/* epoll(7) forgets what is closed only if nobody else has it open. */
static void
leave(struct event_loop *loop, struct event_io *io)
{
	if (io->shared)
		event_io_remove(loop, io);
	else
		forget(loop, io);
}

void
event_io_close(struct event_loop *loop, struct event_io *io)
{
	leave(loop, io);
	if (io->fd != -1)
		close(io->fd);
	io->fd = -1;
}

void
event_io_close_both(
    struct event_loop *loop, struct event_io *a, struct event_io *b)
{
	if (a->fd == -1 || b->fd == -1) {
		event_io_close(loop, a);
		event_io_close(loop, b);
		return;
	}
	leave(loop, a);
	leave(loop, b);
	os_close_both(a->fd, b->fd);
	a->fd = b->fd = -1;
}
