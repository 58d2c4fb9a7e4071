/*
 * Tests of kqueue(2): the read filter, as FreeBSD, NetBSD and OpenBSD have it.
 * They ask the system itself, and on Linux its double in tests/kqueue.
 * Not here: ends and errors (kqueue_end_test.c).
 */
#include "kqueue_fixture.h"

static void
check_registered_late(bool tcp, unsigned flags)
{
	struct kevent ev;
	int fds[2];

	pair(fds, tcp);
	put(fds[1], "12345");
	arrived(fds[0], 5);
	ATF_REQUIRE_EQ(
	    0, change(fds[0], EVFILT_READ, EV_ADD | flags, &tags[2]));
	ev = NEXT();
	ATF_CHECK_EQ((uintptr_t)fds[0], ev.ident);
	ATF_CHECK(ev.filter == EVFILT_READ);
	ATF_CHECK_EQ(0, ev.flags & (EV_EOF | EV_ERROR));
	ATF_CHECK_EQ(0, ev.fflags);
	ATF_CHECK_EQ(5, ev.data);
	ATF_CHECK_EQ(&tags[2], (char *)ev.udata);
	close_both(fds);
}

ATF_TC_WITHOUT_HEAD(what_is_there_already_is_reported);
ATF_TC_BODY(what_is_there_already_is_reported, tc)
{
	set_up();
	check_registered_late(false, 0);
	check_registered_late(false, EV_CLEAR);
	check_registered_late(true, 0);
	check_registered_late(true, EV_CLEAR);
}

static void
check_clear(bool tcp)
{
	int fds[2];

	pair(fds, tcp);
	add(fds[0], EVFILT_READ, EV_CLEAR);
	NOTHING();
	put(fds[1], "12345");
	ATF_CHECK_EQ(5, NEXT().data);
	NOTHING();
	/* To read a part of it is no event, in neither direction. */
	get(fds[0], 2);
	NOTHING();
	/* What arrives then is one, for all that is queued. */
	put(fds[1], "678");
	ATF_CHECK_EQ(6, NEXT().data);
	get(fds[0], 6);
	NOTHING();
	close_both(fds);
}

ATF_TC_WITHOUT_HEAD(cleared_reports_each_arrival_once);
ATF_TC_BODY(cleared_reports_each_arrival_once, tc)
{
	set_up();
	check_clear(false);
	check_clear(true);
}

static void
check_level(bool tcp)
{
	int fds[2], i;

	pair(fds, tcp);
	add(fds[0], EVFILT_READ, 0);
	NOTHING();
	put(fds[1], "12345");
	arrived(fds[0], 5);
	for (i = 5; i > 0; i--) {
		ATF_CHECK_EQ(i, NEXT().data);
		get(fds[0], 1);
	}
	NOTHING();
	close_both(fds);
}

ATF_TC_WITHOUT_HEAD(level_reports_while_there_is_something);
ATF_TC_BODY(level_reports_while_there_is_something, tc)
{
	set_up();
	check_level(false);
	check_level(true);
}

/* Several arrivals are one event; the filter runs again at retrieval. */
static void
check_retrieval(bool tcp, unsigned flags)
{
	struct kevent list[ROOM];
	int fds[2];

	pair(fds, tcp);
	add(fds[0], EVFILT_READ, flags);
	put(fds[1], "12");
	put(fds[1], "345");
	arrived(fds[0], 5);
	ATF_CHECK_EQ(1, poll_queue(list, QUIET_NS));
	ATF_CHECK_EQ(5, list[0].data);
	get(fds[0], 5);
	put(fds[1], "678");
	arrived(fds[0], 3);
	get(fds[0], 3);
	NOTHING();
	put(fds[1], "90");
	ATF_CHECK_EQ(2, NEXT().data);
	close_both(fds);
}

ATF_TC_WITHOUT_HEAD(filter_runs_at_retrieval);
ATF_TC_BODY(filter_runs_at_retrieval, tc)
{
	set_up();
	check_retrieval(false, 0);
	check_retrieval(false, EV_CLEAR);
	check_retrieval(true, 0);
	check_retrieval(true, EV_CLEAR);
}

