/*
 * Listening sockets.
 * Not here: the socket's file (socket_file.c), the connections (session.c).
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "listener.h"
#include "os.h"

/* Accepted in one call, so that open connections get their turn. */
#define BATCH 64

/* accept(2) is not called until it fails: see on_acceptable(). */
#define INTEREST (EVENT_READ | EVENT_LEVEL)

/* Without descriptors, look again after this many milliseconds. */
#define RESUME_MS 1000

#define ACCEPT_FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)

static void
init(struct listener *l, int fd)
{
	*l = (struct listener) { .file = { .directory = -1, .lock = -1 } };
	l->io.fd = fd;
}

static void
close_keeping_errno(int fd)
{
	int saved;

	saved = errno;
	close(fd);
	errno = saved;
}

/* Abstract names have no file, so the kernel alone says who was first. */
static const char *
bind_abstract(int fd, const struct address *a, int *status)
{
	struct sockaddr_un sun;
	socklen_t length;

	length = address_unix(a, &sun);
	if (bind(fd, (struct sockaddr *)&sun, length) == 0)
		return NULL;
	*status = errno == EADDRINUSE ? EX_UNAVAILABLE : EX_OSERR;
	return errno == EADDRINUSE ? "in use" : strerror(errno);
}

const char *
listener_open_unix(struct listener *l, const struct address *a,
    const struct socket_file_access *access, int backlog, int *status)
{
	const char *why;
	int fd;

	fd = socket(AF_UNIX, SOCK_STREAM | ACCEPT_FLAGS, 0);
	if (fd == -1) {
		*status = EX_OSERR;
		return strerror(errno);
	}
	init(l, fd);
	l->local = true;
	os_refuse_descriptors(fd);
	l->plain = os_refuses_descriptors(fd);
	if (a->kind == ADDRESS_ABSTRACT)
		why = bind_abstract(fd, a, status);
	else
		why = socket_file_bind(&l->file, fd, a, access, status);
	if (why == NULL && listen(fd, backlog) == -1) {
		*status = EX_OSERR;
		why = strerror(errno);
		socket_file_remove(&l->file);
	}
	if (why != NULL)
		close(fd);
	return why;
}

static int
set_tcp_options(int fd, int family)
{
	const int on = 1;

	if (family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on)) == -1)
		return -1;
	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

int
listener_open_tcp(struct listener *l, struct endpoint *e, int backlog)
{
	int fd;

	fd = socket(e->addr.ss_family, SOCK_STREAM | ACCEPT_FLAGS, 0);
	if (fd == -1)
		return -1;
	init(l, fd);
	l->plain = true;
	if (set_tcp_options(fd, e->addr.ss_family) == 0 &&
	    bind(fd, (struct sockaddr *)&e->addr, e->length) == 0 &&
	    listen(fd, backlog) == 0 &&
	    getsockname(fd, (struct sockaddr *)&e->addr, &e->length) == 0)
		return 0;
	close_keeping_errno(fd);
	return -1;
}

/* What a Unix socket or another's TCP socket does not take is no loss. */
static void
set_options(int fd, bool local)
{
	const int on = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
	if (local)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void
listener_adopt(struct listener *l, int fd)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	socklen_t length;

	init(l, fd);
	l->handed_over = true;
	length = sizeof(ss);
	(void)getsockname(fd, (struct sockaddr *)&ss, &length);
	/* If it could not be told, what is read from it is read with care. */
	l->local = ss.ss_family != AF_INET && ss.ss_family != AF_INET6;
	/* Who has connected by now may still pass them. */
	l->plain = !l->local;
	if (l->local)
		os_refuse_descriptors(fd);
	set_options(fd, l->local);
}

