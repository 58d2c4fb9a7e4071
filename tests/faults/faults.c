/*
 * Calls that fail when a test wants it: each of those in "wrapped" goes through
 * here, by the linker's --wrap.
 * Not here: when they fail (faults.h).
 */
#include <sys/types.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "faults.h"

static struct faults *shared;

/* Before main(), and before there are walls. */
__attribute__((constructor)) static void
share(void)
{
	const char *path;
	void *p;
	int fd;

	path = getenv("FAULTS");
	if (path == NULL)
		return;
	fd = open(path, O_RDWR | O_CLOEXEC);
	p = mmap(
	    NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd == -1 || p == MAP_FAILED) {
		perror(path);
		_exit(125);
	}
	close(fd);
	shared = p;
}

/* Whether this call is to fail in the way that is wanted. */
static bool
is_hit(const char *name, enum faults_kind kind)
{
	unsigned n;

	if (shared == NULL || !atomic_load(&shared->armed) ||
	    shared->kind != (int)kind || strcmp(shared->name, name) != 0)
		return false;
	n = atomic_fetch_add(&shared->calls, 1) + 1;
	if (n < shared->from || n - shared->from >= shared->times)
		return false;
	atomic_fetch_add(&shared->hits, 1);
	return true;
}

static bool
fails(const char *name)
{
	if (shared != NULL)
		atomic_fetch_add(&shared->all, 1);
	if (!is_hit(name, FAULTS_FAIL))
		return false;
	errno = shared->error;
	return true;
}

static bool
fails_after(const char *name)
{
	if (!is_hit(name, FAULTS_AFTER))
		return false;
	errno = shared->error;
	return true;
}

/* Every third is interrupted instead. */
static size_t
shorten(const char *name, size_t n)
{
	if (!is_hit(name, FAULTS_SHORT) || n == 0)
		return n;
	return atomic_load(&shared->hits) % 3 == 0 ? 0 : 1;
}

