/*
 * Tests of address.h.
 * Not here: addresses in their place on the command line, see
 * options_test.c.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <arpa/inet.h>
#include <net/if.h>

#include <atf-c.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "os.h"
#include "unit.h"

#define PATH_MOST (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)
#define NAME63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

struct good {
	const char *text;
	enum address_kind kind;
	const char *path;
	const char *host;
	const char *port;
	const char *back; /* what address_text() writes, if not text */
};

static bool
is_same(const struct address *a, const struct address *b)
{
	return a->kind == b->kind && strcmp(a->path, b->path) == 0 &&
	    strcmp(a->host, b->host) == 0 && strcmp(a->port, b->port) == 0;
}

static void
check_round_trip(const struct good *g, const struct address *a)
{
	const char *back, *why;
	char text[ADDRESS_TEXT_SIZE];
	struct address again;

	back = g->back != NULL ? g->back : g->text;
	ATF_CHECK(address_text(a, text) == text);
	ATF_CHECK_STREQ(back, text);
	why = address_parse(&again, text);
	ATF_CHECK_MSG(why == NULL, "%s: %s", text, why);
	ATF_CHECK_MSG(is_same(a, &again), "%s: other than %s", text, g->text);
}

static void
check_good(const struct good *good, size_t n)
{
	const struct good *g;
	struct address a;
	const char *why;

	for (g = good; g < good + n; g++) {
		memset(&a, 0x55, sizeof(a));
		why = address_parse(&a, g->text);
		ATF_CHECK_MSG(why == NULL, "%s: %s", g->text, why);
		if (why != NULL)
			continue;
		ATF_CHECK_EQ_MSG(g->kind, a.kind, "%s", g->text);
		ATF_CHECK_STREQ_MSG(g->path, a.path, "%s", g->text);
		ATF_CHECK_STREQ_MSG(g->host, a.host, "%s", g->text);
		ATF_CHECK_STREQ_MSG(g->port, a.port, "%s", g->text);
		check_round_trip(g, &a);
	}
}

static void
check_bad(const char *text, const char *expected)
{
	struct address a;
	const char *why;

	why = address_parse(&a, text);
	ATF_CHECK_MSG(why != NULL, "\"%s\" is accepted", text);
	if (why == NULL)
		return;
	ATF_CHECK_STREQ_MSG(expected, why, "\"%s\"", text);
	ATF_CHECK_MSG(strchr(why, '\n') == NULL, "more than a line: %s", why);
}

ATF_TC_WITHOUT_HEAD(paths);
ATF_TC_BODY(paths, tc)
{
	static const struct good good[] = {
		{ "/run/x.sock", ADDRESS_PATH, "/run/x.sock", "", "", NULL },
		{ "/s", ADDRESS_PATH, "/s", "", "", NULL },
		{ "//s", ADDRESS_PATH, "//s", "", "", NULL },
		{ "./sock", ADDRESS_PATH, "./sock", "", "", NULL },
		{ "../sock", ADDRESS_PATH, "../sock", "", "", NULL },
		{ "dir/sock", ADDRESS_PATH, "dir/sock", "", "", NULL },
		{ "./a:80", ADDRESS_PATH, "./a:80", "", "", NULL },
		{ "./@a", ADDRESS_PATH, "./@a", "", "", NULL },
		{ "./unix:a", ADDRESS_PATH, "./unix:a", "", "", NULL },
		{ "./...", ADDRESS_PATH, "./...", "", "", NULL },
		{ "./.s", ADDRESS_PATH, "./.s", "", "", NULL },
		{ "./a b\tc", ADDRESS_PATH, "./a b\tc", "", "", NULL },
		{ "[::1]/s", ADDRESS_PATH, "[::1]/s", "", "", NULL },
		{ "*/s", ADDRESS_PATH, "*/s", "", "", NULL },
		{ "a:/s", ADDRESS_PATH, "a:/s", "", "", NULL },
		{ "\303\251/s", ADDRESS_PATH, "\303\251/s", "", "", NULL },
	};

	check_good(good, UNIT_LENGTH(good));
}

