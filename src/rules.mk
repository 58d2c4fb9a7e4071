# How it is built, read by GNU make and BSD make alike.  The two makefiles
# set OS (uname -s), OSKIND (linux or bsd) and BACKEND (epoll or kqueue).
PREFIX ?= /usr/local
MANDIR ?= ${PREFIX}/share/man
SBINDIR ?= ${PREFIX}/sbin
DESTDIR ?=

CFLAGS ?= -O2 -g
LDFLAGS ?=
INSTALL ?= install
KYUA ?= kyua

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion ${WERROR}
HARDEN_CFLAGS = -fPIE -fstack-protector-strong ${FORTIFY}
HARDEN_LDFLAGS = -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack

ALL_CFLAGS = -std=gnu11 ${WARNINGS} ${HARDEN_CFLAGS} ${CFLAGS} \
	${SANITIZE_FLAGS}
ALL_CPPFLAGS = -DVERSION=\"${VERSION}\" -Isrc ${BACKEND_CPPFLAGS} \
	${OS_CPPFLAGS} ${CPPFLAGS}
ALL_LDFLAGS = ${HARDEN_LDFLAGS} ${SANITIZE_FLAGS} ${LDFLAGS}

LIB_SRCS = ${SRCS} ${BACKEND_SRCS}
LIB_OBJS = ${LIB_SRCS:.c=.o}
PROGRAM = simpletcpunixrelay
TEST_TOOL_OBJS = ${TEST_TOOL_SRCS:.c=.o}
TEST_OBJS = ${UNIT_TESTS:=.o} ${TEST_TOOLS:=.o} ${TEST_TOOL_OBJS}

.SUFFIXES: .c .o

.PHONY: all check check-programs clean dist install lint uninstall

all: ${PROGRAM}

# Written anew, and everything built anew, when the way of building changes.
CONFIG = ${CC} ${ALL_CPPFLAGS} ${ALL_CFLAGS} ${ALL_LDFLAGS} ${BACKEND} ${SANDBOX}
build.stamp: FORCE
	@echo '${CONFIG}' | cmp -s - $@ || echo '${CONFIG}' > $@
FORCE:

.c.o:
	${CC} ${ALL_CPPFLAGS} ${ALL_CFLAGS} -c -o $@ $<

${LIB_OBJS} src/main.o: ${HDRS} ${BACKEND_HDRS} build.stamp
${TEST_OBJS}: ${HDRS} ${TEST_HDRS} build.stamp

${PROGRAM}: src/main.o ${LIB_OBJS}
	${CC} ${ALL_LDFLAGS} -o $@ src/main.o ${LIB_OBJS} ${LIBS}

${UNIT_TESTS}: ${LIB_OBJS} ${UNIT_TESTS:=.o}
	${CC} ${ALL_LDFLAGS} -o $@ $@.o ${LIB_OBJS} ${ATF_LIBS} ${LIBS}

${TEST_TOOLS}: ${LIB_OBJS} ${TEST_TOOLS:=.o} ${TEST_TOOL_OBJS}
	${CC} ${ALL_LDFLAGS} -o $@ $@.o ${TEST_TOOL_OBJS} ${LIB_OBJS} ${LIBS}

check-programs: ${PROGRAM} ${UNIT_TESTS} ${TEST_TOOLS}

check: check-programs
	tools/run-tests

lint:
	tools/lint

install: ${PROGRAM}
	${INSTALL} -d ${DESTDIR}${SBINDIR} ${DESTDIR}${MANDIR}/man8
	${INSTALL} -m 755 ${PROGRAM} ${DESTDIR}${SBINDIR}/${PROGRAM}
	${INSTALL} -m 644 src/${PROGRAM}.8 \
	    ${DESTDIR}${MANDIR}/man8/${PROGRAM}.8

uninstall:
	rm -f ${DESTDIR}${SBINDIR}/${PROGRAM}
	rm -f ${DESTDIR}${MANDIR}/man8/${PROGRAM}.8

clean:
	rm -f ${PROGRAM} build.stamp src/*.o tests/*/*.o
	rm -f ${UNIT_TESTS} ${TEST_TOOLS} ${PROGRAM}-*.tar.gz

dist:
	git archive --format=tar.gz --prefix=${PROGRAM}-${VERSION}/ \
	    -o ${PROGRAM}-${VERSION}.tar.gz HEAD
