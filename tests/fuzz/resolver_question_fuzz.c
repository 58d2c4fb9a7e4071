/*
 * Target: what a hostile relay asks the resolver process, and what
 * getaddrinfo(3) may say.
 * Not here: the other direction, see resolver_answer_fuzz.c.
 *
 * An input is an address, which ends at a NUL, an octet for the number of
 * questions with one for each one's length, and what getaddrinfo(3) makes of
 * it.
 */
#include <sys/types.h>
#include <sys/socket.h>

#include <errno.h>
#include <netdb.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "answer.h"
#include "fuzz.h"
#include "log.h"
#include "resolver_helper.h"

#define QUESTIONS 16
#define CLOSES 0x80 /* the relay is gone before the answers come */
#define SOCKET 3    /* the process's descriptor */

void instead_exit(int) FUZZ_INSTEAD_OF(_exit) __attribute__((noreturn));
void real_exit(int) FUZZ_REAL(_exit) __attribute__((noreturn));
void instead_closefrom(int) FUZZ_INSTEAD_OF(closefrom);
void real_closefrom(int) FUZZ_REAL(closefrom);
int instead_dup2(int, int) FUZZ_INSTEAD_OF(dup2);
int real_dup2(int, int) FUZZ_REAL(dup2);
pid_t instead_fork(void) FUZZ_INSTEAD_OF(fork);
void instead_freeaddrinfo(struct addrinfo *) FUZZ_INSTEAD_OF(freeaddrinfo);
int instead_getaddrinfo(const char *, const char *, const struct addrinfo *,
    struct addrinfo **) FUZZ_INSTEAD_OF(getaddrinfo);
void (*instead_signal(int, void (*)(int)))(int) FUZZ_INSTEAD_OF(signal);
int instead_socketpair(int, int, int, int[2]) FUZZ_INSTEAD_OF(socketpair);
int real_socketpair(int, int, int, int[2]) FUZZ_REAL(socketpair);

static struct fuzz_input input;
static jmp_buf ended;
static bool inside; /* the resolver process runs */
static int pair[2], relay;
static int questions; /* before the first empty one */
static int lists;     /* of getaddrinfo(3), not freed yet */
static bool closes;

/* The end of the process is that of one run. */
void
instead_exit(int status)
{
	if (!inside)
		real_exit(status);
	REQUIRE(status == EX_OK);
	longjmp(ended, 1);
}

/* It would close what is libFuzzer's. */
void
instead_closefrom(int fd)
{
	REQUIRE(fd == SOCKET + 1);
}

int
instead_dup2(int from, int to)
{
	if (inside)
		REQUIRE(from == pair[1] && to == SOCKET);
	return real_dup2(from, to);
}

pid_t
instead_fork(void)
{
	inside = true;
	return 0;
}

void (*instead_signal(int signo, void (*handler)(int)))(int)
{
	(void)signo;
	return handler;
}

static void
ask_all(void)
{
	static const char question[256];
	unsigned i, n;
	size_t length;

	n = fuzz_octet(&input);
	closes = n & CLOSES;
	questions = -1;
	for (i = 0; i < n % (QUESTIONS + 1); i++) {
		length = fuzz_octet(&input);
		if (length == 0 && questions == -1)
			questions = (int)i;
		REQUIRE(send(relay, question, length, MSG_DONTWAIT) ==
		    (ssize_t)length);
	}
	if (questions == -1)
		questions = (int)i;
}

int
instead_socketpair(int family, int type, int protocol, int fds[2])
{
	REQUIRE(real_socketpair(family, type, protocol, fds) == 0);
	relay = dup(fds[0]);
	REQUIRE(relay != -1);
	memcpy(pair, fds, sizeof(pair));
	ask_all();
	REQUIRE(shutdown(relay, closes ? SHUT_RDWR : SHUT_WR) == 0);
	return 0;
}

struct info {
	struct addrinfo ai;
	struct sockaddr_storage ss;
};

/* One of a list; families that nobody wants may have any length. */
static struct addrinfo *
make_info(void)
{
	static const int families[] = { AF_INET, AF_INET6, AF_UNIX, 99 };
	struct info *info;
	unsigned kind;
	size_t room;

	info = calloc(1, sizeof(*info));
	REQUIRE(info != NULL);
	kind = fuzz_octet(&input);
	info->ai.ai_family = families[kind % 4];
	info->ai.ai_addr = (struct sockaddr *)&info->ss;
	if (info->ai.ai_family == AF_INET)
		info->ai.ai_addrlen = sizeof(struct sockaddr_in);
	else if (info->ai.ai_family == AF_INET6)
		info->ai.ai_addrlen = sizeof(struct sockaddr_in6);
	else
		info->ai.ai_addrlen = (socklen_t)fuzz_octet(&input) * 2;
	room = sizeof(info->ss);
	if (info->ai.ai_addrlen < room)
		room = info->ai.ai_addrlen;
	/* Addresses differ by one octet, and may be the same. */
	memset(&info->ss, (int)(kind / 4), room);
	info->ss.ss_family = (sa_family_t)info->ai.ai_family;
	return &info->ai;
}

