/*
 * All listening sockets of a relay: one address on the command line may
 * stand for several.
 * Not here: one of them, see listener.h.
 */
#ifndef LISTENERS_H
#define LISTENERS_H

#include <stdbool.h>
#include <stddef.h>

#include "listener.h"

struct listeners {
	struct listener *list; /* malloc(3) */
	size_t n;
};

/*
 * Listen at every socket address that the address stands for, all TCP ones on
 * one port.  Returns NULL, or what is wrong, and then a code of sysexits(3)
 * in *status and nothing open.
 */
const char *listeners_open(struct listeners *, const struct address *,
    const struct socket_file_access *, int backlog, int *status);

/*
 * Take over sockets that were handed over; the descriptors are the
 * listeners' own afterwards.  Returns 0, or -1 and ENOMEM.
 */
int listeners_adopt(struct listeners *, const int fds[], size_t n);

/*
 * Make others of the same sockets, for another loop: see listener_share().
 * Returns 0, or -1 and errno; then listeners_close() is still due.
 */
int listeners_share(struct listeners *, const struct listeners *first);

/*
 * Accept from now on, each connection being given to on_accept.  Returns 0,
 * or -1 and errno.
 */
int listeners_start(struct listeners *, struct event_loop *,
    void (*on_accept)(
        struct listener *, int, const struct sockaddr *, socklen_t),
    void *arg);

/* A line in the log for each socket. */
void listeners_tell(const struct listeners *);

/* As the functions of listener.h, for all. */
void listeners_pause(struct listeners *);
void listeners_resume(struct listeners *);
void listeners_renew(struct listeners *);
void listeners_sweep(struct listeners *);

/* Whether one of them is a Unix socket (local), or one of TCP. */
bool listeners_have(const struct listeners *, bool local);

/* Whether nobody can pass descriptors over what any of them accepts. */
bool listeners_plain(const struct listeners *);

/* Directory of the socket file, -1 for none; while one listens. */
int listeners_directory(const struct listeners *);

/* Close all, and remove their socket files. */
void listeners_close(struct listeners *);

#endif
