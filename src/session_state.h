/*
 * A session, for the files that share it.
 * Not here: what others use, see session.h.
 */
#ifndef SESSION_STATE_H
#define SESSION_STATE_H

#include "session.h"

struct session {
	struct event_io client;
	struct event_io target;
	struct channel up;   /* client to target */
	struct channel down; /* target to client */
	struct event_timer idle_timer;
	struct session_context *context;
	struct connector *connector; /* until connected */
	struct connection_log *log;
	uint64_t active; /* when bytes moved last, or parting began */
	TAILQ_ENTRY(session) link;
};

static inline bool
session_is_over(const struct channel *c)
{
	return c->state != CHANNEL_OPEN;
}

static inline struct channel_ends
session_ends(struct session *s, const struct channel *c)
{
	return (struct channel_ends) {
		.from = c == &s->up ? &s->client : &s->target,
		.to = c == &s->up ? &s->target : &s->client,
		.loop = s->context->loop,
		.pool = s->context->pool,
	};
}

static inline struct session *
session_of_timer(struct event_timer *t)
{
	return (struct session *)(void *)((char *)t -
	    offsetof(struct session, idle_timer));
}

/* Of a connector that is done. */
void session_release_target(const struct connector *);

/* End it, and free it, with a reset for both sides that says how. */
void session_break_off(struct session *, const char *how);
void session_break_off_error(struct session *, const char *who, int error);

/* After each change: end it, and free it, if it is over. */
void session_settle(struct session *);

/*
 * Look for an error of the source of c that c cannot find, because it waits for
 * its destination or has ended; back is the other direction.  Whether it was
 * one that ended the session, which is freed then.
 */
bool session_broke_unseen(
    struct session *, struct channel *c, struct channel *back);

#endif
