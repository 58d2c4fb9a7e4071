#compdef simpletcpunixrelay
# Completion of simpletcpunixrelay(8) for zsh; installed as _simpletcpunixrelay.
# Not here: what the options mean.  tests/packaging/completion_test.sh compares
# their names with those of --help.

# USER[:GROUP]
_simpletcpunixrelay_owner() {
	if compset -P '*:'; then
		_groups
	else
		_users -q -S :
	fi
}

_simpletcpunixrelay_time() {
	if compset -P '[0-9]##'; then
		compadd -- ms s min h d
	else
		compadd -- infinity
	fi
}

_simpletcpunixrelay_address() {
	compset -P unix:
	_files
}

_arguments -s -S \
	'(-b --backlog)'{-b+,--backlog=}'[listen backlog]:number: ' \
	'(-c --connections-max)'{-c+,--connections-max=}'[close connections above this number]:number: ' \
	'(-d --daemonize --inetd)'{-d,--daemonize}'[go on in the background]' \
	'--drain-time=[how long connections go on after SIGTERM]:time:_simpletcpunixrelay_time' \
	'--exit-idle-time=[exit when there was no connection so long]:time:_simpletcpunixrelay_time' \
	'(- *)'{-h,--help}'[show help]' \
	'(-i --idle-timeout)'{-i+,--idle-timeout=}'[end connections on which nothing moves]:time:_simpletcpunixrelay_time' \
	'(-d --daemonize)--inetd[the listening socket is descriptor 0]' \
	'(-j --workers)'{-j+,--workers=}'[threads that share connections]:number:(auto)' \
	'(-m --mode)'{-m+,--mode=}'[permission bits of the Unix socket]:octal mode:(600 660 666)' \
	'(-o --owner)'{-o+,--owner=}'[owner of the Unix socket]:owner:_simpletcpunixrelay_owner' \
	'(-p --pidfile)'{-p+,--pidfile=}'[write the process id there]:file:_files' \
	'--proxy-protocol=[tell the target its client]:version:(v1 v2)' \
	'(-q --quiet -v --verbose)'{-q,--quiet}'[log errors only]' \
	'--sandbox=[lock the process in]:which:(auto require off)' \
	'(-t --connect-timeout)'{-t+,--connect-timeout=}'[for all addresses of the target]:time:_simpletcpunixrelay_time' \
	'(-u --user)'{-u+,--user=}'[become this user after set-up]:user:_simpletcpunixrelay_owner' \
	'(- *)'{-V,--version}'[show the version]' \
	'(-q --quiet -v --verbose)'{-v,--verbose}'[log a line for each connection]' \
	'(-w --wait)'{-w+,--wait=}'[keep retrying the target]:time:_simpletcpunixrelay_time' \
	':address to listen on, or target:_simpletcpunixrelay_address' \
	'::target:_simpletcpunixrelay_address'
