/*
 * Tests of proxy_header.h against the layout of proxy-protocol.txt.
 * Not here: receivers.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <arpa/inet.h>
#include <atf-c.h>
#include <stddef.h>
#include <string.h>

#include "proxy_header.h"
#include "unit.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define UNKNOWN "PROXY UNKNOWN\r\n"
#define LONGEST "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
#define CANARY 0xa5

/* A socket address with its length; text is as inet_pton(3) reads it. */
struct end {
	struct sockaddr_storage ss;
	socklen_t length;
};

static struct end
inet(const char *text, in_port_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct end a = { .length = sizeof(sin) };

	sin.sin_port = htons(port);
	ATF_REQUIRE_EQ(1, inet_pton(AF_INET, text, &sin.sin_addr));
	memcpy(&a.ss, &sin, sizeof(sin));
	return a;
}

static struct end
inet6(const char *text, in_port_t port)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	struct end a = { .length = sizeof(sin6) };

	sin6.sin6_port = htons(port);
	ATF_REQUIRE_EQ(1, inet_pton(AF_INET6, text, &sin6.sin6_addr));
	memcpy(&a.ss, &sin6, sizeof(sin6));
	return a;
}

/* A Unix address whose name has n octets, as the kernel gives it. */
static struct end
unix_name(const char *name, size_t n)
{
	const size_t offset = offsetof(struct sockaddr_un, sun_path);
	struct sockaddr_un sun;
	struct end a;

	memset(&sun, 'x', sizeof(sun));
	sun.sun_family = AF_UNIX;
	ATF_REQUIRE(n <= sizeof(sun.sun_path));
	memcpy(sun.sun_path, name, n);
	memset(&a, 0, sizeof(a));
	memcpy(&a.ss, &sun, sizeof(sun));
	a.length = (socklen_t)(offset + n);
	return a;
}

static struct end
nothing(void)
{
	struct end a;

	memset(&a, 0, sizeof(a));
	return a;
}

/* Write with a guard behind the header. */
static size_t
put(unsigned char header[PROXY_HEADER_MAX], enum proxy_header_version version,
    struct end from, struct end to)
{
	unsigned char room[PROXY_HEADER_MAX + 16];
	size_t i, n;

	memset(room, CANARY, sizeof(room));
	n = proxy_header_write(room, version, (struct sockaddr *)&from.ss,
	    from.length, (struct sockaddr *)&to.ss, to.length);
	ATF_REQUIRE(n <= PROXY_HEADER_MAX);
	for (i = PROXY_HEADER_MAX; i < sizeof(room); i++)
		ATF_REQUIRE_EQ(CANARY, room[i]);
	memcpy(header, room, PROXY_HEADER_MAX);
	return n;
}

static void
check_v1(const char *expected, struct end from, struct end to)
{
	unsigned char header[PROXY_HEADER_MAX];
	size_t n;

	n = put(header, PROXY_HEADER_V1, from, to);
	ATF_CHECK_MSG(n == strlen(expected) && memcmp(header, expected, n) == 0,
	    "\"%.*s\", not \"%s\"", (int)n, (char *)header, expected);
	ATF_CHECK(n <= 107);
}

/* What follows the fixed part of 12 + 4 octets. */
static void
check_v2(unsigned char command, unsigned char family, const void *body,
    size_t body_length, struct end from, struct end to)
{
	unsigned char header[PROXY_HEADER_MAX];
	size_t n;

	n = put(header, PROXY_HEADER_V2, from, to);
	ATF_REQUIRE_EQ(16 + body_length, n);
	ATF_CHECK_EQ(0, memcmp(header, SIGNATURE, 12));
	ATF_CHECK_EQ(command, header[12]);
	ATF_CHECK_EQ(family, header[13]);
	ATF_CHECK_EQ(body_length, header[14] * 256u + header[15]);
	ATF_CHECK_EQ(0, memcmp(header + 16, body, body_length));
}

static void
check_local(struct end from, struct end to)
{
	check_v2(0x20, 0x00, "", 0, from, to);
}

ATF_TC_WITHOUT_HEAD(none);
ATF_TC_BODY(none, tc)
{
	unsigned char header[PROXY_HEADER_MAX];

	ATF_CHECK_EQ(0,
	    put(header, PROXY_HEADER_NONE, inet("127.0.0.1", 1),
	        inet("127.0.0.1", 2)));
	ATF_CHECK_EQ(CANARY, header[0]);
}

