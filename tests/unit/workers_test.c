/*
 * Tests of workers.h: what a person who runs the relay cannot bring about.
 * Not here: dealing, limits, drain, totals, see tests/e2e/workers_test.sh.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "sockets.h"
#include "unit.h"
#include "worker.h"

static struct workers workers;
static struct dialer dialer;
static struct resolver resolver;

static unsigned notes;

static void
on_note(struct workers *all)
{
	notes++;
	if (workers_failed(all))
		event_loop_stop(workers_context(all, 0)->loop);
}

/* Two of them, and a target that listens. */
static void
set_up(void)
{
	struct endpoints e = { .n = 1 };
	struct session_context *x;
	size_t i;
	int fd;

	ATF_REQUIRE_EQ(0, workers_open(&workers, 2, POOL_PIPES, on_note, NULL));
	e.list = calloc(1, sizeof(*e.list));
	ATF_REQUIRE(e.list != NULL);
	e.list->length = sizeof(struct sockaddr_in);
	fd = tcp_bound((struct sockaddr_in *)&e.list->addr);
	ATF_REQUIRE_EQ(0, listen(fd, 8));
	dialer_init(&dialer);
	resolver.io.fd = -1;
	resolver.target = target_create(e);
	ATF_REQUIRE(resolver.target != NULL);
	for (i = 0; i < workers.n; i++) {
		x = workers_context(&workers, i);
		x->resolver = &resolver;
		x->dialer = &dialer;
		x->target_text = "target";
		x->connect_timeout = 10000;
	}
}

static void
tear_down(void)
{
	workers_stop(&workers);
	ATF_CHECK_EQ(0, workers_sessions(&workers));
	workers_close(&workers);
	resolver_stop(&resolver);
}

static int
lowest_free(void)
{
	int fd;

	fd = dup(STDERR_FILENO);
	ATF_REQUIRE(fd != -1);
	close(fd);
	return fd;
}

static void
deal(void)
{
	int fds[2];

	unix_pair(fds);
	workers_deal(&workers, fds[0], NULL);
}

ATF_TC_WITHOUT_HEAD(full_pipe);
ATF_TC_BODY(full_pipe, tc)
{
	const struct worker_handover nothing = { .client = -1 };
	const struct worker *list;

	set_up();
	list = workers.list;
	while (write(list[1].handover_fd, &nothing, sizeof(nothing)) != -1)
		continue;
	deal();
	ATF_CHECK_EQ(1, list[0].open);
	ATF_CHECK_EQ(0, list[1].open);
	ATF_CHECK_EQ(1, workers_sessions(&workers));
	/* Asked while the pipe is full, it answers all the same. */
	ATF_REQUIRE_EQ(0, workers_start(&workers));
	workers_ask(&workers);
	while (!workers_told(&workers))
		continue;
	tear_down();
}

/* Sessions that are on their way end as those that have begun. */
ATF_TC_WITHOUT_HEAD(never_taken);
ATF_TC_BODY(never_taken, tc)
{
	set_up();
	deal();
	deal();
	deal();
	ATF_CHECK_EQ(2, workers.list[1].open);
	ATF_CHECK_EQ(3, workers_total(&workers));
	ATF_REQUIRE_EQ(0, workers_start(&workers));
	tear_down();
	ATF_CHECK_EQ(3, workers_ended(&workers));
}

/* It stops serving, and main hears of it. */
ATF_TC_WITHOUT_HEAD(loop_fails);
ATF_TC_BODY(loop_fails, tc)
{
	int each, fd, first, null;

	null = open("/dev/null", O_RDWR);
	first = lowest_free();
	set_up();
	/* Each loop has as many, and the pipe of the second comes after. */
	each = (workers.list[1].io.fd - first) / 2;
	for (fd = first + each; fd < first + 2 * each; fd++)
		ATF_REQUIRE_EQ(fd, dup2(null, fd));
	ATF_REQUIRE_EQ(0, workers_start(&workers));
	ATF_REQUIRE_EQ(0, event_loop_run(workers_context(&workers, 0)->loop));
	ATF_CHECK(workers_failed(&workers));
	tear_down();
}

static void
on_time(struct event_timer *t)
{
	(void)t;
	event_loop_stop(workers_context(&workers, 0)->loop);
}

