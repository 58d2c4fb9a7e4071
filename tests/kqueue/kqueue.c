/*
 * kqueue(2) and kevent(2) over Linux epoll(7), to test event_kqueue.c.
 * Not here: anything the daemon runs; only a test build links this.
 */
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/queue.h>

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "descriptor.h"

#define BATCH 64
#define KNOWN_FLAGS (EV_ADD | EV_DELETE | EV_CLEAR)

enum { READING, WRITING, FILTERS };

/* Stands in epoll's data for the set of the write filters. */
#define NESTED UINT64_MAX

/* One filter of one descriptor; meaningful while epoll has it. */
struct note {
	void *udata;
	uint32_t generation; /* tells an old owner of the number */
	bool clear;
};

struct notes {
	struct note filter[FILTERS];
};

/*
 * Each filter has a set of its own, for its edges to be its own.  The
 * kqueue's descriptor is the set of the read filters, which holds the other.
 */
struct queue {
	SLIST_ENTRY(queue) link;
	struct notes *table; /* by descriptor */
	size_t size;
	pid_t pid; /* a child has no use of it */
	int set[FILTERS];
};

static SLIST_HEAD(, queue) queues = SLIST_HEAD_INITIALIZER(queues);

static int
nest(const struct queue *q, int op)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = NESTED };

	return epoll_ctl(q->set[READING], op, q->set[WRITING], &ev);
}

static void
destroy(struct queue *q)
{
	if (q->pid == getpid())
		close(q->set[WRITING]);
	free(q->table);
	free(q);
}

/* Nobody says when a kqueue is closed: find out that its set is not ours. */
static void
sweep(void)
{
	struct queue *q, *next;

	for (q = SLIST_FIRST(&queues); q != NULL; q = next) {
		next = SLIST_NEXT(q, link);
		if (nest(q, EPOLL_CTL_MOD) == 0)
			continue;
		SLIST_REMOVE(&queues, q, queue, link);
		destroy(q);
	}
}

int
kqueue(void)
{
	struct queue *q;

	sweep();
	q = calloc(1, sizeof(*q));
	if (q == NULL)
		return -1;
	q->pid = getpid();
	q->set[READING] = epoll_create1(EPOLL_CLOEXEC);
	if (q->set[READING] == -1)
		goto free_queue;
	q->set[WRITING] = epoll_create1(EPOLL_CLOEXEC);
	if (q->set[WRITING] == -1)
		goto close_reading;
	if (nest(q, EPOLL_CTL_ADD) == -1)
		goto close_writing;
	SLIST_INSERT_HEAD(&queues, q, link);
	return q->set[READING];

close_writing:
	close(q->set[WRITING]);
close_reading:
	close(q->set[READING]);
free_queue:
	free(q);
	return -1;
}

static struct queue *
find(int kq)
{
	struct queue *q;
	pid_t pid;

	pid = getpid();
	SLIST_FOREACH(q, &queues, link)
	if (q->set[READING] == kq && q->pid == pid)
		return q;
	errno = EBADF;
	return NULL;
}

static int
reserve(struct queue *q, size_t fd)
{
	struct notes *table;
	size_t i, size;

	if (fd < q->size)
		return 0;
	size = q->size == 0 ? 64 : q->size;
	while (size <= fd)
		size *= 2;
	table = reallocarray(q->table, size, sizeof(*table));
	if (table == NULL)
		return -1;
	for (i = q->size; i < size; i++)
		table[i] = (struct notes) { 0 };
	q->table = table;
	q->size = size;
	return 0;
}

static struct epoll_event
interest(const struct note *note, int which, int fd)
{
	struct epoll_event ev;

	ev.events = which == READING ? EPOLLIN | EPOLLRDHUP : EPOLLOUT;
	if (note->clear)
		ev.events |= EPOLLET;
	ev.data.u64 = (uint64_t)note->generation << 32 | (uint32_t)fd;
	return ev;
}

/*
 * A number that epoll does not have has been closed, whatever we know.  One
 * that it has is reported anew, but triggers as it did.
 */
static int
add(struct queue *q, int which, int fd, const struct kevent *kev)
{
	struct note *note, fresh;
	struct epoll_event ev;

	note = &q->table[fd].filter[which];
	fresh = (struct note) {
		.udata = kev->udata,
		.generation = note->generation + 1,
		.clear = kev->flags & EV_CLEAR,
	};
	ev = interest(&fresh, which, fd);
	if (epoll_ctl(q->set[which], EPOLL_CTL_ADD, fd, &ev) == 0) {
		*note = fresh;
		return 0;
	}
	if (errno != EEXIST)
		return -1;
	note->udata = kev->udata;
	ev = interest(note, which, fd);
	return epoll_ctl(q->set[which], EPOLL_CTL_MOD, fd, &ev);
}

