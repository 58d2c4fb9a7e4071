/*
 * The order of set-up.
 * Not here: logic of any kind.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "activation.h"
#include "confine.h"
#include "daemon.h"
#include "log.h"
#include "manager.h"
#include "options.h"
#include "pidfile.h"
#include "privdrop.h"
#include "relay.h"

static void
fail(int status, const char *subject, const char *why)
{
	log_write(LOG_ERR, "%s: %s", subject, why);
	exit(status);
}

static void
usage(const char *why)
{
	log_write(LOG_ERR, "%s (see --help)", why);
	exit(EX_USAGE);
}

/* What asks for no more than an answer is answered here. */
static void
parse(struct options *o, int argc, char *argv[])
{
	char why[OPTIONS_WHY_SIZE];

	if (options_parse(o, argc, argv, why) == -1)
		usage(why);
	log_set_threshold(o->threshold);
	if (o->action != OPTIONS_RUN)
		exit(options_answer(o, stdout) == 0 ? EX_OK : EX_IOERR);
}

static void
adopt(struct activation *a, const struct options *o)
{
	const char *why;
	int status;

	if (o->inetd)
		log_to_syslog(); /* standard error is the socket there */
	why =
	    (o->inetd ? activation_adopt_inetd : activation_adopt)(a, &status);
	if (why != NULL)
		fail(status, "sockets handed over", why);
	why = activation_check(a, o->has_listen);
	if (why != NULL)
		usage(why);
}

static void
go_into_background(const struct options *o, struct pidfile *pidfile)
{
	const char *why;
	int status;

	if (o->daemonize && daemon_start() == -1)
		fail(EX_OSERR, "daemonize", strerror(errno));
	why = pidfile_lock(pidfile, o->pidfile, &status);
	if (why != NULL)
		fail(status, o->pidfile, why);
}

/* What has to be opened is open. */
static int
lock_up(const struct options *o, const struct relay *relay,
    const struct privdrop *privdrop, const struct pidfile *pidfile,
    struct sandbox *sandbox)
{
	struct sandbox_needs needs = { .directories = { -1, -1 } };

	relay_needs(relay, &needs);
	needs.directories[1] = pidfile->directory;
	needs.removed[1] = o->pidfile;
	if (o->daemonize) {
		log_to_syslog();
		daemon_detach();
	}
	return confine(o, &needs, privdrop, sandbox);
}

static int
serve(const struct options *o, struct relay *relay, struct manager *manager,
    const struct pidfile *pidfile)
{
	if (pidfile_store(pidfile) == -1) {
		log_write(LOG_ERR, "%s: %s", o->pidfile, strerror(errno));
		return EX_OSERR;
	}
	manager_ready(manager);
	daemon_ready();
	return relay_run(relay);
}

int
main(int argc, char *argv[])
{
	struct options o;
	struct privdrop privdrop;
	struct activation activation;
	struct manager manager;
	struct sandbox sandbox;
	struct pidfile pidfile;
	struct relay *relay;
	const char *why;
	int status;

	log_open();
	parse(&o, argc, argv);
	why = privdrop_look_up(&privdrop, o.user, &status);
	if (why != NULL)
		fail(status, o.user, why);
	adopt(&activation, &o);
	manager_open(&manager);
	go_into_background(&o, &pidfile);
	relay = relay_create(&o, &manager, &privdrop, &status);
	if (relay == NULL) {
		pidfile_unlink(&pidfile);
		return status;
	}
	if (relay_listen(relay, &activation,
	        privdrop.wanted ? &privdrop.user : NULL, &status) == 0)
		status = lock_up(&o, relay, &privdrop, &pidfile, &sandbox);
	/* Threads begin inside, and are the last that do. */
	if (status == EX_OK)
		status = relay_start(relay);
	if (status == EX_OK)
		status = confine_seal(&o, &sandbox);
	if (status == EX_OK)
		status = serve(&o, relay, &manager, &pidfile);
	relay_destroy(relay);
	if (pidfile_unlink(&pidfile) == -1)
		log_write(LOG_INFO, "%s: not removed: %s", o.pidfile,
		    strerror(errno));
	free(activation.fds);
	return status;
}
