/*
 * Tests of channel.h: end of file, resets, the channel's own end.
 * Not here: a destination that is gone (channel_destination_test.c); two
 * directions together.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "channel_checks.h"
#include "channel_fixture.h"
#include "unit.h"

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
CASE_ALSO_AFTER_BULK(half_close)

/* Closing says the end where nothing comes back any more. */
static void
test_last_end(enum kind source, enum kind sink)
{
	struct fixture f;
	char c;

	open_fixture(&f, source, sink, 0);
	f.channel.last = true;
	feed(&f, 1000);
	ATF_REQUIRE_EQ(0, shutdown(f.source, SHUT_WR));
	require_ended(&f);
	drain_all(&f);
	ATF_REQUIRE_EQ(-1, recv(f.sink, &c, 1, 0));
	ATF_REQUIRE_EQ_MSG(EAGAIN, errno, "shut down as well");
	event_io_close(f.loop, &f.to);
	drain_to_eof(&f);
	close_fixture(&f);
}
CASE(last_end)

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
CASE_ALSO_AFTER_BULK(eof_while_blocked)

static void
test_close_while_blocked(enum kind source, enum kind sink)
{
	eof_while_blocked(source, sink, true);
}
CASE_ALSO_AFTER_BULK(close_while_blocked)

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
CASE_ALSO_AFTER_BULK(blocked_is_quiet)

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

/* NetBSD calls it a clean end when a peer closes with octets unread. */
static void
skip_unless_unread_resets(enum kind kind)
{
	ssize_t n;
	int fds[2];
	char octet;

	open_pair(kind, fds, 0);
	ATF_REQUIRE_EQ(1, send(fds[0], "", 1, MSG_NOSIGNAL));
	while (recv(fds[1], &octet, 1, MSG_PEEK) != 1)
		continue;
	close(fds[1]);
	do
		n = recv(fds[0], &octet, 1, 0);
	while (n == -1 && errno == EAGAIN);
	close(fds[0]);
	if (n == 0)
		atf_tc_skip("a close with octets unread is a clean end here");
}

/* Closed by a peer that has not read all: unix(7), tcp(7). */
static void
test_closed_unread(enum kind source, enum kind sink)
{
	struct fixture f;

	skip_unless_unread_resets(source);
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
CASE_ALSO_AFTER_BULK(closed_unread)

/* On a Unix socket, what the peer had sent before still counts. */
ATF_TC_WITHOUT_HEAD(closed_unread_keeps_bytes);
ATF_TC_BODY(closed_unread_keeps_bytes, tc)
{
	struct fixture f;

	skip_unless_unread_resets(UNIX);
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
CASE_ALSO_AFTER_BULK(close_with_pending)

/* A channel that is closed lets go of nothing but what it borrowed. */
static void
test_descriptors_kept(enum kind source, enum kind sink)
{
	struct fixture f;
	int before;

	/* A loop may leave something behind for the next, but only once. */
	open_fixture(&f, source, sink, 0);
	close_fixture(&f);
	before = unit_descriptors();
	open_fixture(&f, source, sink, 0);
	channel_close(&f.channel, f.pool);
	ATF_REQUIRE(fcntl(f.from.fd, F_GETFD) != -1);
	ATF_REQUIRE(fcntl(f.to.fd, F_GETFD) != -1);
	close_fixture(&f);
	ATF_REQUIRE_EQ(before, unit_descriptors());
}
CASE_ALSO_AFTER_BULK(descriptors_kept)

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, half_close);
	ATF_TP_ADD_TC(tp, last_end);
	ATF_TP_ADD_TC(tp, eof_while_blocked);
	ATF_TP_ADD_TC(tp, close_while_blocked);
	ATF_TP_ADD_TC(tp, blocked_is_quiet);
	ATF_TP_ADD_TC(tp, source_reset);
	ATF_TP_ADD_TC(tp, source_reset_while_blocked);
	ATF_TP_ADD_TC(tp, closed_unread);
	ATF_TP_ADD_TC(tp, closed_unread_keeps_bytes);
	ATF_TP_ADD_TC(tp, close_with_pending);
	ATF_TP_ADD_TC(tp, descriptors_kept);
	return atf_no_error();
}
