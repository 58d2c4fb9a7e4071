/*
 * Tests of duration.h.
 * Not here: options that take a time, see options_value_test.c.
 */
#include <atf-c.h>
#include <inttypes.h>
#include <stdio.h>

#include "duration.h"
#include "unit.h"

#define UNTOUCHED UINT64_C(4711)

struct good {
	const char *text;
	uint64_t ms;
};

static void
require_all(const struct good *good, size_t n)
{
	uint64_t ms;
	size_t i;

	for (i = 0; i < n; i++) {
		ms = UNTOUCHED;
		ATF_CHECK_EQ_MSG(0, duration_parse(good[i].text, &ms),
		    "\"%s\" is refused", good[i].text);
		ATF_CHECK_EQ_MSG(good[i].ms, ms,
		    "\"%s\": %" PRIu64 ", not %" PRIu64, good[i].text, ms,
		    good[i].ms);
	}
}

static void
require_bad(const char *const *bad, size_t n)
{
	uint64_t ms;
	size_t i;

	for (i = 0; i < n; i++) {
		ms = UNTOUCHED;
		ATF_CHECK_EQ_MSG(-1, duration_parse(bad[i], &ms),
		    "\"%s\" is taken as %" PRIu64, bad[i], ms);
		ATF_CHECK_EQ_MSG(UNTOUCHED, ms, "\"%s\" stores", bad[i]);
	}
}

ATF_TC_WITHOUT_HEAD(units);
ATF_TC_BODY(units, tc)
{
	static const struct good good[] = {
		{ "10", 10000 },
		{ "007", 7000 },
		{ "3000us", 3 },
		{ "3000usec", 3 },
		{ "500ms", 500 },
		{ "500msec", 500 },
		{ "10s", 10000 },
		{ "10sec", 10000 },
		{ "1second", 1000 },
		{ "2seconds", 2000 },
		{ "5m", 300000 },
		{ "5min", 300000 },
		{ "1minute", 60000 },
		{ "2minutes", 120000 },
		{ "1h", 3600000 },
		{ "1hr", 3600000 },
		{ "1hour", 3600000 },
		{ "2hours", 7200000 },
		{ "2d", 172800000 },
		{ "1day", 86400000 },
		{ "2days", 172800000 },
	};

	require_all(good, UNIT_LENGTH(good));
}

ATF_TC_WITHOUT_HEAD(sums_and_blanks);
ATF_TC_BODY(sums_and_blanks, tc)
{
	static const struct good good[] = {
		{ "1h30min", 5400000 },
		{ "1h 30min", 5400000 },
		{ "1 h 30 min", 5400000 },
		{ "1  h   30  min  ", 5400000 },
		{ "10 ", 10000 },
		{ "1min 30", 90000 },
		{ "1d1h1m1s1ms", 90061001 },
		{ "1s 1s 1s", 3000 },
		{ "500us 500us", 1 },
		{ "5ms 5d", 432000005 },
	};

	require_all(good, UNIT_LENGTH(good));
}

ATF_TC_WITHOUT_HEAD(zero_and_rounding);
ATF_TC_BODY(zero_and_rounding, tc)
{
	static const struct good good[] = {
		{ "0", 0 },
		{ "0us", 0 },
		{ "0ms", 0 },
		{ "0d", 0 },
		{ "0h 0min", 0 },
		{ "000000000000000000000000000000", 0 },
		{ "1us", 1 },
		{ "999us", 1 },
		{ "1000us", 1 },
		{ "1001us", 2 },
	};

	require_all(good, UNIT_LENGTH(good));
}

ATF_TC_WITHOUT_HEAD(infinity);
ATF_TC_BODY(infinity, tc)
{
	static const struct good good[] = {
		{ "infinity", DURATION_INFINITY },
	};
	static const char *const bad[] = {
		"Infinity",
		"inf",
		"infinity ",
		" infinity",
		"infinitys",
		"1s infinity",
		"infinity 1s",
		"-infinity",
	};

	require_all(good, UNIT_LENGTH(good));
	require_bad(bad, UNIT_LENGTH(bad));
}

/* The longest is a thousand years of 31556952 seconds. */
ATF_TC_WITHOUT_HEAD(longest);
ATF_TC_BODY(longest, tc)
{
	static const struct good good[] = {
		{ "31556952000", UINT64_C(31556952000000) },
		{ "31556952000000ms", UINT64_C(31556952000000) },
		{ "31556952000000000us", UINT64_C(31556952000000) },
		{ "40000000000000us", UINT64_C(40000000000) },
		{ "365242d", UINT64_C(31556908800000) },
		{ "365242d 12h", UINT64_C(31556952000000) },
	};
	static const char *const bad[] = {
		"31556952001",
		"31556952000001ms",
		"31556952000000001us",
		"31556952000 1ms",
		"365242d 12h 1us",
		"365243d",
		"8765821h",
		"18446744073709551615",
		"18446744073709551615us",
		"18446744073709551616",
		"18446744073709551617us",
		"184467440737095516160ms",
		"213503982334601d",
		"213503982334602d",
		"99999999999999999999999999999999999999d",
	};

	require_all(good, UNIT_LENGTH(good));
	require_bad(bad, UNIT_LENGTH(bad));
}

ATF_TC_WITHOUT_HEAD(bad_texts);
ATF_TC_BODY(bad_texts, tc)
{
	static const char *const bad[] = {
		"",
		" ",
		" 1s",
		"s",
		"ms",
		"-1",
		"+1",
		"-1s",
		"1.5s",
		"1,5s",
		".5",
		"1e3",
		"0x10",
		"1S",
		"1Min",
		"1M",
		"1x",
		"1mins",
		"1secs",
		"1hmin",
		"1s,",
		"1s;2s",
		"1s + 1s",
		"1s-1s",
		"1h:30min",
		"1:30",
		"1\ts",
		"1s\n",
		"1 s h",
		"1s s",
		"never",
		"\303\2615s",
		"5\302\265s",
	};

	require_bad(bad, UNIT_LENGTH(bad));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, units);
	ATF_TP_ADD_TC(tp, sums_and_blanks);
	ATF_TP_ADD_TC(tp, zero_and_rounding);
	ATF_TP_ADD_TC(tp, infinity);
	ATF_TP_ADD_TC(tp, longest);
	ATF_TP_ADD_TC(tp, bad_texts);
	return atf_no_error();
}
