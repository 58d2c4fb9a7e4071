/*
 * The streams that peers send: one a seed, without a period that matters.
 * Not here: how much of them was sent, who compares them (peer_actions.c).
 */
#ifndef STREAM_H
#define STREAM_H

#include <stddef.h>
#include <stdint.h>

/* splitmix64: any octet of the stream can be computed by itself. */
static inline unsigned char
stream_octet(uint64_t seed, uint64_t position)
{
	uint64_t z;

	z = (seed + position / 8) * UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (unsigned char)((z ^ (z >> 31)) >> (position % 8 * 8));
}

static inline void
stream_generate(unsigned char *data, size_t n, uint64_t seed, uint64_t position)
{
	size_t i;

	for (i = 0; i < n; i++)
		data[i] = stream_octet(seed, position + i);
}

#endif
