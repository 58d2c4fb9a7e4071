/*
 * Tests of options.h.
 * Not here: forms of an address (address_test.c) or time (duration_test.c).
 */
#include <atf-c.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "duration.h"
#include "options.h"
#include "os.h"
#include "unit.h"

#define WORDS 16

/* getopt_long(3) may put the words in another order: a copy each time. */
static int
parse(struct options *o, char why[], const char *const words[])
{
	static char copies[WORDS][1024] = { "relay" };
	char *argv[WORDS + 2];
	int argc;

	argv[0] = copies[0];
	for (argc = 1; words[argc - 1] != NULL; argc++) {
		ATF_REQUIRE(argc < WORDS);
		strlcpy(copies[argc], words[argc - 1], sizeof(copies[argc]));
		argv[argc] = copies[argc];
	}
	argv[argc] = NULL;
	memset(o, 0x55, sizeof(*o));
	memset(why, 0, OPTIONS_WHY_SIZE);
	argc = options_parse(o, argc, argv, why);
	ATF_CHECK(memchr(why, '\0', OPTIONS_WHY_SIZE) != NULL);
	return argc;
}

#define WORDS_OF(...) ((const char *const[]) { __VA_ARGS__, NULL })
#define GOOD(o, ...) good(o, WORDS_OF(__VA_ARGS__))
#define BAD(expected, ...) bad(expected, WORDS_OF(__VA_ARGS__))

static void
good(struct options *o, const char *const words[])
{
	char why[OPTIONS_WHY_SIZE];

	ATF_REQUIRE_EQ_MSG(
	    0, parse(o, why, words), "%s ...: %s", words[0], why);
	ATF_CHECK_STREQ("", why);
}

static void
bad(const char *expected, const char *const words[])
{
	char why[OPTIONS_WHY_SIZE];
	struct options o;

	ATF_CHECK_EQ_MSG(
	    -1, parse(&o, why, words), "no \"%s\": %s", expected, words[0]);
	ATF_CHECK_STREQ(expected, why);
	ATF_CHECK_MSG(strpbrk(why, "\r\n") == NULL, "more than one line");
}

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
}

static bool
has_backlog(const struct options *o)
{
	return o->backlog == 7;
}

static bool
has_connections_max(const struct options *o)
{
	return o->has_connections_max && o->connections_max == 7;
}

static bool
has_connect_timeout(const struct options *o)
{
	return o->connect_timeout == 7000;
}

static bool
has_wait(const struct options *o)
{
	return o->wait == 7000;
}

static bool
has_idle_timeout(const struct options *o)
{
	return o->idle_timeout == 7000;
}

static bool
has_drain_time(const struct options *o)
{
	return o->drain_time == 7000;
}

static bool
has_mode(const struct options *o)
{
	return o->has_mode && o->mode == 07;
}

static bool
has_owner(const struct options *o)
{
	return o->owner != NULL && strcmp(o->owner, "7") == 0;
}

/* Every option with an argument; the value is 7 for each. */
static const struct {
	const char *name;
	const char *letter;
	const char *abbreviated;
	bool (*is_set)(const struct options *);
} valued[] = {
	{ "--backlog", "-b", "--b", has_backlog },
	{ "--connections-max", "-c", "--connections", has_connections_max },
	{ "--connect-timeout", "-t", "--connect-", has_connect_timeout },
	{ "--wait", "-w", "--w", has_wait },
	{ "--idle-timeout", "-i", "--idle", has_idle_timeout },
	{ "--drain-time", NULL, "--dr", has_drain_time },
	{ "--mode", "-m", "--m", has_mode },
	{ "--owner", "-o", "--own", has_owner },
};

static void
check_words(size_t i, const char *const words[])
{
	struct options o;

	good(&o, words);
	ATF_CHECK_MSG(valued[i].is_set(&o), "%s %s not set, %s", words[0],
	    words[1], valued[i].name);
	ATF_CHECK_STREQ("./s", o.listen.path);
	ATF_CHECK_STREQ("a", o.target.host);
}

