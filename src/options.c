/*
 * getopt_long(3) to struct options.
 * Not here: what the options do.
 */
#include <sys/socket.h>

#include <ctype.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "duration.h"
#include "options.h"

enum {
	DRAIN_TIME = 256,
	EXIT_IDLE_TIME,
	INETD,
	PROXY_PROTOCOL,
	SANDBOX,
};

/* The colon asks for ':' where an argument is missing. */
static const char short_options[] = ":b:c:dhi:j:m:o:p:qt:u:Vvw:";

static const struct option long_options[] = {
	{ "backlog", required_argument, NULL, 'b' },
	{ "connect-timeout", required_argument, NULL, 't' },
	{ "connections-max", required_argument, NULL, 'c' },
	{ "daemonize", no_argument, NULL, 'd' },
	{ "drain-time", required_argument, NULL, DRAIN_TIME },
	{ "exit-idle-time", required_argument, NULL, EXIT_IDLE_TIME },
	{ "help", no_argument, NULL, 'h' },
	{ "idle-timeout", required_argument, NULL, 'i' },
	{ "inetd", no_argument, NULL, INETD },
	{ "mode", required_argument, NULL, 'm' },
	{ "owner", required_argument, NULL, 'o' },
	{ "pidfile", required_argument, NULL, 'p' },
	{ "proxy-protocol", required_argument, NULL, PROXY_PROTOCOL },
	{ "quiet", no_argument, NULL, 'q' },
	{ "sandbox", required_argument, NULL, SANDBOX },
	{ "user", required_argument, NULL, 'u' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "wait", required_argument, NULL, 'w' },
	{ "workers", required_argument, NULL, 'j' },
	{ NULL, 0, NULL, 0 },
};

static int wrong(char why[OPTIONS_WHY_SIZE], const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static int
wrong(char why[OPTIONS_WHY_SIZE], const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, OPTIONS_WHY_SIZE, fmt, ap);
	va_end(ap);
	for (; *why != '\0'; why++)
		if (iscntrl((unsigned char)*why))
			*why = '?';
	return -1;
}

static int
parse_count(const char *what, long long min, long long max, long long *n,
    char why[OPTIONS_WHY_SIZE])
{
	const char *bad;

	bad = NULL;
	*n = 0;
	/* strtonum(3) would let a blank and a sign pass. */
	if (optarg[0] == '\0' || optarg[strspn(optarg, "0123456789")] != '\0')
		bad = "invalid";
	else
		*n = strtonum(optarg, min, max, &bad);
	if (bad != NULL)
		return wrong(why, "%s: %.300s: %s", what, optarg, bad);
	return 0;
}

static int
parse_workers(struct options *o, char why[OPTIONS_WHY_SIZE])
{
	long long n;

	n = 0;
	if (strcmp(optarg, "auto") != 0 &&
	    parse_count("--workers", 1, OPTIONS_WORKERS_MAX, &n, why) == -1)
		return -1;
	o->workers = (size_t)n;
	return 0;
}

static int
parse_mode(struct options *o, char why[OPTIONS_WHY_SIZE])
{
	size_t length;

	length = strlen(optarg);
	if (length == 0 || length > 4 || optarg[strspn(optarg, "01234567")])
		return wrong(why, "--mode: %.300s: not an octal mode", optarg);
	o->mode = (mode_t)strtoul(optarg, NULL, 8);
	o->has_mode = true;
	if (o->mode > 0777)
		return wrong(why, "--mode: %s: above 0777", optarg);
	return 0;
}

static int
parse_time(const char *what, uint64_t *ms, char why[OPTIONS_WHY_SIZE])
{
	if (duration_parse(optarg, ms) == -1)
		return wrong(why, "%s: %.300s: not a time", what, optarg);
	return 0;
}

static int
parse_timeout(const char *what, uint64_t *ms, char why[OPTIONS_WHY_SIZE])
{
	if (parse_time(what, ms, why) == -1)
		return -1;
	return *ms > 0
	    ? 0
	    : wrong(why, "%s: %.300s: must be above 0", what, optarg);
}

