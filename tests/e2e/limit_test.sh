#! /usr/bin/env atf-sh
# Limits: of connections, and of descriptors.
# Not here: time limits (target_test.sh).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

atf_test_case limit
limit_head()
{
	atf_set descr "--connections-max N means N; the next one is closed"
}
limit_body()
{
	start_peer service -t 3 listen ./service.sock text:in await:over shut
	start_relay relay -c 3 127.0.0.1:0 ./service.sock
	start_client clients -t 3 connect "$(relay_address relay)" expect:in \
	    touch:three await:over eof
	"$await" three
	atf_check "$peer" connect "$(relay_address relay)" eof
	atf_check "$peer" connect "$(relay_address relay)" eof
	atf_check "$await" relay.log 'connection refused: 3 open already'
	await_totals relay '3 now, 3 total, 2 refused, 0 failed'
	touch over
	check_peer clients
	check_peer service
	start_peer service listen ./other.sock
	rm service.sock
	mv other.sock service.sock
	atf_check "$peer" connect "$(relay_address relay)" eof
	stop_relay relay
	# The two refusals stand in one line, or in two if a second passed.
	test "$(grep -c 'connection refused' relay.log)" -le 2 ||
	    atf_fail "$(cat relay.log)"
}

atf_test_case limit_clamped
limit_clamped_head()
{
	atf_set descr "A limit above what descriptors allow is clamped"
}
limit_clamped_body()
{
	ulimit -n 64
	start_relay relay -c 1000 ./sock 127.0.0.1:9
	atf_check grep -q 'connections-max: 1000 is more than .* allow' \
	    relay.log
	stop_relay relay
}

atf_test_case descriptors_used_up
descriptors_used_up_head()
{
	atf_set descr "Without descriptors, clients wait for their turn"
}
descriptors_used_up_body()
{
	start_peer service -n 60 listen ./service.sock text:hello eof
	(
		ulimit -n 40
		exec "$relay" ./relay.sock ./service.sock 2>relay.log
	) &
	echo $! >relay.pid
	"$await" relay.log 'listening on'
	clients 60 ./relay.sock expect:hello shut eof
	check_peer service
	await_totals relay ' 0 now, 60 total, 0 refused, 0 failed'
	stop_relay relay
}

atf_test_case limits_taken_away
limits_taken_away_head()
{
	atf_set descr "EMFILE pauses accepting, and accepting goes on"
	atf_set require.progs prlimit
}
limits_taken_away_body()
{
	# Several accept more than they have descriptors left to connect with.
	case ${RELAY_OPTIONS-} in
	*-j*) atf_skip "only one worker accepts and connects in one step" ;;
	esac
	start_peer service -b 64 -n 30 listen ./service.sock await:go \
	    text:hello eof
	start_relay relay ./relay.sock ./service.sock
	prlimit --pid "$(cat relay.pid)" --nofile=16:16
	n=0
	while [ $n -lt 30 ]; do
		n=$((n + 1))
		start_client client$n connect ./relay.sock expect:hello shut eof
	done
	atf_check "$await" relay.log 'not accepting for now: '
	touch go
	while [ $n -gt 0 ]; do
		check_peer client$n
		n=$((n - 1))
	done
	check_peer service
	stop_relay relay
}

atf_init_test_cases()
{
	atf_add_test_case limit
	atf_add_test_case limit_clamped
	atf_add_test_case descriptors_used_up
	atf_add_test_case limits_taken_away
}
