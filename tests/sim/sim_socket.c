/*
 * Calls that make sockets, accept, name them and set their options.
 * Not here: connecting to a target (sim_target.c), moving octets
 * (sim_stream.c).
 */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <string.h>

#include "passrights.h"
#include "sim.h"
#include "wrap.h"

struct sim_listener sim_listeners[SIM_LISTENERS];
int sim_n_listeners;

static int
fail(int error)
{
	errno = error;
	return -1;
}

static bool
no_buffers(void)
{
	if (!sim_fault(sim.faults.buffers))
		return false;
	sim_counters[COUNT_NO_BUFFERS]++;
	errno = sim_pick(2) == 0 ? ENOBUFS : ENOMEM;
	return true;
}

int
wrap_socket(int family, int type, int protocol)
{
	int fd;

	sim_enter("socket");
	if ((type & (SOCK_NONBLOCK | SOCK_CLOEXEC)) !=
	        (SOCK_NONBLOCK | SOCK_CLOEXEC) ||
	    protocol != 0)
		sim_fail("socket() that may block");
	fd = no_buffers() ? -1 : sim_file_open(SIM_SOCKET);
	if (fd != -1)
		sim_files[fd].family = family;
	sim_trace("socket(%s) = %d", family == AF_UNIX ? "unix" : "tcp", fd);
	return fd;
}

int
wrap_bind(int fd, const struct sockaddr *address, socklen_t length)
{
	(void)address;
	(void)length;
	sim_enter("bind");
	sim_file(fd, "bind()");
	return 0;
}

void
sim_hand_over_listener(int fd)
{
	struct sim_listener *l;
	struct sim_file *f;

	f = &sim_files[fd];
	l = &sim_listeners[sim_n_listeners];
	*l = (struct sim_listener) {
		.fd = fd,
		.local = f->family == AF_UNIX,
		.port = 1000 + (unsigned)sim_n_listeners,
		.backlog = 1 + sim_pick(8),
	};
	sim_n_listeners++;
	f->kind = SIM_LISTENER;
	f->listener = l;
}

int
wrap_listen(int fd, int backlog)
{
	(void)backlog;
	sim_enter("listen");
	sim_file(fd, "listen()");
	sim_hand_over_listener(fd);
	return 0;
}

/* Who waits in the backlog is told, one way or the other. */
void
sim_close_listener(struct sim_listener *l)
{
	struct sim_conn *c;
	int i;

	for (i = 0; i < sim_conns_top; i++) {
		c = &sim_conns[i];
		if (!c->used || c->listener != l)
			continue;
		c->listener = NULL;
		c->closed = c->aborted = c->gone = true;
		sim_conn_release(c);
	}
	l->fd = -1;
	l->queued = 0;
}

static struct sim_conn *
first_waiting(const struct sim_listener *l)
{
	int i, k;

	k = (int)sim_pick((unsigned)sim_conns_top);
	for (i = 0; i < sim_conns_top; i++, k = (k + 1) % sim_conns_top)
		if (sim_conns[k].used && sim_conns[k].listener == l)
			return &sim_conns[k];
	sim_fail("an empty backlog of %u", l->queued);
}

static int
accept_error(const struct sim_listener *l)
{
	static const int transient[] = { ECONNABORTED, EPROTO, ENETUNREACH,
		EHOSTUNREACH, ETIMEDOUT };

	if (l->queued == 0)
		return EAGAIN;
	if (sim_interrupted("accept4"))
		return EINTR;
	if (sim_fault(sim.faults.abort)) {
		sim_counters[COUNT_ABORTED]++;
		return transient[sim_pick(5)];
	}
	if (no_buffers())
		return errno;
	return 0;
}

int
wrap_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags)
{
	struct sim_listener *l;
	struct sim_conn *c;
	int error, new;

	sim_enter("accept4");
	l = sim_file(fd, "accept4()")->listener;
	if (l == NULL || flags != (SOCK_NONBLOCK | SOCK_CLOEXEC))
		sim_fail("accept4(%d, %d)", fd, flags);
	error = accept_error(l);
	new = error == 0 ? sim_file_open(SIM_SOCKET) : fail(error);
	sim_trace("accept4(%d) = %d", fd, new);
	l->starved = new == -1 &&
	    (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
	        errno == ENOMEM);
	if (l->starved) {
		l->starved_at = sim_now;
		sim_counters[COUNT_STARVED]++;
	}
	if (new == -1)
		return -1;
	c = first_waiting(l);
	c->listener = NULL;
	c->waiting = false;
	c->fd = new;
	c->since = c->accepted = sim_now;
	l->queued--;
	sim_files[new].family = c->local ? AF_UNIX : AF_INET;
	sim_files[new].conn = c;
	if (address != NULL)
		*length = c->local
		    ? sim_unix_name(
		          (struct sockaddr_storage *)(void *)address, "")
		    : sim_tcp_name(
		          (struct sockaddr_storage *)(void *)address, c->port);
	sim_progress();
	return new;
}

