/*
 * Target: strangers' text in log lines, names of sockets that they chose among
 * it.
 * Not here: syslog(3), which gets the same line.
 *
 * An input is an octet of flags, strings (JOURNAL_STREAM, a target, how it
 * ended), and a socket address.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "connection_log.h"
#include "fuzz.h"
#include "log.h"

#define STDERR_IS_JOURNAL 1 /* JOURNAL_STREAM names standard error */
#define HAS_STREAM 2
#define LOCAL 4 /* the address is of a Unix socket */

#define LINE 1024 /* octets of the longest line */
#define PROGRAM "simpletcpunixrelay: "

int instead_poll(struct pollfd *, nfds_t, int) FUZZ_INSTEAD_OF(poll);
ssize_t instead_write(int, const void *, size_t) FUZZ_INSTEAD_OF(write);
int real_poll(struct pollfd *, nfds_t, int) FUZZ_REAL(poll);
ssize_t real_write(int, const void *, size_t) FUZZ_REAL(write);

static bool catching;
static char line[LINE + 1];
static size_t length;
static int lines;

int
instead_poll(struct pollfd *fds, nfds_t n, int ms)
{
	return catching ? 1 : real_poll(fds, n, ms);
}

ssize_t
instead_write(int fd, const void *data, size_t n)
{
	if (!catching)
		return real_write(fd, data, n);
	REQUIRE(fd == STDERR_FILENO && n <= LINE);
	memcpy(line, data, n);
	length = n;
	lines++;
	return (ssize_t)n;
}

static void
begin(void)
{
	lines = 0;
	catching = true;
}

static bool
is_c1(const char *octet)
{
	return (uint8_t)*octet >= 0x80 && (uint8_t)*octet < 0xa0;
}

/* Octets of the UTF-8 character there (RFC 3629), 1 if it is none. */
static size_t
character(const char *text, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t i, n;

	*code = (uint8_t)*text;
	if (*code < 0xc0)
		return 1;
	n = *code < 0xe0 ? 2 : *code < 0xf0 ? 3 : 4;
	*code &= 0x7fu >> n;
	for (i = 1; i < n; i++) {
		if (((uint8_t)text[i] & 0xc0) != 0x80)
			break;
		*code = *code << 6 | ((uint8_t)text[i] & 0x3f);
	}
	if (i == n && *code >= least[n])
		return n;
	*code = (uint8_t)*text;
	return 1;
}

/* U+0080 to U+009F, by themselves or as UTF-8. */
static bool
has_c1(const char *text)
{
	uint32_t code;

	while (*text != '\0') {
		text += character(text, &code);
		if (code >= 0x80 && code < 0xa0)
			return true;
	}
	return false;
}

/* One line of that priority; returns where its text begins. */
static const char *
end(int priority)
{
	char prefix[sizeof(PROGRAM)];
	size_t n;

	catching = false;
	REQUIRE(lines == 1 && length > 0 && line[length - 1] == '\n');
	line[--length] = '\0';
	snprintf(prefix, sizeof(prefix), "<%d>", priority);
	if (strncmp(line, prefix, strlen(prefix)) != 0)
		strlcpy(prefix, PROGRAM, sizeof(prefix));
	n = strlen(prefix);
	REQUIRE(length >= n && memcmp(line, prefix, n) == 0);
	REQUIRE(strlen(line) == length && !fuzz_has_control(line, length));
	REQUIRE(!has_c1(line));
	return line + n;
}

/* Nothing is changed but control characters; the end may be missing. */
static void
check_text(const char *found, const char *text)
{
	size_t i;

	for (i = 0; found[i] != '\0'; i++)
		REQUIRE(found[i] == text[i] ||
		    (found[i] == '?' &&
		        (fuzz_has_control(text + i, 1) || is_c1(text + i))));
	REQUIRE(text[i] == '\0' || length == LINE - 1);
}

static void
check_write(const char *text)
{
	begin();
	log_write(LOG_WARNING, "%s", text);
	check_text(end(LOG_WARNING), text);
	begin();
	log_write(LOG_DEBUG, "%s", text);
	catching = false;
	REQUIRE(lines == 0);
}

/* The second within a second is left out, and counted in the third. */
static void
check_limited(const char *text)
{
	struct log_limit limit = { 0, 0 };
	const char *found;

	begin();
	log_limited(&limit, 5000, LOG_ERR, "%s", text);
	check_text(end(LOG_ERR), text);
	begin();
	log_limited(&limit, 5999, LOG_ERR, "%s", text);
	REQUIRE(lines == 0);
	log_limited(&limit, 6000, LOG_ERR, "%s", text);
	found = end(LOG_ERR);
	if (strlen(text) < LINE / 2)
		REQUIRE(strcmp(found + strlen(text), " (and 1 more)") == 0);
}

static void
check_connection(const struct sockaddr_storage *peer, socklen_t peer_length,
    const char *target, const char *how)
{
	char text[ADDRESS_TEXT_SIZE];
	struct connection_log *log;
	const struct sockaddr *sa;

	sa = (const struct sockaddr *)peer;
	memset(text, 0x55, sizeof(text));
	REQUIRE(address_socket_text(sa, peer_length, text) == text);
	REQUIRE(memchr(text, '\0', sizeof(text)) != NULL && *text != '\0');
	log = connection_log_begin(-1, sa, peer_length, 1000);
	REQUIRE(log != NULL);
	begin();
	connection_log_end(log, target, 1, UINT64_MAX, 3500, how);
	end(LOG_INFO);
	connection_log_drop(
	    connection_log_begin(-1, sa, peer_length, UINT64_MAX));
}

static void
check_address(
    struct fuzz_input *in, int flags, const char *target, const char *how)
{
	struct sockaddr_storage peer;
	socklen_t n;

	n = (socklen_t)(fuzz_octet(in) % (sizeof(peer) + 1));
	fuzz_octets(in, &peer, sizeof(peer));
	if (flags & LOCAL)
		peer.ss_family = AF_UNIX;
	check_connection(&peer, n, target, how);
}

/* Whether lines begin with a priority. */
static void
open_log(int flags, const char *stream)
{
	char here[64];
	struct stat st;

	REQUIRE(fstat(STDERR_FILENO, &st) == 0);
	snprintf(here, sizeof(here), "%llu:%llu", (unsigned long long)st.st_dev,
	    (unsigned long long)st.st_ino);
	if (flags & STDERR_IS_JOURNAL)
		stream = here;
	else if (!(flags & HAS_STREAM))
		stream = NULL;
	fuzz_setenv("JOURNAL_STREAM", stream);
	log_open();
	log_set_threshold(LOG_INFO);
	begin();
	log_write(LOG_NOTICE, "x");
	if (stream == NULL || stream == here)
		REQUIRE(end(LOG_NOTICE) ==
		    line + (stream == here ? strlen("<5>") : strlen(PROGRAM)));
	catching = false;
}

void
fuzz_prepare(void)
{
}

void
fuzz_one(struct fuzz_input *in)
{
	char *how, *stream, *target;
	int flags;

	flags = fuzz_octet(in);
	stream = fuzz_string(in);
	target = fuzz_string(in);
	how = fuzz_string(in);
	open_log(flags, stream);
	check_write(target);
	check_limited(how);
	check_address(in, flags, target, how);
	free(stream);
	free(target);
	free(how);
}
