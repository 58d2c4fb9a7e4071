/*
 * Adopting sockets that another process has bound.
 * Not here: changing them; their files and names are the other's.
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "activation.h"

/* SD_LISTEN_FDS_START of sd_listen_fds(3). */
#define FIRST 3

static char line[160];

static const char *complain(int *, int, const char *, ...)
    __attribute__((format(printf, 3, 4)));

static const char *
complain(int *status, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	*status = code;
	return line;
}

static int
option(int fd, int name, int *value)
{
	socklen_t length;

	length = sizeof(*value);
	return getsockopt(fd, SOL_SOCKET, name, value, &length);
}

static bool
is_of_known_family(int fd)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	socklen_t length;

	length = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &length) == -1)
		return false;
	return ss.ss_family == AF_UNIX || ss.ss_family == AF_INET ||
	    ss.ss_family == AF_INET6;
}

/* What the descriptor is or is not, or NULL if all is well. */
static const char *
fault_of(int fd)
{
	int value;

	if (fcntl(fd, F_GETFD) == -1)
		return "is not open";
	if (option(fd, SO_TYPE, &value) == -1)
		return errno == ENOTSOCK ? "is not a socket" : strerror(errno);
	if (value != SOCK_STREAM)
		return "is not a stream socket";
	if (!is_of_known_family(fd))
		return "is neither a TCP nor a Unix socket";
	if (option(fd, SO_ACCEPTCONN, &value) == -1)
		return strerror(errno);
	return value == 0 ? "is not a listening socket" : NULL;
}

static const char *
check(int fd, int *status)
{
	const char *fault;

	fault = fault_of(fd);
	if (fault == NULL)
		return NULL;
	return complain(status, EX_UNAVAILABLE, "descriptor %d %s", fd, fault);
}

static int
set_flags(int fd)
{
	int flags;

	flags = fcntl(fd, F_GETFL);
	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return -1;
	return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* Store n descriptors that have been checked. */
static const char *
adopt(struct activation *a, int first, size_t n, int *status)
{
	size_t i;

	a->fds = calloc(n, sizeof(*a->fds));
	if (a->fds == NULL)
		return complain(status, EX_OSERR, "%s", strerror(errno));
	for (i = 0; i < n; i++) {
		a->fds[i] = first + (int)i;
		if (set_flags(a->fds[i]) == -1) {
			complain(status, EX_OSERR, "descriptor %d: %s",
			    a->fds[i], strerror(errno));
			free(a->fds);
			a->fds = NULL;
			return line;
		}
	}
	a->n = n;
	return NULL;
}

/* Whether the variables are meant for this process; *n is LISTEN_FDS. */
static const char *
read_variables(int *n, int *status)
{
	const char *error, *fds, *pid;
	pid_t meant;

	*n = 0;
	fds = getenv("LISTEN_FDS");
	pid = getenv("LISTEN_PID");
	if (fds == NULL || pid == NULL)
		return NULL;
	meant = (pid_t)strtonum(pid, 1, INT_MAX, &error);
	if (error != NULL)
		return complain(status, EX_USAGE,
		    "LISTEN_PID is not a process id: %s", pid);
	if (meant != getpid())
		return NULL;
	*n = (int)strtonum(fds, 0, INT_MAX - FIRST, &error);
	if (error != NULL)
		return complain(status, EX_USAGE,
		    "LISTEN_FDS is not a number of descriptors: %s", fds);
	return NULL;
}

const char *
activation_adopt(struct activation *a, int *status)
{
	const char *why;
	int i, n;

	*a = (struct activation) { .fds = NULL };
	why = read_variables(&n, status);
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	unsetenv("LISTEN_PID");
	/* Before memory is allocated: the number may be far off. */
	for (i = 0; why == NULL && i < n; i++)
		why = check(FIRST + i, status);
	if (why != NULL || n == 0)
		return why;
	return adopt(a, FIRST, (size_t)n, status);
}

static int
replace_standard(void)
{
	int fd, null;

	null = open("/dev/null", O_RDWR);
	if (null == -1)
		return -1;
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(null, fd) == -1)
			return -1;
	if (null > STDERR_FILENO)
		close(null);
	return 0;
}

const char *
activation_adopt_inetd(struct activation *a, int *status)
{
	const char *why;
	int fd;

	*a = (struct activation) { .fds = NULL };
	why = check(STDIN_FILENO, status);
	if (why != NULL)
		return why;
	fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (fd == -1)
		return complain(
		    status, EX_OSERR, "descriptor 0: %s", strerror(errno));
	why = adopt(a, fd, 1, status);
	if (why == NULL && replace_standard() == -1)
		why = complain(
		    status, EX_OSERR, "/dev/null: %s", strerror(errno));
	if (why != NULL) {
		free(a->fds);
		*a = (struct activation) { .fds = NULL };
		close(fd);
	}
	return why;
}

const char *
activation_check(const struct activation *a, bool has_listen)
{
	if (a->n > 0 && has_listen)
		return "LISTEN given, but sockets were handed over";
	if (a->n == 0 && !has_listen)
		return "no listening socket was handed over";
	return NULL;
}
