/*
 * The walls: what a process inside the sandbox tries must fail or end it.
 * Not here: that the relay works inside, see tests/e2e/sandbox_test.sh.
 */
#include <sys/types.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"
#include "sockets.h"

/* What a child found. */
#define REFUSED 0  /* the call failed */
#define POSSIBLE 1 /* it did not */
#define BROKEN 2   /* the sandbox could not be entered */
#define ABSENT 3   /* this system or build has none */

static struct endpoint target; /* 127.0.0.1 and a port that listens */
static struct endpoint other;  /* another such port */
static int inside, outside;    /* directories: may be removed in, may not */

static struct endpoint
listening(void)
{
	struct endpoint e = { .length = sizeof(struct sockaddr_in) };
	int fd;

	fd = tcp_bound((struct sockaddr_in *)&e.addr);
	ATF_REQUIRE_EQ(0, listen(fd, 8));
	return e;
}

static void
enter(bool any_family)
{
	struct address address = { .kind = ADDRESS_HOST };
	struct endpoints endpoints = { .list = &target, .n = 1 };
	struct sandbox_needs needs = {
		.target = &address,
		.endpoints = &endpoints,
		.any_family = any_family,
		.directories = { inside, -1 },
		.removed = { "inside", NULL },
	};
	struct sandbox s;

	if (sandbox_prepare(&s, &needs) == -1 || sandbox_enter(&s) == -1)
		_exit(BROKEN);
	if (s.missing[0] != '\0')
		_exit(ABSENT);
}

static int
status_of(bool possible)
{
	return possible ? POSSIBLE : REFUSED;
}

/* Returns the child's exit status; a killed one counts as REFUSED. */
static int
in_child(bool (*attempt)(void), bool resolver)
{
	int status;
	pid_t pid;

	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid == 0) {
		if (!resolver)
			enter(false);
		else if (sandbox_enter_resolver() == -1)
			_exit(BROKEN);
		_exit(status_of(attempt()));
	}
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	if (WIFSIGNALED(status))
		return REFUSED;
	/* The handler of a forbidden call ends the process with 70. */
	return WEXITSTATUS(status) == 70 ? REFUSED : WEXITSTATUS(status);
}

static void
set_up(void)
{
	target = listening();
	other = listening();
	ATF_REQUIRE_EQ(0, mkdir("inside", 0700));
	ATF_REQUIRE_EQ(0, mkdir("outside", 0700));
	inside = open("inside", O_RDONLY | O_DIRECTORY);
	outside = open("outside", O_RDONLY | O_DIRECTORY);
	close(openat(inside, "file", O_CREAT | O_WRONLY, 0600));
	close(openat(outside, "file", O_CREAT | O_WRONLY, 0600));
}

static bool
never(void)
{
	return false;
}

static void
require_sandbox(void)
{
	set_up();
	if (in_child(never, false) == ABSENT)
		atf_tc_skip("no complete sandbox on this system, or in this "
		            "build");
}

static bool
opens(void)
{
	return open("/etc/passwd", O_RDONLY) != -1;
}

static bool
creates(void)
{
	return openat(inside, "new", O_CREAT | O_WRONLY, 0600) != -1;
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
traces(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, 0) != -1;
}

static bool
kills(void)
{
	return kill(getppid(), 0) != -1;
}

static bool
makes_unix_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) !=
	    -1;
}

static bool
makes_ipv6_socket(void)
{
	return socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	           0) != -1;
}

static bool
makes_datagram_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0) != -1;
}

static bool
makes_raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_TCP) != -1;
}

static bool
connects(const struct endpoint *e)
{
	int fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return fd != -1 &&
	    (connect(fd, (const struct sockaddr *)&e->addr, e->length) == 0 ||
	        errno == EINPROGRESS);
}

static bool
connects_to_target(void)
{
	return connects(&target);
}

static bool
connects_elsewhere(void)
{
	return connects(&other);
}

#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0
#endif

/* TCP Fast Open would connect without connect(2). */
static bool
sends_elsewhere(void)
{
	int fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return fd != -1 &&
	    (sendto(fd, "x", 1, MSG_FASTOPEN,
	         (const struct sockaddr *)&other.addr, other.length) != -1 ||
	        errno == EINPROGRESS);
}

static bool
binds(void)
{
	struct endpoint e = target;
	int fd;

	((struct sockaddr_in *)&e.addr)->sin_port = 0;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return fd != -1 &&
	    bind(fd, (const struct sockaddr *)&e.addr, e.length) == 0;
}

static bool
removes_inside(void)
{
	return unlinkat(inside, "file", 0) == 0;
}

