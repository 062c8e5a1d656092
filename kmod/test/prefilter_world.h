/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * prefilter_world.h - tables made without the compiler of user space, damaged
 * ones, and payloads for them; whether the scanner says of them what the naive
 * one says. For the module's unit tests and for those of user space.
 *
 * Whoever includes this says how memory of an exact size is had and given back
 * (world_alloc(), world_free()) and how one payload is scanned (world_scan()).
 */
#ifndef KMOD_TEST_PREFILTER_WORLD_H
#define KMOD_TEST_PREFILTER_WORLD_H

#include "prefilter_naive.h"

#define WORLD_LITERALS 24
#define WORLD_LENGTH   12 /* of the longest literal */
#define WORLD_BITS     4  /* of the buckets' number */
#define WORLD_BUCKETS  ((1 << WORLD_BITS) + 1)
#define WORLD_FILTER   6
#define WORLD_RULES    8
#define WORLD_PAYLOAD  256
#define WORLD_EDGES    16
#define WORLD_PIECES   6

struct world_table {
	struct seki_pf_table head;
	struct seki_pf_rule rules[WORLD_RULES];
	struct seki_pf_rule blinds[1];
	struct seki_pf_literal literals[WORLD_LITERALS];
	__u16 links[WORLD_LITERALS];
	__u8 bytes[WORLD_LITERALS * WORLD_LENGTH];
	struct seki_pf_ports ports[2];
	struct seki_pf_step steps[3];
	struct seki_pf_probe probes[1];
	struct seki_pf_automaton automata[1];
	__u8 maps[256];
	__u16 moves[6];
	__u32 filter[1 << WORLD_FILTER];
	__u32 buckets[SEKI_PF_CLASS_MAX][WORLD_BUCKETS];
	struct seki_pf_gram grams[SEKI_PF_CLASS_MAX][WORLD_LITERALS * SEKI_PF_STRIDE];
};

struct world {
	struct world_table table;
	__u8 damaged[sizeof(struct world_table)];
	__u8 payload[WORLD_PAYLOAD];
	struct seki_pf_room room;
	__u32 seed, taken, refused;
	bool vectors;			     /* for whoever includes this */
	__u32 outcomes[SEKI_PF_OUTCOME_MAX]; /* how often the naive scanner said so */
};

static void *world_alloc(__u32 len);
static void world_free(void *memory);
static bool world_scan(struct world *world, const struct seki_pf_table *table,
		       const struct seki_pf_piece *pieces, unsigned int count, struct seki_pf_query *query,
		       enum seki_pf_isa isa);

static inline __u32 world_draw(struct world *world, __u32 limit)
{
	world->seed = world->seed * 1664525u + 1013904223u;
	return (__u32)((__u64)world->seed * limit >> 32);
}

/* Few letters, so that literals are met, nearly met, and alike. */
static inline __u8 world_letter(struct world *world)
{
	static const char letters[] = "aAbB/@`\0\x7f\x80\xe1\xff";

	return world_draw(world, 8) ? (__u8)letters[world_draw(world, sizeof(letters) - 1)]
				    : (__u8)world_draw(world, 256);
}

static inline void world_literal(struct world *world, __u32 number)
{
	struct world_table *table = &world->table;
	struct seki_pf_literal *literal = &table->literals[number];
	__u32 i;

	literal->bytes = number * WORLD_LENGTH;
	literal->links = number;
	literal->link_count = 1;
	literal->len = (__u8)(3 + world_draw(world, WORLD_LENGTH - 2));
	literal->nocase = world_draw(world, 2) != 0;
	literal->first = world_draw(world, 4) ? 0 : world_draw(world, 40);
	literal->last = world_draw(world, 4) ? SEKI_PF_ANYWHERE : world_draw(world, WORLD_PAYLOAD);
	literal->base = (__s8)(-1 + (int)world_draw(world, literal->len - 2u));
	table->links[number] = (__u16)world_draw(world, WORLD_RULES);
	for (i = 0; i < literal->len; i++) {
		__u8 byte = world_letter(world);

		table->bytes[literal->bytes + i] = literal->nocase ? seki_pf_lower(byte) : byte;
	}
}

