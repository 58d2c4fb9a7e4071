/*
 * The answer of the resolver process, as src/resolver_helper.c lays it out,
 * and what is a sound one.
 * Not here: either side of it.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sysexits.h>

#include "endpoint.h"

#define ANSWER_MOST 16

struct answer {
	int status;
	char why[128];
	size_t n;
	struct endpoint list[ANSWER_MOST];
};

static inline bool
answer_has_failure(const struct answer *a)
{
	return a->status >= EX__BASE && a->status <= EX__MAX && a->n == 0 &&
	    memchr(a->why, '\0', sizeof(a->why)) != NULL;
}

static inline bool
answer_has_addresses(const struct answer *a)
{
	size_t i;

	if (a->status != 0 || a->n == 0 || a->n > ANSWER_MOST ||
	    memchr(a->why, '\0', sizeof(a->why)) == NULL)
		return false;
	for (i = 0; i < a->n; i++) {
		const struct endpoint *e = &a->list[i];

		if (!(e->addr.ss_family == AF_INET &&
		        e->length == sizeof(struct sockaddr_in)) &&
		    !(e->addr.ss_family == AF_INET6 &&
		        e->length == sizeof(struct sockaddr_in6)))
			return false;
	}
	return true;
}

#endif
