// SPDX-License-Identifier: GPL-2.0-or-later
/* Fragments of 6 header bytes (version, id, offset in units, flags and time, length) and their data. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "core/flow/defrag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t header[60] = {0x45};
	CLEANUP(defrag_free) struct defrag *defrag = NULL;
	struct overlap_hosts hosts = {.count = 1};
	uint64_t now = 0;

	/* The first byte also chooses how the receiver resolves overlaps. */
	hosts.rows[0].policy = size ? data[0] % OVERLAP_POLICY_MAX : 0;
	if (defrag_new(200000, &hosts, &defrag))
		return 0;
	while (size >= 6) {
		size_t len = data[5] < size - 6 ? data[5] : size - 6;
		struct packet packet = {
			.time_us = now += (uint64_t)(data[4] >> 1) << 20,
			.ip_version = data[0] & 1 ? 6 : 4,
			.proto = IPPROTO_UDP,
			.fragment = true,
			.more_fragments = data[4] & 1,
			.fragment_id = data[1],
			.fragment_offset = (uint32_t)((data[2] << 8 | data[3]) & 0x1fff) * 8,
			.ip_header = {header, data[0] & 1 ? 40 : 20},
			.ip_payload = {data + 6, (uint32_t)len},
		};
		struct packet inner;
		struct span whole;

		if (defrag_add(defrag, &packet, &whole) == DEFRAG_DONE)
			packet_decode_ip(whole.data, whole.len, &inner);
		if (defrag_memory(defrag) > 2 * 200000)
			abort();
		data += 6 + len;
		size -= 6 + len;
	}
	return 0;
}
