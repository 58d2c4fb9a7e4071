/*
 * What a peer is told to do with a connection, done and checked.
 * Not here: how the connection came about (peer.c).
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pass.h"
#include "peer_actions.h"
#include "peer_files.h"
#include "peer_try.h"
#include "stream.h"

#define CHUNK 65536

static uint64_t own_seed, peer_seed;
static const char *doing; /* the action */

void
peer_choose_streams(bool listening)
{
	own_seed = listening ? 1000003 : 2000003;
	peer_seed = listening ? 2000003 : 1000003;
}

static void
check(const unsigned char *data, size_t n, uint64_t seed, uint64_t position)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (data[i] != stream_octet(seed, position + i))
			errx(1, "%s: octet %llu is wrong", doing,
			    (unsigned long long)(position + i));
}

static size_t
least(uint64_t a, size_t b)
{
	return a < b ? (size_t)a : b;
}

static void
write_all(int fd, const void *data, size_t n)
{
	const char *p;
	ssize_t k;

	for (p = data; n > 0; p += k, n -= (size_t)k) {
		k = send(fd, p, n, MSG_NOSIGNAL);
		if (k == -1)
			err(1, "%s", doing);
	}
}

static size_t
read_some(int fd, void *data, size_t n)
{
	ssize_t k;

	k = recv(fd, data, n, 0);
	if (k == -1)
		err(1, "%s", doing);
	if (k == 0)
		errx(1, "%s: end of file", doing);
	return (size_t)k;
}

static void
do_send(struct connection *c, uint64_t n)
{
	unsigned char data[CHUNK];
	size_t k;

	for (; n > 0; n -= k) {
		k = least(n, sizeof(data));
		stream_generate(data, k, own_seed, c->sent);
		write_all(c->fd, data, k);
		c->sent += k;
	}
}

static void
do_recv(int fd, uint64_t seed, uint64_t *position, uint64_t n)
{
	unsigned char data[CHUNK];
	size_t k;

	for (; n > 0; n -= k) {
		k = read_some(fd, data, least(n, sizeof(data)));
		check(data, k, seed, *position);
		*position += k;
	}
}

static void
do_both(struct connection *c, uint64_t n)
{
	unsigned char data[CHUNK];
	struct pollfd p = { .fd = c->fd };
	uint64_t send_end, recv_end;
	ssize_t k;

	send_end = c->sent + n;
	recv_end = c->received + n;
	while (c->sent < send_end || c->received < recv_end) {
		p.events = 0;
		if (c->sent < send_end)
			p.events |= POLLOUT;
		if (c->received < recv_end)
			p.events |= POLLIN;
		if (poll(&p, 1, -1) == -1)
			err(1, "%s", doing);
		if (p.revents & POLLOUT) {
			k = (ssize_t)least(send_end - c->sent, sizeof(data));
			stream_generate(data, (size_t)k, own_seed, c->sent);
			k = send(c->fd, data, (size_t)k,
			    MSG_NOSIGNAL | MSG_DONTWAIT);
			if (k == -1 && errno != EAGAIN)
				err(1, "%s", doing);
			if (k > 0)
				c->sent += (uint64_t)k;
		}
		if (p.revents & ~POLLOUT) {
			k = (ssize_t)read_some(c->fd, data,
			    least(recv_end - c->received, sizeof(data)));
			check(data, (size_t)k, peer_seed, c->received);
			c->received += (uint64_t)k;
		}
	}
}

static void
do_expect(int fd, const char *text)
{
	char data[4096];
	size_t n, k;

	n = strlen(text);
	if (n > sizeof(data))
		errx(2, "%s: too long", doing);
	for (k = 0; k < n;)
		k += read_some(fd, data + k, n - k);
	if (memcmp(data, text, n) != 0)
		errx(1, "%s: got %.*s", doing, (int)n, data);
}

static void
do_urgent(int fd, const char *text)
{
	size_t n;

	n = strlen(text);
	write_all(fd, text, n - 1);
	if (send(fd, text + n - 1, 1, MSG_OOB | MSG_NOSIGNAL) != 1)
		err(1, "%s", doing);
}

static void
do_pass(int fd, const char *text)
{
	size_t n;

	n = strlen(text);
	if (pass_descriptor(fd, text, n, fd) != (ssize_t)n)
		err(1, "%s", doing);
}

static void
do_echo(int fd)
{
	char data[CHUNK];
	ssize_t k;

	while ((k = recv(fd, data, sizeof(data), 0)) > 0)
		write_all(fd, data, (size_t)k);
	if (k == -1)
		err(1, "%s", doing);
}

/* Full is: no room for this many milliseconds. */
#define FULL_MS 300

static void
do_fill(struct connection *c, uint64_t most)
{
	unsigned char data[CHUNK];
	struct pollfd p = { .fd = c->fd, .events = POLLOUT };
	ssize_t k;

	while (poll(&p, 1, FULL_MS) == 1) {
		stream_generate(data, sizeof(data), own_seed, c->sent);
		k = send(
		    c->fd, data, sizeof(data), MSG_NOSIGNAL | MSG_DONTWAIT);
		if (k == -1 && errno != EAGAIN)
			err(1, "%s", doing);
		if (k > 0)
			c->sent += (uint64_t)k;
		if (c->sent > most)
			errx(1, "%s: %llu were taken", doing,
			    (unsigned long long)c->sent);
	}
}

