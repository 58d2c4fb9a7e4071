/*
 * What the tests of sandbox.h share: processes and threads inside it, and
 * attempts that more than one of them makes there.
 * Not here: the attempts of one alone.
 */
#ifndef SANDBOX_FIXTURE_H
#define SANDBOX_FIXTURE_H

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <netinet/in.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <stddef.h>
#endif

#include "sandbox.h"
#include "sockets.h"

/* What a child found. */
#define REFUSED 0  /* the call failed */
#define POSSIBLE 1 /* it did not */
#define BROKEN 2   /* the sandbox could not be entered */
#define ABSENT 3   /* this system or build has none */

static struct endpoint target; /* 127.0.0.1 and a port that listens */
static struct endpoint other;  /* another such port */
static bool helped;            /* another process connects */
static int inside, outside;    /* directories: may be removed in, may not */

static inline struct endpoint
listening(void)
{
	struct endpoint e = { .length = sizeof(struct sockaddr_in) };
	int fd;

	fd = tcp_bound((struct sockaddr_in *)&e.addr);
	ATF_REQUIRE_EQ(0, listen(fd, 8));
	return e;
}

static inline void
enter(struct sandbox *s, size_t workers)
{
	struct address address = { .kind = ADDRESS_HOST };
	struct endpoints endpoints = { .list = &target, .n = 1 };
	struct sandbox_needs needs = {
		.target = &address,
		.endpoints = &endpoints,
		.workers = workers,
		.helped = helped,
		.target_directory = -1,
		.directories = { inside, -1 },
		.removed = { "inside", NULL },
	};

	if (sandbox_prepare(s, &needs) == -1 || sandbox_enter(s) == -1)
		_exit(BROKEN);
	if (s->missing[0] != '\0')
		_exit(ABSENT);
}

static inline int
status_of(bool possible)
{
	return possible ? POSSIBLE : REFUSED;
}

static inline void
in_process(bool (*attempt)(void))
{
	struct sandbox s;

	enter(&s, 1);
	_exit(status_of(attempt()));
}

static inline void
unwalled(bool (*attempt)(void))
{
	_exit(status_of(attempt()));
}

static inline void
in_resolver(bool (*attempt)(void))
{
	if (sandbox_enter_resolver() == -1)
		_exit(BROKEN);
	_exit(status_of(attempt()));
}

static atomic_bool sealed;
static bool (*attempt_of_worker)(void);

/* It was started before the seal, and finds it all the same. */
static inline void *
worker(void *arg)
{
	while (!sealed)
		continue;
	_exit(status_of(attempt_of_worker()));
	return arg;
}

static inline void
in_worker(bool (*attempt)(void))
{
	struct sandbox s;
	pthread_t thread;

	attempt_of_worker = attempt;
	enter(&s, 2);
	if (pthread_create(&thread, NULL, worker, NULL) != 0 ||
	    sandbox_seal(&s) == -1)
		_exit(BROKEN);
	sealed = true;
	pthread_join(thread, NULL);
}

/* Between entering and the seal, threads can be started, and no more. */
static inline void
before_seal(bool (*attempt)(void))
{
	struct sandbox s;

	enter(&s, 2);
	_exit(status_of(attempt()));
}

/* In the main thread, with another one running. */
static inline void
beside_worker(bool (*attempt)(void))
{
	struct sandbox s;
	pthread_t thread;

	enter(&s, 2);
	if (pthread_create(&thread, NULL, worker, NULL) != 0 ||
	    sandbox_seal(&s) == -1)
		_exit(BROKEN);
	_exit(status_of(attempt()));
}

#ifdef __linux__
/*
 * As on a Linux before 3.17: filters, but no seccomp(2), and so no action that
 * ends a whole process.
 */
static inline void
lose_seccomp_call(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {
		.len = sizeof(code) / sizeof(code[0]),
		.filter = code,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == -1)
		_exit(BROKEN);
}
#endif

/* Returns the child's exit status; a killed one counts as REFUSED. */
static inline int
in_child(bool (*attempt)(void), void (*place)(bool (*)(void)))
{
	int status;
	pid_t pid;

	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid == 0) {
		place(attempt);
		_exit(BROKEN);
	}
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	if (WIFSIGNALED(status))
		return REFUSED;
	/* The handler of a forbidden call ends the process with 70. */
	return WEXITSTATUS(status) == 70 ? REFUSED : WEXITSTATUS(status);
}

static inline void
make_files(void)
{
	close(openat(inside, "file", O_CREAT | O_WRONLY, 0600));
	close(openat(outside, "file", O_CREAT | O_WRONLY, 0600));
}

static inline void
set_up(void)
{
	target = listening();
	other = listening();
	ATF_REQUIRE_EQ(0, mkdir("inside", 0700));
	ATF_REQUIRE_EQ(0, mkdir("outside", 0700));
	inside = open("inside", O_RDONLY | O_DIRECTORY);
	outside = open("outside", O_RDONLY | O_DIRECTORY);
	make_files();
}

static inline bool
never(void)
{
	return false;
}

static inline void
require_sandbox(void)
{
	set_up();
	if (in_child(never, in_process) == ABSENT)
		atf_tc_skip("no complete sandbox on this system, or in this "
		            "build");
}

/* With one worker, and with more in every place that there is. */
static inline void
check(int expected, bool (*attempt)(void))
{
	void (*const places[])(bool (*)(void)) = { in_process, in_worker,
		beside_worker, before_seal };
	size_t i;

	require_sandbox();
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		make_files();
		ATF_CHECK_EQ_MSG(
		    expected, in_child(attempt, places[i]), "in place %zu", i);
	}
}

static inline bool
opens(void)
{
	return open("/etc/passwd", O_RDONLY) != -1;
}

static inline bool
executes(void)
{
	char name[] = "/bin/sh", flag[] = "-c", command[] = "exit 1";
	char *argv[] = { name, flag, command, NULL };

	_Static_assert(POSSIBLE == 1, "what the command exits with");
	execv(name, argv);
	return false;
}

static inline bool
forks(void)
{
	pid_t pid;

	pid = fork();
	if (pid == 0)
		_exit(0);
	return pid != -1;
}

static inline bool
kills(void)
{
	return kill(getppid(), 0) != -1;
}

/* As the relay makes them. */
static inline int
stream_socket(int family)
{
	return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static inline bool
makes_ipv6_socket(void)
{
	return stream_socket(AF_INET6) != -1;
}

static inline bool
makes_datagram_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0) != -1;
}

static inline bool
begins(int fd, const struct endpoint *e)
{
	return connect(fd, (const struct sockaddr *)&e->addr, e->length) == 0 ||
	    errno == EINPROGRESS;
}

static inline bool
connects_to_target(void)
{
	int fd;

	fd = stream_socket(AF_INET);
	return fd != -1 && begins(fd, &target);
}

static inline bool
connects_elsewhere(void)
{
	int fd;

	fd = stream_socket(AF_INET);
	return fd != -1 && begins(fd, &other);
}

static inline bool
removes_inside(void)
{
	return unlinkat(inside, "file", 0) == 0;
}

#endif
