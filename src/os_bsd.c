/*
 * Facts about FreeBSD, NetBSD and OpenBSD.
 */
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "os.h"

const bool os_abstract_sockets = false;

/*
 * A full backlog and a socket on which nobody listens both refuse.  The
 * first passes within moments, so try for one second.
 */
unsigned long long
os_backlog_full(int error)
{
	return error == ECONNREFUSED ? 1000 : 0;
}

/* No call here follows a symbolic link. */
int
os_own_file(int directory, const char *name, dev_t device, ino_t inode,
    uid_t uid, gid_t gid, mode_t mode)
{
	struct stat st;

	if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	if (st.st_dev != device || st.st_ino != inode) {
		errno = EEXIST;
		return -1;
	}
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) &&
	    fchownat(directory, name, uid, gid, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	return fchmodat(directory, name, mode, AT_SYMLINK_NOFOLLOW);
}

/* Each system has other names for it, and a range for each IP_PORTRANGE. */
void
os_read_port_range(void)
{
}

bool
os_may_pick_port(unsigned port)
{
	(void)port;
	return true;
}

/* close_range(2) is FreeBSD's alone. */
void
os_close_both(int a, int b)
{
	close(a);
	close(b);
}

/* OpenBSD has no such request; Capsicum refuses it. */
int
os_unacknowledged(int fd)
{
#ifdef FIONWRITE
	int n;

	return ioctl(fd, FIONWRITE, &n) == -1 ? -1 : n;
#else
	(void)fd;
	return -1;
#endif
}

/*
 * NetBSD and OpenBSD have a thread that closes what was not received; on
 * FreeBSD who reads does so.
 */
void
os_refuse_descriptors(int fd)
{
	(void)fd;
}

bool
os_refuses_descriptors(int fd)
{
	(void)fd;
	return false;
}

/* A process that has changed its user cannot be traced there anyway. */
int
os_forbid_tracing(void)
{
	return 0;
}

/* strerror(3) has one buffer for the whole process there. */
const char *
os_error(int error, char room[OS_ERROR_SIZE])
{
	/* An unknown number has a text too. */
	(void)strerror_r(error, room, OS_ERROR_SIZE);
	return room;
}

size_t
os_processors(void)
{
	long n;

	n = sysconf(_SC_NPROCESSORS_ONLN);
	return n > 0 ? (size_t)n : 1;
}
