/*
 * Tests of resolver.h: which targets need a process that looks them up.
 * Not here: that process, see tests/e2e/resolver_test.sh and tests/fuzz.
 */
#include <atf-c.h>
#include <stdbool.h>

#include "resolver.h"
#include "unit.h"

static const struct {
	const char *text;
	bool is_name;
} cases[] = {
	{ "localhost:80", true },
	{ "a:80", true },
	{ "1.2.3.4.example:80", true },
	{ "127.0.0.1:80", false },
	{ "0.0.0.0:http", false },
	{ "[::1]:80", false },
	{ "[fe80::1%lo]:80", false },
	{ "*:80", false },
	{ ":80", false },
	{ "./localhost", false },
	{ "unix:localhost", false },
};

ATF_TC_WITHOUT_HEAD(names);
ATF_TC_BODY(names, tc)
{
	struct address a;
	size_t i;

	for (i = 0; i < UNIT_LENGTH(cases); i++) {
		ATF_REQUIRE_EQ(NULL, address_parse(&a, cases[i].text));
		ATF_CHECK_EQ_MSG(cases[i].is_name, resolver_is_name(&a), "%s",
		    cases[i].text);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, names);
	return atf_no_error();
}
