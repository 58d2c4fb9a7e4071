/*
 * Question and answer between the relay and its resolver process.
 * Not here: getaddrinfo(3), see resolver.c.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon.h"
#include "resolver.h"
#include "resolver_helper.h"
#include "sandbox.h"

/* An answer is old after so long; and so often at most it is asked for. */
#define OLD_MS 30000
#define ASK_MS 1000

/* More addresses than this are not tried. */
#define ANSWER_MAX 16

/* One message, so that none is ever half there. */
struct answer {
	int status;    /* of sysexits(3), 0 with addresses */
	char why[128]; /* if status is not 0 */
	size_t n;
	struct endpoint list[ANSWER_MAX];
};

static void
look_up(const struct address *address, struct answer *a)
{
	struct endpoints e;
	const char *why;

	memset(a, 0, sizeof(*a));
	why = resolver_lookup(address, false, &e, &a->status);
	if (why != NULL) {
		strlcpy(a->why, why, sizeof(a->why));
		free(e.list);
		return;
	}
	a->status = 0;
	a->n = e.n < ANSWER_MAX ? e.n : ANSWER_MAX;
	memcpy(a->list, e.list, a->n * sizeof(*a->list));
	free(e.list);
}

/* Ends when the relay has closed its end. */
static void
serve(int fd, const struct address *address)
{
	struct answer a;
	char question;

	while (recv(fd, &question, 1, 0) == 1) {
		look_up(address, &a);
		if (send(fd, &a, sizeof(a), 0) != (ssize_t)sizeof(a))
			break;
	}
	_exit(EX_OK);
}

/* The helper: nothing of the relay's but this one socket. */
static void
become_helper(int fd, const struct address *address,
    const struct privdrop *privdrop, bool sandboxed)
{
	/* What the whole group is told is the relay's to carry out. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	/* Whoever started a daemon waits for the end of standard error. */
	daemon_detach();
	if (dup2(fd, STDERR_FILENO + 1) == -1)
		_exit(EX_OSERR);
	closefrom(STDERR_FILENO + 2);
	if (privdrop_apply(privdrop) == -1 ||
	    (sandboxed && sandbox_enter_resolver() == -1)) {
		log_write(LOG_ERR, "resolver: %s", strerror(errno));
		_exit(EX_OSERR);
	}
	serve(STDERR_FILENO + 1, address);
}

static int
start_helper(const struct address *address, const struct privdrop *privdrop,
    bool sandboxed)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == -1)
		return -1;
	/* Nobody waits for it. */
	if (signal(SIGCHLD, SIG_IGN) == SIG_ERR)
		return -1;
	switch (fork()) {
	case -1:
		return -1;
	case 0:
		become_helper(fds[1], address, privdrop, sandboxed);
		_exit(EX_SOFTWARE);
	default:
		close(fds[1]);
		return fds[0];
	}
}

static bool
is_same(const struct endpoints *e, const struct answer *a)
{
	return e->n == a->n &&
	    memcmp(e->list, a->list, a->n * sizeof(*a->list)) == 0;
}

/* Returns -1 and ENOMEM. */
static int
take(struct resolver *r, const struct answer *a)
{
	struct endpoints e;
	struct target *old, *t;

	if (r->target != NULL && is_same(&r->target->endpoints, a))
		return 0;
	e.n = a->n;
	e.list = calloc(a->n, sizeof(*e.list));
	if (e.list == NULL)
		return -1;
	memcpy(e.list, a->list, a->n * sizeof(*e.list));
	t = target_create(e);
	if (t == NULL)
		return -1;
	pthread_mutex_lock(&r->lock);
	old = r->target;
	r->target = t;
	pthread_mutex_unlock(&r->lock);
	if (old != NULL)
		target_release(old);
	return 0;
}

static bool
is_inet(const struct endpoint *e)
{
	return (e->addr.ss_family == AF_INET &&
	           e->length == sizeof(struct sockaddr_in)) ||
	    (e->addr.ss_family == AF_INET6 &&
	        e->length == sizeof(struct sockaddr_in6));
}

/*
 * The helper is another process: its answer is looked at before use.  The
 * status may become that of the relay, where 256 would be 0.
 */
static bool
is_sound(const struct answer *a, ssize_t n)
{
	size_t i;

	if (n != (ssize_t)sizeof(*a) || a->n > ANSWER_MAX ||
	    (a->status == 0) != (a->n > 0) ||
	    (a->status != 0 && (a->status < EX__BASE || a->status > EX__MAX)) ||
	    memchr(a->why, '\0', sizeof(a->why)) == NULL)
		return false;
	for (i = 0; i < a->n; i++)
		if (!is_inet(&a->list[i]))
			return false;
	return true;
}

