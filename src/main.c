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
#include "event.h"
#include "log.h"
#include "manager.h"
#include "options.h"
#include "pidfile.h"
#include "privdrop.h"
#include "relay.h"

static int
fault(int status, const char *subject, const char *why)
{
	log_write(LOG_ERR, "%s: %s", subject, why);
	return status;
}

static void
fail(int status, const char *subject, const char *why)
{
	exit(fault(status, subject, why));
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
	if (o->action == OPTIONS_RUN)
		return;
	if (o->action == OPTIONS_HELP)
		options_help(stdout);
	else
		printf("simpletcpunixrelay %s (%s)\n", VERSION,
		    event_backend_name);
	exit(fflush(stdout) == 0 ? EX_OK : EX_IOERR);
}

static void
adopt(struct activation *a, const struct options *o)
{
	const char *why;
	int status;

	if (o->inetd) {
		/* Standard error is the socket there. */
		log_to_syslog();
		why = activation_adopt_inetd(a, &status);
	} else
		why = activation_adopt(a, &status);
	if (why != NULL)
		fail(status, "sockets handed over", why);
	if (a->n > 0 && o->has_listen)
		usage("LISTEN given, but sockets were handed over");
	if (a->n == 0 && !o->has_listen)
		usage("no listening socket was handed over");
}

static void
go_into_background(const struct options *o, struct pidfile *pidfile)
{
	const char *why;
	char running[64];
	pid_t other;
	int status;

	*pidfile = (struct pidfile) { .directory = -1, .fd = -1 };
	if (o->daemonize && daemon_start() == -1)
		fail(EX_OSERR, "daemonize", strerror(errno));
	if (o->pidfile == NULL)
		return;
	other = 0;
	why = pidfile_lock(pidfile, o->pidfile, &other, &status);
	if (why == NULL)
		return;
	snprintf(
	    running, sizeof(running), "%s by process %ld", why, (long)other);
	fail(status, o->pidfile, other > 0 ? running : why);
}

/* What has to be opened is open. */
static int
lock_the_door(const struct options *o, const struct relay *relay,
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

/* Threads begin inside, and are the last that do. */
static int
start_workers(
    const struct options *o, struct relay *relay, struct sandbox *sandbox)
{
	int status;

	status = relay_start(relay);
	return status == EX_OK ? confine_seal(o, sandbox) : status;
}

static int
serve(const struct options *o, struct relay *relay, struct manager *manager,
    const struct pidfile *pidfile)
{
	if (pidfile->fd != -1 && pidfile_store(pidfile) == -1)
		return fault(EX_OSERR, o->pidfile, strerror(errno));
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
	if (relay == NULL)
		return status;
	if (relay_listen(relay, &activation,
	        privdrop.wanted ? &privdrop.user : NULL, &status) == 0)
		status =
		    lock_the_door(&o, relay, &privdrop, &pidfile, &sandbox);
	if (status == EX_OK)
		status = start_workers(&o, relay, &sandbox);
	if (status == EX_OK)
		status = serve(&o, relay, &manager, &pidfile);
	relay_destroy(relay);
	if (pidfile.fd != -1 && pidfile_unlink(&pidfile) == -1)
		log_write(LOG_INFO, "%s: not removed: %s", o.pidfile,
		    strerror(errno));
	free(activation.fds);
	return status;
}
