/*
 * A process of its own that connects to the target, for a relay whose sandbox
 * forbids that.  It takes requests over a socket, begins to connect, and
 * passes the socket back at once; it never waits for a peer, and trusts the
 * relay with nothing but the target.
 * Not here: the relay's side, see dialer.h.
 */
#ifndef CONNECT_HELPER_H
#define CONNECT_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "endpoint.h"
#include "privdrop.h"

/* Where it may connect to. */
struct connect_rules {
	struct endpoints endpoints;
	bool any_address; /* others of IPv4 and IPv6 too, with these ports */
};

/* Each is one message of a SOCK_SEQPACKET, its padding included. */
struct connect_request {
	uint32_t serial; /* any but 0 */
	struct endpoint endpoint;
};

/* To a request, with a descriptor (SCM_RIGHTS) if it is 0 or EINPROGRESS. */
struct connect_answer {
	uint32_t serial; /* of the request; 0: of none */
	int32_t error;   /* an errno, as of dial(); EMFILE, if it cannot pass */
};

/*
 * Fork it.  It becomes the user and confines itself; when
 * that is done, it sends an answer to no request, with error 0.  fds receives
 * its two sockets: requests and answers go over the first; the second is
 * never written to, and ends when the process does.  It ends when the first
 * is closed.  To be called before there are a loop, threads or listeners.
 * Returns 0, or -1 and errno.
 */
int connect_helper_start(
    const struct connect_rules *, const struct privdrop *, int fds[2]);

/*
 * Look at n octets that are to be a request.  Returns 0, and then it is in
 * *request; EINVAL if they are none; EPERM if the endpoint is not among those
 * that the rules allow.  The serial is set unless it is EINVAL.
 */
int connect_helper_check(const struct connect_rules *, const void *octets,
    size_t n, struct connect_request *request);

#endif
