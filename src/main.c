/*
 * The order of set-up.
 * Not here: logic of any kind.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "event.h"
#include "log.h"
#include "options.h"
#include "relay.h"

static int
usage(const char *why)
{
	log_write(LOG_ERR, "%s (see --help)", why);
	return EX_USAGE;
}

static int
serve(const struct options *options)
{
	struct relay *relay;
	int status;

	relay = relay_create(options, &status);
	if (relay == NULL)
		return status;
	if (relay_listen(relay, &status) == 0)
		status = relay_run(relay);
	relay_destroy(relay);
	return status;
}

int
main(int argc, char *argv[])
{
	struct options options;
	char why[OPTIONS_WHY_SIZE];

	log_open();
	if (options_parse(&options, argc, argv, why) == -1)
		return usage(why);
	if (options.action == OPTIONS_HELP) {
		options_help(stdout);
		return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
	}
	if (options.action == OPTIONS_VERSION) {
		printf("simpletcpunixrelay %s (%s)\n", VERSION,
		    event_backend_name);
		return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
	}
	log_set_threshold(options.threshold);
	if (!options.has_listen)
		return usage("no listening socket was handed over");
	return serve(&options);
}