/* The window of a literal in the filter and, when place is not NULL, in its bucket, else counted there. */
static inline void world_window(struct world_table *table, __u32 number, __s32 offset,
				__u32 (*place)[WORLD_BUCKETS])
{
	const struct seki_pf_literal *literal = &table->literals[number];
	enum seki_pf_outside outside = seki_pf_outside_of(literal->len, offset);
	enum seki_pf_class class = outside == SEKI_PF_NOTHING ? SEKI_PF_WHOLE : SEKI_PF_PART;
	__u32 value = seki_pf_window_of(table->bytes + literal->bytes, literal->len, offset);
	__u32 bucket = seki_pf_bucket(class, value, table->head.multiplier, WORLD_BITS);

	table->filter[seki_pf_word(value, table->head.multiplier, (1 << WORLD_FILTER) - 1)] |=
		seki_pf_bits(value, outside);
	if (place)
		table->grams[class][place[class][bucket]++] =
			(struct seki_pf_gram){value, (__u16)number, (__s8)offset, (__u8)outside};
	else
		table->buckets[class][bucket + 1]++;
}

/* False: too many in one bucket. */
static inline bool world_windows(struct world_table *table)
{
	__u32 place[SEKI_PF_CLASS_MAX][WORLD_BUCKETS], i;
	int class;

	memset(table->filter, 0, sizeof(table->filter));
	memset(table->buckets, 0, sizeof(table->buckets));
	for (i = 0; i < 2 * WORLD_LITERALS; i++)
		world_window(table, i / 2, table->literals[i / 2].base + (__s32)(i % 2), NULL);
	for (class = 0; class < SEKI_PF_CLASS_MAX; class ++) {
		for (i = 1; i < WORLD_BUCKETS; i++) {
			if (table->buckets[class][i] > SEKI_PF_BUCKET_MAX)
				return false;
			table->buckets[class][i] += table->buckets[class][i - 1];
		}
	}
	memcpy(place, table->buckets, sizeof(place));
	for (i = 0; i < 2 * WORLD_LITERALS; i++)
		world_window(table, i / 2, table->literals[i / 2].base + (__s32)(i % 2), place);
	return true;
}

/* One that drops, one that drops by an automaton ("aa"), one that marks by a number, the rest inspect. */
static inline void world_rules(struct world *world)
{
	static const __u16 moves[6] = {0, 1, SEKI_PF_REJECT, 0, SEKI_PF_ACCEPT, SEKI_PF_REJECT};
	struct world_table *table = &world->table;
	__u32 i;

	for (i = 0; i < WORLD_RULES; i++) {
		struct seki_pf_rule *rule = &table->rules[i];

		*rule = (struct seki_pf_rule){.sid = i + 1, .outcome = SEKI_PF_INSPECT};
		rule->directions = (__u8)(1 + world_draw(world, 3));
		rule->proto = world_draw(world, 2) ? 6 : 0;
		rule->unless = world_draw(world, 3) ? 0 : 2;
		rule->dport_count = world_draw(world, 2) != 0;
		rule->sport_count = !world_draw(world, 4);
		rule->sports = 1;
		if (i < 3) {
			rule->outcome = i == 2 ? SEKI_PF_MARK : SEKI_PF_DROP;
			rule->mark = 1;
			rule->steps = (__u16)i;
			rule->step_count = 1;
		}
		table->head.wanted[rule->outcome - 1] |= rule->directions;
	}
	table->blinds[0] = (struct seki_pf_rule){.outcome = SEKI_PF_BLIND, .directions = 1, .proto = 17};
	table->ports[0] = (struct seki_pf_ports){80, 90};
	table->ports[1] = (struct seki_pf_ports){1000, 65535};
	table->steps[0] = (struct seki_pf_step){.len = 3, .last = SEKI_PF_ANYWHERE};
	table->steps[0].negated = world_draw(world, 2) != 0;
	table->steps[1] = (struct seki_pf_step){.kind = SEKI_PF_MATCH, .last = SEKI_PF_ANYWHERE};
	table->steps[2] = (struct seki_pf_step){
		.kind = SEKI_PF_CHAIN, .at = WORLD_LENGTH, .len = 3, .last = 100, .probe_count = 1};
	table->probes[0] = (struct seki_pf_probe){
		.kind = SEKI_PF_RANGE, .size = 2, .delta = 3, .low = 100, .high = 40000};
	table->automata[0] = (struct seki_pf_automaton){.states = 2, .classes = 3};
	memset(table->maps, 0, sizeof(table->maps));
	table->maps['a'] = 1;
	memcpy(table->moves, moves, sizeof(moves));
}

