/*
 * One end of a connection that does what its arguments say, and checks it:
 * the client or the service in the tests of the relay.
 * Not here: the actions (peer_actions.h), what is expected of the relay.
 *
 * peer [-a FILE] [-b N] [-n N | -t N] listen|connect ADDRESS ACTION...
 *	-a FILE	write the address that was bound to FILE
 *	-b N	listen backlog
 *	-n N	N connections, one after the other (0: without end)
 *	-t N	N connections together, each action on all of them in turn
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "peer_actions.h"
#include "peer_files.h"
#include "resolver.h"

#define WATCHDOG 120 /* seconds */

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

static int
open_connection(bool listening, int listener, const struct endpoint *e)
{
	int fd;

	if (listening) {
		fd = accept(listener, NULL, NULL);
		if (fd == -1)
			err(1, "accept");
		return fd;
	}
	fd = socket(e->addr.ss_family, SOCK_STREAM, 0);
	if (fd == -1)
		err(1, "socket");
	/* Reset before connect(2) could tell: the actions will (ENOTCONN). */
	if (connect(fd, (const struct sockaddr *)&e->addr, e->length) == -1 &&
	    errno != ECONNRESET)
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
			peer_act(&c[i], *actions);
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
		errx(2, "usage: see the tops of peer.c and peer_actions.h");
	listening = strcmp(argv[0], "listen") == 0;
	peer_choose_streams(listening);
	alarm(WATCHDOG);
	signal(SIGPIPE, SIG_IGN);
	raise_limit();
	look_up(argv[1], listening, &e);
	if (listening)
		listener = open_listener(&e.list[0], backlog);
	if (listening && address_file != NULL)
		peer_save_name(listener, address_file);
	for (i = 0; rounds == 0 || i < rounds; i++)
		run(listening, listener, &e.list[0], together, argv + 2);
	free(e.list);
	return 0;
}
