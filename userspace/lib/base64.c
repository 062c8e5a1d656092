// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * base64.c - digits by table, and the quick way through what is little else.
 */
#include "base64.h"

/* clang-format off */
const int8_t base64_values[256] = {
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
	-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 62, -1, -1, -1, 63,
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1, -1, -1, -1, -1, -1,
	-1,  0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, -1, -1, -1, -1, -1,
	-1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, -1, -1, -1, -1, -1,
	[128 ... 255] = -1,
};
/* clang-format on */

uint32_t base64_groups(struct span line, uint8_t *out, uint32_t *n)
{
	uint32_t i;

	for (i = 0; line.len - i >= 4; i += 4) {
		const uint8_t *at = line.data + i;
		int32_t bits = base64_values[at[0]] * (1 << 18) | base64_values[at[1]] * (1 << 12) |
			       base64_values[at[2]] * (1 << 6) | base64_values[at[3]];

		if (bits < 0)
			break;
		out[(*n)++] = (uint8_t)(bits >> 16);
		out[(*n)++] = (uint8_t)(bits >> 8);
		out[(*n)++] = (uint8_t)bits;
	}
	return i;
}

void base64_encode(struct span bytes, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (uint32_t i = 0; i < bytes.len; i += 3) {
		uint32_t left = bytes.len - i, bits = (uint32_t)bytes.data[i] << 16;

		if (left > 1)
			bits |= (uint32_t)bytes.data[i + 1] << 8;
		if (left > 2)
			bits |= bytes.data[i + 2];
		*out++ = digits[bits >> 18];
		*out++ = digits[bits >> 12 & 63];
		*out++ = left > 1 ? digits[bits >> 6 & 63] : '=';
		*out++ = left > 2 ? digits[bits & 63] : '=';
	}
	*out = '\0';
}
