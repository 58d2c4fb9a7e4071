/*
 * Tests of pool.h.
 * Not here: what the buffers and pipes are used for, see channel_*_test.c.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pool.h"
#include "unit.h"

ATF_TC_WITHOUT_HEAD(buffers);
ATF_TC_BODY(buffers, tc)
{
	struct buffer *all[5];
	struct pool *p;
	size_t i;

	p = pool_create(POOL_PIPES);
	ATF_REQUIRE(p != NULL);
	for (i = 0; i < UNIT_LENGTH(all); i++) {
		all[i] = pool_borrow(p);
		ATF_REQUIRE(all[i] != NULL);
		ATF_REQUIRE_EQ(POOL_BUFFER_SIZE, all[i]->size);
		ATF_REQUIRE_EQ(0, all[i]->start);
		ATF_REQUIRE_EQ(0, all[i]->end);
		memset(all[i]->data, 'x', POOL_BUFFER_SIZE);
		all[i]->end = 17;
	}
	for (i = 0; i < UNIT_LENGTH(all); i++)
		pool_return(p, all[i]);
	all[0] = pool_borrow(p);
	ATF_REQUIRE_EQ(0, all[0]->end);
	pool_return(p, all[0]);
	pool_destroy(p);
}

ATF_TC_WITHOUT_HEAD(shrink);
ATF_TC_BODY(shrink, tc)
{
	struct buffer *b;
	struct pool *p;

	p = pool_create(POOL_PIPES);
	b = pool_borrow(p);
	ATF_REQUIRE(b != NULL);
	memcpy(b->data + 1000, "left over", 9);
	b->start = 1000;
	b->end = 1009;
	b = pool_shrink(p, b);
	ATF_REQUIRE_EQ(9, b->end - b->start);
	ATF_REQUIRE_EQ(9, b->size);
	ATF_REQUIRE_EQ(0, memcmp(b->data + b->start, "left over", 9));
	pool_return(p, b);
	pool_destroy(p);
}

static struct pool *
create_with_pipes(struct splice_pipe *pipes[])
{
	struct pool *p;
	size_t i;

	p = pool_create(POOL_PIPES);
	ATF_REQUIRE(p != NULL);
	pipes[0] = pool_borrow_pipe(p);
	if (pipes[0] == NULL) {
		pool_destroy(p);
		atf_tc_skip("this system has no splice(2)");
	}
	for (i = 1; i < POOL_PIPES; i++) {
		pipes[i] = pool_borrow_pipe(p);
		ATF_REQUIRE(pipes[i] != NULL);
	}
	ATF_REQUIRE(pool_borrow_pipe(p) == NULL);
	return p;
}

ATF_TC_WITHOUT_HEAD(pipes_are_bounded);
ATF_TC_BODY(pipes_are_bounded, tc)
{
	struct splice_pipe *pipes[POOL_PIPES];
	struct pool *p;
	int before;
	size_t i;

	before = unit_descriptors();
	p = create_with_pipes(pipes);
	ATF_REQUIRE_EQ(before + 2 * POOL_PIPES, unit_descriptors());
	for (i = 0; i < POOL_PIPES; i++)
		pool_return_pipe(p, pipes[i]);
	/* A few are kept for the next bulk. */
	ATF_REQUIRE(unit_descriptors() > before);
	ATF_REQUIRE(unit_descriptors() <= before + 4);
	pool_destroy(p);
	ATF_REQUIRE_EQ(before, unit_descriptors());
}

/* With no descriptors to spare, octets are copied. */
ATF_TC_WITHOUT_HEAD(no_pipes);
ATF_TC_BODY(no_pipes, tc)
{
	struct pool *p;

	p = pool_create(0);
	ATF_REQUIRE(p != NULL);
	ATF_REQUIRE(pool_borrow_pipe(p) == NULL);
	pool_destroy(p);
}

ATF_TC_WITHOUT_HEAD(only_empty_pipes_are_lent);
ATF_TC_BODY(only_empty_pipes_are_lent, tc)
{
	struct splice_pipe *pipes[POOL_PIPES];
	struct pool *p;
	char c;
	size_t i;

	p = create_with_pipes(pipes);
	for (i = 0; i < POOL_PIPES; i++) {
		ATF_REQUIRE_EQ(1, write(pipes[i]->in, "x", 1));
		pipes[i]->length = 1;
		pool_return_pipe(p, pipes[i]);
	}
	for (i = 0; i < POOL_PIPES; i++) {
		pipes[i] = pool_borrow_pipe(p);
		ATF_REQUIRE(pipes[i] != NULL);
		ATF_REQUIRE_EQ(0, pipes[i]->length);
		ATF_REQUIRE_EQ(-1, read(pipes[i]->out, &c, 1));
	}
	for (i = 0; i < POOL_PIPES; i++)
		pool_return_pipe(p, pipes[i]);
	pool_destroy(p);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, buffers);
	ATF_TP_ADD_TC(tp, shrink);
	ATF_TP_ADD_TC(tp, pipes_are_bounded);
	ATF_TP_ADD_TC(tp, no_pipes);
	ATF_TP_ADD_TC(tp, only_empty_pipes_are_lent);
	return atf_no_error();
}
