/*
 * Tests of kqueue(2): changes, errors, time-outs, and descriptors that go, as
 * FreeBSD, NetBSD and OpenBSD have them.  They ask the system itself, and on
 * Linux its double in tests/kqueue.
 * Not here: what the filters say (kqueue_read_test.c, kqueue_write_test.c).
 */
#include <sys/wait.h>

#include <stdlib.h>
#include <time.h>

#include "kqueue_fixture.h"

static void
check_refused(int fd, short filter, unsigned flags, int error)
{
	struct kevent kev, list[ROOM];

	ATF_CHECK_EQ(-1, change(fd, filter, flags, NULL));
	ATF_CHECK_EQ(error, errno);
	/* Where there is room for it, the error is an event. */
	EV_SET(&kev, (uintptr_t)fd, filter, (unsigned short)flags, 0, 0, NULL);
	ATF_REQUIRE_EQ(1, kevent(kq, &kev, 1, list, ROOM, NULL));
	ATF_CHECK(list[0].flags & EV_ERROR);
	ATF_CHECK_EQ(error, list[0].data);
	ATF_CHECK_EQ((uintptr_t)fd, list[0].ident);
}

ATF_TC_WITHOUT_HEAD(unknown_is_refused);
ATF_TC_BODY(unknown_is_refused, tc)
{
	const struct timespec now = { .tv_sec = 0, .tv_nsec = 0 };
	struct kevent ev;
	int fds[2];

	set_up();
	pair(fds, false);
	check_refused(fds[0], EVFILT_READ, EV_DELETE, ENOENT);
	add(fds[0], EVFILT_READ, EV_CLEAR);
	check_refused(fds[0], EVFILT_WRITE, EV_DELETE, ENOENT);
	drop(fds[0], EVFILT_READ);
	check_refused(fds[0], EVFILT_READ, EV_DELETE, ENOENT);
	ATF_CHECK_EQ(-1, kevent(fds[0], NULL, 0, &ev, 1, &now));
	ATF_CHECK_EQ(EBADF, errno);
	close_both(fds);
	check_refused(fds[0], EVFILT_READ, EV_ADD, EBADF);
	check_refused(fds[0], EVFILT_READ, EV_DELETE, EBADF);
}

/* An error that finds room does not keep the other changes from being made. */
ATF_TC_WITHOUT_HEAD(change_after_an_error_is_made);
ATF_TC_BODY(change_after_an_error_is_made, tc)
{
	struct kevent changes[2], list[ROOM];
	int fds[2];

	set_up();
	pair(fds, false);
	put(fds[1], "1");
	EV_SET(&changes[0], (uintptr_t)fds[0], EVFILT_WRITE, EV_DELETE, 0, 0,
	    NULL);
	EV_SET(&changes[1], (uintptr_t)fds[0], EVFILT_READ, EV_ADD, 0, 0, NULL);
	ATF_REQUIRE_EQ(1, kevent(kq, changes, 2, list, ROOM, NULL));
	ATF_CHECK(list[0].flags & EV_ERROR);
	ATF_CHECK(NEXT().filter == EVFILT_READ);
	close_both(fds);
}

ATF_TC_WITHOUT_HEAD(changes_come_before_events);
ATF_TC_BODY(changes_come_before_events, tc)
{
	struct kevent kev;
	int fds[2];

	set_up();
	pair(fds, false);
	put(fds[1], "1");
	EV_SET(&kev, (uintptr_t)fds[0], EVFILT_READ, EV_ADD | EV_CLEAR, 0, 0,
	    (void *)&tags[3]);
	/* One list for both is allowed. */
	ATF_REQUIRE_EQ(1, kevent(kq, &kev, 1, &kev, 1, NULL));
	ATF_CHECK_EQ(0, kev.flags & EV_ERROR);
	ATF_CHECK_EQ(1, kev.data);
	ATF_CHECK_EQ(&tags[3], (char *)kev.udata);
	NOTHING();
	close_both(fds);
}

/* What has no room in the list comes with the next, and none comes twice. */
ATF_TC_WITHOUT_HEAD(more_events_than_room);
ATF_TC_BODY(more_events_than_room, tc)
{
	bool seen[6] = { false };
	int fds[3][2], i, which;
	struct kevent ev;

	set_up();
	for (i = 0; i < 3; i++) {
		pair(fds[i], false);
		put(fds[i][1], "1");
		add(fds[i][0], EVFILT_READ, EV_CLEAR);
		add(fds[i][0], EVFILT_WRITE, EV_CLEAR);
	}
	for (i = 0; i < 6; i++) {
		ev = NEXT();
		for (which = 0; (uintptr_t)fds[which][0] != ev.ident; which++)
			ATF_REQUIRE(which < 2);
		which = which * 2 + (ev.filter == EVFILT_WRITE);
		ATF_CHECK(!seen[which]);
		seen[which] = true;
	}
	NOTHING();
	for (i = 0; i < 3; i++)
		close_both(fds[i]);
}

static int64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

