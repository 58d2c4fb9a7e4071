/*
 * Calls that move octets through a connected socket, and end its stream.
 * Not here: splice(2), see sim_splice.c.
 */
#include <sys/ioctl.h>

#include <linux/sockios.h>

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "sim.h"
#include "wrap.h"

static ssize_t
fail(int error)
{
	errno = error;
	return -1;
}

static struct sim_conn *
connected(int fd, const char *call)
{
	struct sim_file *f;

	f = sim_file(fd, call);
	if (f->conn == NULL)
		sim_fail(
		    "%s of descriptor %d, which is not connected", call, fd);
	return f->conn;
}

/* Asked for once, it is gone. */
static int
take_error(struct sim_conn *c)
{
	int error;

	error = c->error;
	c->error = 0;
	return error;
}

/*
 * Without octets: an errno, or 0 at the end of file.  TCP on Linux tells the
 * end of file again where the stream has ended before it broke, the others
 * tell the error first.
 */
int
sim_read_error(struct sim_conn *c)
{
	if (!sim_bsd && !c->local && c->in_shut)
		return 0;
	if (c->error != 0)
		return take_error(c);
	return c->in_shut || c->state == SIM_OVER ? 0 : EAGAIN;
}

/* Nothing is idle that gets rid of octets, an end of file, or a direction. */
static void
touch(struct sim_conn *c)
{
	c->since = sim_now;
	if (c->partner != NULL)
		c->partner->since = sim_now;
}

static int
refuse_write(struct sim_conn *c, int error)
{
	c->failed = c->excused = true;
	touch(c);
	return error;
}

/*
 * An errno, or 0.  A Unix socket, and every socket of FreeBSD, finds out
 * first that it cannot send, and keeps the error for a read.
 */
int
sim_write_error(struct sim_conn *c)
{
	int error;

	if (c->out_shut)
		sim_fail("octets after shutdown() of descriptor %d", c->fd);
	if (c->state == SIM_CONNECTING)
		sim_fail("octets to descriptor %d, not connected yet", c->fd);
	error = 0;
	if (c->state == SIM_OVER && (sim_bsd || c->local || c->error == 0))
		error = EPIPE;
	else if (c->error != 0)
		error = take_error(c);
	return error == 0 ? 0 : refuse_write(c, error);
}

/*
 * A mark is an urgent octet of TCP at its start, or passed descriptors of a
 * Unix socket with the octets from its start to its end.
 */
size_t
sim_read_length(struct sim_conn *c, size_t room, bool splices, bool *cut)
{
	uint64_t stop;
	size_t n;

	*cut = false;
	n = sim_in_ready(c);
	n = n < room ? n : room;
	stop = c->local ? c->mark_end : c->mark_start;
	if (!c->mark_told && c->in_read < stop && c->in_read + n > stop) {
		n = (size_t)(stop - c->in_read);
		sim_counters[COUNT_URGENT]++;
	}
	if (!c->local && c->in_read == stop && splices)
		return 0;
	if (c->local && c->in_read + n > c->mark_start && !c->mark_told &&
	    c->in_read < c->mark_end)
		*cut = c->mark_told = true;
	return n;
}

size_t
sim_write_length(struct sim_conn *c, size_t length)
{
	size_t n, room, used;

	used = sim_out_used(c);
	room = used < c->sndbuf ? c->sndbuf - used : 0;
	if (room == 0 || (sim_bsd && room < length && room < sim_out_low(c))) {
		c->full = true;
		sim_counters[COUNT_WRITES_BLOCKED]++;
		return 0;
	}
	n = length < room ? length : room;
	c->full = n < length;
	if (sim_fault(sim.faults.short_write))
		n = 1 + sim_size(n - 1);
	if (n < length)
		sim_counters[COUNT_WRITES_SHORT]++;
	return n;
}

void
sim_count_in(struct sim_conn *c, size_t n)
{
	c->in_read += n;
	if (c->in_read > c->mark_start && c->in_read >= c->mark_end)
		c->mark_start = c->mark_end = UINT64_MAX;
	sim_check_held(c);
	sim_progress();
}

void
sim_count_out(struct sim_conn *c, size_t n)
{
	c->out_written += n;
	if (c->local)
		c->out_arrived = c->out_written;
	touch(c);
	sim_progress();
}

static ssize_t
receive(struct sim_conn *c, int fd, void *bytes, size_t length, bool *cut)
{
	size_t done, n, piece;
	int error;

	n = sim_read_length(c, length, false, cut);
	if (n == 0) {
		error = sim_read_error(c);
		sim_trace("receive(%d) = 0 or errno %d", fd, error);
		if (error != EAGAIN)
			sim_progress();
		return error == 0 ? 0 : fail(error);
	}
	for (done = 0; done < n; done += piece) {
		piece = n - done < SIM_OCTETS_MAX ? n - done : SIM_OCTETS_MAX;
		memcpy((char *)bytes + done,
		    sim_octets(c, c->in_read + done, piece), piece);
	}
	sim_count_in(c, n);
	sim_counters[COUNT_BYTES_COPIED] += n;
	if (n == length)
		sim_counters[COUNT_READS_FULL]++;
	sim_trace("receive(%d, %zu) = %zu%s", fd, length, n,
	    *cut ? ", descriptors" : "");
	return (ssize_t)n;
}

