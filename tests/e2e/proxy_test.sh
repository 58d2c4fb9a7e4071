#! /usr/bin/env atf-sh
# --proxy-protocol: what a target learns of its client.
# Not here: headers octet by octet (tests/unit/proxy_header_test.c).

# shellcheck source=tests/e2e/common.sh
. "$(atf_get_srcdir)/common.sh"

# port ADDRESS-FILE
port()
{
	sed 's/.*://' "$1"
}

# octets FILE [FROM [N]]: in hexadecimal.
octets()
{
	od -v -A n -t x1 -j "${2:-0}" ${3:+-N} ${3:+"$3"} "$1" | tr -d ' \n'
}

signature=0d0a0d0a000d0a515549540a

atf_test_case v1_tcp
v1_tcp_head()
{
	atf_set descr "Version 1, a TCP client: the line, then the payload"
}
v1_tcp_body()
{
	for target in 127.0.0.1:0 ./service.sock; do
		start_peer service listen "$target" line:header both:3000000 \
		    eof
		start_relay relay --proxy-protocol v1 127.0.0.1:0 \
		    "$(address service)"
		atf_check "$peer" connect "$(relay_address relay)" \
		    name:client both:3000000 shut eof
		check_peer service
		relay_address relay >listen
		printf 'PROXY TCP4 127.0.0.1 127.0.0.1 %s %s\r\n' \
		    "$(port client)" "$(port listen)" >expected
		atf_check cmp expected header
		stop_relay relay
	done
}

atf_test_case v1_ipv6
v1_ipv6_head()
{
	atf_set descr "Version 1, a client of IPv6"
}
v1_ipv6_body()
{
	need_ipv6
	start_peer service listen ./service.sock line:header both:1000 eof
	start_relay relay --proxy-protocol v1 '[::1]:0' ./service.sock
	atf_check "$peer" connect "$(relay_address relay)" name:client \
	    both:1000 shut eof
	check_peer service
	relay_address relay >listen
	printf 'PROXY TCP6 ::1 ::1 %s %s\r\n' "$(port client)" \
	    "$(port listen)" >expected
	atf_check cmp expected header
	stop_relay relay
}

atf_test_case v1_unix
v1_unix_head()
{
	atf_set descr "Version 1, a Unix client: UNKNOWN"
}
v1_unix_body()
{
	start_peer service listen 127.0.0.1:0 line:header both:3000000 eof
	start_relay relay --proxy-protocol=v1 ./relay.sock "$(address service)"
	atf_check "$peer" connect ./relay.sock both:3000000 shut eof
	check_peer service
	printf 'PROXY UNKNOWN\r\n' >expected
	atf_check cmp expected header
	stop_relay relay
}

atf_test_case v2_tcp
v2_tcp_head()
{
	atf_set descr "Version 2, a TCP client"
}
v2_tcp_body()
{
	start_peer service listen ./service.sock save:28:header both:3000000 \
	    eof
	start_relay relay --proxy-protocol v2 127.0.0.1:0 ./service.sock
	atf_check "$peer" connect "$(relay_address relay)" name:client \
	    both:3000000 shut eof
	check_peer service
	relay_address relay >listen
	expected=$(printf '%s2111000c7f0000017f000001%04x%04x' $signature \
	    "$(port client)" "$(port listen)")
	atf_check_equal "$expected" "$(octets header)"
	stop_relay relay
}

atf_test_case v2_unix
v2_unix_head()
{
	atf_set descr "Version 2, a Unix client"
}
v2_unix_body()
{
	start_peer service listen 127.0.0.1:0 save:232:header both:3000000 eof
	start_relay relay --proxy-protocol v2 ./relay.sock "$(address service)"
	atf_check "$peer" connect ./relay.sock both:3000000 shut eof
	check_peer service
	atf_check_equal "${signature}213100d8" "$(octets header 0 16)"
	# The client has no name, the socket is where it connected to.
	atf_check_equal '' "$(octets header 16 108 | tr -d 0)"
	atf_check_equal ./relay.sock \
	    "$(tail -c +125 header | tr -d '\0')"
	stop_relay relay
}

atf_test_case header_first
header_first_head()
{
	atf_set descr "The header does not wait for the client to say something"
}
header_first_body()
{
	start_peer service listen 127.0.0.1:0 line:header text:hello \
	    expect:you eof
	start_relay relay --proxy-protocol v1 127.0.0.1:0 "$(address service)"
	atf_check "$peer" connect "$(relay_address relay)" expect:hello \
	    text:you shut eof
	check_peer service

	# Nor does a client that says nothing at all get away without.
	start_peer service listen "$(address service)" line:header eof
	atf_check "$peer" connect "$(relay_address relay)" shut eof
	check_peer service
	atf_check grep -q '^PROXY TCP4 ' header
	stop_relay relay
}

