/*
 * How many descriptors the process may have, and how one ends in error.
 */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

#include <stddef.h>

/*
 * Raise the soft limit (RLIMIT_NOFILE, setrlimit(2)) to the hard one, which
 * costs nothing and is the administrator's word.  Returns the limit, 0 if it
 * is unknown.
 */
size_t descriptors_raise_limit(void);

/*
 * Closing this socket shall be a reset instead of an end of file, where the
 * protocol has one (SO_LINGER, socket(7)); -1 is left alone.
 */
void descriptors_reset(int fd);

#endif
