/*
 * Signals in an event loop's context, by way of a pipe to itself.
 * Not here: what a signal means.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "event_loop.h"

/* The handler can reach nothing else; written before a handler is set. */
static volatile int signal_pipe = -1;

static void
handler(int signo)
{
	unsigned char byte;
	int saved;

	saved = errno;
	byte = (unsigned char)signo;
	/* A full pipe holds this signal already, or the loop is lost. */
	(void)!write(signal_pipe, &byte, 1);
	errno = saved;
}

static struct event_loop *
loop_of(struct event_io *io)
{
	return (struct event_loop *)(void *)((char *)io -
	    offsetof(struct event_loop, signal_io));
}

static void
on_signal_ready(struct event_io *io, unsigned ready)
{
	struct event_loop *loop;
	unsigned char bytes[64];
	ssize_t i, n;

	(void)ready;
	loop = loop_of(io);
	n = read(io->fd, bytes, sizeof(bytes));
	if (n == -1) {
		if (errno != EINTR)
			event_io_drained(io, EVENT_READ);
		return;
	}
	/* Only what event_signal() was called for comes. */
	for (i = 0; i < n; i++)
		loop->signals[bytes[i]].on_signal(
		    loop->signals[bytes[i]].arg, bytes[i]);
}

static int
open_pipe(struct event_loop *loop)
{
	int fds[2];

	if (loop->signals_open)
		return 0;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) == -1)
		return -1;
	event_io_init(&loop->signal_io, fds[0], on_signal_ready);
	if (event_io_enable(loop, &loop->signal_io, EVENT_READ) == -1) {
		close(fds[0]);
		close(fds[1]);
		return -1;
	}
	signal_pipe = fds[1];
	loop->signals_open = true;
	return 0;
}

int
event_signal(struct event_loop *loop, int signo, void (*on_signal)(void *, int),
    void *arg)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_RESTART };

	if (signo <= 0 || signo >= EVENT_SIGNALS) {
		errno = EINVAL;
		return -1;
	}
	if (open_pipe(loop) == -1)
		return -1;
	loop->signals[signo].on_signal = on_signal;
	loop->signals[signo].arg = arg;
	sigemptyset(&sa.sa_mask);
	return sigaction(signo, &sa, NULL);
}

void
event_signal_close(struct event_loop *loop)
{
	int signo;

	if (!loop->signals_open)
		return;
	for (signo = 1; signo < EVENT_SIGNALS; signo++)
		if (loop->signals[signo].on_signal != NULL)
			signal(signo, SIG_DFL);
	event_io_close(loop, &loop->signal_io);
	close(signal_pipe);
	signal_pipe = -1;
	loop->signals_open = false;
}