static inline void world_span(struct world_table *table, enum seki_pf_section section, const void *first,
			      __u32 count)
{
	table->head.section[section] =
		(struct seki_pf_span){(__u32)((const __u8 *)first - (const __u8 *)table), count};
}

static inline void world_sections(struct world_table *table)
{
	int class;

	world_span(table, SEKI_PF_RULES_AT, table->rules, WORLD_RULES);
	world_span(table, SEKI_PF_BLINDS_AT, table->blinds, 1);
	world_span(table, SEKI_PF_LITERALS_AT, table->literals, WORLD_LITERALS);
	world_span(table, SEKI_PF_LINKS_AT, table->links, WORLD_LITERALS);
	world_span(table, SEKI_PF_BYTES_AT, table->bytes, sizeof(table->bytes));
	world_span(table, SEKI_PF_PORTS_AT, table->ports, 2);
	world_span(table, SEKI_PF_STEPS_AT, table->steps, 3);
	world_span(table, SEKI_PF_PROBES_AT, table->probes, 1);
	world_span(table, SEKI_PF_AUTOMATA_AT, table->automata, 1);
	world_span(table, SEKI_PF_MAPS_AT, table->maps, 256);
	world_span(table, SEKI_PF_MOVES_AT, table->moves, 6);
	world_span(table, SEKI_PF_FILTER_AT, table->filter, 1 << WORLD_FILTER);
	for (class = 0; class < SEKI_PF_CLASS_MAX; class ++) {
		world_span(table, SEKI_PF_BUCKETS_WHOLE_AT + class, table->buckets[class], WORLD_BUCKETS);
		world_span(table, SEKI_PF_GRAMS_WHOLE_AT + class, table->grams[class],
			   table->buckets[class][WORLD_BUCKETS - 1]);
	}
}

/* A sound table of random literals and conditions. */
static inline void world_make(struct world *world)
{
	struct world_table *table = &world->table;
	__u32 i;

	do {
		memset(table, 0, sizeof(*table));
		table->head = (struct seki_pf_table){.magic = SEKI_PF_MAGIC,
						     .version = SEKI_PF_VERSION,
						     .len = sizeof(*table),
						     .multiplier = world_draw(world, ~0u) | 1,
						     .filter_bits = WORLD_FILTER,
						     .bucket_bits = {WORLD_BITS, WORLD_BITS},
						     .longest = WORLD_LENGTH};
		for (i = 0; i < WORLD_LITERALS; i++)
			world_literal(world, i);
	} while (!world_windows(table));
	world_rules(world);
	world_sections(table);
}

static inline __u32 world_fill(struct world *world)
{
	const struct world_table *table = &world->table;
	__u32 most = world_draw(world, WORLD_PAYLOAD), len = 0, i;

	while (len < most) {
		const struct seki_pf_literal *literal = &table->literals[world_draw(world, WORLD_LITERALS)];

		for (i = 0; i < literal->len && len < most && world_draw(world, 20); i++)
			world->payload[len++] = table->bytes[literal->bytes + i];
		for (i = world_draw(world, 12); i && len < most; i--)
			world->payload[len++] = world_letter(world);
	}
	return len;
}

static inline unsigned int world_cut(struct world *world, const __u8 *data, __u32 len,
				     struct seki_pf_piece *pieces)
{
	unsigned int count = 0;
	__u32 at = 0, n;

	while (at < len) {
		n = count + 1 == WORLD_PIECES ? len - at : 1 + world_draw(world, (len - at) / 2 + 1);
		pieces[count].data = data + at;
		pieces[count++].len = n;
		at += n;
	}
	return count;
}

