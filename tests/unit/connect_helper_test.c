/*
 * The process that connects: what it does when it is asked, and what it
 * refuses to do.
 * Not here: its walls, see sandbox_connect_test.c; the relay's side, see
 * dialer_test.c.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "connect_helper.h"
#include "endpoints.h"
#include "os.h"
#include "unit.h"

static int helper; /* requests and answers */
static int life;   /* ends with the process */

/* The next answer.  Returns its descriptor, or -1. */
static int
take_answer(struct connect_answer *a)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = a, .iov_len = sizeof(*a) };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	int fd;

	memset(&control, 0, sizeof(control));
	ATF_REQUIRE_EQ((ssize_t)sizeof(*a), recvmsg(helper, &m, 0));
	if (control.header.cmsg_type != SCM_RIGHTS)
		return -1;
	memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
	return fd;
}

static void
start(struct endpoint *list, size_t n, bool any_address)
{
	const struct connect_rules rules = {
		.endpoints = { .list = list, .n = n },
		.any_address = any_address,
	};
	const struct privdrop nobody = { .wanted = 0 };
	struct connect_answer ready;
	int fds[2];

	unit_guard();
	ATF_REQUIRE_EQ(0, connect_helper_start(&rules, &nobody, fds));
	helper = fds[0];
	life = fds[1];
	ATF_REQUIRE_EQ(-1, take_answer(&ready));
	ATF_REQUIRE_EQ(0, ready.serial);
	ATF_REQUIRE_EQ(0, ready.error);
}

/* Returns the error; the descriptor, or -1, goes to *fd. */
static int
ask(const struct endpoint *e, int *fd)
{
	static uint32_t serial;
	struct connect_request r;
	struct connect_answer a;

	memset(&r, 0, sizeof(r));
	r.serial = ++serial;
	r.endpoint = *e;
	ATF_REQUIRE_EQ((ssize_t)sizeof(r), send(helper, &r, sizeof(r), 0));
	*fd = take_answer(&a);
	ATF_REQUIRE_EQ(serial, a.serial);
	ATF_CHECK_EQ(*fd != -1, a.error == 0 || a.error == EINPROGRESS);
	return a.error;
}

/* What comes of it in the end; the descriptor, or -1, goes to *fd. */
static int
outcome(const struct endpoint *e, int *fd)
{
	struct pollfd p = { .events = POLLOUT };
	int error;

	error = ask(e, fd);
	if (error != EINPROGRESS)
		return error;
	p.fd = *fd;
	ATF_REQUIRE_EQ(1, poll(&p, 1, 10000));
	return pending_error(*fd);
}

/* What came back is a connection to the listener, and as one of dial(). */
static void
check_connected(const struct endpoint *e, int listener)
{
	socklen_t length;
	int accepted, fd, on;
	char octet;

	ATF_REQUIRE_EQ(0, outcome(e, &fd));
	ATF_CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	length = sizeof(on);
	ATF_REQUIRE_EQ(
	    0, getsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, &length));
	ATF_CHECK(on != 0);
	accepted = accept(listener, NULL, NULL);
	ATF_REQUIRE(accepted != -1);
	ATF_REQUIRE_EQ(1, send(fd, "x", 1, 0));
	ATF_REQUIRE_EQ(1, recv(accepted, &octet, 1, 0));
	/* No copy of it is left in the process. */
	close(fd);
	ATF_CHECK_EQ(0, recv(accepted, &octet, 1, 0));
	close(accepted);
}

static void
check_nobody_listens(const struct endpoint *e)
{
	int fd;

	ATF_CHECK_EQ(ECONNREFUSED, outcome(e, &fd));
	if (fd != -1)
		close(fd);
}

static void
check_refused(int expected, const struct endpoint *e)
{
	int fd;

	ATF_CHECK_EQ(expected, ask(e, &fd));
	ATF_CHECK_EQ(-1, fd);
}

static void
require_nobody_came(int listener)
{
	ATF_REQUIRE(fcntl(listener, F_SETFL, O_NONBLOCK) != -1);
	ATF_CHECK_EQ(-1, accept(listener, NULL, NULL));
	ATF_CHECK(errno == EAGAIN || errno == EWOULDBLOCK);
}

ATF_TC_WITHOUT_HEAD(tcp);
ATF_TC_BODY(tcp, tc)
{
	struct endpoint e;
	int listener;

	e = endpoints_tcp(&listener);
	start(&e, 1, false);
	check_connected(&e, listener);
	check_connected(&e, listener);
	close(listener);
	check_nobody_listens(&e);
}

