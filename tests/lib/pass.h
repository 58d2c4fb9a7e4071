/*
 * To pass a descriptor along with bytes, as the tests do and peers.
 * Not here: what becomes of it on the other side.
 */
#ifndef PASS_H
#define PASS_H

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include "passrights.h"
#endif

/* Returns what sendmsg(2) does. */
static inline ssize_t
pass_descriptor(int to, const void *bytes, size_t n, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { (void *)(uintptr_t)bytes, n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	memset(&control, 0, sizeof(control));
	msg.msg_control = &control;
	msg.msg_controllen = sizeof(control.room);
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	return sendmsg(to, &msg, MSG_NOSIGNAL);
}

/* Whether a socket of this system can refuse them: tried, not asked. */
static inline bool
pass_can_be_refused(void)
{
#ifdef __linux__
	const int off = 0;
	bool refused;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == -1)
		return false;
	(void)setsockopt(ends[1], SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof(off));
	refused = pass_descriptor(ends[0], "x", 1, ends[0]) == -1;
	close(ends[0]);
	close(ends[1]);
	return refused;
#else
	return false;
#endif
}

#endif
