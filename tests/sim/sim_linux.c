/*
 * Readiness as Linux tells it: epoll(7), with what wakes it up and what it
 * then says of TCP, of Unix sockets, pipes and listening sockets.
 * Not here: what changes in a connection, see sim_conn.c.
 */
#include <sys/epoll.h>

#include <errno.h>

#include "sim.h"
#include "wrap.h"

const bool sim_bsd = false;

/* unix_poll() and tcp_poll(). */
static uint32_t
poll_conn(struct sim_conn *c)
{
	bool read_shut, write_shut;
	uint32_t mask;

	if (c->state == SIM_CONNECTING)
		return 0;
	mask = c->error != 0 ? EPOLLERR : 0;
	read_shut = c->in_shut || c->state == SIM_OVER;
	write_shut = c->out_shut || c->state == SIM_OVER;
	if (read_shut && write_shut)
		mask |= EPOLLHUP;
	if (read_shut)
		mask |= EPOLLRDHUP | EPOLLIN;
	if (sim_in_ready(c) > 0)
		mask |= EPOLLIN;
	if (sim_writable(c))
		mask |= EPOLLOUT;
	else
		c->full = true;
	if (!c->local && c->in_arrived > c->mark_start &&
	    c->in_read <= c->mark_start)
		mask |= EPOLLPRI;
	return mask;
}

static uint32_t
poll_file(const struct sim_file *f)
{
	if (f->conn != NULL)
		return poll_conn(f->conn);
	if (f->listener != NULL)
		return f->listener->queued > 0 ? EPOLLIN : 0;
	if (f->pipe != NULL)
		return f->pipe->length > 0 ? EPOLLIN : 0;
	return EPOLLHUP;
}

static uint32_t
events_of(const struct sim_file *f)
{
	return poll_file(f) & (f->watch[0].events | EPOLLERR | EPOLLHUP);
}

/* ep_poll_callback(): a wake-up that says for what may be of no interest. */
void
sim_notify(int fd, enum sim_event event)
{
	struct sim_watch *w;

	if (fd == -1)
		return;
	w = &sim_files[fd].watch[0];
	if (!w->on || (event == SIM_OUT && !(w->events & EPOLLOUT)) ||
	    (event == SIM_IN && !(w->events & (EPOLLIN | EPOLLPRI))))
		return;
	w->pending = true;
}

bool
sim_ready(void)
{
	const struct sim_watch *w;
	int fd;

	for (fd = 0; fd < sim_files_top; fd++) {
		w = &sim_files[fd].watch[0];
		if (w->on && (w->pending || w->level) &&
		    events_of(&sim_files[fd]) != 0)
			return true;
	}
	return false;
}

int
wrap_epoll_create1(int flags)
{
	sim_enter("epoll_create1");
	(void)flags;
	return sim_file_open(SIM_LOOP);
}

static int
set_watch(int op, int fd, const struct epoll_event *ev)
{
	struct sim_watch *w;

	w = &sim_files[fd].watch[0];
	if (w->on != (op != EPOLL_CTL_ADD)) {
		errno = w->on ? EEXIST : ENOENT;
		sim_fail("epoll_ctl(%d) of descriptor %d", op, fd);
	}
	if (op == EPOLL_CTL_DEL) {
		*w = (struct sim_watch) { .on = false };
		return 0;
	}
	if (op == EPOLL_CTL_ADD && sim_fault(sim.faults.watch)) {
		sim_refuse_watch(fd);
		errno = sim_pick(2) == 0 ? ENOMEM : ENOSPC;
		return -1;
	}
	*w = (struct sim_watch) {
		.on = true,
		.udata = ev->data.ptr,
		.events = ev->events,
		.level = !(ev->events & EPOLLET),
		.pending = true,
	};
	sim_files[fd].owner = sim_memory_of(ev->data.ptr);
	if (sim_files[fd].conn != NULL)
		sim_check_pair(fd);
	return 0;
}

int
wrap_epoll_ctl(int loop, int op, int fd, struct epoll_event *ev)
{
	int result;

	sim_enter("epoll_ctl");
	if (sim_file(loop, "epoll_ctl()")->kind != SIM_LOOP)
		sim_fail("epoll_ctl() of descriptor %d", loop);
	sim_file(fd, "epoll_ctl()");
	result = set_watch(op, fd, ev);
	sim_trace("epoll_ctl(%d, %d, %#x) = %d", op, fd,
	    ev == NULL ? 0 : (unsigned)ev->events, result);
	return result;
}

/* A report that says too much: the owner obeys what its calls return. */
static uint32_t
exaggerate(const struct sim_file *f, uint32_t events)
{
	if (f->conn == NULL || f->conn->state == SIM_CONNECTING ||
	    !sim_fault(sim.faults.spurious))
		return events;
	sim_counters[COUNT_SPURIOUS]++;
	return events | (f->watch[0].events & (EPOLLIN | EPOLLOUT));
}

static int
collect(struct epoll_event *list, int room)
{
	struct sim_watch *w;
	uint32_t events;
	int fd, first, i, n;

	n = 0;
	first = sim.reorder ? (int)sim_pick((unsigned)sim_files_top) : 0;
	for (i = 0; i < sim_files_top && n < room; i++) {
		fd = (first + i) % sim_files_top;
		w = &sim_files[fd].watch[0];
		if (!w->on || (!w->pending && !w->level))
			continue;
		/* Edge-triggered reports may come in two batches. */
		if (n > 0 && sim.reorder && sim_chance(4))
			continue;
		w->pending = false;
		events = events_of(&sim_files[fd]);
		if (events == 0)
			continue;
		events = exaggerate(&sim_files[fd], events);
		list[n].events = events;
		list[n].data.ptr = w->udata;
		n++;
		sim_trace("  descriptor %d: %s%s%s%s%s%s", fd,
		    events & EPOLLIN ? "in " : "",
		    events & EPOLLOUT ? "out " : "",
		    events & EPOLLRDHUP ? "rdhup " : "",
		    events & EPOLLHUP ? "hup " : "",
		    events & EPOLLERR ? "err " : "",
		    events & EPOLLPRI ? "pri" : "");
	}
	return n;
}

int
wrap_epoll_wait(int loop, struct epoll_event *list, int room, int timeout)
{
	sim_file(loop, "epoll_wait()");
	if (!sim_wait(timeout)) {
		errno = EINTR;
		return -1;
	}
	sim_trace("epoll_wait(%d)", timeout);
	return collect(list, room);
}
