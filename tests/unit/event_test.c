/*
 * The contract of event.h, checked over whatever backend is linked.
 * Not here: how a backend does it; what channels and sessions make of it.
 */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <atf-c.h>

#include "event_backend.h"

#define GUARD_MS 20000
#define QUIET_MS 30

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

/* A watch, what its callback was told, and when the test has seen enough. */
struct watch {
	struct event_io io;
	unsigned seen;    /* all bits of all calls */
	unsigned stop_at; /* stop when these were seen */
	unsigned disable; /* what note_bits() does with reported bits */
	int calls;
	int errors; /* calls with EVENT_ERROR */
	size_t chunk;
	size_t bytes; /* read so far */
	size_t stop_bytes;
	bool eof;
	int failure; /* errno of a read */
};

static struct event_loop *loop;
static struct event_timer guard;
static struct event_timer pause_timer;

/* What the callbacks of one case share. */
static int phase;
static int order[2048];
static int ordered;
static struct watch *both[2];

static void
on_guard(struct event_timer *t)
{
	(void)t;
	atf_tc_fail("nothing happened for %d ms", GUARD_MS);
}

static void
on_pause(struct event_timer *t)
{
	(void)t;
	event_loop_stop(loop);
}

static void
set_up(void)
{
	signal(SIGPIPE, SIG_IGN);
	loop = event_loop_create();
	ATF_REQUIRE(loop != NULL);
	event_timer_init(&guard, on_guard);
	event_timer_init(&pause_timer, on_pause);
}

static void
tear_down(void)
{
	event_loop_destroy(loop);
	loop = NULL;
}

/* Run until a callback stops the loop. */
static void
run(void)
{
	ATF_REQUIRE_EQ(0, event_timer_set(loop, &guard, GUARD_MS));
	ATF_REQUIRE_EQ(0, event_loop_run(loop));
	event_timer_cancel(loop, &guard);
}

/* Run for a while in which something must not happen. */
static void
run_quietly(uint64_t ms)
{
	ATF_REQUIRE_EQ(0, event_timer_set(loop, &pause_timer, ms));
	run();
	event_timer_cancel(loop, &pause_timer);
}

static void
unblock(int fd)
{
	ATF_REQUIRE(fcntl(fd, F_SETFL, O_NONBLOCK) != -1);
}

static void
unix_pair(int fds[2])
{
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	unblock(fds[0]);
	unblock(fds[1]);
}

static int
tcp_bound(struct sockaddr_in *sin)
{
	socklen_t length;
	int fd;

	*sin = (struct sockaddr_in) { .sin_family = AF_INET };
	sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)sin, sizeof(*sin)));
	length = sizeof(*sin);
	ATF_REQUIRE_EQ(0, getsockname(fd, (struct sockaddr *)sin, &length));
	return fd;
}

/* The buffers are small, for a case that fills them. */
static void
tcp_pair(int fds[2])
{
	struct sockaddr_in sin;
	int listener, size;

	size = 16384;
	listener = tcp_bound(&sin);
	setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	ATF_REQUIRE_EQ(0, listen(listener, 1));
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	ATF_REQUIRE(fds[0] != -1);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	ATF_REQUIRE_EQ(
	    0, connect(fds[0], (struct sockaddr *)&sin, sizeof(sin)));
	fds[1] = accept(listener, NULL, NULL);
	ATF_REQUIRE(fds[1] != -1);
	close(listener);
	unblock(fds[0]);
	unblock(fds[1]);
}

static void
pair(int fds[2], bool tcp)
{
	if (tcp)
		tcp_pair(fds);
	else
		unix_pair(fds);
}

static void
put(int fd, const void *bytes, size_t length)
{
	ATF_REQUIRE_EQ((ssize_t)length, write(fd, bytes, length));
}

/* A TCP peer that closes now sends a reset. */
static void
reset_by(int fd)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	ATF_REQUIRE_EQ(
	    0, setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	close(fd);
}

/* Another pair of descriptors in a message's ancillary data. */
static void
put_with_descriptor(int fd, const char *bytes, size_t length)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .space = { 0 } };
	struct iovec iov = { (void *)(uintptr_t)bytes, length };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	msg.msg_control = &control;
	msg.msg_controllen = sizeof(control.space);
	cmsg = CMSG_FIRSTHDR(&msg);
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	ATF_REQUIRE_EQ((ssize_t)length, sendmsg(fd, &msg, 0));
}

/* Send until the descriptor takes no more; returns how much that was. */
static size_t
fill(int fd)
{
	static const char zeros[8192];
	size_t total;
	ssize_t n;

	total = 0;
	while ((n = send(fd, zeros, sizeof(zeros), MSG_NOSIGNAL)) > 0)
		total += (size_t)n;
	ATF_REQUIRE(n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK));
	return total;
}

static size_t
drain(int fd)
{
	char bytes[8192];
	size_t total;
	ssize_t n;

	total = 0;
	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		total += (size_t)n;
	return total;
}

static void
record(struct watch *w, unsigned bits)
{
	w->calls++;
	w->seen |= bits;
	if (bits & EVENT_ERROR)
		w->errors++;
	if (w->stop_at != 0 && (w->seen & w->stop_at) == w->stop_at)
		event_loop_stop(loop);
}

/* Behave as after EAGAIN, and want no longer what w->disable says. */
static void
note_bits(struct event_io *io, unsigned bits)
{
	struct watch *w;

	w = io->owner;
	record(w, bits);
	event_io_drained(io, bits & (EVENT_READ | EVENT_WRITE));
	event_io_disable(loop, io, w->disable & bits);
}

/* One read a call, of w->chunk bytes at most, as a channel does it. */
static void
read_chunk(struct event_io *io, unsigned bits)
{
	char bytes[16384];
	struct iovec iov;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct watch *w;
	ssize_t n;

	w = io->owner;
	record(w, bits);
	if (!(bits & EVENT_READ))
		return;
	iov.iov_base = bytes;
	iov.iov_len = w->chunk;
	n = recvmsg(io->fd, &msg, 0);
	if (n > 0) {
		w->bytes += (size_t)n;
		event_io_took(io, (size_t)n,
		    (size_t)n < w->chunk && !(msg.msg_flags & MSG_CTRUNC));
	} else if (n == 0) {
		w->eof = true;
		event_io_disable(loop, io, EVENT_READ);
	} else if (errno == EAGAIN || errno == EWOULDBLOCK)
		event_io_drained(io, EVENT_READ);
	else {
		w->failure = errno;
		event_io_disable(loop, io, EVENT_READ);
	}
	if (w->eof || w->failure != 0 ||
	    (w->stop_bytes != 0 && w->bytes >= w->stop_bytes))
		event_loop_stop(loop);
}

static void
watch_init(
    struct watch *w, int fd, void (*on_ready)(struct event_io *, unsigned))
{
	*w = (struct watch) { .chunk = 4096 };
	event_io_init(&w->io, fd, on_ready);
	w->io.owner = w;
}

