/*
 * One connection to a target: tries its addresses in turn, without blocking,
 * and again while that makes sense.
 * Not here: socket(2) and connect(2), see dialer.h; moving data.
 */
#ifndef CONNECTOR_H
#define CONNECTOR_H

#include <stddef.h>
#include <stdint.h>

#include "dialer.h"
#include "endpoint.h"
#include "event.h"

struct connector {
	struct event_loop *loop;
	struct dialer *dialer;
	const struct endpoints *target;
	struct event_io *io; /* the caller's; its fd is the result */
	struct event_timer timer;
	uint64_t timeout;     /* milliseconds, for all addresses together */
	uint64_t deadline;    /* of this round over the addresses */
	uint64_t address_end; /* of the try at one address */
	uint64_t wait_end; /* a target that is not there is retried so long */
	uint64_t full_end; /* a full backlog is retried so long, 0: not met */
	size_t next;       /* address to try */
	unsigned pause;    /* milliseconds before the next retry */
	int error;         /* why an address failed in this round */
	void (*on_done)(struct connector *, int error);
	/* Before the addresses are tried again; may set target; or NULL. */
	void (*on_retry)(struct connector *);
	void *owner; /* the caller's */
};

/*
 * Connect to one of the target's endpoints within timeout milliseconds.  If
 * every address refuses, does not exist or cannot be reached, start again
 * until wait milliseconds have passed.  *io is initialized here.
 *
 * on_done is called once, perhaps before this returns: with 0, io is
 * registered and its fd connected to target->list[next], SO_OOBINLINE set but
 * not TCP_NODELAY; else with an errno, and io->fd is -1.  It may free the
 * connector.
 */
void connector_start(struct connector *, struct event_loop *, struct dialer *,
    const struct endpoints *target, struct event_io *io, uint64_t timeout,
    uint64_t wait, void (*on_done)(struct connector *, int error),
    void (*on_retry)(struct connector *), void *owner);

/* Give up: on_done is not called any more, the descriptor is closed. */
void connector_cancel(struct connector *);

#endif
