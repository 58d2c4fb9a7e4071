/*
 * seccomp for the resolver process.
 * Not here: the relay itself, see sandbox_seccomp.c.
 */
#include <errno.h>
#include <seccomp.h>
#include <stddef.h>

#include "sandbox_linux.h"

/*
 * What a C library's resolver calls is its own secret, so this names what it
 * must not call; Landlock guards the files.
 */
static const int forbidden[] = {
	SCMP_SYS(add_key),
	SCMP_SYS(bpf),
	SCMP_SYS(chroot),
	SCMP_SYS(clone),
	SCMP_SYS(clone3),
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(fork),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(kcmp),
	SCMP_SYS(keyctl),
	SCMP_SYS(kill),
	SCMP_SYS(listen),
	SCMP_SYS(mount),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(pidfd_open),
	SCMP_SYS(pidfd_send_signal),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(ptrace),
	SCMP_SYS(request_key),
	SCMP_SYS(setns),
	SCMP_SYS(tkill),
	SCMP_SYS(unshare),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(vfork),
};

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

int
sandbox_seccomp_enter_resolver(void)
{
	scmp_filter_ctx f;
	size_t i;
	int e;

	f = seccomp_init(SCMP_ACT_ALLOW);
	if (f == NULL) {
		errno = ENOMEM;
		return -1;
	}
	/* The errno itself, so that a kernel without seccomp can be told. */
	e = seccomp_attr_set(f, SCMP_FLTATR_API_SYSRAWRC, 1);
	/* There is one thread; before Linux 4.14, nothing ends them all. */
	for (i = 0; e == 0 && i < LENGTH(forbidden); i++)
		e = seccomp_rule_add(f, SCMP_ACT_KILL_THREAD, forbidden[i], 0);
	if (e == 0)
		e = seccomp_load(f);
	seccomp_release(f);
	if (e >= 0 || e == -EINVAL || e == -ENOSYS)
		return 0;
	errno = -e;
	return -1;
}
