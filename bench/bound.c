/*
 * The least that a relay of this kind can do, as a lower bound for what ours
 * costs; Linux only.  It copies until two reads in a row fill a smaller one,
 * then it splices through a pipe, until the pieces are small again; but from
 * a Unix socket to TCP that is paced (BBR) it copies, through one large buffer.
 * Not here: time limits, logging, confinement, dealing with any error; a
 * relay for use is simpletcpunixrelay(8).
 *
 * bound [-c | -s] [-b BYTES] LISTEN TARGET
 *	-c	copy only
 *	-s	splice only
 *	-b N	SO_SNDBUF of a Unix socket that it splices to (1 MiB; 0: as
 *		it is)
 */
#include <sys/types.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sockets.h"

#define EVENTS 256
#define BUFFER_SIZE ((size_t)262144)
#define FIRST_READ ((size_t)65536) /* from TCP, until it is bulk */
#define PIPE_SIZE ((size_t)1048576)
#define SMALL_READ ((size_t)16384) /* where a copy is cheaper */
#define FULL_READS 2               /* in a row, then it splices */
#define SMALL_READS 16             /* in a row, then it copies again */
#define ROUNDS 8                   /* reads before others get their turn */

enum means { BY_DIRECTION, COPY_ONLY, SPLICE_ONLY };

struct buffer {
	struct buffer *next; /* while unused */
	size_t start, end;
	unsigned char data[BUFFER_SIZE];
};

/* A socket, and the direction that is read from it. */
struct side {
	struct pair *pair;
	int fd;
	bool tcp, readable, full, out_wanted, ending, eof, ended;
	bool splicing, large;  /* large reads, from now on */
	int streak;            /* of full reads, or while splicing small ones */
	int pipe[2];           /* once it has spliced */
	size_t in_pipe;        /* not yet written */
	struct buffer *buffer; /* while it holds something */
};

struct pair {
	struct side side[2];
	struct pair *next; /* while dead */
	bool dead;
};

static enum means means = BY_DIRECTION;
static int send_buffer = 1048576;
static int epoll_fd = -1;
static struct buffer *unused;
static struct pair *dead;

static struct buffer *
take_buffer(void)
{
	struct buffer *b;

	b = unused;
	if (b != NULL)
		unused = b->next;
	else if ((b = malloc(sizeof(*b))) == NULL)
		err(1, "malloc");
	b->start = b->end = 0;
	return b;
}

static void
give_buffer(struct side *from)
{
	if (from->buffer == NULL)
		return;
	from->buffer->next = unused;
	unused = from->buffer;
	from->buffer = NULL;
}

/* Freed after the round, in which there may still be events for it. */
static void
end_pair(struct pair *p)
{
	int i;

	p->dead = true;
	for (i = 0; i < 2; i++) {
		close(p->side[i].fd);
		give_buffer(&p->side[i]);
		if (p->side[i].pipe[0] != -1) {
			close(p->side[i].pipe[0]);
			close(p->side[i].pipe[1]);
		}
	}
	p->next = dead;
	dead = p;
}

static struct side *
other_side(struct side *s)
{
	return s == &s->pair->side[0] ? &s->pair->side[1] : &s->pair->side[0];
}

static bool
is_paced(const struct side *to)
{
	char name[4] = "";
	socklen_t length;

	length = sizeof(name) - 1;
	getsockopt(to->fd, IPPROTO_TCP, TCP_CONGESTION, name, &length);
	return strcmp(name, "bbr") == 0;
}

/* Full reads make it splice, where that is cheapest; small ones copy. */
static void
choose(struct side *from, size_t n)
{
	bool counts;

	if (means != BY_DIRECTION || from->large)
		return;
	counts = from->splicing ? n < SMALL_READ : n == FIRST_READ;
	from->streak = counts ? from->streak + 1 : 0;
	if (from->streak == 1 && !from->splicing && !from->tcp)
		from->large = is_paced(other_side(from));
	if (from->large ||
	    from->streak < (from->splicing ? SMALL_READS : FULL_READS))
		return;
	from->streak = 0;
	from->splicing = !from->splicing;
}

static void
open_pipe(struct side *from)
{
	const struct side *to = other_side(from);

	if (from->pipe[0] != -1)
		return;
	if (!to->tcp && send_buffer != 0)
		setsockopt(to->fd, SOL_SOCKET, SO_SNDBUF, &send_buffer,
		    sizeof(send_buffer));
	if (pipe2(from->pipe, O_NONBLOCK | O_CLOEXEC) == -1)
		err(1, "pipe2");
	fcntl(from->pipe[0], F_SETPIPE_SZ, (int)PIPE_SIZE);
}

