/*
 * The walls where another process connects: the relay can neither make sockets
 * nor connect, and that process can do next to nothing else.
 * Not here: the walls that a relay has anyway, see sandbox_test.c.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <atf-c.h>
#include <errno.h>
#include <unistd.h>

#include "sandbox_fixture.h"

static int made;  /* a socket from before the walls */
static int heard; /* one that listens */

static bool
makes_target_socket(void)
{
	return stream_socket(AF_INET) != -1;
}

static bool
connects_made_socket(void)
{
	return begins(made, &target);
}

static bool
listens(void)
{
	return listen(heard, 1) == 0;
}

static bool
accepts(void)
{
	return accept(heard, NULL, NULL) != -1 || errno == EAGAIN;
}

/* At some number it ends. */
static bool
makes_many_sockets(void)
{
	int i;

	for (i = 0; i < 64; i++)
		if (stream_socket(AF_INET) == -1)
			return false;
	return true;
}

/* A relay that another process connects for. */
static void
in_relay(bool (*attempt)(void))
{
	struct sandbox s;

	helped = true;
	enter(&s, 1);
	_exit(status_of(attempt()));
}

/* It has three descriptors; one of them is a socket here. */
static void
in_helper(bool (*attempt)(void))
{
	const struct endpoints endpoints = { .list = &target, .n = 1 };

	if (dup2(heard, STDIN_FILENO) == -1 ||
	    dup2(inside, STDOUT_FILENO) == -1)
		_exit(BROKEN);
	heard = STDIN_FILENO;
	inside = STDOUT_FILENO;
	closefrom(STDERR_FILENO + 1);
	if (sandbox_enter_connecting(&endpoints, false) == -1)
		_exit(BROKEN);
	_exit(status_of(attempt()));
}

static void
make_sockets(void)
{
	made = stream_socket(AF_INET);
	heard = stream_socket(AF_INET);
	ATF_REQUIRE(made != -1 && heard != -1);
	ATF_REQUIRE_EQ(0, listen(heard, 1));
}

static void
prepare(void)
{
	require_sandbox();
	make_sockets();
}

ATF_TC_WITHOUT_HEAD(relay);
ATF_TC_BODY(relay, tc)
{
	prepare();
	ATF_CHECK_EQ(REFUSED, in_child(makes_target_socket, in_relay));
	ATF_CHECK_EQ(REFUSED, in_child(connects_made_socket, in_relay));
	ATF_CHECK_EQ(REFUSED, in_child(connects_to_target, in_relay));
	ATF_CHECK_EQ(REFUSED, in_child(makes_datagram_socket, in_relay));
	/* What it does at its end. */
	ATF_CHECK_EQ(POSSIBLE, in_child(removes_inside, in_relay));
}

ATF_TC_WITHOUT_HEAD(helper);
ATF_TC_BODY(helper, tc)
{
	prepare();
	ATF_CHECK_EQ(POSSIBLE, in_child(connects_to_target, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(connects_elsewhere, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(makes_ipv6_socket, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(makes_datagram_socket, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(makes_many_sockets, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(opens, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(removes_inside, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(executes, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(forks, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(kills, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(listens, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(accepts, in_helper));
}

#ifdef __linux__
static void
in_old_relay(bool (*attempt)(void))
{
	lose_seccomp_call();
	in_relay(attempt);
}

static void
in_old_helper(bool (*attempt)(void))
{
	lose_seccomp_call();
	in_helper(attempt);
}

/* What a kernel lacks is no reason to do without what it has. */
ATF_TC_WITHOUT_HEAD(old_kernel);
ATF_TC_BODY(old_kernel, tc)
{
	prepare();
	ATF_CHECK_EQ(REFUSED, in_child(makes_datagram_socket, in_old_relay));
	ATF_CHECK_EQ(POSSIBLE, in_child(removes_inside, in_old_relay));
	ATF_CHECK_EQ(REFUSED, in_child(makes_datagram_socket, in_old_helper));
	ATF_CHECK_EQ(REFUSED, in_child(accepts, in_old_helper));
	ATF_CHECK_EQ(POSSIBLE, in_child(connects_to_target, in_old_helper));
}
#endif

/* Without a sandbox the same attempts succeed: the tests can fail. */
ATF_TC_WITHOUT_HEAD(without_walls);
ATF_TC_BODY(without_walls, tc)
{
	set_up();
	make_sockets();
	ATF_CHECK(makes_target_socket());
	ATF_CHECK(connects_made_socket());
	ATF_CHECK(connects_to_target());
	ATF_CHECK(connects_elsewhere());
	ATF_CHECK(makes_ipv6_socket() || errno == EAFNOSUPPORT);
	ATF_CHECK(makes_datagram_socket());
	ATF_CHECK(makes_many_sockets());
	ATF_CHECK(opens());
	ATF_CHECK(forks());
	ATF_CHECK(kills());
	ATF_CHECK_EQ(POSSIBLE, in_child(executes, unwalled));
	ATF_CHECK(listens());
	ATF_CHECK(accepts());
	ATF_CHECK(removes_inside());
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, relay);
	ATF_TP_ADD_TC(tp, helper);
#ifdef __linux__
	ATF_TP_ADD_TC(tp, old_kernel);
#endif
	ATF_TP_ADD_TC(tp, without_walls);
	return atf_no_error();
}
