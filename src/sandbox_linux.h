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

/* seccomp(2), by libseccomp: as sandbox_prepare() and sandbox_enter(). */
int sandbox_seccomp_prepare(struct sandbox *, const struct sandbox_needs *);
int sandbox_seccomp_enter(struct sandbox *);

/* No programs, processes, tracing, mounts; -1 and errno. */
int sandbox_seccomp_enter_resolver(void);

#endif
