/*
 * Tests of channel.h, over Unix and TCP sockets and a real event loop.
 * Not here: the loop (event_test.c), two directions together.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <atf-c.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "unit.h"

/* What one call of channel_pump() may move at most. */
#define PUMP_MOST (8 * POOL_BUFFER_SIZE)

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
	int source;
	int sink;
	int tick_writer;
	int rounds;
	uint64_t deadline; /* monotonic milliseconds */
	uint64_t sent;     /* octets written to source */
	uint64_t received; /* octets read from sink, all as expected */
	bool eof;          /* end of file was read from sink */
	unsigned urgent;   /* calls with EVENT_URGENT */
};

enum kind {
	UNIX,
	TCP,
};

/* Small ones, so that a few kilobytes fill them. */
static void
set_buffers(int fd, int size)
{
	ATF_REQUIRE_EQ(
	    0, setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
	ATF_REQUIRE_EQ(
	    0, setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)));
}

static void
open_tcp_pair(int pair[2])
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	const int on = 1;
	socklen_t length;
	int i, listener;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	length = sizeof(in);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE(listener != -1);
	ATF_REQUIRE_EQ(0, bind(listener, (struct sockaddr *)&in, sizeof(in)));
	ATF_REQUIRE_EQ(0, listen(listener, 1));
	ATF_REQUIRE_EQ(
	    0, getsockname(listener, (struct sockaddr *)&in, &length));
	pair[0] = socket(AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE(pair[0] != -1);
	ATF_REQUIRE_EQ(0, connect(pair[0], (struct sockaddr *)&in, sizeof(in)));
	pair[1] = accept(listener, NULL, NULL);
	ATF_REQUIRE(pair[1] != -1);
	close(listener);
	for (i = 0; i < 2; i++)
		ATF_REQUIRE_EQ(0,
		    setsockopt(
		        pair[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
}

static void
open_pair(enum kind kind, int pair[2])
{
	int i;

	if (kind == TCP)
		open_tcp_pair(pair);
	else
		ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	for (i = 0; i < 2; i++)
		ATF_REQUIRE(fcntl(pair[i], F_SETFL, O_NONBLOCK) != -1);
}

static void
pump(struct fixture *f)
{
	size_t pending;
	uint64_t bytes;
	bool moved;

	bytes = f->channel.bytes;
	pending = channel_pending(&f->channel);
	moved = channel_pump(&f->channel, f->loop, f->pool);
	ATF_REQUIRE_EQ(moved,
	    f->channel.bytes != bytes || f->channel.state != CHANNEL_OPEN);
	ATF_REQUIRE(f->channel.bytes - bytes <= pending + PUMP_MOST);
	ATF_REQUIRE(channel_pending(&f->channel) <= POOL_BUFFER_SIZE);
}

static void
on_from_ready(struct event_io *io, unsigned ready)
{
	struct fixture *f;

	f = io->owner;
	if (ready & EVENT_URGENT)
		f->urgent++;
	if (ready & EVENT_READ && f->channel.state == CHANNEL_OPEN)
		pump(f);
}

static void
on_to_ready(struct event_io *io, unsigned ready)
{
	struct fixture *f;

	f = io->owner;
	if (ready & EVENT_WRITE && f->channel.state == CHANNEL_OPEN)
		pump(f);
}

static void
on_tick(struct event_io *io, unsigned ready)
{
	struct fixture *f;

	(void)ready;
	f = io->owner;
	if (--f->rounds <= 0)
		event_loop_stop(f->loop);
}

static void
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

static uint64_t
milliseconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void
set_deadline(struct fixture *f)
{
	f->deadline = milliseconds() + 30000;
}

static void
open_fixture(struct fixture *f, enum kind source, enum kind sink, int size)
{
	int in[2], out[2];

	unit_guard();
	memset(f, 0, sizeof(*f));
	set_deadline(f);
	f->loop = event_loop_create();
	ATF_REQUIRE(f->loop != NULL);
	f->pool = pool_create();
	ATF_REQUIRE(f->pool != NULL);
	open_pair(source, in);
	open_pair(sink, out);
	if (size != 0) {
		set_buffers(in[0], size);
		set_buffers(in[1], size);
		set_buffers(out[0], size);
		set_buffers(out[1], size);
	}
	f->source = in[0];
	f->sink = out[0];
	event_io_init(&f->from, in[1], on_from_ready);
	event_io_init(&f->to, out[1], on_to_ready);
	f->from.owner = f->to.owner = f;
	open_tick(f);
	channel_init(&f->channel, &f->from, &f->to);
	ATF_REQUIRE_EQ(CHANNEL_OPEN, f->channel.state);
	ATF_REQUIRE_EQ(0, channel_open(&f->channel, f->loop));
}

static void
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
static void
turn(struct fixture *f, int rounds)
{
	ATF_REQUIRE_MSG(milliseconds() < f->deadline,
	    "stalled: state %d, %llu octets sent, %llu received, %zu pending",
	    f->channel.state, (unsigned long long)f->sent,
	    (unsigned long long)f->received, channel_pending(&f->channel));
	f->rounds = rounds;
	ATF_REQUIRE_EQ(0, event_loop_run(f->loop));
}

/* Octet number n of every stream: no period, so that none is mistaken. */
static char
octet(uint64_t n)
{
	n = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
	return (char)(n >> 56 ^ n >> 29);
}

/* Send up to n octets of the stream.  Returns how many went. */
static size_t
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

static void
feed(struct fixture *f, size_t n)
{
	if (n > 0)
		ATF_REQUIRE_EQ(n, feed_flags(f, n, 0));
}

/* Read at most n octets and compare them.  Returns how many came. */
static size_t
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

static void
drain_all(struct fixture *f)
{
	while (f->received < f->sent) {
		if (drain(f, SIZE_MAX) == 0)
			turn(f, 2);
		ATF_REQUIRE_MSG(!f->eof, "end of file before the end");
	}
}

static void
drain_to_eof(struct fixture *f)
{
	drain_all(f);
	while (!f->eof) {
		ATF_REQUIRE_EQ(0, drain(f, 1));
		turn(f, 1);
	}
}

static void
wait_state(struct fixture *f, enum channel_state state)
{
	while (f->channel.state == CHANNEL_OPEN)
		turn(f, 1);
	ATF_REQUIRE_EQ_MSG(state, f->channel.state, "state %d: %s",
	    f->channel.state, strerror(f->channel.error));
}

static void
require_idle(struct fixture *f)
{
	turn(f, 2);
	ATF_REQUIRE_EQ(CHANNEL_OPEN, f->channel.state);
	ATF_REQUIRE_EQ(0, channel_pending(&f->channel));
	ATF_REQUIRE(f->channel.buffer == NULL);
	ATF_REQUIRE_EQ(f->sent, f->channel.bytes);
	ATF_REQUIRE_EQ(EVENT_READ, f->from.want);
	ATF_REQUIRE_EQ(0, f->to.want);
}

static void
require_ended(struct fixture *f)
{
	wait_state(f, CHANNEL_ENDED);
	ATF_REQUIRE_EQ(0, f->channel.error);
	ATF_REQUIRE(f->channel.buffer == NULL);
	ATF_REQUIRE_EQ(f->sent, f->channel.bytes);
	ATF_REQUIRE_EQ(0, f->from.want);
	ATF_REQUIRE_EQ(0, f->to.want);
	ATF_REQUIRE(!channel_pump(&f->channel, f->loop, f->pool));
}

/*
 * Fill everything from the source to the sink, which nobody reads, until the
 * writer's own socket is full and stays so.
 */
static void
fill_up(struct fixture *f)
{
	uint64_t bytes, since;
	int idle;

	since = milliseconds();
	bytes = f->channel.bytes;
	for (idle = 0; idle < SETTLED || milliseconds() < since + DELAYED ||
	     channel_pending(&f->channel) == 0;
	     idle++) {
		while (feed_flags(f, 10007, 0) > 0)
			bytes = UINT64_MAX;
		turn(f, 2);
		if (f->channel.bytes == bytes)
			continue;
		bytes = f->channel.bytes;
		since = milliseconds();
		idle = 0;
	}
	ATF_REQUIRE(channel_pending(&f->channel) <= POOL_BUFFER_SIZE);
	ATF_REQUIRE(f->channel.buffer->size <= POOL_BUFFER_SIZE);
	ATF_REQUIRE_EQ(0, f->from.want);
	ATF_REQUIRE_EQ(EVENT_WRITE, f->to.want);
	ATF_REQUIRE(f->sent < (size_t)4 * 1024 * 1024);
	ATF_REQUIRE_EQ(0, feed_flags(f, 1, 0));
}

/* Every test runs over all four pairs of sockets. */
static void
for_each_pair(void (*test)(enum kind, enum kind))
{
	static const char *const names[] = { "Unix", "TCP" };
	enum kind sink, source;

	for (source = UNIX; source <= TCP; source++)
		for (sink = UNIX; sink <= TCP; sink++) {
			printf("%s to %s\n", names[source], names[sink]);
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

static void
carry_split(struct fixture *f, size_t length, size_t written, size_t read)
{
	uint64_t begin;

	begin = f->received;
	feed(f, written);
	if (written > 0 && written < length)
		turn(f, 1);
	feed(f, length - written);
	while (f->received - begin < read)
		if (drain(f, read - (size_t)(f->received - begin)) == 0)
			turn(f, 1);
	drain_all(f);
}

/* Written in two pieces and read in two, wherever they are cut. */
static void
test_splits(enum kind source, enum kind sink)
{
	size_t length, read, step, written;
	struct fixture f;

	open_fixture(&f, source, sink, 0);
	for (length = 0; length <= 64; length++) {
		step = length <= 16 ? 1 : 7;
		for (written = 0; written <= length; written++) {
			for (read = 0; read <= length; read += step)
				carry_split(&f, length, written, read);
			set_deadline(&f);
		}
	}
	require_idle(&f);
	close_fixture(&f);
}
CASE(splits)

/* The end of file at once behind the second piece. */
static void
test_splits_then_eof(enum kind source, enum kind sink)
{
	size_t length, written;
	struct fixture f;

	for (length = 0; length <= 64; length++)
		for (written = 0; written <= length; written++) {
			open_fixture(&f, source, sink, 0);
			feed(&f, written);
			if (written % 2 == 0)
				turn(&f, 1);
			feed(&f, length - written);
			ATF_REQUIRE_EQ(0, shutdown(f.source, SHUT_WR));
			drain_to_eof(&f);
			require_ended(&f);
			close_fixture(&f);
		}
}
CASE(splits_then_eof)

static size_t
up_to(long most)
{
	return (size_t)(random() % most) + 1;
}

/* Whatever the chunks on both sides are. */
static void
carry_random(struct fixture *f, uint64_t total, long most)
{
	size_t n;

	while (f->received < total) {
		n = up_to(most);
		if (n > total - f->sent)
			n = (size_t)(total - f->sent);
		if (n > 0)
			feed_flags(f, n, 0);
		if (random() % 3 == 0)
			drain(f, up_to(most));
		turn(f, (int)(random() % 3) + 1);
		while (f->sent == total && f->received < total &&
		    drain(f, up_to(most)) > 0)
			continue;
	}
}

static void
test_random(enum kind source, enum kind sink)
{
	const long most[] = { 100, 5000, 300000 };
	struct fixture f;
	size_t i;

	srandom(4711);
	for (i = 0; i < UNIT_LENGTH(most); i++) {
		open_fixture(&f, source, sink, 16384);
		carry_random(&f, (uint64_t)most[i] * 25, most[i]);
		drain_all(&f);
		require_idle(&f);
		ATF_REQUIRE_EQ(0, shutdown(f.source, SHUT_WR));
		drain_to_eof(&f);
		require_ended(&f);
		close_fixture(&f);
	}
}
CASE(random)

/* The smallest buffer the kernel grants, for the destination alone. */
static void
test_tiny_send_buffer(enum kind source, enum kind sink)
{
	const int size = 1;
	struct fixture f;

	srandom(42);
	open_fixture(&f, source, sink, 0);
	ATF_REQUIRE_EQ(
	    0, setsockopt(f.to.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
	carry_random(&f, 1500000, 70000);
	drain_all(&f);
	require_idle(&f);
	close_fixture(&f);
}
CASE(tiny_send_buffer)

/* More than a call moves is waiting: it goes on without a new event. */
static void
test_more_than_a_call(enum kind source, enum kind sink)
{
	struct fixture f;
	uint64_t sent;

	open_fixture(&f, source, sink, 8 * 1024 * 1024);
	do {
		sent = f.sent;
		while (f.sent < 4 * PUMP_MOST && feed_flags(&f, 65536, 0) > 0)
			continue;
	} while (f.sent != sent);
	ATF_REQUIRE_EQ(0, shutdown(f.source, SHUT_WR));
	drain_to_eof(&f);
	require_ended(&f);
	close_fixture(&f);
}
CASE(more_than_a_call)

static void
test_back_pressure(enum kind source, enum kind sink)
{
	struct fixture f;
	int i;

	open_fixture(&f, source, sink, 16384);
	for (i = 0; i < 3; i++) {
		fill_up(&f);
		drain_all(&f);
		require_idle(&f);
	}
	close_fixture(&f);
}
CASE(back_pressure)

/* A little room at a time, and the source goes on writing. */
static void
test_slow_reader(enum kind source, enum kind sink)
{
	struct fixture f;
	int i;

	open_fixture(&f, source, sink, 16384);
	fill_up(&f);
	for (i = 0; i < 2000; i++) {
		drain(&f, 997);
		turn(&f, 1);
		feed_flags(&f, 1499, 0);
	}
	drain_all(&f);
	require_idle(&f);
	close_fixture(&f);
}
CASE(slow_reader)

static void
test_idle_borrows_nothing(enum kind source, enum kind sink)
{
	struct fixture f;
	int i;

	open_fixture(&f, source, sink, 0);
	require_idle(&f);
	for (i = 0; i < 100; i++) {
		feed(&f, 1000);
		drain_all(&f);
		require_idle(&f);
	}
	close_fixture(&f);
}
CASE(idle_borrows_nothing)

static void
say(int from, int to, struct fixture *f)
{
	char text[8];

	ATF_REQUIRE_EQ(6, send(from, "answer", 6, MSG_NOSIGNAL));
	while (recv(to, text, sizeof(text), MSG_PEEK) < 6)
		turn(f, 1);
	ATF_REQUIRE_EQ(6, recv(to, text, sizeof(text), 0));
	ATF_REQUIRE_EQ(0, memcmp(text, "answer", 6));
}

/* The end goes one way only; the other way stays open. */
static void
test_half_close(enum kind source, enum kind sink)
{
	struct fixture f;
	char c;

	open_fixture(&f, source, sink, 0);
	feed(&f, 1000);
	ATF_REQUIRE_EQ(0, shutdown(f.source, SHUT_WR));
	drain_to_eof(&f);
	require_ended(&f);
	say(f.sink, f.to.fd, &f);
	say(f.from.fd, f.source, &f);
	ATF_REQUIRE_EQ(-1, send(f.to.fd, "", 1, MSG_NOSIGNAL));
	ATF_REQUIRE_EQ(EPIPE, errno);
	ATF_REQUIRE_EQ(-1, recv(f.to.fd, &c, 1, 0));
	ATF_REQUIRE_EQ(EAGAIN, errno);
	close_fixture(&f);
}
CASE(half_close)

/* The peer that shall learn of the end has gone before. */
static void
test_eof_to_nobody(enum kind source, enum kind sink)
{
	struct fixture f;

	open_fixture(&f, source, sink, 0);
	turn(&f, 1);
	close(f.sink);
	f.sink = -1;
	turn(&f, 1);
	ATF_REQUIRE_EQ(0, shutdown(f.source, SHUT_WR));
	require_ended(&f);
	close_fixture(&f);
}
CASE(eof_to_nobody)

static void
eof_while_blocked(enum kind source, enum kind sink, bool closes)
{
	struct fixture f;

	open_fixture(&f, source, sink, 16384);
	fill_up(&f);
	if (closes) {
		close(f.source);
		f.source = -1;
	} else
		ATF_REQUIRE_EQ(0, shutdown(f.source, SHUT_WR));
	turn(&f, SETTLED);
	ATF_REQUIRE_EQ(CHANNEL_OPEN, f.channel.state);
	ATF_REQUIRE(channel_pending(&f.channel) > 0);
	drain_to_eof(&f);
	require_ended(&f);
	close_fixture(&f);
}

static void
test_eof_while_blocked(enum kind source, enum kind sink)
{
	eof_while_blocked(source, sink, false);
}
CASE(eof_while_blocked)

static void
test_close_while_blocked(enum kind source, enum kind sink)
{
	eof_while_blocked(source, sink, true);
}
CASE(close_while_blocked)

/* A peer that is gone does not make a blocked channel spin. */
static void
test_blocked_is_quiet(enum kind source, enum kind sink)
{
	struct fixture f;
	uint64_t bytes;

	open_fixture(&f, source, sink, 16384);
	fill_up(&f);
	close(f.source);
	f.source = -1;
	turn(&f, SETTLED);
	bytes = f.channel.bytes;
	f.from.on_ready = NULL; /* a call would crash */
	f.to.on_ready = NULL;
	turn(&f, SETTLED);
	ATF_REQUIRE_EQ(bytes, f.channel.bytes);
	f.from.on_ready = on_from_ready;
	f.to.on_ready = on_to_ready;
	drain_to_eof(&f);
	close_fixture(&f);
}
CASE(blocked_is_quiet)

static void
reset_source(struct fixture *f)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	ATF_REQUIRE_EQ(0,
	    setsockopt(
	        f->source, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	close(f->source);
	f->source = -1;
}

static void
require_failed(struct fixture *f, enum channel_state state)
{
	wait_state(f, state);
	ATF_REQUIRE_EQ(0, f->from.want);
	ATF_REQUIRE_EQ(0, f->to.want);
	ATF_REQUIRE(!channel_pump(&f->channel, f->loop, f->pool));
}

/* A reset is no end of file: nothing is passed on. */
static void
require_no_eof(struct fixture *f)
{
	char c;

	ATF_REQUIRE_EQ(-1, recv(f->sink, &c, 1, 0));
	ATF_REQUIRE_EQ(EAGAIN, errno);
}

static void
reset_over_tcp(enum kind sink)
{
	struct fixture f;

	open_fixture(&f, TCP, sink, 0);
	feed(&f, 10);
	drain_all(&f);
	reset_source(&f);
	require_failed(&f, CHANNEL_READ_FAILED);
	ATF_REQUIRE_EQ(ECONNRESET, f.channel.error);
	require_no_eof(&f);
	close_fixture(&f);
}

ATF_TC_WITHOUT_HEAD(source_reset);
ATF_TC_BODY(source_reset, tc)
{
	reset_over_tcp(UNIX);
	reset_over_tcp(TCP);
}

/* Seen when the destination has taken what was read before. */
static void
reset_while_blocked(enum kind sink)
{
	struct fixture f;

	open_fixture(&f, TCP, sink, 16384);
	fill_up(&f);
	reset_source(&f);
	turn(&f, SETTLED);
	ATF_REQUIRE_EQ(CHANNEL_OPEN, f.channel.state);
	while (f.channel.state == CHANNEL_OPEN)
		if (drain(&f, SIZE_MAX) == 0)
			turn(&f, 1);
	require_failed(&f, CHANNEL_READ_FAILED);
	ATF_REQUIRE_EQ(ECONNRESET, f.channel.error);
	while (f.received < f.channel.bytes)
		drain(&f, SIZE_MAX);
	require_no_eof(&f);
	close_fixture(&f);
}

ATF_TC_WITHOUT_HEAD(source_reset_while_blocked);
ATF_TC_BODY(source_reset_while_blocked, tc)
{
	reset_while_blocked(UNIX);
	reset_while_blocked(TCP);
}

/* Closed by a peer that has not read all: unix(7), tcp(7). */
static void
test_closed_unread(enum kind source, enum kind sink)
{
	struct fixture f;

	open_fixture(&f, source, sink, 0);
	ATF_REQUIRE_EQ(6, send(f.from.fd, "unread", 6, MSG_NOSIGNAL));
	feed(&f, 100);
	drain_all(&f);
	while (recv(f.source, (char[1]) { 0 }, 1, MSG_PEEK) != 1)
		turn(&f, 1);
	close(f.source);
	f.source = -1;
	require_failed(&f, CHANNEL_READ_FAILED);
	ATF_REQUIRE_EQ(ECONNRESET, f.channel.error);
	require_no_eof(&f);
	close_fixture(&f);
}
CASE(closed_unread)

/* On a Unix socket, what the peer had sent before still counts. */
ATF_TC_WITHOUT_HEAD(closed_unread_keeps_bytes);
ATF_TC_BODY(closed_unread_keeps_bytes, tc)
{
	struct fixture f;

	open_fixture(&f, UNIX, UNIX, 0);
	ATF_REQUIRE_EQ(6, send(f.from.fd, "unread", 6, MSG_NOSIGNAL));
	feed(&f, 100);
	close(f.source);
	f.source = -1;
	require_failed(&f, CHANNEL_READ_FAILED);
	ATF_REQUIRE_EQ(ECONNRESET, f.channel.error);
	drain_all(&f);
	require_no_eof(&f);
	close_fixture(&f);
}

static void
require_write_failed(struct fixture *f)
{
	require_failed(f, CHANNEL_WRITE_FAILED);
	ATF_REQUIRE_MSG(
	    f->channel.error == EPIPE || f->channel.error == ECONNRESET, "%s",
	    strerror(f->channel.error));
}

static void
test_destination_closed(enum kind source, enum kind sink)
{
	struct fixture f;

	open_fixture(&f, source, sink, 0);
	feed(&f, 10);
	drain_all(&f);
	close(f.sink);
	f.sink = -1;
	while (f.channel.state == CHANNEL_OPEN) {
		feed(&f, 1);
		turn(&f, 1);
	}
	require_write_failed(&f);
	close_fixture(&f);
}
CASE(destination_closed)

/* With unread bytes of ours: TCP resets. */
static void
test_destination_closed_while_blocked(enum kind source, enum kind sink)
{
	struct fixture f;

	open_fixture(&f, source, sink, 16384);
	fill_up(&f);
	close(f.sink);
	f.sink = -1;
	require_write_failed(&f);
	ATF_REQUIRE(f.channel.bytes < f.sent);
	close_fixture(&f);
}
CASE(destination_closed_while_blocked)

/* A destination that shut down reading only still has something to say. */
ATF_TC_WITHOUT_HEAD(destination_reads_no_more);
ATF_TC_BODY(destination_reads_no_more, tc)
{
	struct fixture f;

	open_fixture(&f, UNIX, UNIX, 0);
	ATF_REQUIRE_EQ(0, shutdown(f.sink, SHUT_RD));
	feed(&f, 10);
	require_write_failed(&f);
	say(f.sink, f.to.fd, &f);
	close_fixture(&f);
}

static void
test_close_with_pending(enum kind source, enum kind sink)
{
	struct fixture f;

	open_fixture(&f, source, sink, 16384);
	fill_up(&f);
	channel_close(&f.channel, f.pool);
	ATF_REQUIRE(f.channel.buffer == NULL);
	ATF_REQUIRE_EQ(0, channel_pending(&f.channel));
	channel_close(&f.channel, f.pool);
	close_fixture(&f);
}
CASE(close_with_pending)

/* Send n octets and pass a descriptor along. */
static void
feed_descriptor(struct fixture *f, size_t n, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;
	char data[64];
	size_t i;

	ATF_REQUIRE(n <= sizeof(data));
	for (i = 0; i < n; i++)
		data[i] = octet(f->sent + i);
	iov.iov_base = data;
	iov.iov_len = n;
	memset(&control, 0, sizeof(control));
	msg.msg_control = &control;
	msg.msg_controllen = sizeof(control);
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	ATF_REQUIRE_EQ(n, (size_t)sendmsg(f->source, &msg, MSG_NOSIGNAL));
	f->sent += n;
}

/* Bit i of pattern: piece i carries a descriptor; some are cut by a turn. */
static void
pass_descriptors(enum kind sink, unsigned pattern, unsigned turns)
{
	struct fixture f;
	int descriptors, i;

	open_fixture(&f, UNIX, sink, 0);
	descriptors = unit_descriptors();
	for (i = 0; i < 5; i++) {
		if (pattern >> i & 1)
			feed_descriptor(&f, (size_t)i + 1, f.source);
		else
			feed(&f, (size_t)i + 1);
		if (turns >> i & 1)
			turn(&f, 1);
	}
	drain_all(&f);
	require_idle(&f);
	ATF_REQUIRE_EQ(descriptors, unit_descriptors());
	feed_descriptor(&f, 3, STDIN_FILENO);
	ATF_REQUIRE_EQ(0, shutdown(f.source, SHUT_WR));
	drain_to_eof(&f);
	require_ended(&f);
	ATF_REQUIRE_EQ(descriptors, unit_descriptors());
	close_fixture(&f);
}

ATF_TC_WITHOUT_HEAD(passed_descriptors);
ATF_TC_BODY(passed_descriptors, tc)
{
	unsigned pattern, turns;

	for (pattern = 0; pattern < 32; pattern++)
		for (turns = 0; turns < 32; turns += 3) {
			pass_descriptors(UNIX, pattern, turns);
			pass_descriptors(TCP, pattern, turns);
		}
}

/* Passed in great number, with a destination that is full at times. */
ATF_TC_WITHOUT_HEAD(passed_descriptors_blocked);
ATF_TC_BODY(passed_descriptors_blocked, tc)
{
	struct fixture f;
	int descriptors, i;

	open_fixture(&f, UNIX, TCP, 16384);
	descriptors = unit_descriptors();
	fill_up(&f);
	drain_all(&f);
	for (i = 0; i < 200; i++) {
		if (i % 4 == 0)
			drain_all(&f);
		feed_descriptor(&f, 64, f.sink);
		feed_flags(&f, 5000, 0);
		turn(&f, i % 2);
	}
	drain_all(&f);
	require_idle(&f);
	ATF_REQUIRE_EQ(descriptors, unit_descriptors());
	close_fixture(&f);
}

/* Bit i of pattern: piece i is urgent. */
static void
send_urgent(enum kind source, enum kind sink, unsigned pattern, unsigned turns)
{
	const int on = 1;
	struct fixture f;
	int i;

	open_fixture(&f, source, sink, 0);
	ATF_REQUIRE_EQ(0,
	    setsockopt(f.from.fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on)));
	for (i = 0; i < 6; i++) {
		if (pattern >> i & 1)
			ATF_REQUIRE_EQ(1, feed_flags(&f, 1, MSG_OOB));
		else
			feed(&f, (size_t)i + 1);
		if (turns >> i & 1)
			turn(&f, 1);
	}
	drain_all(&f);
	require_idle(&f);
	ATF_REQUIRE_EQ(pattern != 0, f.urgent > 0);
	if (pattern & 1)
		ATF_REQUIRE_EQ(1, feed_flags(&f, 1, MSG_OOB));
	ATF_REQUIRE_EQ(0, shutdown(f.source, SHUT_WR));
	drain_to_eof(&f);
	require_ended(&f);
	close_fixture(&f);
}

static void
send_urgent_patterns(enum kind source)
{
	unsigned pattern, turns;

	for (pattern = 0; pattern < 64; pattern++)
		for (turns = 0; turns < 64; turns += 5) {
			send_urgent(source, UNIX, pattern, turns);
			send_urgent(source, TCP, pattern, turns);
		}
}

ATF_TC_WITHOUT_HEAD(urgent_tcp);
ATF_TC_BODY(urgent_tcp, tc)
{
	send_urgent_patterns(TCP);
}

ATF_TC_WITHOUT_HEAD(urgent_unix);
ATF_TC_BODY(urgent_unix, tc)
{
	int pair[2];

	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	if (send(pair[0], "x", 1, MSG_OOB | MSG_NOSIGNAL) == -1)
		atf_tc_skip("no urgent data on Unix sockets here");
	close(pair[0]);
	close(pair[1]);
	send_urgent_patterns(UNIX);
}

/* A channel that is closed lets go of nothing but what it borrowed. */
static void
test_descriptors_kept(enum kind source, enum kind sink)
{
	struct fixture f;
	int before;

	before = unit_descriptors();
	open_fixture(&f, source, sink, 0);
	channel_close(&f.channel, f.pool);
	ATF_REQUIRE(fcntl(f.from.fd, F_GETFD) != -1);
	ATF_REQUIRE(fcntl(f.to.fd, F_GETFD) != -1);
	close_fixture(&f);
	ATF_REQUIRE_EQ(before, unit_descriptors());
}
CASE(descriptors_kept)

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, splits);
	ATF_TP_ADD_TC(tp, splits_then_eof);
	ATF_TP_ADD_TC(tp, random);
	ATF_TP_ADD_TC(tp, tiny_send_buffer);
	ATF_TP_ADD_TC(tp, more_than_a_call);
	ATF_TP_ADD_TC(tp, back_pressure);
	ATF_TP_ADD_TC(tp, slow_reader);
	ATF_TP_ADD_TC(tp, idle_borrows_nothing);
	ATF_TP_ADD_TC(tp, half_close);
	ATF_TP_ADD_TC(tp, eof_to_nobody);
	ATF_TP_ADD_TC(tp, eof_while_blocked);
	ATF_TP_ADD_TC(tp, close_while_blocked);
	ATF_TP_ADD_TC(tp, blocked_is_quiet);
	ATF_TP_ADD_TC(tp, source_reset);
	ATF_TP_ADD_TC(tp, source_reset_while_blocked);
	ATF_TP_ADD_TC(tp, closed_unread);
	ATF_TP_ADD_TC(tp, closed_unread_keeps_bytes);
	ATF_TP_ADD_TC(tp, destination_closed);
	ATF_TP_ADD_TC(tp, destination_closed_while_blocked);
	ATF_TP_ADD_TC(tp, destination_reads_no_more);
	ATF_TP_ADD_TC(tp, close_with_pending);
	ATF_TP_ADD_TC(tp, passed_descriptors);
	ATF_TP_ADD_TC(tp, passed_descriptors_blocked);
	ATF_TP_ADD_TC(tp, urgent_tcp);
	ATF_TP_ADD_TC(tp, urgent_unix);
	ATF_TP_ADD_TC(tp, descriptors_kept);
	return atf_no_error();
}