ATF_TC_WITHOUT_HEAD(ipv6);
ATF_TC_BODY(ipv6, tc)
{
	struct endpoint e;
	int listener;

	if (!endpoints_tcp6(&e, &listener))
		atf_tc_skip("no IPv6 here");
	start(&e, 1, false);
	check_connected(&e, listener);
}

ATF_TC_WITHOUT_HEAD(path);
ATF_TC_BODY(path, tc)
{
	struct endpoint e;
	int listener;

	e = endpoints_path("socket");
	start(&e, 1, false);
	check_refused(ENOENT, &e);
	listener = endpoints_listen(&e, 8);
	check_connected(&e, listener);
}

ATF_TC_WITHOUT_HEAD(abstract);
ATF_TC_BODY(abstract, tc)
{
	struct endpoint e = { .length =
		                  offsetof(struct sockaddr_un, sun_path) };
	struct sockaddr_un *sun;
	int listener;

	if (!os_abstract_sockets)
		atf_tc_skip("no abstract sockets here");
	sun = (struct sockaddr_un *)&e.addr;
	sun->sun_family = AF_UNIX;
	e.length += 1 +
	    (socklen_t)snprintf(sun->sun_path + 1, sizeof(sun->sun_path) - 1,
	        "connect-helper-test-%ld", (long)getpid());
	listener = endpoints_listen(&e, 8);
	start(&e, 1, false);
	check_connected(&e, listener);
}

/* Each of several, and the answer names the one that was asked for. */
ATF_TC_WITHOUT_HEAD(several);
ATF_TC_BODY(several, tc)
{
	struct endpoint e[3];
	int first, second;

	e[0] = endpoints_tcp(&first);
	e[1] = endpoints_path("nowhere");
	e[2] = endpoints_tcp(&second);
	start(e, 3, false);
	check_connected(&e[2], second);
	check_refused(ENOENT, &e[1]);
	check_connected(&e[0], first);
}

/* It does not wait for room in a backlog. */
ATF_TC_WITHOUT_HEAD(full_backlog);
ATF_TC_BODY(full_backlog, tc)
{
	struct endpoint e;
	int error, fd, i;

	e = endpoints_path("full");
	endpoints_listen(&e, 0);
	start(&e, 1, false);
	error = 0;
	for (i = 0; i < 16 && error == 0; i++)
		error = ask(&e, &fd);
	ATF_CHECK_MSG(os_backlog_full(error) != 0, "%s", strerror(error));
}

/* An address that answers nothing: in progress, at once. */
ATF_TC_WITHOUT_HEAD(in_progress);
ATF_TC_BODY(in_progress, tc)
{
	struct endpoint e;
	int error, fd, i, listener;

	e = endpoints_tcp(&listener);
	ATF_REQUIRE_EQ(0, listen(listener, 0));
	start(&e, 1, false);
	error = 0;
	/* Some are taken, and the next ones wait for ever. */
	for (i = 0; i < 8; i++) {
		error = ask(&e, &fd);
		ATF_REQUIRE(error == 0 || error == EINPROGRESS);
	}
	ATF_CHECK_EQ(EINPROGRESS, error);
}

ATF_TC_WITHOUT_HEAD(refuses_others);
ATF_TC_BODY(refuses_others, tc)
{
	struct endpoint allowed, e, other;
	int listener, elsewhere;

	allowed = endpoints_tcp(&listener);
	other = endpoints_tcp(&elsewhere);
	start(&allowed, 1, false);
	check_refused(EPERM, &other);
	e = allowed;
	((struct sockaddr_in *)&e.addr)->sin_addr.s_addr =
	    htonl(INADDR_LOOPBACK + 1);
	check_refused(EPERM, &e);
	e = allowed;
	((struct sockaddr_in *)&e.addr)->sin_addr.s_addr = INADDR_ANY;
	check_refused(EPERM, &e);
	e = endpoints_path("socket");
	endpoints_listen(&e, 8);
	check_refused(EPERM, &e);
	require_nobody_came(elsewhere);
	require_nobody_came(listener);
	check_connected(&allowed, listener);
}

/* The addresses of a name may become others, its port may not. */
ATF_TC_WITHOUT_HEAD(any_address);
ATF_TC_BODY(any_address, tc)
{
	struct endpoint allowed, e, other;
	int elsewhere, fd, listener;

	allowed = endpoints_tcp(&listener);
	other = endpoints_tcp(&elsewhere);
	start(&allowed, 1, true);
	e = allowed;
	((struct sockaddr_in *)&e.addr)->sin_addr.s_addr =
	    htonl(INADDR_LOOPBACK + 1);
	ATF_CHECK(ask(&e, &fd) != EPERM);
	check_connected(&allowed, listener);
	check_refused(EPERM, &other);
	e = endpoints_path("socket");
	check_refused(EPERM, &e);
	e = allowed;
	e.addr.ss_family = AF_UNSPEC;
	check_refused(EPERM, &e);
	/* The port lies where that of IPv6 does. */
	e.addr.ss_family = AF_INET6;
	check_refused(EPERM, &e);
	e = allowed;
	e.length = sizeof(e.addr) + 1;
	check_refused(EPERM, &e);
	require_nobody_came(elsewhere);
}

