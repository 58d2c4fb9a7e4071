/*
 * Tests of channel.h: the stream arrives, in whatever pieces and at any pace.
 * Not here: how it ends (channel_end_test.c), the loop (event_*_test.c).
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <atf-c.h>
#include <stdint.h>
#include <stdlib.h>

#include "channel_checks.h"
#include "channel_fixture.h"
#include "unit.h"

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
		/* A window that has grown is slow when the buffer shrinks. */
		open_fixture(&f, source, sink, after_bulk ? 0 : 16384);
		carry_random(&f, f.sent + (uint64_t)most[i] * 25, most[i]);
		drain_all(&f);
		require_idle(&f);
		ATF_REQUIRE_EQ(0, shutdown(f.source, SHUT_WR));
		drain_to_eof(&f);
		require_ended(&f);
		close_fixture(&f);
	}
}
CASE_ALSO_AFTER_BULK(random)

/* The smallest buffer the kernel grants, for the destination alone. */
static void
test_tiny_send_buffer(enum kind source, enum kind sink)
{
	/* Linux makes more of it; NetBSD would take a single octet as meant. */
	const int size = 1024;
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
CASE_ALSO_AFTER_BULK(tiny_send_buffer)

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
CASE_ALSO_AFTER_BULK(more_than_a_call)

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
open_nagle(struct fixture *f, enum kind source)
{
	const int off = 0;

	open_fixture(f, source, TCP, 0);
	ATF_REQUIRE_EQ(0,
	    setsockopt(f->to.fd, IPPROTO_TCP, TCP_NODELAY, &off, sizeof(off)));
	f->channel.nagle = true;
}

static bool
has_nodelay(const struct fixture *f)
{
	socklen_t length;
	int on;

	length = sizeof(on);
	ATF_REQUIRE_EQ(
	    0, getsockopt(f->to.fd, IPPROTO_TCP, TCP_NODELAY, &on, &length));
	return on != 0;
}

/*
 * Only the first write of a connection is safe from Nagle's algorithm, and
 * only while it fits the window.
 */
static void
test_nodelay(enum kind source, enum kind sink)
{
	struct fixture f;
	int i;

	if (sink != TCP)
		return;
	open_nagle(&f, source);
	for (i = 0; i < 4; i++) {
		feed(&f, 64);
		drain_all(&f);
		ATF_CHECK_EQ_MSG(i > 0, has_nodelay(&f), "write %d", i);
	}
	close_fixture(&f);

	open_nagle(&f, source);
	/* More than the window, and no more than any socket holds. */
	feed(&f, 4096);
	drain_all(&f);
	ATF_CHECK(has_nodelay(&f));
	close_fixture(&f);

	/* What is put before the data is a write as well. */
	open_nagle(&f, source);
	ATF_REQUIRE_EQ(0, channel_prepend(&f.channel, f.pool, "PROXY", 5));
	pump(&f);
	ATF_CHECK(!has_nodelay(&f));
	feed(&f, 1);
	while (f.channel.bytes < 6)
		turn(&f, 1);
	ATF_CHECK(has_nodelay(&f));
	close_fixture(&f);
}
CASE(nodelay)

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, splits);
	ATF_TP_ADD_TC(tp, splits_then_eof);
	ATF_TP_ADD_TC(tp, random);
	ATF_TP_ADD_TC(tp, tiny_send_buffer);
	ATF_TP_ADD_TC(tp, more_than_a_call);
	ATF_TP_ADD_TC(tp, nodelay);
	ATF_TP_ADD_TC(tp, back_pressure);
	ATF_TP_ADD_TC(tp, slow_reader);
	ATF_TP_ADD_TC(tp, idle_borrows_nothing);
	return atf_no_error();
}
