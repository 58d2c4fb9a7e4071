/*
 * What the tests of socket_file.h share: to bind, to look.
 * Not here: any test; what one program of them needs alone.
 */
#ifndef SOCKET_FILE_FIXTURE_H
#define SOCKET_FILE_FIXTURE_H

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "socket_file.h"
#include "unit.h"

#define UNTOUCHED (-4711)

static const struct socket_file_access unchanged = {
	.uid = (uid_t)-1,
	.gid = (gid_t)-1,
};

static inline struct address
address_of(const char *path)
{
	struct address a = { .kind = ADDRESS_PATH };

	ATF_REQUIRE(strlcpy(a.path, path, sizeof(a.path)) < sizeof(a.path));
	return a;
}

static inline int
open_socket(void)
{
	int fd;

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ATF_REQUIRE(fd != -1);
	return fd;
}

/* Bind a socket by hand, as another program would. */
static inline int
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

static inline struct stat
look(const char *path)
{
	struct stat st;

	ATF_REQUIRE_EQ_MSG(
	    0, lstat(path, &st), "%s: %s", path, strerror(errno));
	return st;
}

static inline bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_mode == b->st_mode && a->st_size == b->st_size &&
	    a->st_uid == b->st_uid && a->st_gid == b->st_gid &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static inline const char *
try_bind(struct socket_file *f, int fd, const char *path,
    const struct socket_file_access *access, int *status)
{
	struct address a;

	a = address_of(path);
	*status = UNTOUCHED;
	return socket_file_bind(f, fd, &a, access, status);
}

/* Bind, which must succeed.  Returns the socket. */
static inline int
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

static inline void
remove_well(struct socket_file *f)
{
	ATF_REQUIRE_EQ_MSG(0, socket_file_remove(f), "%s", strerror(errno));
	ATF_REQUIRE_EQ(-1, f->directory);
	ATF_REQUIRE_EQ(-1, f->lock);
	ATF_REQUIRE_EQ(0, socket_file_remove(f));
}

/* Bind, which must fail and leave nothing behind. */
static inline void
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

static inline bool
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

static inline void
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

#endif
