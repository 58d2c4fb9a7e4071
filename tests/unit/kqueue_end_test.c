/*
 * Tests of kqueue(2): end of file, hang-up, reset and refusal, as FreeBSD,
 * NetBSD and OpenBSD have them.  They ask the system itself, and on Linux its
 * double in tests/kqueue.
 * Not here: what the relay makes of it (event_end_test.c).
 */
#include "kqueue_fixture.h"

static void
check_half_close(bool tcp, unsigned flags)
{
	struct kevent ev;
	int fds[2];

	pair(fds, tcp);
	add(fds[0], EVFILT_READ, flags);
	put(fds[1], "12345");
	ATF_REQUIRE_EQ(0, shutdown(fds[1], SHUT_WR));
	ev = NEXT_END(EVFILT_READ);
	ATF_CHECK_EQ(5, ev.data);
	ATF_CHECK_EQ(0, ev.fflags);
	get(fds[0], 5);
	if (flags & EV_CLEAR)
		NOTHING();
	else {
		ev = NEXT();
		ATF_CHECK(ev.flags & EV_EOF);
		ATF_CHECK_EQ(0, ev.data);
	}
	/* Not the other way. */
	drop(fds[0], EVFILT_READ);
	add(fds[0], EVFILT_WRITE, 0);
	ev = NEXT();
	ATF_CHECK_EQ(0, ev.flags & EV_EOF);
	put(fds[0], "answer");
	arrived(fds[1], 6);
	close_both(fds);
}

ATF_TC_WITHOUT_HEAD(half_close_counts_what_is_unread);
ATF_TC_BODY(half_close_counts_what_is_unread, tc)
{
	set_up();
	check_half_close(false, 0);
	check_half_close(false, EV_CLEAR);
	check_half_close(true, 0);
	check_half_close(true, EV_CLEAR);
}

static void
check_own_shutdown(bool tcp, unsigned flags)
{
	struct kevent ev;
	int fds[2];

	pair(fds, tcp);
	add(fds[0], EVFILT_READ, flags);
	add(fds[0], EVFILT_WRITE, flags);
	ATF_CHECK_EQ(0, NEXT().flags & EV_EOF);
	ATF_REQUIRE_EQ(0, shutdown(fds[0], SHUT_WR));
	ev = NEXT_END(EVFILT_WRITE);
	ATF_CHECK_EQ(0, ev.fflags);
	drop(fds[0], EVFILT_WRITE);
	NOTHING();
	put(fds[1], "answer");
	ev = NEXT();
	ATF_CHECK(ev.filter == EVFILT_READ);
	ATF_CHECK_EQ(0, ev.flags & EV_EOF);
	ATF_CHECK_EQ(6, ev.data);
	close_both(fds);
}

ATF_TC_WITHOUT_HEAD(own_shutdown_ends_writing);
ATF_TC_BODY(own_shutdown_ends_writing, tc)
{
	set_up();
	check_own_shutdown(false, 0);
	check_own_shutdown(false, EV_CLEAR);
}

ATF_TC_WITHOUT_HEAD(own_shutdown_ends_writing_of_tcp);
ATF_TC_BODY(own_shutdown_ends_writing_of_tcp, tc)
{
	set_up();
	require_tcp_info();
	check_own_shutdown(true, 0);
	check_own_shutdown(true, EV_CLEAR);
}

/* A Unix peer that has gone has gone for both filters, and is no error. */
static void
check_unix_close(unsigned flags)
{
	struct kevent ev;
	int fds[2], i;

	pair(fds, false);
	add(fds[0], EVFILT_READ, flags);
	put(fds[1], "12345");
	close(fds[1]);
	ev = NEXT_END(EVFILT_READ);
	ATF_CHECK_EQ(5, ev.data);
	ATF_CHECK_EQ(0, ev.fflags);
	drop(fds[0], EVFILT_READ);
	add(fds[0], EVFILT_WRITE, flags);
	for (i = flags & EV_CLEAR ? 1 : 2; i > 0; i--) {
		ev = NEXT();
		ATF_CHECK(ev.flags & EV_EOF);
		ATF_CHECK_EQ(0, ev.fflags);
	}
	if (flags & EV_CLEAR)
		NOTHING();
	ATF_CHECK_EQ(-1, send(fds[0], "x", 1, MSG_NOSIGNAL));
	ATF_CHECK_EQ(EPIPE, errno);
	close(fds[0]);
}

ATF_TC_WITHOUT_HEAD(unix_close_ends_both);
ATF_TC_BODY(unix_close_ends_both, tc)
{
	set_up();
	check_unix_close(0);
	check_unix_close(EV_CLEAR);
}

/* A writer that waits for room must learn that there will never be any. */
ATF_TC_WITHOUT_HEAD(close_wakes_a_writer);
ATF_TC_BODY(close_wakes_a_writer, tc)
{
	int fds[2], i;

	set_up();
	for (i = 0; i < 2; i++) {
		pair(fds, false);
		(void)fill(fds[0]);
		add(fds[0], EVFILT_WRITE, i == 0 ? 0 : EV_CLEAR);
		NOTHING();
		close(fds[1]);
		ATF_CHECK(NEXT().flags & EV_EOF);
		close(fds[0]);
	}
}

/* A TCP peer that has closed is not told from one that half-closed ... */
ATF_TC_WITHOUT_HEAD(tcp_close_ends_reading);
ATF_TC_BODY(tcp_close_ends_reading, tc)
{
	struct kevent ev;
	int fds[2];

	set_up();
	pair(fds, true);
	add(fds[0], EVFILT_READ, 0);
	close(fds[1]);
	(void)NEXT_END(EVFILT_READ);
	drop(fds[0], EVFILT_READ);
	add(fds[0], EVFILT_WRITE, 0);
	ATF_CHECK_EQ(0, NEXT().flags & EV_EOF);
	/* ... until what it is sent makes it reset. */
	put(fds[0], "x");
	ev = NEXT_END(EVFILT_WRITE);
	ATF_CHECK(ev.fflags != 0);
	close(fds[0]);
}

