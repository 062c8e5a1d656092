// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prefilter.c - any bytes as the prefilter's table and as a packet: what the check lets pass is scanned
 * without leaving its memory, and means what the naive scanner says. The first two bytes say how long the
 * packet behind the table is, the next ones what is known of it and where it is cut.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kmod/prefilter.h"
#include "kmod/test/prefilter_naive.h"

#define HEAD 8 /* bytes before the table */

static uint8_t *copy(const uint8_t *data, size_t len)
{
	uint8_t *out = malloc(len ? len : 1);

	if (out && len)
		memcpy(out, data, len);
	return out;
}

static void scan(const struct seki_pf_table *table, const uint8_t *packet, uint32_t len, const uint8_t *head)
{
	static struct seki_pf_room room;
	uint32_t first = len ? head[7] % (len + 1) : 0;
	const struct seki_pf_piece pieces[] = {{packet, first}, {packet + first, len - first}};
	struct seki_pf_query naive = {.len = len,
				      .marks = head[2],
				      .sport = (uint16_t)(head[3] << 8 | head[4]),
				      .dport = head[5],
				      .proto = head[6] & 1 ? 6 : 17,
				      .direction = head[6] & 2 ? SEKI_PF_TO_SERVER : SEKI_PF_TO_CLIENT,
				      .flags = head[6] >> 2 & (SEKI_PF_TURN | SEKI_PF_NARROW)};
	const struct seki_pf_query asked = naive;

	naive_scan(table, packet, len, &naive);
	for (enum seki_pf_isa isa = SEKI_PF_SCALAR; isa <= SEKI_PF_AVX2; isa++) {
		struct seki_pf_query query = asked;

#if defined(__x86_64__)
		if (isa == SEKI_PF_AVX2 && !__builtin_cpu_supports("avx2"))
			continue;
#else
		if (isa == SEKI_PF_AVX2)
			continue;
#endif
		seki_prefilter_scan(table, pieces, len ? 2 : 0, &query, &room, isa);
		if (memcmp(&query, &naive, sizeof(query)))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *table, *packet;
	size_t len, packet_len;

	if (size < HEAD)
		return 0;
	packet_len = (size_t)(data[0] | data[1] << 8);
	if (packet_len > size - HEAD)
		packet_len = size - HEAD;
	len = size - HEAD - packet_len;
	table = copy(data + HEAD, len);
	packet = copy(data + HEAD + len, packet_len);
	if (table && packet && !seki_prefilter_check(table, (uint32_t)len))
		scan((const struct seki_pf_table *)table, packet, (uint32_t)packet_len, data);
	free(table);
	free(packet);
	return 0;
}
