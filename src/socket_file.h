/*
 * A Unix socket in the file system: made safely, and removed only if it is
 * still ours.
 * Not here: accepting on it, see listener.h.
 */
#ifndef SOCKET_FILE_H
#define SOCKET_FILE_H

#include <sys/types.h>

#include <stdbool.h>

#include "address.h"

struct socket_file_access {
	bool has_mode; /* else 0666 less the umask */
	mode_t mode;
	uid_t uid; /* (uid_t)-1: unchanged */
	gid_t gid; /* (gid_t)-1: unchanged */
};

/* Descriptors are close-on-exec; -1 where there is none. */
struct socket_file {
	char name[sizeof(((struct address *)0)->path)]; /* last component */
	int directory; /* the one that holds it */
	int lock;      /* NAME.lock beside it, flock(2) held */
	dev_t device;
	ino_t inode;
};

/*
 * Bind fd to the path: take the lock, replace a stale socket, bind under a
 * closed umask, then set owner and mode.  It does not listen yet.  Returns
 * NULL, or what is wrong and in *status a code of sysexits(3); then nothing
 * is left behind.
 */
const char *socket_file_bind(struct socket_file *, int fd,
    const struct address *, const struct socket_file_access *, int *status);

/*
 * Remove the socket if it is still the one that was bound, and the lock.
 * Returns 0, or -1 and errno when the directory does not allow it.
 */
int socket_file_remove(struct socket_file *);

#endif
