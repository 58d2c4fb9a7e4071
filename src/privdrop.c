/*
 * Groups, group, user, and the proof.
 * Not here: capabilities and sandboxes, see sandbox.h.
 */
#include <sys/types.h>
#include <sys/resource.h>

#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <sysexits.h>
#include <unistd.h>

#include "os.h"
#include "privdrop.h"

const char *
privdrop_look_up(struct privdrop *p, const char *spec, int *status)
{
	const char *why;

	*p = (struct privdrop) { .wanted = spec != NULL };
	if (spec == NULL)
		return NULL;
	why = user_lookup(spec, &p->user);
	if (why == NULL && p->user.gid == (gid_t)-1)
		why = "a number without a group; write USER:GROUP";
	if (why == NULL && p->user.uid == 0)
		why = "is root, which gives up nothing";
	*status = EX_NOUSER;
	if (why == NULL && geteuid() != 0) {
		*status = EX_NOPERM;
		why = "only root can become another user";
	}
	return why;
}

static int
set_groups(const struct user *u)
{
	if (u->name[0] != '\0')
		return initgroups(u->name, u->gid);
	return setgroups(1, &u->gid);
}

/* Each of these must be refused now. */
static bool
can_return(const struct user *u)
{
	return setuid(0) == 0 || seteuid(0) == 0 || setgroups(0, NULL) == 0 ||
	    (u->gid != 0 && (setgid(0) == 0 || setegid(0) == 0));
}

static bool
is(const struct user *u)
{
	return getuid() == u->uid && geteuid() == u->uid &&
	    getgid() == u->gid && getegid() == u->gid;
}

int
privdrop_groups(const struct privdrop *p)
{
	return p->wanted ? set_groups(&p->user) : 0;
}

int
privdrop_ids(const struct privdrop *p)
{
	const struct rlimit none = { .rlim_cur = 0, .rlim_max = 0 };
	const struct user *u;

	if (!p->wanted)
		return 0;
	u = &p->user;
	/* Of root, setgid and setuid set the real, effective and saved ids. */
	if (setgid(u->gid) == -1 || setuid(u->uid) == -1)
		return -1;
	if (!is(u) || can_return(u)) {
		errno = EPERM;
		return -1;
	}
	if (setrlimit(RLIMIT_CORE, &none) == -1)
		return -1;
	return os_forbid_tracing();
}

int
privdrop_apply(const struct privdrop *p)
{
	return privdrop_groups(p) == -1 ? -1 : privdrop_ids(p);
}
