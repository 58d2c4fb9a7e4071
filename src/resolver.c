/*
 * Name look-ups.
 * Not here: what is done with the addresses.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "resolver.h"

static bool
contains(const struct endpoints *e, const struct addrinfo *ai)
{
	size_t i;

	for (i = 0; i < e->n; i++)
		if (e->list[i].length == ai->ai_addrlen &&
		    memcmp(&e->list[i].addr, ai->ai_addr, ai->ai_addrlen) == 0)
			return true;
	return false;
}

static int
append(struct endpoints *e, const void *addr, socklen_t length)
{
	struct endpoint *list;

	list = reallocarray(e->list, e->n + 1, sizeof(*list));
	if (list == NULL)
		return -1;
	e->list = list;
	memset(&list[e->n], 0, sizeof(list[e->n]));
	memcpy(&list[e->n].addr, addr, length);
	list[e->n].length = length;
	e->n++;
	return 0;
}

/* A file of names may list an address twice. */
static int
append_each(struct endpoints *e, const struct addrinfo *ai)
{
	for (; ai != NULL; ai = ai->ai_next)
		if ((ai->ai_family == AF_INET || ai->ai_family == AF_INET6) &&
		    ai->ai_addrlen <= sizeof(struct sockaddr_storage) &&
		    !contains(e, ai) &&
		    append(e, ai->ai_addr, ai->ai_addrlen) == -1)
			return -1;
	return 0;
}

static int
by_family(const void *a, const void *b)
{
	const struct endpoint *x = a, *y = b;

	return (x->addr.ss_family == AF_INET) - (y->addr.ss_family == AF_INET);
}

static const char *
explain(int error, int *status)
{
	*status = EX_NOHOST;
	if (error == EAI_SERVICE) {
		*status = EX_USAGE;
		return "unknown service";
	}
	if (error == EAI_NONAME)
		return "unknown host";
	if (error == EAI_AGAIN)
		*status = EX_TEMPFAIL;
	else if (error == EAI_SYSTEM || error == EAI_MEMORY)
		*status = EX_OSERR;
	return error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error);
}

/* glibc says EAI_SERVICE for an unknown service, others EAI_NONAME. */
static int
lookup(const char *host, const char *port, int flags, struct addrinfo **list)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *any;
	int error;

	hints.ai_flags = flags;
	error = getaddrinfo(host, port, &hints, list);
	if (error != EAI_NONAME)
		return error;
	hints.ai_flags = AI_PASSIVE;
	if (getaddrinfo(NULL, port, &hints, &any) != 0)
		return EAI_SERVICE;
	freeaddrinfo(any);
	return EAI_NONAME;
}

static const char *
lookup_host(
    const struct address *a, bool listening, struct endpoints *e, int *status)
{
	struct addrinfo *list;
	int error;

	error = lookup(a->host[0] == '\0' ? NULL : a->host, a->port,
	    listening ? AI_PASSIVE : 0, &list);
	if (error != 0)
		return explain(error, status);
	error = append_each(e, list);
	freeaddrinfo(list);
	if (error == -1) {
		*status = EX_OSERR;
		return strerror(errno);
	}
	if (e->n == 0)
		return explain(EAI_NONAME, status);
	if (a->host[0] == '\0')
		qsort(e->list, e->n, sizeof(*e->list), by_family);
	return NULL;
}

/* inet_pton(3) does not know the scope of an IPv6 address; : tells. */
bool
resolver_is_name(const struct address *a)
{
	struct in_addr in;

	return a->kind == ADDRESS_HOST && a->host[0] != '\0' &&
	    strchr(a->host, ':') == NULL &&
	    inet_pton(AF_INET, a->host, &in) != 1;
}

const char *
resolver_lookup(
    const struct address *a, bool listening, struct endpoints *e, int *status)
{
	struct sockaddr_un sun;
	socklen_t length;

	*e = (struct endpoints) { .n = 0 };
	if (a->kind == ADDRESS_HOST)
		return lookup_host(a, listening, e, status);
	length = address_unix(a, &sun);
	if (append(e, &sun, length) == -1) {
		*status = EX_OSERR;
		return strerror(errno);
	}
	return NULL;
}
