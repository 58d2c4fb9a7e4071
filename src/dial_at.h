/*
 * Connecting to a socket file by its directory's descriptor, which a process
 * in capability mode may do; for systems with connectat(2).  Each kind has its
 * body, chosen by make: dial_at_capsicum.c, dial_at_none.c.
 * Not here: when, see dialer_helper.c.
 */
#ifndef DIAL_AT_H
#define DIAL_AT_H

#include "address.h"
#include "endpoint.h"

/*
 * Open the directory of a target that is a path.  Returns its descriptor,
 * close-on-exec; or -1 if the system cannot do it, the target is no path, its
 * directory cannot be opened, or the path is a symbolic link, which may lead
 * out of the directory.
 */
int dial_at_open(const struct address *target);

/*
 * As dial(), for the endpoint that has that path.  ESTALE: the directory is
 * no longer there, and if there is one of that name, it is another.
 */
int dial_at(int directory, const struct endpoint *, int *fd);

#endif
