#! /usr/bin/env atf-sh
# Listening sockets that a service manager hands over.
# Not here: command lines of systemd-socket-proxyd(8) (drop_in_test.sh),
# --exit-idle-time (idle_exit_test.sh).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"
# shellcheck source=tests/e2e/handed.sh
. "$(atf_get_srcdir)/handed.sh"

# refused_handed STATUS MESSAGE HANDOVER... -- RELAY...
refused_handed()
{
	_status=$1
	_message=$2
	shift 2
	(hand_over refused "$@")
	atf_check_equal "$_status" $?
	atf_check_equal "simpletcpunixrelay: $_message" "$(cat refused.log)"
	rm -f refused.log sock
}

atf_test_case one
one_head()
{
	atf_set descr "One socket: TCP, path, abstract"
}
one_body()
{
	abstract=
	[ "$(uname -s)" != Linux ] || abstract="@handed-$$"
	for address in 127.0.0.1:0 ./sock $abstract; do
		start_peer service -n 2 listen 127.0.0.1:0 both:300000 eof
		start_handed relay "$address" -- "$(address service)"
		atf_check_equal "$(handed relay)" "$(relay_address relay)"
		atf_check "$peer" -n 2 connect "$(handed relay)" both:300000 \
		    shut eof
		check_peer service
		stop_relay relay
	done
}

atf_test_case first_client
first_client_head()
{
	atf_set descr "Who connected before the start loses no urgent octet"
}
first_client_body()
{
	start_peer service listen ./service.sock expect:abcdefghi text:bye eof
	launch_handed relay -r relay.child 127.0.0.1:0 -- \
	    --exit-idle-time=30s ./service.sock
	atf_check "$peer" connect "$(handed relay)" text:abc urgent:def \
	    text:ghi expect:bye shut eof
	check_peer service
	stop_relay relay
}

atf_test_case three
three_head()
{
	atf_set descr "Three sockets at once, all to one target"
}
three_body()
{
	third=127.0.0.1:0
	[ "$(uname -s)" != Linux ] || third="@handed-$$"
	start_peer service -n 6 listen ./service.sock both:100000 eof
	start_handed relay 127.0.0.1:0 ./sock "$third" -- ./service.sock
	for i in 1 2 3; do
		start_client "client$i" -n 2 connect "$(handed relay $i)" \
		    both:100000 shut eof
	done
	for i in 1 2 3; do
		check_peer client$i
	done
	check_peer service
	atf_check -o match:'^3$' grep -c 'listening on' relay.log
	stop_relay relay
}

atf_test_case with_listen
with_listen_head()
{
	atf_set descr "LISTEN besides sockets handed over: 64"
}
with_listen_body()
{
	refused_handed 64 "LISTEN given, but sockets were handed over (see --help)" \
	    127.0.0.1:0 -- ./other.sock 127.0.0.1:9
	test ! -e other.sock || atf_fail "a socket was made"
	atf_check -s exit:64 -e inline:"simpletcpunixrelay: no listening \
socket was handed over (see --help)\n" "$relay" 127.0.0.1:9
}

atf_test_case unfit
unfit_head()
{
	atf_set descr "What is no listening stream socket is refused: 69"
}
unfit_body()
{
	refused_handed 69 "sockets handed over: descriptor 3 is not a listening \
socket" -n 127.0.0.1:0 -- 127.0.0.1:9
	refused_handed 69 "sockets handed over: descriptor 3 is not a stream \
socket" -d 127.0.0.1:0 -- 127.0.0.1:9
	refused_handed 69 "sockets handed over: descriptor 3 is not a stream \
socket" -d ./sock -- 127.0.0.1:9
	refused_handed 69 "sockets handed over: descriptor 3 is not a socket" \
	    -f 127.0.0.1:0 -- 127.0.0.1:9
}

atf_test_case not_meant
not_meant_head()
{
	atf_set descr "LISTEN_PID of another process: not for us"
}
not_meant_body()
{
	refused_handed 64 "no listening socket was handed over (see --help)" -p 1 \
	    127.0.0.1:0 -- 127.0.0.1:9
	start_peer service listen 127.0.0.1:0 text:hello eof
	start_handed relay -p 1 127.0.0.1:0 -- ./relay.sock \
	    "$(address service)"
	atf_check_equal ./relay.sock "$(relay_address relay)"
	atf_check "$peer" connect ./relay.sock expect:hello shut eof
	check_peer service
	stop_relay relay
}

atf_test_case file_stays
file_stays_head()
{
	atf_set descr "The file of a socket handed over is not ours to touch"
}
file_stays_body()
{
	start_peer service listen 127.0.0.1:0 text:hello eof
	umask 027
	start_handed relay ./sock -- "$(address service)"
	umask 077
	before=$(ls -lin sock)
	atf_check "$peer" connect ./sock expect:hello shut eof
	check_peer service
	test ! -e sock.lock || atf_fail "a lock was made"
	stop_relay relay
	atf_check_equal "$before" "$(ls -lin sock)"
	atf_check -s exit:64 -e match:'--mode: only for a path as LISTEN' \
	    "$handover" ./other.sock -- "$relay" -m 600 127.0.0.1:9
}

