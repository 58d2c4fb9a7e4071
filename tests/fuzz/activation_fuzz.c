/*
 * Target: LISTEN_FDS and the like, over descriptors of any kind.
 * Not here: inetd(8)'s way, see unit/activation_inetd_test.c.
 *
 * An input is strings: a letter for each descriptor from 3 on, LISTEN_FDS,
 * LISTEN_PID, LISTEN_FDNAMES.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "activation.h"
#include "fuzz.h"

#define FIRST 3
#define SLOTS 8
#define ASIDE 100 /* where nothing is handed over */
#define PID 4711

pid_t instead_getpid(void) FUZZ_INSTEAD_OF(getpid);

pid_t
instead_getpid(void)
{
	return PID;
}

/* What a letter stands for; any other one is a closed descriptor. */
static struct {
	char letter;
	bool good;
	int fd; /* from ASIDE on */
	struct stat st;
} kinds[] = {
	{ .letter = 't', .good = true },
	{ .letter = 'u', .good = true },
	{ .letter = 'b' },
	{ .letter = 'c' },
	{ .letter = 'd' },
	{ .letter = 'n' },
	{ .letter = 'q' },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static int
make_unix(int type)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, n;

	n = snprintf(
	    sun.sun_path, sizeof(sun.sun_path), "%s/s", fuzz_directory());
	REQUIRE(n > 0 && (size_t)n < sizeof(sun.sun_path));
	fd = socket(AF_UNIX, type, 0);
	REQUIRE(bind(fd, (struct sockaddr *)&sun, sizeof(sun)) == 0);
	REQUIRE(unlink(sun.sun_path) == 0);
	return fd;
}

static int
make_tcp(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	REQUIRE(bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0);
	return fd;
}

static int
listening(int fd)
{
	REQUIRE(listen(fd, 1) == 0);
	return fd;
}

static int
connected(void)
{
	int fds[2];

	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	close(fds[1]);
	return fds[0];
}

static int
make(char letter)
{
	switch (letter) {
	case 't':
		return listening(make_tcp());
	case 'u':
		return listening(make_unix(SOCK_STREAM));
	case 'b':
		return make_unix(SOCK_STREAM);
	case 'c':
		return connected();
	case 'd':
		return make_unix(SOCK_DGRAM);
	case 'q':
		return listening(make_unix(SOCK_SEQPACKET));
	default:
		return open("/dev/null", O_RDWR);
	}
}

/* Index of a kind, or KINDS for a closed descriptor. */
static size_t
kind_of(const char *letters, size_t slot)
{
	size_t i;

	if (slot >= strlen(letters))
		return KINDS;
	for (i = 0; i < KINDS; i++)
		if (kinds[i].letter == letters[slot])
			break;
	return i;
}

static void
hand_over(const char *letters)
{
	size_t i, kind;
	int fd;

	for (i = 0; i < KINDS; i++)
		REQUIRE(fcntl(kinds[i].fd, F_SETFL, 0) == 0);
	for (i = 0; i < SLOTS; i++) {
		fd = FIRST + (int)i;
		kind = kind_of(letters, i);
		if (kind == KINDS)
			close(fd);
		else
			REQUIRE(dup2(kinds[kind].fd, fd) == fd);
	}
}

/* Each slot holds what it held, with the flags of an adopted one or not. */
static void
check_slots(const char *letters, size_t adopted)
{
	struct stat st;
	size_t i, kind;
	int fd, flags;

	for (i = 0; i < SLOTS; i++) {
		fd = FIRST + (int)i;
		kind = kind_of(letters, i);
		flags = fcntl(fd, F_GETFD);
		if (kind == KINDS) {
			REQUIRE(flags == -1);
			continue;
		}
		REQUIRE(flags == (i < adopted ? FD_CLOEXEC : 0));
		REQUIRE(fstat(fd, &st) == 0);
		REQUIRE(st.st_ino == kinds[kind].st.st_ino);
		REQUIRE(st.st_dev == kinds[kind].st.st_dev);
		/* The same kind shares its flags with one that is adopted. */
		flags = fcntl(fd, F_GETFL);
		if (i < adopted || adopted == 0)
			REQUIRE(((flags & O_NONBLOCK) != 0) == (i < adopted));
	}
}

/* Returns 0 or a code of sysexits(3); *n is how many are to be adopted. */
static int
expect(const char *letters, const char *fds, const char *pid, size_t *n)
{
	long long number;
	size_t i, kind;

	*n = 0;
	if (fds == NULL || pid == NULL)
		return 0;
	if (!fuzz_number(pid, 1, INT_MAX, &number))
		return EX_USAGE;
	if (number != PID)
		return 0;
	if (!fuzz_number(fds, 0, INT_MAX - FIRST, &number))
		return EX_USAGE;
	for (i = 0; i < (size_t)number; i++) {
		kind = i < SLOTS ? kind_of(letters, i) : KINDS;
		if (kind == KINDS || !kinds[kind].good)
			return EX_UNAVAILABLE;
	}
	*n = (size_t)number;
	return 0;
}

static void
check(const char *letters, const char *fds, const char *pid)
{
	struct activation a;
	const char *why;
	int code, status;
	size_t i, n;

	memset(&a, 0x55, sizeof(a));
	status = -1;
	why = activation_adopt(&a, &status);
	code = expect(letters, fds, pid, &n);
	REQUIRE((why != NULL) == (code != 0));
	REQUIRE(why == NULL || (status == code && *why != '\0'));
	REQUIRE(a.n == n && (a.fds != NULL) == (n > 0));
	for (i = 0; i < n; i++)
		REQUIRE(a.fds[i] == FIRST + (int)i);
	check_slots(letters, n);
	free(a.fds);
	REQUIRE(getenv("LISTEN_FDS") == NULL);
	REQUIRE(getenv("LISTEN_PID") == NULL);
	REQUIRE(getenv("LISTEN_FDNAMES") == NULL);
}

/* Whatever the caller opens later stays out of the slots. */
static void
fill_slots(void)
{
	int fd;

	for (fd = FIRST; fd < FIRST + SLOTS; fd++)
		REQUIRE(dup2(kinds[0].fd, fd) == fd);
}

void
fuzz_prepare(void)
{
	size_t i;
	int fd;

	closefrom(FIRST);
	for (i = 0; i < KINDS; i++) {
		fd = make(kinds[i].letter);
		kinds[i].fd = fcntl(fd, F_DUPFD_CLOEXEC, ASIDE);
		close(fd);
		REQUIRE(fstat(kinds[i].fd, &kinds[i].st) == 0);
	}
	fill_slots();
}

void
fuzz_one(struct fuzz_input *in)
{
	char *fds, *letters, *names, *pid;

	letters = fuzz_string(in);
	fds = fuzz_string_or_null(in);
	pid = fuzz_string_or_null(in);
	names = fuzz_string_or_null(in);
	fuzz_setenv("LISTEN_FDS", fds);
	fuzz_setenv("LISTEN_PID", pid);
	fuzz_setenv("LISTEN_FDNAMES", names);
	hand_over(letters);
	check(letters, fds, pid);
	fill_slots();
	free(letters);
	free(fds);
	free(pid);
	free(names);
}
