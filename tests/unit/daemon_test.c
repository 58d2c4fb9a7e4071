/*
 * Tests of daemon.h.  A starter calls daemon_start(); what goes on in the
 * background reports by a pipe, being no child of the test.
 * Not here: the relay itself in the background.
 */
#include <sys/types.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon.h"
#include "unit.h"

/* Ends of pipes: what the background reads, and what it writes. */
struct wires {
	int order, report;
};

typedef void background(const struct wires *);

/* Start a process that goes into the background.  Returns its first pid. */
static pid_t
start(background *go_on, void (*prepare)(void), struct wires *w)
{
	int order[2], report[2];
	pid_t starter;

	ATF_REQUIRE_EQ(0, pipe2(order, O_CLOEXEC));
	ATF_REQUIRE_EQ(0, pipe2(report, O_CLOEXEC));
	starter = fork();
	ATF_REQUIRE(starter != -1);
	if (starter == 0) {
		close(order[1]);
		close(report[0]);
		if (prepare != NULL)
			prepare();
		unit_guard();
		if (daemon_start() == -1)
			_exit(EX_SOFTWARE);
		unit_guard();
		go_on(&(struct wires) { order[0], report[1] });
		_exit(EX_OK);
	}
	close(order[0]);
	close(report[1]);
	*w = (struct wires) { order[1], report[0] };
	return starter;
}

static void
tell(int fd, char c)
{
	if (write(fd, &c, 1) != 1)
		_exit(EX_IOERR);
}

/* Wait for an octet; 0 at end of file. */
static char
hear(int fd)
{
	char c;

	return read(fd, &c, 1) == 1 ? c : '\0';
}

