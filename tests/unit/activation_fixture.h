/*
 * What the tests of activation.h share: sockets to hand over.
 * Not here: any test; how they are handed over.
 */
#ifndef ACTIVATION_FIXTURE_H
#define ACTIVATION_FIXTURE_H

#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <atf-c.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#define FIRST 3
#define ASIDE 40 /* where nothing is handed over */

/* Move a descriptor to a number, or away from the first ones. */
static inline int
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

static inline int
make_inet(int type)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = move(socket(AF_INET, type, 0), ASIDE);
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)&sin, sizeof(sin)));
	return fd;
}

static inline int
listening(int fd)
{
	ATF_REQUIRE_EQ(0, listen(fd, 4));
	return fd;
}

static inline bool
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

static inline void
check_adopted(int fd)
{
	ATF_CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	ATF_CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
	ATF_CHECK(connects_to(fd));
}

#endif
