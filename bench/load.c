/*
 * Load generator for one relay, and the server behind it; Linux only, for its
 * epoll.  Every octet is checked.
 * Not here: starting the relay, or what its numbers mean (compare).
 *
 * load serve ADDRESS
 *	print the address, port 0 being a free one outside the range of
 *	clients, and serve until SIGTERM
 * load [-c CONNECTIONS] [-b BYTES] [-m SIZE] [-n COUNT] [-w] MODE ADDRESS
 *	upload, download: BYTES in all, over CONNECTIONS
 *	half-close: as upload, then shut down and read as many back
 *	ping-pong: COUNT messages of SIZE octets and their answers
 *	connect: COUNT connections, CONNECTIONS at once, a message on each
 *	idle: CONNECTIONS, a message on each, held until a line is read
 *	-w: ping-pong says "ready" and waits for a line before it starts, and
 *	for another before it closes
 * load start ADDRESS COMMAND...
 *	seconds from the start of COMMAND to its first octets relayed
 */
#include <sys/types.h>

#include <err.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "load.h"
#include "stream.h"
#include "taskclock.h"

#define WATCHDOG 300 /* seconds */

static const char *const modes[] = {
	[LOAD_UPLOAD] = "upload",
	[LOAD_DOWNLOAD] = "download",
	[LOAD_HALF_CLOSE] = "half-close",
	[LOAD_PING_PONG] = "ping-pong",
	[LOAD_CONNECT] = "connect",
	[LOAD_IDLE] = "idle",
};

static int task_clock = -1; /* of this process, if the system lets us */

static double
read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double
load_clock(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

double
load_cpu(void)
{
	return task_clock == -1 ? read_clock(CLOCK_PROCESS_CPUTIME_ID)
	                        : taskclock_read(task_clock);
}

void
load_print(const char *mode, const struct load_result *result)
{
	printf("{\"mode\": \"%s\", \"bytes\": %" PRIu64
	       ", \"messages\": %" PRIu64 ", \"connections\": %" PRIu64
	       ", \"seconds\": %.6f, \"cpu\": %.6f, \"errors\": %" PRIu64 "}\n",
	    mode, result->bytes, result->messages, result->connections,
	    result->seconds, result->cpu, result->errors);
	fflush(stdout);
}

static void
usage(void)
{
	errx(2, "usage: see the top of load.c");
}

static uint64_t
number(const char *text)
{
	unsigned long long n;
	char *end;

	n = strtoull(text, &end, 10);
	if (end == text || *end != '\0')
		errx(2, "%s: not a number", text);
	return n;
}

static void
serve(const char *address, struct load_result *result)
{
	char text[PLACE_TEXT_SIZE];
	struct place place;
	int listener;

	task_clock = taskclock_open(0);
	place_parse(&place, address);
	listener = place_listen(&place);
	place_text(&place, text);
	printf("%s\n", text);
	fflush(stdout);
	load_serve(listener, result);
	load_print("serve", result);
}

static void
hold(const char *line)
{
	int c;

	if (line != NULL) {
		puts(line);
		fflush(stdout);
	}
	do
		c = getchar();
	while (c != '\n' && c != EOF);
}

static void
run(struct load *l, const char *mode, const char *address,
    struct load_result *result)
{
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(mode, modes[i]) == 0)
			break;
	if (i == sizeof(modes) / sizeof(modes[0]))
		usage();
	l->mode = (enum load_mode)i;
	if (l->together == 0 || l->message < sizeof(struct request))
		errx(2, "a number is too small");
	place_parse(&l->place, address);
	task_clock = taskclock_open(0);
	alarm(WATCHDOG);
	load_open(l, result);
	if (l->mode == LOAD_PING_PONG && l->wait)
		hold("ready");
	load_run();
	load_print(mode, result);
	if (l->mode == LOAD_IDLE || (l->mode == LOAD_PING_PONG && l->wait))
		hold(NULL);
	load_close();
}

int
main(int argc, char *argv[])
{
	struct load l = { .together = 1, .message = 64, .count = 1 };
	struct load_result result = { 0 };
	int c;

	while ((c = getopt(argc, argv, "+b:c:m:n:w")) != -1) {
		if (c == 'b')
			l.bytes = number(optarg);
		else if (c == 'c')
			l.together = number(optarg);
		else if (c == 'm')
			l.message = number(optarg);
		else if (c == 'n')
			l.count = number(optarg);
		else if (c == 'w')
			l.wait = true;
		else
			usage();
	}
	argv += optind;
	if (argv[0] == NULL || argv[1] == NULL)
		usage();
	signal(SIGPIPE, SIG_IGN);
	raise_descriptor_limit();
	stream_init();
	if (strcmp(argv[0], "serve") == 0)
		serve(argv[1], &result);
	else if (strcmp(argv[0], "start") == 0 && argv[2] != NULL) {
		place_parse(&l.place, argv[1]);
		load_start(&l.place, argv + 2, &result);
		load_print("start", &result);
	} else
		run(&l, argv[0], argv[1], &result);
	return result.errors == 0 ? 0 : 1;
}
