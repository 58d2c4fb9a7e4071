/*
 * seccomp: what the filters of all processes have in common.  A function that
 * can fail returns a negative errno then, as those of libseccomp do.
 * Not here: which calls they are for.
 */
#ifndef SANDBOX_FILTER_H
#define SANDBOX_FILTER_H

#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>

/* How many an array has. */
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Make a filter that does this with a call that has no rule, and with one of
 * another architecture ends the process, or the thread if the kernel can do no
 * more.  Returns 0 or a negative errno; seccomp_release(3) frees what is in
 * *filter after either.
 */
int sandbox_filter_create(scmp_filter_ctx *filter, uint32_t action);

/* A rule for each of n calls, whatever its arguments; 0 or a negative errno. */
int sandbox_filter_add(
    scmp_filter_ctx, uint32_t action, const int calls[], size_t n);

/* Allow what a test double needs besides; 0 or a negative errno. */
int sandbox_filter_add_extra(scmp_filter_ctx);

/*
 * Allow getsockopt(2) or setsockopt(2), which of them call says, for one
 * option; 0 or a negative errno.
 */
int sandbox_filter_add_option(
    scmp_filter_ctx, int call, unsigned level, unsigned name);

/* Comparisons for a rule; libseccomp's own macros leave a field out. */
struct scmp_arg_cmp sandbox_filter_equals(unsigned argument, scmp_datum_t);
struct scmp_arg_cmp sandbox_filter_masked(
    unsigned argument, scmp_datum_t mask, scmp_datum_t);

/*
 * From now on the thread is subject to the filter, which remains the caller's.
 * Returns 1, 0 where the kernel has no seccomp(2), or a negative errno.
 */
int sandbox_filter_load(scmp_filter_ctx);

/* Returns 0, or for a negative errno -1 and errno. */
int sandbox_filter_result(int);

#endif
