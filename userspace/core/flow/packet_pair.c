// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packet_pair.c - the outermost addresses of a frame, folded.
 */
#include "packet_pair.h"

#include <string.h>

/*
 * The addresses of most frames, where packet_decode_layer() finds them: every worker asks for those of every
 * frame, so it should cost the others' workers little. false: not such a frame.
 */
static bool plain_addresses(enum link_type link, const uint8_t *frame, size_t len, struct seki_addr pair[2])
{
	if (link != LINK_ETHERNET || len < 14 + 40)
		return false;
	if (frame[12] == 0x08 && frame[13] == 0x00 && frame[14] == 0x45) {
		for (int i = 0; i < 2; i++) {
			memset(pair[i].b, 0, 10);
			memset(pair[i].b + 10, 0xff, 2);
			memcpy(pair[i].b + 12, frame + 26 + i * 4, 4);
		}
		return true;
	}
	if (frame[12] != 0x86 || frame[13] != 0xdd || frame[14] >> 4 != 6)
		return false;
	memcpy(pair[0].b, frame + 22, 16);
	memcpy(pair[1].b, frame + 38, 16);
	return true;
}

uint32_t packet_pair(enum link_type link, const uint8_t *frame, size_t len)
{
	struct seki_addr addresses[2] = {0};
	uint64_t pair = 0, words[4];

	if (!plain_addresses(link, frame, len, addresses)) {
		struct packet packet;

		packet_decode_layer(link, frame, len, 0, &packet);
		if (packet.ip_version) {
			addresses[0] = packet.src;
			addresses[1] = packet.dst;
		}
	}
	memcpy(words, addresses, sizeof(words));
	for (int i = 0; i < 4; i++)
		pair += (words[i] ^ words[i] >> 29) * 0x9e3779b97f4a7c15u;
	pair ^= pair >> 32;
	return (uint32_t)(pair * 0xff51afd7ed558ccdu % 0xffffffffu);
}
