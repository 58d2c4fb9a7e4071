#! /usr/bin/env atf-sh
# Command lines of systemd-socket-proxyd(8) with another program's name.
# Not here: taking over sockets as such (activation_test.sh).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"
# shellcheck source=tests/e2e/handed.sh
. "$(atf_get_srcdir)/handed.sh"

# start_proxy ARGUMENT...: with a TCP socket, as a service manager starts it.
start_proxy()
{
	start_handed relay 127.0.0.1:0 -- "$@"
}

# serves TARGET OPTION...: and traffic goes both ways.
serves()
{
	_target=$1
	shift
	start_peer service -n 2 listen "$_target" both:10000 eof
	start_proxy "$@" "$(address service)"
	atf_check "$peer" -n 2 connect "$(handed relay)" both:10000 \
	    shut eof
	check_peer service
	stop_relay relay
	rm -f service.sock
}

atf_test_case lines
lines_head()
{
	atf_set descr "HOST:PORT and PATH, with each option"
}
lines_body()
{
	serves 127.0.0.1:0
	serves 127.0.0.1:0 -c 5
	serves 127.0.0.1:0 -c5
	serves 127.0.0.1:0 --connections-max=5
	serves 127.0.0.1:0 --connections-max 5
	serves 127.0.0.1:0 --exit-idle-time=5min
	serves 127.0.0.1:0 --connections-max=5 --exit-idle-time=5min
	serves ./service.sock
	serves "$PWD/service.sock"
	serves ./service.sock -c 5 --exit-idle-time=infinity
}

atf_test_case limit
limit_head()
{
	atf_set descr "--connections-max: one more is closed"
}
limit_body()
{
	for option in '-c 5' --connections-max=5; do
		start_peer service -t 5 listen 127.0.0.1:0 text:in \
		    await:over shut
		# shellcheck disable=SC2086 # two words
		start_proxy $option "$(address service)"
		start_client clients -t 5 connect "$(handed relay)" \
		    expect:in touch:full await:over eof
		"$await" full
		atf_check "$peer" connect "$(handed relay)" over
		atf_check "$await" relay.log \
		    'connection refused: 5 open already'
		touch over
		check_peer clients
		check_peer service
		stop_relay relay
		rm -f full over
	done
}

atf_test_case idle
idle_head()
{
	atf_set descr "--exit-idle-time"
}
idle_body()
{
	start_proxy --exit-idle-time=100ms 127.0.0.1:9
	exits_idle relay
	start_proxy --exit-idle-time 100ms 127.0.0.1:9
	exits_idle relay
}

atf_test_case proxy_protocol
proxy_protocol_head()
{
	atf_set descr "--proxy-protocol=v1"
}
proxy_protocol_body()
{
	start_peer service listen 127.0.0.1:0 line:header expect:hello eof
	start_proxy --proxy-protocol=v1 "$(address service)"
	atf_check "$peer" connect "$(handed relay)" text:hello shut eof
	check_peer service
	stop_relay relay
	atf_check grep -q '^PROXY TCP4 127.0.0.1 127.0.0.1 ' header
}

atf_test_case bare_host
bare_host_head()
{
	atf_set descr "A host without a port: port 80"
}
bare_host_body()
{
	for host in 127.0.0.1 localhost; do
		start_proxy -v $host
		# Whether or not somebody is there.
		atf_check "$peer" connect "$(handed relay)" reset
		atf_check "$await" relay.log " to $host:80: "
		stop_relay relay
	done
}

atf_test_case mistakes
mistakes_head()
{
	atf_set descr "What systemd-socket-proxyd(8) does not take either"
}
mistakes_body()
{
	start_proxy 127.0.0.1:9
	stop_relay relay
	for arguments in '' '-c -1 127.0.0.1:9' '-c x 127.0.0.1:9' \
	    '--exit-idle-time=x 127.0.0.1:9' \
	    '--proxy-protocol=v3 127.0.0.1:9' '127.0.0.1:9 127.0.0.1:9'; do
		# shellcheck disable=SC2086 # words
		atf_check -s exit:64 -e match:'^simpletcpunixrelay: ' \
		    "$handover" 127.0.0.1:0 -- "$relay" $arguments
	done
}

atf_test_case help
help_head()
{
	atf_set descr "--help and --version answer, whatever was handed over"
}
help_body()
{
	for option in -h --help --version; do
		atf_check -o match:simpletcpunixrelay \
		    "$handover" 127.0.0.1:0 -- "$relay" $option
	done
}

atf_init_test_cases()
{
	atf_add_test_case lines
	atf_add_test_case limit
	atf_add_test_case idle
	atf_add_test_case proxy_protocol
	atf_add_test_case bare_host
	atf_add_test_case mistakes
	atf_add_test_case help
}
