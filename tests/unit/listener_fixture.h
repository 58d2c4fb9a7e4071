/*
 * A listener on a port of loopback, in a loop that runs until so many clients
 * were accepted.
 * Not here: the clients (sockets.h).
 */
#ifndef LISTENER_FIXTURE_H
#define LISTENER_FIXTURE_H

#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <atf-c.h>
#include <stdint.h>
#include <unistd.h>

#include "listener.h"
#include "sockets.h"

#define GUARD_MS 20000

static struct event_loop *loop;
static int accepted, expected, last_fd;

static inline void
on_accept(
    struct listener *l, int fd, const struct sockaddr *sa, socklen_t length)
{
	ATF_CHECK_EQ(&accepted, l->arg);
	ATF_CHECK_EQ(l->tells_peer, sa != NULL);
	if (sa != NULL) {
		ATF_CHECK_EQ(AF_INET, sa->sa_family);
		ATF_CHECK_EQ(sizeof(struct sockaddr_in), length);
	}
	if (last_fd != -1)
		close(last_fd);
	last_fd = fd;
	if (++accepted == expected)
		event_loop_stop(loop);
}

static inline void
on_guard(struct event_timer *t)
{
	(void)t;
	event_loop_stop(loop);
}

/* Run until as many are accepted, or ms have passed. */
static inline void
run(int n, uint64_t ms)
{
	struct event_timer guard;

	expected = n;
	event_timer_init(&guard, on_guard);
	event_timer_set(loop, &guard, ms);
	ATF_REQUIRE_EQ(0, event_loop_run(loop));
	event_timer_cancel(loop, &guard);
}

static inline void
start_listener(struct listener *l)
{
	loop = event_loop_create();
	ATF_REQUIRE(loop != NULL);
	l->on_accept = on_accept;
	l->arg = &accepted;
	last_fd = -1;
	ATF_REQUIRE_EQ(0, listener_start(l, loop));
}

static inline void
open_listener(struct listener *l, struct sockaddr_in *sin)
{
	struct endpoint e = { .length = sizeof(*sin) };
	struct sockaddr_in *any;

	any = (struct sockaddr_in *)&e.addr;
	any->sin_family = AF_INET;
	any->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ATF_REQUIRE_EQ(0, listener_open_tcp(l, &e, 1024));
	*sin = *any;
	ATF_REQUIRE(sin->sin_port != 0);
	start_listener(l);
}

#endif
