/*
 * The line that -v shows for each connection.
 * Not here: when it is written, see session.c.
 */
#ifndef CONNECTION_LOG_H
#define CONNECTION_LOG_H

#include <sys/socket.h>

#include <stdint.h>

struct connection_log;

/*
 * A connection begins: who the client is (its address, for a Unix socket with
 * its user id) and now, in milliseconds of event_now().  To be called while it
 * is connected.  Returns NULL if there is no memory.  It ends by one of the
 * other two.
 */
struct connection_log *connection_log_begin(
    int fd, const struct sockaddr *peer, socklen_t length, uint64_t now);

/* Who, where to, octets each way, how long, how it ended; of one, not NULL. */
void connection_log_end(struct connection_log *, const char *target,
    uint64_t up, uint64_t down, uint64_t now, const char *how);

/* Without a line; NULL is none. */
void connection_log_drop(struct connection_log *);

#endif
