/*
 * What the tests of options.h share: command lines, and what comes of them.
 * Not here: any test; what one program of them needs alone.
 */
#ifndef OPTIONS_FIXTURE_H
#define OPTIONS_FIXTURE_H

#include <atf-c.h>
#include <string.h>

#include "options.h"

#define WORDS 16

/* getopt_long(3) may put the words in another order: a copy each time. */
static inline int
parse(struct options *o, char why[], const char *const words[])
{
	static char copies[WORDS][1024] = { "relay" };
	char *argv[WORDS + 2];
	int argc;

	argv[0] = copies[0];
	for (argc = 1; words[argc - 1] != NULL; argc++) {
		ATF_REQUIRE(argc < WORDS);
		strlcpy(copies[argc], words[argc - 1], sizeof(copies[argc]));
		argv[argc] = copies[argc];
	}
	argv[argc] = NULL;
	memset(o, 0x55, sizeof(*o));
	memset(why, 0, OPTIONS_WHY_SIZE);
	argc = options_parse(o, argc, argv, why);
	ATF_CHECK(memchr(why, '\0', OPTIONS_WHY_SIZE) != NULL);
	return argc;
}

#define WORDS_OF(...) ((const char *const[]) { __VA_ARGS__, NULL })
#define GOOD(o, ...) good(o, WORDS_OF(__VA_ARGS__))
#define BAD(expected, ...) bad(expected, WORDS_OF(__VA_ARGS__))

static inline void
good(struct options *o, const char *const words[])
{
	char why[OPTIONS_WHY_SIZE];

	ATF_REQUIRE_EQ_MSG(
	    0, parse(o, why, words), "%s ...: %s", words[0], why);
	ATF_CHECK_STREQ("", why);
}

static inline void
bad(const char *expected, const char *const words[])
{
	char why[OPTIONS_WHY_SIZE];
	struct options o;

	ATF_CHECK_EQ_MSG(
	    -1, parse(&o, why, words), "no \"%s\": %s", expected, words[0]);
	ATF_CHECK_STREQ(expected, why);
	ATF_CHECK_MSG(strpbrk(why, "\r\n") == NULL, "more than one line");
}

#endif