ATF_TC_WITHOUT_HEAD(unix_prefix);
ATF_TC_BODY(unix_prefix, tc)
{
	static const struct good good[] = {
		{ "unix:/run/x", ADDRESS_PATH, "/run/x", "", "", "/run/x" },
		{ "unix:///run/x", ADDRESS_PATH, "///run/x", "", "",
		    "///run/x" },
		{ "unix:a/b", ADDRESS_PATH, "a/b", "", "", "a/b" },
		{ "unix:sock", ADDRESS_PATH, "sock", "", "", NULL },
		{ "unix:@x", ADDRESS_PATH, "@x", "", "", NULL },
		{ "unix:@a/b", ADDRESS_PATH, "@a/b", "", "", NULL },
		{ "unix:a:80", ADDRESS_PATH, "a:80", "", "", NULL },
		{ "unix:[::1]:80", ADDRESS_PATH, "[::1]:80", "", "", NULL },
		{ "unix:*", ADDRESS_PATH, "*", "", "", NULL },
		{ "unix:unix:a", ADDRESS_PATH, "unix:a", "", "", NULL },
		{ "unix:unix:a/b", ADDRESS_PATH, "unix:a/b", "", "", NULL },
		{ "unix:tcp://a:1", ADDRESS_PATH, "tcp://a:1", "", "", NULL },
		{ "unix:...", ADDRESS_PATH, "...", "", "", NULL },
	};

	check_good(good, UNIT_LENGTH(good));
}

ATF_TC_WITHOUT_HEAD(abstract);
ATF_TC_BODY(abstract, tc)
{
	static const struct good good[] = {
		{ "@NAME", ADDRESS_ABSTRACT, "NAME", "", "", NULL },
		{ "@a", ADDRESS_ABSTRACT, "a", "", "", NULL },
		{ "@@a", ADDRESS_ABSTRACT, "@a", "", "", NULL },
		{ "@/a/", ADDRESS_ABSTRACT, "/a/", "", "", NULL },
		{ "@a:80", ADDRESS_ABSTRACT, "a:80", "", "", NULL },
		{ "@unix:a", ADDRESS_ABSTRACT, "unix:a", "", "", NULL },
		{ "@a b", ADDRESS_ABSTRACT, "a b", "", "", NULL },
	};

	if (os_abstract_sockets)
		check_good(good, UNIT_LENGTH(good));
	else
		check_bad("@a", "abstract Unix sockets exist on Linux only");
}

ATF_TC_WITHOUT_HEAD(hosts);
ATF_TC_BODY(hosts, tc)
{
	static const struct good good[] = {
		{ "127.0.0.1:80", ADDRESS_HOST, "", "127.0.0.1", "80", NULL },
		{ "0.0.0.0:80", ADDRESS_HOST, "", "0.0.0.0", "80", NULL },
		{ "255.255.255.255:1", ADDRESS_HOST, "", "255.255.255.255", "1",
		    NULL },
		{ "localhost:80", ADDRESS_HOST, "", "localhost", "80", NULL },
		{ "example.com.:80", ADDRESS_HOST, "", "example.com.", "80",
		    NULL },
		{ "my_host:80", ADDRESS_HOST, "", "my_host", "80", NULL },
		{ "_a._b:80", ADDRESS_HOST, "", "_a._b", "80", NULL },
		{ "a-b.c--d:80", ADDRESS_HOST, "", "a-b.c--d", "80", NULL },
		{ "3com.com:80", ADDRESS_HOST, "", "3com.com", "80", NULL },
		{ "1.2.3.4.example:80", ADDRESS_HOST, "", "1.2.3.4.example",
		    "80", NULL },
		{ "0xbeef.example:80", ADDRESS_HOST, "", "0xbeef.example", "80",
		    NULL },
		{ "EXAMPLE.com:80", ADDRESS_HOST, "", "EXAMPLE.com", "80",
		    NULL },
		{ NAME63 ":80", ADDRESS_HOST, "", NAME63, "80", NULL },
		{ "unix.example:80", ADDRESS_HOST, "", "unix.example", "80",
		    NULL },
		{ "*:80", ADDRESS_HOST, "", "", "80", NULL },
		{ ":80", ADDRESS_HOST, "", "", "80", "*:80" },
	};

	check_good(good, UNIT_LENGTH(good));
}

