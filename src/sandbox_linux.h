/*
 * What sandbox_linux.c puts together: Landlock and seccomp.
 * Not here: the order, see sandbox_linux.c.
 */
#ifndef SANDBOX_LINUX_H
#define SANDBOX_LINUX_H

#include "sandbox.h"
#include "sandbox_note.h"

/* landlock(7): as sandbox_prepare() and sandbox_enter(). */
int sandbox_landlock_prepare(struct sandbox *, const struct sandbox_needs *);
int sandbox_landlock_enter(struct sandbox *);

/* Files can be read, TCP goes to the DNS; -1 and errno. */
int sandbox_landlock_enter_resolver(void);

/* No files; TCP goes to the ports of these; -1 and errno. */
int sandbox_landlock_enter_connecting(const struct endpoints *);

/*
 * The calls by which the threads of workers are started, if there are more
 * than one, and what is forbidden when they are.  Both are added to a filter
 * of libseccomp, and return 0 or a negative errno.
 */
int sandbox_threads_rules(void *filter, size_t workers);
int sandbox_threads_seal(void *filter);

/* seccomp(2), by libseccomp: as sandbox_prepare() and sandbox_enter(). */
int sandbox_seccomp_prepare(struct sandbox *, const struct sandbox_needs *);
int sandbox_seccomp_enter(struct sandbox *);

/* A filter more, for every thread: as sandbox_seal(). */
int sandbox_seccomp_seal(struct sandbox *);

/* No programs, processes, tracing, mounts; -1 and errno. */
int sandbox_seccomp_enter_resolver(void);

/* The calls of a process that connects; -1 and errno. */
int sandbox_seccomp_enter_connecting(
    const struct endpoints *, bool any_address);

/*
 * The calls by which a connection to one of these begins.  They are added to a
 * filter of libseccomp; returns 0 or a negative errno.
 */
int sandbox_connect_rules(
    void *filter, const struct endpoints *, bool any_address);

/*
 * Whether the rules fit the calls of this processor: all sockets have system
 * calls of their own, by the same numbers of arguments in the same order.
 */
bool sandbox_seccomp_fits(void);

/* Say which call was forbidden, and end, from now on; -1 and errno. */
int sandbox_seccomp_report(void);

#endif
