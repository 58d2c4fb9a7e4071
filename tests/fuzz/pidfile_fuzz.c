/*
 * Target: the file at the pid file's path; anything but a pid file is left
 * alone.
 * Not here: other kinds of file (unit/pidfile_refused_test.c), and races
 * (unit/pidfile_test.c).
 */
#include <sys/types.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "fuzz.h"
#include "pidfile.h"

/* Of the first octet: somebody else holds the lock. */
#define HELD 1

static char path[PATH_MAX];

/* What the file holds while the target runs. */
struct content {
	const uint8_t *octets;
	size_t length;
};

/* Returns a descriptor of it. */
static int
make_file(struct content c)
{
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	REQUIRE(fd != -1);
	REQUIRE(write(fd, c.octets, c.length) == (ssize_t)c.length);
	return fd;
}

static void
check_untouched(int fd, struct content c)
{
	struct stat named, st;
	uint8_t *found;

	REQUIRE(fstat(fd, &st) == 0 && stat(path, &named) == 0);
	REQUIRE(st.st_ino == named.st_ino);
	REQUIRE(st.st_size == (off_t)c.length);
	found = malloc(c.length + 1);
	REQUIRE(found != NULL);
	REQUIRE(pread(fd, found, c.length, 0) == (ssize_t)c.length);
	REQUIRE(c.length == 0 || memcmp(found, c.octets, c.length) == 0);
	free(found);
}

/* Empty, or ten digits at most and a newline; *pid is 0 if empty. */
static bool
is_pid_file(struct content c, long long *pid)
{
	char text[11];
	size_t digits;

	*pid = 0;
	if (c.length == 0)
		return true;
	digits = c.length - 1;
	if (digits == 0 || digits >= sizeof(text) || c.octets[digits] != '\n')
		return false;
	memcpy(text, c.octets, digits);
	text[digits] = '\0';
	return strspn(text, "0123456789") == digits &&
	    fuzz_number(text, 1, INT_MAX, pid);
}

/* Whether that is what is said of who holds it; 0 is unknown. */
static bool
names(const char *why, long long pid)
{
	char expected[64];

	snprintf(expected, sizeof(expected), "in use by process %lld", pid);
	return strcmp(why, pid > 0 ? expected : "in use") == 0;
}

/* Ours: empty, then with our pid, known to others, removed at the end. */
static void
check_life(struct pidfile *p)
{
	struct pidfile second;
	char expected[32], text[32];
	const char *why;
	ssize_t n;
	int status;

	REQUIRE(pidfile_store(p) == 0);
	snprintf(expected, sizeof(expected), "%ld\n", (long)getpid());
	n = pread(p->fd, text, sizeof(text), 0);
	REQUIRE(n == (ssize_t)strlen(expected));
	REQUIRE(memcmp(text, expected, (size_t)n) == 0);
	status = -1;
	why = pidfile_lock(&second, path, &status);
	REQUIRE(why != NULL && status == EX_UNAVAILABLE);
	REQUIRE(names(why, getpid()));
	REQUIRE(pidfile_unlink(p) == 0);
	REQUIRE(access(path, F_OK) == -1);
}

static void
check_refused(
    const struct pidfile *p, const char *why, int status, int expected)
{
	REQUIRE(status == expected);
	REQUIRE(p->fd == -1 && p->directory == -1);
	REQUIRE(!fuzz_has_control(why, strlen(why)));
}

static void
run(int fd, struct content c, bool held)
{
	struct pidfile p;
	const char *why;
	long long pid;
	int status;

	status = -1;
	why = pidfile_lock(&p, path, &status);
	if (!is_pid_file(c, &pid)) {
		REQUIRE(why != NULL);
		check_refused(&p, why, status, EX_CANTCREAT);
		check_untouched(fd, c);
	} else if (held) {
		REQUIRE(why != NULL && names(why, pid));
		check_refused(&p, why, status, EX_UNAVAILABLE);
		check_untouched(fd, c);
	} else {
		REQUIRE(why == NULL);
		check_untouched(fd, (struct content) { NULL, 0 });
		check_life(&p);
	}
}

void
fuzz_prepare(void)
{
	snprintf(path, sizeof(path), "%s/pid", fuzz_directory());
}

void
fuzz_one(struct fuzz_input *in)
{
	struct content c;
	bool held;
	int fd;

	held = fuzz_octet(in) & HELD;
	c = (struct content) { in->at, in->left };
	fd = make_file(c);
	if (held)
		REQUIRE(flock(fd, LOCK_EX | LOCK_NB) == 0);
	run(fd, c, held);
	close(fd);
	unlink(path);
}
