/*
 * An exchange that may break, but only so that it can be seen; a look at what
 * came.
 * Not here: what breaks it.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <poll.h>

#include "peer_try.h"
#include "stream.h"

#define CHUNK 65536

void
peer_peek(int fd)
{
	char byte;

	if (recv(fd, &byte, 1, MSG_PEEK) != 1)
		errx(1, "peek: nothing came");
}

enum outcome {
	GOES_ON,
	BROKE,
	ENDED,
};

static size_t
least(uint64_t a, size_t b)
{
	return a < b ? (size_t)a : b;
}

/* A Unix socket that is given up can only be closed. */
static bool
can_be_reset(int fd)
{
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	socklen_t length;

	length = sizeof(ss);
	getsockname(fd, (struct sockaddr *)&ss, &length);
	return ss.ss_family != AF_UNIX;
}

static enum outcome
failed(void)
{
	if (errno == EAGAIN || errno == EINTR)
		return GOES_ON;
	if (errno != ECONNRESET && errno != EPIPE && errno != ENOTCONN)
		err(1, "try");
	return BROKE;
}

static enum outcome
send_some(struct connection *c, uint64_t end, uint64_t seed)
{
	unsigned char data[CHUNK];
	ssize_t k;
	size_t n;

	n = least(end - c->sent, sizeof(data));
	stream_generate(data, n, seed, c->sent);
	k = send(c->fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (k == -1)
		return failed();
	c->sent += (uint64_t)k;
	if (c->sent < end)
		return GOES_ON;
	return shutdown(c->fd, SHUT_WR) == -1 ? BROKE : ENDED;
}

static enum outcome
receive_some(struct connection *c, uint64_t end, uint64_t seed)
{
	unsigned char data[CHUNK];
	ssize_t i, k;

	k = recv(c->fd, data, sizeof(data), 0);
	if (k == -1)
		return failed();
	if (k == 0 && c->received < end && can_be_reset(c->fd))
		errx(1, "try: end of file after %llu octets",
		    (unsigned long long)c->received);
	if (k == 0)
		return c->received < end ? BROKE : ENDED;
	for (i = 0; i < k; i++)
		if (c->received + (uint64_t)i >= end ||
		    data[i] != stream_octet(seed, c->received + (uint64_t)i))
			errx(1, "try: octet %llu is wrong",
			    (unsigned long long)(c->received + (uint64_t)i));
	c->received += (uint64_t)k;
	return GOES_ON;
}

bool
peer_try(struct connection *c, uint64_t n, struct peer_seeds seeds)
{
	struct pollfd p = { .fd = c->fd };
	const uint64_t send_end = c->sent + n, receive_end = c->received + n;
	enum outcome in, out;

	in = out = GOES_ON;
	while (in == GOES_ON || out == GOES_ON) {
		p.events = in == GOES_ON ? POLLIN : 0;
		if (out == GOES_ON)
			p.events |= POLLOUT;
		if (poll(&p, 1, -1) == -1)
			err(1, "try");
		/* First: only the first call that meets a reset is told. */
		if (in == GOES_ON && (p.revents & ~POLLOUT))
			in = receive_some(c, receive_end, seeds.peer);
		if (out == GOES_ON && (p.revents & ~POLLIN))
			out = send_some(c, send_end, seeds.own);
		if (in == BROKE || out == BROKE)
			return false;
	}
	return true;
}
