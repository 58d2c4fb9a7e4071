/*
 * The inside of the relay, shared by relay.c, relay_accept.c and
 * relay_signal.c.
 * Not here: what main() uses, see relay.h.
 */
#ifndef RELAY_STATE_H
#define RELAY_STATE_H

#include "dialer.h"
#include "listeners.h"
#include "log.h"
#include "relay.h"
#include "resolver_helper.h"
#include "workers.h"

struct relay {
	struct workers workers;
	struct event_loop *loop; /* of the main thread */
	const struct options *options;
	struct socket_file_access access;
	struct resolver resolver;
	struct dialer dialer;
	char target_text[ADDRESS_TEXT_SIZE];
	struct manager *manager;
	struct listeners listeners;
	int status; /* of sysexits(3), when the loop has stopped */

	/* relay_accept.c */
	size_t limit;   /* sessions at once */
	bool refuses;   /* above it; else clients wait in the backlog */
	bool shares;    /* every worker accepts, not only main */
	uint64_t ended; /* sessions, when we accepted last */
	uint64_t refused;
	struct log_limit refused_log;
	struct event_timer exit_timer; /* runs while there is no connection */

	/* relay_signal.c */
	bool draining;
	struct event_timer drain_timer;
	bool asked;     /* for totals, which workers are about to tell */
	bool ask_again; /* a signal came since */
};

/* Workers that the options ask for and descriptors allow. */
size_t relay_workers(const struct options *);

/* Pipes that each of their pools may hold. */
size_t relay_pipes(void);

/* How many sessions there may be; the listeners are open. */
void relay_set_limit(struct relay *);

/* Have all workers accept, if they may.  Returns 0, or -1 and errno. */
int relay_share(struct relay *);

/* Tell apart what the other threads have to say: after any change of it. */
void relay_watch(struct relay *);

/* Count the time without a connection from now on.  Returns 0, or -1. */
int relay_wait_for_exit(struct relay *);

void relay_init_timers(struct relay *);

/* Callbacks of listeners and workers. */
void relay_on_accept(
    struct listener *, int, const struct sockaddr *, socklen_t);
void relay_on_starve(struct listener *);
void relay_on_note(struct workers *);

/* Returns 0, or -1 and errno. */
int relay_handle_signals(struct relay *);

/* Of the dialer: no connection can be made any more; arg is the relay. */
void relay_on_lost(void *arg);

/* Write the totals if they were asked for and all have told theirs. */
void relay_log_totals(struct relay *);

#endif
