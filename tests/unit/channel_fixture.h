/*
 * What the tests of channel.h share: a channel between two pairs of sockets.
 * Not here: any test; what one program of them needs alone.
 */
#ifndef CHANNEL_FIXTURE_H
#define CHANNEL_FIXTURE_H

#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "sockets.h"
#include "unit.h"

/* What waits for the destination at most: a buffer, or a pipe. */
#define PENDING_MOST ((size_t)1024 * 1024)

/* What one call of channel_pump() may move at most. */
#define PUMP_MOST (8 * PENDING_MOST)

/* Rounds of the loop in which everything that can happen does. */
#define SETTLED 64

/* Milliseconds: TCP may put an acknowledgement off for as long. */
#define DELAYED 60

/*
 * The channel goes from source[1] to sink[1]; the test holds source[0], where
 * it writes, and sink[0], where it reads.  A watch that is always ready ends
 * the loop after some rounds.
 */
struct fixture {
	struct event_loop *loop;
	struct pool *pool;
	struct event_io from;
	struct event_io to;
	struct event_io tick;
	struct channel channel;
	struct channel_ends ends;
	int source;
	int sink;
	int tick_writer;
	int rounds;
	uint64_t deadline; /* monotonic milliseconds */
	uint64_t sent;     /* octets written to source */
	uint64_t received; /* octets read from sink, all as expected */
	bool eof;          /* end of file was read from sink */
};

/* Whether fixtures are opened with a channel that has carried bulk already. */
static bool after_bulk;

/* Of TCP sockets, where the system has it: what is paced is not spliced to. */
static const char *congestion = "reno";

enum kind {
	UNIX,
	TCP,
};

static inline void
set_congestion(int fd)
{
#ifdef TCP_CONGESTION
	(void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, congestion,
	    (socklen_t)strlen(congestion));
#else
	(void)fd;
#endif
}

/* Small ones, so that a few kilobytes fill them, or large ones. */
static inline void
set_buffers(int fd, int size)
{
	set_buffer(fd, SO_SNDBUF, size);
	set_buffer(fd, SO_RCVBUF, size);
}

