/*
 * Dealing connections to threads, and hearing of their ends.
 * Not here: what becomes of a connection.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker.h"

static struct workers *
of_io(struct event_io *io)
{
	return (struct workers *)(void *)((char *)io -
	    offsetof(struct workers, io));
}

/* One note stands for all that came to pass before it is taken back here. */
static void
on_notes(struct event_io *io, unsigned ready)
{
	struct workers *all;
	char bytes[16];
	ssize_t n;

	(void)ready;
	all = of_io(io);
	n = read(io->fd, bytes, sizeof(bytes));
	if (n == -1) {
		if (errno != EINTR)
			event_io_drained(io, EVENT_READ);
		return;
	}
	event_io_took(io, (size_t)n, (size_t)n < sizeof(bytes));
	atomic_store(&all->noted, false);
	all->on_note(all);
}

void
workers_note(struct workers *all)
{
	/* There is room: at most one other note is on its way. */
	if (!atomic_exchange(&all->noted, true) &&
	    write(all->note_fd, "", 1) == -1)
		atomic_store(&all->noted, false);
}

static int
open_notes(struct workers *all)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) == -1)
		return -1;
	event_io_init(&all->io, fds[0], on_notes);
	all->note_fd = fds[1];
	return event_io_enable(
	    workers_context(all, 0)->loop, &all->io, EVENT_READ);
}

int
workers_open(struct workers *all, size_t n, size_t pipes,
    void (*on_note)(struct workers *), void *owner)
{
	*all = (struct workers) {
		.pipes = pipes,
		.on_note = on_note,
		.owner = owner,
	};
	all->io.fd = all->note_fd = -1;
	all->list = aligned_alloc(WORKER_ALIGNMENT, n * sizeof(*all->list));
	if (all->list == NULL)
		return -1;
	for (; all->n < n; all->n++)
		if (worker_open(&all->list[all->n], all, n) == -1) {
			all->n++;
			return -1;
		}
	return n > 1 ? open_notes(all) : 0;
}

int
workers_share(
    struct workers *all, const struct listeners *listeners, size_t most)
{
	size_t i;

	all->most = most;
	for (i = 1; i < all->n; i++)
		if (worker_share(&all->list[i], listeners) == -1)
			return -1;
	return 0;
}

struct session_context *
workers_context(struct workers *all, size_t i)
{
	return &all->list[i].context;
}

int
workers_start(struct workers *all)
{
	struct worker *w;
	int e;

	while (all->threads + 1 < all->n) {
		w = &all->list[all->threads + 1];
		e = pthread_create(&w->thread, NULL, worker_run, w);
		if (e != 0) {
			errno = e;
			return -1;
		}
		if (w->listeners.n > 0)
			atomic_fetch_add(&all->doors, 1);
		all->threads++;
	}
	return 0;
}

/* The first wins a tie. */
static size_t
choose(const struct workers *all, size_t first)
{
	size_t best, fewest, i, k, open;

	best = first;
	fewest = SIZE_MAX;
	for (k = 0; k < all->n; k++) {
		i = (first + k) % all->n;
		open = atomic_load(&all->list[i].open);
		if (open < fewest) {
			fewest = open;
			best = i;
		}
	}
	return best;
}

static bool
hand_over(struct worker *w, int client, struct connection_log *log)
{
	struct worker_handover h;

	/* Its padding goes through the pipe as well. */
	memset(&h, 0, sizeof(h));
	h.client = client;
	h.log = log;
	return write(w->handover_fd, &h, sizeof(h)) == (ssize_t)sizeof(h);
}

static void
deal(struct worker *from, struct worker *w, int client,
    struct connection_log *log)
{
	/* Counted before its worker can end it. */
	atomic_fetch_add(&from->all->open, 1);
	atomic_fetch_add(&w->open, 1);
	if (w != from) {
		if (hand_over(w, client, log))
			return;
		/* A full pipe: it has not taken thousands.  Serve it here. */
		atomic_fetch_sub(&w->open, 1);
		w = from;
		atomic_fetch_add(&w->open, 1);
	}
	worker_take(w, client, log);
}

