/*
 * Text to struct address and back.
 * Not here: sockets, name look-ups.
 */
#include <netinet/in.h>

#include <arpa/inet.h>
#include <net/if.h>

#include <ctype.h>
#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "os.h"

static bool
names_directory(const char *path)
{
	const char *name;

	name = strrchr(path, '/');
	name = name == NULL ? path : name + 1;
	return *name == '\0' || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0;
}

static const char *
parse_path(struct address *a, const char *path)
{
	a->kind = ADDRESS_PATH;
	if (*path == '\0')
		return "path of the Unix socket missing";
	if (strlcpy(a->path, path, sizeof(a->path)) >= sizeof(a->path))
		return "path too long for a Unix socket";
	if (names_directory(path))
		return "path names a directory";
	return NULL;
}

static const char *
parse_abstract(struct address *a, const char *name)
{
	a->kind = ADDRESS_ABSTRACT;
	if (!os_abstract_sockets)
		return "abstract Unix sockets exist on Linux only";
	if (*name == '\0')
		return "name of the abstract Unix socket missing";
	/* sun_path[0] is NUL; the name needs no NUL at its end. */
	if (strlcpy(a->path, name, sizeof(a->path)) >= sizeof(a->path))
		return "name too long for an abstract Unix socket";
	return NULL;
}

static bool
all_of(const char *s, const char *set)
{
	return s[strspn(s, set)] == '\0';
}

