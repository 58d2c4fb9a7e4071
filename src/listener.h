/*
 * A listening socket: made, accepted on, paused, closed.
 * Not here: what becomes of an accepted connection.
 */
#ifndef LISTENER_H
#define LISTENER_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>

#include "address.h"
#include "endpoint.h"
#include "event.h"
#include "log.h"
#include "socket_file.h"

struct listener {
	struct event_io io;
	struct event_timer resume_timer;
	struct event_loop *loop; /* NULL until it is started */
	uint64_t round;          /* of the loop, when it last accepted */
	unsigned batch;          /* how many are worth trying to accept */
	bool paused;             /* by listener_pause() */
	bool waits;              /* for descriptors or memory */
	bool starved;            /* told the administrator so */
	struct socket_file file; /* of an ADDRESS_PATH */
	bool local;              /* AF_UNIX; else TCP */
	bool plain;       /* nobody can pass descriptors over what it accepts */
	bool handed_over; /* its open file is another process's too */
	bool shares;      /* the first one's socket; that one complains */
	bool tells_peer;  /* the caller's, false at first */
	/*
	 * fd is accepted, non-blocking, close-on-exec, and on_accept's own; it
	 * may pause the listener, not close it.  The address of the peer is
	 * asked for, which takes time, only if tells_peer; else it is NULL.
	 */
	void (*on_accept)(
	    struct listener *, int fd, const struct sockaddr *, socklen_t);
	void (*on_starve)(struct listener *); /* it waits now; or NULL */
	void *arg;                            /* the caller's */
};

/*
 * Bind and listen at a path or abstract name; nobody can pass descriptors, if
 * the system lets us refuse them (os.h).  Returns NULL, or what is
 * wrong, and then a code of sysexits(3) in *status.
 */
const char *listener_open_unix(struct listener *, const struct address *,
    const struct socket_file_access *, int backlog, int *status);

/*
 * Bind and listen at an address of IPv4 or IPv6, the latter without IPv4
 * (IPV6_V6ONLY, ipv6(7)).  Accepted sockets inherit TCP_NODELAY,
 * SO_KEEPALIVE and SO_OOBINLINE.  *endpoint receives the port that was
 * picked if it is 0.  Returns 0, or -1 and errno.
 */
int listener_open_tcp(struct listener *, struct endpoint *, int backlog);

/*
 * Take over a socket that listens already (activation.h).  Accepted sockets
 * get the options above, and of those that connect from now on, descriptors
 * are refused.  It is only accepted on and closed: never unlinked,
 * shut down, or listened on again.
 */
void listener_adopt(struct listener *, int fd);

/*
 * Make another one of the same socket, for another loop; its file stays with
 * the first.  Returns 0, or -1 and errno as dup(2).
 */
int listener_share(struct listener *, const struct listener *first);

/* The address as text: ADDRESS_TEXT_SIZE octets at most.  Returns text. */
const char *listener_text(const struct listener *, char text[]);

/* Accept from now on.  Returns 0, or -1 and errno. */
int listener_start(struct listener *, struct event_loop *);

/* Accept at once what is in the backlog. */
void listener_sweep(struct listener *);

/* Accept nothing; clients wait in the backlog until listener_resume(). */
void listener_pause(struct listener *);

/* Accept again. */
void listener_resume(struct listener *);

/* Find clients that only another loop was told of, before it paused. */
void listener_renew(struct listener *);

/*
 * Close it and remove its socket file.  Returns 0, or -1 and errno when the
 * file could not be removed.
 */
int listener_close(struct listener *);

#endif
