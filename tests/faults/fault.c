/*
 * Arms and disarms the faults of a relay that runs.
 * Not here: what they do to it.
 *
 * fault FILE NAME ERROR FROM TIMES [after|short]
 *	from now on, of the calls of NAME, fail number FROM and so many in
 *	all, 0 being all that follow; makes the file
 * fault FILE MS
 *	so many milliseconds after the first fault, or after 20 s without
 *	one, print as below; the faults go on
 * fault FILE
 *	no more faults; print how many calls failed, and how many there were of
 *	any name
 */
#include <sys/types.h>
#include <sys/mman.h>

#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "errors.h"
#include "faults.h"

static struct faults *
share(const char *path)
{
	void *p;
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd == -1 || ftruncate(fd, sizeof(struct faults)) == -1)
		err(1, "%s", path);
	p = mmap(NULL, sizeof(struct faults), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		err(1, "%s", path);
	close(fd);
	return p;
}

static void
arm(struct faults *f, char *argv[])
{
	atomic_store(&f->armed, false);
	strlcpy(f->name, argv[0], sizeof(f->name));
	f->error = errors_number(argv[1]);
	f->from = (unsigned)strtoul(argv[2], NULL, 10);
	f->times = (unsigned)strtoul(argv[3], NULL, 10);
	if (f->times == 0)
		f->times = FAULTS_FOREVER;
	f->kind = FAULTS_FAIL;
	if (argv[4] != NULL)
		f->kind = *argv[4] == 'a' ? FAULTS_AFTER : FAULTS_SHORT;
	atomic_store(&f->calls, 0);
	atomic_store(&f->hits, 0);
	atomic_store(&f->all, 0);
	atomic_store(&f->armed, true);
}

static void
watch(struct faults *f, unsigned long ms)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	unsigned long i;

	for (i = 0; i < 20000 && atomic_load(&f->hits) == 0; i++)
		nanosleep(&pause, NULL);
	for (i = 0; i < ms; i++)
		nanosleep(&pause, NULL);
}

int
main(int argc, char *argv[])
{
	struct faults *f;

	if (argc < 2 || argc > 7 || argc == 4 || argc == 5)
		errx(2, "usage: see the top of fault.c");
	f = share(argv[1]);
	if (argc > 3) {
		arm(f, argv + 2);
		return 0;
	}
	if (argc == 3)
		watch(f, strtoul(argv[2], NULL, 10));
	else
		atomic_store(&f->armed, false);
	printf("%u %u\n", atomic_load(&f->hits), atomic_load(&f->all));
	return 0;
}
