/*
 * The listener: socket options, accepting in batches, pausing.
 * Not here: the socket's file, see socket_file_bind_test.c.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "listener.h"

#define GUARD_MS 20000

static struct event_loop *loop;
static int accepted, expected, last_fd;

static void
on_accept(
    struct listener *l, int fd, const struct sockaddr *sa, socklen_t length)
{
	ATF_CHECK_EQ(&accepted, l->arg);
	ATF_CHECK_EQ(l->tells_peer, sa != NULL);
	if (sa != NULL) {
		ATF_CHECK_EQ(AF_INET, sa->sa_family);
		ATF_CHECK_EQ(sizeof(struct sockaddr_in), length);
	}
	if (last_fd != -1)
		close(last_fd);
	last_fd = fd;
	if (++accepted == expected)
		event_loop_stop(loop);
}

static void
on_guard(struct event_timer *t)
{
	(void)t;
	event_loop_stop(loop);
}

/* Run until as many are accepted, or ms have passed. */
static void
run(int n, uint64_t ms)
{
	struct event_timer guard;

	expected = n;
	event_timer_init(&guard, on_guard);
	event_timer_set(loop, &guard, ms);
	ATF_REQUIRE_EQ(0, event_loop_run(loop));
	event_timer_cancel(loop, &guard);
}

static void
open_listener(struct listener *l, struct endpoint *e)
{
	struct sockaddr_in *sin;

	*e = (struct endpoint) { .length = sizeof(*sin) };
	sin = (struct sockaddr_in *)&e->addr;
	sin->sin_family = AF_INET;
	sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ATF_REQUIRE_EQ(0, listener_open_tcp(l, e, 1024));
	ATF_REQUIRE(sin->sin_port != 0);
	loop = event_loop_create();
	ATF_REQUIRE(loop != NULL);
	l->on_accept = on_accept;
	l->arg = &accepted;
	last_fd = -1;
	ATF_REQUIRE_EQ(0, listener_start(l, loop));
}

static int starved;

static void
on_starve(struct listener *l)
{
	(void)l;
	starved++;
}

/* Another one of the same socket, in a loop that is returned. */
static struct event_loop *
share(struct listener *l, const struct listener *first)
{
	struct event_loop *other;

	other = event_loop_create();
	ATF_REQUIRE(other != NULL);
	ATF_REQUIRE_EQ(0, listener_share(l, first));
	l->on_accept = on_accept;
	l->on_starve = on_starve;
	l->arg = &accepted;
	ATF_REQUIRE_EQ(0, listener_start(l, other));
	return other;
}

