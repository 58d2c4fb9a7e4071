/*
 * Another process connects for the relay, or the relay does by a directory's
 * descriptor; where there is no sandbox, it connects by itself.
 * Not here: the other process, see connect_helper.c.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "connect_helper.h"
#include "descriptors.h"
#include "dial.h"
#include "dial_at.h"
#include "dialer.h"
#include "log.h"
#include "sandbox.h"

/* It does nothing that takes time: if it is silent for so long, it hangs. */
#define ANSWER_SECONDS 5

static const char gone[] = "the connecting process has gone";
static const char silent[] = "the connecting process does not answer";
static const char liar[] = "the connecting process gave a wrong answer";
static const char moved[] = "the directory of the target has gone";

void
dialer_init(struct dialer *d)
{
	*d = (struct dialer) { .lock = PTHREAD_MUTEX_INITIALIZER,
		.fd = -1,
		.directory = -1,
		.alarm = -1,
		.why = gone };
	d->io.fd = -1;
}

/* Under the lock.  The main thread's loop hears of it. */
static void
lose(struct dialer *d, const char *why)
{
	if (d->why == gone)
		d->why = why;
	if (d->fd != -1)
		shutdown(d->fd, SHUT_RDWR);
	shutdown(d->io.fd, SHUT_RD);
}

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(sizeof(int))];
};

/* The descriptor that came, or -1.  Rounded up, there is room for two. */
static int
take_passed(const union control *control, size_t length)
{
	size_t i, n;
	int fd, passed;

	passed = -1;
	if (length < CMSG_LEN(sizeof(int)) ||
	    control->header.cmsg_level != SOL_SOCKET ||
	    control->header.cmsg_type != SCM_RIGHTS)
		return passed;
	n = (control->header.cmsg_len - CMSG_LEN(0)) / sizeof(int);
	for (i = 0; i < n; i++) {
		memcpy(&fd, CMSG_DATA(&control->header) + i * sizeof(fd),
		    sizeof(fd));
		if (passed == -1)
			passed = fd;
		else
			close(fd);
	}
	return passed;
}

/* Returns the octets of an answer, 0 at the end, or -1 and errno. */
static ssize_t
receive(int fd, struct connect_answer *a, int *passed)
{
	union control control;
	struct iovec iov = { .iov_base = a, .iov_len = sizeof(*a) };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room) };
	ssize_t n;

	*passed = -1;
	memset(&control, 0, sizeof(control));
	do
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return -1;
	*passed = take_passed(&control, m.msg_controllen);
	/* There was one, and no number is free for it. */
	if (*passed == -1 && (m.msg_flags & MSG_CTRUNC) &&
	    n == (ssize_t)sizeof(*a))
		a->error = EMFILE;
	return n;
}

/* What answers no request brings no descriptor. */
static bool
is_sound(const struct connect_answer *a, ssize_t n, int passed)
{
	return n == (ssize_t)sizeof(*a) && a->error >= 0 &&
	    (passed != -1) ==
	    (a->serial != 0 && (a->error == 0 || a->error == EINPROGRESS));
}

/* It may be connected, and whoever accepted it must not see a clean end. */
static void
drop(int fd)
{
	if (fd == -1)
		return;
	descriptors_reset(fd);
	close(fd);
}

/*
 * Of requests whose answers could not be received, these come first.  Returns
 * what is wrong, or NULL, and then an errno in *error.
 */
static const char *
await_answer(struct dialer *d, int *error, int *passed)
{
	struct connect_answer a;
	ssize_t n;

	for (;;) {
		n = receive(d->fd, &a, passed);
		if (n == -1 && errno == EAGAIN) {
			*error = ETIMEDOUT;
			return silent;
		}
		if (n == -1) {
			/* No number is free, as FreeBSD says it. */
			*error = errno == EMSGSIZE ? EMFILE : errno;
			return NULL;
		}
		*error = EPIPE;
		if (n == 0)
			return gone;
		if (!is_sound(&a, n, *passed))
			break;
		if (a.serial == d->serial) {
			*error = a.error;
			return NULL;
		}
		drop(*passed);
	}
	drop(*passed);
	*passed = -1;
	return liar;
}

/* Returns 0 or an errno. */
static int
request(struct dialer *d, const struct endpoint *e)
{
	struct connect_request r;
	ssize_t n;

	/* Its padding goes to the other process as well. */
	memset(&r, 0, sizeof(r));
	if (++d->serial == 0)
		d->serial = 1;
	r.serial = d->serial;
	r.endpoint.length = e->length;
	memcpy(&r.endpoint.addr, &e->addr, sizeof(r.endpoint.addr));
	do
		n = send(d->fd, &r, sizeof(r), MSG_NOSIGNAL | MSG_EOR);
	while (n == -1 && errno == EINTR);
	return n == -1 ? errno : 0;
}

