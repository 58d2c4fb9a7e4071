/*
 * Buffers and pipes: a few are kept for the next borrower, the others are
 * freed.
 * Not here: reading and writing, see channel.c.
 */
#include <stdlib.h>
#include <string.h>

#include "pool.h"

/* Buffers kept while nobody borrows them. */
#define KEPT 2

/* A page: the kernel copies to and from whole ones faster. */
#define ALIGNMENT 4096

/* Pipes kept open, or as many as are lent. */
#define PIPES_KEPT 2

struct pool {
	struct buffer *kept[KEPT];
	size_t n;
	struct splice_pipe pipes[POOL_PIPES];
	struct splice_pipe *idle[POOL_PIPES]; /* open, not lent */
	struct splice_pipe *shut[POOL_PIPES];
	size_t n_pipes;
	size_t n_idle;
	size_t n_shut;
};

static struct buffer *
adopt(char *data, size_t size)
{
	struct buffer *b;

	b = data == NULL ? NULL : malloc(sizeof(*b));
	if (b == NULL) {
		free(data);
		return NULL;
	}
	*b = (struct buffer) { .data = data, .size = size };
	return b;
}

static void
discard(struct buffer *b)
{
	free(b->data);
	free(b);
}

struct pool *
pool_create(size_t pipes)
{
	struct pool *p;

	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return NULL;
	p->n_pipes = pipes < POOL_PIPES ? pipes : POOL_PIPES;
	for (; p->n_shut < p->n_pipes; p->n_shut++)
		p->shut[p->n_shut] = &p->pipes[p->n_shut];
	return p;
}

static void
shut(struct pool *p, struct splice_pipe *pipe)
{
	splice_close(pipe);
	p->shut[p->n_shut++] = pipe;
}

static void
shut_idle(struct pool *p, size_t kept)
{
	while (p->n_idle > kept)
		shut(p, p->idle[--p->n_idle]);
}

void
pool_destroy(struct pool *p)
{
	shut_idle(p, 0);
	while (p->n > 0)
		discard(p->kept[--p->n]);
	free(p);
}

struct buffer *
pool_borrow(struct pool *p)
{
	struct buffer *b;

	if (p->n == 0)
		return adopt(aligned_alloc(ALIGNMENT, POOL_BUFFER_SIZE),
		    POOL_BUFFER_SIZE);
	b = p->kept[--p->n];
	b->start = b->end = 0;
	return b;
}

struct buffer *
pool_shrink(struct pool *p, struct buffer *b)
{
	struct buffer *small;
	size_t length;

	length = b->end - b->start;
	/* Above a quarter, the copy costs more than the memory is worth. */
	if (length > POOL_BUFFER_SIZE / 4 || b->size < POOL_BUFFER_SIZE)
		return b;
	small = adopt(malloc(length), length);
	if (small == NULL)
		return b;
	memcpy(small->data, b->data + b->start, length);
	small->end = length;
	pool_return(p, b);
	return small;
}

void
pool_return(struct pool *p, struct buffer *b)
{
	if (b->size == POOL_BUFFER_SIZE && p->n < KEPT)
		p->kept[p->n++] = b;
	else
		discard(b);
}

struct splice_pipe *
pool_borrow_pipe(struct pool *p)
{
	if (p->n_idle > 0)
		return p->idle[--p->n_idle];
	if (p->n_shut == 0 || splice_open(p->shut[p->n_shut - 1]) == -1)
		return NULL;
	return p->shut[--p->n_shut];
}

void
pool_return_pipe(struct pool *p, struct splice_pipe *pipe)
{
	size_t lent;

	if (pipe->length > 0)
		shut(p, pipe);
	else
		p->idle[p->n_idle++] = pipe;
	lent = p->n_pipes - p->n_idle - p->n_shut;
	shut_idle(p, lent > PIPES_KEPT ? lent : PIPES_KEPT);
}
