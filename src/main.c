/*
 * The order of set-up.
 * Not here: logic of any kind.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "activation.h"
#include "daemon.h"
#include "event.h"
#include "log.h"
#include "manager.h"
#include "options.h"
#include "pidfile.h"
#include "privdrop.h"
#include "relay.h"
#include "sandbox.h"

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

static void
tell_sandbox(const struct sandbox *s, enum options_sandbox mode)
{
	if (s->missing[0] == '\0')
		log_write(LOG_NOTICE, "sandbox: %s", s->enforced);
	else if (mode == OPTIONS_SANDBOX_REQUIRE)
		fail(EX_UNAVAILABLE, "--sandbox=require: missing", s->missing);
	else
		log_write(LOG_NOTICE, "sandbox: %s; not enforced: %s",
		    s->enforced[0] != '\0' ? s->enforced : "nothing",
		    s->missing);
}

/* What has to be opened is open: give up root, lock the door. */
static void
confine(const struct options *o, const struct relay *relay,
    const struct privdrop *privdrop, const struct pidfile *pidfile)
{
	struct sandbox_needs needs = { .directories = { -1, -1 } };
	struct sandbox sandbox;

	relay_needs(relay, &needs);
	needs.directories[1] = pidfile->directory;
	needs.removed[1] = o->pidfile;
	if (o->daemonize) {
		log_to_syslog();
		daemon_detach();
	}
	if (o->sandbox != OPTIONS_SANDBOX_OFF &&
	    sandbox_prepare(&sandbox, &needs) == -1)
		fail(EX_OSERR, "sandbox", strerror(errno));
	if (!privdrop->wanted && geteuid() == 0)
		log_write(LOG_WARNING, "running as root; see --user");
	if (privdrop_apply(privdrop) == -1)
		fail(EX_OSERR, o->user, strerror(errno));
	if (o->sandbox == OPTIONS_SANDBOX_OFF)
		return;
	if (sandbox_enter(&sandbox) == -1)
		fail(EX_OSERR, "sandbox", strerror(errno));
	tell_sandbox(&sandbox, o->sandbox);
}

int
main(int argc, char *argv[])
{
	struct options o;
	struct privdrop privdrop;
	struct activation activation;
	struct manager manager;
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
	        privdrop.wanted ? &privdrop.user : NULL, &status) == 0) {
		confine(&o, relay, &privdrop, &pidfile);
		if (pidfile.fd != -1 && pidfile_store(&pidfile) == -1)
			log_write(
			    LOG_ERR, "%s: %s", o.pidfile, strerror(errno));
		manager_ready(&manager);
		daemon_ready();
		status = relay_run(relay);
	}
	relay_destroy(relay);
	if (pidfile.fd != -1 && pidfile_unlink(&pidfile) == -1)
		log_write(LOG_INFO, "%s: not removed: %s", o.pidfile,
		    strerror(errno));
	free(activation.fds);
	return status;
}
