/*
 * What the load generator sends: a request, then octets that depend on their
 * position, the direction and the connection, cheap to make and to compare.
 * Not here: sending and receiving.
 */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#define STREAM_CHUNK ((size_t)262144) /* the most that is sent at once */

enum request_kind {
	REQUEST_COPY = 0x6c6f6164, /* read up, then send down, then end */
	REQUEST_ECHO,              /* send all back, the request as well */
	REQUEST_HALF_CLOSE,        /* as COPY, but await the end of up */
};

/* How each connection starts; both ends run on one machine. */
struct request {
	uint64_t kind;
	uint64_t id;       /* of the connection */
	uint64_t up, down; /* octets after the request */
};

enum direction { STREAM_UP, STREAM_DOWN };

/* Once, before the others. */
void stream_init(void);

/* The octets from position on; STREAM_CHUNK of them may be read. */
const unsigned char *stream_at(
    uint64_t id, enum direction direction, uint64_t position);

/* n is at most STREAM_CHUNK. */
bool stream_matches(uint64_t id, enum direction direction, uint64_t position,
    const void *data, size_t n);

#endif
