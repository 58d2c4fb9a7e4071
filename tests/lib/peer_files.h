/*
 * Files by which the peers of a test wait for each other, and tell the test
 * what they saw.  All exit with a message when something fails.
 * Not here: what is checked on the spot, see peer_actions.h.
 */
#ifndef PEER_FILES_H
#define PEER_FILES_H

#include <stdint.h>

/* Wait until the file exists. */
void peer_await_file(const char *path);

/* Make it. */
void peer_touch_file(const char *path);

/* Receive a line, and write it to the file. */
void peer_save_line(int fd, const char *path);

/*
 * Receive n octets, fewer at end of file, and write them; argument is "N:FILE",
 * as the action has it.
 */
void peer_save(int fd, uint64_t n, const char *argument);

/* Write the own address.  The file is there only when it is whole. */
void peer_save_name(int fd, const char *path);

#endif
