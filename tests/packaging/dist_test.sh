#! /usr/bin/env atf-sh
# The tarball: the same bits each time, and the checksums of it.
# Not here: what is built from it, see tests/packaging/run.

top=$(cd "$(atf_get_srcdir)/../.." && pwd)
name=simpletcpunixrelay

# A repository of its own, with what is in the work tree now.
make_repository()
{
	HOME=$PWD
	GIT_CONFIG_NOSYSTEM=1
	GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@localhost
	GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@localhost
	export HOME GIT_CONFIG_NOSYSTEM GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL \
	    GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
	mkdir one
	# shellcheck disable=SC2046 # a list of names
	(cd "$top" && tar --exclude=packaging/out -cf - .gitignore \
	    GNUmakefile BSDmakefile LICENSE README.md completions packaging \
	    rc.d systemd src/*.[8ch] $(find src tests -name '*.mk')) |
	    (cd one && tar -xf -)
	(cd one && git init -q . && git add . && git commit -q -m test) ||
	    atf_fail "no repository"
}

tarball=$name-$(sed -n 's/^VERSION = //p' "$top/src/sources.mk").tar.gz

sum()
{
	cksum <"$1/$tarball"
}

atf_test_case same_bits
same_bits_head()
{
	atf_set descr "Path, umask, time, time zone and settings do not count"
	atf_set require.progs "git make"
}
same_bits_body()
{
	make_repository
	atf_check -o ignore make -s -C one dist
	mkdir -p some/where
	(umask 077 && git clone -q one "some/where/else") ||
	    atf_fail "no clone"
	cat >.gitconfig <<-EOF
	[core]
		autocrlf = true
		attributesFile = $PWD/attributes
	[tar]
		umask = user
	[tar "tar.gz"]
		command = cat
	EOF
	echo '* export-ignore' >attributes
	find some -type f -exec touch -t 200001010000 '{}' +
	(
		cd some/where/else && umask 077 &&
		    TZ=Pacific/Auckland LC_ALL=C make -s dist
	) || atf_fail "no tarball"
	test "$(sum one)" = "$(sum some/where/else)" || {
		tar -tvzf "one/$tarball" >one.list
		tar -tvzf "some/where/else/$tarball" >other.list
		diff one.list other.list
		atf_fail "different bits"
	}
	tar -tzf "one/$tarball" | grep -qx "${tarball%.tar.gz}/README.md" ||
	    atf_fail "no README.md in it"
}

atf_test_case both_makes
both_makes_head()
{
	atf_set descr "GNU make and BSD make make the same"
	atf_set require.progs "git make bmake"
}
both_makes_body()
{
	make_repository
	atf_check -o ignore make -s -C one dist
	_sum=$(sum one)
	rm "one/$tarball"
	(cd one && atf_check -o ignore bmake -s -f BSDmakefile dist) ||
	    atf_fail "bmake"
	test "$(sum one)" = "$_sum" || atf_fail "different bits"
}

atf_test_case from_a_tarball
from_a_tarball_head()
{
	atf_set descr "Where there is no repository, one line says so"
	atf_set require.progs "git make"
}
from_a_tarball_body()
{
	make_repository
	rm -rf one/.git
	GIT_CEILING_DIRECTORIES=$PWD
	export GIT_CEILING_DIRECTORIES
	atf_check -s exit:69 -e match:'^dist: not a git work tree' \
	    one/packaging/dist "${tarball%.tar.gz}"
	# In somebody else's repository.
	git init -q . || atf_fail "no repository"
	atf_check -s exit:69 -e match:'^dist: not a git work tree' \
	    one/packaging/dist "${tarball%.tar.gz}"
}

atf_test_case checksums
checksums_head()
{
	atf_set descr "The packages get the checksums of the tarball"
	atf_set require.progs "python3 sha256sum sha512sum openssl"
}
checksums_body()
{
	cp -R "$top/packaging" packaging
	echo content >"$tarball"
	for _time in first second; do
		atf_check packaging/checksums "$tarball"
	done
	_sha256=$(sha256sum <"$tarball" | cut -d ' ' -f 1)
	_sha512=$(sha512sum <"$tarball" | cut -d ' ' -f 1)
	_base64=$(openssl dgst -sha256 -binary <"$tarball" | openssl base64)
	grep -qx "$_sha512  $tarball" packaging/alpine/APKBUILD ||
	    atf_fail APKBUILD
	cmp packaging/alpine/APKBUILD "$top/packaging/alpine/APKBUILD" &&
	    atf_fail "APKBUILD is as before"
	grep -qx "sha256sums=('$_sha256')" packaging/arch/PKGBUILD ||
	    atf_fail PKGBUILD
	grep -qx "SHA256 ($tarball) = $_sha256" packaging/freebsd/distinfo ||
	    atf_fail freebsd
	grep -qx "SHA256 ($tarball) = $_base64" packaging/openbsd/distinfo ||
	    atf_fail openbsd
	grep -qx "SHA512 ($tarball) = $_sha512" packaging/pkgsrc/distinfo ||
	    atf_fail pkgsrc
	grep -qx "Size ($tarball) = 8 bytes" packaging/pkgsrc/distinfo ||
	    atf_fail "size"
}

atf_init_test_cases()
{
	atf_add_test_case same_bits
	atf_add_test_case both_makes
	atf_add_test_case from_a_tarball
	atf_add_test_case checksums
}
