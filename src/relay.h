/*
 * The relay as a whole: its listeners and sessions, the limit on them, the
 * totals, and the end of it all.
 * Not here: how a listener, session or loop does its part.
 */
#ifndef RELAY_H
#define RELAY_H

#include "options.h"

struct relay;

/*
 * Make loop and buffers, and look the target up.  The options must live as
 * long as the relay.  Returns NULL after a line in the log, and then a code
 * of sysexits(3) in *status.
 */
struct relay *relay_create(const struct options *, int *status);

/*
 * Listen where the options say.  Returns 0, or -1 after a line in the log,
 * and then a code of sysexits(3) in *status.
 */
int relay_listen(struct relay *, int *status);

/*
 * Serve until SIGTERM and the end of the drain, or SIGINT.  Returns a code of
 * sysexits(3), 0 after a signal.
 */
int relay_run(struct relay *);

/* Close and free everything; sessions that are open see an error. */
void relay_destroy(struct relay *);

#endif
