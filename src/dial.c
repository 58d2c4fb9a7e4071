/*
 * socket(2), its options, connect(2).
 * Not here: which endpoint, and when; see connector.c.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include "dial.h"
#include "os.h"

static bool
is_loopback(const struct endpoint *e)
{
	if (e->addr.ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(
		    &((const struct sockaddr_in6 *)&e->addr)->sin6_addr);
	return ntohl(((const struct sockaddr_in *)&e->addr)->sin_addr.s_addr) >>
	    24 ==
	    IN_LOOPBACKNET;
}

int
dial_socket(const struct endpoint *e)
{
	const int on = 1;
	int fd, family;

	family = e->addr.ss_family;
	fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	/* None can fail on such a socket, and none is worth a failure. */
	(void)setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
	if (family == AF_UNIX) {
		os_refuse_descriptors(fd);
		return fd;
	}
	if (!is_loopback(e))
		(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	return fd;
}

bool
dial_refuses_descriptors(void)
{
	const struct endpoint local = { .addr.ss_family = AF_UNIX };
	bool refuses;
	int fd;

	fd = dial_socket(&local);
	if (fd == -1)
		return false;
	refuses = os_refuses_descriptors(fd);
	close(fd);
	return refuses;
}

int
dial_result(int *fd, int result)
{
	int error;

	if (result == 0)
		return 0;
	error = errno;
	/* Interrupted, it goes on too: connect(2). */
	if (error == EINPROGRESS || error == EINTR)
		return EINPROGRESS;
	close(*fd);
	*fd = -1;
	return error;
}

int
dial(const struct endpoint *e, int *fd)
{
	*fd = dial_socket(e);
	if (*fd == -1)
		return errno;
	return dial_result(
	    fd, connect(*fd, (const struct sockaddr *)&e->addr, e->length));
}
