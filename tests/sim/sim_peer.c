/*
 * Clients, targets and the network between: what they can do, one small step
 * at a time.
 * Not here: who does what next (sim_crowd.c), what the relay sees of it
 * (sim_conn.c).
 */
#include <errno.h>

#include "sim.h"

/* Of so many octets; not so few that it takes for ever. */
static size_t
piece(size_t max)
{
	size_t least, n;

	least = 1 + sim.grain / 16;
	n = 1 + sim_size(max - 1);
	if (n < least)
		n = least;
	return n < max ? n : max;
}

/* Of a target's connection before it is a connection. */
static unsigned
connecting(const struct sim_conn *c)
{
	const struct sim_address *a;

	a = &sim_addresses[c->address];
	if (c->refusal == ECONNREFUSED)
		return DO_REFUSE;
	if (c->refusal != 0)
		return sim.phase >= SIM_THAW ? DO_GIVE_UP : 0;
	return c->self || a->queued < a->backlog ? DO_ESTABLISH : 0;
}

/* In the backlog of a service, which may end before it comes to that. */
static unsigned
queued(const struct sim_conn *c)
{
	unsigned deeds;

	deeds = c->script.reset_sent == 0 ? DO_RESET : 0;
	if (sim_addresses[c->address].accepts || sim.phase >= SIM_THAW)
		deeds |= DO_ACCEPT;
	return deeds;
}

static unsigned
network(const struct sim_conn *c)
{
	unsigned deeds;

	deeds = 0;
	if (c->local || c->aborted || c->self)
		return 0;
	if (c->state == SIM_CONNECTED && c->in_arrived < c->in_sent)
		deeds |= DO_ARRIVE;
	else if (c->state == SIM_CONNECTED && c->in_fin && !c->in_shut)
		deeds |= DO_ARRIVE_END;
	if (c->out_arrived < c->out_written && c->state == SIM_CONNECTED &&
	    (c->gone || c->out_arrived - c->out_read < c->peer_rcvbuf))
		deeds |= DO_DELIVER;
	return deeds;
}

static unsigned
reading(const struct sim_conn *c)
{
	const struct sim_script *s;

	s = &c->script;
	if (c->aborted)
		return c->noticed ? 0 : DO_SEE_END;
	if (s->writes_first && !c->in_fin && !c->closed &&
	    c->in_sent < s->total && c->state == SIM_CONNECTED)
		return 0;
	if (c->out_read < c->out_arrived)
		return sim.phase >= SIM_THAW ||
		        (s->reads && c->out_read < s->read_max)
		    ? DO_READ
		    : 0;
	return c->out_fin && !c->noticed && c->out_read == c->out_written
	    ? DO_SEE_END
	    : 0;
}

static unsigned
ending(const struct sim_conn *c)
{
	const struct sim_script *s;
	bool thaw;

	s = &c->script;
	thaw = sim.phase >= SIM_THAW;
	if (c->noticed && (c->in_fin || c->closed))
		return DO_CLOSE;
	if (c->in_fin || c->in_sent < s->total || (s->holds && !thaw) ||
	    (s->answers && !c->noticed && !thaw))
		return 0;
	return DO_END;
}

unsigned
sim_deeds_of(const struct sim_conn *c)
{
	unsigned deeds;

	if (c->state == SIM_CONNECTING)
		return connecting(c);
	deeds = network(c);
	if (c->gone || c->self)
		return deeds;
	if (c->waiting && !c->client)
		return deeds | queued(c);
	deeds |= reading(c) | ending(c);
	if (!c->in_fin && !c->closed && c->in_sent < c->script.total &&
	    sim_in_room(c) > 0)
		deeds |= DO_WRITE;
	if (c->in_sent >= c->script.reset_sent ||
	    c->out_read >= c->script.reset_read)
		deeds |= DO_RESET;
	return deeds;
}

