/*
 * Sockets of the benchmarks: addresses as text, listening, connecting.
 * Not here: names to look up; addresses are numbers, so that no benchmark
 * waits for a resolver.
 */
#ifndef BENCH_SOCKETS_H
#define BENCH_SOCKETS_H

#include <sys/types.h>
#include <sys/socket.h>

#include <stdbool.h>

#define PLACE_TEXT_SIZE 128

struct place {
	struct sockaddr_storage addr;
	socklen_t length;
	bool tcp;
};

/* A path has a slash; anything else is IPv4:PORT.  Ends the process if wrong.
 */
void place_parse(struct place *p, const char *text);

void place_text(const struct place *p, char text[PLACE_TEXT_SIZE]);

/*
 * Port 0 becomes a free one below the range that the system gives to clients,
 * where services have theirs; *p then says which.  Non-blocking; ends the
 * process on failure.
 */
int place_listen(struct place *p);

/*
 * Blocks until connected, or for at most so many seconds if not 0; flags is 0
 * or SOCK_NONBLOCK, with which TCP is still connecting.  Returns a descriptor,
 * or -1 and errno.
 */
int place_connect(const struct place *p, int flags, int seconds);

/* As many descriptors as the hard limit allows. */
void raise_descriptor_limit(void);

#endif
