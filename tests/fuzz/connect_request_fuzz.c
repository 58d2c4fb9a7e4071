/*
 * Target: what a hostile relay asks the process that connects.
 * Not here: what that process answers, see tests/unit/connect_helper_test.c.
 *
 * An input is an octet for the rules (bit 7: any address) and their endpoints,
 * each an octet for its kind and octets; then the request: its serial, an
 * octet that says of what kind, and:
 * raw: two octets for the length, and octets;
 * allowed: one of the rules, with edits.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "connect_helper.h"
#include "fuzz.h"

#define MOST 4
#define LONGEST (sizeof(struct connect_request) + 64)

static struct fuzz_input *input;
static struct endpoint list[MOST];

static void
make_endpoint(struct endpoint *e)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	memset(e, 0, sizeof(*e));
	switch (fuzz_octet(input) % 3) {
	case 0:
		fuzz_octets(input, &sin.sin_port, sizeof(sin.sin_port));
		fuzz_octets(input, &sin.sin_addr, sizeof(sin.sin_addr));
		e->length = sizeof(sin);
		memcpy(&e->addr, &sin, sizeof(sin));
		break;
	case 1:
		fuzz_octets(input, &sin6.sin6_port, sizeof(sin6.sin6_port));
		fuzz_octets(input, &sin6.sin6_addr, 4);
		e->length = sizeof(sin6);
		memcpy(&e->addr, &sin6, sizeof(sin6));
		break;
	default:
		fuzz_octets(input, sun.sun_path, 8);
		e->length = sizeof(sun);
		memcpy(&e->addr, &sun, sizeof(sun));
		break;
	}
}

static void
make_rules(struct connect_rules *rules)
{
	size_t i;
	unsigned n;

	n = fuzz_octet(input);
	rules->any_address = (n & 0x80) != 0;
	rules->endpoints.list = list;
	rules->endpoints.n = 1 + n % MOST;
	for (i = 0; i < rules->endpoints.n; i++)
		make_endpoint(&list[i]);
}

/* Octets wherever they may be. */
static void
edit(struct connect_request *r)
{
	size_t at;

	at = (fuzz_octet(input) * 256u + fuzz_octet(input)) % sizeof(*r);
	((uint8_t *)r)[at] = fuzz_octet(input);
}

/* Returns the length of a request in room. */
static size_t
compose(uint8_t room[LONGEST], size_t rules)
{
	struct connect_request r;
	unsigned edits, kind;
	size_t n;

	memset(room, 0, LONGEST);
	memset(&r, 0, sizeof(r));
	fuzz_octets(input, &r.serial, sizeof(r.serial));
	kind = fuzz_octet(input);
	if (kind == 0) {
		n = (fuzz_octet(input) * 256u + fuzz_octet(input)) % LONGEST;
		fuzz_octets(input, room, n);
		return n;
	}
	r.endpoint = list[kind % rules];
	for (edits = fuzz_octet(input) % 4; edits > 0; edits--)
		edit(&r);
	memcpy(room, &r, sizeof(r));
	return sizeof(r);
}

/* 0 for what has none; port 0 is a port as well, so with 1 << 16. */
static unsigned
port_of(const struct endpoint *e)
{
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;

	if (e->addr.ss_family == AF_INET && e->length == sizeof(sin)) {
		memcpy(&sin, &e->addr, sizeof(sin));
		return 0x10000u + ntohs(sin.sin_port);
	}
	if (e->addr.ss_family == AF_INET6 && e->length == sizeof(sin6)) {
		memcpy(&sin6, &e->addr, sizeof(sin6));
		return 0x10000u + ntohs(sin6.sin6_port);
	}
	return 0;
}

static bool
is_one_of(const struct connect_rules *rules, const struct endpoint *e)
{
	const struct endpoint *rule;
	size_t i, k;

	for (i = 0; i < rules->endpoints.n; i++) {
		rule = &rules->endpoints.list[i];
		for (k = 0; k < rule->length; k++)
			if (((const uint8_t *)&rule->addr)[k] !=
			    ((const uint8_t *)&e->addr)[k])
				break;
		if (k == rule->length && e->length == rule->length)
			return true;
		if (rules->any_address && port_of(e) != 0 &&
		    port_of(e) == port_of(rule))
			return true;
	}
	return false;
}

void
fuzz_prepare(void)
{
}

void
fuzz_one(struct fuzz_input *in)
{
	struct connect_request asked, taken;
	struct connect_rules rules;
	uint8_t copy[sizeof(taken)], room[LONGEST], *octets;
	size_t n;
	int error;

	input = in;
	make_rules(&rules);
	n = compose(room, rules.endpoints.n);
	/* Of its very length, so that reading past its end is noticed. */
	octets = malloc(n > 0 ? n : 1);
	REQUIRE(octets != NULL);
	memcpy(octets, room, n);
	memset(&taken, 0, sizeof(taken));
	error = connect_helper_check(&rules, octets, n, &taken);
	free(octets);
	memcpy(&asked, room, sizeof(asked));
	if (n != sizeof(asked) || asked.serial == 0) {
		REQUIRE(error == EINVAL);
		return;
	}
	memcpy(copy, &taken, sizeof(copy));
	REQUIRE(memcmp(room, copy, sizeof(copy)) == 0);
	REQUIRE(error == (is_one_of(&rules, &asked.endpoint) ? 0 : EPERM));
	/* What is allowed is of a kind that the target is. */
	if (error == 0)
		REQUIRE(taken.endpoint.length <= sizeof(taken.endpoint.addr));
}
