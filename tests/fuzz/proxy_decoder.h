/*
 * A strict decoder of PROXY headers, from HAProxy's proxy-protocol.txt.
 * Not here: anything of src/proxy_header.c, which it is to check.
 */
#ifndef PROXY_DECODER_H
#define PROXY_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum proxy_family {
	PROXY_NOTHING, /* UNKNOWN, LOCAL */
	PROXY_TCP4,
	PROXY_TCP6,
	PROXY_UNIX,
};

/* One side; octets that the family does not have are 0. */
struct proxy_side {
	enum proxy_family family;
	uint8_t address[108];
	unsigned port;
};

/* Whether the octets are one header and nothing more. */
bool proxy_decode_v1(const uint8_t *header, size_t n, struct proxy_side *source,
    struct proxy_side *target);
bool proxy_decode_v2(const uint8_t *header, size_t n, struct proxy_side *source,
    struct proxy_side *target);

#endif
