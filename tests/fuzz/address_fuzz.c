/*
 * Target: addresses as a person writes them.
 * Not here: socket addresses that a stranger chose, see log_fuzz.c.
 */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "fuzz.h"
#include "os.h"

#define DIGITS "0123456789"

static bool
ends(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

/* A whole sentence's end, and no text of whoever wrote the address. */
static void
check_why(const char *why)
{
	size_t length;

	length = strlen(why);
	REQUIRE(length > 0 && length < 80);
	REQUIRE(!fuzz_has_control(why, length));
	REQUIRE(why[length - 1] != '.');
}

/* The scope is an interface's name, which may hold nearly anything. */
static void
check_ipv6(const char *host)
{
	char copy[ADDRESS_HOST_MAX + 1];
	struct in6_addr in6;
	const char *scope;

	strlcpy(copy, host, sizeof(copy));
	copy[strcspn(copy, "%")] = '\0';
	REQUIRE(inet_pton(AF_INET6, copy, &in6) == 1);
	scope = host + strlen(copy);
	REQUIRE(strlen(scope) <= IF_NAMESIZE && strcmp(scope, "%") != 0);
	REQUIRE(strpbrk(scope, " /\t\n\v\f\r]") == NULL);
}

/* What getaddrinfo(3) takes for a number is one in full. */
static void
check_host(const char *host)
{
	struct in_addr in;
	size_t length;

	if (strchr(host, ':') != NULL) {
		check_ipv6(host);
		return;
	}
	length = strlen(host);
	REQUIRE(length <= 254);
	REQUIRE(strspn(host,
	            DIGITS "abcdefghijklmnopqrstuvwxyz"
	                   "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_.") == length);
	REQUIRE(strstr(host, "..") == NULL && *host != '.' && *host != '-');
	if (inet_aton(host, &in) != 0)
		REQUIRE(inet_pton(AF_INET, host, &in) == 1);
}

static void
check_port(const char *port)
{
	long long number;
	size_t length;

	length = strlen(port);
	REQUIRE(length > 0 && !fuzz_has_control(port, length));
	if (strspn(port, DIGITS) == length)
		REQUIRE(fuzz_number(port, 0, 65535, &number));
	else
		REQUIRE(strpbrk(port, " ,:/[]@") == NULL && *port != '-');
}

static void
check_unix(const struct address *a)
{
	const size_t offset = offsetof(struct sockaddr_un, sun_path);
	char text[ADDRESS_TEXT_SIZE], shown[ADDRESS_TEXT_SIZE];
	struct sockaddr_un sun;
	socklen_t length;
	size_t n;

	n = strlen(a->path);
	REQUIRE(n > 0 && a->host[0] == '\0' && a->port[0] == '\0');
	memset(&sun, 0x55, sizeof(sun));
	length = address_unix(a, &sun);
	REQUIRE(sun.sun_family == AF_UNIX && length <= sizeof(sun));
	if (a->kind == ADDRESS_ABSTRACT) {
		REQUIRE(os_abstract_sockets && length == offset + 1 + n);
		REQUIRE(sun.sun_path[0] == '\0');
		REQUIRE(memcmp(sun.sun_path + 1, a->path, n) == 0);
	} else {
		REQUIRE(length > offset + n);
		REQUIRE(ends(sun.sun_path, sizeof(sun.sun_path)));
		REQUIRE(strcmp(sun.sun_path, a->path) == 0);
	}
	address_socket_text((struct sockaddr *)&sun, length, shown);
	REQUIRE(strlen(shown) == n + (a->kind == ADDRESS_ABSTRACT));
	address_text(a, text);
	REQUIRE(strlen(text) >= n);
	REQUIRE(strcmp(text + strlen(text) - n, a->path) == 0);
}

/* Text of it means the same address, and comes out the same again. */
static void
check_fixed_point(const struct address *a)
{
	char again[ADDRESS_TEXT_SIZE], text[ADDRESS_TEXT_SIZE];
	struct address b;

	memset(text, 0x55, sizeof(text));
	REQUIRE(address_text(a, text) == text);
	REQUIRE(ends(text, sizeof(text)));
	memset(&b, 0x55, sizeof(b));
	REQUIRE(address_parse(&b, text) == NULL);
	REQUIRE(memcmp(a, &b, sizeof(b)) == 0);
	REQUIRE(strcmp(address_text(&b, again), text) == 0);
}

static void
check_address(const struct address *a, const char *text)
{
	REQUIRE(ends(a->path, sizeof(a->path)));
	REQUIRE(ends(a->host, sizeof(a->host)));
	REQUIRE(ends(a->port, sizeof(a->port)));
	switch (a->kind) {
	case ADDRESS_PATH:
		REQUIRE(strchr(text, '/') != NULL || *text == 'u');
		check_unix(a);
		break;
	case ADDRESS_ABSTRACT:
		REQUIRE(*text == '@' && strcmp(text + 1, a->path) == 0);
		check_unix(a);
		break;
	case ADDRESS_HOST:
		REQUIRE(a->path[0] == '\0' && strchr(text, '/') == NULL);
		check_host(a->host);
		check_port(a->port);
		break;
	}
	check_fixed_point(a);
}

void
fuzz_prepare(void)
{
}

void
fuzz_one(struct fuzz_input *in)
{
	struct address a;
	const char *why;
	char *text;

	text = fuzz_string(in);
	memset(&a, 0x55, sizeof(a));
	why = address_parse(&a, text);
	if (why != NULL)
		check_why(why);
	else
		check_address(&a, text);
	free(text);
}
