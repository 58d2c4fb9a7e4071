/*
 * Runs worlds: one for each seed, or one seed again with all that happens in
 * it.
 * Not here: any world, see sim_world.c.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim.h"

/* With so many worlds, everything has been come across. */
#define ENOUGH 5000

static char **arguments;

static void
usage(void)
{
	fprintf(stderr,
	    "usage: %s [--first N] [--worlds N] [--sessions N] [--quiet]\n"
	    "       %s --seed N [--trace]\n",
	    arguments[0], arguments[0]);
	exit(64);
}

/* The same world again, for its last lines. */
static void
run_again(void)
{
	char seed[32];
	char *again[] = { arguments[0], (char[]) { "--seed" }, seed,
		(char[]) { "--tail" }, NULL };

	if (sim_tracing != SIM_TRACE_OFF)
		_exit(1);
	snprintf(seed, sizeof(seed), "%" PRIu64, sim_seed);
	execv("/proc/self/exe", again);
	_exit(1);
}

static bool
show_counters(bool complete, bool quiet)
{
	static const struct {
		enum sim_counter counter;
		const char *text;
	} names[] = {
#define NAME(name, text) { COUNT_##name, text },
		SIM_COUNTERS(NAME) SIM_SPLICE_COUNTERS(NAME)
	};
	bool all;
	size_t i, n;

	all = true;
	n = sizeof(names) / sizeof(names[0]);
	for (i = 0; i < n; i++) {
		if (names[i].counter >= COUNT_BYTES_SPLICED &&
		    sim_counters[COUNT_BYTES_SPLICED] == 0)
			break;
		if (!quiet)
			printf("%12" PRIu64 "  %s\n",
			    sim_counters[names[i].counter], names[i].text);
		if (sim_counters[names[i].counter] > 0 || !complete)
			continue;
		printf("never came across: %s\n", names[i].text);
		all = false;
	}
	return all;
}

static double
seconds(void)
{
	struct timespec ts;

	if (timespec_get(&ts, TIME_UTC) == 0)
		return 0;
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int
run_many(uint64_t first, uint64_t worlds, uint64_t sessions, bool quiet)
{
	double start;
	uint64_t n;

	start = seconds();
	for (n = 0; n < worlds && sim_counters[COUNT_SESSIONS] < sessions;
	     n++) {
		sim_choice_seed(first + n);
		sim_world_run();
	}
	if (!show_counters(n >= ENOUGH, quiet))
		return 1;
	printf("%" PRIu64 " worlds, %" PRIu64 " sessions, %.1f s\n", n,
	    sim_counters[COUNT_SESSIONS], seconds() - start);
	return 0;
}

static uint64_t
number(const char *text)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || end == text)
		usage();
	return n;
}

int
main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "first", required_argument, NULL, 'f' },
		{ "worlds", required_argument, NULL, 'w' },
		{ "sessions", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "trace", no_argument, NULL, 't' },
		{ "tail", no_argument, NULL, 'l' },
		{ "quiet", no_argument, NULL, 'q' },
		{ NULL, 0, NULL, 0 },
	};
	uint64_t first = 1, worlds = UINT64_MAX, sessions = 10000;
	bool quiet = false;
	int option;

	arguments = argv;
	/* No page faults for each of the relay's large buffers. */
#ifdef M_TRIM_THRESHOLD /* glibc */
	mallopt(M_MMAP_THRESHOLD, 1 << 30);
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
#endif
	sim_on_failure = run_again;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		switch (option) {
		case 'f':
			first = number(optarg);
			break;
		case 'w':
			worlds = number(optarg);
			sessions = UINT64_MAX;
			break;
		case 'n':
			sessions = number(optarg);
			break;
		case 's':
			first = number(optarg);
			worlds = 1;
			break;
		case 't':
			sim_tracing = SIM_TRACE_ALL;
			break;
		case 'l':
			sim_tracing = SIM_TRACE_TAIL;
			break;
		case 'q':
			quiet = true;
			break;
		default:
			usage();
		}
	if (argc > optind)
		usage();
	return run_many(first, worlds, sessions, quiet);
}
