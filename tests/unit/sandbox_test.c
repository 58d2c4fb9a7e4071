/*
 * The walls: what a process inside the sandbox tries must fail or end it.
 * Not here: that the relay works inside, see tests/e2e/sandbox_test.sh.
 */
#include <sys/types.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <netinet/in.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "sandbox_fixture.h"

static bool
creates(void)
{
	return openat(inside, "new", O_CREAT | O_WRONLY, 0600) != -1;
}

static bool
traces(void)
{
	return ptrace(PT_TRACE_ME, 0, NULL, 0) != -1;
}

static bool
makes_unix_socket(void)
{
	return stream_socket(AF_UNIX) != -1;
}

static bool
makes_raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_TCP) != -1;
}

#ifndef MSG_FASTOPEN
#define MSG_FASTOPEN 0
#endif

/* TCP Fast Open would connect without connect(2). */
static bool
sends_elsewhere(void)
{
	int fd;

	fd = stream_socket(AF_INET);
	return fd != -1 &&
	    (sendto(fd, "x", 1, MSG_FASTOPEN,
	         (const struct sockaddr *)&other.addr, other.length) != -1 ||
	        errno == EINPROGRESS);
}

static bool
binds(void)
{
	struct endpoint e = target;
	int fd;

	((struct sockaddr_in *)&e.addr)->sin_port = 0;
	fd = stream_socket(AF_INET);
	return fd != -1 &&
	    bind(fd, (const struct sockaddr *)&e.addr, e.length) == 0;
}

static bool
removes_outside(void)
{
	return unlinkat(outside, "file", 0) == 0;
}

static bool
maps_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool
becomes_root(void)
{
	return setuid(0) == 0;
}

static bool
changes_mode(void)
{
	return fchmodat(inside, "file", 0666, 0) == 0;
}

static bool
reads_hosts(void)
{
	char byte;
	int fd;

	fd = open("/etc/hosts", O_RDONLY);
	return fd != -1 && read(fd, &byte, 1) == 1;
}

static bool
writes_file(void)
{
	return openat(inside, "file", O_WRONLY) != -1;
}

static void *
nothing(void *arg)
{
	return arg;
}

static bool
starts_thread(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, nothing, NULL) == 0;
}

#if defined(__linux__) && defined(__x86_64__)
#define OTHER_ABI 0x40000000 /* x32 */

/* It must not end the thread alone. */
static bool
calls_by_another_abi(void)
{
	return syscall(OTHER_ABI | SYS_getpid) > 0;
}
#endif

#define WALL(name)                    \
	ATF_TC_WITHOUT_HEAD(name);    \
	ATF_TC_BODY(name, tc)         \
	{                             \
		check(REFUSED, name); \
	}

#define DOOR(name)                     \
	ATF_TC_WITHOUT_HEAD(name);     \
	ATF_TC_BODY(name, tc)          \
	{                              \
		check(POSSIBLE, name); \
	}

WALL(opens)
WALL(creates)
WALL(executes)
WALL(forks)
WALL(traces)
WALL(kills)
WALL(makes_unix_socket)
WALL(makes_ipv6_socket)
WALL(makes_datagram_socket)
WALL(makes_raw_socket)
WALL(connects_elsewhere)
WALL(sends_elsewhere)
WALL(binds)
WALL(removes_outside)
WALL(maps_code)
WALL(becomes_root)
WALL(changes_mode)
#ifdef OTHER_ABI
WALL(calls_by_another_abi)
#endif
DOOR(connects_to_target)
DOOR(removes_inside)

/* pledge(2) does not tell threads that run from those that are to come. */
ATF_TC_WITHOUT_HEAD(threads);
ATF_TC_BODY(threads, tc)
{
	require_sandbox();
	ATF_CHECK_EQ(POSSIBLE, in_child(starts_thread, before_seal));
#ifdef __linux__
	ATF_CHECK_EQ(REFUSED, in_child(starts_thread, in_process));
	ATF_CHECK_EQ(REFUSED, in_child(starts_thread, in_worker));
	ATF_CHECK_EQ(REFUSED, in_child(starts_thread, beside_worker));
#endif
}

#ifdef __linux__
/* To itself, which the scope of Landlock allows. */
static bool
signals_thread(void)
{
	return syscall(SYS_tgkill, getpid(), getpid(), 0) == 0;
}

static bool
queues_signal(void)
{
	siginfo_t info = { .si_code = SI_QUEUE };

	return syscall(SYS_rt_sigqueueinfo, getpid(), 0, &info) == 0;
}

static bool
queues_for_thread(void)
{
	siginfo_t info = { .si_code = SI_QUEUE };

	return syscall(SYS_rt_tgsigqueueinfo, getpid(), getpid(), 0, &info) ==
	    0;
}
#endif

