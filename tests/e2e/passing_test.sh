#! /usr/bin/env atf-sh
# Descriptors that are passed over a Unix socket: refused, or else lost, but
# never the bytes with them and behind them.
# Not here: how a read is cut by them (tests/unit/channel_short_read_test.c).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"
# shellcheck source=tests/e2e/handed.sh
. "$(atf_get_srcdir)/handed.sh"

# came_before SERVICE-ACTION CLIENT-ACTION...: a client that had connected
# before the relay was there can pass them on any system.
came_before()
{
	start_peer service listen 127.0.0.1:0 "$1" text:x eof
	shift
	launch_handed relay -r relay.child ./relay.sock -- "$(address service)"
	atf_check "$peer" connect ./relay.sock "$@" expect:x shut eof
	check_peer service
	stop_relay relay
	rm -f relay.addresses relay.child relay.sock
}

atf_test_case carried
carried_head()
{
	atf_set descr "Bytes behind a passed descriptor are not held back"
}
carried_body()
{
	came_before expect:onetwothree text:one pass:two text:three
	came_before expect:aabbccddee pass:aa pass:bb text:cc pass:dd pass:ee
}

# passed NAME STATUS BYTES: the peer passed a descriptor, and the other one got
# the bytes, or it was told that it cannot (Linux 6.16).
passed()
{
	if [ "$2" -eq 0 ]; then
		atf_check_equal "$3" "$(cat got)"
	else
		grep -q '^peer: pass:b: Operation not permitted' "$1.err" ||
		    atf_fail "$1: $(cat "$1.err")"
		atf_check_equal '' "$(cat got)"
	fi
}

atf_test_case clients
clients_head()
{
	atf_set descr "A client cannot pass one, or else its bytes arrive"
}
clients_body()
{
	start_peer service listen 127.0.0.1:0 expect:a text:x save:2:got eof
	start_relay relay ./relay.sock "$(address service)"
	status=0
	"$peer" connect ./relay.sock text:a expect:x pass:b text:c shut eof \
	    2>client.err || status=$?
	check_peer service
	passed client $status bc
	stop_relay relay
}

atf_test_case targets
targets_head()
{
	atf_set descr "Nor can the target"
}
targets_body()
{
	start_peer service listen ./service.sock expect:a text:x pass:b
	start_relay relay 127.0.0.1:0 ./service.sock
	atf_check "$peer" connect "$(relay_address relay)" text:a expect:x \
	    save:1:got eof
	status=0
	wait "$(cat service.pid)" || status=$?
	passed service $status b
	stop_relay relay
}

atf_init_test_cases()
{
	atf_add_test_case carried
	atf_add_test_case clients
	atf_add_test_case targets
}
