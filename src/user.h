/*
 * Users and groups by name or number.
 * Not here: becoming that user, see privdrop.h.
 */
#ifndef USER_H
#define USER_H

#include <sys/types.h>

struct user {
	uid_t uid;
	gid_t gid; /* (gid_t)-1: a number that has no entry, and no GROUP */
	char name[256]; /* "" for a number that has no entry */
};

/*
 * Look up USER[:GROUP] with getpwnam(3) and getgrnam(3); numbers need not
 * have a name.  Without GROUP, the user's own group.  Returns NULL, or what
 * is wrong.
 */
const char *user_lookup(const char *spec, struct user *);

#endif
