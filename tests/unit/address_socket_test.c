/*
 * Tests of address.h: to socket addresses, and from these to text.
 * Not here: the text that people write (address_good_test.c).
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <atf-c.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address_fixture.h"
#include "os.h"

ATF_TC_WITHOUT_HEAD(unix_of_path);
ATF_TC_BODY(unix_of_path, tc)
{
	struct sockaddr_un sun;
	struct address a;

	memset(&sun, 0x55, sizeof(sun));
	ATF_REQUIRE_EQ(NULL, address_parse(&a, "/run/x"));
	ATF_CHECK_EQ(sizeof(sun), address_unix(&a, &sun));
	ATF_CHECK_EQ(AF_UNIX, sun.sun_family);
	ATF_CHECK_STREQ("/run/x", sun.sun_path);
	ATF_REQUIRE_EQ(NULL, address_parse(&a, repeat("/", PATH_MOST - 1, "")));
	ATF_CHECK_EQ(sizeof(sun), address_unix(&a, &sun));
	ATF_CHECK_EQ(PATH_MOST, strlen(sun.sun_path));
	ATF_CHECK_STREQ(a.path, sun.sun_path);
}

ATF_TC_WITHOUT_HEAD(unix_of_abstract);
ATF_TC_BODY(unix_of_abstract, tc)
{
	const size_t offset = offsetof(struct sockaddr_un, sun_path);
	struct sockaddr_un sun;
	struct address a;

	if (!os_abstract_sockets)
		atf_tc_skip("no abstract sockets here");
	memset(&sun, 0x55, sizeof(sun));
	ATF_REQUIRE_EQ(NULL, address_parse(&a, "@name"));
	ATF_CHECK_EQ(offset + 5, address_unix(&a, &sun));
	ATF_CHECK_EQ(AF_UNIX, sun.sun_family);
	ATF_CHECK_EQ(0, memcmp(sun.sun_path, "\0name", 5));
	ATF_REQUIRE_EQ(NULL, address_parse(&a, repeat("@", PATH_MOST, "")));
	ATF_CHECK_EQ(sizeof(sun), address_unix(&a, &sun));
	ATF_CHECK_EQ('\0', sun.sun_path[0]);
	ATF_CHECK_EQ(0, memcmp(sun.sun_path + 1, a.path, PATH_MOST));
}

static void
check_text(const char *expected, const void *sa, size_t length)
{
	char text[ADDRESS_TEXT_SIZE];

	memset(text, 0x55, sizeof(text));
	ATF_CHECK(address_socket_text(sa, (socklen_t)length, text) == text);
	ATF_CHECK_STREQ(expected, text);
}

ATF_TC_WITHOUT_HEAD(text_of_tcp);
ATF_TC_BODY(text_of_tcp, tc)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	char expected[64];

	in.sin_port = htons(80);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	check_text("127.0.0.1:80", &in, sizeof(in));
	in.sin_port = htons(65535);
	in.sin_addr.s_addr = INADDR_ANY;
	check_text("0.0.0.0:65535", &in, sizeof(in));
	in6.sin6_addr = in6addr_loopback;
	in6.sin6_port = htons(80);
	check_text("[::1]:80", &in6, sizeof(in6));
	in6.sin6_addr = in6addr_any;
	check_text("[::]:80", &in6, sizeof(in6));
	ATF_REQUIRE_EQ(1, inet_pton(AF_INET6, "fe80::1", &in6.sin6_addr));
	in6.sin6_scope_id = 4000000000u;
	snprintf(expected, sizeof(expected), "[fe80::1%%%u]:80", 4000000000u);
	check_text(expected, &in6, sizeof(in6));
	ATF_REQUIRE_EQ(
	    1, inet_pton(AF_INET6, "::ffff:127.0.0.1", &in6.sin6_addr));
	in6.sin6_scope_id = 0;
	check_text("[::ffff:127.0.0.1]:80", &in6, sizeof(in6));
}

ATF_TC_WITHOUT_HEAD(text_of_others);
ATF_TC_BODY(text_of_others, tc)
{
	struct sockaddr_storage ss;

	memset(&ss, 0, sizeof(ss));
	check_text("unix", &ss, 0);
	ss.ss_family = AF_UNSPEC;
	check_text("unix", &ss, offsetof(struct sockaddr_un, sun_path));
	ss.ss_family = 250;
	check_text("family 250", &ss, sizeof(ss));
	ss.ss_family = AF_INET;
	check_text("family 2", &ss, 4);
}

/* Only the named octets are in memory: a sanitizer sees any read behind. */
static void
check_unix_text(const char *expected, const char *path, size_t length)
{
	const size_t offset = offsetof(struct sockaddr_un, sun_path);
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char *exact;

	ATF_REQUIRE(length <= sizeof(sun.sun_path));
	memcpy(sun.sun_path, path, length);
	exact = malloc(offset + length);
	ATF_REQUIRE(exact != NULL);
	memcpy(exact, &sun, offset + length);
	check_text(expected, exact, offset + length);
	free(exact);
}

