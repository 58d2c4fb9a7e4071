/*
 * Tests of activation.h: this process hands sockets to itself.
 * Not here: accepting on them; inetd(8)'s way, see activation_inetd_test.c.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <atf-c.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "activation.h"
#include "activation_fixture.h"
#include "unit.h"

static int
make_unix(const char *path, int type)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd;

	memcpy(sun.sun_path, path, strlen(path));
	fd = move(socket(AF_UNIX, type, 0), ASIDE);
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)&sun, sizeof(sun)));
	return fd;
}

/* Returns -1 where there is no IPv6. */
static int
make_inet6(void)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	int fd;

	sin6.sin6_addr = in6addr_loopback;
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	if (fd == -1)
		return -1;
	fd = move(fd, ASIDE);
	if (bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

static void
set(const char *fds, const char *pid)
{
	ATF_REQUIRE_EQ(0, setenv("LISTEN_FDNAMES", "a:b", 1));
	ATF_REQUIRE_EQ(0,
	    fds == NULL ? unsetenv("LISTEN_FDS")
	                : setenv("LISTEN_FDS", fds, 1));
	ATF_REQUIRE_EQ(0,
	    pid == NULL ? unsetenv("LISTEN_PID")
	                : setenv("LISTEN_PID", pid, 1));
}

static const char *
me(void)
{
	static char text[32];

	snprintf(text, sizeof(text), "%ld", (long)getpid());
	return text;
}

/* Adopt with these variables, which then are gone. */
static const char *
adopt(struct activation *a, const char *fds, const char *pid, int *status)
{
	const char *why;

	*status = -1;
	set(fds, pid);
	why = activation_adopt(a, status);
	ATF_CHECK(getenv("LISTEN_FDS") == NULL);
	ATF_CHECK(getenv("LISTEN_PID") == NULL);
	ATF_CHECK(getenv("LISTEN_FDNAMES") == NULL);
	return why;
}

ATF_TC_WITHOUT_HEAD(several);
ATF_TC_BODY(several, tc)
{
	struct stat after, before;
	struct activation a;
	const char *why;
	int fd, i, status;

	unit_guard();
	ATF_REQUIRE_EQ(
	    FIRST, move(listening(make_unix("s", SOCK_STREAM)), FIRST));
	ATF_REQUIRE_EQ(
	    FIRST + 1, move(listening(make_inet(SOCK_STREAM)), FIRST + 1));
	fd = make_inet6();
	if (fd == -1)
		fd = make_inet(SOCK_STREAM);
	move(listening(fd), FIRST + 2);
	ATF_REQUIRE_EQ(0, chmod("s", 0601));
	ATF_REQUIRE_EQ(0, lstat("s", &before));
	why = adopt(&a, "3", me(), &status);
	ATF_REQUIRE_MSG(why == NULL, "%s", why);
	ATF_REQUIRE_EQ(3, a.n);
	for (i = 0; i < 3; i++) {
		ATF_CHECK_EQ(FIRST + i, a.fds[i]);
		check_adopted(a.fds[i]);
	}
	ATF_REQUIRE_EQ(0, lstat("s", &after));
	ATF_CHECK_EQ(before.st_ino, after.st_ino);
	ATF_CHECK_EQ(before.st_mode, after.st_mode);
	free(a.fds);
}

/* Nothing is adopted, and the descriptor stays as it was. */
static void
check_ignored(const char *fds, const char *pid)
{
	struct activation a;
	const char *why;
	int status;

	why = adopt(&a, fds, pid, &status);
	ATF_CHECK_MSG(why == NULL, "%s", why);
	ATF_CHECK_EQ(0, a.n);
	ATF_CHECK(a.fds == NULL);
	ATF_CHECK_EQ(0, fcntl(FIRST, F_GETFD));
	ATF_CHECK_EQ(0, fcntl(FIRST, F_GETFL) & O_NONBLOCK);
}

ATF_TC_WITHOUT_HEAD(ignored);
ATF_TC_BODY(ignored, tc)
{
	char other[32];

	unit_guard();
	snprintf(other, sizeof(other), "%ld", (long)getppid());
	move(listening(make_inet(SOCK_STREAM)), FIRST);
	check_ignored(NULL, NULL);
	check_ignored("1", NULL);
	check_ignored("1", other);
	check_ignored("junk", other);
	check_ignored(NULL, me());
	check_ignored("0", me());
}

static void
check_refused(const char *fds, const char *pid, int code, const char *expected)
{
	struct activation a;
	const char *why;
	int status;

	why = adopt(&a, fds, pid, &status);
	ATF_REQUIRE_MSG(why != NULL, "not refused: %s", expected);
	ATF_CHECK_STREQ(expected, why);
	ATF_CHECK_EQ(code, status);
	ATF_CHECK_EQ(0, a.n);
	ATF_CHECK(a.fds == NULL);
}

ATF_TC_WITHOUT_HEAD(malformed);
ATF_TC_BODY(malformed, tc)
{
	const char *const bad[] = { "", "x", "-1", "1x", "2147483645",
		"99999999999999999999" };
	char expected[128];
	size_t i;

	unit_guard();
	move(listening(make_inet(SOCK_STREAM)), FIRST);
	for (i = 0; i < UNIT_LENGTH(bad); i++) {
		snprintf(expected, sizeof(expected),
		    "LISTEN_FDS is not a number of descriptors: %s", bad[i]);
		check_refused(bad[i], me(), EX_USAGE, expected);
	}
	check_refused(
	    "1", "me", EX_USAGE, "LISTEN_PID is not a process id: me");
	check_refused("1", "0", EX_USAGE, "LISTEN_PID is not a process id: 0");
	ATF_CHECK_EQ(0, fcntl(FIRST, F_GETFL) & O_NONBLOCK);
}

/* The second of two is the bad one: the first is left alone too. */
static void
check_bad(int fd, const char *fault)
{
	char expected[96];

	move(fd, FIRST + 1);
	snprintf(expected, sizeof(expected), "descriptor 4 %s", fault);
	check_refused("2", me(), EX_UNAVAILABLE, expected);
	ATF_CHECK_EQ(0, fcntl(FIRST, F_GETFL) & O_NONBLOCK);
}

ATF_TC_WITHOUT_HEAD(unsuitable);
ATF_TC_BODY(unsuitable, tc)
{
	int fds[2];

	unit_guard();
	move(listening(make_inet(SOCK_STREAM)), FIRST);
	check_bad(open("/dev/null", O_RDWR), "is not a socket");
	check_bad(make_inet(SOCK_DGRAM), "is not a stream socket");
	check_bad(make_unix("d", SOCK_DGRAM), "is not a stream socket");
	check_bad(listening(make_unix("q", SOCK_SEQPACKET)),
	    "is not a stream socket");
	check_bad(make_inet(SOCK_STREAM), "is not a listening socket");
	check_bad(make_unix("s", SOCK_STREAM), "is not a listening socket");
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	check_bad(fds[0], "is not a listening socket");
}

ATF_TC_WITHOUT_HEAD(other_family);
ATF_TC_BODY(other_family, tc)
{
	int fd = -1;

	unit_guard();
	move(listening(make_inet(SOCK_STREAM)), FIRST);
#ifdef AF_VSOCK
	fd = socket(AF_VSOCK, SOCK_STREAM, 0);
#endif
	if (fd == -1)
		atf_tc_skip("no other family with stream sockets here");
	check_bad(fd, "is neither a TCP nor a Unix socket");
}

ATF_TC_WITHOUT_HEAD(not_open);
ATF_TC_BODY(not_open, tc)
{
	unit_guard();
	move(listening(make_inet(SOCK_STREAM)), FIRST);
	closefrom(FIRST + 1);
	check_refused("2", me(), EX_UNAVAILABLE, "descriptor 4 is not open");
	check_refused(
	    "2147483644", me(), EX_UNAVAILABLE, "descriptor 4 is not open");
	close(FIRST);
	check_refused("1", me(), EX_UNAVAILABLE, "descriptor 3 is not open");
}

ATF_TC_WITHOUT_HEAD(with_listen);
ATF_TC_BODY(with_listen, tc)
{
	const struct activation none = { .n = 0 }, one = { .n = 1 };

	ATF_CHECK(activation_check(&none, true) == NULL);
	ATF_CHECK(activation_check(&one, false) == NULL);
	ATF_CHECK_STREQ("no listening socket was handed over",
	    activation_check(&none, false));
	ATF_CHECK_STREQ("LISTEN given, but sockets were handed over",
	    activation_check(&one, true));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, several);
	ATF_TP_ADD_TC(tp, ignored);
	ATF_TP_ADD_TC(tp, malformed);
	ATF_TP_ADD_TC(tp, unsuitable);
	ATF_TP_ADD_TC(tp, other_family);
	ATF_TP_ADD_TC(tp, not_open);
	ATF_TP_ADD_TC(tp, with_listen);
	return atf_no_error();
}
