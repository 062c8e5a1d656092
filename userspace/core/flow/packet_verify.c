// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packet_verify.c - checksums of a decoded packet: IPv4 header, TCP, UDP,
 * ICMP and ICMPv6 (RFC 1071, RFC 8200 section 8.1).
 */
#include "packet.h"

#include <netinet/in.h>
#include <string.h>

/* Sum of 16-bit words in memory order; the complement of the folded sum does not depend on byte order. */
static uint64_t sum_add(uint64_t sum, const uint8_t *data, size_t len)
{
	while (len >= 4) {
		uint32_t word;

		memcpy(&word, data, 4);
		sum += word;
		data += 4;
		len -= 4;
	}
	if (len >= 2) {
		uint16_t half;

		memcpy(&half, data, 2);
		sum += half;
		data += 2;
		len -= 2;
	}
	if (len) {
		uint8_t last[2] = {data[0], 0};
		uint16_t half;

		memcpy(&half, last, 2);
		sum += half;
	}
	return sum;
}

static bool sum_good(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

static uint64_t sum_pseudo_header(const struct packet *packet, uint32_t len)
{
	uint8_t tail[8] = {
		(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0,
		packet->proto};
	size_t skip = packet->ip_version == 4 ? 12 : 0;
	uint64_t sum = sum_add(0, packet->src.b + skip, 16 - skip);

	sum = sum_add(sum, packet->dst.b + skip, 16 - skip);
	return sum_add(sum, tail, sizeof(tail));
}

/* RFC 8200 section 8.1: with a routing header the final destination counts, which the packet does not tell
 * plainly. */
static bool has_routing_header(const struct packet *packet)
{
	const uint8_t *p = packet->ip_header.data;
	uint32_t len = packet->ip_header.len, at = 40;
	uint8_t next;

	if (packet->ip_version != 6)
		return false;
	next = p[6];
	while (at + 8 <= len) {
		if (next == IPPROTO_ROUTING)
			return p[at + 3] != 0; /* segments left */
		next = p[at];
		at += next == IPPROTO_FRAGMENT ? 8 : ((uint32_t)p[at + 1] + 1) * 8;
	}
	return false;
}

static bool l4_good(const struct packet *packet)
{
	const uint8_t *p = packet->l4_header.data;
	uint32_t len = packet->l4_header.len + packet->payload.len;

	switch (packet->proto) {
	case IPPROTO_UDP:
		if (!p[6] && !p[7]) /* not computed: allowed over IPv4 only */
			return packet->ip_version == 4;
		break;
	case IPPROTO_TCP:
	case IPPROTO_ICMPV6:
		break;
	case IPPROTO_ICMP:
		return sum_good(sum_add(0, p, len));
	default:
		return true;
	}
	return sum_good(sum_add(sum_pseudo_header(packet, len), p, len));
}

void packet_verify(struct packet *packet)
{
	packet->ip_checksum_bad = packet->l4_checksum_bad = false;
	if (packet->ip_version == 4)
		packet->ip_checksum_bad =
			!sum_good(sum_add(0, packet->ip_header.data, packet->ip_header.len));
	if (packet->fragment || packet->truncated || packet->checksum_unknown || !packet->l4_header.len)
		return;
	if (!has_routing_header(packet))
		packet->l4_checksum_bad = !l4_good(packet);
}
