/*
 * seccomp: what the threads of workers need to be started, and the seal after
 * that.
 * Not here: what they need to work, see sandbox_seccomp.c.
 */
#include <sys/resource.h>

#include <errno.h>
#include <sched.h>
#include <stddef.h>

#include "sandbox_filter.h"
#include "sandbox_linux.h"

/* What pthread_create(3) asks for, in glibc and musl: no process, no space. */
#define THREAD                                                              \
	((scmp_datum_t)(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | \
	    CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS |                   \
	    CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID))

/* musl sets it too; the kernel has ignored it for ever. */
#define DETACHED ((scmp_datum_t)0x00400000)

/* Each works on the thread that calls. */
static const int allowed[] = {
	SCMP_SYS(rseq),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(set_robust_list),
};

/* What a C library may try while there are none. */
static const int refused_alone[] = {
	SCMP_SYS(prlimit64),
	SCMP_SYS(rt_sigprocmask),
};

static int
add_start(void *f)
{
	int e;

	e = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
	    sandbox_filter_masked(0, ~DETACHED, THREAD));
	/* Its flags lie in memory, so they cannot be looked at. */
	if (e == 0)
		e = seccomp_rule_add(
		    f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	/* musl's first thread; it does not look at the answer. */
	if (e == 0)
		e = seccomp_rule_add(
		    f, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(membarrier), 0);
	return e;
}

/* Of the process itself: how many arenas malloc(3) has, and the seal. */
static int
add_limits(void *f)
{
	const struct scmp_arg_cmp self = sandbox_filter_equals(0, 0);
	int e;

	e = seccomp_rule_add(
	    f, SCMP_ACT_ALLOW, SCMP_SYS(sched_getaffinity), 1, self);
	if (e == 0)
		e = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2,
		    self, sandbox_filter_equals(1, RLIMIT_NPROC));
	if (e == 0)
		e = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(seccomp), 0);
	return e;
}

int
sandbox_threads_rules(void *f, size_t workers)
{
	int e;

	if (workers == 1)
		return sandbox_filter_add(f, SCMP_ACT_ERRNO(EACCES),
		    refused_alone, LENGTH(refused_alone));
	e = sandbox_filter_add(f, SCMP_ACT_ALLOW, allowed, LENGTH(allowed));
	if (e == 0)
		e = add_start(f);
	return e == 0 ? add_limits(f) : e;
}

int
sandbox_threads_seal(void *f)
{
	static const int forbidden[] = {
		SCMP_SYS(clone),
		SCMP_SYS(clone3),
		SCMP_SYS(seccomp),
	};
	int e;

	e = sandbox_filter_add(f, SCMP_ACT_TRAP, forbidden, LENGTH(forbidden));
	if (e != 0)
		return e;
	/* As for one worker: a C library may try. */
	return seccomp_rule_add(
	    f, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(prlimit64), 0);
}
