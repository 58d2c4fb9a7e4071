/*
 * Messages to the administrator.
 * Not here: what is worth a message.
 *
 * Priorities are those of syslog(3).  A line goes to standard error in one
 * write(2), with the program's name before it, or, if standard error is
 * systemd's journal, with "<N>" as sd-daemon(3) has it.
 */
#ifndef LOG_H
#define LOG_H

#include <stdint.h>
#include <syslog.h>

/*
 * Find out where standard error goes.  To be called first: descriptors 0 to 2
 * that are closed become /dev/null.
 */
void log_open(void);

/*
 * Write to syslog(3) from now on, as a daemon, with the pid.  Opens what it
 * needs at once.
 */
void log_to_syslog(void);

/* Drop messages of a priority above (less urgent than) this one. */
void log_set_threshold(int priority);

/* Whether a message of that priority would be written. */
int log_enabled(int priority);

/* One line, without the newline; errno is left as it was. */
void log_write(int priority, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A message that a stranger can cause: at most one a second. */
struct log_limit {
	uint64_t next;    /* monotonic milliseconds: silent until then */
	unsigned skipped; /* since the last line */
};

/* As log_write(); the next line says how many were left out. */
void log_limited(struct log_limit *, uint64_t now, int priority,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
