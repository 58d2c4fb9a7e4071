/*
 * Timers of an event loop: a binary heap of pointers, ordered by expiry.
 * Not here: who owns a timer and what it is for.
 */
#include <limits.h>
#include <stdlib.h>

#include "event_loop.h"

static void
place(struct event_loop *loop, struct event_timer *t, size_t slot)
{
	loop->heap[slot] = t;
	t->slot = slot;
}

static void
sift_up(struct event_loop *loop, struct event_timer *t, size_t slot)
{
	while (slot > 1 && loop->heap[slot / 2]->when > t->when) {
		place(loop, loop->heap[slot / 2], slot);
		slot /= 2;
	}
	place(loop, t, slot);
}

static void
sift_down(struct event_loop *loop, struct event_timer *t, size_t slot)
{
	size_t child;

	for (;;) {
		child = slot * 2;
		if (child > loop->heap_length)
			break;
		if (child < loop->heap_length &&
		    loop->heap[child + 1]->when < loop->heap[child]->when)
			child++;
		if (loop->heap[child]->when >= t->when)
			break;
		place(loop, loop->heap[child], slot);
		slot = child;
	}
	place(loop, t, slot);
}

static int
reserve(struct event_loop *loop, size_t length)
{
	struct event_timer **heap;
	size_t size;

	if (length < loop->heap_size)
		return 0;
	size = loop->heap_size == 0 ? 16 : loop->heap_size * 2;
	heap = reallocarray(loop->heap, size, sizeof(struct event_timer *));
	if (heap == NULL)
		return -1;
	loop->heap = heap;
	loop->heap_size = size;
	return 0;
}

int
event_timer_open(struct event_loop *loop)
{
	return reserve(loop, 1);
}

void
event_timer_init(struct event_timer *t, void (*on_expire)(struct event_timer *))
{
	*t = (struct event_timer) { .on_expire = on_expire };
}

int
event_timer_set(struct event_loop *loop, struct event_timer *t, uint64_t ms)
{
	uint64_t now;

	now = event_now(loop);
	if (ms > UINT64_MAX - now) {
		event_timer_cancel(loop, t);
		return 0;
	}
	if (t->slot == 0 && reserve(loop, loop->heap_length + 1) == -1)
		return -1;
	event_timer_cancel(loop, t);
	t->when = now + ms;
	loop->heap_length++;
	sift_up(loop, t, loop->heap_length);
	return 0;
}

void
event_timer_cancel(struct event_loop *loop, struct event_timer *t)
{
	struct event_timer *last;
	size_t slot;

	slot = t->slot;
	if (slot == 0)
		return;
	t->slot = 0;
	last = loop->heap[loop->heap_length];
	loop->heap_length--;
	if (last == t)
		return;
	if (slot > 1 && loop->heap[slot / 2]->when > last->when)
		sift_up(loop, last, slot);
	else
		sift_down(loop, last, slot);
}

int
event_timer_next(struct event_loop *loop)
{
	uint64_t now, when;

	if (loop->heap_length == 0)
		return -1;
	/* Time has passed in the callbacks since this round's reading. */
	loop->now = 0;
	now = event_now(loop);
	when = loop->heap[1]->when;
	if (when <= now)
		return 0;
	return when - now > INT_MAX ? INT_MAX : (int)(when - now);
}

void
event_timer_expire(struct event_loop *loop)
{
	struct event_timer *t;
	uint64_t now;
	size_t n;

	if (loop->heap_length == 0)
		return;
	now = event_now(loop);
	/* Not without end, if a callback sets its timer to 0 again. */
	for (n = loop->heap_length; n > 0 && !loop->stopped; n--) {
		if (loop->heap_length == 0 || loop->heap[1]->when > now)
			break;
		t = loop->heap[1];
		event_timer_cancel(loop, t);
		t->on_expire(t);
	}
}
