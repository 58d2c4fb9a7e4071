/*
 * Who is let in: limits, accepting, waiting for room, and leaving when nobody
 * comes.
 * Not here: sharing connections out, see workers.c.
 */
#include <sys/types.h>

#include <sysexits.h>
#include <unistd.h>

#include "address.h"
#include "descriptors.h"
#include "os.h"
#include "pool.h"
#include "relay_state.h"

/* Descriptors kept for log, loop, signals, and so on. */
#define RESERVED 16

/*
 * For each further worker: its loop, both ends of the pipe to it, and both
 * sockets of a session that no longer counts.  Main has two pipes to it then,
 * of hand-overs and of notes.
 */
#define LOOP_RESERVED 1
#define PIPE_RESERVED 2
#define ENDING_RESERVED 2
#define WORKER_RESERVED (LOOP_RESERVED + PIPE_RESERVED + ENDING_RESERVED)
#define MAIN_RESERVED (PIPE_RESERVED + PIPE_RESERVED)

/* Listeners are shared if each takes the place of one session of so many. */
#define LEAST_SHARE 16

/* Of so many descriptors, a worker's pool may hold one pipe. */
#define DESCRIPTORS_FOR_A_PIPE 64

/* Connections with sockets handed over, as systemd-socket-proxyd(8). */
#define HANDED_OVER_MAX 256

size_t
relay_pipes(void)
{
	size_t pipes;

	if (!splice_pays(AF_INET, AF_UNIX, -1))
		return 0;
	pipes = descriptors_raise_limit() / DESCRIPTORS_FOR_A_PIPE;
	return pipes < POOL_PIPES ? pipes : POOL_PIPES;
}

/* At least half of what is not kept anyway is for connections. */
size_t
relay_workers(const struct options *o)
{
	size_t descriptors, each, fixed, possible, wanted;

	if (o->workers == 1)
		return 1;
	wanted = o->workers > 0 ? o->workers : os_processors();
	if (wanted > OPTIONS_WORKERS_MAX)
		wanted = OPTIONS_WORKERS_MAX;
	descriptors = descriptors_raise_limit();
	each = WORKER_RESERVED + relay_pipes() * PIPE_RESERVED;
	fixed = RESERVED + MAIN_RESERVED + relay_pipes() * PIPE_RESERVED;
	possible =
	    1 + (descriptors > fixed ? (descriptors - fixed) / 2 / each : 0);
	if (wanted <= possible)
		return wanted;
	if (o->workers == 0)
		return possible;
	log_write(LOG_WARNING,
	    "--workers: %zu is more than %zu descriptors allow, using %zu",
	    wanted, descriptors, possible);
	return possible;
}

/* What it takes that all workers accept. */
static size_t
shared(const struct relay *r)
{
	return (r->workers.n - 1) * r->listeners.n;
}

static size_t
reserved(const struct relay *r)
{
	size_t n;

	n = RESERVED + r->listeners.n +
	    r->workers.n * r->workers.pipes * PIPE_RESERVED;
	if (r->workers.n > 1)
		n += (r->workers.n - 1) * WORKER_RESERVED + MAIN_RESERVED;
	if (r->shares)
		n += shared(r);
	return n;
}

/* How many sessions there are descriptors for. */
static size_t
room(const struct relay *r)
{
	size_t descriptors;

	descriptors = descriptors_raise_limit();
	return descriptors > reserved(r) + 2 ? (descriptors - reserved(r)) / 2
	                                     : 1;
}

/*
 * Not where the number of clients has to be known to one, or when the last
 * has gone: then only main accepts.
 */
static bool
may_share(const struct relay *r)
{
	return event_backend_wakes_one && r->workers.n > 1 && !r->refuses &&
	    r->options->exit_idle_time == EVENT_INFINITE;
}

void
relay_set_limit(struct relay *r)
{
	size_t possible, wanted;

	wanted = r->options->connections_max;
	if (!r->options->has_connections_max && !r->options->has_listen)
		wanted = HANDED_OVER_MAX;
	r->refuses = wanted > 0;
	r->shares = may_share(r);
	possible = room(r);
	if (r->shares && possible < shared(r) * LEAST_SHARE) {
		r->shares = false;
		possible = room(r);
	}
	r->limit = wanted > 0 && wanted < possible ? wanted : possible;
	if (wanted > possible)
		log_write(LOG_WARNING,
		    "--connections-max: %zu is more than %zu descriptors "
		    "allow, using %zu",
		    wanted, descriptors_raise_limit(), possible);
}

/*
 * While there is room for clients, the end of one session changes nothing
 * but the counts that a service manager shows.
 */
