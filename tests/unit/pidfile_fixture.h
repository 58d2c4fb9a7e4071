/*
 * What the tests of pidfile.h share: to lock one well, or in vain.
 * Not here: any test.
 */
#ifndef PIDFILE_FIXTURE_H
#define PIDFILE_FIXTURE_H

#include <sys/types.h>
#include <sys/stat.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "files.h"
#include "pidfile.h"
#include "unit.h"

static inline void
lock_well(struct pidfile *p, const char *path)
{
	const char *why;
	int status;

	why = pidfile_lock(p, path, &status);
	ATF_REQUIRE_MSG(why == NULL, "%s: %s", path, why);
	ATF_CHECK(fcntl(p->fd, F_GETFD) & FD_CLOEXEC);
	ATF_CHECK(fcntl(p->directory, F_GETFD) & FD_CLOEXEC);
	ATF_CHECK(atf_utils_compare_file(path, ""));
}

static inline void
lock_badly(const char *path, const char *expected, int code)
{
	struct pidfile p;
	const char *why;
	int descriptors, status;

	descriptors = unit_descriptors();
	why = pidfile_lock(&p, path, &status);
	ATF_REQUIRE_MSG(why != NULL, "%s was taken", path);
	ATF_CHECK_STREQ(expected, why);
	ATF_CHECK_EQ(code, status);
	ATF_CHECK_EQ(-1, p.fd);
	ATF_CHECK_EQ(-1, p.directory);
	ATF_CHECK_EQ(0, pidfile_unlink(&p));
	ATF_CHECK_EQ(descriptors, unit_descriptors());
}

/* Some process, which may be this one, holds it and has said so. */
static inline void
check_held(const char *path, pid_t holder)
{
	char expected[64];

	snprintf(
	    expected, sizeof(expected), "in use by process %ld", (long)holder);
	lock_badly(path, expected, EX_UNAVAILABLE);
}

static inline void
check_whole_life(const char *path)
{
	struct pidfile p;
	struct stat st;
	char text[32];
	int descriptors;

	descriptors = unit_descriptors();
	lock_well(&p, path);
	ATF_REQUIRE_EQ(0, pidfile_store(&p));
	snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	ATF_CHECK(atf_utils_compare_file(path, text));
	ATF_REQUIRE_EQ(0, lstat(path, &st));
	ATF_CHECK(S_ISREG(st.st_mode));
	check_held(path, getpid());
	ATF_CHECK_EQ(0, pidfile_unlink(&p));
	ATF_CHECK(!exists(path));
	ATF_CHECK_EQ(-1, p.fd);
	ATF_CHECK_EQ(0, pidfile_unlink(&p));
	ATF_CHECK_EQ(descriptors, unit_descriptors());
}

#endif