# restart ADDRESS: a second relay serves who waited while there was none.
restart()
{
	start_peer service -n 40 listen 127.0.0.1:0 both:1000 eof
	launch_handed relay -r relay.child "$1" -- "$(address service)"
	atf_check "$peer" -n 10 connect "$(handed relay)" both:1000 shut eof
	for round in 1 2 3; do
		# In the same instant; what is too late for one waits for the
		# next.
		kill "$(cat relay.child)" || atf_fail "round $round"
		atf_check "$peer" -n 10 connect "$(handed relay)" both:1000 \
		    shut eof
	done
	check_peer service
	stop_relay relay
	test "$(grep -c 'listening on' relay.log)" -ge 2 ||
	    atf_fail "$(cat relay.log)"
	rm -f relay.addresses relay.child
}

atf_test_case restarts
restarts_head()
{
	atf_set descr "A second relay on the same socket loses no client"
}
restarts_body()
{
	restart 127.0.0.1:0
	restart ./sock
	test -S sock || atf_fail "the socket was removed"
}

atf_test_case limit
limit_head()
{
	atf_set descr "At most 256 connections, if not told otherwise"
}
limit_body()
{
	test "$(ulimit -Hn)" = unlimited || test "$(ulimit -Hn)" -ge 1024 ||
	    atf_skip "too few descriptors"
	start_peer service -t 256 listen ./service.sock text:in await:over shut
	start_handed relay 127.0.0.1:0 -- ./service.sock
	start_client clients -t 256 connect "$(handed relay)" expect:in \
	    touch:full await:over eof
	"$await" full
	atf_check "$peer" connect "$(handed relay)" over
	atf_check "$await" relay.log 'connection refused: 256 open already'
	await_totals relay ' 256 now, 256 total, 1 refused, 0 failed'
	touch over
	check_peer clients
	check_peer service
	stop_relay relay
}

atf_test_case no_limit
no_limit_head()
{
	atf_set descr "--connections-max 0 is no limit here either"
}
no_limit_body()
{
	test "$(ulimit -Hn)" = unlimited || test "$(ulimit -Hn)" -ge 1024 ||
	    atf_skip "too few descriptors"
	start_peer service -t 300 listen ./service.sock text:in await:over shut
	start_handed relay 127.0.0.1:0 -- -c 0 ./service.sock
	start_client clients -t 300 connect "$(handed relay)" expect:in \
	    touch:full await:over eof
	"$await" full
	await_totals relay ' 300 now, 300 total, 0 refused, 0 failed'
	touch over
	check_peer clients
	check_peer service
	stop_relay relay
}

atf_test_case inetd
inetd_head()
{
	atf_set descr "--inetd: the listening socket is descriptor 0"
}
inetd_body()
{
	for address in 127.0.0.1:0 ./sock; do
		start_peer service -n 2 listen 127.0.0.1:0 both:100000 eof
		# It does not write to standard error; clients show that it
		# serves.
		launch_handed relay -i "$address" -- --inetd \
		    "$(address service)"
		atf_check "$peer" -n 2 connect "$(handed relay)" both:100000 \
		    shut eof
		check_peer service
		stop_relay relay
		atf_check_equal '' "$(cat relay.log)"
	done
	test -S sock || atf_fail "the socket was removed"
}

atf_test_case inetd_unfit
inetd_unfit_head()
{
	atf_set descr "--inetd: what cannot be served, by exit status"
}
inetd_unfit_body()
{
	# The message goes to syslog: standard error is the socket there.
	atf_check -s exit:69 "$handover" -i -n 127.0.0.1:0 -- "$relay" \
	    --inetd 127.0.0.1:9
	atf_check -s exit:69 "$handover" -i -d 127.0.0.1:0 -- "$relay" \
	    --inetd 127.0.0.1:9
	atf_check -s exit:69 "$handover" -i -f 127.0.0.1:0 -- "$relay" \
	    --inetd 127.0.0.1:9
	atf_check -s exit:64 "$handover" -i 127.0.0.1:0 -- "$relay" \
	    --inetd ./other.sock 127.0.0.1:9
	test ! -e other.sock || atf_fail "a socket was made"
}

atf_test_case walled
walled_head()
{
	atf_set descr "In the sandbox, as another user"
	atf_set require.user root
}
walled_body()
{
	start_peer service listen 127.0.0.1:0 both:100000 eof
	start_handed relay ./sock 127.0.0.1:0 -- -u nobody \
	    --exit-idle-time=2s "$(address service)"
	start_client client connect "$(handed relay)" both:100000 shut eof
	check_peer client
	check_peer service
	exits_idle relay
	atf_check_equal 0 "$(find sock -prune -exec ls -ldn {} + |
	    awk '{ print $3 }')"
	atf_check -s exit:1 grep forbidden relay.log
}

atf_init_test_cases()
{
	atf_add_test_case one
	atf_add_test_case first_client
	atf_add_test_case three
	atf_add_test_case with_listen
	atf_add_test_case unfit
	atf_add_test_case not_meant
	atf_add_test_case file_stays
	atf_add_test_case restarts
	atf_add_test_case limit
	atf_add_test_case no_limit
	atf_add_test_case inetd
	atf_add_test_case inetd_unfit
	atf_add_test_case walled
}
