// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * community_id.c - the flow hash that sensors share: version 1, seed 0.
 */
#include "eve.h"
#include "lib/base64.h"

#include <netinet/in.h>
#include <string.h>

/* SHA-1 of at most 55 bytes: one block (FIPS 180-4). The format asks for it; nothing here relies on its
 * strength. */
static void sha1_block(const uint8_t *data, size_t len, uint8_t digest[20])
{
	uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}, w[80];
	uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
	uint8_t block[64] = {};

	memcpy(block, data, len);
	block[len] = 0x80;
	block[62] = (uint8_t)(len * 8 >> 8);
	block[63] = (uint8_t)(len * 8);
	for (unsigned int i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
		       (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (unsigned int i = 16; i < 80; i++) {
		uint32_t x = w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16];

		w[i] = x << 1 | x >> 31;
	}
	for (unsigned int i = 0; i < 80; i++) {
		uint32_t f, k, t;

		if (i < 20) {
			f = (b & c) | (~b & d);
			k = 0x5a827999;
		} else if (i < 40) {
			f = b ^ c ^ d;
			k = 0x6ed9eba1;
		} else if (i < 60) {
			f = (b & c) | (b & d) | (c & d);
			k = 0x8f1bbcdc;
		} else {
			f = b ^ c ^ d;
			k = 0xca62c1d6;
		}
		t = (a << 5 | a >> 27) + f + e + k + w[i];
		e = d;
		d = c;
		c = b << 30 | b >> 2;
		b = a;
		a = t;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
	for (unsigned int i = 0; i < 20; i++)
		digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

void eve_community_id(const struct flow *flow, char text[40])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	const struct seki_addr *lo = &flow->key.lo, *hi = &flow->key.hi;
	uint16_t lo_port = ntohs(flow->key.lo_port), hi_port = ntohs(flow->key.hi_port);
	bool v4 = !memcmp(lo->b, mapped, sizeof(mapped)) && !memcmp(hi->b, mapped, sizeof(mapped));
	size_t skip = v4 ? 12 : 0, len = 2;
	uint8_t data[64] = {}, digest[20]; /* begins with the seed, zero */
	bool ports = flow->proto == IPPROTO_TCP || flow->proto == IPPROTO_UDP || flow->proto == IPPROTO_SCTP;

	if (flow->proto == IPPROTO_ICMP || flow->proto == IPPROTO_ICMPV6) {
		/* The key holds the echo identifier; the format wants request and answer types as ports. */
		bool client_low = !memcmp(lo->b, flow->client.b, 16);
		uint16_t ask = flow->proto == IPPROTO_ICMP ? 8 : 128,
			 answer = flow->proto == IPPROTO_ICMP ? 0 : 129;

		lo_port = client_low ? ask : answer;
		hi_port = client_low ? answer : ask;
		ports = true;
	}
	memcpy(data + len, lo->b + skip, 16 - skip);
	len += 16 - skip;
	memcpy(data + len, hi->b + skip, 16 - skip);
	len += 16 - skip;
	data[len++] = flow->proto;
	data[len++] = 0;
	if (ports) {
		data[len++] = (uint8_t)(lo_port >> 8);
		data[len++] = (uint8_t)lo_port;
		data[len++] = (uint8_t)(hi_port >> 8);
		data[len++] = (uint8_t)hi_port;
	}
	sha1_block(data, len, digest);
	text[0] = '1';
	text[1] = ':';
	base64_encode((struct span){digest, sizeof(digest)}, text + 2);
}
