/*
 * Signs between the peers of a test.
 * Not here: what they mean.
 */
#include <err.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "peer_files.h"

void
peer_await_file(const char *path)
{
	const struct timespec pause = { .tv_nsec = 2000000 };

	while (access(path, F_OK) == -1)
		nanosleep(&pause, NULL);
}

void
peer_touch_file(const char *path)
{
	int fd;

	fd = open(path, O_WRONLY | O_CREAT, 0600);
	if (fd == -1)
		err(1, "%s", path);
	close(fd);
}