ATF_TC_WITHOUT_HEAD(ipv6);
ATF_TC_BODY(ipv6, tc)
{
	static const struct good good[] = {
		{ "[::1]:80", ADDRESS_HOST, "", "::1", "80", NULL },
		{ "[::]:80", ADDRESS_HOST, "", "::", "80", NULL },
		{ "[2001:DB8::1]:80", ADDRESS_HOST, "", "2001:DB8::1", "80",
		    NULL },
		{ "[1:2:3:4:5:6:7:8]:80", ADDRESS_HOST, "", "1:2:3:4:5:6:7:8",
		    "80", NULL },
		{ "[::ffff:127.0.0.1]:80", ADDRESS_HOST, "", "::ffff:127.0.0.1",
		    "80", NULL },
		{ "[fe80::1%eth0]:80", ADDRESS_HOST, "", "fe80::1%eth0", "80",
		    NULL },
		{ "[fe80::1%2]:80", ADDRESS_HOST, "", "fe80::1%2", "80", NULL },
		{ "[fe80::1%eth0:1]:80", ADDRESS_HOST, "", "fe80::1%eth0:1",
		    "80", NULL },
		{ "[fe80::1%abcdefghijklmno]:80", ADDRESS_HOST, "",
		    "fe80::1%abcdefghijklmno", "80", NULL },
		{ "[::1]:http", ADDRESS_HOST, "", "::1", "http", NULL },
	};

	check_good(good, UNIT_LENGTH(good));
}

ATF_TC_WITHOUT_HEAD(ports);
ATF_TC_BODY(ports, tc)
{
	static const struct good good[] = {
		{ "a:0", ADDRESS_HOST, "", "a", "0", NULL },
		{ "a:1", ADDRESS_HOST, "", "a", "1", NULL },
		{ "a:65535", ADDRESS_HOST, "", "a", "65535", NULL },
		{ "a:0080", ADDRESS_HOST, "", "a", "0080", NULL },
		{ "a:00000000080", ADDRESS_HOST, "", "a", "00000000080", NULL },
		{ "a:http", ADDRESS_HOST, "", "a", "http", NULL },
		{ "a:X11", ADDRESS_HOST, "", "a", "X11", NULL },
		{ "a:3com-tsmux", ADDRESS_HOST, "", "a", "3com-tsmux", NULL },
		{ "a:iso_tp0", ADDRESS_HOST, "", "a", "iso_tp0", NULL },
		{ "a:whois++", ADDRESS_HOST, "", "a", "whois++", NULL },
		{ "a:sql*net", ADDRESS_HOST, "", "a", "sql*net", NULL },
		{ "a:" NAME63, ADDRESS_HOST, "", "a", NAME63, NULL },
	};

	check_good(good, UNIT_LENGTH(good));
}