static void
watch_open(struct watch *w, int fd,
    void (*on_ready)(struct event_io *, unsigned), unsigned bits)
{
	watch_init(w, fd, on_ready);
	ATF_REQUIRE_EQ(0, event_io_enable(loop, &w->io, bits));
}

/* Run until the watch has seen these bits, from now on. */
static void
run_until(struct watch *w, unsigned bits)
{
	w->seen = 0;
	w->stop_at = bits;
	run();
	w->stop_at = 0;
	ATF_REQUIRE_EQ(bits, w->seen & bits);
}

static int
pending_error(int fd)
{
	socklen_t length;
	int error;

	length = sizeof(error);
	ATF_REQUIRE_EQ(
	    0, getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length));
	return error;
}

static double
cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* Readiness. */

static void
check_readiness(int ours, int peer)
{
	struct watch w;

	watch_open(&w, ours, note_bits, EVENT_READ | EVENT_WRITE);
	w.disable = EVENT_WRITE;
	run_until(&w, EVENT_WRITE);
	ATF_CHECK_EQ(0, w.seen & EVENT_READ);
	put(peer, "x", 1);
	run_until(&w, EVENT_READ);
	ATF_CHECK_EQ(0, w.seen & ~(EVENT_READ | EVENT_WRITE));
	event_io_close(loop, &w.io);
	ATF_CHECK_EQ(-1, w.io.fd);
	ATF_CHECK_EQ(-1, fcntl(ours, F_GETFD));
	close(peer);
}