int
wrap_connect(int fd, const struct sockaddr *address, socklen_t length)
{
	int result;

	sim_enter("connect");
	if (sim_file(fd, "connect()")->conn != NULL)
		sim_fail("connect(%d) a second time", fd);
	result = no_buffers() ? -1 : sim_target_connect(fd, address, length);
	sim_trace(
	    "connect(%d) = %d, errno %d", fd, result, result == 0 ? 0 : errno);
	return result;
}

static int
tell_name(int fd, struct sockaddr *address, socklen_t *length, bool peer)
{
	struct sockaddr_storage *ss;
	const struct sim_conn *c;
	struct sim_file *f;
	unsigned port;

	sim_enter("getsockname");
	f = sim_file(fd, "getsockname()");
	ss = (struct sockaddr_storage *)(void *)address;
	c = f->conn;
	if (f->family == AF_UNIX) {
		*length = sim_unix_name(
		    ss, (c != NULL && c->client) == peer ? "" : "/sim");
		return 0;
	}
	if (c == NULL)
		port = f->listener != NULL ? f->listener->port : 0;
	else if (peer == c->client)
		port = c->port;
	else
		port = c->client ? 1000 : sim_addresses[c->address].port;
	*length = sim_tcp_name(ss, port);
	return 0;
}

int
wrap_getsockname(int fd, struct sockaddr *address, socklen_t *length)
{
	return tell_name(fd, address, length, false);
}

/* A connection that was reset has no peer any more. */
int
wrap_getpeername(int fd, struct sockaddr *address, socklen_t *length)
{
	struct sim_file *f;

	f = sim_file(fd, "getpeername()");
	if (f->conn == NULL)
		return fail(ENOTCONN);
	if (!f->conn->local && f->conn->state == SIM_OVER) {
		sim_check_unknown(f->conn);
		return fail(ENOTCONN);
	}
	return tell_name(fd, address, length, true);
}

int
wrap_getpeereid(int fd, uid_t *uid, gid_t *gid)
{
	sim_enter("getpeereid");
	sim_file(fd, "getpeereid()");
	*uid = *gid = 1000;
	return 0;
}

static int
tell_congestion(char *value, socklen_t length)
{
	strncpy(value, sim_pick(2) == 0 ? "bbr" : "cubic", length);
	sim_trace("getsockopt(TCP_CONGESTION): %.*s", (int)length, value);
	return 0;
}

int
wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *length)
{
	struct sim_conn *c;
	int on;

	sim_enter("getsockopt");
	c = sim_file(fd, "getsockopt()")->conn;
	if (level == IPPROTO_TCP && name == TCP_CONGESTION && c != NULL)
		return tell_congestion(value, *length);
	if (level == SOL_SOCKET && name == SO_PASSRIGHTS) {
		if (!sim.refuses)
			return fail(ENOPROTOOPT);
		on = !sim_files[fd].refuses;
		memcpy(value, &on, sizeof(on));
		return 0;
	}
	if (level != SOL_SOCKET || name != SO_ERROR || c == NULL)
		sim_fail("getsockopt(%d, %d, %d)", fd, level, name);
	memcpy(value, &c->error, sizeof(c->error));
	*length = sizeof(c->error);
	sim_trace("getsockopt(%d, SO_ERROR): %d", fd, c->error);
	c->error = 0;
	sim_progress();
	return 0;
}

int
wrap_setsockopt(
    int fd, int level, int name, const void *value, socklen_t length)
{
	struct sim_conn *c;
	struct sim_file *f;
	struct linger linger;
	int number;

	sim_enter("setsockopt");
	f = sim_file(fd, "setsockopt()");
	if (level == SOL_SOCKET && name == SO_PASSRIGHTS) {
		f->refuses = sim.refuses && f->family == AF_UNIX;
		return f->refuses ? 0 : fail(ENOPROTOOPT);
	}
	c = f->conn;
	if (c == NULL || level != SOL_SOCKET)
		return 0;
	if (name == SO_LINGER && length == sizeof(linger)) {
		memcpy(&linger, value, sizeof(linger));
		c->linger = linger.l_onoff != 0 && linger.l_linger == 0;
	}
	if (name == SO_SNDBUF && length == sizeof(number)) {
		memcpy(&number, value, sizeof(number));
		c->sndbuf = (size_t)number;
		if (c->sndbuf > sim.grain * 16)
			c->sndbuf = sim.grain * 16;
	}
	return 0;
}
