/*
 * What kernels do differently and no feature probe can find out.
 * os_linux.c and os_bsd.c hold them; make chooses one.
 */
#ifndef OS_H
#define OS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>

/* Whether Unix sockets may have abstract names, unix(7). */
extern const bool os_abstract_sockets;

/*
 * Whether connect(2) to a Unix socket failed with an error that may mean a
 * full backlog, and for how long it is worth trying again: milliseconds,
 * UINT64_MAX for as long as a connection may take, 0 if it means something
 * else.
 */
unsigned long long os_backlog_full(int error);

/*
 * Set the owner ((uid_t)-1, (gid_t)-1: unchanged) and then the mode of a
 * file, which is not followed if it is a symbolic link and must be the given
 * device and inode.  Returns 0, or -1 and errno; EEXIST when it is another
 * file.
 */
int os_own_file(
    int directory, const char *name, dev_t, ino_t, uid_t, gid_t, mode_t);

/*
 * Read the range of ports that the system picks local ones from, where it can
 * be read (ip(7)); a sandbox would be in the way.
 */
void os_read_port_range(void);

/*
 * Whether the system may pick this local port for a connection; true as well
 * if the range is not known.  Whoever changes it restarts the relay.
 */
bool os_may_pick_port(unsigned port);

/* Close two descriptors with fewer calls than two, if that can be done. */
void os_close_both(int, int);

/*
 * Let nobody pass descriptors over this Unix socket, which has no peer yet, or
 * over those that it accepts, if the system has such an option: sendmsg(2)
 * gives EPERM.  Else who reads may have to close them, and that takes as long
 * as their owner likes (SO_LINGER, a dead file server).
 */
void os_refuse_descriptors(int fd);

/* Whether that has come to pass: it costs a call more. */
bool os_refuses_descriptors(int fd);

/*
 * Let nobody of the same user trace the process or read its memory, as far
 * as the system has a call for it.  Returns 0, or -1 and errno.
 */
int os_forbid_tracing(void);

/*
 * Octets written to a connected TCP socket, an end of file among them, that
 * its peer has not acknowledged: 0 if it has all, and -1 if the system does
 * not tell.
 */
int os_unacknowledged(int fd);

#define OS_ERROR_SIZE 96

/*
 * As strerror(3), and safe where other threads do the same.  Returns room.
 */
const char *os_error(int error, char room[OS_ERROR_SIZE]);

/* Processors that this process may run on, at least 1. */
size_t os_processors(void);

#endif