static int
status_of(pid_t pid)
{
	int status;

	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_REQUIRE_MSG(WIFEXITED(status), "killed by signal %d",
	    WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	return WEXITSTATUS(status);
}

static void
hang_up(const struct wires *w)
{
	close(w->order);
	ATF_CHECK_EQ('\0', hear(w->report));
	close(w->report);
}

/* Say that it runs, be ready when told so, say that too, end when told so. */
static void
be_ready_on_demand(const struct wires *w)
{
	tell(w->report, 'b');
	hear(w->order);
	daemon_ready();
	tell(w->report, 'r');
	hear(w->order);
}

ATF_TC_WITHOUT_HEAD(parent_waits);
ATF_TC_BODY(parent_waits, tc)
{
	struct wires w;
	pid_t starter;

	unit_guard();
	starter = start(be_ready_on_demand, NULL, &w);
	ATF_REQUIRE_EQ('b', hear(w.report));
	ATF_CHECK_EQ(0, waitpid(starter, &(int) { 0 }, WNOHANG));
	tell(w.order, 'g');
	ATF_CHECK_EQ(EX_OK, status_of(starter));
	ATF_CHECK_EQ('r', hear(w.report));
	hang_up(&w);
}

static void
end_as_told(const struct wires *w)
{
	_exit(hear(w->order));
}

ATF_TC_WITHOUT_HEAD(exit_status);
ATF_TC_BODY(exit_status, tc)
{
	const char codes[] = { EX_OK, 1, EX_USAGE, EX_UNAVAILABLE, EX_CONFIG };
	struct wires w;
	pid_t starter;
	size_t i;

	unit_guard();
	for (i = 0; i < UNIT_LENGTH(codes); i++) {
		starter = start(end_as_told, NULL, &w);
		tell(w.order, codes[i]);
		ATF_CHECK_EQ(codes[i], status_of(starter));
		hang_up(&w);
	}
}

static void
die(const struct wires *w)
{
	hear(w->order);
	kill(getpid(), SIGKILL);
}

ATF_TC_WITHOUT_HEAD(killed);
ATF_TC_BODY(killed, tc)
{
	struct wires w;
	pid_t starter;

	unit_guard();
	starter = start(die, NULL, &w);
	tell(w.order, 'g');
	ATF_CHECK_EQ(EX_OSERR, status_of(starter));
	hang_up(&w);
}

static void
be_ready_and_fail(const struct wires *w)
{
	(void)w;
	daemon_ready();
	_exit(EX_SOFTWARE);
}

/* However close the two are to each other. */
ATF_TC_WITHOUT_HEAD(ready_then_ended);
ATF_TC_BODY(ready_then_ended, tc)
{
	struct wires w;
	pid_t starter;
	int i;

	unit_guard();
	for (i = 0; i < 100; i++) {
		starter = start(be_ready_and_fail, NULL, &w);
		ATF_REQUIRE_EQ(EX_OK, status_of(starter));
		hang_up(&w);
	}
}

/* A helper that lives on with all descriptors. */
static void
leave_a_helper(const struct wires *w)
{
	if (fork() == 0) {
		tell(w->report, 'h');
		hear(w->order);
		_exit(EX_OK);
	}
	_exit(EX_NOHOST);
}

ATF_TC_WITHOUT_HEAD(helper_outlives);
ATF_TC_BODY(helper_outlives, tc)
{
	struct wires w;
	pid_t starter;

	unit_guard();
	starter = start(leave_a_helper, NULL, &w);
	ATF_CHECK_EQ('h', hear(w.report));
	ATF_CHECK_EQ(EX_NOHOST, status_of(starter));
	hang_up(&w);
}

static void
default_pipe_signal(void)
{
	signal(SIGPIPE, SIG_DFL);
}

ATF_TC_WITHOUT_HEAD(parent_gone);
ATF_TC_BODY(parent_gone, tc)
{
	const int signals[] = { SIGINT, SIGKILL };
	struct wires w;
	pid_t starter;
	size_t i;
	int status;

	unit_guard();
	for (i = 0; i < UNIT_LENGTH(signals); i++) {
		starter = start(be_ready_on_demand, default_pipe_signal, &w);
		ATF_REQUIRE_EQ('b', hear(w.report));
		ATF_REQUIRE_EQ(0, kill(starter, signals[i]));
		ATF_REQUIRE_EQ(starter, waitpid(starter, &status, 0));
		ATF_CHECK(WIFSIGNALED(status));
		tell(w.order, 'g');
		ATF_CHECK_EQ('r', hear(w.report));
		hang_up(&w);
	}
}

/* SIGCHLD as a careless ancestor leaves it. */
static void
ignore_and_block(void)
{
	sigset_t set;

	signal(SIGCHLD, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

ATF_TC_WITHOUT_HEAD(child_signal);
ATF_TC_BODY(child_signal, tc)
{
	struct wires w;
	pid_t starter;

	unit_guard();
	starter = start(end_as_told, ignore_and_block, &w);
	tell(w.order, EX_CONFIG);
	ATF_CHECK_EQ(EX_CONFIG, status_of(starter));
	hang_up(&w);
}

static bool
is_null(int fd)
{
	struct stat st, want;

	return stat("/dev/null", &want) == 0 && fstat(fd, &st) == 0 &&
	    S_ISCHR(st.st_mode) && st.st_rdev == want.st_rdev;
}

static void
own_standard(void)
{
	int fds[2];

	if (pipe(fds) == -1 || dup2(fds[0], STDIN_FILENO) == -1 ||
	    dup2(fds[1], STDOUT_FILENO) == -1 ||
	    dup2(fds[1], STDERR_FILENO) == -1)
		_exit(EX_OSERR);
}

static void
tell_facts(const struct wires *w)
{
	struct sigaction action;

	tell(w->report, getsid(0) == getpid() ? 's' : '-');
	tell(w->report, is_null(STDIN_FILENO) ? '0' : '-');
	tell(w->report, is_null(STDOUT_FILENO) ? '1' : '-');
	tell(w->report, is_null(STDERR_FILENO) ? '-' : '2');
	sigaction(SIGCHLD, NULL, &action);
	tell(w->report, action.sa_handler == SIG_DFL ? 'c' : '-');
	daemon_detach();
	tell(w->report, is_null(STDERR_FILENO) ? 'd' : '-');
	daemon_ready();
	daemon_ready();
	tell(w->report, unit_descriptors() == hear(w->order) ? 'n' : '-');
}

static void
require_facts(void (*prepare)(void), const char *facts, int descriptors)
{
	struct wires w;
	pid_t starter;

	starter = start(tell_facts, prepare, &w);
	tell(w.order, (char)descriptors);
	for (; *facts != '\0'; facts++)
		ATF_CHECK_EQ(*facts, hear(w.report));
	ATF_CHECK_EQ(EX_OK, status_of(starter));
	hang_up(&w);
}

ATF_TC_WITHOUT_HEAD(surroundings);
ATF_TC_BODY(surroundings, tc)
{
	unit_guard();
	/* Two wires; own_standard() leaves two ends of a pipe. */
	require_facts(own_standard, "s012cdn", unit_descriptors() + 4);
}

static void
close_standard(void)
{
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
}

/* None of the three is taken by anything else. */
ATF_TC_WITHOUT_HEAD(closed_standard);
ATF_TC_BODY(closed_standard, tc)
{
	unit_guard();
	require_facts(close_standard, "s01-cdn", unit_descriptors() + 2);
}

ATF_TC_WITHOUT_HEAD(foreground);
ATF_TC_BODY(foreground, tc)
{
	struct stat after, before;
	int descriptors;

	unit_guard();
	descriptors = unit_descriptors();
	ATF_REQUIRE_EQ(0, fstat(STDERR_FILENO, &before));
	daemon_detach();
	daemon_ready();
	ATF_REQUIRE_EQ(0, fstat(STDERR_FILENO, &after));
	ATF_CHECK_EQ(before.st_ino, after.st_ino);
	ATF_CHECK_EQ(before.st_dev, after.st_dev);
	ATF_CHECK_EQ(descriptors, unit_descriptors());
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, parent_waits);
	ATF_TP_ADD_TC(tp, exit_status);
	ATF_TP_ADD_TC(tp, killed);
	ATF_TP_ADD_TC(tp, ready_then_ended);
	ATF_TP_ADD_TC(tp, helper_outlives);
	ATF_TP_ADD_TC(tp, parent_gone);
	ATF_TP_ADD_TC(tp, child_signal);
	ATF_TP_ADD_TC(tp, surroundings);
	ATF_TP_ADD_TC(tp, closed_standard);
	ATF_TP_ADD_TC(tp, foreground);
	return atf_no_error();
}
