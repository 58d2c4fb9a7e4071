/*
 * What an operating system lacks, under names of its own, so that it can be
 * tested everywhere.
 * Not here: which system lacks what; its header gives the usual names to
 * these, see darwin.h.
 */
#ifndef COMPAT_H
#define COMPAT_H

#include <sys/types.h>
#include <sys/socket.h>

#include <stddef.h>

/*
 * As the function of the name after compat_.  Between two system calls
 * another thread could fork and run a program with a descriptor that is not
 * closed yet on exec; the relay runs no program.  An unknown flag is EINVAL.
 */

/* accept4(2): SOCK_NONBLOCK, SOCK_CLOEXEC. */
int compat_accept4(int fd, struct sockaddr *, socklen_t *, int flags);

/* pipe2(2): O_NONBLOCK, O_CLOEXEC. */
int compat_pipe2(int fds[2], int flags);

/* socket(2), socketpair(2): SOCK_NONBLOCK, SOCK_CLOEXEC within the type. */
int compat_socket(int domain, int type, int protocol);
int compat_socketpair(int domain, int type, int protocol, int fds[2]);

/* closefrom(3): close all descriptors from this one on.  Never fails. */
void compat_closefrom(int lowest);

/* reallocarray(3): ENOMEM if n times size is more than there can be. */
void *compat_reallocarray(void *, size_t n, size_t size);

/*
 * Set those of O_NONBLOCK and FD_CLOEXEC that are wanted.  Returns 0, or -1
 * and errno after closing all of the n descriptors.
 */
int compat_set_flags(const int *fds, size_t n, int nonblock, int cloexec);

#endif
