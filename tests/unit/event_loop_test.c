/*
 * Tests of event.h: turns, connections, many watches, two loops, signals.
 * Not here: what becomes ready (event_ready_test.c), event_timer_test.c.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <atf-c.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "event_fixture.h"
#include "sockets.h"

/* What the callbacks of one case share. */
static int phase;
static int order[2048];
static int ordered;
static struct watch *both[2];

static void
take_turn(struct event_io *io, unsigned bits)
{
	(void)bits;
	order[ordered++] = io->owner == both[1];
	if (ordered == 100)
		event_loop_stop(loop);
}

ATF_TC_WITHOUT_HEAD(ready_watches_take_turns);
ATF_TC_BODY(ready_watches_take_turns, tc)
{
	int i, peers[2];

	set_up();
	ordered = 0;
	for (i = 0; i < 2; i++)
		both[i] = allocate_ready(take_turn, &peers[i]);
	run();
	for (i = 2; i < 100; i++)
		ATF_CHECK(order[i] != order[i - 1]);
	for (i = 0; i < 2; i++) {
		event_io_close(loop, &both[i]->io);
		free(both[i]);
		close(peers[i]);
	}
	tear_down();
}

static void
stop_and_drain(struct event_io *io, unsigned bits)
{
	record(io->owner, bits);
	event_io_drained(io, bits);
	event_loop_stop(loop);
}

/* The rest of a batch that was stopped in comes with the next run. */
ATF_TC_WITHOUT_HEAD(stop_in_a_callback);
ATF_TC_BODY(stop_in_a_callback, tc)
{
	struct watch w[3];
	int fds[3][2], i;

	set_up();
	for (i = 0; i < 3; i++) {
		unix_pair(fds[i]);
		put(fds[i][1], "x", 1);
		watch_open(&w[i], fds[i][0], stop_and_drain, EVENT_READ);
	}
	for (i = 1; i <= 3; i++) {
		run();
		ATF_CHECK_EQ(i, w[0].calls + w[1].calls + w[2].calls);
	}
	for (i = 0; i < 3; i++) {
		ATF_CHECK_EQ(1, w[i].calls);
		event_io_close(loop, &w[i].io);
		close(fds[i][1]);
	}
	tear_down();
}

