// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Segments of 8 header bytes (direction and time, flags, sequence, acknowledgement, length) and their data.
 * What comes out must be in order: offsets only grow, and the window ends with the chunk.
 */
#include <stdlib.h>
#include <string.h>

#include "core/flow/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drain(struct stream *stream, uint64_t now, bool flush)
{
	struct stream_chunk chunk;

	for (int d = 0; d < 2; d++)
		while (stream_next(stream, d, now, flush, &chunk)) {
			struct span window;
			uint64_t offset;

			stream_window(stream, d, &chunk, &window, &offset);
			if (window.len < chunk.data.len)
				abort();
			if (chunk.data.len && memcmp(window.data + window.len - chunk.data.len,
						     chunk.data.data, chunk.data.len))
				abort();
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t header[24] = {[19] = 2, [20] = 3, 3, 7, 0};
	CLEANUP(stream_free) struct stream *stream = NULL;
	struct stream_stats stats = {0};
	uint64_t now = 0;

	if (stream_new(&stats, &stream))
		return 0;
	/* The first byte also chooses how the receivers resolve overlaps. */
	for (int d = 0; d < 2 && size; d++)
		stream_set_policy(stream, (enum direction)d,
				  (enum overlap_policy)(data[0] % OVERLAP_POLICY_MAX));
	while (size >= 8) {
		size_t len = data[7] < size - 8 ? data[7] : size - 8;
		/* The high byte moves the sequence far: wraparound and strays. */
		uint32_t seq = (uint32_t)data[2] << 24 | (uint32_t)data[3] << 4 | data[4];
		uint32_t ack = (uint32_t)data[5] << 24 | data[6];
		struct packet packet = {
			.time_us = now += (uint64_t)(data[0] >> 2) << 16,
			.seq = seq,
			.ack = ack,
			.tcp_flags = data[1],
			.window = 4096,
			.ttl = (uint8_t)(32 + (data[6] >> 4)),
			.has_timestamp = data[5] & 1,
			.tsval = data[4],
			.tsecr = data[6],
			.l4_header = {header, data[0] & 2 ? 24 : 20},
			.payload = {data + 8, (uint32_t)len},
		};

		if (stream_add(stream, &packet, data[0] & 1) == STREAM_REOPENED)
			break;
		drain(stream, now, false);
		if (stream_memory(stream) > 8u << 20)
			abort();
		data += 8 + len;
		size -= 8 + len;
	}
	drain(stream, now, true);
	return 0;
}
