/*
 * A line about one connection.
 * Not here: where it goes, see log.c.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "connection_log.h"
#include "log.h"

char *
connection_log_client(int fd, const struct sockaddr *peer, socklen_t length)
{
	char text[ADDRESS_TEXT_SIZE], *who;
	uid_t uid;
	gid_t gid;

	if (!log_enabled(LOG_INFO))
		return NULL;
	address_socket_text(peer, length, text);
	if (peer->sa_family != AF_UNIX || getpeereid(fd, &uid, &gid) == -1)
		return strdup(text);
	if (asprintf(&who, "%s (uid %lu)", text, (unsigned long)uid) == -1)
		return NULL;
	return who;
}

void
connection_log_end(const char *client, const char *target, uint64_t up,
    uint64_t down, uint64_t ms, const char *how)
{
	if (client == NULL)
		return;
	log_write(LOG_INFO,
	    "%s to %s: %" PRIu64 " bytes to target, %" PRIu64
	    " bytes to client, %" PRIu64 ".%03u s: %s",
	    client, target, up, down, ms / 1000, (unsigned)(ms % 1000), how);
}
