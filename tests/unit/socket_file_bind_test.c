/*
 * Tests of socket_file.h: a new socket, its mode and its owner.
 * Not here: a name that is taken (socket_file_taken_test.c), names of users.
 */
#include <sys/types.h>
#include <sys/stat.h>

#include <atf-c.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "socket_file_fixture.h"
#include "unit.h"

ATF_TC_WITHOUT_HEAD(new_socket);
ATF_TC_BODY(new_socket, tc)
{
	char cwd[64], path[96], lock[104];

	unit_guard();
	check_new("sock", "sock.lock");
	check_new("./sock", "sock.lock");
	check_new("@sock", "@sock.lock");
	ATF_REQUIRE_EQ(0, mkdir("dir", 0755));
	check_new("dir/sock", "dir/sock.lock");
	check_new("dir/../sock", "sock.lock");
	if (getcwd(cwd, sizeof(cwd)) == NULL)
		return;
	snprintf(path, sizeof(path), "%s/sock", cwd);
	snprintf(lock, sizeof(lock), "%s.lock", path);
	check_new(path, lock);
}

ATF_TC_WITHOUT_HEAD(longest_path);
ATF_TC_BODY(longest_path, tc)
{
	char path[sizeof(((struct address *)0)->path)], lock[256];

	unit_guard();
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	snprintf(lock, sizeof(lock), "%s.lock", path);
	check_new(path, lock);
}

static void
check_mode(mode_t mask, const struct socket_file_access *access, mode_t mode)
{
	struct socket_file f;
	mode_t before;
	int fd;

	before = umask(mask);
	fd = bind_well(&f, "sock", access);
	ATF_CHECK_EQ_MSG(mode, look("sock").st_mode & 07777u,
	    "umask %o: mode %o, not %o", (unsigned)mask,
	    (unsigned)(look("sock").st_mode & 07777u), (unsigned)mode);
	ATF_CHECK_EQ(0600, look("sock.lock").st_mode & 07777u);
	ATF_CHECK_EQ(mask, umask(before));
	remove_well(&f);
	close(fd);
}

ATF_TC_WITHOUT_HEAD(modes);
ATF_TC_BODY(modes, tc)
{
	const mode_t modes[] = { 0666, 0660, 0600, 0777, 0700, 0222, 0 };
	struct socket_file_access access;
	size_t i;

	unit_guard();
	check_mode(0, &unchanged, 0666);
	check_mode(022, &unchanged, 0644);
	check_mode(027, &unchanged, 0640);
	check_mode(077, &unchanged, 0600);
	check_mode(002, &unchanged, 0664);
	access = unchanged;
	access.has_mode = true;
	for (i = 0; i < UNIT_LENGTH(modes); i++) {
		access.mode = modes[i];
		check_mode(0, &access, modes[i]);
		check_mode(077, &access, modes[i]);
	}
}

static void
check_owner(uid_t uid, gid_t gid, uid_t want_uid, gid_t want_gid)
{
	struct socket_file_access access = { .has_mode = true, .mode = 0660 };
	struct socket_file f;
	struct stat st;
	int fd;

	access.uid = uid;
	access.gid = gid;
	fd = bind_well(&f, "sock", &access);
	st = look("sock");
	ATF_CHECK_EQ(want_uid, st.st_uid);
	ATF_CHECK_EQ(want_gid, st.st_gid);
	ATF_CHECK_EQ(0660, st.st_mode & 07777u);
	remove_well(&f);
	close(fd);
}

ATF_TC(owner);
ATF_TC_HEAD(owner, tc)
{
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(owner, tc)
{
	struct stat st;
	gid_t group;

	unit_guard();
	close(bind_plainly("other"));
	st = look("other");
	group = st.st_gid;
	check_owner(12345, (gid_t)-1, 12345, group);
	check_owner((uid_t)-1, 54321, 0, 54321);
	check_owner(12345, 54321, 12345, 54321);
	check_owner((uid_t)-1, (gid_t)-1, 0, group);
}

/* Another's: what was made goes away again. */
ATF_TC_WITHOUT_HEAD(owner_refused);
ATF_TC_BODY(owner_refused, tc)
{
	struct socket_file_access access;
	struct socket_file f;
	const char *why;
	int fd, status;

	unit_guard();
	access = unchanged;
	access.uid = 0;
	ATF_REQUIRE_EQ(0, chmod(".", 0777));
	drop();
	fd = open_socket();
	why = try_bind(&f, fd, "sock", &access, &status);
	regain();
	ATF_REQUIRE(why != NULL);
	ATF_REQUIRE_STREQ(strerror(EPERM), why);
	ATF_REQUIRE_EQ(EX_NOPERM, status);
	ATF_REQUIRE(!exists("sock"));
	ATF_REQUIRE(!exists("sock.lock"));
	ATF_REQUIRE_EQ(-1, f.directory);
	ATF_REQUIRE_EQ(-1, f.lock);
	close(fd);
}

ATF_TC_WITHOUT_HEAD(bad_parents);
ATF_TC_BODY(bad_parents, tc)
{
	unit_guard();
	bind_badly("none/sock", strerror(ENOENT), EX_CANTCREAT);
	ATF_REQUIRE(!exists("none"));
	write_file("file", "precious");
	bind_badly("file/sock", strerror(ENOTDIR), EX_CANTCREAT);
	ATF_REQUIRE(atf_utils_compare_file("file", "precious"));
}

ATF_TC_WITHOUT_HEAD(parent_not_writable);
ATF_TC_BODY(parent_not_writable, tc)
{
	unit_guard();
	ATF_REQUIRE_EQ(0, chmod(".", 0755));
	ATF_REQUIRE_EQ(0, mkdir("closed", 0555));
	ATF_REQUIRE_EQ(0, mkdir("dark", 0));
	drop();
	bind_badly("closed/sock", strerror(EACCES), EX_NOPERM);
	bind_badly("dark/sock", strerror(EACCES), EX_NOPERM);
	regain();
	ATF_REQUIRE(!exists("closed/sock"));
	ATF_REQUIRE(!exists("closed/sock.lock"));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, new_socket);
	ATF_TP_ADD_TC(tp, longest_path);
	ATF_TP_ADD_TC(tp, modes);
	ATF_TP_ADD_TC(tp, owner);
	ATF_TP_ADD_TC(tp, owner_refused);
	ATF_TP_ADD_TC(tp, bad_parents);
	ATF_TP_ADD_TC(tp, parent_not_writable);
	return atf_no_error();
}