static int
apply(struct queue *q, const struct kevent *kev)
{
	int fd, which;

	which = kev->filter == EVFILT_READ ? READING : WRITING;
	if ((which == WRITING && kev->filter != EVFILT_WRITE) ||
	    (kev->flags & ~KNOWN_FLAGS) != 0 || kev->fflags != 0 ||
	    !(kev->flags & (EV_ADD | EV_DELETE))) {
		errno = EINVAL;
		return -1;
	}
	if (kev->ident > INT_MAX) {
		errno = EBADF;
		return -1;
	}
	fd = (int)kev->ident;
	if (kev->flags & EV_DELETE)
		return epoll_ctl(q->set[which], EPOLL_CTL_DEL, fd, NULL);
	if (reserve(q, kev->ident) == -1)
		return -1;
	return add(q, which, fd, kev);
}

/*
 * Returns the number of errors that found room in the event list, or -1 and
 * errno at the first that did not.
 */
static int
apply_all(struct queue *q, const struct kevent *changelist, int nchanges,
    struct kevent *eventlist, int nevents)
{
	int errors, i;

	errors = 0;
	for (i = 0; i < nchanges; i++) {
		if (apply(q, &changelist[i]) == 0)
			continue;
		if (errno == EPERM)
			errno = EINVAL;
		if (errors == nevents)
			return -1;
		eventlist[errors] = changelist[i];
		eventlist[errors].flags = EV_ERROR;
		eventlist[errors].data = errno;
		errors++;
	}
	return errors;
}

/* Returns false if the event is not for the note that is there now. */
static bool
translate(const struct queue *q, int which, const struct epoll_event *ev,
    struct kevent *kev)
{
	const struct note *note;
	bool eof;
	int fd;

	fd = (int)(uint32_t)ev->data.u64;
	note = &q->table[fd].filter[which];
	if (note->generation != ev->data.u64 >> 32)
		return false;
	eof = ev->events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP);
	if (which == WRITING)
		eof = eof || descriptor_shut_for_writing(fd);
	EV_SET(kev, (uintptr_t)fd,
	    which == READING ? EVFILT_READ : EVFILT_WRITE,
	    (note->clear ? EV_CLEAR : 0) | (eof ? EV_EOF : 0), 0, 0,
	    note->udata);
	if ((ev->events & EPOLLERR) && descriptor_is_socket(fd))
		kev->fflags = ECONNRESET;
	kev->data = which == READING ? descriptor_readable_bytes(fd, eof)
	                             : descriptor_writable_bytes(fd);
	return true;
}

/* Wait for one set; *nested says that the other has something as well. */
static int
take(const struct queue *q, int which, struct kevent *list, int room, int ms,
    bool *nested)
{
	struct epoll_event batch[BATCH];
	int i, n, taken;

	n = epoll_wait(q->set[which], batch, room < BATCH ? room : BATCH, ms);
	if (n == -1)
		return -1;
	taken = 0;
	for (i = 0; i < n; i++) {
		if (batch[i].data.u64 == NESTED)
			*nested = true;
		else if (translate(q, which, &batch[i], &list[taken]))
			taken++;
	}
	return taken;
}

static int
take_all(const struct queue *q, struct kevent *list, int room, int ms)
{
	bool nested;
	int n, reads;

	nested = false;
	reads = take(q, READING, list, room, ms, &nested);
	if (reads == -1 || !nested)
		return reads;
	n = take(q, WRITING, list + reads, room - reads, 0, &nested);
	return n == -1 ? reads : reads + n;
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int
kevent(int kq, const struct kevent *changelist, int nchanges,
    struct kevent *eventlist, int nevents, const struct timespec *timeout)
{
	struct queue *q;
	int64_t deadline, left;
	int n;

	q = find(kq);
	if (q == NULL)
		return -1;
	n = apply_all(q, changelist, nchanges, eventlist, nevents);
	if (n != 0 || nevents == 0)
		return n;
	deadline = left = -1;
	if (timeout != NULL) {
		left = (int64_t)timeout->tv_sec * 1000 +
		    (timeout->tv_nsec + 999999) / 1000000;
		deadline = left > 0 ? now_ms() + left : 0;
	}
	for (;;) {
		n = take_all(q, eventlist, nevents,
		    left > INT_MAX ? INT_MAX : (int)left);
		if (n != 0)
			return n;
		if (timeout == NULL)
			continue;
		left = deadline - now_ms();
		if (left <= 0)
			return 0;
	}
}
