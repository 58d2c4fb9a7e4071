/*
 * What the service manager is told by manager.h, however busy it is.
 * Not here: the datagrams, see notify_test.c; when, see e2e/notify_test.sh.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atf-c.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "manager.h"

#define GUARD_MS 20000
#define ROOM 512

static struct event_loop *loop;
static struct manager manager;
static struct event_io io; /* the manager's end */
static const char *wanted;
static bool found;

/* One line is one datagram. */
static void
on_told(struct event_io *told, unsigned ready)
{
	char text[ROOM + 1];
	ssize_t n;

	(void)ready;
	while ((n = recv(told->fd, text, ROOM, MSG_DONTWAIT)) > 0) {
		text[n] = '\0';
		found |= strcmp(text, wanted) == 0;
	}
	event_io_drained(told, EVENT_READ);
	if (found)
		event_loop_stop(loop);
}

static void
on_guard(struct event_timer *t)
{
	(void)t;
	event_loop_stop(loop);
}

/* Run until the manager has been told this. */
static void
require_told(const char *text)
{
	struct event_timer guard;

	wanted = text;
	found = false;
	event_timer_init(&guard, on_guard);
	event_timer_set(loop, &guard, GUARD_MS);
	ATF_REQUIRE_EQ(0, event_loop_run(loop));
	event_timer_cancel(loop, &guard);
	ATF_CHECK_MSG(found, "%s was not sent", text);
}

/* Nobody takes anything out of its queue yet. */
static void
fill_queue(void)
{
	unsigned n;

	for (n = 0; notify_send(&manager.notify, "X=%u", n); n++)
		ATF_REQUIRE(n < 100000);
}

static void
set_up(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char path[PATH_MAX];
	int fd;

	strlcpy(sun.sun_path, "./manager.sock", sizeof(sun.sun_path));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)&sun, sizeof(sun)));
	ATF_REQUIRE(realpath("manager.sock", path) != NULL);
	setenv("NOTIFY_SOCKET", path, 1);
	loop = event_loop_create();
	ATF_REQUIRE(loop != NULL);
	manager_open(&manager);
	manager_attach(&manager, loop);
	ATF_REQUIRE(manager_exists(&manager));
	event_io_init(&io, fd, on_told);
	ATF_REQUIRE_EQ(0, event_io_enable(loop, &io, EVENT_READ));
}

ATF_TC_WITHOUT_HEAD(late_ready);
ATF_TC_BODY(late_ready, tc)
{
	set_up();
	fill_queue();
	manager_ready(&manager);
	require_told("READY=1");
	manager_close(&manager);
}

ATF_TC_WITHOUT_HEAD(late_stop);
ATF_TC_BODY(late_stop, tc)
{
	set_up();
	fill_queue();
	manager_stopping(&manager, 5000);
	require_told("EXTEND_TIMEOUT_USEC=20000000");
	fill_queue();
	manager_stopping(&manager, EVENT_INFINITE);
	require_told("STOPPING=1");
	manager_close(&manager);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, late_ready);
	ATF_TP_ADD_TC(tp, late_stop);
	return atf_no_error();
}
