/*
 * A process of its own that looks the target's name up, so that no resolver
 * code runs in the process that handles strangers' bytes.
 * Not here: looking up, see resolver.h.
 */
#ifndef RESOLVER_HELPER_H
#define RESOLVER_HELPER_H

#include <pthread.h>
#include <stdbool.h>

#include "address.h"
#include "event.h"
#include "log.h"
#include "privdrop.h"
#include "target.h"

/*
 * Answers arrive in one loop.  Whoever connects, in whatever thread, calls
 * resolver_use() and resolver_doubt(); the lock is for what these share with
 * that loop.  Without a helper nothing ever changes.
 */
struct resolver {
	bool has_helper; /* had one at the start */
	struct event_loop *loop;
	const char *name; /* for the log */
	struct log_limit limit;

	pthread_mutex_t lock;
	struct event_io io;    /* fd -1: no helper, or it has gone */
	struct target *target; /* the newest answer */
	uint64_t answered;     /* when, monotonic milliseconds */
	uint64_t asked;
	bool waiting; /* for an answer */
};

/*
 * Look the target up.  If it is a name, that is done by a process that is
 * forked here, becomes the user, confines itself if sandboxed is set, and
 * goes on answering; else no process is started.  To be called before a loop
 * exists.  The address and name must live as long as the resolver.  Returns
 * NULL, or what is wrong, and then a code of sysexits(3) in *status.
 */
const char *resolver_start(struct resolver *, const struct address *,
    const char *name, const struct privdrop *, bool sandboxed, int *status);

/* Take answers in this loop.  Returns 0, or -1 and errno. */
int resolver_attach(struct resolver *, struct event_loop *);

/*
 * Somebody is about to connect, now by event_now() of any loop: return the
 * target, to be released after use.  It is looked up anew in the background if
 * the answer is old.
 */
struct target *resolver_use(struct resolver *, uint64_t now);

/* No address could be reached: have it looked up anew at once. */
void resolver_doubt(struct resolver *, uint64_t now);

/* The helper ends by itself. */
void resolver_stop(struct resolver *);

#endif
