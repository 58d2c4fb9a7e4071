/*
 * Tests of event.h: descriptors become ready, and are wanted or not.
 * Not here: ends and errors (event_end_test.c), event_short_read_test.c.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <atf-c.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "event_fixture.h"
#include "sockets.h"

static void
check_readiness(int ours, int peer)
{
	struct watch w;

	watch_open(&w, ours, note_bits, EVENT_READ | EVENT_WRITE);
	w.disable = EVENT_WRITE;
	run_until(&w, EVENT_WRITE);
	ATF_CHECK_EQ(0, w.seen & EVENT_READ);
	put(peer, "x", 1);
	run_until(&w, EVENT_READ);
	ATF_CHECK_EQ(0, w.seen & ~(EVENT_READ | EVENT_WRITE));
	event_io_close(loop, &w.io);
	ATF_CHECK_EQ(-1, w.io.fd);
	ATF_CHECK_EQ(-1, fcntl(ours, F_GETFD));
	close(peer);
}

ATF_TC_WITHOUT_HEAD(sockets_become_ready);
ATF_TC_BODY(sockets_become_ready, tc)
{
	int fds[2];

	set_up();
	unix_pair(fds);
	check_readiness(fds[0], fds[1]);
	pair(fds, true);
	check_readiness(fds[0], fds[1]);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(pipes_become_ready);
ATF_TC_BODY(pipes_become_ready, tc)
{
	struct watch from, to;
	int fds[2];

	set_up();
	ATF_REQUIRE_EQ(0, pipe(fds));
	unblock(fds[0]);
	unblock(fds[1]);
	watch_open(&from, fds[0], note_bits, EVENT_READ);
	watch_open(&to, fds[1], note_bits, EVENT_WRITE);
	run_until(&to, EVENT_WRITE);
	ATF_CHECK_EQ(0, from.calls);
	put(fds[1], "x", 1);
	run_until(&from, EVENT_READ);
	ATF_CHECK_EQ(1, drain(fds[0]));
	event_io_close(loop, &to.io);
	run_until(&from, EVENT_READ);
	event_io_close(loop, &from.io);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(listener_becomes_readable);
ATF_TC_BODY(listener_becomes_readable, tc)
{
	struct sockaddr_in sin;
	struct watch w;
	int client, fd, i;

	set_up();
	fd = tcp_bound(&sin);
	unblock(fd);
	ATF_REQUIRE_EQ(0, listen(fd, 4));
	watch_open(&w, fd, note_bits, EVENT_READ);
	run_quietly(1);
	ATF_CHECK_EQ(0, w.calls);
	for (i = 0; i < 3; i++) {
		client = tcp_client(&sin);
		run_until(&w, EVENT_READ);
		close(client);
		client = accept(fd, NULL, NULL);
		ATF_REQUIRE(client != -1);
		close(client);
	}
	event_io_close(loop, &w.io);
	tear_down();
}

/* What is not used up comes again without anything new from the system. */
ATF_TC_WITHOUT_HEAD(partial_read_is_called_again);
ATF_TC_BODY(partial_read_is_called_again, tc)
{
	struct watch w;
	int fds[2];

	set_up();
	unix_pair(fds);
	put(fds[1], "0123456789", 10);
	watch_open(&w, fds[0], read_chunk, EVENT_READ);
	w.chunk = 1;
	w.stop_bytes = 10;
	run();
	ATF_CHECK_EQ(10, w.calls);
	run_quietly(QUIET_MS);
	ATF_CHECK(w.calls <= 11);
	event_io_close(loop, &w.io);
	close(fds[1]);
	tear_down();
}

/* A short read drains; no call until something comes, and then one. */
ATF_TC_WITHOUT_HEAD(short_read_drains);
ATF_TC_BODY(short_read_drains, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	for (i = 0; i < 2; i++) {
		pair(fds, i == 1);
		watch_open(&w, fds[0], read_chunk, EVENT_READ);
		put(fds[1], "0123456789", 10);
		w.stop_bytes = 10;
		run();
		run_quietly(QUIET_MS);
		ATF_CHECK_EQ(1, w.calls);
		ATF_CHECK_EQ(10, w.bytes);
		ATF_CHECK_EQ(0, w.io.ready & EVENT_READ);
		/* TCP may keep it back until the first was acknowledged. */
		put(fds[1], "0123456789", 10);
		w.stop_bytes = 20;
		run();
		run_quietly(QUIET_MS);
		ATF_CHECK_EQ(2, w.calls);
		ATF_CHECK_EQ(20, w.bytes);
		event_io_close(loop, &w.io);
		close(fds[1]);
	}
	tear_down();
}

static void
disable_once(struct event_io *io, unsigned bits)
{
	record(io->owner, bits);
	event_io_disable(loop, io, EVENT_READ | EVENT_WRITE);
	event_loop_stop(loop);
}

