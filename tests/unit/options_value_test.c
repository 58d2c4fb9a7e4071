/*
 * Tests of options.h: values of options, and the operands.
 * Not here: forms of an address (address_*_test.c) or time (duration_test.c).
 */
#include <atf-c.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "duration.h"
#include "options_fixture.h"
#include "os.h"

ATF_TC_WITHOUT_HEAD(defaults);
ATF_TC_BODY(defaults, tc)
{
	struct options o;

	GOOD(&o, "./s", "localhost:80");
	ATF_CHECK_EQ(OPTIONS_RUN, o.action);
	ATF_CHECK(o.has_listen);
	ATF_CHECK_EQ(ADDRESS_PATH, o.listen.kind);
	ATF_CHECK_STREQ("./s", o.listen.path);
	ATF_CHECK_EQ(ADDRESS_HOST, o.target.kind);
	ATF_CHECK_STREQ("localhost", o.target.host);
	ATF_CHECK_STREQ("80", o.target.port);
	ATF_CHECK(!o.has_mode);
	ATF_CHECK_EQ(NULL, o.owner);
	ATF_CHECK_EQ(INT_MAX, o.backlog);
	ATF_CHECK(!o.has_connections_max);
	ATF_CHECK_EQ(0, o.connections_max);
	ATF_CHECK_EQ(10000, o.connect_timeout);
	ATF_CHECK_EQ(0, o.wait);
	ATF_CHECK_EQ(DURATION_INFINITY, o.idle_timeout);
	ATF_CHECK_EQ(5000, o.drain_time);
	ATF_CHECK_EQ(LOG_NOTICE, o.threshold);
	ATF_CHECK_EQ(1, o.workers);
}

ATF_TC_WITHOUT_HEAD(workers);
ATF_TC_BODY(workers, tc)
{
	struct options o;

	GOOD(&o, "-j1", "./s", "a:1");
	ATF_CHECK_EQ(1, o.workers);
	GOOD(&o, "--workers=256", "./s", "a:1");
	ATF_CHECK_EQ(256, o.workers);
	GOOD(&o, "-j", "auto", "./s", "a:1");
	ATF_CHECK_EQ(0, o.workers);
	BAD("--workers: 0: too small", "-j0", "./s", "a:1");
	BAD("--workers: 257: too large", "-j257", "./s", "a:1");
	BAD("--workers: -1: invalid", "-j-1", "./s", "a:1");
	BAD("--workers: : invalid", "--workers=", "./s", "a:1");
	BAD("--workers: autos: invalid", "-jautos", "./s", "a:1");
	BAD("--workers: 2x: invalid", "--workers=2x", "./s", "a:1");
}

ATF_TC_WITHOUT_HEAD(bad_counts);
ATF_TC_BODY(bad_counts, tc)
{
	struct options o;

	GOOD(&o, "-b1", "-c2147483647", "./s", "a:1");
	ATF_CHECK_EQ(1, o.backlog);
	ATF_CHECK_EQ(INT_MAX, o.connections_max);
	GOOD(&o, "-b2147483647", "-c007", "./s", "a:1");
	ATF_CHECK_EQ(INT_MAX, o.backlog);
	ATF_CHECK_EQ(7, o.connections_max);
	BAD("--backlog: 0: too small", "-b0", "./s", "a:1");
	BAD("--backlog: -1: invalid", "-b", "-1", "./s", "a:1");
	BAD("--backlog: +1: invalid", "-b+1", "./s", "a:1");
	BAD("--backlog:  1: invalid", "-b", " 1", "./s", "a:1");
	BAD("--backlog: 1 : invalid", "-b", "1 ", "./s", "a:1");
	BAD("--backlog: : invalid", "--backlog=", "./s", "a:1");
	BAD("--backlog: x: invalid", "--backlog=x", "./s", "a:1");
	BAD("--backlog: 0x1: invalid", "--backlog", "0x1", "./s", "a:1");
	BAD("--backlog: 1k: invalid", "--b", "1k", "./s", "a:1");
	BAD("--backlog: 2147483648: too large", "-b2147483648", "./s", "a:1");
	BAD("--backlog: 99999999999999999999: too large",
	    "-b99999999999999999999", "./s", "a:1");
	BAD("--connections-max: -1: invalid", "-c-1", "./s", "a:1");
	BAD("--connections-max: all: invalid", "-c", "all", "./s", "a:1");
	BAD("--connections-max: 2147483648: too large", "-c", "2147483648",
	    "./s", "a:1");
}

