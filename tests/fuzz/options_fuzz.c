/*
 * Target: command lines; words of an input end at its NULs.
 * Not here: what the options do; what an address or a time may be.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "duration.h"
#include "fuzz.h"
#include "options.h"

#define WORDS 24

/* A thousand years, the longest that TIME may say. */
#define LONGEST_MS (UINT64_C(1000) * 31556952 * 1000)

struct line {
	int argc;
	char *argv[WORDS + 1];
};

static void
read_line(struct line *l, struct fuzz_input in)
{
	memset(l, 0, sizeof(*l));
	while (in.left > 0 && l->argc < WORDS)
		l->argv[l->argc++] = fuzz_string(&in);
}

static void
free_line(struct line *l)
{
	while (l->argc > 0)
		free(l->argv[--l->argc]);
}

/* In a word of this command line, and not its name. */
static bool
is_within(const struct line *l, const char *text)
{
	int i;

	for (i = 0; i < l->argc; i++)
		if (text >= l->argv[i] &&
		    text <= l->argv[i] + strlen(l->argv[i]))
			return true;
	return false;
}

static bool
is_time(uint64_t ms)
{
	return ms <= LONGEST_MS || ms == DURATION_INFINITY;
}

static void
check_times(const struct options *o)
{
	REQUIRE(is_time(o->connect_timeout) && o->connect_timeout > 0);
	REQUIRE(is_time(o->idle_timeout) && o->idle_timeout > 0);
	REQUIRE(is_time(o->exit_idle_time) && o->exit_idle_time > 0);
	REQUIRE(is_time(o->wait) && is_time(o->drain_time));
}

static void
check_numbers(const struct options *o)
{
	REQUIRE(o->backlog >= 1);
	REQUIRE(o->connections_max <= INT_MAX);
	REQUIRE(o->has_connections_max || o->connections_max == 0);
	REQUIRE(o->workers <= OPTIONS_WORKERS_MAX);
	REQUIRE(o->mode <= 0777 && (o->has_mode || o->mode == 0));
	REQUIRE(o->threshold == LOG_ERR || o->threshold == LOG_NOTICE ||
	    o->threshold == LOG_INFO);
	REQUIRE((int)o->sandbox >= OPTIONS_SANDBOX_AUTO &&
	    o->sandbox <= OPTIONS_SANDBOX_OFF);
	REQUIRE((int)o->proxy_header >= PROXY_HEADER_NONE &&
	    o->proxy_header <= PROXY_HEADER_V2);
}

static void
check_strings(const struct options *o, const struct line *l)
{
	if (o->owner != NULL)
		REQUIRE(is_within(l, o->owner) && *o->owner != '\0' &&
		    *o->owner != ':');
	if (o->user != NULL)
		REQUIRE(is_within(l, o->user) && *o->user != '\0' &&
		    *o->user != ':');
	if (o->pidfile != NULL)
		REQUIRE(is_within(l, o->pidfile) && *o->pidfile != '\0');
}

static void
check_address(const struct address *a)
{
	char text[ADDRESS_TEXT_SIZE];
	struct address again;

	REQUIRE(address_parse(&again, address_text(a, text)) == NULL);
	REQUIRE(memcmp(a, &again, sizeof(again)) == 0);
}

static void
check_addresses(const struct options *o)
{
	const char *port;

	if (o->has_listen)
		check_address(&o->listen);
	if (!o->has_listen || o->listen.kind != ADDRESS_PATH)
		REQUIRE(!o->has_mode && o->owner == NULL);
	check_address(&o->target);
	if (o->target.kind != ADDRESS_HOST)
		return;
	port = o->target.port;
	REQUIRE(o->target.host[0] != '\0');
	REQUIRE(port[strspn(port, "0")] != '\0');
}

static void
check_accepted(const struct options *o, const struct line *l)
{
	check_times(o);
	check_numbers(o);
	check_strings(o, l);
	if (o->action != OPTIONS_RUN) {
		REQUIRE(
		    o->action == OPTIONS_HELP || o->action == OPTIONS_VERSION);
		return;
	}
	REQUIRE(!o->daemonize || !o->inetd);
	check_addresses(o);
}

/* main() ends with EX_USAGE and this as a line. */
static void
check_rejected(const char *why)
{
	size_t length;

	length = strlen(why);
	REQUIRE(length > 0 && !fuzz_has_control(why, length));
}

static int
parse(struct options *o, struct line *l, char why[OPTIONS_WHY_SIZE])
{
	int result;

	memset(o, 0x55, sizeof(*o));
	memset(why, 0, OPTIONS_WHY_SIZE);
	result = options_parse(o, l->argc, l->argv, why);
	REQUIRE(memchr(why, '\0', OPTIONS_WHY_SIZE) != NULL);
	REQUIRE(result == 0 || result == -1);
	return result;
}

/* Nothing is left over in getopt_long(3) from the line before. */
static void
check_same(int first, const char *why, struct fuzz_input in)
{
	char again[OPTIONS_WHY_SIZE];
	struct options o;
	struct line l;

	read_line(&l, in);
	REQUIRE(parse(&o, &l, again) == first);
	REQUIRE(strcmp(why, again) == 0);
	free_line(&l);
}

void
fuzz_prepare(void)
{
	REQUIRE(unsetenv("POSIXLY_CORRECT") == 0);
}

void
fuzz_one(struct fuzz_input *in)
{
	char why[OPTIONS_WHY_SIZE];
	struct options o;
	struct line l;
	int result;

	read_line(&l, *in);
	result = parse(&o, &l, why);
	if (result == 0)
		check_accepted(&o, &l);
	else
		check_rejected(why);
	free_line(&l);
	check_same(result, why, *in);
}
