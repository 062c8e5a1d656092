// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * access.c - names of what can be done to a file, and hashes of names.
 */
#include "access.h"

const struct access_action_name access_action_names[ACCESS_ACTION_MAX] = {
#define X(id, key, japanese, english) [ACCESS_##id] = {.name = (key), .ja = (japanese), .en = (english)},
	ACCESS_ACTIONS(X)
#undef X
};

enum access_action access_action_find(struct text name)
{
	unsigned int i = 0;

	while (i < ACCESS_ACTION_MAX && !text_is(name, access_action_names[i].name))
		i++;
	return i;
}

uint64_t access_hash(struct text text, uint64_t seed)
{
	uint64_t hash = seed ^ 0xcbf29ce484222325ull; /* FNV-1a; names of one log, a flood of equal hashes
							 costs time, bounded below */

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		hash = (hash ^ (c >= 'A' && c <= 'Z' ? c | 0x20 : c)) * 0x100000001b3ull;
	}
	return hash ^ hash >> 29;
}
