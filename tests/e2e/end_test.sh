#! /usr/bin/env atf-sh
# How connections end: half-close, full close, reset.
# Not here: what passed before (data_test.sh).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

atf_test_case half_close_client
half_close_client_head()
{
	atf_set descr "The client shuts down, then reads the whole answer"
}
half_close_client_body()
{
	each_way recv:5000000 eof send:5000000 close -- \
	    send:5000000 shut recv:5000000 eof
}

atf_test_case half_close_target
half_close_target_head()
{
	atf_set descr "The target shuts down first, then reads on"
}
half_close_target_body()
{
	each_way send:5000000 shut recv:5000000 eof close -- \
	    recv:5000000 eof send:5000000 close
}

atf_test_case nothing_sent
nothing_sent_head()
{
	atf_set descr "A connection without a byte ends on both sides"
}
nothing_sent_body()
{
	each_way eof close -- shut eof
	each_way close -- eof close
}

atf_test_case trailing
trailing_head()
{
	atf_set descr "Bytes sent just before a full close arrive"
}
trailing_body()
{
	each_way recv:300000 eof -- send:300000 close
	each_way send:100000 shut eof -- recv:100000 eof close
}

atf_test_case reset_by_client
reset_by_client_head()
{
	atf_set descr "A client's reset is an error for the target"
}
reset_by_client_body()
{
	start_peer service listen 127.0.0.1:0 recv:1000 touch:got \
	    gone
	start_relay relay 127.0.0.1:0 "$(address service)"
	atf_check "$peer" connect "$(relay_address relay)" send:1000 \
	    await:got reset
	check_peer service
	stop_relay relay

	# A Unix socket cannot be reset; the connection ends nevertheless.
	start_peer service listen ./service.sock over
	start_relay relay 127.0.0.1:0 ./service.sock
	atf_check "$peer" connect "$(relay_address relay)" reset
	check_peer service
	stop_relay relay
}

atf_test_case reset_by_target
reset_by_target_head()
{
	atf_set descr "A target's reset is an error for the client"
}
reset_by_target_body()
{
	start_peer service listen 127.0.0.1:0 send:1000 await:got reset
	start_relay relay 127.0.0.1:0 "$(address service)"
	atf_check "$peer" connect "$(relay_address relay)" recv:1000 \
	    touch:got gone
	check_peer service
	stop_relay relay

	start_peer service listen 127.0.0.1:0 reset
	start_relay relay ./relay.sock "$(address service)"
	atf_check "$peer" connect ./relay.sock over
	check_peer service
	stop_relay relay
}

atf_test_case unread_by_unix_peer
unread_by_unix_peer_head()
{
	atf_set descr "A Unix peer that closes with unread data: a reset"
}
unread_by_unix_peer_body()
{
	start_peer service listen ./service.sock peek close
	start_relay relay 127.0.0.1:0 ./service.sock
	atf_check "$peer" connect "$(relay_address relay)" send:1000 gone
	check_peer service
	stop_relay relay

	start_peer service listen 127.0.0.1:0 text:answer gone
	start_relay relay ./relay.sock "$(address service)"
	atf_check "$peer" connect ./relay.sock peek close
	check_peer service
	stop_relay relay
}

atf_test_case reset_while_blocked
reset_while_blocked_head()
{
	atf_set descr "A reset is seen while the other side takes nothing"
}
reset_while_blocked_body()
{
	start_peer service listen 127.0.0.1:0 await:done over
	start_relay relay -v 127.0.0.1:0 "$(address service)"
	atf_check "$peer" connect "$(relay_address relay)" fill:100000000 reset
	atf_check "$await" relay.log 'client: Connection reset'
	stop_relay relay
	kill "$(cat service.pid)"
}

atf_test_case reset_of_a_silent_target
reset_of_a_silent_target_head()
{
	atf_set descr "A client's reset ends a session whose target is silent"
}
reset_of_a_silent_target_body()
{
	start_peer service listen ./service.sock recv:10 touch:got over
	start_relay relay -v 127.0.0.1:0 ./service.sock
	atf_check "$peer" connect "$(relay_address relay)" send:10 await:got \
	    reset
	atf_check "$await" relay.log 'client: Connection reset'
	check_peer service
	stop_relay relay
}

atf_test_case reset_after_half_close
reset_after_half_close_head()
{
	atf_set descr "A client's reset after its end of file is seen too"
}
reset_after_half_close_body()
{
	start_peer service listen 127.0.0.1:0 recv:10 eof touch:got await:over
	start_relay relay -v 127.0.0.1:0 "$(address service)"
	atf_check "$peer" connect "$(relay_address relay)" send:10 shut \
	    await:got reset
	# Linux calls it a broken pipe once the peer has shut down.
	atf_check "$await" relay.log 's: client: [BC][ro]'
	touch over
	check_peer service
	stop_relay relay
}

atf_test_case reset_met_by_a_write
reset_met_by_a_write_head()
{
	atf_set descr "A reset that a write meets first does not look clean"
}
reset_met_by_a_write_body()
{
	start_peer service listen 127.0.0.1:0 recv:1 touch:up await:sent \
	    text:partial reset touch:done
	start_relay relay 127.0.0.1:0 "$(address service)"
	start_client client connect "$(relay_address relay)" send:1 \
	    await:stopped send:1 touch:sent await:done broken
	"$await" up
	# It finds the client's octet and the target's reset in one batch.
	kill -s STOP "$(cat relay.pid)"
	touch stopped
	"$await" "done"
	kill -s CONT "$(cat relay.pid)"
	check_peer client
	check_peer service
	stop_relay relay
}

atf_test_case answer_before_the_end
answer_before_the_end_head()
{
	atf_set descr "An early answer arrives though the upload is refused"
}
answer_before_the_end_body()
{
	start_peer service listen ./service.sock text:sorry close
	start_relay relay ./relay.sock ./service.sock
	atf_check "$peer" connect ./relay.sock expect:sorry over
	check_peer service
	stop_relay relay
}

atf_init_test_cases()
{
	atf_add_test_case half_close_client
	atf_add_test_case half_close_target
	atf_add_test_case nothing_sent
	atf_add_test_case trailing
	atf_add_test_case reset_by_client
	atf_add_test_case reset_by_target
	atf_add_test_case unread_by_unix_peer
	atf_add_test_case reset_while_blocked
	atf_add_test_case reset_of_a_silent_target
	atf_add_test_case reset_after_half_close
	atf_add_test_case reset_met_by_a_write
	atf_add_test_case answer_before_the_end
}
