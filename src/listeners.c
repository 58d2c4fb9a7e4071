/*
 * From an address to listening sockets.
 * Not here: what becomes of an accepted connection.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "listeners.h"
#include "log.h"
#include "resolver.h"

/* Ports picked by the system, until one is free on every address. */
#define PORT_TRIES 32

static const char *
allocate(struct listeners *ls, size_t n, int *status)
{
	*ls = (struct listeners) { .list = calloc(n, sizeof(*ls->list)) };
	if (ls->list != NULL)
		return NULL;
	*status = EX_OSERR;
	return strerror(errno);
}

static const char *
open_unix(struct listeners *ls, const struct address *address,
    const struct socket_file_access *access, int backlog, int *status)
{
	const char *why;

	why = allocate(ls, 1, status);
	if (why != NULL)
		return why;
	why =
	    listener_open_unix(&ls->list[0], address, access, backlog, status);
	if (why == NULL)
		ls->n = 1;
	return why;
}

static in_port_t *
port_of(struct endpoint *e)
{
	if (e->addr.ss_family == AF_INET6)
		return &((struct sockaddr_in6 *)&e->addr)->sin6_port;
	return &((struct sockaddr_in *)&e->addr)->sin_port;
}

/*
 * An address that this machine lacks, such as ::1 without IPv6, does not
 * matter if the name has others.  For port 0, all get the one given, or else
 * the one that the first gets.  Returns 0 or an errno.
 */
static int
open_each(struct listeners *ls, const struct endpoints *all, int backlog,
    in_port_t port)
{
	struct endpoint e;
	int missing;
	size_t i;

	missing = EADDRNOTAVAIL;
	for (i = 0; i < all->n; i++) {
		e = all->list[i];
		if (*port_of(&e) == 0)
			*port_of(&e) = port;
		if (listener_open_tcp(&ls->list[ls->n], &e, backlog) == 0) {
			port = *port_of(&e);
			ls->n++;
		} else if (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT)
			missing = errno;
		else
			return errno;
	}
	return ls->n > 0 ? 0 : missing;
}

/* A port that is free on this address, or 0. */
static in_port_t
find_port(const struct endpoint *address)
{
	struct endpoint e;
	struct listener l;

	e = *address;
	if (listener_open_tcp(&l, &e, 1) == -1)
		return 0;
	listener_close(&l);
	return *port_of(&e);
}

static int
status_of(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return EX_NOPERM;
	case EADDRINUSE:
	case EADDRNOTAVAIL:
		return EX_UNAVAILABLE;
	default:
		return EX_OSERR;
	}
}

static const char *
open_tcp(struct listeners *ls, struct endpoints *all, int backlog, int *status)
{
	const char *why;
	in_port_t port;
	int error, tries;

	why = allocate(ls, all->n, status);
	if (why != NULL)
		return why;
	error = open_each(ls, all, backlog, 0);
	/* Somebody has the port that was picked on another address. */
	for (tries = 1; error == EADDRINUSE && tries < PORT_TRIES &&
	     *port_of(&all->list[0]) == 0;
	     tries++) {
		port = ls->n > 0 ? find_port(&all->list[ls->n]) : 0;
		while (ls->n > 0)
			listener_close(&ls->list[--ls->n]);
		error = open_each(ls, all, backlog, port);
	}
	if (error == 0)
		return NULL;
	*status = status_of(error);
	return error == EADDRINUSE ? "in use" : strerror(error);
}

const char *
listeners_open(struct listeners *ls, const struct address *address,
    const struct socket_file_access *access, int backlog, int *status)
{
	struct endpoints all;
	const char *why;

	*ls = (struct listeners) { .n = 0 };
	if (address->kind == ADDRESS_HOST) {
		why = resolver_lookup(address, true, &all, status);
		if (why != NULL)
			return why;
		why = open_tcp(ls, &all, backlog, status);
		free(all.list);
	} else
		why = open_unix(ls, address, access, backlog, status);
	if (why != NULL)
		listeners_close(ls);
	return why;
}

int
listeners_adopt(struct listeners *ls, const int fds[], size_t n)
{
	int status;

	if (allocate(ls, n, &status) != NULL)
		return -1;
	for (; ls->n < n; ls->n++)
		listener_adopt(&ls->list[ls->n], fds[ls->n]);
	return 0;
}

int
listeners_share(struct listeners *ls, const struct listeners *first)
{
	int status;

	if (allocate(ls, first->n, &status) != NULL)
		return -1;
	for (; ls->n < first->n; ls->n++)
		if (listener_share(&ls->list[ls->n], &first->list[ls->n]) == -1)
			return -1;
	return 0;
}

int
listeners_start(struct listeners *ls, struct event_loop *loop,
    void (*on_accept)(
        struct listener *, int, const struct sockaddr *, socklen_t),
    void *arg)
{
	struct listener *l;
	size_t i;

	for (i = 0; i < ls->n; i++) {
		l = &ls->list[i];
		l->on_accept = on_accept;
		l->arg = arg;
		if (listener_start(l, loop) == -1)
			return -1;
	}
	return 0;
}

void
listeners_tell(const struct listeners *ls)
{
	char text[ADDRESS_TEXT_SIZE];
	size_t i;

	for (i = 0; i < ls->n; i++)
		log_write(LOG_NOTICE, "listening on %s",
		    listener_text(&ls->list[i], text));
}

void
listeners_pause(struct listeners *ls)
{
	size_t i;

	for (i = 0; i < ls->n; i++)
		listener_pause(&ls->list[i]);
}

void
listeners_resume(struct listeners *ls)
{
	size_t i;

	for (i = 0; i < ls->n; i++)
		listener_resume(&ls->list[i]);
}

void
listeners_renew(struct listeners *ls)
{
	size_t i;

	for (i = 0; i < ls->n; i++)
		listener_renew(&ls->list[i]);
}

void
listeners_sweep(struct listeners *ls)
{
	size_t i;

	for (i = 0; i < ls->n; i++)
		listener_sweep(&ls->list[i]);
}

bool
listeners_have(const struct listeners *ls, bool local)
{
	size_t i;

	for (i = 0; i < ls->n; i++)
		if (ls->list[i].local == local)
			return true;
	return false;
}

bool
listeners_plain(const struct listeners *ls)
{
	size_t i;

	for (i = 0; i < ls->n; i++)
		if (!ls->list[i].plain)
			return false;
	return true;
}

int
listeners_directory(const struct listeners *ls)
{
	return ls->list[0].file.directory;
}

void
listeners_close(struct listeners *ls)
{
	char text[ADDRESS_TEXT_SIZE];

	while (ls->n > 0) {
		ls->n--;
		listener_text(&ls->list[ls->n], text);
		if (listener_close(&ls->list[ls->n]) == -1)
			log_write(LOG_INFO, "%s: not removed: %s", text,
			    strerror(errno));
	}
	free(ls->list);
	ls->list = NULL;
}
