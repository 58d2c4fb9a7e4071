/*
 * Tests of channel.h: bulk goes through pipes, which are borrowed only.
 * Not here: that the stream arrives (channel_flow_test.c), and how it ends
 * (channel_end_test.c); both run after bulk, too.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <stdint.h>

#include "channel_checks.h"
#include "channel_fixture.h"
#include "unit.h"

/* Full reads, into a sink that nobody reads. */
static void
flood(struct fixture *f)
{
	int idle;

	for (idle = 0; idle < SETTLED; idle++) {
		while (feed_flags(f, SIZE_MAX, 0) > 0)
			idle = 0;
		turn(f, 2);
	}
	ATF_REQUIRE(channel_pending(&f->channel) > 0);
	ATF_REQUIRE(channel_pending(&f->channel) <= PENDING_MOST);
}

static void
test_pipe_only_in_flight(enum kind source, enum kind sink)
{
	struct fixture f;
	int descriptors;

	open_fixture(&f, source, sink, 0);
	descriptors = unit_descriptors();
	carry_bulk(&f);
	ATF_REQUIRE_EQ(splices(source, sink), unit_descriptors() > descriptors);
	require_idle(&f);
	flood(&f);
	ATF_REQUIRE_EQ(splices(source, sink), f.channel.pipe != NULL);
	ATF_REQUIRE_EQ(!splices(source, sink), f.channel.buffer != NULL);
	drain_all(&f);
	require_idle(&f);
	close_fixture(&f);
}
CASE(pipe_only_in_flight)

static void
test_small_messages_are_copied(enum kind source, enum kind sink)
{
	struct fixture f;
	int i;

	open_fixture(&f, source, sink, 0);
	carry_bulk(&f);
	for (i = 0; i < 20; i++) {
		feed(&f, 100);
		drain_all(&f);
	}
	/* In pieces too small to be bulk again. */
	while (channel_pending(&f.channel) == 0) {
		feed_flags(&f, 10007, 0);
		turn(&f, 1);
	}
	ATF_REQUIRE(f.channel.pipe == NULL);
	drain_all(&f);
	require_idle(&f);
	close_fixture(&f);
}
CASE(small_messages_are_copied)

/* Octets in a pipe are not for the next connection. */
static void
test_closed_in_flight(enum kind source, enum kind sink)
{
	struct splice_pipe *pipes[POOL_PIPES];
	struct fixture f;
	size_t n;

	open_fixture(&f, source, sink, 0);
	carry_bulk(&f);
	flood(&f);
	channel_close(&f.channel, f.pool);
	ATF_REQUIRE_EQ(0, channel_pending(&f.channel));
	for (n = 0; n < POOL_PIPES && splices(source, sink); n++) {
		pipes[n] = pool_borrow_pipe(f.pool);
		ATF_REQUIRE(pipes[n] != NULL);
		ATF_REQUIRE_EQ(0, pipes[n]->length);
	}
	while (n > 0)
		pool_return_pipe(f.pool, pipes[--n]);
	close_fixture(&f);
}
CASE(closed_in_flight)

/* Others hold every pipe: octets are copied then. */
static void
test_no_pipe_left(enum kind source, enum kind sink)
{
	struct splice_pipe *pipes[POOL_PIPES];
	struct fixture f;
	size_t n;

	open_fixture(&f, source, sink, 0);
	carry_bulk(&f);
	for (n = 0; n < POOL_PIPES && splices(source, sink); n++) {
		pipes[n] = pool_borrow_pipe(f.pool);
		ATF_REQUIRE(pipes[n] != NULL);
	}
	ATF_REQUIRE(pool_borrow_pipe(f.pool) == NULL || n == 0);
	flood(&f);
	ATF_REQUIRE(f.channel.pipe == NULL);
	drain_all(&f);
	require_idle(&f);
	while (n > 0)
		pool_return_pipe(f.pool, pipes[--n]);
	close_fixture(&f);
}
CASE(no_pipe_left)

/* No descriptor is left for a pipe. */
static void
test_no_descriptor_left(enum kind source, enum kind sink)
{
	struct rlimit limit, none;
	struct fixture f;

	open_fixture(&f, source, sink, 0);
	ATF_REQUIRE_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	none = limit;
	none.rlim_cur = 0;
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	carry_bulk(&f);
	flood(&f);
	ATF_REQUIRE(f.channel.pipe == NULL);
	drain_all(&f);
	require_idle(&f);
	ATF_REQUIRE_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	close_fixture(&f);
}
CASE(no_descriptor_left)

/* Another process that writes until it is killed. */
static pid_t
start_writer(struct fixture *f)
{
	static char data[256 * 1024];
	pid_t pid;

	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid != 0)
		return pid;
	close(f->sink);
	while (fcntl(f->source, F_SETFL, 0) == 0)
		(void)!write(f->source, data, sizeof(data));
	_exit(1);
}

/* One that reads so much, and resets. */
static pid_t
start_breaker(struct fixture *f, ssize_t n)
{
	static char data[256 * 1024];
	const struct linger linger = { .l_onoff = 1, .l_linger = 0 };
	ssize_t got;
	pid_t pid;

	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid != 0)
		return pid;
	fcntl(f->sink, F_SETFL, 0);
	for (; n > 0; n -= got)
		if ((got = read(f->sink, data, sizeof(data))) <= 0)
			_exit(1);
	setsockopt(f->sink, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(f->sink);
	_exit(0);
}

