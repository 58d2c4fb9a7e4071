/*
 * The relay: set-up and tear-down.
 * Not here: limits (relay_accept.c), signals and drain (relay_signal.c),
 * or anything that one connection alone concerns.
 */
#include <sys/types.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "address.h"
#include "dial.h"
#include "os.h"
#include "relay_state.h"
#include "user.h"

/* What the sessions of every worker share. */
static void
configure(const struct relay *r, struct session_context *x)
{
	x->connect_timeout = r->options->connect_timeout;
	x->wait = r->options->wait;
	x->idle_timeout = r->options->idle_timeout;
	x->proxy_header = r->options->proxy_header;
	x->target_text = r->target_text;
}

/* Loops and buffers; the last process has been forked. */
static int
open_loops(struct relay *r)
{
	struct session_context *x;
	bool plain;
	size_t i;

	plain = r->options->target.kind == ADDRESS_HOST ||
	    dial_refuses_descriptors();
	if (workers_open(&r->workers, relay_workers(r->options), relay_pipes(),
	        relay_on_note, r) == -1)
		return -1;
	for (i = 0; i < r->workers.n; i++) {
		x = workers_context(&r->workers, i);
		configure(r, x);
		x->plain_target = plain;
		x->resolver = &r->resolver;
		x->dialer = &r->dialer;
	}
	os_read_port_range();
	r->loop = workers_context(&r->workers, 0)->loop;
	relay_init_timers(r);
	manager_attach(r->manager, r->loop);
	if (resolver_attach(&r->resolver, r->loop) == -1 ||
	    dialer_attach(&r->dialer, r->loop, relay_on_lost, r) == -1)
		return -1;
	return relay_handle_signals(r);
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
	if (why == NULL) {
		*status = EX_OSERR;
		why = dialer_start(&r->dialer, &options->target,
		    &r->resolver.target->endpoints, r->resolver.has_helper,
		    privdrop, options->sandbox != OPTIONS_SANDBOX_OFF);
	}
	if (why == NULL && open_loops(r) == -1) {
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

static int
start_listeners(struct relay *r)
{
	bool plain;
	size_t i;

	relay_watch(r);
	plain = listeners_plain(&r->listeners);
	for (i = 0; i < r->workers.n; i++)
		workers_context(&r->workers, i)->plain_clients = plain;
	for (i = 0; i < r->listeners.n; i++) {
		r->listeners.list[i].on_starve = relay_on_starve;
		r->listeners.list[i].tells_peer = log_enabled(LOG_INFO);
	}
	if (listeners_start(&r->listeners, r->loop, relay_on_accept, r) == -1 ||
	    relay_share(r) == -1)
		return -1;
	listeners_tell(&r->listeners);
	return relay_wait_for_exit(r);
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
	relay_set_limit(r);
	if (why == NULL && start_listeners(r) == -1) {
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
	needs->workers = r->workers.n;
	needs->any_family = r->resolver.io.fd != -1;
	needs->helped = dialer_is_helped(&r->dialer);
	needs->target_directory = r->dialer.directory;
	needs->inet = r->options->target.kind == ADDRESS_HOST ||
	    listeners_have(&r->listeners, false);
	needs->local = r->options->target.kind != ADDRESS_HOST ||
	    listeners_have(&r->listeners, true);
	needs->directories[0] = listeners_directory(&r->listeners);
	needs->removed[0] = NULL;
	if (needs->directories[0] != -1)
		needs->removed[0] = r->options->listen.path;
}

int
relay_start(struct relay *r)
{
	if (workers_start(&r->workers) == 0)
		return EX_OK;
	log_write(LOG_ERR, "--workers: %s", strerror(errno));
	return EX_OSERR;
}

int
relay_run(struct relay *r)
{
	if (event_loop_run(r->loop) == 0)
		return r->status;
	log_write(LOG_ERR, "event loop: %s", strerror(errno));
	return EX_OSERR;
}

void
relay_destroy(struct relay *r)
{
	listeners_close(&r->listeners);
	workers_stop(&r->workers);
	relay_log_totals(r);
	event_timer_cancel(r->loop, &r->drain_timer);
	event_timer_cancel(r->loop, &r->exit_timer);
	manager_close(r->manager);
	resolver_stop(&r->resolver);
	dialer_stop(&r->dialer);
	workers_close(&r->workers);
	free(r);
}
