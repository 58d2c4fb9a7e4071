/*
 * The life of a pid file, by its directory's descriptor.
 * Not here: whom it is for.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "pidfile.h"

/* A pid in digits and a newline, and one octet to see that there is more. */
#define CONTENT 12

static const char *
because(int *status)
{
	switch (errno) {
	case EACCES:
	case EPERM:
	case EROFS:
		*status = EX_NOPERM;
		break;
	case ENOENT:
	case ENOTDIR:
	case ELOOP:
	case ENAMETOOLONG:
		*status = EX_CANTCREAT;
		break;
	default:
		*status = EX_OSERR;
		break;
	}
	return strerror(errno);
}

static const char *
refuse(int *status)
{
	*status = EX_CANTCREAT;
	return "exists and is not a pid file";
}

static const char *
open_directory(struct pidfile *p, const char *path, int *status)
{
	char directory[PATH_MAX];
	const char *slash;
	size_t length;

	slash = strrchr(path, '/');
	length = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	if (length >= sizeof(directory) ||
	    strlcpy(p->name, path + length, sizeof(p->name)) >=
	        sizeof(p->name)) {
		errno = ENAMETOOLONG;
		return because(status);
	}
	memcpy(directory, path, length);
	directory[length] = '\0';
	p->directory = open(
	    length == 0 ? "." : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return p->directory == -1 ? because(status) : NULL;
}

/* Whether it is empty or a number and a newline; else *pid is 0. */
static bool
read_pid(int fd, pid_t *pid)
{
	char text[CONTENT];
	const char *error;
	ssize_t n;

	*pid = 0;
	n = pread(fd, text, CONTENT, 0);
	if (n <= 0)
		return n == 0;
	/* What follows may be anything, whatever it begins with. */
	if (n == CONTENT)
		return false;
	if (text[n - 1] != '\n' || strspn(text, "0123456789") != (size_t)n - 1)
		return false;
	text[n - 1] = '\0';
	*pid = (pid_t)strtonum(text, 1, INT_MAX, &error);
	return error == NULL;
}

/* A file with a second name is somebody's, whatever it holds. */
static bool
is_pid_file(int fd)
{
	struct stat st;
	pid_t pid;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink <= 1 &&
	    read_pid(fd, &pid);
}

/* Whether the file that fd is open on is the one that others find. */
static bool
is_current(const struct pidfile *p, int fd)
{
	struct stat found, held;

	return fstat(fd, &held) == 0 &&
	    fstatat(p->directory, p->name, &found, AT_SYMLINK_NOFOLLOW) == 0 &&
	    held.st_dev == found.st_dev && held.st_ino == found.st_ino;
}

/* Systems give many errors for a link, a directory, a socket in the way. */
static const char *
why_not_open(const struct pidfile *p, int *status)
{
	struct stat st;
	int saved;

	saved = errno;
	if (fstatat(p->directory, p->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !S_ISREG(st.st_mode))
		return refuse(status);
	errno = saved;
	return because(status);
}

static const char *
open_file(const struct pidfile *p, int *fd, int *status)
{
	*fd = openat(p->directory, p->name,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
	if (*fd == -1)
		return why_not_open(p, status);
	if (is_pid_file(*fd))
		return NULL;
	close(*fd);
	return refuse(status);
}

static const char *
why_not_locked(int fd, int *status)
{
	static char holder[sizeof("in use by process ") + CONTENT];
	pid_t pid;

	if (errno != EWOULDBLOCK) {
		because(status);
		return "cannot be locked";
	}
	*status = EX_UNAVAILABLE;
	(void)read_pid(fd, &pid);
	if (pid == 0)
		return "in use";
	snprintf(holder, sizeof(holder), "in use by process %ld", (long)pid);
	return holder;
}

/*
 * The holder removes the file at its end, so one that is no longer in the
 * directory is worth nothing, locked or not.
 */
static const char *
take(struct pidfile *p, int *status)
{
	const char *why;
	bool locked;
	int fd, error;

	for (;;) {
		why = open_file(p, &fd, status);
		if (why != NULL)
			return why;
		locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
		error = errno;
		if (is_current(p, fd))
			break;
		close(fd);
	}
	errno = error;
	if (!locked)
		why = why_not_locked(fd, status);
	else if (ftruncate(fd, 0) == -1)
		why = because(status);
	if (why == NULL)
		p->fd = fd;
	else
		close(fd);
	return why;
}

static void
close_descriptors(struct pidfile *p)
{
	if (p->fd != -1)
		close(p->fd);
	if (p->directory != -1)
		close(p->directory);
	p->fd = p->directory = -1;
}

const char *
pidfile_lock(struct pidfile *p, const char *path, int *status)
{
	const char *why;

	*p = (struct pidfile) { .directory = -1, .fd = -1 };
	if (path == NULL)
		return NULL;
	why = open_directory(p, path, status);
	if (why == NULL)
		why = take(p, status);
	if (why != NULL)
		close_descriptors(p);
	return why;
}

int
pidfile_store(const struct pidfile *p)
{
	char text[CONTENT + 1];
	ssize_t n;
	int length;

	if (p->fd == -1)
		return 0;
	length = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	n = write(p->fd, text, (size_t)length);
	if (n == length)
		return 0;
	if (n != -1)
		errno = ENOSPC;
	return -1;
}

int
pidfile_unlink(struct pidfile *p)
{
	int error;

	if (p->fd == -1)
		return 0;
	error = 0;
	if (is_current(p, p->fd) && unlinkat(p->directory, p->name, 0) == -1) {
		error = errno;
		/* At least nobody sends signals to whoever has the pid next. */
		(void)!ftruncate(p->fd, 0);
	}
	close_descriptors(p);
	errno = error;
	return error == 0 ? 0 : -1;
}
