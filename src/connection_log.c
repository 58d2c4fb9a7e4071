/*
 * A line about one connection.
 * Not here: where it goes, see log.c.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "connection_log.h"
#include "log.h"

struct connection_log {
	uint64_t started; /* monotonic milliseconds */
	char client[];
};

/* Room for " (uid 4294967295)". */
#define CLIENT_SIZE (ADDRESS_TEXT_SIZE + 32)

struct connection_log *
connection_log_begin(
    int fd, const struct sockaddr *peer, socklen_t length, uint64_t now)
{
	char text[CLIENT_SIZE];
	struct connection_log *log;
	size_t n;
	uid_t uid;
	gid_t gid;

	address_socket_text(peer, length, text);
	n = strlen(text);
	if (peer->sa_family == AF_UNIX && getpeereid(fd, &uid, &gid) == 0)
		snprintf(text + n, sizeof(text) - n, " (uid %lu)",
		    (unsigned long)uid);
	n = strlen(text) + 1;
	log = malloc(sizeof(*log) + n);
	if (log == NULL)
		return NULL;
	log->started = now;
	memcpy(log->client, text, n);
	return log;
}

void
connection_log_end(struct connection_log *log, const char *target, uint64_t up,
    uint64_t down, uint64_t now, const char *how)
{
	uint64_t ms;

	/* Another thread may have begun it; its clock was read later. */
	ms = now > log->started ? now - log->started : 0;
	log_write(LOG_INFO,
	    "%s to %s: %" PRIu64 " bytes to target, %" PRIu64
	    " bytes to client, %" PRIu64 ".%03u s: %s",
	    log->client, target, up, down, ms / 1000, (unsigned)(ms % 1000),
	    how);
	free(log);
}

void
connection_log_drop(struct connection_log *log)
{
	free(log);
}
