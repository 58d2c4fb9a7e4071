/*
 * What event_kqueue.c needs of FreeBSD's <sys/event.h>, for a Linux build.
 * Not here: filters and flags that nothing in this project uses.
 */
#ifndef TESTS_KQUEUE_SYS_EVENT_H
#define TESTS_KQUEUE_SYS_EVENT_H

#include <stdint.h>
#include <time.h>

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)

#define EV_ADD 0x0001
#define EV_DELETE 0x0002
#define EV_CLEAR 0x0020
#define EV_ERROR 0x4000
#define EV_EOF 0x8000

struct kevent {
	uintptr_t ident;
	short filter;
	unsigned short flags;
	unsigned int fflags;
	int64_t data;
	void *udata;
};

#define EV_SET(kev, a, b, c, d, e, f)      \
	(*(kev) = (struct kevent) {        \
	     .ident = (a),                 \
	     .filter = (short)(b),         \
	     .flags = (unsigned short)(c), \
	     .fflags = (unsigned int)(d),  \
	     .data = (e),                  \
	     .udata = (f),                 \
	 })

/*
 * As kqueue(2) of FreeBSD, NetBSD and OpenBSD where they agree, over epoll(7);
 * README.md says where it is not exactly that.
 * Close a kqueue with close(2).  Not for use by several threads.
 */
int kqueue(void);
int kevent(int kq, const struct kevent *changelist, int nchanges,
    struct kevent *eventlist, int nevents, const struct timespec *timeout);

#endif
