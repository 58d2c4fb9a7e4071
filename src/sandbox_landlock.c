/*
 * Landlock: which files may be removed, which TCP port may be connected to.
 * Not here: system calls, see sandbox_seccomp.c.
 */
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <linux/landlock.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "sandbox_linux.h"

/*
 * landlock(7) by ABI; the system's header may be older than its kernel.  The
 * rights are bits from 0 on, so many in each ABI.
 */
static const struct {
	int abi;
	unsigned rights;
} file_rights[] = { { 5, 16 }, { 3, 15 }, { 2, 14 }, { 1, 13 } };

#define ABI_NET 4
#define ABI_SCOPE 6
#define NET_BIND_TCP UINT64_C(1)
#define NET_CONNECT_TCP UINT64_C(2)
#define SCOPE_ABSTRACT UINT64_C(1)
#define SCOPE_SIGNAL UINT64_C(2)
#define RULE_NET_PORT 2

struct ruleset {
	uint64_t files;
	uint64_t net;
	uint64_t scoped;
};

struct net_port {
	uint64_t allowed;
	uint64_t port;
};

static uint64_t
all_file_rights(int abi)
{
	size_t i;

	for (i = 0; file_rights[i].abi > abi; i++)
		continue;
	return (UINT64_C(1) << file_rights[i].rights) - 1;
}

/* The kernel knows fields by the size of what it is given. */
static int
create(int abi, bool abstract_target)
{
	struct ruleset r = { .files = all_file_rights(abi) };
	size_t size;

	size = sizeof(r.files);
	if (abi >= ABI_NET) {
		r.net = NET_BIND_TCP | NET_CONNECT_TCP;
		size += sizeof(r.net);
	}
	if (abi >= ABI_SCOPE) {
		r.scoped = SCOPE_SIGNAL;
		if (!abstract_target)
			r.scoped |= SCOPE_ABSTRACT;
		size += sizeof(r.scoped);
	}
	return (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
}

static int
allow_files(int ruleset, int directory, uint64_t rights)
{
	struct landlock_path_beneath_attr beneath = {
		.allowed_access = rights,
		.parent_fd = directory,
	};

	return (int)syscall(SYS_landlock_add_rule, ruleset,
	    LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
}

static int
allow_port(int ruleset, in_port_t port)
{
	struct net_port rule = {
		.allowed = NET_CONNECT_TCP,
		.port = ntohs(port),
	};

	return (int)syscall(
	    SYS_landlock_add_rule, ruleset, RULE_NET_PORT, &rule, 0);
}

static int
allow_connect(int ruleset, const struct endpoint *e)
{
	if (e->addr.ss_family == AF_INET)
		return allow_port(
		    ruleset, ((const struct sockaddr_in *)&e->addr)->sin_port);
	if (e->addr.ss_family == AF_INET6)
		return allow_port(ruleset,
		    ((const struct sockaddr_in6 *)&e->addr)->sin6_port);
	return 0;
}

static int
allow_endpoints(int ruleset, const struct endpoints *endpoints)
{
	size_t i;

	for (i = 0; i < endpoints->n; i++)
		if (allow_connect(ruleset, &endpoints->list[i]) == -1)
			return -1;
	return 0;
}

static void
note(struct sandbox *s, int abi, bool abstract_target)
{
	sandbox_note(s->enforced, "Landlock (files");
	if (abi >= ABI_NET)
		sandbox_note(s->enforced, "TCP ports");
	else
		sandbox_note(s->missing, "TCP ports (Linux 6.7)");
	if (abi < ABI_SCOPE)
		sandbox_note(s->missing, "scope of signals (Linux 6.12)");
	else if (abstract_target)
		sandbox_note(s->enforced, "signals");
	else
		sandbox_note(s->enforced, "signals, abstract sockets");
	strlcat(s->enforced, ")", sizeof(s->enforced));
}

static int
probe(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
}

int
sandbox_landlock_prepare(struct sandbox *s, const struct sandbox_needs *needs)
{
	bool abstract_target;
	size_t i;
	int abi;

	abi = probe();
	if (abi < 1) {
		sandbox_note(s->missing, "Landlock");
		return 0;
	}
	abstract_target =
	    needs->target->kind == ADDRESS_ABSTRACT && !needs->helped;
	s->ruleset = create(abi, abstract_target);
	if (s->ruleset == -1)
		return -1;
	for (i = 0; i < 2; i++)
		if (needs->directories[i] != -1 &&
		    allow_files(s->ruleset, needs->directories[i],
		        LANDLOCK_ACCESS_FS_REMOVE_FILE) == -1)
			return -1;
	if (abi >= ABI_NET && !needs->helped &&
	    allow_endpoints(s->ruleset, needs->endpoints) == -1)
		return -1;
	note(s, abi, abstract_target);
	return 0;
}

int
sandbox_landlock_enter(struct sandbox *s)
{
	int result;

	if (s->ruleset == -1)
		return 0;
	result = (int)syscall(SYS_landlock_restrict_self, s->ruleset, 0);
	close(s->ruleset);
	s->ruleset = -1;
	return result;
}

/* DNS over TCP; a resolver of the machine itself listens on Unix sockets. */
int
sandbox_landlock_enter_resolver(void)
{
	int abi, result, root, ruleset;

	abi = probe();
	if (abi < 1)
		return 0;
	root = open("/", O_PATH | O_CLOEXEC);
	ruleset = create(abi, false);
	result = root == -1 || ruleset == -1 ? -1 : 0;
	if (result == 0)
		result = allow_files(ruleset, root,
		    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
		        LANDLOCK_ACCESS_FS_EXECUTE);
	if (result == 0 && abi >= ABI_NET)
		result = allow_port(ruleset, htons(53));
	if (result == 0)
		result = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
	close(root);
	close(ruleset);
	return result;
}

static bool
has_abstract(const struct endpoints *endpoints)
{
	const struct endpoint *e;

	e = &endpoints->list[0];
	return e->addr.ss_family == AF_UNIX &&
	    ((const struct sockaddr_un *)&e->addr)->sun_path[0] == '\0';
}

int
sandbox_landlock_enter_connecting(const struct endpoints *endpoints)
{
	int abi, result, ruleset;

	abi = probe();
	if (abi < 1)
		return 0;
	ruleset = create(abi, has_abstract(endpoints));
	if (ruleset == -1)
		return -1;
	result = 0;
	if (abi >= ABI_NET)
		result = allow_endpoints(ruleset, endpoints);
	if (result == 0)
		result = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
	close(ruleset);
	return result;
}
