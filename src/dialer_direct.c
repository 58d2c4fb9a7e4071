/*
 * The relay connects by itself.
 */
#include "dial.h"
#include "dialer.h"

void
dialer_init(struct dialer *d)
{
	*d = (struct dialer) { .fd = -1, .directory = -1, .alarm = -1 };
	d->io.fd = -1;
}

const char *
dialer_start(struct dialer *d, const struct address *target,
    const struct endpoints *endpoints, bool any_address,
    const struct privdrop *privdrop, bool sandboxed)
{
	(void)target;
	(void)endpoints;
	(void)any_address;
	(void)privdrop;
	(void)sandboxed;
	dialer_init(d);
	return NULL;
}

int
dialer_attach(struct dialer *d, struct event_loop *loop,
    void (*on_lost)(void *arg), void *arg)
{
	d->loop = loop;
	d->on_lost = on_lost;
	d->arg = arg;
	return 0;
}

bool
dialer_is_helped(const struct dialer *d)
{
	(void)d;
	return false;
}

int
dialer_dial(struct dialer *d, const struct endpoint *e, int *fd)
{
	(void)d;
	return dial(e, fd);
}

void
dialer_stop(struct dialer *d)
{
	(void)d;
}
