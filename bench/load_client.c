/*
 * The client's side of the load: connections that send, receive and check.
 * Not here: the server's side (load_server.c), options (load.c).
 */
#include <sys/types.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"
#include "stream.h"

#define EVENTS 256
#define ROUNDS 4     /* chunks before others get their turn */
#define OPENING 64   /* connections whose first answer is out */
#define PATIENCE 10  /* seconds that LOAD_IDLE waits for an answer */
#define RECEIPT 8    /* octets that say that an upload has arrived */
#define COMPLAINTS 5 /* errors that are told */

struct connection {
	int fd; /* or -1 */
	uint32_t interest;
	struct request request;
	uint64_t sent, to_send; /* the request counts */
	uint64_t got, to_get;   /* of REQUEST_ECHO, the request counts */
	bool pending;           /* an answer is awaited */
};

static const struct load *load;
static struct load_result *result;
static struct connection *connections;
static size_t *unused; /* a stack of indices into connections */
static size_t unused_count;
static uint64_t opened, total, pending, trips_left;
static int epoll_fd = -1;
static unsigned char buffer[STREAM_CHUNK];

static void
complain(const char *what)
{
	if (result->errors++ < COMPLAINTS)
		warnx("client: %s", what);
}

static void
let_go(struct connection *c)
{
	close(c->fd);
	c->fd = -1;
	unused[unused_count++] = (size_t)(c - connections);
}

static void
set_pending(struct connection *c, bool on)
{
	if (c->pending != on)
		pending += on ? 1 : (uint64_t)-1;
	c->pending = on;
}

/* LOAD_IDLE finds out how many are held, and takes that as it is. */
static void
fail(struct connection *c, const char *what)
{
	if (load->mode != LOAD_IDLE)
		complain(what);
	else if (!c->pending)
		result->messages--;
	set_pending(c, false);
	let_go(c);
}

static void
set_interest(struct connection *c, uint32_t interest)
{
	struct epoll_event e = { .events = interest, .data.ptr = c };
	int op;

	if (interest == c->interest)
		return;
	op = c->interest == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
	if (epoll_ctl(epoll_fd, op, c->fd, &e) == -1)
		err(1, "epoll_ctl");
	c->interest = interest;
}

static size_t
least(uint64_t a, uint64_t b)
{
	return (size_t)(a < b ? a : b);
}

