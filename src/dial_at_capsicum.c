/*
 * connectat(2) of FreeBSD.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "dial.h"
#include "dial_at.h"

static const char *
last_component(const char *path)
{
	const char *slash;

	slash = strrchr(path, '/');
	return slash == NULL ? path : slash + 1;
}

static int
open_directory(const char *path)
{
	char directory[sizeof(((struct address *)0)->path)];
	size_t length;

	length = (size_t)(last_component(path) - path);
	if (length == 0)
		return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	memcpy(directory, path, length);
	directory[length] = '\0';
	return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int
dial_at_open(const struct address *target)
{
	struct stat st;
	int fd;

	if (target->kind != ADDRESS_PATH)
		return -1;
	fd = open_directory(target->path);
	if (fd != -1 &&
	    fstatat(fd, last_component(target->path), &st,
	        AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode)) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool
is_gone(int directory)
{
	struct stat st;

	return fstat(directory, &st) == 0 && st.st_nlink == 0;
}

int
dial_at(int directory, const struct endpoint *e, int *fd)
{
	const struct sockaddr_un *whole;
	struct sockaddr_un sun;
	int error;

	*fd = dial_socket(e);
	if (*fd == -1)
		return errno;
	whole = (const struct sockaddr_un *)&e->addr;
	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	/* The whole path ends with a NUL: address_unix(). */
	strlcpy(sun.sun_path, last_component(whole->sun_path),
	    sizeof(sun.sun_path));
	error = dial_result(fd,
	    connectat(directory, *fd, (const struct sockaddr *)&sun,
	        (socklen_t)sizeof(sun)));
	return error == ENOENT && is_gone(directory) ? ESTALE : error;
}