void
worker_deal(struct worker *from, int client, struct connection_log *log)
{
	struct workers *all;

	all = from->all;
	atomic_fetch_add(&from->accepted, 1);
	deal(from, &all->list[choose(all, (size_t)(from - all->list))], client,
	    log);
}

/* A worker that does not accept had better begin at once. */
void
workers_deal(struct workers *all, int client, struct connection_log *log)
{
	all->dealt++;
	all->last = choose(all, all->most > 0 ? 0 : (all->last + 1) % all->n);
	deal(all->list, &all->list[all->last], client, log);
}

size_t
workers_sessions(const struct workers *all)
{
	return atomic_load(&all->open);
}

static uint64_t
dealt(const struct workers *all)
{
	uint64_t n;
	size_t i;

	n = all->dealt;
	for (i = 1; i < all->n; i++)
		n += atomic_load(&all->list[i].accepted);
	return n;
}

uint64_t
workers_total(const struct workers *all)
{
	return dealt(all) - atomic_load(&all->refused);
}

uint64_t
workers_refused(const struct workers *all)
{
	return atomic_load(&all->refused);
}

bool
workers_failed(const struct workers *all)
{
	return atomic_load(&all->failed);
}

uint64_t
workers_ended(const struct workers *all)
{
	size_t open;

	/* First, lest it count what is not dealt yet. */
	open = atomic_load(&all->open);
	return dealt(all) - open;
}

void
workers_watch(struct workers *all, unsigned bits)
{
	if (all->n > 1)
		atomic_store(&all->watch, bits);
}

/* A full pipe wakes it too, see on_handover() in worker.c. */
static void
wake(struct workers *all)
{
	size_t i;

	for (i = 1; i <= all->threads; i++)
		(void)hand_over(&all->list[i], -1, NULL);
}

bool
workers_rest(const struct workers *all)
{
	size_t i;

	for (i = 1; i <= all->threads; i++)
		if (atomic_load(&all->list[i].held))
			return true;
	return false;
}

bool
workers_rested(struct workers *all)
{
	return atomic_exchange(&all->rested, false);
}

void
workers_admit(struct workers *all)
{
	size_t i;

	for (i = 1; i <= all->threads; i++)
		atomic_store(&all->list[i].held, false);
	wake(all);
}

void
workers_shut(struct workers *all)
{
	if (workers_are_shut(all))
		return;
	atomic_store(&all->shutting, true);
	wake(all);
}

bool
workers_are_shut(const struct workers *all)
{
	return atomic_load(&all->doors) == 0;
}

void
workers_ask(struct workers *all)
{
	size_t i;

	atomic_store(&all->owing, all->threads);
	for (i = 1; i <= all->threads; i++)
		atomic_store(&all->list[i].asked, true);
	wake(all);
}

bool
workers_told(const struct workers *all)
{
	return atomic_load(&all->owing) == 0;
}

void
workers_counts(const struct workers *all, struct workers_counts *sum)
{
	const struct workers_counts *c;
	size_t i;

	worker_count(all->list, sum);
	for (i = 1; i <= all->threads; i++) {
		c = &all->list[i].counts;
		sum->now += c->now;
		sum->total += c->total;
		sum->failed += c->failed;
		sum->up += c->up;
		sum->down += c->down;
	}
}

void
workers_stop(struct workers *all)
{
	size_t i;

	atomic_store(&all->stopping, true);
	wake(all);
	session_end_all(&all->list[0].context, WORKER_STOPPED);
	for (i = 1; i <= all->threads; i++)
		pthread_join(all->list[i].thread, NULL);
	for (i = 1; i <= all->threads; i++)
		worker_count(&all->list[i], &all->list[i].counts);
	atomic_store(&all->owing, 0);
}

void
workers_close(struct workers *all)
{
	if (all->io.fd != -1) {
		event_io_close(workers_context(all, 0)->loop, &all->io);
		close(all->note_fd);
	}
	while (all->n > 0)
		worker_close(&all->list[--all->n]);
	free(all->list);
}