/* Octets that are no request are told to be none, and nothing is done. */
ATF_TC_WITHOUT_HEAD(malformed);
ATF_TC_BODY(malformed, tc)
{
	char octets[sizeof(struct connect_request) + 64];
	struct connect_request r;
	struct connect_answer a;
	struct endpoint e;
	const size_t lengths[] = { 1, 4, sizeof(r) - 1, sizeof(r) + 1,
		sizeof(octets), sizeof(r) };
	int listener;
	size_t i;

	e = endpoints_tcp(&listener);
	start(&e, 1, false);
	/* The last one is of the right length, and has no serial. */
	memset(&r, 0, sizeof(r));
	r.endpoint = e;
	memset(octets, 0, sizeof(octets));
	memcpy(octets, &r, sizeof(r));
	for (i = 0; i < UNIT_LENGTH(lengths); i++) {
		ATF_REQUIRE_EQ(
		    (ssize_t)lengths[i], send(helper, octets, lengths[i], 0));
		ATF_CHECK_EQ(-1, take_answer(&a));
		ATF_CHECK_EQ(0, a.serial);
		ATF_CHECK_EQ(EINVAL, a.error);
	}
	require_nobody_came(listener);
	ATF_REQUIRE_EQ(0, fcntl(listener, F_SETFL, 0));
	check_connected(&e, listener);
}

/* A descriptor that comes with a request does not stay. */
ATF_TC_WITHOUT_HEAD(takes_none);
ATF_TC_BODY(takes_none, tc)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	char octet;
	struct iovec iov = { .iov_base = &octet, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct connect_answer a;
	struct endpoint e;
	int ends[2], listener;

	e = endpoints_tcp(&listener);
	start(&e, 1, false);
	ATF_REQUIRE_EQ(0, pipe(ends));
	octet = 'x';
	memset(&control, 0, sizeof(control));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &ends[1], sizeof(int));
	ATF_REQUIRE_EQ(1, sendmsg(helper, &m, 0));
	ATF_CHECK_EQ(-1, take_answer(&a));
	ATF_CHECK_EQ(EINVAL, a.error);
	close(ends[1]);
	ATF_CHECK_EQ(0, read(ends[0], &octet, 1));
}

ATF_TC_WITHOUT_HEAD(keeps_none);
ATF_TC_BODY(keeps_none, tc)
{
	struct endpoint e;
	int ends[2], listener;
	char octet;

	e = endpoints_tcp(&listener);
	ATF_REQUIRE_EQ(0, pipe(ends));
	start(&e, 1, false);
	close(ends[1]);
	ATF_CHECK_EQ(0, read(ends[0], &octet, 1));
	/* Nor the listener: with it, a client would wait for ever. */
	close(listener);
	check_nobody_listens(&e);
}

ATF_TC_WITHOUT_HEAD(ends);
ATF_TC_BODY(ends, tc)
{
	struct pollfd p = { .events = POLLIN };
	struct endpoint e;
	int listener;
	char octet;

	e = endpoints_tcp(&listener);
	start(&e, 1, false);
	p.fd = life;
	ATF_CHECK_EQ(0, poll(&p, 1, 0));
	close(helper);
	ATF_REQUIRE_EQ(1, poll(&p, 1, 10000));
	ATF_CHECK_EQ(0, recv(life, &octet, 1, 0));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, tcp);
	ATF_TP_ADD_TC(tp, ipv6);
	ATF_TP_ADD_TC(tp, path);
	ATF_TP_ADD_TC(tp, abstract);
	ATF_TP_ADD_TC(tp, several);
	ATF_TP_ADD_TC(tp, full_backlog);
	ATF_TP_ADD_TC(tp, in_progress);
	ATF_TP_ADD_TC(tp, refuses_others);
	ATF_TP_ADD_TC(tp, any_address);
	ATF_TP_ADD_TC(tp, malformed);
	ATF_TP_ADD_TC(tp, takes_none);
	ATF_TP_ADD_TC(tp, keeps_none);
	ATF_TP_ADD_TC(tp, ends);
	return atf_no_error();
}
