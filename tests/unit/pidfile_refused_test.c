/*
 * Tests of pidfile.h: files that are none, paths that cannot be, and what is
 * not permitted.
 * Not here: one that can be had, see pidfile_test.c.
 */
#include <sys/types.h>
#include <sys/stat.h>

#include <atf-c.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "pidfile.h"
#include "pidfile_fixture.h"
#include "unit.h"

static void
check_foreign(const char *text)
{
	write_file("pid", text);
	lock_badly("pid", "exists and is not a pid file", EX_CANTCREAT);
	ATF_CHECK_MSG(atf_utils_compare_file("pid", text), "destroyed");
}

ATF_TC_WITHOUT_HEAD(foreign_content);
ATF_TC_BODY(foreign_content, tc)
{
	const char *const texts[] = { "precious\n", "12", "\n", "12\n\n",
		" 12\n", "-12\n", "+12\n", "12 \n", "0\n", "12\n13\n",
		"2147483648\n", "12345678901\n", "1234567890123456789\n",
		"00000000001\n", "00000000001\nprecious\n", "12x\n" };
	size_t i;

	unit_guard();
	for (i = 0; i < UNIT_LENGTH(texts); i++)
		check_foreign(texts[i]);
}

static void
refuse_file(const char *path)
{
	struct stat after, before;

	ATF_REQUIRE_EQ(0, lstat(path, &before));
	lock_badly(path, "exists and is not a pid file", EX_CANTCREAT);
	ATF_REQUIRE_EQ(0, lstat(path, &after));
	ATF_CHECK_EQ(before.st_ino, after.st_ino);
	ATF_CHECK_EQ(before.st_mode, after.st_mode);
}

ATF_TC_WITHOUT_HEAD(other_files);
ATF_TC_BODY(other_files, tc)
{
	unit_guard();
	write_file("target", "1\n");
	ATF_REQUIRE_EQ(0, symlink("target", "link"));
	refuse_file("link");
	ATF_REQUIRE_EQ(0, symlink("nowhere", "dangling"));
	refuse_file("dangling");
	ATF_CHECK(!exists("nowhere"));
	ATF_REQUIRE_EQ(0, link("target", "second"));
	refuse_file("second");
	ATF_CHECK(atf_utils_compare_file("target", "1\n"));
	ATF_REQUIRE_EQ(0, mkdir("directory", 0755));
	refuse_file("directory");
	ATF_REQUIRE_EQ(0, mkfifo("fifo", 0644));
	refuse_file("fifo");
}

ATF_TC_WITHOUT_HEAD(bad_paths);
ATF_TC_BODY(bad_paths, tc)
{
	char longer[PATH_MAX + 300];

	unit_guard();
	write_file("file", "");
	lock_badly("", strerror(ENOENT), EX_CANTCREAT);
	lock_badly("none/pid", strerror(ENOENT), EX_CANTCREAT);
	lock_badly("file/pid", strerror(ENOTDIR), EX_CANTCREAT);
	memset(longer, 'x', sizeof(longer));
	longer[256] = '\0';
	lock_badly(longer, strerror(ENAMETOOLONG), EX_CANTCREAT);
	memset(longer, '/', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	lock_badly(longer, strerror(ENAMETOOLONG), EX_CANTCREAT);
}

/* After the drop, in a directory of root's: a stale pid must not stay. */
ATF_TC_WITHOUT_HEAD(removal_refused);
ATF_TC_BODY(removal_refused, tc)
{
	struct pidfile p;
	int error, result;

	unit_guard();
	ATF_REQUIRE_EQ(0, mkdir("d", 0755));
	lock_well(&p, "d/pid");
	ATF_REQUIRE_EQ(0, pidfile_store(&p));
	ATF_REQUIRE_EQ(0, chmod("d", 0555));
	drop();
	result = pidfile_unlink(&p);
	error = errno;
	regain();
	ATF_CHECK_EQ(-1, result);
	ATF_CHECK_EQ(EACCES, error);
	ATF_CHECK_EQ(-1, p.fd);
	ATF_CHECK(atf_utils_compare_file("d/pid", ""));
	ATF_REQUIRE_EQ(0, chmod("d", 0755));
	check_whole_life("d/pid");
}

static void
check_not_permitted(const char *path)
{
	struct pidfile p;
	const char *why;
	int status;

	drop();
	why = pidfile_lock(&p, path, &status);
	regain();
	ATF_REQUIRE(why != NULL);
	ATF_CHECK_STREQ(strerror(EACCES), why);
	ATF_CHECK_EQ(EX_NOPERM, status);
	ATF_CHECK_EQ(-1, p.fd);
}

ATF_TC_WITHOUT_HEAD(creation_refused);
ATF_TC_BODY(creation_refused, tc)
{
	unit_guard();
	ATF_REQUIRE_EQ(0, mkdir("d", 0555));
	check_not_permitted("d/pid");
	ATF_CHECK(!exists("d/pid"));
}

/* It may be a pid file; who cannot look must not say that it is none. */
ATF_TC_WITHOUT_HEAD(opening_refused);
ATF_TC_BODY(opening_refused, tc)
{
	unit_guard();
	ATF_REQUIRE_EQ(0, chmod(".", 0755));
	write_file("pid", "77\n");
	ATF_REQUIRE_EQ(0, chmod("pid", 0));
	check_not_permitted("pid");
	ATF_REQUIRE_EQ(0, chmod("pid", 0600));
	ATF_CHECK(atf_utils_compare_file("pid", "77\n"));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, foreign_content);
	ATF_TP_ADD_TC(tp, other_files);
	ATF_TP_ADD_TC(tp, bad_paths);
	ATF_TP_ADD_TC(tp, removal_refused);
	ATF_TP_ADD_TC(tp, creation_refused);
	ATF_TP_ADD_TC(tp, opening_refused);
	return atf_no_error();
}
