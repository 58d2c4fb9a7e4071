/*
 * What the tests of channel.h require of a channel: that it is idle, or how it
 * has ended.
 * Not here: how it got there (channel_fixture.h).
 */
#ifndef CHANNEL_CHECKS_H
#define CHANNEL_CHECKS_H

#include <sys/types.h>
#include <sys/socket.h>

#include <atf-c.h>
#include <string.h>

#include "channel_fixture.h"

static inline void
drain_to_eof(struct fixture *f)
{
	drain_all(f);
	while (!f->eof) {
		ATF_REQUIRE_EQ(0, drain(f, 1));
		turn(f, 1);
	}
}

static inline void
wait_state(struct fixture *f, enum channel_state state)
{
	while (f->channel.state == CHANNEL_OPEN)
		turn(f, 1);
	ATF_REQUIRE_EQ_MSG(state, f->channel.state, "state %d: %s",
	    f->channel.state, strerror(f->channel.error));
}

static inline void
require_idle(struct fixture *f)
{
	turn(f, 2);
	ATF_REQUIRE_EQ(CHANNEL_OPEN, f->channel.state);
	ATF_REQUIRE_EQ(0, channel_pending(&f->channel));
	ATF_REQUIRE(f->channel.buffer == NULL);
	ATF_REQUIRE(f->channel.pipe == NULL);
	ATF_REQUIRE_EQ(f->sent, f->channel.bytes);
	ATF_REQUIRE_EQ(EVENT_READ, f->from.want);
	ATF_REQUIRE_EQ(0, f->to.want);
}

static inline void
require_ended(struct fixture *f)
{
	wait_state(f, CHANNEL_ENDED);
	ATF_REQUIRE_EQ(0, f->channel.error);
	ATF_REQUIRE(f->channel.buffer == NULL);
	ATF_REQUIRE(f->channel.pipe == NULL);
	ATF_REQUIRE_EQ(f->sent, f->channel.bytes);
	ATF_REQUIRE_EQ(0, f->from.want);
	ATF_REQUIRE_EQ(0, f->to.want);
	ATF_REQUIRE(!channel_pump(&f->channel, &f->ends));
}

static inline void
require_failed(struct fixture *f, enum channel_state state)
{
	wait_state(f, state);
	ATF_REQUIRE_EQ(0, f->from.want);
	ATF_REQUIRE_EQ(0, f->to.want);
	ATF_REQUIRE(!channel_pump(&f->channel, &f->ends));
}

/* From one end of a connection to the other, past the channel. */
static inline void
say(int from, int to, struct fixture *f)
{
	char text[8];

	ATF_REQUIRE_EQ(6, send(from, "answer", 6, MSG_NOSIGNAL));
	while (recv(to, text, sizeof(text), MSG_PEEK) < 6)
		turn(f, 1);
	ATF_REQUIRE_EQ(6, recv(to, text, sizeof(text), 0));
	ATF_REQUIRE_EQ(0, memcmp(text, "answer", 6));
}

#endif