static const struct {
	const char *text;
	const char *why;
} bad[] = {
	{ "", "empty address" },
	{ "unix:", "path of the Unix socket missing" },
	{ "/", "path names a directory" },
	{ "./", "path names a directory" },
	{ "/run/", "path names a directory" },
	{ "unix:/", "path names a directory" },
	{ "unix:run/", "path names a directory" },
	{ "unix:.", "path names a directory" },
	{ "unix:..", "path names a directory" },
	{ "/run/.", "path names a directory" },
	{ "/run/..", "path names a directory" },
	{ "./.", "path names a directory" },
	{ "127.0.0.1:80/", "path names a directory" },
	{ "tcp://localhost:80", "a URL; write HOST:PORT or unix:PATH" },
	{ "http://localhost/", "a URL; write HOST:PORT or unix:PATH" },
	{ "://", "a URL; write HOST:PORT or unix:PATH" },
	{ "[::1]://", "a URL; write HOST:PORT or unix:PATH" },
	{ ".", "neither HOST:PORT nor a path with a slash" },
	{ "..", "neither HOST:PORT nor a path with a slash" },
	{ "80", "neither HOST:PORT nor a path with a slash" },
	{ "*", "neither HOST:PORT nor a path with a slash" },
	{ "sock", "neither HOST:PORT nor a path with a slash" },
	{ "localhost", "neither HOST:PORT nor a path with a slash" },
	{ " ", "neither HOST:PORT nor a path with a slash" },
	{ "-", "neither HOST:PORT nor a path with a slash" },
	{ "unix", "neither HOST:PORT nor a path with a slash" },
	{ "::1", "more than one colon; write [IPv6]:PORT or unix:PATH" },
	{ "::", "more than one colon; write [IPv6]:PORT or unix:PATH" },
	{ "::1:80", "more than one colon; write [IPv6]:PORT or unix:PATH" },
	{ "a:80:", "more than one colon; write [IPv6]:PORT or unix:PATH" },
	{ "tcp:a:80", "more than one colon; write [IPv6]:PORT or unix:PATH" },
	{ ":", "port missing" },
	{ "*:", "port missing" },
	{ "localhost:", "port missing" },
	{ "[::1]:", "port missing" },
	{ "[::1]", "port missing" },
	{ "[::1", "] missing" },
	{ "[", "] missing" },
	{ "[::1:80", "] missing" },
	{ "[::1]80", "port expected after ]" },
	{ "[::1] :80", "port expected after ]" },
	{ "[::1]]:80", "port expected after ]" },
	{ "[]:80", "not an IPv6 address" },
	{ "[*]:80", "not an IPv6 address" },
	{ "[localhost]:80", "not an IPv6 address" },
	{ "[127.0.0.1]:80", "not an IPv6 address" },
	{ "[[::1]:80", "not an IPv6 address" },
	{ "[ ::1]:80", "not an IPv6 address" },
	{ "[::1 ]:80", "not an IPv6 address" },
	{ "[:::]:80", "not an IPv6 address" },
	{ "[1::2::3]:80", "not an IPv6 address" },
	{ "[12345::]:80", "not an IPv6 address" },
	{ "[1:2:3:4:5:6:7:8:9]:80", "not an IPv6 address" },
	{ "[%lo]:80", "not an IPv6 address" },
	{ "[fe80::1%]:80", "bad scope of an IPv6 address" },
	{ "[fe80::1%a%b]:80", "bad scope of an IPv6 address" },
	{ "[fe80::1%a b]:80", "bad scope of an IPv6 address" },
	{ "[fe80::1%a\n]:80", "bad scope of an IPv6 address" },
	{ "[fe80::1%abcdefghijklmnop]:80", "bad scope of an IPv6 address" },
	{ "256.0.0.1:80", "not an IPv4 address" },
	{ "127.1:80", "not an IPv4 address" },
	{ "1:80", "not an IPv4 address" },
	{ "1.2.3.4.5:80", "not an IPv4 address" },
	{ "1.2.3.4.:80", "not an IPv4 address" },
	{ "1.2.3.04:80", "not an IPv4 address" },
	{ ".:80", "not an IPv4 address" },
	{ "0x7f.1:80", "not an IPv4 address" },
	{ "0x7f000001:80", "not an IPv4 address" },
	{ "127.0.0.0x1:80", "not an IPv4 address" },
	{ "**:80", "not a host name" },
	{ "*.example:80", "not a host name" },
	{ ".a:80", "not a host name" },
	{ "a..b:80", "not a host name" },
	{ "a..:80", "not a host name" },
	{ "-a:80", "not a host name" },
	{ "a-:80", "not a host name" },
	{ "a-.b:80", "not a host name" },
	{ "a.-b:80", "not a host name" },
	{ "a.b-:80", "not a host name" },
	{ "a.b-.:80", "not a host name" },
	{ "-:80", "not a host name" },
	{ " a:80", "not a host name" },
	{ "a :80", "not a host name" },
	{ "a\n:80", "not a host name" },
	{ "a,b:80", "not a host name" },
	{ "user@a:80", "not a host name" },
	{ "b\303\274cher.example:80", "not a host name" },
	{ NAME63 "h:80", "not a host name" },
	{ "a." NAME63 "h.b:80", "not a host name" },
	{ NAME63 "." NAME63 "." NAME63 "." NAME63 ":80", "host name too long" },
	{ "a:65536", "port above 65535" },
	{ "a:99999", "port above 65535" },
	{ "a:100000", "port above 65535" },
	{ "a:18446744073709551616", "port above 65535" },
	{ "a:-1", "not a port" },
	{ "a:+80", "not a port" },
	{ "a: 80", "not a port" },
	{ "a:80 ", "not a port" },
	{ "a:8 0", "not a port" },
	{ "a:80\n", "not a port" },
	{ "a:80-90", "not a port" },
	{ "a:80.0", "not a port" },
	{ "a:80,81", "not a port" },
	{ "a:-http", "not a port" },
	{ "a:ht?tp", "not a port" },
	{ "a:*", "not a port" },
	{ "[::1]:80]", "not a port" },
	{ "a:" NAME63 "h", "not a port" },
};