static bool
tells_link_local(void)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_scope_id = 1 };
	char text[ADDRESS_TEXT_SIZE];

	in6.sin6_addr.s6_addr[0] = 0xfe;
	in6.sin6_addr.s6_addr[1] = 0x80;
	address_socket_text((struct sockaddr *)&in6, sizeof(in6), text);
	return strcmp(text, "[fe80::%1]:0") == 0;
}

/* Without being able to ask what the scope is called. */
DOOR(tells_link_local)

/* The process that looks names up has walls of its own. */
ATF_TC_WITHOUT_HEAD(resolver);
ATF_TC_BODY(resolver, tc)
{
	require_sandbox();
	ATF_CHECK_EQ(POSSIBLE, in_child(reads_hosts, in_resolver));
	ATF_CHECK_EQ(REFUSED, in_child(executes, in_resolver));
	ATF_CHECK_EQ(REFUSED, in_child(forks, in_resolver));
	ATF_CHECK_EQ(REFUSED, in_child(traces, in_resolver));
	ATF_CHECK_EQ(REFUSED, in_child(kills, in_resolver));
#ifdef __linux__
	ATF_CHECK_EQ(REFUSED, in_child(signals_thread, in_resolver));
	ATF_CHECK_EQ(REFUSED, in_child(queues_signal, in_resolver));
	ATF_CHECK_EQ(REFUSED, in_child(queues_for_thread, in_resolver));
#endif
	ATF_CHECK_EQ(REFUSED, in_child(creates, in_resolver));
	ATF_CHECK_EQ(REFUSED, in_child(writes_file, in_resolver));
	ATF_CHECK_EQ(REFUSED, in_child(removes_outside, in_resolver));
	ATF_CHECK_EQ(REFUSED, in_child(connects_elsewhere, in_resolver));
}

#ifdef __linux__
static void
in_old_resolver(bool (*attempt)(void))
{
	lose_seccomp_call();
	in_resolver(attempt);
}

ATF_TC_WITHOUT_HEAD(resolver_old_kernel);
ATF_TC_BODY(resolver_old_kernel, tc)
{
	require_sandbox();
	ATF_CHECK_EQ(REFUSED, in_child(traces, in_old_resolver));
	ATF_CHECK_EQ(POSSIBLE, in_child(reads_hosts, in_old_resolver));
}
#endif

/* Without a sandbox the same attempts succeed: the tests can fail. */
ATF_TC_WITHOUT_HEAD(without_walls);
ATF_TC_BODY(without_walls, tc)
{
	set_up();
	ATF_CHECK(opens());
	ATF_CHECK(creates());
	ATF_CHECK(forks());
	ATF_CHECK(kills());
#ifdef __linux__
	ATF_CHECK(signals_thread());
	ATF_CHECK(queues_signal());
	ATF_CHECK(queues_for_thread());
#endif
	ATF_CHECK_EQ(POSSIBLE, in_child(executes, unwalled));
	ATF_CHECK(makes_unix_socket());
	ATF_CHECK(makes_datagram_socket());
	ATF_CHECK(connects_elsewhere());
	ATF_CHECK(binds());
	ATF_CHECK(changes_mode());
	ATF_CHECK(removes_outside());
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, opens);
	ATF_TP_ADD_TC(tp, creates);
	ATF_TP_ADD_TC(tp, executes);
	ATF_TP_ADD_TC(tp, forks);
	ATF_TP_ADD_TC(tp, traces);
	ATF_TP_ADD_TC(tp, kills);
	ATF_TP_ADD_TC(tp, makes_unix_socket);
	ATF_TP_ADD_TC(tp, makes_ipv6_socket);
	ATF_TP_ADD_TC(tp, makes_datagram_socket);
	ATF_TP_ADD_TC(tp, makes_raw_socket);
	ATF_TP_ADD_TC(tp, connects_elsewhere);
	ATF_TP_ADD_TC(tp, sends_elsewhere);
	ATF_TP_ADD_TC(tp, binds);
	ATF_TP_ADD_TC(tp, removes_outside);
	ATF_TP_ADD_TC(tp, maps_code);
	ATF_TP_ADD_TC(tp, becomes_root);
	ATF_TP_ADD_TC(tp, changes_mode);
#ifdef OTHER_ABI
	ATF_TP_ADD_TC(tp, calls_by_another_abi);
#endif
	ATF_TP_ADD_TC(tp, connects_to_target);
	ATF_TP_ADD_TC(tp, removes_inside);
	ATF_TP_ADD_TC(tp, tells_link_local);
	ATF_TP_ADD_TC(tp, threads);
	ATF_TP_ADD_TC(tp, resolver);
#ifdef __linux__
	ATF_TP_ADD_TC(tp, resolver_old_kernel);
#endif
	ATF_TP_ADD_TC(tp, without_walls);
	return atf_no_error();
}