static int
parse_word(const char *what, const char *const words[], int *index,
    char why[OPTIONS_WHY_SIZE])
{
	for (*index = 0; words[*index] != NULL; (*index)++)
		if (strcmp(words[*index], optarg) == 0)
			return 0;
	return wrong(why, "%s: %.300s: unknown", what, optarg);
}

static int
parse_sandbox(struct options *o, char why[OPTIONS_WHY_SIZE])
{
	static const char *const words[] = { "auto", "require", "off", NULL };
	int index;

	if (parse_word("--sandbox", words, &index, why) == -1)
		return -1;
	o->sandbox = (enum options_sandbox)index;
	return 0;
}

static int
parse_proxy_protocol(struct options *o, char why[OPTIONS_WHY_SIZE])
{
	static const char *const words[] = { "v1", "v2", NULL };
	int index;

	if (parse_word("--proxy-protocol", words, &index, why) == -1)
		return -1;
	o->proxy_header = index == 0 ? PROXY_HEADER_V1 : PROXY_HEADER_V2;
	return 0;
}

static int
parse_user(const char *what, const char **user, char why[OPTIONS_WHY_SIZE])
{
	if (*optarg == '\0' || *optarg == ':')
		return wrong(why, "%s: %.300s: user missing", what, optarg);
	*user = optarg;
	return 0;
}

static int
parse_option(struct options *o, int c, char why[OPTIONS_WHY_SIZE])
{
	long long n;

	switch (c) {
	case 'b':
		if (parse_count("--backlog", 1, INT_MAX, &n, why) == -1)
			return -1;
		o->backlog = (int)n;
		return 0;
	case 'c':
		if (parse_count("--connections-max", 0, INT_MAX, &n, why) == -1)
			return -1;
		o->connections_max = (size_t)n;
		o->has_connections_max = true;
		return 0;
	case 'j':
		return parse_workers(o, why);
	case 'm':
		return parse_mode(o, why);
	case 'o':
		return parse_user("--owner", &o->owner, why);
	case 'u':
		return parse_user("--user", &o->user, why);
	case SANDBOX:
		return parse_sandbox(o, why);
	case PROXY_PROTOCOL:
		return parse_proxy_protocol(o, why);
	case EXIT_IDLE_TIME:
		return parse_timeout(
		    "--exit-idle-time", &o->exit_idle_time, why);
	case INETD:
		o->inetd = true;
		return 0;
	case 'd':
		o->daemonize = true;
		return 0;
	case 'p':
		o->pidfile = optarg;
		return *optarg != '\0' ? 0
		                       : wrong(why, "--pidfile: path missing");
	case 't':
		return parse_timeout(
		    "--connect-timeout", &o->connect_timeout, why);
	case 'w':
		return parse_time("--wait", &o->wait, why);
	case 'i':
		return parse_timeout("--idle-timeout", &o->idle_timeout, why);
	case DRAIN_TIME:
		return parse_time("--drain-time", &o->drain_time, why);
	case 'v':
		o->threshold = LOG_INFO;
		return 0;
	case 'q':
		o->threshold = LOG_ERR;
		return 0;
	default:
		o->action = c == 'h' ? OPTIONS_HELP : OPTIONS_VERSION;
		return 0;
	}
}

static bool
is_known(int c)
{
	const struct option *o;

	for (o = long_options; o->name != NULL; o++)
		if (o->val == c)
			return true;
	return false;
}

/*
 * getopt_long(3) leaves the culprit in optopt, and a long option just before
 * optind.  Inside a cluster of short ones, another word may stand there; on
 * musl none, if what is missing is the argument of the last one.
 */
