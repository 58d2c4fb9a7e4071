/*
 * Sessions: from an accepted client on, while both directions carry bytes.
 * Not here: how they end, see session_end.c; accepting, see listener.c; totals
 * and limits, see relay.c.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "descriptors.h"
#include "os.h"
#include "session_state.h"

void
session_context_init(struct session_context *x, struct event_loop *loop,
    struct pool *pool, void (*on_end)(struct session_context *))
{
	*x = (struct session_context) {
		.loop = loop,
		.pool = pool,
		.idle_timeout = EVENT_INFINITE,
		.on_end = on_end,
	};
	TAILQ_INIT(&x->sessions);
}

/*
 * Only the first call that meets a reset is told; after a write, reading
 * would show a clean end of file.  EPIPE is no such error: the peer reads no
 * more, and may have ended its own direction in order.  In doubt, all that it
 * sent is passed on, but not its end.
 */
static bool
pump(struct session *s, struct channel *c, struct channel *back)
{
	const struct channel_ends ends = session_ends(s, c);
	bool moved, was_over;

	was_over = session_is_over(c);
	c->last = back->state == CHANNEL_ENDED;
	moved = channel_pump(c, &ends);
	if (was_over || c->state != CHANNEL_WRITE_FAILED)
		return moved;
	if (c->error != EPIPE) {
		back->source_error = c->error;
		back->suspect = true;
	} else if (c->doubt)
		back->source_error = ECONNRESET;
	return moved;
}

static void
on_ready(
    struct session *s, unsigned ready, struct channel *from, struct channel *to)
{
	bool moved;

	if (ready & EVENT_ERROR)
		from->suspect = true;
	moved = false;
	if (ready & EVENT_READ)
		moved |= pump(s, from, to);
	if (ready & EVENT_WRITE)
		moved |= pump(s, to, from);
	if (moved && s->context->idle_timeout != EVENT_INFINITE)
		s->active = event_now(s->context->loop);
	if (session_broke_unseen(s, &s->up, &s->down) ||
	    session_broke_unseen(s, &s->down, &s->up))
		return;
	if (session_is_over(from) || session_is_over(to))
		session_settle(s);
}

static void
on_client_ready(struct event_io *io, unsigned ready)
{
	struct session *s;

	s = io->owner;
	on_ready(s, ready, &s->up, &s->down);
}

static void
on_target_ready(struct event_io *io, unsigned ready)
{
	struct session *s;

	s = io->owner;
	on_ready(s, ready, &s->down, &s->up);
}

/* Armed once, and again only for what is left since bytes moved last. */
static void
on_idle(struct event_timer *t)
{
	struct session *s;
	uint64_t idle, limit;

	s = session_of_timer(t);
	limit = s->context->idle_timeout;
	idle = event_now(s->context->loop) - s->active;
	if (idle >= limit)
		session_break_off(s, "idle time-out");
	else
		(void)event_timer_set(s->context->loop, t, limit - idle);
}

/* Before the target is there, only the client's failure is of interest. */
static void
on_client_waiting(struct event_io *io, unsigned ready)
{
	/* EVENT_ERROR, for nothing else is wanted. */
	(void)ready;
	session_break_off(
	    io->owner, "client gone before the target was reached");
}

static int
open_channels(struct session *s)
{
	struct event_loop *loop;

	loop = s->context->loop;
	s->client.on_ready = on_client_ready;
	s->target.on_ready = on_target_ready;
	s->target.owner = s;
	/* Both are registered; neither call can fail. */
	(void)event_io_enable(loop, &s->client, EVENT_READ);
	(void)event_io_enable(loop, &s->target, EVENT_READ);
	s->active = event_now(loop);
	return event_timer_set(loop, &s->idle_timer, s->context->idle_timeout);
}

/* Who the client is goes before what it sends. */
static int
send_proxy_header(struct session *s)
{
	unsigned char header[PROXY_HEADER_MAX];
	size_t n;

	n = proxy_header_of(header, s->context->proxy_header, s->client.fd);
	if (channel_prepend(&s->up, s->context->pool, header, n) == -1)
		return -1;
	pump(s, &s->up, &s->down);
	return 0;
}

/* The addresses may have become others while this one was waiting. */
static void
on_connector_retry(struct connector *c)
{
	struct session_context *x;
	uint64_t now;

	x = ((struct session *)c->owner)->context;
	now = event_now(x->loop);
	resolver_doubt(x->resolver, now);
	session_release_target(c);
	c->target = &resolver_use(x->resolver, now)->endpoints;
}

static void
on_connector_done(struct connector *c, int error)
{
	char room[OS_ERROR_SIZE];
	struct session_context *x;
	struct session *s;
	uint64_t now;

	s = c->owner;
	x = s->context;
	s->up.plain = x->plain_clients;
	s->down.plain = x->plain_target;
	s->up.nagle =
	    error == 0 && c->target->list[c->next].addr.ss_family != AF_UNIX;
	session_release_target(c);
	free(c);
	s->connector = NULL;
	if (error != 0) {
		now = event_now(x->loop);
		resolver_doubt(x->resolver, now);
		x->failed++;
		log_limited(&x->failed_log, now, LOG_WARNING, "%s: %s",
		    x->target_text, os_error(error, room));
		session_break_off_error(s, "target", error);
	} else if (open_channels(s) == -1 ||
	    (x->proxy_header != PROXY_HEADER_NONE &&
	        send_proxy_header(s) == -1))
		session_break_off_error(s, "relay", errno);
	else
		session_settle(s);
}

int
session_create(
    struct session_context *x, int client, struct connection_log *log)
{
	struct session *s;
	struct target *t;

	/* Not calloc(3), which the C library serves from no cache. */
	s = malloc(sizeof(*s));
	if (s == NULL)
		goto close_client;
	*s = (struct session) { .context = x };
	s->connector = malloc(sizeof(*s->connector));
	if (s->connector == NULL)
		goto free_session;
	event_io_init(&s->client, client, on_client_waiting);
	s->client.owner = s;
	if (event_io_enable(x->loop, &s->client, 0) == -1)
		goto free_connector;
	event_io_init(&s->target, -1, on_target_ready);
	event_timer_init(&s->idle_timer, on_idle);
	s->log = log;
	TAILQ_INSERT_TAIL(&x->sessions, s, link);
	x->count++;
	x->total++;
	t = resolver_use(x->resolver, event_now(x->loop));
	connector_start(s->connector, x->loop, x->dialer, &t->endpoints,
	    &s->target, x->connect_timeout, x->wait, on_connector_done,
	    on_connector_retry, s);
	return 0;

free_connector:
	free(s->connector);
free_session:
	free(s);
close_client:
	descriptors_reset(client);
	close(client);
	connection_log_drop(log);
	return -1;
}

void
session_end_all(struct session_context *x, const char *why)
{
	struct session *s, *next;

	for (s = TAILQ_FIRST(&x->sessions); s != NULL; s = next) {
		next = TAILQ_NEXT(s, link);
		session_break_off(s, why);
	}
}

void
session_totals(const struct session_context *x, uint64_t *up, uint64_t *down)
{
	const struct session *s;

	*up = x->up;
	*down = x->down;
	TAILQ_FOREACH (s, &x->sessions, link) {
		*up += s->up.bytes;
		*down += s->down.bytes;
	}
}
