/*
 * Target: what a hostile resolver process answers to the relay.
 * Not here: the other direction, see resolver_question_fuzz.c.
 *
 * An input is messages, each an octet that says of what kind, and:
 * raw: two octets for the length, and octets;
 * addresses, failure: a sound answer of that kind, with edits.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "answer.h"
#include "event.h"
#include "fuzz.h"
#include "log.h"
#include "resolver_helper.h"

#define MESSAGES 16
#define LONGEST (sizeof(struct answer) + 64)
#define MINUTE 60000

pid_t instead_fork(void) FUZZ_INSTEAD_OF(fork);
void (*instead_signal(int, void (*)(int)))(int) FUZZ_INSTEAD_OF(signal);
int instead_socketpair(int, int, int, int[2]) FUZZ_INSTEAD_OF(socketpair);
int real_socketpair(int, int, int, int[2]) FUZZ_REAL(socketpair);

static struct fuzz_input input;
static int hostile; /* the process's end */

/* What the relay must make of the messages. */
static struct {
	struct answer answers[MESSAGES]; /* those that are sound */
	int n;
	bool broken; /* then comes one that is not */
} sent;

/* There is no process: we are it. */
pid_t
instead_fork(void)
{
	return 1;
}

void (*instead_signal(int signo, void (*handler)(int)))(int)
{
	(void)signo;
	return handler;
}

static void
add_endpoint(struct endpoint *e, int kind)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };

	fuzz_octets(&input, &sin.sin_addr, sizeof(sin.sin_addr));
	memcpy(&sin6.sin6_addr, &sin.sin_addr, sizeof(sin.sin_addr));
	if (kind & 1) {
		memcpy(&e->addr, &sin6, sizeof(sin6));
		e->length = sizeof(sin6);
	} else {
		memcpy(&e->addr, &sin, sizeof(sin));
		e->length = sizeof(sin);
	}
}

static void
fill(struct answer *a, bool failure)
{
	size_t i;

	memset(a, 0, sizeof(*a));
	if (failure) {
		a->status = EX_NOHOST;
		fuzz_octets(&input, a->why, 8);
		return;
	}
	a->n = 1 + fuzz_octet(&input) % ANSWER_MOST;
	for (i = 0; i < a->n; i++)
		add_endpoint(&a->list[i], fuzz_octet(&input));
}

static int32_t
number(void)
{
	int32_t n;

	fuzz_octets(&input, &n, sizeof(n));
	return n;
}

/* One field, or octets wherever they may be. */
static void
edit(struct answer *a)
{
	uint8_t at[2], what;
	struct endpoint *e;

	what = fuzz_octet(&input);
	e = &a->list[what / 8 % ANSWER_MOST];
	switch (what % 8) {
	case 0:
		a->status = number();
		break;
	case 1:
		a->n = (size_t)number();
		break;
	case 2:
		a->n = SIZE_MAX / sizeof(*e) + fuzz_octet(&input);
		break;
	case 3:
		e->length = (socklen_t)number();
		break;
	case 4:
		e->addr.ss_family = (sa_family_t)fuzz_octet(&input);
		break;
	case 5:
		memset(a->why, 'x', sizeof(a->why) - fuzz_octet(&input) % 2);
		break;
	default:
		fuzz_octets(&input, at, sizeof(at));
		((uint8_t *)a)[(at[0] * 256u + at[1]) % sizeof(*a)] =
		    fuzz_octet(&input);
	}
}

/* Returns the length of a message in room. */
static size_t
compose(uint8_t room[LONGEST], unsigned kind)
{
	struct answer a;
	uint8_t length[2];
	unsigned edits;
	size_t n;

	memset(room, 0, LONGEST);
	if (kind == 0) {
		fuzz_octets(&input, length, sizeof(length));
		n = (length[0] * 256u + length[1]) % LONGEST;
		fuzz_octets(&input, room, n);
		return n;
	}
	fill(&a, kind == 1);
	for (edits = fuzz_octet(&input) % 8; edits > 0; edits--)
		edit(&a);
	memcpy(room, &a, sizeof(a));
	if (fuzz_octet(&input) != 0xff)
		return sizeof(a);
	return sizeof(a) - 32 + fuzz_octet(&input) % 64;
}

