/*
 * What the relay needs to be linked, and no world here is about: logs, socket
 * files, privileges and the sandbox.
 * Not here: the target's addresses, see sim_target.c.
 */
#include <sys/socket.h>

#include <stdarg.h>
#include <stdio.h>

#include "daemon.h"
#include "log.h"
#include "privdrop.h"
#include "sandbox.h"
#include "sim.h"
#include "socket_file.h"

static void
put(const char *fmt, va_list ap)
{
	char line[120];

	if (sim_tracing == SIM_TRACE_OFF)
		return;
	vsnprintf(line, sizeof(line), fmt, ap);
	sim_trace("log: %s", line);
}

int
log_enabled(int priority)
{
	return priority <= sim.options.threshold;
}

void
log_write(int priority, const char *fmt, ...)
{
	va_list ap;

	(void)priority;
	va_start(ap, fmt);
	put(fmt, ap);
	va_end(ap);
}

void
log_limited(
    struct log_limit *limit, uint64_t now, int priority, const char *fmt, ...)
{
	va_list ap;

	(void)limit;
	(void)now;
	(void)priority;
	va_start(ap, fmt);
	put(fmt, ap);
	va_end(ap);
}

const char *
socket_file_bind(struct socket_file *f, int fd, const struct address *a,
    const struct socket_file_access *access, int *status)
{
	(void)f;
	(void)fd;
	(void)a;
	(void)access;
	*status = 0;
	return NULL;
}

int
socket_file_remove(struct socket_file *f)
{
	(void)f;
	return 0;
}

void
daemon_detach(void)
{
}

int
privdrop_apply(const struct privdrop *p)
{
	(void)p;
	return 0;
}

int
sandbox_enter_resolver(void)
{
	return 0;
}
