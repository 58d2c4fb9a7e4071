/*
 * Where the relay connects to: addresses, what is behind them, and how a
 * connection comes about or does not.
 * Not here: what a target does once it is connected, see sim_peer.c.
 */
#include <sys/un.h>

#include <netinet/in.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "resolver.h"
#include "sim.h"

struct sim_address sim_addresses[SIM_ADDRESSES];
int sim_n_addresses;

void
sim_target_reset(void)
{
	struct sim_address *a;
	bool local;
	int i;

	local = sim_pick(2) == 0;
	sim_n_addresses = local ? 1 : 1 + (int)sim_pick(SIM_ADDRESSES);
	for (i = 0; i < sim_n_addresses; i++) {
		a = &sim_addresses[i];
		*a = (struct sim_address) {
			.local = local,
			.port = 40000 + (unsigned)i,
			.backlog = 1 + sim_pick(8),
			.accepts = !sim_chance(10),
		};
		if (sim_chance(local ? 6 : 3))
			a->service = (enum sim_service)(1 + sim_pick(5));
		sim.unreachable |= a->service != SIM_SERVES;
	}
}

socklen_t
sim_tcp_name(struct sockaddr_storage *ss, unsigned port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	in.sin_port = htons((in_port_t)port);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	memcpy(ss, &in, sizeof(in));
	return sizeof(in);
}

socklen_t
sim_unix_name(struct sockaddr_storage *ss, const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t length;

	length = strlen(path);
	memcpy(sun.sun_path, path, length);
	length = length > 0 ? length + 1 : 0;
	length += offsetof(struct sockaddr_un, sun_path);
	memcpy(ss, &sun, length);
	return (socklen_t)length;
}

/* In place of resolver.c: nothing here is a name. */
bool
resolver_is_name(const struct address *address)
{
	(void)address;
	return false;
}

const char *
resolver_lookup(const struct address *address, bool listening,
    struct endpoints *e, int *status)
{
	int i;

	(void)address;
	*status = 0;
	e->n = listening ? 1 : (size_t)sim_n_addresses;
	e->list = calloc(e->n, sizeof(*e->list));
	for (i = 0; i < (int)e->n; i++)
		e->list[i].length = sim_addresses[i].local && !listening
		    ? sim_unix_name(&e->list[i].addr, "/target")
		    : sim_tcp_name(&e->list[i].addr,
		          listening ? 1000 : 40000 + (unsigned)i);
	return NULL;
}

static int
fail(int error)
{
	errno = error;
	return -1;
}

static int
index_of(const struct sockaddr *address)
{
	struct sockaddr_in in;

	if (address->sa_family == AF_UNIX)
		return 0;
	memcpy(&in, address, sizeof(in));
	return ntohs(in.sin_port) - 40000;
}

static struct sim_conn *
attach(int fd, int address)
{
	struct sim_conn *c;

	c = sim_conn_create(sim_addresses[address].local, false);
	c->fd = fd;
	c->address = address;
	c->refuses = sim_files[fd].refuses;
	sim_files[fd].conn = c;
	return c;
}

/* At once, or not at all; in the backlog of a service that may be busy. */
static int
connect_unix(int fd, struct sim_address *a)
{
	struct sim_conn *c;

	switch (a->service) {
	case SIM_SERVES:
		break;
	case SIM_ABSENT:
		return fail(ENOENT);
	case SIM_UNREACHABLE:
		return fail(EACCES);
	case SIM_SILENT:
		/* A backlog that stays full. */
		sim_counters[COUNT_CONNECT_FULL]++;
		return fail(sim_bsd ? ECONNREFUSED : EAGAIN);
	default:
		sim_counters[COUNT_CONNECT_REFUSED]++;
		return fail(ECONNREFUSED);
	}
	if (a->queued >= a->backlog) {
		sim_counters[COUNT_CONNECT_FULL]++;
		return fail(sim_bsd ? ECONNREFUSED : EAGAIN);
	}
	c = attach(fd, (int)(a - sim_addresses));
	c->state = SIM_CONNECTED;
	c->waiting = c->established = true;
	a->queued++;
	return 0;
}

/* FreeBSD may know at once, over the loopback. */
static int
connect_tcp(int fd, struct sim_address *a)
{
	struct sim_conn *c;
	bool at_once;

	if (a->service == SIM_UNREACHABLE)
		return fail(ENETUNREACH);
	at_once = sim_bsd && sim_chance(4);
	if (at_once && a->service == SIM_REFUSES) {
		sim_counters[COUNT_CONNECT_REFUSED]++;
		return fail(ECONNREFUSED);
	}
	c = attach(fd, (int)(a - sim_addresses));
	if (a->service == SIM_REFUSES || a->service == SIM_ABSENT)
		c->refusal = ECONNREFUSED;
	else if (a->service == SIM_SILENT)
		c->refusal = ETIMEDOUT;
	else if (a->service == SIM_SELF) {
		c->self = true;
		c->port = a->port;
	}
	if (at_once && a->service == SIM_SERVES && a->queued < a->backlog) {
		c->state = SIM_CONNECTED;
		c->waiting = c->established = true;
		a->queued++;
		return 0;
	}
	sim_counters[COUNT_CONNECT_LATER]++;
	if (!sim_interrupted("connect"))
		errno = EINPROGRESS;
	return -1;
}

int
sim_target_connect(int fd, const struct sockaddr *address, socklen_t length)
{
	struct sim_address *a;
	int i;

	(void)length;
	i = index_of(address);
	if (i < 0 || i >= sim_n_addresses)
		sim_fail("connect(%d) to nowhere", fd);
	a = &sim_addresses[i];
	return a->local ? connect_unix(fd, a) : connect_tcp(fd, a);
}
