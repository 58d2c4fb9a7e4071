/*
 * reallocarray(3).
 * Not here: any other allocation.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "compat.h"

void *
compat_reallocarray(void *p, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size) {
		errno = ENOMEM;
		return NULL;
	}
	/* Of nothing, realloc(3) may make NULL, which would mean failure. */
	return realloc(p, n != 0 && size != 0 ? n * size : 1);
}
