/*
 * Event backend over kqueue(2), edge-triggered (EV_CLEAR) but for
 * EVENT_LEVEL.
 * Not here: anything that event.c can do for every backend.
 */
#include <sys/types.h>
#include <sys/event.h>
#include <sys/time.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "event_backend.h"

#define BATCH 256

struct event_backend {
	int fd;
	struct kevent batch[BATCH];
};

const char event_backend_name[] = "kqueue";
const bool event_backend_wakes_one = false;

struct event_backend *
event_backend_open(void)
{
	struct event_backend *b;

	b = malloc(sizeof(*b));
	if (b == NULL)
		return NULL;
	b->fd = kqueue();
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
	static const struct {
		unsigned bit;
		short filter;
	} filters[] = {
		{ EVENT_READ, EVFILT_READ },
		{ EVENT_WRITE, EVFILT_WRITE },
	};
	struct kevent change[2];
	unsigned short add;
	unsigned i, n;

	add = bits & EVENT_LEVEL ? EV_ADD : EV_ADD | EV_CLEAR;
	n = 0;
	for (i = 0; i < 2; i++) {
		if (((bits ^ io->armed) & filters[i].bit) == 0)
			continue;
		EV_SET(&change[n], (uintptr_t)io->fd, filters[i].filter,
		    bits & filters[i].bit ? add : EV_DELETE, 0, 0, (void *)io);
		n++;
	}
	if (n == 0)
		return 0;
	/* The count is an int on one system and a size_t on another. */
	return kevent(b->fd, change, n == 1 ? 1 : 2, NULL, 0, NULL);
}

/*
 * EV_EOF on the read filter may stand behind unread bytes; on the write
 * filter it is no end of file.  With fflags, the socket has an error.
 */
static void
translate(struct event_loop *loop, const struct kevent *ev)
{
	uint32_t avail;
	unsigned bits;

	avail = 0;
	if (ev->filter == EVFILT_READ) {
		bits = EVENT_READ;
		if (ev->flags & EV_EOF)
			avail = EVENT_AVAIL_ALL;
		else if (ev->data > 0)
			avail = ev->data < (int64_t)EVENT_AVAIL_ALL
			    ? (uint32_t)ev->data
			    : EVENT_AVAIL_ALL;
	} else
		bits = EVENT_WRITE;
	if ((ev->flags & EV_EOF) && ev->fflags != 0) {
		bits = EVENT_READ | EVENT_WRITE | EVENT_ERROR;
		avail = EVENT_AVAIL_ALL;
	}
	event_note(loop, (struct event_io *)ev->udata, bits, avail);
}

int
event_backend_wait(
    struct event_backend *b, struct event_loop *loop, int timeout)
{
	struct timespec ts;
	int i, n;

	ts.tv_sec = timeout / 1000;
	ts.tv_nsec = (long)(timeout % 1000) * 1000000L;
	n = kevent(b->fd, NULL, 0, b->batch, BATCH, timeout < 0 ? NULL : &ts);
	if (n == -1)
		return errno == EINTR ? 0 : -1;
	for (i = 0; i < n; i++)
		translate(loop, &b->batch[i]);
	return 0;
}
