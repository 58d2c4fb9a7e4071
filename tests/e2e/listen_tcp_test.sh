#! /usr/bin/env atf-sh
# Where the relay listens: TCP addresses and names.
# Not here: socket files (listen_test.sh), the bytes (data_test.sh).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

atf_test_case port_in_use
port_in_use_head()
{
	atf_set descr "A port that is taken: 69"
}
port_in_use_body()
{
	start_relay relay 127.0.0.1:0 127.0.0.1:9
	refused 69 "$(relay_address relay): in use" "$(relay_address relay)" \
	    127.0.0.1:9
	stop_relay relay
}

atf_test_case not_here
not_here_head()
{
	atf_set descr "An address that this machine does not have: 69"
}
not_here_body()
{
	# Of a block for documentation (RFC 5737).
	atf_check -s exit:69 -e match:'^simpletcpunixrelay: 192.0.2.1:0: ' \
	    "$relay" 192.0.2.1:0 127.0.0.1:9
}

atf_test_case ipv6
ipv6_head()
{
	atf_set descr "IPv6, to listen on and as target"
}
ipv6_body()
{
	need_ipv6
	start_peer service listen '[::1]:0' recv:1000 send:1000 eof
	start_relay relay '[::1]:0' "$(address service)"
	case $(relay_address relay) in
	'[::1]:'[1-9]*) ;;
	*) atf_fail "listens on $(relay_address relay)" ;;
	esac
	atf_check "$peer" connect "$(relay_address relay)" send:1000 \
	    recv:1000 shut eof
	check_peer service
	stop_relay relay
}

atf_test_case every_address
every_address_head()
{
	atf_set descr "* and an empty host are every address, on one port"
}
every_address_body()
{
	for host in '*' ''; do
		start_peer service -n 2 listen 127.0.0.1:0 text:hello eof
		start_relay relay "$host:0" "$(address service)"
		# Both lines are there before the first client is served.
		port=$(relay_address relay | sed 's/.*://')
		atf_check "$peer" connect "127.0.0.1:$port" expect:hello \
		    shut eof
		if grep -q 'listening on \[::\]' relay.log; then
			atf_check grep -q "listening on \[::\]:$port\$" \
			    relay.log
			atf_check grep -q "listening on 0.0.0.0:$port\$" \
			    relay.log
			atf_check "$peer" connect "[::1]:$port" expect:hello \
			    shut eof
			check_peer service
		else
			kill "$(cat service.pid)"
		fi
		stop_relay relay
	done
}

atf_test_case names
names_head()
{
	atf_set descr "A name listens on, and connects to, its addresses"
}
names_body()
{
	start_peer service listen 127.0.0.1:0 text:hello eof
	port=$(address service | sed 's/.*://')
	start_relay relay localhost:0 "localhost:$port"
	atf_check "$peer" connect "$(relay_address relay)" expect:hello \
	    shut eof
	check_peer service
	stop_relay relay
}

atf_test_case names_unknown
names_unknown_head()
{
	atf_set descr "Names and services that nobody knows"
}
names_unknown_body()
{
	refused 64 "127.0.0.1:http2-none: unknown service" ./sock \
	    127.0.0.1:http2-none
	refused 64 "127.0.0.1:http2-none: unknown service" \
	    127.0.0.1:http2-none ./sock
	test ! -e sock || atf_fail "a socket was left behind"
}

atf_init_test_cases()
{
	atf_add_test_case port_in_use
	atf_add_test_case not_here
	atf_add_test_case ipv6
	atf_add_test_case every_address
	atf_add_test_case names
	atf_add_test_case names_unknown
}
