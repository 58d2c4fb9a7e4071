/*
 * The event loop: readiness of descriptors, timers and signals.
 * Not here: anything an operating system calls by its own name, see
 * event_backend.h.
 */
#ifndef EVENT_H
#define EVENT_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_loop;

/*
 * Bits of interest and of readiness.  READ and WRITE are hints: the owner
 * obeys what its read or write returns.  ERROR (the socket has a pending
 * error, such as a reset) is never
 * asked for, cannot be masked, and is delivered once each time the system
 * reports it.
 */
#define EVENT_READ 1u
#define EVENT_WRITE 2u
#define EVENT_ERROR 4u

/*
 * Wanted together with EVENT_READ, and for the life of the watch: nothing is
 * remembered, and each round reports anew while the condition holds.  It is
 * for listening sockets, where finding out that one is drained would cost a
 * call for each that was accepted.
 */
#define EVENT_LEVEL 8u

/*
 * A watch: one descriptor, embedded in its owner, so that registering never
 * allocates.  The loop remembers readiness until the owner says that it is
 * used up; wanting a bit again that is still remembered costs no system call.
 *
 * fd, want, ready and avail may be read by the owner; it may write on_ready,
 * owner and shared.
 */
struct event_io {
	void (*on_ready)(struct event_io *, unsigned);
	void *owner; /* the callback's, not touched by the loop */
	TAILQ_ENTRY(event_io) link;
	uint32_t avail; /* bytes known to be queued, see event_io_took() */
	int fd;
	uint8_t want;   /* what the owner waits for */
	uint8_t ready;  /* what was reported and is not used up */
	uint8_t armed;  /* what the backend reports */
	uint8_t queued; /* stands in the loop's run queue */
	uint8_t stray;  /* reported writable once with nobody waiting */
	bool shared;    /* another process may have its open file, too */
};

/* avail: end of file, an error or urgent data stand behind the bytes. */
#define EVENT_AVAIL_ALL UINT32_MAX

/* What the loop waits with: "epoll" or "kqueue". */
extern const char event_backend_name[];

/*
 * Of several loops that wait for the same socket with EVENT_LEVEL, a
 * connection wakes one; else it wakes all.
 */
extern const bool event_backend_wakes_one;

/*
 * Create a loop.  Returns NULL and errno as epoll_create1(2) or kqueue(2).
 * To be called after the last fork(2) of the process: a kqueue does not
 * survive it.
 */
struct event_loop *event_loop_create(void);

/* Free the loop.  Watches and timers must not be used with it any more. */
void event_loop_destroy(struct event_loop *);

/*
 * Deliver events until event_loop_stop().  Returns 0, or -1 and errno when
 * the backend fails.
 */
int event_loop_run(struct event_loop *);

/* Let event_loop_run() return after the callback that is running. */
void event_loop_stop(struct event_loop *);

/* Monotonic milliseconds (clock_gettime(2)), read once a round. */
uint64_t event_now(struct event_loop *);

/* How many times the loop has asked the system for events. */
uint64_t event_round(const struct event_loop *);

/* Initialize a watch of a non-blocking descriptor that it now owns. */
void event_io_init(
    struct event_io *, int fd, void (*on_ready)(struct event_io *, unsigned));

/*
 * Want these bits, besides those already wanted; 0 only registers the watch,
 * so that EVENT_ERROR is reported.  Returns 0, or -1 and errno as
 * epoll_ctl(2) or kevent(2); EVENT_READ, without EVENT_LEVEL, cannot fail any
 * more once it is registered, in whatever way.
 */
int event_io_enable(struct event_loop *, struct event_io *, unsigned bits);

/*
 * Want these bits no longer.  Makes no system call; one follows if there is
 * an event of them after all, and would be more.
 */
void event_io_disable(struct event_loop *, struct event_io *, unsigned bits);

/* A call would have blocked (EAGAIN): wait for the system's next report. */
void event_io_drained(struct event_io *, unsigned bits);

/*
 * A read took n bytes.  It is short if fewer than it had room for: then the
 * descriptor counts as drained, unless more is known to be queued.  Where
 * the caller knows better (MSG_CTRUNC: the read was cut at passed
 * descriptors), it passes short_read false.
 */
void event_io_took(struct event_io *, size_t n, bool short_read);

/* Take the watch out of the loop and leave the descriptor open. */
void event_io_remove(struct event_loop *, struct event_io *);

/*
 * Close the descriptor; no event of it is delivered any more.  The owner may
 * free itself at once.
 */
void event_io_close(struct event_loop *, struct event_io *);

/* The same for two, which is cheaper than one after the other. */
void event_io_close_both(
    struct event_loop *, struct event_io *, struct event_io *);

/* A timer, embedded in its owner. */
struct event_timer {
	void (*on_expire)(struct event_timer *);
	uint64_t when; /* monotonic milliseconds */
	size_t slot;   /* place in the loop's heap, 0 while not set */
};

/* Largest time-out, milliseconds; as infinity, a timer is not set at all. */
#define EVENT_INFINITE UINT64_MAX

void event_timer_init(
    struct event_timer *, void (*on_expire)(struct event_timer *));

/*
 * Expire once, ms milliseconds from now; a timer that is set is moved.
 * EVENT_INFINITE cancels.  Returns 0, or -1 and ENOMEM; there is room for one
 * that is set already, and again in its own callback.
 */
int event_timer_set(struct event_loop *, struct event_timer *, uint64_t ms);

/* Not expire; nothing happens if it is not set. */
void event_timer_cancel(struct event_loop *, struct event_timer *);

/*
 * Call on_signal(arg, signo) in the loop's context, once or more after each
 * arrival.  Signals can be handled by one loop of a process only.  Returns 0,
 * or -1 and errno as pipe2(2) or sigaction(2).
 */
int event_signal(
    struct event_loop *, int signo, void (*on_signal)(void *, int), void *arg);

#endif
