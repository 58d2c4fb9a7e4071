/*
 * What tests of files share: to write one, to look for it, to be nobody.
 * Not here: any test, or what a module makes of files.
 */
#ifndef FILES_H
#define FILES_H

#include <sys/types.h>
#include <sys/stat.h>

#include <atf-c.h>
#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <unistd.h>

static inline void
write_file(const char *path, const char *text)
{
	atf_utils_create_file(path, "%s", text);
}

static inline bool
exists(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return true;
	ATF_REQUIRE_EQ(ENOENT, errno);
	return false;
}

/* As somebody who is not root, for whom permissions count. */
static inline void
drop(void)
{
	const struct passwd *pw;

	if (geteuid() != 0)
		return;
	pw = getpwnam("nobody");
	if (pw == NULL || setegid(pw->pw_gid) == -1 ||
	    seteuid(pw->pw_uid) == -1)
		atf_tc_skip("cannot become nobody");
}

/* Root again, who alone may write down how the case went. */
static inline void
regain(void)
{
	ATF_REQUIRE_EQ(0, seteuid(getuid()));
	ATF_REQUIRE_EQ(0, setegid(getgid()));
}

#endif
