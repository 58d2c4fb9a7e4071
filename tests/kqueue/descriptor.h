/*
 * What the BSDs' kqueue(2) says of a descriptor, found out from Linux.
 * Not here: when it says so (kqueue.c).
 */
#ifndef DESCRIPTOR_H
#define DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

bool descriptor_is_socket(int fd);

/* Never 0 unless at end of file. */
int64_t descriptor_readable_bytes(int fd, bool eof);

/* Never 0. */
int64_t descriptor_writable_bytes(int fd);

/* Have we shut down the sending side? */
bool descriptor_shut_for_writing(int fd);

#endif
