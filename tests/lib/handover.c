/*
 * A service manager that hands sockets over: it binds, listens, and becomes
 * the command, or starts it whenever a client waits.
 * Not here: what the command does with the sockets (activation_test.sh).
 *
 * handover [-dfin] [-a FILE] [-p PID] [-r FILE] ADDRESS... -- COMMAND...
 *	-a FILE	write the addresses that were bound, one a line
 *	-d	datagram sockets
 *	-f	/dev/null instead of a socket
 *	-i	on descriptor 0 as inetd(8) does, not by LISTEN_FDS
 *	-n	do not listen
 *	-p PID	LISTEN_PID, instead of the command's own
 *	-r FILE	stay, start the command whenever a client waits and none
 *		runs, and write its process id to FILE; SIGTERM ends both
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "resolver.h"

#define FIRST 3
#define MOST 8

struct manager {
	const char *address_file;
	const char *listen_pid;
	const char *pid_file;
	int type;
	bool no_listen;
	bool no_socket;
	bool inetd;
	size_t n;
	int fds[MOST];
};

static volatile sig_atomic_t child;

static int
open_socket(const struct manager *m, const char *text)
{
	struct address address;
	struct endpoints e;
	const char *why;
	int fd, status;

	if (m->no_socket)
		return open("/dev/null", O_RDWR);
	why = address_parse(&address, text);
	if (why == NULL)
		why = resolver_lookup(&address, true, &e, &status);
	if (why != NULL)
		errx(1, "%s: %s", text, why);
	fd = socket(e.list[0].addr.ss_family, m->type, 0);
	if (fd == -1 ||
	    bind(fd, (struct sockaddr *)&e.list[0].addr, e.list[0].length) ==
	        -1)
		err(1, "%s", text);
	if (!m->no_listen && m->type == SOCK_STREAM && listen(fd, 1024) == -1)
		err(1, "listen");
	free(e.list);
	return fd;
}

/* The file appears under its name only when it is whole. */
static FILE *
create(const char *path, char temporary[static 4096])
{
	FILE *f;

	snprintf(temporary, 4096, "%s.new", path);
	f = fopen(temporary, "we");
	if (f == NULL)
		err(1, "%s", temporary);
	return f;
}

static void
finish(FILE *f, const char *path, const char *temporary)
{
	if (fclose(f) != 0 || rename(temporary, path) == -1)
		err(1, "%s", path);
}

static void
write_addresses(const struct manager *m)
{
	char text[ADDRESS_TEXT_SIZE], temporary[4096];
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	socklen_t length;
	size_t i;
	FILE *f;

	if (m->address_file == NULL)
		return;
	f = create(m->address_file, temporary);
	for (i = 0; i < m->n; i++) {
		length = sizeof(ss);
		if (getsockname(m->fds[i], (struct sockaddr *)&ss, &length) ==
		    -1)
			length = 0;
		address_socket_text((struct sockaddr *)&ss, length, text);
		fprintf(f, "%s\n", text);
	}
	finish(f, m->address_file, temporary);
}

/* Above the places where they are wanted, so that none is in the way. */
static int
move_up(int fd)
{
	int up;

	up = fcntl(fd, F_DUPFD_CLOEXEC, FIRST + MOST);
	if (up == -1)
		err(1, "fcntl");
	close(fd);
	return up;
}

static _Noreturn void
become(const struct manager *m, char *command[])
{
	char number[32];
	size_t i;
	int at;

	at = m->inetd ? STDIN_FILENO : FIRST;
	for (i = 0; i < m->n; i++)
		if (dup2(m->fds[i], at + (int)i) == -1)
			err(1, "dup2");
	if (!m->inetd) {
		snprintf(number, sizeof(number), "%zu", m->n);
		setenv("LISTEN_FDS", number, 1);
		snprintf(number, sizeof(number), "%ld", (long)getpid());
		setenv("LISTEN_PID",
		    m->listen_pid != NULL ? m->listen_pid : number, 1);
	}
	execvp(command[0], command);
	err(127, "%s", command[0]);
}

static void
on_terminate(int signo)
{
	int status;

	status = 0;
	if (child > 0) {
		kill((pid_t)child, signo);
		while (
		    waitpid((pid_t)child, &status, 0) == -1 && errno == EINTR)
			continue;
	}
	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	/* It had just been started; a service manager takes that as clean. */
	_exit(WTERMSIG(status) == signo ? 0 : 1);
}

static void
write_pid(const struct manager *m, pid_t pid)
{
	char temporary[4096];
	FILE *f;

	f = create(m->pid_file, temporary);
	fprintf(f, "%ld\n", (long)pid);
	finish(f, m->pid_file, temporary);
}

static void
start(const struct manager *m, char *command[], const sigset_t *term)
{
	pid_t pid;

	sigprocmask(SIG_BLOCK, term, NULL);
	pid = fork();
	if (pid == -1)
		err(1, "fork");
	if (pid == 0) {
		signal(SIGTERM, SIG_DFL);
		sigprocmask(SIG_UNBLOCK, term, NULL);
		become(m, command);
	}
	child = pid;
	sigprocmask(SIG_UNBLOCK, term, NULL);
	write_pid(m, pid);
}

static _Noreturn void
stay(const struct manager *m, char *command[])
{
	struct sigaction action = { .sa_handler = on_terminate };
	struct pollfd p[MOST];
	sigset_t term;
	size_t i;
	int status;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigaction(SIGTERM, &action, NULL);
	for (i = 0; i < m->n; i++)
		p[i] = (struct pollfd) { .fd = m->fds[i], .events = POLLIN };
	for (;;) {
		if (poll(p, (nfds_t)m->n, -1) == -1)
			err(1, "poll");
		start(m, command, &term);
		if (waitpid((pid_t)child, &status, 0) == -1)
			err(1, "waitpid");
		child = 0;
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			errx(1, "the command ended with %d", status);
	}
}

static bool
parse_option(struct manager *m, int c)
{
	if (c == 'a')
		m->address_file = optarg;
	else if (c == 'd')
		m->type = SOCK_DGRAM;
	else if (c == 'f')
		m->no_socket = true;
	else if (c == 'i')
		m->inetd = true;
	else if (c == 'n')
		m->no_listen = true;
	else if (c == 'p')
		m->listen_pid = optarg;
	else if (c == 'r')
		m->pid_file = optarg;
	else
		return false;
	return true;
}

int
main(int argc, char *argv[])
{
	struct manager m = { .type = SOCK_STREAM };
	int c;

	while ((c = getopt(argc, argv, "+a:dfinp:r:")) != -1)
		if (!parse_option(&m, c))
			return 2;
	argv += optind;
	for (; *argv != NULL && strcmp(*argv, "--") != 0; argv++) {
		if (m.n == MOST)
			errx(2, "too many addresses");
		m.fds[m.n++] = move_up(open_socket(&m, *argv));
	}
	if (m.n == 0 || argv[0] == NULL || argv[1] == NULL)
		errx(2, "usage: see the top of handover.c");
	write_addresses(&m);
	if (m.pid_file == NULL)
		become(&m, argv + 1);
	stay(&m, argv + 1);
}
