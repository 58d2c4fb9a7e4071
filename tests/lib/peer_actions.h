/*
 * The actions of a peer, and what it keeps of a connection to check it.
 * Not here: how the connection came about (peer.c).
 *
 * With N octets of a stream that is checked; each side has its own:
 *	send:N	send the own stream
 *	recv:N	receive the other's stream
 *	both:N	send:N and recv:N at the same time
 *	try:N	as both:N, shut, eof; it may break, if that can be seen
 *	fill:N	send until nothing more is taken; more than N is an error
 *	rest	receive until end of file
 *	count:FILE	write how much was sent and received
 *	line:FILE	receive a line, and write it
 *	save:N:FILE	receive N octets, fewer at end of file, and write them
 *	name:FILE	write the own address
 * With literal text:
 *	text:S	send it
 *	expect:S	receive it
 *	urgent:S	send it, its last octet out of band
 *	pass:S	send it together with a descriptor
 * Others:
 *	busy:MS	one octet to an echo and back, again and again, so long
 *	broken	receive anything, and expect a reset behind it
 *	echo	send back what comes until end of file
 *	peek	wait until there is something to read, and leave it
 *	shut	pass on an end of file
 *	deaf	take nothing any more
 *	eof	expect an end of file
 *	gone	expect a reset
 *	over	expect an end of file or a reset
 *	reset	end the connection with a reset
 *	close	end the connection
 *	await:FILE	wait until it exists
 *	touch:FILE	make it
 */
#ifndef PEER_ACTIONS_H
#define PEER_ACTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct connection {
	int fd;            /* -1: closed by an action */
	uint64_t sent;     /* of the own stream */
	uint64_t received; /* of the peer's stream */
};

/* Whose stream is whose: to be called before the first action. */
void peer_choose_streams(bool listening);

/* Exits with a message if the action fails. */
void peer_act(struct connection *, const char *action);

#endif
