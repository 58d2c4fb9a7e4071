/*
 * Listening sockets that a service manager hands over.
 * Not here: accepting on them, see listener.h.
 */
#ifndef ACTIVATION_H
#define ACTIVATION_H

#include <stdbool.h>
#include <stddef.h>

struct activation {
	int *fds; /* malloc(3); non-blocking, close-on-exec */
	size_t n;
};

/*
 * Adopt the sockets of sd_listen_fds(3): LISTEN_FDS descriptors from 3 on, if
 * LISTEN_PID is this process.  The variables are taken out of the environment
 * in any case.  None handed over: n is 0.  Returns NULL, or what is wrong as
 * a whole line ("descriptor 4 is not a listening socket"), and then a code of
 * sysexits(3) in *status.
 */
const char *activation_adopt(struct activation *, int *status);

/*
 * Adopt descriptor 0 as the only socket, as inetd(8) hands it over for a
 * service of type stream that waits.  Descriptors 0, 1 and 2 then are
 * /dev/null.  Returns as activation_adopt().
 */
const char *activation_adopt_inetd(struct activation *, int *status);

/*
 * Whether LISTEN was given on the command line if, and only if, nothing was
 * handed over.  Returns NULL, or what is wrong.
 */
const char *activation_check(const struct activation *, bool has_listen);

#endif
