/*
 * Signals: totals, drain, the end; the drain without a signal.
 * Not here: what ends a connection, see session.c.
 */
#include <inttypes.h>
#include <signal.h>
#include <sysexits.h>

#include "relay_state.h"

static void
write_totals(const struct relay *r)
{
	struct workers_counts c;

	workers_counts(&r->workers, &c);
	log_write(LOG_NOTICE,
	    "connections: %zu now, %" PRIu64 " total, %" PRIu64
	    " refused, %" PRIu64 " failed; %" PRIu64
	    " bytes to target, %" PRIu64 " bytes to clients",
	    c.now, c.total, r->refused + workers_refused(&r->workers), c.failed,
	    c.up, c.down);
}

void
relay_log_totals(struct relay *r)
{
	if (!r->asked || !workers_told(&r->workers))
		return;
	write_totals(r);
	r->asked = r->ask_again;
	r->ask_again = false;
	if (r->asked)
		workers_ask(&r->workers);
}

/* What was told before a signal is no answer to it. */
static void
on_totals(void *arg, int signo)
{
	struct relay *r;

	(void)signo;
	r = arg;
	if (r->asked) {
		r->ask_again = true;
		return;
	}
	r->asked = true;
	workers_ask(&r->workers);
	relay_log_totals(r);
}

static void
on_interrupt(void *arg, int signo)
{
	struct relay *r;

	(void)signo;
	r = arg;
	event_loop_stop(r->loop);
}

static void
on_drain_timeout(struct event_timer *t)
{
	struct relay *r;

	r = (struct relay *)(void *)((char *)t -
	    offsetof(struct relay, drain_timer));
	log_write(LOG_NOTICE, "stopping: %zu connections broken off",
	    workers_sessions(&r->workers));
	event_loop_stop(r->loop);
}

/* Let nobody in any more, and end when nobody is left, or the second time. */
static void
drain(struct relay *r)
{
	size_t open;
	bool again, shut;

	listeners_close(&r->listeners);
	workers_shut(&r->workers);
	event_timer_cancel(r->loop, &r->exit_timer);
	manager_stopping(r->manager, r->options->drain_time);
	again = r->draining;
	r->draining = true;
	relay_watch(r);
	/* In this order: what was accepted is counted. */
	shut = workers_are_shut(&r->workers);
	open = workers_sessions(&r->workers);
	if (again || (shut && open == 0)) {
		event_loop_stop(r->loop);
		return;
	}
	if (open > 0)
		log_write(LOG_NOTICE, "stopping: %zu connections open", open);
	event_timer_init(&r->drain_timer, on_drain_timeout);
	if (event_timer_set(r->loop, &r->drain_timer, r->options->drain_time) ==
	    -1)
		event_loop_stop(r->loop);
}

static void
on_terminate(void *arg, int signo)
{
	(void)signo;
	drain(arg);
}

/* A new start may help, so leave: open connections need nobody's help. */
void
relay_on_lost(void *arg)
{
	struct relay *r;

	r = arg;
	r->status = EX_OSERR;
	if (!r->draining)
		drain(r);
}

int
relay_handle_signals(struct relay *r)
{
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -1;
	/* As nohup(1) asks; otherwise a closed terminal ends us in order. */
	if (signal(SIGHUP, SIG_IGN) != SIG_IGN &&
	    event_signal(r->loop, SIGHUP, on_terminate, r) == -1)
		return -1;
#ifdef SIGINFO
	if (event_signal(r->loop, SIGINFO, on_totals, r) == -1)
		return -1;
#endif
	if (event_signal(r->loop, SIGUSR1, on_totals, r) == -1 ||
	    event_signal(r->loop, SIGTERM, on_terminate, r) == -1)
		return -1;
	return event_signal(r->loop, SIGINT, on_interrupt, r);
}