/* Hear notes for a moment. */
static void
hear(void)
{
	struct event_loop *loop;
	struct event_timer t;

	loop = workers_context(&workers, 0)->loop;
	event_timer_init(&t, on_time);
	ATF_REQUIRE_EQ(0, event_timer_set(loop, &t, 5));
	ATF_REQUIRE_EQ(0, event_loop_run(loop));
}

/* One has left a client to main, and said so. */
static void
await_rest(void)
{
	notes = 0;
	do
		hear();
	while (!workers_rested(&workers));
	while (notes == 0)
		hear();
}

static void
open_listeners(struct listeners *ls, struct sockaddr_in *sin)
{
	int fd;

	fd = tcp_bound(sin);
	unblock(fd);
	ATF_REQUIRE_EQ(0, listen(fd, 8));
	ATF_REQUIRE_EQ(0, listeners_adopt(ls, &fd, 1));
}

/* One that accepts rests when there are enough, until it may go on. */
ATF_TC_WITHOUT_HEAD(rests);
ATF_TC_BODY(rests, tc)
{
	struct listeners ls;
	struct sockaddr_in sin;

	set_up();
	open_listeners(&ls, &sin);
	ATF_REQUIRE_EQ(0, workers_share(&workers, &ls, 1));
	workers_watch(&workers, WORKERS_ANY_END);
	ATF_REQUIRE_EQ(0, workers_start(&workers));
	ATF_CHECK(!workers_are_shut(&workers));
	ATF_CHECK(!workers_rest(&workers));
	tcp_client(&sin);
	await_rest();
	ATF_CHECK(workers_rest(&workers));
	ATF_CHECK_EQ(1, workers_sessions(&workers));
	ATF_CHECK_EQ(1, workers_total(&workers));
	tcp_client(&sin);
	hear();
	ATF_CHECK_EQ(1, workers_sessions(&workers));
	ATF_CHECK(!workers_rested(&workers));
	workers_admit(&workers);
	await_rest();
	ATF_CHECK_EQ(2, workers_sessions(&workers));
	workers_shut(&workers);
	while (!workers_are_shut(&workers))
		hear();
	tcp_client(&sin);
	hear();
	ATF_CHECK_EQ(2, workers_sessions(&workers));
	listeners_close(&ls);
	tear_down();
}

/* One that has no descriptor for a client leaves it to main. */
ATF_TC_WITHOUT_HEAD(starves);
ATF_TC_BODY(starves, tc)
{
	struct rlimit before, limit;
	struct listeners ls;
	struct sockaddr_in sin;

	set_up();
	open_listeners(&ls, &sin);
	ATF_REQUIRE_EQ(0, workers_share(&workers, &ls, 8));
	tcp_client(&sin);
	ATF_REQUIRE_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	limit = before;
	limit.rlim_cur = (rlim_t)lowest_free();
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	ATF_REQUIRE_EQ(0, workers_start(&workers));
	await_rest();
	ATF_CHECK(!workers_rest(&workers));
	ATF_CHECK_EQ(0, workers_total(&workers));
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &before));
	/* It looks again by itself. */
	while (workers_sessions(&workers) == 0)
		hear();
	listeners_close(&ls);
	tear_down();
}

/* What there was of them can be closed. */
ATF_TC_WITHOUT_HEAD(without_descriptors);
ATF_TC_BODY(without_descriptors, tc)
{
	struct rlimit before, limit;
	int descriptors, i, result;

	/* The double of kqueue(2) sees later that one was closed. */
	ATF_REQUIRE_EQ(0, workers_open(&workers, 2, POOL_PIPES, on_note, NULL));
	workers_close(&workers);
	descriptors = unit_descriptors();
	ATF_REQUIRE_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	for (i = 0; i < 20; i++) {
		limit = before;
		limit.rlim_cur = (rlim_t)(lowest_free() + i);
		ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
		result = workers_open(&workers, 2, POOL_PIPES, on_note, NULL);
		if (result == -1)
			ATF_CHECK_EQ(EMFILE, errno);
		workers_close(&workers);
		ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &before));
		ATF_CHECK(unit_descriptors() <= descriptors);
		if (result == 0)
			break;
	}
	ATF_CHECK_MSG(i > 0 && i < 20, "opened with %d descriptors", i);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, full_pipe);
	ATF_TP_ADD_TC(tp, never_taken);
	ATF_TP_ADD_TC(tp, loop_fails);
	ATF_TP_ADD_TC(tp, rests);
	ATF_TP_ADD_TC(tp, starves);
	ATF_TP_ADD_TC(tp, without_descriptors);
	return atf_no_error();
}