static ssize_t
read_some(struct side *from, size_t *most)
{
	ssize_t n;

	if (from->splicing) {
		open_pipe(from);
		*most = PIPE_SIZE;
		n = splice(from->fd, NULL, from->pipe[1], NULL, *most,
		    SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
		if (n > 0)
			from->in_pipe += (size_t)n;
		return n;
	}
	from->buffer = take_buffer();
	*most = means == COPY_ONLY || from->large ? BUFFER_SIZE : FIRST_READ;
	n = recv(from->fd, from->buffer->data, *most, 0);
	if (n > 0)
		from->buffer->end = (size_t)n;
	else
		give_buffer(from);
	return n;
}

/* What is behind a first read. */
static void
read_rest(struct side *from)
{
	struct buffer *b = from->buffer;
	ssize_t n;

	n = recv(from->fd, b->data + b->end, BUFFER_SIZE - b->end, 0);
	if (n > 0)
		b->end += (size_t)n;
}

/* A short read has drained the socket, unless its end has come too. */
static int
fill(struct side *from)
{
	size_t most;
	ssize_t n;

	n = read_some(from, &most);
	if (n == -1 && errno != EAGAIN)
		return -1;
	if (n == -1)
		from->readable = false;
	else if (n == 0)
		from->eof = true;
	else {
		/* What splice(2) gives at once depends on the pieces. */
		if ((size_t)n < most && !from->ending && !from->splicing)
			from->readable = false;
		choose(from, (size_t)n);
		if (from->large && most == FIRST_READ)
			read_rest(from);
	}
	return 0;
}

/* Asked for from the first time that it was full: small messages never are. */
static void
await_room(struct side *to)
{
	struct epoll_event e = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.ptr = to,
	};

	to->full = true;
	if (to->out_wanted)
		return;
	to->out_wanted = true;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, to->fd, &e) == -1)
		err(1, "epoll_ctl");
}

static int
drain(struct side *from, struct side *to)
{
	struct buffer *b;
	ssize_t n;

	b = from->buffer;
	if (b != NULL) {
		n = send(to->fd, b->data + b->start, b->end - b->start,
		    MSG_NOSIGNAL);
		if (n > 0 && (b->start += (size_t)n) == b->end)
			give_buffer(from);
	} else {
		n = splice(from->pipe[0], NULL, to->fd, NULL, from->in_pipe,
		    SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
		if (n > 0)
			from->in_pipe -= (size_t)n;
	}
	if (n == -1 && errno != EAGAIN)
		return -1;
	if (n == -1)
		await_room(to);
	return 0;
}

/* Move what can be moved; -1 on any error.  *more: there may be more. */
static int
pump(struct side *from, struct side *to, bool *more)
{
	int i;

	for (i = 0; i < ROUNDS;) {
		if (from->buffer != NULL || from->in_pipe > 0) {
			if (to->full)
				return 0;
			if (drain(from, to) == -1)
				return -1;
		} else if (from->eof) {
			if (!from->ended)
				shutdown(to->fd, SHUT_WR);
			from->ended = true;
			return 0;
		} else {
			if (!from->readable)
				return 0;
			if (fill(from) == -1)
				return -1;
			i++;
		}
	}
	*more = true;
	return 0;
}

static void
on_pair(struct side *s, uint32_t events)
{
	struct side *other;
	bool more;

	if (s->pair->dead)
		return;
	other = other_side(s);
	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		s->readable = true;
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		s->ending = true;
	if (events & EPOLLOUT)
		s->full = false;
	do {
		more = false;
		if (pump(s, other, &more) == -1 ||
		    pump(other, s, &more) == -1 || (s->ended && other->ended)) {
			end_pair(s->pair);
			return;
		}
	} while (more);
}

static void
start_side(struct pair *p, int i, int fd, bool tcp)
{
	const int on = 1;
	struct side *s = &p->side[i];
	struct epoll_event e = {
		.events = EPOLLIN | EPOLLRDHUP | EPOLLET,
		.data.ptr = s,
	};

	*s = (struct side) { .pair = p, .fd = fd, .tcp = tcp };
	s->pipe[0] = s->pipe[1] = -1;
	s->splicing = means == SPLICE_ONLY;
	if (tcp)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e) == -1)
		err(1, "epoll_ctl");
}

static void
on_listener(int listener, bool tcp, const struct place *target)
{
	struct pair *p;
	int fd, other;

	while ((fd = accept4(listener, NULL, NULL,
	            SOCK_NONBLOCK | SOCK_CLOEXEC)) != -1) {
		other = place_connect(target, SOCK_NONBLOCK, 0);
		if (other == -1)
			err(1, "connect");
		p = calloc(1, sizeof(*p));
		if (p == NULL)
			err(1, "calloc");
		start_side(p, 0, fd, tcp);
		start_side(p, 1, other, target->tcp);
	}
	if (errno != EAGAIN && errno != ECONNABORTED)
		err(1, "accept4");
}

static void
bury(void)
{
	struct pair *p;

	while ((p = dead) != NULL) {
		dead = p->next;
		free(p);
	}
}

static void
loop(int listener, bool tcp, const struct place *target)
{
	struct epoll_event e = { .events = EPOLLIN }, events[EVENTS];
	int i, n;

	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd == -1 ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &e) == -1)
		err(1, "epoll");
	for (;;) {
		n = epoll_wait(epoll_fd, events, EVENTS, -1);
		for (i = 0; i < n; i++) {
			if (events[i].data.ptr == NULL)
				on_listener(listener, tcp, target);
			else
				on_pair(events[i].data.ptr, events[i].events);
		}
		bury();
	}
}

int
main(int argc, char *argv[])
{
	struct place listen, target;
	int c;

	while ((c = getopt(argc, argv, "b:cs")) != -1) {
		if (c == 'b')
			send_buffer = (int)strtol(optarg, NULL, 10);
		else if (c == 'c')
			means = COPY_ONLY;
		else if (c == 's')
			means = SPLICE_ONLY;
		else
			return 2;
	}
	if (argc - optind != 2)
		errx(2, "usage: see the top of bound.c");
	signal(SIGPIPE, SIG_IGN);
	raise_descriptor_limit();
	place_parse(&listen, argv[optind]);
	place_parse(&target, argv[optind + 1]);
	loop(place_listen(&listen), listen.tcp, &target);
}
