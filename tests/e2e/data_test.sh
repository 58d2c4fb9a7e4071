#! /usr/bin/env atf-sh
# Bytes through the relay: all of them, and in order.
# Not here: how connections end (end_test.sh), how it listens
# (listen_test.sh), or finds its target (target_test.sh).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

atf_test_case bulk_up
bulk_up_head()
{
	atf_set descr "100 MB from client to target"
}
bulk_up_body()
{
	each_way recv:100000000 eof close -- send:100000000 shut eof
}

atf_test_case bulk_down
bulk_down_head()
{
	atf_set descr "100 MB from target to client"
}
bulk_down_body()
{
	each_way send:100000000 shut eof -- recv:100000000 eof close
}

atf_test_case bulk_both
bulk_both_head()
{
	atf_set descr "100 MB both ways at once"
}
bulk_both_body()
{
	each_way both:100000000 shut eof -- both:100000000 shut eof
}

atf_test_case tcp_to_tcp
tcp_to_tcp_head()
{
	atf_set descr "TCP on both sides"
}
tcp_to_tcp_body()
{
	start_peer service listen 127.0.0.1:0 both:10000000 shut eof
	start_relay relay 127.0.0.1:0 "$(address service)"
	atf_check "$peer" connect "$(relay_address relay)" \
	    both:10000000 shut eof
	check_peer service
	stop_relay relay
}

atf_test_case unix_to_unix
unix_to_unix_head()
{
	atf_set descr "Unix sockets on both sides"
}
unix_to_unix_body()
{
	start_peer service listen ./service both:10000000 shut eof
	start_relay relay ./relay.sock ./service
	atf_check "$peer" connect ./relay.sock both:10000000 shut eof
	check_peer service
	stop_relay relay
}

atf_test_case two_relays
two_relays_head()
{
	atf_set descr "TCP shown as a Unix socket, and that as TCP again"
}
two_relays_body()
{
	start_peer service listen 127.0.0.1:0 both:10000000 shut eof
	start_relay first ./middle "$(address service)"
	start_relay second 127.0.0.1:0 ./middle
	atf_check "$peer" connect "$(relay_address second)" \
	    both:10000000 shut eof
	check_peer service
	stop_relay second
	stop_relay first
}

atf_test_case ping_pong
ping_pong_head()
{
	atf_set descr "Small messages, each answered before the next"
}
ping_pong_body()
{
	each_way recv:1 send:1 recv:64 send:64 recv:65536 send:65536 \
	    recv:1 send:1 eof -- \
	    send:1 recv:1 send:64 recv:64 send:65536 recv:65536 \
	    send:1 recv:1 shut eof
}

atf_test_case back_pressure
back_pressure_head()
{
	atf_set descr "A fast sender is held back by a slow reader"
}
back_pressure_body()
{
	# What is taken: the kernel's buffers of two connections, one of ours.
	each_way await:full recv:1000000 touch:read close -- \
	    fill:60000000 touch:full await:read reset
	each_way fill:60000000 touch:full await:read reset -- \
	    await:full recv:1000000 touch:read close
}

atf_test_case slow_reader
slow_reader_head()
{
	atf_set descr "All that a slow reader was kept waiting for arrives"
}
slow_reader_body()
{
	each_way await:full rest count:server close -- \
	    fill:60000000 touch:full send:2000000 count:client shut eof
	atf_check_equal "$(cut -d ' ' -f 2 client)" \
	    "$(cut -d ' ' -f 4 server)"
	each_way fill:60000000 touch:full send:2000000 count:server shut \
	    eof -- await:full rest count:client close
	atf_check_equal "$(cut -d ' ' -f 2 server)" \
	    "$(cut -d ' ' -f 4 client)"
}

atf_test_case urgent_data
urgent_data_head()
{
	atf_set descr "Urgent data arrive in their place and hold nothing back"
}
urgent_data_body()
{
	start_peer service listen 127.0.0.1:0 expect:abcdefghi text:xyz \
	    urgent:uvw text:rst eof
	start_relay relay 127.0.0.1:0 "$(address service)"
	atf_check "$peer" connect "$(relay_address relay)" text:abc \
	    urgent:def text:ghi expect:xyzuvwrst shut eof
	check_peer service
	stop_relay relay
	# Only Linux has urgent data on Unix sockets.
	"$relay" --version | grep -q epoll || return 0
	each_way expect:abcdefghi text:xyz urgent:uvw text:rst eof -- \
	    text:abc urgent:def text:ghi expect:xyzuvwrst shut eof
	# And if nothing comes before.
	each_way expect:abc urgent:x text:yz eof -- \
	    urgent:a text:bc expect:xyz shut eof
}

atf_test_case thousand
thousand_head()
{
	atf_set descr "1,000 connections at once"
}
thousand_body()
{
	# The relay raises it, as the peers do.
	ulimit -S -n 256
	[ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 2100 ] ||
	    atf_skip "too few descriptors allowed"
	each_way_together recv:1000 send:1000 eof -- send:1000 recv:1000 \
	    shut eof
}

# As each_way, with a thousand connections.
each_way_together()
{
	start_peer tcp_service -t 1000 listen 127.0.0.1:0 recv:1000 send:1000 \
	    eof
	start_relay to_tcp ./to_tcp.sock "$(address tcp_service)"
	atf_check "$peer" -t 1000 connect ./to_tcp.sock send:1000 recv:1000 \
	    shut eof
	check_peer tcp_service
	stop_relay to_tcp

	start_peer unix_service -t 1000 listen ./service.sock recv:1000 \
	    send:1000 eof
	start_relay to_unix 127.0.0.1:0 ./service.sock
	atf_check "$peer" -t 1000 connect "$(relay_address to_unix)" \
	    send:1000 recv:1000 shut eof
	check_peer unix_service
	stop_relay to_unix
}

atf_test_case many_in_turn
many_in_turn_head()
{
	atf_set descr "500 connections in turn leave nothing behind"
}
many_in_turn_body()
{
	start_peer service -n 500 listen ./service.sock recv:100 send:100 close
	start_relay relay 127.0.0.1:0 ./service.sock
	# Set-up is over, and what it had open is closed.
	await_totals relay ' 0 now, 0 total'
	before=$(descriptors relay)
	atf_check "$peer" -n 500 connect "$(relay_address relay)" \
	    send:100 recv:100 eof
	check_peer service
	await_totals relay ' 0 now, 500 total, 0 refused, 0 failed'
	[ "$before" = "$(descriptors relay)" ] ||
	    atf_fail "descriptors: $before before, $(descriptors relay) now"
	stop_relay relay
}

descriptors()
{
	if [ -d "/proc/$(cat "$1.pid")/fd" ]; then
		find "/proc/$(cat "$1.pid")/fd" -type l | wc -l
	else
		echo unknown
	fi
}

atf_init_test_cases()
{
	atf_add_test_case bulk_up
	atf_add_test_case bulk_down
	atf_add_test_case bulk_both
	atf_add_test_case tcp_to_tcp
	atf_add_test_case unix_to_unix
	atf_add_test_case two_relays
	atf_add_test_case ping_pong
	atf_add_test_case back_pressure
	atf_add_test_case slow_reader
	atf_add_test_case urgent_data
	atf_add_test_case thousand
	atf_add_test_case many_in_turn
}
