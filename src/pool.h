/*
 * Buffers, and pipes to splice through, that a channel borrows while bytes
 * are in flight, so that an idle connection holds none.
 * Not here: what the bytes are, or who waits for them.
 */
#ifndef POOL_H
#define POOL_H

#include <stddef.h>

#include "splice.h"

/* Octets in a buffer fresh from the pool. */
#define POOL_BUFFER_SIZE ((size_t)256 * 1024)

/* Bytes data[start] up to data[end] are in flight; 0 <= start <= end <= size.
 */
struct buffer {
	size_t size;
	size_t start;
	size_t end;
	char *data;
};

struct pool;

/* Pipes that a pool can have open at most. */
#define POOL_PIPES 16

/* With so many pipes at most, up to POOL_PIPES.  Returns NULL and ENOMEM. */
struct pool *pool_create(size_t pipes);

/* Free the pool; every buffer has been given back. */
void pool_destroy(struct pool *);

/* Borrow an empty buffer of POOL_BUFFER_SIZE.  Returns NULL and ENOMEM. */
struct buffer *pool_borrow(struct pool *);

/*
 * The bytes in a borrowed buffer have to wait for their destination: return
 * a buffer that holds them in no more memory than they need, which may be
 * the same one.  Cannot fail.
 */
struct buffer *pool_shrink(struct pool *, struct buffer *);

/* Give a buffer back, whatever is in it. */
void pool_return(struct pool *, struct buffer *);

/*
 * Borrow an empty pipe.  Returns NULL if all are lent, or as splice_open();
 * then there is always a buffer.
 */
struct splice_pipe *pool_borrow_pipe(struct pool *);

/* Give a pipe back; one that is not empty is closed. */
void pool_return_pipe(struct pool *, struct splice_pipe *);

#endif