/* With a descriptor, which nobody wants. */
static void
send_message(const uint8_t *octets, size_t n, bool passing)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_len = n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	iov.iov_base = (void *)(uintptr_t)octets;
	memset(&control, 0, sizeof(control));
	if (passing) {
		m.msg_control = &control;
		m.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &hostile, sizeof(hostile));
	}
	REQUIRE(
	    sendmsg(hostile, &m, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)n);
}

static void
send_all(void)
{
	uint8_t room[LONGEST];
	struct answer a;
	unsigned kind;
	size_t n;
	int i;

	sent.n = 0;
	sent.broken = false;
	for (i = 0; i < MESSAGES && input.left > 0; i++) {
		kind = fuzz_octet(&input);
		n = compose(room, kind % 4);
		send_message(room, n, kind & 4);
		memcpy(&a, room, sizeof(a));
		if (n < sizeof(a) ||
		    (!answer_has_addresses(&a) && !answer_has_failure(&a)))
			sent.broken = true;
		if (!sent.broken)
			sent.answers[sent.n++] = a;
	}
}

/* The answers are there before the first question. */
int
instead_socketpair(int family, int type, int protocol, int fds[2])
{
	REQUIRE(real_socketpair(family, type, protocol, fds) == 0);
	hostile = dup(fds[1]);
	REQUIRE(hostile != -1);
	send_all();
	/* Nothing more comes, but questions can be asked. */
	REQUIRE(shutdown(hostile, SHUT_WR) == 0);
	return 0;
}

static void
check_target(const struct target *t, const struct answer *a)
{
	size_t i;

	REQUIRE(t->endpoints.n == a->n);
	for (i = 0; i < a->n; i++) {
		REQUIRE(t->endpoints.list[i].length == a->list[i].length);
		REQUIRE(memcmp(&t->endpoints.list[i].addr, &a->list[i].addr,
		            a->list[i].length) == 0);
	}
}

/* Runs until the process is lost, which all of it comes to. */
static struct resolver *attached;
static int rounds;

static void
on_round(struct event_timer *timer)
{
	struct target *t;

	REQUIRE(++rounds < 1000);
	if (attached->io.fd == -1) {
		event_loop_stop(attached->loop);
		return;
	}
	t = resolver_use(attached, event_now(attached->loop) + MINUTE);
	target_release(t);
	resolver_doubt(attached, event_now(attached->loop) + MINUTE);
	REQUIRE(event_timer_set(attached->loop, timer, 0) == 0);
}

static void
run(struct resolver *r)
{
	struct event_timer timer;
	struct event_loop *loop;
	int i, last;

	loop = event_loop_create();
	REQUIRE(loop != NULL && resolver_attach(r, loop) == 0);
	attached = r;
	rounds = 0;
	event_timer_init(&timer, on_round);
	REQUIRE(event_timer_set(loop, &timer, 0) == 0);
	REQUIRE(event_loop_run(loop) == 0);
	for (i = last = 0; i < sent.n; i++)
		if (sent.answers[i].status == 0)
			last = i;
	check_target(r->target, &sent.answers[last]);
	resolver_stop(r);
	event_loop_destroy(loop);
}

static void
check_failure(const struct resolver *r, const char *why, int status)
{
	const struct answer *a = &sent.answers[0];

	REQUIRE(r->io.fd == -1 && r->target == NULL);
	if (sent.n == 0) {
		REQUIRE(status == EX_OSERR);
		return;
	}
	REQUIRE(answer_has_failure(a) && status == a->status);
	REQUIRE(strcmp(why, a->why) == 0);
}

void
fuzz_prepare(void)
{
	log_set_threshold(-1);
}

void
fuzz_one(struct fuzz_input *in)
{
	const struct privdrop privdrop = { .wanted = false };
	struct address address;
	struct resolver r;
	const char *why;
	int status;

	input = *in;
	REQUIRE(address_parse(&address, "name:80") == NULL);
	status = -1;
	why =
	    resolver_start(&r, &address, "name:80", &privdrop, false, &status);
	if (why == NULL) {
		REQUIRE(sent.n > 0 && answer_has_addresses(sent.answers));
		run(&r);
	} else {
		check_failure(&r, why, status);
		resolver_stop(&r);
	}
	close(hostile);
}
