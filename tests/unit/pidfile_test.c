/*
 * Tests of pidfile.h: its whole life, who holds it, what is left of it.
 * Not here: what is refused, see pidfile_refused_test.c; a second relay being
 * told, see the end-to-end tests.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "pidfile.h"
#include "pidfile_fixture.h"
#include "unit.h"

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
	ATF_TP_ADD_TC(tp, replaced);
	ATF_TP_ADD_TC(tp, no_room);
	ATF_TP_ADD_TC(tp, none);
	return atf_no_error();
}