/* The linker chooses these names. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl*) */
#define WRAP(type, name, failure, parameters, arguments) \
	type __real_##name parameters;                   \
	type __wrap_##name parameters;                   \
	type __wrap_##name parameters                    \
	{                                                \
		type result;                             \
                                                         \
		if (fails(#name))                        \
			return failure;                  \
		result = __real_##name arguments;        \
		if (fails_after(#name))                  \
			return failure;                  \
		return result;                           \
	}

/* Of those that return an error instead of setting errno. */
#define WRAP_ERROR(sign, name, parameters, arguments) \
	WRAP(int, name, sign errno, parameters, arguments)

WRAP(int, accept4, -1, (int fd, struct sockaddr *sa, socklen_t *n, int flags),
    (fd, sa, n, flags))
WRAP(void *, aligned_alloc, NULL, (size_t alignment, size_t n), (alignment, n))
WRAP(int, bind, -1, (int fd, const struct sockaddr *sa, socklen_t n),
    (fd, sa, n))
WRAP(void *, calloc, NULL, (size_t n, size_t size), (n, size))
WRAP(int, fchmod, -1, (int fd, mode_t mode), (fd, mode))
WRAP(int, close, -1, (int fd), (fd))
WRAP(int, connect, -1, (int fd, const struct sockaddr *sa, socklen_t n),
    (fd, sa, n))
WRAP(int, dup2, -1, (int from, int to), (from, to))
WRAP(int, epoll_create1, -1, (int flags), (flags))
WRAP(int, epoll_ctl, -1, (int fd, int op, int of, struct epoll_event *e),
    (fd, op, of, e))
WRAP(int, epoll_wait, -1, (int fd, struct epoll_event *e, int n, int ms),
    (fd, e, n, ms))
WRAP(int, fchownat, -1, (int d, const char *p, uid_t u, gid_t g, int flags),
    (d, p, u, g, flags))
/* Any third argument of these is no wider than a long. */
WRAP(int, fcntl, -1, (int fd, int command, long argument),
    (fd, command, argument))
WRAP(int, flock, -1, (int fd, int operation), (fd, operation))
WRAP(FILE *, fopen, NULL, (const char *path, const char *mode), (path, mode))
WRAP(pid_t, fork, -1, (void), ())
WRAP(int, fstat, -1, (int fd, struct stat *st), (fd, st))
WRAP(int, fstatat, -1, (int d, const char *p, struct stat *st, int flags),
    (d, p, st, flags))
WRAP(int, ftruncate, -1, (int fd, off_t n), (fd, n))
WRAP(struct group *, getgrnam, NULL, (const char *name), (name))
WRAP(int, getpeername, -1, (int fd, struct sockaddr *sa, socklen_t *n),
    (fd, sa, n))
WRAP(struct passwd *, getpwnam, NULL, (const char *name), (name))
WRAP(int, getrlimit, -1, (int resource, struct rlimit *rl), (resource, rl))
WRAP(int, getsockname, -1, (int fd, struct sockaddr *sa, socklen_t *n),
    (fd, sa, n))
WRAP(int, getsockopt, -1, (int fd, int level, int o, void *p, socklen_t *n),
    (fd, level, o, p, n))
WRAP(int, initgroups, -1, (const char *name, gid_t g), (name, g))
WRAP(int, listen, -1, (int fd, int n), (fd, n))
WRAP(void *, malloc, NULL, (size_t n), (n))
WRAP(int, open, -1, (const char *path, int flags, mode_t mode),
    (path, flags, mode))
WRAP(int, openat, -1, (int d, const char *path, int flags, mode_t mode),
    (d, path, flags, mode))
WRAP(int, pipe2, -1, (int fds[2], int flags), (fds, flags))
WRAP(int, prctl, -1, (int what, long a, long b, long c, long d),
    (what, a, b, c, d))
WRAP_ERROR(, pthread_create,
    (pthread_t * t, const pthread_attr_t *a, void *(*f)(void *), void *arg),
    (t, a, f, arg))
WRAP(ssize_t, read, -1, (int fd, void *p, size_t n), (fd, p, n))
WRAP(void *, reallocarray, NULL, (void *p, size_t n, size_t size), (p, n, size))
WRAP_ERROR(-, seccomp_attr_set,
    (scmp_filter_ctx f, enum scmp_filter_attr a, uint32_t value), (f, a, value))
WRAP(scmp_filter_ctx, seccomp_init, NULL, (uint32_t action), (action))
WRAP_ERROR(-, seccomp_load, (scmp_filter_ctx f), (f))
WRAP(int, setgid, -1, (gid_t g), (g))
WRAP(
    int, setrlimit, -1, (int resource, const struct rlimit *rl), (resource, rl))
WRAP(pid_t, setsid, -1, (void), ())
WRAP(int, setsockopt, -1,
    (int fd, int level, int o, const void *p, socklen_t n),
    (fd, level, o, p, n))
WRAP(int, setuid, -1, (uid_t u), (u))
WRAP(int, shutdown, -1, (int fd, int how), (fd, how))
WRAP(int, sigaction, -1,
    (int signo, const struct sigaction *to, struct sigaction *from),
    (signo, to, from))
WRAP(int, socket, -1, (int family, int type, int protocol),
    (family, type, protocol))
WRAP(int, socketpair, -1, (int family, int type, int protocol, int fds[2]),
    (family, type, protocol, fds))
WRAP(long, syscall, -1, (long n, long a, long b, long c, long d, long e),
    (n, a, b, c, d, e))
WRAP(int, unlinkat, -1, (int d, const char *path, int flags), (d, path, flags))
WRAP(ssize_t, write, -1, (int fd, const void *p, size_t n), (fd, p, n))

typedef void (*signal_handler)(int);

WRAP(signal_handler, signal, SIG_ERR, (int signo, signal_handler handler),
    (signo, handler))

/* Its arguments are structures of the caller's; the relay has three at most. */
int __wrap_seccomp_rule_add(
    scmp_filter_ctx f, uint32_t action, int call, unsigned n, ...);

int
__wrap_seccomp_rule_add(
    scmp_filter_ctx f, uint32_t action, int call, unsigned n, ...)
{
	struct scmp_arg_cmp list[3];
	unsigned i;
	va_list ap;

	if (fails("seccomp_rule_add"))
		return -errno;
	va_start(ap, n);
	for (i = 0; i < n && i < 3; i++)
		list[i] = va_arg(ap, struct scmp_arg_cmp);
	va_end(ap);
	return seccomp_rule_add_array(f, action, call, n, list);
}

/* Those that move octets, and may move fewer than asked for. */
#define MOVE(name, n, parameters, arguments)    \
	ssize_t __real_##name parameters;       \
	ssize_t __wrap_##name parameters;       \
	ssize_t __wrap_##name parameters        \
	{                                       \
		size_t less;                    \
                                                \
		if (fails(#name))               \
			return -1;              \
		less = shorten(#name, n);       \
		if (less == 0 && (n) > 0) {     \
			errno = EINTR;          \
			return -1;              \
		}                               \
		(n) = less;                     \
		return __real_##name arguments; \
	}

MOVE(splice, n, (int in, void *at, int out, void *to, size_t n, unsigned flags),
    (in, at, out, to, n, flags))

ssize_t __real_send(int fd, const void *p, size_t n, int flags);
ssize_t __wrap_send(int fd, const void *p, size_t n, int flags);

ssize_t
__wrap_send(int fd, const void *p, size_t n, int flags)
{
	size_t less;

	if (fails("send"))
		return -1;
	/* A record goes whole; a stream may not. */
	less = flags & MSG_EOR ? n : shorten("send", n);
	if (less == 0 && n > 0) {
		errno = EINTR;
		return -1;
	}
	return __real_send(fd, p, less, flags);
}

ssize_t __real_recvmsg(int fd, struct msghdr *m, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags);

ssize_t
__wrap_recvmsg(int fd, struct msghdr *m, int flags)
{
	size_t less;

	if (fails("recvmsg"))
		return -1;
	/* A message with a descriptor comes whole; a stream may not. */
	if (m->msg_control == NULL) {
		less = shorten("recvmsg", m->msg_iov->iov_len);
		if (less == 0 && m->msg_iov->iov_len > 0) {
			errno = EINTR;
			return -1;
		}
		m->msg_iov->iov_len = less;
	}
	return __real_recvmsg(fd, m, flags);
}

/* No message is as long; a relay's read of a stream is. */
#define MESSAGE_MAX ((size_t)4096)

ssize_t __real_recv(int fd, void *p, size_t n, int flags);
ssize_t __wrap_recv(int fd, void *p, size_t n, int flags);

ssize_t
__wrap_recv(int fd, void *p, size_t n, int flags)
{
	size_t less;

	if (n <= MESSAGE_MAX)
		return fails("recv") ? -1 : __real_recv(fd, p, n, flags);
	/* Both calls are one to who breaks them. */
	if (fails("recvmsg"))
		return -1;
	less = shorten("recvmsg", n);
	if (less == 0) {
		errno = EINTR;
		return -1;
	}
	return __real_recv(fd, p, less, flags);
}

/* The wall clock, which anybody may set, goes back; nobody should look. */
int __real_clock_gettime(clockid_t id, struct timespec *t);
int __wrap_clock_gettime(clockid_t id, struct timespec *t);

int
__wrap_clock_gettime(clockid_t id, struct timespec *t)
{
	if (id == CLOCK_REALTIME && fails("clock")) {
		*t = (struct timespec) { .tv_sec = 1 };
		return 0;
	}
	return __real_clock_gettime(id, t);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl*) */
