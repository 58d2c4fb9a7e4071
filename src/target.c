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
	*t = (struct target) { .endpoints = endpoints, .users = 1 };
	return t;
}

struct target *
target_hold(struct target *t)
{
	t->users++;
	return t;
}

void
target_release(struct target *t)
{
	if (--t->users > 0)
		return;
	free(t->endpoints.list);
	free(t);
}
