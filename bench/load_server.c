/*
 * The server's side of the load: does what each connection's request says.
 * Not here: the client's side (load_client.c).
 */
#include <sys/types.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"
#include "stream.h"

#define EVENTS 256
#define ROUNDS 4     /* chunks before others get their turn */
#define COMPLAINTS 5 /* errors that are told */

struct session {
	LIST_ENTRY(session) entry;
	int fd;
	uint32_t interest;
	struct request request;
	uint64_t got, sent;  /* the request counts in got */
	unsigned char *rest; /* of an echo that could not be sent at once */
	size_t rest_start, rest_end;
	bool answering, eof;
};

static LIST_HEAD(, session) sessions = LIST_HEAD_INITIALIZER(sessions);
static struct load_result *result;
static int epoll_fd = -1;
static unsigned char buffer[STREAM_CHUNK];
static volatile sig_atomic_t stop;

static void
end(struct session *s, const char *what)
{
	if (what != NULL && result->errors++ < COMPLAINTS)
		warnx("server: %s", what);
	LIST_REMOVE(s, entry);
	close(s->fd);
	free(s->rest);
	free(s);
}

static void
set_interest(struct session *s, bool out)
{
	struct epoll_event e = { .data.ptr = s };

	e.events = (s->eof ? 0 : EPOLLIN) | (out ? EPOLLOUT : 0);
	if (e.events == s->interest)
		return;
	if (epoll_ctl(epoll_fd,
	        s->interest == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, s->fd,
	        &e) == -1)
		err(1, "epoll_ctl");
	s->interest = e.events;
}

