/*
 * The load generator's parts.
 * Not here: sockets (sockets.h), octets (stream.h).
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "sockets.h"

enum load_mode {
	LOAD_UPLOAD,
	LOAD_DOWNLOAD,
	LOAD_HALF_CLOSE,
	LOAD_PING_PONG,
	LOAD_CONNECT,
	LOAD_IDLE,
};

struct load {
	enum load_mode mode;
	struct place place;
	uint64_t together; /* connections at once */
	uint64_t bytes;    /* to move in all, of LOAD_HALF_CLOSE each way */
	uint64_t message;  /* octets of a message, at least a request */
	uint64_t count;    /* round trips, or of LOAD_CONNECT connections */
	bool wait;         /* for a line before the round trips and the end */
};

struct load_result {
	uint64_t bytes, messages, connections, errors;
	double seconds, cpu;
};

/*
 * As a client: open what ping-pong and idle need, with a message on each
 * connection; do the rest; close.  All add to *result, errors too.
 */
void load_open(const struct load *l, struct load_result *result);
void load_run(void);
void load_close(void);

/* As the server, until SIGTERM. */
void load_serve(int listener, struct load_result *result);

/* Run a command, and find out when it has relayed its first octets. */
void load_start(
    const struct place *place, char *command[], struct load_result *result);

/* One line of JSON. */
void load_print(const char *mode, const struct load_result *result);

double load_clock(void);
double load_cpu(void); /* seconds, of this process */

#endif
