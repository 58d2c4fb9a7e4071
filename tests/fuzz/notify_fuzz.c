/*
 * Target: NOTIFY_SOCKET and the watchdog's variables, and what is sent there.
 * Not here: when something is sent.
 *
 * An input is an octet, whose lowest bit says whether the manager can be
 * reached, and strings: NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID, a message.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "notify.h"

#define PID 4711
#define MOST 511 /* octets of a message */

int instead_connect(int, const struct sockaddr *, socklen_t)
    FUZZ_INSTEAD_OF(connect);
pid_t instead_getpid(void) FUZZ_INSTEAD_OF(getpid);

static bool reachable;
static int manager; /* the manager's end, or -1 */
static struct sockaddr_un called;
static socklen_t called_length; /* 0: nobody was */

/* Nobody of this machine is told anything. */
int
instead_connect(int fd, const struct sockaddr *sa, socklen_t length)
{
	int fds[2];

	REQUIRE(called_length == 0 && length <= sizeof(called));
	memcpy(&called, sa, length);
	called_length = length;
	if (!reachable) {
		errno = ECONNREFUSED;
		return -1;
	}
	REQUIRE(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds) == 0);
	REQUIRE(dup2(fds[0], fd) == fd);
	close(fds[0]);
	manager = fds[1];
	return 0;
}

pid_t
instead_getpid(void)
{
	return PID;
}

/* A path, or @ and a name, that fits. */
static bool
is_address(const char *text)
{
	size_t length;

	length = text == NULL ? 0 : strlen(text);
	return length > 1 && length < sizeof(called.sun_path) &&
	    (*text == '/' || *text == '@');
}

static void
check_called(const char *text)
{
	const size_t offset = offsetof(struct sockaddr_un, sun_path);
	size_t length;

	REQUIRE((called_length != 0) == is_address(text));
	if (called_length == 0)
		return;
	length = strlen(text);
	REQUIRE(called.sun_family == AF_UNIX);
	REQUIRE(memcmp(called.sun_path + 1, text + 1, length - 1) == 0);
	if (*text == '@') {
		REQUIRE(called.sun_path[0] == '\0');
		REQUIRE(called_length == offset + length);
	} else {
		REQUIRE(called.sun_path[0] == '/');
		REQUIRE(called.sun_path[length] == '\0');
	}
}

/* Milliseconds, half of what is allowed; 0 for no watchdog. */
static uint64_t
expect_watchdog(const char *usec, const char *pid)
{
	long long allowed, number;

	if (usec == NULL || !fuzz_number(usec, 1, LLONG_MAX, &allowed))
		return 0;
	if (pid != NULL &&
	    (!fuzz_number(pid, 1, INT_MAX, &number) || number != PID))
		return 0;
	return allowed / 1000 / 2 > 0 ? (uint64_t)allowed / 1000 / 2 : 1;
}

/* One datagram, whole or cut, or none for nothing. */
static void
check_message(const struct notify *n, const char *message)
{
	char got[MOST + 2];
	size_t length;
	ssize_t took;

	length = strlen(message) < MOST ? strlen(message) : MOST;
	errno = ENOTTY;
	notify_send(n, "%s", message);
	REQUIRE(errno == ENOTTY);
	if (manager == -1)
		return;
	took = recv(manager, got, sizeof(got), 0);
	REQUIRE(length > 0 ? took == (ssize_t)length : took == -1);
	REQUIRE(length == 0 || memcmp(got, message, length) == 0);
	REQUIRE(recv(manager, got, sizeof(got), 0) == -1);
}

static void
check(const char *path, const char *usec, const char *pid, const char *message)
{
	struct notify n;

	notify_open(&n);
	check_called(path);
	REQUIRE((n.fd != -1) == (called_length != 0 && reachable));
	REQUIRE(n.watchdog == (n.fd == -1 ? 0 : expect_watchdog(usec, pid)));
	REQUIRE(getenv("NOTIFY_SOCKET") == NULL);
	REQUIRE(getenv("WATCHDOG_USEC") == NULL);
	REQUIRE(getenv("WATCHDOG_PID") == NULL);
	check_message(&n, message);
	notify_close(&n);
	REQUIRE(n.fd == -1);
}

void
fuzz_prepare(void)
{
}

void
fuzz_one(struct fuzz_input *in)
{
	char *message, *path, *pid, *usec;

	reachable = fuzz_octet(in) & 1;
	manager = -1;
	called_length = 0;
	path = fuzz_string_or_null(in);
	usec = fuzz_string_or_null(in);
	pid = fuzz_string_or_null(in);
	message = fuzz_string(in);
	fuzz_setenv("NOTIFY_SOCKET", path);
	fuzz_setenv("WATCHDOG_USEC", usec);
	fuzz_setenv("WATCHDOG_PID", pid);
	check(path, usec, pid, message);
	if (manager != -1)
		close(manager);
	free(path);
	free(usec);
	free(pid);
	free(message);
}
