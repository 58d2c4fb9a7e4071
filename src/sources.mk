# What is built, read by GNU make and BSD make alike.
VERSION = 0.1.0

SRCS = src/address.c src/channel.c src/connector.c src/duration.c \
	src/event.c src/event_${BACKEND}.c src/event_signal.c \
	src/event_timer.c src/listener.c src/listeners.c src/log.c src/options.c \
	src/os_${OSKIND}.c src/pool.c src/relay.c src/resolver.c \
	src/session.c src/socket_file.c src/user.c

HDRS = src/address.h src/channel.h src/connector.h src/duration.h \
	src/endpoint.h src/event.h src/event_backend.h src/event_loop.h \
	src/listener.h src/listeners.h src/log.h src/options.h src/os.h src/pool.h \
	src/relay.h src/resolver.h src/session.h src/socket_file.h \
	src/user.h

UNIT_TESTS = tests/unit/address_test tests/unit/channel_test \
	tests/unit/connector_test tests/unit/duration_test \
	tests/unit/event_test tests/unit/listener_test \
	tests/unit/options_test tests/unit/socket_file_test
TEST_TOOLS = tests/lib/await tests/lib/peer
