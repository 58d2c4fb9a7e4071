/*
 * The first step of a connection: what its socket is like, and what becomes
 * of it.
 * Not here: who takes it, see dialer_test.c; the end, see connector_test.c.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "../lib/pass.h"
#include "dial.h"
#include "endpoints.h"

static struct endpoint
endpoint_of(int family, const char *text)
{
	struct endpoint e = { .length = 0 };
	void *address;

	if (family == AF_INET) {
		e.length = sizeof(struct sockaddr_in);
		address = &((struct sockaddr_in *)&e.addr)->sin_addr;
	} else {
		e.length = sizeof(struct sockaddr_in6);
		address = &((struct sockaddr_in6 *)&e.addr)->sin6_addr;
	}
	e.addr.ss_family = (sa_family_t)family;
	ATF_REQUIRE_EQ(1, inet_pton(family, text, address));
	return e;
}

static bool
has_option(int fd, int name)
{
	socklen_t length;
	int on;

	length = sizeof(on);
	ATF_REQUIRE_EQ(0, getsockopt(fd, SOL_SOCKET, name, &on, &length));
	return on != 0;
}

static void
check_socket(const struct endpoint *e, bool keepalive)
{
	int fd;

	fd = dial_socket(e);
	if (fd == -1 && errno == EAFNOSUPPORT)
		return; /* no IPv6 here */
	ATF_REQUIRE(fd != -1);
	ATF_CHECK((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
	ATF_CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	ATF_CHECK(has_option(fd, SO_OOBINLINE));
	ATF_CHECK_EQ(keepalive, has_option(fd, SO_KEEPALIVE));
	close(fd);
}

/* A peer on the same machine cannot vanish unnoticed. */
ATF_TC_WITHOUT_HEAD(keepalive);
ATF_TC_BODY(keepalive, tc)
{
	static const struct {
		const char *text;
		int family;
		bool keepalive;
	} cases[] = {
		{ "127.0.0.1", AF_INET, false },
		{ "127.255.0.9", AF_INET, false },
		{ "128.0.0.1", AF_INET, true },
		{ "192.0.2.1", AF_INET, true },
		{ "::1", AF_INET6, false },
		{ "::2", AF_INET6, true },
		{ "2001:db8::1", AF_INET6, true },
		{ "0:0:1::1", AF_INET6, true },
		{ "::1:0:0:1", AF_INET6, true },
	};
	struct endpoint e;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		e = endpoint_of(cases[i].family, cases[i].text);
		check_socket(&e, cases[i].keepalive);
	}
	e = endpoints_path("socket");
	check_socket(&e, false);
}

/* Not even before the connection is accepted, nor by what is. */
ATF_TC_WITHOUT_HEAD(refuses_descriptors);
ATF_TC_BODY(refuses_descriptors, tc)
{
	struct endpoint e;
	int accepted, fd, listener;

	ATF_REQUIRE_EQ(pass_can_be_refused(), dial_refuses_descriptors());
	if (!dial_refuses_descriptors())
		atf_tc_skip("descriptors cannot be refused here");
	e = endpoints_path("socket");
	listener = endpoints_listen(&e, 8);
	ATF_REQUIRE_EQ(0, dial(&e, &fd));
	accepted = accept(listener, NULL, NULL);
	ATF_REQUIRE(accepted != -1);
	ATF_CHECK_ERRNO(EPERM, pass_descriptor(accepted, "x", 1, fd) == -1);
	ATF_CHECK_EQ(1, send(accepted, "x", 1, 0));
	close(accepted);
	close(fd);
}

ATF_TC_WITHOUT_HEAD(no_such_family);
ATF_TC_BODY(no_such_family, tc)
{
	struct endpoint e = { .length = sizeof(e.addr) };
	int fd;

	e.addr.ss_family = AF_UNSPEC;
	ATF_CHECK(dial(&e, &fd) != 0);
	ATF_CHECK_EQ(-1, fd);
}

ATF_TC_WITHOUT_HEAD(outcomes);
ATF_TC_BODY(outcomes, tc)
{
	struct endpoint e;
	int fd, listener;

	e = endpoints_path("socket");
	ATF_CHECK_EQ(ENOENT, dial(&e, &fd));
	ATF_CHECK_EQ(-1, fd);
	listener = endpoints_listen(&e, 8);
	ATF_CHECK_EQ(0, dial(&e, &fd));
	ATF_REQUIRE(fd != -1);
	close(fd);
	close(listener);
	ATF_CHECK_EQ(ECONNREFUSED, dial(&e, &fd));
	ATF_CHECK_EQ(-1, fd);
}

/* An interrupted connect(2) goes on, and its socket is kept. */
ATF_TC_WITHOUT_HEAD(interrupted);
ATF_TC_BODY(interrupted, tc)
{
	int fd, kept;

	kept = fd = dup(STDIN_FILENO);
	ATF_REQUIRE(fd != -1);
	errno = EINTR;
	ATF_CHECK_EQ(EINPROGRESS, dial_result(&fd, -1));
	ATF_CHECK_EQ(kept, fd);
	errno = EINPROGRESS;
	ATF_CHECK_EQ(EINPROGRESS, dial_result(&fd, -1));
	ATF_CHECK_EQ(kept, fd);
	errno = EACCES;
	ATF_CHECK_EQ(EACCES, dial_result(&fd, -1));
	ATF_CHECK_EQ(-1, fd);
	ATF_CHECK_EQ(-1, fcntl(kept, F_GETFD));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, keepalive);
	ATF_TP_ADD_TC(tp, refuses_descriptors);
	ATF_TP_ADD_TC(tp, no_such_family);
	ATF_TP_ADD_TC(tp, outcomes);
	ATF_TP_ADD_TC(tp, interrupted);
	return atf_no_error();
}
