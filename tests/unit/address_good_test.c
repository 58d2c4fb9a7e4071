/*
 * Tests of address.h: addresses that are taken, and written back.
 * Not here: their place on the command line (options_value_test.c).
 */
#include <atf-c.h>
#include <stdbool.h>
#include <string.h>

#include "address_fixture.h"
#include "os.h"
#include "unit.h"

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

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, paths);
	ATF_TP_ADD_TC(tp, unix_prefix);
	ATF_TP_ADD_TC(tp, abstract);
	ATF_TP_ADD_TC(tp, hosts);
	ATF_TP_ADD_TC(tp, ipv6);
	ATF_TP_ADD_TC(tp, ports);
	return atf_no_error();
}