ATF_TC_WITHOUT_HEAD(bad_modes_and_owners);
ATF_TC_BODY(bad_modes_and_owners, tc)
{
	struct options o;

	GOOD(&o, "-m", "0", "./s", "a:1");
	ATF_CHECK(o.has_mode);
	ATF_CHECK_EQ(0, o.mode);
	GOOD(&o, "-m", "0777", "./s", "a:1");
	ATF_CHECK_EQ(0777, o.mode);
	BAD("--mode: : not an octal mode", "--mode=", "./s", "a:1");
	BAD("--mode: 8: not an octal mode", "-m8", "./s", "a:1");
	BAD("--mode: 68: not an octal mode", "-m68", "./s", "a:1");
	BAD("--mode: -1: not an octal mode", "-m-1", "./s", "a:1");
	BAD("--mode: 0x1: not an octal mode", "-m0x1", "./s", "a:1");
	BAD("--mode: u=rw: not an octal mode", "--mode=u=rw", "./s", "a:1");
	BAD("--mode: 00660: not an octal mode", "-m00660", "./s", "a:1");
	BAD("--mode: 1777: above 0777", "-m1777", "./s", "a:1");
	BAD("--mode: 7777: above 0777", "-m7777", "./s", "a:1");
	GOOD(&o, "-o", "nobody", "./s", "a:1");
	ATF_CHECK_STREQ("nobody", o.owner);
	BAD("--owner: : user missing", "--owner=", "./s", "a:1");
	BAD("--owner: :staff: user missing", "-o:staff", "./s", "a:1");
}

ATF_TC_WITHOUT_HEAD(bad_times);
ATF_TC_BODY(bad_times, tc)
{
	struct options o;

	GOOD(&o, "-t", "1min 30s", "-w", "infinity", "./s", "a:1");
	ATF_CHECK_EQ(90000, o.connect_timeout);
	ATF_CHECK_EQ(DURATION_INFINITY, o.wait);
	BAD("--connect-timeout: -1: not a time", "-t-1", "./s", "a:1");
	BAD("--connect-timeout: : not a time", "-t", "", "./s", "a:1");
	BAD("--wait: soon: not a time", "-w", "soon", "./s", "a:1");
	BAD("--idle-timeout: 0: must be above 0", "-i0", "./s", "a:1");
	BAD("--connect-timeout: 0ms: must be above 0", "-t0ms", "./s", "a:1");
	BAD("--idle-timeout: 1.5: not a time", "-i1.5", "./s", "a:1");
	BAD("--drain-time: 5x: not a time", "--drain-time=5x", "./s", "a:1");
	BAD("--wait: 1001a: not a time", "--wai=1001a", "./s", "a:1");
}

ATF_TC_WITHOUT_HEAD(operands);
ATF_TC_BODY(operands, tc)
{
	struct options o;

	BAD("LISTEN and TARGET missing", NULL);
	BAD("LISTEN and TARGET missing", "-v");
	BAD("LISTEN and TARGET missing", "--");
	GOOD(&o, "a:1");
	ATF_CHECK(!o.has_listen);
	ATF_CHECK_STREQ("a", o.target.host);
	GOOD(&o, "-v", "./t", "-b1");
	ATF_CHECK(!o.has_listen);
	ATF_CHECK_STREQ("./t", o.target.path);
	GOOD(&o, "*:0", "./t");
	ATF_CHECK(o.has_listen);
	ATF_CHECK_EQ(ADDRESS_HOST, o.listen.kind);
	ATF_CHECK_STREQ("", o.listen.host);
	ATF_CHECK_STREQ("0", o.listen.port);
	BAD("c: one argument too many", "./a", "b:1", "c");
	BAD("c: one argument too many", "./a", "b:1", "c", "d");
	BAD("c?d: one argument too many", "./a", "b:1", "c\nd");
	BAD("\"\": empty address", "", "a:1");
	BAD("\"\": empty address", "./s", "");
	BAD("\"\": empty address", "");
	BAD("-: neither HOST:PORT nor a path with a slash", "-", "a:1");
	BAD("a: neither HOST:PORT nor a path with a slash", "a", "b");
	BAD("b: neither HOST:PORT nor a path with a slash", "./a", "b");
	BAD("a?b:1: not a host name", "./a", "a\nb:1");
}

ATF_TC_WITHOUT_HEAD(mode_and_owner_need_path);
ATF_TC_BODY(mode_and_owner_need_path, tc)
{
	struct options o;

	BAD("--mode: only for a path as LISTEN", "-m600", "*:80", "./t");
	BAD("--owner: only for a path as LISTEN", "-oroot", "*:80", "./t");
	BAD("--mode: only for a path as LISTEN", "a:0", "./t", "-m0");
	BAD("--mode: only for a path as LISTEN", "-m600", "./t");
	BAD("--owner: only for a path as LISTEN", "-o", "root", "a:1");
	GOOD(&o, "-m600", "-oroot", "unix:s", "a:1");
	ATF_CHECK(o.has_mode);
	if (!os_abstract_sockets)
		return;
	BAD("--mode: only for a path as LISTEN", "-m600", "@s", "a:1");
	BAD("--owner: only for a path as LISTEN", "-oroot", "@s", "a:1");
}

