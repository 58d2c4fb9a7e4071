/*
 * System calls of the test double of kqueue, besides those of the relay.
 */
#define SANDBOX_EXTRA_CALLS                                               \
	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_pwait2), SCMP_SYS(fcntl), \
	    SCMP_SYS(getppid), SCMP_SYS(ioctl), SCMP_SYS(getsockopt)
