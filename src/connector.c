/*
 * Non-blocking connect over a list of addresses.
 * Not here: what the connection is for.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "connector.h"
#include "descriptors.h"
#include "os.h"

/* Milliseconds between retries: doubled from the first to the last. */
#define PAUSE_MIN 1
#define PAUSE_MAX 100

static void try_addresses(struct connector *);

static struct connector *
of_timer(struct event_timer *t)
{
	return (struct connector *)(void *)((char *)t -
	    offsetof(struct connector, timer));
}

static uint64_t
later(uint64_t now, uint64_t ms)
{
	return ms > UINT64_MAX - now ? UINT64_MAX : now + ms;
}

/* The time that is left is shared by the addresses that are left. */
static void
start_address(struct connector *c)
{
	uint64_t now;

	now = event_now(c->loop);
	c->full_end = 0;
	c->address_end = c->deadline;
	if (c->deadline != UINT64_MAX && c->next < c->target->n)
		c->address_end = now + 1 +
		    (c->deadline > now ? c->deadline - now : 0) /
		        (c->target->n - c->next);
}

/* It may be connected, and whoever accepted it must not see a clean end. */
static void
give_up(struct connector *c)
{
	descriptors_reset(c->io->fd);
	event_io_close(c->loop, c->io);
}

static void
done(struct connector *c, int error)
{
	event_timer_cancel(c->loop, &c->timer);
	if (error != 0)
		give_up(c);
	c->on_done(c, error);
}

static void
on_pause_over(struct event_timer *t)
{
	try_addresses(of_timer(t));
}

static void
pause_and_retry(struct connector *c)
{
	event_timer_cancel(c->loop, &c->timer); /* await() may have set it */
	event_timer_init(&c->timer, on_pause_over);
	if (event_timer_set(c->loop, &c->timer, c->pause) == -1) {
		done(c, errno);
		return;
	}
	if (c->pause < PAUSE_MAX)
		c->pause *= 2;
}

/* Not there, or not there yet: as a service that is being started. */
static bool
may_appear(int error)
{
	return error == ECONNREFUSED || error == ENOENT ||
	    error == ENETUNREACH || error == EHOSTUNREACH ||
	    error == ENETDOWN || error == EADDRNOTAVAIL;
}

static void
start_round(struct connector *c)
{
	c->deadline = later(event_now(c->loop), c->timeout);
	c->next = 0;
	start_address(c);
}

static void
end_round(struct connector *c)
{
	if (!may_appear(c->error) || event_now(c->loop) >= c->wait_end) {
		done(c, c->error);
		return;
	}
	if (c->on_retry != NULL)
		c->on_retry(c);
	start_round(c);
	pause_and_retry(c);
}

static void
next_address(struct connector *c, int error)
{
	give_up(c);
	event_timer_cancel(c->loop, &c->timer);
	/* An address that is there says more than one that is not. */
	if (c->error == 0 || may_appear(c->error))
		c->error = error;
	c->next++;
	start_address(c);
}

static void
on_address_timeout(struct event_timer *t)
{
	struct connector *c;

	c = of_timer(t);
	next_address(c, ETIMEDOUT);
	try_addresses(c);
}

static in_port_t
port_of(const struct endpoint *e)
{
	if (e->addr.ss_family == AF_INET6)
		return ((const struct sockaddr_in6 *)&e->addr)->sin6_port;
	return ((const struct sockaddr_in *)&e->addr)->sin_port;
}

/*
 * Where nobody listens on a local port that the system may pick for us, a
 * socket can connect to itself (RFC 9293, 3.5: simultaneous open).
 */
static bool
is_self(const struct event_io *io, const struct endpoint *e)
{
	struct endpoint own;
	const struct sockaddr_in *in, *own_in;
	const struct sockaddr_in6 *in6, *own_in6;

	if (e->addr.ss_family == AF_UNIX ||
	    !os_may_pick_port(ntohs(port_of(e))))
		return false;
	memset(&own, 0, sizeof(own));
	own.length = sizeof(own.addr);
	if (getsockname(io->fd, (struct sockaddr *)&own.addr, &own.length) ==
	        -1 ||
	    port_of(e) != port_of(&own))
		return false;
	in = (const struct sockaddr_in *)&e->addr;
	own_in = (const struct sockaddr_in *)&own.addr;
	if (e->addr.ss_family == AF_INET)
		return in->sin_addr.s_addr == own_in->sin_addr.s_addr;
	in6 = (const struct sockaddr_in6 *)&e->addr;
	own_in6 = (const struct sockaddr_in6 *)&own.addr;
	return memcmp(&in6->sin6_addr, &own_in6->sin6_addr,
	           sizeof(in6->sin6_addr)) == 0;
}

