/*
 * The process that connects: what it is asked, what it does, what it keeps.
 * Not here: its walls, see sandbox.h.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <netinet/in.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "connect_helper.h"
#include "daemon.h"
#include "descriptors.h"
#include "dial.h"
#include "log.h"
#include "sandbox.h"

/* Its descriptors: nothing else is open. */
#define REQUESTS STDIN_FILENO
#define LIFE STDOUT_FILENO

/* The second is one that is allowed, so its length is sound. */
static bool
is_same(const struct endpoint *a, const struct endpoint *b)
{
	return a->length == b->length &&
	    memcmp(&a->addr, &b->addr, a->length) == 0;
}

/* The port in network order, or -1 if it is no address of IPv4 or IPv6. */
static int
port_of(const struct endpoint *e)
{
	if (e->addr.ss_family == AF_INET &&
	    e->length == sizeof(struct sockaddr_in))
		return ((const struct sockaddr_in *)&e->addr)->sin_port;
	if (e->addr.ss_family == AF_INET6 &&
	    e->length == sizeof(struct sockaddr_in6))
		return ((const struct sockaddr_in6 *)&e->addr)->sin6_port;
	return -1;
}

static bool
is_allowed(const struct connect_rules *rules, const struct endpoint *e)
{
	const struct endpoint *allowed;
	size_t i;

	for (i = 0; i < rules->endpoints.n; i++) {
		allowed = &rules->endpoints.list[i];
		if (is_same(e, allowed) ||
		    (rules->any_address && port_of(e) != -1 &&
		        port_of(e) == port_of(allowed)))
			return true;
	}
	return false;
}

int
connect_helper_check(const struct connect_rules *rules, const void *octets,
    size_t n, struct connect_request *request)
{
	if (n != sizeof(*request))
		return EINVAL;
	memcpy(request, octets, n);
	if (request->serial == 0)
		return EINVAL;
	return is_allowed(rules, &request->endpoint) ? 0 : EPERM;
}

/* Returns -1 when the relay has gone, or its descriptor cannot be passed. */
static int
answer(uint32_t serial, int error, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct connect_answer a;
	struct iovec iov = { .iov_base = &a, .iov_len = sizeof(a) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	memset(&a, 0, sizeof(a));
	a.serial = serial;
	a.error = error;
	if (fd != -1) {
		memset(&control, 0, sizeof(control));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(sizeof(fd));
	}
	do
		n = sendmsg(REQUESTS, &m, MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	return n == (ssize_t)sizeof(a) ? 0 : -1;
}

static int
carry_out(const struct connect_rules *rules, const void *octets, size_t n)
{
	struct connect_request request = { .serial = 0 };
	int error, fd, result;

	fd = -1;
	error = connect_helper_check(rules, octets, n, &request);
	if (error == 0)
		error = dial(&request.endpoint, &fd);
	result = answer(error == EINVAL ? 0 : request.serial, error, fd);
	if (result == -1 && fd != -1) {
		/* Its user has too many under way: sendmsg(2). */
		descriptors_reset(fd);
		result = answer(request.serial, EMFILE, -1);
	}
	if (fd != -1)
		close(fd);
	return result;
}

/* Ends when the relay has closed its end.  What is too long shows. */
static void
serve(const struct connect_rules *rules)
{
	char octets[sizeof(struct connect_request) + 1];
	ssize_t n;

	for (;;) {
		/* Descriptors that came with it are dropped by the system. */
		n = recv(REQUESTS, octets, sizeof(octets), 0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0 || carry_out(rules, octets, (size_t)n) == -1)
			_exit(EX_OK);
	}
}

/* Of what it has inherited, it keeps two sockets and standard error. */
static void
become_helper(const struct connect_rules *rules, int requests, int life,
    const struct privdrop *privdrop)
{
	/* What the whole group is told is the relay's to carry out. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	/* Whoever started a daemon waits for the end of standard error. */
	daemon_detach();
	if (dup2(requests, REQUESTS) == -1 || dup2(life, LIFE) == -1)
		_exit(EX_OSERR);
	closefrom(STDERR_FILENO + 1);
	if (privdrop_apply(privdrop) == -1 ||
	    sandbox_enter_connecting(&rules->endpoints, rules->any_address) ==
	        -1) {
		log_write(LOG_ERR, "connecting process: %s", strerror(errno));
		_exit(EX_OSERR);
	}
	if (answer(0, 0, -1) == 0)
		serve(rules);
	_exit(EX_OK);
}

static void
close_pair(const int pair[2])
{
	int saved;

	saved = errno;
	close(pair[0]);
	close(pair[1]);
	errno = saved;
}

static int
fork_helper(const struct connect_rules *rules, const int requests[2],
    const int life[2], const struct privdrop *privdrop)
{
	/* Nobody waits for it. */
	if (signal(SIGCHLD, SIG_IGN) == SIG_ERR)
		return -1;
	switch (fork()) {
	case -1:
		return -1;
	case 0:
		become_helper(rules, requests[1], life[1], privdrop);
		_exit(EX_SOFTWARE);
	default:
		return 0;
	}
}

int
connect_helper_start(const struct connect_rules *rules,
    const struct privdrop *privdrop, int fds[2])
{
	int life[2], requests[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, requests) ==
	    -1)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
	        life) == -1) {
		close_pair(requests);
		return -1;
	}
	if (fork_helper(rules, requests, life, privdrop) == -1) {
		close_pair(requests);
		close_pair(life);
		return -1;
	}
	close(requests[1]);
	close(life[1]);
	fds[0] = requests[0];
	fds[1] = life[0];
	return 0;
}
