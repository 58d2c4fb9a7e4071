/*
 * Connections: what the relay's end of one knows, and what becomes of it
 * when its peer does something.
 * Not here: the calls of the relay (sim_socket.c, sim_stream.c), what peers
 * choose to do (sim_peer.c).
 */
#include <errno.h>
#include <string.h>

#include "sim.h"

/* As sb_lowat of FreeBSD, in proportion to buffers as small as ours. */
#define LOW_WATER ((size_t)2048)

struct sim_conn sim_conns[SIM_CONNS];
int sim_conns_top;

void
sim_conn_reset(void)
{
	memset(sim_conns, 0, (size_t)sim_conns_top * sizeof(sim_conns[0]));
	sim_conns_top = 0;
}

struct sim_conn *
sim_conn_create(bool local, bool client)
{
	struct sim_conn *c;
	int i;

	for (i = 0; i < SIM_CONNS && sim_conns[i].used; i++)
		continue;
	if (i == SIM_CONNS)
		sim_fail("%d connections are open", SIM_CONNS);
	if (i >= sim_conns_top)
		sim_conns_top = i + 1;
	c = &sim_conns[i];
	*c = (struct sim_conn) {
		.used = true,
		.local = local,
		.client = client,
		.id = (int)sim_pick(60000),
		.fd = -1,
		.port = 41000 + sim_pick(19000),
		.sndbuf = sim.grain * (1 + sim_size(7)),
		.rcvbuf = sim.grain * (1 + sim_size(7)),
		.peer_rcvbuf = sim.grain * (1 + sim_size(7)),
		.mark_start = UINT64_MAX,
		.mark_end = UINT64_MAX,
		.since = sim_now,
	};
	sim_peer_script(c);
	return c;
}

/* Once both sides have closed it, and the relay its partner too. */
static struct sim_conn *
release_one(struct sim_conn *c)
{
	struct sim_conn *p;

	p = c->partner;
	if (!c->used || !c->closed ||
	    (p != NULL && c->established && !p->closed))
		return NULL;
	if (p != NULL)
		p->partner = NULL;
	c->partner = NULL;
	c->used = !c->gone;
	return p;
}

void
sim_conn_release(struct sim_conn *c)
{
	c = release_one(c);
	if (c != NULL)
		release_one(c);
}

size_t
sim_in_ready(const struct sim_conn *c)
{
	return (size_t)(c->in_arrived - c->in_read);
}

size_t
sim_in_room(const struct sim_conn *c)
{
	uint64_t used;

	used = c->in_sent - c->in_read;
	return used < c->rcvbuf ? (size_t)(c->rcvbuf - used) : 0;
}

size_t
sim_out_used(const struct sim_conn *c)
{
	return (
	    size_t)(c->out_written - (c->local ? c->out_read : c->out_arrived));
}

size_t
sim_out_low(const struct sim_conn *c)
{
	return c->sndbuf < 2 * LOW_WATER ? (c->sndbuf + 1) / 2 : LOW_WATER;
}

/*
 * unix_writable(), sk_stream_is_writeable() of Linux; filt_sowrite() of
 * FreeBSD.
 */
bool
sim_writable(const struct sim_conn *c)
{
	size_t room, used;

	if (c->state == SIM_CONNECTING)
		return false;
	if (c->state == SIM_OVER || c->out_shut)
		return true;
	used = sim_out_used(c);
	room = used < c->sndbuf ? c->sndbuf - used : 0;
	if (sim_bsd)
		return c->error != 0 || room >= sim_out_low(c);
	if (c->local)
		return used * 4 <= c->sndbuf;
	return room > 0 && room * 2 >= used;
}

bool
sim_readable(const struct sim_conn *c)
{
	return sim_in_ready(c) > 0 || c->in_shut || c->state == SIM_OVER ||
	    c->error != 0;
}

void
sim_arrive(struct sim_conn *c, size_t n)
{
	c->in_arrived += n;
	if (!c->closed && c->state != SIM_OVER)
		sim_notify(c->fd, SIM_IN);
	else if (!c->gone) {
		/* Nobody is there any more: a reset in return. */
		c->gone = c->noticed = true;
		sim_conn_release(c);
	}
}

void
sim_arrive_end(struct sim_conn *c)
{
	c->in_shut = true;
	if (!c->closed)
		sim_notify(c->fd, SIM_EOF);
}