atf_test_case many
many_head()
{
	atf_set descr "Each connection has its own header"
}
many_body()
{
	start_peer service -n 20 listen 127.0.0.1:0 line:header both:1000 eof
	start_relay relay --proxy-protocol v1 127.0.0.1:0 "$(address service)"
	clients 20 "$(relay_address relay)" both:1000 shut eof
	check_peer service
	await_totals relay ' 0 now, 20 total, .* 20000 bytes to clients'
	stop_relay relay
}

atf_test_case walled
walled_head()
{
	atf_set descr "In the sandbox, as another user"
	atf_set require.user root
}
walled_body()
{
	for version in v1 v2; do
		start_peer service listen 127.0.0.1:0 save:5:header
		start_relay relay -u nobody --proxy-protocol $version \
		    127.0.0.1:0 "$(address service)"
		atf_check "$peer" connect "$(relay_address relay)" over
		check_peer service
		stop_relay relay
		atf_check -s exit:1 grep forbidden relay.log
	done
}

# get ADDRESS: what the web server behind it answers goes to the file answer.
get()
{
	request=$(printf 'GET / HTTP/1.0\r\n\r\n.')
	atf_check "$peer" connect "$1" name:client "text:${request%.}" \
	    save:65536:answer
}

# await_server SOCKET LOG
await_server()
{
	"$await" "$1" || atf_fail "no server: $(cat "$2")"
}

# Also as a cleanup: a check may fail before the server has ended.
stop_server()
{
	test ! -e server.pid || kill "$(cat server.pid)" 2>/dev/null || :
}

atf_test_case nginx cleanup
nginx_head()
{
	atf_set descr "nginx reports the client's address"
	atf_set require.progs nginx
}
nginx_body()
{
	cat >nginx.conf <<END
daemon off;
master_process off;
pid $PWD/nginx.pid;
error_log $PWD/nginx.log;
events { }
http {
	access_log off;
	client_body_temp_path $PWD/t1;
	proxy_temp_path $PWD/t2;
	fastcgi_temp_path $PWD/t3;
	uwsgi_temp_path $PWD/t4;
	scgi_temp_path $PWD/t5;
	server {
		listen unix:$PWD/nginx.sock proxy_protocol;
		return 200 "client \$proxy_protocol_addr \$proxy_protocol_port\n";
	}
}
END
	nginx -p "$PWD" -e "$PWD/nginx.log" -c "$PWD/nginx.conf" \
	    >nginx.out 2>&1 &
	echo $! >server.pid
	await_server nginx.sock nginx.out
	for version in v1 v2; do
		start_relay relay --proxy-protocol $version 127.0.0.1:0 \
		    ./nginx.sock
		get "$(relay_address relay)"
		atf_check -o inline:"client 127.0.0.1 $(port client)\n" \
		    grep '^client' answer
		stop_relay relay

		# Of a Unix client there is nothing to report.
		start_relay relay --proxy-protocol $version ./relay.sock \
		    ./nginx.sock
		get ./relay.sock
		atf_check grep -q '^HTTP/1.1 200 ' answer
		stop_relay relay
	done
	stop_server
	wait
	rm server.pid
}
nginx_cleanup()
{
	stop_server
}

atf_test_case haproxy cleanup
haproxy_head()
{
	atf_set descr "HAProxy reports the client's address"
	atf_set require.progs haproxy
}
haproxy_body()
{
	cat >haproxy.cfg <<'END'
defaults
	mode http
	timeout client 20s
	timeout server 20s
	timeout connect 20s
frontend f
	bind unix@./haproxy.sock accept-proxy
	http-request return status 200 content-type text/plain lf-string "client %[src] %[src_port]\n"
END
	haproxy -db -f haproxy.cfg >haproxy.log 2>&1 &
	echo $! >server.pid
	await_server haproxy.sock haproxy.log
	for version in v1 v2; do
		start_relay relay --proxy-protocol $version 127.0.0.1:0 \
		    ./haproxy.sock
		get "$(relay_address relay)"
		atf_check -o inline:"client 127.0.0.1 $(port client)\n" \
		    grep '^client' answer
		stop_relay relay

		# HAProxy 2.6 takes no Unix addresses of version 2: "Received an
		# invalid PROXY protocol header", whoever sends them.
		[ $version = v1 ] || continue
		start_relay relay --proxy-protocol $version ./relay.sock \
		    ./haproxy.sock
		get ./relay.sock
		atf_check grep -q '^HTTP/1.[01] 200 ' answer
		stop_relay relay
	done
	stop_server
	wait
	rm server.pid
}
haproxy_cleanup()
{
	stop_server
}

atf_init_test_cases()
{
	atf_add_test_case v1_tcp
	atf_add_test_case v1_ipv6
	atf_add_test_case v1_unix
	atf_add_test_case v2_tcp
	atf_add_test_case v2_unix
	atf_add_test_case header_first
	atf_add_test_case many
	atf_add_test_case walled
	atf_add_test_case nginx
	atf_add_test_case haproxy
}
