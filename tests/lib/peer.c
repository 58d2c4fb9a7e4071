/*
 * One end of a connection that does what its arguments say, and checks it:
 * the client or the service in the tests of the relay.
 * Not here: what the relay is expected to make of it.
 *
 * peer [-a FILE] [-n N | -t N] listen|connect ADDRESS ACTION...
 *	-a FILE	write the address that was bound to FILE
 *	-b N	listen backlog
 *	-n N	N connections, one after the other (0: without end)
 *	-t N	N connections together, each action on all of them in turn
 *
 * send:N recv:N	N octets of a stream that is checked; each side has its
 *own mine:N		receive the own stream back, as from an echo both:N
 *send:N and recv:N at the same time text:S expect:S	literal text urgent:S
 *text, its last octet out of band pass:S		text together with a
 *descriptor echo			send back what comes until end of file
 * peek			wait until there is something to read, and leave it
 * rest			receive and check the stream until end of file
 * count:FILE		write how much of the streams was sent and received
 * fill:N		send until nothing more is taken; more than N is an
 *error shut eof		pass on, expect an end of file
 * gone			expect a reset
 * over			expect an end of file or a reset
 * reset close		end the connection
 * await:FILE		until it exists
 * touch:FILE		make it
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/resource.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
#include "resolver.h"

#define CHUNK 65536
#define WATCHDOG 120 /* seconds */

struct connection {
	int fd;
	uint64_t sent;     /* of the own stream */
	uint64_t received; /* of the peer's stream */
	uint64_t echoed;   /* of the own stream, received back */
};

static uint64_t own_seed, peer_seed;
static const char *doing = "start";

/* splitmix64: any octet of the stream can be computed by itself. */
static unsigned char
octet(uint64_t seed, uint64_t position)
{
	uint64_t z;

	z = (seed + position / 8) * UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (unsigned char)((z ^ (z >> 31)) >> (position % 8 * 8));
}

static void
generate(unsigned char *data, size_t n, uint64_t seed, uint64_t position)
{
	size_t i;

	for (i = 0; i < n; i++)
		data[i] = octet(seed, position + i);
}

static void
check(const unsigned char *data, size_t n, uint64_t seed, uint64_t position)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (data[i] != octet(seed, position + i))
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
		generate(data, k, own_seed, c->sent);
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
			generate(data, (size_t)k, own_seed, c->sent);
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
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	memset(&control, 0, sizeof(control));
	iov.iov_base = (void *)(uintptr_t)text;
	iov.iov_len = strlen(text);
	msg.msg_control = &control;
	msg.msg_controllen = sizeof(control.room);
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	if (sendmsg(fd, &msg, MSG_NOSIGNAL) != (ssize_t)iov.iov_len)
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
		generate(data, sizeof(data), own_seed, c->sent);
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
	if (k == -1 && (errno != ECONNRESET || !reset_allowed))
		err(1, "%s", doing);
}

static void
do_peek(int fd)
{
	char byte;

	if (recv(fd, &byte, 1, MSG_PEEK) != 1)
		errx(1, "%s: nothing came", doing);
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

static void
do_await(const char *path)
{
	const struct timespec pause = { .tv_nsec = 2000000 };

	while (access(path, F_OK) == -1)
		nanosleep(&pause, NULL);
}

static void
do_touch(const char *path)
{
	int fd;

	fd = open(path, O_WRONLY | O_CREAT, 0600);
	if (fd == -1)
		err(1, "%s", doing);
	close(fd);
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
	else if (strcmp(verb, "mine") == 0)
		do_recv(c->fd, own_seed, &c->echoed, n);
	else if (strcmp(verb, "both") == 0)
		do_both(c, n);
	else if (strcmp(verb, "fill") == 0)
		do_fill(c, n);
	else if (strcmp(verb, "count") == 0)
		do_count(c, argument);
	else if (strcmp(verb, "text") == 0)
		write_all(c->fd, argument, strlen(argument));
	else if (strcmp(verb, "expect") == 0)
		do_expect(c->fd, argument);
	else if (strcmp(verb, "urgent") == 0)
		do_urgent(c->fd, argument);
	else if (strcmp(verb, "pass") == 0)
		do_pass(c->fd, argument);
	else if (strcmp(verb, "await") == 0)
		do_await(argument);
	else if (strcmp(verb, "touch") == 0)
		do_touch(argument);
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
		do_peek(c->fd);
	else if (strcmp(verb, "rest") == 0)
		do_rest(c);
	else if (strcmp(verb, "shut") == 0) {
		if (shutdown(c->fd, SHUT_WR) == -1)
			err(1, "%s", doing);
	} else if (strcmp(verb, "eof") == 0)
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

static void
act(struct connection *c, const char *action)
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

static int
open_listener(const struct endpoint *e, int backlog)
{
	const int on = 1;
	int fd;

	fd = socket(e->addr.ss_family, SOCK_STREAM, 0);
	if (fd == -1)
		err(1, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&e->addr, e->length) == -1)
		err(1, "bind");
	if (listen(fd, backlog) == -1)
		err(1, "listen");
	return fd;
}

/* Appears under its name only when it is whole. */
static void
write_address(int fd, const char *path)
{
	char text[ADDRESS_TEXT_SIZE], temporary[4096];
	struct sockaddr_storage ss;
	socklen_t length;
	FILE *f;

	length = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &length) == -1)
		err(1, "getsockname");
	address_socket_text((struct sockaddr *)&ss, length, text);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	f = fopen(temporary, "w");
	if (f == NULL || fprintf(f, "%s\n", text) < 0 || fclose(f) != 0 ||
	    rename(temporary, path) == -1)
		err(1, "%s", path);
}