static inline void
open_pair(enum kind kind, int pair[2], int size)
{
	const int on = 1;
	int i;

	if (kind == UNIX) {
		unix_pair(pair);
		return;
	}
	tcp_pair(pair, size);
	for (i = 0; i < 2; i++) {
		ATF_REQUIRE_EQ(0,
		    setsockopt(
		        pair[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
		set_congestion(pair[i]);
	}
}

static inline void
pump(struct fixture *f)
{
	size_t pending;
	uint64_t bytes;
	bool moved;

	bytes = f->channel.bytes;
	pending = channel_pending(&f->channel);
	moved = channel_pump(&f->channel, &f->ends);
	ATF_REQUIRE_EQ(moved,
	    f->channel.bytes != bytes || f->channel.state != CHANNEL_OPEN);
	ATF_REQUIRE(f->channel.bytes - bytes <= pending + PUMP_MOST);
	ATF_REQUIRE(channel_pending(&f->channel) <= PENDING_MOST);
}

static inline void
on_from_ready(struct event_io *io, unsigned ready)
{
	struct fixture *f;

	f = io->owner;
	if (ready & EVENT_READ && f->channel.state == CHANNEL_OPEN)
		pump(f);
	else if (ready & EVENT_READ)
		ATF_REQUIRE(!channel_pump(&f->channel, &f->ends));
}

static inline void
on_to_ready(struct event_io *io, unsigned ready)
{
	struct fixture *f;

	f = io->owner;
	if (ready & EVENT_WRITE && f->channel.state == CHANNEL_OPEN)
		pump(f);
}

static inline void
on_tick(struct event_io *io, unsigned ready)
{
	struct fixture *f;

	(void)ready;
	f = io->owner;
	if (--f->rounds <= 0)
		event_loop_stop(f->loop);
}

static inline void
open_tick(struct fixture *f)
{
	int fds[2];

	ATF_REQUIRE_EQ(0, pipe(fds));
	ATF_REQUIRE(fcntl(fds[0], F_SETFL, O_NONBLOCK) != -1);
	ATF_REQUIRE_EQ(1, write(fds[1], "", 1));
	f->tick_writer = fds[1];
	event_io_init(&f->tick, fds[0], on_tick);
	f->tick.owner = f;
	ATF_REQUIRE_EQ(0, event_io_enable(f->loop, &f->tick, EVENT_READ));
}

static inline uint64_t
milliseconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static inline void
set_deadline(struct fixture *f)
{
	f->deadline = milliseconds() + 30000;
}

static inline void
close_fixture(struct fixture *f)
{
	channel_close(&f->channel, f->pool);
	ATF_CHECK(f->channel.buffer == NULL);
	event_io_close(f->loop, &f->from);
	event_io_close(f->loop, &f->to);
	event_io_close(f->loop, &f->tick);
	close(f->tick_writer);
	close(f->source);
	close(f->sink);
	pool_destroy(f->pool);
	event_loop_destroy(f->loop);
}

/* Let the loop run some rounds. */
static inline void
turn(struct fixture *f, int rounds)
{
	int unread;

	unread = -1;
	if (milliseconds() >= f->deadline)
		(void)ioctl(f->from.fd, FIONREAD, &unread);
	ATF_REQUIRE_MSG(milliseconds() < f->deadline,
	    "stalled: state %d, %llu octets sent, %d unread, %llu received, "
	    "%zu pending",
	    f->channel.state, (unsigned long long)f->sent, unread,
	    (unsigned long long)f->received, channel_pending(&f->channel));
	f->rounds = rounds;
	ATF_REQUIRE_EQ(0, event_loop_run(f->loop));
}

/* Octet number n of every stream: no period, so that none is mistaken. */
static inline char
octet(uint64_t n)
{
	n = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
	return (char)(n >> 56 ^ n >> 29);
}

/* Send up to n octets of the stream.  Returns how many went. */
static inline size_t
feed_flags(struct fixture *f, size_t n, int flags)
{
	static char data[128 * 1024];
	ssize_t sent;
	size_t i;

	if (n > sizeof(data))
		n = sizeof(data);
	for (i = 0; i < n; i++)
		data[i] = octet(f->sent + i);
	sent = send(f->source, data, n, MSG_NOSIGNAL | flags);
	if (sent == -1) {
		ATF_REQUIRE_EQ(EAGAIN, errno);
		return 0;
	}
	f->sent += (uint64_t)sent;
	return (size_t)sent;
}

static inline void
feed(struct fixture *f, size_t n)
{
	if (n > 0)
		ATF_REQUIRE_EQ(n, feed_flags(f, n, 0));
}

/* Read at most n octets and compare them.  Returns how many came. */
static inline size_t
drain(struct fixture *f, size_t n)
{
	static char data[128 * 1024];
	ssize_t got, i;

	if (n > sizeof(data))
		n = sizeof(data);
	got = recv(f->sink, data, n, 0);
	if (got == -1) {
		ATF_REQUIRE_EQ(EAGAIN, errno);
		return 0;
	}
	if (got == 0 && n > 0)
		f->eof = true;
	for (i = 0; i < got; i++)
		if (data[i] != octet(f->received + (uint64_t)i))
			atf_tc_fail("octet %llu differs",
			    (unsigned long long)(f->received + (uint64_t)i));
	f->received += (uint64_t)got;
	return (size_t)got;
}

static inline void
drain_all(struct fixture *f)
{
	while (f->received < f->sent) {
		if (drain(f, SIZE_MAX) == 0)
			turn(f, 2);
		ATF_REQUIRE_MSG(!f->eof, "end of file before the end");
	}
}

static inline bool
splices(enum kind source, enum kind sink)
{
	bool found;
	int fd;

	fd = socket(sink == UNIX ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE(fd != -1);
	if (sink == TCP)
		set_congestion(fd);
	found = splice_pays(source == UNIX ? AF_UNIX : AF_INET,
	    sink == UNIX ? AF_UNIX : AF_INET, fd);
	close(fd);
	return found;
}

/* Full reads, until a pipe was opened. */
static inline void
carry_bulk(struct fixture *f)
{
	int descriptors, i;

	descriptors = unit_descriptors();
	for (i = 0; i < 20 && unit_descriptors() == descriptors; i++) {
		while (feed_flags(f, SIZE_MAX, 0) > 0)
			continue;
		drain_all(f);
		set_deadline(f);
	}
}

static inline void
open_fixture(struct fixture *f, enum kind source, enum kind sink, int size)
{
	int in[2], out[2];

	unit_guard();
	signal(SIGPIPE, SIG_IGN);
	memset(f, 0, sizeof(*f));
	set_deadline(f);
	f->loop = event_loop_create();
	ATF_REQUIRE(f->loop != NULL);
	f->pool = pool_create(POOL_PIPES);
	ATF_REQUIRE(f->pool != NULL);
	/*
	 * TCP would long wait for half of a window that it saw, if the buffer
	 * shrank later (RFC 9293, 3.8.6.2.1).
	 */
	open_pair(source, in, after_bulk ? 0 : size);
	open_pair(sink, out, after_bulk ? 0 : size);
	f->source = in[0];
	f->sink = out[0];
	event_io_init(&f->from, in[1], on_from_ready);
	event_io_init(&f->to, out[1], on_to_ready);
	f->from.owner = f->to.owner = f;
	open_tick(f);
	f->ends = (struct channel_ends) {
		.from = &f->from,
		.to = &f->to,
		.loop = f->loop,
		.pool = f->pool,
	};
	ATF_REQUIRE_EQ(CHANNEL_OPEN, f->channel.state);
	f->channel.plain = source == TCP;
	ATF_REQUIRE_EQ(0, event_io_enable(f->loop, &f->from, EVENT_READ));
	if (after_bulk)
		carry_bulk(f);
	if (size == 0)
		return;
	set_buffers(in[0], size);
	set_buffers(in[1], size);
	set_buffers(out[0], size);
	set_buffers(out[1], size);
}

/*
 * Fill everything from the source to the sink, which nobody reads, until the
 * writer's own socket is full and stays so.
 */
static inline void
fill_up(struct fixture *f)
{
	uint64_t bytes, since;
	int idle;

	since = milliseconds();
	bytes = f->channel.bytes;
	for (idle = 0; idle < SETTLED || milliseconds() < since + DELAYED ||
	     channel_pending(&f->channel) == 0;
	     idle++) {
		while (feed_flags(f, 10007, 0) > 0 || feed_flags(f, 1, 0) > 0)
			bytes = UINT64_MAX;
		turn(f, 2);
		if (f->channel.bytes == bytes)
			continue;
		bytes = f->channel.bytes;
		since = milliseconds();
		idle = 0;
	}
	ATF_REQUIRE(channel_pending(&f->channel) <= PENDING_MOST);
	ATF_REQUIRE_EQ(0, f->from.want);
	ATF_REQUIRE_EQ(EVENT_WRITE, f->to.want);
	ATF_REQUIRE(f->sent - f->received < (size_t)4 * 1024 * 1024);
}

/* Every test runs over all four pairs of sockets. */
static inline void
for_each_pair(void (*test)(enum kind, enum kind))
{
	static const char *const names[] = { "Unix", "TCP" };
	enum kind sink, source;

	for (source = UNIX; source <= TCP; source++)
		for (sink = UNIX; sink <= TCP; sink++) {
			if (after_bulk && !splices(source, sink))
				continue;
			printf("%s to %s%s\n", names[source], names[sink],
			    after_bulk ? ", after bulk" : "");
			fflush(stdout);
			test(source, sink);
		}
}

#define CASE(name)                          \
	ATF_TC_WITHOUT_HEAD(name);          \
	ATF_TC_BODY(name, tc)               \
	{                                   \
		for_each_pair(test_##name); \
	}

/* And again, where another way of moving octets is taken after bulk. */
#define CASE_ALSO_AFTER_BULK(name)          \
	ATF_TC_WITHOUT_HEAD(name);          \
	ATF_TC_BODY(name, tc)               \
	{                                   \
		for_each_pair(test_##name); \
		after_bulk = true;          \
		for_each_pair(test_##name); \
	}

#endif