ATF_TC_WITHOUT_HEAD(connect_is_reported);
ATF_TC_BODY(connect_is_reported, tc)
{
	struct sockaddr_in sin;
	struct watch w;
	int fd, listener;

	set_up();
	listener = tcp_bound(&sin);
	ATF_REQUIRE_EQ(0, listen(listener, 1));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	unblock(fd);
	ATF_REQUIRE(connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0 ||
	    errno == EINPROGRESS);
	watch_open(&w, fd, note_bits, EVENT_WRITE);
	run_until(&w, EVENT_WRITE);
	ATF_CHECK_EQ(0, w.errors);
	ATF_CHECK_EQ(0, pending_error(fd));
	event_io_close(loop, &w.io);
	close(listener);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(refused_connect_is_reported);
ATF_TC_BODY(refused_connect_is_reported, tc)
{
	struct sockaddr_in sin;
	struct watch w;
	int fd;

	set_up();
	fd = tcp_refused(&sin);
	ATF_REQUIRE_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	if (errno == ECONNREFUSED)
		atf_tc_skip("connect refuses at once");
	ATF_REQUIRE_EQ(EINPROGRESS, errno);
	watch_open(&w, fd, note_bits, EVENT_WRITE);
	run_until(&w, EVENT_WRITE | EVENT_ERROR);
	ATF_CHECK_EQ(ECONNREFUSED, pending_error(fd));
	event_io_close(loop, &w.io);
	tear_down();
}

static void
allow_descriptors(rlim_t n)
{
	struct rlimit limit;

	ATF_REQUIRE_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	if (limit.rlim_cur >= n)
		return;
	limit.rlim_cur = n;
	if (limit.rlim_max < n || setrlimit(RLIMIT_NOFILE, &limit) == -1)
		atf_tc_skip("too few descriptors allowed");
}

static void
count_reader(struct event_io *io, unsigned bits)
{
	struct watch *w;

	w = io->owner;
	read_chunk(io, bits);
	if (w->bytes > 0)
		order[ordered++] = w->io.fd;
	if (ordered == phase)
		event_loop_stop(loop);
}

ATF_TC_WITHOUT_HEAD(a_thousand_watches);
ATF_TC_BODY(a_thousand_watches, tc)
{
	static struct watch w[1000];
	static int fds[1000][2];
	int i;

	allow_descriptors(2100);
	set_up();
	for (i = 0; i < 1000; i++) {
		unix_pair(fds[i]);
		watch_open(&w[i], fds[i][0], count_reader, EVENT_READ);
	}
	run_quietly(0);
	ordered = 0;
	phase = 1;
	put(fds[617][1], "x", 1);
	run();
	ATF_CHECK_EQ(fds[617][0], order[0]);
	phase = 1001;
	for (i = 0; i < 1000; i++)
		put(fds[i][1], "x", 1);
	run();
	for (i = 0; i < 1000; i++) {
		ATF_CHECK_EQ(i == 617 ? 2 : 1, w[i].bytes);
		ATF_CHECK_EQ(i == 617 ? 2 : 1, w[i].calls);
		event_io_close(loop, &w[i].io);
		close(fds[i][1]);
	}
	tear_down();
}

ATF_TC_WITHOUT_HEAD(two_loops);
ATF_TC_BODY(two_loops, tc)
{
	struct event_loop *first;
	struct watch a, b;
	int fds[2];

	set_up();
	unix_pair(fds);
	first = loop;
	watch_open(&a, fds[0], read_chunk, EVENT_READ);
	set_up();
	watch_open(&b, fds[1], read_chunk, EVENT_READ);
	put(fds[0], "x", 1);
	b.stop_bytes = 1;
	run();
	ATF_CHECK_EQ(0, a.calls);
	event_io_close(loop, &b.io);
	tear_down();
	loop = first;
	run();
	ATF_CHECK(a.eof);
	event_io_close(loop, &a.io);
	tear_down();
}

static int arrived[2];

static void
on_signal(void *arg, int signo)
{
	ATF_CHECK_EQ(arrived, arg);
	arrived[signo == SIGUSR2]++;
	if (phase > 0 && arrived[0] > 0 && (arrived[1] > 0 || phase == 1))
		event_loop_stop(loop);
}

ATF_TC_WITHOUT_HEAD(signals_come_in_the_loop);
ATF_TC_BODY(signals_come_in_the_loop, tc)
{
	struct sigaction sa;
	int i;

	set_up();
	ATF_REQUIRE_EQ(0, event_signal(loop, SIGUSR1, on_signal, arrived));
	ATF_REQUIRE_EQ(0, event_signal(loop, SIGUSR2, on_signal, arrived));
	phase = 1;
	raise(SIGUSR1);
	ATF_CHECK_EQ(0, arrived[0]);
	run();
	ATF_CHECK_EQ(1, arrived[0]);
	ATF_CHECK_EQ(0, arrived[1]);
	arrived[0] = 0;
	phase = 2;
	for (i = 0; i < 100; i++)
		raise(SIGUSR1);
	raise(SIGUSR2);
	run();
	ATF_CHECK(arrived[0] > 0);
	ATF_CHECK_EQ(1, arrived[1]);
	tear_down();
	ATF_REQUIRE_EQ(0, sigaction(SIGUSR1, NULL, &sa));
	ATF_CHECK(sa.sa_handler == SIG_DFL);
}

/* The signal comes while the loop waits for nothing else. */
static void
on_send_signal(struct event_timer *t)
{
	(void)t;
	kill(getpid(), SIGUSR1);
}

ATF_TC_WITHOUT_HEAD(signal_wakes_the_loop);
ATF_TC_BODY(signal_wakes_the_loop, tc)
{
	struct event_timer t;

	set_up();
	phase = 1;
	ATF_REQUIRE_EQ(0, event_signal(loop, SIGUSR1, on_signal, arrived));
	event_timer_init(&t, on_send_signal);
	ATF_REQUIRE_EQ(0, event_timer_set(loop, &t, 1));
	run();
	ATF_CHECK_EQ(1, arrived[0]);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(bad_signals_are_refused);
ATF_TC_BODY(bad_signals_are_refused, tc)
{
	static const int bad[] = { 0, -1, 64, 1000, SIGKILL, SIGSTOP };
	size_t i;

	set_up();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_ERRNO(EINVAL,
		    event_signal(loop, bad[i], on_signal, arrived) == -1);
	tear_down();
}

static struct watch later;
static uint64_t rounds[2];

static void
enable_later(struct event_io *io, unsigned bits)
{
	record(io->owner, bits);
	event_io_drained(io, bits);
	rounds[0] = event_round(loop);
	ATF_REQUIRE_EQ(0, event_io_enable(loop, &later.io, EVENT_READ));
}

static void
note_round(struct event_io *io, unsigned bits)
{
	note_bits(io, bits);
	rounds[1] = event_round(loop);
	event_loop_stop(loop);
}

/* Without another call to the system. */
ATF_TC_WITHOUT_HEAD(enabled_in_a_callback_is_not_put_off);
ATF_TC_BODY(enabled_in_a_callback_is_not_put_off, tc)
{
	struct watch w;
	int first[2], second[2];

	set_up();
	pair(first, false);
	pair(second, false);
	watch_open(&later, second[0], note_round, 0);
	put(second[1], "x", 1);
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(0, later.calls);
	watch_open(&w, first[0], enable_later, EVENT_READ);
	put(first[1], "x", 1);
	run();
	ATF_CHECK_EQ(1, w.calls);
	ATF_CHECK_EQ(1, later.calls);
	ATF_CHECK_EQ(rounds[0], rounds[1]);
	event_io_close(loop, &w.io);
	event_io_close(loop, &later.io);
	tear_down();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ready_watches_take_turns);
	ATF_TP_ADD_TC(tp, stop_in_a_callback);
	ATF_TP_ADD_TC(tp, connect_is_reported);
	ATF_TP_ADD_TC(tp, refused_connect_is_reported);
	ATF_TP_ADD_TC(tp, a_thousand_watches);
	ATF_TP_ADD_TC(tp, two_loops);
	ATF_TP_ADD_TC(tp, signals_come_in_the_loop);
	ATF_TP_ADD_TC(tp, signal_wakes_the_loop);
	ATF_TP_ADD_TC(tp, bad_signals_are_refused);
	ATF_TP_ADD_TC(tp, enabled_in_a_callback_is_not_put_off);
	return atf_no_error();
}