static int
open_connection(bool listening, int listener, const struct endpoint *e)
{
	int fd;

	if (listening) {
		doing = "accept";
		fd = accept(listener, NULL, NULL);
		if (fd == -1)
			err(1, "accept");
		return fd;
	}
	doing = "connect";
	fd = socket(e->addr.ss_family, SOCK_STREAM, 0);
	if (fd == -1)
		err(1, "socket");
	if (connect(fd, (const struct sockaddr *)&e->addr, e->length) == -1)
		err(1, "connect");
	return fd;
}

static void
run(bool listening, int listener, const struct endpoint *e, size_t together,
    char *actions[])
{
	struct connection *c;
	size_t i;

	c = calloc(together, sizeof(*c));
	if (c == NULL)
		err(1, "calloc");
	for (i = 0; i < together; i++)
		c[i].fd = open_connection(listening, listener, e);
	for (; *actions != NULL; actions++)
		for (i = 0; i < together; i++)
			act(&c[i], *actions);
	for (i = 0; i < together; i++)
		if (c[i].fd != -1)
			close(c[i].fd);
	free(c);
}

static void
look_up(const char *text, bool listening, struct endpoints *e)
{
	struct address address;
	const char *why;
	int status;

	why = address_parse(&address, text);
	if (why == NULL)
		why = resolver_lookup(&address, listening, e, &status);
	if (why != NULL)
		errx(1, "%s: %s", text, why);
}

static void
raise_limit(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		setrlimit(RLIMIT_NOFILE, &rl);
	}
}

int
main(int argc, char *argv[])
{
	const char *address_file;
	size_t together;
	struct endpoints e;
	unsigned long rounds, i;
	bool listening;
	int backlog, listener, c;

	address_file = NULL;
	together = rounds = 1;
	backlog = 1024;
	listener = -1;
	while ((c = getopt(argc, argv, "+a:b:n:t:")) != -1) {
		if (c == 'a')
			address_file = optarg;
		else if (c == 'b')
			backlog = atoi(optarg);
		else if (c == 'n')
			rounds = strtoul(optarg, NULL, 10);
		else if (c == 't')
			together = strtoul(optarg, NULL, 10);
		else
			return 2;
	}
	argc -= optind;
	argv += optind;
	if (argc < 2)
		errx(2, "usage: see the top of peer.c");
	listening = strcmp(argv[0], "listen") == 0;
	own_seed = listening ? 1000003 : 2000003;
	peer_seed = listening ? 2000003 : 1000003;
	alarm(WATCHDOG);
	signal(SIGPIPE, SIG_IGN);
	raise_limit();
	look_up(argv[1], listening, &e);
	if (listening)
		listener = open_listener(&e.list[0], backlog);
	if (listening && address_file != NULL)
		write_address(listener, address_file);
	for (i = 0; rounds == 0 || i < rounds; i++)
		run(listening, listener, &e.list[0], together, argv + 2);
	free(e.list);
	return 0;
}
