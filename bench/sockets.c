/*
 * Addresses, listening and connecting for the benchmarks.
 * Not here: what goes over the connections.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sockets.h"

#define BACKLOG 4096
#define PORT_FIRST 10000
#define PORT_COUNT 22000
#define PORT_TRIES 100

static void
parse_tcp(struct place *p, const char *text)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&p->addr;
	char host[INET_ADDRSTRLEN], *end;
	const char *colon;
	unsigned long port;

	colon = strrchr(text, ':');
	if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
		errx(2, "%s: neither PATH nor IPv4:PORT", text);
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	port = strtoul(colon + 1, &end, 10);
	if (inet_pton(AF_INET, host, &in->sin_addr) != 1 || *end != '\0' ||
	    end == colon + 1 || port > UINT16_MAX)
		errx(2, "%s: neither PATH nor IPv4:PORT", text);
	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)port);
	p->length = sizeof(*in);
	p->tcp = true;
}

void
place_parse(struct place *p, const char *text)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&p->addr;

	memset(p, 0, sizeof(*p));
	if (strchr(text, '/') == NULL) {
		parse_tcp(p, text);
		return;
	}
	if (strlen(text) >= sizeof(un->sun_path))
		errx(2, "%s: too long", text);
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, text, strlen(text) + 1);
	p->length = sizeof(*un);
}

void
place_text(const struct place *p, char text[PLACE_TEXT_SIZE])
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&p->addr;
	const struct sockaddr_un *un = (const struct sockaddr_un *)&p->addr;
	char host[INET_ADDRSTRLEN];

	if (p->tcp) {
		inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
		snprintf(text, PLACE_TEXT_SIZE, "%s:%u", host,
		    (unsigned int)ntohs(in->sin_port));
	} else
		snprintf(text, PLACE_TEXT_SIZE, "%s", un->sun_path);
}

static int
bind_service_port(int fd, struct place *p)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&p->addr;
	struct timespec now;
	unsigned int i, port;

	clock_gettime(CLOCK_MONOTONIC, &now);
	port = (unsigned int)now.tv_nsec ^ (unsigned int)getpid() << 10;
	for (i = 0; i < PORT_TRIES; i++, port += 7919) {
		in->sin_port =
		    htons((uint16_t)(PORT_FIRST + port % PORT_COUNT));
		if (bind(fd, (struct sockaddr *)in, p->length) == 0)
			return 0;
		if (errno != EADDRINUSE)
			break;
	}
	return -1;
}

int
place_listen(struct place *p)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&p->addr;
	const int on = 1;
	int fd, status;

	fd = socket(
	    p->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		err(1, "socket");
	if (p->tcp)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	else
		unlink(((struct sockaddr_un *)&p->addr)->sun_path);
	if (p->tcp && in->sin_port == 0)
		status = bind_service_port(fd, p);
	else
		status = bind(fd, (struct sockaddr *)&p->addr, p->length);
	if (status == -1)
		err(1, "bind");
	if (listen(fd, BACKLOG) == -1)
		err(1, "listen");
	return fd;
}

int
place_connect(const struct place *p, int flags, int seconds)
{
	const struct timeval limit = { .tv_sec = seconds };
	const int on = 1;
	int fd, why;

	fd = socket(p->addr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	if (fd == -1)
		return -1;
	if (seconds != 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (p->tcp)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, (const struct sockaddr *)&p->addr, p->length) == 0 ||
	    (errno == EINPROGRESS && (flags & SOCK_NONBLOCK)))
		return fd;
	why = errno;
	close(fd);
	errno = why;
	return -1;
}

void
raise_descriptor_limit(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		setrlimit(RLIMIT_NOFILE, &rl);
	}
}
