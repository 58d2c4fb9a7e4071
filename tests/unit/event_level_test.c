/*
 * Tests of event.h: level-triggered watches, and events that nobody wants.
 * Not here: what edge-triggered watches report (event_ready_test.c).
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <atf-c.h>
#include <string.h>
#include <unistd.h>

#include "event_fixture.h"
#include "sockets.h"

#define LEVEL (EVENT_READ | EVENT_LEVEL)

/* One octet a call, and not a word to the loop about what is left. */
static void
read_octet(struct event_io *io, unsigned bits)
{
	struct watch *w;
	char byte;

	w = io->owner;
	record(w, bits);
	if (read(io->fd, &byte, 1) == 1)
		w->bytes++;
	if (w->stop_bytes != 0 && w->bytes >= w->stop_bytes)
		event_loop_stop(loop);
}

static void
check_level(bool tcp)
{
	struct watch w;
	uint64_t round;
	int fds[2];

	pair(fds, tcp);
	put(fds[1], "12345", 5);
	watch_open(&w, fds[0], read_octet, LEVEL);
	round = event_round(loop);
	w.stop_bytes = 5;
	run();
	ATF_CHECK_EQ(5, w.calls);
	ATF_CHECK(event_round(loop) >= round + 5);
	w.stop_bytes = 0;
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(5, w.calls);
	put(fds[1], "6", 1);
	w.stop_bytes = 6;
	run();
	ATF_CHECK_EQ(6, w.calls);
	ATF_CHECK_EQ(EVENT_READ, w.seen);
	event_io_close(loop, &w.io);
	close(fds[1]);
}

ATF_TC_WITHOUT_HEAD(comes_again_while_it_holds);
ATF_TC_BODY(comes_again_while_it_holds, tc)
{
	set_up();
	check_level(false);
	check_level(true);
	tear_down();
}

static void
accept_chunk(struct event_io *io, unsigned bits)
{
	struct watch *w;
	int fd;

	w = io->owner;
	record(w, bits);
	fd = accept(io->fd, NULL, NULL);
	ATF_REQUIRE_MSG(fd != -1, "called with an empty backlog");
	close(fd);
	if (w->calls == 3)
		event_loop_stop(loop);
}

/* One accept(2) for each, and none that fails. */
ATF_TC_WITHOUT_HEAD(listener_is_called_once_each);
ATF_TC_BODY(listener_is_called_once_each, tc)
{
	struct sockaddr_in sin;
	struct watch w;
	int clients[3], fd, i;

	set_up();
	fd = tcp_bound(&sin);
	ATF_REQUIRE_EQ(0, listen(fd, 8));
	unblock(fd);
	watch_open(&w, fd, accept_chunk, LEVEL);
	for (i = 0; i < 3; i++)
		clients[i] = tcp_client(&sin);
	run();
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(3, w.calls);
	event_io_close(loop, &w.io);
	for (i = 0; i < 3; i++)
		close(clients[i]);
	tear_down();
}

/* It is ready all the time, and nobody wants to know. */
ATF_TC_WITHOUT_HEAD(disabled_does_not_spin);
ATF_TC_BODY(disabled_does_not_spin, tc)
{
	struct watch w;
	uint64_t round;
	int fds[2], i;

	set_up();
	pair(fds, false);
	watch_open(&w, fds[0], read_octet, LEVEL);
	for (i = 1; i <= 3; i++) {
		event_io_disable(loop, &w.io, EVENT_READ);
		put(fds[1], "x", 1);
		round = event_round(loop);
		run_quietly(QUIET_MS);
		ATF_CHECK(event_round(loop) <= round + 3);
		ATF_CHECK_EQ(i - 1, w.calls);
		ATF_REQUIRE_EQ(0, event_io_enable(loop, &w.io, LEVEL));
		w.stop_bytes = (size_t)i;
		run();
		ATF_CHECK_EQ(i, w.calls);
	}
	/* A peer that hangs up is no reason either. */
	event_io_disable(loop, &w.io, EVENT_READ);
	close(fds[1]);
	round = event_round(loop);
	run_quietly(QUIET_MS);
	ATF_CHECK(event_round(loop) <= round + 3);
	event_io_remove(loop, &w.io);
	close(fds[0]);
	tear_down();
}

static struct watch other;

