#! /usr/bin/env atf-sh
# --workers: connections are shared out, and the process stays one.
# Not here: what one worker does as well; all of these tests can be run with
# RELAY_OPTIONS="-j 2" in the environment.

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"
# shellcheck source=tests/e2e/handed.sh
. "$(atf_get_srcdir)/handed.sh"

# loads NAME: how many descriptors each event loop of the relay watches, from
# the fewest to the most; /proc says so of epoll, which kqueue stands on here.
loads()
{
	for _fd in "/proc/$(cat "$1.pid")/fdinfo/"*; do
		grep -c '^tfd:' "$_fd"
	done | grep -v '^0$' | sort -n
}

# start_poor DESCRIPTORS ARGUMENT...: a relay that may open no more of them.
start_poor()
{
	: >relay.log
	(
		ulimit -n "$1"
		shift
		exec "$relay" "$@" 2>relay.log
	) &
	echo $! >relay.pid
	"$await" relay.log 'listening on' || atf_fail "$(cat relay.log)"
}

need_proc()
{
	[ -d /proc/self/fdinfo ] || atf_skip "no /proc/self/fdinfo"
	case $("$relay" --version) in
	*epoll*) ;;
	*) atf_skip "two sets of descriptors for a loop" ;;
	esac
}

# settle NAME SUM: wait until all loops together watch so many.
settle()
{
	_end=$(($(date +%s) + 20))
	until [ "$(loads "$1" | awk '{ n += $1 } END { print n }')" -eq "$2" ]
	do
		[ "$(date +%s)" -lt $_end ] || atf_fail "$(loads "$1")"
	done
}

atf_test_case serves
serves_head()
{
	atf_set descr "--workers: data, half-close and totals with 1, 2 and auto"
}
serves_body()
{
	for n in 1 2 7 auto; do
		start_peer service -n 9 listen 127.0.0.1:0 both:300000 eof
		start_relay relay -j "$n" 127.0.0.1:0 "$(address service)"
		clients 9 "$(relay_address relay)" both:300000 shut eof
		check_peer service
		await_totals relay \
		    ' 0 now, 9 total, 0 refused, 0 failed; 2700000 .* 2700000'
		stop_relay relay
	done
}

atf_test_case spread
spread_head()
{
	atf_set descr "--workers: 16 connections are 8 with each of two"
}
spread_body()
{
	need_proc
	start_peer service -t 16 listen 127.0.0.1:0 text:in await:over shut eof
	start_relay relay -j 2 127.0.0.1:0 "$(address service)"
	# Each loop has a listener and hand-overs, the main thread's signals and
	# notes as well, and the end of a process that connects, if there is one.
	more=$(children_of relay | wc -l)
	settle relay $((6 + more))
	atf_check_equal "2 $((4 + more))" "$(loads relay | xargs)"
	start_client client -t 16 connect "$(relay_address relay)" expect:in \
	    touch:in await:over shut eof
	"$await" in
	settle relay $((38 + more))
	atf_check_equal "18 $((20 + more))" "$(loads relay | xargs)"
	touch over
	check_peer client
	check_peer service
	settle relay $((6 + more))
	stop_relay relay
}

atf_test_case limit
limit_head()
{
	atf_set descr "--workers: --connections-max N means N for all together"
}
limit_body()
{
	start_peer service -t 5 listen ./service.sock text:in await:over shut
	start_relay relay -j 4 -c 5 127.0.0.1:0 ./service.sock
	start_client clients -t 5 connect "$(relay_address relay)" expect:in \
	    touch:five await:over eof
	"$await" five
	clients 8 "$(relay_address relay)" eof
	atf_check "$await" relay.log 'connection refused: 5 open already'
	await_totals relay ' 5 now, 5 total, 8 refused, 0 failed'
	touch over
	check_peer clients
	check_peer service
	await_totals relay ' 0 now, 5 total, 8 refused, 0 failed'
	# Each place is free as soon as its session has ended.
	rm service.sock
	start_peer service -n 200 listen ./service.sock text:hello eof
	start_client one -n 200 connect "$(relay_address relay)" expect:hello \
	    shut eof
	check_peer one
	check_peer service
	await_totals relay ' 0 now, 205 total, 8 refused, 0 failed'
	stop_relay relay
}

atf_test_case freed
freed_head()
{
	atf_set descr "--workers: who has seen the end finds its place free"
}
freed_body()
{
	start_peer service -n 500 listen ./service.sock text:hello eof
	start_relay relay -j 3 -c 1 127.0.0.1:0 ./service.sock
	start_client one -n 500 connect "$(relay_address relay)" expect:hello \
	    shut eof
	check_peer one
	check_peer service
	await_totals relay ' 0 now, 500 total, 0 refused, 0 failed'
	stop_relay relay
}

