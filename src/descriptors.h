/*
 * How many descriptors the process may have.
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

#endif