/* -1 if nothing fits. */
static ssize_t
send_now(struct session *s, const void *data, size_t n)
{
	return send(s->fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* False if the session has ended; so do the others. */
static bool
answer(struct session *s)
{
	uint64_t left;
	ssize_t n;
	int i;

	s->answering = true;
	for (i = 0; i < ROUNDS && s->sent < s->request.down; i++) {
		left = s->request.down - s->sent;
		n = send_now(s, stream_at(s->request.id, STREAM_DOWN, s->sent),
		    left < STREAM_CHUNK ? (size_t)left : STREAM_CHUNK);
		if (n == -1 && errno != EAGAIN) {
			end(s, NULL);
			return false;
		}
		if (n == -1)
			break;
		s->sent += (uint64_t)n;
		result->bytes += (uint64_t)n;
	}
	if (s->sent == s->request.down) {
		if (s->eof) {
			end(s, NULL);
			return false;
		}
		shutdown(s->fd, SHUT_WR);
	}
	set_interest(s, s->sent < s->request.down);
	return true;
}

static bool
flush_rest(struct session *s)
{
	ssize_t n;

	n = send_now(s, s->rest + s->rest_start, s->rest_end - s->rest_start);
	if (n == -1 && errno != EAGAIN) {
		end(s, NULL);
		return false;
	}
	if (n > 0)
		s->rest_start += (size_t)n;
	if (s->rest_start == s->rest_end) {
		free(s->rest);
		s->rest = NULL;
		set_interest(s, false);
	}
	return true;
}

static bool
echo(struct session *s, const unsigned char *data, size_t n)
{
	ssize_t k;

	k = send_now(s, data, n);
	if (k == -1 && errno != EAGAIN) {
		end(s, NULL);
		return false;
	}
	if (k == -1)
		k = 0;
	result->bytes += n;
	if ((size_t)k == n)
		return true;
	s->rest_start = 0;
	s->rest_end = n - (size_t)k;
	s->rest = malloc(s->rest_end);
	if (s->rest == NULL)
		err(1, "malloc");
	memcpy(s->rest, data + k, s->rest_end);
	set_interest(s, true);
	return true;
}

/* n octets, the last of those that s->got already counts. */
static bool
check(struct session *s, const unsigned char *data, size_t n)
{
	uint64_t position;

	position = s->got - sizeof(s->request) - n;
	if (position + n > s->request.up ||
	    !stream_matches(s->request.id, STREAM_UP, position, data, n)) {
		end(s, "wrong octets");
		return false;
	}
	result->bytes += n;
	if (s->request.kind == REQUEST_COPY && position + n == s->request.up)
		return answer(s);
	return true;
}

static bool
on_end(struct session *s)
{
	uint64_t all;

	all = sizeof(s->request) + s->request.up;
	s->eof = true;
	if (s->request.kind == REQUEST_HALF_CLOSE && s->got == all &&
	    s->sent < s->request.down)
		return answer(s);
	/* One without any octets only looks whether somebody is there. */
	if (s->got == 0 || s->request.kind == REQUEST_ECHO ||
	    (s->got == all && s->sent == s->request.down))
		end(s, NULL);
	else
		end(s, "early end");
	return false;
}

/* One read; *more says whether there may be another. */
static bool
take(struct session *s, bool *more)
{
	size_t head, n;
	ssize_t k;

	head = s->got < sizeof(s->request) ? (size_t)s->got : 0;
	k = recv(s->fd, buffer + head, sizeof(buffer) - head, MSG_DONTWAIT);
	*more = k > 0 && (size_t)k == sizeof(buffer) - head;
	if (k == -1) {
		if (errno == EAGAIN)
			return true;
		end(s, NULL);
		return false;
	}
	if (k == 0)
		return on_end(s);
	n = (size_t)k;
	if (s->got >= sizeof(s->request)) {
		s->got += n;
		return s->request.kind == REQUEST_ECHO ? echo(s, buffer, n)
		                                       : check(s, buffer, n);
	}
	/* Still the request: what came of it before goes first. */
	memcpy(buffer, &s->request, head);
	s->got += n;
	n += head;
	memcpy(&s->request, buffer,
	    n < sizeof(s->request) ? n : sizeof(s->request));
	if (n < sizeof(s->request))
		return true;
	if (s->request.kind == REQUEST_ECHO)
		return echo(s, buffer, n);
	return check(s, buffer + sizeof(s->request), n - sizeof(s->request));
}

static void
on_session(struct session *s, uint32_t events)
{
	bool more;
	int i;

	if (events & EPOLLOUT) {
		if (!(s->rest != NULL ? flush_rest(s) : answer(s)))
			return;
	}
	if (events == EPOLLOUT || s->rest != NULL)
		return;
	more = true;
	for (i = 0; i < ROUNDS && more && s->rest == NULL; i++)
		if (!take(s, &more))
			return;
}

static void
on_listener(int listener)
{
	const int on = 1;
	struct session *s;
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) != -1) {
		s = calloc(1, sizeof(*s));
		if (s == NULL)
			err(1, "calloc");
		s->fd = fd;
		LIST_INSERT_HEAD(&sessions, s, entry);
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		set_interest(s, false);
		result->connections++;
	}
	if (errno != EAGAIN && errno != ECONNABORTED)
		err(1, "accept4");
}

static void
on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* The signal comes only while the loop waits. */
static void
catch_signal(sigset_t *outside)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, outside);
	sigaction(SIGTERM, &action, NULL);
}

void
load_serve(int listener, struct load_result *r)
{
	struct epoll_event e = { .events = EPOLLIN }, events[EVENTS];
	struct session *s, *next;
	sigset_t outside;
	double start;
	int i, n;

	result = r;
	start = load_clock();
	catch_signal(&outside);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd == -1 ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &e) == -1)
		err(1, "epoll");
	while (!stop) {
		n = epoll_pwait(epoll_fd, events, EVENTS, -1, &outside);
		for (i = 0; i < n; i++) {
			if (events[i].data.ptr == NULL)
				on_listener(listener);
			else
				on_session(
				    events[i].data.ptr, events[i].events);
		}
	}
	LIST_FOREACH_SAFE (s, &sessions, entry, next)
		end(s, NULL);
	close(epoll_fd);
	close(listener);
	r->seconds = load_clock() - start;
	r->cpu = load_cpu();
}