ATF_TC_WITHOUT_HEAD(text_of_unix);
ATF_TC_BODY(text_of_unix, tc)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char expected[PATH_MOST + 2];
	struct sockaddr_storage ss;

	check_unix_text("unix", "", 0);
	check_text("unix", &sun, sizeof(sun.sun_family));
	check_unix_text("/run/x", "/run/x", 7);
	check_unix_text("/run/x", "/run/x", 6);
	check_unix_text("/run/x", "/run/x\0junk", 11);
	check_unix_text("/", "/", 1);
	memset(expected, 'p', sizeof(expected));
	expected[PATH_MOST + 1] = '\0';
	check_unix_text(expected, expected, PATH_MOST + 1);
	memset(sun.sun_path, 'p', sizeof(sun.sun_path));
	check_text(expected, &sun, sizeof(sun));
	/* What is behind the longest name is none of it. */
	memset(&ss, 'p', sizeof(ss));
	ss.ss_family = AF_UNIX;
	check_text(expected, &ss, sizeof(ss));
	if (!os_abstract_sockets)
		check_unix_text("unix", "\0name", 5);
}

ATF_TC_WITHOUT_HEAD(text_of_abstract);
ATF_TC_BODY(text_of_abstract, tc)
{
	char name[PATH_MOST + 1], expected[PATH_MOST + 2];
	size_t i;

	if (!os_abstract_sockets)
		atf_tc_skip("no abstract sockets here");
	check_unix_text("unix", "\0", 1);
	check_unix_text("@name", "\0name", 5);
	check_unix_text("@name@", "\0name", 6);
	check_unix_text("@a@b", "\0a\0b", 4);
	check_unix_text("@@", "\0\0", 2);
	check_unix_text("@%s\n\033[2J\377", "\0%s\n\033[2J\377", 9);
	name[0] = '\0';
	for (i = 1; i < sizeof(name); i++)
		name[i] = (char)(i + 100);
	memcpy(expected, name, sizeof(name));
	expected[0] = '@';
	expected[sizeof(name)] = '\0';
	for (i = 1; i < sizeof(name); i++)
		if (name[i] == '\0')
			expected[i] = '@';
	check_unix_text(expected, name, sizeof(name));
}

/* What the kernel makes of the address is what was asked for. */
ATF_TC_WITHOUT_HEAD(kernel_round_trip);
ATF_TC_BODY(kernel_round_trip, tc)
{
	char name[64], text[ADDRESS_TEXT_SIZE];
	struct sockaddr_un sun;
	struct address a;
	socklen_t length;
	int fd;

	if (!os_abstract_sockets)
		atf_tc_skip("no abstract sockets here");
	snprintf(name, sizeof(name), "@address_test %ld", (long)getpid());
	ATF_REQUIRE_EQ(NULL, address_parse(&a, name));
	length = address_unix(&a, &sun);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(0, bind(fd, (struct sockaddr *)&sun, length));
	length = sizeof(sun);
	memset(&sun, 0x55, sizeof(sun));
	ATF_REQUIRE_EQ(0, getsockname(fd, (struct sockaddr *)&sun, &length));
	ATF_CHECK_STREQ(
	    name, address_socket_text((struct sockaddr *)&sun, length, text));
	close(fd);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, unix_of_path);
	ATF_TP_ADD_TC(tp, unix_of_abstract);
	ATF_TP_ADD_TC(tp, text_of_tcp);
	ATF_TP_ADD_TC(tp, text_of_others);
	ATF_TP_ADD_TC(tp, text_of_unix);
	ATF_TP_ADD_TC(tp, text_of_abstract);
	ATF_TP_ADD_TC(tp, kernel_round_trip);
	return atf_no_error();
}
