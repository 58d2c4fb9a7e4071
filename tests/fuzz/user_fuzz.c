/*
 * Target: USER[:GROUP], with a user data base of its own.
 * Not here: becoming that user.
 */
#include <sys/types.h>

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "user.h"

/* A name that is a number comes before the number. */
static char names[][8] = { "root", "www", "77", "-1" };
static const unsigned ids[] = { 0, 80, 1000, 1001 };

#define ENTRIES (sizeof(ids) / sizeof(ids[0]))

struct passwd *instead_getpwnam(const char *) FUZZ_INSTEAD_OF(getpwnam);
struct passwd *instead_getpwuid(uid_t) FUZZ_INSTEAD_OF(getpwuid);
struct group *instead_getgrnam(const char *) FUZZ_INSTEAD_OF(getgrnam);

static size_t
find_name(const char *name)
{
	size_t i;

	for (i = 0; i < ENTRIES; i++)
		if (strcmp(names[i], name) == 0)
			break;
	return i;
}

static size_t
find_id(unsigned id)
{
	size_t i;

	for (i = 0; i < ENTRIES; i++)
		if (ids[i] == id)
			break;
	return i;
}

/* Groups have the number of the user, and one thousand. */
static struct passwd *
entry(size_t i)
{
	static struct passwd pw;

	if (i == ENTRIES)
		return NULL;
	memset(&pw, 0, sizeof(pw));
	pw.pw_name = names[i];
	pw.pw_uid = (uid_t)ids[i];
	pw.pw_gid = (gid_t)(ids[i] + 1000);
	return &pw;
}

struct passwd *
instead_getpwnam(const char *name)
{
	return entry(find_name(name));
}

struct passwd *
instead_getpwuid(uid_t uid)
{
	return entry(find_id(uid));
}

struct group *
instead_getgrnam(const char *name)
{
	static struct group gr;
	size_t i;

	i = find_name(name);
	if (i == ENTRIES)
		return NULL;
	memset(&gr, 0, sizeof(gr));
	gr.gr_name = names[i];
	gr.gr_gid = (gid_t)(ids[i] + 1000);
	return &gr;
}

/* Digits only, and not what chown(2) takes for "unchanged". */
static bool
is_id(const char *text, unsigned *id)
{
	long long n;

	if (strspn(text, "0123456789") != strlen(text) ||
	    !fuzz_number(text, 0, UINT_MAX - 1, &n))
		return false;
	*id = (unsigned)n;
	return true;
}

static bool
expect_user(const char *name, struct user *u)
{
	unsigned id;
	size_t i;

	i = find_name(name);
	if (i == ENTRIES && is_id(name, &id)) {
		i = find_id(id);
		u->uid = (uid_t)id;
		u->gid = (gid_t)-1;
		if (i == ENTRIES)
			return true;
	}
	if (i == ENTRIES)
		return false;
	u->uid = (uid_t)ids[i];
	u->gid = (gid_t)(ids[i] + 1000);
	strlcpy(u->name, names[i], sizeof(u->name));
	return true;
}

static bool
expect_group(const char *name, gid_t *gid)
{
	unsigned id;
	size_t i;

	i = find_name(name);
	if (i < ENTRIES) {
		*gid = (gid_t)(ids[i] + 1000);
		return true;
	}
	if (!is_id(name, &id))
		return false;
	*gid = (gid_t)id;
	return true;
}

/* Splits the text itself. */
static bool
expect(char *spec, struct user *u)
{
	char *colon;

	memset(u, 0, sizeof(*u));
	colon = strchr(spec, ':');
	if (colon != NULL)
		*colon++ = '\0';
	return strlen(spec) < sizeof(u->name) && expect_user(spec, u) &&
	    (colon == NULL || expect_group(colon, &u->gid));
}

void
fuzz_prepare(void)
{
}

void
fuzz_one(struct fuzz_input *in)
{
	struct user expected, u;
	const char *why;
	char *spec;

	spec = fuzz_string(in);
	why = user_lookup(spec, &u);
	if (expect(spec, &expected)) {
		REQUIRE(why == NULL);
		REQUIRE(u.uid == expected.uid && u.gid == expected.gid);
		REQUIRE(strcmp(u.name, expected.name) == 0);
		REQUIRE(u.uid != (uid_t)-1);
	} else {
		REQUIRE(why != NULL);
		REQUIRE(!fuzz_has_control(why, strlen(why)));
	}
	free(spec);
}
