/*
 * One client with its target: both descriptors, two channels, time-outs,
 * and how it all ends.
 * Not here: reading or writing payload, see channel.h.
 */
#ifndef SESSION_H
#define SESSION_H

#include <sys/queue.h>
#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel.h"
#include "connection_log.h"
#include "connector.h"
#include "dialer.h"
#include "event.h"
#include "log.h"
#include "pool.h"
#include "proxy_header.h"
#include "resolver_helper.h"

/* What every session of a loop shares.  Times are milliseconds. */
struct session_context {
	struct event_loop *loop;
	struct pool *pool;
	struct resolver *resolver; /* has the target */
	struct dialer *dialer;     /* begins to connect to it */
	const char *target_text;
	uint64_t connect_timeout;
	uint64_t wait;
	uint64_t idle_timeout; /* EVENT_INFINITE: none */
	enum proxy_header_version proxy_header;
	bool plain_clients; /* none of them can pass descriptors */
	bool plain_target;  /* nor can the target */

	TAILQ_HEAD(session_list, session) sessions;
	size_t count;    /* sessions now */
	uint64_t total;  /* sessions ever */
	uint64_t failed; /* of these, the target was not reached */
	uint64_t up;     /* octets to the target, of ended sessions */
	uint64_t down;   /* octets to the clients, of ended sessions */
	/*
	 * A session is gone from the list and the counts, but its descriptors
	 * are closed afterwards: a client that has seen its end finds its
	 * place free.
	 */
	void (*on_end)(struct session_context *);
	struct log_limit failed_log;
};

void session_context_init(struct session_context *, struct event_loop *,
    struct pool *, void (*on_end)(struct session_context *));

/*
 * Relay an accepted client.  This takes over its descriptor and its log.
 * Returns 0, or -1 and errno, the client being closed.
 */
int session_create(
    struct session_context *, int client, struct connection_log *);

/* Break every session off; TCP peers see a reset, not an end of file. */
void session_end_all(struct session_context *, const char *why);

/* Octets of all sessions, ended ones too. */
void session_totals(
    const struct session_context *, uint64_t *up, uint64_t *down);

#endif
