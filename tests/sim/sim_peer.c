/*
 * Clients, targets and the network between: what they do, in an order that
 * is chosen, one small step at a time.
 * Not here: what the relay sees of it, see sim_conn.c.
 */
#include <errno.h>

#include "sim.h"

/* What somebody can do with a connection: bits. */
enum deed {
	ESTABLISH = 1u << 0,
	REFUSE = 1u << 1,
	GIVE_UP = 1u << 2, /* the system's own time-out */
	ACCEPT = 1u << 3,
	WRITE = 1u << 4,
	ARRIVE = 1u << 5,
	ARRIVE_END = 1u << 6,
	DELIVER = 1u << 7,
	READ = 1u << 8,
	SEE_END = 1u << 9,
	END = 1u << 10,
	CLOSE = 1u << 11,
	RESET = 1u << 12,
};

#define DEEDS 13

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

void
sim_peer_script(struct sim_conn *c)
{
	struct sim_script *s;

	s = &c->script;
	*s = (struct sim_script) {
		.total = sim_size(sim.bulk),
		.write_size = 1 + sim.grain / 4 + sim_size(sim.grain * 8),
		.read_size = 1 + sim.grain / 4 + sim_size(sim.grain * 8),
		.read_max = UINT64_MAX,
		.reads = !sim_chance(8),
		.holds = sim_chance(6),
		.answers = sim_chance(4),
		.closes = sim_chance(6),
		.reset_sent = UINT64_MAX,
		.reset_read = UINT64_MAX,
		.marks = sim_chance(6) ? 1 + sim_pick(8) : 0,
	};
	if (sim.grain == SIM_BULKY && sim_chance(2)) {
		s->total = sim.bulk;
		s->write_size = s->read_size = c->rcvbuf = c->peer_rcvbuf =
		    c->sndbuf = 8 * sim.grain;
	}
	if (sim_chance(8))
		s->read_max = sim_size(sim.bulk);
	if (sim_chance(8))
		s->reset_sent = sim_size((size_t)s->total);
	if (sim_chance(12))
		s->reset_read = sim_size(sim.bulk);
}

/* Of a target's connection before it is a connection. */
static unsigned
connecting(const struct sim_conn *c)
{
	const struct sim_address *a;

	a = &sim_addresses[c->address];
	if (c->refusal == ECONNREFUSED)
		return REFUSE;
	if (c->refusal != 0)
		return sim.phase >= SIM_THAW ? GIVE_UP : 0;
	return c->self || a->queued < a->backlog ? ESTABLISH : 0;
}

static unsigned
network(const struct sim_conn *c)
{
	unsigned deeds;

	deeds = 0;
	if (c->local || c->aborted || c->self)
		return 0;
	if (c->state == SIM_CONNECTED && c->in_arrived < c->in_sent)
		deeds |= ARRIVE;
	else if (c->state == SIM_CONNECTED && c->in_fin && !c->in_shut)
		deeds |= ARRIVE_END;
	if (c->out_arrived < c->out_written && c->state == SIM_CONNECTED &&
	    (c->gone || c->out_arrived - c->out_read < c->peer_rcvbuf))
		deeds |= DELIVER;
	return deeds;
}

static unsigned
reading(const struct sim_conn *c)
{
	const struct sim_script *s;

	s = &c->script;
	if (c->aborted)
		return c->noticed ? 0 : SEE_END;
	if (c->out_read < c->out_arrived)
		return sim.phase >= SIM_THAW ||
		        (s->reads && c->out_read < s->read_max)
		    ? READ
		    : 0;
	return c->out_fin && !c->noticed && c->out_read == c->out_written
	    ? SEE_END
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
		return CLOSE;
	if (c->in_fin || c->in_sent < s->total || (s->holds && !thaw) ||
	    (s->answers && !c->noticed && !thaw))
		return 0;
	return END;
}

