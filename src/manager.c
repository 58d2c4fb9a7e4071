/*
 * Readiness, status, watchdog and drain, as sd_notify(3) names them.
 * Not here: the datagrams, see notify.c.
 */
#include <inttypes.h>

#include "manager.h"

#define STATUS_MS 1000

/* Until what must not be lost is sent again. */
#define RETRY_MS 50

/* While the drain has no end: every so often, so much more time. */
#define EXTEND_MS 5000
#define EXTEND_BY_MS 15000

#define OF(timer, field)                                      \
	((struct manager *)(void *)((char *)(timer)-offsetof( \
	    struct manager, field)))

/* What changes what the manager does: once more, if it has no room for it. */
static void
send_due(struct manager *m)
{
	if (m->ready_due && notify_send(&m->notify, "READY=1"))
		m->ready_due = false;
	if (m->stopping_due && notify_send(&m->notify, "STOPPING=1"))
		m->stopping_due = false;
	if (m->extend_due > 0 &&
	    notify_send(
	        &m->notify, "EXTEND_TIMEOUT_USEC=%" PRIu64, m->extend_due))
		m->extend_due = 0;
	if (m->ready_due || m->stopping_due || m->extend_due > 0)
		event_timer_set(m->loop, &m->due_timer, RETRY_MS);
}

static void
on_due(struct event_timer *t)
{
	send_due(OF(t, due_timer));
}

static void
send_status(struct manager *m)
{
	notify_send(&m->notify, "STATUS=%zu connections now, %" PRIu64 " total",
	    m->now, m->total);
	m->changed = false;
	event_timer_set(m->loop, &m->status_timer, STATUS_MS);
}

static void
on_status(struct event_timer *t)
{
	struct manager *m;

	m = OF(t, status_timer);
	if (m->changed)
		send_status(m);
}

static void
on_watchdog(struct event_timer *t)
{
	struct manager *m;

	m = OF(t, watchdog_timer);
	notify_send(&m->notify, "WATCHDOG=1");
	event_timer_set(m->loop, t, m->notify.watchdog);
}

static void
on_extend(struct event_timer *t)
{
	struct manager *m;

	m = OF(t, extend_timer);
	m->extend_due = EXTEND_BY_MS * UINT64_C(1000);
	send_due(m);
	event_timer_set(m->loop, t, EXTEND_MS);
}

void
manager_open(struct manager *m)
{
	*m = (struct manager) { .now = 0 };
	notify_open(&m->notify);
	event_timer_init(&m->status_timer, on_status);
	event_timer_init(&m->watchdog_timer, on_watchdog);
	event_timer_init(&m->extend_timer, on_extend);
	event_timer_init(&m->due_timer, on_due);
}

void
manager_attach(struct manager *m, struct event_loop *loop)
{
	m->loop = loop;
}

void
manager_ready(struct manager *m)
{
	if (m->notify.fd == -1)
		return;
	m->ready_due = true;
	send_due(m);
	send_status(m);
	if (m->notify.watchdog != 0)
		on_watchdog(&m->watchdog_timer);
}

bool
manager_exists(const struct manager *m)
{
	return m->notify.fd != -1;
}

void
manager_count(struct manager *m, size_t now, uint64_t total)
{
	if (m->notify.fd == -1)
		return;
	m->now = now;
	m->total = total;
	m->changed = true;
	if (m->status_timer.slot == 0)
		send_status(m);
}

void
manager_stopping(struct manager *m, uint64_t drain_time)
{
	if (m->notify.fd == -1)
		return;
	m->stopping_due = true;
	if (drain_time > UINT64_MAX / 1000 - EXTEND_BY_MS) {
		on_extend(&m->extend_timer);
		return;
	}
	m->extend_due = (drain_time + EXTEND_BY_MS) * 1000;
	send_due(m);
}

void
manager_close(struct manager *m)
{
	event_timer_cancel(m->loop, &m->status_timer);
	event_timer_cancel(m->loop, &m->watchdog_timer);
	event_timer_cancel(m->loop, &m->extend_timer);
	event_timer_cancel(m->loop, &m->due_timer);
	notify_close(&m->notify);
}
