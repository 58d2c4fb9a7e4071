/*
 * How long a relay takes from its start to its first octets.
 * Not here: any load.
 */
#include <sys/types.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "load.h"
#include "stream.h"

#define PATIENCE 20.0 /* seconds */
#define PAUSE 20000   /* nanoseconds between two attempts */

static bool
echoes(const struct place *place)
{
	struct request request = { .kind = REQUEST_ECHO }, answer;
	bool right;
	int fd;

	fd = place_connect(place, 0, 1);
	if (fd == -1)
		return false;
	right = send(fd, &request, sizeof(request), MSG_NOSIGNAL) ==
	        (ssize_t)sizeof(request) &&
	    recv(fd, &answer, sizeof(answer), MSG_WAITALL) ==
	        (ssize_t)sizeof(answer) &&
	    memcmp(&request, &answer, sizeof(request)) == 0;
	close(fd);
	return right;
}

/* As sd_listen_fds(3) has it: sockets are meant for this process. */
static void
name_receiver(void)
{
	char text[24];

	if (getenv("LISTEN_FDS") == NULL)
		return;
	snprintf(text, sizeof(text), "%ld", (long)getpid());
	setenv("LISTEN_PID", text, 1);
}

void
load_start(
    const struct place *place, char *command[], struct load_result *result)
{
	const struct timespec pause = { .tv_nsec = PAUSE };
	double start;
	pid_t pid;

	prctl(PR_SET_TIMERSLACK, 1L);
	prctl(PR_SET_CHILD_SUBREAPER, 1L);
	start = load_clock();
	pid = fork();
	if (pid == -1)
		err(1, "fork");
	if (pid == 0) {
		signal(SIGPIPE, SIG_DFL);
		setpgid(0, 0);
		name_receiver();
		execvp(command[0], command);
		err(127, "%s", command[0]);
	}
	while (!echoes(place)) {
		if (load_clock() - start > PATIENCE) {
			result->errors++;
			break;
		}
		nanosleep(&pause, NULL);
	}
	result->seconds = load_clock() - start;
	setpgid(pid, pid);
	kill(-pid, SIGTERM);
	while (waitpid(-1, NULL, 0) > 0)
		continue;
}
