/*
 * Tests of channel.h: a destination that is gone, or reads no more.
 * Not here: what ends at the source (channel_end_test.c).
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <atf-c.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "channel_checks.h"
#include "channel_fixture.h"

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
CASE_ALSO_AFTER_BULK(eof_to_nobody)

/* What still comes is dropped, up to its end. */
static void
require_write_failed(struct fixture *f)
{
	uint64_t bytes;

	wait_state(f, CHANNEL_WRITE_FAILED);
	ATF_REQUIRE_MSG(
	    f->channel.error == EPIPE || f->channel.error == ECONNRESET, "%s",
	    strerror(f->channel.error));
	bytes = f->channel.bytes;
	ATF_REQUIRE_EQ(0, f->to.want);
	ATF_REQUIRE_EQ(0, channel_pending(&f->channel));
	ATF_REQUIRE_EQ(0, shutdown(f->source, SHUT_WR));
	while (f->from.want != 0)
		turn(f, 1);
	ATF_REQUIRE(f->channel.eof);
	ATF_REQUIRE_EQ(bytes, f->channel.bytes);
	ATF_REQUIRE_EQ(0, channel_pending(&f->channel));
	ATF_REQUIRE_EQ(CHANNEL_WRITE_FAILED, f->channel.state);
}

/* From one whose sending never comes to an end by itself. */
ATF_TC_WITHOUT_HEAD(drops_what_comes);
ATF_TC_BODY(drops_what_comes, tc)
{
	struct fixture f;
	int i;

	open_fixture(&f, TCP, UNIX, 0);
	close(f.sink);
	f.sink = -1;
	feed(&f, 10);
	wait_state(&f, CHANNEL_WRITE_FAILED);
	for (i = 0; i < 100; i++) {
		feed(&f, 100000);
		turn(&f, 8);
	}
	require_write_failed(&f);
	close_fixture(&f);
}

/* A Unix socket tells its peer. */
ATF_TC_WITHOUT_HEAD(tells_who_sends);
ATF_TC_BODY(tells_who_sends, tc)
{
	struct fixture f;

	open_fixture(&f, UNIX, UNIX, 0);
	close(f.sink);
	f.sink = -1;
	feed(&f, 10);
	wait_state(&f, CHANNEL_WRITE_FAILED);
	ATF_CHECK_ERRNO(EPIPE, send(f.source, "x", 1, MSG_NOSIGNAL) == -1);
	close_fixture(&f);
}

/* Known otherwise than from a write. */
ATF_TC_WITHOUT_HEAD(refused);
ATF_TC_BODY(refused, tc)
{
	struct fixture f;

	open_fixture(&f, TCP, TCP, 16384);
	fill_up(&f);
	ATF_REQUIRE(channel_pending(&f.channel) > 0);
	channel_refuse(&f.channel, &f.ends, EPIPE);
	require_write_failed(&f);
	close_fixture(&f);
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
CASE_ALSO_AFTER_BULK(destination_closed)

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
CASE_ALSO_AFTER_BULK(destination_closed_while_blocked)

/* NetBSD goes on sending to a Unix socket that reads no more. */
static void
skip_unless_told_of_readers_end(void)
{
	ssize_t n;
	int fds[2];

	unix_pair(fds);
	ATF_REQUIRE_EQ(0, shutdown(fds[1], SHUT_RD));
	n = send(fds[0], "", 1, MSG_NOSIGNAL);
	close(fds[0]);
	close(fds[1]);
	if (n == 1)
		atf_tc_skip("who reads no more is still sent to here");
}

/* A destination that shut down reading only still has something to say. */
ATF_TC_WITHOUT_HEAD(destination_reads_no_more);
ATF_TC_BODY(destination_reads_no_more, tc)
{
	struct fixture f;

	skip_unless_told_of_readers_end();
	open_fixture(&f, UNIX, UNIX, 0);
	ATF_REQUIRE_EQ(0, shutdown(f.sink, SHUT_RD));
	feed(&f, 10);
	require_write_failed(&f);
	say(f.sink, f.to.fd, &f);
	close_fixture(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, eof_to_nobody);
	ATF_TP_ADD_TC(tp, drops_what_comes);
	ATF_TP_ADD_TC(tp, tells_who_sends);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, destination_closed);
	ATF_TP_ADD_TC(tp, destination_closed_while_blocked);
	ATF_TP_ADD_TC(tp, destination_reads_no_more);
	return atf_no_error();
}
