/*
 * Tests of address.h: addresses that are refused, or are as long as may be.
 * Not here: their place on the command line (options_value_test.c).
 */
#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "address_fixture.h"
#include "os.h"
#include "unit.h"

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

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, bad_addresses);
	ATF_TP_ADD_TC(tp, longest_path);
	ATF_TP_ADD_TC(tp, longest_host);
	return atf_no_error();
}
