/*
 * What a process has besides descriptors and memory: a clock, signals,
 * limits, and files that it reads.
 * Not here: when a signal is sent, see sim_world.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim.h"
#include "wrap.h"

#define SIGNALS 64

uint64_t sim_now;

static handler *handlers[SIGNALS];

void
sim_process_reset(void)
{
	int i;

	sim_now = 1000;
	for (i = 0; i < SIGNALS; i++)
		handlers[i] = SIG_DFL;
}

bool
sim_signal(int signo)
{
	handler *h;

	h = handlers[signo];
	if (h == SIG_IGN)
		return false;
	if (h == SIG_DFL)
		sim_fail("signal %d has its default action", signo);
	sim_trace("signal %d", signo);
	sim_counters[COUNT_SIGNALS]++;
	h(signo);
	return true;
}

bool
sim_interrupted(const char *call)
{
	if (!sim_fault(sim.faults.interrupt))
		return false;
	sim_trace("%s(): interrupted", call);
	sim_counters[COUNT_INTERRUPTED]++;
	errno = EINTR;
	return true;
}

int
wrap_sigaction(int signo, const struct sigaction *sa, struct sigaction *old)
{
	if (old != NULL)
		sim_fail("sigaction() is asked for the old action");
	handlers[signo] = sa->sa_handler;
	return 0;
}

handler *
wrap_signal(int signo, handler *h)
{
	handler *old;

	old = handlers[signo];
	handlers[signo] = h;
	return old;
}

int
wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	(void)clock;
	ts->tv_sec = (time_t)(sim_now / 1000);
	ts->tv_nsec = (long)(sim_now % 1000) * 1000000;
	return 0;
}

int
wrap_getrlimit(int resource, struct rlimit *rl)
{
	(void)resource;
	rl->rlim_cur = rl->rlim_max = sim.nofile;
	return 0;
}

int
wrap_setrlimit(int resource, const struct rlimit *rl)
{
	(void)resource;
	(void)rl;
	return 0;
}

/* The range of local ports is all that is read. */
FILE *
wrap_fopen(const char *path, const char *mode)
{
	static char range[] = "32768 60999\n";

	(void)path;
	(void)mode;
	return fmemopen(range, sizeof(range) - 1, "r");
}

/* That of POSIX, as os_bsd.c expects it; the prototype is the other's. */
char *
wrap_strerror_r(int error, char *room, size_t size)
{
	snprintf(room, size, "error %d", error);
	return room;
}

/* No target here is a name. */
pid_t
wrap_fork(void)
{
	sim_fail("fork()");
}
