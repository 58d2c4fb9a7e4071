/*
 * From an address to socket addresses.
 * Not here: parsing, see address.h; the process of its own that looks names
 * up while the relay runs, see resolver_helper.h.
 */
#ifndef RESOLVER_H
#define RESOLVER_H

#include <stdbool.h>

#include "address.h"
#include "endpoint.h"

/* Whether looking it up may ask the DNS: it is a host's name. */
bool resolver_is_name(const struct address *);

/*
 * Look an address up, with getaddrinfo(3) for a host; may take as long as the
 * DNS takes.  For listening, an empty host is every address, IPv6 before
 * IPv4; otherwise it is the loopback.  The caller frees endpoints->list.
 * Returns NULL, or what is wrong, and then a code of sysexits(3) in *status.
 */
const char *resolver_lookup(
    const struct address *, bool listening, struct endpoints *, int *status);

#endif
