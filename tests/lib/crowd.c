/*
 * Clients that mean no good, in great number; the service that bears them; and
 * one that behaves, whose round trips are timed meanwhile.
 * Not here: what is expected of the relay between them (hostile_test.sh).
 *
 * crowd serve ADDRESS FILE
 *	echo to each client until it shuts down; the address goes to FILE
 * crowd annoy ADDRESS FILE N
 *	a quarter of N connections says nothing, a quarter an octet a second, a
 *	quarter is reset at once, again and again, and a quarter shuts down and
 *	stays; FILE appears when all have come
 * crowd trips ADDRESS N
 *	N octets there and back, one after the other; prints the median and
 *	the longest, in microseconds
 * The first two go on until SIGTERM.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "descriptors.h"
#include "event.h"
#include "peer_files.h"
#include "resolver.h"

/* Milliseconds between two connections that are reset. */
#define RESET_MS 10

/* What a client says that shuts down and stays, so that its service does. */
#define STAYING 'h'

static struct endpoint place;

static void
look_up(const char *text, bool listening)
{
	struct address address;
	struct endpoints e;
	const char *why;
	int status;

	why = address_parse(&address, text);
	if (why == NULL)
		why = resolver_lookup(&address, listening, &e, &status);
	if (why != NULL)
		errx(1, "%s: %s", text, why);
	place = e.list[0];
	free(e.list);
}

static int
join(void)
{
	int fd;

	fd = socket(place.addr.ss_family, SOCK_STREAM, 0);
	if (fd == -1 ||
	    connect(fd, (struct sockaddr *)&place.addr, place.length) == -1)
		err(1, "connect");
	return fd;
}

static int
open_listener(const char *file)
{
	const int on = 1;
	int fd;

	fd = socket(place.addr.ss_family, SOCK_STREAM, 0);
	if (fd == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    bind(fd, (struct sockaddr *)&place.addr, place.length) == -1 ||
	    listen(fd, 4096) == -1 || fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		err(1, "listen");
	peer_save_name(fd, file);
	return fd;
}

struct guest {
	struct event_io io; /* first, so that one is found by the other */
	bool stays;         /* is not closed when it has shut down */
};

static struct event_loop *loop;

static void
dismiss(struct guest *g)
{
	event_io_close(loop, &g->io);
	free(g);
}

static void
on_guest(struct event_io *io, unsigned ready)
{
	char data[4096];
	struct guest *g;
	ssize_t n;

	(void)ready;
	g = (struct guest *)(void *)io;
	n = recv(io->fd, data, sizeof(data), MSG_DONTWAIT);
	if (n == -1 && errno == EAGAIN)
		event_io_drained(io, EVENT_READ);
	else if (n > 0 && send(io->fd, data, (size_t)n, MSG_NOSIGNAL) == n)
		g->stays |= data[0] == STAYING;
	else if (n == 0 && g->stays)
		event_io_disable(loop, io, EVENT_READ);
	else
		dismiss(g);
}

static void
on_arrival(struct event_io *io, unsigned ready)
{
	struct guest *g;
	int fd;

	(void)ready;
	fd = accept(io->fd, NULL, NULL);
	if (fd == -1) {
		event_io_drained(io, EVENT_READ);
		return;
	}
	g = calloc(1, sizeof(*g));
	if (g == NULL)
		err(1, "calloc");
	event_io_init(&g->io, fd, on_guest);
	if (event_io_enable(loop, &g->io, EVENT_READ) == -1)
		err(1, "a guest");
}

static _Noreturn void
serve(const char *file)
{
	struct event_io listener;

	loop = event_loop_create();
	if (loop == NULL)
		err(1, "event loop");
	event_io_init(&listener, open_listener(file), on_arrival);
	if (event_io_enable(loop, &listener, EVENT_READ) == -1 ||
	    event_loop_run(loop) == -1)
		err(1, "event loop");
	exit(0);
}

static void
reset_one(void)
{
	int fd;

	fd = join();
	descriptors_reset(fd);
	close(fd);
}

static void
drip(const int *fds, size_t n)
{
	char answer[64];
	size_t i;

	for (i = 0; i < n; i++) {
		if (send(fds[i], "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == -1 &&
		    errno != EAGAIN)
			err(1, "send");
		(void)!recv(fds[i], answer, sizeof(answer), MSG_DONTWAIT);
	}
}

static _Noreturn void
annoy(const char *file, size_t n)
{
	const struct timespec pause = { .tv_nsec = RESET_MS * 1000000L };
	const char staying = STAYING;
	size_t i, quarter;
	int fd, *slow;

	quarter = n / 4;
	slow = calloc(quarter + 1, sizeof(*slow));
	if (slow == NULL)
		err(1, "calloc");
	for (i = 0; i < quarter; i++) {
		join();
		slow[i] = join();
		reset_one();
		fd = join();
		if (send(fd, &staying, 1, MSG_NOSIGNAL) == -1 ||
		    shutdown(fd, SHUT_WR) == -1)
			err(1, "shutdown");
	}
	drip(slow, quarter);
	peer_touch_file(file);
	for (i = 1;; i++) {
		nanosleep(&pause, NULL);
		reset_one();
		if (i % (1000 / RESET_MS) == 0)
			drip(slow, quarter);
	}
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
microseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
trips(size_t n)
{
	double *times, start;
	size_t i;
	char c;
	int fd;

	times = calloc(n + 1, sizeof(*times));
	if (times == NULL)
		err(1, "calloc");
	fd = join();
	for (i = 0; i < n; i++) {
		start = microseconds();
		if (send(fd, "y", 1, MSG_NOSIGNAL) != 1 ||
		    recv(fd, &c, 1, 0) != 1 || c != 'y')
			err(1, "trip %zu", i);
		times[i] = microseconds() - start;
	}
	qsort(times, n, sizeof(*times), compare);
	printf("%.0f %.0f\n", times[n / 2], times[n - 1]);
	free(times);
	close(fd);
}

int
main(int argc, char *argv[])
{
	if (argc < 4)
		errx(2, "usage: see the top of crowd.c");
	signal(SIGPIPE, SIG_IGN);
	descriptors_raise_limit();
	look_up(argv[2], strcmp(argv[1], "serve") == 0);
	if (strcmp(argv[1], "serve") == 0)
		serve(argv[3]);
	if (strcmp(argv[1], "annoy") == 0 && argc == 5)
		annoy(argv[3], strtoul(argv[4], NULL, 10));
	if (strcmp(argv[1], "trips") != 0)
		errx(2, "usage: see the top of crowd.c");
	alarm(60);
	trips(strtoul(argv[3], NULL, 10));
	return 0;
}
