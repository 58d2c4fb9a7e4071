/*
 * The relay: set-up, limit, signals, drain.
 * Not here: payload, or anything that one connection alone concerns.
 */
#include <sys/types.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "address.h"
#include "descriptors.h"
#include "event.h"
#include "listeners.h"
#include "log.h"
#include "pool.h"
#include "relay.h"
#include "resolver_helper.h"
#include "session.h"
#include "user.h"

/* Descriptors kept for log, loop, signals, and so on. */
#define RESERVED 16

/* Connections with sockets handed over, as systemd-socket-proxyd(8). */
#define HANDED_OVER_MAX 256

struct relay {
	struct session_context context; /* first: on_end finds us by it */
	const struct options *options;
	struct socket_file_access access;
	struct resolver resolver;
	char target_text[ADDRESS_TEXT_SIZE];
	struct listeners listeners;
	size_t limit; /* sessions at once */
	bool refuses; /* above it; else clients wait in the backlog */
	bool draining;
	uint64_t refused;
	struct log_limit refused_log;
	struct event_timer drain_timer;
	struct event_timer exit_timer; /* runs while there is no connection */
	struct manager *manager;
};

static void
set_limit(struct relay *r)
{
	size_t descriptors, possible, wanted;

	descriptors = descriptors_raise_limit();
	possible = descriptors > RESERVED + r->listeners.n + 2
	    ? (descriptors - RESERVED - r->listeners.n) / 2
	    : 1;
	wanted = r->options->connections_max;
	if (!r->options->has_connections_max && !r->options->has_listen)
		wanted = HANDED_OVER_MAX;
	r->refuses = wanted > 0;
	r->limit = wanted > 0 && wanted < possible ? wanted : possible;
	if (wanted > possible)
		log_write(LOG_WARNING,
		    "--connections-max: %zu is more than %zu descriptors "
		    "allow, using %zu",
		    wanted, descriptors, possible);
}

/* Begin to count the time without a connection. */
static int
wait_for_exit(struct relay *r)
{
	return event_timer_set(
	    r->context.loop, &r->exit_timer, r->options->exit_idle_time);
}

static void
on_session_end(struct session_context *x)
{
	struct relay *r;

	r = (struct relay *)(void *)x;
	manager_count(r->manager, x->count, x->total);
	if (!r->draining)
		listeners_resume(&r->listeners);
	else if (x->count == 0)
		event_loop_stop(x->loop);
	if (x->count == 0 && !r->draining)
		wait_for_exit(r);
}

/*
 * Whoever has connected by now is served; whoever comes later stays in the
 * backlog of a socket that was handed over, for the next start.
 */
static void
on_exit_idle(struct event_timer *t)
{
	struct relay *r;

	r = (struct relay *)(void *)((char *)t -
	    offsetof(struct relay, exit_timer));
	listeners_sweep(&r->listeners);
	if (r->context.count > 0 || t->slot != 0)
		return;
	log_write(LOG_NOTICE, "exiting: no connections");
	manager_stopping(r->manager, 0);
	event_loop_stop(r->context.loop);
}

static void
refuse(struct relay *r, struct listener *l, int fd)
{
	char text[ADDRESS_TEXT_SIZE];

	close(fd);
	r->refused++;
	log_limited(&r->refused_log, event_now(r->context.loop), LOG_WARNING,
	    "%s: connection refused: %zu open already", listener_text(l, text),
	    r->context.count);
}

static void
on_accept(
    struct listener *l, int fd, const struct sockaddr *peer, socklen_t length)
{
	struct connection_log *log;
	struct relay *r;

	r = l->arg;
	if (r->context.count >= r->limit) {
		refuse(r, l, fd);
		return;
	}
	event_timer_cancel(r->context.loop, &r->exit_timer);
	log =
	    connection_log_begin(fd, peer, length, event_now(r->context.loop));
	if (session_create(&r->context, fd, log) == -1) {
		log_limited(&r->refused_log, event_now(r->context.loop),
		    LOG_WARNING, "connection refused: %s", strerror(errno));
		r->refused++;
		if (r->context.count == 0)
			wait_for_exit(r);
	}
	manager_count(r->manager, r->context.count, r->context.total);
	if (r->context.count >= r->limit && !r->refuses)
		listeners_pause(&r->listeners);
}

