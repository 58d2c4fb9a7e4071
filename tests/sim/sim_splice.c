/*
 * splice(2), between sockets and pipes.
 * Not here: the pipes themselves, see sim_file.c.
 */
#include <errno.h>
#include <fcntl.h>

#include "sim.h"
#include "wrap.h"

/* Octets that go to the socket in one piece; peers may act in between. */
#define PIECE 8192

static ssize_t
fail(int error)
{
	errno = error;
	return -1;
}

static void
append(struct sim_pipe *p, const struct sim_conn *from, uint64_t at, size_t n)
{
	if (p->n == SIM_SEGMENTS)
		sim_fail("a pipe with octets of %d fills", SIM_SEGMENTS);
	p->segment[p->n++] = (struct sim_segment) {
		.from = from,
		.start = at,
		.length = n,
	};
	p->length += n;
}

static void
consume(struct sim_pipe *p, size_t n)
{
	size_t i;

	p->length -= n;
	p->segment[0].start += n;
	p->segment[0].length -= n;
	if (p->segment[0].length > 0)
		return;
	p->n--;
	for (i = 0; i < p->n; i++)
		p->segment[i] = p->segment[i + 1];
}

/* Small segments of a socket use up a pipe's slots: any fill may be short. */
static ssize_t
fill(struct sim_conn *c, struct sim_pipe *p, size_t length)
{
	size_t n, room;
	bool cut;
	int error;

	if (sim_fault(sim.faults.splice)) {
		sim_counters[COUNT_SPLICE_REFUSED]++;
		return fail(sim_pick(2) == 0 ? EINVAL : ENOSYS);
	}
	room = p->size - p->length;
	if (room == 0)
		return fail(EAGAIN);
	if (sim_chance(8))
		room = 1 + sim_size(room - 1);
	n = sim_read_length(c, length < room ? length : room, true, &cut);
	if (n == 0 && sim_in_ready(c) > 0)
		return fail(EAGAIN);
	if (n == 0) {
		error = sim_read_error(c);
		return error == 0 ? 0 : fail(error);
	}
	append(p, c, c->in_read, n);
	sim_count_in(c, n);
	sim_counters[COUNT_BYTES_SPLICED] += n;
	return (ssize_t)n;
}

/* Between two pieces, others act, and who is to break off may do it now. */
void
sim_meanwhile(struct sim_conn *c)
{
	if (sim_chance(8))
		sim_peer_act();
	else if (sim_chance(2) && !c->gone &&
	    (c->script.reset_read != UINT64_MAX ||
	        c->script.reset_sent != UINT64_MAX))
		sim_peer_reset(c);
}

/* A reset in the middle uses the error up, and tells how far it came. */
static ssize_t
drain(struct sim_conn *c, struct sim_pipe *p, size_t length)
{
	size_t done, n;
	int error;

	for (done = 0; done < length && p->n > 0; done += n) {
		if (done > 0)
			sim_meanwhile(c);
		error = sim_write_error(c);
		if (error != 0 && done > 0) {
			sim_counters[COUNT_SPLICE_CUT]++;
			sim.stutter = sim_chance(4);
		}
		if (error != 0)
			return done > 0 ? (ssize_t)done : fail(error);
		n = p->segment[0].length < PIECE ? p->segment[0].length : PIECE;
		n = n < length - done ? n : length - done;
		n = sim_write_length(c, n);
		if (n == 0)
			return done > 0 ? (ssize_t)done : fail(EAGAIN);
		sim_check_segment(c, &p->segment[0], n);
		consume(p, n);
		sim_count_out(c, n);
	}
	return (ssize_t)done;
}

ssize_t
wrap_splice(int in, const off_t *in_offset, int out, const off_t *out_offset,
    size_t length, unsigned flags)
{
	struct sim_file *from, *to;
	ssize_t n;

	sim_enter("splice");
	from = sim_file(in, "splice()");
	to = sim_file(out, "splice()");
	if (in_offset != NULL || out_offset != NULL ||
	    !(flags & SPLICE_F_NONBLOCK))
		sim_fail("splice() that may block");
	if (flags & SPLICE_F_MORE)
		sim_fail("splice() that holds octets back");
	if (sim.stutter || sim_interrupted("splice")) {
		sim.stutter = false;
		return fail(EINTR);
	}
	if (from->conn != NULL && to->kind == SIM_PIPE_WRITE)
		n = fill(from->conn, to->pipe, length);
	else if (from->kind == SIM_PIPE_READ && to->conn != NULL)
		n = drain(to->conn, from->pipe, length);
	else
		sim_fail("splice(%d, %d)", in, out);
	sim_trace("splice(%d, %d, %zu) = %zd", in, out, length, n);
	return n;
}
