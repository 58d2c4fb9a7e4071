# How it is built, read by GNU make and BSD make alike.  The two makefiles
# set OS (uname -s), OSKIND (linux or bsd), BACKEND (epoll or kqueue), SANDBOX
# and CONNECTOR (see sources.mk).
PREFIX ?= /usr/local
MANDIR ?= ${PREFIX}/share/man
SBINDIR ?= ${PREFIX}/sbin
DESTDIR ?=

# Where service managers look; RCDIR is for the system that it is built for.
UNITDIR ?= ${PREFIX}/lib/systemd/system
SYSUSERSDIR ?= ${PREFIX}/lib/sysusers.d
TMPFILESDIR ?= ${PREFIX}/lib/tmpfiles.d
EXAMPLEDIR ?= ${PREFIX}/share/examples/${PROGRAM}
BASHCOMPDIR ?= ${PREFIX}/share/bash-completion/completions
ZSHCOMPDIR ?= ${PREFIX}/share/zsh/site-functions
FISHCOMPDIR ?= ${PREFIX}/share/fish/vendor_completions.d
RCDIR_FreeBSD = ${PREFIX}/etc/rc.d
RCDIR_NetBSD = ${PREFIX}/share/examples/rc.d
RCDIR_OpenBSD = /etc/rc.d
RCDIR ?= ${RCDIR_${OS}}

# Where SANDBOX=chroot goes: on NetBSD, what sshd(8) has for the same purpose.
EMPTY_DIRECTORY_NetBSD = /var/chroot/sshd
EMPTY_DIRECTORY_Linux = /var/empty
EMPTY_DIRECTORY ?= ${EMPTY_DIRECTORY_${OS}}
SANDBOX_CPPFLAGS_chroot = -DEMPTY_DIRECTORY=\"${EMPTY_DIRECTORY}\"

CFLAGS ?= -O2 -g
LDFLAGS ?=
INSTALL ?= install
KYUA ?= kyua

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion ${WERROR}
HARDEN_CFLAGS = -fPIE -fstack-protector-strong ${FORTIFY}
ELF_LDFLAGS ?= -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
HARDEN_LDFLAGS = -pie ${ELF_LDFLAGS}

ALL_CFLAGS = -std=gnu11 -pthread ${WARNINGS} ${HARDEN_CFLAGS} ${CFLAGS} \
	${SANITIZE_FLAGS}
ALL_CPPFLAGS = -DVERSION=\"${VERSION}\" -Isrc ${KQUEUE_CPPFLAGS_${OSKIND}} \
	${BACKEND_CPPFLAGS} ${SANDBOX_CPPFLAGS_${SANDBOX}} ${OS_CPPFLAGS} \
	${CPPFLAGS}
ALL_LDFLAGS = -pthread ${HARDEN_LDFLAGS} ${SANITIZE_FLAGS} ${LDFLAGS}

LIB_SRCS = ${SRCS} ${BACKEND_SRCS} ${COMPAT_SRCS_${OS}}
LIB_OBJS = ${LIB_SRCS:.c=.o}
TEST_LIB_OBJS = ${TEST_LIB_SRCS:.c=.o}
PROGRAM = simpletcpunixrelay
COMPAT_OBJS = ${COMPAT_SRCS:.c=.o}
KQUEUE_SRCS = ${KQUEUE_SRCS_${OSKIND}}
KQUEUE_OBJS = ${KQUEUE_SRCS:.c=.o}
TEST_TOOL_OBJS = ${TEST_TOOL_SRCS:.c=.o}
TEST_OBJS = ${UNIT_TESTS:=.o} ${COMPAT_TESTS:=.o} ${KQUEUE_TESTS:=.o} \
	${TEST_TOOLS:=.o} ${TEST_TOOL_OBJS}
FUZZ_OBJS = ${FUZZ_SRCS:.c=.o}
FUZZ_DRIVER ?= tests/fuzz/replay.o
FUZZ_CC ?= clang
FUZZ_SECONDS ?= 60
LOAD_OBJS = ${LOAD_SRCS:.c=.o}
BOUND_OBJS = ${BOUND_SRCS:.c=.o}
CPUTIME_OBJS = ${CPUTIME_SRCS:.c=.o}
FAULT_OBJS = tests/faults/fault.o tests/faults/faults.o tests/faults/sweep.o

