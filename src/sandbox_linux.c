/*
 * The sandbox of Linux: no new privileges, no capabilities, Landlock, seccomp.
 * Not here: the rules of the latter two.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <linux/capability.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "sandbox_linux.h"

/* capabilities(7): dropped from the bounding set while that is allowed. */
static void
drop_bounding_set(void)
{
	unsigned long cap;

	for (cap = 0; cap <= CAP_LAST_CAP + 32; cap++)
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1)
			break;
}

static bool
has_capabilities(struct __user_cap_header_struct *header)
{
	struct __user_cap_data_struct now[_LINUX_CAPABILITY_U32S_3];
	size_t i;

	memset(now, 0, sizeof(now));
	if (syscall(SYS_capget, header, now) == -1)
		return true;
	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
		if (now[i].effective | now[i].permitted | now[i].inheritable)
			return true;
	return false;
}

/* A service manager may forbid the call to who has none. */
static int
drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];

	if (!has_capabilities(&header))
		return 0;
	memset(none, 0, sizeof(none));
	/* Missing before Linux 4.3, and empty then. */
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return (int)syscall(SYS_capset, &header, none);
}

/* No privilege by execve(2). */
static int
forbid_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/*
 * Three are open, and one is being opened.  More, because the limit is also
 * one of what all processes of its user have under way: sendmsg(2).
 */
static int
forbid_descriptors(void)
{
	struct rlimit few;

	if (getrlimit(RLIMIT_NOFILE, &few) == -1)
		return -1;
	if (few.rlim_max > 64)
		few.rlim_max = 64;
	few.rlim_cur = few.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &few);
}

/* No other process, and no other thread. */
static int
forbid_processes(void)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };

	return setrlimit(RLIMIT_NPROC, &none);
}

int
sandbox_prepare(struct sandbox *s, const struct sandbox_needs *needs)
{
	*s = (struct sandbox) { .needs = *needs, .ruleset = -1 };
	drop_bounding_set();
	if (sandbox_landlock_prepare(s, needs) == -1)
		return -1;
	return sandbox_seccomp_prepare(s, needs);
}

int
sandbox_enter(struct sandbox *s)
{
	if (forbid_privileges() == -1)
		return -1;
	if (s->needs.workers == 1 && forbid_processes() == -1)
		return -1;
	if (sandbox_landlock_enter(s) == -1 || drop_capabilities() == -1)
		return -1;
	sandbox_note(s->enforced, "no capabilities");
	if (s->needs.helped)
		sandbox_note(s->enforced, "connecting process");
	return sandbox_seccomp_enter(s);
}

int
sandbox_seal(struct sandbox *s)
{
	if (s->needs.workers == 1)
		return 0;
	if (forbid_processes() == -1)
		return -1;
	return sandbox_seccomp_seal(s);
}

int
sandbox_enter_resolver(void)
{
	if (forbid_privileges() == -1 || forbid_processes() == -1 ||
	    sandbox_landlock_enter_resolver() == -1 ||
	    drop_capabilities() == -1)
		return -1;
	return sandbox_seccomp_enter_resolver();
}

int
sandbox_enter_connecting(const struct endpoints *endpoints, bool any_address)
{
	if (forbid_privileges() == -1 || forbid_processes() == -1 ||
	    sandbox_landlock_enter_connecting(endpoints) == -1 ||
	    forbid_descriptors() == -1 || drop_capabilities() == -1)
		return -1;
	return sandbox_seccomp_enter_connecting(endpoints, any_address);
}

/* A descriptor has no rights of its own here. */
void
sandbox_limit_connection(int fd)
{
	(void)fd;
}
