/*
 * The octets of a stream: one block of noise, repeated.
 * Not here: sending and receiving.
 */
#include <sys/types.h>

#include <string.h>

#include "stream.h"

/*
 * A prime just above a power of two: what is lost, doubled or exchanged by
 * the buffers of a relay, whose sizes are powers of two, does not match.
 */
#define PERIOD 65537

static unsigned char noise[PERIOD + STREAM_CHUNK];

void
stream_init(void)
{
	uint32_t x;
	size_t i;

	x = 2463534242; /* xorshift32 of Marsaglia, and its seed */
	for (i = 0; i < PERIOD; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		noise[i] = (unsigned char)(x >> 24);
	}
	for (i = PERIOD; i < sizeof(noise); i++)
		noise[i] = noise[i - PERIOD];
}

const unsigned char *
stream_at(uint64_t id, enum direction direction, uint64_t position)
{
	return noise +
	    (position + id * 7919 + (uint64_t)direction * 31337) % PERIOD;
}

bool
stream_matches(uint64_t id, enum direction direction, uint64_t position,
    const void *data, size_t n)
{
	return memcmp(stream_at(id, direction, position), data, n) == 0;
}
