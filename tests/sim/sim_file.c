/*
 * The table of descriptors, and pipes.
 * Not here: sockets, see sim_socket.c; octets through a pipe, see
 * sim_splice.c.
 */
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "sim.h"
#include "wrap.h"

/* 0 to 2 are somebody else's. */
#define FIRST 3

#ifndef F_SETPIPE_SZ
#define F_SETPIPE_SZ 1031
#endif

struct sim_file sim_files[SIM_FDS];
int sim_files_top;
unsigned sim_pipes_open;

static struct sim_pipe pipes[SIM_PIPES];

void
sim_file_reset(void)
{
	memset(sim_files, 0, (size_t)sim_files_top * sizeof(sim_files[0]));
	memset(pipes, 0, sizeof(pipes));
	sim_files_top = FIRST;
	sim_pipes_open = 0;
}

void
sim_file_check(void)
{
	int fd;

	for (fd = FIRST; fd < sim_files_top; fd++)
		if (sim_files[fd].kind != SIM_FREE)
			sim_fail("descriptor %d is left open", fd);
}

/* Somebody else has taken the system's last descriptors, for a while. */
static bool
is_drought(void)
{
	if (sim_now < sim.drought)
		return true;
	if (!sim_fault(sim.faults.descriptor))
		return false;
	if (sim_chance(2))
		sim.drought = sim_now + sim_pick(3000);
	return true;
}

int
sim_file_open(enum sim_kind kind)
{
	int fd;

	for (fd = FIRST; sim_files[fd].kind != SIM_FREE; fd++)
		continue;
	if (fd >= (int)sim.nofile || is_drought()) {
		sim_counters[COUNT_NO_DESCRIPTOR]++;
		errno = sim_pick(4) == 0 ? ENFILE : EMFILE;
		return -1;
	}
	if (sim_files[fd].used_before)
		sim_counters[COUNT_REUSED]++;
	sim_files[fd] = (struct sim_file) { .kind = kind, .used_before = true };
	if (fd >= sim_files_top)
		sim_files_top = fd + 1;
	return fd;
}

struct sim_file *
sim_file(int fd, const char *call)
{
	if (fd < FIRST || fd >= sim_files_top || sim_files[fd].kind == SIM_FREE)
		sim_fail("%s of descriptor %d, which is not open", call, fd);
	return &sim_files[fd];
}

void
sim_refuse_watch(int fd)
{
	struct sim_file *f;

	f = &sim_files[fd];
	sim_trace("no watch for descriptor %d", fd);
	sim_counters[COUNT_NO_WATCH]++;
	sim.fault_at = sim.waits;
	if (f->listener != NULL) {
		f->listener->starved = true;
		f->listener->starved_at = sim_now;
	}
	if (f->conn != NULL)
		f->conn->failed = f->conn->faulted = f->conn->excused = true;
}

static void
close_pipe(struct sim_file *f)
{
	f->pipe->ends--;
	if (f->pipe->ends == 0)
		sim_pipes_open--;
}

static void
close_file(int fd)
{
	struct sim_file *f;

	f = sim_file(fd, "close()");
	sim_trace("close(%d)", fd);
	if (f->conn != NULL)
		sim_close_socket(f->conn);
	if (f->pipe != NULL)
		close_pipe(f);
	if (f->listener != NULL)
		sim_close_listener(f->listener);
	*f = (struct sim_file) { .used_before = true };
	sim_progress();
}

int
wrap_close(int fd)
{
	sim_enter("close");
	close_file(fd);
	return sim_interrupted("close") ? -1 : 0;
}

/* close_range(2) is the only one that is called so. */
long
wrap_syscall(long number, ...)
{
	va_list ap;
	int first, last;

	if (number != SYS_close_range)
		sim_fail("syscall(%ld)", number);
	sim_enter("close_range");
	va_start(ap, number);
	first = va_arg(ap, int);
	last = va_arg(ap, int);
	va_end(ap);
	for (; first <= last; first++)
		close_file(first);
	return 0;
}

static struct sim_pipe *
free_pipe(void)
{
	size_t i;

	for (i = 0; i < SIM_PIPES; i++)
		if (pipes[i].ends == 0)
			return &pipes[i];
	sim_fail("%d pipes are open", SIM_PIPES);
}

int
wrap_pipe2(int fds[2], int flags)
{
	struct sim_pipe *p;

	sim_enter("pipe2");
	(void)flags;
	fds[0] = sim_file_open(SIM_PIPE_READ);
	if (fds[0] == -1)
		return -1;
	fds[1] = sim_file_open(SIM_PIPE_WRITE);
	if (fds[1] == -1) {
		sim_files[fds[0]] = (struct sim_file) { .used_before = true };
		return -1;
	}
	p = free_pipe();
	*p = (struct sim_pipe) { .ends = 2, .size = 65536 };
	p->fd_read = fds[0];
	sim_files[fds[0]].pipe = sim_files[fds[1]].pipe = p;
	sim_pipes_open++;
	sim_trace("pipe2() = %d, %d", fds[0], fds[1]);
	return 0;
}

/* Pages of all pipes of a user are counted: less may be granted, or none. */
int
wrap_fcntl(int fd, int command, ...)
{
	struct sim_file *f;
	va_list ap;
	int size;

	sim_enter("fcntl");
	f = sim_file(fd, "fcntl()");
	if (command != F_SETPIPE_SZ || f->pipe == NULL)
		sim_fail("fcntl(%d, %d)", fd, command);
	va_start(ap, command);
	size = va_arg(ap, int);
	va_end(ap);
	if (sim_fault(sim.faults.pipe_size)) {
		sim_counters[COUNT_PIPES_REFUSED]++;
		errno = EPERM;
		return -1;
	}
	sim_counters[COUNT_PIPES]++;
	f->pipe->size = (size_t)size;
	return size;
}

/* The loop's own pipe, for signals. */
ssize_t
wrap_read(int fd, void *bytes, size_t length)
{
	struct sim_file *f;
	size_t n;

	sim_enter("read");
	f = sim_file(fd, "read()");
	if (f->kind != SIM_PIPE_READ)
		sim_fail("read(%d) of what is no pipe", fd);
	if (sim_interrupted("read"))
		return -1;
	if (f->pipe->length == 0) {
		errno = EAGAIN;
		return -1;
	}
	n = f->pipe->length < length ? f->pipe->length : length;
	memcpy(bytes, f->pipe->bytes, n);
	f->pipe->length -= n;
	memmove(f->pipe->bytes, f->pipe->bytes + n, f->pipe->length);
	sim_progress();
	return (ssize_t)n;
}

/* From a signal handler, which nothing may interrupt here. */
ssize_t
wrap_write(int fd, const void *bytes, size_t length)
{
	struct sim_file *f;

	f = sim_file(fd, "write()");
	if (f->kind != SIM_PIPE_WRITE || length != 1)
		sim_fail("write(%d) of %zu octets", fd, length);
	if (f->pipe->length == sizeof(f->pipe->bytes)) {
		errno = EAGAIN;
		return -1;
	}
	memcpy(f->pipe->bytes + f->pipe->length, bytes, 1);
	f->pipe->length++;
	sim_notify(f->pipe->fd_read, SIM_IN);
	return 1;
}
