/*
 * Choices, all of which come from a seed or from a fuzzer's input; the trace;
 * and what a run came across: sim_choice.c.
 * Not here: what is chosen.
 */
#ifndef SIM_CHOICE_H
#define SIM_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void sim_choice_seed(uint64_t seed);
void sim_choice_input(const uint8_t *bytes, size_t length);

/* A number below n; n is at least 1. */
unsigned sim_pick(unsigned n);

/* True once in n times; never if n is 0. */
bool sim_chance(unsigned n);

/* A size up to max, small ones and max itself more often. */
size_t sim_size(size_t max);

enum sim_tracing {
	SIM_TRACE_OFF,  /* on failure, the seed is run again */
	SIM_TRACE_TAIL, /* on failure, the last lines are shown */
	SIM_TRACE_ALL,
};

extern enum sim_tracing sim_tracing;
extern uint64_t sim_seed;

/* Called by sim_fail() to end the process; set by whoever runs worlds. */
extern void (*sim_on_failure)(void);

void sim_trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void sim_fail(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* What a run has to come across, lest it tests nothing. */
#define SIM_COUNTERS(X)                                       \
	X(SESSIONS, "sessions")                               \
	X(ENDED, "ended in order")                            \
	X(BROKEN, "broken off")                               \
	X(BYTES_COPIED, "octets copied")                      \
	X(READS_FULL, "full reads")                           \
	X(WRITES_SHORT, "short writes")                       \
	X(WRITES_BLOCKED, "writes that would block")          \
	X(HALF_CLOSED, "ends of file passed on")              \
	X(CLIENT_RESETS, "resets by clients")                 \
	X(TARGET_RESETS, "resets by targets")                 \
	X(RESET_AFTER_FIN, "resets after an end of file")     \
	X(RESET_UNREAD, "closed with unread octets")          \
	X(REFUSED_OCTETS, "octets refused")                   \
	X(PARTING, "resets held back")                        \
	X(URGENT, "reads cut at a mark")                      \
	X(CONNECT_REFUSED, "connects refused")                \
	X(CONNECT_LATER, "connects in progress")              \
	X(CONNECT_FULL, "connects to a full backlog")         \
	X(CONNECT_TIMEOUT, "connects given up")               \
	X(CONNECT_SELF, "connects to itself")                 \
	X(ADDRESS_NEXT, "targets reached at a later address") \
	X(IDLE_TIMEOUT, "idle time-outs")                     \
	X(REFUSED, "clients above the limit")                 \
	X(HEADERS, "PROXY headers")                           \
	X(DRAINED, "drains that came to an end")              \
	X(DRAIN_CUT, "drains cut at the deadline")            \
	X(SIGNALS, "signals")                                 \
	X(EXIT_IDLE, "exits for lack of clients")             \
	X(STARVED, "accepts without descriptors")             \
	X(ABORTED, "accepts aborted")                         \
	X(NO_MEMORY, "allocations refused")                   \
	X(NO_WATCH, "watches refused")                        \
	X(NO_DESCRIPTOR, "descriptors refused")               \
	X(NO_BUFFERS, "calls without kernel memory")          \
	X(INTERRUPTED, "calls interrupted")                   \
	X(SPURIOUS, "spurious reports")                       \
	X(REUSED, "descriptor numbers used again")            \
	X(FUTILE, "clients whose target was not reached")

/* The same, where splice(2) is. */
#define SIM_SPLICE_COUNTERS(X)                  \
	X(BYTES_SPLICED, "octets spliced")      \
	X(PIPES, "pipes")                       \
	X(PIPES_REFUSED, "pipes refused")       \
	X(SPLICE_CUT, "splices cut by a reset") \
	X(SPLICE_REFUSED, "splices refused")    \
	X(SEND_CUT, "sends cut by a reset")

#define SIM_ENUMERATE(name, text) COUNT_##name,
enum sim_counter {
	SIM_COUNTERS(SIM_ENUMERATE) SIM_SPLICE_COUNTERS(SIM_ENUMERATE) COUNTERS
};

extern uint64_t sim_counters[COUNTERS];

#endif
