/*
 * Where choices come from, and what is told of them: trace, counters, and
 * the end of a run that failed.
 * Not here: what is chosen.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"

#define TAIL 80
#define LINE 160

enum sim_tracing sim_tracing;
uint64_t sim_seed;
void (*sim_on_failure)(void);
uint64_t sim_counters[COUNTERS];

static uint64_t state;
static const uint8_t *input;
static size_t input_left;
static char tail[TAIL][LINE];
static unsigned tail_next;

void
sim_choice_seed(uint64_t seed)
{
	sim_seed = state = seed;
	input = NULL;
	tail_next = 0;
}

void
sim_choice_input(const uint8_t *bytes, size_t length)
{
	sim_choice_seed(length);
	input = bytes;
	input_left = length;
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t
next_number(void)
{
	uint64_t z;

	state += UINT64_C(0x9e3779b97f4a7c15);
	z = state;
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* A schedule that is used up goes on by its length. */
static uint64_t
next_of_input(unsigned n)
{
	uint64_t number;
	unsigned range;

	number = 0;
	for (range = n - 1; range > 0; range >>= 8) {
		if (input_left == 0)
			return next_number();
		number = number << 8 | *input++;
		input_left--;
	}
	return number;
}

unsigned
sim_pick(unsigned n)
{
	uint64_t number;

	number = input == NULL ? next_number() >> 32 : next_of_input(n);
	return (unsigned)(number % n);
}

bool
sim_chance(unsigned n)
{
	return n != 0 && sim_pick(n) == 0;
}

size_t
sim_size(size_t max)
{
	unsigned bits;

	switch (sim_pick(8)) {
	case 0:
		return max;
	case 1:
		return max > 0 ? 1 : 0;
	case 2:
		return sim_pick((unsigned)(max < 64 ? max : 64) + 1);
	default:
		for (bits = 0; bits < 31 && max >> bits > 1; bits++)
			continue;
		bits = sim_pick(bits + 1);
		max = max >> bits;
		return sim_pick((unsigned)max + 1);
	}
}

void
sim_trace(const char *fmt, ...)
{
	char *line;
	va_list ap;

	if (sim_tracing == SIM_TRACE_OFF)
		return;
	line = tail[tail_next++ % TAIL];
	va_start(ap, fmt);
	vsnprintf(line, LINE, fmt, ap);
	va_end(ap);
	if (sim_tracing == SIM_TRACE_ALL)
		printf("%8llu ms  %s\n", (unsigned long long)sim_now, line);
}

static void
show_tail(void)
{
	unsigned i;

	for (i = tail_next > TAIL ? tail_next - TAIL : 0; i < tail_next; i++)
		printf("  %s\n", tail[i % TAIL]);
}

void
sim_fail(const char *fmt, ...)
{
	va_list ap;

	if (sim_tracing == SIM_TRACE_TAIL)
		show_tail();
	printf("seed %llu, step %llu, %llu ms: ", (unsigned long long)sim_seed,
	    (unsigned long long)sim.steps, (unsigned long long)sim_now);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	if (sim_on_failure != NULL)
		sim_on_failure();
	_Exit(1);
}
