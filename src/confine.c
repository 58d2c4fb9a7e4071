/*
 * From root to nobody, from everything to what is needed.
 * Not here: what is needed, see relay_needs().
 */
#include <errno.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "confine.h"
#include "log.h"

static int
fail(int status, const char *subject, const char *why)
{
	log_write(LOG_ERR, "%s: %s", subject, why);
	return status;
}

static int
tell_sandbox(const struct sandbox *s, enum options_sandbox mode)
{
	if (s->missing[0] == '\0')
		log_write(LOG_NOTICE, "sandbox: %s", s->enforced);
	else if (mode == OPTIONS_SANDBOX_REQUIRE)
		return fail(
		    EX_UNAVAILABLE, "--sandbox=require: missing", s->missing);
	else
		log_write(LOG_NOTICE, "sandbox: %s; not enforced: %s",
		    s->enforced[0] != '\0' ? s->enforced : "nothing",
		    s->missing);
	return EX_OK;
}

int
confine(const struct options *o, const struct sandbox_needs *needs,
    const struct privdrop *privdrop, struct sandbox *sandbox)
{
	/* The list of groups may be out of sight afterwards. */
	if (privdrop_groups(privdrop) == -1)
		return fail(EX_OSERR, o->user, strerror(errno));
	if (o->sandbox != OPTIONS_SANDBOX_OFF &&
	    sandbox_prepare(sandbox, needs) == -1)
		return fail(EX_OSERR, "sandbox", strerror(errno));
	if (!privdrop->wanted && geteuid() == 0)
		log_write(LOG_WARNING, "running as root; see --user");
	if (privdrop_ids(privdrop) == -1)
		return fail(EX_OSERR, o->user, strerror(errno));
	if (o->sandbox == OPTIONS_SANDBOX_OFF)
		return EX_OK;
	if (sandbox_enter(sandbox) == -1)
		return fail(EX_OSERR, "sandbox", strerror(errno));
	return tell_sandbox(sandbox, o->sandbox);
}

int
confine_seal(const struct options *o, struct sandbox *sandbox)
{
	if (o->sandbox != OPTIONS_SANDBOX_OFF && sandbox_seal(sandbox) == -1)
		return fail(EX_OSERR, "sandbox", strerror(errno));
	return EX_OK;
}