ATF_TC_WITHOUT_HEAD(v1_ipv4);
ATF_TC_BODY(v1_ipv4, tc)
{
	check_v1("PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n",
	    inet("192.0.2.1", 56324), inet("198.51.100.7", 443));
	/* The specification's longest. */
	check_v1("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
	    inet("255.255.255.255", 65535), inet("255.255.255.255", 65535));
	check_v1("PROXY TCP4 0.0.0.0 0.0.0.0 0 1\r\n", inet("0.0.0.0", 0),
	    inet("0.0.0.0", 1));
}

ATF_TC_WITHOUT_HEAD(v1_ipv6);
ATF_TC_BODY(v1_ipv6, tc)
{
	check_v1("PROXY TCP6 2001:db8::1 ::1 40000 80\r\n",
	    inet6("2001:db8::1", 40000), inet6("::1", 80));
	check_v1("PROXY TCP6 " LONGEST " " LONGEST " 65535 65535\r\n",
	    inet6(LONGEST, 65535), inet6(LONGEST, 65535));
}

ATF_TC_WITHOUT_HEAD(v1_mapped);
ATF_TC_BODY(v1_mapped, tc)
{
	check_v1("PROXY TCP4 192.0.2.1 198.51.100.7 5 6\r\n",
	    inet6("::ffff:192.0.2.1", 5), inet6("::ffff:198.51.100.7", 6));
	check_v1("PROXY TCP4 192.0.2.1 198.51.100.7 5 6\r\n",
	    inet("192.0.2.1", 5), inet6("::ffff:198.51.100.7", 6));
	check_v1("PROXY TCP6 ::ffff:192.0.2.1 2001:db8::1 5 6\r\n",
	    inet6("::ffff:192.0.2.1", 5), inet6("2001:db8::1", 6));
}

ATF_TC_WITHOUT_HEAD(v1_unknown);
ATF_TC_BODY(v1_unknown, tc)
{
	struct end cut, odd;

	cut = inet("192.0.2.1", 5);
	cut.length--;
	odd = inet("192.0.2.1", 5);
	odd.ss.ss_family = AF_UNSPEC;
	check_v1(UNKNOWN, unix_name("", 0), unix_name("/run/s", 7));
	check_v1(UNKNOWN, inet("192.0.2.1", 5), inet6("2001:db8::1", 6));
	check_v1(UNKNOWN, inet6("2001:db8::1", 6), inet("192.0.2.1", 5));
	check_v1(UNKNOWN, inet("192.0.2.1", 5), unix_name("/run/s", 7));
	check_v1(UNKNOWN, nothing(), nothing());
	check_v1(UNKNOWN, nothing(), inet("192.0.2.1", 5));
	check_v1(UNKNOWN, cut, inet("192.0.2.1", 5));
	check_v1(UNKNOWN, odd, odd);
}

ATF_TC_WITHOUT_HEAD(v2_ipv4);
ATF_TC_BODY(v2_ipv4, tc)
{
	const unsigned char body[] = { 192, 0, 2, 1, 198, 51, 100, 7, 0xdc,
		0x04, 0x01, 0xbb };

	check_v2(0x21, 0x11, body, sizeof(body), inet("192.0.2.1", 56324),
	    inet("198.51.100.7", 443));
	check_v2(0x21, 0x11, body, sizeof(body),
	    inet6("::ffff:192.0.2.1", 56324),
	    inet6("::ffff:198.51.100.7", 443));
}

ATF_TC_WITHOUT_HEAD(v2_ipv6);
ATF_TC_BODY(v2_ipv6, tc)
{
	const unsigned char plain[36] = { 0x20, 0x01, 0x0d,
		0xb8, [15] = 1, [16] = 0x20, 0x01, 0x0d,
		0xb8, [31] = 2, [32] = 0xdc, 0x04, 0x01, 0xbb };
	const unsigned char half_mapped[36] = { [10] = 0xff,
		0xff,
		192,
		0,
		2,
		1,
		[16] = 0x20,
		0x01,
		0x0d,
		0xb8,
		[31] = 2,
		[32] = 0,
		5,
		0,
		6 };

	check_v2(0x21, 0x21, plain, sizeof(plain), inet6("2001:db8::1", 56324),
	    inet6("2001:db8::2", 443));
	check_v2(0x21, 0x21, half_mapped, sizeof(half_mapped),
	    inet6("::ffff:192.0.2.1", 5), inet6("2001:db8::2", 6));
}

