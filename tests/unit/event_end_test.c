/*
 * Tests of event.h: end of file, hang-up, reset.
 * Not here: what a watch that is closed may see (event_close_test.c).
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <atf-c.h>
#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "event_fixture.h"

/* What the callbacks of one case share. */
static int phase;

/* A TCP peer that closes now sends a reset. */
static void
reset_by(int fd)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	ATF_REQUIRE_EQ(
	    0, setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	close(fd);
}

ATF_TC_WITHOUT_HEAD(hung_up_peer_does_not_spin);
ATF_TC_BODY(hung_up_peer_does_not_spin, tc)
{
	struct watch w[4];
	int fds[4][2], i;

	set_up();
	for (i = 0; i < 3; i++)
		pair(fds[i], i == 2);
	ATF_REQUIRE_EQ(0, pipe(fds[3]));
	watch_open(&w[0], fds[0][0], note_bits, 0);
	watch_open(&w[1], fds[1][0], note_bits, EVENT_READ | EVENT_WRITE);
	watch_open(&w[2], fds[2][0], note_bits, EVENT_READ | EVENT_WRITE);
	watch_open(&w[3], fds[3][0], note_bits, 0);
	for (i = 0; i < 4; i++) {
		event_io_disable(loop, &w[i].io, EVENT_READ | EVENT_WRITE);
		close(fds[i][1]);
	}
	check_quiet_cpu();
	for (i = 0; i < 4; i++) {
		ATF_CHECK_EQ(0, w[i].calls);
		event_io_close(loop, &w[i].io);
	}
	tear_down();
}

ATF_TC_WITHOUT_HEAD(own_shutdown_does_not_spin);
ATF_TC_BODY(own_shutdown_does_not_spin, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	for (i = 0; i < 2; i++) {
		pair(fds, i == 1);
		watch_open(&w, fds[0], read_chunk, EVENT_READ | EVENT_WRITE);
		event_io_disable(loop, &w.io, EVENT_WRITE);
		ATF_REQUIRE_EQ(0, shutdown(fds[0], SHUT_WR));
		check_quiet_cpu();
		ATF_CHECK(!w.eof);
		ATF_CHECK_EQ(0, w.failure);
		put(fds[1], "answer", 6);
		w.stop_bytes = 6;
		run();
		close(fds[1]);
		run();
		ATF_CHECK(w.eof);
		event_io_close(loop, &w.io);
	}
	tear_down();
}

ATF_TC_WITHOUT_HEAD(reset_is_reported_unasked);
ATF_TC_BODY(reset_is_reported_unasked, tc)
{
	struct watch w;
	int fds[2];

	set_up();
	pair(fds, true);
	watch_open(&w, fds[0], note_bits, 0);
	put(fds[1], "unread", 6);
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(0, w.calls);
	reset_by(fds[1]);
	run_until(&w, EVENT_ERROR);
	ATF_CHECK_EQ(EVENT_ERROR, w.seen);
	check_quiet_cpu();
	ATF_CHECK_MSG(w.errors <= 2, "%d errors", w.errors);
	event_io_close(loop, &w.io);
	tear_down();
}

/* The error comes besides what is wanted, and reads and writes fail. */
ATF_TC_WITHOUT_HEAD(reset_is_reported_to_a_reader);
ATF_TC_BODY(reset_is_reported_to_a_reader, tc)
{
	struct watch w;
	int fds[2];

	set_up();
	pair(fds, true);
	watch_open(&w, fds[0], read_chunk, EVENT_READ);
	run_quietly(0);
	reset_by(fds[1]);
	run();
	ATF_CHECK_EQ(ECONNRESET, w.failure);
	ATF_CHECK_EQ(EVENT_READ | EVENT_ERROR, w.seen);
	event_io_close(loop, &w.io);
	tear_down();
}

/* A full socket whose peer resets: the writer must learn of it. */
ATF_TC_WITHOUT_HEAD(reset_wakes_a_writer);
ATF_TC_BODY(reset_wakes_a_writer, tc)
{
	struct watch w;
	int fds[2];

	set_up();
	pair(fds, true);
	fill(fds[0]);
	watch_open(&w, fds[0], note_bits, EVENT_WRITE);
	reset_by(fds[1]);
	run_until(&w, EVENT_WRITE | EVENT_ERROR);
	ATF_CHECK_EQ(-1, send(fds[0], "x", 1, MSG_NOSIGNAL));
	event_io_close(loop, &w.io);
	tear_down();
}

