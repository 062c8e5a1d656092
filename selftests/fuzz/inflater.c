// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inflater - a DEFLATE stream, with zlib beside: two bytes of how it is cut, then the stream.
 */
#include "lib/inflate_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct inflate_run ours, zlib;

	if (size < 3 || size > 65536)
		return 0;
	pair_zlib(&zlib, data + 2, (uint32_t)size - 2);
	pair_ours(&ours, data + 2, (uint32_t)size - 2, 1u + data[0] * 8u, 1u + data[1] * 32u);
	/* Where output ends, zlib may or may not have looked at what follows. */
	if (zlib.len < PAIR_OUTPUT && !pair_agrees(&ours, &zlib))
		abort();
	return 0;
}
