/*
 * What sandbox_linux.c puts together: Landlock and seccomp.
 * Not here: the order, see sandbox_linux.c.
 */
#ifndef SANDBOX_LINUX_H
#define SANDBOX_LINUX_H

#include "sandbox.h"

/* Append to enforced or missing, with a comma between two. */
void sandbox_note(char text[SANDBOX_TEXT_SIZE], const char *item);

/* landlock(7): as sandbox_prepare() and sandbox_enter(). */
int sandbox_landlock_prepare(struct sandbox *, const struct sandbox_needs *);
int sandbox_landlock_enter(struct sandbox *);

/* Files can be read, TCP goes to the DNS; -1 and errno. */
int sandbox_landlock_enter_resolver(void);

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

#endif