ATF_TC_WITHOUT_HEAD(time_outs);
ATF_TC_BODY(time_outs, tc)
{
	struct kevent list[ROOM];
	int64_t before;
	int fds[2];

	set_up();
	pair(fds, false);
	ATF_CHECK_EQ(0, poll_queue(list, 0));
	before = now_us();
	ATF_CHECK_EQ(0, poll_queue(list, 30000000));
	ATF_CHECK(now_us() - before >= 30000);
	add(fds[0], EVFILT_READ, 0);
	put(fds[1], "1");
	ATF_CHECK_EQ(1, poll_queue(list, 0));
	ATF_CHECK_EQ(1, kevent(kq, NULL, 0, list, ROOM, NULL));
	/* Without room for events there is nothing to wait for. */
	ATF_CHECK_EQ(0, kevent(kq, NULL, 0, NULL, 0, NULL));
	close_both(fds);
}

ATF_TC_WITHOUT_HEAD(deleted_is_not_reported);
ATF_TC_BODY(deleted_is_not_reported, tc)
{
	int fds[2];

	set_up();
	pair(fds, false);
	add(fds[0], EVFILT_READ, EV_CLEAR);
	add(fds[0], EVFILT_WRITE, EV_CLEAR);
	put(fds[1], "1");
	drop(fds[0], EVFILT_READ);
	drop(fds[0], EVFILT_WRITE);
	NOTHING();
	close_both(fds);
}

/* Closing deletes, and the next descriptor of that number starts anew. */
ATF_TC_WITHOUT_HEAD(closed_is_not_reported);
ATF_TC_BODY(closed_is_not_reported, tc)
{
	struct kevent ev;
	int old[2], fds[2], n;

	set_up();
	pair(old, false);
	pair(fds, false);
	add(old[0], EVFILT_READ, 0);
	add(old[0], EVFILT_WRITE, 0);
	put(old[1], "1");
	n = old[0];
	close(old[0]);
	NOTHING();
	ATF_REQUIRE_EQ(n, dup(fds[0]));
	put(fds[1], "22");
	NOTHING();
	check_refused(n, EVFILT_READ, EV_DELETE, ENOENT);
	ATF_REQUIRE_EQ(0, change(n, EVFILT_READ, EV_ADD | EV_CLEAR, &tags[2]));
	ev = NEXT();
	ATF_CHECK_EQ(2, ev.data);
	ATF_CHECK_EQ(&tags[2], (char *)ev.udata);
	NOTHING();
	close(n);
	close(old[1]);
	close_both(fds);
}

/* Closing a queue closes nothing else. */
ATF_TC_WITHOUT_HEAD(queue_is_closed);
ATF_TC_BODY(queue_is_closed, tc)
{
	int fds[2], i, n;

	set_up();
	pair(fds, false);
	n = unit_descriptors();
	for (i = 0; i < 3; i++) {
		add(fds[0], EVFILT_READ, 0);
		close(kq);
		kq = kqueue();
		ATF_REQUIRE(kq != -1);
	}
	ATF_CHECK_EQ(n, unit_descriptors());
	NOTHING();
	put(fds[1], "1");
	NOTHING();
	add(fds[0], EVFILT_READ, 0);
	ATF_CHECK_EQ(1, NEXT().data);
	close_both(fds);
}

static void
on_alarm(int signo)
{
	(void)signo;
}

/* Whatever SA_RESTART says. */
ATF_TC_WITHOUT_HEAD(signal_interrupts);
ATF_TC_BODY(signal_interrupts, tc)
{
	const struct itimerval often = {
		.it_interval = { .tv_sec = 0, .tv_usec = 10000 },
		.it_value = { .tv_sec = 0, .tv_usec = 10000 },
	};
	const struct timespec ts = { .tv_sec = GUARD_S, .tv_nsec = 0 };
	struct sigaction sa = { .sa_handler = on_alarm,
		.sa_flags = SA_RESTART };
	struct kevent ev;

	set_up();
	sigemptyset(&sa.sa_mask);
	ATF_REQUIRE_EQ(0, sigaction(SIGALRM, &sa, NULL));
	ATF_REQUIRE_EQ(0, setitimer(ITIMER_REAL, &often, NULL));
	ATF_CHECK_EQ(-1, kevent(kq, NULL, 0, &ev, 1, &ts));
	ATF_CHECK_EQ(EINTR, errno);
}

/* A queue does not survive fork(2), and the parent's is as it was. */
ATF_TC_WITHOUT_HEAD(child_has_no_queue);
ATF_TC_BODY(child_has_no_queue, tc)
{
	const struct timespec now = { .tv_sec = 0, .tv_nsec = 0 };
	struct kevent ev;
	int fds[2], status;
	pid_t pid;

	set_up();
	pair(fds, false);
	add(fds[0], EVFILT_READ, EV_CLEAR);
	put(fds[1], "1");
	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid == 0)
		_exit(kevent(kq, NULL, 0, &ev, 1, &now) == -1 && errno == EBADF
		        ? 0
		        : 1);
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ATF_CHECK_EQ(1, NEXT().data);
	NOTHING();
	close_both(fds);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, unknown_is_refused);
	ATF_TP_ADD_TC(tp, change_after_an_error_is_made);
	ATF_TP_ADD_TC(tp, changes_come_before_events);
	ATF_TP_ADD_TC(tp, more_events_than_room);
	ATF_TP_ADD_TC(tp, time_outs);
	ATF_TP_ADD_TC(tp, deleted_is_not_reported);
	ATF_TP_ADD_TC(tp, closed_is_not_reported);
	ATF_TP_ADD_TC(tp, queue_is_closed);
	ATF_TP_ADD_TC(tp, signal_interrupts);
	ATF_TP_ADD_TC(tp, child_has_no_queue);
	return atf_no_error();
}
