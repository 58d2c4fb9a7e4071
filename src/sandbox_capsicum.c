/*
 * The sandbox of FreeBSD, capsicum(4): capability mode, and descriptors with
 * no more rights than the running relay uses.
 * Not here: connecting, which capability mode forbids, see dialer_helper.c.
 */
#include "sandbox.h"

/* Empty elsewhere, where tools that check sources read it too. */
#if __has_include(<sys/capsicum.h>)

#include <sys/param.h>
#include <sys/capsicum.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysctl.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sandbox_note.h"

int
sandbox_prepare(struct sandbox *s, const struct sandbox_needs *needs)
{
	*s = (struct sandbox) { .needs = *needs, .ruleset = -1 };
	return 0;
}

/* What a session does with a connection, rights(4). */
static void
add_connection(cap_rights_t *rights)
{
	cap_rights_set(rights, CAP_EVENT, CAP_GETPEERNAME, CAP_GETSOCKNAME,
	    CAP_GETSOCKOPT, CAP_RECV, CAP_SEND, CAP_SETSOCKOPT, CAP_SHUTDOWN);
}

static bool
listens(int fd)
{
	socklen_t length;
	int on;

	length = sizeof(on);
	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &length) == 0 &&
	    on != 0;
}

/* Other directories may have been inherited; they are of no use. */
static void
add_directory(const struct sandbox_needs *needs, int fd, cap_rights_t *rights)
{
	if (fd == needs->directories[0] || fd == needs->directories[1])
		cap_rights_set(rights, CAP_FSTAT, CAP_LOOKUP, CAP_UNLINKAT);
	if (fd == needs->target_directory)
		cap_rights_set(rights, CAP_CONNECTAT, CAP_FSTAT, CAP_LOOKUP);
}

/*
 * By what a descriptor is, whoever opened it: some are a library's.  An
 * accepted socket has the rights of the one that listens, so that one has the
 * rights of both.  Without CAP_IOCTL and CAP_FCNTL, no ioctl(2) is left, and of
 * fcntl(2) what concerns the number alone.
 */
static void
choose_rights(const struct sandbox_needs *needs, int fd, cap_rights_t *rights)
{
	struct stat st;

	cap_rights_init(rights);
	if (fd == STDIN_FILENO || fd == STDOUT_FILENO)
		return;
	if (fstat(fd, &st) == -1)
		st.st_mode = 0;
	if (S_ISDIR(st.st_mode))
		add_directory(needs, fd, rights);
	else if (S_ISREG(st.st_mode))
		/* The log, the pid file, locks. */
		cap_rights_set(
		    rights, CAP_EVENT, CAP_FSTAT, CAP_FTRUNCATE, CAP_WRITE);
	else if (S_ISSOCK(st.st_mode)) {
		add_connection(rights);
		if (listens(fd))
			cap_rights_set(rights, CAP_ACCEPT);
	} else
		/* A terminal, a pipe, a loop's kqueue(2). */
		cap_rights_set(
		    rights, CAP_EVENT, CAP_KQUEUE, CAP_READ, CAP_WRITE);
}

/* One that was handed over may have fewer already. */
static int
limit(int fd, const cap_rights_t *rights)
{
	if (cap_rights_limit(fd, rights) == 0 || errno == ENOTCAPABLE)
		return 0;
	return -1;
}

/* How many are open, so that not every number has to be tried. */
static int
count_descriptors(void)
{
	const int name[] = { CTL_KERN, KERN_PROC, KERN_PROC_NFDS, 0 };
	size_t length;
	int n;

	length = sizeof(n);
	if (sysctl(name, nitems(name), &n, &length, NULL, 0) == -1)
		return getdtablesize();
	return n;
}

static int
limit_all(const struct sandbox_needs *needs)
{
	cap_rights_t rights;
	int fd, left, numbers;

	left = count_descriptors();
	numbers = getdtablesize();
	for (fd = 0; left > 0 && fd < numbers; fd++) {
		if (fcntl(fd, F_GETFD) == -1)
			continue;
		left--;
		choose_rights(needs, fd, &rights);
		if (limit(fd, &rights) == -1)
			return -1;
	}
	return 0;
}

/* A kernel may have been built without either. */
int
sandbox_enter(struct sandbox *s)
{
	if (!s->needs.helped) {
		sandbox_note(s->missing, "Capsicum (built to connect itself)");
		return 0;
	}
	if (limit_all(&s->needs) == -1 || cap_enter() == -1) {
		if (errno != ENOSYS)
			return -1;
		sandbox_note(s->missing, "Capsicum");
		return 0;
	}
	sandbox_note(s->enforced, "Capsicum (capability mode");
	sandbox_note(s->enforced, "rights of descriptors)");
	sandbox_note(s->enforced,
	    s->needs.target_directory != -1 ? "connectat"
	                                    : "connecting process");
	return 0;
}

/* Capability mode permits fork(2); threads are not counted here. */
static int
forbid_processes(void)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };

	return setrlimit(RLIMIT_NPROC, &none);
}

int
sandbox_seal(struct sandbox *s)
{
	(void)s;
	return forbid_processes();
}

/* Nothing can be written to a file. */
static int
forbid_writing(void)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };

	return setrlimit(RLIMIT_FSIZE, &none);
}

/* It reads files that only a C library knows, and asks the DNS. */
int
sandbox_enter_resolver(void)
{
	return forbid_processes() == -1 ? -1 : forbid_writing();
}

/* Requests and answers; a socket that is held, no more; the log. */
static int
limit_standard(void)
{
	cap_rights_t rights;
	int result;

	cap_rights_init(&rights, CAP_RECV, CAP_SEND);
	result = limit(STDIN_FILENO, &rights);
	cap_rights_init(&rights);
	if (result == 0)
		result = limit(STDOUT_FILENO, &rights);
	cap_rights_init(&rights, CAP_WRITE);
	if (result == 0)
		result = limit(STDERR_FILENO, &rights);
	return result == -1 && errno != ENOSYS ? -1 : 0;
}

/*
 * connect(2) with an address is not for capability mode.  Four numbers: of the
 * three that are open, and one that is being opened.
 */
int
sandbox_enter_connecting(const struct endpoints *endpoints, bool any_address)
{
	const struct rlimit few = { .rlim_cur = 4, .rlim_max = 4 };

	(void)endpoints;
	(void)any_address;
	if (forbid_processes() == -1 || forbid_writing() == -1 ||
	    limit_standard() == -1)
		return -1;
	return setrlimit(RLIMIT_NOFILE, &few);
}

/* It came with all of them, and must not be able to connect again. */
void
sandbox_limit_connection(int fd)
{
	cap_rights_t rights;

	cap_rights_init(&rights);
	add_connection(&rights);
	(void)cap_rights_limit(fd, &rights);
}

#endif
