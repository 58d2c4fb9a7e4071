/*
 * What the targets share.
 * Not here: any target.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

void
fuzz_fail(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

uint8_t
fuzz_octet(struct fuzz_input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->at++;
}

void
fuzz_octets(struct fuzz_input *in, void *room, size_t n)
{
	size_t there;

	there = n < in->left ? n : in->left;
	memset(room, 0, n);
	if (there > 0)
		memcpy(room, in->at, there);
	in->at += there;
	in->left -= there;
}

char *
fuzz_string(struct fuzz_input *in)
{
	const uint8_t *end;
	size_t length;
	char *text;

	end = in->left == 0 ? NULL : memchr(in->at, '\0', in->left);
	length = end == NULL ? in->left : (size_t)(end - in->at);
	text = malloc(length + 1);
	REQUIRE(text != NULL);
	fuzz_octets(in, text, length);
	text[length] = '\0';
	fuzz_octet(in);
	return text;
}

char *
fuzz_string_or_null(struct fuzz_input *in)
{
	return in->left == 0 ? NULL : fuzz_string(in);
}

void
fuzz_setenv(const char *name, const char *value)
{
	REQUIRE((value == NULL ? unsetenv(name) : setenv(name, value, 1)) == 0);
}

bool
fuzz_number(
    const char *text, long long least, long long most, long long *number)
{
	long long digit, n;
	bool minus;

	text += strspn(text, " \t\n\v\f\r");
	minus = *text == '-';
	if (*text == '-' || *text == '+')
		text++;
	if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
		return false;
	for (n = 0; *text != '\0'; text++) {
		digit = minus ? '0' - *text : *text - '0';
		if (minus ? n < (LLONG_MIN - digit) / 10
		          : n > (LLONG_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*number = n;
	return n >= least && n <= most;
}

bool
fuzz_has_control(const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return true;
	return false;
}

static char directory[PATH_MAX];

static void
remove_directory(void)
{
	rmdir(directory);
}

const char *
fuzz_directory(void)
{
	const char *parent;

	if (directory[0] != '\0')
		return directory;
	parent = getenv("TMPDIR");
	snprintf(directory, sizeof(directory), "%s/fuzz.XXXXXX",
	    parent == NULL ? "/tmp" : parent);
	REQUIRE(mkdtemp(directory) != NULL);
	REQUIRE(atexit(remove_directory) == 0);
	return directory;
}

int
LLVMFuzzerInitialize(const int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_prepare();
	return 0;
}

/* The lowest number that is free. */
static int
lowest_descriptor(void)
{
	int fd;

	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	REQUIRE(fd != -1);
	close(fd);
	return fd;
}

/*
 * The lowest descriptor stays the same, unless one was leaked, or one closed
 * that belongs to somebody else.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	int lowest;

	lowest = lowest_descriptor();
	fuzz_one(&in);
	REQUIRE(lowest_descriptor() == lowest);
	return 0;
}
