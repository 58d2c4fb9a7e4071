/*
 * One worker: takes connections that are handed over, and tells main what it
 * waits for.
 * Not here: dealing, see workers.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "descriptors.h"
#include "os.h"
#include "worker.h"

/* Hand-overs taken in one call. */
#define BATCH 64

static bool
is_main(const struct worker *w)
{
	return w == w->all->list;
}

/* The order is that of workers.h: the count first, then what main watches. */
static void
leave(struct worker *w)
{
	struct workers *all;
	size_t left;
	unsigned watch;

	all = w->all;
	atomic_fetch_sub(&w->open, 1);
	left = atomic_fetch_sub(&all->open, 1) - 1;
	if (is_main(w)) {
		all->on_note(all);
		return;
	}
	watch = atomic_load(&all->watch);
	if ((watch & WORKERS_ANY_END) ||
	    (left == 0 && (watch & WORKERS_LAST_END)))
		workers_note(all);
}

static void
on_session_end(struct session_context *x)
{
	_Static_assert(offsetof(struct worker, context) == 0, "a cast");

	leave((struct worker *)(void *)x);
}

void
worker_take(struct worker *w, int client, struct connection_log *log)
{
	char room[OS_ERROR_SIZE];

	if (session_create(&w->context, client, log) == 0)
		return;
	log_limited(&w->refused_log, event_now(w->context.loop), LOG_WARNING,
	    "connection refused: %s", os_error(errno, room));
	atomic_fetch_add(&w->all->refused, 1);
	leave(w);
}

/* A client that only this loop was told of is main's now. */
static void
leave_to_main(struct worker *w)
{
	atomic_store(&w->all->rested, true);
	workers_note(w->all);
}

static void
on_starve(struct listener *l)
{
	leave_to_main(l->arg);
}

/* Main goes on accepting, and knows when there is room. */
static void
rest(struct worker *w)
{
	w->rests = true;
	listeners_pause(&w->listeners);
	atomic_store(&w->held, true);
	leave_to_main(w);
}

static void
on_accept(
    struct listener *l, int fd, const struct sockaddr *peer, socklen_t length)
{
	struct connection_log *log;
	struct workers *all;
	struct worker *w;

	w = l->arg;
	all = w->all;
	log = NULL;
	if (peer != NULL)
		log = connection_log_begin(
		    fd, peer, length, event_now(w->context.loop));
	worker_deal(w, fd, log);
	if (atomic_load(&all->watch) & WORKERS_ANY_END)
		workers_note(all);
	if (atomic_load(&all->open) >= all->most)
		rest(w);
}

int
worker_share(struct worker *w, const struct listeners *first)
{
	size_t i;

	if (listeners_share(&w->listeners, first) == -1)
		return -1;
	for (i = 0; i < w->listeners.n; i++)
		w->listeners.list[i].on_starve = on_starve;
	return listeners_start(&w->listeners, w->context.loop, on_accept, w);
}

/* What main has decided about them. */
static void
mind_listeners(struct worker *w)
{
	if (w->listeners.n == 0)
		return;
	if (atomic_load(&w->all->shutting)) {
		listeners_close(&w->listeners);
		if (atomic_fetch_sub(&w->all->doors, 1) == 1)
			workers_note(w->all);
	} else if (w->rests && !atomic_load(&w->held)) {
		w->rests = false;
		listeners_resume(&w->listeners);
	}
}

void
worker_count(const struct worker *w, struct workers_counts *c)
{
	c->now = w->context.count;
	c->total = w->context.total;
	c->failed = w->context.failed;
	session_totals(&w->context, &c->up, &c->down);
}

/* The counts are main's to read once nobody owes any. */
static void
tell(struct worker *w)
{
	worker_count(w, &w->counts);
	if (atomic_fetch_sub(&w->all->owing, 1) == 1)
		workers_note(w->all);
}

static struct worker *
of_io(struct event_io *io)
{
	return (
	    struct worker *)(void *)((char *)io - offsetof(struct worker, io));
}

/*
 * Main sets a flag first, and what it writes then, or the full pipe that it
 * meets, wakes us afterwards; so flags are looked at after the pipe was read.
 * But the counts have to include what was dealt before main asked: when it
 * asked only while we were reading, we read once more.
 */
static void
on_handover(struct event_io *io, unsigned ready)
{
	struct worker_handover list[BATCH];
	struct worker *w;
	ssize_t i, n;
	bool all;

	(void)ready;
	w = of_io(io);
	w->telling |= atomic_exchange(&w->asked, false);
	n = read(io->fd, list, sizeof(list));
	if (n == -1 && errno == EINTR)
		return;
	all = n < (ssize_t)sizeof(list);
	if (all && !atomic_load(&w->asked))
		event_io_drained(io, EVENT_READ);
	for (i = 0; i < n / (ssize_t)sizeof(list[0]); i++)
		if (list[i].client != -1)
			worker_take(w, list[i].client, list[i].log);
	if (all && w->telling) {
		w->telling = false;
		tell(w);
	}
	mind_listeners(w);
	/* Those that were accepted end as every session does. */
	if (all && atomic_load(&w->all->stopping))
		event_loop_stop(w->context.loop);
}

static int
open_pipe(struct worker *w)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) == -1)
		return -1;
	event_io_init(&w->io, fds[0], on_handover);
	w->handover_fd = fds[1];
	return event_io_enable(w->context.loop, &w->io, EVENT_READ);
}

/*
 * The pool comes first: what a loop's batch ends with, and nobody touches,
 * lies between it and the loop before.
 */
int
worker_open(struct worker *w, struct workers *all, size_t n)
{
	struct event_loop *loop;
	struct pool *pool;

	memset(w, 0, sizeof(*w));
	w->all = all;
	w->io.fd = w->handover_fd = -1;
	pool = pool_create(all->pipes);
	loop = event_loop_create();
	session_context_init(&w->context, loop, pool, on_session_end);
	atomic_init(&w->open, 0);
	atomic_init(&w->accepted, 0);
	atomic_init(&w->asked, false);
	atomic_init(&w->held, false);
	if (pool == NULL || loop == NULL)
		return -1;
	return n > 1 ? open_pipe(w) : 0;
}

/* Without its backend a worker is lost, and the process ends. */
void *
worker_run(void *arg)
{
	char room[OS_ERROR_SIZE];
	struct worker *w;

	w = arg;
	if (event_loop_run(w->context.loop) == -1) {
		log_write(LOG_ERR, "event loop: %s", os_error(errno, room));
		atomic_store(&w->all->failed, true);
		workers_note(w->all);
	}
	session_end_all(&w->context, WORKER_STOPPED);
	return NULL;
}

/* Connections that it did not live to take. */
static void
drop_handovers(struct worker *w)
{
	struct worker_handover h;

	while (read(w->io.fd, &h, sizeof(h)) == (ssize_t)sizeof(h)) {
		if (h.client == -1)
			continue;
		descriptors_reset(h.client);
		close(h.client);
		connection_log_drop(h.log);
	}
}

void
worker_close(struct worker *w)
{
	listeners_close(&w->listeners);
	if (w->io.fd != -1) {
		drop_handovers(w);
		event_io_close(w->context.loop, &w->io);
		close(w->handover_fd);
	}
	if (w->context.loop != NULL)
		event_loop_destroy(w->context.loop);
	if (w->context.pool != NULL)
		pool_destroy(w->context.pool);
}
