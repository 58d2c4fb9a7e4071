/*
 * Tests of compat/, on systems that need it and on those that do not.
 * Not here: that the relay uses it where it has to; the compiler says that.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../compat/compat.h"
#include "unit.h"

static bool
nonblock(int fd)
{
	return (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

static bool
cloexec(int fd)
{
	return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0;
}

/* Has the wanted flags and no other, and is closed now. */
static void
check_flags(int fd, bool is_nonblock, bool is_cloexec)
{
	ATF_REQUIRE(fd >= 0);
	ATF_CHECK_EQ(is_nonblock, nonblock(fd));
	ATF_CHECK_EQ(is_cloexec, cloexec(fd));
	ATF_CHECK_EQ(0, close(fd));
}

/* Each set of flags of a socket's type. */
static const struct {
	int flags;
	bool nonblock, cloexec;
} sets[] = {
	{ 0, false, false },
	{ SOCK_NONBLOCK, true, false },
	{ SOCK_CLOEXEC, false, true },
	{ SOCK_NONBLOCK | SOCK_CLOEXEC, true, true },
};

ATF_TC_WITHOUT_HEAD(socket_flags);
ATF_TC_BODY(socket_flags, tc)
{
	size_t i;

	for (i = 0; i < UNIT_LENGTH(sets); i++)
		check_flags(
		    compat_socket(AF_UNIX, SOCK_STREAM | sets[i].flags, 0),
		    sets[i].nonblock, sets[i].cloexec);
	ATF_CHECK_EQ(-1, compat_socket(AF_UNIX, 0xfff, 0));
}

ATF_TC_WITHOUT_HEAD(socketpair_flags);
ATF_TC_BODY(socketpair_flags, tc)
{
	int fds[2];
	size_t i;
	char c;

	for (i = 0; i < UNIT_LENGTH(sets); i++) {
		ATF_REQUIRE_EQ(0,
		    compat_socketpair(
		        AF_UNIX, SOCK_STREAM | sets[i].flags, 0, fds));
		ATF_REQUIRE_EQ(1, write(fds[0], "x", 1));
		ATF_REQUIRE_EQ(1, read(fds[1], &c, 1));
		ATF_CHECK_EQ('x', c);
		check_flags(fds[0], sets[i].nonblock, sets[i].cloexec);
		check_flags(fds[1], sets[i].nonblock, sets[i].cloexec);
	}
	fds[0] = fds[1] = -2;
	ATF_CHECK_EQ(-1, compat_socketpair(AF_UNIX, 0xfff, 0, fds));
	ATF_CHECK_EQ(-2, fds[0]);
	ATF_CHECK_EQ(-2, fds[1]);
}

/* A listener in the case's directory, and its address. */
static int
listen_here(struct sockaddr_un *address, bool is_nonblock)
{
	int fd;

	*address = (struct sockaddr_un) { .sun_family = AF_UNIX };
	strcpy(address->sun_path, "socket");
	fd = compat_socket(
	    AF_UNIX, SOCK_STREAM | (is_nonblock ? SOCK_NONBLOCK : 0), 0);
	ATF_REQUIRE(fd >= 0);
	ATF_REQUIRE_EQ(
	    0, bind(fd, (struct sockaddr *)address, sizeof(*address)));
	ATF_REQUIRE_EQ(0, listen(fd, 5));
	return fd;
}

static void
accept_each(bool listener_nonblock)
{
	struct sockaddr_storage peer;
	struct sockaddr_un address;
	socklen_t length;
	size_t i;
	int client, fd;

	fd = listen_here(&address, listener_nonblock);
	for (i = 0; i < UNIT_LENGTH(sets); i++) {
		client = compat_socket(AF_UNIX, SOCK_STREAM, 0);
		ATF_REQUIRE_EQ(0,
		    connect(
		        client, (struct sockaddr *)&address, sizeof(address)));
		length = sizeof(peer);
		check_flags(compat_accept4(fd, (struct sockaddr *)&peer,
		                &length, sets[i].flags),
		    sets[i].nonblock, sets[i].cloexec);
		ATF_CHECK_EQ(AF_UNIX, peer.ss_family);
		close(client);
	}
	close(fd);
	unlink("socket");
}

ATF_TC_WITHOUT_HEAD(accept4_flags);
ATF_TC_BODY(accept4_flags, tc)
{
	unit_guard();
	accept_each(false);
	accept_each(true);
}

ATF_TC_WITHOUT_HEAD(accept4_errors);
ATF_TC_BODY(accept4_errors, tc)
{
	struct sockaddr_un address;
	int fd;

	unit_guard();
	fd = listen_here(&address, true);
	ATF_CHECK_ERRNO(EAGAIN, compat_accept4(fd, NULL, NULL, 0) == -1);
	ATF_CHECK_ERRNO(EINVAL, compat_accept4(fd, NULL, NULL, 1) == -1);
	ATF_CHECK_ERRNO(EBADF, compat_accept4(-1, NULL, NULL, 0) == -1);
	close(fd);
}

