/*
 * What has to hold, whatever happens.  README.md has the list, and the
 * exceptions.
 * Not here: descriptors (sim_file.c) and memory (sim_memory.c), which are
 * checked where they are kept.
 */
#include <string.h>

#include "pool.h"
#include "proxy_header.h"
#include "relay_state.h"
#include "sim.h"

/* A prime, so that a stream does not repeat at any power of two. */
#define PERIOD 65521
#define PIPE_MAX (UINT64_C(1024) * 1024)

/* What the clock may advance between two readings of it in one round. */
#define SLACK 200

const unsigned char *
sim_octets(const struct sim_conn *c, uint64_t at, size_t n)
{
	static unsigned char table[PERIOD + SIM_OCTETS_MAX];
	static bool filled;
	uint32_t x;
	size_t i;

	(void)n;
	x = 1;
	for (i = 0; i < sizeof(table) && !filled; i++) {
		x = x * 1664525 + 1013904223;
		table[i] =
		    i < PERIOD ? (unsigned char)(x >> 24) : table[i - PERIOD];
	}
	filled = true;
	return table + (at + (uint64_t)c->id) % PERIOD;
}

static uint64_t
header_left(const struct sim_conn *to)
{
	return to->out_written < to->header_length
	    ? to->header_length - to->out_written
	    : 0;
}

/* Octets of the partner's stream that were written to this connection. */
static uint64_t
passed_on(const struct sim_conn *to)
{
	return to->out_written - (to->header_length - header_left(to));
}

uint64_t
sim_held(const struct sim_conn *from, const struct sim_conn *to)
{
	return from->in_read + header_left(to) - passed_on(to);
}

void
sim_check_octets(
    const struct sim_conn *to, const unsigned char *bytes, size_t n)
{
	const struct sim_conn *from;
	uint64_t at;
	size_t piece;

	from = to->partner;
	if (from == NULL)
		sim_fail("octets to descriptor %d, of no session", to->fd);
	piece = (size_t)header_left(to);
	piece = piece < n ? piece : n;
	if (piece > 0 &&
	    memcmp(bytes, to->header + to->out_written, piece) != 0)
		sim_fail("wrong header on descriptor %d", to->fd);
	at = passed_on(to);
	if (at + n - piece > from->in_read)
		sim_fail("octets to descriptor %d that nobody sent", to->fd);
	for (n -= piece; n > 0; n -= piece, at += piece) {
		bytes += piece;
		piece = n < SIM_OCTETS_MAX ? n : SIM_OCTETS_MAX;
		if (memcmp(bytes, sim_octets(from, at, piece), piece) != 0)
			sim_fail("wrong octets to descriptor %d, at %llu",
			    to->fd, (unsigned long long)at);
	}
}

void
sim_check_segment(
    const struct sim_conn *to, const struct sim_segment *s, size_t n)
{
	(void)n;
	if (to->partner == NULL || s->from != to->partner)
		sim_fail("octets of another session to descriptor %d", to->fd);
	if (header_left(to) > 0 || s->start != passed_on(to))
		sim_fail("octets at %llu spliced to descriptor %d at %llu",
		    (unsigned long long)s->start, to->fd,
		    (unsigned long long)passed_on(to));
}

void
sim_check_held(const struct sim_conn *from)
{
	uint64_t n;

	if (from->partner == NULL)
		sim_fail(
		    "octets read from descriptor %d, of no session", from->fd);
	n = sim_held(from, from->partner);
	if (n > PIPE_MAX && !from->partner->failed &&
	    from->partner->state != SIM_OVER)
		sim_fail("%llu octets held for descriptor %d",
		    (unsigned long long)n, from->partner->fd);
}

bool
sim_is_complete(const struct sim_conn *from, const struct sim_conn *to)
{
	return from->in_fin && from->in_shut &&
	    from->in_read == from->in_sent && sim_held(from, to) == 0;
}

void
sim_check_shutdown(const struct sim_conn *to)
{
	if (to->partner == NULL)
		sim_fail("shutdown(%d) of no session", to->fd);
	if (!sim_is_complete(to->partner, to))
		sim_fail("an end of file that is none was passed on to "
		         "descriptor %d",
		    to->fd);
}

/* Nobody has had any use of a connection that the connector gave up. */
static bool
is_unused(const struct sim_conn *c)
{
	return !c->client && c->in_read == 0 && c->out_written == 0 &&
	    !c->out_shut;
}

/* Whether the target of a client may be out of reach, by what is known. */
static bool
is_unreachable(const struct sim_conn *client)
{
	uint64_t limit;

	limit = sim.options.connect_timeout;
	/* A full backlog looks like a refusal there, os_bsd.c. */
	if (sim_bsd && sim_addresses[0].local && limit > 1000)
		limit = 1000;
	return sim.unreachable || sim_now - client->accepted + SLACK >= limit;
}

static bool
has_excuse(const struct sim_conn *c)
{
	return c->excused || (c->partner != NULL && c->partner->excused) ||
	    sim.fault_at == sim.waits || sim.phase == SIM_TEAR_DOWN;
}