static const char *
ask_first(struct resolver *r, int *status)
{
	static char why[128];
	struct answer a;
	ssize_t n;

	*status = EX_OSERR;
	if (send(r->io.fd, "?", 1, MSG_NOSIGNAL) != 1)
		return strerror(errno);
	do
		n = recv(r->io.fd, &a, sizeof(a), 0);
	while (n == -1 && errno == EINTR);
	if (!is_sound(&a, n))
		return "the resolver process ended";
	if (a.status != 0) {
		*status = a.status;
		strlcpy(why, a.why, sizeof(why));
		return why;
	}
	return take(r, &a) == -1 ? strerror(errno) : NULL;
}

static const char *
look_up_here(struct resolver *r, const struct address *address, int *status)
{
	struct endpoints e;
	const char *why;

	why = resolver_lookup(address, false, &e, status);
	if (why != NULL) {
		free(e.list);
		return why;
	}
	r->target = target_create(e);
	*status = EX_OSERR;
	return r->target == NULL ? strerror(errno) : NULL;
}

const char *
resolver_start(struct resolver *r, const struct address *address,
    const char *name, const struct privdrop *privdrop, bool sandboxed,
    int *status)
{
	const char *why;

	*r = (struct resolver) { .name = name,
		.lock = PTHREAD_MUTEX_INITIALIZER };
	r->io.fd = -1;
	r->has_helper = resolver_is_name(address);
	if (!r->has_helper)
		return look_up_here(r, address, status);
	r->io.fd = start_helper(address, privdrop, sandboxed);
	if (r->io.fd == -1) {
		*status = EX_OSERR;
		return strerror(errno);
	}
	why = ask_first(r, status);
	if (why != NULL) {
		close(r->io.fd);
		r->io.fd = -1;
	}
	return why;
}

static void
lose_helper(struct resolver *r)
{
	log_write(LOG_WARNING,
	    "%s: the resolver process has gone; its addresses stay as they are",
	    r->name);
	pthread_mutex_lock(&r->lock);
	event_io_close(r->loop, &r->io);
	pthread_mutex_unlock(&r->lock);
}

static void
on_answer(struct event_io *io, unsigned ready)
{
	struct resolver *r;
	struct answer a;
	uint64_t now;
	ssize_t n;

	(void)ready;
	r = io->owner;
	n = recv(io->fd, &a, sizeof(a), MSG_DONTWAIT);
	if (n == -1 && (errno == EAGAIN || errno == EINTR)) {
		event_io_drained(io, EVENT_READ);
		return;
	}
	if (!is_sound(&a, n)) {
		lose_helper(r);
		return;
	}
	now = event_now(r->loop);
	if (a.status != 0)
		log_limited(&r->limit, now, LOG_WARNING,
		    "%s: %s; its addresses stay as they are", r->name, a.why);
	else if (take(r, &a) == -1)
		log_limited(&r->limit, now, LOG_WARNING, "%s: %s", r->name,
		    strerror(errno));
	pthread_mutex_lock(&r->lock);
	r->waiting = false;
	r->answered = now;
	pthread_mutex_unlock(&r->lock);
}

int
resolver_attach(struct resolver *r, struct event_loop *loop)
{
	int fd;

	r->loop = loop;
	r->answered = event_now(loop);
	fd = r->io.fd;
	if (fd == -1)
		return 0;
	event_io_init(&r->io, fd, on_answer);
	r->io.owner = r;
	return event_io_enable(loop, &r->io, EVENT_READ);
}

/* Under the lock. */
static void
ask(struct resolver *r, uint64_t now)
{
	if (r->io.fd == -1 || r->waiting)
		return;
	r->asked = now;
	if (send(r->io.fd, "?", 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1)
		r->waiting = true;
}

/* Another loop's now may be a little before the answer's. */
struct target *
resolver_use(struct resolver *r, uint64_t now)
{
	struct target *t;

	if (!r->has_helper)
		return target_hold(r->target);
	pthread_mutex_lock(&r->lock);
	if (now >= r->answered + OLD_MS)
		ask(r, now);
	t = target_hold(r->target);
	pthread_mutex_unlock(&r->lock);
	return t;
}

void
resolver_doubt(struct resolver *r, uint64_t now)
{
	if (!r->has_helper)
		return;
	pthread_mutex_lock(&r->lock);
	if (r->asked == 0 || now >= r->asked + ASK_MS)
		ask(r, now);
	pthread_mutex_unlock(&r->lock);
}

void
resolver_stop(struct resolver *r)
{
	if (r->io.fd != -1 && r->loop != NULL)
		event_io_close(r->loop, &r->io);
	else if (r->io.fd != -1)
		close(r->io.fd);
	r->io.fd = -1;
	if (r->target != NULL)
		target_release(r->target);
	r->target = NULL;
}
