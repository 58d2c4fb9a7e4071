/*
 * Users and groups by name or number.
 */
#ifndef USER_H
#define USER_H

#include <sys/types.h>

/*
 * Look up USER[:GROUP] with getpwnam(3) and getgrnam(3); numbers need not
 * have a name.  Without GROUP, the user's own group, or -1 if a number has no
 * entry.  Returns NULL, or what is wrong.
 */
const char *user_lookup(const char *spec, uid_t *, gid_t *);

#endif
