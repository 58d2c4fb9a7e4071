/*
 * The inside of the workers, shared by worker.c and workers.c.
 * Not here: what others use, see workers.h.
 */
#ifndef WORKER_H
#define WORKER_H

#include <pthread.h>

#include "workers.h"

/* Keeps what one thread writes out of another one's cache lines. */
#define WORKER_ALIGNMENT 128

struct worker {
	/* First: on_end finds us by it. */
	_Alignas(WORKER_ALIGNMENT) struct session_context context;
	struct workers *all;
	struct log_limit refused_log;
	struct event_io io; /* reading end of the hand-overs' pipe, or unset */
	bool telling;       /* as soon as all that was dealt before is read */
	struct listeners listeners; /* shared with main's, or none */
	bool rests;                 /* accepts nothing */

	/* Main's. */
	_Alignas(WORKER_ALIGNMENT) int handover_fd; /* its writing end */
	pthread_t thread;

	/* Shared. */
	atomic_size_t open;           /* dealt and not ended */
	atomic_size_t accepted;       /* not by main */
	atomic_bool asked;            /* for its counts */
	atomic_bool held;             /* it rests until main thinks otherwise */
	struct workers_counts counts; /* settled by all->owing */
};

/* What goes through the pipe to a worker: less than PIPE_BUF, so never cut. */
struct worker_handover {
	int client; /* -1: only look at asked and stopping */
	struct connection_log *log;
};

/*
 * Make its loop, and its pipe if it is one of several.  Returns 0, or -1 and
 * errno.
 */
int worker_open(struct worker *, struct workers *, size_t n);

/* How sessions end with the worker. */
#define WORKER_STOPPED "relay stopped"

/* Listen as well, before its thread is started.  Returns 0, or -1 and errno. */
int worker_share(struct worker *, const struct listeners *);

/*
 * Have a client relayed that this one accepted, where there are the fewest;
 * in its own thread.
 */
void worker_deal(struct worker *, int client, struct connection_log *);

/* Relay a client that was dealt to it, in the worker's own thread. */
void worker_take(struct worker *, int client, struct connection_log *);

/* The body of a thread. */
void *worker_run(void *);

/* The counts now, in the worker's own thread. */
void worker_count(const struct worker *, struct workers_counts *);

/* After its thread has ended. */
void worker_close(struct worker *);

/* Have on_note called in main's loop. */
void workers_note(struct workers *);

#endif
