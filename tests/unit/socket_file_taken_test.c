/*
 * Tests of socket_file.h: what stands at the name, or at that of the lock.
 * Not here: several at the same time (socket_file_race_test.c).
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "socket_file_fixture.h"
#include "unit.h"

ATF_TC_WITHOUT_HEAD(stale_replaced);
ATF_TC_BODY(stale_replaced, tc)
{
	struct socket_file f;
	int fd;

	unit_guard();
	close(bind_plainly("sock"));
	fd = bind_well(&f, "sock", &unchanged);
	ATF_REQUIRE_EQ(0, listen(fd, 1));
	ATF_REQUIRE(answers("sock"));
	remove_well(&f);
	ATF_REQUIRE(!exists("sock"));
	close(fd);
}

/* What a killed instance leaves: a socket and a lock that nobody holds. */
ATF_TC_WITHOUT_HEAD(left_by_a_killed_one);
ATF_TC_BODY(left_by_a_killed_one, tc)
{
	struct socket_file f;
	int fd;

	unit_guard();
	fd = bind_well(&f, "sock", &unchanged);
	close(fd);
	close(f.lock);
	close(f.directory);
	ATF_REQUIRE(exists("sock"));
	ATF_REQUIRE(exists("sock.lock"));
	check_new("sock", "sock.lock");
}

ATF_TC_WITHOUT_HEAD(live_untouched);
ATF_TC_BODY(live_untouched, tc)
{
	struct stat after, before;
	int fd;

	unit_guard();
	fd = bind_plainly("sock");
	ATF_REQUIRE_EQ(0, listen(fd, 1));
	before = look("sock");
	bind_badly("sock", "in use", EX_UNAVAILABLE);
	after = look("sock");
	ATF_REQUIRE(is_same(&before, &after));
	ATF_REQUIRE(!exists("sock.lock"));
	ATF_REQUIRE(answers("sock"));
	close(fd);
}

/* Nobody accepts, and no more fit in. */
ATF_TC_WITHOUT_HEAD(full_backlog_untouched);
ATF_TC_BODY(full_backlog_untouched, tc)
{
	struct sockaddr_un sun;
	struct address a;
	struct stat after, before;
	socklen_t length;
	int fd, i, waiting[64];

	unit_guard();
	fd = bind_plainly("sock");
	ATF_REQUIRE_EQ(0, listen(fd, 1));
	a = address_of("sock");
	length = address_unix(&a, &sun);
	for (i = 0; i < 64; i++) {
		waiting[i] = open_socket();
		ATF_REQUIRE(fcntl(waiting[i], F_SETFL, O_NONBLOCK) != -1);
		if (connect(waiting[i], (struct sockaddr *)&sun, length) == -1)
			break;
	}
	ATF_REQUIRE(i < 64);
	if (errno != EAGAIN)
		atf_tc_skip("a full backlog refuses here");
	before = look("sock");
	bind_badly("sock", "in use", EX_UNAVAILABLE);
	after = look("sock");
	ATF_REQUIRE(is_same(&before, &after));
	ATF_REQUIRE(!exists("sock.lock"));
}

/* A datagram socket that is alive, though it takes no connection. */
ATF_TC_WITHOUT_HEAD(live_datagram_untouched);
ATF_TC_BODY(live_datagram_untouched, tc)
{
	struct sockaddr_un sun;
	struct address a;
	struct stat after, before;
	socklen_t length;
	int fd;

	unit_guard();
	a = address_of("sock");
	length = address_unix(&a, &sun);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)&sun, length));
	before = look("sock");
	bind_badly("sock", "in use", EX_UNAVAILABLE);
	after = look("sock");
	ATF_REQUIRE(is_same(&before, &after));
	close(fd);
}

/* The file is refused, and everything about it stays as it was. */
static void
check_not_touched(const char *path)
{
	struct stat after, before;

	before = look(path);
	bind_badly(path, "exists and is not a socket", EX_CANTCREAT);
	after = look(path);
	ATF_REQUIRE_MSG(is_same(&before, &after), "%s has changed", path);
	ATF_REQUIRE(!exists("x.lock"));
}

ATF_TC_WITHOUT_HEAD(others_untouched);
ATF_TC_BODY(others_untouched, tc)
{
	struct stat after, before;
	int fd;

	unit_guard();
	write_file("x", "precious");
	check_not_touched("x");
	ATF_REQUIRE(atf_utils_compare_file("x", "precious"));
	ATF_REQUIRE_EQ(0, unlink("x"));
	write_file("x", "");
	check_not_touched("x");
	ATF_REQUIRE_EQ(0, unlink("x"));
	ATF_REQUIRE_EQ(0, mkdir("x", 0755));
	check_not_touched("x");
	ATF_REQUIRE_EQ(0, rmdir("x"));
	ATF_REQUIRE_EQ(0, mkfifo("x", 0644));
	check_not_touched("x");
	ATF_REQUIRE_EQ(0, unlink("x"));
	ATF_REQUIRE_EQ(0, symlink("nowhere", "x"));
	check_not_touched("x");
	ATF_REQUIRE(!exists("nowhere"));
	ATF_REQUIRE_EQ(0, unlink("x"));
	fd = bind_plainly("target");
	close(fd);
	before = look("target");
	ATF_REQUIRE_EQ(0, symlink("target", "x"));
	check_not_touched("x");
	after = look("target");
	ATF_REQUIRE(is_same(&before, &after));
}

