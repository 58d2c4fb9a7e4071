/*
 * The first step of a connection: a socket that has begun to connect.
 * Not here: which process takes it, see dialer.h; waiting for the end, see
 * connector.h.
 */
#ifndef DIAL_H
#define DIAL_H

#include <stdbool.h>

#include "endpoint.h"

/*
 * A stream socket for the endpoint: non-blocking, close-on-exec, with
 * SO_OOBINLINE and, unless it goes to the loopback, SO_KEEPALIVE; of Unix, one
 * over which nobody can pass descriptors, if dial_refuses_descriptors().
 * Returns the descriptor, or -1 and errno.
 */
int dial_socket(const struct endpoint *);

/* Whether the system lets us refuse them; makes a socket to find out. */
bool dial_refuses_descriptors(void);

/*
 * What became of connect(2): its result, and errno.  Returns 0, or EINPROGRESS
 * when it goes on; else another errno, and *fd is closed and -1.
 */
int dial_result(int *fd, int result);

/*
 * Make such a socket and begin to connect it; never blocks.  Returns as
 * dial_result(); but for a failure, *fd is the caller's.
 */
int dial(const struct endpoint *, int *fd);

#endif