ATF_TC_WITHOUT_HEAD(bad_addresses);
ATF_TC_BODY(bad_addresses, tc)
{
	size_t i;

	for (i = 0; i < UNIT_LENGTH(bad); i++)
		check_bad(bad[i].text, bad[i].why);
	if (os_abstract_sockets)
		check_bad("@", "name of the abstract Unix socket missing");
}

/* Room for the longest text of a case, and more. */
static const char *
repeat(const char *before, size_t n, const char *after)
{
	static char text[1024];
	size_t length;

	length = strlcpy(text, before, sizeof(text));
	memset(text + length, 'x', n);
	strlcpy(text + length + n, after, sizeof(text) - length - n);
	return text;
}

static void
check_longest(const char *before, size_t most, const char *why)
{
	char back[ADDRESS_TEXT_SIZE];
	struct address a;

	ATF_REQUIRE_EQ(NULL, address_parse(&a, repeat(before, most, "")));
	address_text(&a, back);
	ATF_CHECK_STREQ(repeat(before, most, ""), back);
	check_bad(repeat(before, most + 1, ""), why);
	check_bad(repeat(before, 800, ""), why);
}

ATF_TC_WITHOUT_HEAD(longest_path);
ATF_TC_BODY(longest_path, tc)
{
	const char *why;

	why = "path too long for a Unix socket";
	check_longest("/", PATH_MOST - 1, why);
	check_longest("unix:", PATH_MOST, why);
	check_bad(repeat("/", PATH_MOST, "/"), why);
	why = "name too long for an abstract Unix socket";
	if (os_abstract_sockets)
		check_longest("@", PATH_MOST, why);
}

/* Labels of a name are at most 63 octets, all of it 253. */
ATF_TC_WITHOUT_HEAD(longest_host);
ATF_TC_BODY(longest_host, tc)
{
	const char *three, *most;
	char back[ADDRESS_TEXT_SIZE], text[1024];
	struct address a;

	three = NAME63 "." NAME63 "." NAME63;
	most = NAME63;
	snprintf(text, sizeof(text), "%s.%.61s:%s", three, most, most);
	ATF_CHECK_EQ(NULL, address_parse(&a, text));
	ATF_CHECK_EQ(253, strlen(a.host));
	ATF_CHECK_STREQ(text, address_text(&a, back));
	snprintf(text, sizeof(text), "%s.%.61s.:%s", three, most, most);
	ATF_CHECK_EQ(NULL, address_parse(&a, text));
	ATF_CHECK_EQ(254, strlen(a.host));
	ATF_CHECK_STREQ(text, address_text(&a, back));
	snprintf(text, sizeof(text), "%s.%.62s:80", three, most);
	check_bad(text, "host name too long");
	snprintf(text, sizeof(text), "%s.%.62s.:80", three, most);
	check_bad(text, "host name too long");
	check_bad(repeat("", 256, ":80"), "host name too long");
	check_bad(repeat("", 900, ":80"), "host name too long");
	check_bad(repeat("[", 256, "]:80"), "not an IPv6 address");
	check_bad(
	    repeat("[fe80::1%", 240, "]:80"), "bad scope of an IPv6 address");
}