static void
log_totals(void *arg, int signo)
{
	const struct relay *r;
	uint64_t up, down;

	(void)signo;
	r = arg;
	session_totals(&r->context, &up, &down);
	log_write(LOG_NOTICE,
	    "connections: %zu now, %" PRIu64 " total, %" PRIu64
	    " refused, %" PRIu64 " failed; %" PRIu64
	    " bytes to target, %" PRIu64 " bytes to clients",
	    r->context.count, r->context.total, r->refused, r->context.failed,
	    up, down);
}

static void
on_interrupt(void *arg, int signo)
{
	struct relay *r;

	(void)signo;
	r = arg;
	event_loop_stop(r->context.loop);
}

static void
on_drain_timeout(struct event_timer *t)
{
	struct relay *r;

	r = (struct relay *)(void *)((char *)t -
	    offsetof(struct relay, drain_timer));
	log_write(LOG_NOTICE, "stopping: %zu connections broken off",
	    r->context.count);
	event_loop_stop(r->context.loop);
}

static void
on_terminate(void *arg, int signo)
{
	struct relay *r;

	r = arg;
	listeners_close(&r->listeners);
	event_timer_cancel(r->context.loop, &r->exit_timer);
	manager_stopping(r->manager, r->options->drain_time);
	if (r->draining || r->context.count == 0) {
		on_interrupt(r, signo);
		return;
	}
	r->draining = true;
	log_write(
	    LOG_NOTICE, "stopping: %zu connections open", r->context.count);
	if (event_timer_set(
	        r->context.loop, &r->drain_timer, r->options->drain_time) == -1)
		on_interrupt(r, signo);
}

static int
handle_signals(struct relay *r)
{
	struct event_loop *loop;

	loop = r->context.loop;
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -1;
	/* As nohup(1) asks; otherwise a closed terminal ends us in order. */
	if (signal(SIGHUP, SIG_IGN) != SIG_IGN &&
	    event_signal(loop, SIGHUP, on_terminate, r) == -1)
		return -1;
#ifdef SIGINFO
	if (event_signal(loop, SIGINFO, log_totals, r) == -1)
		return -1;
#endif
	if (event_signal(loop, SIGUSR1, log_totals, r) == -1 ||
	    event_signal(loop, SIGTERM, on_terminate, r) == -1)
		return -1;
	return event_signal(loop, SIGINT, on_interrupt, r);
}

/* Loop and buffers; the last process has been forked. */
static int
open_loop(struct relay *r)
{
	struct event_loop *loop;
	struct pool *pool;

	loop = event_loop_create();
	pool = pool_create();
	if (loop == NULL || pool == NULL)
		return -1;
	session_context_init(&r->context, loop, pool, on_session_end);
	event_timer_init(&r->drain_timer, on_drain_timeout);
	event_timer_init(&r->exit_timer, on_exit_idle);
	manager_attach(r->manager, loop);
	r->context.connect_timeout = r->options->connect_timeout;
	r->context.wait = r->options->wait;
	r->context.idle_timeout = r->options->idle_timeout;
	r->context.proxy_header = r->options->proxy_header;
	r->context.resolver = &r->resolver;
	r->context.target_text = r->target_text;
	if (resolver_attach(&r->resolver, loop) == -1)
		return -1;
	return handle_signals(r);
}

static const char *
look_up_owner(struct relay *r, int *status)
{
	struct user owner;
	const char *why;

	r->access = (struct socket_file_access) {
		.has_mode = r->options->has_mode,
		.mode = r->options->mode,
		.uid = (uid_t)-1,
		.gid = (gid_t)-1,
	};
	if (r->options->owner == NULL)
		return NULL;
	why = user_lookup(r->options->owner, &owner);
	r->access.uid = owner.uid;
	r->access.gid = owner.gid;
	if (why != NULL)
		*status = EX_NOUSER;
	return why;
}

