/*
 * Tests of notify.h: a datagram socket stands for the service manager.
 * Not here: what the relay tells, and when.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "notify.h"
#include "os.h"
#include "unit.h"

#define ROOM (sizeof(((struct sockaddr_un *)0)->sun_path))

/* The manager's end; @ begins an abstract name. */
static int
bind_manager(const char *name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	socklen_t length;
	int fd;

	length = sizeof(sun);
	ATF_REQUIRE(strlen(name) < sizeof(sun.sun_path));
	memcpy(sun.sun_path, name, strlen(name));
	if (*name == '@') {
		sun.sun_path[0] = '\0';
		length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
		    strlen(name));
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ_MSG(0, bind(fd, (struct sockaddr *)&sun, length),
	    "%s: %s", name, strerror(errno));
	return fd;
}

/* A manager's socket in the working directory, whose path is stored. */
static int
bind_here(char path[ROOM])
{
	char cwd[ROOM - 8];

	if (getcwd(cwd, sizeof(cwd)) == NULL)
		atf_tc_skip("the working directory's path is too long");
	snprintf(path, ROOM, "%s/notify", cwd);
	return bind_manager(path);
}

static void
set(const char *name, const char *value)
{
	ATF_REQUIRE_EQ(
	    0, value == NULL ? unsetenv(name) : setenv(name, value, 1));
}

/* Open with these variables, which then are gone. */
static void
open_with(struct notify *n, const char *path, const char *usec, const char *pid)
{
	set("NOTIFY_SOCKET", path);
	set("WATCHDOG_USEC", usec);
	set("WATCHDOG_PID", pid);
	notify_open(n);
	ATF_CHECK(getenv("NOTIFY_SOCKET") == NULL);
	ATF_CHECK(getenv("WATCHDOG_USEC") == NULL);
	ATF_CHECK(getenv("WATCHDOG_PID") == NULL);
}

static void
expect(int manager, const char *message)
{
	char got[1024];
	ssize_t n;

	n = recv(manager, got, sizeof(got), 0);
	ATF_REQUIRE_MSG(n != -1, "%s: %s", message, strerror(errno));
	ATF_CHECK_MSG((size_t)n == strlen(message) &&
	        memcmp(got, message, (size_t)n) == 0,
	    "\"%.*s\", not \"%s\"", (int)n, got, message);
}

static void
check_exchange(int manager, const char *name)
{
	struct notify n;
	int descriptors;

	descriptors = unit_descriptors();
	open_with(&n, name, NULL, NULL);
	ATF_REQUIRE(n.fd != -1);
	ATF_CHECK_EQ(0, n.watchdog);
	ATF_CHECK(fcntl(n.fd, F_GETFD) & FD_CLOEXEC);
	ATF_CHECK(fcntl(n.fd, F_GETFL) & O_NONBLOCK);
	notify_send(&n, "READY=1");
	notify_send(&n, "STATUS=%d connections, %s\nREADY=%u", 7, "idle", 1u);
	expect(manager, "READY=1");
	expect(manager, "STATUS=7 connections, idle\nREADY=1");
	notify_close(&n);
	ATF_CHECK_EQ(-1, n.fd);
	notify_close(&n);
	notify_send(&n, "STOPPING=1");
	ATF_CHECK_EQ(-1, recv(manager, &(char) { 0 }, 1, 0));
	ATF_CHECK_EQ(descriptors, unit_descriptors());
}

ATF_TC_WITHOUT_HEAD(by_path);
ATF_TC_BODY(by_path, tc)
{
	char path[ROOM];
	int manager;

	unit_guard();
	manager = bind_here(path);
	check_exchange(manager, path);
}

ATF_TC_WITHOUT_HEAD(by_abstract_name);
ATF_TC_BODY(by_abstract_name, tc)
{
	char name[64];

	unit_guard();
	if (!os_abstract_sockets)
		atf_tc_skip("no abstract names here");
	snprintf(name, sizeof(name), "@notify_test.%ld", (long)getpid());
	check_exchange(bind_manager(name), name);
}

/* A name that cannot be reached is silence, and no descriptor is left. */
static void
check_silent(const char *name)
{
	struct notify n;
	int descriptors;

	descriptors = unit_descriptors();
	open_with(&n, name, "2000000", NULL);
	ATF_CHECK_MSG(n.fd == -1, "%s", name == NULL ? "unset" : name);
	ATF_CHECK_EQ(0, n.watchdog);
	errno = 0;
	notify_send(&n, "READY=1");
	ATF_CHECK_EQ(0, errno);
	notify_close(&n);
	ATF_CHECK_EQ(descriptors, unit_descriptors());
}

ATF_TC_WITHOUT_HEAD(nobody);
ATF_TC_BODY(nobody, tc)
{
	char longer[ROOM + 1];

	unit_guard();
	check_silent(NULL);
	check_silent("");
	check_silent("/");
	check_silent("@");
	check_silent("/nonexistent/notify");
	check_silent("vsock:2:1234");
	close(bind_manager("notify"));
	check_silent("notify");
	check_silent("./notify");
	memset(longer, 'x', sizeof(longer));
	longer[0] = '/';
	longer[ROOM] = '\0';
	check_silent(longer);
	longer[0] = '@';
	check_silent(longer);
}

