/*
 * Octets moved from socket to socket inside the kernel, by way of a pipe, so
 * that they are never copied: splice(2).  splice_linux.c and splice_none.c
 * hold it; make chooses one.  (SO_SPLICE of OpenBSD and FreeBSD takes pairs
 * of TCP sockets only, and is not used.)
 * Not here: when that is worth it, see channel.c; how many, see pool.c.
 */
#ifndef SPLICE_H
#define SPLICE_H

#include <sys/types.h>
#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>

struct splice_pipe {
	int in;        /* writing end */
	int out;       /* reading end */
	size_t size;   /* octets that it may hold */
	size_t length; /* octets in it */
};

/*
 * Whether it costs less than a copy, from a connected socket of one family to
 * one of the other, fd.
 */
bool splice_pays(sa_family_t from, sa_family_t to, int fd);

/*
 * Open an empty pipe, as large as the system grants.  Returns 0, or -1 and
 * errno as pipe2(2), ENOBUFS if it would be too small to be of use, or ENOSYS
 * where there is no splice(2).
 */
int splice_open(struct splice_pipe *);

/* Close it, whatever is in it. */
void splice_close(struct splice_pipe *);

/*
 * Move what a socket has into an empty pipe.  Returns the number of octets,
 * or 0 when nothing could be moved (nothing there, end of file, urgent data:
 * a copy tells which), or -1 and errno, EINVAL if it cannot be done with
 * such a socket.
 */
ssize_t splice_fill(struct splice_pipe *, int from);

/*
 * Move what is in the pipe into a socket, as far as there is room.  Returns
 * the number of octets, or -1 and errno as send(2).
 */
ssize_t splice_drain(struct splice_pipe *, int to);

#endif
