/*
 * CPU time of processes that run already, with all threads and processes that
 * they start from now on; Linux only.
 * Not here: how it is counted, see taskclock.h.
 *
 * cputime [PID[,PID...]]...
 *	print "ready"; then for each line that is read one with the seconds
 *	since then, a number for each argument, which may be empty
 */
#include <sys/types.h>

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "taskclock.h"

#define THREADS_MAX 4096

struct group {
	int clocks[THREADS_MAX];
	int n;
};

static void
count_thread(struct group *g, pid_t thread)
{
	int fd;

	fd = taskclock_open(thread);
	if (fd == -1 && errno == ESRCH)
		return;
	if (fd == -1)
		err(1, "perf_event_open");
	if (g->n == THREADS_MAX)
		errx(1, "too many threads");
	g->clocks[g->n++] = fd;
}

static void
count_process(struct group *g, long pid)
{
	const struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%ld/task", pid);
	dir = opendir(path);
	if (dir == NULL && errno == ENOENT)
		return;
	if (dir == NULL)
		err(1, "%s", path);
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			count_thread(g, (pid_t)strtol(entry->d_name, NULL, 10));
	closedir(dir);
}

static void
count_processes(struct group *g, const char *list)
{
	char *end;
	long pid;

	while (*list != '\0') {
		pid = strtol(list, &end, 10);
		if (pid <= 0 || (*end != ',' && *end != '\0'))
			errx(2, "usage: cputime [PID[,PID...]]...");
		count_process(g, pid);
		list = end + (*end == ',');
	}
}

static double
seconds(const struct group *g)
{
	double sum;
	int i;

	sum = 0;
	for (i = 0; i < g->n; i++)
		sum += taskclock_read(g->clocks[i]);
	return sum;
}

int
main(int argc, char *argv[])
{
	struct group *groups;
	int c, i, n;

	n = argc - 1;
	groups = calloc((size_t)n + 1, sizeof(*groups));
	if (groups == NULL)
		err(1, NULL);
	for (i = 0; i < n; i++)
		count_processes(&groups[i], argv[i + 1]);
	puts("ready");
	fflush(stdout);
	while ((c = getchar()) != EOF) {
		if (c != '\n')
			continue;
		for (i = 0; i < n; i++)
			printf(
			    "%s%.9f", i == 0 ? "" : " ", seconds(&groups[i]));
		putchar('\n');
		fflush(stdout);
	}
	free(groups);
	return 0;
}