static bool
removes_outside(void)
{
	return unlinkat(outside, "file", 0) == 0;
}

static bool
maps_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool
becomes_root(void)
{
	return setuid(0) == 0;
}

static bool
changes_mode(void)
{
	return fchmodat(inside, "file", 0666, 0) == 0;
}

static bool
reads_hosts(void)
{
	char byte;
	int fd;

	fd = open("/etc/hosts", O_RDONLY);
	return fd != -1 && read(fd, &byte, 1) == 1;
}

static bool
writes_file(void)
{
	return openat(inside, "file", O_WRONLY) != -1;
}

#define WALL(name)                                            \
	ATF_TC_WITHOUT_HEAD(name);                            \
	ATF_TC_BODY(name, tc)                                 \
	{                                                     \
		require_sandbox();                            \
		ATF_CHECK_EQ(REFUSED, in_child(name, false)); \
	}

#define DOOR(name)                                             \
	ATF_TC_WITHOUT_HEAD(name);                             \
	ATF_TC_BODY(name, tc)                                  \
	{                                                      \
		require_sandbox();                             \
		ATF_CHECK_EQ(POSSIBLE, in_child(name, false)); \
	}

WALL(opens)
WALL(creates)
WALL(executes)
WALL(forks)
WALL(traces)
WALL(kills)
WALL(makes_unix_socket)
WALL(makes_ipv6_socket)
WALL(makes_datagram_socket)
WALL(makes_raw_socket)
WALL(connects_elsewhere)
WALL(sends_elsewhere)
WALL(binds)
WALL(removes_outside)
WALL(maps_code)
WALL(becomes_root)
WALL(changes_mode)
DOOR(connects_to_target)
DOOR(removes_inside)

/* The process that looks names up has walls of its own. */
ATF_TC_WITHOUT_HEAD(resolver);
ATF_TC_BODY(resolver, tc)
{
	require_sandbox();
	ATF_CHECK_EQ(POSSIBLE, in_child(reads_hosts, true));
	ATF_CHECK_EQ(REFUSED, in_child(executes, true));
	ATF_CHECK_EQ(REFUSED, in_child(forks, true));
	ATF_CHECK_EQ(REFUSED, in_child(traces, true));
	ATF_CHECK_EQ(REFUSED, in_child(kills, true));
	ATF_CHECK_EQ(REFUSED, in_child(creates, true));
	ATF_CHECK_EQ(REFUSED, in_child(writes_file, true));
	ATF_CHECK_EQ(REFUSED, in_child(removes_outside, true));
	ATF_CHECK_EQ(REFUSED, in_child(connects_elsewhere, true));
}

/* Without a sandbox the same attempts succeed: the tests can fail. */
ATF_TC_WITHOUT_HEAD(without_walls);
ATF_TC_BODY(without_walls, tc)
{
	set_up();
	ATF_CHECK(opens());
	ATF_CHECK(creates());
	ATF_CHECK(forks());
	ATF_CHECK(kills());
	ATF_CHECK(makes_unix_socket());
	ATF_CHECK(makes_datagram_socket());
	ATF_CHECK(connects_elsewhere());
	ATF_CHECK(binds());
	ATF_CHECK(changes_mode());
	ATF_CHECK(removes_outside());
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, opens);
	ATF_TP_ADD_TC(tp, creates);
	ATF_TP_ADD_TC(tp, executes);
	ATF_TP_ADD_TC(tp, forks);
	ATF_TP_ADD_TC(tp, traces);
	ATF_TP_ADD_TC(tp, kills);
	ATF_TP_ADD_TC(tp, makes_unix_socket);
	ATF_TP_ADD_TC(tp, makes_ipv6_socket);
	ATF_TP_ADD_TC(tp, makes_datagram_socket);
	ATF_TP_ADD_TC(tp, makes_raw_socket);
	ATF_TP_ADD_TC(tp, connects_elsewhere);
	ATF_TP_ADD_TC(tp, sends_elsewhere);
	ATF_TP_ADD_TC(tp, binds);
	ATF_TP_ADD_TC(tp, removes_outside);
	ATF_TP_ADD_TC(tp, maps_code);
	ATF_TP_ADD_TC(tp, becomes_root);
	ATF_TP_ADD_TC(tp, changes_mode);
	ATF_TP_ADD_TC(tp, connects_to_target);
	ATF_TP_ADD_TC(tp, removes_inside);
	ATF_TP_ADD_TC(tp, resolver);
	ATF_TP_ADD_TC(tp, without_walls);
	return atf_no_error();
}
