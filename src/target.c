/*
 * Counting the users of a list of addresses.
 */
#include <stdlib.h>

#include "target.h"

struct target *
target_create(struct endpoints endpoints)
{
	struct target *t;

	t = malloc(sizeof(*t));
	if (t == NULL) {
		free(endpoints.list);
		return NULL;
	}
	t->endpoints = endpoints;
	atomic_init(&t->users, 1);
	return t;
}

struct target *
target_hold(struct target *t)
{
	atomic_fetch_add(&t->users, 1);
	return t;
}

void
target_release(struct target *t)
{
	if (atomic_fetch_sub(&t->users, 1) > 1)
		return;
	free(t->endpoints.list);
	free(t);
}
