/*
 * Who takes the first step of each connection to the target: this process, or
 * another one, where the sandbox forbids this one to connect.  Each has its
 * body, chosen by make: dialer_direct.c, dialer_helper.c.
 * Not here: the step itself, see dial.h; that other process, see
 * connect_helper.h.
 */
#ifndef DIALER_H
#define DIALER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "endpoint.h"
#include "event.h"
#include "privdrop.h"

/* Shared by all threads; the lock is for everything but io. */
struct dialer {
	pthread_mutex_t lock;
	int fd;          /* to the process that connects, -1: none */
	uint32_t serial; /* of the question that was asked last */
	int directory;   /* of the target's socket file, -1: not used */
	int alarm; /* the other end of io where no process has it, or -1 */
	const char *why; /* no connection can be made any more */
	struct event_loop *loop;
	struct event_io io; /* readable when that is so; fd -1: never */
	void (*on_lost)(void *arg);
	void *arg;
};

/* Connect in this process; nothing is to be undone. */
void dialer_init(struct dialer *);

/*
 * Arrange for what the sandbox will forbid, if sandboxed is set: fork a
 * process that connects to these endpoints, or for any_address to others of
 * IPv4 and IPv6 with their ports, becomes the user and confines itself; or
 * open the directory of the target.  To be called before there are a loop,
 * threads or listeners.  The endpoints are copied.  Returns NULL, or what is
 * wrong, and then nothing is left behind.
 */
const char *dialer_start(struct dialer *, const struct address *target,
    const struct endpoints *, bool any_address, const struct privdrop *,
    bool sandboxed);

/*
 * Have on_lost called in this loop, once, after a line in the log, when no
 * connection can be made any more.  Returns 0, or -1 and errno.
 */
int dialer_attach(struct dialer *, struct event_loop *,
    void (*on_lost)(void *arg), void *arg);

/* Whether another process connects, or this one by connectat(2). */
bool dialer_is_helped(const struct dialer *);

/*
 * Take the first step towards an endpoint, from whatever thread, as dial().
 * EPERM: it is none of those above.  EPIPE: the process has gone; ETIMEDOUT:
 * it does not answer; ESTALE: the directory's descriptor is of no use.  With
 * each of these three, on_lost is about to be called, or was.
 */
int dialer_dial(struct dialer *, const struct endpoint *, int *fd);

/* Close everything; the other process ends by itself. */
void dialer_stop(struct dialer *);

#endif
