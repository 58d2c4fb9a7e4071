/*
 * Runs a target over files: those that are named, or its corpus, which lies
 * beside it.  Any compiler will do, so that the corpora are tests as well.
 * Not here: looking for new inputs, which is libFuzzer's work.
 */
#include <sys/types.h>
#include <sys/stat.h>

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

/* Far longer than any input takes; what is above, hangs. */
#define SECONDS 60

static bool running;

/* What ends the process from inside has not passed. */
static void
on_exit_inside(void)
{
	static const char message[] = "the target has ended the process\n";

	if (!running)
		return;
	(void)!write(STDERR_FILENO, message, sizeof(message) - 1);
	abort();
}

/* As libFuzzer gives it: not an octet more may be read. */
static void
replay(int directory, const char *path)
{
	struct stat st;
	uint8_t *data;
	size_t size;
	int fd;

	fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1)
		err(1, "%s", path);
	size = (size_t)st.st_size;
	data = malloc(size == 0 ? 1 : size);
	if (data == NULL || read(fd, data, size) != (ssize_t)size)
		err(1, "%s", path);
	close(fd);
	running = true;
	alarm(SECONDS);
	LLVMFuzzerTestOneInput(data, size);
	alarm(0);
	running = false;
	free(data);
}

/* Says which file it is before a crash takes the chance away. */
static int
replay_directory(const char *path)
{
	struct dirent *entry;
	DIR *directory;
	int n;

	directory = opendir(path);
	if (directory == NULL)
		err(1, "%s", path);
	n = 0;
	while ((entry = readdir(directory)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		printf("%s/%s\n", path, entry->d_name);
		fflush(stdout);
		replay(dirfd(directory), entry->d_name);
		n++;
	}
	closedir(directory);
	return n;
}

/* tests/fuzz/NAME_fuzz has tests/fuzz/corpus/NAME. */
static int
replay_corpus(const char *program)
{
	char copy[PATH_MAX], name[64], path[PATH_MAX + 80];
	char *suffix;

	strlcpy(copy, program, sizeof(copy));
	strlcpy(name, basename(copy), sizeof(name));
	suffix = strstr(name, "_fuzz");
	if (suffix != NULL)
		*suffix = '\0';
	strlcpy(copy, program, sizeof(copy));
	snprintf(path, sizeof(path), "%s/corpus/%s", dirname(copy), name);
	return replay_directory(path);
}

int
main(int argc, char *argv[])
{
	int i;

	if (atexit(on_exit_inside) != 0)
		err(1, "atexit");
	LLVMFuzzerInitialize(&argc, &argv);
	for (i = 1; i < argc; i++)
		replay(AT_FDCWD, argv[i]);
	if (argc == 1 && replay_corpus(argv[0]) == 0)
		errx(1, "the corpus is empty");
	return 0;
}
