/*
 * What the tests of event.h share: a loop, and watches that keep count.
 * Not here: any test; what one program of them needs alone.
 */
#ifndef EVENT_FIXTURE_H
#define EVENT_FIXTURE_H

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "event.h"
#include "sockets.h"

#define GUARD_MS 20000
#define QUIET_MS 30

/* A watch, what its callback was told, and when the test has seen enough. */
struct watch {
	struct event_io io;
	unsigned seen;    /* all bits of all calls */
	unsigned stop_at; /* stop when these were seen */
	unsigned disable; /* what note_bits() does with reported bits */
	int calls;
	int errors; /* calls with EVENT_ERROR */
	size_t chunk;
	size_t bytes; /* read so far */
	size_t stop_bytes;
	bool eof;
	int failure; /* errno of a read */
};

static struct event_loop *loop;
static struct event_timer guard;
static struct event_timer pause_timer;

static inline void
on_guard(struct event_timer *t)
{
	(void)t;
	atf_tc_fail("nothing happened for %d ms", GUARD_MS);
}

static inline void
on_pause(struct event_timer *t)
{
	(void)t;
	event_loop_stop(loop);
}

static inline void
set_up(void)
{
	signal(SIGPIPE, SIG_IGN);
	loop = event_loop_create();
	ATF_REQUIRE(loop != NULL);
	event_timer_init(&guard, on_guard);
	event_timer_init(&pause_timer, on_pause);
}

static inline void
tear_down(void)
{
	event_loop_destroy(loop);
	loop = NULL;
}

/* Run until a callback stops the loop. */
static inline void
run(void)
{
	ATF_REQUIRE_EQ(0, event_timer_set(loop, &guard, GUARD_MS));
	ATF_REQUIRE_EQ(0, event_loop_run(loop));
	event_timer_cancel(loop, &guard);
}

/* Run for a while in which something must not happen. */
static inline void
run_quietly(uint64_t ms)
{
	ATF_REQUIRE_EQ(0, event_timer_set(loop, &pause_timer, ms));
	run();
	event_timer_cancel(loop, &pause_timer);
}

static inline void
put(int fd, const void *bytes, size_t length)
{
	ATF_REQUIRE_EQ((ssize_t)length, write(fd, bytes, length));
}

static inline size_t
drain(int fd)
{
	char bytes[8192];
	size_t total;
	ssize_t n;

	total = 0;
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		total += (size_t)n;
	return total;
}

static inline void
record(struct watch *w, unsigned bits)
{
	w->calls++;
	w->seen |= bits;
	if (bits & EVENT_ERROR)
		w->errors++;
	if (w->stop_at != 0 && (w->seen & w->stop_at) == w->stop_at)
		event_loop_stop(loop);
}

/* Behave as after EAGAIN, and want no longer what w->disable says. */
static inline void
note_bits(struct event_io *io, unsigned bits)
{
	struct watch *w;

	w = io->owner;
	record(w, bits);
	event_io_drained(io, bits & (EVENT_READ | EVENT_WRITE));
	event_io_disable(loop, io, w->disable & bits);
}

/* One read a call, of w->chunk bytes at most, as a channel does it. */
static inline void
read_chunk(struct event_io *io, unsigned bits)
{
	char bytes[16384];
	struct iovec iov;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct watch *w;
	ssize_t n;

	w = io->owner;
	record(w, bits);
	if (!(bits & EVENT_READ))
		return;
	iov.iov_base = bytes;
	iov.iov_len = w->chunk;
	n = recvmsg(io->fd, &msg, 0);
	if (n > 0) {
		w->bytes += (size_t)n;
		event_io_took(io, (size_t)n,
		    (size_t)n < w->chunk && !(msg.msg_flags & MSG_CTRUNC));
	} else if (n == 0) {
		w->eof = true;
		event_io_disable(loop, io, EVENT_READ);
	} else if (errno == EAGAIN || errno == EWOULDBLOCK)
		event_io_drained(io, EVENT_READ);
	else {
		w->failure = errno;
		event_io_disable(loop, io, EVENT_READ);
	}
	if (w->eof || w->failure != 0 ||
	    (w->stop_bytes != 0 && w->bytes >= w->stop_bytes))
		event_loop_stop(loop);
}

static inline void
watch_init(
    struct watch *w, int fd, void (*on_ready)(struct event_io *, unsigned))
{
	*w = (struct watch) { .chunk = 4096 };
	event_io_init(&w->io, fd, on_ready);
	w->io.owner = w;
}

static inline void
watch_open(struct watch *w, int fd,
    void (*on_ready)(struct event_io *, unsigned), unsigned bits)
{
	watch_init(w, fd, on_ready);
	ATF_REQUIRE_EQ(0, event_io_enable(loop, &w->io, bits));
}

/* Run until the watch has seen these bits, from now on. */
static inline void
run_until(struct watch *w, unsigned bits)
{
	w->seen = 0;
	w->stop_at = bits;
	run();
	w->stop_at = 0;
	ATF_REQUIRE_EQ(bits, w->seen & bits);
}

static inline double
cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static inline void
check_quiet_cpu(void)
{
	double before;

	before = cpu_ms();
	run_quietly(200);
	ATF_CHECK_MSG(cpu_ms() - before < 100, "the loop was busy");
}

/* What a freed watch or timer holds must be of no use to the loop. */
static inline void
spoil_and_free(void *object, size_t size)
{
	volatile unsigned char *bytes;

	bytes = object;
	while (size-- > 0)
		bytes[size] = 0xa5;
	free(object);
}

static inline struct watch *
allocate_ready(void (*on_ready)(struct event_io *, unsigned), int *peer)
{
	struct watch *w;
	int fds[2];

	unix_pair(fds);
	put(fds[1], "x", 1);
	w = malloc(sizeof(*w));
	ATF_REQUIRE(w != NULL);
	watch_open(w, fds[0], on_ready, EVENT_READ | EVENT_WRITE);
	*peer = fds[1];
	return w;
}

#endif
