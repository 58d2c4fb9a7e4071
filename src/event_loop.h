/*
 * The inside of an event loop, shared by event.c, event_timer.c and
 * event_signal.c.
 * Not here: what owners of watches and timers use, see event.h.
 */
#ifndef EVENT_LOOP_H
#define EVENT_LOOP_H

#include <signal.h>

#include "event.h"

struct event_backend;

/* Signals a loop can handle are below this. */
#define EVENT_SIGNALS 64

struct event_loop {
	struct event_backend *backend;
	TAILQ_HEAD(, event_io) run_queue;
	size_t run_length;
	size_t quota; /* callbacks that are left for this round */
	size_t spare; /* so many more may become ready in callbacks */
	struct event_io *current; /* its callback is running */
	uint64_t now;             /* 0: not read in this round */
	uint64_t round;           /* waits so far */
	bool stopped;

	struct event_timer **heap; /* heap[1] expires first */
	size_t heap_length;
	size_t heap_size;

	struct event_io signal_io; /* reading end of a pipe, or unset */
	struct {
		void (*on_signal)(void *, int);
		void *arg;
	} signals[EVENT_SIGNALS];
	bool signals_open;
};

/*
 * Make room for the first timers, so that who waits for memory can set one.
 * Returns 0, or -1 and ENOMEM.
 */
int event_timer_open(struct event_loop *);

/* Milliseconds until the next timer expires, -1 for never. */
int event_timer_next(struct event_loop *);

/* Call every timer that is due. */
void event_timer_expire(struct event_loop *);

/* Give every signal its default action again. */
void event_signal_close(struct event_loop *);

#endif
