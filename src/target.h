/*
 * The socket addresses of the target, shared by those who connect to them, in
 * whatever thread, while newer ones may already have taken their place.
 * Not here: how they are found, see resolver.h.
 */
#ifndef TARGET_H
#define TARGET_H

#include <stdatomic.h>

#include "endpoint.h"

struct target {
	struct endpoints endpoints; /* never changed */
	atomic_size_t users;
};

/*
 * Take over the endpoints' list; the caller is the first user.  Returns NULL
 * and ENOMEM, the list being freed.
 */
struct target *target_create(struct endpoints);

/* Be one more user.  Returns the target. */
struct target *target_hold(struct target *);

/* Use it no more; the last user's release frees it. */
void target_release(struct target *);

#endif