static void
establish(struct sim_conn *c)
{
	c->state = SIM_CONNECTED;
	c->established = !c->self;
	c->since = sim_now;
	if (c->partner != NULL)
		c->partner->since = sim_now;
	if (!c->self) {
		sim_addresses[c->address].queued++;
		c->waiting = true;
	} else {
		sim_counters[COUNT_CONNECT_SELF]++;
		c->gone = true;
	}
	if (c->address > 0)
		sim_counters[COUNT_ADDRESS_NEXT]++;
	sim_notify(c->fd, SIM_STATE);
}

static void
fail_to_connect(struct sim_conn *c, int error)
{
	sim_counters[COUNT_CONNECT_REFUSED]++;
	c->gone = true;
	sim_break(c, error);
}

/* One mark at a time. */
static void
mark(struct sim_conn *c, size_t n)
{
	if (!sim_chance(c->script.marks) || c->mark_end != UINT64_MAX ||
	    c->refuses)
		return;
	c->mark_start = c->in_sent + n;
	c->mark_end = c->mark_start + 1;
	if (c->local)
		c->mark_start -= n;
	c->mark_told = false;
	if (c->local)
		c->mark_end = c->in_sent + n;
}

static void
write_some(struct sim_conn *c)
{
	uint64_t left;
	size_t n, room;

	room = sim_in_room(c);
	left = c->script.total - c->in_sent;
	n = piece(c->script.write_size);
	n = n < room ? n : room;
	n = n < left ? n : (size_t)left;
	mark(c, n);
	c->in_sent += n;
	if (c->local)
		sim_arrive(c, n);
}

static void
end(struct sim_conn *c)
{
	if (c->script.closes) {
		sim_peer_close(c);
		return;
	}
	c->in_fin = true;
	if (c->local && c->state == SIM_CONNECTED)
		sim_arrive_end(c);
}

static void
read_some(struct sim_conn *c)
{
	uint64_t left;
	size_t n;

	left = c->out_arrived - c->out_read;
	n = piece(c->script.read_size);
	sim_peer_read(c, n < left ? n : (size_t)left);
}

static void
deliver(struct sim_conn *c)
{
	uint64_t left;
	size_t n;

	left = c->out_written - c->out_arrived;
	n = piece((size_t)left);
	if (!c->gone && n > c->peer_rcvbuf - (c->out_arrived - c->out_read))
		n = (size_t)(c->peer_rcvbuf - (c->out_arrived - c->out_read));
	sim_acknowledge(c, n);
}

static void
leave(struct sim_conn *c)
{
	sim_trace("peer %d is gone", c->fd);
	c->noticed = true;
	if (c->aborted || c->closed) {
		c->gone = true;
		sim_conn_release(c);
	} else
		sim_peer_close(c);
}

void
sim_do(struct sim_conn *c, unsigned deed)
{
	switch (deed) {
	case DO_ESTABLISH:
		establish(c);
		return;
	case DO_REFUSE:
		fail_to_connect(c, ECONNREFUSED);
		return;
	case DO_GIVE_UP:
		fail_to_connect(c, ETIMEDOUT);
		return;
	case DO_ACCEPT:
		c->waiting = false;
		sim_addresses[c->address].queued--;
		return;
	case DO_WRITE:
		write_some(c);
		return;
	case DO_ARRIVE:
		sim_arrive(c, piece((size_t)(c->in_sent - c->in_arrived)));
		return;
	case DO_ARRIVE_END:
		sim_arrive_end(c);
		return;
	case DO_DELIVER:
		deliver(c);
		return;
	case DO_READ:
		read_some(c);
		return;
	case DO_SEE_END:
		if (c->aborted)
			leave(c);
		c->noticed = true;
		return;
	case DO_END:
		end(c);
		return;
	case DO_CLOSE:
		leave(c);
		return;
	case DO_RESET:
		sim_peer_reset(c);
		return;
	default:
		sim_fail("no such deed: %u", deed);
	}
}