/* Letters, digits, hyphen (RFC 1123), and underscore, which people use. */
static bool
is_host_name(const char *host)
{
	size_t label;

	label = 0;
	for (; *host != '\0'; host++) {
		if (*host == '.') {
			if (label == 0 || host[-1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!isalnum((unsigned char)*host) && *host != '_' &&
		    (*host != '-' || label == 0))
			return false;
		if (++label > 63)
			return false;
	}
	return host[-1] != '-';
}

/* RFC 1035 has room for 253 octets, and a dot at the end; host has some. */
static bool
is_long_name(const char *host)
{
	size_t length;

	length = strlen(host);
	return length > 253 + (size_t)(host[length - 1] == '.');
}

static const char *
check_host(const char *host)
{
	struct in_addr in;

	if (*host == '\0')
		return NULL;
	/* getaddrinfo(3) would take 0x7f.1 for an address, as inet_aton(3). */
	if (all_of(host, "0123456789.") || inet_aton(host, &in) != 0)
		return inet_pton(AF_INET, host, &in) == 1
		    ? NULL
		    : "not an IPv4 address";
	if (is_long_name(host))
		return "host name too long";
	return is_host_name(host) ? NULL : "not a host name";
}

static const char *
check_ipv6(const char *host)
{
	char copy[ADDRESS_HOST_MAX + 1];
	struct in6_addr in6;
	char *scope;

	strlcpy(copy, host, sizeof(copy));
	scope = strchr(copy, '%');
	if (scope != NULL) {
		*scope++ = '\0';
		if (*scope == '\0' || strlen(scope) >= IF_NAMESIZE ||
		    strpbrk(scope, "%/ \t\n\v\f\r") != NULL)
			return "bad scope of an IPv6 address";
	}
	return inet_pton(AF_INET6, copy, &in6) == 1 ? NULL
	                                            : "not an IPv6 address";
}

/* As in services(5), with a letter (RFC 6335): 80-90 is none. */
static bool
is_service_name(const char *port)
{
	bool letter;

	if (!isalnum((unsigned char)*port))
		return false;
	letter = false;
	for (; *port != '\0'; port++) {
		if (isalpha((unsigned char)*port))
			letter = true;
		else if (!isdigit((unsigned char)*port) &&
		    strchr("-_.+*", *port) == NULL)
			return false;
	}
	return letter;
}

static const char *
parse_port(struct address *a, const char *port)
{
	const char *bad;

	if (*port == '\0')
		return "port missing";
	if (strlcpy(a->port, port, sizeof(a->port)) >= sizeof(a->port))
		return "not a port";
	if (!all_of(port, "0123456789"))
		return is_service_name(port) ? NULL : "not a port";
	strtonum(port, 0, 65535, &bad);
	return bad != NULL ? "port above 65535" : NULL;
}

static const char *
parse_bracketed(struct address *a, const char *text)
{
	const char *end, *why;
	size_t length;

	end = strchr(text, ']');
	if (end == NULL)
		return "] missing";
	length = (size_t)(end - text) - 1;
	if (length >= sizeof(a->host))
		return "not an IPv6 address";
	memcpy(a->host, text + 1, length);
	a->host[length] = '\0';
	why = check_ipv6(a->host);
	if (why != NULL)
		return why;
	if (end[1] != ':')
		return end[1] == '\0' ? "port missing"
		                      : "port expected after ]";
	return parse_port(a, end + 2);
}

static const char *
parse_host(struct address *a, const char *text)
{
	const char *colon, *why;
	size_t length;

	a->kind = ADDRESS_HOST;
	if (*text == '[')
		return parse_bracketed(a, text);
	colon = strrchr(text, ':');
	if (colon == NULL)
		return "neither HOST:PORT nor a path with a slash";
	if (strchr(text, ':') != colon)
		return "more than one colon; write [IPv6]:PORT or unix:PATH";
	length = (size_t)(colon - text);
	if (length >= sizeof(a->host))
		return "host name too long";
	memcpy(a->host, text, length);
	a->host[length] = '\0';
	if (strcmp(a->host, "*") == 0)
		a->host[0] = '\0';
	why = check_host(a->host);
	return why != NULL ? why : parse_port(a, colon + 1);
}

/* tcp://HOST:PORT would be a path, with nothing there. */
static bool
is_url(const char *text)
{
	const char *slash;

	slash = strchr(text, '/');
	return slash != NULL && slash > text && slash[-1] == ':' &&
	    slash[1] == '/';
}

const char *
address_parse(struct address *a, const char *text)
{
	memset(a, 0, sizeof(*a));
	if (*text == '\0')
		return "empty address";
	if (strncmp(text, "unix:", 5) == 0)
		return parse_path(a, text + 5);
	if (*text == '@')
		return parse_abstract(a, text + 1);
	if (is_url(text))
		return "a URL; write HOST:PORT or unix:PATH";
	if (strchr(text, '/') != NULL)
		return parse_path(a, text);
	return parse_host(a, text);
}

/* Whether the path alone would be read as something else. */
static bool
needs_prefix(const char *path)
{
	return strchr(path, '/') == NULL || *path == '@' ||
	    strncmp(path, "unix:", 5) == 0 || is_url(path);
}

const char *
address_text(const struct address *a, char text[])
{
	const char *format;

	switch (a->kind) {
	case ADDRESS_PATH:
		snprintf(text, ADDRESS_TEXT_SIZE, "%s%s",
		    needs_prefix(a->path) ? "unix:" : "", a->path);
		break;
	case ADDRESS_ABSTRACT:
		snprintf(text, ADDRESS_TEXT_SIZE, "@%s", a->path);
		break;
	case ADDRESS_HOST:
		format = strchr(a->host, ':') != NULL ? "[%s]:%s" : "%s:%s";
		snprintf(text, ADDRESS_TEXT_SIZE, format,
		    a->host[0] == '\0' ? "*" : a->host, a->port);
		break;
	}
	return text;
}

/* An @ for each NUL, as in /proc/net/unix: no name looks like another's. */
static void
abstract_text(const char *name, size_t length, char text[])
{
	size_t i;

	for (i = 0; i < length; i++)
		text[i] = name[i] == '\0' ? '@' : name[i];
	text[length] = '\0';
}

/* The peer chose the name: it may lack a NUL, or hold any octet. */
static void
unix_text(const struct sockaddr *sa, socklen_t length, char text[])
{
	const size_t offset = offsetof(struct sockaddr_un, sun_path);
	const char *path;
	size_t n;

	n = length > offset ? length - offset : 0;
	if (n > sizeof(((struct sockaddr_un *)0)->sun_path))
		n = sizeof(((struct sockaddr_un *)0)->sun_path);
	path = (const char *)sa + offset;
	if (n > 1 && path[0] == '\0' && os_abstract_sockets)
		abstract_text(path, n, text);
	else if (n > 0 && path[0] != '\0')
		snprintf(text, ADDRESS_TEXT_SIZE, "%.*s", (int)n, path);
	else
		strlcpy(text, "unix", ADDRESS_TEXT_SIZE);
}

static void
ipv4_text(const struct sockaddr_in *in, char text[])
{
	char host[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
	snprintf(text, ADDRESS_TEXT_SIZE, "%s:%u", host, ntohs(in->sin_port));
}

/*
 * getnameinfo(3) would look for the name of the scope, with system calls that
 * a sandbox forbids; its number is an address as good.
 */
static void
ipv6_text(const struct sockaddr_in6 *in6, char text[])
{
	char host[INET6_ADDRSTRLEN], scope[16];

	inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
	scope[0] = '\0';
	if (in6->sin6_scope_id != 0)
		snprintf(
		    scope, sizeof(scope), "%%%u", (unsigned)in6->sin6_scope_id);
	snprintf(text, ADDRESS_TEXT_SIZE, "[%s%s]:%u", host, scope,
	    ntohs(in6->sin6_port));
}

const char *
address_socket_text(const struct sockaddr *sa, socklen_t length, char text[])
{
	if (length == 0 || sa->sa_family == AF_UNIX ||
	    sa->sa_family == AF_UNSPEC)
		unix_text(sa, length, text);
	else if (sa->sa_family == AF_INET &&
	    length >= sizeof(struct sockaddr_in))
		ipv4_text((const struct sockaddr_in *)(const void *)sa, text);
	else if (sa->sa_family == AF_INET6 &&
	    length >= sizeof(struct sockaddr_in6))
		ipv6_text((const struct sockaddr_in6 *)(const void *)sa, text);
	else
		snprintf(text, ADDRESS_TEXT_SIZE, "family %d", sa->sa_family);
	return text;
}

socklen_t
address_unix(const struct address *a, struct sockaddr_un *sun)
{
	size_t length;

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	length = strlen(a->path);
	if (a->kind == ADDRESS_ABSTRACT) {
		memcpy(sun->sun_path + 1, a->path, length);
		return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
		    length);
	}
	memcpy(sun->sun_path, a->path, length + 1);
	return (socklen_t)sizeof(*sun);
}
