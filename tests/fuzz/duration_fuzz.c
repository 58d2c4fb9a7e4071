/*
 * Target: TIME, against a parser of its own.
 * Not here: the options that take one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duration.h"
#include "fuzz.h"

/* A thousand years of 365.2425 days. */
#define LONGEST_US (UINT64_C(1000) * 31556952 * 1000000)

#define UNTOUCHED UINT64_C(4711)

/* Names of a unit, each between blanks. */
static const struct {
	const char *names;
	uint64_t us;
} table[] = {
	{ " us usec ", 1 },
	{ " ms msec ", 1000 },
	{ " s sec second seconds ", 1000000 },
	{ " m min minute minutes ", 60000000 },
	{ " h hr hour hours ", UINT64_C(3600000000) },
	{ " d day days ", UINT64_C(86400000000) },
};

static uint64_t
unit_of(const char *word, size_t length)
{
	char key[16];
	size_t i;

	if (length == 0)
		return 1000000;
	if (length + 3 > sizeof(key))
		return 0;
	snprintf(key, sizeof(key), " %.*s ", (int)length, word);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strstr(table[i].names, key) != NULL)
			return table[i].us;
	return 0;
}

static const char *
skip(const char *text, const char *set)
{
	return text + strspn(text, set);
}

/* One number with its unit, or NULL. */
static const char *
term(const char *text, uint64_t *us)
{
	const char *digits, *end, *word;
	uint64_t number;

	end = skip(text, "0123456789");
	digits = skip(text, "0");
	/* Seventeen digits are more than the longest time has. */
	if (end == text || (digits < end && end - digits > 17))
		return NULL;
	number = digits < end ? strtoull(digits, NULL, 10) : 0;
	word = skip(end, " ");
	end = skip(word, "abcdefghijklmnopqrstuvwxyz");
	*us = unit_of(word, (size_t)(end - word));
	if (*us == 0 || __builtin_mul_overflow(number, *us, us) ||
	    *us > LONGEST_US)
		return NULL;
	return skip(end, " ");
}

static bool
expect(const char *text, uint64_t *ms)
{
	uint64_t total, us;

	*ms = UINT64_MAX;
	if (strcmp(text, "infinity") == 0)
		return true;
	total = 0;
	do {
		text = term(text, &us);
		if (text == NULL)
			return false;
		total += us;
		if (total > LONGEST_US)
			return false;
	} while (*text != '\0');
	*ms = total / 1000 + (total % 1000 != 0);
	return true;
}

/* Milliseconds, written and read again, are the same. */
static void
check_again(uint64_t ms)
{
	char text[32];
	uint64_t again;

	if (ms == DURATION_INFINITY)
		return;
	snprintf(text, sizeof(text), "%" PRIu64 "ms", ms);
	REQUIRE(duration_parse(text, &again) == 0);
	REQUIRE(again == ms);
}

void
fuzz_prepare(void)
{
}

void
fuzz_one(struct fuzz_input *in)
{
	uint64_t expected, ms;
	char *text;
	int result;

	text = fuzz_string(in);
	ms = UNTOUCHED;
	result = duration_parse(text, &ms);
	if (expect(text, &expected)) {
		REQUIRE(result == 0);
		REQUIRE(ms == expected);
		check_again(ms);
	} else {
		REQUIRE(result == -1);
		REQUIRE(ms == UNTOUCHED);
	}
	free(text);
}
