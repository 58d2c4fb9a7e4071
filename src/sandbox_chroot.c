/*
 * The sandbox of systems that have chroot(2) and nothing better: no file can
 * be named any more.  What is open stays open, directories too.
 * Not here: the user that it needs, see privdrop.h: root could get out.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "sandbox_note.h"

#ifndef EMPTY_DIRECTORY
#define EMPTY_DIRECTORY "/var/empty"
#endif

static bool
is_empty(const char *path)
{
	const struct dirent *entry;
	bool empty;
	DIR *d;

	d = opendir(path);
	if (d == NULL)
		return false;
	empty = true;
	while (empty && (entry = readdir(d)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0;
	closedir(d);
	return empty;
}

/* And nobody but root can put anything there. */
static bool
is_fit(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == 0 &&
	    (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 && is_empty(path);
}

/* Returns what is missing, or NULL. */
static const char *
obstacle(const struct sandbox_needs *needs)
{
	if (needs->target->kind != ADDRESS_HOST)
		return "chroot (the target is no address)";
	if (geteuid() != 0)
		return "chroot (was not started as root)";
	if (!is_fit(EMPTY_DIRECTORY))
		return "chroot (" EMPTY_DIRECTORY
		       " is no empty directory of root's)";
	return NULL;
}

/* While it is still root's to do. */
int
sandbox_prepare(struct sandbox *s, const struct sandbox_needs *needs)
{
	const char *missing;

	*s = (struct sandbox) { .needs = *needs, .ruleset = -1 };
	missing = obstacle(needs);
	if (missing != NULL)
		sandbox_note(s->missing, missing);
	else if (chdir(EMPTY_DIRECTORY) == -1 || chroot(".") == -1)
		return -1;
	else
		sandbox_note(s->enforced, "chroot " EMPTY_DIRECTORY);
	sandbox_note(s->missing, "limits of system calls");
	sandbox_note(s->missing, "limits of sockets");
	return 0;
}

int
sandbox_enter(struct sandbox *s)
{
	if (s->enforced[0] != '\0' && geteuid() == 0)
		sandbox_note(s->missing, "another user than root (--user)");
	return 0;
}

/* No other process; whoever is root is not held by it. */
int
sandbox_seal(struct sandbox *s)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };

	(void)s;
	return setrlimit(RLIMIT_NPROC, &none);
}

/* It reads files that only a C library knows. */
int
sandbox_enter_resolver(void)
{
	return 0;
}

/* Only where a build asks for such a process. */
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
