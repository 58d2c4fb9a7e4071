/*
 * The process that connects: what it does when it is asked.
 * Not here: what it refuses, see connect_helper_refusal_test.c; its walls, see
 * sandbox_connect_test.c; the relay's side, see dialer_test.c.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atf-c.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../lib/pass.h"
#include "connect_helper_fixture.h"
#include "endpoints.h"
#include "os.h"

static void
check_nobody_listens(const struct endpoint *e)
{
	int fd;

	ATF_CHECK_EQ(ECONNREFUSED, outcome(e, &fd));
	if (fd != -1)
		close(fd);
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

/* Linux counts what its user has under way, whoever passed it. */
ATF_TC_WITHOUT_HEAD(crowded);
ATF_TC_BODY(crowded, tc)
{
#ifdef __linux__
	enum { MANY = 80 };
	struct endpoint e;
	int accepted, error, fd, i, listener, others[2];
	char octet;

	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, others));
	e = endpoints_tcp(&listener);
	start(&e, 1, false);
	for (i = 0; i < MANY; i++)
		ATF_REQUIRE_EQ(
		    1, pass_descriptor(others[0], "x", 1, others[0]));
	error = outcome(&e, &fd);
	if (error == 0)
		atf_tc_skip("nothing is limited in this build");
	ATF_REQUIRE_EQ(EMFILE, error);
	ATF_CHECK_EQ(-1, fd);
	/* It came to nothing, and is not to look like an empty one. */
	accepted = accept(listener, NULL, NULL);
	ATF_REQUIRE(accepted != -1);
	ATF_CHECK_ERRNO(ECONNRESET, recv(accepted, &octet, 1, 0) == -1);
	for (i = 0; i < MANY; i++)
		ATF_REQUIRE_EQ(1, recv(others[1], &octet, 1, 0));
	check_connected(&e, listener);
#else
	atf_tc_skip("no such limit here");
#endif
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
	ATF_TP_ADD_TC(tp, crowded);
	ATF_TP_ADD_TC(tp, keeps_none);
	ATF_TP_ADD_TC(tp, ends);
	return atf_no_error();
}