ATF_TC_WITHOUT_HEAD(pipe2_flags);
ATF_TC_BODY(pipe2_flags, tc)
{
	int fds[2] = { -2, -2 };
	char c;

	ATF_REQUIRE_EQ(0, compat_pipe2(fds, O_NONBLOCK | O_CLOEXEC));
	ATF_REQUIRE_EQ(1, write(fds[1], "x", 1));
	ATF_REQUIRE_EQ(1, read(fds[0], &c, 1));
	check_flags(fds[0], true, true);
	check_flags(fds[1], true, true);
	ATF_REQUIRE_EQ(0, compat_pipe2(fds, O_CLOEXEC));
	check_flags(fds[0], false, true);
	check_flags(fds[1], false, true);
	ATF_REQUIRE_EQ(0, compat_pipe2(fds, 0));
	check_flags(fds[0], false, false);
	check_flags(fds[1], false, false);
	ATF_CHECK_ERRNO(EINVAL, compat_pipe2(fds, O_APPEND) == -1);
}

ATF_TC_WITHOUT_HEAD(pipe2_out_of_descriptors);
ATF_TC_BODY(pipe2_out_of_descriptors, tc)
{
	int fds[2] = { -2, -2 };
	struct rlimit limit;
	int before, n;

	ATF_REQUIRE_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	n = dup(STDIN_FILENO);
	ATF_REQUIRE(n >= 0);
	limit.rlim_cur = (rlim_t)n + 2;
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	before = unit_descriptors();
	ATF_CHECK_ERRNO(EMFILE, compat_pipe2(fds, O_CLOEXEC) == -1);
	ATF_CHECK_EQ(-2, fds[0]);
	ATF_CHECK_EQ(-2, fds[1]);
	ATF_CHECK_EQ(before, unit_descriptors());
}

/* Flags that cannot be set leave nothing open. */
ATF_TC_WITHOUT_HEAD(flags_fail);
ATF_TC_BODY(flags_fail, tc)
{
	int fds[2];

	fds[0] = dup(STDIN_FILENO);
	ATF_REQUIRE(fds[0] >= 0);
	fds[1] = -1;
	ATF_CHECK_ERRNO(EBADF, compat_set_flags(fds, 2, 1, 1) == -1);
	ATF_CHECK_ERRNO(EBADF, fcntl(fds[0], F_GETFD) == -1);
}

ATF_TC_WITHOUT_HEAD(reallocarray);
ATF_TC_BODY(reallocarray, tc)
{
	char *p, *q;

	p = compat_reallocarray(NULL, 3, 5);
	ATF_REQUIRE(p != NULL);
	memcpy(p, "fourteen bytes", 15);
	q = compat_reallocarray(p, 1000, 1000);
	ATF_REQUIRE(q != NULL);
	ATF_CHECK_STREQ("fourteen bytes", q);
	ATF_CHECK_ERRNO(
	    ENOMEM, compat_reallocarray(q, SIZE_MAX / 2, 3) == NULL);
	ATF_CHECK_ERRNO(
	    ENOMEM, compat_reallocarray(q, 3, SIZE_MAX / 2) == NULL);
	ATF_CHECK_STREQ("fourteen bytes", q);
	q = compat_reallocarray(q, 0, 5);
	ATF_REQUIRE(q != NULL);
	free(q);
}

/* In a process of its own: what is below stays, what is above has gone. */
static void
close_from(void (*before)(void))
{
	int fd, status;
	pid_t pid;

	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid == 0) {
		if (dup2(STDIN_FILENO, 9) == -1 ||
		    dup2(STDIN_FILENO, 10) == -1 ||
		    dup2(STDIN_FILENO, 200) == -1)
			_exit(1);
		before();
		compat_closefrom(10);
		if (fcntl(9, F_GETFD) == -1)
			_exit(2);
		for (fd = 10; fd < 1024; fd++)
			if (fcntl(fd, F_GETFD) != -1)
				_exit(3);
		_exit(0);
	}
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_REQUIRE(WIFEXITED(status));
	ATF_CHECK_EQ(0, WEXITSTATUS(status));
}

static void
nothing(void)
{
}

ATF_TC_WITHOUT_HEAD(closefrom);
ATF_TC_BODY(closefrom, tc)
{
	unit_guard();
	close_from(nothing);
}

/* So that no directory can be opened. */
static void
use_all_up(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		_exit(4);
	limit.rlim_cur = 256;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1)
		_exit(5);
	while (dup(STDIN_FILENO) != -1)
		;
	if (errno != EMFILE)
		_exit(6);
}

ATF_TC_WITHOUT_HEAD(closefrom_without_descriptors);
ATF_TC_BODY(closefrom_without_descriptors, tc)
{
	unit_guard();
	close_from(use_all_up);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, socket_flags);
	ATF_TP_ADD_TC(tp, socketpair_flags);
	ATF_TP_ADD_TC(tp, accept4_flags);
	ATF_TP_ADD_TC(tp, accept4_errors);
	ATF_TP_ADD_TC(tp, pipe2_flags);
	ATF_TP_ADD_TC(tp, pipe2_out_of_descriptors);
	ATF_TP_ADD_TC(tp, flags_fail);
	ATF_TP_ADD_TC(tp, reallocarray);
	ATF_TP_ADD_TC(tp, closefrom);
	ATF_TP_ADD_TC(tp, closefrom_without_descriptors);
	return atf_no_error();
}
