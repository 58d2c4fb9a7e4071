/*
 * What the service manager is told, and when.
 * Not here: how it is told, see notify.h.
 */
#ifndef MANAGER_H
#define MANAGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "notify.h"

struct manager {
	struct notify notify;
	struct event_loop *loop;
	struct event_timer status_timer;
	struct event_timer watchdog_timer;
	struct event_timer extend_timer;
	struct event_timer due_timer;
	uint64_t extend_due; /* microseconds, not sent yet */
	bool ready_due;      /* the same, of READY=1 */
	bool stopping_due;   /* and of STOPPING=1 */
	bool changed;        /* since the last STATUS= */
	size_t now;          /* connections */
	uint64_t total;
};

/* Connect to the manager, if there is one; before the sandbox. */
void manager_open(struct manager *);

/* The loop to use from now on. */
void manager_attach(struct manager *, struct event_loop *);

/* READY=1, again until it is taken, and WATCHDOG=1 in time from now on. */
void manager_ready(struct manager *);

/* Whether there is one. */
bool manager_exists(const struct manager *);

/* STATUS= with these counts: at most once a second. */
void manager_count(struct manager *, size_t now, uint64_t total);

/*
 * STOPPING=1, and more time asked for as long as the drain goes on:
 * milliseconds, EVENT_INFINITE for as long as it takes.
 */
void manager_stopping(struct manager *, uint64_t drain_time);

/* After manager_attach(). */
void manager_close(struct manager *);

#endif
