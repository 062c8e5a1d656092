// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * quad_build.c - chooses of each literal the four bytes in a row that
 * ordinary data has least of, and puts those that look alike in one group.
 */
#include <errno.h>
#include <float.h>
#include <string.h>

#include "quad_parts.h"

/* How many groups pass at a place: more than this, and comparing takes longer than the search. */
#define QUAD_RATE_ONE_SET 0.0005 /* else a second set is worth its time */
#define QUAD_RATE_MAX	  0.01

/* A literal, and its bytes that are looked up: from `at` on. */
struct quad_member {
	uint32_t word, mask;
	uint16_t literal, at;
};

struct quad_codes {
	uint64_t bits[QUAD_CODES / 64];
};

struct quad_plan {
	double common[QUAD_CODES]; /* how often ordinary data has each */
	struct quad_member members[QUAD_LITERALS_MAX];
	uint8_t group_of[QUAD_LITERALS_MAX];
	uint32_t count;
	struct quad_union {
		struct quad_codes bytes[QUAD_BYTES];
		double rate; /* how often it passes */
	} groups[QUAD_LITERALS_MAX];
	double cost[QUAD_LITERALS_MAX][QUAD_LITERALS_MAX]; /* of uniting two groups */
	uint32_t group_count;
};

/* Of text, and of what is as good as random. */
static double byte_common(uint8_t byte)
{
	return byte_weight(byte) + 1.0;
}

static void plan_common(struct quad_plan *plan)
{
	double sum = 0;

	for (uint32_t byte = 0; byte < 256; byte++)
		sum += byte_common((uint8_t)byte);
	for (uint32_t byte = 0; byte < 256; byte++)
		plan->common[byte % QUAD_CODES] += byte_common((uint8_t)byte) / sum;
}

/* Where the bytes of the literal begin that say most. */
static uint16_t quad_window(const struct literal *literal)
{
	double least = DBL_MAX;
	uint16_t best = 0;

	for (uint32_t at = 0; at + QUAD_BYTES <= literal->len; at++) {
		double cost = 1;

		for (uint32_t i = 0; i < QUAD_BYTES; i++)
			cost *= byte_common(literal->data[at + i]);
		if (cost < least) {
			least = cost;
			best = (uint16_t)at;
		}
	}
	return best;
}

static struct quad_member member_of(const struct literal *literal, uint32_t index)
{
	struct quad_member member = {.literal = (uint16_t)index, .at = quad_window(literal)};

	for (uint32_t i = 0; i < QUAD_BYTES && member.at + i < literal->len; i++) {
		uint8_t byte = literal->data[member.at + i];
		bool letter = literal->nocase && byte >= 'a' && byte <= 'z';
		uint8_t mask = letter ? (uint8_t)~0x20 : 0xff;

		member.mask |= (uint32_t)mask << 8 * i;
		member.word |= (uint32_t)(byte & mask) << 8 * i;
	}
	return member;
}

static struct quad_union union_of(const struct quad_plan *plan, const struct quad_union *x,
				  const struct quad_union *y)
{
	struct quad_union both = {.rate = 1};

	for (uint32_t i = 0; i < QUAD_BYTES; i++) {
		double common = 0;

		for (uint32_t j = 0; j < QUAD_CODES / 64; j++) {
			uint64_t bits = x->bytes[i].bits[j] | y->bytes[i].bits[j];

			both.bytes[i].bits[j] = bits;
			for (; bits; bits &= bits - 1)
				common += plan->common[64 * j + (uint32_t)__builtin_ctzll(bits)];
		}
		both.rate *= common;
	}
	return both;
}

static struct quad_union union_of_member(const struct quad_plan *plan, const struct quad_member *member)
{
	struct quad_union one = {0};

	for (uint32_t i = 0; i < QUAD_BYTES; i++) {
		uint8_t mask = (uint8_t)(member->mask >> 8 * i), word = (uint8_t)(member->word >> 8 * i);

		for (uint32_t byte = 0; byte < 256; byte++) {
			if ((byte & mask) == word)
				one.bytes[i].bits[byte % QUAD_CODES / 64] |= 1ull << byte % 64;
		}
	}
	return union_of(plan, &one, &one);
}

static void plan_costs(struct quad_plan *plan, uint32_t x)
{
	for (uint32_t y = 0; y < plan->group_count; y++) {
		struct quad_union both = union_of(plan, &plan->groups[x], &plan->groups[y]);

		plan->cost[y][x] = plan->cost[x][y] = both.rate - plan->groups[x].rate - plan->groups[y].rate;
	}
}

/* Each literal is a group of its own. */
static void plan_begin(struct quad_plan *plan)
{
	plan->group_count = plan->count;
	for (uint32_t i = 0; i < plan->count; i++) {
		plan->groups[i] = union_of_member(plan, &plan->members[i]);
		plan->group_of[i] = (uint8_t)i;
	}
	for (uint32_t i = 0; i < plan->count; i++)
		plan_costs(plan, i);
}

