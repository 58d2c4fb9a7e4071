# A small system of this machine's own release in systemd-nspawn(1), with a
# network of its own.  Sourced by bash in the top directory.  The tree that it
# is copied from is kept for the next time below ~/.cache/simpletcpunixrelay.
# Not here: what is installed and tried in it.
# shellcheck shell=bash

# The caller has skip REASON, which says so and exits, and calls
# clean_up_machine at its end.
PATH=$PATH:/usr/sbin:/sbin
packages=systemd,systemd-sysv,dbus,libbsd0,libseccomp2,python3,curl,nginx-light
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/simpletcpunixrelay
machine=simpletcpunixrelay-$$
scratch=

clean_up_machine() {
	[ -z "$scratch" ] || rm -rf --one-file-system "$scratch"
	# Left behind where /run is not a file system of its own.
	rmdir "/run/systemd/nspawn/propagate/$machine" 2>/dev/null
}

# The archive that apt uses for this release, as it is configured here.
find_archive() {
	# shellcheck disable=SC2016 # apt-get fills these in
	apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' \
	    'Created-By: Packages' |
		awk -v release="$suite" '
		$1 == release && !archive { archive = $3 }
		$1 == release && $3 == archive { list = list "," $2 }
		END { if (archive) print archive, substr(list, 2) }'
}

# make_tree: at $tree, unless it is there.
make_tree() {
	local archive components part=$tree.part
	[ ! -d "$tree" ] || return 0
	read -r archive components < <(find_archive) || true
	[ -n "${archive:-}" ] || skip "apt has no archive of $suite configured"
	echo "+ debootstrap --variant=minbase --include=$packages $suite"
	rm -rf --one-file-system "$part"
	debootstrap --variant=minbase --components="$components" \
	    --include="$packages" "$suite" "$part" "$archive" \
	    >"$cache/debootstrap.log" 2>&1 || {
		tail -n 3 "$cache/debootstrap.log"
		skip "debootstrap failed, see $cache/debootstrap.log"
	}
	rm -rf "$part"/var/cache/apt/archives/*.deb "$part"/var/lib/apt/lists/*
	# What would start by itself and is not wanted.
	rm -f "$part"/etc/systemd/system/*.target.wants/nginx.service \
	    "$part"/etc/systemd/system/timers.target.wants/*
	mv "$part" "$tree"
}

nspawn() {
	local options=(--quiet --directory="$scratch/tree" --machine="$machine"
	    --register=no --private-network --link-journal=no
	    --resolv-conf=off --timezone=off --console=pipe)
	# Without a service manager here there is nobody to ask for a scope.
	[ -d /run/systemd/system ] || options+=(--keep-unit)
	timeout --kill-after=20 300 systemd-nspawn "${options[@]}" "$@" \
	    </dev/null >"$scratch/console" 2>&1
}

# make_machine: a fresh one, not booted yet, at $scratch/tree.
make_machine() {
	local suite tree
	[ "$(uname -s)" = Linux ] || skip "systemd is for Linux"
	[ "$(id -u)" -eq 0 ] || skip "not root"
	command -v apt-get >/dev/null ||
		skip "no apt: the tree has to have the libraries of this machine"
	tools/deps systemd || skip "systemd-nspawn or debootstrap is missing"
	# shellcheck disable=SC1091 # this machine's
	suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	[ -n "$suite" ] || skip "/etc/os-release does not name the release"

	umask 022
	mkdir -p "$cache" || exit 73
	exec 9>"$cache/lock"
	flock 9
	tree=$cache/tree-$suite-$(uname -m)-$(cksum <<<"$packages" | cut -d ' ' -f 1)
	make_tree
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/check-machine.XXXXXX") || exit 73
	cp -a --reflink=auto "$tree" "$scratch/tree" || exit 73
	exec 9>&-
	nspawn /bin/true || {
		cat "$scratch/console"
		skip "systemd-nspawn does not work here"
	}
}

# run_cases FILE NAME...: FILE, which runs the cases of these names, in the
# booted machine.  Prints what it prints, and "not ok NAME" for those that it
# did not get to; all of it stands in $scratch/results then.
run_cases() {
	local units=$scratch/tree/etc/systemd/system name
	install -m 755 "$1" "$scratch/tree/opt/cases"
	shift
	mkdir -p "$units/multi-user.target.wants"
	ln -s ../cases.service "$units/multi-user.target.wants"
	cat >"$units/cases.service" <<-EOF
		[Unit]
		After=basic.target dbus.service
		SuccessAction=poweroff-force
		FailureAction=poweroff-force
		[Service]
		Type=oneshot
		TimeoutStartSec=270
		ExecStart=/opt/cases $*
		StandardOutput=file:/opt/results
		StandardError=inherit
	EOF
	nspawn --boot
	touch "$scratch/tree/opt/results"
	cp "$scratch/tree/opt/results" "$scratch/results"
	for name; do
		grep -qxE "(ok|not ok|skip) $name" "$scratch/results" ||
			echo "not ok $name" >>"$scratch/results"
	done
	cat "$scratch/results"
	grep -qE '^(ok|skip) ' "$scratch/results" ||
		tail -n 20 "$scratch/console"
}

# count_results FILE: the last line of a suite, and its exit status.
count_results() {
	local passed failed skipped
	passed=$(grep -c '^ok ' "$1")
	failed=$(grep -c '^not ok ' "$1")
	skipped=$(grep -c '^skip ' "$1")
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
