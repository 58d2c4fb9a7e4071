/*
 * Log lines to standard error.
 * Not here: allocation; a line is cut at its buffer's end.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define LINE 1024
#define PROGRAM "simpletcpunixrelay"

static int threshold = LOG_NOTICE;
static bool journal, to_syslog;

/* systemd.exec(5): JOURNAL_STREAM is "DEVICE:INODE" of the stream. */
static bool
is_journal(void)
{
	unsigned long long dev, ino;
	const char *stream;
	struct stat st;

	stream = getenv("JOURNAL_STREAM");
	return stream != NULL && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	    fstat(STDERR_FILENO, &st) == 0 &&
	    (unsigned long long)st.st_dev == dev &&
	    (unsigned long long)st.st_ino == ino;
}

/* Otherwise a socket of ours would get the number of standard error. */
static void
open_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd != -1 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}

void
log_open(void)
{
	open_standard_descriptors();
	journal = is_journal();
}

void
log_to_syslog(void)
{
	/* The time zone cannot be read any more inside a sandbox. */
	tzset();
	openlog(PROGRAM, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	to_syslog = true;
}

void
log_set_threshold(int priority)
{
	threshold = priority;
}

int
log_enabled(int priority)
{
	return priority <= threshold;
}

static size_t
clip(int n, size_t size)
{
	if (n < 0)
		return 0;
	return (size_t)n < size ? (size_t)n : size - 1;
}

/* Octets of the UTF-8 character there (RFC 3629); 0 for none, or control. */
static size_t
utf8_length(const char *text, size_t left)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t i, n;

	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	n = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (n > left)
		return 0;
	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* U+0080 to U+009F, and characters in more octets than they need. */
	if (((s[0] == 0xc2 || s[0] == 0xe0) && s[1] < 0xa0) ||
	    (s[0] == 0xf0 && s[1] < 0x90))
		return 0;
	return n;
}

/*
 * Text of strangers must not forge lines or move a terminal's cursor, which
 * octets from 0x80 to 0x9f can do as well, by themselves or in UTF-8.
 */
static void
clean(char *text, size_t length)
{
	unsigned char c;
	size_t i, n;

	for (i = 0; i < length; i += n) {
		n = utf8_length(text + i, length - i);
		if (n > 0)
			continue;
		n = 1;
		c = (unsigned char)text[i];
		if (c < ' ' || c == 0x7f || (c >= 0x80 && c < 0xa0))
			text[i] = '?';
	}
}

/* A reader that has stopped must not stop us: then the line is lost. */
static void
write_line(const char *line, size_t n)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };
	ssize_t written;

	/* Shorter than PIPE_BUF, so that there is room for all of it. */
	pthread_mutex_lock(&mutex);
	written = poll(&p, 1, 0) == 1 ? write(STDERR_FILENO, line, n) : 0;
	pthread_mutex_unlock(&mutex);
	(void)written;
}

static void
put(int priority, const char *fmt, va_list ap, unsigned skipped)
{
	char line[LINE];
	size_t n, prefix;
	int saved;

	if (!log_enabled(priority))
		return;
	saved = errno;
	n = 0;
	if (journal)
		n = clip(snprintf(line, LINE, "<%d>", priority), LINE);
	else if (!to_syslog)
		n = clip(snprintf(line, LINE, PROGRAM ": "), LINE);
	prefix = n;
	n += clip(vsnprintf(line + n, LINE - n, fmt, ap), LINE - n);
	if (skipped > 0)
		n += clip(
		    snprintf(line + n, LINE - n, " (and %u more)", skipped),
		    LINE - n);
	clean(line + prefix, n - prefix);
	if (to_syslog) {
		syslog(priority, "%.*s", (int)n, line);
		errno = saved;
		return;
	}
	line[n++] = '\n';
	write_line(line, n);
	errno = saved;
}

void
log_write(int priority, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(priority, fmt, ap, 0);
	va_end(ap);
}

void
log_limited(
    struct log_limit *limit, uint64_t now, int priority, const char *fmt, ...)
{
	va_list ap;

	if (now < limit->next) {
		limit->skipped++;
		return;
	}
	va_start(ap, fmt);
	put(priority, fmt, ap, limit->skipped);
	va_end(ap);
	limit->next = now + 1000;
	limit->skipped = 0;
}
