#! /usr/bin/env atf-sh
# One side takes nothing any more, and has more to say or to get.
# Not here: other ends of connections (end_test.sh).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

atf_test_case answer_under_way
answer_under_way_head()
{
	atf_set descr "No reset takes away what is under way to the other side"
}
answer_under_way_body()
{
	start_peer service listen ./service.sock recv:1000 deaf touch:deaf \
	    await:sent send:1500000 close touch:closed
	start_relay relay -v 127.0.0.1:0 ./service.sock
	atf_check "$peer" connect "$(relay_address relay)" send:1000 \
	    await:deaf send:1000 touch:sent await:closed recv:1500000 over
	check_peer service
	atf_check "$await" relay.log 'target: Broken pipe'
	stop_relay relay
}

atf_test_case request_under_way
request_under_way_head()
{
	atf_set descr "A client that has gone has sent its request all the same"
}
request_under_way_body()
{
	start_peer service listen 127.0.0.1:0 await:closed text:answer \
	    touch:answered await:seen rest count:counted
	start_relay relay -v ./relay.sock "$(address service)"
	atf_check "$peer" connect ./relay.sock fill:100000000 close \
	    count:sent touch:closed
	"$await" answered
	# Its answer was not taken by anybody.
	await_totals relay ' 1 now'
	touch seen
	check_peer service
	atf_check "$await" relay.log 'client: Broken pipe'
	sed 's/sent \([0-9]*\) .*/sent 0 received \1/' sent >expected
	atf_check cmp expected counted
	stop_relay relay
}

# An answer that comes before the request is read, by one that does nothing
# else meanwhile, to a client that has gone.
atf_test_case writes_first
writes_first_head()
{
	atf_set descr "A target that writes before it reads gets on"
}
writes_first_body()
{
	start_peer service listen 127.0.0.1:0 await:closed send:20000000 rest \
	    count:counted
	start_relay relay -v ./relay.sock "$(address service)"
	atf_check "$peer" connect ./relay.sock fill:100000000 close \
	    count:sent touch:closed
	check_peer service
	atf_check "$await" relay.log 'client: Broken pipe'
	awk '{ print "sent 20000000 received " $2 }' sent >expected
	atf_check cmp expected counted
	stop_relay relay
	rm closed

	# A Unix socket tells that nobody reads.
	start_peer service listen ./service.sock await:closed \
	    send:2000000000
	start_relay relay -v 127.0.0.1:0 ./service.sock
	atf_check "$peer" connect "$(relay_address relay)" fill:100000000 \
	    close touch:closed
	wait "$(cat service.pid)" && atf_fail "nothing is wrong"
	atf_check grep -q 'Broken pipe' service.err
	stop_relay relay
}

atf_test_case deaf_target
deaf_target_head()
{
	atf_set descr "A Unix client that only writes learns that nobody reads"
}
deaf_target_body()
{
	# It does not end before its answer is taken, which nobody does.
	start_peer service listen ./service.sock deaf send:8000000 close
	start_relay relay ./relay.sock ./service.sock
	atf_check -s exit:1 -e match:'Broken pipe' "$peer" connect \
	    ./relay.sock send:2000000000
	wait "$(cat service.pid)" && atf_fail "all of it was taken"
	await_totals relay ' 0 now, 1 total'
	stop_relay relay
}

atf_init_test_cases()
{
	atf_add_test_case answer_under_way
	atf_add_test_case request_under_way
	atf_add_test_case writes_first
	atf_add_test_case deaf_target
}
