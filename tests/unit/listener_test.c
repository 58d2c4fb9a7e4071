/*
 * The listener: socket options, accepting in batches.
 * Not here: the socket's file, see socket_file_bind_test.c; pauses, see
 * listener_pause_test.c.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "../lib/pass.h"
#include "endpoints.h"
#include "listener_fixture.h"

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
	struct sockaddr_in sin;
	struct listener l;

	open_listener(&l, &sin);
	tcp_client(&sin);
	run(1, GUARD_MS);
	ATF_REQUIRE_EQ(1, accepted);
	ATF_CHECK(option(last_fd, IPPROTO_TCP, TCP_NODELAY) != 0);
	ATF_CHECK(option(last_fd, SOL_SOCKET, SO_OOBINLINE) != 0);
	ATF_CHECK(option(last_fd, SOL_SOCKET, SO_KEEPALIVE) != 0);
	ATF_CHECK(fcntl(last_fd, F_GETFL) & O_NONBLOCK);
	ATF_CHECK(fcntl(last_fd, F_GETFD) & FD_CLOEXEC);
	ATF_CHECK_EQ(0, listener_close(&l));
}

/* Of clients that came before it was handed over, and of those after. */
ATF_TC_WITHOUT_HEAD(handed_over);
ATF_TC_BODY(handed_over, tc)
{
	struct sockaddr_in sin;
	struct listener l;
	int i, fd;

	fd = tcp_bound(&sin);
	ATF_REQUIRE_EQ(0, listen(fd, 8));
	ATF_REQUIRE_EQ(0, fcntl(fd, F_SETFL, O_NONBLOCK));
	tcp_client(&sin);
	listener_adopt(&l, fd);
	start_listener(&l);
	for (i = 1; i <= 2; i++) {
		run(i, GUARD_MS);
		ATF_REQUIRE_EQ(i, accepted);
		ATF_CHECK(option(last_fd, IPPROTO_TCP, TCP_NODELAY) != 0);
		ATF_CHECK(option(last_fd, SOL_SOCKET, SO_OOBINLINE) != 0);
		ATF_CHECK(option(last_fd, SOL_SOCKET, SO_KEEPALIVE) != 0);
		tcp_client(&sin);
	}
	ATF_CHECK_EQ(0, listener_close(&l));
}

/* Whose it is, is told if that is wanted, and does not matter else. */
ATF_TC_WITHOUT_HEAD(peer);
ATF_TC_BODY(peer, tc)
{
	struct sockaddr_in sin;
	struct listener l;

	open_listener(&l, &sin);
	tcp_client(&sin);
	run(1, GUARD_MS);
	ATF_CHECK_EQ(1, accepted);
	l.tells_peer = true;
	tcp_client(&sin);
	run(2, GUARD_MS);
	ATF_CHECK_EQ(2, accepted);
	ATF_CHECK(option(last_fd, SOL_SOCKET, SO_OOBINLINE) != 0);
	listener_close(&l);
}

static int
path_client(const char *path)
{
	struct endpoint e;
	int fd;

	e = endpoints_path(path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(
	    0, connect(fd, (const struct sockaddr *)&e.addr, e.length));
	return fd;
}

static void
check_passes(bool may, int fd)
{
	if (may)
		ATF_CHECK_EQ(1, pass_descriptor(fd, "x", 1, fd));
	else
		ATF_CHECK_ERRNO(EPERM, pass_descriptor(fd, "x", 1, fd) == -1);
}

/* Nor while it waits to be accepted. */
ATF_TC_WITHOUT_HEAD(refuses_descriptors);
ATF_TC_BODY(refuses_descriptors, tc)
{
	const struct socket_file_access access = { .uid = (uid_t)-1,
		.gid = (gid_t)-1 };
	struct address a;
	struct listener l, other;
	int fd, status;

	ATF_REQUIRE_EQ(NULL, address_parse(&a, "./sock"));
	ATF_REQUIRE_EQ(NULL, listener_open_unix(&l, &a, &access, 8, &status));
	ATF_CHECK_EQ(pass_can_be_refused(), l.plain);
	ATF_REQUIRE_EQ(0, listener_share(&other, &l));
	ATF_CHECK_EQ(l.plain, other.plain);
	ATF_CHECK_EQ(0, listener_close(&other));
	start_listener(&l);
	fd = path_client("sock");
	check_passes(!l.plain, fd);
	run(1, GUARD_MS);
	ATF_REQUIRE_EQ(1, accepted);
	check_passes(!l.plain, fd);
	listener_close(&l);
}

/* Whoever came before may pass them, and so it cannot count as plain. */
ATF_TC_WITHOUT_HEAD(handed_over_unix);
ATF_TC_BODY(handed_over_unix, tc)
{
	struct endpoint e;
	struct listener l;
	int before, fd;

	e = endpoints_path("sock");
	fd = endpoints_listen(&e, 8);
	ATF_REQUIRE_EQ(0, fcntl(fd, F_SETFL, O_NONBLOCK));
	before = path_client("sock");
	listener_adopt(&l, fd);
	ATF_CHECK(!l.plain);
	check_passes(true, before);
	check_passes(!pass_can_be_refused(), path_client("sock"));
	start_listener(&l);
	run(2, GUARD_MS);
	ATF_CHECK_EQ(2, accepted);
	listener_close(&l);
}

ATF_TC_WITHOUT_HEAD(batches);
ATF_TC_BODY(batches, tc)
{
	struct sockaddr_in sin;
	struct listener l;
	int i;

	open_listener(&l, &sin);
	for (i = 0; i < 300; i++)
		tcp_client(&sin);
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
	struct sockaddr_in sin;
	struct listener l;
	int i;

	open_listener(&l, &sin);
	for (i = 1; i <= 20; i++) {
		tcp_client(&sin);
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
	struct sockaddr_in sin;
	struct listener l;
	int i;

	open_listener(&l, &sin);
	expected = -1;
	for (i = 0; i < 20; i++)
		tcp_client(&sin);
	listener_sweep(&l);
	ATF_CHECK_EQ(20, accepted);
	tcp_client(&sin);
	run(21, GUARD_MS);
	ATF_CHECK_EQ(21, accepted);
	listener_close(&l);
}

/* Only one of two gets the port. */
ATF_TC_WITHOUT_HEAD(in_use);
ATF_TC_BODY(in_use, tc)
{
	struct endpoint e = { .length = sizeof(struct sockaddr_in) };
	struct sockaddr_in sin;
	struct listener l, other;

	open_listener(&l, &sin);
	memcpy(&e.addr, &sin, sizeof(sin));
	ATF_CHECK_ERRNO(EADDRINUSE, listener_open_tcp(&other, &e, 1) == -1);
	listener_close(&l);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, inherited_options);
	ATF_TP_ADD_TC(tp, handed_over);
	ATF_TP_ADD_TC(tp, peer);
	ATF_TP_ADD_TC(tp, refuses_descriptors);
	ATF_TP_ADD_TC(tp, handed_over_unix);
	ATF_TP_ADD_TC(tp, batches);
	ATF_TP_ADD_TC(tp, one_by_one);
	ATF_TP_ADD_TC(tp, sweep);
	ATF_TP_ADD_TC(tp, in_use);
	return atf_no_error();
}
