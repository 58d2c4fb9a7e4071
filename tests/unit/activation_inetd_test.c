/*
 * Tests of activation.h: the socket that inetd(8) hands over, as standard
 * input.
 * Not here: LISTEN_FDS, see activation_test.c.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <atf-c.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "activation.h"
#include "activation_fixture.h"
#include "unit.h"

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

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, inetd);
	ATF_TP_ADD_TC(tp, inetd_unsuitable);
	ATF_TP_ADD_TC(tp, inetd_without_descriptors);
	return atf_no_error();
}
