/*
 * What the tests of address.h share.
 * Not here: any test; what one program of them needs alone.
 */
#ifndef ADDRESS_FIXTURE_H
#define ADDRESS_FIXTURE_H

#include <sys/types.h>
#include <sys/un.h>

#include <atf-c.h>
#include <string.h>

#include "address.h"

#define PATH_MOST (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)
#define NAME63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggg"

static inline void
check_bad(const char *text, const char *expected)
{
	struct address a;
	const char *why;

	why = address_parse(&a, text);
	ATF_CHECK_MSG(why != NULL, "\"%s\" is accepted", text);
	if (why == NULL)
		return;
	ATF_CHECK_STREQ_MSG(expected, why, "\"%s\"", text);
	ATF_CHECK_MSG(strchr(why, '\n') == NULL, "more than a line: %s", why);
}

/* Room for the longest text of a case, and more. */
static inline const char *
repeat(const char *before, size_t n, const char *after)
{
	static char text[1024];
	size_t length;

	length = strlcpy(text, before, sizeof(text));
	memset(text + length, 'x', n);
	strlcpy(text + length + n, after, sizeof(text) - length - n);
	return text;
}

#endif
