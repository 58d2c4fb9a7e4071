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
#include "options.h"
#include "relay.h"

#define SIM_FDS 1024
#define SIM_CONNS 160
#define SIM_LISTENERS 3
#define SIM_PIPES 40
#define SIM_ADDRESSES 3
#define SIM_HEADER 256

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

/* --- Memory: sim_memory.c ------------------------------------------------ */

void sim_memory_reset(void);
void sim_memory_check(void); /* nothing is left */

/* Number of the allocation that holds the address, 0 for none. */
uint64_t sim_memory_of(const void *);

/* Allocations of so many octets and more. */
size_t sim_memory_large(size_t size);

/* --- Descriptors and pipes: sim_file.c ----------------------------------- */

enum sim_kind {
	SIM_FREE,
	SIM_SOCKET,
	SIM_LISTENER,
	SIM_PIPE_READ,
	SIM_PIPE_WRITE,
	SIM_LOOP,
};

/* Read and write; epoll has the first only. */
struct sim_watch {
	void *udata;
	uint32_t events;
	bool on;
	bool level;
	bool pending;
};

struct sim_file {
	enum sim_kind kind;
	int family;
	bool used_before;
	struct sim_conn *conn; /* of a socket that connects */
	struct sim_listener *listener;
	struct sim_pipe *pipe;
	struct sim_watch watch[2];
	uint64_t owner; /* allocation that holds the watch */
};

/* Octets in a pipe, by where in which stream they come from. */
struct sim_segment {
	const struct sim_conn *from;
	uint64_t start;
	size_t length;
};

#define SIM_SEGMENTS 4

struct sim_pipe {
	int ends;
	int fd_read;
	size_t size;
	size_t length;
	size_t n;
	struct sim_segment segment[SIM_SEGMENTS];
	unsigned char bytes[64]; /* of the loop's own pipe */
};

extern struct sim_file sim_files[SIM_FDS];
extern int sim_files_top; /* above the highest number in use */
extern unsigned sim_pipes_open;

void sim_file_reset(void);
void sim_file_check(void); /* nothing is open */

/* Lowest number that is free, or -1 and EMFILE. */
int sim_file_open(enum sim_kind);

/* The open file; anything else is a failure of the relay. */
struct sim_file *sim_file(int fd, const char *call);

/* The system has no memory for a watch of it: what follows from that. */
void sim_refuse_watch(int fd);

/* --- Readiness: sim_linux.c or sim_bsd.c --------------------------------- */

extern const bool sim_bsd;

enum sim_event {
	SIM_IN,    /* octets or a connection arrived */
	SIM_OUT,   /* there is room again */
	SIM_EOF,   /* the peer has shut down */
	SIM_SHUT,  /* we have */
	SIM_STATE, /* connected, or everything is over */
};

void sim_notify(int fd, enum sim_event);

/* Whether a wait would return now. */
bool sim_ready(void);

/* --- Connections: sim_conn.c, sim_tcp.c, sim_unix.c ---------------------- */

enum sim_state { SIM_CONNECTING, SIM_CONNECTED, SIM_OVER };

/* How a peer goes about it, see sim_peer.c. */
struct sim_script {
	uint64_t total;    /* octets to send */
	size_t write_size; /* of one call */
	size_t read_size;
	uint64_t read_max;   /* octets, then it stops reading */
	bool reads;          /* at all, before the thaw */
	bool holds;          /* does not end by itself before the thaw */
	bool answers;        /* ends only after the relay has */
	bool closes;         /* at its end, both directions at once */
	uint64_t reset_sent; /* breaks off after so many octets */
	uint64_t reset_read;
	unsigned marks; /* one write in so many has a mark */
};

/* in: from the peer to the relay; out: back.  Counts of octets, ever. */
struct sim_conn {
	struct sim_conn *partner;      /* the other end of the session */
	struct sim_listener *listener; /* a client's, until it is accepted */
	struct sim_script script;
	size_t sndbuf, rcvbuf, peer_rcvbuf;
	uint64_t in_sent, in_arrived, in_read;
	uint64_t out_written, out_arrived, out_read;
	uint64_t mark_start, mark_end; /* a read stops at the end */
	uint64_t accepted;
	uint64_t since; /* connected, or octets moved last */
	size_t header_length;
	unsigned char header[SIM_HEADER];

	int id;
	int fd;        /* the relay's; -1: not yet, or no longer */
	int address;   /* a target's, of sim_addresses */
	int refusal;   /* errno with which connecting ends */
	unsigned port; /* of the side that connects */
	int error;     /* SO_ERROR */
	enum sim_state state;

	bool used;
	bool local; /* Unix, else TCP */
	bool client;
	bool waiting; /* not accepted yet */
	bool self;    /* connected to itself */
	bool established;
	bool in_fin;   /* the peer has ended its stream, at in_sent */
	bool in_shut;  /* and that has arrived */
	bool out_fin;  /* the relay has ended its stream */
	bool out_shut; /* by shutdown() */
	bool full;     /* SOCK_NOSPACE: tell when there is room */
	bool linger;
	bool mark_told;
	bool closed;     /* by the relay */
	bool aborted;    /* by the relay: a reset */
	bool gone;       /* closed by the peer */
	bool broke;      /* the peer broke it off: a reset */
	bool noticed;    /* the peer knows how it ended */
	bool registered; /* the relay has watched it */
	bool failed;     /* a write gave the relay an error */
	bool faulted;    /* for lack of memory, the peer being well */
	bool excused;    /* something went wrong that the relay was told of */
};

struct sim_listener {
	int fd; /* -1: closed */
	bool local;
	unsigned port;
	unsigned backlog;
	unsigned queued;
	bool starved; /* its last accept failed, or its watch did */
	uint64_t starved_at;
};

extern struct sim_conn sim_conns[SIM_CONNS];
extern int sim_conns_top;
extern struct sim_listener sim_listeners[SIM_LISTENERS];
extern int sim_n_listeners;

/* A socket that listens already, as a service manager hands it over. */
void sim_hand_over_listener(int fd);

void sim_conn_reset(void);
struct sim_conn *sim_conn_create(bool local, bool client);

/* The relay's end of a connected socket. */
size_t sim_in_ready(const struct sim_conn *); /* octets that can be read */
size_t sim_in_room(const struct sim_conn *);  /* that the peer may send */
size_t sim_out_used(const struct sim_conn *); /* of the send buffer */
size_t sim_out_low(const struct sim_conn *);  /* least room to be writable */
bool sim_writable(const struct sim_conn *);
bool sim_readable(const struct sim_conn *);

/* Octets arrive, an end of file, a reset; the relay has read or is closed. */
void sim_arrive(struct sim_conn *, size_t n);
void sim_arrive_end(struct sim_conn *);
void sim_break(struct sim_conn *, int error);
void sim_acknowledge(struct sim_conn *, size_t n); /* by the peer's system */
void sim_peer_read(struct sim_conn *, size_t n);
void sim_peer_close(struct sim_conn *);
void sim_peer_reset(struct sim_conn *);
void sim_close_socket(struct sim_conn *);
void sim_close_listener(struct sim_listener *);
void sim_conn_release(struct sim_conn *);

/* What the relay reads or writes: sim_stream.c. */
int sim_read_error(struct sim_conn *);
int sim_write_error(struct sim_conn *);
/* A splice does not get past an urgent octet, a read does. */
size_t sim_read_length(struct sim_conn *, size_t room, bool splices, bool *cut);
size_t sim_write_length(struct sim_conn *, size_t length);
void sim_count_in(struct sim_conn *, size_t n);
void sim_count_out(struct sim_conn *, size_t n);

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
