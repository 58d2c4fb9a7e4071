/*
 * The private seam between the event loop and an operating system: what
 * event_epoll.c and event_kqueue.c supply, and what they may call.
 * Not here: timers, signals, logs; a backend knows descriptors only.
 */
#ifndef EVENT_BACKEND_H
#define EVENT_BACKEND_H

#include "event.h"

struct event_backend;

/* Returns NULL and errno as epoll_create1(2), kqueue(2) or malloc(3). */
struct event_backend *event_backend_open(void);

void event_backend_close(struct event_backend *);

/*
 * Report these bits (EVENT_READ, EVENT_WRITE) of the watch from now on,
 * edge-triggered: each time something arrives, and at once if the condition
 * holds now.  With EVENT_LEVEL, which does not change while bits are set,
 * report by every wait while the condition holds.  io->armed is what was set
 * last; the core changes it afterwards. 0 takes the descriptor out of the
 * kernel's set.  A closed descriptor leaves the set by itself.  Returns 0, or
 * -1 and errno.
 */
int event_backend_set(struct event_backend *, struct event_io *, unsigned bits);

/*
 * Wait at most timeout milliseconds (-1: for ever) and call event_note() for
 * each watch with something to report.  A signal ends the wait early.
 * Returns 0, or -1 and errno.
 */
int event_backend_wait(
    struct event_backend *, struct event_loop *, int timeout);

/*
 * Supplied by the core: the descriptor is ready for bits.  avail is the
 * number of bytes that can be read where the system tells, else 0, and
 * EVENT_AVAIL_ALL where end of file, an error or urgent data stand behind
 * them; of a listening socket, the number of connections.  No callback runs
 * before the wait has returned, so a watch cannot be freed under a batch.
 */
void event_note(
    struct event_loop *, struct event_io *, unsigned bits, uint32_t avail);

#endif
