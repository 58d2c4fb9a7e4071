/*
 * Facts about Linux.
 */
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <linux/sockios.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os.h"
#include "passrights.h"

const bool os_abstract_sockets = true;

static unsigned port_min = 0, port_max = UINT_MAX;

/* EAGAIN, with nothing in progress: connect(2). */
unsigned long long
os_backlog_full(int error)
{
	return error == EAGAIN ? ULLONG_MAX : 0;
}

static void
close_keeping_errno(int fd)
{
	int saved;

	saved = errno;
	close(fd);
	errno = saved;
}

/*
 * By a descriptor of the file itself (O_PATH, open(2)), so that nobody who
 * may write the directory can slip another file in.
 */
int
os_own_file(int directory, const char *name, dev_t device, ino_t inode,
    uid_t uid, gid_t gid, mode_t mode)
{
	char path[sizeof("/proc/self/fd/") + 3 * sizeof(int)];
	struct stat st;
	int fd, result;

	fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return -1;
	result = -1;
	if (fstat(fd, &st) == -1)
		goto close_fd;
	if (st.st_dev != device || st.st_ino != inode) {
		errno = EEXIST;
		goto close_fd;
	}
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) &&
	    fchownat(fd, "", uid, gid, AT_EMPTY_PATH) == -1)
		goto close_fd;
	/* fchmod(2) refuses such a descriptor; its name in /proc does not. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	result = (st.st_mode & 07777) == mode ? 0 : chmod(path, mode);
close_fd:
	close_keeping_errno(fd);
	return result;
}

void
os_read_port_range(void)
{
	unsigned min, max;
	FILE *f;

	/* Of IPv6 as well. */
	f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	if (f == NULL)
		return;
	if (fscanf(f, "%u %u", &min, &max) == 2) {
		port_min = min;
		port_max = max;
	}
	fclose(f);
}

bool
os_may_pick_port(unsigned port)
{
	return port >= port_min && port <= port_max;
}

#ifndef SYS_close_range
#define SYS_close_range (-1)
#endif

/*
 * An accepted socket and the one that is opened next are neighbours nearly
 * always.  Not every C library has close_range(2), nor every kernel, nor
 * does every container let it through.
 */
void
os_close_both(int a, int b)
{
	static atomic_bool missing = SYS_close_range == -1;
	int low;

	low = a < b ? a : b;
	if (!missing && (a - b == 1 || b - a == 1)) {
		if (syscall(SYS_close_range, low, low + 1, 0) == 0)
			return;
		missing = true;
	}
	close(a);
	close(b);
}

int
os_unacknowledged(int fd)
{
	int n;

	return ioctl(fd, SIOCOUTQ, &n) == -1 ? -1 : n;
}

/* Linux 6.16. */
void
os_refuse_descriptors(int fd)
{
	const int off = 0;

	(void)setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof(off));
}

/* gVisor takes any option, and does not do what it does not know. */
bool
os_refuses_descriptors(int fd)
{
	socklen_t length;
	int on;

	length = sizeof(on);
	return getsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &on, &length) == 0 &&
	    on == 0;
}

int
os_forbid_tracing(void)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* Both C libraries: constant text, or the thread's own. */
const char *
os_error(int error, char room[OS_ERROR_SIZE])
{
	strlcpy(room, strerror(error), OS_ERROR_SIZE);
	return room;
}

/* The set is too small for the largest machines; they answer otherwise. */
size_t
os_processors(void)
{
	cpu_set_t set;
	long n;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	else
		n = sysconf(_SC_NPROCESSORS_ONLN);
	return n > 0 ? (size_t)n : 1;
}