static void
disable_other(struct event_io *io, unsigned bits)
{
	record(io->owner, bits);
	(void)drain(io->fd);
	event_io_drained(io, EVENT_READ);
	event_io_disable(loop, &other.io, EVENT_READ);
}

static void
disable_first(struct event_io *io, unsigned bits)
{
	struct watch *w;

	w = io->owner;
	record(w, bits);
	event_io_disable(loop, io, EVENT_READ);
}

/* Disabled between its report and its call, or by its call. */
ATF_TC_WITHOUT_HEAD(disabled_is_not_called);
ATF_TC_BODY(disabled_is_not_called, tc)
{
	struct watch w;
	int first[2], second[2];

	set_up();
	pair(first, false);
	pair(second, false);
	watch_open(&w, first[0], disable_other, EVENT_READ);
	watch_open(&other, second[0], disable_first, LEVEL);
	put(first[1], "x", 1);
	put(second[1], "x", 1);
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(1, w.calls);
	ATF_CHECK(other.calls <= 1);
	other.calls = 0;
	ATF_REQUIRE_EQ(0, event_io_enable(loop, &other.io, LEVEL));
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(1, other.calls);
	event_io_close(loop, &w.io);
	event_io_close(loop, &other.io);
	tear_down();
}

/*
 * A Unix socket is reported writable each time its peer reads.  Who has
 * waited for that once is not woken by it for ever.
 */
ATF_TC_WITHOUT_HEAD(unwanted_writability_is_disarmed);
ATF_TC_BODY(unwanted_writability_is_disarmed, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	pair(fds, false);
	watch_open(&w, fds[0], note_bits, EVENT_READ | EVENT_WRITE);
	w.disable = EVENT_WRITE;
	run_until(&w, EVENT_WRITE);
	for (i = 0; i < 20; i++) {
		put(fds[0], "x", 1);
		ATF_REQUIRE_EQ(1, drain(fds[1]));
		run_quietly(1);
	}
	ATF_CHECK_EQ(EVENT_READ, w.io.armed);
	event_io_close(loop, &w.io);
	tear_down();
}

/* Something that is reported for writing, or for reading. */
static void
stir(int fd, int peer, bool writing)
{
	if (!writing) {
		put(peer, "x", 1);
		return;
	}
	put(fd, "x", 1);
	ATF_REQUIRE_EQ(1, drain(peer));
}

/*
 * A report that nobody wants comes while the system cannot be told so, the
 * descriptor being closed and its open file not: it is told the next time.
 */
static void
check_disarmed_later(unsigned wanted, bool writing, unsigned left)
{
	struct watch w;
	int fds[2], i, saved;

	pair(fds, false);
	watch_open(&w, fds[0], note_bits, wanted);
	if (writing)
		run_until(&w, EVENT_WRITE);
	event_io_disable(loop, &w.io, wanted);
	saved = dup(fds[0]);
	ATF_REQUIRE(saved != -1);
	close(fds[0]);
	w.calls = 0;
	for (i = 0; i < 3; i++) {
		stir(saved, fds[1], writing);
		run_quietly(1);
		ATF_CHECK_EQ(wanted, w.io.armed);
	}
	ATF_REQUIRE_EQ(fds[0], dup2(saved, fds[0]));
	stir(saved, fds[1], writing);
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(left, w.io.armed);
	ATF_CHECK_EQ(0, w.calls);
	event_io_remove(loop, &w.io);
	close(saved);
	close(fds[0]);
	close(fds[1]);
}

ATF_TC_WITHOUT_HEAD(disarmed_when_possible);
ATF_TC_BODY(disarmed_when_possible, tc)
{
	if (strcmp(event_backend_name, "epoll") != 0)
		atf_tc_skip("a closed descriptor is out of the set here");
	set_up();
	check_disarmed_later(LEVEL, false, 0);
	check_disarmed_later(EVENT_READ | EVENT_WRITE, true, EVENT_READ);
	tear_down();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, comes_again_while_it_holds);
	ATF_TP_ADD_TC(tp, listener_is_called_once_each);
	ATF_TP_ADD_TC(tp, disabled_does_not_spin);
	ATF_TP_ADD_TC(tp, disabled_is_not_called);
	ATF_TP_ADD_TC(tp, unwanted_writability_is_disarmed);
	ATF_TP_ADD_TC(tp, disarmed_when_possible);
	return atf_no_error();
}