/* One payload, in one piece and in several, by every variant. */
static inline bool world_agrees(struct world *world, const struct seki_pf_table *table, const __u8 *data,
				__u32 len)
{
	struct seki_pf_query asked = {.len = len, .proto = 6, .sport = 2000, .dport = 80}, naive, query;
	struct seki_pf_piece pieces[WORLD_PIECES];
	unsigned int count, round;
	int isa;

	asked.proto = world_draw(world, 3) ? 6 : 17;
	asked.sport = (__u16)world_draw(world, 4000);
	asked.dport = (__u16)(world_draw(world, 2) ? 80 : world_draw(world, 65536));
	asked.direction = (__u8)(1 + world_draw(world, 2));
	asked.flags = (__u8)world_draw(world, 4);
	asked.marks = world_draw(world, 4);
	naive = asked;
	naive_scan(table, data, len, &naive);
	world->outcomes[naive.outcome]++;
	for (isa = SEKI_PF_SCALAR; isa <= SEKI_PF_AVX2; isa++) {
		for (round = 0; round < 2; round++) {
			query = asked;
			pieces[0].data = data;
			pieces[0].len = len;
			count = round ? world_cut(world, data, len, pieces) : len != 0;
			if (world_scan(world, table, pieces, count, &query, isa) &&
			    memcmp(&query, &naive, sizeof(query)))
				return false;
		}
	}
	return true;
}

/* Refused, or it means what the naive scanner says; both in memory of just its size. */
static inline bool world_harmless(struct world *world, const void *image, __u32 len)
{
	void *table = world_alloc(len);
	bool good = true;
	int i;

	if (!table)
		return false;
	memcpy(table, image, len);
	if (seki_prefilter_check(table, len)) {
		world->refused++;
		world_free(table);
		return true;
	}
	world->taken++;
	for (i = 0; i < 3 && good; i++) {
		__u32 size = world_fill(world);
		__u8 *data = world_alloc(size);

		good = data;
		if (good) {
			memcpy(data, world->payload, size);
			good = world_agrees(world, table, data, size);
		}
		world_free(data);
	}
	world_free(table);
	return good;
}

/* Some bits of a sound table, now and then a stretch of noise, now and then its end. */
static inline bool world_random(struct world *world)
{
	__u32 len = sizeof(world->damaged), i, at;

	world_make(world);
	memcpy(world->damaged, &world->table, len);
	for (i = world_draw(world, 4); i; i--)
		world->damaged[world_draw(world, 3) ? world_draw(world, len)
						    : world_draw(world, sizeof(struct seki_pf_table))] ^=
			1 << world_draw(world, 8);
	if (!world_draw(world, 10))
		for (at = world_draw(world, len), i = world_draw(world, 64); i && at < len; i--)
			world->damaged[at++] = (__u8)world_draw(world, 256);
	if (!world_draw(world, 10)) {
		len = world_draw(world, len);
		if (len >= sizeof(struct seki_pf_table) && world_draw(world, 2))
			((struct seki_pf_table *)world->damaged)->len = len;
	}
	return world_harmless(world, world->damaged, len);
}

static inline __u32 world_edge(struct world *world, __u32 value)
{
	const struct seki_pf_span *spans = world->table.head.section;
	const __u32 len = sizeof(world->table);
	const __u32 edges[WORLD_EDGES] = {0,
					  1,
					  0xff,
					  0xffff,
					  0x10000,
					  0x7fffffff,
					  0x80000000,
					  0xffffffff,
					  0xfffffffc,
					  len,
					  len - 1,
					  len + 1,
					  value + 1,
					  value - 1,
					  spans[world_draw(world, SEKI_PF_SECTION_MAX)].count,
					  spans[world_draw(world, SEKI_PF_SECTION_MAX)].at};

	return edges[world_draw(world, WORLD_EDGES)];
}

/* A number on an edge, or beside it, in one word of one section or of the head. */
static inline bool world_adversarial(struct world *world)
{
	const struct seki_pf_span *spans = world->table.head.section;
	__u32 section = world_draw(world, SEKI_PF_SECTION_MAX + 1), len = sizeof(world->damaged), from = 0,
	      value, at;
	__u32 to = sizeof(struct seki_pf_table);

	world_make(world);
	if (section < SEKI_PF_SECTION_MAX) {
		from = spans[section].at;
		to = section + 1 < SEKI_PF_SECTION_MAX && spans[section + 1].at > from ? spans[section + 1].at
										       : len;
	}
	at = from + world_draw(world, (to - from) / 2 - 1) * 2;
	memcpy(world->damaged, &world->table, len);
	memcpy(&value, world->damaged + at, sizeof(value));
	value = world_edge(world, value);
	memcpy(world->damaged + at, &value, world_draw(world, 2) ? 4 : 2);
	return world_harmless(world, world->damaged, len);
}

#endif
