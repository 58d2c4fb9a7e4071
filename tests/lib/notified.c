/*
 * A service manager that is notified: it binds a datagram socket, becomes the
 * command, and leaves a process behind that writes down what comes.
 * Not here: what should come (notify_test.sh).
 *
 * notified [-w USEC] SOCKET FILE COMMAND...
 *	-w USEC	set WATCHDOG_USEC
 * SOCKET is an absolute path or @NAME.  FILE gets a line for each line of a
 * message: milliseconds since the start, and the line.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <err.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int
open_socket(const char *name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	socklen_t length;
	int fd;

	if (strlen(name) >= sizeof(sun.sun_path))
		errx(1, "%s: too long", name);
	memcpy(sun.sun_path, name, strlen(name));
	length = sizeof(sun);
	if (*name == '@') {
		sun.sun_path[0] = '\0';
		length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
		    strlen(name));
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1 || bind(fd, (struct sockaddr *)&sun, length) == -1)
		err(1, "%s", name);
	return fd;
}

static long long
milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void
note(FILE *f, char *message, long long ms)
{
	const char *text;

	while ((text = strsep(&message, "\n")) != NULL)
		if (*text != '\0')
			fprintf(f, "%lld %s\n", ms, text);
	if (fflush(f) != 0)
		err(1, "fflush");
}

/* Until the command has ended and closed its end of the pipe. */
static void
record(int fd, int command, const char *path)
{
	struct pollfd p[2] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = command, .events = POLLIN },
	};
	char message[4096];
	long long start;
	ssize_t n;
	FILE *f;

	f = fopen(path, "w");
	if (f == NULL)
		err(1, "%s", path);
	start = milliseconds();
	while (poll(p, 2, -1) > 0) {
		if (p[0].revents == 0)
			break;
		n = recv(fd, message, sizeof(message) - 1, 0);
		if (n == -1)
			err(1, "recv");
		message[n] = '\0';
		note(f, message, milliseconds() - start);
	}
	fclose(f);
}

int
main(int argc, char *argv[])
{
	int c, fd, ends[2];
	pid_t recorder;

	while ((c = getopt(argc, argv, "+w:")) != -1) {
		if (c != 'w')
			return 2;
		setenv("WATCHDOG_USEC", optarg, 1);
	}
	argc -= optind;
	argv += optind;
	if (argc < 3)
		errx(2, "usage: see the top of notified.c");
	fd = open_socket(argv[0]);
	if (pipe(ends) == -1)
		err(1, "pipe");
	recorder = fork();
	if (recorder == -1)
		err(1, "fork");
	if (recorder == 0) {
		close(ends[1]);
		record(fd, ends[0], argv[1]);
		return 0;
	}
	close(ends[0]);
	setenv("NOTIFY_SOCKET", argv[0], 1);
	execvp(argv[2], argv + 2);
	err(127, "%s", argv[2]);
}
