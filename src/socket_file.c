/*
 * The life of a Unix socket's file.  What has an at-variant goes by
 * the directory's descriptor; bind(2) and connect(2) have none everywhere.
 * Not here: listen(2), accept(2).
 */
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "os.h"
#include "socket_file.h"

/* Between two looks whether somebody listens. */
#define PAUSE_MS 20

static int
status_of(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
	case EROFS:
		return EX_NOPERM;
	case ENOENT:
	case ENOTDIR:
	case EEXIST:
		return EX_CANTCREAT;
	default:
		return EX_OSERR;
	}
}

static const char *
because(int *status)
{
	*status = status_of(errno);
	return strerror(errno);
}

static const char *
open_directory(struct socket_file *f, const char *path, int *status)
{
	char directory[sizeof(f->name)];
	const char *slash;
	size_t length;

	slash = strrchr(path, '/');
	length = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	memcpy(directory, path, length);
	directory[length] = '\0';
	strlcpy(f->name, path + length, sizeof(f->name));
	f->directory = open(
	    length == 0 ? "." : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return f->directory == -1 ? because(status) : NULL;
}

static void
lock_name(const struct socket_file *f, char name[], size_t size)
{
	snprintf(name, size, "%s.lock", f->name);
}

/* Another file of that name is somebody's, and not ours to remove. */
static bool
is_lock(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

/* Systems give many errors for a link, a directory, a socket at its name. */
static bool
is_in_the_way(const struct socket_file *f, const char *name)
{
	struct stat st;
	bool result;
	int saved;

	saved = errno;
	result = fstatat(f->directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !S_ISREG(st.st_mode);
	errno = saved;
	return result;
}

/* Whether the lock that fd holds is the file that others find. */
static bool
is_current(const struct socket_file *f, int fd, const char *name)
{
	struct stat held, found;

	return fstat(fd, &held) == 0 &&
	    fstatat(f->directory, name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
	    held.st_dev == found.st_dev && held.st_ino == found.st_ino;
}

static const char *
open_lock(struct socket_file *f, const char *name, int *fd, int *status)
{
	*fd = openat(f->directory, name,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (*fd != -1) {
		if (is_lock(*fd))
			return NULL;
		close(*fd);
	} else if (!is_in_the_way(f, name))
		return because(status);
	*status = EX_CANTCREAT;
	return "its .lock exists and is not a lock file";
}

/*
 * A stale socket cannot be told from one that another instance has bound and
 * is about to listen on; the lock can.  The holder removes it at its end, so
 * a lock that is no longer in the directory is worth nothing.
 */
static const char *
take_lock(struct socket_file *f, int *status)
{
	char name[sizeof(f->name) + sizeof(".lock")];
	const char *why;
	int fd;

	lock_name(f, name, sizeof(name));
	for (;;) {
		why = open_lock(f, name, &fd, status);
		if (why != NULL)
			return why;
		if (flock(fd, LOCK_EX | LOCK_NB) == -1)
			break;
		if (is_current(f, fd, name)) {
			f->lock = fd;
			return NULL;
		}
		close(fd);
	}
	if (errno != EWOULDBLOCK) {
		because(status);
		close(fd);
		return "cannot be locked";
	}
	close(fd);
	*status = EX_UNAVAILABLE;
	return "in use";
}

static int
try_connect(const struct sockaddr_un *sun, socklen_t length)
{
	int error, fd;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return errno;
	error = 0;
	if (connect(fd, (const struct sockaddr *)sun, length) == -1)
		error = errno;
	close(fd);
	return error;
}

/*
 * Somebody accepts on it, or its backlog is full: where that looks as if
 * nobody did, only time tells.
 */
static bool
answers(const struct sockaddr_un *sun, socklen_t length, int *error)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
	unsigned long long waited;

	*error = try_connect(sun, length);
	for (waited = 0;
	     *error == ECONNREFUSED && waited < os_backlog_full(ECONNREFUSED);
	     waited += PAUSE_MS) {
		nanosleep(&pause, NULL);
		*error = try_connect(sun, length);
	}
	return *error == 0 || *error == EAGAIN || *error == EINPROGRESS ||
	    *error == EPROTOTYPE;
}

static const char *
remove_stale(struct socket_file *f, const struct sockaddr_un *sun,
    socklen_t length, int *status)
{
	struct stat st;
	int error;

	if (fstatat(f->directory, f->name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? NULL : because(status);
	if (!S_ISSOCK(st.st_mode)) {
		*status = EX_CANTCREAT;
		return "exists and is not a socket";
	}
	if (answers(sun, length, &error)) {
		*status = EX_UNAVAILABLE;
		return "in use";
	}
	errno = error;
	if (error == ENOENT)
		return NULL;
	if (error != ECONNREFUSED ||
	    (unlinkat(f->directory, f->name, 0) == -1 && errno != ENOENT))
		return because(status);
	return NULL;
}

/* Remember which file it is; only a socket can be ours. */
static int
identify(struct socket_file *f)
{
	struct stat st;

	if (fstatat(f->directory, f->name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	/* A link to another socket could be slipped in here. */
	if (!S_ISSOCK(st.st_mode) || st.st_nlink != 1) {
		errno = EEXIST;
		return -1;
	}
	f->device = st.st_dev;
	f->inode = st.st_ino;
	return 0;
}

static const char *
bind_and_own(struct socket_file *f, int fd, const struct sockaddr_un *sun,
    socklen_t length, const struct socket_file_access *access, int *status)
{
	mode_t mode, mask;
	int bound;

	/*
	 * Linux takes the mode from the socket, so that it need not be changed
	 * by a name.  Nobody can connect before listen(2).
	 */
	mask = umask(0777);
	mode = access->has_mode ? access->mode : 0666 & ~mask;
	if (fchmod(fd, mode) == 0)
		umask(0);
	bound = bind(fd, (const struct sockaddr *)sun, length);
	umask(mask);
	if (bound == -1) {
		if (errno == EADDRINUSE)
			return *status = EX_UNAVAILABLE, "in use";
		return because(status);
	}
	if (identify(f) == -1 ||
	    os_own_file(f->directory, f->name, f->device, f->inode, access->uid,
	        access->gid, mode) == -1) {
		because(status);
		bound = errno;
		socket_file_remove(f);
		return strerror(bound);
	}
	return NULL;
}

static void
close_descriptors(struct socket_file *f)
{
	if (f->lock != -1)
		close(f->lock);
	close(f->directory);
	f->lock = f->directory = -1;
}

const char *
socket_file_bind(struct socket_file *f, int fd, const struct address *address,
    const struct socket_file_access *access, int *status)
{
	struct sockaddr_un sun;
	socklen_t length;
	const char *why;

	*f = (struct socket_file) { .directory = -1, .lock = -1 };
	length = address_unix(address, &sun);
	why = open_directory(f, address->path, status);
	if (why == NULL)
		why = take_lock(f, status);
	if (why == NULL)
		why = remove_stale(f, &sun, length, status);
	if (why == NULL)
		why = bind_and_own(f, fd, &sun, length, access, status);
	if (why != NULL && f->inode == 0)
		socket_file_remove(f);
	return why;
}

static int
remove_socket(struct socket_file *f)
{
	struct stat st;

	if (f->inode == 0 ||
	    fstatat(f->directory, f->name, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    st.st_dev != f->device || st.st_ino != f->inode)
		return 0;
	return unlinkat(f->directory, f->name, 0);
}

int
socket_file_remove(struct socket_file *f)
{
	char name[sizeof(f->name) + sizeof(".lock")];
	int error;

	if (f->directory == -1)
		return 0;
	error = remove_socket(f) == -1 ? errno : 0;
	if (f->lock != -1) {
		lock_name(f, name, sizeof(name));
		if (is_current(f, f->lock, name) &&
		    unlinkat(f->directory, name, 0) == -1 && error == 0)
			error = errno;
	}
	close_descriptors(f);
	errno = error;
	return error == 0 ? 0 : -1;
}
