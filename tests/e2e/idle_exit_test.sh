#! /usr/bin/env atf-sh
# --exit-idle-time: when the relay leaves, and that nobody is lost by it.
# Not here: taking over sockets as such (activation_test.sh).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"
# shellcheck source=tests/e2e/handed.sh
. "$(atf_get_srcdir)/handed.sh"

atf_test_case alone
alone_head()
{
	atf_set descr "--exit-idle-time: without, and after a connection"
}
alone_body()
{
	start_handed relay ./sock -- --exit-idle-time=50ms 127.0.0.1:9
	exits_idle relay
	test -S sock || atf_fail "the socket was removed"

	start_peer service listen 127.0.0.1:0 text:hello eof
	start_handed relay 127.0.0.1:0 -- --exit-idle-time=2s \
	    "$(address service)"
	atf_check "$peer" connect "$(handed relay)" expect:hello shut eof
	check_peer service
	exits_idle relay

	# A socket of its own is removed.
	start_relay relay --exit-idle-time=50ms ./own.sock 127.0.0.1:9
	exits_idle relay
	test ! -e own.sock || atf_fail "the socket is still there"
}

atf_test_case not_while_open
not_while_open_head()
{
	atf_set descr "--exit-idle-time: not while a connection is open"
}
not_while_open_body()
{
	start_peer service -t 2 listen 127.0.0.1:0 text:in await:over \
	    text:out eof
	start_handed relay 127.0.0.1:0 -- --exit-idle-time=1s \
	    "$(address service)"
	start_client client -t 2 connect "$(handed relay)" expect:in \
	    touch:in await:over expect:out shut eof
	"$await" in
	# A second relay counts the time, more than the first one's.
	start_handed clock ./clock.sock -- --exit-idle-time=1500ms 127.0.0.1:9
	exits_idle clock
	kill -0 "$(cat relay.pid)" || atf_fail "has exited"
	await_totals relay ' 2 now, 2 total'
	touch over
	check_peer client
	check_peer service
	exits_idle relay
}

# again ADDRESS: started over and over by clients that come as it leaves.
again()
{
	start_peer service -n 0 listen ./service.sock text:hello eof
	launch_handed relay -r relay.child "$1" -- --exit-idle-time=1ms \
	    ./service.sock
	while [ "$(grep -c 'listening on' relay.log)" -lt 50 ]; do
		"$peer" -n 3 connect "$(handed relay)" expect:hello shut eof \
		    2>client.err ||
		    atf_fail "a client was lost: $(cat client.err relay.log)"
	done
	stop_relay relay
	kill "$(cat service.pid)"
	wait "$(cat service.pid)"
	rm -f service.sock relay.addresses relay.child
}

atf_test_case loses_nobody
loses_nobody_head()
{
	atf_set descr "50 re-activations, and every client is served"
}
loses_nobody_body()
{
	again 127.0.0.1:0
	again ./sock
}

atf_init_test_cases()
{
	atf_add_test_case alone
	atf_add_test_case not_while_open
	atf_add_test_case loses_nobody
}
