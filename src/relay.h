/*
 * The relay as a whole: its listeners and sessions, the limit on them, the
 * totals, and the end of it all.
 * Not here: how a listener, session or loop does its part.
 */
#ifndef RELAY_H
#define RELAY_H

#include "activation.h"
#include "manager.h"
#include "options.h"
#include "privdrop.h"
#include "sandbox.h"
#include "user.h"

struct relay;

/*
 * Look the target up, perhaps by a process of its own (resolver_helper.h), and
 * perhaps start one that connects to it (dialer.h); both become the same user.
 * Make loop and buffers.  To be called after
 * any other fork.  Options and manager must live as long as the relay.  Returns
 * NULL after a line in the log, and then a code of sysexits(3) in *status.
 */
struct relay *relay_create(const struct options *, struct manager *,
    const struct privdrop *, int *status);

/*
 * Listen where the options say, or on the sockets that were handed over if
 * there are any.  owner is whose a socket file becomes without --owner, NULL
 * for nobody's.  Returns 0, or -1 after a line in the log,
 * and then a code of sysexits(3) in *status.
 */
int relay_listen(struct relay *, const struct activation *,
    const struct user *owner, int *status);

/* What the running relay needs; directories[1] is left alone. */
void relay_needs(const struct relay *, struct sandbox_needs *);

/*
 * Start the other workers, if there are any; inside the sandbox, for their
 * threads inherit it.  Returns EX_OK, or a code of sysexits(3) after a line in
 * the log.
 */
int relay_start(struct relay *);

/*
 * Serve until a signal ends it (after SIGTERM, until the end of the drain), or
 * it has been idle for long enough, or a worker or the connecting process is
 * lost.  Returns a code of sysexits(3), EX_OSERR for a loss.
 */
int relay_run(struct relay *);

/* Close and free everything; sessions that are open see an error. */
void relay_destroy(struct relay *);

#endif
