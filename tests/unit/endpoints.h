/*
 * Endpoints for the tests, and who listens there.
 * Not here: connections, see sockets.h.
 */
#ifndef ENDPOINTS_H
#define ENDPOINTS_H

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <atf-c.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "endpoint.h"
#include "sockets.h"

/* Where nobody listens yet. */
static inline struct endpoint
endpoints_bound(int *fd)
{
	struct endpoint e = { .length = sizeof(struct sockaddr_in) };

	*fd = tcp_bound((struct sockaddr_in *)&e.addr);
	return e;
}

static inline struct endpoint
endpoints_tcp(int *listener)
{
	struct endpoint e;

	e = endpoints_bound(listener);
	ATF_REQUIRE_EQ(0, listen(*listener, 8));
	return e;
}

/* Returns false where there is no IPv6. */
static inline bool
endpoints_tcp6(struct endpoint *e, int *listener)
{
	struct sockaddr_in6 *sin6;

	*e = (struct endpoint) { .length = sizeof(*sin6) };
	sin6 = (struct sockaddr_in6 *)&e->addr;
	sin6->sin6_family = AF_INET6;
	sin6->sin6_addr = in6addr_loopback;
	*listener = socket(AF_INET6, SOCK_STREAM, 0);
	if (*listener == -1)
		return false;
	if (bind(*listener, (struct sockaddr *)sin6, e->length) == -1) {
		close(*listener);
		return false;
	}
	ATF_REQUIRE_EQ(0, listen(*listener, 8));
	return getsockname(*listener, (struct sockaddr *)sin6, &e->length) == 0;
}

static inline struct endpoint
endpoints_path(const char *path)
{
	struct endpoint e = { .length = sizeof(struct sockaddr_un) };
	struct sockaddr_un *sun;

	sun = (struct sockaddr_un *)&e.addr;
	sun->sun_family = AF_UNIX;
	strlcpy(sun->sun_path, path, sizeof(sun->sun_path));
	return e;
}

/* At a path or an abstract name. */
static inline int
endpoints_listen(const struct endpoint *e, int backlog)
{
	int fd;

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(
	    0, bind(fd, (const struct sockaddr *)&e->addr, e->length));
	ATF_REQUIRE_EQ(0, listen(fd, backlog));
	return fd;
}

#endif
