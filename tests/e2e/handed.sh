# What tests with sockets handed over share: becoming their service manager.
# Not here: test cases.
# shellcheck shell=sh

# start_handed NAME HANDOVER... -- RELAY...: the relay gets the sockets; their
# addresses go to NAME.addresses.
start_handed()
{
	launch_handed "$@"
	"$await" "$1.log" 'listening on' ||
	    atf_fail "$1 does not listen: $(cat "$1.log")"
}

# launch_handed NAME HANDOVER... -- RELAY...: and wait for the sockets only.
launch_handed()
{
	rm -f "$1.addresses"
	: >"$1.log"
	hand_over "$@" &
	echo $! >"$1.pid"
	"$await" "$1.addresses" || atf_fail "$1: $(cat "$1.log")"
}

# hand_over NAME HANDOVER... -- RELAY...: in this process, which becomes it.
hand_over()
{
	_handed=$1
	_before=
	shift
	while [ "$1" != -- ]; do
		_before="$_before $1"
		shift
	done
	shift
	# shellcheck disable=SC2086 # a list of words
	exec "$handover" -a "$_handed.addresses" $_before -- "$relay" "$@" \
	    2>"$_handed.log"
}

# handed NAME [N]: the Nth address, the first if not told.
handed()
{
	sed -n "${2:-1}p" "$1.addresses"
}

# exits_idle NAME: it ends by itself, with 0.
exits_idle()
{
	wait "$(cat "$1.pid")" || atf_fail "exited with $?: $(cat "$1.log")"
	atf_check grep -q 'exiting: no connections' "$1.log"
}
