/*
 * The walls where another process connects: the relay can neither make sockets
 * nor connect, and that process can do next to nothing else.
 * Not here: the walls that a relay has anyway, see sandbox_test.c.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <netinet/in.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sandbox_fixture.h"

static int made;  /* a socket from before the walls */
static int heard; /* one that listens */

static bool
begins(int fd, const struct endpoint *e)
{
	return connect(fd, (const struct sockaddr *)&e->addr, e->length) == 0 ||
	    errno == EINPROGRESS;
}

static int
make(int family)
{
	return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static bool
makes_target_socket(void)
{
	return make(AF_INET) != -1;
}

static bool
connects_made_socket(void)
{
	return begins(made, &target);
}

static bool
connects_to_target(void)
{
	int fd;

	fd = make(AF_INET);
	return fd != -1 && begins(fd, &target);
}

static bool
connects_elsewhere(void)
{
	int fd;

	fd = make(AF_INET);
	return fd != -1 && begins(fd, &other);
}

static bool
makes_other_socket(void)
{
	return make(AF_INET6) != -1;
}

static bool
makes_datagram_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0) != -1;
}

static bool
opens(void)
{
	return open("/etc/passwd", O_RDONLY) != -1;
}

static bool
removes(void)
{
	return unlinkat(inside, "file", 0) == 0;
}

static bool
executes(void)
{
	char name[] = "/bin/true";
	char *argv[] = { name, NULL };

	execv(name, argv);
	return false;
}

static bool
forks(void)
{
	pid_t pid;

	pid = fork();
	if (pid == 0)
		_exit(0);
	return pid != -1;
}

static bool
kills(void)
{
	return kill(getppid(), 0) != -1;
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

/* Above the one that it needs there is no number. */
static bool
makes_many_sockets(void)
{
	int i;

	for (i = 0; i < 4; i++)
		if (make(AF_INET) == -1)
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
	made = make(AF_INET);
	heard = make(AF_INET);
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
	ATF_CHECK_EQ(POSSIBLE, in_child(removes, in_relay));
}

ATF_TC_WITHOUT_HEAD(helper);
ATF_TC_BODY(helper, tc)
{
	prepare();
	ATF_CHECK_EQ(POSSIBLE, in_child(connects_to_target, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(connects_elsewhere, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(makes_other_socket, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(makes_datagram_socket, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(makes_many_sockets, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(opens, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(removes, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(executes, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(forks, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(kills, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(listens, in_helper));
	ATF_CHECK_EQ(REFUSED, in_child(accepts, in_helper));
}

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
	ATF_CHECK(makes_other_socket() || errno == EAFNOSUPPORT);
	ATF_CHECK(makes_datagram_socket());
	ATF_CHECK(makes_many_sockets());
	ATF_CHECK(opens());
	ATF_CHECK(forks());
	ATF_CHECK(kills());
	ATF_CHECK(listens());
	ATF_CHECK(accepts());
	ATF_CHECK(removes());
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, relay);
	ATF_TP_ADD_TC(tp, helper);
	ATF_TP_ADD_TC(tp, without_walls);
	return atf_no_error();
}
