#! /usr/bin/env atf-sh
# The service scripts of the BSDs, over stand-ins for their rc.subr.
# Not here: the relay itself.

# set_up SYSTEM: the script as it is installed, with the stand-ins, in the
# current directory.  Nothing is told of where it runs but by these paths.
set_up()
{
	_source=$(atf_get_srcdir)
	mkdir bin run
	: >processes
	: >calls
	for _fake in install su logger; do
		ln -s "$_source/fake_$_fake" bin/$_fake
	done
	ln -s "$_source/fake_relay" bin/simpletcpunixrelay
	sed -e "s,/etc/rc\.d/rc\.subr,$_source/$1.subr," \
	    -e "s,/etc/rc\.subr,$_source/$1.subr," \
	    -e "s,@SBINDIR@,$PWD/bin," -e "s,/var/run,$PWD/run," \
	    "$_source/../../rc.d/$1/simpletcpunixrelay" >simpletcpunixrelay
	chmod +x simpletcpunixrelay
	PATH=$PWD/bin:$PATH
	export PATH
	case $1 in
	freebsd) echo simpletcpunixrelay_enable=YES >rc.conf ;;
	netbsd) echo simpletcpunixrelay=YES >rc.conf ;;
	openbsd) : >rc.conf.local ;;
	esac
}

# rc STATUS ARGUMENT...: what it prints is in out and err.
rc()
{
	_status=$1
	shift
	: >calls
	atf_check -s "exit:$_status" -o save:out -e save:err \
	    sh ./simpletcpunixrelay "$@"
}

