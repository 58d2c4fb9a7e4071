/*
 * One world: how it is made, how time goes by in it, and its end.
 * Not here: what may happen in it, see sim_peer.c.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "relay_state.h"
#include "sim.h"

/* Of the clock within one round, milliseconds. */
#define JUMP_MAX 100

/* Times that the clock goes to a deadline because nobody does anything. */
#define IDLE_JUMPS 100
#define IDLE_JUMPS_THAW 4000

/* Milliseconds after which nobody holds back any more in any case. */
#define BUSY_MAX 60000

struct sim_world sim;

bool
sim_fault(unsigned one_in)
{
	return sim.phase >= SIM_BUSY && sim.phase <= SIM_STOPPING &&
	    sim_chance(one_in);
}

void
sim_progress(void)
{
	sim.spins = 0;
}

static void
send_signal(int signo)
{
	bool stops;

	stops = signo != SIGUSR1;
	if (stops && !sim.killed)
		sim.stopped_at = sim_now;
	sim.killed |= stops;
	sim_signal(signo);
}

static bool
signal_by_chance(void)
{
	static const int signals[] = { SIGUSR1, SIGUSR1, SIGTERM, SIGTERM,
		SIGHUP, SIGINT };

	if (!sim_fault(sim.faults.signal))
		return false;
	send_signal(signals[sim_pick(6)]);
	return true;
}

static void
jump(unsigned ms)
{
	if (sim.jumped + ms > JUMP_MAX)
		return;
	sim.jumped += ms;
	sim_now += ms;
}

void
sim_enter(const char *call)
{
	if (sim.phase == SIM_SET_UP)
		return;
	if (++sim.steps > SIM_STEPS_MAX)
		sim_fail("no end of calls, the last is %s()", call);
	if (sim.phase == SIM_TEAR_DOWN)
		return;
	while (sim_chance(sim.preempt))
		if (!sim_peer_act())
			break;
	if (sim_fault(sim.faults.jump))
		jump(sim_pick(50));
	signal_by_chance();
}

/* Nobody has anything to do until the relay does something. */
static void
next_phase(void)
{
	sim.idle_jumps = 0;
	switch (sim.phase) {
	case SIM_BUSY:
		sim_trace("--- nobody holds back any more");
		sim.phase = SIM_THAW;
		sim_peer_thaw();
		return;
	case SIM_THAW:
		sim_check_over();
		sim.phase = SIM_STOPPING;
		send_signal(sim_chance(4) ? SIGHUP : SIGTERM);
		return;
	default:
		sim_fail("the relay does not stop");
	}
}

/* Whether the clock may go on, or somebody is to do something first. */
static bool
skip_time(uint64_t deadline)
{
	unsigned limit;

	limit = sim.phase == SIM_BUSY ? IDLE_JUMPS : IDLE_JUMPS_THAW;
	if (deadline == UINT64_MAX || ++sim.idle_jumps > limit)
		return false;
	sim_now = deadline;
	return true;
}

bool
sim_wait(int timeout)
{
	uint64_t deadline;
	unsigned n;

	sim.waits++;
	sim.jumped = 0;
	if (++sim.spins > SIM_SPIN_MAX)
		sim_fail("the loop spins");
	if (++sim.steps > SIM_STEPS_MAX)
		sim_fail("no end of waits");
	if (sim.phase == SIM_BUSY && sim_now > BUSY_MAX)
		next_phase();
	deadline = timeout < 0 ? UINT64_MAX : sim_now + (unsigned)timeout;
	for (n = sim_pick(sim.burst); n > 0; n--)
		sim_peer_act();
	if (signal_by_chance())
		return false;
	while (!sim_ready() && timeout != 0) {
		sim_check_rest(timeout);
		if (signal_by_chance())
			return false;
		if (timeout > 0 && sim_fault(sim.faults.jump) &&
		    skip_time(sim_now + 1 + sim_pick((unsigned)timeout)) &&
		    sim_now >= deadline)
			break;
		if (sim_peer_act())
			continue;
		if (skip_time(deadline))
			break;
		next_phase();
	}
	if (sim_now >= deadline && timeout != 0)
		sim_progress();
	return true;
}

static uint64_t
time_or_none(unsigned max, unsigned none_in)
{
	return sim_chance(none_in) ? EVENT_INFINITE : 1 + sim_pick(max);
}

/* Most worlds have few kinds of faults, so that they get far; some, many. */
static unsigned
rate(unsigned one_world_in, unsigned least)
{
	return sim_chance(sim.bad_day ? 2 : one_world_in) ? least << sim_pick(5)
	                                                  : 0;
}

