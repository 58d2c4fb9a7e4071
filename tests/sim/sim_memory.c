/*
 * malloc(3) and its like: refused at times, and accounted for.
 * Not here: use after free, which the sanitizers find.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "wrap.h"

#define LIVE_MAX 2048

/* Octets at the beginning of each allocation. */
#define SPOILED 4096
#define OFFSETS 256

static struct {
	char *start;
	size_t size;
	uint64_t number;
} live[LIVE_MAX];
static size_t n_live;
static uint64_t numbers;

void
sim_memory_reset(void)
{
	n_live = 0;
	numbers = 0;
}

void
sim_memory_check(void)
{
	if (n_live > 0)
		sim_fail("%zu allocations are left, one of %zu octets", n_live,
		    live[n_live - 1].size);
}

uint64_t
sim_memory_of(const void *address)
{
	const char *a;
	size_t i;

	a = address;
	for (i = n_live; i > 0; i--)
		if (a >= live[i - 1].start &&
		    a < live[i - 1].start + live[i - 1].size)
			return live[i - 1].number;
	return 0;
}

size_t
sim_memory_large(size_t size)
{
	size_t i, n;

	n = 0;
	for (i = 0; i < n_live; i++)
		if (live[i].size >= size)
			n++;
	return n;
}

/*
 * What is not set yet, or freed already, is of no use to anybody: a mixture,
 * so that no flag that is looked at looks right in every world.
 */
static void
spoil(void *start, size_t size)
{
	static unsigned char mixture[SPOILED + OFFSETS];
	uint32_t x;
	size_t i;

	x = 1;
	for (i = 0; i < sizeof(mixture) && mixture[sizeof(mixture) - 1] == 0;
	     i++) {
		x = x * 1664525 + 1013904223;
		mixture[i] = x >> 31 ? 0xdb : 0;
	}
	mixture[sizeof(mixture) - 1] = 0xdb;
	memcpy(start, mixture + sim_seed % OFFSETS,
	    size < SPOILED ? size : SPOILED);
}

static void *
note(void *start, size_t size)
{
	if (start == NULL || n_live == LIVE_MAX)
		sim_fail("out of real memory, or too many allocations");
	live[n_live].start = start;
	live[n_live].size = size;
	live[n_live].number = ++numbers;
	n_live++;
	return start;
}

/* Returns the size that it had. */
static size_t
strike(const void *start)
{
	size_t i, size;

	for (i = n_live; i > 0; i--)
		if (live[i - 1].start == (const char *)start)
			break;
	if (i == 0)
		sim_fail("free() of what is not allocated");
	size = live[i - 1].size;
	live[i - 1] = live[--n_live];
	return size;
}

static bool
refused(size_t size)
{
	/* What is short of one thing is short of others. */
	if (!sim_fault(sim.faults.memory) &&
	    (sim.faults.memory == 0 || sim_now >= sim.drought || !sim_fault(3)))
		return false;
	sim_trace("no memory for %zu octets", size);
	sim_counters[COUNT_NO_MEMORY]++;
	sim.fault_at = sim.waits;
	errno = ENOMEM;
	return true;
}

void *
wrap_malloc(size_t size)
{
	void *start;

	if (refused(size))
		return NULL;
	start = note(real_malloc(size), size);
	spoil(start, size);
	return start;
}

void *
wrap_calloc(size_t n, size_t size)
{
	return refused(n * size) ? NULL : note(real_calloc(n, size), n * size);
}

void *
wrap_aligned_alloc(size_t alignment, size_t size)
{
	void *start;

	if (refused(size))
		return NULL;
	start = note(real_aligned_alloc(alignment, size), size);
	spoil(start, size);
	return start;
}

void *
wrap_reallocarray(void *old, size_t n, size_t size)
{
	size_t kept;
	void *start;

	if (refused(n * size))
		return NULL;
	start = note(real_malloc(n * size), n * size);
	if (old == NULL)
		return start;
	kept = strike(old);
	memcpy(start, old, kept < n * size ? kept : n * size);
	real_free(old);
	return start;
}

void
wrap_free(void *start)
{
	if (start == NULL)
		return;
	spoil(start, strike(start));
	real_free(start);
}