int
listener_share(struct listener *l, const struct listener *first)
{
	int fd;

	fd = fcntl(first->io.fd, F_DUPFD_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	init(l, fd);
	l->shares = true;
	l->local = first->local;
	l->plain = first->plain;
	l->handed_over = first->handed_over;
	l->tells_peer = first->tells_peer;
	return 0;
}

const char *
listener_text(const struct listener *l, char text[])
{
	struct sockaddr_storage ss;
	socklen_t length;

	length = sizeof(ss);
	if (getsockname(l->io.fd, (struct sockaddr *)&ss, &length) == -1)
		length = 0;
	return address_socket_text((struct sockaddr *)&ss, length, text);
}

static struct listener *
of_timer(struct event_timer *t)
{
	return (struct listener *)(void *)((char *)t -
	    offsetof(struct listener, resume_timer));
}

/* It may have been disarmed: registering it anew can fail for memory. */
static void
listen_again(struct listener *l)
{
	if (l->paused || event_io_enable(l->loop, &l->io, INTEREST) == 0)
		return;
	l->waits = true;
	event_timer_set(l->loop, &l->resume_timer, RESUME_MS);
}

static void
on_resume(struct event_timer *t)
{
	struct listener *l;

	l = of_timer(t);
	l->waits = false;
	listen_again(l);
}

/* Of several loops one is told of a client: one that accepts it, please. */
static void
stop_accepting(struct listener *l)
{
	if (l->shares)
		event_io_remove(l->loop, &l->io);
	else
		event_io_disable(l->loop, &l->io, EVENT_READ);
}

/* Descriptors or memory ran out; spinning would not bring them back. */
static void
starve(struct listener *l)
{
	char text[ADDRESS_TEXT_SIZE];

	if (!l->starved && !l->shares)
		log_write(LOG_WARNING, "%s: not accepting for now: %s",
		    listener_text(l, text), strerror(errno));
	l->starved = l->waits = true;
	stop_accepting(l);
	event_timer_set(l->loop, &l->resume_timer, RESUME_MS);
	if (l->on_starve != NULL)
		l->on_starve(l);
}

/* accept(2): errors of the connection, not of the listening socket. */
static bool
is_transient(int error)
{
	switch (error) {
	case EINTR:
	case ECONNABORTED:
	case EPROTO:
	case ENETDOWN:
	case ENOPROTOOPT:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case ENETUNREACH:
	case ETIMEDOUT:
		return true;
	default:
		return false;
	}
}

static int
accept_one(struct listener *l)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	struct sockaddr *peer;
	socklen_t length;
	int fd;

	length = sizeof(ss);
	peer = l->tells_peer ? (struct sockaddr *)&ss : NULL;
	fd = accept4(
	    l->io.fd, peer, peer == NULL ? NULL : &length, ACCEPT_FLAGS);
	if (fd == -1)
		return -1;
	l->starved = false;
	/*
	 * A Unix socket does not inherit it from the one that listens, nor does
	 * a connection that was made before that one was handed over.  Not only
	 * when EPOLLPRI is reported: at first, Linux did not do so for a Unix
	 * socket, and it drops an urgent octet that a read begins with.
	 */
	if (l->local || l->handed_over)
		set_options(fd, l->local);
	l->on_accept(l, fd, peer, length);
	return 0;
}

/* Returns how many there were; fewer than n, and the backlog is empty. */
static unsigned
accept_some(struct listener *l, unsigned n)
{
	unsigned i;

	for (i = 0; i < n && !l->paused && !l->waits; i++) {
		if (accept_one(l) == 0 || is_transient(errno))
			continue;
		if (errno == EAGAIN)
			return i;
		starve(l);
	}
	return n;
}

/*
 * An accept(2) that fails costs as much as one that succeeds, so take what
 * the system says is there.  If it does not say, take one; twice as many
 * each time the very next round finds more of them; and what there was when
 * that was too many.
 */
static void
on_acceptable(struct event_io *io, unsigned ready)
{
	struct listener *l;
	uint64_t round;
	unsigned n;

	(void)ready;
	l = (struct listener *)(void *)io;
	round = event_round(l->loop);
	if (l->batch == 0)
		l->batch = 1;
	else if (round == l->round + 1 && l->batch < BATCH)
		l->batch *= 2;
	l->round = round;
	n = l->batch;
	if (io->avail > 0)
		n = io->avail < BATCH ? io->avail : BATCH;
	l->batch = accept_some(l, n);
}

void
listener_sweep(struct listener *l)
{
	l->batch = accept_some(l, BATCH);
}

int
listener_start(struct listener *l, struct event_loop *loop)
{
	_Static_assert(offsetof(struct listener, io) == 0, "see on_acceptable");

	l->loop = loop;
	event_io_init(&l->io, l->io.fd, on_acceptable);
	event_timer_init(&l->resume_timer, on_resume);
	return event_io_enable(loop, &l->io, INTEREST);
}

void
listener_pause(struct listener *l)
{
	l->paused = true;
	stop_accepting(l);
}

void
listener_resume(struct listener *l)
{
	l->paused = l->waits = false;
	event_timer_cancel(l->loop, &l->resume_timer);
	listen_again(l);
}

void
listener_renew(struct listener *l)
{
	event_io_remove(l->loop, &l->io);
	if (!l->waits)
		listen_again(l);
}

int
listener_close(struct listener *l)
{
	int result;

	result = socket_file_remove(&l->file);
	if (l->loop != NULL) {
		event_timer_cancel(l->loop, &l->resume_timer);
		/* Its open file may be others', too. */
		event_io_remove(l->loop, &l->io);
		event_io_close(l->loop, &l->io);
	} else {
		close(l->io.fd);
		l->io.fd = -1;
	}
	return result;
}
