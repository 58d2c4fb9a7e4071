/*
 * Headers of the PROXY protocol, octet by octet.
 * Not here: extensions (type-length-value) of version 2.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "proxy_header.h"

#define V2_FIXED 16
#define V2_LOCAL 0x20
#define V2_PROXY 0x21
#define V2_TCP4 0x11
#define V2_TCP6 0x21
#define V2_UNIX_STREAM 0x31
#define V2_UNIX_SIZE 108

static const unsigned char v2_signature[12] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00,
	0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a };

/* One side; the octets of its address in network order. */
struct side {
	int family; /* AF_UNSPEC: nothing is known */
	size_t length;
	unsigned char octets[V2_UNIX_SIZE];
	in_port_t port; /* network order */
};

static void
read_inet(struct side *s, const struct sockaddr *sa, socklen_t length)
{
	struct sockaddr_in sin;

	if (length < sizeof(sin))
		return;
	memcpy(&sin, sa, sizeof(sin));
	s->family = AF_INET;
	s->length = sizeof(sin.sin_addr);
	memcpy(s->octets, &sin.sin_addr, sizeof(sin.sin_addr));
	s->port = sin.sin_port;
}

static void
read_inet6(struct side *s, const struct sockaddr *sa, socklen_t length)
{
	struct sockaddr_in6 sin6;

	if (length < sizeof(sin6))
		return;
	memcpy(&sin6, sa, sizeof(sin6));
	s->family = AF_INET6;
	s->length = sizeof(sin6.sin6_addr);
	memcpy(s->octets, &sin6.sin6_addr, sizeof(sin6.sin6_addr));
	s->port = sin6.sin6_port;
}

/* A path ends at its NUL; an abstract name begins with one. */
static void
read_unix(struct side *s, const struct sockaddr *sa, socklen_t length)
{
	const size_t offset = offsetof(struct sockaddr_un, sun_path);
	const char *path;
	size_t n;

	s->family = AF_UNIX;
	s->length = V2_UNIX_SIZE;
	n = length > offset ? length - offset : 0;
	if (n > sizeof(((struct sockaddr_un *)0)->sun_path))
		n = sizeof(((struct sockaddr_un *)0)->sun_path);
	path = (const char *)sa + offset;
	if (n > 0 && path[0] != '\0')
		n = strnlen(path, n);
	if (n > 0)
		memcpy(s->octets, path, n);
}

static struct side
read_side(const struct sockaddr *sa, socklen_t length)
{
	struct side s = { .family = AF_UNSPEC };

	if (length < offsetof(struct sockaddr, sa_data))
		return s;
	switch (sa->sa_family) {
	case AF_INET:
		read_inet(&s, sa, length);
		break;
	case AF_INET6:
		read_inet6(&s, sa, length);
		break;
	case AF_UNIX:
		read_unix(&s, sa, length);
		break;
	default:
		break;
	}
	return s;
}

static bool
is_mapped(const struct side *s)
{
	static const unsigned char prefix[12] = { [10] = 0xff, [11] = 0xff };

	return s->family == AF_INET6 &&
	    memcmp(s->octets, prefix, sizeof(prefix)) == 0;
}

static void
unmap(struct side *s)
{
	if (!is_mapped(s))
		return;
	memmove(s->octets, s->octets + 12, 4);
	s->family = AF_INET;
	s->length = 4;
}

/* Both mapped, or one mapped and one IPv4: one family in the end. */
static void
unify(struct side *from, struct side *to)
{
	if ((is_mapped(from) || from->family == AF_INET) &&
	    (is_mapped(to) || to->family == AF_INET)) {
		unmap(from);
		unmap(to);
	}
}

static size_t
write_v1(unsigned char header[], const struct side *from, const struct side *to)
{
	char source[INET6_ADDRSTRLEN], target[INET6_ADDRSTRLEN];
	int n;

	if (from->family != to->family ||
	    inet_ntop(from->family, from->octets, source, sizeof(source)) ==
	        NULL)
		n = snprintf(
		    (char *)header, PROXY_HEADER_MAX, "PROXY UNKNOWN\r\n");
	else {
		/* There is room, as for the other. */
		(void)inet_ntop(to->family, to->octets, target, sizeof(target));
		n = snprintf((char *)header, PROXY_HEADER_MAX,
		    "PROXY %s %s %s %u %u\r\n",
		    from->family == AF_INET ? "TCP4" : "TCP6", source, target,
		    (unsigned)ntohs(from->port), (unsigned)ntohs(to->port));
	}
	return n < 0 ? 0 : (size_t)n;
}

static unsigned char
v2_family(int family)
{
	if (family == AF_UNIX)
		return V2_UNIX_STREAM;
	return family == AF_INET ? V2_TCP4 : V2_TCP6;
}

static unsigned char *
append(unsigned char *at, const void *octets, size_t n)
{
	memcpy(at, octets, n);
	return at + n;
}

static size_t
write_v2(unsigned char header[], const struct side *from, const struct side *to)
{
	unsigned char *at;
	size_t length;

	memset(header, 0, V2_FIXED);
	memcpy(header, v2_signature, sizeof(v2_signature));
	header[12] = V2_LOCAL;
	if (from->family != to->family || from->family == AF_UNSPEC)
		return V2_FIXED;
	header[12] = V2_PROXY;
	header[13] = v2_family(from->family);
	at = append(header + V2_FIXED, from->octets, from->length);
	at = append(at, to->octets, to->length);
	if (from->family != AF_UNIX) {
		at = append(at, &from->port, sizeof(from->port));
		at = append(at, &to->port, sizeof(to->port));
	}
	length = (size_t)(at - header);
	header[14] = (unsigned char)((length - V2_FIXED) >> 8);
	header[15] = (unsigned char)(length - V2_FIXED);
	return length;
}

size_t
proxy_header_write(unsigned char header[PROXY_HEADER_MAX],
    enum proxy_header_version version, const struct sockaddr *from,
    socklen_t from_length, const struct sockaddr *to, socklen_t to_length)
{
	struct side source, target;

	source = read_side(from, from_length);
	target = read_side(to, to_length);
	unify(&source, &target);
	switch (version) {
	case PROXY_HEADER_V1:
		return write_v1(header, &source, &target);
	case PROXY_HEADER_V2:
		return write_v2(header, &source, &target);
	case PROXY_HEADER_NONE:
		break;
	}
	return 0;
}

size_t
proxy_header_of(unsigned char header[PROXY_HEADER_MAX],
    enum proxy_header_version version, int fd)
{
	struct sockaddr_storage from, to;
	socklen_t from_length, to_length;

	from_length = sizeof(from);
	if (getpeername(fd, (struct sockaddr *)&from, &from_length) == -1)
		from_length = 0;
	to_length = sizeof(to);
	if (getsockname(fd, (struct sockaddr *)&to, &to_length) == -1)
		to_length = 0;
	return proxy_header_write(header, version, (struct sockaddr *)&from,
	    from_length, (struct sockaddr *)&to, to_length);
}
