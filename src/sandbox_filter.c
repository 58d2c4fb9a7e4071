/*
 * seccomp: what the filters of all processes have in common.
 * Not here: which calls they are for.
 */
#include <errno.h>

#include "sandbox_filter.h"

#ifndef SANDBOX_EXTRA_CALLS
#define SANDBOX_EXTRA_CALLS
#endif

/* None in the relay; the first keeps the list from being empty. */
static const int extra[] = { -1, SANDBOX_EXTRA_CALLS };

int
sandbox_filter_create(scmp_filter_ctx *f, uint32_t action)
{
	int e;

	*f = seccomp_init(action);
	if (*f == NULL)
		return -ENOMEM;
	/* The errno itself, so that a kernel without seccomp can be told. */
	e = seccomp_attr_set(*f, SCMP_FLTATR_API_SYSRAWRC, 1);
	/* Look a call up in a binary tree, not in a list from its beginning. */
	if (e == 0)
		e = seccomp_attr_set(*f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (e != 0)
		return e;
	e = seccomp_attr_set(
	    *f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* A kernel without this action: if it lacks more, loading tells. */
	return e == -EINVAL ? 0 : e;
}

int
sandbox_filter_add(
    scmp_filter_ctx f, uint32_t action, const int calls[], size_t n)
{
	size_t i;
	int e;

	e = 0;
	for (i = 0; e == 0 && i < n; i++)
		e = seccomp_rule_add(f, action, calls[i], 0);
	return e;
}

int
sandbox_filter_add_extra(scmp_filter_ctx f)
{
	size_t i;
	int e;

	e = 0;
	for (i = 1; e == 0 && i < LENGTH(extra); i++)
		e = seccomp_rule_add(f, SCMP_ACT_ALLOW, extra[i], 0);
	return e;
}

int
sandbox_filter_add_option(
    scmp_filter_ctx f, int call, unsigned level, unsigned name)
{
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, call, 2,
	    sandbox_filter_equals(1, level), sandbox_filter_equals(2, name));
}

struct scmp_arg_cmp
sandbox_filter_equals(unsigned argument, scmp_datum_t value)
{
	return (struct scmp_arg_cmp) {
		.arg = argument,
		.op = SCMP_CMP_EQ,
		.datum_a = value,
	};
}

struct scmp_arg_cmp
sandbox_filter_masked(unsigned argument, scmp_datum_t mask, scmp_datum_t value)
{
	return (struct scmp_arg_cmp) {
		.arg = argument,
		.op = SCMP_CMP_MASKED_EQ,
		.datum_a = mask,
		.datum_b = value,
	};
}

int
sandbox_filter_load(scmp_filter_ctx f)
{
	int e;

	e = seccomp_load(f);
	if (e == 0)
		return 1;
	return e == -EINVAL || e == -ENOSYS ? 0 : e;
}

int
sandbox_filter_result(int e)
{
	if (e >= 0)
		return 0;
	errno = -e;
	return -1;
}
