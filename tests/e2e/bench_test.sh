#! /usr/bin/env atf-sh
# The load generator of bench/ through the relay: each kind of load arrives
# whole, and what it prints is what was asked for.
# Not here: how fast anything is.

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

load=$top/bench/load
cputime=$top/bench/cputime

# start_server NAME ADDRESS: where it listens goes to NAME.out.
start_server()
{
	# What an earlier one said must not be taken for this one's.
	: >"$1.out"
	"$load" serve "$2" >"$1.out" 2>"$1.err" &
	echo $! >"$1.pid"
	"$await" "$1.out" . || atf_fail "$1: $(cat "$1.err")"
}

# stop_server NAME: and it must have found nothing wrong.
stop_server()
{
	kill "$(cat "$1.pid")"
	wait "$(cat "$1.pid")" || atf_fail "$1: $(cat "$1.err" "$1.out")"
}

# through REGEX ARGUMENT...: from a Unix socket to TCP, then the other way; what
# the load generator prints must match.
through()
{
	[ -x "$load" ] || atf_skip "the load generator needs epoll"
	_result=$1
	shift
	start_server tcp_server 127.0.0.1:0
	start_relay to_tcp ./to_tcp.sock "$(head -n 1 tcp_server.out)"
	atf_check -o match:"$_result" "$load" "$@" ./to_tcp.sock
	stop_relay to_tcp
	stop_server tcp_server

	start_server unix_server ./server.sock
	start_relay to_unix 127.0.0.1:0 ./server.sock
	atf_check -o match:"$_result" "$load" "$@" "$(relay_address to_unix)"
	stop_relay to_unix
	stop_server unix_server
}

atf_test_case upload
upload_head()
{
	atf_set descr "Bulk from the clients, received whole"
}
upload_body()
{
	through '"bytes": 10000001, .*"connections": 3, .*"errors": 0' \
	    -c 3 -b 10000001 upload
}

atf_test_case download
download_head()
{
	atf_set descr "Bulk to the clients, received whole"
}
download_body()
{
	through '"bytes": 10000001, .*"connections": 3, .*"errors": 0' \
	    -c 3 -b 10000001 download
}

atf_test_case half_close
half_close_head()
{
	atf_set descr "The answer comes after the end of what was sent"
}
half_close_body()
{
	through '"bytes": 10000000, .*"connections": 3, .*"errors": 0' \
	    -c 3 -b 5000000 half-close
}

atf_test_case ping_pong
ping_pong_head()
{
	atf_set descr "Messages that are sent back, small and large"
}
ping_pong_body()
{
	through '"messages": 500, "connections": 5, .*"errors": 0' \
	    -c 5 -n 500 ping-pong
	through '"messages": 20, "connections": 2, .*"errors": 0' \
	    -c 2 -n 20 -m 1000000 ping-pong
}

atf_test_case connect
connect_head()
{
	atf_set descr "Connections in turn, some at once"
}
connect_body()
{
	through '"messages": 100, "connections": 100, .*"errors": 0' \
	    -c 10 -n 100 connect
}

atf_test_case idle
idle_head()
{
	atf_set descr "Connections that are held"
}
idle_body()
{
	through '"connections": 100, .*"errors": 0' -c 100 idle
}

atf_test_case exec_to_first_byte
exec_to_first_byte_head()
{
	atf_set descr "A relay is started and relays"
}
exec_to_first_byte_body()
{
	[ -x "$load" ] || atf_skip "the load generator needs epoll"
	start_server server 127.0.0.1:0
	atf_check -o match:'"errors": 0' "$load" start ./relay.sock \
	    "$relay" -q ./relay.sock "$(head -n 1 server.out)"
	stop_server server
}

atf_test_case wrong_octets
wrong_octets_head()
{
	atf_set descr "Octets that are not the right ones are found"
}
wrong_octets_body()
{
	[ -x "$load" ] || atf_skip "the load generator needs epoll"
	start_peer service listen 127.0.0.1:0 send:8 await:never
	atf_check -s exit:1 -e match:'wrong octets' -o match:'"errors": 1' \
	    "$load" -b 0 upload "$(address service)"
	kill "$(cat service.pid)"
}

# ask_cputime: its next answer, over descriptors 3 and 4.
ask_cputime()
{
	echo >&3
	read -r _answer <&4
	echo "$_answer"
}

atf_test_case cpu_time
cpu_time_head()
{
	atf_set descr "CPU time is that of a process and of what it starts"
	atf_set timeout 60
}
cpu_time_body()
{
	[ -x "$cputime" ] || atf_skip "the counter needs perf_event_open(2)"
	"$cputime" $$ </dev/null >/dev/null 2>permitted ||
	    atf_skip "$(cat permitted)"
	mkfifo questions answers go never
	# One whose child is busy once it may go, and one that only waits.
	sh -c 'read -r _ <go; (while :; do :; done); :' &
	busy=$!
	echo $busy >busy.pid
	sh -c 'read -r _ <never' &
	idle=$!
	"$cputime" "$busy" "$idle" "" <questions >answers &
	exec 3>questions 4<answers
	read -r line <&4
	atf_check_equal ready "$line"
	echo >go
	until ask_cputime | grep -q '^[0-9]*\.[1-9][0-9]* 0\.0[0-9]* 0\.0*$'; do
		:
	done
	for child in $(children_of busy); do
		kill -KILL "$child"
	done
	kill -KILL "$idle"
	exec 3>&- 4<&-
	wait
}

atf_test_case cpu_time_usage
cpu_time_usage_head()
{
	atf_set descr "What is not a process is refused, what has ended is nothing"
}
cpu_time_usage_body()
{
	[ -x "$cputime" ] || atf_skip "the counter needs perf_event_open(2)"
	for wrong in x 0 -1 1x ,1; do
		atf_check -s exit:2 -e match:usage "$cputime" "$wrong"
	done
	(:) &
	ended=$!
	wait "$ended"
	echo >line
	atf_check -o inline:'ready\n0.000000000\n' "$cputime" "$ended" <line
}

atf_init_test_cases()
{
	atf_add_test_case upload
	atf_add_test_case download
	atf_add_test_case half_close
	atf_add_test_case ping_pong
	atf_add_test_case connect
	atf_add_test_case idle
	atf_add_test_case exec_to_first_byte
	atf_add_test_case wrong_octets
	atf_add_test_case cpu_time
	atf_add_test_case cpu_time_usage
}
