/*
 * Event backend over Linux epoll(7), edge-triggered but for EVENT_LEVEL.
 * Not here: anything that event.c can do for every backend.
 */
#include <sys/epoll.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "event_backend.h"

#define BATCH 256

struct event_backend {
	int fd;
	struct epoll_event batch[BATCH];
};

const char event_backend_name[] = "epoll";
const bool event_backend_wakes_one = true; /* EPOLLEXCLUSIVE, Linux 4.5 */

struct event_backend *
event_backend_open(void)
{
	struct event_backend *b;

	b = malloc(sizeof(*b));
	if (b == NULL)
		return NULL;
	b->fd = epoll_create1(EPOLL_CLOEXEC);
	if (b->fd == -1) {
		free(b);
		return NULL;
	}
	return b;
}

void
event_backend_close(struct event_backend *b)
{
	close(b->fd);
	free(b);
}

int
event_backend_set(struct event_backend *b, struct event_io *io, unsigned bits)
{
	struct epoll_event ev = { .data.ptr = io };
	int op;

	if (!(bits & EVENT_LEVEL))
		ev.events |= EPOLLET;
	if (bits & EVENT_LEVEL)
		ev.events |= EPOLLIN | EPOLLEXCLUSIVE;
	else if (bits & EVENT_READ)
		ev.events |= EPOLLIN | EPOLLRDHUP | EPOLLPRI;
	if (bits & EVENT_WRITE)
		ev.events |= EPOLLOUT;
	if (io->armed == 0)
		op = EPOLL_CTL_ADD;
	else
		op = bits == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
	return epoll_ctl(b->fd, op, io->fd, &ev);
}

static void
translate(struct event_loop *loop, const struct epoll_event *ev)
{
	uint32_t got, avail;
	unsigned bits;

	got = ev->events;
	bits = 0;
	avail = 0;
	if (got & (EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		bits |= EVENT_READ;
	if (got & (EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		avail = EVENT_AVAIL_ALL;
	if (got & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		bits |= EVENT_WRITE;
	if (got & EPOLLERR)
		bits |= EVENT_ERROR;
	event_note(loop, ev->data.ptr, bits, avail);
}

int
event_backend_wait(
    struct event_backend *b, struct event_loop *loop, int timeout)
{
	int i, n;

	n = epoll_wait(b->fd, b->batch, BATCH, timeout);
	if (n == -1)
		return errno == EINTR ? 0 : -1;
	for (i = 0; i < n; i++)
		translate(loop, &b->batch[i]);
	return 0;
}
