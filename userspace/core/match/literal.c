// SPDX-License-Identifier: GPL-2.0-or-later
#include "literal.h"

#include <string.h>

bool literal_same(const uint8_t *literal, const uint8_t *data, uint32_t len, bool nocase)
{
	if (!nocase)
		return !memcmp(data, literal, len);
	for (uint32_t i = 0; i < len; i++) {
		uint8_t byte = data[i];

		if ((byte >= 'A' && byte <= 'Z' ? byte + 32 : byte) != literal[i])
			return false;
	}
	return true;
}

/*
 * Letters by their share of English text, which other languages of these letters and the words of program
 * text follow closely enough; blanks and zero bytes are what text and binary data have most of.
 */
uint8_t byte_weight(uint8_t byte)
{
	static const uint8_t letters[26] = {21, 4,  7, 11, 33, 6,  5,  16, 18, 1, 2, 10, 6,
					    17, 19, 5, 1,  15, 16, 23, 7,  3,  6, 1, 5,	 1};
	uint8_t lower = byte | 0x20;

	if (lower >= 'a' && lower <= 'z')
		return letters[lower - 'a'];
	if (byte == ' ' || byte == 0)
		return 38;
	if (byte >= '0' && byte <= '9')
		return 5;
	return byte && strchr("\r\n\t\"'(),-./:;<=>_", byte) ? 4 : 1;
}
