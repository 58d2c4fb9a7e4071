# The simulation and its mutants, read by GNU make and BSD make alike.
# SEEDS: how many sessions of each kind `make sim` runs, from seed FIRST on.
SEEDS ?= 100000
FIRST ?= 1

# Of the daemon, whatever the system: it is linked against a simulated one.
SIM_REAL = src/address.c src/channel.c src/channel_fill.c src/connection_log.c \
	src/connector.c src/descriptors.c src/dial.c src/dialer_direct.c \
	src/event.c src/event_signal.c \
	src/event_timer.c src/listener.c src/listeners.c src/manager.c \
	src/notify.c src/pool.c src/proxy_header.c src/relay.c \
	src/relay_accept.c src/relay_signal.c src/resolver_helper.c \
	src/session.c src/session_end.c src/target.c src/user.c src/worker.c src/workers.c
SIM_COMMON = ${SIM_REAL} tests/sim/sim_check.c tests/sim/sim_choice.c \
	tests/sim/sim_conn.c tests/sim/sim_crowd.c tests/sim/sim_file.c \
	tests/sim/sim_memory.c \
	tests/sim/sim_peer.c tests/sim/sim_process.c tests/sim/sim_rest.c \
	tests/sim/sim_socket.c tests/sim/sim_splice.c \
	tests/sim/sim_stream.c tests/sim/sim_stubs.c tests/sim/sim_target.c \
	tests/sim/sim_world.c
SIM_EPOLL = ${SIM_COMMON} src/event_epoll.c src/os_linux.c \
	src/splice_linux.c tests/sim/sim_linux.c
SIM_COPY = ${SIM_COMMON} src/event_epoll.c src/os_linux.c \
	src/splice_none.c tests/sim/sim_linux.c
SIM_KQUEUE = ${SIM_COMMON} src/event_kqueue.c src/os_bsd.c \
	src/splice_none.c tests/sim/sim_bsd.c

SIM_HDRS = tests/kqueue/sys/event.h tests/sim/choice.h \
	tests/sim/kernel.h tests/sim/sim.h tests/sim/wrap.h
SIM_OBJS = ${SIM_EPOLL:.c=.simo} ${SIM_KQUEUE:.c=.simo} tests/sim/run.simo

# Where there is a linker with --wrap, and epoll's header.
SIM_PROGRAMS_linux = tests/sim/sim_epoll tests/sim/sim_copy \
	tests/sim/sim_kqueue
SIM_PROGRAMS = ${SIM_PROGRAMS_${OSKIND}}
SIM_FUZZERS = tests/sim/fuzz_epoll tests/sim/fuzz_copy tests/sim/fuzz_kqueue

# The list of tests/sim/wrap.h; fcntl64 is fcntl's name with 64-bit offsets.
SIM_WRAP = -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc \
	-Wl,--wrap=reallocarray,--wrap=free,--wrap=clock_gettime \
	-Wl,--wrap=sigaction,--wrap=signal,--wrap=getrlimit \
	-Wl,--wrap=setrlimit,--wrap=fopen,--wrap=strerror_r,--wrap=fork \
	-Wl,--wrap=close,--wrap=syscall,--wrap=pipe2,--wrap=fcntl \
	-Wl,--wrap=fcntl64,--wrap=read,--wrap=write,--wrap=socket \
	-Wl,--wrap=bind,--wrap=listen,--wrap=accept4,--wrap=connect \
	-Wl,--wrap=getsockname,--wrap=getpeername,--wrap=getsockopt \
	-Wl,--wrap=setsockopt,--wrap=getpeereid,--wrap=recvmsg \
	-Wl,--wrap=recv,--wrap=send,--wrap=shutdown,--wrap=splice \
	-Wl,--wrap=ioctl \
	-Wl,--wrap=epoll_create1,--wrap=epoll_ctl,--wrap=epoll_wait