ATF_TC_WITHOUT_HEAD(unix_of_path);
ATF_TC_BODY(unix_of_path, tc)
{
	struct sockaddr_un sun;
	struct address a;

	memset(&sun, 0x55, sizeof(sun));
	ATF_REQUIRE_EQ(NULL, address_parse(&a, "/run/x"));
	ATF_CHECK_EQ(sizeof(sun), address_unix(&a, &sun));
	ATF_CHECK_EQ(AF_UNIX, sun.sun_family);
	ATF_CHECK_STREQ("/run/x", sun.sun_path);
	ATF_REQUIRE_EQ(NULL, address_parse(&a, repeat("/", PATH_MOST - 1, "")));
	ATF_CHECK_EQ(sizeof(sun), address_unix(&a, &sun));
	ATF_CHECK_EQ(PATH_MOST, strlen(sun.sun_path));
	ATF_CHECK_STREQ(a.path, sun.sun_path);
}

ATF_TC_WITHOUT_HEAD(unix_of_abstract);
ATF_TC_BODY(unix_of_abstract, tc)
{
	const size_t offset = offsetof(struct sockaddr_un, sun_path);
	struct sockaddr_un sun;
	struct address a;

	if (!os_abstract_sockets)
		atf_tc_skip("no abstract sockets here");
	memset(&sun, 0x55, sizeof(sun));
	ATF_REQUIRE_EQ(NULL, address_parse(&a, "@name"));
	ATF_CHECK_EQ(offset + 5, address_unix(&a, &sun));
	ATF_CHECK_EQ(AF_UNIX, sun.sun_family);
	ATF_CHECK_EQ(0, memcmp(sun.sun_path, "\0name", 5));
	ATF_REQUIRE_EQ(NULL, address_parse(&a, repeat("@", PATH_MOST, "")));
	ATF_CHECK_EQ(sizeof(sun), address_unix(&a, &sun));
	ATF_CHECK_EQ('\0', sun.sun_path[0]);
	ATF_CHECK_EQ(0, memcmp(sun.sun_path + 1, a.path, PATH_MOST));
}

static void
check_text(const char *expected, const void *sa, size_t length)
{
	char text[ADDRESS_TEXT_SIZE];

	memset(text, 0x55, sizeof(text));
	ATF_CHECK(address_socket_text(sa, (socklen_t)length, text) == text);
	ATF_CHECK_STREQ(expected, text);
}

ATF_TC_WITHOUT_HEAD(text_of_tcp);
ATF_TC_BODY(text_of_tcp, tc)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	char expected[64];

	in.sin_port = htons(80);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	check_text("127.0.0.1:80", &in, sizeof(in));
	in.sin_port = htons(65535);
	in.sin_addr.s_addr = INADDR_ANY;
	check_text("0.0.0.0:65535", &in, sizeof(in));
	in6.sin6_addr = in6addr_loopback;
	in6.sin6_port = htons(80);
	check_text("[::1]:80", &in6, sizeof(in6));
	in6.sin6_addr = in6addr_any;
	check_text("[::]:80", &in6, sizeof(in6));
	ATF_REQUIRE_EQ(1, inet_pton(AF_INET6, "fe80::1", &in6.sin6_addr));
	in6.sin6_scope_id = 4000000000u;
	snprintf(expected, sizeof(expected), "[fe80::1%%%u]:80", 4000000000u);
	check_text(expected, &in6, sizeof(in6));
	ATF_REQUIRE_EQ(
	    1, inet_pton(AF_INET6, "::ffff:127.0.0.1", &in6.sin6_addr));
	in6.sin6_scope_id = 0;
	check_text("[::ffff:127.0.0.1]:80", &in6, sizeof(in6));
}

ATF_TC_WITHOUT_HEAD(text_of_others);
ATF_TC_BODY(text_of_others, tc)
{
	struct sockaddr_storage ss;

	memset(&ss, 0, sizeof(ss));
	check_text("unix", &ss, 0);
	ss.ss_family = 250;
	check_text("family 250", &ss, sizeof(ss));
	ss.ss_family = AF_INET;
	check_text("family 2", &ss, 4);
}

/* Only the named octets are in memory: a sanitizer sees any read behind. */
static void
check_unix_text(const char *expected, const char *path, size_t length)
{
	const size_t offset = offsetof(struct sockaddr_un, sun_path);
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char *exact;

	ATF_REQUIRE(length <= sizeof(sun.sun_path));
	memcpy(sun.sun_path, path, length);
	exact = malloc(offset + length);
	ATF_REQUIRE(exact != NULL);
	memcpy(exact, &sun, offset + length);
	check_text(expected, exact, offset + length);
	free(exact);
}

