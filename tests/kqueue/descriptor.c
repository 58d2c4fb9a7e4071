/*
 * What the BSDs' kqueue(2) says of a descriptor, found out from Linux.
 * Not here: when it says so (kqueue.c).
 */
#include <sys/types.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <poll.h>
#include <stddef.h>

#include <linux/sockios.h>

#include "descriptor.h"

static int
socket_option(int fd, int option)
{
	socklen_t length;
	int value;

	length = sizeof(value);
	if (getsockopt(fd, SOL_SOCKET, option, &value, &length) == -1)
		return -1;
	return value;
}

bool
descriptor_is_socket(int fd)
{
	return socket_option(fd, SO_TYPE) != -1;
}

/*
 * All that is needed of it.  qemu's user mode, of 7.2 at least, takes it for an
 * int, and turns that round for a processor with the other order of octets.
 */
static bool
get_tcp_info(int fd, struct tcp_info *info)
{
	socklen_t length;

	length = sizeof(*info);
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &length) == 0 &&
	    length >= offsetof(struct tcp_info, tcpi_unacked) +
	        sizeof(info->tcpi_unacked);
}

/* Linux tells of TCP only; any other has a connection, or no event. */
static int64_t
connections(int fd)
{
	struct tcp_info info;

	return get_tcp_info(fd, &info) ? info.tcpi_unacked : 1;
}

/* Linux counts up to the urgent mark only: one more makes the owner read on. */
int64_t
descriptor_readable_bytes(int fd, bool eof)
{
	struct pollfd pfd = { .fd = fd, .events = POLLPRI };
	int n;

	if (socket_option(fd, SO_ACCEPTCONN) == 1)
		return connections(fd);
	if (ioctl(fd, FIONREAD, &n) == -1)
		n = 1;
	if (poll(&pfd, 1, 0) == 1 && (pfd.revents & POLLPRI))
		n++;
	return n == 0 && !eof ? 1 : n;
}

int64_t
descriptor_writable_bytes(int fd)
{
	int queued, size;

	size = socket_option(fd, SO_SNDBUF);
	if (size == -1 || ioctl(fd, SIOCOUTQ, &queued) == -1 || queued >= size)
		return 1;
	return size - queued;
}

/*
 * Have we shut down the sending side?  Sending nothing tells for a Unix
 * stream, where it has no other effect; on TCP it would clear an error.
 */
bool
descriptor_shut_for_writing(int fd)
{
	struct tcp_info info;

	if (get_tcp_info(fd, &info))
		return info.tcpi_state == TCP_FIN_WAIT1 ||
		    info.tcpi_state == TCP_FIN_WAIT2 ||
		    info.tcpi_state == TCP_CLOSING ||
		    info.tcpi_state == TCP_LAST_ACK ||
		    info.tcpi_state == TCP_TIME_WAIT;
	if (socket_option(fd, SO_DOMAIN) != AF_UNIX ||
	    socket_option(fd, SO_TYPE) != SOCK_STREAM)
		return false;
	return send(fd, "", 0, MSG_NOSIGNAL | MSG_DONTWAIT) == -1 &&
	    errno == EPIPE;
}
