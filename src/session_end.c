/*
 * How a session ends: in order, by an error, or when one side has all that it
 * will get.
 * Not here: how it begins, and what it carries, see session.c.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "descriptors.h"
#include "os.h"
#include "session_state.h"

/* Milliseconds between looks at what a side has yet to get. */
#define PAUSE_MIN 10
#define PAUSE_MAX 1000

/* As many are enough where the system does not tell. */
#define BLIND_WAIT 2000

void
session_release_target(const struct connector *c)
{
	_Static_assert(offsetof(struct target, endpoints) == 0, "a cast");

	target_release((struct target *)(uintptr_t)c->target);
}

static void
destroy(struct session *s, const char *how)
{
	struct session_context *x;

	x = s->context;
	if (s->log != NULL)
		connection_log_end(s->log, x->target_text, s->up.bytes,
		    s->down.bytes, event_now(x->loop), how);
	if (s->connector != NULL) {
		connector_cancel(s->connector);
		session_release_target(s->connector);
		free(s->connector);
	}
	event_timer_cancel(x->loop, &s->idle_timer);
	channel_close(&s->up, x->pool);
	channel_close(&s->down, x->pool);
	TAILQ_REMOVE(&x->sessions, s, link);
	x->count--;
	x->up += s->up.bytes;
	x->down += s->down.bytes;
	x->on_end(x);
	event_io_close_both(x->loop, &s->client, &s->target);
	free(s);
}

void
session_break_off(struct session *s, const char *how)
{
	descriptors_reset(s->client.fd);
	descriptors_reset(s->target.fd);
	destroy(s, how);
}

void
session_break_off_error(struct session *s, const char *who, int error)
{
	char how[128], room[OS_ERROR_SIZE];

	snprintf(how, sizeof(how), "%s: %s", who, os_error(error, room));
	session_break_off(s, how);
}

static void on_parting(struct event_timer *);

/* Nothing is reported; the pauses get longer while nothing gets through. */
static int
wait_more(struct session *s)
{
	struct event_loop *loop;
	uint64_t left, pause, waited;

	loop = s->context->loop;
	if (!s->up.parting) {
		s->up.parting = true;
		if (s->context->idle_timeout == EVENT_INFINITE)
			s->active = event_now(loop);
		event_timer_cancel(loop, &s->idle_timer);
		event_timer_init(&s->idle_timer, on_parting);
	}
	waited = event_now(loop) - s->active;
	left = s->context->idle_timeout - waited;
	pause = PAUSE_MIN + waited < PAUSE_MAX ? PAUSE_MIN + waited : PAUSE_MAX;
	return event_timer_set(
	    loop, &s->idle_timer, pause < left ? pause : left);
}

/*
 * Whether a reset would take away what was written to that side, and could
 * still arrive.
 */
static bool
has_more_to_get(const struct session *s, const struct event_io *side)
{
	uint64_t waited;
	int n;

	/* What a Unix socket has taken, its peer has. */
	if (channel_family(side->fd) == AF_UNIX)
		return false;
	waited = s->up.parting ? event_now(s->context->loop) - s->active : 0;
	if (waited >= s->context->idle_timeout)
		return false;
	n = os_unacknowledged(side->fd);
	return n == -1 ? waited < BLIND_WAIT : n > 0;
}

/* All that the source sent is written, whether it has ended in order or not. */
static bool
is_through(const struct channel *c)
{
	return c->state == CHANNEL_ENDED ||
	    (c->state == CHANNEL_READ_FAILED && c->source_error != 0);
}

static bool
is_under_way(const struct session *s, const struct channel *c)
{
	return is_through(c) && !c->gone &&
	    has_more_to_get(s, c == &s->up ? &s->target : &s->client);
}

/*
 * One side takes nothing any more, and the other one has all that it will get:
 * its error is due, but not before those octets are there.
 */
static void
part(struct session *s)
{
	if ((is_under_way(s, &s->up) || is_under_way(s, &s->down)) &&
	    wait_more(s) == 0)
		return;
	if (s->up.state == CHANNEL_WRITE_FAILED)
		session_break_off_error(s, "target", s->up.error);
	else
		session_break_off_error(s, "client", s->down.error);
}

static void
on_parting(struct event_timer *t)
{
	part(session_of_timer(t));
}

/*
 * A source that broke is gone for both directions.  A destination that takes
 * nothing any more may still have something to say: the direction from it goes
 * on to its end, and only then the other side learns of the error.
 */
void
session_settle(struct session *s)
{
	if (s->up.state == CHANNEL_READ_FAILED && !is_through(&s->up))
		session_break_off_error(s, "client", s->up.error);
	else if (s->down.state == CHANNEL_READ_FAILED && !is_through(&s->down))
		session_break_off_error(s, "target", s->down.error);
	else if (s->up.state == CHANNEL_FAILED)
		session_break_off_error(s, "relay", s->up.error);
	else if (s->down.state == CHANNEL_FAILED)
		session_break_off_error(s, "relay", s->down.error);
	else if (!session_is_over(&s->up) || !session_is_over(&s->down))
		return;
	else if (s->up.state == CHANNEL_ENDED && s->down.state == CHANNEL_ENDED)
		destroy(s, "ended");
	else
		part(s);
}

static int
error_of(const struct channel *c, const struct event_io *from)
{
	socklen_t length;
	int error;

	error = c->source_error;
	length = sizeof(error);
	if (error == 0 &&
	    getsockopt(from->fd, SOL_SOCKET, SO_ERROR, &error, &length) == -1)
		error = errno;
	return error;
}

/*
 * A source has an error, and the direction that reads from it cannot find
 * it, because it waits for its destination or has ended.  What that source
 * sent before it ended in order is all there: EPIPE says that it did (Linux,
 * in CLOSE_WAIT), and that it takes nothing any more.
 */
bool
session_broke_unseen(struct session *s, struct channel *c, struct channel *back)
{
	const struct channel_ends ends = session_ends(s, back);
	int error;

	if (!c->suspect || (ends.to->want & EVENT_READ))
		return false;
	c->suspect = false;
	error = error_of(c, ends.to);
	if (error == 0)
		return false;
	if (c->state == CHANNEL_ENDED ||
	    (c->state == CHANNEL_OPEN && error == EPIPE)) {
		back->gone = true;
		if (!session_is_over(back))
			channel_refuse(back, &ends, error);
		return false;
	}
	session_break_off_error(s, c == &s->up ? "client" : "target", error);
	return true;
}
