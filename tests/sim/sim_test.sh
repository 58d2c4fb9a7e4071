#! /usr/bin/env atf-sh
# Some thousand simulated sessions, and what the simulation itself promises.
# Not here: the many, see `make sim`; deliberate bugs, see `make mutants`.

programs=$(atf_get_srcdir)

# run BACKEND ARGUMENT...: skipped where the programs are not built.
run()
{
	[ -x "$programs/sim_$1" ] || atf_skip "only on Linux"
	_backend=$1
	shift
	"$programs/sim_$_backend" "$@"
}

sessions()
{
	run "$1" --sessions 4000 --quiet >out || {
		cat out
		atf_fail "see tests/sim/README.md"
	}
}

atf_test_case epoll
epoll_head()
{
	atf_set descr "Sessions over the simulated Linux, with splice"
}
epoll_body()
{
	sessions epoll
}

atf_test_case copy
copy_head()
{
	atf_set descr "Sessions over the simulated Linux, without splice"
}
copy_body()
{
	sessions copy
}

atf_test_case kqueue
kqueue_head()
{
	atf_set descr "Sessions over the simulated FreeBSD"
}
kqueue_body()
{
	sessions kqueue
}

atf_test_case replay
replay_head()
{
	atf_set descr "A seed stands for all that happens"
}
replay_body()
{
	for _seed in 1 2 3 4 5; do
		for _time in first second; do
			run epoll --seed $_seed --trace >out ||
			    atf_fail "seed $_seed: $(tail out)"
			sed '$d' out >$_time
		done
		[ "$(wc -l <first)" -gt 20 ] || atf_fail "no trace"
		cmp first second || atf_fail "seed $_seed differs"
	done
}

atf_init_test_cases()
{
	atf_add_test_case epoll
	atf_add_test_case copy
	atf_add_test_case kqueue
	atf_add_test_case replay
}
