/*
 * Becoming another user, for good.
 * Not here: what may be done before and after, see main.c.
 */
#ifndef PRIVDROP_H
#define PRIVDROP_H

#include <sys/types.h>

#include "user.h"

struct privdrop {
	struct user user;
	int wanted; /* 0: privdrop_apply() does nothing */
};

/*
 * Look USER[:GROUP] up, NULL for nobody else.  Returns NULL, or what is
 * wrong, and then EX_NOUSER or, when not started as root, EX_NOPERM in
 * *status.
 */
const char *privdrop_look_up(struct privdrop *, const char *spec, int *status);

/*
 * Give up root: supplementary groups, group, user, in that order, and prove
 * that none of it can be undone.  Afterwards the process leaves no core dump
 * and cannot be traced.  Returns 0, or -1 and errno; then the process must
 * end.
 */
int privdrop_apply(const struct privdrop *);

/*
 * Its two parts, for a caller that gives up more in between: the supplementary
 * groups, which stand in a file of the system, and all the rest.
 */
int privdrop_groups(const struct privdrop *);
int privdrop_ids(const struct privdrop *);

#endif
