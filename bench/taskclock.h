/*
 * The CPU time of a thread, as perf_event_open(2) counts it: from each time
 * that it is switched to until it is switched from.
 *
 * Why not clock_gettime(2) of a process, or getrusage(2): the scheduler
 * charges what they tell, and reads its clock when a thread is woken that is
 * to run at once, not again when it is switched to (rq_clock_skip_update() in
 * the kernel's sources).  A kernel that is not pre-empted first ends the
 * system call of who woke it, and charges that to the thread that was woken.
 */
#ifndef BENCH_TASKCLOCK_H
#define BENCH_TASKCLOCK_H

#include <sys/types.h>

/*
 * Count from now on a thread (0: the caller), and all that it starts, threads
 * and processes.  A descriptor, close-on-exec; or -1 with errno: EACCES or
 * EPERM if the system does not let this user, ESRCH if it has ended.
 */
int taskclock_open(pid_t thread);

/* In seconds; of those that ended, too. */
double taskclock_read(int fd);

#endif