ATF_TC_WITHOUT_HEAD(sockets_become_ready);
ATF_TC_BODY(sockets_become_ready, tc)
{
	int fds[2];

	set_up();
	unix_pair(fds);
	check_readiness(fds[0], fds[1]);
	tcp_pair(fds);
	check_readiness(fds[0], fds[1]);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(pipes_become_ready);
ATF_TC_BODY(pipes_become_ready, tc)
{
	struct watch from, to;
	int fds[2];

	set_up();
	ATF_REQUIRE_EQ(0, pipe(fds));
	unblock(fds[0]);
	unblock(fds[1]);
	watch_open(&from, fds[0], note_bits, EVENT_READ);
	watch_open(&to, fds[1], note_bits, EVENT_WRITE);
	run_until(&to, EVENT_WRITE);
	ATF_CHECK_EQ(0, from.calls);
	put(fds[1], "x", 1);
	run_until(&from, EVENT_READ);
	ATF_CHECK_EQ(1, drain(fds[0]));
	event_io_close(loop, &to.io);
	run_until(&from, EVENT_READ);
	event_io_close(loop, &from.io);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(listener_becomes_readable);
ATF_TC_BODY(listener_becomes_readable, tc)
{
	struct sockaddr_in sin;
	struct watch w;
	int client, fd, i;

	set_up();
	fd = tcp_bound(&sin);
	unblock(fd);
	ATF_REQUIRE_EQ(0, listen(fd, 4));
	watch_open(&w, fd, note_bits, EVENT_READ);
	run_quietly(1);
	ATF_CHECK_EQ(0, w.calls);
	for (i = 0; i < 3; i++) {
		client = socket(AF_INET, SOCK_STREAM, 0);
		ATF_REQUIRE_EQ(
		    0, connect(client, (struct sockaddr *)&sin, sizeof(sin)));
		run_until(&w, EVENT_READ);
		close(client);
		client = accept(fd, NULL, NULL);
		ATF_REQUIRE(client != -1);
		close(client);
	}
	event_io_close(loop, &w.io);
	tear_down();
}

/* What is not used up comes again without anything new from the system. */
ATF_TC_WITHOUT_HEAD(partial_read_is_called_again);
ATF_TC_BODY(partial_read_is_called_again, tc)
{
	struct watch w;
	int fds[2];

	set_up();
	unix_pair(fds);
	put(fds[1], "0123456789", 10);
	watch_open(&w, fds[0], read_chunk, EVENT_READ);
	w.chunk = 1;
	w.stop_bytes = 10;
	run();
	ATF_CHECK_EQ(10, w.calls);
	run_quietly(QUIET_MS);
	ATF_CHECK(w.calls <= 11);
	event_io_close(loop, &w.io);
	close(fds[1]);
	tear_down();
}

/* A short read drains; no call until something comes, and then one. */
ATF_TC_WITHOUT_HEAD(short_read_drains);
ATF_TC_BODY(short_read_drains, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	for (i = 0; i < 2; i++) {
		pair(fds, i == 1);
		watch_open(&w, fds[0], read_chunk, EVENT_READ);
		put(fds[1], "0123456789", 10);
		run_quietly(QUIET_MS);
		ATF_CHECK_EQ(1, w.calls);
		ATF_CHECK_EQ(10, w.bytes);
		ATF_CHECK_EQ(0, w.io.ready & EVENT_READ);
		put(fds[1], "0123456789", 10);
		run_quietly(QUIET_MS);
		ATF_CHECK_EQ(2, w.calls);
		ATF_CHECK_EQ(20, w.bytes);
		event_io_close(loop, &w.io);
		close(fds[1]);
	}
	tear_down();
}

static void
disable_once(struct event_io *io, unsigned bits)
{
	record(io->owner, bits);
	event_io_disable(loop, io, EVENT_READ | EVENT_WRITE);
	event_loop_stop(loop);
}

ATF_TC_WITHOUT_HEAD(disabled_watch_remembers);
ATF_TC_BODY(disabled_watch_remembers, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	unix_pair(fds);
	put(fds[1], "x", 1);
	watch_open(&w, fds[0], disable_once, EVENT_READ);
	run();
	for (i = 2; i < 5; i++) {
		run_quietly(2);
		ATF_CHECK_EQ(i - 1, w.calls);
		ATF_REQUIRE_EQ(0, event_io_enable(loop, &w.io, EVENT_READ));
		run();
		ATF_CHECK_EQ(i, w.calls);
	}
	ATF_REQUIRE_EQ(0, event_io_enable(loop, &w.io, EVENT_WRITE));
	run();
	ATF_CHECK_EQ(EVENT_READ | EVENT_WRITE, w.seen);
	event_io_close(loop, &w.io);
	close(fds[1]);
	tear_down();
}

/* Arrivals while nothing is wanted make no call, and are there afterwards. */
ATF_TC_WITHOUT_HEAD(disabled_watch_is_not_called);
ATF_TC_BODY(disabled_watch_is_not_called, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	unix_pair(fds);
	watch_open(&w, fds[0], read_chunk, EVENT_READ | EVENT_WRITE);
	event_io_disable(loop, &w.io, EVENT_READ | EVENT_WRITE);
	for (i = 0; i < 20; i++) {
		put(fds[1], "x", 1);
		put(fds[0], "y", 1);
		ATF_CHECK_EQ(1, drain(fds[1]));
		run_quietly(0);
	}
	ATF_CHECK_EQ(0, w.calls);
	ATF_REQUIRE_EQ(0, event_io_enable(loop, &w.io, EVENT_READ));
	w.stop_bytes = 20;
	run();
	ATF_REQUIRE_EQ(0, event_io_enable(loop, &w.io, EVENT_WRITE));
	run_until(&w, EVENT_WRITE);
	event_io_close(loop, &w.io);
	close(fds[1]);
	tear_down();
}

/* Full until nothing has become writable for a while; then empty the peer. */
struct filling {
	struct watch w;
	struct event_timer quiet;
	int peer;
	bool emptying;
	size_t sent, got;
};

static void
on_quiet(struct event_timer *t)
{
	struct filling *f;

	f = (struct filling *)(void *)((char *)t -
	    offsetof(struct filling, quiet));
	f->emptying = true;
	f->got += drain(f->peer);
	ATF_REQUIRE_EQ(0, event_timer_set(loop, t, 1));
}

static void
fill_again(struct event_io *io, unsigned bits)
{
	struct filling *f;

	f = io->owner;
	record(&f->w, bits);
	if (f->emptying) {
		event_loop_stop(loop);
		return;
	}
	f->sent += fill(io->fd);
	event_io_drained(io, EVENT_WRITE);
	ATF_REQUIRE_EQ(0, event_timer_set(loop, &f->quiet, QUIET_MS));
}

static void
check_filling(bool tcp)
{
	struct filling f = { .emptying = false };
	int fds[2];

	pair(fds, tcp);
	watch_init(&f.w, fds[0], fill_again);
	f.w.io.owner = &f;
	f.peer = fds[1];
	event_timer_init(&f.quiet, on_quiet);
	f.sent = fill(fds[0]);
	ATF_CHECK(f.sent > 0);
	event_io_drained(&f.w.io, EVENT_WRITE);
	ATF_REQUIRE_EQ(0, event_io_enable(loop, &f.w.io, EVENT_WRITE));
	ATF_REQUIRE_EQ(0, event_timer_set(loop, &f.quiet, QUIET_MS));
	run();
	ATF_CHECK(f.got > 0);
	ATF_CHECK(send(fds[0], "x", 1, MSG_NOSIGNAL) == 1);
	event_timer_cancel(loop, &f.quiet);
	event_io_close(loop, &f.w.io);
	close(fds[1]);
}

ATF_TC_WITHOUT_HEAD(full_unix_socket_becomes_writable);
ATF_TC_BODY(full_unix_socket_becomes_writable, tc)
{
	set_up();
	check_filling(false);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(full_tcp_socket_becomes_writable);
ATF_TC_BODY(full_tcp_socket_becomes_writable, tc)
{
	set_up();
	check_filling(true);
	tear_down();
}

/* End of file, hang-up, reset. */

static void
check_quiet_cpu(void)
{
	double before;

	before = cpu_ms();
	run_quietly(200);
	ATF_CHECK_MSG(cpu_ms() - before < 100, "the loop was busy");
}

ATF_TC_WITHOUT_HEAD(hung_up_peer_does_not_spin);
ATF_TC_BODY(hung_up_peer_does_not_spin, tc)
{
	struct watch w[4];
	int fds[4][2], i;

	set_up();
	for (i = 0; i < 3; i++)
		pair(fds[i], i == 2);
	ATF_REQUIRE_EQ(0, pipe(fds[3]));
	watch_open(&w[0], fds[0][0], note_bits, 0);
	watch_open(&w[1], fds[1][0], note_bits, EVENT_READ | EVENT_WRITE);
	watch_open(&w[2], fds[2][0], note_bits, EVENT_READ | EVENT_WRITE);
	watch_open(&w[3], fds[3][0], note_bits, 0);
	for (i = 0; i < 4; i++) {
		event_io_disable(loop, &w[i].io, EVENT_READ | EVENT_WRITE);
		close(fds[i][1]);
	}
	check_quiet_cpu();
	for (i = 0; i < 4; i++) {
		ATF_CHECK_EQ(0, w[i].calls);
		event_io_close(loop, &w[i].io);
	}
	tear_down();
}

ATF_TC_WITHOUT_HEAD(own_shutdown_does_not_spin);
ATF_TC_BODY(own_shutdown_does_not_spin, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	for (i = 0; i < 2; i++) {
		pair(fds, i == 1);
		watch_open(&w, fds[0], read_chunk, EVENT_READ | EVENT_WRITE);
		event_io_disable(loop, &w.io, EVENT_WRITE);
		ATF_REQUIRE_EQ(0, shutdown(fds[0], SHUT_WR));
		check_quiet_cpu();
		ATF_CHECK(!w.eof);
		ATF_CHECK_EQ(0, w.failure);
		put(fds[1], "answer", 6);
		w.stop_bytes = 6;
		run();
		close(fds[1]);
		run();
		ATF_CHECK(w.eof);
		event_io_close(loop, &w.io);
	}
	tear_down();
}

ATF_TC_WITHOUT_HEAD(reset_is_reported_unasked);
ATF_TC_BODY(reset_is_reported_unasked, tc)
{
	struct watch w;
	int fds[2];

	set_up();
	tcp_pair(fds);
	watch_open(&w, fds[0], note_bits, 0);
	put(fds[1], "unread", 6);
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(0, w.calls);
	reset_by(fds[1]);
	run_until(&w, EVENT_ERROR);
	ATF_CHECK_EQ(EVENT_ERROR, w.seen);
	check_quiet_cpu();
	ATF_CHECK_MSG(w.errors <= 2, "%d errors", w.errors);
	event_io_close(loop, &w.io);
	tear_down();
}

/* The error comes besides what is wanted, and reads and writes fail. */
ATF_TC_WITHOUT_HEAD(reset_is_reported_to_a_reader);
ATF_TC_BODY(reset_is_reported_to_a_reader, tc)
{
	struct watch w;
	int fds[2];

	set_up();
	tcp_pair(fds);
	watch_open(&w, fds[0], read_chunk, EVENT_READ);
	run_quietly(0);
	reset_by(fds[1]);
	run();
	ATF_CHECK_EQ(ECONNRESET, w.failure);
	ATF_CHECK_EQ(EVENT_READ | EVENT_ERROR, w.seen);
	event_io_close(loop, &w.io);
	tear_down();
}

/* A full socket whose peer resets: the writer must learn of it. */
ATF_TC_WITHOUT_HEAD(reset_wakes_a_writer);
ATF_TC_BODY(reset_wakes_a_writer, tc)
{
	struct watch w;
	int fds[2];

	set_up();
	tcp_pair(fds);
	fill(fds[0]);
	watch_open(&w, fds[0], note_bits, EVENT_WRITE);
	reset_by(fds[1]);
	run_until(&w, EVENT_WRITE | EVENT_ERROR);
	ATF_CHECK_EQ(-1, send(fds[0], "x", 1, MSG_NOSIGNAL));
	event_io_close(loop, &w.io);
	tear_down();
}

static void
check_eof(bool tcp, size_t chunk, bool close_it)
{
	static const char bytes[1000];
	struct watch w;
	int fds[2];

	pair(fds, tcp);
	watch_open(&w, fds[0], read_chunk, EVENT_READ);
	w.chunk = chunk;
	put(fds[1], bytes, sizeof(bytes));
	if (close_it)
		close(fds[1]);
	else
		ATF_REQUIRE_EQ(0, shutdown(fds[1], SHUT_WR));
	run();
	ATF_CHECK_EQ(sizeof(bytes), w.bytes);
	ATF_CHECK(w.eof);
	ATF_CHECK_EQ(0, w.errors);
	event_io_close(loop, &w.io);
	if (!close_it)
		close(fds[1]);
}

ATF_TC_WITHOUT_HEAD(end_of_file_stands_behind_unread_bytes);
ATF_TC_BODY(end_of_file_stands_behind_unread_bytes, tc)
{
	static const size_t chunks[] = { 64, 1000, 1001, 4096 };
	size_t i;

	set_up();
	for (i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
		check_eof(false, chunks[i], false);
		check_eof(false, chunks[i], true);
		check_eof(true, chunks[i], false);
		check_eof(true, chunks[i], true);
	}
	tear_down();
}

/* The end arrives after a short read, in the very callback that reads. */
static void
end_behind_read(struct event_io *io, unsigned bits)
{
	read_chunk(io, bits);
	if (phase != -1) {
		ATF_REQUIRE_EQ(0, shutdown(phase, SHUT_WR));
		phase = -1;
	}
}

static void
end_before_read(struct event_io *io, unsigned bits)
{
	if (phase != -1) {
		put(phase, "more", 4);
		ATF_REQUIRE_EQ(0, shutdown(phase, SHUT_WR));
		phase = -1;
	}
	read_chunk(io, bits);
}

ATF_TC_WITHOUT_HEAD(end_of_file_in_the_middle_of_a_callback);
ATF_TC_BODY(end_of_file_in_the_middle_of_a_callback, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	for (i = 0; i < 4; i++) {
		pair(fds, i & 1);
		put(fds[1], "data", 4);
		phase = fds[1];
		watch_open(&w, fds[0],
		    i & 2 ? end_before_read : end_behind_read, EVENT_READ);
		run();
		ATF_CHECK(w.eof);
		ATF_CHECK_EQ(i & 2 ? 8 : 4, w.bytes);
		event_io_close(loop, &w.io);
		close(fds[1]);
	}
	tear_down();
}

/*
 * The last bytes, the end of file and the reset have all arrived before the
 * loop looks: a reader may see a clean end, so the error must be reported.
 */
ATF_TC_WITHOUT_HEAD(end_of_file_and_reset_at_once);
ATF_TC_BODY(end_of_file_and_reset_at_once, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	for (i = 0; i < 2; i++) {
		tcp_pair(fds);
		watch_open(&w, fds[0], read_chunk, i == 0 ? EVENT_READ : 0);
		put(fds[1], "last", 4);
		ATF_REQUIRE_EQ(0, shutdown(fds[1], SHUT_WR));
		reset_by(fds[1]);
		if (i == 0)
			run();
		else
			run_until(&w, EVENT_ERROR);
		ATF_CHECK(w.errors >= 1);
		ATF_CHECK(i == 1 || w.eof || w.failure != 0);
		event_io_close(loop, &w.io);
	}
	tear_down();
}

/* After a clean end of file nothing is wanted; a reset is reported still. */
ATF_TC_WITHOUT_HEAD(reset_after_end_of_file);
ATF_TC_BODY(reset_after_end_of_file, tc)
{
	struct watch w;
	int fds[2];

	set_up();
	tcp_pair(fds);
	watch_open(&w, fds[0], read_chunk, EVENT_READ);
	ATF_REQUIRE_EQ(0, shutdown(fds[1], SHUT_WR));
	run();
	ATF_CHECK(w.eof);
	ATF_CHECK_EQ(0, w.errors);
	reset_by(fds[1]);
	run_until(&w, EVENT_ERROR);
	event_io_close(loop, &w.io);
	tear_down();
}

/* Reads that end short before the queue is empty. */

ATF_TC_WITHOUT_HEAD(passed_descriptors_cut_a_read);
ATF_TC_BODY(passed_descriptors_cut_a_read, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	for (i = 0; i < 2; i++) {
		unix_pair(fds);
		watch_init(&w, fds[0], read_chunk);
		if (i == 1)
			ATF_REQUIRE_EQ(
			    0, event_io_enable(loop, &w.io, EVENT_READ));
		put(fds[1], "ab", 2);
		put_with_descriptor(fds[1], "cd", 2);
		put(fds[1], "ef", 2);
		put_with_descriptor(fds[1], "gh", 2);
		put_with_descriptor(fds[1], "ij", 2);
		put(fds[1], "kl", 2);
		if (i == 0)
			ATF_REQUIRE_EQ(
			    0, event_io_enable(loop, &w.io, EVENT_READ));
		w.stop_bytes = 12;
		run();
		ATF_CHECK_EQ(12, w.bytes);
		ATF_CHECK(w.calls > 1);
		event_io_close(loop, &w.io);
		close(fds[1]);
	}
	tear_down();
}

static void
put_urgent(int fd)
{
	ssize_t n;

	put(fd, "abc", 3);
	n = send(fd, "!", 1, MSG_OOB);
	if (n == -1 && errno == EOPNOTSUPP)
		atf_tc_skip("no urgent data here");
	ATF_REQUIRE_EQ(1, n);
	put(fd, "def", 3);
}

static void
check_urgent(bool tcp, bool registered)
{
	struct watch w;
	int fds[2];

	pair(fds, tcp);
	watch_init(&w, fds[0], read_chunk);
	if (registered)
		ATF_REQUIRE_EQ(0, event_io_enable(loop, &w.io, EVENT_READ));
	put_urgent(fds[1]);
	if (!registered)
		ATF_REQUIRE_EQ(0, event_io_enable(loop, &w.io, EVENT_READ));
	w.stop_bytes = 6;
	run();
	ATF_CHECK_EQ(6, w.bytes);
	put(fds[1], "ghi", 3);
	w.stop_bytes = 9;
	run();
	ATF_CHECK_EQ(9, w.bytes);
	event_io_close(loop, &w.io);
	close(fds[1]);
}

ATF_TC_WITHOUT_HEAD(urgent_tcp_data_cut_a_read);
ATF_TC_BODY(urgent_tcp_data_cut_a_read, tc)
{
	set_up();
	check_urgent(true, false);
	check_urgent(true, true);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(urgent_unix_data_cut_a_read);
ATF_TC_BODY(urgent_unix_data_cut_a_read, tc)
{
	set_up();
	check_urgent(false, false);
	check_urgent(false, true);
	tear_down();
}

/* The mark arrives between the report and the read. */
static void
urgent_before_read(struct event_io *io, unsigned bits)
{
	if (phase != -1) {
		put_urgent(phase);
		phase = -1;
	}
	read_chunk(io, bits);
}

ATF_TC_WITHOUT_HEAD(urgent_data_in_the_middle_of_a_callback);
ATF_TC_BODY(urgent_data_in_the_middle_of_a_callback, tc)
{
	struct watch w;
	int fds[2];

	set_up();
	tcp_pair(fds);
	put(fds[1], "123", 3);
	phase = fds[1];
	watch_open(&w, fds[0], urgent_before_read, EVENT_READ);
	w.stop_bytes = 9;
	run();
	ATF_CHECK_EQ(9, w.bytes);
	event_io_close(loop, &w.io);
	close(fds[1]);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(urgent_data_are_reported_unasked);
ATF_TC_BODY(urgent_data_are_reported_unasked, tc)
{
	struct watch w;
	int fds[2];

	if (strcmp(event_backend_name, "epoll") != 0)
		atf_tc_skip("%s does not report them", event_backend_name);
	set_up();
	tcp_pair(fds);
	watch_open(&w, fds[0], note_bits, 0);
	put_urgent(fds[1]);
	run_until(&w, EVENT_URGENT);
	ATF_CHECK_EQ(EVENT_URGENT, w.seen);
	check_quiet_cpu();
	ATF_CHECK(w.calls <= 2);
	event_io_close(loop, &w.io);
	close(fds[1]);
	tear_down();
}

/* Closing, removing. */

/* What a freed watch or timer holds must be of no use to the loop. */
static void
spoil_and_free(void *object, size_t size)
{
	volatile unsigned char *bytes;

	bytes = object;
	while (size-- > 0)
		bytes[size] = 0xa5;
	free(object);
}

static struct watch *
allocate_ready(void (*on_ready)(struct event_io *, unsigned), int *peer)
{
	struct watch *w;
	int fds[2];

	unix_pair(fds);
	put(fds[1], "x", 1);
	w = malloc(sizeof(*w));
	ATF_REQUIRE(w != NULL);
	watch_open(w, fds[0], on_ready, EVENT_READ | EVENT_WRITE);
	*peer = fds[1];
	return w;
}

static struct watch *victims[10];

/* Whoever comes first closes and frees all the others. */
static void
close_others(struct event_io *io, unsigned bits)
{
	int i;

	(void)bits;
	phase++;
	for (i = 0; i < 10; i++) {
		if (&victims[i]->io == io)
			continue;
		event_io_close(loop, &victims[i]->io);
		spoil_and_free(victims[i], sizeof(*victims[i]));
		victims[i] = NULL;
	}
	event_io_drained(io, bits);
	io->on_ready = note_bits;
}

ATF_TC_WITHOUT_HEAD(others_closed_in_a_batch);
ATF_TC_BODY(others_closed_in_a_batch, tc)
{
	int i, peers[10];

	set_up();
	phase = 0;
	for (i = 0; i < 10; i++)
		victims[i] = allocate_ready(close_others, &peers[i]);
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(1, phase);
	for (i = 0; i < 10; i++) {
		close(peers[i]);
		if (victims[i] == NULL)
			continue;
		event_io_close(loop, &victims[i]->io);
		free(victims[i]);
	}
	tear_down();
}

static void
close_itself(struct event_io *io, unsigned bits)
{
	(void)bits;
	phase++;
	event_io_close(loop, io);
	spoil_and_free(io->owner, sizeof(struct watch));
}

ATF_TC_WITHOUT_HEAD(itself_closed_in_a_callback);
ATF_TC_BODY(itself_closed_in_a_callback, tc)
{
	int i, peers[10];

	set_up();
	phase = 0;
	for (i = 0; i < 10; i++)
		allocate_ready(close_itself, &peers[i]);
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(10, phase);
	for (i = 0; i < 10; i++) {
		ATF_CHECK_EQ(-1, send(peers[i], "x", 1, MSG_NOSIGNAL));
		close(peers[i]);
	}
	tear_down();
}

static struct watch reused;
static int reused_peer;

/* Close the other watch of the batch and give its number to a new one. */
static void
reuse_number(struct event_io *io, unsigned bits)
{
	struct watch *other;
	int fds[2], number;

	event_io_drained(io, bits);
	if (phase++ > 0)
		return;
	other = both[io->owner == both[0]];
	number = other->io.fd;
	event_io_close(loop, &other->io);
	unix_pair(fds);
	if (fds[0] != number) {
		ATF_REQUIRE_EQ(number, dup2(fds[0], number));
		close(fds[0]);
	}
	reused_peer = fds[1];
	watch_open(&reused, number, read_chunk, EVENT_READ);
}

ATF_TC_WITHOUT_HEAD(number_reused_in_a_batch);
ATF_TC_BODY(number_reused_in_a_batch, tc)
{
	int peers[2], i;

	set_up();
	phase = 0;
	for (i = 0; i < 2; i++)
		both[i] = allocate_ready(reuse_number, &peers[i]);
	run_quietly(QUIET_MS);
	ATF_REQUIRE_EQ(1, phase);
	ATF_CHECK_EQ(0, reused.calls);
	put(reused_peer, "x", 1);
	reused.stop_bytes = 1;
	run();
	ATF_CHECK_EQ(1, reused.bytes);
	ATF_CHECK_EQ(1, phase);
	event_io_close(loop, &reused.io);
	close(reused_peer);
	for (i = 0; i < 2; i++) {
		event_io_close(loop, &both[i]->io);
		free(both[i]);
		close(peers[i]);
	}
	tear_down();
}

ATF_TC_WITHOUT_HEAD(number_reused_again_and_again);
ATF_TC_BODY(number_reused_again_and_again, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	for (i = 0; i < 200; i++) {
		pair(fds, i % 3 == 0);
		watch_open(&w, fds[i & 1], read_chunk,
		    i % 5 == 0 ? EVENT_READ | EVENT_WRITE : EVENT_READ);
		put(fds[!(i & 1)], "x", 1);
		w.stop_bytes = 1;
		run();
		ATF_REQUIRE_EQ(1, w.bytes);
		event_io_close(loop, &w.io);
		close(fds[!(i & 1)]);
	}
	tear_down();
}

ATF_TC_WITHOUT_HEAD(removed_watch_stays_open);
ATF_TC_BODY(removed_watch_stays_open, tc)
{
	struct watch w;
	int fds[2], i;

	set_up();
	unix_pair(fds);
	watch_open(&w, fds[0], note_bits, EVENT_READ | EVENT_WRITE);
	w.disable = EVENT_WRITE;
	for (i = 0; i < 3; i++) {
		put(fds[1], "x", 1);
		run_until(&w, EVENT_READ);
		event_io_remove(loop, &w.io);
		w.calls = 0;
		put(fds[1], "y", 1);
		run_quietly(QUIET_MS);
		ATF_CHECK_EQ(0, w.calls);
		ATF_CHECK(fcntl(fds[0], F_GETFD) != -1);
		put(fds[0], "z", 1);
		ATF_REQUIRE_EQ(0, event_io_enable(loop, &w.io, EVENT_READ));
		run_until(&w, EVENT_READ);
		ATF_CHECK_EQ(2, drain(fds[0]));
		ATF_REQUIRE_EQ(0, event_io_enable(loop, &w.io, EVENT_WRITE));
		run_until(&w, EVENT_WRITE);
	}
	event_io_remove(loop, &w.io);
	event_io_remove(loop, &w.io);
	event_io_close(loop, &w.io);
	event_io_close(loop, &w.io);
	close(fds[1]);
	tear_down();
}

static void
remove_itself(struct event_io *io, unsigned bits)
{
	record(io->owner, bits);
	event_io_remove(loop, io);
	if (phase-- > 0)
		ATF_REQUIRE_EQ(0, event_io_enable(loop, io, EVENT_READ));
}

ATF_TC_WITHOUT_HEAD(removed_and_added_in_a_callback);
ATF_TC_BODY(removed_and_added_in_a_callback, tc)
{
	struct watch w;
	int fds[2];

	set_up();
	phase = 3;
	unix_pair(fds);
	put(fds[1], "x", 1);
	watch_open(&w, fds[0], remove_itself, EVENT_READ);
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(4, w.calls);
	event_io_close(loop, &w.io);
	close(fds[1]);
	tear_down();
}

/* What was known of the old peer's end must not be believed of a new one. */
ATF_TC_WITHOUT_HEAD(removed_watch_forgets);
ATF_TC_BODY(removed_watch_forgets, tc)
{
	struct watch w;
	int fds[2], again[2];

	set_up();
	unix_pair(fds);
	unix_pair(again);
	watch_open(&w, fds[0], read_chunk, EVENT_READ);
	close(fds[1]);
	run();
	ATF_CHECK(w.eof);
	event_io_remove(loop, &w.io);
	ATF_REQUIRE_EQ(fds[0], dup2(again[0], fds[0]));
	close(again[0]);
	w.eof = false;
	w.calls = 0;
	ATF_REQUIRE_EQ(0, event_io_enable(loop, &w.io, EVENT_READ));
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(0, w.calls);
	put(again[1], "x", 1);
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(1, w.bytes);
	ATF_CHECK_EQ(1, w.calls);
	event_io_close(loop, &w.io);
	close(again[1]);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(bad_descriptor_is_refused);
ATF_TC_BODY(bad_descriptor_is_refused, tc)
{
	struct watch w;
	int fds[2];

	set_up();
	unix_pair(fds);
	close(fds[0]);
	watch_init(&w, fds[0], note_bits);
	ATF_CHECK_ERRNO(EBADF, event_io_enable(loop, &w.io, EVENT_READ) == -1);
	ATF_CHECK_EQ(0, w.io.want);
	run_quietly(0);
	ATF_CHECK_EQ(0, w.calls);
	close(fds[1]);
	tear_down();
}

/* The loop. */

static void
take_turn(struct event_io *io, unsigned bits)
{
	(void)bits;
	order[ordered++] = io->owner == both[1];
	if (ordered == 100)
		event_loop_stop(loop);
}

ATF_TC_WITHOUT_HEAD(ready_watches_take_turns);
ATF_TC_BODY(ready_watches_take_turns, tc)
{
	int i, peers[2];

	set_up();
	ordered = 0;
	for (i = 0; i < 2; i++)
		both[i] = allocate_ready(take_turn, &peers[i]);
	run();
	for (i = 2; i < 100; i++)
		ATF_CHECK(order[i] != order[i - 1]);
	for (i = 0; i < 2; i++) {
		event_io_close(loop, &both[i]->io);
		free(both[i]);
		close(peers[i]);
	}
	tear_down();
}

static void
stop_and_drain(struct event_io *io, unsigned bits)
{
	record(io->owner, bits);
	event_io_drained(io, bits);
	event_loop_stop(loop);
}

/* The rest of a batch that was stopped in comes with the next run. */
ATF_TC_WITHOUT_HEAD(stop_in_a_callback);
ATF_TC_BODY(stop_in_a_callback, tc)
{
	struct watch w[3];
	int fds[3][2], i;

	set_up();
	for (i = 0; i < 3; i++) {
		unix_pair(fds[i]);
		put(fds[i][1], "x", 1);
		watch_open(&w[i], fds[i][0], stop_and_drain, EVENT_READ);
	}
	for (i = 1; i <= 3; i++) {
		run();
		ATF_CHECK_EQ(i, w[0].calls + w[1].calls + w[2].calls);
	}
	for (i = 0; i < 3; i++) {
		ATF_CHECK_EQ(1, w[i].calls);
		event_io_close(loop, &w[i].io);
		close(fds[i][1]);
	}
	tear_down();
}

ATF_TC_WITHOUT_HEAD(connect_is_reported);
ATF_TC_BODY(connect_is_reported, tc)
{
	struct sockaddr_in sin;
	struct watch w;
	int fd, listener;

	set_up();
	listener = tcp_bound(&sin);
	ATF_REQUIRE_EQ(0, listen(listener, 1));
	fd = socket(AF_INET, SOCK_STREAM, 0);
	unblock(fd);
	ATF_REQUIRE(connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0 ||
	    errno == EINPROGRESS);
	watch_open(&w, fd, note_bits, EVENT_WRITE);
	run_until(&w, EVENT_WRITE);
	ATF_CHECK_EQ(0, w.errors);
	ATF_CHECK_EQ(0, pending_error(fd));
	event_io_close(loop, &w.io);
	close(listener);
	tear_down();
}

/* Bound and not listening, nobody else can take the port. */
ATF_TC_WITHOUT_HEAD(refused_connect_is_reported);
ATF_TC_BODY(refused_connect_is_reported, tc)
{
	struct sockaddr_in sin;
	struct watch w;
	int bound, fd;

	set_up();
	bound = tcp_bound(&sin);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	unblock(fd);
	ATF_REQUIRE_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	if (errno == ECONNREFUSED)
		atf_tc_skip("connect refuses at once");
	ATF_REQUIRE_EQ(EINPROGRESS, errno);
	watch_open(&w, fd, note_bits, EVENT_WRITE);
	run_until(&w, EVENT_WRITE | EVENT_ERROR);
	ATF_CHECK_EQ(ECONNREFUSED, pending_error(fd));
	event_io_close(loop, &w.io);
	close(bound);
	tear_down();
}

static void
allow_descriptors(rlim_t n)
{
	struct rlimit limit;

	ATF_REQUIRE_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	if (limit.rlim_cur >= n)
		return;
	limit.rlim_cur = n;
	if (limit.rlim_max < n || setrlimit(RLIMIT_NOFILE, &limit) == -1)
		atf_tc_skip("too few descriptors allowed");
}

static void
count_reader(struct event_io *io, unsigned bits)
{
	struct watch *w;

	w = io->owner;
	read_chunk(io, bits);
	if (w->bytes > 0)
		order[ordered++] = w->io.fd;
	if (ordered == phase)
		event_loop_stop(loop);
}

ATF_TC_WITHOUT_HEAD(a_thousand_watches);
ATF_TC_BODY(a_thousand_watches, tc)
{
	static struct watch w[1000];
	static int fds[1000][2];
	int i;

	allow_descriptors(2100);
	set_up();
	for (i = 0; i < 1000; i++) {
		unix_pair(fds[i]);
		watch_open(&w[i], fds[i][0], count_reader, EVENT_READ);
	}
	run_quietly(0);
	ordered = 0;
	phase = 1;
	put(fds[617][1], "x", 1);
	run();
	ATF_CHECK_EQ(fds[617][0], order[0]);
	phase = 1001;
	for (i = 0; i < 1000; i++)
		put(fds[i][1], "x", 1);
	run();
	for (i = 0; i < 1000; i++) {
		ATF_CHECK_EQ(i == 617 ? 2 : 1, w[i].bytes);
		ATF_CHECK_EQ(i == 617 ? 2 : 1, w[i].calls);
		event_io_close(loop, &w[i].io);
		close(fds[i][1]);
	}
	tear_down();
}

ATF_TC_WITHOUT_HEAD(two_loops);
ATF_TC_BODY(two_loops, tc)
{
	struct event_loop *first;
	struct watch a, b;
	int fds[2];

	set_up();
	unix_pair(fds);
	first = loop;
	watch_open(&a, fds[0], read_chunk, EVENT_READ);
	set_up();
	watch_open(&b, fds[1], read_chunk, EVENT_READ);
	put(fds[0], "x", 1);
	b.stop_bytes = 1;
	run();
	ATF_CHECK_EQ(0, a.calls);
	event_io_close(loop, &b.io);
	tear_down();
	loop = first;
	run();
	ATF_CHECK(a.eof);
	event_io_close(loop, &a.io);
	tear_down();
}

/* Timers. */

struct alarm {
	struct event_timer timer;
	int number;
};

static struct alarm alarms[500];

static void
on_alarm(struct event_timer *t)
{
	ATF_CHECK_EQ(0, t->slot);
	ATF_CHECK(event_now(loop) >= t->when);
	order[ordered++] = ((struct alarm *)(void *)t)->number;
	if (ordered == phase)
		event_loop_stop(loop);
}

/* Alarms number 0 to n-1; stop after stop_after of them. */
static void
alarms_init(int n, int stop_after)
{
	int i;

	ordered = 0;
	phase = stop_after;
	for (i = 0; i < n; i++) {
		alarms[i].number = i;
		event_timer_init(&alarms[i].timer, on_alarm);
	}
}

static void
alarm_set(int number, uint64_t ms)
{
	ATF_REQUIRE_EQ(0, event_timer_set(loop, &alarms[number].timer, ms));
}

ATF_TC_WITHOUT_HEAD(timers_expire_in_order);
ATF_TC_BODY(timers_expire_in_order, tc)
{
	uint64_t before;

	set_up();
	alarms_init(4, 4);
	before = event_now(loop);
	alarm_set(0, 15);
	alarm_set(1, 0);
	alarm_set(2, 20);
	alarm_set(3, 5);
	run();
	ATF_CHECK_EQ(1, order[0]);
	ATF_CHECK_EQ(3, order[1]);
	ATF_CHECK_EQ(0, order[2]);
	ATF_CHECK_EQ(2, order[3]);
	ATF_CHECK(event_now(loop) >= before + 20);
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(4, ordered);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(timer_is_cancelled);
ATF_TC_BODY(timer_is_cancelled, tc)
{
	set_up();
	alarms_init(3, 2);
	event_timer_cancel(loop, &alarms[0].timer);
	alarm_set(0, 2);
	alarm_set(1, 1);
	alarm_set(2, 3);
	event_timer_cancel(loop, &alarms[0].timer);
	event_timer_cancel(loop, &alarms[0].timer);
	run();
	ATF_CHECK_EQ(1, order[0]);
	ATF_CHECK_EQ(2, order[1]);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(timer_is_moved);
ATF_TC_BODY(timer_is_moved, tc)
{
	set_up();
	alarms_init(3, 3);
	alarm_set(0, 1);
	alarm_set(1, 5);
	alarm_set(2, 60000);
	alarm_set(0, 10);
	alarm_set(2, 2);
	run();
	ATF_CHECK_EQ(2, order[0]);
	ATF_CHECK_EQ(1, order[1]);
	ATF_CHECK_EQ(0, order[2]);
	run_quietly(1);
	ATF_CHECK_EQ(3, ordered);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(infinite_timer);
ATF_TC_BODY(infinite_timer, tc)
{
	set_up();
	alarms_init(3, 1);
	alarm_set(0, EVENT_INFINITE);
	ATF_CHECK_EQ(0, alarms[0].timer.slot);
	alarm_set(1, 1);
	alarm_set(1, EVENT_INFINITE);
	ATF_CHECK_EQ(0, alarms[1].timer.slot);
	alarm_set(2, (uint64_t)INT32_MAX * 1000);
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(0, ordered);
	event_timer_cancel(loop, &alarms[2].timer);
	tear_down();
}

static struct event_timer *twins[2];

static void
cancel_twin(struct event_timer *t)
{
	struct event_timer *twin;

	twin = twins[t == twins[0]];
	event_timer_cancel(loop, twin);
	spoil_and_free(twin, sizeof(*twin));
	spoil_and_free(t, sizeof(*t));
	phase++;
}

ATF_TC_WITHOUT_HEAD(twin_is_cancelled_in_the_same_moment);
ATF_TC_BODY(twin_is_cancelled_in_the_same_moment, tc)
{
	int i;

	set_up();
	phase = 0;
	for (i = 0; i < 2; i++) {
		twins[i] = malloc(sizeof(*twins[i]));
		ATF_REQUIRE(twins[i] != NULL);
		event_timer_init(twins[i], cancel_twin);
		ATF_REQUIRE_EQ(0, event_timer_set(loop, twins[i], 3));
	}
	run_quietly(QUIET_MS);
	ATF_CHECK_EQ(1, phase);
	tear_down();
}

/* Reproducible, and good enough. */
static unsigned
scramble(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 16;
}

static uint64_t last_when;

static void
on_ordered_alarm(struct event_timer *t)
{
	ATF_CHECK(t->when >= last_when);
	last_when = t->when;
	((struct alarm *)(void *)t)->number++;
	on_alarm(t);
}

ATF_TC_WITHOUT_HEAD(hundreds_of_timers);
ATF_TC_BODY(hundreds_of_timers, tc)
{
	unsigned state;
	int cancelled, i;

	set_up();
	alarms_init(500, 0);
	state = 1;
	cancelled = 0;
	for (i = 0; i < 500; i++) {
		alarms[i].number = 0;
		alarms[i].timer.on_expire = on_ordered_alarm;
		alarm_set(i, scramble(&state) % 40);
		if (i % 3 == 0)
			alarm_set((int)(scramble(&state) % (unsigned)(i + 1)),
			    scramble(&state) % 40);
	}
	for (i = 0; i < 500; i += 7) {
		event_timer_cancel(loop, &alarms[i].timer);
		cancelled++;
	}
	phase = 500 - cancelled;
	run();
	for (i = 0; i < 500; i++)
		ATF_CHECK_EQ(i % 7 != 0, alarms[i].number);
	tear_down();
}

static void
on_tick(struct event_timer *t)
{
	if (++phase < 100)
		ATF_REQUIRE_EQ(0, event_timer_set(loop, t, 0));
	else
		event_loop_stop(loop);
}

/* A timer that sets itself again, even to 0, lets the others have a turn. */
ATF_TC_WITHOUT_HEAD(ticking_timer_starves_nobody);
ATF_TC_BODY(ticking_timer_starves_nobody, tc)
{
	struct event_timer tick;
	struct watch w;
	int fds[2];

	set_up();
	phase = 0;
	unix_pair(fds);
	put(fds[1], "x", 1);
	watch_open(&w, fds[0], read_chunk, EVENT_READ);
	w.stop_bytes = 1;
	event_timer_init(&tick, on_tick);
	ATF_REQUIRE_EQ(0, event_timer_set(loop, &tick, 0));
	run();
	ATF_CHECK_EQ(1, w.bytes);
	ATF_CHECK(phase < 100);
	event_timer_cancel(loop, &tick);
	event_io_close(loop, &w.io);
	close(fds[1]);
	tear_down();
}

/* Signals. */

static int arrived[2];

static void
on_signal(void *arg, int signo)
{
	ATF_CHECK_EQ(arrived, arg);
	arrived[signo == SIGUSR2]++;
	if (phase > 0 && arrived[0] > 0 && (arrived[1] > 0 || phase == 1))
		event_loop_stop(loop);
}

ATF_TC_WITHOUT_HEAD(signals_come_in_the_loop);
ATF_TC_BODY(signals_come_in_the_loop, tc)
{
	struct sigaction sa;
	int i;

	set_up();
	ATF_REQUIRE_EQ(0, event_signal(loop, SIGUSR1, on_signal, arrived));
	ATF_REQUIRE_EQ(0, event_signal(loop, SIGUSR2, on_signal, arrived));
	phase = 1;
	raise(SIGUSR1);
	ATF_CHECK_EQ(0, arrived[0]);
	run();
	ATF_CHECK_EQ(1, arrived[0]);
	ATF_CHECK_EQ(0, arrived[1]);
	arrived[0] = 0;
	phase = 2;
	for (i = 0; i < 100; i++)
		raise(SIGUSR1);
	raise(SIGUSR2);
	run();
	ATF_CHECK(arrived[0] > 0);
	ATF_CHECK_EQ(1, arrived[1]);
	tear_down();
	ATF_REQUIRE_EQ(0, sigaction(SIGUSR1, NULL, &sa));
	ATF_CHECK(sa.sa_handler == SIG_DFL);
}

/* The signal comes while the loop waits for nothing else. */
static void
on_send_signal(struct event_timer *t)
{
	(void)t;
	kill(getpid(), SIGUSR1);
}

ATF_TC_WITHOUT_HEAD(signal_wakes_the_loop);
ATF_TC_BODY(signal_wakes_the_loop, tc)
{
	struct event_timer t;

	set_up();
	phase = 1;
	ATF_REQUIRE_EQ(0, event_signal(loop, SIGUSR1, on_signal, arrived));
	event_timer_init(&t, on_send_signal);
	ATF_REQUIRE_EQ(0, event_timer_set(loop, &t, 1));
	run();
	ATF_CHECK_EQ(1, arrived[0]);
	tear_down();
}

ATF_TC_WITHOUT_HEAD(bad_signals_are_refused);
ATF_TC_BODY(bad_signals_are_refused, tc)
{
	static const int bad[] = { 0, -1, 64, 1000, SIGKILL, SIGSTOP };
	size_t i;

	set_up();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ATF_CHECK_ERRNO(EINVAL,
		    event_signal(loop, bad[i], on_signal, arrived) == -1);
	tear_down();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, sockets_become_ready);
	ATF_TP_ADD_TC(tp, pipes_become_ready);
	ATF_TP_ADD_TC(tp, listener_becomes_readable);
	ATF_TP_ADD_TC(tp, partial_read_is_called_again);
	ATF_TP_ADD_TC(tp, short_read_drains);
	ATF_TP_ADD_TC(tp, disabled_watch_remembers);
	ATF_TP_ADD_TC(tp, disabled_watch_is_not_called);
	ATF_TP_ADD_TC(tp, full_unix_socket_becomes_writable);
	ATF_TP_ADD_TC(tp, full_tcp_socket_becomes_writable);
	ATF_TP_ADD_TC(tp, hung_up_peer_does_not_spin);
	ATF_TP_ADD_TC(tp, own_shutdown_does_not_spin);
	ATF_TP_ADD_TC(tp, reset_is_reported_unasked);
	ATF_TP_ADD_TC(tp, reset_is_reported_to_a_reader);
	ATF_TP_ADD_TC(tp, reset_wakes_a_writer);
	ATF_TP_ADD_TC(tp, end_of_file_stands_behind_unread_bytes);
	ATF_TP_ADD_TC(tp, end_of_file_in_the_middle_of_a_callback);
	ATF_TP_ADD_TC(tp, end_of_file_and_reset_at_once);
	ATF_TP_ADD_TC(tp, reset_after_end_of_file);
	ATF_TP_ADD_TC(tp, passed_descriptors_cut_a_read);
	ATF_TP_ADD_TC(tp, urgent_tcp_data_cut_a_read);
	ATF_TP_ADD_TC(tp, urgent_unix_data_cut_a_read);
	ATF_TP_ADD_TC(tp, urgent_data_in_the_middle_of_a_callback);
	ATF_TP_ADD_TC(tp, urgent_data_are_reported_unasked);
	ATF_TP_ADD_TC(tp, others_closed_in_a_batch);
	ATF_TP_ADD_TC(tp, itself_closed_in_a_callback);
	ATF_TP_ADD_TC(tp, number_reused_in_a_batch);
	ATF_TP_ADD_TC(tp, number_reused_again_and_again);
	ATF_TP_ADD_TC(tp, removed_watch_stays_open);
	ATF_TP_ADD_TC(tp, removed_and_added_in_a_callback);
	ATF_TP_ADD_TC(tp, removed_watch_forgets);
	ATF_TP_ADD_TC(tp, bad_descriptor_is_refused);
	ATF_TP_ADD_TC(tp, ready_watches_take_turns);
	ATF_TP_ADD_TC(tp, stop_in_a_callback);
	ATF_TP_ADD_TC(tp, connect_is_reported);
	ATF_TP_ADD_TC(tp, refused_connect_is_reported);
	ATF_TP_ADD_TC(tp, a_thousand_watches);
	ATF_TP_ADD_TC(tp, two_loops);
	ATF_TP_ADD_TC(tp, timers_expire_in_order);
	ATF_TP_ADD_TC(tp, timer_is_cancelled);
	ATF_TP_ADD_TC(tp, timer_is_moved);
	ATF_TP_ADD_TC(tp, infinite_timer);
	ATF_TP_ADD_TC(tp, twin_is_cancelled_in_the_same_moment);
	ATF_TP_ADD_TC(tp, hundreds_of_timers);
	ATF_TP_ADD_TC(tp, ticking_timer_starves_nobody);
	ATF_TP_ADD_TC(tp, signals_come_in_the_loop);
	ATF_TP_ADD_TC(tp, signal_wakes_the_loop);
	ATF_TP_ADD_TC(tp, bad_signals_are_refused);
	return atf_no_error();
}