struct relay *
relay_create(const struct options *options, struct manager *manager,
    const struct privdrop *privdrop, int *status)
{
	struct relay *r;
	const char *subject, *why;

	*status = EX_OSERR;
	r = calloc(1, sizeof(*r));
	if (r == NULL) {
		log_write(LOG_ERR, "%s", strerror(errno));
		return NULL;
	}
	r->options = options;
	r->manager = manager;
	address_text(&options->target, r->target_text);
	subject = options->owner;
	why = look_up_owner(r, status);
	if (why == NULL) {
		subject = r->target_text;
		why = resolver_start(&r->resolver, &options->target,
		    r->target_text, privdrop,
		    options->sandbox != OPTIONS_SANDBOX_OFF, status);
	}
	if (why == NULL && open_loop(r) == -1) {
		*status = EX_OSERR;
		why = strerror(errno);
	}
	if (why == NULL)
		return r;
	/* The process ends: what is open goes with it. */
	log_write(LOG_ERR, "%s: %s", subject, why);
	free(r);
	return NULL;
}

static const char *
open_listeners(struct relay *r, const struct activation *a, int *status)
{
	*status = EX_OSERR;
	if (a->n == 0)
		return listeners_open(&r->listeners, &r->options->listen,
		    &r->access, r->options->backlog, status);
	if (listeners_adopt(&r->listeners, a->fds, a->n) == -1)
		return strerror(errno);
	return NULL;
}

int
relay_listen(struct relay *r, const struct activation *a,
    const struct user *owner, int *status)
{
	char text[ADDRESS_TEXT_SIZE];
	const char *why;

	if (owner != NULL && r->options->owner == NULL) {
		r->access.uid = owner->uid;
		r->access.gid = owner->gid;
	}
	why = open_listeners(r, a, status);
	set_limit(r);
	if (why == NULL &&
	    (listeners_start(&r->listeners, r->context.loop, on_accept, r) ==
	            -1 ||
	        wait_for_exit(r) == -1)) {
		*status = EX_OSERR;
		why = strerror(errno);
	}
	if (why == NULL)
		return 0;
	log_write(LOG_ERR, "%s: %s",
	    a->n == 0 ? address_text(&r->options->listen, text)
	              : "sockets handed over",
	    why);
	return -1;
}

void
relay_needs(const struct relay *r, struct sandbox_needs *needs)
{
	needs->target = &r->options->target;
	needs->endpoints = &r->resolver.target->endpoints;
	needs->workers = 1;
	needs->any_family = r->resolver.io.fd != -1;
	needs->inet = r->options->target.kind == ADDRESS_HOST ||
	    listeners_have_family(&r->listeners, AF_INET) ||
	    listeners_have_family(&r->listeners, AF_INET6);
	needs->local = r->options->target.kind != ADDRESS_HOST ||
	    listeners_have_family(&r->listeners, AF_UNIX);
	needs->directories[0] = listeners_directory(&r->listeners);
	needs->removed[0] = NULL;
	if (needs->directories[0] != -1)
		needs->removed[0] = r->options->listen.path;
}

int
relay_run(struct relay *r)
{
	if (event_loop_run(r->context.loop) == 0)
		return EX_OK;
	log_write(LOG_ERR, "event loop: %s", strerror(errno));
	return EX_OSERR;
}

void
relay_destroy(struct relay *r)
{
	listeners_close(&r->listeners);
	session_end_all(&r->context, "relay stopped");
	event_timer_cancel(r->context.loop, &r->drain_timer);
	event_timer_cancel(r->context.loop, &r->exit_timer);
	manager_close(r->manager);
	resolver_stop(&r->resolver);
	event_loop_destroy(r->context.loop);
	pool_destroy(r->context.pool);
	free(r);
}