static void
do_end(int fd, bool eof_allowed, bool reset_allowed)
{
	char byte;
	ssize_t k;

	k = recv(fd, &byte, 1, 0);
	if (k == 1)
		errx(1, "%s: got an octet", doing);
	if (k == 0 && !eof_allowed)
		errx(1, "%s: end of file", doing);
	if (k == -1 &&
	    ((errno != ECONNRESET && errno != ENOTCONN) || !reset_allowed))
		err(1, "%s", doing);
}

/* Small messages to an echo and back, for so many milliseconds. */
static void
do_busy(struct connection *c, uint64_t ms)
{
	struct timespec now;
	uint64_t end, ms_now;
	char byte;

	end = 0;
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
		ms_now = (uint64_t)now.tv_sec * 1000 +
		    (uint64_t)now.tv_nsec / 1000000;
		if (end == 0)
			end = ms_now + ms;
		write_all(c->fd, "x", 1);
		read_some(c->fd, &byte, 1);
	} while (ms_now < end);
}

/* Whatever comes, an end of file must not. */
static void
do_broken(int fd)
{
	char data[CHUNK];
	ssize_t k;

	while ((k = recv(fd, data, sizeof(data), 0)) > 0)
		continue;
	if (k == 0)
		errx(1, "%s: end of file", doing);
	if (errno != ECONNRESET)
		err(1, "%s", doing);
}

static void
do_rest(struct connection *c)
{
	unsigned char data[CHUNK];
	ssize_t k;

	while ((k = recv(c->fd, data, sizeof(data), 0)) > 0) {
		check(data, (size_t)k, peer_seed, c->received);
		c->received += (uint64_t)k;
	}
	if (k == -1)
		err(1, "%s", doing);
}

static void
do_count(const struct connection *c, const char *path)
{
	FILE *f;

	f = fopen(path, "w");
	if (f == NULL ||
	    fprintf(f, "sent %llu received %llu\n", (unsigned long long)c->sent,
	        (unsigned long long)c->received) < 0 ||
	    fclose(f) != 0)
		err(1, "%s", doing);
}

static void
do_reset(struct connection *c)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	if (setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) ==
	    -1)
		err(1, "%s", doing);
	close(c->fd);
	c->fd = -1;
}

/* Actions with an argument. */
static bool
act_on(struct connection *c, const char *verb, const char *argument)
{
	uint64_t n;

	n = strtoull(argument, NULL, 10);
	if (strcmp(verb, "send") == 0)
		do_send(c, n);
	else if (strcmp(verb, "recv") == 0)
		do_recv(c->fd, peer_seed, &c->received, n);
	else if (strcmp(verb, "busy") == 0)
		do_busy(c, n);
	else if (strcmp(verb, "both") == 0)
		do_both(c, n);
	else if (strcmp(verb, "try") == 0)
		peer_try(c, n, (struct peer_seeds) { own_seed, peer_seed });
	else if (strcmp(verb, "fill") == 0)
		do_fill(c, n);
	else if (strcmp(verb, "count") == 0)
		do_count(c, argument);
	else if (strcmp(verb, "line") == 0)
		peer_save_line(c->fd, argument);
	else if (strcmp(verb, "save") == 0)
		peer_save(c->fd, n, argument);
	else if (strcmp(verb, "name") == 0)
		peer_save_name(c->fd, argument);
	else if (strcmp(verb, "text") == 0)
		write_all(c->fd, argument, strlen(argument));
	else if (strcmp(verb, "expect") == 0)
		do_expect(c->fd, argument);
	else if (strcmp(verb, "urgent") == 0)
		do_urgent(c->fd, argument);
	else if (strcmp(verb, "pass") == 0)
		do_pass(c->fd, argument);
	else if (strcmp(verb, "await") == 0)
		peer_await_file(argument);
	else if (strcmp(verb, "touch") == 0)
		peer_touch_file(argument);
	else
		return false;
	return true;
}

static bool
act_plain(struct connection *c, const char *verb)
{
	if (strcmp(verb, "echo") == 0)
		do_echo(c->fd);
	else if (strcmp(verb, "peek") == 0)
		peer_peek(c->fd);
	else if (strcmp(verb, "broken") == 0)
		do_broken(c->fd);
	else if (strcmp(verb, "rest") == 0)
		do_rest(c);
	else if (strcmp(verb, "shut") == 0) {
		if (shutdown(c->fd, SHUT_WR) == -1)
			err(1, "%s", doing);
	} else if (strcmp(verb, "deaf") == 0)
		(void)shutdown(c->fd, SHUT_RD);
	else if (strcmp(verb, "eof") == 0)
		do_end(c->fd, true, false);
	else if (strcmp(verb, "gone") == 0)
		do_end(c->fd, false, true);
	else if (strcmp(verb, "over") == 0)
		do_end(c->fd, true, true);
	else if (strcmp(verb, "reset") == 0)
		do_reset(c);
	else if (strcmp(verb, "close") == 0) {
		close(c->fd);
		c->fd = -1;
	} else
		return false;
	return true;
}

void
peer_act(struct connection *c, const char *action)
{
	char verb[16];
	const char *colon;
	bool known;

	doing = action;
	colon = strchr(action, ':');
	if (colon == NULL)
		known = act_plain(c, action);
	else {
		snprintf(
		    verb, sizeof(verb), "%.*s", (int)(colon - action), action);
		known = act_on(c, verb, colon + 1);
	}
	if (!known)
		errx(2, "%s: unknown action", action);
}
