/*
 * seccomp for the resolver process.
 * Not here: the relay itself, see sandbox_seccomp.c.
 */
#include "sandbox_filter.h"
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
	SCMP_SYS(rt_sigqueueinfo),
	SCMP_SYS(rt_tgsigqueueinfo),
	SCMP_SYS(setns),
	SCMP_SYS(tgkill),
	SCMP_SYS(tkill),
	SCMP_SYS(unshare),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(vfork),
};

int
sandbox_seccomp_enter_resolver(void)
{
	scmp_filter_ctx f;
	int e;

	e = sandbox_filter_create(&f, SCMP_ACT_ALLOW);
	/* There is one thread; before Linux 4.14, nothing ends them all. */
	if (e == 0)
		e = sandbox_filter_add(
		    f, SCMP_ACT_KILL_THREAD, forbidden, LENGTH(forbidden));
	if (e == 0)
		e = sandbox_filter_load(f);
	seccomp_release(f);
	return sandbox_filter_result(e);
}
