/*
 * Wait until a file exists, or has a line that matches: await FILE [REGEX].
 * Or until it has gone: await -g FILE.
 * Not here: anything that a test concludes from it.
 */
#include <err.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A test that waits longer has failed. */
#define SECONDS 20

static bool
matches(const char *path, const regex_t *pattern)
{
	char line[4096];
	bool found;
	FILE *f;

	if (pattern == NULL)
		return access(path, F_OK) == 0;
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	found = false;
	while (!found && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		found = regexec(pattern, line, 0, NULL, 0) == 0;
	}
	fclose(f);
	return found;
}

int
main(int argc, char *argv[])
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	struct timespec now, end;
	static regex_t pattern;
	const char *path;
	bool gone;

	gone = argc == 3 && strcmp(argv[1], "-g") == 0;
	if (argc != 2 && argc != 3)
		errx(2, "usage: await FILE [REGEX] | await -g FILE");
	path = gone ? argv[2] : argv[1];
	if (argc == 3 && !gone &&
	    regcomp(&pattern, argv[2], REG_NOSUB | REG_NEWLINE) != 0)
		errx(2, "%s: bad pattern", argv[2]);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += SECONDS;
	while (matches(path, argc == 3 && !gone ? &pattern : NULL) == gone) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec >= end.tv_sec)
			errx(1, "%s: waited %d s for it", path, SECONDS);
		nanosleep(&pause, NULL);
	}
	return 0;
}