ATF_TC_WITHOUT_HEAD(twice_in_one_process);
ATF_TC_BODY(twice_in_one_process, tc)
{
	struct socket_file f;
	struct stat after, before;
	int fd;

	unit_guard();
	fd = bind_well(&f, "sock", &unchanged);
	before = look("sock");
	/* Neither before it listens nor afterwards. */
	bind_badly("sock", "in use", EX_UNAVAILABLE);
	ATF_REQUIRE_EQ(0, listen(fd, 1));
	bind_badly("sock", "in use", EX_UNAVAILABLE);
	bind_badly("./sock", "in use", EX_UNAVAILABLE);
	after = look("sock");
	ATF_REQUIRE(is_same(&before, &after));
	ATF_REQUIRE(exists("sock.lock"));
	ATF_REQUIRE(answers("sock"));
	remove_well(&f);
	close(fd);
	check_new("sock", "sock.lock");
}

/* What stands at the lock's name and is no lock stays. */
static void
check_bad_lock(void)
{
	struct stat after, before;

	before = look("sock.lock");
	bind_badly(
	    "sock", "its .lock exists and is not a lock file", EX_CANTCREAT);
	after = look("sock.lock");
	ATF_REQUIRE(is_same(&before, &after));
	ATF_REQUIRE(!exists("sock"));
}

ATF_TC_WITHOUT_HEAD(bad_locks);
ATF_TC_BODY(bad_locks, tc)
{
	unit_guard();
	ATF_REQUIRE_EQ(0, symlink("nowhere", "sock.lock"));
	check_bad_lock();
	ATF_REQUIRE(!exists("nowhere"));
	ATF_REQUIRE_EQ(0, unlink("sock.lock"));
	write_file("empty", "");
	ATF_REQUIRE_EQ(0, symlink("empty", "sock.lock"));
	check_bad_lock();
	ATF_REQUIRE_EQ(0, unlink("sock.lock"));
	write_file("sock.lock", "precious");
	check_bad_lock();
	ATF_REQUIRE(atf_utils_compare_file("sock.lock", "precious"));
	ATF_REQUIRE_EQ(0, unlink("sock.lock"));
	ATF_REQUIRE_EQ(0, mkdir("sock.lock", 0755));
	check_bad_lock();
	ATF_REQUIRE_EQ(0, rmdir("sock.lock"));
	ATF_REQUIRE_EQ(0, mkfifo("sock.lock", 0644));
	check_bad_lock();
	ATF_REQUIRE_EQ(0, unlink("sock.lock"));
	close(bind_plainly("sock.lock"));
	check_bad_lock();
}

/* It may be a lock; who cannot look must not say that it is none. */
ATF_TC_WITHOUT_HEAD(lock_not_permitted);
ATF_TC_BODY(lock_not_permitted, tc)
{
	struct stat after, before;

	unit_guard();
	ATF_REQUIRE_EQ(0, chmod(".", 0755));
	ATF_REQUIRE_EQ(0, mkdir("dir", 0755));
	write_file("dir/sock.lock", "");
	ATF_REQUIRE_EQ(0, chmod("dir/sock.lock", 0));
	ATF_REQUIRE_EQ(0, chmod("dir", 0777));
	before = look("dir/sock.lock");
	drop();
	bind_badly("dir/sock", strerror(EACCES), EX_NOPERM);
	regain();
	after = look("dir/sock.lock");
	ATF_REQUIRE(is_same(&before, &after));
	ATF_REQUIRE(!exists("dir/sock"));
}

/* A socket that we may not connect to might be alive. */
ATF_TC_WITHOUT_HEAD(unknown_untouched);
ATF_TC_BODY(unknown_untouched, tc)
{
	struct stat after, before;
	int fd;

	unit_guard();
	ATF_REQUIRE_EQ(0, chmod(".", 0755));
	ATF_REQUIRE_EQ(0, mkdir("dir", 0755));
	fd = bind_plainly("dir/sock");
	ATF_REQUIRE_EQ(0, chmod("dir/sock", 0));
	ATF_REQUIRE_EQ(0, chmod("dir", 0777));
	before = look("dir/sock");
	drop();
	bind_badly("dir/sock", strerror(EACCES), EX_NOPERM);
	regain();
	after = look("dir/sock");
	ATF_REQUIRE(is_same(&before, &after));
	ATF_REQUIRE(!exists("dir/sock.lock"));
	close(fd);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, stale_replaced);
	ATF_TP_ADD_TC(tp, left_by_a_killed_one);
	ATF_TP_ADD_TC(tp, live_untouched);
	ATF_TP_ADD_TC(tp, full_backlog_untouched);
	ATF_TP_ADD_TC(tp, live_datagram_untouched);
	ATF_TP_ADD_TC(tp, others_untouched);
	ATF_TP_ADD_TC(tp, twice_in_one_process);
	ATF_TP_ADD_TC(tp, bad_locks);
	ATF_TP_ADD_TC(tp, lock_not_permitted);
	ATF_TP_ADD_TC(tp, unknown_untouched);
	return atf_no_error();
}
