/*
 * Tests of event.h: reads that end short before the queue is empty.
 * Not here: a short read that empties it (event_ready_test.c).
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <atf-c.h>
#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "../lib/pass.h"
#include "event_fixture.h"
#include "sockets.h"

/* What the callbacks of one case share. */
static int phase;

/* The descriptor itself, in a message's ancillary data. */
static void
put_with_descriptor(int fd, const char *bytes, size_t length)
{
	ATF_REQUIRE_EQ((ssize_t)length, pass_descriptor(fd, bytes, length, fd));
}

ATF_TC_WITHOUT_HEAD(passed_descriptors_cut_a_read);
ATF_TC_BODY(passed_descriptors_cut_a_read, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	for (i = 0; i < 2; i++) {
		unix_pair(fds);
		watch_init(&w, fds[0], read_chunk);
		if (i == 1)
			ATF_REQUIRE_EQ(
			    0, event_io_enable(loop, &w.io, EVENT_READ));
		put(fds[1], "ab", 2);
		put_with_descriptor(fds[1], "cd", 2);
		put(fds[1], "ef", 2);
		put_with_descriptor(fds[1], "gh", 2);
		put_with_descriptor(fds[1], "ij", 2);
		put(fds[1], "kl", 2);
		if (i == 0)
			ATF_REQUIRE_EQ(
			    0, event_io_enable(loop, &w.io, EVENT_READ));
		w.stop_bytes = 12;
		run();
		ATF_CHECK_EQ(12, w.bytes);
		ATF_CHECK(w.calls > 1);
		event_io_close(loop, &w.io);
		close(fds[1]);
	}
	tear_down();
}

static void
put_urgent(int fd)
{
	ssize_t n;

	put(fd, "abc", 3);
	n = send(fd, "!", 1, MSG_OOB);
	if (n == -1 && errno == EOPNOTSUPP)
		atf_tc_skip("no urgent data here");
	ATF_REQUIRE_EQ(1, n);
	put(fd, "def", 3);
}

static void
check_urgent(bool tcp, bool registered)
{
	struct watch w;
	int fds[2];

	pair(fds, tcp);
	watch_init(&w, fds[0], read_chunk);
	if (registered)
		ATF_REQUIRE_EQ(0, event_io_enable(loop, &w.io, EVENT_READ));
	put_urgent(fds[1]);
	if (!registered)
		ATF_REQUIRE_EQ(0, event_io_enable(loop, &w.io, EVENT_READ));
	w.stop_bytes = 6;
	run();
	ATF_CHECK_EQ(6, w.bytes);
	put(fds[1], "ghi", 3);
	w.stop_bytes = 9;
	run();
	ATF_CHECK_EQ(9, w.bytes);
	event_io_close(loop, &w.io);
	close(fds[1]);
}

ATF_TC_WITHOUT_HEAD(urgent_tcp_data_cut_a_read);
ATF_TC_BODY(urgent_tcp_data_cut_a_read, tc)
{
	set_up();
	check_urgent(true, false);
	check_urgent(true, true);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(urgent_unix_data_cut_a_read);
ATF_TC_BODY(urgent_unix_data_cut_a_read, tc)
{
	set_up();
	check_urgent(false, false);
	check_urgent(false, true);
	tear_down();
}

/* The mark arrives between the report and the read. */
static void
urgent_before_read(struct event_io *io, unsigned bits)
{
	if (phase != -1) {
		put_urgent(phase);
		phase = -1;
	}
	read_chunk(io, bits);
}

ATF_TC_WITHOUT_HEAD(urgent_data_in_the_middle_of_a_callback);
ATF_TC_BODY(urgent_data_in_the_middle_of_a_callback, tc)
{
	struct watch w;
	int fds[2];

	set_up();
	pair(fds, true);
	put(fds[1], "123", 3);
	phase = fds[1];
	watch_open(&w, fds[0], urgent_before_read, EVENT_READ);
	w.stop_bytes = 9;
	run();
	ATF_CHECK_EQ(9, w.bytes);
	event_io_close(loop, &w.io);
	close(fds[1]);
	tear_down();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, passed_descriptors_cut_a_read);
	ATF_TP_ADD_TC(tp, urgent_tcp_data_cut_a_read);
	ATF_TP_ADD_TC(tp, urgent_unix_data_cut_a_read);
	ATF_TP_ADD_TC(tp, urgent_data_in_the_middle_of_a_callback);
	return atf_no_error();
}
