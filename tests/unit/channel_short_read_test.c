/*
 * Tests of channel.h: passed descriptors and urgent data, which cut a read.
 * Not here: what the loop makes of them (event_short_read_test.c).
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <atf-c.h>
#include <unistd.h>

#include "../lib/pass.h"
#include "channel_checks.h"
#include "channel_fixture.h"
#include "unit.h"

/* Send n octets and pass a descriptor along. */
static void
feed_descriptor(struct fixture *f, size_t n, int fd)
{
	char data[64];
	size_t i;

	ATF_REQUIRE(n <= sizeof(data));
	for (i = 0; i < n; i++)
		data[i] = octet(f->sent + i);
	ATF_REQUIRE_EQ(n, (size_t)pass_descriptor(f->source, data, n, fd));
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

ATF_TC_WITHOUT_HEAD(passed_descriptors_after_bulk);
ATF_TC_BODY(passed_descriptors_after_bulk, tc)
{
	unsigned pattern;

	after_bulk = true;
	for (pattern = 0; pattern < 32; pattern++) {
		pass_descriptors(UNIX, pattern, pattern * 5 % 32);
		pass_descriptors(TCP, pattern, pattern * 7 % 32);
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

/* splice(2) stops at urgent data and reports nothing to read. */
ATF_TC_WITHOUT_HEAD(urgent_after_bulk);
ATF_TC_BODY(urgent_after_bulk, tc)
{
	unsigned pattern;

	if (!splices(TCP, UNIX))
		atf_tc_skip("no splice(2) here");
	after_bulk = true;
	for (pattern = 0; pattern < 64; pattern++) {
		send_urgent(TCP, UNIX, pattern, pattern * 11 % 64);
		send_urgent(TCP, TCP, pattern, pattern * 13 % 64);
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
	unsigned pattern;
	int pair[2];

	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	if (send(pair[0], "x", 1, MSG_OOB | MSG_NOSIGNAL) == -1)
		atf_tc_skip("no urgent data on Unix sockets here");
	close(pair[0]);
	close(pair[1]);
	send_urgent_patterns(UNIX);
	after_bulk = true;
	for (pattern = 0; pattern < 64; pattern += 3) {
		send_urgent(UNIX, UNIX, pattern, pattern * 11 % 64);
		send_urgent(UNIX, TCP, pattern, pattern * 13 % 64);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, passed_descriptors);
	ATF_TP_ADD_TC(tp, passed_descriptors_blocked);
	ATF_TP_ADD_TC(tp, passed_descriptors_after_bulk);
	ATF_TP_ADD_TC(tp, urgent_after_bulk);
	ATF_TP_ADD_TC(tp, urgent_tcp);
	ATF_TP_ADD_TC(tp, urgent_unix);
	return atf_no_error();
}