/*
 * A connection that failed is reported with an error or as ended; one that
 * ended since it was made is, too.
 */
static int
error_of(const struct event_io *io, unsigned ready)
{
	socklen_t length;
	int error;

	if (!(ready & EVENT_ERROR) && io->avail != EVENT_AVAIL_ALL)
		return 0;
	length = sizeof(error);
	if (getsockopt(io->fd, SOL_SOCKET, SO_ERROR, &error, &length) == -1)
		return errno;
	return error;
}

static void
on_connected(struct event_io *io, unsigned ready)
{
	struct connector *c;
	int error;

	/* The owner of both keeps them together until on_done. */
	c = io->owner;
	error = error_of(io, ready);
	if (error == 0 && is_self(io, &c->target->list[c->next]))
		error = ECONNREFUSED;
	if (error == 0) {
		event_io_disable(c->loop, io, EVENT_WRITE);
		done(c, 0);
		return;
	}
	next_address(c, error);
	try_addresses(c);
}

static int
await(struct connector *c)
{
	uint64_t now, left;

	now = event_now(c->loop);
	left = EVENT_INFINITE;
	if (c->address_end != UINT64_MAX)
		left = c->address_end > now ? c->address_end - now : 0;
	event_timer_init(&c->timer, on_address_timeout);
	if (event_timer_set(c->loop, &c->timer, left) == -1)
		return -1;
	return event_io_enable(c->loop, c->io, EVENT_WRITE);
}

/* Whether the same address is worth another try, and soon. */
static bool
is_passing(struct connector *c, const struct endpoint *e, int error)
{
	uint64_t now;

	now = event_now(c->loop);
	if (error == EMFILE || error == ENFILE || error == ENOBUFS ||
	    error == ENOMEM)
		return now < c->address_end;
	if (e->addr.ss_family != AF_UNIX || os_backlog_full(error) == 0)
		return false;
	if (c->full_end == 0)
		c->full_end = later(now, os_backlog_full(error));
	return now < c->address_end && now < c->full_end;
}

enum attempt {
	ATTEMPT_OVER,   /* on_done was called, or the loop will call us */
	ATTEMPT_FAILED, /* go on with the next address */
};

static enum attempt
try_address(struct connector *c, const struct endpoint *e)
{
	int error, fd;

	error = dialer_dial(c->dialer, e, &fd);
	event_io_init(c->io, fd, on_connected);
	/* Until that process has closed what it passed. */
	c->io->shared = dialer_is_helped(c->dialer);
	c->io->owner = c;
	if (error == EINPROGRESS)
		error = await(c) == -1 ? errno : 0;
	else if (error == 0 && is_self(c->io, e))
		error = ECONNREFUSED;
	else if (error == 0) {
		error = event_io_enable(c->loop, c->io, 0) == -1 ? errno : 0;
		if (error == 0) {
			done(c, 0);
			return ATTEMPT_OVER;
		}
	}
	if (error == 0)
		return ATTEMPT_OVER;
	if (is_passing(c, e, error)) {
		give_up(c);
		pause_and_retry(c);
		return ATTEMPT_OVER;
	}
	next_address(c, error == EAGAIN ? ETIMEDOUT : error);
	return ATTEMPT_FAILED;
}

static void
try_addresses(struct connector *c)
{
	while (c->next < c->target->n)
		if (try_address(c, &c->target->list[c->next]) == ATTEMPT_OVER)
			return;
	end_round(c);
}

void
connector_start(struct connector *c, struct event_loop *loop,
    struct dialer *dialer, const struct endpoints *target, struct event_io *io,
    uint64_t timeout, uint64_t wait,
    void (*on_done)(struct connector *, int error),
    void (*on_retry)(struct connector *), void *owner)
{
	*c = (struct connector) {
		.loop = loop,
		.dialer = dialer,
		.target = target,
		.io = io,
		.timeout = timeout,
		.pause = PAUSE_MIN,
		.on_done = on_done,
		.on_retry = on_retry,
		.owner = owner,
	};
	c->wait_end = later(event_now(loop), wait);
	start_round(c);
	try_addresses(c);
}

void
connector_cancel(struct connector *c)
{
	event_timer_cancel(c->loop, &c->timer);
	event_io_close(c->loop, c->io);
}
