/*
 * The simulated system that the real objects of src/ are linked against, as
 * its parts see each other.
 * Not here: anything the relay itself includes.
 *
 * A world is one relay with its clients and targets, from relay_create() to
 * relay_destroy().  Every choice in it comes from sim_pick(), so a seed, or
 * the input of a fuzzer, stands for all that happens.
 */
#ifndef SIM_H
#define SIM_H

#include <sys/types.h>
#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "choice.h"
#include "kernel.h"
#include "options.h"
#include "relay.h"

#define SIM_ADDRESSES 3

/* A grain with which streams come to be spliced. */
#define SIM_BULKY 32768

/* Calls of the relay in one world; more, and it is taken to be in a loop. */
#define SIM_STEPS_MAX 200000

/* Waits in a row that bring events and let the relay do nothing. */
#define SIM_SPIN_MAX 200

/* --- The world: sim_world.c --------------------------------------------- */

enum sim_phase {
	SIM_SET_UP, /* nothing fails, nobody acts */
	SIM_BUSY,
	SIM_THAW,     /* who held back does so no longer: all comes to an end */
	SIM_STOPPING, /* the signal has been sent */
	SIM_TEAR_DOWN, /* relay_destroy() */
};

/* One in so many calls; 0: never. */
struct sim_faults {
	unsigned memory;
	unsigned watch;
	unsigned descriptor;
	unsigned buffers;
	unsigned interrupt;
	unsigned abort;
	unsigned short_write;
	unsigned spurious;
	unsigned signal;
	unsigned splice;
	unsigned pipe_size;
	unsigned jump; /* of the clock */
};

struct sim_world {
	enum sim_phase phase;
	struct sim_faults faults;
	struct options options;
	struct relay *relay;
	uint64_t steps;
	uint64_t spins;
	unsigned preempt; /* peers act in one of so many calls */
	unsigned burst;   /* and so often at most before each wait */
	bool reorder;
	bool bad_day;
	bool stutter; /* the next splice is interrupted */
	bool blind;   /* FreeBSD does not tell what is unacknowledged */
	bool refuses; /* Linux 6.16: descriptors can be refused */
	size_t grain; /* about the size of a call, or a buffer */
	size_t bulk;  /* octets that a peer sends at most */
	unsigned clients_left;
	unsigned nofile;
	uint64_t drought;    /* no descriptors until then */
	uint64_t stopped_at; /* when a signal to stop was handled */
	uint64_t fault_at;   /* wait in which something without owner failed */
	uint64_t waits;
	bool killed;         /* a signal that stops has been delivered */
	bool unreachable;    /* there is an address where nobody serves */
	unsigned idle_jumps; /* of the clock, in this phase */
	unsigned jumped;     /* by the clock, within one round */
};

extern struct sim_world sim;

/* Run one world by the choices that are set up. */
void sim_world_run(void);

/* At the beginning of each call that the relay makes. */
void sim_enter(const char *call);

/* Something came of a call, so the loop does not spin. */
void sim_progress(void);

/* Whether this call is to fail; never during set-up and tear-down. */
bool sim_fault(unsigned one_in);

/*
 * What a backend's wait does until there is something to report, or the time
 * is over.  Returns false if a signal interrupts it.
 */
bool sim_wait(int timeout);

/* --- Clock, signals, limits: sim_process.c ------------------------------- */

extern uint64_t sim_now; /* milliseconds */

void sim_process_reset(void);

/* Deliver a signal here and now; returns false if it is ignored. */
bool sim_signal(int signo);

/* Whether the call fails with EINTR, which is in errno then. */
bool sim_interrupted(const char *call);

/* --- Memory: sim_memory.c ------------------------------------------------ */

void sim_memory_reset(void);
void sim_memory_check(void); /* nothing is left */

/* Number of the allocation that holds the address, 0 for none. */
uint64_t sim_memory_of(const void *);

/* Allocations of so many octets and more. */
size_t sim_memory_large(size_t size);

/* --- Targets: sim_target.c ------------------------------------------------ */

enum sim_service {
	SIM_SERVES,
	SIM_REFUSES,
	SIM_SILENT,
	SIM_UNREACHABLE,
	SIM_ABSENT,
	SIM_SELF,
};

struct sim_address {
	bool local;
	unsigned port;
	enum sim_service service;
	unsigned backlog;
	unsigned queued;
	bool accepts; /* else it only listens, before the thaw */
};

extern struct sim_address sim_addresses[SIM_ADDRESSES];
extern int sim_n_addresses;

void sim_target_reset(void);

/* Connect the socket; returns 0 or -1 and errno. */
int sim_target_connect(int fd, const struct sockaddr *, socklen_t);

/* Socket addresses as the system tells them. */
socklen_t sim_tcp_name(struct sockaddr_storage *, unsigned port);
socklen_t sim_unix_name(struct sockaddr_storage *, const char *path);

/* --- Peers: sim_peer.c, sim_crowd.c --------------------------------------- */

/* A client comes to a listener.  Returns false if none can. */
bool sim_arrive_client(void);

/* What somebody can do with a connection: bits. */
enum sim_deed {
	DO_ESTABLISH = 1u << 0,
	DO_REFUSE = 1u << 1,
	DO_GIVE_UP = 1u << 2, /* the system's own time-out */
	DO_ACCEPT = 1u << 3,
	DO_WRITE = 1u << 4,
	DO_ARRIVE = 1u << 5,
	DO_ARRIVE_END = 1u << 6,
	DO_DELIVER = 1u << 7,
	DO_READ = 1u << 8,
	DO_SEE_END = 1u << 9,
	DO_END = 1u << 10,
	DO_CLOSE = 1u << 11,
	DO_RESET = 1u << 12,
};

#define SIM_DEEDS 13

/* What can be done with it now. */
unsigned sim_deeds_of(const struct sim_conn *);

void sim_do(struct sim_conn *, unsigned deed);

/* Let somebody do something; returns false if nobody has anything to do. */
bool sim_peer_act(void);

void sim_peer_script(struct sim_conn *);

/* Who holds back does so no longer. */
void sim_peer_thaw(void);

/* --- What has to hold: sim_check.c ---------------------------------------- */

/* The octets of a stream. */
const unsigned char *sim_octets(const struct sim_conn *, uint64_t at, size_t n);
#define SIM_OCTETS_MAX 65536

/* Octets that the relay has read from one and not written to the other. */
uint64_t sim_held(const struct sim_conn *from, const struct sim_conn *to);

/* All that the peer sent, and its end, has been read and passed on. */
bool sim_is_complete(const struct sim_conn *from, const struct sim_conn *to);

/* The relay writes this to the connection, next. */
void sim_check_octets(
    const struct sim_conn *, const unsigned char *bytes, size_t n);
void sim_check_segment(
    const struct sim_conn *, const struct sim_segment *, size_t n);
void sim_check_held(const struct sim_conn *from);
void sim_check_shutdown(const struct sim_conn *);
void sim_check_close(const struct sim_conn *);

/* The relay cannot find out who the client is: it has gone. */
void sim_check_unknown(struct sim_conn *client);

/* Two watches in one allocation are the two ends of one session. */
void sim_check_pair(int fd);

/* The loop is about to sleep. */
void sim_check_rest(int timeout);

/* Nobody holds back any more, and nobody has anything to do. */
void sim_check_over(void);

#endif
