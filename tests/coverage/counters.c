/*
 * gcov's counters in a file that all runs of a program share, because a relay
 * behind its walls may open none at its end, and some are killed: the file is
 * mapped over the counters before main() begins.
 * Not here: making it, long enough for any; what the counters mean, see
 * tools/coverage.
 */
#include <sys/types.h>
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef COUNTERS_DIRECTORY
#define COUNTERS_DIRECTORY "."
#endif

/* Whole pages, see counters.ld. */
extern char counters_start[], counters_end[];

/* The linker and gcov choose these names. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl*) */
int __real_main(int argc, char *argv[]);
int __wrap_main(int argc, char *argv[]);
void __wrap___gcov_exit(void);
void __gcov_dump(void);

/* COUNTERS_DIRECTORY/NAME, of a program that is called NAME. */
static int
open_file(void)
{
	char own[4096], path[8192];
	const char *name;
	ssize_t n;

	n = readlink("/proc/self/exe", own, sizeof(own) - 1);
	if (n == -1)
		return -1;
	own[n] = '\0';
	name = strrchr(own, '/');
	snprintf(path, sizeof(path), COUNTERS_DIRECTORY "/%s",
	    name == NULL ? own : name + 1);
	/* Not open(): a relay with faults may have that one fail. */
	return open64(path, O_RDWR | O_CLOEXEC);
}

/* Programs without a file there are not counted. */
static void
share(void)
{
	size_t length;
	int fd;

	length = (size_t)(counters_end - counters_start);
	fd = open_file();
	if (fd == -1)
		return;
	if (mmap(counters_start, length, PROT_READ | PROT_WRITE,
	        MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED) {
		perror("counters");
		_exit(125);
	}
	close(fd);
}

/* With COUNTERS_DUMP, what all runs counted becomes what gcov(1) reads. */
int
__wrap_main(int argc, char *argv[])
{
	int saved;

	saved = errno;
	share();
	errno = saved;
	if (getenv("COUNTERS_DUMP") == NULL)
		return __real_main(argc, argv);
	__gcov_dump();
	_exit(0);
}

/* Each run alone would count what the others have counted again. */
void
__wrap___gcov_exit(void)
{
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl*) */
