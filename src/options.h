/*
 * The command line as values.
 * Not here: opening or looking up what it names.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "address.h"
#include "proxy_header.h"

enum options_action {
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_VERSION,
};

enum options_sandbox {
	OPTIONS_SANDBOX_AUTO,    /* as strong as the system allows */
	OPTIONS_SANDBOX_REQUIRE, /* or not at all */
	OPTIONS_SANDBOX_OFF,
};

/* Times are milliseconds, DURATION_INFINITY for none. */
struct options {
	enum options_action action;
	bool has_listen; /* else the listening sockets are handed over */
	struct address listen;
	struct address target;
	bool has_mode; /* else 0666 less the umask */
	mode_t mode;
	const char *owner; /* USER[:GROUP] in argv, or NULL */
	int backlog;       /* as listen(2) takes it */
	/* 0: as many as descriptors allow; has_: given on the command line */
	bool has_connections_max;
	size_t connections_max;
	uint64_t connect_timeout;
	uint64_t wait;
	uint64_t idle_timeout;
	uint64_t drain_time;
	int threshold;    /* of log_set_threshold() */
	const char *user; /* USER[:GROUP] in argv, or NULL: stay who we are */
	enum options_sandbox sandbox;
	bool inetd;
	size_t workers; /* 0: as many as processors */
	uint64_t exit_idle_time;
	enum proxy_header_version proxy_header;
	bool daemonize;
	const char *pidfile; /* in argv, or NULL */
};

/* As many as --workers takes. */
#define OPTIONS_WORKERS_MAX 256

#define OPTIONS_WHY_SIZE 512

/*
 * Parse a command line as the manual describes it.  Returns 0, or -1 with
 * one line in why, without a newline.
 */
int options_parse(
    struct options *, int argc, char *argv[], char why[OPTIONS_WHY_SIZE]);

/* Write what --help shows. */
void options_help(FILE *);

/*
 * Answer what OPTIONS_HELP or OPTIONS_VERSION ask for.  Returns 0, or -1 and
 * errno when it could not be written.
 */
int options_answer(const struct options *, FILE *);

#endif
