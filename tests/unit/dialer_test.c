/*
 * The relay's side of a process that connects: what it makes of right and
 * wrong answers, and of none.
 * Not here: that process, see connect_helper_test.c.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connect_helper.h"
#include "dialer.h"
#include "endpoints.h"
#include "unit.h"

static struct dialer dialer;
static int helper; /* the other end: the test's to answer from */
static int life;   /* the other end of io */
static int lost;   /* how often on_lost was called */
static struct event_loop *loop;

static void
on_lost(void *arg)
{
	ATF_CHECK_EQ(&lost, arg);
	lost++;
	event_loop_stop(loop);
}

/* In place of the process there is the test. */
static void
set_up(void)
{
	int fds[2], ends[2];

	unit_guard();
	dialer_init(&dialer);
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds));
	ATF_REQUIRE_EQ(
	    0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
	dialer.fd = fds[0];
	helper = fds[1];
	if (!dialer_is_helped(&dialer))
		atf_tc_skip("this build connects by itself");
	dialer.io.fd = ends[0];
	life = ends[1];
	loop = event_loop_create();
	ATF_REQUIRE(loop != NULL);
	ATF_REQUIRE_EQ(0, dialer_attach(&dialer, loop, on_lost, &lost));
}

/* With so many descriptors, at most two; each is the given one. */
static void
send_octets(const void *octets, size_t n, int fd, size_t descriptors)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec iov = { .iov_len = n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	const int fds[2] = { fd, fd };
	const size_t length = descriptors * sizeof(int);

	iov.iov_base = (void *)(uintptr_t)octets;
	if (descriptors > 0) {
		memset(&control, 0, sizeof(control));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = (socklen_t)CMSG_LEN(length);
		memcpy(CMSG_DATA(&control.header), fds, length);
		m.msg_control = &control;
		m.msg_controllen = (socklen_t)CMSG_SPACE(length);
	}
	ATF_REQUIRE_EQ((ssize_t)n, sendmsg(helper, &m, 0));
}

static void
send_answer(uint32_t serial, int error, int fd, size_t descriptors)
{
	struct connect_answer a;

	memset(&a, 0, sizeof(a));
	a.serial = serial;
	a.error = error;
	send_octets(&a, sizeof(a), fd, descriptors);
}

static int
call(int *fd)
{
	struct endpoint e;

	e = endpoints_path("anything");
	return dialer_dial(&dialer, &e, fd);
}

/* Tells of it once, in the loop. */
static void
require_lost(void)
{
	int fd;

	ATF_REQUIRE_EQ(0, event_loop_run(loop));
	ATF_CHECK_EQ(1, lost);
	ATF_CHECK_EQ(EPIPE, call(&fd));
	ATF_CHECK_EQ(-1, fd);
	dialer_stop(&dialer);
	ATF_CHECK_EQ(1, lost);
}

ATF_TC_WITHOUT_HEAD(answers);
ATF_TC_BODY(answers, tc)
{
	struct connect_request r;
	int before, ends[2], fd;

	set_up();
	ATF_REQUIRE_EQ(0, pipe(ends));
	before = unit_descriptors();
	send_answer(1, ECONNREFUSED, -1, 0);
	ATF_CHECK_EQ(ECONNREFUSED, call(&fd));
	ATF_CHECK_EQ(-1, fd);
	ATF_REQUIRE_EQ((ssize_t)sizeof(r), recv(helper, &r, sizeof(r), 0));
	ATF_CHECK_EQ(1, r.serial);
	ATF_CHECK_EQ(AF_UNIX, r.endpoint.addr.ss_family);

	send_answer(2, EINPROGRESS, ends[0], 1);
	ATF_CHECK_EQ(EINPROGRESS, call(&fd));
	ATF_CHECK_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	close(fd);
	send_answer(3, 0, ends[0], 1);
	ATF_CHECK_EQ(0, call(&fd));
	close(fd);
	ATF_CHECK_EQ(before, unit_descriptors());
	ATF_CHECK_EQ(0, lost);
	dialer_stop(&dialer);
}

/* Answers to what nobody waits for any more are dropped, and what is in them.
 */
ATF_TC_WITHOUT_HEAD(late_answers);
ATF_TC_BODY(late_answers, tc)
{
	int before, ends[2], fd;
	char octet;

	set_up();
	tcp_pair(ends, 0);
	before = unit_descriptors();
	send_answer(0, ECONNREFUSED, -1, 0);
	send_answer(77, 0, ends[0], 1);
	send_answer(1, EACCES, -1, 0);
	ATF_CHECK_EQ(EACCES, call(&fd));
	ATF_CHECK_EQ(before, unit_descriptors());
	/* Whoever accepted it sees no clean end. */
	close(ends[0]);
	ATF_CHECK_EQ(-1, recv(ends[1], &octet, 1, 0));
	ATF_CHECK_EQ(ECONNRESET, errno);
	dialer_stop(&dialer);
}

