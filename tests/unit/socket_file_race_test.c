/*
 * Tests of socket_file.h: several processes want the same name.
 * Not here: one after the other (socket_file_taken_test.c).
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "socket_file_fixture.h"
#include "unit.h"

#define RACERS 8
#define RACES 50

/* Wait for the start, try, report, and hold what was won until the end. */
static void
race(int start, int report, int end)
{
	struct socket_file f;
	const char *why;
	int fd, status;
	char c;

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd == -1 || read(start, &c, 1) != 0)
		_exit(1);
	why = try_bind(&f, fd, "sock", &unchanged, &status);
	if (why == NULL)
		c = listen(fd, 1) == 0 ? 'W' : 'E';
	else
		c = strcmp(why, "in use") == 0 && status == EX_UNAVAILABLE
		    ? 'L'
		    : 'E';
	if (write(report, &c, 1) != 1 || read(end, &c, 1) != 0)
		_exit(1);
	_exit(why == NULL && socket_file_remove(&f) == -1 ? 1 : 0);
}

static void
open_pipe(int fds[2])
{
	ATF_REQUIRE_EQ(0, pipe(fds));
}

static void
start_racers(int start[2], int report[2], int end[2])
{
	pid_t pid;
	int i;

	for (i = 0; i < RACERS; i++) {
		pid = fork();
		ATF_REQUIRE(pid != -1);
		if (pid == 0) {
			unit_guard();
			close(start[1]);
			close(report[0]);
			close(end[1]);
			race(start[0], report[1], end[0]);
		}
	}
	close(start[0]);
	close(report[1]);
	close(end[0]);
}

/* The reports of all racers: exactly one has won, the others know why not. */
static void
require_one_winner(int report)
{
	int i, winners;
	char c;

	winners = 0;
	for (i = 0; i < RACERS; i++) {
		ATF_REQUIRE_EQ(1, read(report, &c, 1));
		ATF_REQUIRE_MSG(c == 'W' || c == 'L', "an odd error");
		if (c == 'W')
			winners++;
	}
	ATF_REQUIRE_EQ(1, winners);
	ATF_REQUIRE(answers("sock"));
}

static void
run_race(void)
{
	int end[2], i, report[2], start[2], status;

	open_pipe(start);
	open_pipe(report);
	open_pipe(end);
	start_racers(start, report, end);
	close(start[1]);
	require_one_winner(report[0]);
	close(end[1]);
	for (i = 0; i < RACERS; i++) {
		ATF_REQUIRE(wait(&status) > 0);
		ATF_REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	close(report[0]);
	ATF_REQUIRE(!exists("sock"));
	ATF_REQUIRE(!exists("sock.lock"));
}

ATF_TC_WITHOUT_HEAD(race);
ATF_TC_BODY(race, tc)
{
	int i;

	unit_guard();
	for (i = 0; i < RACES; i++)
		run_race();
}

/* The same, with a stale socket to remove first. */
ATF_TC_WITHOUT_HEAD(race_for_stale);
ATF_TC_BODY(race_for_stale, tc)
{
	int i;

	unit_guard();
	for (i = 0; i < RACES; i++) {
		close(bind_plainly("sock"));
		if (i % 2 == 0)
			write_file("sock.lock", "");
		run_race();
	}
}

/* Bind and remove in a circle: never two at a time. */
static void
run_relay_race(int guard)
{
	struct socket_file f;
	const char *why;
	int fd, i, status;

	for (i = 0; i < 200; i++) {
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		why = try_bind(&f, fd, "sock", &unchanged, &status);
		if (why == NULL) {
			/* Whoever holds the socket holds this too. */
			if (lockf(guard, F_TLOCK, 0) == -1 ||
			    lockf(guard, F_ULOCK, 0) == -1 ||
			    socket_file_remove(&f) == -1)
				_exit(1);
		} else if (strcmp(why, "in use") != 0)
			_exit(2);
		close(fd);
	}
	_exit(0);
}

ATF_TC_WITHOUT_HEAD(never_two_at_a_time);
ATF_TC_BODY(never_two_at_a_time, tc)
{
	int fd, i, status;
	pid_t pid;

	unit_guard();
	fd = open("guard", O_RDWR | O_CREAT, 0600);
	ATF_REQUIRE(fd != -1);
	for (i = 0; i < RACERS; i++) {
		pid = fork();
		ATF_REQUIRE(pid != -1);
		if (pid == 0)
			run_relay_race(fd);
	}
	for (i = 0; i < RACERS; i++) {
		ATF_REQUIRE(wait(&status) > 0);
		ATF_REQUIRE(WIFEXITED(status));
		ATF_REQUIRE_EQ(0, WEXITSTATUS(status));
	}
	ATF_REQUIRE(!exists("sock"));
	ATF_REQUIRE(!exists("sock.lock"));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, race);
	ATF_TP_ADD_TC(tp, race_for_stale);
	ATF_TP_ADD_TC(tp, never_two_at_a_time);
	return atf_no_error();
}
