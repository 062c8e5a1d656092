/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inflate_pair.h - one DEFLATE stream through ours and through zlib, in
 * pieces: same bytes, same end, same input used.
 */
#ifndef SELFTESTS_INFLATE_PAIR_H
#define SELFTESTS_INFLATE_PAIR_H

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lib/inflater.h"

#define PAIR_OUTPUT (256u << 10)

struct inflate_run {
	int end; /* 1: over, 0: more, -1: broken */
	uint32_t used, len;
	uint8_t out[PAIR_OUTPUT];
};

static inline void pair_zlib(struct inflate_run *run, const uint8_t *data, uint32_t len)
{
	z_stream z = {
		.next_in = (Bytef *)data, .avail_in = len, .next_out = run->out, .avail_out = PAIR_OUTPUT};
	int code;

	if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
		abort();
	code = inflate(&z, Z_NO_FLUSH);
	run->end = code == Z_STREAM_END ? 1 : code == Z_OK || code == Z_BUF_ERROR ? 0 : -1;
	run->used = (uint32_t)z.total_in;
	run->len = (uint32_t)z.total_out;
	inflateEnd(&z);
}

/* piece bytes of input at a time and at most step of output; each input in a block of its own. */
static inline void pair_ours(struct inflate_run *run, const uint8_t *data, uint32_t len, uint32_t piece,
			     uint32_t step)
{
	struct inflater *inflater = malloc(sizeof(*inflater));
	enum inflater_result result = INFLATER_MORE;

	if (!inflater)
		abort();
	memset(inflater, 0xa5, sizeof(*inflater));
	inflater_begin(inflater);
	run->used = run->len = 0;
	while (result == INFLATER_MORE && run->used < len && run->len < PAIR_OUTPUT) {
		uint32_t n = len - run->used < piece ? len - run->used : piece, room;
		uint8_t *block = malloc(n);
		struct span in = {block, n};

		if (!block)
			abort();
		memcpy(block, data + run->used, n);
		do {
			room = PAIR_OUTPUT - run->len < step ? PAIR_OUTPUT : run->len + step;
			result = inflater_run(inflater, &in, run->out, &run->len, room);
		} while (result == INFLATER_MORE && (in.len || run->len == room) && run->len < PAIR_OUTPUT);
		run->used += n - in.len;
		free(block);
	}
	run->end = result == INFLATER_END ? 1 : result == INFLATER_MORE ? 0 : -1;
	free(inflater);
}

static inline bool pair_agrees(const struct inflate_run *ours, const struct inflate_run *zlib)
{
	return ours->end == zlib->end && ours->len == zlib->len && !memcmp(ours->out, zlib->out, ours->len) &&
	       (zlib->end < 1 || ours->used == zlib->used);
}

#endif
