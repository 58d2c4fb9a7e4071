/*
 * Tests of pidfile.h.
 * Not here: a second relay being told, see the end-to-end tests.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "pidfile.h"
#include "unit.h"

static void
write_file(const char *path, const char *text)
{
	atf_utils_create_file(path, "%s", text);
}

static bool
exists(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return true;
	ATF_REQUIRE_EQ(ENOENT, errno);
	return false;
}

static void
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

static void
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
static void
check_held(const char *path, pid_t holder)
{
	char expected[64];

	snprintf(
	    expected, sizeof(expected), "in use by process %ld", (long)holder);
	lock_badly(path, expected, EX_UNAVAILABLE);
}

static void
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

ATF_TC_WITHOUT_HEAD(whole_life);
ATF_TC_BODY(whole_life, tc)
{
	char cwd[512], longest[256], path[600];

	unit_guard();
	check_whole_life("pid");
	check_whole_life("./pid");
	ATF_REQUIRE_EQ(0, mkdir("d", 0755));
	check_whole_life("d/pid");
	check_whole_life("d/../pid");
	memset(longest, 'x', sizeof(longest));
	longest[255] = '\0';
	check_whole_life(longest);
	if (getcwd(cwd, sizeof(cwd)) == NULL)
		return;
	snprintf(path, sizeof(path), "%s/pid", cwd);
	check_whole_life(path);
}

ATF_TC_WITHOUT_HEAD(mode);
ATF_TC_BODY(mode, tc)
{
	struct pidfile p;
	struct stat st;

	unit_guard();
	umask(0);
	lock_well(&p, "pid");
	ATF_REQUIRE_EQ(0, lstat("pid", &st));
	ATF_CHECK_EQ(0644, st.st_mode & 07777u);
	ATF_CHECK_EQ(0, pidfile_unlink(&p));
}

/* What an instance that was killed leaves behind. */
ATF_TC_WITHOUT_HEAD(stale);
ATF_TC_BODY(stale, tc)
{
	unit_guard();
	write_file("pid", "");
	check_whole_life("pid");
	write_file("pid", "1\n");
	check_whole_life("pid");
	write_file("pid", "2147483647\n");
	check_whole_life("pid");
}

ATF_TC_WITHOUT_HEAD(held_before_writing);
ATF_TC_BODY(held_before_writing, tc)
{
	struct pidfile p;

	unit_guard();
	lock_well(&p, "pid");
	lock_badly("pid", "in use", EX_UNAVAILABLE);
	ATF_CHECK_EQ(0, pidfile_unlink(&p));
}

/* The lock goes with fork(2), and ends with its last process. */
ATF_TC_WITHOUT_HEAD(held_by_a_child);
ATF_TC_BODY(held_by_a_child, tc)
{
	int end[2], ready[2];
	struct pidfile p;
	pid_t child;
	char c;

	unit_guard();
	ATF_REQUIRE_EQ(0, pipe(end));
	ATF_REQUIRE_EQ(0, pipe(ready));
	lock_well(&p, "pid");
	child = fork();
	ATF_REQUIRE(child != -1);
	if (child == 0) {
		close(end[1]);
		if (pidfile_store(&p) == -1 || write(ready[1], "r", 1) != 1)
			_exit(1);
		_exit(read(end[0], &c, 1) == 0 ? 0 : 1);
	}
	close(p.fd);
	close(p.directory);
	ATF_REQUIRE_EQ(1, read(ready[0], &c, 1));
	check_held("pid", child);
	close(end[1]);
	ATF_REQUIRE_EQ(child, waitpid(child, NULL, 0));
	check_whole_life("pid");
}

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

/* Another file has taken the name: it stays. */
ATF_TC_WITHOUT_HEAD(replaced);
ATF_TC_BODY(replaced, tc)
{
	struct pidfile p;

	unit_guard();
	lock_well(&p, "pid");
	ATF_REQUIRE_EQ(0, rename("pid", "moved"));
	write_file("pid", "77\n");
	ATF_CHECK_EQ(0, pidfile_unlink(&p));
	ATF_CHECK(atf_utils_compare_file("pid", "77\n"));
	lock_well(&p, "pid");
	ATF_REQUIRE_EQ(0, unlink("pid"));
	ATF_CHECK_EQ(0, pidfile_unlink(&p));
	ATF_CHECK(!exists("pid"));
}

/* As somebody for whom permissions count. */
static void
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

static void
regain(void)
{
	ATF_REQUIRE_EQ(0, seteuid(getuid()));
	ATF_REQUIRE_EQ(0, setegid(getgid()));
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

/* The file system takes the beginning of the pid only. */
ATF_TC_WITHOUT_HEAD(no_room);
ATF_TC_BODY(no_room, tc)
{
	struct rlimit before, limit;
	struct pidfile p;
	int error, result;

	unit_guard();
	ATF_REQUIRE(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	lock_well(&p, "pid");
	ATF_REQUIRE_EQ(0, getrlimit(RLIMIT_FSIZE, &before));
	limit = before;
	limit.rlim_cur = 1;
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_FSIZE, &limit));
	result = pidfile_store(&p);
	error = errno;
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_FSIZE, &before));
	ATF_CHECK_EQ(-1, result);
	ATF_CHECK_EQ(ENOSPC, error);
	ATF_CHECK_EQ(0, pidfile_unlink(&p));
	ATF_CHECK(!exists("pid"));
}

ATF_TC_WITHOUT_HEAD(none);
ATF_TC_BODY(none, tc)
{
	struct pidfile p;
	int descriptors, status;

	unit_guard();
	descriptors = unit_descriptors();
	status = -1;
	ATF_CHECK(pidfile_lock(&p, NULL, &status) == NULL);
	ATF_CHECK_EQ(-1, status);
	ATF_CHECK_EQ(-1, p.directory);
	ATF_CHECK_EQ(0, pidfile_store(&p));
	ATF_CHECK_EQ(0, pidfile_unlink(&p));
	ATF_CHECK_EQ(descriptors, unit_descriptors());
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, whole_life);
	ATF_TP_ADD_TC(tp, mode);
	ATF_TP_ADD_TC(tp, stale);
	ATF_TP_ADD_TC(tp, held_before_writing);
	ATF_TP_ADD_TC(tp, held_by_a_child);
	ATF_TP_ADD_TC(tp, foreign_content);
	ATF_TP_ADD_TC(tp, other_files);
	ATF_TP_ADD_TC(tp, bad_paths);
	ATF_TP_ADD_TC(tp, replaced);
	ATF_TP_ADD_TC(tp, removal_refused);
	ATF_TP_ADD_TC(tp, creation_refused);
	ATF_TP_ADD_TC(tp, opening_refused);
	ATF_TP_ADD_TC(tp, no_room);
	ATF_TP_ADD_TC(tp, none);
	return atf_no_error();
}
