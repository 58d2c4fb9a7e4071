# What is built, read by GNU make and BSD make alike.
VERSION = 0.1.0

SRCS = src/activation.c src/address.c src/channel.c src/channel_fill.c \
	src/confine.c src/connection_log.c src/connector.c src/daemon.c src/descriptors.c \
	src/dial.c src/duration.c src/event.c src/event_${BACKEND}.c src/event_signal.c \
	src/event_timer.c src/listener.c src/listeners.c src/log.c \
	src/manager.c src/notify.c src/options.c src/options_help.c \
	src/os_${OSKIND}.c src/pidfile.c src/pool.c src/privdrop.c \
	src/proxy_header.c src/relay.c src/relay_accept.c \
	src/relay_signal.c src/resolver.c src/resolver_helper.c \
	src/session.c src/session_end.c src/socket_file.c \
	src/splice_${SPLICE}.c src/target.c src/user.c src/worker.c src/workers.c \
	${DIALER_SRCS_${CONNECTOR}} ${SANDBOX_SRCS_${SANDBOX}}

# Who connects to the target: the relay; a process of its own; or that and, by
# a directory's descriptor, the relay.
DIALER_SRCS_direct = src/dialer_direct.c
DIALER_SRCS_helper = src/connect_helper.c src/dial_at_none.c \
	src/dialer_helper.c
DIALER_SRCS_capsicum = src/connect_helper.c src/dial_at_capsicum.c \
	src/dialer_helper.c

# That process is tested even where no relay starts it.
TEST_LIB_SRCS_direct = src/connect_helper.c
TEST_LIB_SRCS = ${TEST_LIB_SRCS_${CONNECTOR}}

SANDBOX_SRCS_capsicum = src/sandbox_capsicum.c src/sandbox_note.c
SANDBOX_SRCS_chroot = src/sandbox_chroot.c src/sandbox_note.c
SANDBOX_SRCS_linux = src/sandbox_connecting.c src/sandbox_filter.c \
	src/sandbox_landlock.c src/sandbox_linux.c src/sandbox_note.c \
	src/sandbox_resolver.c src/sandbox_seccomp.c src/sandbox_threads.c
SANDBOX_SRCS_pledge = src/sandbox_pledge.c
SANDBOX_SRCS_none = src/sandbox_none.c

HDRS = src/activation.h src/address.h src/channel.h src/channel_fill.h \
	src/confine.h \
	src/connect_helper.h src/connection_log.h src/connector.h \
	src/daemon.h src/descriptors.h src/dial.h src/dial_at.h \
	src/dialer.h src/duration.h src/endpoint.h src/event.h src/event_backend.h \
	src/event_loop.h src/listener.h src/listeners.h src/log.h \
	src/manager.h src/notify.h src/options.h src/os.h src/passrights.h \
	src/pidfile.h \
	src/pool.h src/privdrop.h src/proxy_header.h src/relay.h \
	src/relay_state.h \
	src/resolver.h src/resolver_helper.h src/sandbox.h \
	src/sandbox_filter.h src/sandbox_linux.h src/sandbox_note.h \
	src/session.h src/session_state.h src/socket_file.h src/splice.h \
	src/target.h src/user.h src/worker.h src/workers.h

# What macOS lacks; elsewhere for its tests alone.
COMPAT_SRCS = compat/accept4.c compat/closefrom.c compat/pipe2.c \
	compat/reallocarray.c compat/set_flags.c compat/socket.c
COMPAT_HDRS = compat/compat.h compat/darwin.h
COMPAT_SRCS_Darwin = ${COMPAT_SRCS}

COMPAT_TESTS = tests/unit/compat_test

# Of the system's own kqueue(2), and on Linux of the double of it.
KQUEUE_TESTS = tests/unit/kqueue_call_test tests/unit/kqueue_end_test \
	tests/unit/kqueue_read_test tests/unit/kqueue_write_test
KQUEUE_SRCS_linux = tests/kqueue/descriptor.c tests/kqueue/kqueue.c
KQUEUE_HDRS_linux = tests/kqueue/descriptor.h tests/kqueue/sys/event.h
KQUEUE_CPPFLAGS_linux = -Itests/kqueue
KQUEUE_HDRS = tests/unit/kqueue_fixture.h ${KQUEUE_HDRS_${OSKIND}}

