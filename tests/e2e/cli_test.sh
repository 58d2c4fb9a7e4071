#! /usr/bin/env atf-sh
# The command line as a user meets it: help, mistakes, log lines.
# Not here: every value of every option (tests/unit/options_test.c).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

# wrong MESSAGE ARGUMENT...: one line, and 64.
wrong()
{
	_message=$1
	shift
	atf_check -s exit:64 \
	    -e "inline:simpletcpunixrelay: $_message (see --help)\n" \
	    "$relay" "$@"
}

atf_test_case usage
usage_head()
{
	atf_set descr "Wrong use: one line, a pointer to --help, 64"
}
usage_body()
{
	wrong "LISTEN and TARGET missing"
	wrong "c: neither HOST:PORT nor a path with a slash" ./a c
	wrong "c: one argument too many" ./a ./b c
	wrong "--nonsense: unknown option" --nonsense ./a ./b
	wrong "-x: unknown option" -x ./a ./b
	wrong "--mode: argument missing" ./a ./b --mode
	wrong "--mode: 9: not an octal mode" -m 9 ./a ./b
	wrong "--wait: soon: not a time" --wait=soon ./a ./b
	wrong "127.0.0.1:99999: port above 65535" ./a 127.0.0.1:99999
}

atf_test_case help
help_head()
{
	atf_set descr "--help and --version on standard output"
}
help_body()
{
	atf_check -o match:'^usage: simpletcpunixrelay ' "$relay" --help
	atf_check -o match:'^usage: simpletcpunixrelay ' "$relay" -h nonsense
	atf_check -o match:'^simpletcpunixrelay [0-9]+\.[0-9]+' "$relay" -V
}

atf_test_case help_to_nobody
help_to_nobody_head()
{
	atf_set descr "--help and --version that cannot be written: 74"
}
help_to_nobody_body()
{
	[ -c /dev/full ] || atf_skip "no /dev/full"
	for option in --help --version; do
		# shellcheck disable=SC2016 # the inner shell expands it
		atf_check -s exit:74 sh -c '"$0" "$1" >/dev/full' "$relay" \
		    $option
	done
}

atf_test_case help_is_complete
help_is_complete_head()
{
	atf_set descr "Every option of --help stands in manual and README"
}
help_is_complete_body()
{
	"$relay" --help | grep -o -e '--[a-z][a-z-]*' | sort -u >options
	test "$(wc -l <options)" -ge 10 || atf_fail "$(cat options)"
	while read -r option; do
		grep -q -e "Fl -${option#--}" "$top/src/simpletcpunixrelay.8" ||
		    atf_fail "$option is not in the manual"
		grep -q -e "$option" "$top/README.md" ||
		    atf_fail "$option is not in the README"
	done <options
}

atf_test_case no_sockets_handed_over
no_sockets_handed_over_head()
{
	atf_set descr "TARGET alone needs listening sockets"
}
no_sockets_handed_over_body()
{
	wrong "no listening socket was handed over" 127.0.0.1:80
}

atf_test_case verbose
verbose_head()
{
	atf_set descr "-v: a line a connection"
}
verbose_body()
{
	start_peer service listen 127.0.0.1:0 recv:1000 send:50 eof
	start_relay relay -v ./relay.sock "$(address service)"
	atf_check "$peer" connect ./relay.sock send:1000 recv:50 shut eof
	check_peer service
	atf_check "$await" relay.log "unix (uid $(id -u)) to \
$(address service): 1000 bytes to target, 50 bytes to client, 0\..* s: ended"
	stop_relay relay
}

atf_test_case quiet
quiet_head()
{
	atf_set descr "-q: errors only"
}
quiet_body()
{
	"$relay" -q ./relay.sock ./nowhere.sock 2>relay.log &
	echo $! >relay.pid
	while ! "$peer" connect ./relay.sock over 2>/dev/null; do
		:
	done
	stop_relay relay
	atf_check cat relay.log
}

atf_test_case nobody_reads_the_log
nobody_reads_the_log_head()
{
	atf_set descr "A full pipe for the log does not hold the relay up"
}
nobody_reads_the_log_body()
{
	start_peer service -n 1500 listen ./service.sock close
	mkfifo pipe
	# Open for reading too, so that it never breaks; nobody reads.
	exec 3<>pipe
	"$relay" -v ./relay.sock ./service.sock 2>pipe &
	echo $! >relay.pid
	while ! "$peer" connect ./relay.sock eof 2>/dev/null; do
		:
	done
	atf_check "$peer" -n 1499 connect ./relay.sock eof
	check_peer service
	: >relay.log
	stop_relay relay
}

atf_test_case closed_descriptors
closed_descriptors_head()
{
	atf_set descr "Started without standard descriptors, it serves"
}
closed_descriptors_body()
{
	start_peer service listen ./service.sock text:hello eof
	"$relay" ./relay.sock ./service.sock <&- >&- 2>&- &
	echo $! >relay.pid
	while ! "$peer" connect ./relay.sock expect:hello shut eof \
	    2>/dev/null; do
		:
	done
	check_peer service
	kill -s USR1 "$(cat relay.pid)"
	: >relay.log
	stop_relay relay
}

atf_test_case journal
journal_head()
{
	atf_set descr "Priorities when standard error is the journal"
}
journal_body()
{
	[ "$(uname -s)" = Linux ] || atf_skip "the journal is systemd's"
	: >relay.log
	JOURNAL_STREAM=$(stat -c %d:%i relay.log)
	export JOURNAL_STREAM
	"$relay" ./relay.sock ./nowhere.sock 2>>relay.log &
	echo $! >relay.pid
	"$await" relay.log '^<5>listening on ./relay.sock$'
	atf_check "$peer" connect ./relay.sock over
	atf_check "$await" relay.log '^<4>./nowhere.sock: No such file'
	stop_relay relay

	# Another file, another file system, and nothing of the kind.
	inode=$(stat -c %i relay.log)
	for JOURNAL_STREAM in "$(stat -c %d relay.log):1" "0:$inode" \
	    "$inode" journal; do
		start_relay relay ./relay.sock ./nowhere.sock
		atf_check grep -q '^simpletcpunixrelay: listening on' relay.log
		stop_relay relay
	done
}

atf_init_test_cases()
{
	atf_add_test_case usage
	atf_add_test_case help
	atf_add_test_case help_to_nobody
	atf_add_test_case help_is_complete
	atf_add_test_case no_sockets_handed_over
	atf_add_test_case verbose
	atf_add_test_case quiet
	atf_add_test_case nobody_reads_the_log
	atf_add_test_case closed_descriptors
	atf_add_test_case journal
}
