/*
 * The sandbox of systems that have none which this program can use yet.
 */
#include <string.h>

#include "sandbox.h"

int
sandbox_prepare(struct sandbox *s, const struct sandbox_needs *needs)
{
	*s = (struct sandbox) { .needs = *needs, .ruleset = -1 };
	strlcpy(s->missing, "any sandbox", sizeof(s->missing));
	return 0;
}

int
sandbox_enter_resolver(void)
{
	return 0;
}

int
sandbox_enter_connecting(const struct endpoints *endpoints, bool any_address)
{
	(void)endpoints;
	(void)any_address;
	return 0;
}

void
sandbox_limit_connection(int fd)
{
	(void)fd;
}

int
sandbox_seal(struct sandbox *s)
{
	(void)s;
	return 0;
}

int
sandbox_enter(struct sandbox *s)
{
	(void)s;
	return 0;
}
