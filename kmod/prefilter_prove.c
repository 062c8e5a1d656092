// SPDX-License-Identifier: GPL-2.0-only
/*
 * prefilter_prove.c - does a variant of the scanner find what is there? Asked
 * once before it is used: emulators, and processors with a mitigation, have
 * given other answers than the manual (QEMU 7.2 takes a gather by the fifth
 * vector register for one without an index, and finds nothing).
 */
#include "prefilter_parts.h"

#define PROVE_BYTES 160 /* several vectors, and a rest */
#define FILTER_BITS 6u

/* One rule, one literal, the filter and a class' grams: all that the scan reads. */
struct proving_table {
	struct seki_pf_table head;
	struct seki_pf_rule rule;
	struct seki_pf_literal literal;
	__u16 links[2];
	__u8 bytes[8];
	__u32 filter[1u << FILTER_BITS];
	__u32 buckets[3];
	struct seki_pf_gram grams[SEKI_PF_STRIDE];
};

SEKI_STATIC_ASSERT(sizeof(struct proving_table) <= SEKI_PF_ROOM / 2, "proving_table");

#define AT(member) ((__u32) __builtin_offsetof(struct proving_table, member))

static void span_put(struct proving_table *table, enum seki_pf_section which, __u32 at, __u32 count)
{
	table->head.section[which].at = at;
	table->head.section[which].count = count;
}

/* Both windows, in the order of their buckets, of which there are two. */
static void windows_put(struct proving_table *table, enum seki_pf_class class, __s32 base)
{
	__u32 multiplier = table->head.multiplier, bucket, i, count = 0;

	for (bucket = 0; bucket < 2; bucket++) {
		table->buckets[bucket] = count;
		for (i = 0; i < SEKI_PF_STRIDE; i++) {
			__s32 offset = base + (__s32)i;
			__u32 value = seki_pf_window_of(table->bytes, table->literal.len, offset);
			struct seki_pf_gram *gram = &table->grams[count];

			if (seki_pf_bucket(class, value, multiplier, 1) != bucket)
				continue;
			gram->value = value;
			gram->offset = (__s8)offset;
			gram->outside = (__u8)seki_pf_outside_of(table->literal.len, offset);
			table->filter[seki_pf_word(value, multiplier, (1u << FILTER_BITS) - 1)] |=
				seki_pf_bits(value, gram->outside);
			count++;
		}
	}
	table->buckets[2] = count;
	span_put(table, SEKI_PF_FILTER_AT, AT(filter), 1u << FILTER_BITS);
	span_put(table, SEKI_PF_BUCKETS_WHOLE_AT + class, AT(buckets), 3);
	span_put(table, SEKI_PF_GRAMS_WHOLE_AT + class, AT(grams), count);
	table->head.filter_bits = FILTER_BITS;
	table->head.bucket_bits[class] = 1;
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
	windows_put(table, class, class == SEKI_PF_WHOLE ? 1 : -1);
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
	static const __u8 lengths[SEKI_PF_CLASS_MAX] = {[SEKI_PF_WHOLE] = 8, [SEKI_PF_PART] = 3};
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
