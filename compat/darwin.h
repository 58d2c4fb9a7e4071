/*
 * What macOS lacks, before any source: make includes it with -include.
 * Not here: how it is made good, see compat.h.
 */
#ifndef DARWIN_H
#define DARWIN_H

#include <sys/types.h>
#include <sys/socket.h>

#include <stdlib.h>
#include <unistd.h>

#include "compat.h"

/* Above all types, and what compat_socket() takes off again. */
#define SOCK_NONBLOCK 0x10000000
#define SOCK_CLOEXEC 0x20000000

/*
 * With arguments, so that "struct socket" stays what it is.  pipe2(2) is
 * there since macOS 27, which is younger than what this is built for.
 */
#define accept4(fd, address, length, flags) \
	compat_accept4(fd, address, length, flags)
#define closefrom(lowest) compat_closefrom(lowest)
#define pipe2(fds, flags) compat_pipe2(fds, flags)
#define reallocarray(p, n, size) compat_reallocarray(p, n, size)
#define socket(domain, type, protocol) compat_socket(domain, type, protocol)
#define socketpair(domain, type, protocol, fds) \
	compat_socketpair(domain, type, protocol, fds)

/* A group is an int there, for this one call. */
#define initgroups(name, group) initgroups(name, (int)(group))

#endif
