/*
 * A file with the process id, locked by the process that it names.
 * Not here: the names pidfile_open() and so on, which are of the base system.
 */
#ifndef PIDFILE_H
#define PIDFILE_H

#include <sys/types.h>

/* A locked file with a process id; -1 where there is no descriptor. */
struct pidfile {
	char name[256]; /* last component */
	int directory;  /* the one that holds it */
	int fd;         /* flock(2) held */
};

/*
 * Create or take over the file, lock it, and empty it.  A path of NULL is
 * none, with which the others do nothing.  Returns NULL, or what is wrong ("in
 * use by process 17", "in use" if that one has not written it yet), valid
 * until the next call, and then a code of sysexits(3) in *status.
 */
const char *pidfile_lock(struct pidfile *, const char *path, int *status);

/*
 * Write the pid of this process, once; needs only getpid(2) and write(2).
 * Returns 0, or -1 and errno.
 */
int pidfile_store(const struct pidfile *);

/*
 * Remove the file if it is still the one that was locked.  Returns 0, or -1
 * and errno when the directory does not allow it; then the file is emptied.
 * Needs fstat(2), fstatat(2), unlinkat(2), ftruncate(2) and close(2).
 */
int pidfile_unlink(struct pidfile *);

#endif
