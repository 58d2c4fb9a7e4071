/*
 * The connector: lists of addresses, retries, time-outs, socket options.
 * Not here: sessions; a real service that appears late is in tests/e2e.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <atf-c.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "connector.h"
#include "endpoints.h"
#include "os.h"

/* What is still running after this many milliseconds hangs. */
#define GUARD_MS 20000

static struct event_loop *loop;
static struct dialer dialer; /* connects by itself */
static struct event_io target_io;
static int result;

static void
on_done(struct connector *c, int error)
{
	ATF_CHECK_EQ(&result, c->owner);
	ATF_REQUIRE_MSG(result == -1, "called twice");
	result = error;
	event_loop_stop(loop);
}

static void
on_guard(struct event_timer *t)
{
	(void)t;
	atf_tc_fail("the connector does not end");
}

/* Returns what on_done was told. */
static int
run(struct endpoint *list, size_t n, uint64_t timeout, uint64_t wait)
{
	struct endpoints e = { .list = list, .n = n };
	struct connector c;
	struct event_timer guard;

	result = -1;
	dialer_init(&dialer);
	if (loop == NULL)
		loop = event_loop_create();
	ATF_REQUIRE(loop != NULL);
	event_timer_init(&guard, on_guard);
	ATF_REQUIRE_EQ(0, event_timer_set(loop, &guard, GUARD_MS));
	connector_start(&c, loop, &dialer, &e, &target_io, timeout, wait,
	    on_done, NULL, &result);
	if (result == -1)
		ATF_REQUIRE_EQ(0, event_loop_run(loop));
	event_timer_cancel(loop, &guard);
	ATF_CHECK_EQ(result == 0, target_io.fd != -1);
	return result;
}

ATF_TC_WITHOUT_HEAD(connects);
ATF_TC_BODY(connects, tc)
{
	struct endpoint e;
	socklen_t length;
	int listener, on;

	e = endpoints_tcp(&listener);
	ATF_CHECK_EQ(0, run(&e, 1, 1000, 0));

	length = sizeof(on);
	on = 0;
	ATF_CHECK_EQ(0,
	    getsockopt(target_io.fd, SOL_SOCKET, SO_OOBINLINE, &on, &length));
	ATF_CHECK(on != 0);
	event_io_close(loop, &target_io);
	close(listener);
}

ATF_TC_WITHOUT_HEAD(refused);
ATF_TC_BODY(refused, tc)
{
	struct endpoint e;
	int unlistened;

	/* NetBSD does not answer for a port that is bound only. */
	e = endpoints_bound(&unlistened);
	close(unlistened);
	ATF_CHECK_EQ(ECONNREFUSED, run(&e, 1, 1000, 0));
	e = endpoints_path("nowhere");
	ATF_CHECK_EQ(ENOENT, run(&e, 1, 1000, 0));
	ATF_CHECK_EQ(ENOENT, run(&e, 1, 1000, 30));
}

/* Established, and reset before anybody could look. */
ATF_TC_WITHOUT_HEAD(reset_at_once);
ATF_TC_BODY(reset_at_once, tc)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	struct endpoint list;
	struct endpoints e = { .list = &list, .n = 1 };
	struct event_timer guard;
	struct connector c;
	int fd, listener;

	list = endpoints_tcp(&listener);
	result = -1;
	loop = event_loop_create();
	ATF_REQUIRE(loop != NULL);
	event_timer_init(&guard, on_guard);
	ATF_REQUIRE_EQ(0, event_timer_set(loop, &guard, GUARD_MS));
	dialer_init(&dialer);
	connector_start(
	    &c, loop, &dialer, &e, &target_io, 1000, 0, on_done, NULL, &result);
	fd = accept(listener, NULL, NULL);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(
	    0, setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	close(fd);
	if (result == 0)
		atf_tc_skip("connect(2) does not wait for the loop here");
	ATF_REQUIRE_EQ(0, event_loop_run(loop));
	ATF_CHECK_EQ(ECONNRESET, result);
	ATF_CHECK_EQ(-1, target_io.fd);
	close(listener);
}

ATF_TC_WITHOUT_HEAD(next_address);
ATF_TC_BODY(next_address, tc)
{
	struct endpoint e[3];
	int listener, unlistened;

	e[0] = endpoints_bound(&unlistened);
	e[1] = endpoints_path("nowhere");
	e[2] = endpoints_tcp(&listener);
	ATF_CHECK_EQ(0, run(e, 3, 1000, 0));
	event_io_close(loop, &target_io);

	/* The last one does not decide what is told of the others. */
	e[2] = endpoints_path("/dev/null/nowhere");
	ATF_CHECK_EQ(ENOTDIR, run(e, 3, 1000, 0));
	close(listener);
	close(unlistened);
}

/* An address that does not answer leaves time for the next. */
ATF_TC_WITHOUT_HEAD(silent_address);
ATF_TC_BODY(silent_address, tc)
{
	struct endpoint e[2];
	int i, listener, silent, fd;

	e[0] = endpoints_path("silent");
	silent = endpoints_listen(&e[0], 0);
	for (i = 0; i < 16; i++) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(fd, (struct sockaddr *)&e[0].addr, e[0].length) ==
		    -1)
			break;
	}
	ATF_REQUIRE_MSG(i < 16, "the backlog does not fill");
	ATF_CHECK_EQ(ETIMEDOUT, run(e, 1, 50, 0));

	e[1] = endpoints_tcp(&listener);
	ATF_CHECK_EQ(0, run(e, 2, 2000, 0));
	event_io_close(loop, &target_io);
	close(listener);
	close(silent);
}

