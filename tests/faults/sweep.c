/*
 * Starts a relay again and again; each time another call fails, until none is
 * left.  It either says why it does not start, and exits as sysexits(3) has
 * it, or it starts, and ends in order when it is told to.
 * Not here: calls that fail while it serves, see fault.c.
 *
 * sweep NAME ERROR COMMAND...
 *	prints how many starts there were and how many of them failed; the
 *	command is to have FAULTS=faults in its environment, and NOTIFY_SOCKET
 */
#include <sys/types.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "errors.h"
#include "faults.h"

#define FILE_NAME "faults"
#define SOCKET_NAME "notify.sock"

/* Without a message that it is ready it may be, after so many milliseconds. */
#define SILENT_MS 400

/* No start takes so many seconds; a relay that still runs then hangs. */
#define HANG 20

/* No command makes so many calls of a name before it serves. */
#define MOST 2000

static struct faults *shared;
static int notify_fd;

static void
open_shared(const char *name, const char *error)
{
	void *p;
	int fd;

	fd = open(FILE_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd == -1 || ftruncate(fd, sizeof(*shared)) == -1)
		err(1, FILE_NAME);
	p = mmap(
	    NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		err(1, FILE_NAME);
	shared = p;
	strlcpy(shared->name, name, sizeof(shared->name));
	shared->kind = FAULTS_FAIL;
	shared->error = errors_number(error);
	shared->times = 1;
}

static void
open_notify(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char path[4096 + sizeof(SOCKET_NAME) + 1];

	strlcpy(sun.sun_path, SOCKET_NAME, sizeof(sun.sun_path));
	unlink(SOCKET_NAME);
	notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify_fd == -1 ||
	    bind(notify_fd, (struct sockaddr *)&sun, sizeof(sun)) == -1 ||
	    getcwd(path, 4096) == NULL)
		err(1, SOCKET_NAME);
	strlcat(path, "/" SOCKET_NAME, sizeof(path));
	setenv("NOTIFY_SOCKET", path, 1);
	setenv("FAULTS", FILE_NAME, 1);
}

static pid_t
start(char *command[], int *log)
{
	pid_t pid;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1)
		err(1, "pipe");
	pid = fork();
	if (pid == -1)
		err(1, "fork");
	if (pid == 0) {
		if (dup2(ends[1], STDERR_FILENO) == -1)
			_exit(127);
		execv(command[0], command);
		_exit(127);
	}
	close(ends[1]);
	*log = ends[0];
	return pid;
}

/* Some of what it says.  Returns whether there was any. */
static bool
take_some(int log, char *text, size_t *length, size_t size)
{
	ssize_t n;

	n = read(log, text + *length, size - 1 - *length);
	if (n <= 0)
		return false;
	*length += (size_t)n;
	text[*length] = '\0';
	return true;
}

/* What it said last, when it was slow. */
static void
take_rest(int log, char *text, size_t *length, size_t size)
{
	struct pollfd p = { .fd = log, .events = POLLIN };

	while (poll(&p, 1, 0) > 0 && take_some(log, text, length, size))
		continue;
}

/* Until it is ready, or says so no more.  Returns whether it is. */
static bool
await(int log, char *text, size_t *length, size_t size)
{
	struct pollfd p[2] = {
		{ .fd = log, .events = POLLIN },
		{ .fd = notify_fd, .events = POLLIN },
	};
	char message[512];
	ssize_t n;

	for (;;) {
		n = poll(p, 2, SILENT_MS);
		/* Without a fault it has no reason to hang: it is slow. */
		if (n == 0 && atomic_load(&shared->hits) == 0)
			continue;
		if (n <= 0)
			return false;
		if (p[1].revents & POLLIN) {
			n = recv(notify_fd, message, sizeof(message) - 1, 0);
			message[n > 0 ? n : 0] = '\0';
			if (strstr(message, "READY=1") != NULL)
				return true;
			continue;
		}
		if (!take_some(log, text, length, size))
			return false;
	}
}

static void
drop_messages(void)
{
	char message[512];

	while (recv(notify_fd, message, sizeof(message), MSG_DONTWAIT) > 0)
		continue;
}

/* One start.  Returns whether it failed, in order. */
static bool
try(unsigned from, char *command[])
{
	char text[65536] = "";
	size_t length;
	pid_t pid;
	bool ready;
	int log, status;

	shared->from = from;
	atomic_store(&shared->calls, 0);
	atomic_store(&shared->hits, 0);
	atomic_store(&shared->armed, true);
	drop_messages();
	pid = start(command, &log);
	length = 0;
	ready = await(log, text, &length, sizeof(text));
	kill(pid, SIGTERM);
	if (waitpid(pid, &status, 0) == -1)
		err(1, "waitpid");
	atomic_store(&shared->armed, false);
	take_rest(log, text, &length, sizeof(text));
	close(log);
	if (WIFSIGNALED(status) && (ready || WTERMSIG(status) != SIGTERM))
		errx(1, "call %u of %s: signal %d: %s", from, shared->name,
		    WTERMSIG(status), text);
	if (!ready && atomic_load(&shared->hits) == 0 &&
	    (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		errx(1, "%s: no start without a fault: %s", shared->name, text);
	if (!WIFEXITED(status) || WEXITSTATUS(status) == 0)
		return false;
	if (WEXITSTATUS(status) < EX__BASE || WEXITSTATUS(status) > EX__MAX ||
	    strchr(text, '\n') == NULL)
		errx(1, "call %u of %s: exit %d, and said: %s", from,
		    shared->name, WEXITSTATUS(status), text);
	return true;
}

int
main(int argc, char *argv[])
{
	unsigned from, failed;

	if (argc < 4)
		errx(2, "usage: see the top of sweep.c");
	signal(SIGPIPE, SIG_IGN);
	open_shared(argv[1], argv[2]);
	open_notify();
	failed = 0;
	for (from = 1;; from++) {
		alarm(HANG);
		failed += try(from, argv + 3);
		if (atomic_load(&shared->hits) == 0)
			break;
		if (from == MOST)
			errx(1, "%s: too many calls", argv[1]);
	}
	printf("%u starts, %u failed\n", from, failed);
	return 0;
}