int
instead_getaddrinfo(const char *host, const char *port,
    const struct addrinfo *hints, struct addrinfo **list)
{
	static const int errors[] = { EAI_NONAME, EAI_SERVICE, EAI_AGAIN,
		EAI_FAIL, EAI_SYSTEM, EAI_MEMORY };
	struct addrinfo **next;
	unsigned n;

	REQUIRE(host == NULL || *host != '\0');
	REQUIRE(port != NULL && *port != '\0');
	REQUIRE(hints->ai_socktype == SOCK_STREAM);
	n = fuzz_octet(&input);
	if (n >= 0xe0) {
		errno = EMFILE;
		return errors[n % (sizeof(errors) / sizeof(errors[0]))];
	}
	*list = NULL;
	for (next = list, n %= 24; n > 0; n--, next = &(*next)->ai_next)
		*next = make_info();
	lists++;
	return 0;
}

void
instead_freeaddrinfo(struct addrinfo *ai)
{
	struct addrinfo *next;

	lists--;
	for (; ai != NULL; ai = next) {
		next = ai->ai_next;
		free(ai);
	}
}

static bool
is_zero(const void *from, const void *to)
{
	const uint8_t *p = from;

	while (p < (const uint8_t *)to)
		if (*p++ != 0)
			return false;
	return true;
}

/* Sound, and nothing of the process's memory in what is not used. */
static void
check_answer(const struct answer *a)
{
	const struct endpoint *e;
	size_t i;

	REQUIRE(answer_has_addresses(a) || answer_has_failure(a));
	REQUIRE(is_zero(a->why + strlen(a->why), a->why + sizeof(a->why)));
	REQUIRE(a->status == 0 || *a->why != '\0');
	for (i = 0; i < a->n; i++) {
		e = &a->list[i];
		REQUIRE(
		    is_zero((const uint8_t *)&e->addr + e->length, &e->length));
	}
	REQUIRE(is_zero(&a->list[a->n], a + 1));
}

static void
check_answers(void)
{
	uint8_t room[sizeof(struct answer) + 1];
	struct answer a;
	socklen_t length;
	int error, n;

	/* The process may have ended with questions unread. */
	length = sizeof(error);
	REQUIRE(getsockopt(relay, SOL_SOCKET, SO_ERROR, &error, &length) == 0);
	for (n = 0; n < questions; n++) {
		REQUIRE(
		    recv(relay, room, sizeof(room), 0) == (ssize_t)sizeof(a));
		memcpy(&a, room, sizeof(a));
		check_answer(&a);
	}
	REQUIRE(recv(relay, room, sizeof(room), 0) == 0);
}

/* A number or a path needs no process. */
static void
check_here(struct resolver *r, const char *why, int status)
{
	size_t i;

	REQUIRE(!r->has_helper && r->io.fd == -1);
	REQUIRE((why != NULL) == (r->target == NULL));
	if (why != NULL)
		REQUIRE(status >= EX__BASE && status <= EX__MAX);
	for (i = 0; why == NULL && i < r->target->endpoints.n; i++)
		REQUIRE(r->target->endpoints.list[i].length <=
		    sizeof(struct sockaddr_storage));
	resolver_stop(r);
}

static void
run(const struct address *address)
{
	const struct privdrop privdrop = { .wanted = false };
	struct resolver r;
	const char *why;
	int status;

	status = -1;
	if (setjmp(ended) == 0) {
		why = resolver_start(
		    &r, address, "name", &privdrop, false, &status);
		REQUIRE(!inside);
		check_here(&r, why, status);
		return;
	}
	inside = false;
	close(pair[0]);
	close(pair[1]);
	/* It was the last to hold that end. */
	REQUIRE(real_dup2(STDERR_FILENO, SOCKET) == SOCKET);
	if (!closes)
		check_answers();
	close(relay);
}

void
fuzz_prepare(void)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	real_closefrom(SOCKET);
	REQUIRE(real_dup2(STDERR_FILENO, SOCKET) == SOCKET);
	log_set_threshold(-1);
	REQUIRE(sigaction(SIGPIPE, &ignore, NULL) == 0);
}

void
fuzz_one(struct fuzz_input *in)
{
	struct address address;
	char *text;

	input = *in;
	lists = 0;
	text = fuzz_string(&input);
	if (address_parse(&address, text) == NULL)
		run(&address);
	free(text);
	REQUIRE(lists == 0);
}
