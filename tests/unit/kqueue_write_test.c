/*
 * Tests of kqueue(2): the write filter, as FreeBSD, NetBSD and OpenBSD have
 * it.  They ask the system itself, and on Linux its double in tests/kqueue.
 * Not here: ends and errors (kqueue_end_test.c); how much room is enough,
 * which is the system's own business.
 */
#include "kqueue_fixture.h"

static void
check_empty(bool tcp)
{
	struct kevent ev;
	int fds[2];

	pair(fds, tcp);
	add(fds[0], EVFILT_WRITE, EV_CLEAR);
	ev = NEXT();
	ATF_CHECK_EQ((uintptr_t)fds[0], ev.ident);
	ATF_CHECK(ev.filter == EVFILT_WRITE);
	ATF_CHECK_EQ(0, ev.flags & (EV_EOF | EV_ERROR));
	ATF_CHECK_EQ(0, ev.fflags);
	ATF_CHECK(ev.data > 0);
	NOTHING();
	/* What comes in is nothing to it. */
	put(fds[1], "12345");
	NOTHING();
	drop(fds[0], EVFILT_WRITE);
	add(fds[0], EVFILT_WRITE, 0);
	ATF_CHECK(NEXT().data > 0);
	ATF_CHECK(NEXT().data > 0);
	close_both(fds);
}

ATF_TC_WITHOUT_HEAD(empty_is_writable);
ATF_TC_BODY(empty_is_writable, tc)
{
	set_up();
	check_empty(false);
	check_empty(true);
}

static void
check_full(unsigned flags)
{
	size_t length;
	int fds[2];

	pair(fds, false);
	add(fds[0], EVFILT_WRITE, flags);
	length = fill(fds[0]);
	/* It may have been reported before; now it is not writable. */
	NOTHING();
	drain(fds[1], length);
	ATF_CHECK(NEXT().data > 0);
	drop(fds[0], EVFILT_WRITE);
	length = fill(fds[0]);
	add(fds[0], EVFILT_WRITE, flags);
	NOTHING();
	drain(fds[1], length);
	ATF_CHECK(NEXT().data > 0);
	close_both(fds);
}

/* Of a Unix socket: TCP moves octets on to its peer, and has room again. */
ATF_TC_WITHOUT_HEAD(full_is_not_writable);
ATF_TC_BODY(full_is_not_writable, tc)
{
	set_up();
	check_full(0);
	check_full(EV_CLEAR);
}

/*
 * Writing until EAGAIN and waiting for the event gets everything through,
 * however small the pieces are that the peer takes.
 */
static void
check_pieces(bool tcp, size_t piece)
{
	static const char zeros[4096];
	struct kevent list[ROOM];
	size_t sent, got, total;
	char bytes[4096];
	int fds[2], idle;
	bool blocked;
	ssize_t n;

	total = 262144;
	sent = got = 0;
	blocked = false;
	pair(fds, tcp);
	add(fds[0], EVFILT_WRITE, EV_CLEAR);
	for (idle = 0; got < total && idle < GUARD_S * 100; idle++) {
		while (!blocked && sent < total) {
			n = send(fds[0], zeros, sizeof(zeros), MSG_NOSIGNAL);
			blocked = n == -1;
			ATF_REQUIRE(n > 0 || errno == EAGAIN);
			if (n > 0)
				sent += (size_t)n;
		}
		n = recv(fds[1], bytes, piece, 0);
		ATF_REQUIRE(n > 0 || errno == EAGAIN);
		if (n > 0) {
			got += (size_t)n;
			idle = 0;
		}
		if (poll_queue(list, n > 0 ? 0 : 10000000) == 0)
			continue;
		/* Who is told so can write. */
		blocked = false;
		if (sent >= total)
			continue;
		n = send(fds[0], zeros, sizeof(zeros), MSG_NOSIGNAL);
		ATF_CHECK_MSG(n > 0, "reported, but full: %s", strerror(errno));
		if (n > 0)
			sent += (size_t)n;
	}
	ATF_CHECK(got >= total);
	close_both(fds);
}

ATF_TC_WITHOUT_HEAD(no_room_is_missed);
ATF_TC_BODY(no_room_is_missed, tc)
{
	set_up();
	check_pieces(false, 512);
	check_pieces(false, 4096);
	check_pieces(true, 512);
	check_pieces(true, 4096);
}

/* Each filter of a descriptor lives and is reported by itself. */
ATF_TC_WITHOUT_HEAD(filters_are_apart);
ATF_TC_BODY(filters_are_apart, tc)
{
	struct kevent both[2], list[ROOM];
	int fds[2], i, n;

	set_up();
	pair(fds, false);
	put(fds[1], "1");
	EV_SET(&both[0], (uintptr_t)fds[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0,
	    0, (void *)&tags[0]);
	EV_SET(&both[1], (uintptr_t)fds[0], EVFILT_WRITE, EV_ADD | EV_CLEAR, 0,
	    0, (void *)&tags[1]);
	ATF_REQUIRE_EQ(0, kevent(kq, both, 2, NULL, 0, NULL));
	n = poll_queue(list, QUIET_NS);
	ATF_REQUIRE_EQ(2, n);
	ATF_CHECK(list[0].filter != list[1].filter);
	for (i = 0; i < n; i++)
		ATF_CHECK_EQ((char *)list[i].udata,
		    &tags[list[i].filter == EVFILT_READ ? 0 : 1]);
	put(fds[1], "2");
	ATF_CHECK(NEXT().filter == EVFILT_READ);
	NOTHING();
	drop(fds[0], EVFILT_WRITE);
	put(fds[1], "3");
	ATF_CHECK(NEXT().filter == EVFILT_READ);
	drop(fds[0], EVFILT_READ);
	put(fds[1], "4");
	NOTHING();
	close_both(fds);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, empty_is_writable);
	ATF_TP_ADD_TC(tp, full_is_not_writable);
	ATF_TP_ADD_TC(tp, no_room_is_missed);
	ATF_TP_ADD_TC(tp, filters_are_apart);
	return atf_no_error();
}