/* Puts group y in group x; the last group takes its number. */
static void plan_unite(struct quad_plan *plan, uint32_t x, uint32_t y)
{
	uint32_t last = --plan->group_count;

	plan->groups[x] = union_of(plan, &plan->groups[x], &plan->groups[y]);
	plan->groups[y] = plan->groups[last];
	for (uint32_t i = 0; i < last; i++)
		plan->cost[y][i] = plan->cost[i][y] = plan->cost[last][i];
	for (uint32_t i = 0; i < plan->count; i++) {
		if (plan->group_of[i] == y)
			plan->group_of[i] = (uint8_t)x;
		else if (plan->group_of[i] == last)
			plan->group_of[i] = (uint8_t)y;
	}
	plan_costs(plan, x);
}

/* Unites the two groups for which it costs least, until they are so few. Returns how many pass at a place. */
static double plan_group(struct quad_plan *plan, uint32_t group_count)
{
	double rate = 0;

	while (plan->group_count > group_count) {
		double least = DBL_MAX;
		uint32_t x = 0, y = 1;

		for (uint32_t i = 0; i < plan->group_count; i++) {
			for (uint32_t j = i + 1; j < plan->group_count; j++) {
				if (plan->cost[i][j] >= least)
					continue;
				least = plan->cost[i][j];
				x = i;
				y = j;
			}
		}
		plan_unite(plan, x, y);
	}
	for (uint32_t i = 0; i < plan->group_count; i++)
		rate += plan->groups[i].rate;
	return rate;
}

static void sets_fill(struct quad_set *sets, const struct quad_plan *plan)
{
	for (uint32_t group = 0; group < plan->group_count; group++) {
		struct quad_set *set = &sets[group / QUAD_GROUPS];

		for (uint32_t i = 0; i < QUAD_BYTES; i++) {
			for (uint32_t code = 0; code < QUAD_CODES; code++) {
				if (plan->groups[group].bytes[i].bits[code / 64] >> code % 64 & 1)
					set->groups[i][code] |= (uint8_t)(1u << group % QUAD_GROUPS);
			}
		}
	}
}

/* The members of a group, in rows. */
static void rows_fill(struct quad *quad, const struct quad_plan *plan, uint32_t group)
{
	uint32_t rows = quad->first[group], used = 0;

	for (uint32_t i = 0; i < plan->count; i++) {
		const struct quad_member *member = &plan->members[i];
		struct quad_row *row;

		if (plan->group_of[i] != group)
			continue;
		if (!used) {
			memset(quad->rows[rows].words, 1, sizeof(quad->rows[rows].words));
			rows++;
		}
		row = &quad->rows[rows - 1];
		row->words[used] = member->word;
		row->masks[used] = member->mask;
		row->literals[used] = member->literal;
		row->at[used] = member->at;
		used = (used + 1) % QUAD_ROW;
	}
	quad->first[group + 1] = (uint8_t)rows;
}

static int quad_take(struct quad *quad, const struct quad_plan *plan, struct literal *literals)
{
	quad->set_count = plan->group_count > QUAD_GROUPS ? 2 : 1;
	quad->sets = calloc(quad->set_count, sizeof(*quad->sets));
	quad->rows = calloc(plan->count / QUAD_ROW + QUAD_GROUPS_MAX, sizeof(*quad->rows));
	if (!quad->sets || !quad->rows)
		return -ENOMEM;
	sets_fill(quad->sets, plan);
	for (uint32_t group = 0; group < QUAD_GROUPS_MAX; group++)
		rows_fill(quad, plan, group);
	for (uint32_t i = 0; i < plan->count; i++)
		literals[plan->members[i].literal].taken = true;
	quad->literals = literals;
	quad->count = plan->count;
	return 0;
}

int quad_build(struct quad *quad, struct literal *literals, uint32_t count)
{
	AUTO_FREE struct quad_plan *plan = NULL, *fewer = NULL;

	if (!quad_supported())
		return 0;
	plan = calloc(1, sizeof(*plan));
	if (!plan)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		if (literals[i].taken)
			continue;
		if (plan->count == QUAD_LITERALS_MAX || i > UINT16_MAX)
			return 0;
		plan->members[plan->count++] = member_of(&literals[i], i);
	}
	plan_common(plan);
	plan_begin(plan);
	if (!plan->count || plan_group(plan, QUAD_GROUPS_MAX) > QUAD_RATE_MAX)
		return 0;
	fewer = malloc(sizeof(*fewer));
	if (!fewer)
		return -ENOMEM;
	*fewer = *plan;
	return quad_take(quad, plan_group(fewer, QUAD_GROUPS) > QUAD_RATE_ONE_SET ? plan : fewer, literals);
}

void quad_clear(struct quad *quad)
{
	free(quad->sets);
	free(quad->rows);
	*quad = (struct quad){0};
}
