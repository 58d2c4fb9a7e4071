/*
 * Signs between the peers of a test.
 * Not here: what they mean.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "address.h"
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

void
peer_save_line(int fd, const char *path)
{
	char c;
	FILE *f;

	f = fopen(path, "w");
	if (f == NULL)
		err(1, "%s", path);
	do {
		if (recv(fd, &c, 1, 0) != 1)
			err(1, "%s", path);
		putc(c, f);
	} while (c != '\n');
	if (fclose(f) != 0)
		err(1, "%s", path);
}

void
peer_save(int fd, uint64_t n, const char *argument)
{
	char data[4096];
	const char *colon;
	ssize_t k;
	FILE *f;

	colon = strchr(argument, ':');
	f = colon == NULL ? NULL : fopen(colon + 1, "w");
	if (f == NULL)
		err(1, "%s", argument);
	for (; n > 0; n -= (uint64_t)k) {
		k = recv(
		    fd, data, n < sizeof(data) ? (size_t)n : sizeof(data), 0);
		if (k == -1)
			err(1, "%s", argument);
		if (k == 0)
			break;
		fwrite(data, 1, (size_t)k, f);
	}
	if (fclose(f) != 0)
		err(1, "%s", argument);
}

void
peer_save_name(int fd, const char *path)
{
	char text[ADDRESS_TEXT_SIZE], temporary[4096];
	struct sockaddr_storage ss = { .ss_family = AF_UNSPEC };
	socklen_t length;
	FILE *f;

	length = sizeof(ss);
	if (getsockname(fd, (struct sockaddr *)&ss, &length) == -1)
		err(1, "%s", path);
	address_socket_text((struct sockaddr *)&ss, length, text);
	snprintf(temporary, sizeof(temporary), "%s.new", path);
	f = fopen(temporary, "w");
	if (f == NULL || fprintf(f, "%s\n", text) < 0 || fclose(f) != 0 ||
	    rename(temporary, path) == -1)
		err(1, "%s", path);
}
