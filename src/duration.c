/*
 * Text to milliseconds.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "duration.h"

/* Far above any use, far below an overflow: a thousand years. */
#define LONGEST UINT64_C(31556952000000)

static const struct {
	const char *name;
	uint64_t us;
} units[] = {
	{ "", 1000000 },
	{ "us", 1 },
	{ "usec", 1 },
	{ "ms", 1000 },
	{ "msec", 1000 },
	{ "s", 1000000 },
	{ "sec", 1000000 },
	{ "second", 1000000 },
	{ "seconds", 1000000 },
	{ "m", 60 * UINT64_C(1000000) },
	{ "min", 60 * UINT64_C(1000000) },
	{ "minute", 60 * UINT64_C(1000000) },
	{ "minutes", 60 * UINT64_C(1000000) },
	{ "h", 3600 * UINT64_C(1000000) },
	{ "hr", 3600 * UINT64_C(1000000) },
	{ "hour", 3600 * UINT64_C(1000000) },
	{ "hours", 3600 * UINT64_C(1000000) },
	{ "d", 86400 * UINT64_C(1000000) },
	{ "day", 86400 * UINT64_C(1000000) },
	{ "days", 86400 * UINT64_C(1000000) },
};

/* Microseconds of the unit at *text, 0 if there is none of that name. */
static uint64_t
parse_unit(const char **text)
{
	size_t i, length;

	length = strspn(*text, "abcdefghijklmnopqrstuvwxyz");
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strlen(units[i].name) == length &&
		    strncmp(units[i].name, *text, length) == 0) {
			*text += length;
			return units[i].us;
		}
	return 0;
}

static bool
parse_number(const char **text, uint64_t *number)
{
	const char *begin;

	begin = *text;
	*number = 0;
	for (; **text >= '0' && **text <= '9'; (*text)++) {
		*number = *number * 10 + (uint64_t)(**text - '0');
		if (*number > LONGEST * 1000)
			return false;
	}
	return *text != begin;
}

int
duration_parse(const char *text, uint64_t *ms)
{
	uint64_t number, total, unit;

	if (strcmp(text, "infinity") == 0) {
		*ms = DURATION_INFINITY;
		return 0;
	}
	total = 0;
	do {
		if (!parse_number(&text, &number))
			return -1;
		text += strspn(text, " ");
		unit = parse_unit(&text);
		if (unit == 0 || number > LONGEST * 1000 / unit)
			return -1;
		total += number * unit;
		if (total > LONGEST * 1000)
			return -1;
		text += strspn(text, " ");
	} while (*text != '\0');
	*ms = (total + 999) / 1000;
	return 0;
}
