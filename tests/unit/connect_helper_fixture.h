/*
 * What the tests of the process that connects share: such a process, requests
 * and what comes of them.
 * Not here: any test.
 */
#ifndef CONNECT_HELPER_FIXTURE_H
#define CONNECT_HELPER_FIXTURE_H

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "connect_helper.h"
#include "sockets.h"
#include "unit.h"

static int helper; /* requests and answers */
static int life;   /* ends with the process */

/* The next answer.  Returns its descriptor, or -1. */
static inline int
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

static inline void
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
static inline int
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
static inline int
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
static inline void
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

static inline void
check_refused(int expected, const struct endpoint *e)
{
	int fd;

	ATF_CHECK_EQ(expected, ask(e, &fd));
	ATF_CHECK_EQ(-1, fd);
}

#endif
