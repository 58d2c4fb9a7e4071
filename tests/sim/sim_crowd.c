/*
 * Who comes, with what intentions, and who does something next.
 * Not here: what that does, see sim_peer.c.
 */
#include "sim.h"

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
		.writes_first = !c->client && sim_chance(4),
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

static unsigned
one_of(unsigned deeds)
{
	unsigned i, k;

	k = sim_pick(SIM_DEEDS);
	for (i = 0; i < SIM_DEEDS; i++, k = (k + 1) % SIM_DEEDS)
		if (deeds & (1u << k))
			return 1u << k;
	return 0;
}

bool
sim_arrive_client(void)
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
	c->refuses = sim_files[l->fd].refuses;
	l->queued++;
	sim_trace("a client for listener %d", l->fd);
	sim_notify(l->fd, SIM_IN);
	return true;
}

static const char *
name_of(unsigned deed)
{
	static const char *const names[SIM_DEEDS] = { "establish", "refuse",
		"give up", "accept", "write", "arrive", "arrive end", "deliver",
		"read", "see the end", "end", "close", "reset" };
	unsigned i;

	for (i = 0; i < SIM_DEEDS - 1 && deed != 1u << i; i++)
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
		deeds = sim_deeds_of(c);
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
		sim_do(c, deeds);
		return true;
	}
	return false;
}

bool
sim_peer_act(void)
{
	if ((!sim_chance(8) || !sim_arrive_client()) && !act_one() &&
	    !sim_arrive_client())
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