static unsigned
deeds_of(const struct sim_conn *c)
{
	unsigned deeds;

	if (c->state == SIM_CONNECTING)
		return connecting(c);
	deeds = network(c);
	if (c->gone || c->self)
		return deeds;
	if (c->waiting && !c->client)
		return deeds |
		    (sim_addresses[c->address].accepts || sim.phase >= SIM_THAW
		            ? (unsigned)ACCEPT
		            : 0);
	deeds |= reading(c) | ending(c);
	if (!c->in_fin && !c->closed && c->in_sent < c->script.total &&
	    sim_in_room(c) > 0)
		deeds |= WRITE;
	if (c->in_sent >= c->script.reset_sent ||
	    c->out_read >= c->script.reset_read)
		deeds |= RESET;
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
	if (!sim_chance(c->script.marks) || c->mark_end != UINT64_MAX)
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

static void
do_deed(struct sim_conn *c, unsigned deed)
{
	switch (deed) {
	case ESTABLISH:
		establish(c);
		return;
	case REFUSE:
		fail_to_connect(c, ECONNREFUSED);
		return;
	case GIVE_UP:
		fail_to_connect(c, ETIMEDOUT);
		return;
	case ACCEPT:
		c->waiting = false;
		sim_addresses[c->address].queued--;
		return;
	case WRITE:
		write_some(c);
		return;
	case ARRIVE:
		sim_arrive(c, piece((size_t)(c->in_sent - c->in_arrived)));
		return;
	case ARRIVE_END:
		sim_arrive_end(c);
		return;
	case DELIVER:
		deliver(c);
		return;
	case READ:
		read_some(c);
		return;
	case SEE_END:
		if (c->aborted)
			leave(c);
		c->noticed = true;
		return;
	case END:
		end(c);
		return;
	case CLOSE:
		leave(c);
		return;
	case RESET:
		sim_peer_reset(c);
		return;
	default:
		sim_fail("no such deed: %u", deed);
	}
}

static unsigned
one_of(unsigned deeds)
{
	unsigned i, k;

	k = sim_pick(DEEDS);
	for (i = 0; i < DEEDS; i++, k = (k + 1) % DEEDS)
		if (deeds & (1u << k))
			return 1u << k;
	return 0;
}

static bool
arrive_client(void)
{
	struct sim_listener *l;
	struct sim_conn *c;

	if (sim.clients_left == 0 || sim_n_listeners == 0)
		return false;
	l = &sim_listeners[sim_pick((unsigned)sim_n_listeners)];
	if (l->fd == -1) {
		sim.clients_left--;
		return true;
	}
	if (l->queued >= l->backlog)
		return false;
	sim.clients_left--;
	c = sim_conn_create(l->local, true);
	c->state = SIM_CONNECTED;
	c->waiting = c->established = true;
	c->listener = l;
	l->queued++;
	sim_trace("a client for listener %d", l->fd);
	sim_notify(l->fd, SIM_IN);
	return true;
}

static const char *
name_of(unsigned deed)
{
	static const char *const names[DEEDS] = { "establish", "refuse",
		"give up", "accept", "write", "arrive", "arrive end", "deliver",
		"read", "see the end", "end", "close", "reset" };
	unsigned i;

	for (i = 0; i < DEEDS - 1 && deed != 1u << i; i++)
		continue;
	return names[i];
}

/* Somebody, beginning with anybody. */
static bool
act_one(void)
{
	struct sim_conn *c;
	unsigned deeds;
	int i, k;

	if (sim_conns_top == 0)
		return false;
	k = (int)sim_pick((unsigned)sim_conns_top);
	for (i = 0; i < sim_conns_top; i++, k = (k + 1) % sim_conns_top) {
		c = &sim_conns[k];
		if (!c->used)
			continue;
		deeds = deeds_of(c);
		if (deeds == 0)
			continue;
		if (sim_fault(sim.faults.spurious)) {
			sim_counters[COUNT_SPURIOUS]++;
			sim_notify(c->fd, SIM_STATE);
		}
		deeds = one_of(deeds);
		sim_trace("%s of %d: %s, in %llu/%llu/%llu, out "
		          "%llu/%llu/%llu",
		    c->client ? "client" : "target", c->fd, name_of(deeds),
		    (unsigned long long)c->in_sent,
		    (unsigned long long)c->in_arrived,
		    (unsigned long long)c->in_read,
		    (unsigned long long)c->out_written,
		    (unsigned long long)c->out_arrived,
		    (unsigned long long)c->out_read);
		do_deed(c, deeds);
		return true;
	}
	return false;
}

bool
sim_peer_act(void)
{
	if ((!sim_chance(8) || !arrive_client()) && !act_one() &&
	    !arrive_client())
		return false;
	sim_progress();
	return true;
}

void
sim_peer_thaw(void)
{
	int i;

	for (i = 0; i < sim_n_addresses; i++)
		if (sim_addresses[i].service != SIM_SERVES &&
		    (sim_chance(2) || sim.options.wait == EVENT_INFINITE ||
		        sim.options.connect_timeout == EVENT_INFINITE))
			sim_addresses[i].service = SIM_SERVES;
}
