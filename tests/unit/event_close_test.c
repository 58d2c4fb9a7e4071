/*
 * Tests of event.h: watches that are closed, freed, removed and added again.
 * Not here: timers that are freed (event_timer_test.c).
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "event_fixture.h"
#include "sockets.h"

/* What the callbacks of one case share. */
static int phase;
static struct watch *both[2];

static struct watch *victims[10];

/* Whoever comes first closes and frees all the others. */
static void
close_others(struct event_io *io, unsigned bits)
{
	int i;

	(void)bits;
	phase++;
	for (i = 0; i < 10; i++) {
		if (&victims[i]->io == io)
			continue;
		event_io_close(loop, &victims[i]->io);
		spoil_and_free(victims[i], sizeof(*victims[i]));
		victims[i] = NULL;
	}
	event_io_drained(io, bits);
	io->on_ready = note_bits;
}

ATF_TC_WITHOUT_HEAD(others_closed_in_a_batch);
ATF_TC_BODY(others_closed_in_a_batch, tc)
{
	int i, peers[10];

	set_up();
	phase = 0;
	for (i = 0; i < 10; i++)
		victims[i] = allocate_ready(close_others, &peers[i]);
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(1, phase);
	for (i = 0; i < 10; i++) {
		close(peers[i]);
		if (victims[i] == NULL)
			continue;
		event_io_close(loop, &victims[i]->io);
		free(victims[i]);
	}
	tear_down();
}

static void
close_itself(struct event_io *io, unsigned bits)
{
	(void)bits;
	phase++;
	event_io_close(loop, io);
	spoil_and_free(io->owner, sizeof(struct watch));
}

ATF_TC_WITHOUT_HEAD(itself_closed_in_a_callback);
ATF_TC_BODY(itself_closed_in_a_callback, tc)
{
	int i, peers[10];

	set_up();
	phase = 0;
	for (i = 0; i < 10; i++)
		allocate_ready(close_itself, &peers[i]);
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(10, phase);
	for (i = 0; i < 10; i++) {
		ATF_CHECK_EQ(-1, send(peers[i], "x", 1, MSG_NOSIGNAL));
		close(peers[i]);
	}
	tear_down();
}

static struct watch reused;
static int reused_peer;

/* Close the other watch of the batch and give its number to a new one. */
static void
reuse_number(struct event_io *io, unsigned bits)
{
	struct watch *other;
	int fds[2], number;

	event_io_drained(io, bits);
	if (phase++ > 0)
		return;
	other = both[io->owner == both[0]];
	number = other->io.fd;
	event_io_close(loop, &other->io);
	unix_pair(fds);
	if (fds[0] != number) {
		ATF_REQUIRE_EQ(number, dup2(fds[0], number));
		close(fds[0]);
	}
	reused_peer = fds[1];
	watch_open(&reused, number, read_chunk, EVENT_READ);
}

ATF_TC_WITHOUT_HEAD(number_reused_in_a_batch);
ATF_TC_BODY(number_reused_in_a_batch, tc)
{
	int peers[2], i;

	set_up();
	phase = 0;
	for (i = 0; i < 2; i++)
		both[i] = allocate_ready(reuse_number, &peers[i]);
	run_quietly(QUIET_MS);
	ATF_REQUIRE_EQ(1, phase);
	ATF_CHECK_EQ(0, reused.calls);
	put(reused_peer, "x", 1);
	reused.stop_bytes = 1;
	run();
	ATF_CHECK_EQ(1, reused.bytes);
	ATF_CHECK_EQ(1, phase);
	event_io_close(loop, &reused.io);
	close(reused_peer);
	for (i = 0; i < 2; i++) {
		event_io_close(loop, &both[i]->io);
		free(both[i]);
		close(peers[i]);
	}
	tear_down();
}

ATF_TC_WITHOUT_HEAD(number_reused_again_and_again);
ATF_TC_BODY(number_reused_again_and_again, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	for (i = 0; i < 200; i++) {
		pair(fds, i % 3 == 0);
		watch_open(&w, fds[i & 1], read_chunk,
		    i % 5 == 0 ? EVENT_READ | EVENT_WRITE : EVENT_READ);
		put(fds[!(i & 1)], "x", 1);
		w.stop_bytes = 1;
		run();
		ATF_REQUIRE_EQ(1, w.bytes);
		event_io_close(loop, &w.io);
		close(fds[!(i & 1)]);
	}
	tear_down();
}

ATF_TC_WITHOUT_HEAD(removed_watch_stays_open);
ATF_TC_BODY(removed_watch_stays_open, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	unix_pair(fds);
	watch_open(&w, fds[0], note_bits, EVENT_READ | EVENT_WRITE);
	w.disable = EVENT_WRITE;
	for (i = 0; i < 3; i++) {
		put(fds[1], "x", 1);
		run_until(&w, EVENT_READ);
		event_io_remove(loop, &w.io);
		w.calls = 0;
		put(fds[1], "y", 1);
		run_quietly(QUIET_MS);
		ATF_CHECK_EQ(0, w.calls);
		ATF_CHECK(fcntl(fds[0], F_GETFD) != -1);
		put(fds[0], "z", 1);
		ATF_REQUIRE_EQ(0, event_io_enable(loop, &w.io, EVENT_READ));
		run_until(&w, EVENT_READ);
		ATF_CHECK_EQ(2, drain(fds[0]));
		ATF_REQUIRE_EQ(0, event_io_enable(loop, &w.io, EVENT_WRITE));
		run_until(&w, EVENT_WRITE);
	}
	event_io_remove(loop, &w.io);
	event_io_remove(loop, &w.io);
	event_io_close(loop, &w.io);
	event_io_close(loop, &w.io);
	close(fds[1]);
	tear_down();
}