/* The request, or what is left of it, goes out together with what follows. */
static ssize_t
send_some(struct connection *c)
{
	struct iovec iov[2];
	struct msghdr msg = { .msg_iov = iov };
	size_t head, tail;

	head = c->sent < sizeof(c->request)
	    ? sizeof(c->request) - (size_t)c->sent
	    : 0;
	tail = least(c->to_send - c->sent - head, STREAM_CHUNK);
	if (head > 0)
		iov[msg.msg_iovlen++] =
		    (struct iovec) { (char *)&c->request + c->sent, head };
	if (tail > 0)
		iov[msg.msg_iovlen++] = (struct iovec) {
			(void *)(uintptr_t)stream_at(c->request.id, STREAM_UP,
			    c->sent + head - sizeof(c->request)),
			tail
		};
	return sendmsg(c->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
push(struct connection *c)
{
	ssize_t n;
	int i;

	for (i = 0; i < ROUNDS && c->sent < c->to_send; i++) {
		n = send_some(c);
		if (n == -1 && errno != EAGAIN) {
			fail(c, strerror(errno));
			return;
		}
		if (n == -1)
			break;
		c->sent += (uint64_t)n;
	}
	if (c->sent == c->to_send && load->mode == LOAD_HALF_CLOSE)
		shutdown(c->fd, SHUT_WR);
	set_interest(c, EPOLLIN | (c->sent < c->to_send ? EPOLLOUT : 0));
}

static bool
echoes(void)
{
	return load->mode >= LOAD_PING_PONG;
}

/* What has come back is what was sent, or what the server sends. */
static bool
is_right(const struct connection *c, size_t n)
{
	uint64_t id, position;
	size_t head;

	id = c->request.id;
	if (c->got + n > c->to_get)
		return false;
	if (!echoes())
		return stream_matches(id, STREAM_DOWN, c->got, buffer, n);
	head = 0;
	if (c->got < sizeof(c->request))
		head = least(n, sizeof(c->request) - c->got);
	if (memcmp((const char *)&c->request + (head > 0 ? c->got : 0), buffer,
	        head) != 0)
		return false;
	position = c->got + head - sizeof(c->request);
	return n == head ||
	    stream_matches(id, STREAM_UP, position, buffer + head, n - head);
}

static void
start_trip(struct connection *c)
{
	trips_left--;
	c->to_send += load->message;
	c->to_get += load->message;
	push(c);
}

/* All that was asked for has come; of copies, the end of the stream as well. */
static void
finish(struct connection *c)
{
	result->messages++;
	result->bytes +=
	    echoes() ? load->message : c->request.up + c->request.down;
	if (load->mode == LOAD_UPLOAD)
		result->bytes -= RECEIPT;
	if (trips_left > 0 && load->mode == LOAD_PING_PONG) {
		start_trip(c);
		return;
	}
	set_pending(c, false);
	if (!echoes() || load->mode == LOAD_CONNECT) {
		result->connections++;
		let_go(c);
	}
}

static void
pull(struct connection *c)
{
	ssize_t n;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		n = recv(c->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		if (n == -1 && errno == EAGAIN)
			return;
		if (n == -1) {
			fail(c, strerror(errno));
			return;
		}
		if (n == 0 && !echoes() && c->got == c->to_get) {
			finish(c);
			return;
		}
		if (n == 0 || !is_right(c, (size_t)n)) {
			fail(c, n == 0 ? "early end" : "wrong octets");
			return;
		}
		c->got += (uint64_t)n;
		if (echoes() && c->got == c->to_get) {
			finish(c);
			return;
		}
		if ((size_t)n < sizeof(buffer))
			return;
	}
}

/* What it will do, the remainder being the first one's. */
static void
plan(struct connection *c)
{
	uint64_t share;

	share = load->bytes / load->together;
	if (opened == 0)
		share += load->bytes % load->together;
	c->request = (struct request) { .kind = REQUEST_COPY, .id = opened };
	if (load->mode != LOAD_DOWNLOAD)
		c->request.up = share;
	c->request.down = load->mode == LOAD_UPLOAD ? RECEIPT : share;
	if (load->mode == LOAD_HALF_CLOSE)
		c->request.kind = REQUEST_HALF_CLOSE;
	c->to_send = sizeof(c->request) + c->request.up;
	c->to_get = c->request.down;
	if (echoes()) {
		c->request =
		    (struct request) { .kind = REQUEST_ECHO, .id = opened };
		c->to_send = c->to_get = load->message;
	}
}

/* False if no more are to be opened. */
static bool
open_one(void)
{
	struct connection *c;
	int fd;

	fd = place_connect(
	    &load->place, 0, load->mode == LOAD_IDLE ? PATIENCE : 0);
	if (fd == -1 && load->mode == LOAD_IDLE)
		return false;
	if (fd == -1) {
		complain(strerror(errno));
		opened++;
		return true;
	}
	c = &connections[unused[--unused_count]];
	*c = (struct connection) { .fd = fd };
	plan(c);
	opened++;
	set_pending(c, true);
	push(c);
	return true;
}

/* Until all is done; LOAD_IDLE gives up when nothing happens any more. */
static void
loop(uint64_t most_pending)
{
	struct epoll_event events[EVENTS];
	struct connection *c;
	int i, n;

	for (;;) {
		while (opened < total && pending < most_pending)
			if (!open_one())
				total = opened;
		if (pending == 0)
			return;
		n = epoll_wait(epoll_fd, events, EVENTS,
		    load->mode == LOAD_IDLE ? PATIENCE * 1000 : -1);
		if (n == -1)
			err(1, "epoll_wait");
		if (n == 0)
			return;
		for (i = 0; i < n; i++) {
			c = events[i].data.ptr;
			if (events[i].events & EPOLLOUT)
				push(c);
			if (c->fd != -1 && events[i].events != EPOLLOUT)
				pull(c);
		}
	}
}

void
load_open(const struct load *l, struct load_result *r)
{
	size_t i;

	load = l;
	result = r;
	total = l->mode == LOAD_CONNECT ? l->count : l->together;
	connections = calloc(l->together, sizeof(*connections));
	unused = calloc(l->together, sizeof(*unused));
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (connections == NULL || unused == NULL || epoll_fd == -1)
		err(1, "set-up");
	for (i = 0; i < l->together; i++) {
		connections[i].fd = -1;
		unused[unused_count++] = l->together - 1 - i;
	}
	if (l->mode != LOAD_PING_PONG && l->mode != LOAD_IDLE)
		return;
	loop(l->together < OPENING ? l->together : OPENING);
	r->connections = r->messages;
	r->messages = r->bytes = 0;
}

void
load_run(void)
{
	double start, cpu;
	size_t i;

	start = load_clock();
	cpu = load_cpu();
	if (load->mode == LOAD_PING_PONG) {
		trips_left = load->count;
		for (i = 0; i < load->together && trips_left > 0; i++) {
			if (connections[i].fd == -1)
				continue;
			set_pending(&connections[i], true);
			start_trip(&connections[i]);
		}
	}
	if (load->mode != LOAD_IDLE)
		loop(load->together);
	result->seconds = load_clock() - start;
	result->cpu = load_cpu() - cpu;
}

void
load_close(void)
{
	size_t i;

	for (i = 0; i < load->together; i++)
		if (connections[i].fd != -1)
			close(connections[i].fd);
	free(connections);
	free(unused);
	close(epoll_fd);
}