static void
check_wrong(const void *octets, size_t n, size_t descriptors)
{
	int before, ends[2], fd;

	set_up();
	ATF_REQUIRE_EQ(0, pipe(ends));
	before = unit_descriptors();
	send_octets(octets, n, ends[0], descriptors);
	ATF_CHECK(call(&fd) != 0);
	ATF_CHECK_EQ(-1, fd);
	ATF_CHECK_EQ(before, unit_descriptors());
	require_lost();
}

#define WRONG(name, descriptors, length, ...)                                 \
	ATF_TC_WITHOUT_HEAD(name);                                            \
	ATF_TC_BODY(name, tc)                                                 \
	{                                                                     \
		const struct connect_answer a = { .serial = 1, __VA_ARGS__ }; \
                                                                              \
		check_wrong(&a, length, descriptors);                         \
	}

WRONG(none_passed, 0, sizeof(a), .error = 0)
WRONG(none_in_progress, 0, sizeof(a), .error = EINPROGRESS)
WRONG(passed_with_error, 1, sizeof(a), .error = ENOENT)
WRONG(negative, 0, sizeof(a), .error = -1)
WRONG(too_short, 0, sizeof(a) - 1, .error = ENOENT)

/* The second is not for us. */
ATF_TC_WITHOUT_HEAD(two_passed);
ATF_TC_BODY(two_passed, tc)
{
	int before, ends[2], fd;

	set_up();
	ATF_REQUIRE_EQ(0, pipe(ends));
	before = unit_descriptors();
	send_answer(1, 0, ends[0], 2);
	ATF_CHECK_EQ(0, call(&fd));
	ATF_CHECK(fd != -1);
	close(fd);
	ATF_CHECK_EQ(before, unit_descriptors());
	dialer_stop(&dialer);
}

ATF_TC_WITHOUT_HEAD(gone);
ATF_TC_BODY(gone, tc)
{
	int fd;

	set_up();
	close(helper);
	close(life);
	ATF_CHECK_EQ(EPIPE, call(&fd));
	ATF_CHECK_EQ(-1, fd);
	require_lost();
}

ATF_TC(silent);
ATF_TC_HEAD(silent, tc)
{
	atf_tc_set_md_var(tc, "descr", "One that hangs is given up");
}
ATF_TC_BODY(silent, tc)
{
	const struct timeval soon = { .tv_usec = 20000 };
	int fd;

	set_up();
	ATF_REQUIRE_EQ(0,
	    setsockopt(
	        dialer.fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)));
	ATF_CHECK_EQ(ETIMEDOUT, call(&fd));
	require_lost();
}

/* No number is free: as when socket(2) finds none, and nobody connects. */
ATF_TC_WITHOUT_HEAD(no_descriptor);
ATF_TC_BODY(no_descriptor, tc)
{
	struct rlimit limit, none;
	int ends[2], fd;

	set_up();
	ATF_REQUIRE_EQ(0, pipe(ends));
	send_answer(1, 0, ends[0], 1);
	ATF_REQUIRE_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	none = limit;
	none.rlim_cur = 3;
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	ATF_CHECK_EQ(EMFILE, call(&fd));
	ATF_CHECK_EQ(-1, recv(helper, &fd, sizeof(fd), MSG_DONTWAIT));
	fd = -1;
	ATF_CHECK_EQ(EMFILE, call(&fd));
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	ATF_CHECK_EQ(-1, fd);
	ATF_CHECK_EQ(0, lost);
	dialer_stop(&dialer);
}

/* Without a sandbox nobody is asked. */
ATF_TC_WITHOUT_HEAD(unsandboxed);
ATF_TC_BODY(unsandboxed, tc)
{
	const struct address target = { .kind = ADDRESS_HOST };
	const struct privdrop nobody = { .wanted = 0 };
	struct endpoint e;
	struct endpoints all = { .list = &e, .n = 1 };
	int fd, listener;

	e = endpoints_tcp(&listener);
	ATF_REQUIRE_EQ(
	    NULL, dialer_start(&dialer, &target, &all, false, &nobody, false));
	ATF_CHECK(!dialer_is_helped(&dialer));
	ATF_CHECK_EQ(0, dialer_attach(&dialer, NULL, on_lost, &lost));
	ATF_CHECK(dialer_dial(&dialer, &e, &fd) != EPERM);
	ATF_CHECK(fd != -1);
	close(fd);
	dialer_stop(&dialer);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, answers);
	ATF_TP_ADD_TC(tp, late_answers);
	ATF_TP_ADD_TC(tp, none_passed);
	ATF_TP_ADD_TC(tp, none_in_progress);
	ATF_TP_ADD_TC(tp, passed_with_error);
	ATF_TP_ADD_TC(tp, negative);
	ATF_TP_ADD_TC(tp, too_short);
	ATF_TP_ADD_TC(tp, two_passed);
	ATF_TP_ADD_TC(tp, gone);
	ATF_TP_ADD_TC(tp, silent);
	ATF_TP_ADD_TC(tp, no_descriptor);
	ATF_TP_ADD_TC(tp, unsandboxed);
	return atf_no_error();
}