static void
choose_faults(void)
{
	sim.bad_day = sim_chance(8);
	sim.faults = (struct sim_faults) {
		.memory = rate(8, 16),
		.watch = rate(8, 16),
		.descriptor = rate(6, 4),
		.buffers = rate(8, 10),
		.interrupt = rate(4, 4),
		.abort = rate(6, 2),
		.short_write = rate(3, 2),
		.spurious = rate(4, 4),
		.signal = rate(6, 50),
		.splice = rate(12, 4),
		.pipe_size = rate(6, 1),
		.jump = rate(4, 8),
	};
	sim.preempt = sim_chance(4) ? 0 : 2u << sim_pick(6);
	sim.burst = 1u << sim_pick(8);
	sim.reorder = sim_chance(2);
	sim.blind = sim_chance(4);
	sim.refuses = sim_chance(2);
}

static void
choose_options(bool handed_over)
{
	struct options *o;

	o = &sim.options;
	*o = (struct options) {
		.has_listen = !handed_over,
		.listen.kind = sim_chance(2) ? ADDRESS_HOST : ADDRESS_PATH,
		.target.kind =
		    sim_addresses[0].local ? ADDRESS_PATH : ADDRESS_HOST,
		.backlog = 10,
		.connect_timeout = time_or_none(20000, 10),
		.wait = sim_chance(2) ? 0 : time_or_none(5000, 10),
		.idle_timeout =
		    sim_chance(3) ? time_or_none(5000, 0) : EVENT_INFINITE,
		.drain_time = time_or_none(5000, 4),
		.exit_idle_time =
		    sim_chance(6) ? time_or_none(2000, 0) : EVENT_INFINITE,
		.threshold = sim_chance(2) ? LOG_INFO : LOG_NOTICE,
		.workers = 1,
	};
	if (sim_chance(4))
		o->proxy_header =
		    sim_chance(2) ? PROXY_HEADER_V1 : PROXY_HEADER_V2;
	o->has_connections_max = sim_chance(3);
	if (o->has_connections_max)
		o->connections_max = sim_pick(6);
}

/*
 * Buffers, calls and streams of about one size, so that a stream takes a
 * hundred calls, not a hundred thousand.
 */
static void
choose_sizes(void)
{
	static const size_t grains[] = { 1, 8, 64, 64, 512, 512, 4096,
		SIM_BULKY };

	sim.grain = grains[sim_pick(8)];
	sim.bulk = sim.grain * (1 + sim_pick(sim_chance(3) ? 64 : 8));
	sim.nofile = sim_chance(4) ? 30 + sim_pick(40) : 1000;
	sim.clients_left = 1 + sim_pick(16);
}

/* Sockets as a service manager hands them over. */
static void
hand_over(struct activation *a)
{
	size_t i;

	a->n = 1 + sim_pick(SIM_LISTENERS);
	a->fds = malloc(a->n * sizeof(*a->fds));
	for (i = 0; i < a->n; i++) {
		a->fds[i] = sim_file_open(SIM_LISTENER);
		sim_files[a->fds[i]].family = sim_chance(2) ? AF_UNIX : AF_INET;
		sim_hand_over_listener(a->fds[i]);
	}
	/* Who has connected by now may pass descriptors. */
	while (sim_chance(2) && sim_arrive_client())
		continue;
}

static void
run_relay(const struct activation *a)
{
	struct manager manager;
	struct privdrop privdrop;
	int status;

	memset(&privdrop, 0, sizeof(privdrop));
	manager_open(&manager);
	sim.relay = relay_create(&sim.options, &manager, &privdrop, &status);
	if (sim.relay == NULL ||
	    relay_listen(sim.relay, a, NULL, &status) == -1)
		sim_fail("the relay does not start");
	sim.phase = SIM_BUSY;
	if (relay_run(sim.relay) != 0)
		sim_fail("the relay ends with an error");
	if (!sim.killed)
		sim_counters[COUNT_EXIT_IDLE]++;
	else if (sim.relay->draining)
		sim_counters[workers_sessions(&sim.relay->workers) > 0
		        ? COUNT_DRAIN_CUT
		        : COUNT_DRAINED]++;
	sim.phase = SIM_TEAR_DOWN;
	relay_destroy(sim.relay);
}

void
sim_world_run(void)
{
	struct activation activation = { .n = 0 };

	sim = (struct sim_world) { .phase = SIM_SET_UP };
	sim_memory_reset();
	sim_process_reset();
	sim_file_reset();
	sim_conn_reset();
	sim_n_listeners = 0;
	choose_sizes();
	choose_faults();
	sim_target_reset();
	if (sim_chance(2))
		hand_over(&activation);
	choose_options(activation.n > 0);
	run_relay(&activation);
	free(activation.fds);
	sim_file_check();
	sim_memory_check();
}
