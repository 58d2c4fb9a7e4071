/*
 * Target: headers of the PROXY protocol, read back by a decoder that was
 * written from HAProxy's proxy-protocol.txt alone.
 * Not here: the decoder, see proxy_decoder.h.
 *
 * An input is an octet for the version, and two socket addresses, each an
 * octet for the family, one for the length, and octets.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "proxy_decoder.h"
#include "proxy_header.h"

struct end {
	struct sockaddr_storage ss;
	socklen_t length;
};

static void
read_end(struct fuzz_input *in, struct end *e)
{
	static const int families[] = { AF_INET, AF_INET6, AF_UNIX };
	static const socklen_t lengths[] = { sizeof(struct sockaddr_in),
		sizeof(struct sockaddr_in6), sizeof(struct sockaddr_un) };
	unsigned family, length;

	family = fuzz_octet(in) % 4;
	length = fuzz_octet(in);
	fuzz_octets(in, &e->ss, sizeof(e->ss));
	if (family < 3)
		e->ss.ss_family = (sa_family_t)families[family];
	if (family < 3 && length == 0)
		e->length = lengths[family];
	else
		e->length = length % (sizeof(e->ss) + 1);
}

static struct proxy_side
from_inet(const struct end *e)
{
	struct proxy_side s = { .family = PROXY_NOTHING };
	struct sockaddr_in sin;

	if (e->length < sizeof(sin))
		return s;
	memcpy(&sin, &e->ss, sizeof(sin));
	s.family = PROXY_TCP4;
	memcpy(s.address, &sin.sin_addr.s_addr, 4);
	s.port = ntohs(sin.sin_port);
	return s;
}

static struct proxy_side
from_inet6(const struct end *e)
{
	struct proxy_side s = { .family = PROXY_NOTHING };
	struct sockaddr_in6 sin6;

	if (e->length < sizeof(sin6))
		return s;
	memcpy(&sin6, &e->ss, sizeof(sin6));
	s.family = PROXY_TCP6;
	memcpy(s.address, sin6.sin6_addr.s6_addr, 16);
	s.port = ntohs(sin6.sin6_port);
	return s;
}

/* A name in the file system ends at its NUL, an abstract one does not. */
static struct proxy_side
from_unix(const struct end *e)
{
	const size_t offset = offsetof(struct sockaddr_un, sun_path);
	struct proxy_side s = { .family = PROXY_UNIX };
	struct sockaddr_un sun;
	size_t i;

	memcpy(&sun, &e->ss, sizeof(sun));
	for (i = 0; i < sizeof(sun.sun_path) && offset + i < e->length; i++) {
		if (sun.sun_path[i] == '\0' && sun.sun_path[0] != '\0')
			break;
		s.address[i] = (uint8_t)sun.sun_path[i];
	}
	return s;
}

static struct proxy_side
side_of(const struct end *e)
{
	struct proxy_side s = { .family = PROXY_NOTHING };

	if (e->length < offsetof(struct sockaddr, sa_data))
		return s;
	if (e->ss.ss_family == AF_INET)
		return from_inet(e);
	if (e->ss.ss_family == AF_INET6)
		return from_inet6(e);
	return e->ss.ss_family == AF_UNIX ? from_unix(e) : s;
}

/* To ::ffff:0:0/96. */
static struct proxy_side
as_ipv6(struct proxy_side s)
{
	if (s.family != PROXY_TCP4)
		return s;
	memcpy(s.address + 12, s.address, 4);
	memset(s.address, 0, 10);
	memset(s.address + 10, 0xff, 2);
	s.family = PROXY_TCP6;
	return s;
}

static bool
is_ipv4(const struct proxy_side *s)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };
	struct proxy_side wide;

	wide = as_ipv6(*s);
	return wide.family == PROXY_TCP6 &&
	    memcmp(wide.address, prefix, 12) == 0;
}

static bool
is_same(const struct proxy_side *a, const struct proxy_side *b)
{
	return a->family == b->family && a->port == b->port &&
	    memcmp(a->address, b->address, sizeof(a->address)) == 0;
}

/* Which family a header has to speak of. */
static enum proxy_family
expect_family(const struct proxy_side *from, const struct proxy_side *to)
{
	if (is_ipv4(from) && is_ipv4(to))
		return PROXY_TCP4;
	return from->family == to->family ? from->family : PROXY_NOTHING;
}

static void
check_side(const struct proxy_side *found, const struct proxy_side *expected)
{
	struct proxy_side a, b;

	if (found->family == PROXY_UNIX) {
		REQUIRE(is_same(found, expected));
		return;
	}
	a = as_ipv6(*found);
	b = as_ipv6(*expected);
	REQUIRE(is_same(&a, &b));
}

static void
check_header(const uint8_t *header, size_t n, enum proxy_header_version version,
    const struct proxy_side *from, const struct proxy_side *to)
{
	enum proxy_family family;
	struct proxy_side source, target;
	bool sound;

	family = expect_family(from, to);
	if (version == PROXY_HEADER_V1 && family == PROXY_UNIX)
		family = PROXY_NOTHING;
	sound = version == PROXY_HEADER_V1
	    ? proxy_decode_v1(header, n, &source, &target)
	    : proxy_decode_v2(header, n, &source, &target);
	REQUIRE(sound);
	REQUIRE(source.family == family && target.family == family);
	if (family == PROXY_NOTHING)
		return;
	check_side(&source, from);
	check_side(&target, to);
}

void
fuzz_prepare(void)
{
}

void
fuzz_one(struct fuzz_input *in)
{
	enum proxy_header_version version;
	struct proxy_side source, target;
	struct end from, to;
	uint8_t *header;
	size_t n;

	version = (enum proxy_header_version)(fuzz_octet(in) % 3);
	read_end(in, &from);
	read_end(in, &to);
	header = malloc(PROXY_HEADER_MAX);
	REQUIRE(header != NULL);
	n = proxy_header_write(header, version, (struct sockaddr *)&from.ss,
	    from.length, (struct sockaddr *)&to.ss, to.length);
	REQUIRE(n <= PROXY_HEADER_MAX);
	source = side_of(&from);
	target = side_of(&to);
	if (version == PROXY_HEADER_NONE)
		REQUIRE(n == 0);
	else
		check_header(header, n, version, &source, &target);
	free(header);
}
