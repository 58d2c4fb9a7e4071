#! /usr/bin/env atf-sh
# The sandbox of systems that have chroot(2) alone.  Elsewhere a build with
# SANDBOX=chroot has it, EMPTY_DIRECTORY being one of root's.
# Not here: other sandboxes (sandbox_test.sh).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

# start_settled NAME ARGUMENT...: and wait until it has entered its sandbox.
start_settled()
{
	start_relay "$@"
	"$await" "$1.log" 'sandbox: ' || atf_fail "$(cat "$1.log")"
}

# need_chroot: skip where the sandbox is another one.
need_chroot()
{
	start_settled probe ./probe.sock 127.0.0.1:9
	stop_relay probe
	grep -q 'sandbox: .*chroot' probe.log ||
	    atf_skip "$(grep 'sandbox: ' probe.log)"
}

atf_test_case serves
serves_head()
{
	atf_set descr "As another user, with no file in sight, it serves and tidies up"
	atf_set require.user root
}
serves_body()
{
	need_chroot
	grep -q 'sandbox: chroot ' probe.log || atf_fail "$(cat probe.log)"
	mkdir run
	chown nobody run
	start_peer service -n 2 listen 127.0.0.1:0 both:300000 eof
	for target in "$(address service)" \
	    "localhost:$(address service | sed 's/.*://')"; do
		start_settled relay -u nobody -j 2 -p run/pid run/sock "$target"
		directory=$(sed -n 's/.*sandbox: chroot \([^;]*\);.*/\1/p' \
		    relay.log)
		if [ -e /proc/self/root ]; then
			atf_check -o inline:"$directory\n" \
			    readlink "/proc/$(cat relay.pid)/root"
			atf_check -o inline:"$directory\n" \
			    readlink "/proc/$(cat relay.pid)/cwd"
		fi
		atf_check "$peer" connect run/sock both:300000 shut eof
		stop_relay relay
		atf_check_equal '' "$(ls run)"
		atf_check grep -q 'not enforced: limits of system calls' relay.log
	done
	check_peer service
}

atf_test_case keeps_groups
keeps_groups_head()
{
	atf_set descr "The groups of the user are those from before"
	atf_set require.user root
}
keeps_groups_body()
{
	need_chroot
	[ -r /proc/self/status ] || atf_skip "no /proc/PID/status"
	# Somebody who is in more groups than one, and is not root.
	user=$(awk -F: '$4 != "" { print $4 }' /etc/group | tr ',' '\n' |
	    grep -v '^root$' | head -n 1)
	[ -n "$user" ] || user=nobody
	start_settled relay -u "$user" ./relay.sock 127.0.0.1:9
	groups=$(id -G "$user" | tr ' ' '\n' | sort -n | xargs)
	atf_check_equal "$groups" "$(sed -n 's/^Groups://p' \
	    "/proc/$(cat relay.pid)/status" | xargs -n 1 | sort -n | xargs)"
	stop_relay relay
}

atf_test_case says_why_not
says_why_not_head()
{
	atf_set descr "Without it, the log says why"
}
says_why_not_body()
{
	need_chroot
	start_settled relay ./relay.sock ./service.sock
	stop_relay relay
	atf_check grep -q \
	    'not enforced: chroot (the target is no address)' relay.log
	atf_check -s exit:69 -e match:'--sandbox=require: missing: ' \
	    "$relay" --sandbox=require ./relay.sock 127.0.0.1:9
	if [ "$(id -u)" -eq 0 ]; then
		atf_check grep -q 'another user than root (--user)' probe.log
	else
		atf_check grep -q 'chroot (was not started as root)' probe.log
	fi
}

atf_init_test_cases()
{
	atf_add_test_case serves
	atf_add_test_case keeps_groups
	atf_add_test_case says_why_not
}