# Without _FORTIFY_SOURCE, which has other names for these calls.
SIM_CFLAGS = -std=gnu11 -pthread ${WARNINGS} -fPIE ${CFLAGS} \
	${SANITIZE_FLAGS} -U_FORTIFY_SOURCE
# FIONWRITE: as FreeBSD and NetBSD have it.
SIM_CPPFLAGS = -DVERSION=\"${VERSION}\" -Isrc -Itests/sim -Itests/kqueue \
	-DFIONWRITE=0x4004667 \
	${OS_CPPFLAGS} ${CPPFLAGS}
SIM_LDFLAGS = -pthread -pie ${SANITIZE_FLAGS} ${LDFLAGS} ${SIM_WRAP}
SIM_LINK = ${CC} ${SIM_LDFLAGS} -o $@

.SUFFIXES: .simo

.c.simo:
	${CC} ${SIM_CPPFLAGS} ${SIM_CFLAGS} -c -o $@ $<

${SIM_OBJS}: ${HDRS} ${SIM_HDRS} build.stamp

tests/sim/sim_epoll: ${SIM_EPOLL:.c=.simo} tests/sim/run.simo
	${SIM_LINK} ${SIM_EPOLL:.c=.simo} tests/sim/run.simo ${LIBS}

tests/sim/sim_copy: ${SIM_COPY:.c=.simo} tests/sim/run.simo
	${SIM_LINK} ${SIM_COPY:.c=.simo} tests/sim/run.simo ${LIBS}

tests/sim/sim_kqueue: ${SIM_KQUEUE:.c=.simo} tests/sim/run.simo
	${SIM_LINK} ${SIM_KQUEUE:.c=.simo} tests/sim/run.simo ${LIBS}

sim: ${SIM_PROGRAMS}
	tests/sim/run --first ${FIRST} --sessions ${SEEDS}

# Each deliberate bug of tests/sim/mutants has to be found.
mutants:
	CC='${CC}' tests/sim/mutants/run

# With libFuzzer; the input is the schedule: make sim-fuzz CC=clang
# Its run-time is linked in afterwards, for its calls are not ours.
FUZZ_CFLAGS = -std=gnu11 -pthread ${WARNINGS} -O1 -g -fno-sanitize-recover=all
FUZZ_SANITIZE = -fsanitize=fuzzer,address,undefined
sim-fuzz: ${SIM_FUZZERS}

FUZZ_STEPS = mkdir -p $@.d && \
	for file in $$sources; do \
	    ${CC} ${SIM_CPPFLAGS} ${FUZZ_CFLAGS} ${FUZZ_SANITIZE} -c \
	        -o $@.d/`basename $$file .c`.o $$file || exit; \
	done && \
	${CC} -r -nostdlib ${SIM_WRAP} -o $@.simo $@.d/*.o && \
	${CC} -pthread ${FUZZ_SANITIZE} -o $@ $@.simo ${LIBS} && rm -r $@.d

tests/sim/fuzz_epoll: ${SIM_EPOLL} ${SIM_HDRS} ${HDRS} tests/sim/fuzz.c
	sources='${SIM_EPOLL} tests/sim/fuzz.c'; ${FUZZ_STEPS}

tests/sim/fuzz_copy: ${SIM_COPY} ${SIM_HDRS} ${HDRS} tests/sim/fuzz.c
	sources='${SIM_COPY} tests/sim/fuzz.c'; ${FUZZ_STEPS}

tests/sim/fuzz_kqueue: ${SIM_KQUEUE} ${SIM_HDRS} ${HDRS} tests/sim/fuzz.c
	sources='${SIM_KQUEUE} tests/sim/fuzz.c'; ${FUZZ_STEPS}

clean-sim:
	rm -f src/*.simo tests/sim/*.simo
	rm -f ${SIM_PROGRAMS_linux} ${SIM_FUZZERS}
	rm -rf tests/sim/*.d