static void
check_name(size_t i, const char *name)
{
	char joined[64];

	check_words(i, WORDS_OF(name, "7", "./s", "a:1"));
	check_words(i, WORDS_OF("./s", name, "7", "a:1"));
	check_words(i, WORDS_OF("./s", "a:1", name, "7"));
	snprintf(
	    joined, sizeof(joined), "%s%s7", name, name[1] == '-' ? "=" : "");
	check_words(i, WORDS_OF(joined, "./s", "a:1"));
	check_words(i, WORDS_OF("./s", "a:1", joined));
}

ATF_TC_WITHOUT_HEAD(long_and_short);
ATF_TC_BODY(long_and_short, tc)
{
	size_t i;

	for (i = 0; i < UNIT_LENGTH(valued); i++) {
		check_name(i, valued[i].name);
		check_name(i, valued[i].abbreviated);
		if (valued[i].letter != NULL)
			check_name(i, valued[i].letter);
	}
}

ATF_TC_WITHOUT_HEAD(last_one_wins);
ATF_TC_BODY(last_one_wins, tc)
{
	struct options o;

	GOOD(&o, "-b1", "--backlog=2", "./s", "-b", "3", "a:1");
	ATF_CHECK_EQ(3, o.backlog);
	GOOD(&o, "-c1", "-c0", "./s", "a:1");
	ATF_CHECK(o.has_connections_max);
	ATF_CHECK_EQ(0, o.connections_max);
	GOOD(&o, "-t1", "-t2", "-w3", "-w4", "-i5", "-i6", "--drain-time=7",
	    "--drain-time=8", "./s", "a:1");
	ATF_CHECK_EQ(2000, o.connect_timeout);
	ATF_CHECK_EQ(4000, o.wait);
	ATF_CHECK_EQ(6000, o.idle_timeout);
	ATF_CHECK_EQ(8000, o.drain_time);
	GOOD(&o, "-i5", "-i", "infinity", "./s", "a:1");
	ATF_CHECK_EQ(DURATION_INFINITY, o.idle_timeout);
	GOOD(&o, "-m600", "-m0660", "-oroot", "-onobody:1", "./s", "a:1");
	ATF_CHECK_EQ(0660, o.mode);
	ATF_CHECK_STREQ("nobody:1", o.owner);
	GOOD(&o, "-q", "-v", "./s", "a:1");
	ATF_CHECK_EQ(LOG_INFO, o.threshold);
	GOOD(&o, "-v", "-q", "./s", "a:1");
	ATF_CHECK_EQ(LOG_ERR, o.threshold);
}

ATF_TC_WITHOUT_HEAD(flags);
ATF_TC_BODY(flags, tc)
{
	struct options o;

	GOOD(&o, "--verbose", "./s", "a:1");
	ATF_CHECK_EQ(LOG_INFO, o.threshold);
	GOOD(&o, "--quiet", "./s", "a:1");
	ATF_CHECK_EQ(LOG_ERR, o.threshold);
	GOOD(&o, "--verb", "--q", "./s", "a:1");
	ATF_CHECK_EQ(LOG_ERR, o.threshold);
	GOOD(&o, "-vq", "./s", "a:1");
	ATF_CHECK_EQ(LOG_ERR, o.threshold);
	GOOD(&o, "-qv", "./s", "a:1");
	ATF_CHECK_EQ(LOG_INFO, o.threshold);
	GOOD(&o, "-vqb5", "./s", "a:1");
	ATF_CHECK_EQ(5, o.backlog);
	GOOD(&o, "./s", "-qvb", "6", "a:1");
	ATF_CHECK_EQ(6, o.backlog);
	ATF_CHECK_EQ(LOG_INFO, o.threshold);
	ATF_CHECK_EQ(OPTIONS_RUN, o.action);
}