.SUFFIXES: .c .o

.PHONY: all bench bench-check bench-quick check check-packaging \
	check-programs check-systemd clean clean-sim coverage cross deb dist \
	dist-checksums fuzz fuzz-programs install install-completions \
	install-Darwin install-FreeBSD install-Linux install-NetBSD \
	install-OpenBSD install-rc kqueue-objects lint mutants sim sim-fuzz \
	soak uninstall \
	uninstall-completions uninstall-Darwin uninstall-FreeBSD \
	uninstall-Linux uninstall-NetBSD uninstall-OpenBSD uninstall-rc

all: ${PROGRAM}

include tests/sim/sim.mk

# Written anew, and everything built anew, when the way of building changes.
CONFIG = ${CC} ${ALL_CPPFLAGS} ${ALL_CFLAGS} ${ALL_LDFLAGS} ${BACKEND} ${CONNECTOR} ${SANDBOX}
build.stamp: FORCE
	@echo '${CONFIG}' | cmp -s - $@ || echo '${CONFIG}' > $@
FORCE:

.c.o:
	${CC} ${ALL_CPPFLAGS} ${ALL_CFLAGS} -c -o $@ $<

${LIB_OBJS} ${TEST_LIB_OBJS} src/main.o: ${HDRS} ${BACKEND_HDRS} ${COMPAT_HDRS} build.stamp
${COMPAT_OBJS} ${COMPAT_TESTS:=.o}: ${COMPAT_HDRS} build.stamp
${KQUEUE_OBJS} ${KQUEUE_TESTS:=.o}: ${KQUEUE_HDRS} build.stamp
${TEST_OBJS}: ${HDRS} ${TEST_HDRS} build.stamp
${FUZZ_OBJS} ${FUZZ_TARGETS:=.o} tests/fuzz/replay.o: ${HDRS} ${FUZZ_HDRS} \
	build.stamp
${LOAD_OBJS} ${BOUND_OBJS} ${CPUTIME_OBJS}: ${BENCH_HDRS} build.stamp
${FAULT_OBJS}: ${FAULT_HDRS} build.stamp

${PROGRAM}: src/main.o ${LIB_OBJS}
	${CC} ${ALL_LDFLAGS} -o $@ src/main.o ${LIB_OBJS} ${LIBS}

${UNIT_TESTS}: ${LIB_OBJS} ${TEST_LIB_OBJS} ${UNIT_TESTS:=.o}
	${CC} ${ALL_LDFLAGS} -o $@ $@.o ${LIB_OBJS} ${TEST_LIB_OBJS} \
	    ${ATF_LIBS} ${LIBS}

${COMPAT_TESTS}: ${COMPAT_OBJS} ${COMPAT_TESTS:=.o}
	${CC} ${ALL_LDFLAGS} -o $@ $@.o ${COMPAT_OBJS} ${ATF_LIBS} ${LIBS}

${KQUEUE_TESTS}: ${KQUEUE_OBJS} ${KQUEUE_TESTS:=.o}
	${CC} ${ALL_LDFLAGS} -o $@ $@.o ${KQUEUE_OBJS} ${ATF_LIBS} ${LIBS}

${TEST_TOOLS}: ${LIB_OBJS} ${TEST_TOOLS:=.o} ${TEST_TOOL_OBJS}
	${CC} ${ALL_LDFLAGS} -o $@ $@.o ${TEST_TOOL_OBJS} ${LIB_OBJS} ${LIBS}

${FUZZ_TARGETS}: ${LIB_OBJS} ${TEST_LIB_OBJS} ${FUZZ_TARGETS:=.o} \
	${FUZZ_OBJS} tests/fuzz/replay.o
	${CC} ${ALL_LDFLAGS} ${FUZZ_WRAP_$@} -o $@ $@.o ${FUZZ_OBJS} \
	    ${FUZZ_DRIVER} ${LIB_OBJS} ${TEST_LIB_OBJS} ${LIBS}