static int
explain(char *argv[], char why[OPTIONS_WHY_SIZE])
{
	const char *word;

	word = argv[optind - 1];
	if (optopt == 0)
		return wrong(why, "%.300s: unknown option", word);
	if (!is_known(optopt))
		return wrong(why, "-%c: unknown option",
		    isprint((unsigned char)optopt) ? optopt : '?');
	if (word == NULL || strncmp(word, "--", 2) != 0)
		return wrong(why, "-%c: argument missing", optopt);
	if (strchr(word, '=') != NULL)
		return wrong(why, "%.300s: takes no argument", word);
	return wrong(why, "%.300s: argument missing", word);
}

static int
parse_address(struct address *a, const char *text, char why[OPTIONS_WHY_SIZE])
{
	const char *bad;

	bad = address_parse(a, text);
	if (bad != NULL)
		return wrong(
		    why, "%.300s: %s", *text != '\0' ? text : "\"\"", bad);
	return 0;
}

static bool
is_bare_host(const struct options *o, const char *text)
{
	return !o->has_listen && strpbrk(text, ":/") == NULL && *text != '@' &&
	    *text != '\0' && strlen(text) <= ADDRESS_HOST_MAX;
}

/* As systemd-socket-proxyd(8): for TARGET alone, the port may be missing. */
static int
parse_target(struct options *o, const char *text, char why[OPTIONS_WHY_SIZE])
{
	char with_port[ADDRESS_HOST_MAX + sizeof(":80")];

	if (is_bare_host(o, text)) {
		snprintf(with_port, sizeof(with_port), "%s:80", text);
		text = with_port;
	}
	if (parse_address(&o->target, text, why) == -1)
		return -1;
	if (o->target.kind != ADDRESS_HOST)
		return 0;
	if (o->target.host[0] == '\0')
		return wrong(why, "%s: a target needs a host", text);
	if (o->target.port[strspn(o->target.port, "0")] == '\0')
		return wrong(why, "%s: a target needs a port above 0", text);
	return 0;
}

static int
parse_operands(
    struct options *o, int n, char *operands[], char why[OPTIONS_WHY_SIZE])
{
	if (n == 0)
		return wrong(why, "LISTEN and TARGET missing");
	if (n > 2)
		return wrong(why, "%.300s: one argument too many", operands[2]);
	if (o->daemonize && o->inetd)
		return wrong(why, "--daemonize: not with --inetd");
	o->has_listen = n == 2;
	if (o->has_listen && parse_address(&o->listen, operands[0], why) == -1)
		return -1;
	if (!o->has_listen || o->listen.kind != ADDRESS_PATH) {
		if (o->has_mode)
			return wrong(why, "--mode: only for a path as LISTEN");
		if (o->owner != NULL)
			return wrong(why, "--owner: only for a path as LISTEN");
	}
	return parse_target(o, operands[n - 1], why);
}

static void
set_defaults(struct options *o)
{
	*o = (struct options) {
		.action = OPTIONS_RUN,
		/* Above any system's maximum, which then applies. */
		.backlog = INT_MAX,
		.connect_timeout = 10000,
		.idle_timeout = DURATION_INFINITY,
		.drain_time = 5000,
		.exit_idle_time = DURATION_INFINITY,
		.threshold = LOG_NOTICE,
		.workers = 1,
	};
}

int
options_parse(
    struct options *o, int argc, char *argv[], char why[OPTIONS_WHY_SIZE])
{
	int c, n;

	set_defaults(o);
	opterr = 0;
	optind = 0; /* start afresh, in every getopt_long */
	for (;;) {
		optopt = 0;
		c = getopt_long(argc, argv, short_options, long_options, NULL);
		if (c == -1)
			break;
		if (c == '?' || c == ':')
			return explain(argv, why);
		if (parse_option(o, c, why) == -1)
			return -1;
		if (o->action != OPTIONS_RUN)
			return 0;
	}
	/* Not even a name: optind is 1 on musl. */
	n = optind < argc ? argc - optind : 0;
	return parse_operands(o, n, argv + argc - n, why);
}
