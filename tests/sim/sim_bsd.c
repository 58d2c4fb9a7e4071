/*
 * Readiness as FreeBSD tells it: kqueue(2), with a filter for each direction
 * that is woken up and evaluated by itself.
 * Not here: what changes in a connection, see sim_conn.c.
 */
#include <sys/types.h>
#include <sys/event.h>

#include <errno.h>

#include "sim.h"
#include "wrap.h"

enum { READING, WRITING, FILTERS };

const bool sim_bsd = true;

/* filt_soread(); the error is only shown here, and stays. */
static bool
filter_read(const struct sim_file *f, struct kevent *kev)
{
	const struct sim_conn *c;

	c = f->conn;
	if (f->listener != NULL || f->pipe != NULL) {
		kev->data = f->pipe != NULL ? (int64_t)f->pipe->length
		                            : (int64_t)f->listener->queued;
		return kev->data > 0;
	}
	if (c == NULL || c->state == SIM_CONNECTING)
		return false;
	kev->data = (int64_t)sim_in_ready(c);
	if (c->in_shut || c->state == SIM_OVER) {
		kev->flags |= EV_EOF;
		kev->fflags = (unsigned)c->error;
		return true;
	}
	return c->error != 0 || kev->data > 0;
}

/* filt_sowrite(). */
static bool
filter_write(const struct sim_file *f, struct kevent *kev)
{
	const struct sim_conn *c;

	c = f->conn;
	if (c == NULL || c->state == SIM_CONNECTING)
		return false;
	kev->data = (int64_t)c->sndbuf - (int64_t)sim_out_used(c);
	if (c->out_shut || c->state == SIM_OVER) {
		kev->flags |= EV_EOF;
		kev->fflags = (unsigned)c->error;
		return true;
	}
	return sim_writable(c);
}

static bool
evaluate(int fd, int which, struct kevent *kev)
{
	const struct sim_file *f;

	f = &sim_files[fd];
	EV_SET(kev, (uintptr_t)fd,
	    which == READING ? EVFILT_READ : EVFILT_WRITE,
	    f->watch[which].level ? 0 : EV_CLEAR, 0, 0, f->watch[which].udata);
	return which == READING ? filter_read(f, kev) : filter_write(f, kev);
}

/* KNOTE(): a filter that says no at this moment is not activated. */
static void
activate(int fd, int which)
{
	struct sim_watch *w;
	struct kevent kev;

	w = &sim_files[fd].watch[which];
	if (w->on && evaluate(fd, which, &kev))
		w->pending = true;
}

void
sim_notify(int fd, enum sim_event event)
{
	if (fd == -1)
		return;
	if (event != SIM_OUT && event != SIM_SHUT)
		activate(fd, READING);
	if (event != SIM_IN && event != SIM_EOF)
		activate(fd, WRITING);
}

static bool
is_ready(int fd, int which, struct kevent *kev)
{
	const struct sim_watch *w;

	w = &sim_files[fd].watch[which];
	return w->on && (w->pending || w->level) && evaluate(fd, which, kev);
}

bool
sim_ready(void)
{
	struct kevent kev;
	int fd;

	for (fd = 0; fd < sim_files_top; fd++)
		if (is_ready(fd, READING, &kev) || is_ready(fd, WRITING, &kev))
			return true;
	return false;
}

int
kqueue(void)
{
	sim_enter("kqueue");
	return sim_file_open(SIM_LOOP);
}

static int
apply(const struct kevent *change)
{
	struct sim_watch *w;
	int fd, which;

	fd = (int)change->ident;
	which = change->filter == EVFILT_READ ? READING : WRITING;
	sim_file(fd, "kevent()");
	w = &sim_files[fd].watch[which];
	if (change->flags & EV_DELETE) {
		if (!w->on)
			sim_fail(
			    "kevent(): descriptor %d has no such filter", fd);
		*w = (struct sim_watch) { .on = false };
		return 0;
	}
	if (!w->on && sim_fault(sim.faults.watch)) {
		sim_refuse_watch(fd);
		errno = ENOMEM;
		return -1;
	}
	*w = (struct sim_watch) {
		.on = true,
		.udata = change->udata,
		.level = !(change->flags & EV_CLEAR),
	};
	activate(fd, which);
	sim_files[fd].owner = sim_memory_of(change->udata);
	if (sim_files[fd].conn != NULL)
		sim_check_pair(fd);
	return 0;
}

static int
add(struct kevent *list, int n, int fd, int which)
{
	struct sim_watch *w;

	w = &sim_files[fd].watch[which];
	if (!w->on || (!w->pending && !w->level))
		return n;
	/* Edge-triggered reports may come in two batches. */
	if (n > 0 && sim.reorder && sim_chance(4))
		return n;
	w->pending = false;
	if (!evaluate(fd, which, &list[n]))
		return n;
	sim_trace("  descriptor %d: %s, data %lld%s, fflags %u", fd,
	    which == READING ? "read" : "write", (long long)list[n].data,
	    list[n].flags & EV_EOF ? ", EOF" : "", list[n].fflags);
	return n + 1;
}

static int
collect(struct kevent *list, int room)
{
	int fd, first, i, n;

	n = 0;
	first = sim.reorder ? (int)sim_pick((unsigned)sim_files_top) : 0;
	for (i = 0; i < sim_files_top && n + 1 < room; i++) {
		fd = (first + i) % sim_files_top;
		n = add(list, n, fd, READING);
		n = add(list, n, fd, WRITING);
	}
	return n;
}

int
kevent(int kq, const struct kevent *changelist, int nchanges,
    struct kevent *eventlist, int nevents, const struct timespec *timeout)
{
	int i, ms;

	if (sim_file(kq, "kevent()")->kind != SIM_LOOP)
		sim_fail("kevent() of descriptor %d", kq);
	for (i = 0; i < nchanges; i++) {
		sim_enter("kevent");
		sim_trace("kevent(%d, filter %d, flags %#x)",
		    (int)changelist[i].ident, changelist[i].filter,
		    (unsigned)changelist[i].flags);
		if (apply(&changelist[i]) == -1)
			return -1;
	}
	if (nevents == 0)
		return 0;
	ms = timeout == NULL
	    ? -1
	    : (int)(timeout->tv_sec * 1000 + timeout->tv_nsec / 1000000);
	if (!sim_wait(ms)) {
		errno = EINTR;
		return -1;
	}
	sim_trace("kevent(%d ms)", ms);
	return collect(eventlist, nevents);
}