ATF_TC_WITHOUT_HEAD(text_of_unix);
ATF_TC_BODY(text_of_unix, tc)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char expected[PATH_MOST + 2];

	check_unix_text("unix", "", 0);
	check_text("unix", &sun, sizeof(sun.sun_family));
	check_unix_text("/run/x", "/run/x", 7);
	check_unix_text("/run/x", "/run/x", 6);
	check_unix_text("/run/x", "/run/x\0junk", 11);
	check_unix_text("/", "/", 1);
	memset(expected, 'p', sizeof(expected));
	expected[PATH_MOST + 1] = '\0';
	check_unix_text(expected, expected, PATH_MOST + 1);
	memset(sun.sun_path, 'p', sizeof(sun.sun_path));
	check_text(expected, &sun, sizeof(sun));
	if (!os_abstract_sockets)
		check_unix_text("unix", "\0name", 5);
}

ATF_TC_WITHOUT_HEAD(text_of_abstract);
ATF_TC_BODY(text_of_abstract, tc)
{
	char name[PATH_MOST + 1], expected[PATH_MOST + 2];
	size_t i;

	if (!os_abstract_sockets)
		atf_tc_skip("no abstract sockets here");
	check_unix_text("unix", "\0", 1);
	check_unix_text("@name", "\0name", 5);
	check_unix_text("@name@", "\0name", 6);
	check_unix_text("@a@b", "\0a\0b", 4);
	check_unix_text("@@", "\0\0", 2);
	check_unix_text("@%s\n\033[2J\377", "\0%s\n\033[2J\377", 9);
	name[0] = '\0';
	for (i = 1; i < sizeof(name); i++)
		name[i] = (char)(i + 100);
	memcpy(expected, name, sizeof(name));
	expected[0] = '@';
	expected[sizeof(name)] = '\0';
	for (i = 1; i < sizeof(name); i++)
		if (name[i] == '\0')
			expected[i] = '@';
	check_unix_text(expected, name, sizeof(name));
}

/* What the kernel makes of the address is what was asked for. */
ATF_TC_WITHOUT_HEAD(kernel_round_trip);
ATF_TC_BODY(kernel_round_trip, tc)
{
	char name[64], text[ADDRESS_TEXT_SIZE];
	struct sockaddr_un sun;
	struct address a;
	socklen_t length;
	int fd;

	if (!os_abstract_sockets)
		atf_tc_skip("no abstract sockets here");
	snprintf(name, sizeof(name), "@address_test %ld", (long)getpid());
	ATF_REQUIRE_EQ(NULL, address_parse(&a, name));
	length = address_unix(&a, &sun);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)&sun, length));
	length = sizeof(sun);
	memset(&sun, 0x55, sizeof(sun));
	ATF_REQUIRE_EQ(0, getsockname(fd, (struct sockaddr *)&sun, &length));
	ATF_CHECK_STREQ(
	    name, address_socket_text((struct sockaddr *)&sun, length, text));
	close(fd);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, paths);
	ATF_TP_ADD_TC(tp, unix_prefix);
	ATF_TP_ADD_TC(tp, abstract);
	ATF_TP_ADD_TC(tp, hosts);
	ATF_TP_ADD_TC(tp, ipv6);
	ATF_TP_ADD_TC(tp, ports);
	ATF_TP_ADD_TC(tp, bad_addresses);
	ATF_TP_ADD_TC(tp, longest_path);
	ATF_TP_ADD_TC(tp, longest_host);
	ATF_TP_ADD_TC(tp, unix_of_path);
	ATF_TP_ADD_TC(tp, unix_of_abstract);
	ATF_TP_ADD_TC(tp, text_of_tcp);
	ATF_TP_ADD_TC(tp, text_of_others);
	ATF_TP_ADD_TC(tp, text_of_unix);
	ATF_TP_ADD_TC(tp, text_of_abstract);
	ATF_TP_ADD_TC(tp, kernel_round_trip);
	return atf_no_error();
}