static void
check_reason(const struct sim_conn *c)
{
	const struct sim_conn *p;

	p = c->partner;
	if (has_excuse(c))
		return;
	if (sim_now - c->since + SLACK >= sim.options.idle_timeout) {
		sim_counters[COUNT_IDLE_TIMEOUT]++;
		return;
	}
	if (c->client && !c->registered) {
		sim_counters[COUNT_REFUSED]++;
		return;
	}
	if (!c->client && (p == NULL || is_unused(c))) {
		sim_counters[COUNT_CONNECT_TIMEOUT]++;
		return;
	}
	if (c->client && (p == NULL || (p->closed && is_unused(p))) &&
	    is_unreachable(c)) {
		sim_counters[COUNT_FUTILE]++;
		return;
	}
	sim_fail("descriptor %d is closed for no reason", c->fd);
}

/*
 * What a peer sent before it ended in order is all delivered, even if it takes
 * nothing any more itself.
 */
static void
check_loss(const struct sim_conn *from, const struct sim_conn *to)
{
	uint64_t lost;

	if (!from->in_fin || !from->in_shut || from->broke || from->faulted ||
	    (!from->local && from->state == SIM_OVER &&
	        (sim_bsd || from->out_shut)) ||
	    to->state != SIM_CONNECTED || to->excused || to->closed ||
	    sim.fault_at == sim.waits || sim.phase == SIM_TEAR_DOWN ||
	    sim_now - from->since + SLACK >= sim.options.idle_timeout)
		return;
	lost = from->in_sent - from->in_read + sim_held(from, to);
	if (lost > 0)
		sim_fail("%llu octets for descriptor %d are lost",
		    (unsigned long long)lost, to->fd);
}

/*
 * A stream that has come to its end arrives, before a reset that would take
 * away what is under way.
 */
static void
check_purge(const struct sim_conn *c)
{
	const struct sim_conn *p;

	p = c->partner;
	if (c->local || !c->linger || c->state != SIM_CONNECTED ||
	    !c->out_shut || c->out_arrived == c->out_written || p == NULL ||
	    p->faulted || sim.blind || sim.fault_at == sim.waits ||
	    sim.phase == SIM_TEAR_DOWN ||
	    sim_now - c->since + SLACK >= sim.options.idle_timeout)
		return;
	sim_fail("a reset takes %llu octets from descriptor %d",
	    (unsigned long long)(c->out_written - c->out_arrived), c->fd);
}

/*
 * Either both streams have come to their ends, or TCP sees a reset.  Clients
 * that never got a session, because there is no room, see an end of file, as
 * do targets whose connection nobody has used.
 */
void
sim_check_close(const struct sim_conn *c)
{
	const struct sim_conn *p;

	p = c->partner;
	if (c->self ||
	    (p != NULL && sim_is_complete(c, p) && sim_is_complete(p, c))) {
		sim_counters[COUNT_ENDED] += c->client ? 1 : 0;
		return;
	}
	check_reason(c);
	check_purge(c);
	if (p != NULL && !is_unused(c) && !is_unused(p)) {
		check_loss(c, p);
		check_loss(p, c);
	}
	if (c->local || c->linger || c->state != SIM_CONNECTED ||
	    sim_in_ready(c) > 0) {
		sim_counters[COUNT_BROKEN] += c->client ? 1 : 0;
		return;
	}
	if (c->client ? !c->registered : is_unused(c))
		return;
	sim_fail("descriptor %d is closed in order, but its streams have not "
	         "come to their ends",
	    c->fd);
}

static void
write_header(struct sim_conn *c, const struct sim_conn *client, bool known)
{
	struct sockaddr_storage from, to;
	socklen_t from_length, to_length;

	from_length = client->local ? sim_unix_name(&from, "")
	                            : sim_tcp_name(&from, client->port);
	to_length = client->local ? sim_unix_name(&to, "/sim")
	                          : sim_tcp_name(&to, 1000);
	c->header_length = proxy_header_write(c->header,
	    sim.options.proxy_header, (struct sockaddr *)&from,
	    known ? from_length : 0, (struct sockaddr *)&to, to_length);
}

void
sim_check_unknown(struct sim_conn *client)
{
	if (client->partner != NULL && client->partner->out_written == 0)
		write_header(client->partner, client, false);
}

static void
check_limit(void)
{
	size_t i, n;

	n = 0;
	for (i = 0; i < (size_t)sim_conns_top; i++)
		if (sim_conns[i].used && sim_conns[i].client &&
		    sim_conns[i].registered && !sim_conns[i].closed)
			n++;
	if (sim.options.connections_max > 0 && n > sim.options.connections_max)
		sim_fail("%zu sessions at once", n);
}

void
sim_check_pair(int fd)
{
	struct sim_conn *c, *p;
	int i;

	c = sim_files[fd].conn;
	if (c->client && !c->registered) {
		sim_counters[COUNT_SESSIONS]++;
		c->registered = true;
		check_limit();
	}
	c->registered = true;
	if (c->client || c->partner != NULL)
		return;
	for (i = 0; i < sim_files_top; i++) {
		p = sim_files[i].conn;
		if (i == fd || p == NULL || !p->client ||
		    sim_files[i].owner != sim_files[fd].owner)
			continue;
		/* One that broke before the connector had a look at it. */
		if (p->partner != NULL && p->partner->closed)
			p->partner->partner = NULL;
		else if (p->partner != NULL)
			sim_fail("two targets of descriptor %d", i);
		sim_trace("%d and %d are a session", i, fd);
		c->partner = p;
		p->partner = c;
		c->since = p->since = sim_now;
		write_header(c, p, true);
		if (c->header_length > 0)
			sim_counters[COUNT_HEADERS]++;
		return;
	}
	sim_fail("descriptor %d is of no session", fd);
}