# called LINE...: these were the calls, in this order.
called()
{
	[ $# -eq 0 ] || printf '%s\n' "$@" >expected
	[ $# -gt 0 ] || : >expected
	atf_check -o file:expected sed "s,$PWD/,/var/,g" calls
}

two_profiles()
{
	cat >>rc.conf <<-EOF
	simpletcpunixrelay_profiles="web db"
	simpletcpunixrelay_mode=660
	simpletcpunixrelay_web_listen=/var/run/web.sock
	simpletcpunixrelay_web_target='[::1]:80'
	simpletcpunixrelay_web_user=www:web
	simpletcpunixrelay_web_flags="-v -w 10s"
	simpletcpunixrelay_db_listen='*:5432'
	simpletcpunixrelay_db_target=/tmp/db.sock
	simpletcpunixrelay_db_mode=600
	EOF
}

rundir=/var/run/simpletcpunixrelay
made="install -d -m 755 -o root -g wheel $rundir"
web="simpletcpunixrelay -v -w 10s -d -p $rundir/web.pid -u www:web -m 660\
 /var/run/web.sock [::1]:80"
web_made="install -d -m 755 -o www -g web $rundir/web"
db="simpletcpunixrelay -d -p $rundir/db.pid -m 600 *:5432 /tmp/db.sock"
db_made="install -d -m 755 -o root -g wheel $rundir/db"

one_relay()
{
	cat >>rc.conf <<-EOF
	simpletcpunixrelay_listen=/var/run/simpletcpunixrelay/default/http.sock
	simpletcpunixrelay_target=127.0.0.1:8000
	simpletcpunixrelay_user=nobody
	simpletcpunixrelay_mode=660
	simpletcpunixrelay_flags=-v
	EOF
	_made="install -d -m 755 -o nobody $rundir/default"
	_relay="simpletcpunixrelay -v -d -p $rundir/default.pid -u nobody -m 660\
 $rundir/default/http.sock 127.0.0.1:8000"

	rc 1 status
	atf_check -o ignore grep 'is not running' out
	called
	rc 0 start
	called "$made" "$_made" "$_relay"
	atf_check test -d run/simpletcpunixrelay/default
	rc 0 status
	atf_check -o ignore grep 'is running as pid 4711' out
	rc 1 start
	called
	rc 0 restart
	called "kill -TERM 4711" "$made" "$_made" "$_relay"
	rc 0 stop
	called "kill -TERM 4711"
	atf_check test ! -e run/simpletcpunixrelay/default.pid
	rc 64 start web
	atf_check -o ignore grep 'web is not in simpletcpunixrelay_profiles' err
	called
}

all_profiles()
{
	two_profiles
	rc 0 start
	called "$made" "$web_made" "$web" "$made" "$db_made" "$db"
	rc 0 restart
	called "kill -TERM 4711" "$made" "$web_made" "$web" \
	    "kill -TERM 4711" "$made" "$db_made" "$db"
	rc 0 status
	rc 0 stop
	called "kill -TERM 4711" "kill -TERM 4711"
}

one_profile()
{
	two_profiles
	rc 0 start db
	called "$made" "$db_made" "$db"
	rc 0 status db
	rc 1 status web
	rc 1 status
	rc 0 restart db
	called "kill -TERM 4711" "$made" "$db_made" "$db"
	rc 0 start web
	called "$made" "$web_made" "$web"
	rc 0 stop db
	called "kill -TERM 4711"
	rc 0 status web
	rc 64 start mail
	atf_check -o ignore grep 'mail is not in simpletcpunixrelay_profiles' err
	called
}

missing_address()
{
	rc 1 start
	atf_check -o ignore grep 'simpletcpunixrelay_listen is not set' err
	called
	echo simpletcpunixrelay_listen=:1 >>rc.conf
	rc 1 start
	atf_check -o ignore grep 'simpletcpunixrelay_target is not set' err
	called

	# The others are started all the same.
	two_profiles
	echo simpletcpunixrelay_web_target= >>rc.conf
	rc 1 start
	atf_check -o ignore grep 'simpletcpunixrelay_web_target is not set' err
	called "$made" "$db_made" "$db"

	echo 'simpletcpunixrelay_profiles="a-b"' >>rc.conf
	rc 1 start
	atf_check -o ignore grep 'not the name of a profile: a-b' err
	called
}

# for_system SYSTEM CASE: define the test case SYSTEM_CASE.
for_system()
{
	eval "
	atf_test_case $1_$2
	$1_$2_head()
	{
		atf_set descr '$1: $3'
	}
	$1_$2_body()
	{
		set_up $1
		$2
	}"
}

for system in freebsd netbsd; do
	for_system $system one_relay "a relay without profiles"
	for_system $system all_profiles "several relays at once"
	for_system $system one_profile "one of several relays"
	for_system $system missing_address "a relay without an address"
done

atf_test_case freebsd_not_enabled
freebsd_not_enabled_head()
{
	atf_set descr "freebsd: nothing is started unless it is enabled"
}
freebsd_not_enabled_body()
{
	set_up freebsd
	two_profiles
	echo 'unset simpletcpunixrelay_enable' >>rc.conf
	rc 0 start
	called
	rc 0 onestart
	called "$made" "$web_made" "$web" "$made" "$db_made" "$db"
}

atf_test_case netbsd_not_enabled
netbsd_not_enabled_head()
{
	atf_set descr "netbsd: nothing is started unless it is enabled"
}
netbsd_not_enabled_body()
{
	set_up netbsd
	two_profiles
	echo 'unset simpletcpunixrelay' >>rc.conf
	rc 1 start
	called
	rc 0 onestart
	rc 0 onerestart db
	called "kill -TERM 4711" "$made" "$db_made" "$db"
}

atf_test_case openbsd_one_relay
openbsd_one_relay_head()
{
	atf_set descr "openbsd: one relay"
}
openbsd_one_relay_body()
{
	set_up openbsd
	_flags="-v -u _web:www -m 660 /var/run/web.sock [::1]:80"
	echo "simpletcpunixrelay_flags='$_flags'" >rc.conf.local
	_made="install -d -m 755 -o _web -g www $rundir"

	rc 1 check
	rc 0 start
	called "$_made" "simpletcpunixrelay -d $_flags"
	atf_check test -d run/simpletcpunixrelay
	rc 0 check
	rc 0 start
	called
	rc 0 restart
	atf_check -o match:pkill head -n 1 calls
	sed 1d calls >rest
	mv rest calls
	called "$_made" "simpletcpunixrelay -d $_flags"
	rc 1 reload
	rc 0 stop
	rc 1 check

	for _user in "--user=_web" "--user _web" "-u_web"; do
		echo "simpletcpunixrelay_flags='$_user :1 :2'" >rc.conf.local
		rc 0 start
		called "install -d -m 755 -o _web $rundir" \
		    "simpletcpunixrelay -d $_user :1 :2"
	done
}

atf_test_case openbsd_symlinks
openbsd_symlinks_head()
{
	atf_set descr "openbsd: several relays by symbolic link"
}
openbsd_symlinks_body()
{
	set_up openbsd
	ln -s simpletcpunixrelay simpletcpunixrelay_db
	cat >rc.conf.local <<-EOF
	simpletcpunixrelay_flags="/tmp/a.sock 127.0.0.1:80"
	simpletcpunixrelay_db_flags="/tmp/aXsock 127.0.0.1:80"
	simpletcpunixrelay_db_user=_db
	EOF
	rc 0 start
	atf_check sh ./simpletcpunixrelay_db start
	called "install -d -m 755 -o root $rundir" \
	    "simpletcpunixrelay -d /tmp/a.sock 127.0.0.1:80" \
	    "install -d -m 755 -o _db ${rundir}_db" \
	    "simpletcpunixrelay -d /tmp/aXsock 127.0.0.1:80"
	# The dot in the path is no pattern.
	rc 0 stop
	rc 1 check
	atf_check sh ./simpletcpunixrelay_db check
}

atf_test_case openbsd_no_flags
openbsd_no_flags_head()
{
	atf_set descr "openbsd: a relay without addresses"
}
openbsd_no_flags_body()
{
	set_up openbsd
	rc 1 start
	atf_check -o ignore grep 'rcctl set simpletcpunixrelay flags' err
	called
}

atf_init_test_cases()
{
	for _system in freebsd netbsd; do
		for _case in one_relay all_profiles one_profile \
		    missing_address not_enabled; do
			atf_add_test_case ${_system}_$_case
		done
	done
	atf_add_test_case openbsd_one_relay
	atf_add_test_case openbsd_symlinks
	atf_add_test_case openbsd_no_flags
}