/* 108 octets a side, filled up with NULs. */
static void
check_unix(const char *from, size_t from_length, const char *to,
    size_t to_length, struct end a, struct end b)
{
	unsigned char body[216];

	memset(body, 0, sizeof(body));
	memcpy(body, from, from_length);
	memcpy(body + 108, to, to_length);
	check_v2(0x21, 0x31, body, sizeof(body), a, b);
}

ATF_TC_WITHOUT_HEAD(v2_unix);
ATF_TC_BODY(v2_unix, tc)
{
	const size_t room = sizeof(((struct sockaddr_un *)0)->sun_path);
	char full[sizeof(((struct sockaddr_un *)0)->sun_path)];

	memset(full, 'y', sizeof(full));
	check_unix(
	    "/a", 2, "/run/s", 6, unix_name("/a", 3), unix_name("/run/s", 7));
	/* A client without a name. */
	check_unix(
	    "", 0, "/run/s", 6, unix_name("", 0), unix_name("/run/s", 7));
	/* Octets after the path's NUL are not its. */
	check_unix(
	    "/a", 2, "/b", 2, unix_name("/a\0junk", 8), unix_name("/b", 2));
	/* As long as may be, without a NUL. */
	check_unix(full, room, full, room, unix_name(full, room),
	    unix_name(full, room));
}

ATF_TC_WITHOUT_HEAD(v2_abstract);
ATF_TC_BODY(v2_abstract, tc)
{
	check_unix("\0name", 5, "\0a\0b", 4, unix_name("\0name", 5),
	    unix_name("\0a\0b", 4));
}

/* More than there is room for: an address that the kernel has cut. */
ATF_TC_WITHOUT_HEAD(v2_overlong);
ATF_TC_BODY(v2_overlong, tc)
{
	const size_t room = sizeof(((struct sockaddr_un *)0)->sun_path);
	char full[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct end a;

	memset(full, 'y', sizeof(full));
	a = unix_name(full, room);
	a.length = sizeof(a.ss);
	check_unix(full, room, full, room, a, a);
}

ATF_TC_WITHOUT_HEAD(v2_local);
ATF_TC_BODY(v2_local, tc)
{
	struct end cut;

	cut = inet6("2001:db8::1", 5);
	cut.length--;
	check_local(nothing(), nothing());
	check_local(nothing(), unix_name("/run/s", 7));
	check_local(inet("192.0.2.1", 5), nothing());
	check_local(inet("192.0.2.1", 5), inet6("2001:db8::1", 6));
	check_local(inet("192.0.2.1", 5), unix_name("/run/s", 7));
	check_local(cut, inet6("2001:db8::1", 6));
}

/* Length 0 says that there is nothing to be looked at. */
ATF_TC_WITHOUT_HEAD(no_pointers);
ATF_TC_BODY(no_pointers, tc)
{
	unsigned char header[PROXY_HEADER_MAX];

	ATF_CHECK_EQ(
	    16, proxy_header_write(header, PROXY_HEADER_V2, NULL, 0, NULL, 0));
	ATF_CHECK_EQ(0x20, header[12]);
	ATF_CHECK_EQ(strlen(UNKNOWN),
	    proxy_header_write(header, PROXY_HEADER_V1, NULL, 0, NULL, 0));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, none);
	ATF_TP_ADD_TC(tp, v1_ipv4);
	ATF_TP_ADD_TC(tp, v1_ipv6);
	ATF_TP_ADD_TC(tp, v1_mapped);
	ATF_TP_ADD_TC(tp, v1_unknown);
	ATF_TP_ADD_TC(tp, v2_ipv4);
	ATF_TP_ADD_TC(tp, v2_ipv6);
	ATF_TP_ADD_TC(tp, v2_unix);
	ATF_TP_ADD_TC(tp, v2_abstract);
	ATF_TP_ADD_TC(tp, v2_overlong);
	ATF_TP_ADD_TC(tp, v2_local);
	ATF_TP_ADD_TC(tp, no_pointers);
	return atf_no_error();
}
