/*
 * Life in the background.
 * Not here: privileges, see privdrop.h.
 */
#ifndef DAEMON_H
#define DAEMON_H

/*
 * fork(2): the child goes on, in a session of its own, with standard input
 * and output at /dev/null.  The parent never returns: it waits for the child
 * and exits 0 once daemon_ready() is called, or with the child's exit status
 * if it ends before that (EX_OSERR if a signal ended it).  Returns 0 in the
 * child, or -1 and errno in the only process.
 */
int daemon_start(void);

/*
 * Send standard error to /dev/null, if daemon_start() was called.  To be
 * done before the sandbox, and after the log has gone elsewhere.
 */
void daemon_detach(void);

/* Let the parent exit, if there is one.  Needs only write(2) and close(2). */
void daemon_ready(void);

#endif
