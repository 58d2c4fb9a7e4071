/*
 * Threads that share the work: each has an event loop and sessions of its own.
 * Worker 0 is the main thread, which accepts and deals; the others may, too.
 * With no other worker there is no thread, and no descriptor or system call
 * for one.
 * Not here: what one worker does, see worker.c; who is let in, see
 * relay_accept.c.
 *
 * Everything here is called by the main thread.  What the threads share:
 * counts and flags, all atomic and sequentially consistent, and pipes.  Main
 * stores in `watch` what it waits for and looks at the counts afterwards; a
 * worker changes the counts and looks at `watch` afterwards.  So one of the
 * two sees the other, and no wake-up is lost.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "listeners.h"
#include "session.h"

/* What main waits for: bits of `watch`. */
#define WORKERS_ANY_END 1u  /* a session has ended */
#define WORKERS_LAST_END 2u /* no session is left in the process */

struct worker;

/* Sessions of one worker, or of all. */
struct workers_counts {
	size_t now;
	uint64_t total;
	uint64_t failed;
	uint64_t up;
	uint64_t down;
};

struct workers {
	struct worker *list; /* list[0] is the main thread */
	size_t n;
	size_t pipes;   /* that each pool may hold */
	size_t threads; /* that were started */
	size_t last;    /* was dealt to last, if only main accepts */
	size_t most;    /* sessions, while others accept; 0: they do not */
	uint64_t dealt; /* connections that main accepted, refused ones too */

	/* In main's loop: look at the counts, and at failed. */
	void (*on_note)(struct workers *);
	void *owner;           /* the caller's, as is on_note */
	struct event_io io;    /* reading end of the notes' pipe, or unset */
	int note_fd;           /* writing end */
	atomic_bool noted;     /* a note is on its way */
	atomic_uint watch;     /* WORKERS_* */
	atomic_size_t open;    /* dealt and not ended */
	atomic_size_t refused; /* accepted, but there was no memory */
	atomic_size_t owing;   /* workers that have not told their counts */
	atomic_size_t doors;   /* workers that have listeners */
	atomic_bool shutting;  /* these listeners */
	atomic_bool rested;    /* one that did not before */
	atomic_bool failed;    /* the backend of a worker's loop */
	atomic_bool stopping;
};

/*
 * Make n loops and what is between them, each with a pool of so many pipes.
 * To be called after the last fork(2) of the process.  Returns 0, or -1 and
 * errno; then workers_close() is still due.
 */
int workers_open(struct workers *, size_t n, size_t pipes,
    void (*on_note)(struct workers *), void *owner);

/* What the sessions of worker i share, and its loop; i is below n. */
struct session_context *workers_context(struct workers *, size_t i);

/* Start the threads.  Returns 0, or -1 and errno. */
int workers_start(struct workers *);

/*
 * Have the other workers accept, too, while there are fewer sessions than
 * most; then they tell (on_note) and rest.  Before the threads are started.
 * Returns 0, or -1 and errno.
 */
int workers_share(struct workers *, const struct listeners *, size_t most);

/* Whether any of them rests, or has begun to since this was asked. */
bool workers_rest(const struct workers *);
bool workers_rested(struct workers *);

/* Have them go on. */
void workers_admit(struct workers *);

/* Close their listeners; on_note is called when all have. */
void workers_shut(struct workers *);
bool workers_are_shut(const struct workers *);

/*
 * Relay an accepted client, where there are the fewest.  This takes over its
 * descriptor and its log.  Without memory the client is closed, and counted as
 * refused.
 */
void workers_deal(struct workers *, int client, struct connection_log *);

/* Sessions now, in the whole process. */
size_t workers_sessions(const struct workers *);

/* Sessions ever, those that have ended, and clients that were refused. */
uint64_t workers_total(const struct workers *);
uint64_t workers_ended(const struct workers *);
uint64_t workers_refused(const struct workers *);

/* Whether a worker's loop has failed; there is a line in the log. */
bool workers_failed(const struct workers *);

/*
 * Have on_note called when one of these comes to pass from now on; the caller
 * looks at the counts once more afterwards.
 */
void workers_watch(struct workers *, unsigned bits);

/* Have every worker tell its counts; on_note is called when all have. */
void workers_ask(struct workers *);

/* Whether all have told since workers_ask(), and what. */
bool workers_told(const struct workers *);
void workers_counts(const struct workers *, struct workers_counts *);

/* Break off every session, and wait for the end of the threads. */
void workers_stop(struct workers *);

/* Free everything; after workers_stop(), if threads were started. */
void workers_close(struct workers *);

#endif