ATF_TC_WITHOUT_HEAD(help_and_version_win);
ATF_TC_BODY(help_and_version_win, tc)
{
	struct options o;

	GOOD(&o, "-h");
	ATF_CHECK_EQ(OPTIONS_HELP, o.action);
	GOOD(&o, "--help");
	ATF_CHECK_EQ(OPTIONS_HELP, o.action);
	GOOD(&o, "--he", "--nonsense", "a");
	ATF_CHECK_EQ(OPTIONS_HELP, o.action);
	GOOD(&o, "-V");
	ATF_CHECK_EQ(OPTIONS_VERSION, o.action);
	GOOD(&o, "--version");
	ATF_CHECK_EQ(OPTIONS_VERSION, o.action);
	GOOD(&o, "--vers", "-m", "9");
	ATF_CHECK_EQ(OPTIONS_VERSION, o.action);
	GOOD(&o, "-vhX");
	ATF_CHECK_EQ(OPTIONS_HELP, o.action);
	GOOD(&o, "-h", "-V");
	ATF_CHECK_EQ(OPTIONS_HELP, o.action);
	GOOD(&o, "-V", "-h");
	ATF_CHECK_EQ(OPTIONS_VERSION, o.action);
	GOOD(&o, "a", "b", "c", "d", "-h");
	ATF_CHECK_EQ(OPTIONS_HELP, o.action);
	BAD("-X: unknown option", "-X", "-h");
	BAD("--mode: 9: not an octal mode", "-m", "9", "--help");
}

