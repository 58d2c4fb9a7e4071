/*
 * Going into the background, and telling the parent when that is done.
 * Not here: the pid file, the log.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon.h"

/* What goes through the pipe, in the order in which it happened. */
#define READY 'r'
#define ENDED 'e'

static bool background;

/*
 * Both processes hold both ends: a parent that was killed raises no SIGPIPE,
 * and processes that the child starts cannot keep the parent waiting.
 */
static int ends[2] = { -1, -1 };

static void
on_child_signal(int signal_number)
{
	const char event = ENDED;
	int saved;

	(void)signal_number;
	saved = errno;
	(void)!write(ends[1], &event, 1);
	errno = saved;
}

static void
close_pipe(void)
{
	close(ends[0]);
	close(ends[1]);
	ends[0] = ends[1] = -1;
}

/* /dev/null above the standard descriptors; any of those not open is it too. */
static int
open_null(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd != -1 && fd <= STDERR_FILENO);
	return fd;
}

static int
exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : EX_OSERR;
}

/* The pipe keeps the order: a child that was ready before it ended was ready.
 */
static _Noreturn void
wait_for_child(pid_t child)
{
	sigset_t set;
	ssize_t n;
	int status;
	char event;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	for (;;) {
		n = read(ends[0], &event, 1);
		if (n == 1 && event == READY)
			_exit(EX_OK);
		if (n == 1 && waitpid(child, &status, WNOHANG) == child)
			_exit(exit_status(status));
		if (n == -1 && errno != EINTR)
			_exit(EX_OSERR);
	}
}

static int
become_daemon(int null, const struct sigaction *before)
{
	background = true;
	if (sigaction(SIGCHLD, before, NULL) == -1 || setsid() == -1 ||
	    dup2(null, STDIN_FILENO) == -1 || dup2(null, STDOUT_FILENO) == -1)
		return -1;
	close(null);
	return 0;
}

static void
undo(int null, const struct sigaction *before)
{
	int saved;

	saved = errno;
	sigaction(SIGCHLD, before, NULL);
	close_pipe();
	close(null);
	errno = saved;
}

int
daemon_start(void)
{
	struct sigaction action = { .sa_handler = on_child_signal }, before;
	pid_t child;
	int null;

	null = open_null();
	if (null == -1)
		return -1;
	if (pipe2(ends, O_CLOEXEC) == -1) {
		close(null);
		return -1;
	}
	/* Before the child is there, so that its end cannot be missed. */
	action.sa_flags = SA_NOCLDSTOP;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGCHLD, &action, &before) == -1) {
		close_pipe();
		close(null);
		return -1;
	}
	child = fork();
	if (child == -1) {
		undo(null, &before);
		return -1;
	}
	if (child == 0)
		return become_daemon(null, &before);
	wait_for_child(child);
}

/* Standard output is /dev/null already. */
void
daemon_detach(void)
{
	if (background)
		dup2(STDOUT_FILENO, STDERR_FILENO);
}

void
daemon_ready(void)
{
	const char event = READY;

	if (ends[1] == -1)
		return;
	(void)!write(ends[1], &event, 1);
	close_pipe();
}