static int
client(const struct endpoint *e)
{
	int fd;

	fd = socket(AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(
	    0, connect(fd, (const struct sockaddr *)&e->addr, e->length));
	return fd;
}

static int
option(int fd, int level, int name)
{
	socklen_t length;
	int value;

	length = sizeof(value);
	ATF_REQUIRE_EQ(0, getsockopt(fd, level, name, &value, &length));
	return value;
}

ATF_TC_WITHOUT_HEAD(inherited_options);
ATF_TC_BODY(inherited_options, tc)
{
	struct endpoint e;
	struct listener l;

	open_listener(&l, &e);
	client(&e);
	run(1, GUARD_MS);
	ATF_REQUIRE_EQ(1, accepted);
	ATF_CHECK(option(last_fd, IPPROTO_TCP, TCP_NODELAY) != 0);
	ATF_CHECK(option(last_fd, SOL_SOCKET, SO_OOBINLINE) != 0);
	ATF_CHECK(option(last_fd, SOL_SOCKET, SO_KEEPALIVE) != 0);
	ATF_CHECK(fcntl(last_fd, F_GETFL) & O_NONBLOCK);
	ATF_CHECK(fcntl(last_fd, F_GETFD) & FD_CLOEXEC);
	ATF_CHECK_EQ(0, listener_close(&l));
}

/* Whose it is, is told if that is wanted, and does not matter else. */
ATF_TC_WITHOUT_HEAD(peer);
ATF_TC_BODY(peer, tc)
{
	struct endpoint e;
	struct listener l;

	open_listener(&l, &e);
	client(&e);
	run(1, GUARD_MS);
	ATF_CHECK_EQ(1, accepted);
	l.tells_peer = true;
	client(&e);
	run(2, GUARD_MS);
	ATF_CHECK_EQ(2, accepted);
	ATF_CHECK(option(last_fd, SOL_SOCKET, SO_OOBINLINE) != 0);
	listener_close(&l);
}

ATF_TC_WITHOUT_HEAD(batches);
ATF_TC_BODY(batches, tc)
{
	struct endpoint e;
	struct listener l;
	int i;

	open_listener(&l, &e);
	for (i = 0; i < 300; i++)
		client(&e);
	run(300, GUARD_MS);
	ATF_CHECK_EQ(300, accepted);
	listener_close(&l);
}

/*
 * Clients that come one at a time, each after the last was accepted, cost no
 * accept(2) that finds nobody: such a one would not need the next round.
 */
ATF_TC_WITHOUT_HEAD(one_by_one);
ATF_TC_BODY(one_by_one, tc)
{
	struct endpoint e;
	struct listener l;
	int i;

	open_listener(&l, &e);
	for (i = 1; i <= 20; i++) {
		client(&e);
		run(i, GUARD_MS);
		ATF_REQUIRE_EQ(i, accepted);
		ATF_CHECK_EQ(1, l.batch);
		run(i + 1, 1);
	}
	listener_close(&l);
}

/* At once what is there, without waiting for the loop to say so. */
ATF_TC_WITHOUT_HEAD(sweep);
ATF_TC_BODY(sweep, tc)
{
	struct endpoint e;
	struct listener l;
	int i;

	open_listener(&l, &e);
	expected = -1;
	for (i = 0; i < 20; i++)
		client(&e);
	listener_sweep(&l);
	ATF_CHECK_EQ(20, accepted);
	client(&e);
	run(21, GUARD_MS);
	ATF_CHECK_EQ(21, accepted);
	listener_close(&l);
}

/* Clients that wait while nobody may accept them keep the loop asleep. */
ATF_TC_WITHOUT_HEAD(pause_does_not_spin);
ATF_TC_BODY(pause_does_not_spin, tc)
{
	struct endpoint e;
	struct listener l;
	uint64_t round;

	open_listener(&l, &e);
	client(&e);
	run(1, GUARD_MS);
	client(&e);
	listener_pause(&l);
	round = event_round(loop);
	run(-1, 50);
	ATF_CHECK_MSG(event_round(loop) <= round + 3, "%llu rounds",
	    (unsigned long long)(event_round(loop) - round));
	ATF_CHECK_EQ(1, accepted);
	listener_resume(&l);
	run(2, GUARD_MS);
	ATF_CHECK_EQ(2, accepted);
	listener_close(&l);
}

/*
 * A client that waits while nobody may accept it has the listener taken out of
 * the loop; when it cannot be put back, that is tried again later.
 */
ATF_TC_WITHOUT_HEAD(rearm);
ATF_TC_BODY(rearm, tc)
{
	struct endpoint e;
	struct listener l;
	int saved;

	open_listener(&l, &e);
	listener_pause(&l);
	client(&e);
	run(1, 50);
	saved = dup(l.io.fd);
	ATF_REQUIRE(saved != -1);
	close(l.io.fd);
	listener_resume(&l);
	ATF_CHECK(l.waits);
	ATF_REQUIRE_EQ(l.io.fd, dup2(saved, l.io.fd));
	close(saved);
	run(1, GUARD_MS);
	ATF_CHECK_EQ(1, accepted);
	ATF_CHECK(!l.waits);
	listener_close(&l);
}

ATF_TC_WITHOUT_HEAD(pause);
ATF_TC_BODY(pause, tc)
{
	struct endpoint e;
	struct listener l;

	open_listener(&l, &e);
	listener_pause(&l);
	client(&e);
	client(&e);
	run(1, 50);
	ATF_CHECK_EQ_MSG(0, accepted, "accepted while paused");
	listener_resume(&l);
	run(2, GUARD_MS);
	ATF_CHECK_EQ(2, accepted);
	listener_close(&l);
	ATF_CHECK_EQ(-1, l.io.fd);
}

/* Of two for one socket, either accepts while the other does not. */
ATF_TC_WITHOUT_HEAD(shared);
ATF_TC_BODY(shared, tc)
{
	struct event_loop *first, *other;
	struct listener l, s;
	struct endpoint e;

	open_listener(&l, &e);
	first = loop;
	other = share(&s, &l);
	client(&e);
	listener_pause(&s);
	ATF_CHECK_EQ(0, s.io.armed);
	listener_renew(&l);
	run(1, GUARD_MS);
	ATF_CHECK_EQ(1, accepted);
	listener_pause(&l);
	listener_renew(&l);
	client(&e);
	run(2, 50);
	ATF_CHECK_EQ_MSG(1, accepted, "accepted while paused");
	loop = other;
	listener_resume(&s);
	run(2, GUARD_MS);
	ATF_CHECK_EQ(2, accepted);
	/* The socket stays where it is. */
	listener_close(&s);
	loop = first;
	listener_resume(&l);
	client(&e);
	run(3, GUARD_MS);
	ATF_CHECK_EQ(3, accepted);
	listener_close(&l);
	event_loop_destroy(other);
	event_loop_destroy(first);
}

/* Only one of two gets the port. */
ATF_TC_WITHOUT_HEAD(in_use);
ATF_TC_BODY(in_use, tc)
{
	struct endpoint e;
	struct listener l, other;

	open_listener(&l, &e);
	ATF_CHECK_ERRNO(EADDRINUSE, listener_open_tcp(&other, &e, 1) == -1);
	listener_close(&l);
}

ATF_TC_WITHOUT_HEAD(without_descriptors);
ATF_TC_BODY(without_descriptors, tc)
{
	struct endpoint e;
	struct listener l;
	struct rlimit few = { .rlim_cur = 64, .rlim_max = 64 };
	int fd, first, hoard[64], n;

	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	open_listener(&l, &e);
	fd = client(&e);
	first = client(&e);
	for (n = 0; (hoard[n] = dup(fd)) != -1; n++)
		continue;
	run(1, 50);
	ATF_CHECK_EQ_MSG(0, accepted, "accepted without descriptors");
	ATF_CHECK(l.waits);
	while (n > 0)
		close(hoard[--n]);
	/* It looks again by itself. */
	run(2, GUARD_MS);
	ATF_CHECK_EQ(2, accepted);
	ATF_CHECK(!l.waits);
	close(first);
	listener_close(&l);
}

/* Whom one of two cannot accept is the other's. */
ATF_TC_WITHOUT_HEAD(shared_without_descriptors);
ATF_TC_BODY(shared_without_descriptors, tc)
{
	struct rlimit few = { .rlim_cur = 64, .rlim_max = 64 };
	struct event_loop *first, *other;
	struct listener l, s;
	struct endpoint e;
	int fd, hoard[64], n;

	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	open_listener(&l, &e);
	first = loop;
	other = share(&s, &l);
	fd = client(&e);
	for (n = 0; (hoard[n] = dup(fd)) != -1; n++)
		continue;
	loop = other;
	run(1, 50);
	ATF_CHECK_EQ(0, accepted);
	ATF_CHECK_EQ(1, starved);
	ATF_CHECK_EQ(0, s.io.armed);
	loop = first;
	run(1, 50);
	ATF_CHECK(l.waits);
	listener_renew(&l);
	ATF_CHECK_EQ_MSG(0, l.io.armed, "looks again too early");
	while (n > 0)
		close(hoard[--n]);
	listener_resume(&l);
	run(1, GUARD_MS);
	ATF_CHECK_EQ(1, accepted);
	/* By and by, it looks again itself. */
	listener_pause(&l);
	client(&e);
	loop = other;
	run(2, GUARD_MS);
	ATF_CHECK_EQ(2, accepted);
	listener_close(&s);
	listener_close(&l);
	event_loop_destroy(other);
	event_loop_destroy(first);
}

/* Its time to look again comes while it may not: it stays out of the loop. */
ATF_TC_WITHOUT_HEAD(paused_without_descriptors);
ATF_TC_BODY(paused_without_descriptors, tc)
{
	struct endpoint e;
	struct listener l;
	struct rlimit few = { .rlim_cur = 64, .rlim_max = 64 };
	int fd, hoard[64], n;

	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	open_listener(&l, &e);
	fd = client(&e);
	for (n = 0; (hoard[n] = dup(fd)) != -1; n++)
		continue;
	run(1, 50);
	ATF_REQUIRE(l.waits);
	listener_pause(&l);
	while (n > 0)
		close(hoard[--n]);
	while (l.waits)
		run(1, 50);
	ATF_CHECK_EQ(0, accepted);
	ATF_CHECK_EQ(0, l.io.want & EVENT_READ);
	listener_resume(&l);
	run(1, GUARD_MS);
	ATF_CHECK_EQ(1, accepted);
	listener_close(&l);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, inherited_options);
	ATF_TP_ADD_TC(tp, peer);
	ATF_TP_ADD_TC(tp, batches);
	ATF_TP_ADD_TC(tp, one_by_one);
	ATF_TP_ADD_TC(tp, sweep);
	ATF_TP_ADD_TC(tp, pause_does_not_spin);
	ATF_TP_ADD_TC(tp, rearm);
	ATF_TP_ADD_TC(tp, pause);
	ATF_TP_ADD_TC(tp, shared);
	ATF_TP_ADD_TC(tp, in_use);
	ATF_TP_ADD_TC(tp, without_descriptors);
	ATF_TP_ADD_TC(tp, shared_without_descriptors);
	ATF_TP_ADD_TC(tp, paused_without_descriptors);
	return atf_no_error();
}
