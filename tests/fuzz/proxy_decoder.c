/*
 * Sections 2.1 and 2.2 of proxy-protocol.txt, without inet_pton(3).
 * Not here: what a receiver may be lenient about.
 */
#include <string.h>

#include "proxy_decoder.h"

/* Of the text that is left; every function takes what it has read. */
struct text {
	const uint8_t *at;
	size_t left;
};

static int
peek(const struct text *t)
{
	return t->left == 0 ? -1 : *t->at;
}

static bool
take(struct text *t, const char *word)
{
	size_t length;

	length = strlen(word);
	if (t->left < length || memcmp(t->at, word, length) != 0)
		return false;
	t->at += length;
	t->left -= length;
	return true;
}

static int
digit_of(int c, unsigned base)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (base == 16 && c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Without zeros in front. */
static bool
take_number(struct text *t, unsigned base, unsigned most, unsigned *number)
{
	unsigned digits;
	int digit;

	*number = digits = 0;
	while ((digit = digit_of(peek(t), base)) != -1) {
		if (digits > 0 && *number == 0)
			return false;
		*number = *number * base + (unsigned)digit;
		if (*number > most)
			return false;
		digits++;
		t->at++;
		t->left--;
	}
	return digits > 0;
}

static bool
take_ipv4(struct text *t, uint8_t octets[4])
{
	unsigned i, number;

	for (i = 0; i < 4; i++) {
		if ((i > 0 && !take(t, ".")) ||
		    !take_number(t, 10, 255, &number))
			return false;
		octets[i] = (uint8_t)number;
	}
	return true;
}

/* Whether what is left of this word is an IPv4 address. */
static bool
has_dot(const struct text *t)
{
	size_t i;

	for (i = 0; i < t->left; i++) {
		if (t->at[i] == '.')
			return true;
		if (t->at[i] == ':' || t->at[i] == ' ')
			break;
	}
	return false;
}

/* Groups up to a "::" or a blank, into room for n octets. */
static bool
take_groups(struct text *t, uint8_t octets[16], size_t most, size_t *n)
{
	unsigned number;

	*n = 0;
	if (peek(t) == ' ' || peek(t) == ':')
		return true;
	for (;;) {
		if (has_dot(t)) {
			if (*n + 4 > most || !take_ipv4(t, octets + *n))
				return false;
			*n += 4;
			return true;
		}
		if (*n + 2 > most || !take_number(t, 16, 0xffff, &number))
			return false;
		octets[(*n)++] = (uint8_t)(number >> 8);
		octets[(*n)++] = (uint8_t)number;
		if (peek(t) != ':' || (t->left > 1 && t->at[1] == ':'))
			return true;
		take(t, ":");
	}
}

/* RFC 4291, section 2.2, in small letters. */
static bool
take_ipv6(struct text *t, uint8_t octets[16])
{
	uint8_t tail[16];
	size_t head, n;

	memset(octets, 0, 16);
	if (!take_groups(t, octets, 16, &head))
		return false;
	if (head == 16)
		return true;
	if (!take(t, "::") || !take_groups(t, tail, 14 - head, &n))
		return false;
	memcpy(octets + 16 - n, tail, n);
	return true;
}

static bool
take_address(struct text *t, struct proxy_side *s)
{
	return s->family == PROXY_TCP4 ? take_ipv4(t, s->address)
	                               : take_ipv6(t, s->address);
}

static void
clear(struct proxy_side *source, struct proxy_side *target)
{
	memset(source, 0, sizeof(*source));
	memset(target, 0, sizeof(*target));
}

bool
proxy_decode_v1(const uint8_t *header, size_t n, struct proxy_side *source,
    struct proxy_side *target)
{
	struct text t = { header, n };

	clear(source, target);
	if (n > 107 || !take(&t, "PROXY "))
		return false;
	if (take(&t, "UNKNOWN"))
		return take(&t, "\r\n") && t.left == 0;
	if (take(&t, "TCP4 "))
		source->family = target->family = PROXY_TCP4;
	else if (take(&t, "TCP6 "))
		source->family = target->family = PROXY_TCP6;
	else
		return false;
	return take_address(&t, source) && take(&t, " ") &&
	    take_address(&t, target) && take(&t, " ") &&
	    take_number(&t, 10, 65535, &source->port) && take(&t, " ") &&
	    take_number(&t, 10, 65535, &target->port) && take(&t, "\r\n") &&
	    t.left == 0;
}

/* Addresses of so many octets each, and two ports if there are any. */
static bool
decode_body(const uint8_t *body, size_t n, size_t octets, bool ports,
    struct proxy_side *source, struct proxy_side *target)
{
	if (n != 2 * octets + (ports ? 4u : 0u))
		return false;
	memcpy(source->address, body, octets);
	memcpy(target->address, body + octets, octets);
	if (ports) {
		body += 2 * octets;
		source->port = body[0] * 256u + body[1];
		target->port = body[2] * 256u + body[3];
	}
	return true;
}

bool
proxy_decode_v2(const uint8_t *header, size_t n, struct proxy_side *source,
    struct proxy_side *target)
{
	static const struct {
		uint8_t code; /* family and transport; always STREAM */
		enum proxy_family family;
		size_t octets;
	} families[] = { { 0x11, PROXY_TCP4, 4 }, { 0x21, PROXY_TCP6, 16 },
		{ 0x31, PROXY_UNIX, 108 } };
	size_t i;

	clear(source, target);
	if (n < 16 || memcmp(header, "\r\n\r\n\0\r\nQUIT\n", 12) != 0 ||
	    header[14] * 256u + header[15] != n - 16)
		return false;
	if (header[12] == 0x20)
		return header[13] == 0 && n == 16;
	if (header[12] != 0x21)
		return false;
	for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
		if (families[i].code != header[13])
			continue;
		source->family = target->family = families[i].family;
		return decode_body(header + 16, n - 16, families[i].octets,
		    families[i].family != PROXY_UNIX, source, target);
	}
	return false;
}
