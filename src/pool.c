/*
 * Buffers: a few are kept for the next borrower, the others are freed.
 * Not here: reading and writing, see channel.c.
 */
#include <stdlib.h>
#include <string.h>

#include "pool.h"

/* Buffers kept while nobody borrows them. */
#define KEPT 2

struct pool {
	struct buffer *kept[KEPT];
	size_t n;
};

struct pool *
pool_create(void)
{
	return calloc(1, sizeof(struct pool));
}

void
pool_destroy(struct pool *p)
{
	while (p->n > 0)
		free(p->kept[--p->n]);
	free(p);
}

static struct buffer *
allocate(size_t size)
{
	struct buffer *b;

	b = malloc(sizeof(*b) + size);
	if (b != NULL)
		b->size = size;
	return b;
}

struct buffer *
pool_borrow(struct pool *p)
{
	struct buffer *b;

	b = p->n > 0 ? p->kept[--p->n] : allocate(POOL_BUFFER_SIZE);
	if (b != NULL)
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
	small = allocate(length);
	if (small == NULL)
		return b;
	memcpy(small->data, b->data + b->start, length);
	small->start = 0;
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
		free(b);
}
