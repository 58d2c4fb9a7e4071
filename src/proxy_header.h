/*
 * The header of the PROXY protocol (HAProxy's proxy-protocol.txt, versions 1
 * and 2) that tells a target who its client is.
 * Not here: sending it.
 */
#ifndef PROXY_HEADER_H
#define PROXY_HEADER_H

#include <sys/socket.h>

#include <stddef.h>

enum proxy_header_version {
	PROXY_HEADER_NONE,
	PROXY_HEADER_V1,
	PROXY_HEADER_V2,
};

/* Octets of the longest header: version 2 with Unix addresses. */
#define PROXY_HEADER_MAX 232

/*
 * Write the header of a connection from one address to another; lengths as
 * getpeername(2) and getsockname(2) give them, 0 where nothing is known.
 * Version 1: TCP4, TCP6, or UNKNOWN for anything else.  Version 2: PROXY with
 * IPv4, IPv6 or Unix addresses, LOCAL where nothing is known.  IPv4 addresses
 * in IPv6 (::ffff:0:0/96) on both sides are written as IPv4.  Returns the
 * header's length, 0 for PROXY_HEADER_NONE.
 */
size_t proxy_header_write(unsigned char header[PROXY_HEADER_MAX],
    enum proxy_header_version, const struct sockaddr *from,
    socklen_t from_length, const struct sockaddr *to, socklen_t to_length);

/* The same for an accepted socket, with the addresses of its two sides. */
size_t proxy_header_of(
    unsigned char header[PROXY_HEADER_MAX], enum proxy_header_version, int fd);

#endif