static void
check_reset(short filter, unsigned flags)
{
	struct kevent ev;
	char bytes[8];
	int fds[2];

	pair(fds, true);
	put(fds[1], "12345");
	arrived(fds[0], 5);
	add(fds[0], filter, flags);
	ATF_CHECK_EQ(0, NEXT().flags & EV_EOF);
	reset_by(fds[1]);
	ev = NEXT_END(filter);
	ATF_CHECK_EQ(ECONNRESET, (int)ev.fflags);
	if (filter == EVFILT_READ)
		ATF_CHECK_EQ(5, ev.data);
	if (flags & EV_CLEAR)
		NOTHING();
	/* What came before it can be read; the error is told once. */
	get(fds[0], 5);
	ATF_CHECK_EQ(-1, recv(fds[0], bytes, sizeof(bytes), 0));
	ATF_CHECK_EQ(ECONNRESET, errno);
	ATF_CHECK_EQ(0, recv(fds[0], bytes, sizeof(bytes), 0));
	if (!(flags & EV_CLEAR)) {
		ev = NEXT();
		ATF_CHECK(ev.flags & EV_EOF);
		ATF_CHECK_EQ(0, ev.fflags);
	}
	close(fds[0]);
}

ATF_TC_WITHOUT_HEAD(reset_ends_both_with_an_error);
ATF_TC_BODY(reset_ends_both_with_an_error, tc)
{
	set_up();
	check_reset(EVFILT_READ, 0);
	check_reset(EVFILT_READ, EV_CLEAR);
	check_reset(EVFILT_WRITE, 0);
	check_reset(EVFILT_WRITE, EV_CLEAR);
}

/* A reset that comes after the end of file is reported as well. */
ATF_TC_WITHOUT_HEAD(reset_after_end_of_file);
ATF_TC_BODY(reset_after_end_of_file, tc)
{
	struct kevent ev;
	int fds[2], i;

	set_up();
	for (i = 0; i < 2; i++) {
		pair(fds, true);
		add(fds[0], EVFILT_READ, EV_CLEAR);
		ATF_REQUIRE_EQ(0, shutdown(fds[1], SHUT_WR));
		ev = NEXT_END(EVFILT_READ);
		ATF_CHECK_EQ(0, ev.fflags);
		if (i == 1)
			ATF_CHECK_EQ(0, recv(fds[0], tags, sizeof(tags), 0));
		NOTHING();
		reset_by(fds[1]);
		ev = NEXT();
		ATF_CHECK(ev.flags & EV_EOF);
		ATF_CHECK_EQ(ECONNRESET, (int)ev.fflags);
		close(fds[0]);
	}
}

/* Returns 0, or errno of connect(2). */
static int
connect_to(int fd, const struct sockaddr_in *sin)
{
	return connect(fd, (const struct sockaddr *)sin, sizeof(*sin)) == 0
	    ? 0
	    : errno;
}

ATF_TC_WITHOUT_HEAD(refused_connection_ends_with_an_error);
ATF_TC_BODY(refused_connection_ends_with_an_error, tc)
{
	struct sockaddr_in sin;
	struct kevent ev;
	int fd, error;

	set_up();
	fd = tcp_refused(&sin);
	error = connect_to(fd, &sin);
	if (error == EINPROGRESS) {
		add(fd, EVFILT_WRITE, EV_CLEAR);
		ev = NEXT();
		ATF_CHECK(ev.flags & EV_EOF);
		ATF_CHECK(ev.fflags != 0);
		error = pending_error(fd);
	}
	ATF_CHECK_EQ(ECONNREFUSED, error);
	close(fd);
}

ATF_TC_WITHOUT_HEAD(made_connection_is_writable);
ATF_TC_BODY(made_connection_is_writable, tc)
{
	struct sockaddr_in sin;
	struct kevent ev;
	int listener, fd, error;

	set_up();
	listener = tcp_bound(&sin);
	ATF_REQUIRE_EQ(0, listen(listener, 1));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE(fd != -1);
	unblock(fd);
	error = connect_to(fd, &sin);
	ATF_REQUIRE(error == 0 || error == EINPROGRESS);
	add(fd, EVFILT_READ, EV_CLEAR);
	add(fd, EVFILT_WRITE, EV_CLEAR);
	ev = NEXT();
	ATF_CHECK(ev.filter == EVFILT_WRITE);
	ATF_CHECK_EQ(0, ev.flags & EV_EOF);
	ATF_CHECK_EQ(0, ev.fflags);
	ATF_CHECK_EQ(0, pending_error(fd));
	put(fd, "x");
	close(fd);
	close(listener);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, half_close_counts_what_is_unread);
	ATF_TP_ADD_TC(tp, own_shutdown_ends_writing);
	ATF_TP_ADD_TC(tp, own_shutdown_ends_writing_of_tcp);
	ATF_TP_ADD_TC(tp, unix_close_ends_both);
	ATF_TP_ADD_TC(tp, close_wakes_a_writer);
	ATF_TP_ADD_TC(tp, tcp_close_ends_reading);
	ATF_TP_ADD_TC(tp, reset_ends_both_with_an_error);
	ATF_TP_ADD_TC(tp, reset_after_end_of_file);
	ATF_TP_ADD_TC(tp, refused_connection_ends_with_an_error);
	ATF_TP_ADD_TC(tp, made_connection_is_writable);
	return atf_no_error();
}
