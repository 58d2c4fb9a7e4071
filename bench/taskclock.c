/*
 * A task clock of perf_event_open(2).
 * Not here: whose, see cputime.c and load.c.
 */
#include <sys/types.h>
#include <sys/syscall.h>

#include <err.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <unistd.h>

#include "taskclock.h"

int
taskclock_open(pid_t thread)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.inherit = 1,
	};

	return (int)syscall(SYS_perf_event_open, &attr, thread, -1, -1,
	    (unsigned long)PERF_FLAG_FD_CLOEXEC);
}

double
taskclock_read(int fd)
{
	uint64_t ns;

	if (read(fd, &ns, sizeof(ns)) != (ssize_t)sizeof(ns))
		err(1, "task clock");
	return (double)ns / 1e9;
}
