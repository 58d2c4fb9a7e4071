/*
 * Tests of socket_file.h: our socket is removed, and nothing else.
 * Not here: what another instance left behind (socket_file_taken_test.c).
 */
#include <sys/types.h>
#include <sys/stat.h>

#include <atf-c.h>
#include <errno.h>
#include <sysexits.h>
#include <unistd.h>

#include "socket_file_fixture.h"
#include "unit.h"

/* Whatever took our socket's place survives. */
ATF_TC_WITHOUT_HEAD(remove_only_ours);
ATF_TC_BODY(remove_only_ours, tc)
{
	struct socket_file f;
	struct stat after, before;
	int fd, other;

	unit_guard();
	fd = bind_well(&f, "sock", &unchanged);
	ATF_REQUIRE_EQ(0, rename("sock", "moved"));
	other = bind_plainly("sock");
	before = look("sock");
	remove_well(&f);
	after = look("sock");
	ATF_REQUIRE(is_same(&before, &after));
	ATF_REQUIRE(exists("moved"));
	ATF_REQUIRE(!exists("sock.lock"));
	close(fd);
	close(other);
	ATF_REQUIRE_EQ(0, unlink("sock"));
	fd = bind_well(&f, "sock", &unchanged);
	ATF_REQUIRE_EQ(0, unlink("sock"));
	write_file("sock", "precious");
	remove_well(&f);
	ATF_REQUIRE(atf_utils_compare_file("sock", "precious"));
	close(fd);
}

ATF_TC_WITHOUT_HEAD(removed_before);
ATF_TC_BODY(removed_before, tc)
{
	struct socket_file f;
	int fd;

	unit_guard();
	fd = bind_well(&f, "sock", &unchanged);
	ATF_REQUIRE_EQ(0, unlink("sock"));
	ATF_REQUIRE_EQ(0, unlink("sock.lock"));
	remove_well(&f);
	close(fd);
}

/* A lock that took the place of ours is another instance's. */
ATF_TC_WITHOUT_HEAD(remove_only_our_lock);
ATF_TC_BODY(remove_only_our_lock, tc)
{
	struct socket_file f, second;
	struct stat after, before;
	int fd, fd2;

	unit_guard();
	fd = bind_well(&f, "sock", &unchanged);
	ATF_REQUIRE_EQ(0, rename("sock.lock", "moved.lock"));
	ATF_REQUIRE_EQ(0, rename("sock", "moved"));
	fd2 = bind_well(&second, "sock", &unchanged);
	before = look("sock.lock");
	remove_well(&f);
	after = look("sock.lock");
	ATF_REQUIRE(is_same(&before, &after));
	ATF_REQUIRE(exists("sock"));
	bind_badly("sock", "in use", EX_UNAVAILABLE);
	remove_well(&second);
	ATF_REQUIRE(!exists("sock"));
	ATF_REQUIRE(!exists("sock.lock"));
	close(fd);
	close(fd2);
}

/* The directory may be moved underneath: it is still ours in there. */
ATF_TC_WITHOUT_HEAD(directory_moved);
ATF_TC_BODY(directory_moved, tc)
{
	struct socket_file f;
	int fd;

	unit_guard();
	ATF_REQUIRE_EQ(0, mkdir("dir", 0755));
	fd = bind_well(&f, "dir/sock", &unchanged);
	ATF_REQUIRE_EQ(0, rename("dir", "moved"));
	ATF_REQUIRE_EQ(0, mkdir("dir", 0755));
	write_file("dir/sock", "precious");
	write_file("dir/sock.lock", "precious");
	remove_well(&f);
	ATF_REQUIRE(!exists("moved/sock"));
	ATF_REQUIRE(!exists("moved/sock.lock"));
	ATF_REQUIRE(atf_utils_compare_file("dir/sock", "precious"));
	ATF_REQUIRE(atf_utils_compare_file("dir/sock.lock", "precious"));
	close(fd);
}

/* The directory is no longer writable: said, and nothing is left open. */
ATF_TC_WITHOUT_HEAD(cannot_remove);
ATF_TC_BODY(cannot_remove, tc)
{
	struct socket_file f;
	int descriptors, fd;

	unit_guard();
	ATF_REQUIRE_EQ(0, chmod(".", 0755));
	ATF_REQUIRE_EQ(0, mkdir("dir", 0755));
	descriptors = unit_descriptors();
	fd = bind_well(&f, "dir/sock", &unchanged);
	ATF_REQUIRE_EQ(0, chmod("dir", 0555));
	drop();
	ATF_REQUIRE_EQ(-1, socket_file_remove(&f));
	ATF_REQUIRE_EQ(EACCES, errno);
	regain();
	ATF_REQUIRE(exists("dir/sock"));
	ATF_REQUIRE_EQ(0, socket_file_remove(&f));
	close(fd);
	ATF_REQUIRE_EQ(descriptors, unit_descriptors());
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, remove_only_ours);
	ATF_TP_ADD_TC(tp, removed_before);
	ATF_TP_ADD_TC(tp, remove_only_our_lock);
	ATF_TP_ADD_TC(tp, directory_moved);
	ATF_TP_ADD_TC(tp, cannot_remove);
	return atf_no_error();
}