ATF_TC_WITHOUT_HEAD(help_text);
ATF_TC_BODY(help_text, tc)
{
	char text[8192];
	size_t i, n;
	FILE *f;

	f = tmpfile();
	ATF_REQUIRE(f != NULL);
	options_help(f);
	rewind(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	ATF_CHECK_EQ(0, strncmp(text, "usage: ", 7));
	ATF_CHECK_EQ('\n', text[n - 1]);
	for (i = 0; i < UNIT_LENGTH(valued); i++)
		ATF_CHECK_MSG(strstr(text, valued[i].name) != NULL,
		    "%s not explained", valued[i].name);
	ATF_CHECK(strstr(text, "-v, --verbose") != NULL);
	ATF_CHECK(strstr(text, "-q, --quiet") != NULL);
	ATF_CHECK(strstr(text, "-h, --help") != NULL);
	ATF_CHECK(strstr(text, "-V, --version") != NULL);
	for (n = 0; text[n] != '\0'; n += i + 1) {
		i = strcspn(text + n, "\n");
		ATF_CHECK_MSG(i <= 80, "%zu columns: %s", i, text + n);
	}
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

ATF_TC_WITHOUT_HEAD(missing_arguments);
ATF_TC_BODY(missing_arguments, tc)
{
	char expected[64];
	size_t i;

	for (i = 0; i < UNIT_LENGTH(valued); i++) {
		snprintf(expected, sizeof(expected), "%s: argument missing",
		    valued[i].name);
		BAD(expected, valued[i].name);
		BAD(expected, "./s", "a:1", "--quiet", valued[i].name);
		if (valued[i].letter == NULL)
			continue;
		snprintf(expected, sizeof(expected), "%s: argument missing",
		    valued[i].letter);
		BAD(expected, valued[i].letter);
		BAD(expected, "--wait=1", "./s", valued[i].letter);
	}
	BAD("-b: argument missing", "--quiet", "-vqb");
	BAD("--dr: argument missing", "./s", "--dr");
}

ATF_TC_WITHOUT_HEAD(unknown_options);
ATF_TC_BODY(unknown_options, tc)
{
	BAD("-x: unknown option", "-x", "./s", "a:1");
	BAD("-x: unknown option", "./s", "a:1", "-x");
	BAD("-x: unknown option", "-vx", "./s", "a:1");
	BAD("-x: unknown option", "-xv", "./s", "a:1");
	BAD("-x: unknown option", "--quiet", "-xv", "./s", "a:1");
	BAD("-x: unknown option", "--backlog=5", "-vxq", "./s", "a:1");
	BAD("-1: unknown option", "-1", "./s", "a:1");
	BAD("-=: unknown option", "-=", "./s", "a:1");
	BAD("-:: unknown option", "-:", "./s", "a:1");
	BAD("-?: unknown option", "-?", "./s", "a:1");
	BAD("-W: unknown option", "-W", "mode=0", "./s", "a:1");
	BAD("-?: unknown option", "--quiet", "-\303\251", "./s", "a:1");
	BAD("-?: unknown option", "--wait=1", "-\nv", "./s", "a:1");
	BAD("--nonsense: unknown option", "--nonsense", "./s", "a:1");
	BAD("--nonsense=1: unknown option", "--nonsense=1", "./s", "a:1");
	BAD("--nonsense: unknown option", "-v", "./s", "--nonsense", "a:1");
	BAD("--Mode: unknown option", "--Mode", "600", "./s", "a:1");
	BAD("--modes: unknown option", "--modes", "600", "./s", "a:1");
	BAD("---: unknown option", "---", "./s", "a:1");
	BAD("--non?sense: unknown option", "--non\nsense", "./s", "a:1");
}

/* An abbreviation that more than one option begins with is none. */
ATF_TC_WITHOUT_HEAD(ambiguous_options);
ATF_TC_BODY(ambiguous_options, tc)
{
	BAD("--ver: unknown option", "--ver", "./s", "a:1");
	BAD("--connect: unknown option", "--connect", "1", "./s", "a:1");
	BAD("--c=1: unknown option", "--c=1", "./s", "a:1");
}

ATF_TC_WITHOUT_HEAD(arguments_to_flags);
ATF_TC_BODY(arguments_to_flags, tc)
{
	BAD("--quiet=1: takes no argument", "--quiet=1", "./s", "a:1");
	BAD("--verbose=: takes no argument", "./s", "--verbose=", "a:1");
	BAD("--help=me: takes no argument", "--help=me");
	BAD("--version=2: takes no argument", "-v", "--version=2", "./s");
	BAD("--q=x: takes no argument", "--q=x", "./s", "a:1");
	BAD("--quiet=a?b: takes no argument", "--quiet=a\nb", "./s", "a:1");
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

ATF_TC_WITHOUT_HEAD(double_dash);
ATF_TC_BODY(double_dash, tc)
{
	struct options o;

	GOOD(&o, "-v", "--", "./s", "a:1");
	ATF_CHECK_EQ(LOG_INFO, o.threshold);
	ATF_CHECK_STREQ("./s", o.listen.path);
	GOOD(&o, "--", "-d/s", "a:1");
	ATF_CHECK_STREQ("-d/s", o.listen.path);
	GOOD(&o, "./s", "--", "-d/t");
	ATF_CHECK_STREQ("./s", o.listen.path);
	ATF_CHECK_STREQ("-d/t", o.target.path);
	GOOD(&o, "--", "--mode/s");
	ATF_CHECK_STREQ("--mode/s", o.target.path);
	BAD("-q: neither HOST:PORT nor a path with a slash", "--", "-q", "a:1");
	BAD("--: one argument too many", "--", "./s", "a:1", "--");
	BAD("--backlog: --: invalid", "-b", "--", "./s", "a:1");
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
	ATF_TP_ADD_TC(tp, long_and_short);
	ATF_TP_ADD_TC(tp, last_one_wins);
	ATF_TP_ADD_TC(tp, flags);
	ATF_TP_ADD_TC(tp, help_and_version_win);
	ATF_TP_ADD_TC(tp, help_text);
	ATF_TP_ADD_TC(tp, bad_counts);
	ATF_TP_ADD_TC(tp, bad_modes_and_owners);
	ATF_TP_ADD_TC(tp, bad_times);
	ATF_TP_ADD_TC(tp, missing_arguments);
	ATF_TP_ADD_TC(tp, unknown_options);
	ATF_TP_ADD_TC(tp, ambiguous_options);
	ATF_TP_ADD_TC(tp, arguments_to_flags);
	ATF_TP_ADD_TC(tp, operands);
	ATF_TP_ADD_TC(tp, double_dash);
	ATF_TP_ADD_TC(tp, mode_and_owner_need_path);
	ATF_TP_ADD_TC(tp, bad_targets);
	ATF_TP_ADD_TC(tp, long_culprits);
	ATF_TP_ADD_TC(tp, no_words_at_all);
	return atf_no_error();
}
