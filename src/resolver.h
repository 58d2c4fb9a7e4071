/*
 * From an address to socket addresses.
 * Not here: parsing, see address.h.
 */
#ifndef RESOLVER_H
#define RESOLVER_H

#include <stdbool.h>

#include "address.h"
#include "endpoint.h"

/*
 * Look an address up, with getaddrinfo(3) for a host; may take as long as the
 * DNS takes, so only for set-up.  For listening, an empty host is every
 * address, IPv6 before IPv4; otherwise it is the loopback.  The caller frees
 * endpoints->list.  Returns NULL, or what is wrong, and then a code of
 * sysexits(3) in *status.
 */
const char *resolver_lookup(
    const struct address *, bool listening, struct endpoints *, int *status);

#endif
