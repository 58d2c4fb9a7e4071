/*
 * The walls around the running relay.  Each system has its body:
 * sandbox_linux.c, sandbox_pledge.c, sandbox_capsicum.c, sandbox_chroot.c,
 * sandbox_none.c.
 * Not here: users and groups, see privdrop.h.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "address.h"
#include "endpoint.h"

/* What the relay goes on doing after set-up. */
struct sandbox_needs {
	const struct address *target; /* as on the command line */
	const struct endpoints *endpoints;
	bool any_family; /* the endpoints may become others of IPv4 and IPv6 */
	bool inet;       /* accepts or connects with IPv4 or IPv6 */
	bool local;      /* accepts or connects with Unix sockets */
	bool helped;     /* connect(2) is not called: dialer.h */
	int target_directory; /* its files are connected to, or -1 */
	size_t workers;       /* threads; above 1, sandbox_seal() is due */
	/* Directories in which a file is removed at the end, -1 for none. */
	int directories[2];
	/* The files as paths, NULL for none; a socket's lock is beside it. */
	const char *removed[2];
};

#define SANDBOX_TEXT_SIZE 256

struct sandbox {
	struct sandbox_needs needs;
	char enforced[SANDBOX_TEXT_SIZE]; /* "" for nothing */
	char missing[SANDBOX_TEXT_SIZE];  /* "" for nothing */
	int ruleset;                      /* Linux: of Landlock, or -1 */
	void *filter;                     /* Linux: of libseccomp, or NULL */
	void *seal;                       /* the same, of sandbox_seal() */
	bool seal_missing;                /* Linux: cannot be had */
};

/*
 * Open and compute what is needed to enter, while still privileged.  Returns
 * 0, or -1 and errno.
 */
int sandbox_prepare(struct sandbox *, const struct sandbox_needs *);

/*
 * Enter; there is no way back.  Tells in enforced and missing what holds and
 * what this system lacks.  Returns 0, or -1 and errno when something that it
 * does not lack could not be had.
 */
int sandbox_enter(struct sandbox *);

/*
 * The threads of all workers have been started: permit no others, in any of
 * them.  With one worker, sandbox_enter() has done that.  Returns 0, or -1 and
 * errno.
 */
int sandbox_seal(struct sandbox *);

/*
 * Enter the sandbox of a process that only looks names up and answers on
 * sockets that are open: it may read files and ask the DNS.  Returns 0, or -1
 * and errno; what the system lacks is left out in silence, as sandbox_enter()
 * tells of it.
 */
int sandbox_enter_resolver(void);

/*
 * Enter the sandbox of a process that only connects to these endpoints, or for
 * any_address to their ports: it takes requests and passes sockets on over
 * descriptor 0, holds 1, logs to 2, and has one more at a time.  Returns as
 * sandbox_enter_resolver().
 */
int sandbox_enter_connecting(const struct endpoints *, bool any_address);

/*
 * Take from a socket that another process has connected the rights that no
 * session uses, where descriptors have such.
 */
void sandbox_limit_connection(int fd);

#endif