atf_test_case waits
waits_head()
{
	atf_set descr "--workers: clients wait for the end of others' sessions"
}
waits_body()
{
	start_peer service -n 300 listen ./service.sock text:hello eof
	# Half of these are for connections, or there is one worker.
	start_poor 100 -j 2 ./relay.sock ./service.sock
	for _ in 1 2 3; do
		clients 100 ./relay.sock expect:hello shut eof
	done
	check_peer service
	await_totals relay ' 0 now, 300 total, 0 refused, 0 failed'
	stop_relay relay
}

# one_by_one N BEFORE: clients that stay, each served before the next one
# comes; so many there have been.
one_by_one()
{
	rm -f over
	n=0
	while [ $n -lt "$1" ]; do
		n=$((n + 1))
		start_client client$n connect ./relay.sock await:over shut \
		    expect:in eof
		await_totals relay " $n now, $(($2 + n)) total"
	done
}

# leave N: all of them end.
leave()
{
	touch over
	n=0
	while [ $n -lt "$1" ]; do
		n=$((n + 1))
		check_peer client$n
	done
}

atf_test_case turns
turns_head()
{
	atf_set descr "--workers: up to the limit, each client is served at once"
}
turns_body()
{
	start_poor 65 -j 2 -c 1000 ./relay.sock 127.0.0.1:9
	most=$(sed -n 's/.* allow, using //p' relay.log)
	stop_relay relay
	start_peer service -b 64 -n $((2 * most + 1)) listen ./service.sock \
	    text:in eof
	start_poor 65 -j 2 ./relay.sock ./service.sock
	one_by_one "$most" 0
	start_client late connect ./relay.sock touch:late shut expect:in eof
	"$await" late
	leave "$most"
	check_peer late
	await_totals relay " 0 now, $((most + 1)) total"
	# Now it is the other thread that is asked first, until it may no more.
	one_by_one "$most" $((most + 1))
	leave "$most"
	check_peer service
	await_totals relay " 0 now, $((2 * most + 1)) total, 0 refused, 0 failed"
	stop_relay relay
	atf_check -s exit:1 grep 'not accepting' relay.log
}

atf_test_case few_descriptors
few_descriptors_head()
{
	atf_set descr "--workers: no more than descriptors allow"
}
few_descriptors_body()
{
	ulimit -n 100
	start_relay relay -j 64 ./sock 127.0.0.1:9
	atf_check grep -q -e \
	    '--workers: 64 is more than 100 descriptors allow, using 6' relay.log
	stop_relay relay
}

atf_test_case main_accepts
main_accepts_head()
{
	atf_set descr "--workers: all serve, though only one can accept"
}
main_accepts_body()
{
	start_peer service -n 0 listen ./service.sock text:hello eof
	# Room for one connection; and an end that has to be noticed.
	start_poor 30 -j 2 ./relay.sock ./service.sock
	clients 9 ./relay.sock expect:hello shut eof
	await_totals relay ' 0 now, 9 total, 0 refused, 0 failed'
	stop_relay relay
	start_poor 100 -j 2 --exit-idle-time 1ms ./relay.sock ./service.sock
	wait "$(cat relay.pid)" || atf_fail "exited with $?: $(cat relay.log)"
	kill "$(cat service.pid)"
}

atf_test_case no_descriptors
no_descriptors_head()
{
	atf_set descr "--workers: one, when descriptors allow hardly any"
}
no_descriptors_body()
{
	for n in 64 auto; do
		start_peer service listen ./service.sock text:hello eof
		start_poor 17 -j $n 127.0.0.1:0 ./service.sock
		atf_check "$peer" connect "$(relay_address relay)" \
		    expect:hello shut eof
		check_peer service
		rm service.sock
		stop_relay relay
		grep -e '--workers' relay.log >said.$n
	done
	atf_check -o match:': 64 is more than 17 descriptors allow, using 1$' \
	    cat said.64
	# Nobody has asked for more.
	atf_check cat said.auto
}

atf_test_case asked_often
asked_often_head()
{
	atf_set descr "--workers: of many SIGUSR1 at once, the last is answered"
}
asked_often_body()
{
	start_peer service -n 3 listen 127.0.0.1:0 recv:1000 eof
	start_relay relay -j 3 ./relay.sock "$(address service)"
	_n=0
	while [ $_n -lt 300 ]; do
		_n=$((_n + 1))
		kill -s USR1 "$(cat relay.pid)"
	done
	clients 3 ./relay.sock send:1000 shut eof
	check_peer service
	kill -s USR1 "$(cat relay.pid)"
	atf_check "$await" relay.log ' 3 total, 0 refused, 0 failed; 3000 bytes'
	stop_relay relay
	[ "$(grep -c 'connections: ' relay.log)" -le 301 ] ||
	    atf_fail "more answers than questions"
}

