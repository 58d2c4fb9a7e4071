/*
 * What has to hold when the loop is about to sleep: there is nothing that it
 * could do, and it holds no more than it needs.
 * Not here: what has to hold in each call, see sim_check.c.
 */
#include "pool.h"
#include "relay_state.h"
#include "sim.h"

/* More than the sum of the pauses between two tries. */
#define SLACK 1000

/* One direction.  One whose destination failed drops what comes. */
static void
check_direction(const struct sim_conn *from, const struct sim_conn *to)
{
	if (to->failed || to->state == SIM_OVER) {
		if (sim_in_ready(from) > 0)
			sim_fail("%zu octets for descriptor %d are not dropped",
			    sim_in_ready(from), to->fd);
		return;
	}
	if (sim_held(from, to) > 0) {
		if (sim_writable(to))
			sim_fail("%llu octets are held, and descriptor %d is "
			         "writable",
			    (unsigned long long)sim_held(from, to), to->fd);
		return;
	}
	if (sim_in_ready(from) > 0)
		sim_fail("%zu octets wait in descriptor %d", sim_in_ready(from),
		    from->fd);
	/* It is held back, in doubt, from one that takes nothing any more. */
	if ((from->in_shut || from->state == SIM_OVER) && !from->failed &&
	    !to->out_shut && to->state != SIM_OVER)
		sim_fail("the end of file of descriptor %d was not passed on",
		    from->fd);
}

/* It matters no more where another error is known. */
static void
check_error(const struct sim_conn *c)
{
	if (c->error != 0 && !c->failed)
		sim_fail("nobody noticed the error %d of descriptor %d",
		    c->error, c->fd);
}

static void
check_session(const struct sim_conn *c, const struct sim_conn *p)
{
	check_error(c);
	check_error(p);
	if (c->faulted || p->faulted)
		sim_fail("descriptor %d stays, though a write to it failed for "
		         "lack of memory",
		    c->faulted ? c->fd : p->fd);
	check_direction(c, p);
	check_direction(p, c);
	/* If one was refused its end, the other may still have to get its. */
	if (sim_is_complete(c, p) && sim_is_complete(p, c) &&
	    c->state != SIM_OVER && p->state != SIM_OVER)
		sim_fail(
		    "a session has ended, and descriptor %d is open", c->fd);
	if (sim.options.idle_timeout != EVENT_INFINITE &&
	    sim_now - c->since > sim.options.idle_timeout + SLACK)
		sim_fail(
		    "the idle time-out of descriptor %d did not come", c->fd);
}

/* A target that has an address is tried for so long. */
static void
check_connecting(const struct sim_conn *c)
{
	const struct options *o;

	o = &sim.options;
	check_error(c);
	if (o->wait == EVENT_INFINITE || o->connect_timeout == EVENT_INFINITE)
		return;
	if (sim_now - c->since > o->wait + 2 * o->connect_timeout + SLACK)
		sim_fail(
		    "descriptor %d waits for its target for too long", c->fd);
}

/* Sessions that are idle hold neither a buffer nor a pipe. */
static void
check_pool(size_t holding)
{
	size_t i, pipes;

	if (sim_memory_large(POOL_BUFFER_SIZE) > holding + 2)
		sim_fail("%zu buffers for %zu directions that need one",
		    sim_memory_large(POOL_BUFFER_SIZE), holding);
	if (sim_pipes_open > POOL_PIPES + 1)
		sim_fail("%u pipes are open", sim_pipes_open);
	pipes = 0;
	for (i = 0; i < (size_t)sim_files_top; i++)
		if (sim_files[i].kind == SIM_PIPE_READ &&
		    sim_files[i].pipe->n > 0)
			pipes++;
	if (pipes > holding)
		sim_fail("%zu pipes hold octets, for %zu directions", pipes,
		    holding);
}

/*
 * One that was out of descriptors or memory looks again after a second, or
 * when a session has ended.
 */
static void
check_listeners(int timeout)
{
	size_t sessions;
	const struct sim_listener *l;
	int i;

	sessions = workers_sessions(&sim.relay->workers);
	if (sessions >= sim.relay->limit)
		return;
	for (i = 0; i < sim_n_listeners; i++) {
		l = &sim_listeners[i];
		if (l->fd == -1 || l->queued == 0)
			continue;
		if (!l->starved ||
		    (sessions == 0 &&
		        (timeout < 0 ||
		            sim_now - l->starved_at > 1000 + SLACK)))
			sim_fail("%u clients wait for listener %d", l->queued,
			    l->fd);
	}
}

static void
check_drain(void)
{
	uint64_t limit;

	limit = sim.options.drain_time;
	if (sim.relay->draining && limit != EVENT_INFINITE &&
	    sim_now - sim.stopped_at > limit + SLACK)
		sim_fail("the drain goes on after its deadline");
}

void
sim_check_rest(int timeout)
{
	const struct sim_conn *c, *p;
	size_t holding;
	int i;

	holding = 0;
	for (i = 0; i < sim_conns_top; i++) {
		c = &sim_conns[i];
		if (!c->used || !c->client || !c->registered || c->closed)
			continue;
		p = c->partner;
		if (p == NULL || p->closed || p->state == SIM_CONNECTING) {
			check_connecting(c);
			continue;
		}
		check_session(c, p);
		holding += sim_held(c, p) > 0 && !p->failed ? 1 : 0;
		holding += sim_held(p, c) > 0 && !c->failed ? 1 : 0;
	}
	check_pool(holding);
	check_listeners(timeout);
	check_drain();
}

void
sim_check_over(void)
{
	int i;

	for (i = 0; i < sim_conns_top; i++)
		if (sim_conns[i].used && sim_conns[i].registered &&
		    !sim_conns[i].closed)
			sim_fail("descriptor %d has not come to its end",
			    sim_conns[i].fd);
	if (sim.killed)
		sim_fail("the relay does not stop");
}
