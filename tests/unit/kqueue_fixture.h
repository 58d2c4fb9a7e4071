/*
 * What the tests of kqueue(2) share: a queue, and what comes out of it.
 * Not here: any test; the event loop (event_fixture.h).
 */
#ifndef KQUEUE_FIXTURE_H
#define KQUEUE_FIXTURE_H

#include <sys/types.h>
#include <sys/event.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <atf-c.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "sockets.h"
#include "unit.h"

/* Seconds to wait for what must come, nanoseconds for what must not. */
#define GUARD_S 20
#define QUIET_NS 20000000

/* Room for more events than any test has. */
#define ROOM 8

static int kq;

/* What each event must hand back; one for each filter of two descriptors. */
static char tags[4];

static inline void
set_up(void)
{
	unit_guard();
	signal(SIGPIPE, SIG_IGN);
	kq = kqueue();
	ATF_REQUIRE(kq != -1);
}

/* For what the double learns from TCP_INFO; qemu-user has one int of it. */
static inline void
require_tcp_info(void)
{
#ifdef TCP_INFO
	char info[512];
	socklen_t length;
	int fd, error;

	fd = socket(AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE(fd != -1);
	length = sizeof(info);
	error = getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &length);
	close(fd);
	if (error == 0 && length <= sizeof(int))
		atf_tc_skip("this emulator passes on one int of TCP_INFO");
#endif
}

static inline void
close_both(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static inline int
change(int fd, short filter, unsigned flags, void *udata)
{
	struct kevent kev;

	EV_SET(&kev, (uintptr_t)fd, filter, (unsigned short)flags, 0, 0, udata);
	return kevent(kq, &kev, 1, NULL, 0, NULL);
}

static inline void
add(int fd, short filter, unsigned flags)
{
	ATF_REQUIRE_EQ(0, change(fd, filter, EV_ADD | flags, tags));
}

static inline void
drop(int fd, short filter)
{
	ATF_REQUIRE_EQ(0, change(fd, filter, EV_DELETE, NULL));
}

/* Everything that there is within a time. */
static inline int
poll_queue(struct kevent list[ROOM], long ns)
{
	struct timespec ts = { .tv_sec = 0, .tv_nsec = ns };
	int n;

	n = kevent(kq, NULL, 0, list, ROOM, &ts);
	ATF_REQUIRE(n >= 0);
	return n;
}

static inline struct kevent
next_event(int line)
{
	const struct timespec ts = { .tv_sec = GUARD_S, .tv_nsec = 0 };
	struct kevent ev;

	memset(&ev, 0, sizeof(ev));
	if (kevent(kq, NULL, 0, &ev, 1, &ts) != 1)
		atf_tc_fail("line %d: no event", line);
	if (ev.flags & EV_ERROR)
		atf_tc_fail("line %d: an error: %d", line, (int)ev.data);
	return ev;
}

static inline void
no_event(int line)
{
	struct kevent list[ROOM];

	if (poll_queue(list, QUIET_NS) != 0)
		atf_tc_fail("line %d: an event, filter %d, flags %#x, data %d",
		    line, (int)list[0].filter, (unsigned)list[0].flags,
		    (int)list[0].data);
}

#define NEXT() next_event(__LINE__)
#define NOTHING() no_event(__LINE__)

/* Of this filter, with EV_EOF; there may be others before it. */
static inline struct kevent
next_end(int line, short filter)
{
	struct kevent ev;

	do
		ev = next_event(line);
	while ((short)ev.filter != filter || !(ev.flags & EV_EOF));
	return ev;
}

#define NEXT_END(filter) next_end(__LINE__, filter)

static inline void
put(int fd, const char *text)
{
	ATF_REQUIRE_EQ(
	    (ssize_t)strlen(text), send(fd, text, strlen(text), MSG_NOSIGNAL));
}

static inline void
get(int fd, size_t length)
{
	char bytes[64];

	ATF_REQUIRE(length <= sizeof(bytes));
	ATF_REQUIRE_EQ((ssize_t)length, recv(fd, bytes, length, 0));
}

/* Wait until so much is queued; TCP takes its time, even with itself. */
static inline void
arrived(int fd, size_t length)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char bytes[64];

	ATF_REQUIRE(length <= sizeof(bytes));
	do
		ATF_REQUIRE_EQ(1, poll(&pfd, 1, GUARD_S * 1000));
	while (recv(fd, bytes, length, MSG_PEEK) < (ssize_t)length);
}

/* Read what was filled in, however long it takes to arrive. */
static inline void
drain(int fd, size_t length)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char bytes[4096];
	ssize_t n;

	while (length > 0) {
		ATF_REQUIRE_EQ(1, poll(&pfd, 1, GUARD_S * 1000));
		n = recv(fd, bytes, sizeof(bytes), 0);
		ATF_REQUIRE(n > 0);
		length -= (size_t)n;
	}
}

/* A TCP peer that closes now sends a reset. */
static inline void
reset_by(int fd)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	ATF_REQUIRE_EQ(
	    0, setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	close(fd);
}

#endif
