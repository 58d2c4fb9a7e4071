#! /usr/bin/env atf-sh
# What the packages say of themselves is what the program's makefile does.
# Not here: packages that can be built, see tests/packaging/run.

# SC2016: what is not for this shell.
# shellcheck disable=SC2016

top=$(cd "$(atf_get_srcdir)/../.." && pwd)
packages=$top/packaging
name=simpletcpunixrelay

# installed OS VARIABLE=VALUE...: the files that make install would put there,
# below the prefix without it.
installed()
{
	_os=$1
	shift
	# Not built: -o says that it is new enough.
	"$make" -s -C "$top" -o $name install OS="$_os" DESTDIR="$PWD/root" \
	    "$@" >make.out 2>&1 || {
		cat make.out
		atf_fail "make install"
	}
	(cd root && find . -type f) | sed 's,^\.,,' |
	    sed -e 's,^/usr/local/,,' -e 's,^/usr/pkg/,,' | sort
}

find_make()
{
	for make in make gmake; do
		! "$make" --version 2>/dev/null | grep -q GNU || return 0
	done
	atf_skip "no GNU make"
}

atf_test_case freebsd
freebsd_head()
{
	atf_set descr "FreeBSD: pkg-plist"
}
freebsd_body()
{
	find_make
	installed FreeBSD PREFIX=/usr/local >expected
	# Manuals are compressed afterwards.
	sed 's,\.8\.gz$,.8,' "$packages/freebsd/pkg-plist" | sort >found
	atf_check -o file:expected cat found
}

atf_test_case openbsd
openbsd_head()
{
	atf_set descr "OpenBSD: PLIST"
}
openbsd_body()
{
	find_make
	grep -q 'MANDIR=${TRUEPREFIX}/man ' "$packages/openbsd/Makefile" ||
	    atf_fail "another MANDIR"
	installed OpenBSD PREFIX=/usr/local MANDIR=/usr/local/man >expected
	sed -e 's,^@[a-z]* ,,' -e 's,^${RCDIR},/etc/rc.d,' -e '\,/$,d' \
	    "$packages/openbsd/pkg/PLIST" | sort >found
	atf_check -o file:expected cat found
	# Each directory of its own is named.
	grep '/$' "$packages/openbsd/pkg/PLIST" | sort >directories
	sed -n 's,^\(share/.*/\)[^/]*$,\1,p' expected | sort >needed
	atf_check -o empty comm -13 directories needed
}

atf_test_case pkgsrc
pkgsrc_head()
{
	atf_set descr "pkgsrc: PLIST, and the script of RCD_SCRIPTS"
}
pkgsrc_body()
{
	find_make
	installed NetBSD PREFIX=/usr/pkg MANDIR=/usr/pkg/man >expected
	{
		grep -v '^@' "$packages/pkgsrc/PLIST"
		sed -n 's,^RCD_SCRIPTS=[[:space:]]*,share/examples/rc.d/,p' \
		    "$packages/pkgsrc/Makefile"
	} | sort >found
	atf_check -o file:expected cat found
}

# says WHERE VERSION
says()
{
	test "$2" = "$version" || atf_fail "$1: $2, not $version"
}

# field FILE SED-EXPRESSION: what stands there in parentheses, once.
field()
{
	says "$1" "$(sed -n "s/^$2\$/\\1/p" "$packages/$1" | head -n 1)"
}

atf_test_case one_version
one_version_head()
{
	atf_set descr "All packages are of the version that is built"
}
one_version_body()
{
	version=$(sed -n 's/^VERSION = //p' "$top/src/sources.mk")
	field debian/changelog "$name (\(.*\)-[0-9]*) .*"
	field rpm/$name.spec 'Version: *\(.*\)'
	field alpine/APKBUILD 'pkgver=\(.*\)'
	field arch/PKGBUILD 'pkgver=\(.*\)'
	field freebsd/Makefile 'DISTVERSION=[[:space:]]*\(.*\)'
	field openbsd/Makefile "DISTNAME =[[:space:]]*$name-\(.*\)"
	field pkgsrc/Makefile "DISTNAME=[[:space:]]*$name-\(.*\)"
	says NEWS.md "$(sed -n 's/^## \([0-9.]*\).*/\1/p' "$top/NEWS.md" |
	    head -n 1)"
}

atf_test_case sums_of_what_stands_beside
sums_of_what_stands_beside_head()
{
	atf_set descr "Alpine: the checksums of the OpenRC scripts are right"
	atf_set require.progs sha512sum
}
sums_of_what_stands_beside_body()
{
	grep -E "^[0-9a-f]{128}  $name\.(initd|confd)\$" \
	    "$packages/alpine/APKBUILD" >sums
	test "$(wc -l <sums)" -eq 2 || atf_fail "not two: $(cat sums)"
	cd "$packages/alpine" || atf_fail "no directory"
	atf_check -o ignore sha512sum -c "$OLDPWD/sums"
}

atf_test_case can_be_read
can_be_read_head()
{
	atf_set descr "The packages that are shell scripts can be read by shells"
	atf_set require.progs bash
}
can_be_read_body()
{
	atf_check sh -n "$packages/alpine/APKBUILD"
	atf_check sh -n "$packages/alpine/$name.initd"
	atf_check sh -n "$packages/alpine/$name.confd"
	atf_check bash -n "$packages/arch/PKGBUILD"
}

atf_init_test_cases()
{
	atf_add_test_case freebsd
	atf_add_test_case openbsd
	atf_add_test_case pkgsrc
	atf_add_test_case one_version
	atf_add_test_case sums_of_what_stands_beside
	atf_add_test_case can_be_read
}