/* A reset in CLOSE_WAIT is EPIPE on Linux, tcp_reset(). */
void
sim_break(struct sim_conn *c, int error)
{
	if (c->state == SIM_OVER)
		return;
	if (error == ECONNRESET && !sim_bsd && !c->local && c->in_shut &&
	    !c->out_shut)
		error = EPIPE;
	if (error == ECONNRESET && c->in_shut)
		sim_counters[COUNT_RESET_AFTER_FIN]++;
	c->state = SIM_OVER;
	c->in_sent = c->in_arrived;
	if (!c->in_shut)
		c->in_fin = false;
	c->error = error;
	c->excused = true;
	if (!c->closed)
		sim_notify(c->fd, SIM_STATE);
}

/* TCP: the peer's system has these, and there is room in the send buffer. */
void
sim_acknowledge(struct sim_conn *c, size_t n)
{
	c->out_arrived += n;
	if (c->gone) {
		sim_break(c, ECONNRESET);
		return;
	}
	if (c->closed || (!sim_bsd && (!c->full || !sim_writable(c))))
		return;
	c->full = false;
	sim_notify(c->fd, SIM_OUT);
}

void
sim_peer_read(struct sim_conn *c, size_t n)
{
	c->out_read += n;
	if (c->local && !c->closed && sim_writable(c))
		sim_notify(c->fd, SIM_OUT);
}

/* Its service has not accepted it, and never will. */
static void
leave_backlog(struct sim_conn *c)
{
	if (c->client || !c->waiting)
		return;
	c->waiting = false;
	sim_addresses[c->address].queued--;
}

/*
 * What is under way may arrive before it, or not.  A path that is lost looks
 * alike, but for the error.
 */
static void
tcp_reset(struct sim_conn *c)
{
	size_t n;

	n = sim_size((size_t)(c->in_sent - c->in_arrived));
	if (n > 0)
		sim_arrive(c, n);
	if (c->in_fin && c->in_arrived == c->in_sent && !c->in_shut &&
	    sim_chance(2))
		sim_arrive_end(c);
	c->broke = true;
	leave_backlog(c);
	sim_break(c, sim_chance(8) ? ETIMEDOUT : ECONNRESET);
}

/* FreeBSD tells nothing of octets that were not read. */
static void
unix_close(struct sim_conn *c)
{
	bool unread;

	unread = c->out_read < c->out_written || c->waiting;
	leave_backlog(c);
	if (unread && !sim_bsd) {
		sim_counters[COUNT_RESET_UNREAD]++;
		c->error = ECONNRESET;
		c->broke = true;
		if (!c->in_shut)
			c->in_fin = false;
	} else
		c->in_fin = true;
	c->state = SIM_OVER;
	c->in_shut = c->in_shut || !c->broke;
	c->excused = true;
	if (!c->closed)
		sim_notify(c->fd, SIM_STATE);
}

void
sim_peer_close(struct sim_conn *c)
{
	c->gone = true;
	if (c->local && c->state != SIM_OVER)
		unix_close(c);
	else if (c->state != SIM_OVER && c->out_read < c->out_arrived) {
		sim_counters[COUNT_RESET_UNREAD]++;
		tcp_reset(c);
	} else
		c->in_fin = true;
	sim_conn_release(c);
}

void
sim_peer_reset(struct sim_conn *c)
{
	if (c->local) {
		sim_peer_close(c);
		return;
	}
	c->gone = true;
	sim_counters[c->client ? COUNT_CLIENT_RESETS : COUNT_TARGET_RESETS]++;
	if (sim_bsd && c->listener != NULL) {
		/* Out of the backlog, as if it had never come. */
		c->listener->queued--;
		c->listener = NULL;
		c->closed = true;
	} else
		tcp_reset(c);
	sim_conn_release(c);
}

static void
tcp_close(struct sim_conn *c)
{
	if (c->state == SIM_OVER) {
		c->gone = true;
		return;
	}
	if (c->linger || sim_in_ready(c) > 0 || c->state == SIM_CONNECTING) {
		c->aborted = true;
		c->out_written = c->out_arrived;
	} else
		c->out_fin = true;
}

/* By the relay. */
void
sim_close_socket(struct sim_conn *c)
{
	sim_check_close(c);
	if (!c->client && c->partner != NULL && c->excused)
		c->partner->excused = true;
	if (!c->local)
		tcp_close(c);
	else if (c->state == SIM_OVER)
		c->gone = true;
	else {
		c->aborted = sim_in_ready(c) > 0 && !sim_bsd;
		c->out_fin = true;
	}
	if (!c->client && c->waiting) {
		sim_addresses[c->address].queued--;
		c->gone = true;
	}
	if (c->state == SIM_CONNECTING)
		c->gone = true;
	c->closed = true;
	c->fd = -1;
	sim_conn_release(c);
}
