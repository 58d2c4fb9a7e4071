/*
 * A listener that pauses, by order or for want of descriptors, and one socket
 * that two of them share.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <atf-c.h>
#include <unistd.h>

#include "listener_fixture.h"

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

/* Clients that wait while nobody may accept them keep the loop asleep. */
ATF_TC_WITHOUT_HEAD(pause_does_not_spin);
ATF_TC_BODY(pause_does_not_spin, tc)
{
	struct sockaddr_in sin;
	struct listener l;
	uint64_t round;

	open_listener(&l, &sin);
	tcp_client(&sin);
	run(1, GUARD_MS);
	tcp_client(&sin);
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
	struct sockaddr_in sin;
	struct listener l;
	int saved;

	open_listener(&l, &sin);
	listener_pause(&l);
	tcp_client(&sin);
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
	struct sockaddr_in sin;
	struct listener l;

	open_listener(&l, &sin);
	listener_pause(&l);
	tcp_client(&sin);
	tcp_client(&sin);
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
	struct sockaddr_in sin;

	open_listener(&l, &sin);
	first = loop;
	other = share(&s, &l);
	tcp_client(&sin);
	listener_pause(&s);
	ATF_CHECK_EQ(0, s.io.armed);
	listener_renew(&l);
	run(1, GUARD_MS);
	ATF_CHECK_EQ(1, accepted);
	listener_pause(&l);
	listener_renew(&l);
	tcp_client(&sin);
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
	tcp_client(&sin);
	run(3, GUARD_MS);
	ATF_CHECK_EQ(3, accepted);
	listener_close(&l);
	event_loop_destroy(other);
	event_loop_destroy(first);
}

ATF_TC_WITHOUT_HEAD(without_descriptors);
ATF_TC_BODY(without_descriptors, tc)
{
	struct sockaddr_in sin;
	struct listener l;
	struct rlimit few = { .rlim_cur = 64, .rlim_max = 64 };
	int fd, first, hoard[64], n;

	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	open_listener(&l, &sin);
	fd = tcp_client(&sin);
	first = tcp_client(&sin);
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
	struct sockaddr_in sin;
	int fd, hoard[64], n;

	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	open_listener(&l, &sin);
	first = loop;
	other = share(&s, &l);
	fd = tcp_client(&sin);
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
	tcp_client(&sin);
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
	struct sockaddr_in sin;
	struct listener l;
	struct rlimit few = { .rlim_cur = 64, .rlim_max = 64 };
	int fd, hoard[64], n;

	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	open_listener(&l, &sin);
	fd = tcp_client(&sin);
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
	ATF_TP_ADD_TC(tp, pause_does_not_spin);
	ATF_TP_ADD_TC(tp, rearm);
	ATF_TP_ADD_TC(tp, pause);
	ATF_TP_ADD_TC(tp, shared);
	ATF_TP_ADD_TC(tp, without_descriptors);
	ATF_TP_ADD_TC(tp, shared_without_descriptors);
	ATF_TP_ADD_TC(tp, paused_without_descriptors);
	return atf_no_error();
}