UNIT_TESTS = tests/unit/activation_inetd_test tests/unit/activation_test \
	tests/unit/address_bad_test \
	tests/unit/address_good_test tests/unit/address_socket_test \
	tests/unit/channel_bulk_test tests/unit/channel_destination_test \
	tests/unit/channel_end_test tests/unit/channel_flow_test \
	tests/unit/channel_short_read_test tests/unit/connect_helper_refusal_test \
	tests/unit/connect_helper_test \
	tests/unit/connector_test tests/unit/daemon_test \
	tests/unit/dial_test tests/unit/dialer_test tests/unit/duration_test \
	tests/unit/event_close_test tests/unit/event_end_test \
	tests/unit/event_level_test tests/unit/event_loop_test \
	tests/unit/event_ready_test tests/unit/event_short_read_test \
	tests/unit/event_timer_test \
	tests/unit/listener_pause_test tests/unit/listener_test \
	tests/unit/manager_test tests/unit/notify_test \
	tests/unit/options_form_test tests/unit/options_value_test \
	tests/unit/os_test tests/unit/pidfile_refused_test tests/unit/pidfile_test \
	tests/unit/pool_test \
	tests/unit/proxy_header_test tests/unit/resolver_test \
	tests/unit/sandbox_connect_test tests/unit/sandbox_test \
	tests/unit/socket_file_bind_test \
	tests/unit/socket_file_race_test tests/unit/socket_file_remove_test \
	tests/unit/socket_file_taken_test tests/unit/workers_test
TEST_TOOLS = tests/lib/await tests/lib/crowd tests/lib/handover \
	tests/lib/notified tests/lib/peer
TEST_TOOL_SRCS = tests/lib/peer_actions.c tests/lib/peer_files.c \
	tests/lib/peer_try.c
TEST_HDRS = tests/lib/pass.h tests/lib/peer_actions.h \
	tests/lib/peer_files.h tests/lib/peer_try.h tests/lib/stream.h \
	tests/unit/activation_fixture.h tests/unit/address_fixture.h \
	tests/unit/channel_checks.h tests/unit/channel_fixture.h \
	tests/unit/connect_helper_fixture.h tests/unit/endpoints.h \
	tests/unit/event_fixture.h tests/unit/files.h \
	tests/unit/listener_fixture.h \
	tests/unit/options_fixture.h tests/unit/pidfile_fixture.h \
	tests/unit/sandbox_fixture.h \
	tests/unit/socket_file_fixture.h \
	tests/unit/sockets.h tests/unit/unit.h

# Each runs over its corpus by tests/fuzz/replay.c, or with libFuzzer.
FUZZ_TARGETS = tests/fuzz/activation_fuzz tests/fuzz/address_fuzz \
	tests/fuzz/connect_request_fuzz tests/fuzz/duration_fuzz tests/fuzz/log_fuzz tests/fuzz/notify_fuzz \
	tests/fuzz/options_fuzz tests/fuzz/pidfile_fuzz \
	tests/fuzz/proxy_header_fuzz tests/fuzz/resolver_answer_fuzz \
	tests/fuzz/resolver_question_fuzz tests/fuzz/user_fuzz
FUZZ_SRCS = tests/fuzz/fuzz.c tests/fuzz/proxy_decoder.c
FUZZ_HDRS = tests/fuzz/answer.h tests/fuzz/fuzz.h tests/fuzz/proxy_decoder.h

# Functions of the system that a target replaces.
FUZZ_WRAP_tests/fuzz/activation_fuzz = -Wl,--wrap=getpid
FUZZ_WRAP_tests/fuzz/log_fuzz = -Wl,--wrap=poll,--wrap=write
FUZZ_WRAP_tests/fuzz/notify_fuzz = -Wl,--wrap=connect,--wrap=getpid
FUZZ_WRAP_tests/fuzz/resolver_answer_fuzz = -Wl,--wrap=fork \
	-Wl,--wrap=signal,--wrap=socketpair
FUZZ_WRAP_tests/fuzz/resolver_question_fuzz = -Wl,--wrap=_exit \
	-Wl,--wrap=closefrom,--wrap=dup2,--wrap=fork,--wrap=freeaddrinfo \
	-Wl,--wrap=getaddrinfo,--wrap=signal,--wrap=socketpair
FUZZ_WRAP_tests/fuzz/user_fuzz = -Wl,--wrap=getgrnam,--wrap=getpwnam \
	-Wl,--wrap=getpwuid

# The programs of bench/, where there is epoll.
BENCH_PROGRAMS_linux = bench/load bench/bound bench/cputime
BENCH_PROGRAMS = ${BENCH_PROGRAMS_${OSKIND}}
LOAD_SRCS = bench/load.c bench/load_client.c bench/load_server.c \
	bench/load_start.c bench/sockets.c bench/stream.c bench/taskclock.c
BOUND_SRCS = bench/bound.c bench/sockets.c
CPUTIME_SRCS = bench/cputime.c bench/taskclock.c
BENCH_HDRS = bench/load.h bench/sockets.h bench/stream.h bench/taskclock.h

# A relay that meets faults, where the linker can put them in.
FAULT_PROGRAMS_linux = tests/faults/relay tests/faults/fault \
	tests/faults/sweep
FAULT_PROGRAMS = ${FAULT_PROGRAMS_${OSKIND}}
FAULT_HDRS = tests/faults/errors.h tests/faults/faults.h
