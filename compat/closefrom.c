/*
 * closefrom(3).
 * Not here: which descriptors the relay keeps, see resolver_helper.c.
 */
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "compat.h"

/* A directory that the system fills with what this process has open. */
#define DESCRIPTORS "/dev/fd"

/* Without the directory: all there can be now. */
static void
close_each(int lowest)
{
	int fd, end;

	end = getdtablesize();
	for (fd = lowest; fd < end; fd++)
		close(fd);
}

void
compat_closefrom(int lowest)
{
	const struct dirent *entry;
	char *end;
	DIR *all;
	long fd;

	all = opendir(DESCRIPTORS);
	if (all == NULL) {
		close_each(lowest);
		return;
	}
	while ((entry = readdir(all)) != NULL) {
		fd = strtol(entry->d_name, &end, 10);
		if (end == entry->d_name || *end != '\0' || fd < lowest ||
		    fd > INT_MAX || fd == dirfd(all))
			continue;
		close((int)fd);
	}
	closedir(all);
}