/* Adding again runs the filter, so that a cleared state comes back. */
ATF_TC_WITHOUT_HEAD(added_again_is_reported_again);
ATF_TC_BODY(added_again_is_reported_again, tc)
{
	struct kevent ev;
	int fds[2], i;

	set_up();
	for (i = 0; i < 2; i++) {
		pair(fds, i == 1);
		add(fds[0], EVFILT_READ, EV_CLEAR);
		put(fds[1], "12345");
		(void)NEXT();
		NOTHING();
		ATF_REQUIRE_EQ(0,
		    change(fds[0], EVFILT_READ, EV_ADD | EV_CLEAR, &tags[1]));
		ev = NEXT();
		ATF_CHECK_EQ(5, ev.data);
		ATF_CHECK_EQ(&tags[1], (char *)ev.udata);
		NOTHING();
		close_both(fds);
	}
}

/* EV_CLEAR belongs to the first adding. */
ATF_TC_WITHOUT_HEAD(added_again_keeps_its_trigger);
ATF_TC_BODY(added_again_keeps_its_trigger, tc)
{
	int fds[2];

	set_up();
	pair(fds, false);
	put(fds[1], "1");
	add(fds[0], EVFILT_READ, EV_CLEAR);
	add(fds[0], EVFILT_READ, 0);
	(void)NEXT();
	NOTHING();
	close_both(fds);
	pair(fds, false);
	put(fds[1], "1");
	add(fds[0], EVFILT_READ, 0);
	add(fds[0], EVFILT_READ, EV_CLEAR);
	(void)NEXT();
	(void)NEXT();
	close_both(fds);
}

/* A listener counts connections, from the first to the last. */
ATF_TC_WITHOUT_HEAD(listener_counts_connections);
ATF_TC_BODY(listener_counts_connections, tc)
{
	struct sockaddr_in sin;
	struct kevent ev;
	int clients[3], listener, fd, i;

	set_up();
	require_tcp_info();
	listener = tcp_bound(&sin);
	ATF_REQUIRE_EQ(0, listen(listener, 8));
	unblock(listener);
	add(listener, EVFILT_READ, 0);
	NOTHING();
	for (i = 0; i < 3; i++)
		clients[i] = tcp_client(&sin);
	/* The last may still be on its way from one queue to the other. */
	do
		ev = NEXT();
	while (ev.data < 3);
	for (i = 3; i > 0; i--) {
		ev = NEXT();
		ATF_CHECK_EQ(i, ev.data);
		ATF_CHECK_EQ(0, ev.flags & EV_EOF);
		fd = accept(listener, NULL, NULL);
		ATF_REQUIRE(fd != -1);
		close(fd);
	}
	NOTHING();
	for (i = 0; i < 3; i++)
		close(clients[i]);
}

ATF_TC_WITHOUT_HEAD(pipe_counts_octets);
ATF_TC_BODY(pipe_counts_octets, tc)
{
	struct kevent ev;
	char bytes[8];
	int fds[2];

	set_up();
	ATF_REQUIRE_EQ(0, pipe(fds));
	add(fds[0], EVFILT_READ, EV_CLEAR);
	NOTHING();
	ATF_REQUIRE_EQ(3, write(fds[1], "123", 3));
	ATF_CHECK_EQ(3, NEXT().data);
	NOTHING();
	ATF_REQUIRE_EQ(1, write(fds[1], "4", 1));
	ATF_CHECK_EQ(4, NEXT().data);
	ATF_REQUIRE_EQ(4, read(fds[0], bytes, sizeof(bytes)));
	NOTHING();
	close(fds[1]);
	ev = NEXT();
	ATF_CHECK(ev.flags & EV_EOF);
	ATF_CHECK_EQ(0, ev.data);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, what_is_there_already_is_reported);
	ATF_TP_ADD_TC(tp, cleared_reports_each_arrival_once);
	ATF_TP_ADD_TC(tp, level_reports_while_there_is_something);
	ATF_TP_ADD_TC(tp, filter_runs_at_retrieval);
	ATF_TP_ADD_TC(tp, added_again_is_reported_again);
	ATF_TP_ADD_TC(tp, added_again_keeps_its_trigger);
	ATF_TP_ADD_TC(tp, listener_counts_connections);
	ATF_TP_ADD_TC(tp, pipe_counts_octets);
	return atf_no_error();
}
