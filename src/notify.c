/*
 * Datagrams to the service manager.
 * Not here: what they say.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "notify.h"

#define MESSAGE 512

/* Returns the address's length, 0 if it is none. */
static socklen_t
parse(const char *text, struct sockaddr_un *sun)
{
	size_t length;

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	length = strlen(text);
	if ((*text != '/' && *text != '@') || length < 2 ||
	    length >= sizeof(sun->sun_path))
		return 0;
	memcpy(sun->sun_path, text, length);
	if (*text == '/')
		return (socklen_t)sizeof(*sun);
	sun->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

static int
connect_to(const char *text)
{
	struct sockaddr_un sun;
	socklen_t length;
	int fd;

	length = parse(text, &sun);
	if (length == 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&sun, length) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Half of what the manager allows, sd_watchdog_enabled(3). */
static uint64_t
watchdog_interval(void)
{
	const char *error, *pid, *usec;
	uint64_t interval;

	usec = getenv("WATCHDOG_USEC");
	pid = getenv("WATCHDOG_PID");
	if (usec == NULL)
		return 0;
	/* What is no number is 0, and no process. */
	if (pid != NULL && strtonum(pid, 1, INT_MAX, &error) != getpid())
		return 0;
	interval = (uint64_t)strtonum(usec, 1, LLONG_MAX, &error);
	if (error != NULL)
		return 0;
	return interval < 2000 ? 1 : interval / 2000;
}

void
notify_open(struct notify *n)
{
	const char *text;

	text = getenv("NOTIFY_SOCKET");
	n->fd = text == NULL ? -1 : connect_to(text);
	n->watchdog = n->fd == -1 ? 0 : watchdog_interval();
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
}

bool
notify_send(const struct notify *n, const char *fmt, ...)
{
	char message[MESSAGE];
	va_list ap;
	int length, saved;
	bool full;

	if (n->fd == -1)
		return true;
	saved = errno;
	va_start(ap, fmt);
	length = vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	if (length >= MESSAGE)
		length = MESSAGE - 1;
	full = length > 0 &&
	    send(n->fd, message, (size_t)length, MSG_NOSIGNAL) == -1 &&
	    (errno == EAGAIN || errno == ENOBUFS);
	errno = saved;
	return !full;
}

void
notify_close(struct notify *n)
{
	if (n->fd != -1)
		close(n->fd);
	n->fd = -1;
}