atf_test_case drain
drain_head()
{
	atf_set descr "--workers: a drain waits for all, and its end ends all"
}
drain_body()
{
	start_peer service -t 6 listen ./service.sock text:in await:over \
	    send:300000 shut eof
	start_relay relay -j 3 --drain-time 30s 127.0.0.1:0 ./service.sock
	start_client client -t 6 connect "$(relay_address relay)" expect:in \
	    touch:in await:over recv:300000 shut eof
	"$await" in
	kill "$(cat relay.pid)"
	atf_check "$await" relay.log 'stopping: 6 connections open'
	touch over
	check_peer client
	check_peer service
	wait "$(cat relay.pid)" || atf_fail "exited with $?: $(cat relay.log)"
	atf_check -s exit:1 grep 'broken off' relay.log
	rm -f in over service.sock

	for signal in TERM INT; do
		start_peer service -t 6 listen 127.0.0.1:0 text:in gone
		start_relay relay -v -j 3 --drain-time 100ms ./sock \
		    "$(address service)"
		start_client client -t 6 connect ./sock expect:in touch:in \
		    over
		"$await" in
		stop_relay relay $signal
		check_peer client
		check_peer service
		atf_check -o inline:'6\n' grep -c ': relay stopped$' relay.log
		rm in
	done
}

atf_test_case idle_exit
idle_exit_head()
{
	atf_set descr "--workers: --exit-idle-time counts from the last end"
}
idle_exit_body()
{
	start_peer service -t 4 listen 127.0.0.1:0 text:in await:over eof
	start_handed relay 127.0.0.1:0 -- -j 2 --exit-idle-time=2s \
	    "$(address service)"
	start_client client -t 4 connect "$(handed relay)" expect:in touch:in \
	    await:over shut eof
	"$await" in
	start_handed clock ./clock.sock -- --exit-idle-time=3s 127.0.0.1:9
	exits_idle clock
	kill -0 "$(cat relay.pid)" || atf_fail "has exited"
	touch over
	check_peer client
	check_peer service
	exits_idle relay
}

atf_test_case loses_nobody
loses_nobody_head()
{
	atf_set descr "--workers: re-activations, and every client is served"
}
loses_nobody_body()
{
	start_peer service -n 0 listen ./service.sock text:hello eof
	launch_handed relay -r relay.child ./sock -- -j 3 \
	    --exit-idle-time=1ms ./service.sock
	while [ "$(grep -c 'listening on' relay.log)" -lt 30 ]; do
		"$peer" -n 5 connect "$(handed relay)" expect:hello shut eof \
		    2>client.err ||
		    atf_fail "a client was lost: $(cat client.err relay.log)"
	done
	stop_relay relay
	kill "$(cat service.pid)"
	wait "$(cat service.pid)"
	rm service.sock
}

atf_test_case resets
resets_head()
{
	atf_set descr "--workers: a reset reaches the other side in each"
}
resets_body()
{
	start_peer service -t 4 listen 127.0.0.1:0 recv:1000 touch:got gone
	start_relay relay -j 2 127.0.0.1:0 "$(address service)"
	start_client client -t 4 connect "$(relay_address relay)" send:1000 \
	    await:got reset
	check_peer client
	check_peer service
	start_peer service -t 4 listen "$(address service)" recv:1000 reset
	start_client client -t 4 connect "$(relay_address relay)" send:1000 \
	    gone
	check_peer client
	check_peer service
	await_totals relay ' 0 now, 8 total'
	stop_relay relay
}

atf_test_case walls
walls_head()
{
	atf_set descr "--workers: every thread is inside all walls of Linux"
}
walls_body()
{
	[ "$(uname -s)" = Linux ] || atf_skip "not Linux"
	start_relay relay -j 3 ./sock 127.0.0.1:9
	# The totals are written by the loop, which runs behind the walls.
	await_totals relay ' 0 now'
	if ! grep -q 'sandbox: .*seccomp' relay.log ||
	    grep -q 'not enforced' relay.log; then
		atf_skip "$(grep 'sandbox: ' relay.log)"
	fi
	cat "/proc/$(cat relay.pid)/task/"*/status >status
	for line in 'Seccomp:	2' 'Seccomp_filters:	2' \
	    'NoNewPrivs:	1' 'CapEff:	0*' 'CapPrm:	0*'; do
		atf_check -o inline:'3\n' grep -c "^$line\$" status
	done
	atf_check -o match:'Max processes *0 *0' \
	    cat "/proc/$(cat relay.pid)/limits"
	stop_relay relay
}

atf_init_test_cases()
{
	atf_add_test_case serves
	atf_add_test_case spread
	atf_add_test_case limit
	atf_add_test_case freed
	atf_add_test_case waits
	atf_add_test_case turns
	atf_add_test_case few_descriptors
	atf_add_test_case main_accepts
	atf_add_test_case no_descriptors
	atf_add_test_case asked_often
	atf_add_test_case drain
	atf_add_test_case idle_exit
	atf_add_test_case loses_nobody
	atf_add_test_case resets
	atf_add_test_case walls
}
