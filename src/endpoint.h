/*
 * Socket addresses that belong to one struct address.
 * Not here: how they are found, see resolver.h.
 */
#ifndef ENDPOINT_H
#define ENDPOINT_H

#include <sys/types.h>
#include <sys/socket.h>

#include <stddef.h>

struct endpoint {
	struct sockaddr_storage addr;
	socklen_t length;
};

/* In the order in which they are to be tried. */
struct endpoints {
	struct endpoint *list; /* malloc(3) */
	size_t n;
};

#endif