/* splice(2) may use the error up without reporting it. */
ATF_TC_WITHOUT_HEAD(destination_reset);
ATF_TC_BODY(destination_reset, tc)
{
	struct fixture f;
	pid_t breaker, writer;
	int i;

	if (!splices(TCP, TCP))
		atf_tc_skip("no splice(2) here");
	after_bulk = true;
	for (i = 0; i < 100; i++) {
		open_fixture(&f, TCP, TCP, 0);
		writer = start_writer(&f);
		breaker = start_breaker(&f, 1000000 + i * 100003);
		close(f.sink);
		f.sink = -1;
		while (f.channel.state == CHANNEL_OPEN)
			turn(&f, 1);
		ATF_CHECK_EQ(0, kill(writer, SIGKILL));
		ATF_CHECK_EQ(writer, waitpid(writer, NULL, 0));
		ATF_CHECK_EQ(breaker, waitpid(breaker, NULL, 0));
		ATF_REQUIRE_EQ(CHANNEL_WRITE_FAILED, f.channel.state);
		ATF_REQUIRE_MSG(
		    f.channel.error == ECONNRESET || f.channel.doubt, "%d: %s",
		    i, strerror(f.channel.error));
		close_fixture(&f);
	}
}

static void
need_pacing(void)
{
	if (!splices(UNIX, TCP))
		atf_tc_skip("all is copied here");
	congestion = "bbr";
	if (splices(UNIX, TCP))
		atf_tc_skip("no BBR here");
}

/* BBR would set a timer for every few pieces of a Unix socket. */
ATF_TC_WITHOUT_HEAD(paced_is_copied);
ATF_TC_BODY(paced_is_copied, tc)
{
	need_pacing();
	ATF_REQUIRE(splices(UNIX, UNIX));
	ATF_REQUIRE(splices(TCP, UNIX));
	ATF_REQUIRE(splices(TCP, TCP));
	test_pipe_only_in_flight(UNIX, TCP);
	test_closed_in_flight(UNIX, TCP);
}

/* So much as a channel reads at first, and nothing behind it. */
#define FIRST_READ 65536

/* A small write is no good start. */
ATF_TC_WITHOUT_HEAD(paced_begins_large);
ATF_TC_BODY(paced_begins_large, tc)
{
	static const char filler[65536];
	struct fixture f;

	need_pacing();
	open_fixture(&f, UNIX, TCP, 0);
	set_buffer(f.to.fd, SO_SNDBUF, 4096);
	while (send(f.to.fd, filler, sizeof(filler), MSG_NOSIGNAL) > 0)
		continue;
	ATF_REQUIRE_EQ(EAGAIN, errno);
	while (feed_flags(&f, SIZE_MAX, 0) > 0)
		continue;
	ATF_REQUIRE(f.sent > 2 * (uint64_t)FIRST_READ);
	ATF_REQUIRE(f.sent <= POOL_BUFFER_SIZE);
	while (f.to.want == 0)
		turn(&f, 1);
	ATF_REQUIRE(channel_pending(&f.channel) > 0);
	ATF_REQUIRE_EQ(f.sent, f.channel.bytes + channel_pending(&f.channel));
	close_fixture(&f);
}

/* What the second read of the start tells. */
ATF_TC_WITHOUT_HEAD(paced_ends_at_once);
ATF_TC_BODY(paced_ends_at_once, tc)
{
	struct fixture f;

	need_pacing();
	open_fixture(&f, UNIX, TCP, 0);
	feed(&f, FIRST_READ);
	drain_all(&f);
	feed(&f, 10);
	close(f.source);
	f.source = -1;
	drain_to_eof(&f);
	close_fixture(&f);

	open_fixture(&f, UNIX, TCP, 0);
	feed(&f, FIRST_READ);
	close(f.source);
	f.source = -1;
	drain_to_eof(&f);
	close_fixture(&f);

	open_fixture(&f, UNIX, TCP, 0);
	ATF_REQUIRE_EQ(6, send(f.from.fd, "unread", 6, MSG_NOSIGNAL));
	feed(&f, FIRST_READ);
	close(f.source);
	f.source = -1;
	require_failed(&f, CHANNEL_READ_FAILED);
	ATF_REQUIRE_EQ(ECONNRESET, f.channel.error);
	drain_all(&f);
	ATF_REQUIRE(!f.eof);
	close_fixture(&f);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, pipe_only_in_flight);
	ATF_TP_ADD_TC(tp, small_messages_are_copied);
	ATF_TP_ADD_TC(tp, closed_in_flight);
	ATF_TP_ADD_TC(tp, no_pipe_left);
	ATF_TP_ADD_TC(tp, no_descriptor_left);
	ATF_TP_ADD_TC(tp, destination_reset);
	ATF_TP_ADD_TC(tp, paced_is_copied);
	ATF_TP_ADD_TC(tp, paced_begins_large);
	ATF_TP_ADD_TC(tp, paced_ends_at_once);
	return atf_no_error();
}
