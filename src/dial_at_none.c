/*
 * Systems where connect(2) takes an address only.
 */
#include <errno.h>

#include "dial_at.h"

int
dial_at_open(const struct address *target)
{
	(void)target;
	return -1;
}

int
dial_at(int directory, const struct endpoint *e, int *fd)
{
	(void)directory;
	(void)e;
	*fd = -1;
	return ENOSYS;
}
