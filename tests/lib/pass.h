/*
 * To pass a descriptor along with bytes, as the tests do and peers.
 * Not here: what becomes of it on the other side.
 */
#ifndef PASS_H
#define PASS_H

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <stdint.h>
#include <string.h>

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

#endif
