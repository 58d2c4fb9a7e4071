/*
 * One direction of a connection: from one socket to the other, with
 * back-pressure and half-close.
 * Not here: the other direction, time-outs, closing; see session.h.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <sys/types.h>
#include <sys/socket.h>

#include <stdbool.h>
#include <stdint.h>

#include "event.h"
#include "pool.h"

enum channel_state {
	CHANNEL_OPEN,         /* carries bytes, or waits for them */
	CHANNEL_ENDED,        /* end of file was delivered and passed on */
	CHANNEL_READ_FAILED,  /* the source broke */
	CHANNEL_WRITE_FAILED, /* the destination takes nothing any more */
	CHANNEL_FAILED,       /* neither; the system lacks something */
};

/*
 * What a channel works with: the owner's, the same for each call.  Both
 * sockets are connected, non-blocking stream sockets, and EVENT_READ is wanted
 * of from at first; while the state is CHANNEL_OPEN or CHANNEL_WRITE_FAILED
 * the channel decides whether it still is, and EVENT_WRITE of to.  The process
 * ignores SIGPIPE, as splice(2) has no flag against it.
 */
struct channel_ends {
	struct event_io *from;
	struct event_io *to;
	struct event_loop *loop;
	struct pool *pool;
};

/*
 * Zero is a channel that carried nothing yet.  There is one for each
 * direction of each connection, so it is small.  If the owner sets nagle at
 * first, the channel sets TCP_NODELAY before a write that could be held back
 * without it; if it sets plain, because no descriptors can come along with
 * what the source has, reading costs less.  Whoever writes to the source, and
 * gets an error that a read would have shown, stores it in source_error.
 */
struct channel {
	struct buffer *buffer;    /* what could not be written yet, or NULL */
	struct splice_pipe *pipe; /* the same; never both */
	uint64_t bytes;           /* octets written to the destination */
	int16_t error;            /* errno of a channel that fails, or will */
	int16_t source_error;     /* errno of the source that a write used up */
	uint8_t state;            /* enum channel_state */
	uint8_t way;              /* how octets are moved */
	int8_t streak;            /* of reads that speak for another way */
	bool eof : 1;             /* end of file was read */
	bool suspect : 1; /* the owner's: the source reported an error */
	bool last : 1;    /* the owner's: see channel_pump() */
	bool nagle : 1;   /* the destination is TCP without TCP_NODELAY */
	bool plain : 1;   /* the owner's: nobody passes descriptors */
	bool doubt : 1;   /* of CHANNEL_WRITE_FAILED: it may be a reset */
	bool parting : 1; /* the owner's, of up: see session_end.c */
	bool gone : 1;    /* the owner's: the destination broke at its end */
};

/*
 * Put octets, POOL_BUFFER_SIZE at most, before everything that will be read;
 * channel_pump() sends them.  Nothing may have been read yet.  Returns 0, or
 * -1 and ENOMEM.
 */
int channel_prepend(
    struct channel *, struct pool *, const void *data, size_t length);

/*
 * Move what can be moved now, to a bound that keeps one connection from
 * starving the others; afterwards the watches want what is needed to be
 * called again.  At end of file the destination's sending side is shut down
 * once all bytes are written; but with last set it is not, as the owner then
 * closes both sockets at once: the other direction was ended before.  In
 * CHANNEL_WRITE_FAILED, what the source still sends is read and dropped, so
 * that one which writes before it reads gets on.  Returns true if bytes moved
 * or the state changed.
 */
bool channel_pump(struct channel *, const struct channel_ends *);

/*
 * The destination takes nothing any more, by that errno, though no write has
 * said so: from CHANNEL_OPEN to CHANNEL_WRITE_FAILED.
 */
void channel_refuse(struct channel *, const struct channel_ends *, int error);

/* The address family of a socket, AF_UNSPEC if that cannot be told. */
sa_family_t channel_family(int fd);

/* Octets read and not yet written. */
size_t channel_pending(const struct channel *);

/* Give back what is borrowed; bytes in flight are dropped. */
void channel_close(struct channel *, struct pool *);

#endif
