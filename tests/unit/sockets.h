/*
 * Sockets for the tests: bound ones, and connected pairs of them.
 * Not here: listening sockets and connections of the relay's own making.
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

static inline void
unblock(int fd)
{
	ATF_REQUIRE(fcntl(fd, F_SETFL, O_NONBLOCK) != -1);
}

static inline void
unix_pair(int fds[2])
{
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	unblock(fds[0]);
	unblock(fds[1]);
}

static inline int
tcp_bound(struct sockaddr_in *sin)
{
	socklen_t length;
	int fd;

	*sin = (struct sockaddr_in) { .sin_family = AF_INET };
	sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)sin, sizeof(*sin)));
	length = sizeof(*sin);
	ATF_REQUIRE_EQ(0, getsockname(fd, (struct sockaddr *)sin, &length));
	return fd;
}

/*
 * A socket that is not connected, and an address that refuses it: a port that
 * was just given back, and is not its own.  A port that is bound but not
 * listened on would stay silent on NetBSD.
 */
static inline int
tcp_refused(struct sockaddr_in *sin)
{
	struct sockaddr_in own;
	int bound, fd;

	bound = tcp_bound(sin);
	fd = tcp_bound(&own);
	close(bound);
	unblock(fd);
	return fd;
}

static inline int
tcp_client(const struct sockaddr_in *sin)
{
	int fd;

	fd = socket(AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(
	    0, connect(fd, (const struct sockaddr *)sin, sizeof(*sin)));
	return fd;
}

/* Linux cuts what is too much down to what it grants; the BSDs refuse it. */
static inline void
set_buffer(int fd, int option, int size)
{
	while (setsockopt(fd, SOL_SOCKET, option, &size, sizeof(size)) == -1) {
		ATF_REQUIRE_EQ(ENOBUFS, errno);
		size /= 2;
	}
}

/* With buffers of about this size, or, for 0, as large as usual. */
static inline void
tcp_pair(int fds[2], int size)
{
	struct sockaddr_in sin;
	int listener;

	listener = tcp_bound(&sin);
	if (size != 0)
		set_buffer(listener, SO_RCVBUF, size);
	ATF_REQUIRE_EQ(0, listen(listener, 1));
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE(fds[0] != -1);
	if (size != 0) {
		set_buffer(fds[0], SO_RCVBUF, size);
		set_buffer(fds[0], SO_SNDBUF, size);
	}
	ATF_REQUIRE_EQ(
	    0, connect(fds[0], (struct sockaddr *)&sin, sizeof(sin)));
	fds[1] = accept(listener, NULL, NULL);
	ATF_REQUIRE(fds[1] != -1);
	close(listener);
	unblock(fds[0]);
	unblock(fds[1]);
}

/* The buffers of TCP are small, for a case that fills them. */
static inline void
pair(int fds[2], bool tcp)
{
	if (tcp)
		tcp_pair(fds, 16384);
	else
		unix_pair(fds);
}

/* Send until the descriptor takes no more; returns how much that was. */
static inline size_t
fill(int fd)
{
	static const char zeros[4096];
	size_t total;
	ssize_t n;

	total = 0;
	while ((n = send(fd, zeros, sizeof(zeros), MSG_NOSIGNAL)) > 0)
		total += (size_t)n;
	ATF_REQUIRE(n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK));
	return total;
}

/* What became of a connection, say; the socket forgets it. */
static inline int
pending_error(int fd)
{
	socklen_t length;
	int error;

	length = sizeof(error);
	ATF_REQUIRE_EQ(
	    0, getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length));
	return error;
}

#endif