/* A stream socket is no manager either. */
ATF_TC_WITHOUT_HEAD(another_type);
ATF_TC_BODY(another_type, tc)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char path[ROOM];
	int fd;

	unit_guard();
	close(bind_here(path));
	ATF_REQUIRE_EQ(0, unlink(path));
	memcpy(sun.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)&sun, sizeof(sun)));
	ATF_REQUIRE_EQ(0, listen(fd, 1));
	check_silent(path);
}

/* The file may go once the connection stands, as behind a sandbox. */
ATF_TC_WITHOUT_HEAD(keeps_working);
ATF_TC_BODY(keeps_working, tc)
{
	struct notify n;
	char path[ROOM];
	int manager;

	unit_guard();
	manager = bind_here(path);
	open_with(&n, path, NULL, NULL);
	ATF_REQUIRE_EQ(0, unlink(path));
	notify_send(&n, "STOPPING=1");
	expect(manager, "STOPPING=1");
	notify_close(&n);
}

/* More than the queue holds, then a manager that has gone. */
ATF_TC_WITHOUT_HEAD(never_blocks);
ATF_TC_BODY(never_blocks, tc)
{
	struct notify n;
	char path[ROOM];
	int i, manager;

	unit_guard();
	ATF_REQUIRE(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	manager = bind_here(path);
	open_with(&n, path, NULL, NULL);
	errno = ENOTTY;
	for (i = 0; i < 5000; i++)
		notify_send(&n, "STATUS=%d", i);
	expect(manager, "STATUS=0");
	close(manager);
	notify_send(&n, "READY=1");
	notify_send(&n, "READY=1");
	ATF_CHECK_EQ(ENOTTY, errno);
	notify_close(&n);
}

ATF_TC_WITHOUT_HEAD(long_message);
ATF_TC_BODY(long_message, tc)
{
	char got[4096], path[ROOM], text[2048];
	struct notify n;
	ssize_t length;
	int manager;

	unit_guard();
	manager = bind_here(path);
	open_with(&n, path, NULL, NULL);
	memset(text, 's', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	notify_send(&n, "%s", text);
	length = recv(manager, got, sizeof(got), 0);
	ATF_REQUIRE(length > 256 && length < (ssize_t)sizeof(text));
	ATF_CHECK_EQ(0, memcmp(got, text, (size_t)length));
	notify_send(&n, "%s", "");
	ATF_CHECK_EQ(-1, recv(manager, got, sizeof(got), 0));
	notify_close(&n);
}

static void
check_watchdog(uint64_t ms, const char *path, const char *usec, const char *pid)
{
	struct notify n;

	open_with(&n, path, usec, pid);
	ATF_CHECK_MSG(n.watchdog == ms, "WATCHDOG_USEC=%s: %llu ms, not %llu",
	    usec == NULL ? "(unset)" : usec, (unsigned long long)n.watchdog,
	    (unsigned long long)ms);
	notify_close(&n);
}

ATF_TC_WITHOUT_HEAD(watchdog);
ATF_TC_BODY(watchdog, tc)
{
	char me[32], parent[32], path[ROOM];

	unit_guard();
	bind_here(path);
	snprintf(me, sizeof(me), "%ld", (long)getpid());
	snprintf(parent, sizeof(parent), "%ld", (long)getpid() + 1);
	check_watchdog(0, path, NULL, NULL);
	check_watchdog(15000, path, "30000000", NULL);
	check_watchdog(15000, path, "30000000", me);
	check_watchdog(0, path, "30000000", parent);
	check_watchdog(0, path, "30000000", "");
	check_watchdog(0, path, "30000000", "x");
	check_watchdog(0, path, NULL, me);
	check_watchdog(1, path, "1", NULL);
	check_watchdog(1, path, "1999", NULL);
	check_watchdog(1, path, "3999", NULL);
	check_watchdog(2, path, "4000", NULL);
	check_watchdog(0, path, "0", NULL);
	check_watchdog(0, path, "-1", NULL);
	check_watchdog(0, path, "", NULL);
	check_watchdog(0, path, "30s", NULL);
	/* infinity, as systemd writes it */
	check_watchdog(0, path, "18446744073709551615", NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, by_path);
	ATF_TP_ADD_TC(tp, by_abstract_name);
	ATF_TP_ADD_TC(tp, nobody);
	ATF_TP_ADD_TC(tp, another_type);
	ATF_TP_ADD_TC(tp, keeps_working);
	ATF_TP_ADD_TC(tp, never_blocks);
	ATF_TP_ADD_TC(tp, long_message);
	ATF_TP_ADD_TC(tp, watchdog);
	return atf_no_error();
}
