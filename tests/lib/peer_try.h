/*
 * An exchange that may break, but only so that it can be seen; a look at what
 * came.
 * Not here: exchanges that have to succeed (peer_actions.h).
 */
#ifndef PEER_TRY_H
#define PEER_TRY_H

#include "peer_actions.h"

/* The streams of both sides, see stream.h. */
struct peer_seeds {
	uint64_t own;
	uint64_t peer;
};

/*
 * Send and receive n octets at the same time, then shut down, and expect an
 * end of file.  Exits with a message at a wrong octet, and at an end of file
 * that is too early on a socket that could have had a reset instead.
 * Returns whether all of it came to pass.
 */
bool peer_try(struct connection *, uint64_t n, struct peer_seeds);

/* Wait until there is something to read, and leave it. */
void peer_peek(int fd);

#endif
