/*
 * Files by which the peers of a test wait for each other.
 * Not here: connections, see peer_actions.h.
 */
#ifndef PEER_FILES_H
#define PEER_FILES_H

/* Wait until the file exists. */
void peer_await_file(const char *path);

/* Make it, or exit with a message. */
void peer_touch_file(const char *path);

#endif
