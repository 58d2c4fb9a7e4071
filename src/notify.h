/*
 * What the service manager is told: sd_notify(3) as plain datagrams.
 * Not here: when it is told so, see manager.c.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

struct notify {
	int fd;            /* connected, or -1: nobody listens */
	uint64_t watchdog; /* milliseconds between WATCHDOG=1, 0: none */
};

/*
 * Connect to NOTIFY_SOCKET (a path, or @NAME for an abstract socket), and
 * read WATCHDOG_USEC if WATCHDOG_PID is unset or this process: half of it is
 * stored if there is somebody to tell.  The variables are taken out of the
 * environment.  Nothing fails: a manager that cannot be reached is not told.
 * After this, sending needs neither socket(2) nor connect(2).
 */
void notify_open(struct notify *);

/*
 * "READY=1" and the like, lines divided by \n; never blocks.  Returns false if
 * the manager's queue is full, so that it is worth to try again.
 */
bool notify_send(const struct notify *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

void notify_close(struct notify *);

#endif
