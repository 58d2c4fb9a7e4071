/*
 * Tests of options.h: how options are written, and the help on them.
 * Not here: what their values may be (options_value_test.c).
 */
#include <atf-c.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "duration.h"
#include "options_fixture.h"
#include "unit.h"

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

static bool
has_workers(const struct options *o)
{
	return o->workers == 7;
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
	{ "--wait", "-w", "--wa", has_wait },
	{ "--workers", "-j", "--wo", has_workers },
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
	BAD("--w: unknown option", "--w", "1", "./s", "a:1");
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

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, long_and_short);
	ATF_TP_ADD_TC(tp, last_one_wins);
	ATF_TP_ADD_TC(tp, flags);
	ATF_TP_ADD_TC(tp, help_and_version_win);
	ATF_TP_ADD_TC(tp, help_text);
	ATF_TP_ADD_TC(tp, missing_arguments);
	ATF_TP_ADD_TC(tp, unknown_options);
	ATF_TP_ADD_TC(tp, ambiguous_options);
	ATF_TP_ADD_TC(tp, arguments_to_flags);
	ATF_TP_ADD_TC(tp, double_dash);
	return atf_no_error();
}
