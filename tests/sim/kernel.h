/*
 * What the simulated kernel keeps: descriptors, pipes, watches, connections,
 * listening sockets, and what changes them.
 * Not here: who acts on them, and what is checked; see sim.h.
 */
#ifndef SIM_KERNEL_H
#define SIM_KERNEL_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_FDS 1024
#define SIM_CONNS 160
#define SIM_LISTENERS 3
#define SIM_PIPES 40
#define SIM_HEADER 256

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
	bool refuses;          /* descriptors; so do those it accepts */
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
	bool writes_first;   /* reads only when it has written everything */
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
	bool refused;  /* by the relay's SHUT_RD: it can send no more */
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
	bool refuses;    /* descriptors */
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
void sim_meanwhile(struct sim_conn *); /* between two pieces of a write */
/* A splice does not get past an urgent octet, a read does. */
size_t sim_read_length(struct sim_conn *, size_t room, bool splices, bool *cut);
size_t sim_write_length(struct sim_conn *, size_t length);
void sim_count_in(struct sim_conn *, size_t n);
void sim_count_out(struct sim_conn *, size_t n);

#endif
