/*
 * USER[:GROUP] to numbers.
 * Not here: becoming that user.
 */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "user.h"

/* -1 is no id: chown(2) takes it as "unchanged". */
static int
parse_id(const char *text, unsigned *id)
{
	const char *bad;
	long long n;

	if (text[strspn(text, "0123456789")] != '\0')
		return -1;
	n = strtonum(text, 0, UINT_MAX - 1, &bad);
	if (bad != NULL)
		return -1;
	*id = (unsigned)n;
	return 0;
}

static const char *
lookup_user(const char *name, struct user *u)
{
	const struct passwd *pw;
	unsigned id;

	*u = (struct user) { .gid = (gid_t)-1 };
	pw = getpwnam(name);
	if (pw == NULL && parse_id(name, &id) == 0) {
		u->uid = (uid_t)id;
		pw = getpwuid(u->uid);
		if (pw == NULL)
			return NULL;
	}
	if (pw == NULL)
		return "no such user";
	u->uid = pw->pw_uid;
	u->gid = pw->pw_gid;
	strlcpy(u->name, pw->pw_name, sizeof(u->name));
	return NULL;
}

static const char *
lookup_group(const char *name, gid_t *gid)
{
	const struct group *gr;
	unsigned id;

	gr = getgrnam(name);
	if (gr != NULL)
		*gid = gr->gr_gid;
	else if (parse_id(name, &id) == 0)
		*gid = (gid_t)id;
	else
		return "no such group";
	return NULL;
}

const char *
user_lookup(const char *spec, struct user *u)
{
	const char *colon, *why;
	char name[sizeof(u->name)];
	size_t length;

	colon = strchr(spec, ':');
	length = colon != NULL ? (size_t)(colon - spec) : strlen(spec);
	if (length == 0 || length >= sizeof(name))
		return "no such user";
	memcpy(name, spec, length);
	name[length] = '\0';
	why = lookup_user(name, u);
	if (why == NULL && colon != NULL)
		why = lookup_group(colon + 1, &u->gid);
	return why;
}