/* Waiting is for targets that are not there, not for wrong ones. */
ATF_TC_WITHOUT_HEAD(not_worth_waiting);
ATF_TC_BODY(not_worth_waiting, tc)
{
	struct endpoint e;

	e = endpoints_path("/dev/null/nowhere");
	ATF_CHECK_EQ(ENOTDIR, run(&e, 1, 1000, UINT64_MAX));
	e.addr.ss_family = AF_UNSPEC;
	ATF_CHECK(run(&e, 1, 1000, UINT64_MAX) != 0);
}

static bool
is_connected_to_itself(int fd)
{
	struct sockaddr_in own = { .sin_port = 0 };
	struct sockaddr_in peer = { .sin_port = 0 };
	socklen_t length;

	length = sizeof(own);
	ATF_REQUIRE_EQ(0, getsockname(fd, (struct sockaddr *)&own, &length));
	length = sizeof(peer);
	if (getpeername(fd, (struct sockaddr *)&peer, &length) == -1)
		return false;
	return own.sin_port == peer.sin_port;
}

static unsigned
local_port(int fd)
{
	struct sockaddr_in sin = { .sin_port = 0 };
	socklen_t length;

	length = sizeof(sin);
	ATF_REQUIRE_EQ(0, getsockname(fd, (struct sockaddr *)&sin, &length));
	return ntohs(sin.sin_port);
}

/*
 * Linux picks even ports for connections and odd ones for bind(2), so ask
 * for one of the former.
 */
static struct endpoint
picked_tcp(void)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	struct endpoint e;
	int listener;

	e = endpoints_tcp(&listener);
	ATF_REQUIRE_EQ(0, run(&e, 1, 1000, 0));
	((struct sockaddr_in *)&e.addr)->sin_port =
	    htons((in_port_t)local_port(target_io.fd));
	ATF_REQUIRE_EQ(0,
	    setsockopt(
	        target_io.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	event_io_close(loop, &target_io);
	close(listener);
	return e;
}

/*
 * To a port that the system may pick as the source, often enough that it
 * does.  Somebody else may listen on it meanwhile.
 */
ATF_TC_WITHOUT_HEAD(never_itself);
ATF_TC_BODY(never_itself, tc)
{
	struct endpoint e;
	int i;

	os_read_port_range();
	e = picked_tcp();
	for (i = 0; i < 60000; i++)
		if (run(&e, 1, 1000, 0) == 0) {
			ATF_REQUIRE(!is_connected_to_itself(target_io.fd));
			event_io_close(loop, &target_io);
		}
}

/* Whatever port the system picks is one that it is thought to pick. */
ATF_TC_WITHOUT_HEAD(picked_ports);
ATF_TC_BODY(picked_ports, tc)
{
	struct endpoint e;
	int i, listener;

	ATF_CHECK_MSG(os_may_pick_port(1) && os_may_pick_port(65535),
	    "a range that was not read");
	os_read_port_range();
	e = endpoints_bound(&listener);
	ATF_REQUIRE_EQ(0, listen(listener, 1000));
	for (i = 0; i < 1000; i++) {
		ATF_REQUIRE_EQ(0, run(&e, 1, 1000, 0));
		ATF_REQUIRE(os_may_pick_port(local_port(target_io.fd)));
		event_io_close(loop, &target_io);
	}
	close(listener);
}

static void
on_cancel(struct event_timer *t)
{
	(void)t;
	event_loop_stop(loop);
}

ATF_TC_WITHOUT_HEAD(cancel);
ATF_TC_BODY(cancel, tc)
{
	struct endpoint list = endpoints_path("nowhere");
	struct endpoints e = { .list = &list, .n = 1 };
	struct event_timer timer;
	struct connector c;

	result = -1;
	loop = event_loop_create();
	event_timer_init(&timer, on_cancel);
	event_timer_set(loop, &timer, 20);
	dialer_init(&dialer);
	connector_start(&c, loop, &dialer, &e, &target_io, 1000, UINT64_MAX,
	    on_done, NULL, &result);
	ATF_REQUIRE_EQ(0, event_loop_run(loop));
	connector_cancel(&c);
	ATF_CHECK_EQ(-1, target_io.fd);
	memset(&c, 0xa5, sizeof(c));
	event_timer_set(loop, &timer, 300);
	ATF_REQUIRE_EQ(0, event_loop_run(loop));
	ATF_CHECK_EQ_MSG(-1, result, "called after it was cancelled");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, connects);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, reset_at_once);
	ATF_TP_ADD_TC(tp, next_address);
	ATF_TP_ADD_TC(tp, silent_address);
	ATF_TP_ADD_TC(tp, not_worth_waiting);
	ATF_TP_ADD_TC(tp, never_itself);
	ATF_TP_ADD_TC(tp, picked_ports);
	ATF_TP_ADD_TC(tp, cancel);
	return atf_no_error();
}
