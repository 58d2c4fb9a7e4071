/*
 * Tests of activation.h: this process hands sockets to itself.
 * Not here: accepting on them.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "activation.h"
#include "unit.h"

#define FIRST 3
#define ASIDE 40 /* where nothing is handed over */

/* Move a descriptor to a number, or away from the first ones. */
static int
move(int fd, int to)
{
	int moved;

	ATF_REQUIRE(fd != -1);
	moved = to == ASIDE ? fcntl(fd, F_DUPFD, ASIDE) : dup2(fd, to);
	ATF_REQUIRE(moved != -1);
	if (moved != fd)
		close(fd);
	return moved;
}

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

static int
make_inet(int type)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = move(socket(AF_INET, type, 0), ASIDE);
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)&sin, sizeof(sin)));
	return fd;
}

static int
listening(int fd)
{
	ATF_REQUIRE_EQ(0, listen(fd, 4));
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

static bool
connects_to(int fd)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	socklen_t length;
	bool connected;
	int client;

	length = sizeof(ss);
	ATF_REQUIRE_EQ(0, getsockname(fd, (struct sockaddr *)&ss, &length));
	client = socket(ss.ss_family, SOCK_STREAM, 0);
	ATF_REQUIRE(client != -1);
	connected = connect(client, (struct sockaddr *)&ss, length) == 0;
	close(client);
	return connected;
}

static void
check_adopted(int fd)
{
	ATF_CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	ATF_CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
	ATF_CHECK(connects_to(fd));
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

/* Adopt from inetd(8), with the standard descriptors set aside meanwhile. */
static const char *
adopt_inetd(struct activation *a, int *status, bool null[3])
{
	struct stat st, want;
	const char *why;
	int fd, saved[3];

	ATF_REQUIRE_EQ(0, stat("/dev/null", &want));
	for (fd = 1; fd < 3; fd++) {
		saved[fd] = fcntl(fd, F_DUPFD, ASIDE);
		close(fd);
	}
	why = activation_adopt_inetd(a, status);
	for (fd = 0; fd < 3; fd++)
		null[fd] = fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
		    st.st_rdev == want.st_rdev && fcntl(fd, F_GETFD) == 0;
	for (fd = 1; fd < 3; fd++)
		dup2(saved[fd], fd);
	return why;
}

ATF_TC_WITHOUT_HEAD(inetd);
ATF_TC_BODY(inetd, tc)
{
	struct activation a;
	const char *why;
	int status;
	bool null[3];

	unit_guard();
	move(listening(make_inet(SOCK_STREAM)), STDIN_FILENO);
	why = adopt_inetd(&a, &status, null);
	ATF_REQUIRE_MSG(why == NULL, "%s", why);
	ATF_CHECK(null[0] && null[1] && null[2]);
	ATF_REQUIRE_EQ(1, a.n);
	ATF_CHECK(a.fds[0] >= FIRST);
	check_adopted(a.fds[0]);
	free(a.fds);
}

static void
limit_descriptors(rlim_t n)
{
	struct rlimit limit;

	ATF_REQUIRE_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = n;
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
}

/* With so many descriptors allowed, it says this, and keeps nothing. */
static void
check_inetd_limited(rlim_t n, const char *subject)
{
	struct activation a;
	struct rlimit before;
	const char *why;
	int status;

	ATF_REQUIRE_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	limit_descriptors(n);
	why = activation_adopt_inetd(&a, &status);
	limit_descriptors(before.rlim_cur);
	ATF_REQUIRE_MSG(why != NULL, "not refused: %s", subject);
	ATF_CHECK_EQ_MSG(0, strncmp(subject, why, strlen(subject)),
	    "\"%s\", not of %s", why, subject);
	ATF_CHECK_EQ(EX_OSERR, status);
	ATF_CHECK_EQ(0, a.n);
	ATF_CHECK(a.fds == NULL);
	ATF_CHECK_EQ(-1, fcntl(FIRST, F_GETFD));
	ATF_CHECK(connects_to(STDIN_FILENO));
}

ATF_TC_WITHOUT_HEAD(inetd_without_descriptors);
ATF_TC_BODY(inetd_without_descriptors, tc)
{
	unit_guard();
	move(listening(make_inet(SOCK_STREAM)), STDIN_FILENO);
	closefrom(FIRST);
	check_inetd_limited(FIRST, "descriptor 0: ");
	check_inetd_limited(FIRST + 1, "/dev/null: ");
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

static void
check_inetd_refused(const char *expected)
{
	struct activation a;
	const char *why;
	int descriptors, status;

	descriptors = unit_descriptors();
	why = activation_adopt_inetd(&a, &status);
	ATF_REQUIRE_MSG(why != NULL, "not refused: %s", expected);
	ATF_CHECK_STREQ(expected, why);
	ATF_CHECK_EQ(EX_UNAVAILABLE, status);
	ATF_CHECK_EQ(0, a.n);
	ATF_CHECK_EQ(descriptors, unit_descriptors());
}

/* nowait: a connection instead of a listening socket. */
ATF_TC_WITHOUT_HEAD(inetd_unsuitable);
ATF_TC_BODY(inetd_unsuitable, tc)
{
	int fds[2];

	unit_guard();
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	move(fds[0], STDIN_FILENO);
	check_inetd_refused("descriptor 0 is not a listening socket");
	move(open("/dev/null", O_RDWR), STDIN_FILENO);
	check_inetd_refused("descriptor 0 is not a socket");
	close(STDIN_FILENO);
	check_inetd_refused("descriptor 0 is not open");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, several);
	ATF_TP_ADD_TC(tp, ignored);
	ATF_TP_ADD_TC(tp, malformed);
	ATF_TP_ADD_TC(tp, unsuitable);
	ATF_TP_ADD_TC(tp, other_family);
	ATF_TP_ADD_TC(tp, not_open);
	ATF_TP_ADD_TC(tp, inetd);
	ATF_TP_ADD_TC(tp, inetd_unsuitable);
	ATF_TP_ADD_TC(tp, inetd_without_descriptors);
	ATF_TP_ADD_TC(tp, with_listen);
	return atf_no_error();
}
