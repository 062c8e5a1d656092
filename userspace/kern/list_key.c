// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_key.c - prefixes, keys and places of the blacklist's tables.
 */
#include <arpa/inet.h>
#include <string.h>

#include "lib/cleanup.h"
#include "list_key.h"

#define X(level, low) {level, low},
const struct level list_levels4[] = {SEKI_LIST_LEVELS4(X)};
const struct level list_levels6[] = {SEKI_LIST_LEVELS6(X)};
#undef X

static const uint8_t mapped_head[12] = {[10] = 0xff, [11] = 0xff};

static __u64 mask64(uint32_t bits)
{
	return bits >= 64 ? UINT64_MAX : bits ? ~(UINT64_MAX >> bits) : 0;
}

struct key key_masked(bool six, struct key key, uint32_t len)
{
	if (!six)
		return (struct key){key.hi & (len >= 32 ? UINT32_MAX : ~(UINT32_MAX >> len)), 0};
	return (struct key){key.hi & mask64(len), len > 64 ? key.lo & mask64(len - 64) : 0};
}

struct seki_lpm lpm_of_key(bool six, struct key key, uint32_t len)
{
	struct seki_lpm out = {.prefixlen = six ? len : len + 96};

	key = key_masked(six, key, len);
	if (six) {
		out.addr.w[0] = htonl((uint32_t)(key.hi >> 32));
		out.addr.w[1] = htonl((uint32_t)key.hi);
		out.addr.w[2] = htonl((uint32_t)(key.lo >> 32));
		out.addr.w[3] = htonl((uint32_t)key.lo);
	} else {
		memcpy(out.addr.b, mapped_head, sizeof(mapped_head));
		out.addr.w[3] = htonl((uint32_t)key.hi);
	}
	return out;
}

struct seki_lpm list_spilled_prefix(const struct seki_list_spill_key *key, const struct seki_list_hit *hit)
{
	return lpm_of_key(key->generation & 1, (struct key){key->hi, key->lo}, hit->len);
}

int level_index(bool six, uint32_t len)
{
	int count = six ? SEKI_LIST_LEVEL_COUNT6 : SEKI_LIST_LEVEL_COUNT4;

	for (int i = 0; i < count; i++)
		if (len <= level_at(six, i)->length && len >= level_at(six, i)->low)
			return i;
	return -1;
}

uint32_t span_keys6(const struct span *span)
{
	int level = level_index(true, span->len);

	return level < 0 ? 0 : 1u << (list_levels6[level].length - span->len);
}

/* No level has more than 2^8 keys of one prefix, all within one 64-bit half. */
struct key span_key6(const struct span *span, uint32_t n)
{
	struct key key = {span->hi, span->lo};
	uint32_t length = list_levels6[level_index(true, span->len)].length;

	if (length <= 64)
		key.hi |= (__u64)n << (64 - length);
	else
		key.lo |= (__u64)n << (128 - length);
	return key;
}

uint32_t crowd_keys(uint32_t len)
{
	return len <= 20 ? 1 : 1u << (list_levels4[level_index(false, len)].length - len);
}

struct key crowd_key(struct key member, uint32_t len, uint32_t n)
{
	member.hi |= (__u64)n << (32 - list_levels4[level_index(false, len)].length);
	return member;
}

static __u64 *bucket_find(void *bucket, bool six, struct key key, uint32_t low, uint32_t high)
{
	__u64 *said = bucket_said(bucket, six);

	for (int i = 0; i < SEKI_LIST_SLOTS; i++) {
		struct key held = bucket_key(bucket, six, i);

		if (held.hi == key.hi && held.lo == key.lo && said[i] && seki_list_len(said[i]) >= low &&
		    seki_list_len(said[i]) <= high)
			return &said[i];
	}
	return NULL;
}

__u64 *place_find(const struct place *place, struct key key, uint32_t low, uint32_t high)
{
	__u64 *said = bucket_find(place->first, place->six, key, low, high);

	if (!said && place_second(place))
		said = bucket_find(place->second, place->six, key, low, high);
	return said;
}

void list_prefix_mask(struct seki_lpm *prefix)
{
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t kept = prefix->prefixlen > i * 8 ? prefix->prefixlen - i * 8 : 0;

		if (kept < 8)
			prefix->addr.b[i] &= (uint8_t)(0xff00 >> kept);
	}
}

bool list_table_is_odd(const struct seki_lpm *key)
{
	struct span span = span_of(key);

	return span.six && level_index(true, span.len) < 0;
}

uint32_t list_table_level_low(const struct seki_lpm *key)
{
	struct span span = span_of(key);
	int level = level_index(span.six, span.len);

	if (!span.six)
		return span.len > 16 ? key->prefixlen : 96;
	return level < 0 ? key->prefixlen : list_levels6[level].low;
}

struct seki_list_hit list_hit_of(const struct gate_list_row *row)
{
	struct span span = span_of(&row->key);

	return (struct seki_list_hit){
		.expires = row->value.expires,
		.list = row->value.list,
		.flags = (uint8_t)(row->value.flags | row->value.severity << SEKI_LIST_SEVERITY_SHIFT),
		.len = (uint8_t)span.len,
	};
}

struct seki_entry list_entry_of(const struct seki_list_hit *hit)
{
	return (struct seki_entry){
		.expires = hit->expires,
		.list = hit->list,
		.flags = hit->flags & ((1u << SEKI_LIST_SEVERITY_SHIFT) - 1),
		.severity = hit->flags >> SEKI_LIST_SEVERITY_SHIFT,
	};
}
