/*
 * What channel.c has read by channel_fill.c.
 * Not here: what others use, see channel.h.
 */
#ifndef CHANNEL_FILL_H
#define CHANNEL_FILL_H

#include <sys/types.h>

#include "channel.h"

/*
 * Read once from a source that is readable, into a buffer or a pipe that is
 * borrowed if there is something.  Returns the number of octets, 0 at the end
 * of file, or -1 and errno as recv(2) or ENOMEM.
 */
ssize_t channel_fill(struct channel *, const struct channel_ends *);

/* Copy in large pieces from now on. */
void channel_copy(struct channel *);

#endif
