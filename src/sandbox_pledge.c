/*
 * The sandbox of OpenBSD: unveil(2) and pledge(2).
 */
#include <sys/socket.h>

#include <string.h>
#include <unistd.h>

#include "sandbox.h"

/* unveil(2) governs connect(2) to a Unix socket too, and asks for "rw". */
int
sandbox_prepare(struct sandbox *s, const struct sandbox_needs *needs)
{
	bool removes;
	size_t i;

	*s = (struct sandbox) { .ruleset = -1 };
	removes = false;
	if (needs->target->kind == ADDRESS_PATH &&
	    unveil(needs->target->path, "rw") == -1)
		return -1;
	for (i = 0; i < 2; i++)
		if (needs->removed[i] != NULL) {
			if (unveil(needs->removed[i], "rc") == -1)
				return -1;
			removes = true;
		}
	if (unveil(NULL, NULL) == -1)
		return -1;
	/* "inet" and "unix" cover accept(2) and connect(2) of their kind. */
	strlcpy(s->enforced, "stdio", sizeof(s->enforced));
	strlcat(s->enforced, " inet", sizeof(s->enforced));
	strlcat(s->enforced, " unix", sizeof(s->enforced));
	if (removes)
		strlcat(s->enforced, " rpath cpath", sizeof(s->enforced));
	return 0;
}

int
sandbox_enter(struct sandbox *s)
{
	char promises[SANDBOX_TEXT_SIZE];

	strlcpy(promises, s->enforced, sizeof(promises));
	strlcpy(s->enforced, "unveil, pledge ", sizeof(s->enforced));
	strlcat(s->enforced, promises, sizeof(s->enforced));
	return pledge(promises, "");
}

int
sandbox_enter_resolver(void)
{
	return pledge("stdio dns", "");
}
