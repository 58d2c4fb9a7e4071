/*
 * Tests of event.h: timers.
 * Not here: what the loop does besides (event_loop_test.c).
 */
#include <sys/time.h>

#include <atf-c.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "event_fixture.h"
#include "sockets.h"

/* What the callbacks of one case share. */
static int phase;
static int order[2048];
static int ordered;

struct alarm {
	struct event_timer timer;
	int number;
};

static struct alarm alarms[500];

static void
on_alarm(struct event_timer *t)
{
	ATF_CHECK_EQ(0, t->slot);
	ATF_CHECK(event_now(loop) >= t->when);
	order[ordered++] = ((struct alarm *)(void *)t)->number;
	if (ordered == phase)
		event_loop_stop(loop);
}

/* Alarms number 0 to n-1; stop after stop_after of them. */
static void
alarms_init(int n, int stop_after)
{
	int i;

	ordered = 0;
	phase = stop_after;
	for (i = 0; i < n; i++) {
		alarms[i].number = i;
		event_timer_init(&alarms[i].timer, on_alarm);
	}
}

static void
alarm_set(int number, uint64_t ms)
{
	ATF_REQUIRE_EQ(0, event_timer_set(loop, &alarms[number].timer, ms));
}

ATF_TC_WITHOUT_HEAD(timers_expire_in_order);
ATF_TC_BODY(timers_expire_in_order, tc)
{
	uint64_t before;

	set_up();
	alarms_init(4, 4);
	before = event_now(loop);
	alarm_set(0, 15);
	alarm_set(1, 0);
	alarm_set(2, 20);
	alarm_set(3, 5);
	run();
	ATF_CHECK_EQ(1, order[0]);
	ATF_CHECK_EQ(3, order[1]);
	ATF_CHECK_EQ(0, order[2]);
	ATF_CHECK_EQ(2, order[3]);
	ATF_CHECK(event_now(loop) >= before + 20);
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(4, ordered);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(timer_is_cancelled);
ATF_TC_BODY(timer_is_cancelled, tc)
{
	set_up();
	alarms_init(3, 2);
	event_timer_cancel(loop, &alarms[0].timer);
	alarm_set(0, 2);
	alarm_set(1, 1);
	alarm_set(2, 3);
	event_timer_cancel(loop, &alarms[0].timer);
	event_timer_cancel(loop, &alarms[0].timer);
	run();
	ATF_CHECK_EQ(1, order[0]);
	ATF_CHECK_EQ(2, order[1]);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(timer_is_moved);
ATF_TC_BODY(timer_is_moved, tc)
{
	set_up();
	alarms_init(3, 3);
	alarm_set(0, 1);
	alarm_set(1, 5);
	alarm_set(2, 60000);
	alarm_set(0, 10);
	alarm_set(2, 2);
	run();
	ATF_CHECK_EQ(2, order[0]);
	ATF_CHECK_EQ(1, order[1]);
	ATF_CHECK_EQ(0, order[2]);
	run_quietly(1);
	ATF_CHECK_EQ(3, ordered);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(infinite_timer);
ATF_TC_BODY(infinite_timer, tc)
{
	set_up();
	alarms_init(3, 1);
	alarm_set(0, EVENT_INFINITE);
	ATF_CHECK_EQ(0, alarms[0].timer.slot);
	alarm_set(1, 1);
	alarm_set(1, EVENT_INFINITE);
	ATF_CHECK_EQ(0, alarms[1].timer.slot);
	alarm_set(2, (uint64_t)INT32_MAX * 1000);
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(0, ordered);
	event_timer_cancel(loop, &alarms[2].timer);
	tear_down();
}

static struct event_timer *twins[2];

static void
cancel_twin(struct event_timer *t)
{
	struct event_timer *twin;

	twin = twins[t == twins[0]];
	event_timer_cancel(loop, twin);
	spoil_and_free(twin, sizeof(*twin));
	spoil_and_free(t, sizeof(*t));
	phase++;
}

ATF_TC_WITHOUT_HEAD(twin_is_cancelled_in_the_same_moment);
ATF_TC_BODY(twin_is_cancelled_in_the_same_moment, tc)
{
	int i;

	set_up();
	phase = 0;
	for (i = 0; i < 2; i++) {
		twins[i] = malloc(sizeof(*twins[i]));
		ATF_REQUIRE(twins[i] != NULL);
		event_timer_init(twins[i], cancel_twin);
		ATF_REQUIRE_EQ(0, event_timer_set(loop, twins[i], 3));
	}
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(1, phase);
	tear_down();
}

/* Reproducible, and good enough. */
static unsigned
scramble(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 16;
}

static uint64_t last_when;

static void
on_ordered_alarm(struct event_timer *t)
{
	ATF_CHECK(t->when >= last_when);
	last_when = t->when;
	((struct alarm *)(void *)t)->number++;
	on_alarm(t);
}

ATF_TC_WITHOUT_HEAD(hundreds_of_timers);
ATF_TC_BODY(hundreds_of_timers, tc)
{
	unsigned state;
	int cancelled, i;

	set_up();
	alarms_init(500, 0);
	state = 1;
	cancelled = 0;
	for (i = 0; i < 500; i++) {
		alarms[i].number = 0;
		alarms[i].timer.on_expire = on_ordered_alarm;
		alarm_set(i, scramble(&state) % 40);
		if (i % 3 == 0)
			alarm_set((int)(scramble(&state) % (unsigned)(i + 1)),
			    scramble(&state) % 40);
	}
	for (i = 0; i < 500; i += 7) {
		event_timer_cancel(loop, &alarms[i].timer);
		cancelled++;
	}
	phase = 500 - cancelled;
	run();
	for (i = 0; i < 500; i++)
		ATF_CHECK_EQ(i % 7 != 0, alarms[i].number);
	tear_down();
}

static void
on_tick(struct event_timer *t)
{
	if (++phase < 100)
		ATF_REQUIRE_EQ(0, event_timer_set(loop, t, 0));
	else
		event_loop_stop(loop);
}

/* A timer that sets itself again, even to 0, lets the others have a turn. */
ATF_TC_WITHOUT_HEAD(ticking_timer_starves_nobody);
ATF_TC_BODY(ticking_timer_starves_nobody, tc)
{
	struct event_timer tick;
	struct watch w;
	int fds[2];

	set_up();
	phase = 0;
	unix_pair(fds);
	put(fds[1], "x", 1);
	watch_open(&w, fds[0], read_chunk, EVENT_READ);
	w.stop_bytes = 1;
	event_timer_init(&tick, on_tick);
	ATF_REQUIRE_EQ(0, event_timer_set(loop, &tick, 0));
	run();
	ATF_CHECK_EQ(1, w.bytes);
	ATF_CHECK(phase < 100);
	event_timer_cancel(loop, &tick);
	event_io_close(loop, &w.io);
	close(fds[1]);
	tear_down();
}

/* The only two, of which the first takes the other out. */
ATF_TC_WITHOUT_HEAD(last_timers_cancel_each_other);
ATF_TC_BODY(last_timers_cancel_each_other, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	phase = 0;
	unix_pair(fds);
	put(fds[1], "x", 1);
	watch_open(&w, fds[0], read_chunk, EVENT_READ);
	w.stop_bytes = 1;
	for (i = 0; i < 2; i++) {
		twins[i] = malloc(sizeof(*twins[i]));
		ATF_REQUIRE(twins[i] != NULL);
		event_timer_init(twins[i], cancel_twin);
		ATF_REQUIRE_EQ(0, event_timer_set(loop, twins[i], 0));
	}
	ATF_REQUIRE_EQ(0, event_loop_run(loop));
	ATF_CHECK_EQ(1, phase);
	ATF_CHECK_EQ(1, w.bytes);
	event_io_close(loop, &w.io);
	close(fds[1]);
	tear_down();
}

static void
on_interval(void *arg, int signo)
{
	(void)arg;
	(void)signo;
	event_loop_stop(loop);
}

/* Farther than the system can wait at once, and with nothing before it. */
ATF_TC_WITHOUT_HEAD(far_timer_does_not_spin);
ATF_TC_BODY(far_timer_does_not_spin, tc)
{
	const struct itimerval soon = { .it_value = { .tv_usec = 50000 } };
	const uint64_t far[] = { UINT64_C(1) << 31, (UINT64_C(1) << 32) + 1,
		UINT64_C(1) << 40 };
	uint64_t round;
	size_t i;

	set_up();
	alarms_init(1, 1);
	ATF_REQUIRE_EQ(0, event_signal(loop, SIGALRM, on_interval, NULL));
	for (i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		alarm_set(0, far[i]);
		round = event_round(loop);
		ATF_REQUIRE_EQ(0, setitimer(ITIMER_REAL, &soon, NULL));
		ATF_REQUIRE_EQ(0, event_loop_run(loop));
		ATF_CHECK_EQ(0, ordered);
		ATF_CHECK_MSG(event_round(loop) <= round + 3, "%llu rounds",
		    (unsigned long long)(event_round(loop) - round));
	}
	event_timer_cancel(loop, &alarms[0].timer);
	tear_down();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, timers_expire_in_order);
	ATF_TP_ADD_TC(tp, timer_is_cancelled);
	ATF_TP_ADD_TC(tp, timer_is_moved);
	ATF_TP_ADD_TC(tp, infinite_timer);
	ATF_TP_ADD_TC(tp, twin_is_cancelled_in_the_same_moment);
	ATF_TP_ADD_TC(tp, hundreds_of_timers);
	ATF_TP_ADD_TC(tp, ticking_timer_starves_nobody);
	ATF_TP_ADD_TC(tp, last_timers_cancel_each_other);
	ATF_TP_ADD_TC(tp, far_timer_does_not_spin);
	return atf_no_error();
}