bench/load: ${LOAD_OBJS}
	${CC} ${ALL_LDFLAGS} -o $@ ${LOAD_OBJS} ${LIBS}

bench/bound: ${BOUND_OBJS}
	${CC} ${ALL_LDFLAGS} -o $@ ${BOUND_OBJS} ${LIBS}

bench/cputime: ${CPUTIME_OBJS}
	${CC} ${ALL_LDFLAGS} -o $@ ${CPUTIME_OBJS} ${LIBS}

# The relay, in which calls fail when a test wants it.
tests/faults/relay: src/main.o ${LIB_OBJS} tests/faults/faults.o \
	tests/faults/wrapped
	${CC} ${ALL_LDFLAGS} $$(sed 's/^/-Wl,/' tests/faults/wrapped) -o $@ \
	    src/main.o ${LIB_OBJS} tests/faults/faults.o ${LIBS}

tests/faults/fault: tests/faults/fault.o
	${CC} ${ALL_LDFLAGS} -o $@ tests/faults/fault.o ${LIBS}

tests/faults/sweep: tests/faults/sweep.o
	${CC} ${ALL_LDFLAGS} -o $@ tests/faults/sweep.o ${LIBS}

check-programs: ${PROGRAM} ${UNIT_TESTS} ${COMPAT_TESTS} ${KQUEUE_TESTS} \
	${TEST_TOOLS} ${BENCH_PROGRAMS} fuzz-programs ${FAULT_PROGRAMS} \
	${SIM_PROGRAMS}

fuzz-programs: ${FUZZ_TARGETS}

kqueue-objects: ${KQUEUE_TESTS:=.o}

check: check-programs
	tools/run-tests

# With libFuzzer, each target for so many seconds.
fuzz:
	CC='${FUZZ_CC}' MAKE='${SELF}' FUZZ_SECONDS='${FUZZ_SECONDS}' \
	    tests/fuzz/run

# In a Debian tree of its own, booted with systemd-nspawn(1); as root.
check-systemd: ${PROGRAM}
	MAKE='${SELF}' tests/systemd/run

# The Debian package, in a tree like that; the other packages as far as here.
check-packaging:
	tests/packaging/run

# Against the other relays that bench/peers installs.
bench: ${PROGRAM} ${BENCH_PROGRAMS}
	bench/compare

bench-quick: ${PROGRAM} ${BENCH_PROGRAMS}
	bench/compare --quick

bench-check: ${PROGRAM} ${BENCH_PROGRAMS}
	bench/compare --check

# Mixed load; make soak MINUTES=10 SANITIZE=address,undefined
MINUTES ?= 1
soak: check-programs
	tools/soak ${MINUTES}

# Of src/ by all of the tests; builds a copy for it.
coverage:
	tools/coverage

lint:
	tools/lint

# For all systems, with a compiler that it gets itself; runs nothing.
cross:
	MAKE='${SELF}' tools/cross

install: ${PROGRAM} install-completions install-${OS}
	${INSTALL} -d ${DESTDIR}${SBINDIR} ${DESTDIR}${MANDIR}/man8
	${INSTALL} -m 755 ${PROGRAM} ${DESTDIR}${SBINDIR}/${PROGRAM}
	${INSTALL} -m 644 src/${PROGRAM}.8 \
	    ${DESTDIR}${MANDIR}/man8/${PROGRAM}.8

uninstall: uninstall-completions uninstall-${OS}
	rm -f ${DESTDIR}${SBINDIR}/${PROGRAM}
	rm -f ${DESTDIR}${MANDIR}/man8/${PROGRAM}.8

install-completions:
	${INSTALL} -d ${DESTDIR}${BASHCOMPDIR} ${DESTDIR}${ZSHCOMPDIR} \
	    ${DESTDIR}${FISHCOMPDIR}
	${INSTALL} -m 644 completions/${PROGRAM}.bash \
	    ${DESTDIR}${BASHCOMPDIR}/${PROGRAM}
	${INSTALL} -m 644 completions/${PROGRAM}.zsh \
	    ${DESTDIR}${ZSHCOMPDIR}/_${PROGRAM}
	${INSTALL} -m 644 completions/${PROGRAM}.fish \
	    ${DESTDIR}${FISHCOMPDIR}/${PROGRAM}.fish