static void
check_eof(bool tcp, size_t chunk, bool close_it)
{
	static const char bytes[1000];
	struct watch w;
	int fds[2];

	pair(fds, tcp);
	watch_open(&w, fds[0], read_chunk, EVENT_READ);
	w.chunk = chunk;
	put(fds[1], bytes, sizeof(bytes));
	if (close_it)
		close(fds[1]);
	else
		ATF_REQUIRE_EQ(0, shutdown(fds[1], SHUT_WR));
	run();
	ATF_CHECK_EQ(sizeof(bytes), w.bytes);
	ATF_CHECK(w.eof);
	ATF_CHECK_EQ(0, w.errors);
	event_io_close(loop, &w.io);
	if (!close_it)
		close(fds[1]);
}

ATF_TC_WITHOUT_HEAD(end_of_file_stands_behind_unread_bytes);
ATF_TC_BODY(end_of_file_stands_behind_unread_bytes, tc)
{
	static const size_t chunks[] = { 64, 1000, 1001, 4096 };
	size_t i;

	set_up();
	for (i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
		check_eof(false, chunks[i], false);
		check_eof(false, chunks[i], true);
		check_eof(true, chunks[i], false);
		check_eof(true, chunks[i], true);
	}
	tear_down();
}

/* The end arrives after a short read, in the very callback that reads. */
static void
end_behind_read(struct event_io *io, unsigned bits)
{
	read_chunk(io, bits);
	if (phase != -1) {
		ATF_REQUIRE_EQ(0, shutdown(phase, SHUT_WR));
		phase = -1;
	}
}

static void
end_before_read(struct event_io *io, unsigned bits)
{
	if (phase != -1) {
		put(phase, "more", 4);
		ATF_REQUIRE_EQ(0, shutdown(phase, SHUT_WR));
		phase = -1;
	}
	read_chunk(io, bits);
}

ATF_TC_WITHOUT_HEAD(end_of_file_in_the_middle_of_a_callback);
ATF_TC_BODY(end_of_file_in_the_middle_of_a_callback, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	for (i = 0; i < 4; i++) {
		pair(fds, i & 1);
		put(fds[1], "data", 4);
		phase = fds[1];
		watch_open(&w, fds[0],
		    i & 2 ? end_before_read : end_behind_read, EVENT_READ);
		run();
		ATF_CHECK(w.eof);
		ATF_CHECK_EQ(i & 2 ? 8 : 4, w.bytes);
		event_io_close(loop, &w.io);
		close(fds[1]);
	}
	tear_down();
}

/*
 * The last bytes, the end of file and the reset have all arrived before the
 * loop looks: a reader may see a clean end, so the error must be reported.
 */
ATF_TC_WITHOUT_HEAD(end_of_file_and_reset_at_once);
ATF_TC_BODY(end_of_file_and_reset_at_once, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	for (i = 0; i < 2; i++) {
		pair(fds, true);
		watch_open(&w, fds[0], read_chunk, i == 0 ? EVENT_READ : 0);
		put(fds[1], "last", 4);
		ATF_REQUIRE_EQ(0, shutdown(fds[1], SHUT_WR));
		reset_by(fds[1]);
		if (i == 0)
			run();
		else
			run_until(&w, EVENT_ERROR);
		ATF_CHECK(w.errors >= 1);
		ATF_CHECK(i == 1 || w.eof || w.failure != 0);
		event_io_close(loop, &w.io);
	}
	tear_down();
}

/* After a clean end of file nothing is wanted; a reset is reported still. */
ATF_TC_WITHOUT_HEAD(reset_after_end_of_file);
ATF_TC_BODY(reset_after_end_of_file, tc)
{
	struct watch w;
	int fds[2];

	set_up();
	pair(fds, true);
	watch_open(&w, fds[0], read_chunk, EVENT_READ);
	ATF_REQUIRE_EQ(0, shutdown(fds[1], SHUT_WR));
	run();
	ATF_CHECK(w.eof);
	ATF_CHECK_EQ(0, w.errors);
	reset_by(fds[1]);
	run_until(&w, EVENT_ERROR);
	event_io_close(loop, &w.io);
	tear_down();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, hung_up_peer_does_not_spin);
	ATF_TP_ADD_TC(tp, own_shutdown_does_not_spin);
	ATF_TP_ADD_TC(tp, reset_is_reported_unasked);
	ATF_TP_ADD_TC(tp, reset_is_reported_to_a_reader);
	ATF_TP_ADD_TC(tp, reset_wakes_a_writer);
	ATF_TP_ADD_TC(tp, end_of_file_stands_behind_unread_bytes);
	ATF_TP_ADD_TC(tp, end_of_file_in_the_middle_of_a_callback);
	ATF_TP_ADD_TC(tp, end_of_file_and_reset_at_once);
	ATF_TP_ADD_TC(tp, reset_after_end_of_file);
	return atf_no_error();
}