static void
remove_itself(struct event_io *io, unsigned bits)
{
	record(io->owner, bits);
	event_io_remove(loop, io);
	if (phase-- > 0)
		ATF_REQUIRE_EQ(0, event_io_enable(loop, io, EVENT_READ));
}

ATF_TC_WITHOUT_HEAD(removed_and_added_in_a_callback);
ATF_TC_BODY(removed_and_added_in_a_callback, tc)
{
	struct watch w;
	int fds[2];

	set_up();
	phase = 3;
	unix_pair(fds);
	put(fds[1], "x", 1);
	watch_open(&w, fds[0], remove_itself, EVENT_READ);
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(4, w.calls);
	event_io_close(loop, &w.io);
	close(fds[1]);
	tear_down();
}

/* What was known of the old peer's end must not be believed of a new one. */
ATF_TC_WITHOUT_HEAD(removed_watch_forgets);
ATF_TC_BODY(removed_watch_forgets, tc)
{
	struct watch w;
	int fds[2], again[2];

	set_up();
	unix_pair(fds);
	unix_pair(again);
	watch_open(&w, fds[0], read_chunk, EVENT_READ);
	close(fds[1]);
	run();
	ATF_CHECK(w.eof);
	event_io_remove(loop, &w.io);
	ATF_REQUIRE_EQ(fds[0], dup2(again[0], fds[0]));
	close(again[0]);
	w.eof = false;
	w.calls = 0;
	ATF_REQUIRE_EQ(0, event_io_enable(loop, &w.io, EVENT_READ));
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(0, w.calls);
	put(again[1], "x", 1);
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(1, w.bytes);
	ATF_CHECK_EQ(1, w.calls);
	event_io_close(loop, &w.io);
	close(again[1]);
	tear_down();
}

/* Descriptors 20 to 25 are open; close these two, and no others. */
static void
check_close_both(int first, int second)
{
	struct watch a, b;
	int fd, fds[2];

	pair(fds, false);
	for (fd = 20; fd <= 25; fd++)
		ATF_REQUIRE_EQ(fd, dup2(fds[0], fd));
	put(fds[1], "x", 1);
	watch_init(&a, first, note_bits);
	watch_init(&b, second, note_bits);
	if (first != -1)
		ATF_REQUIRE_EQ(0, event_io_enable(loop, &a.io, EVENT_READ));
	if (second != -1)
		ATF_REQUIRE_EQ(0, event_io_enable(loop, &b.io, EVENT_READ));
	event_io_close_both(loop, &a.io, &b.io);
	ATF_CHECK_EQ(-1, a.io.fd);
	ATF_CHECK_EQ(-1, b.io.fd);
	for (fd = 20; fd <= 25; fd++) {
		ATF_CHECK_EQ_MSG(fd != first && fd != second,
		    fcntl(fd, F_GETFD) != -1, "%d of %d and %d", fd, first,
		    second);
		close(fd);
	}
	/* Only the last of the descriptors takes them out of the kernel. */
	close(fds[0]);
	close(fds[1]);
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(0, a.calls);
	ATF_CHECK_EQ(0, b.calls);
}

ATF_TC_WITHOUT_HEAD(two_closed_together);
ATF_TC_BODY(two_closed_together, tc)
{
	set_up();
	check_close_both(22, 23);
	check_close_both(23, 22);
	check_close_both(21, 24);
	check_close_both(22, -1);
	check_close_both(-1, 22);
	check_close_both(-1, -1);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(bad_descriptor_is_refused);
ATF_TC_BODY(bad_descriptor_is_refused, tc)
{
	struct watch w;
	int fds[2];

	set_up();
	unix_pair(fds);
	close(fds[0]);
	watch_init(&w, fds[0], note_bits);
	ATF_CHECK_ERRNO(EBADF, event_io_enable(loop, &w.io, EVENT_READ) == -1);
	ATF_CHECK_EQ(0, w.io.want);
	run_quietly(0);
	ATF_CHECK_EQ(0, w.calls);
	close(fds[1]);
	tear_down();
}

/* Another process has it open still, as a copy is. */
ATF_TC_WITHOUT_HEAD(shared_open_file);
ATF_TC_BODY(shared_open_file, tc)
{
	struct watch *w;
	int copy, peer;

	set_up();
	w = allocate_ready(note_bits, &peer);
	copy = dup(w->io.fd);
	ATF_REQUIRE(copy != -1);
	w->io.shared = true;
	event_io_close(loop, &w->io);
	put(peer, "y", 1);
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(0, w->io.ready);
	ATF_CHECK_EQ(0, w->io.queued);
	close(copy);
	close(peer);
	free(w);
	tear_down();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, others_closed_in_a_batch);
	ATF_TP_ADD_TC(tp, itself_closed_in_a_callback);
	ATF_TP_ADD_TC(tp, number_reused_in_a_batch);
	ATF_TP_ADD_TC(tp, number_reused_again_and_again);
	ATF_TP_ADD_TC(tp, removed_watch_stays_open);
	ATF_TP_ADD_TC(tp, removed_and_added_in_a_callback);
	ATF_TP_ADD_TC(tp, removed_watch_forgets);
	ATF_TP_ADD_TC(tp, two_closed_together);
	ATF_TP_ADD_TC(tp, shared_open_file);
	ATF_TP_ADD_TC(tp, bad_descriptor_is_refused);
	return atf_no_error();
}
