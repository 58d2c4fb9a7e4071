/*
 * Tests of socket_file.h.
 * Not here: accepting on the socket, names of users.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "socket_file.h"
#include "unit.h"

#define RACERS 8
#define RACES 50

#define UNTOUCHED (-4711)

static const struct socket_file_access unchanged = {
	.uid = (uid_t)-1,
	.gid = (gid_t)-1,
};

static struct address
address_of(const char *path)
{
	struct address a = { .kind = ADDRESS_PATH };

	ATF_REQUIRE(strlcpy(a.path, path, sizeof(a.path)) < sizeof(a.path));
	return a;
}

static int
open_socket(void)
{
	int fd;

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ATF_REQUIRE(fd != -1);
	return fd;
}

/* Bind a socket by hand, as another program would. */
static int
bind_plainly(const char *path)
{
	struct sockaddr_un sun;
	struct address a;
	socklen_t length;
	int fd;

	a = address_of(path);
	length = address_unix(&a, &sun);
	fd = open_socket();
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)&sun, length));
	return fd;
}

static struct stat
look(const char *path)
{
	struct stat st;

	ATF_REQUIRE_EQ_MSG(
	    0, lstat(path, &st), "%s: %s", path, strerror(errno));
	return st;
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

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_mode == b->st_mode && a->st_size == b->st_size &&
	    a->st_uid == b->st_uid && a->st_gid == b->st_gid &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static const char *
try_bind(struct socket_file *f, int fd, const char *path,
    const struct socket_file_access *access, int *status)
{
	struct address a;

	a = address_of(path);
	*status = UNTOUCHED;
	return socket_file_bind(f, fd, &a, access, status);
}

/* Bind, which must succeed.  Returns the socket. */
static int
bind_well(struct socket_file *f, const char *path,
    const struct socket_file_access *access)
{
	const char *why;
	int fd, status;

	fd = open_socket();
	why = try_bind(f, fd, path, access, &status);
	ATF_REQUIRE_MSG(why == NULL, "%s: %s", path, why);
	ATF_REQUIRE(S_ISSOCK(look(path).st_mode));
	ATF_REQUIRE(fcntl(f->directory, F_GETFD) & FD_CLOEXEC);
	ATF_REQUIRE(fcntl(f->lock, F_GETFD) & FD_CLOEXEC);
	return fd;
}

static void
remove_well(struct socket_file *f)
{
	ATF_REQUIRE_EQ_MSG(0, socket_file_remove(f), "%s", strerror(errno));
	ATF_REQUIRE_EQ(-1, f->directory);
	ATF_REQUIRE_EQ(-1, f->lock);
	ATF_REQUIRE_EQ(0, socket_file_remove(f));
}

/* Bind, which must fail and leave nothing behind. */
static void
bind_badly(const char *path, const char *expected, int expected_status)
{
	struct socket_file f;
	const char *why;
	int descriptors, fd, status;

	descriptors = unit_descriptors();
	fd = open_socket();
	why = try_bind(&f, fd, path, &unchanged, &status);
	ATF_REQUIRE_MSG(why != NULL, "%s is taken", path);
	ATF_REQUIRE_STREQ(expected, why);
	ATF_REQUIRE_EQ(expected_status, status);
	ATF_REQUIRE_EQ(0, socket_file_remove(&f));
	close(fd);
	ATF_REQUIRE_EQ(descriptors, unit_descriptors());
}

static bool
answers(const char *path)
{
	struct sockaddr_un sun;
	struct address a;
	socklen_t length;
	bool connected;
	int fd;

	a = address_of(path);
	length = address_unix(&a, &sun);
	fd = open_socket();
	connected = connect(fd, (struct sockaddr *)&sun, length) == 0;
	close(fd);
	return connected;
}

static void
check_new(const char *path, const char *lock)
{
	struct socket_file f;
	int descriptors, fd;

	descriptors = unit_descriptors();
	fd = bind_well(&f, path, &unchanged);
	ATF_REQUIRE(exists(lock));
	ATF_REQUIRE(!answers(path)); /* it does not listen yet */
	ATF_REQUIRE_EQ(0, listen(fd, 1));
	ATF_REQUIRE(answers(path));
	remove_well(&f);
	ATF_REQUIRE(!exists(path));
	ATF_REQUIRE(!exists(lock));
	close(fd);
	ATF_REQUIRE_EQ(descriptors, unit_descriptors());
}

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

/* As somebody who is not root, for whom permissions count. */
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

/* Root again, who alone may write down how the case went. */
static void
regain(void)
{
	ATF_REQUIRE_EQ(0, seteuid(getuid()));
	ATF_REQUIRE_EQ(0, setegid(getgid()));
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

static void
write_file(const char *path, const char *text)
{
	FILE *f;

	f = fopen(path, "w");
	ATF_REQUIRE(f != NULL);
	ATF_REQUIRE(fputs(text, f) >= 0);
	ATF_REQUIRE_EQ(0, fclose(f));
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

/* Wait for the start, try, report, and hold what was won until the end. */
static void
race(int start, int report, int end)
{
	struct socket_file f;
	const char *why;
	int fd, status;
	char c;

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd == -1 || read(start, &c, 1) != 0)
		_exit(1);
	why = try_bind(&f, fd, "sock", &unchanged, &status);
	if (why == NULL)
		c = listen(fd, 1) == 0 ? 'W' : 'E';
	else
		c = strcmp(why, "in use") == 0 && status == EX_UNAVAILABLE
		    ? 'L'
		    : 'E';
	if (write(report, &c, 1) != 1 || read(end, &c, 1) != 0)
		_exit(1);
	_exit(why == NULL && socket_file_remove(&f) == -1 ? 1 : 0);
}

static void
open_pipe(int fds[2])
{
	ATF_REQUIRE_EQ(0, pipe(fds));
}

static void
start_racers(int start[2], int report[2], int end[2])
{
	pid_t pid;
	int i;

	for (i = 0; i < RACERS; i++) {
		pid = fork();
		ATF_REQUIRE(pid != -1);
		if (pid == 0) {
			unit_guard();
			close(start[1]);
			close(report[0]);
			close(end[1]);
			race(start[0], report[1], end[0]);
		}
	}
	close(start[0]);
	close(report[1]);
	close(end[0]);
}

/* The reports of all racers: exactly one has won, the others know why not. */
static void
require_one_winner(int report)
{
	int i, winners;
	char c;

	winners = 0;
	for (i = 0; i < RACERS; i++) {
		ATF_REQUIRE_EQ(1, read(report, &c, 1));
		ATF_REQUIRE_MSG(c == 'W' || c == 'L', "an odd error");
		if (c == 'W')
			winners++;
	}
	ATF_REQUIRE_EQ(1, winners);
	ATF_REQUIRE(answers("sock"));
}

static void
run_race(void)
{
	int end[2], i, report[2], start[2], status;

	open_pipe(start);
	open_pipe(report);
	open_pipe(end);
	start_racers(start, report, end);
	close(start[1]);
	require_one_winner(report[0]);
	close(end[1]);
	for (i = 0; i < RACERS; i++) {
		ATF_REQUIRE(wait(&status) > 0);
		ATF_REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	close(report[0]);
	ATF_REQUIRE(!exists("sock"));
	ATF_REQUIRE(!exists("sock.lock"));
}

ATF_TC_WITHOUT_HEAD(race);
ATF_TC_BODY(race, tc)
{
	int i;

	unit_guard();
	for (i = 0; i < RACES; i++)
		run_race();
}

/* The same, with a stale socket to remove first. */
ATF_TC_WITHOUT_HEAD(race_for_stale);
ATF_TC_BODY(race_for_stale, tc)
{
	int i;

	unit_guard();
	for (i = 0; i < RACES; i++) {
		close(bind_plainly("sock"));
		if (i % 2 == 0)
			write_file("sock.lock", "");
		run_race();
	}
}

/* Bind and remove in a circle: never two at a time. */
static void
run_relay_race(int guard)
{
	struct socket_file f;
	const char *why;
	int fd, i, status;

	for (i = 0; i < 200; i++) {
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		why = try_bind(&f, fd, "sock", &unchanged, &status);
		if (why == NULL) {
			/* Whoever holds the socket holds this too. */
			if (lockf(guard, F_TLOCK, 0) == -1 ||
			    lockf(guard, F_ULOCK, 0) == -1 ||
			    socket_file_remove(&f) == -1)
				_exit(1);
		} else if (strcmp(why, "in use") != 0)
			_exit(2);
		close(fd);
	}
	_exit(0);
}

ATF_TC_WITHOUT_HEAD(never_two_at_a_time);
ATF_TC_BODY(never_two_at_a_time, tc)
{
	int fd, i, status;
	pid_t pid;

	unit_guard();
	fd = open("guard", O_RDWR | O_CREAT, 0600);
	ATF_REQUIRE(fd != -1);
	for (i = 0; i < RACERS; i++) {
		pid = fork();
		ATF_REQUIRE(pid != -1);
		if (pid == 0)
			run_relay_race(fd);
	}
	for (i = 0; i < RACERS; i++) {
		ATF_REQUIRE(wait(&status) > 0);
		ATF_REQUIRE(WIFEXITED(status));
		ATF_REQUIRE_EQ(0, WEXITSTATUS(status));
	}
	ATF_REQUIRE(!exists("sock"));
	ATF_REQUIRE(!exists("sock.lock"));
}

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
	ATF_TP_ADD_TC(tp, new_socket);
	ATF_TP_ADD_TC(tp, longest_path);
	ATF_TP_ADD_TC(tp, modes);
	ATF_TP_ADD_TC(tp, owner);
	ATF_TP_ADD_TC(tp, owner_refused);
	ATF_TP_ADD_TC(tp, stale_replaced);
	ATF_TP_ADD_TC(tp, left_by_a_killed_one);
	ATF_TP_ADD_TC(tp, live_untouched);
	ATF_TP_ADD_TC(tp, full_backlog_untouched);
	ATF_TP_ADD_TC(tp, live_datagram_untouched);
	ATF_TP_ADD_TC(tp, others_untouched);
	ATF_TP_ADD_TC(tp, twice_in_one_process);
	ATF_TP_ADD_TC(tp, race);
	ATF_TP_ADD_TC(tp, race_for_stale);
	ATF_TP_ADD_TC(tp, never_two_at_a_time);
	ATF_TP_ADD_TC(tp, remove_only_ours);
	ATF_TP_ADD_TC(tp, removed_before);
	ATF_TP_ADD_TC(tp, remove_only_our_lock);
	ATF_TP_ADD_TC(tp, directory_moved);
	ATF_TP_ADD_TC(tp, bad_locks);
	ATF_TP_ADD_TC(tp, bad_parents);
	ATF_TP_ADD_TC(tp, parent_not_writable);
	ATF_TP_ADD_TC(tp, cannot_remove);
	ATF_TP_ADD_TC(tp, unknown_untouched);
	return atf_no_error();
}
