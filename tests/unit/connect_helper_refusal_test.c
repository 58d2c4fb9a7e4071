/*
 * The process that connects: what it refuses to do, and what is no request.
 * Not here: what it does when it is asked, see connect_helper_test.c.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "connect_helper_fixture.h"
#include "endpoints.h"
#include "unit.h"

static void
require_nobody_came(int listener)
{
	ATF_REQUIRE(fcntl(listener, F_SETFL, O_NONBLOCK) != -1);
	ATF_CHECK_EQ(-1, accept(listener, NULL, NULL));
	ATF_CHECK(errno == EAGAIN || errno == EWOULDBLOCK);
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

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, refuses_others);
	ATF_TP_ADD_TC(tp, any_address);
	ATF_TP_ADD_TC(tp, malformed);
	ATF_TP_ADD_TC(tp, takes_none);
	return atf_no_error();
}
