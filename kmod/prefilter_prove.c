// SPDX-License-Identifier: GPL-2.0-only
/*
 * prefilter_prove.c - does a variant of the scanner find what is there? Asked
 * once before it is used: emulators, and processors with a mitigation, have
 * given other answers than the manual (QEMU 7.2 takes a gather by the fifth
 * vector register for one without an index, and finds nothing).
 */
#include "prefilter_parts.h"

#define PROVE_BYTES 160 /* several vectors, and a rest */
#define BITMAP_BITS 12u

/* One rule, one literal, its class' sieve: all that the scan reads. */
struct proving_table {
	struct seki_pf_table head;
	struct seki_pf_rule rule;
	struct seki_pf_literal literal;
	__u16 links[2];
	__u8 bytes[8];
	__u32 bitmap[(1u << BITMAP_BITS) / 32];
	__u32 buckets[3];
	struct seki_pf_gram grams[4];
};
SEKI_STATIC_ASSERT(sizeof(struct proving_table) <= SEKI_PF_ROOM / 2, "proving_table");

#define AT(member) ((__u32) __builtin_offsetof(struct proving_table, member))

static void span_put(struct proving_table *table, enum seki_pf_section which, __u32 at, __u32 count)
{
	table->head.section[which].at = at;
	table->head.section[which].count = count;
}

static __u32 gram_at(const __u8 *bytes, __u32 gram)
{
	return gram == 4 ? seki_pf_gram4(bytes) : seki_pf_gram3(bytes);
}

/* Grams in the order of their buckets, of which there are two. */
static void grams_put(struct proving_table *table, enum seki_pf_class class)
{
	const __u32 stride = seki_pf_classes[class].stride;
	__u32 bucket, offset, count = 0;

	for (bucket = 0; bucket < 2; bucket++) {
		table->buckets[bucket] = count;
		for (offset = 0; offset < stride; offset++) {
			__u32 value = gram_at(table->bytes + offset, seki_pf_classes[class].gram);
			__u32 hash = value * table->head.multiplier, bit = hash >> (32 - BITMAP_BITS);

			if (hash >> 31 != bucket)
				continue;
			table->bitmap[bit / 32] |= 1u << (bit % 32);
			table->grams[count].value = value;
			table->grams[count++].offset = (__u8)offset;
		}
	}
	table->buckets[2] = count;
	span_put(table, SEKI_PF_BITMAP_LONG_AT + class, AT(bitmap),
		 sizeof(table->bitmap) / sizeof(table->bitmap[0]));
	span_put(table, SEKI_PF_BUCKETS_LONG_AT + class, AT(buckets), 3);
	span_put(table, SEKI_PF_GRAMS_LONG_AT + class, AT(grams), count);
	table->head.bitmap_bits[class] = BITMAP_BITS;
	table->head.bucket_bits[class] = 1;
}

static void nibbles_put(struct proving_table *table)
{
	__u32 i;

	for (i = 0; i < 3; i++) {
		__u8 byte = table->bytes[i] | (SEKI_PF_FOLD & 0xff);

		table->head.nibbles[i][0][byte & 15] = 1;
		table->head.nibbles[i][1][byte >> 4] = 1;
	}
}

static void table_make(struct proving_table *table, enum seki_pf_class class, __u32 len)
{
	memset(table, 0, sizeof(*table));
	memcpy(table->bytes, "Prove it", sizeof(table->bytes));
	table->head.multiplier = 0x9e3779b1u;
	table->head.longest = len;
	table->head.wanted[SEKI_PF_DROP - 1] = SEKI_PF_TO_SERVER;
	table->rule.outcome = SEKI_PF_DROP;
	table->rule.directions = SEKI_PF_TO_SERVER;
	table->literal.link_count = 1;
	table->literal.len = (__u8)len;
	table->literal.last = SEKI_PF_ANYWHERE;
	span_put(table, SEKI_PF_RULES_AT, AT(rule), 1);
	span_put(table, SEKI_PF_LITERALS_AT, AT(literal), 1);
	span_put(table, SEKI_PF_LINKS_AT, AT(links), 1);
	span_put(table, SEKI_PF_BYTES_AT, AT(bytes), len);
	grams_put(table, class);
	if (class == SEKI_PF_SHORT)
		nibbles_put(table);
}

static __u8 outcome_of(const struct proving_table *table, const __u8 *data, struct seki_pf_room *room,
		       enum seki_pf_isa isa)
{
	const struct seki_pf_piece piece = {data, PROVE_BYTES};
	struct seki_pf_query query = {.len = PROVE_BYTES, .direction = SEKI_PF_TO_SERVER};

	seki_prefilter_scan(&table->head, &piece, 1, &query, room, isa);
	return query.outcome;
}

bool seki_prefilter_proves(struct seki_pf_room *room, enum seki_pf_isa isa)
{
	static const __u8 lengths[SEKI_PF_CLASS_MAX] = {
		[SEKI_PF_LONG] = 8, [SEKI_PF_MIDDLE] = 6, [SEKI_PF_SHORT] = 3};
	struct proving_table *table = (struct proving_table *)room->flat;
	__u8 *data = room->flat + SEKI_PF_ROOM / 2;
	__u32 class, at;

	for (class = 0; class < SEKI_PF_CLASS_MAX; class ++) {
		table_make(table, class, lengths[class]);
		memset(data, '.', PROVE_BYTES);
		if (outcome_of(table, data, room, isa) != SEKI_PF_NONE)
			return false;
		for (at = 0; at + lengths[class] <= PROVE_BYTES; at++) {
			memcpy(data + at, table->bytes, lengths[class]);
			if (outcome_of(table, data, room, isa) != SEKI_PF_DROP)
				return false;
			memset(data + at, '.', lengths[class]);
		}
	}
	return true;
}
