/*
 * The line that -v shows for each connection.
 * Not here: when it is written, see session.c.
 */
#ifndef CONNECTION_LOG_H
#define CONNECTION_LOG_H

#include <sys/socket.h>

#include <stdint.h>

/*
 * Who the client is: its address, for a Unix socket with its user id.  To be
 * called while it is connected, and freed.  Returns NULL if such lines are
 * not shown, or there is no memory.
 */
char *connection_log_client(
    int fd, const struct sockaddr *peer, socklen_t length);

/*
 * Who, where to, octets each way, how long (milliseconds), how it ended.
 * Writes nothing if client is NULL.
 */
void connection_log_end(const char *client, const char *target, uint64_t up,
    uint64_t down, uint64_t ms, const char *how);

#endif