static void
watch(struct relay *r, bool clients_wait)
{
	unsigned bits;

	bits = 0;
	if (clients_wait || manager_exists(r->manager))
		bits |= WORKERS_ANY_END;
	if (r->draining || r->options->exit_idle_time != EVENT_INFINITE)
		bits |= WORKERS_LAST_END;
	workers_watch(&r->workers, bits);
}

void
relay_watch(struct relay *r)
{
	watch(r, false);
}

int
relay_wait_for_exit(struct relay *r)
{
	return event_timer_set(
	    r->loop, &r->exit_timer, r->options->exit_idle_time);
}

/*
 * Near the limit only main accepts; each of the others may have one too many
 * in its hands, for which ENDING_RESERVED has room.
 */
int
relay_share(struct relay *r)
{
	if (!r->shares)
		return 0;
	return workers_share(
	    &r->workers, &r->listeners, r->limit - r->workers.n);
}

static void
tell_manager(struct relay *r)
{
	manager_count(r->manager, workers_sessions(&r->workers),
	    workers_total(&r->workers));
}

/*
 * Be told of each end while one is waited for.  That is said before the count
 * is taken: an end that is not in it is told.
 */
static void
let_in(struct relay *r)
{
	r->ended = workers_ended(&r->workers);
	watch(r, true);
	if (workers_sessions(&r->workers) >= r->limit) {
		if (!r->refuses)
			listeners_pause(&r->listeners);
		return;
	}
	listeners_resume(&r->listeners);
	if (workers_rest(&r->workers)) {
		/* Room for one only, and they would rest at once. */
		if (workers_sessions(&r->workers) >=
		    r->workers.most - r->workers.most / 16)
			return;
		workers_admit(&r->workers);
	}
	watch(r, false);
}

/* Of what ended before we accepted last, we have had the use. */
void
relay_on_starve(struct listener *l)
{
	struct relay *r;

	r = l->arg;
	watch(r, true);
	if (workers_ended(&r->workers) != r->ended)
		let_in(r);
}

static void
end_drain(struct relay *r)
{
	/* In this order: what was accepted is counted. */
	if (workers_are_shut(&r->workers) && workers_sessions(&r->workers) == 0)
		event_loop_stop(r->loop);
}

/* Sessions have ended, in whatever thread, or workers have told counts. */
void
relay_on_note(struct workers *all)
{
	struct relay *r;

	r = all->owner;
	if (workers_failed(all)) {
		r->status = EX_OSERR;
		event_loop_stop(r->loop);
		return;
	}
	relay_log_totals(r);
	tell_manager(r);
	if (r->draining) {
		end_drain(r);
		return;
	}
	if (workers_rested(all))
		listeners_renew(&r->listeners);
	let_in(r);
	/* A second note must not begin the time anew. */
	if (workers_sessions(all) == 0 && r->exit_timer.slot == 0)
		relay_wait_for_exit(r);
}

/*
 * Whoever has connected by now is served; whoever comes later stays in the
 * backlog of a socket that was handed over, for the next start.
 */
static void
on_exit_idle(struct event_timer *t)
{
	struct relay *r;
	uint64_t dealt;

	r = (struct relay *)(void *)((char *)t -
	    offsetof(struct relay, exit_timer));
	dealt = r->workers.dealt;
	listeners_sweep(&r->listeners);
	/* Another thread may have ended what came; its note is on its way. */
	if (r->workers.dealt != dealt || t->slot != 0)
		return;
	log_write(LOG_NOTICE, "exiting: no connections");
	manager_stopping(r->manager, 0);
	event_loop_stop(r->loop);
}

void
relay_init_timers(struct relay *r)
{
	event_timer_init(&r->exit_timer, on_exit_idle);
}

static void
refuse(struct relay *r, struct listener *l, int fd)
{
	char text[ADDRESS_TEXT_SIZE];

	close(fd);
	r->refused++;
	log_limited(&r->refused_log, event_now(r->loop), LOG_WARNING,
	    "%s: connection refused: %zu open already", listener_text(l, text),
	    r->limit);
}

void
relay_on_accept(
    struct listener *l, int fd, const struct sockaddr *peer, socklen_t length)
{
	struct connection_log *log;
	struct relay *r;

	r = l->arg;
	r->ended = workers_ended(&r->workers);
	if (r->refuses && workers_sessions(&r->workers) >= r->limit) {
		refuse(r, l, fd);
		return;
	}
	event_timer_cancel(r->loop, &r->exit_timer);
	log = NULL;
	if (peer != NULL)
		log =
		    connection_log_begin(fd, peer, length, event_now(r->loop));
	workers_deal(&r->workers, fd, log);
	tell_manager(r);
	if (!r->refuses && workers_sessions(&r->workers) >= r->limit)
		let_in(r);
}