ATF_TC_WITHOUT_HEAD(bad_targets);
ATF_TC_BODY(bad_targets, tc)
{
	struct options o;

	BAD("*:80: a target needs a host", "./s", "*:80");
	BAD(":80: a target needs a host", "./s", ":80");
	BAD("*:80: a target needs a host", "*:80");
	BAD("a:0: a target needs a port above 0", "./s", "a:0");
	BAD("a:000: a target needs a port above 0", "./s", "a:000");
	BAD("[::1]:0: a target needs a port above 0", "[::1]:0");
	BAD("*:0: a target needs a host", "./s", "*:0");
	GOOD(&o, "./s", "a:01");
	ATF_CHECK_STREQ("01", o.target.port);
	GOOD(&o, "./s", "[::]:80");
	ATF_CHECK_STREQ("::", o.target.host);
}

/* Of TARGET alone, only what may be a host's name has its port added. */
ATF_TC_WITHOUT_HEAD(target_alone);
ATF_TC_BODY(target_alone, tc)
{
	char expected[OPTIONS_WHY_SIZE], word[ADDRESS_HOST_MAX + 2];
	struct options o;

	GOOD(&o, "a");
	ATF_CHECK(!o.has_listen);
	ATF_CHECK_STREQ("a", o.target.host);
	ATF_CHECK_STREQ("80", o.target.port);
	memset(word, 'x', sizeof(word));
	word[sizeof(word) - 1] = '\0';
	snprintf(expected, sizeof(expected),
	    "%.300s: neither HOST:PORT nor a path with a slash", word);
	BAD(expected, word);
	if (!os_abstract_sockets)
		return;
	GOOD(&o, "@a");
	ATF_CHECK_EQ(ADDRESS_ABSTRACT, o.target.kind);
	ATF_CHECK_STREQ("a", o.target.path);
}

ATF_TC_WITHOUT_HEAD(in_the_background);
ATF_TC_BODY(in_the_background, tc)
{
	struct options o;

	GOOD(&o, "-d", "-p", "pid", "./s", "a:1");
	ATF_CHECK(o.daemonize);
	ATF_CHECK_STREQ("pid", o.pidfile);
	GOOD(&o, "./s", "a:1");
	ATF_CHECK(!o.daemonize);
	ATF_CHECK(o.pidfile == NULL);
	BAD("--pidfile: path missing", "--pidfile=", "./s", "a:1");
	BAD("--daemonize: not with --inetd", "--inetd", "-d", "a:1");
}

/* However long the culprit is, what is wrong with it is still said. */
ATF_TC_WITHOUT_HEAD(long_culprits);
ATF_TC_BODY(long_culprits, tc)
{
	char expected[OPTIONS_WHY_SIZE], word[900], option[1000];

	memset(word, 'x', sizeof(word));
	word[sizeof(word) - 1] = '\0';
	snprintf(
	    expected, sizeof(expected), "--backlog: %.300s: invalid", word);
	BAD(expected, "--backlog", word, "./s", "a:1");
	snprintf(expected, sizeof(expected),
	    "--mode: %.300s: not an octal mode", word);
	BAD(expected, "--mode", word, "./s", "a:1");
	snprintf(
	    expected, sizeof(expected), "--wait: %.300s: not a time", word);
	BAD(expected, "--wait", word, "./s", "a:1");
	snprintf(
	    expected, sizeof(expected), "%.300s: one argument too many", word);
	BAD(expected, "./s", "a:1", word);
	snprintf(option, sizeof(option), ":%s", word);
	snprintf(expected, sizeof(expected), "--owner: %.300s: user missing",
	    option);
	BAD(expected, "-o", option, "./s", "a:1");
	snprintf(option, sizeof(option), "--%s", word);
	snprintf(expected, sizeof(expected), "%.300s: unknown option", option);
	BAD(expected, option, "./s", "a:1");
	snprintf(option, sizeof(option), "--quiet=%s", word);
	snprintf(
	    expected, sizeof(expected), "%.300s: takes no argument", option);
	BAD(expected, option, "./s", "a:1");
}

ATF_TC_WITHOUT_HEAD(no_words_at_all);
ATF_TC_BODY(no_words_at_all, tc)
{
	char *argv[] = { NULL };
	char why[OPTIONS_WHY_SIZE];
	struct options o;

	ATF_CHECK_EQ(-1, options_parse(&o, 0, argv, why));
	ATF_CHECK_STREQ("LISTEN and TARGET missing", why);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, defaults);
	ATF_TP_ADD_TC(tp, workers);
	ATF_TP_ADD_TC(tp, bad_counts);
	ATF_TP_ADD_TC(tp, bad_modes_and_owners);
	ATF_TP_ADD_TC(tp, bad_times);
	ATF_TP_ADD_TC(tp, operands);
	ATF_TP_ADD_TC(tp, mode_and_owner_need_path);
	ATF_TP_ADD_TC(tp, bad_targets);
	ATF_TP_ADD_TC(tp, target_alone);
	ATF_TP_ADD_TC(tp, in_the_background);
	ATF_TP_ADD_TC(tp, long_culprits);
	ATF_TP_ADD_TC(tp, no_words_at_all);
	return atf_no_error();
}
