// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prefix.c - text to prefix and back, containment and order.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "prefix.h"

#define V4_BITS 96u

static const uint8_t v4_mapped[12] = {[10] = 0xff, [11] = 0xff};

bool prefix_is_v4(const struct prefix *p)
{
	return p->len >= V4_BITS && !memcmp(p->addr, v4_mapped, sizeof(v4_mapped));
}

/* Decimal without sign or leading zero, at most max. */
static int parse_length(const char *text, size_t len, unsigned int max, unsigned int *out)
{
	unsigned int value = 0;

	if (len < 1 || len > 3 || (len > 1 && text[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		value = value * 10 + (unsigned int)(text[i] - '0');
	}
	if (value > max)
		return -EINVAL;
	*out = value;
	return 0;
}

/* The four octets, exactly; inet_pton() is not asked, so that "01.2.3.4" is refused on every C library. */
static int parse_v4(const char *text, size_t len, uint8_t out[4])
{
	size_t at = 0;

	for (unsigned int octet = 0; octet < 4; octet++) {
		size_t begin = at;
		unsigned int value;

		while (at < len && text[at] != '.')
			at++;
		if (parse_length(text + begin, at - begin, 255, &value))
			return -EINVAL;
		out[octet] = (uint8_t)value;
		if ((octet < 3) != (at < len))
			return -EINVAL;
		at++;
	}
	return 0;
}

static int parse_v6(const char *text, size_t len, uint8_t out[16])
{
	char copy[INET6_ADDRSTRLEN];

	if (len >= sizeof(copy))
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return inet_pton(AF_INET6, copy, out) == 1 ? 0 : -EINVAL;
}

bool prefix_is_canonical(const struct prefix *p)
{
	unsigned int at = p->len / 8;

	if (p->len >= 128)
		return p->len == 128;
	if (p->addr[at] & (0xff >> (p->len % 8)))
		return false;
	for (at++; at < 16; at++)
		if (p->addr[at])
			return false;
	return true;
}

static int refuse(const char **why, const char *text)
{
	if (why)
		*why = text;
	return -EINVAL;
}

int prefix_parse(const char *text, size_t len, struct prefix *out, const char **why)
{
	const char *slash, *v6;
	struct prefix p = {.len = 128};
	unsigned int bits, family_bits;
	size_t addr_len;

	if (len == 0)
		return refuse(why, "empty address");
	if (memchr(text, '\0', len))
		return refuse(why, "NUL byte in an address");
	slash = memchr(text, '/', len);
	addr_len = slash ? (size_t)(slash - text) : len;
	v6 = memchr(text, ':', addr_len);
	if (v6) {
		if (parse_v6(text, addr_len, p.addr))
			return refuse(why, "not an IPv6 address");
		family_bits = 128;
	} else {
		memcpy(p.addr, v4_mapped, sizeof(v4_mapped));
		if (parse_v4(text, addr_len, p.addr + 12))
			return refuse(why, "not an IP address");
		family_bits = 32;
	}
	if (slash) {
		if (parse_length(slash + 1, len - addr_len - 1, family_bits, &bits))
			return refuse(why, v6 ? "the prefix length is not 0..128"
					      : "the prefix length is not 0..32");
		p.len = (uint8_t)(bits + 128 - family_bits);
	}
	if (!prefix_is_canonical(&p))
		return refuse(why, "bits are set behind the prefix length");
	*out = p;
	return 0;
}

const char *prefix_format(const struct prefix *p, char text[PREFIX_TEXT_MAX])
{
	char addr[INET6_ADDRSTRLEN];
	bool v4 = prefix_is_v4(p);

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? p->addr + 12 : p->addr, addr, sizeof(addr));
	if (p->len == 128)
		snprintf(text, PREFIX_TEXT_MAX, "%s", addr);
	else
		snprintf(text, PREFIX_TEXT_MAX, "%s/%u", addr, v4 ? p->len - V4_BITS : p->len);
	return text;
}

bool prefix_contains(const struct prefix *outer, const struct prefix *inner)
{
	unsigned int bytes = outer->len / 8, bits = outer->len % 8;

	if (outer->len > inner->len || outer->len > 128)
		return false;
	if (memcmp(outer->addr, inner->addr, bytes))
		return false;
	return !bits || !((outer->addr[bytes] ^ inner->addr[bytes]) & (0xff00 >> bits) & 0xff);
}

int prefix_compare(const struct prefix *a, const struct prefix *b)
{
	int order = memcmp(a->addr, b->addr, sizeof(a->addr));

	return order ? order : (int)a->len - (int)b->len;
}