uninstall-completions:
	rm -f ${DESTDIR}${BASHCOMPDIR}/${PROGRAM}
	rm -f ${DESTDIR}${ZSHCOMPDIR}/_${PROGRAM}
	rm -f ${DESTDIR}${FISHCOMPDIR}/${PROGRAM}.fish

UNITS = ${PROGRAM}@.service ${PROGRAM}@.socket
EXAMPLES = hello.service hello-socket.service hello-tcp.service \
	hello.sysusers
SET_PATHS = sed 's,@SBINDIR@,${SBINDIR},g'

install-Linux:
	${INSTALL} -d ${DESTDIR}${UNITDIR} ${DESTDIR}${SYSUSERSDIR} \
	    ${DESTDIR}${TMPFILESDIR} ${DESTDIR}${EXAMPLEDIR}
	for file in ${UNITS}; do \
	    ${SET_PATHS} systemd/$$file > ${DESTDIR}${UNITDIR}/$$file && \
	    chmod 644 ${DESTDIR}${UNITDIR}/$$file || exit; \
	done
	for file in ${EXAMPLES}; do \
	    ${SET_PATHS} systemd/example/$$file \
	        > ${DESTDIR}${EXAMPLEDIR}/$$file && \
	    chmod 644 ${DESTDIR}${EXAMPLEDIR}/$$file || exit; \
	done
	${INSTALL} -m 644 systemd/${PROGRAM}.sysusers \
	    ${DESTDIR}${SYSUSERSDIR}/${PROGRAM}.conf
	${INSTALL} -m 644 systemd/${PROGRAM}.tmpfiles \
	    ${DESTDIR}${TMPFILESDIR}/${PROGRAM}.conf

uninstall-Linux:
	for file in ${UNITS}; do rm -f ${DESTDIR}${UNITDIR}/$$file; done
	for file in ${EXAMPLES}; do rm -f ${DESTDIR}${EXAMPLEDIR}/$$file; done
	rmdir ${DESTDIR}${EXAMPLEDIR}
	rm -f ${DESTDIR}${SYSUSERSDIR}/${PROGRAM}.conf
	rm -f ${DESTDIR}${TMPFILESDIR}/${PROGRAM}.conf

# No script for launchd(8) yet.
install-Darwin uninstall-Darwin:

install-FreeBSD install-NetBSD install-OpenBSD: install-rc

uninstall-FreeBSD uninstall-NetBSD uninstall-OpenBSD: uninstall-rc

# The directories of rc.d/ have the names of the systems in small letters.
install-rc:
	${INSTALL} -d ${DESTDIR}${RCDIR}
	${SET_PATHS} rc.d/`echo ${OS} | tr A-Z a-z`/${PROGRAM} \
	    > ${DESTDIR}${RCDIR}/${PROGRAM}
	chmod 755 ${DESTDIR}${RCDIR}/${PROGRAM}

uninstall-rc:
	rm -f ${DESTDIR}${RCDIR}/${PROGRAM}

clean: clean-sim
	rm -f ${PROGRAM} build.stamp src/*.o compat/*.o tests/*/*.o \
	    bench/*.o
	rm -f ${UNIT_TESTS} ${COMPAT_TESTS} ${KQUEUE_TESTS} ${TEST_TOOLS} \
	    ${FUZZ_TARGETS} ${FAULT_PROGRAMS_linux} ${BENCH_PROGRAMS_linux}
	rm -f ${PROGRAM}-*.tar.gz
	rm -rf packaging/out

# The committed tree as a tarball, the same bits each time.
dist:
	packaging/dist ${PROGRAM}-${VERSION}

# Its checksums, once it is published, for the packages that name them.
dist-checksums:
	packaging/checksums ${PROGRAM}-${VERSION}.tar.gz

# A Debian package of it, in packaging/out.
deb:
	packaging/deb -b
