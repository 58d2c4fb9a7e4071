/*
 * Addresses as a person writes them, and as a log line shows them.
 * Not here: names are not looked up; see resolver.h.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

enum address_kind {
	ADDRESS_PATH,     /* a Unix socket in the file system */
	ADDRESS_ABSTRACT, /* a Linux abstract Unix socket, unix(7) */
	ADDRESS_HOST,     /* host and port of TCP */
};

/* Longest host name (RFC 1035) or address with scope, and service name. */
#define ADDRESS_HOST_MAX 255
#define ADDRESS_PORT_MAX 63

/* Room for any socket address as text, with its NUL. */
#define ADDRESS_TEXT_SIZE 320

struct address {
	enum address_kind kind;
	/* path, or name without the @; NUL-terminated */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char host[ADDRESS_HOST_MAX + 1]; /* no brackets; "" is every address */
	char port[ADDRESS_PORT_MAX + 1]; /* number or service name */
};

/*
 * Parse PATH with a slash, unix:PATH, @NAME, HOST:PORT or [IPv6]:PORT.
 * "*" as host is stored as "".  Returns NULL, or what is wrong, as the end
 * of a sentence that begins with the address.
 */
const char *address_parse(struct address *, const char *text);

/*
 * Write what was parsed, as a person would: ADDRESS_TEXT_SIZE octets at most.
 * Returns text.
 */
const char *address_text(const struct address *, char text[]);

/*
 * Write a socket's address: 127.0.0.1:80, [::1]:80, a path, @name, or "unix"
 * for a socket without a name.  ADDRESS_TEXT_SIZE octets at most.  Returns
 * text.
 */
const char *address_socket_text(
    const struct sockaddr *, socklen_t, char text[]);

/*
 * The socket address of an ADDRESS_PATH or ADDRESS_ABSTRACT; an abstract
 * name has its exact length.
 */
socklen_t address_unix(const struct address *, struct sockaddr_un *);

#endif