ssize_t
wrap_recvmsg(int fd, struct msghdr *msg, int flags)
{
	struct sim_conn *c;
	ssize_t n;
	bool cut;

	sim_enter("recvmsg");
	c = connected(fd, "recvmsg()");
	if (flags != 0 || msg->msg_iovlen != 1 || msg->msg_control != NULL)
		sim_fail("recvmsg() with flags or several buffers");
	if (sim_interrupted("recvmsg"))
		return -1;
	n = receive(
	    c, fd, msg->msg_iov[0].iov_base, msg->msg_iov[0].iov_len, &cut);
	msg->msg_flags = cut ? MSG_CTRUNC : 0;
	return n;
}

/* From a Unix socket it would not tell of descriptors that may come. */
ssize_t
wrap_recv(int fd, void *bytes, size_t length, int flags)
{
	struct sim_conn *c;
	bool cut;

	sim_enter("recv");
	c = connected(fd, "recv()");
	if ((c->local && !c->refuses) || flags != 0)
		sim_fail("recv(%d) of a Unix socket, or with flags", fd);
	if (sim_interrupted("recv"))
		return -1;
	return receive(c, fd, bytes, length, &cut);
}

/* SIOCOUTQ or FIONWRITE: what the peer has not acknowledged. */
int
wrap_ioctl(int fd, unsigned long request, ...)
{
	struct sim_conn *c;
	va_list ap;
	int *n;

	sim_enter("ioctl");
	c = connected(fd, "ioctl()");
	if (request != (sim_bsd ? FIONWRITE : SIOCOUTQ) || c->local)
		sim_fail("ioctl(%d, %#lx)", fd, request);
	va_start(ap, request);
	n = va_arg(ap, int *);
	va_end(ap);
	if (c->state == SIM_OVER && c->error == 0)
		sim_fail(
		    "descriptor %d is waited for, and is known to be gone", fd);
	*n = (int)(c->out_written - c->out_arrived);
	if (sim_bsd && sim.blind)
		return (int)fail(ENOTTY);
	sim_trace("ioctl(%d): %d", fd, *n);
	if (*n > 0)
		sim_counters[COUNT_PARTING]++;
	return 0;
}

/*
 * Linux hands a Unix socket its octets in pieces.  A reset between two of
 * them uses the error up, and tells how far it came.
 */
static size_t
count_pieces(struct sim_conn *c, size_t n)
{
	size_t first;

	first = c->local && !sim_bsd && n > 1 && sim_chance(4)
	    ? 1 + sim_size(n - 2)
	    : n;
	sim_count_out(c, first);
	if (first == n)
		return n;
	sim_meanwhile(c);
	if (c->state == SIM_OVER) {
		(void)take_error(c);
		sim_counters[COUNT_SEND_CUT]++;
		return first;
	}
	sim_count_out(c, n - first);
	return n;
}

ssize_t
wrap_send(int fd, const void *bytes, size_t length, int flags)
{
	struct sim_conn *c;
	size_t n;
	int error;

	sim_enter("send");
	c = connected(fd, "send()");
	if (!(flags & MSG_NOSIGNAL) || length == 0)
		sim_fail("send(%d) of nothing, or with SIGPIPE", fd);
	if (sim_interrupted("send"))
		return -1;
	error = sim_write_error(c);
	if (error == 0 && sim_fault(sim.faults.buffers)) {
		sim_counters[COUNT_NO_BUFFERS]++;
		error = refuse_write(c, sim_pick(2) == 0 ? ENOBUFS : ENOMEM);
		c->faulted = true;
	}
	n = error == 0 ? sim_write_length(c, length) : 0;
	if (n == 0) {
		error = error == 0 ? EAGAIN : error;
		sim_trace("send(%d, %zu): errno %d", fd, length, error);
		return fail(error);
	}
	sim_check_octets(c, bytes, n);
	n = count_pieces(c, n);
	sim_trace("send(%d, %zu) = %zu", fd, length, n);
	return (ssize_t)n;
}

/* The peer's next write fails; what is there can still be read. */
static void
refuse_octets(struct sim_conn *c)
{
	if (!c->local || c->refused || c->partner == NULL ||
	    !(c->partner->failed || c->partner->state == SIM_OVER))
		sim_fail("shutdown(%d, SHUT_RD)", c->fd);
	c->refused = c->in_shut = true;
	c->script.total = c->in_sent;
	sim_counters[COUNT_REFUSED_OCTETS]++;
	sim_notify(c->fd, SIM_EOF);
}

/* Of a Unix socket whose peer has gone: no error on Linux. */
int
wrap_shutdown(int fd, int how)
{
	struct sim_conn *c;

	sim_enter("shutdown");
	c = connected(fd, "shutdown()");
	if (how == SHUT_RD) {
		sim_trace("shutdown(%d, SHUT_RD)", fd);
		refuse_octets(c);
		sim_progress();
		return 0;
	}
	if (how != SHUT_WR || c->out_shut)
		sim_fail("shutdown(%d, %d)", fd, how);
	sim_trace("shutdown(%d)", fd);
	sim_check_shutdown(c);
	touch(c);
	sim_progress();
	if (c->state == SIM_OVER && (!c->local || sim_bsd))
		return (int)fail(ENOTCONN);
	c->out_shut = c->out_fin = true;
	sim_counters[COUNT_HALF_CLOSED]++;
	if (!c->local || sim_bsd)
		sim_notify(fd, SIM_SHUT);
	return 0;
}
