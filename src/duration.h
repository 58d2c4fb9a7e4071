/*
 * Lengths of time as a person writes them.
 */
#ifndef DURATION_H
#define DURATION_H

#include <stdint.h>

/* As a duration: for ever. */
#define DURATION_INFINITY UINT64_MAX

/*
 * Parse "10" (seconds), "500ms", "10s", "5min", "1h", "2d", sums of these
 * such as "1h 30min", or "infinity", after systemd.time(7).  Stores
 * milliseconds, rounded up.  Returns 0, or -1 for anything else.
 */
int duration_parse(const char *text, uint64_t *ms);

#endif
