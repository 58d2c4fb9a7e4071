/*
 * The sandbox of OpenBSD: unveil(2) and pledge(2).
 */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"

int
sandbox_prepare(struct sandbox *s, const struct sandbox_needs *needs)
{
	*s = (struct sandbox) { .needs = *needs, .ruleset = -1 };
	return 0;
}

static bool
is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* To the directory above it; there is none above "/" and ".". */
static void
go_up(char path[])
{
	char *slash;

	slash = strrchr(path, '/');
	if (slash == NULL)
		strlcpy(path, ".", sizeof("."));
	else
		slash[slash == path ? 1 : 0] = '\0';
}

/*
 * unveil(2) governs connect(2) to a Unix socket too.  Where the directory does
 * not exist yet, it is the nearest that does: the last part of a path may be
 * missing, but is then never taken for a directory.
 */
static int
unveil_target(const char *path)
{
	char nearest[sizeof(((struct address *)0)->path)];

	strlcpy(nearest, path, sizeof(nearest));
	go_up(nearest);
	if (is_directory(nearest))
		return unveil(path, "rw");
	while (!is_directory(nearest) && strcmp(nearest, "/") != 0 &&
	    strcmp(nearest, ".") != 0)
		go_up(nearest);
	return unveil(nearest, "rw");
}

static int
unveil_removed(const char *path)
{
	char lock[1024 + sizeof(".lock")];

	snprintf(lock, sizeof(lock), "%s.lock", path);
	if (unveil(path, "rc") == -1 || unveil(lock, "rc") == -1)
		return -1;
	return 0;
}

static bool
removes(const struct sandbox_needs *needs)
{
	return needs->removed[0] != NULL || needs->removed[1] != NULL;
}

static int
unveil_needs(const struct sandbox_needs *needs)
{
	size_t i;

	if (needs->target->kind == ADDRESS_PATH && !needs->helped &&
	    unveil_target(needs->target->path) == -1)
		return -1;
	for (i = 0; i < 2; i++)
		if (needs->removed[i] != NULL &&
		    unveil_removed(needs->removed[i]) == -1)
			return -1;
	return unveil(NULL, NULL);
}

int
sandbox_enter(struct sandbox *s)
{
	char promises[SANDBOX_TEXT_SIZE];

	snprintf(promises, sizeof(promises), "stdio%s%s%s%s",
	    s->needs.inet ? " inet" : "", s->needs.local ? " unix" : "",
	    s->needs.helped ? " recvfd" : "",
	    removes(&s->needs) ? " rpath cpath" : "");
	snprintf(
	    s->enforced, sizeof(s->enforced), "unveil, pledge %s", promises);
	if (unveil_needs(&s->needs) == -1)
		return -1;
	return pledge(promises, "");
}

/* A thread is no process: "stdio" permits it, and nothing permits fork(2). */
int
sandbox_seal(struct sandbox *s)
{
	(void)s;
	return 0;
}

int
sandbox_enter_resolver(void)
{
	return pledge("stdio dns", "");
}

/* No unveil(2): a target that is a path may not exist yet. */
int
sandbox_enter_connecting(const struct endpoints *endpoints, bool any_address)
{
	(void)any_address;
	return pledge(endpoints->list[0].addr.ss_family == AF_UNIX
	        ? "stdio unix sendfd"
	        : "stdio inet sendfd",
	    "");
}

void
sandbox_limit_connection(int fd)
{
	(void)fd;
}