/*
 * Under the lock.  Returns as dial().  There has to be a number for what will
 * be passed before anybody connects: the target would see a connection that
 * comes to nothing.  Another thread may still take it.
 */
static int
ask(struct dialer *d, const struct endpoint *e, int *fd)
{
	const char *wrong;
	int error, room;

	room = dup(d->fd);
	if (room == -1)
		return errno;
	error = request(d, e);
	close(room);
	/* If it has gone, io tells the main thread so. */
	if (error == EAGAIN) {
		lose(d, silent);
		return ETIMEDOUT;
	}
	if (error != 0)
		return error;
	wrong = await_answer(d, &error, fd);
	if (wrong != NULL)
		lose(d, wrong);
	return error;
}

int
dialer_dial(struct dialer *d, const struct endpoint *e, int *fd)
{
	int error;

	*fd = -1;
	if (!dialer_is_helped(d))
		return dial(e, fd);
	if (d->directory != -1) {
		error = dial_at(d->directory, e, fd);
		if (error == ESTALE) {
			pthread_mutex_lock(&d->lock);
			lose(d, moved);
			pthread_mutex_unlock(&d->lock);
		}
	} else {
		pthread_mutex_lock(&d->lock);
		error = ask(d, e, fd);
		pthread_mutex_unlock(&d->lock);
	}
	if (*fd != -1)
		sandbox_limit_connection(*fd);
	return error;
}

static int
limit_time(int fd)
{
	const struct timeval limit = { .tv_sec = ANSWER_SECONDS };

	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ==
	    -1)
		return -1;
	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

static const char *
start_helper(struct dialer *d, const struct connect_rules *rules,
    const struct privdrop *privdrop)
{
	const char *wrong;
	int error, fds[2], passed;

	if (connect_helper_start(rules, privdrop, fds) == -1)
		return strerror(errno);
	d->fd = fds[0];
	d->io.fd = fds[1];
	if (limit_time(d->fd) == -1)
		return strerror(errno);
	/* It is ready: an answer with the serial before the first. */
	wrong = await_answer(d, &error, &passed);
	return wrong == NULL && error != 0 ? strerror(error) : wrong;
}

static const char *
watch_directory(struct dialer *d)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
	        fds) == -1)
		return strerror(errno);
	d->io.fd = fds[0];
	d->alarm = fds[1];
	return NULL;
}

const char *
dialer_start(struct dialer *d, const struct address *target,
    const struct endpoints *endpoints, bool any_address,
    const struct privdrop *privdrop, bool sandboxed)
{
	const struct connect_rules rules = { .endpoints = *endpoints,
		.any_address = any_address };
	const char *why;

	dialer_init(d);
	if (!sandboxed)
		return NULL;
	d->directory = dial_at_open(target);
	if (d->directory != -1)
		why = watch_directory(d);
	else
		why = start_helper(d, &rules, privdrop);
	if (why != NULL)
		dialer_stop(d);
	return why;
}

static void
on_end(struct event_io *io, unsigned ready)
{
	struct dialer *d;
	const char *why;
	ssize_t n;
	char octet;

	(void)ready;
	n = recv(io->fd, &octet, sizeof(octet), 0);
	if (n == -1 && errno == EAGAIN) {
		event_io_drained(io, EVENT_READ);
		return;
	}
	if (n == -1 && errno == EINTR)
		return;
	d = io->owner;
	pthread_mutex_lock(&d->lock);
	why = d->why;
	/* Open until the end: other threads may be about to use it. */
	if (d->fd != -1)
		shutdown(d->fd, SHUT_RDWR);
	pthread_mutex_unlock(&d->lock);
	event_io_remove(d->loop, io);
	log_write(LOG_ERR, "%s: no connection can be made any more", why);
	d->on_lost(d->arg);
}

int
dialer_attach(struct dialer *d, struct event_loop *loop,
    void (*on_lost)(void *arg), void *arg)
{
	int fd;

	d->loop = loop;
	d->on_lost = on_lost;
	d->arg = arg;
	fd = d->io.fd;
	if (fd == -1)
		return 0;
	event_io_init(&d->io, fd, on_end);
	d->io.owner = d;
	return event_io_enable(loop, &d->io, EVENT_READ);
}

bool
dialer_is_helped(const struct dialer *d)
{
	return d->fd != -1 || d->directory != -1;
}

void
dialer_stop(struct dialer *d)
{
	if (d->loop != NULL)
		event_io_close(d->loop, &d->io);
	else if (d->io.fd != -1)
		close(d->io.fd);
	if (d->fd != -1)
		close(d->fd);
	if (d->alarm != -1)
		close(d->alarm);
	if (d->directory != -1)
		close(d->directory);
	dialer_init(d);
}