ATF_TC_WITHOUT_HEAD(disabled_watch_remembers);
ATF_TC_BODY(disabled_watch_remembers, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	unix_pair(fds);
	put(fds[1], "x", 1);
	watch_open(&w, fds[0], disable_once, EVENT_READ);
	run();
	for (i = 2; i < 5; i++) {
		run_quietly(2);
		ATF_CHECK_EQ(i - 1, w.calls);
		ATF_REQUIRE_EQ(0, event_io_enable(loop, &w.io, EVENT_READ));
		run();
		ATF_CHECK_EQ(i, w.calls);
	}
	ATF_REQUIRE_EQ(0, event_io_enable(loop, &w.io, EVENT_WRITE));
	run();
	ATF_CHECK_EQ(EVENT_READ | EVENT_WRITE, w.seen);
	event_io_close(loop, &w.io);
	close(fds[1]);
	tear_down();
}

/* Arrivals while nothing is wanted make no call, and are there afterwards. */
ATF_TC_WITHOUT_HEAD(disabled_watch_is_not_called);
ATF_TC_BODY(disabled_watch_is_not_called, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	unix_pair(fds);
	watch_open(&w, fds[0], read_chunk, EVENT_READ | EVENT_WRITE);
	event_io_disable(loop, &w.io, EVENT_READ | EVENT_WRITE);
	for (i = 0; i < 20; i++) {
		put(fds[1], "x", 1);
		put(fds[0], "y", 1);
		ATF_CHECK_EQ(1, drain(fds[1]));
		run_quietly(0);
	}
	ATF_CHECK_EQ(0, w.calls);
	ATF_REQUIRE_EQ(0, event_io_enable(loop, &w.io, EVENT_READ));
	w.stop_bytes = 20;
	run();
	ATF_REQUIRE_EQ(0, event_io_enable(loop, &w.io, EVENT_WRITE));
	run_until(&w, EVENT_WRITE);
	event_io_close(loop, &w.io);
	close(fds[1]);
	tear_down();
}

/* Full until nothing has become writable for a while; then empty the peer. */
struct filling {
	struct watch w;
	struct event_timer quiet;
	int peer;
	bool emptying;
	size_t sent, got;
};

static void
on_quiet(struct event_timer *t)
{
	struct filling *f;

	f = (struct filling *)(void *)((char *)t -
	    offsetof(struct filling, quiet));
	f->emptying = true;
	f->got += drain(f->peer);
	ATF_REQUIRE_EQ(0, event_timer_set(loop, t, 1));
}

static void
fill_again(struct event_io *io, unsigned bits)
{
	struct filling *f;

	f = io->owner;
	record(&f->w, bits);
	if (f->emptying) {
		event_loop_stop(loop);
		return;
	}
	f->sent += fill(io->fd);
	event_io_drained(io, EVENT_WRITE);
	ATF_REQUIRE_EQ(0, event_timer_set(loop, &f->quiet, QUIET_MS));
}

static void
check_filling(bool tcp)
{
	struct filling f = { .emptying = false };
	int fds[2];

	pair(fds, tcp);
	watch_init(&f.w, fds[0], fill_again);
	f.w.io.owner = &f;
	f.peer = fds[1];
	event_timer_init(&f.quiet, on_quiet);
	f.sent = fill(fds[0]);
	ATF_CHECK(f.sent > 0);
	event_io_drained(&f.w.io, EVENT_WRITE);
	ATF_REQUIRE_EQ(0, event_io_enable(loop, &f.w.io, EVENT_WRITE));
	ATF_REQUIRE_EQ(0, event_timer_set(loop, &f.quiet, QUIET_MS));
	run();
	ATF_CHECK(f.got > 0);
	ATF_CHECK(send(fds[0], "x", 1, MSG_NOSIGNAL) == 1);
	event_timer_cancel(loop, &f.quiet);
	event_io_close(loop, &f.w.io);
	close(fds[1]);
}

ATF_TC_WITHOUT_HEAD(full_unix_socket_becomes_writable);
ATF_TC_BODY(full_unix_socket_becomes_writable, tc)
{
	set_up();
	check_filling(false);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(full_tcp_socket_becomes_writable);
ATF_TC_BODY(full_tcp_socket_becomes_writable, tc)
{
	set_up();
	check_filling(true);
	tear_down();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, sockets_become_ready);
	ATF_TP_ADD_TC(tp, pipes_become_ready);
	ATF_TP_ADD_TC(tp, listener_becomes_readable);
	ATF_TP_ADD_TC(tp, partial_read_is_called_again);
	ATF_TP_ADD_TC(tp, short_read_drains);
	ATF_TP_ADD_TC(tp, disabled_watch_remembers);
	ATF_TP_ADD_TC(tp, disabled_watch_is_not_called);
	ATF_TP_ADD_TC(tp, full_unix_socket_becomes_writable);
	ATF_TP_ADD_TC(tp, full_tcp_socket_becomes_writable);
	return atf_no_error();
}
