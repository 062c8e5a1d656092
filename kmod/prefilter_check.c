// SPDX-License-Identifier: GPL-2.0-only
/*
 * prefilter_check.c - is a table that somebody handed in fit to be used?
 * Everything that the scan follows is followed here once, so that the packet
 * path need not look again.
 */
#include "prefilter_parts.h"

static const __u8 section_size[SEKI_PF_SECTION_MAX] = {
#define X(id, type) [SEKI_PF_##id##_AT] = sizeof(type),
	SEKI_PF_SECTIONS(X)
#undef X
};

static const __u32 section_max[SEKI_PF_SECTION_MAX] = {
	[SEKI_PF_RULES_AT] = SEKI_PF_RULES_MAX,	  [SEKI_PF_LITERALS_AT] = SEKI_PF_LITERALS_MAX,
	[SEKI_PF_BLINDS_AT] = SEKI_PF_BLINDS_MAX, [SEKI_PF_LINKS_AT] = SEKI_PF_LINKS_MAX,
	[SEKI_PF_STEPS_AT] = SEKI_PF_STEPS_MAX,	  [SEKI_PF_PROBES_AT] = SEKI_PF_PROBES_MAX,
};

static bool within(__u64 first, __u64 count, __u64 total)
{
	return first + count <= total;
}

static __u32 count_of(const struct seki_pf_table *table, enum seki_pf_section which)
{
	return table->section[which].count;
}

static int sections_check(const struct seki_pf_table *table, __u32 len)
{
	int i;

	for (i = 0; i < SEKI_PF_SECTION_MAX; i++) {
		const struct seki_pf_span *span = &table->section[i];

		if (span->at % 4 || span->at < sizeof(*table) ||
		    !within(span->at, (__u64)span->count * section_size[i], len))
			return -EINVAL;
		if (section_max[i] && span->count > section_max[i])
			return -E2BIG;
	}
	return 0;
}

static int rule_check(const struct seki_pf_table *table, const struct seki_pf_rule *rule)
{
	if (rule->outcome == SEKI_PF_NONE || rule->outcome >= SEKI_PF_OUTCOME_MAX || !rule->directions ||
	    rule->directions > (SEKI_PF_TO_SERVER | SEKI_PF_TO_CLIENT) || rule->mark >= SEKI_PF_MARKS_MAX)
		return -EINVAL;
	if (!within(rule->sports, rule->sport_count, count_of(table, SEKI_PF_PORTS_AT)) ||
	    !within(rule->dports, rule->dport_count, count_of(table, SEKI_PF_PORTS_AT)) ||
	    !within(rule->steps, rule->step_count, count_of(table, SEKI_PF_STEPS_AT)))
		return -EINVAL;
	return 0;
}

static int rules_check(const struct seki_pf_table *table)
{
	const struct seki_pf_rule *rules = seki_pf_section(table, SEKI_PF_RULES_AT);
	const struct seki_pf_rule *blinds = seki_pf_section(table, SEKI_PF_BLINDS_AT);
	__u8 wanted[3] = {0, 0, 0};
	__u32 i;
	int err;

	for (i = 0; i < count_of(table, SEKI_PF_RULES_AT); i++) {
		err = rule_check(table, &rules[i]);
		if (!err && (rules[i].outcome == SEKI_PF_INSPECT ? rules[i].step_count != 0
								 : i >= SEKI_PF_JUDGED_MAX))
			err = -EINVAL;
		if (!err && rules[i].outcome == SEKI_PF_BLIND)
			err = -EINVAL;
		if (err)
			return err;
		wanted[rules[i].outcome - 1] |= rules[i].directions;
	}
	for (i = 0; i < count_of(table, SEKI_PF_BLINDS_AT); i++) {
		err = blinds[i].outcome == SEKI_PF_BLIND ? rule_check(table, &blinds[i]) : -EINVAL;
		if (err)
			return err;
	}
	return memcmp(wanted, table->wanted, sizeof(wanted)) ? -EINVAL : 0;
}

static int steps_check(const struct seki_pf_table *table)
{
	const struct seki_pf_step *steps = seki_pf_section(table, SEKI_PF_STEPS_AT);
	const struct seki_pf_probe *probes = seki_pf_section(table, SEKI_PF_PROBES_AT);
	__u32 i;

	for (i = 0; i < count_of(table, SEKI_PF_STEPS_AT); i++) {
		const struct seki_pf_step *step = &steps[i];

		if (step->kind >= SEKI_PF_STEP_MAX || step->view >= SEKI_PF_VIEW_MAX || step->negated > 1 ||
		    (step->negated && step->kind != SEKI_PF_FIND))
			return -EINVAL;
		if (step->kind == SEKI_PF_MATCH
			    ? step->at >= count_of(table, SEKI_PF_AUTOMATA_AT)
			    : !step->len || !within(step->at, step->len, count_of(table, SEKI_PF_BYTES_AT)))
			return -EINVAL;
		if (!within(step->probes, step->probe_count, count_of(table, SEKI_PF_PROBES_AT)) ||
		    (step->probe_count && step->kind != SEKI_PF_CHAIN))
			return -EINVAL;
	}
	for (i = 0; i < count_of(table, SEKI_PF_PROBES_AT); i++) {
		const struct seki_pf_probe *probe = &probes[i];

		if (probe->kind >= SEKI_PF_PROBE_MAX || !probe->size || probe->size > 4 ||
		    probe->other_size > 4 || (probe->kind != SEKI_PF_RANGE && !probe->other_size))
			return -EINVAL;
	}
	return 0;
}

static int automaton_check(const struct seki_pf_table *table, const struct seki_pf_automaton *automaton)
{
	const __u8 *map = seki_pf_section(table, SEKI_PF_MAPS_AT);
	const __u16 *moves = seki_pf_section(table, SEKI_PF_MOVES_AT);
	__u32 count = (__u32)automaton->states * automaton->classes, i;

	if (!automaton->states || automaton->states > SEKI_PF_STATES_MAX || automaton->classes < 2 ||
	    automaton->classes > 257)
		return -EINVAL;
	if (!within(automaton->map, 256, count_of(table, SEKI_PF_MAPS_AT)) ||
	    !within(automaton->moves, count, count_of(table, SEKI_PF_MOVES_AT)))
		return -EINVAL;
	for (i = 0; i < 256; i++)
		if (map[automaton->map + i] >= automaton->classes - 1)
			return -EINVAL;
	for (i = 0; i < count; i++) {
		__u16 move = moves[automaton->moves + i];

		if (move >= automaton->states && move < SEKI_PF_REJECT)
			return -EINVAL;
	}
	return 0;
}

/* Automata may share moves: without a bound on their number the check of a small table could take for ever.
 */
static int automata_check(const struct seki_pf_table *table)
{
	const struct seki_pf_automaton *automata = seki_pf_section(table, SEKI_PF_AUTOMATA_AT);
	__u64 work = 0;
	__u32 i;
	int err;

	for (i = 0; i < count_of(table, SEKI_PF_AUTOMATA_AT); i++) {
		work += 256 + (__u64)automata[i].states * automata[i].classes;
		if (work > SEKI_PF_TABLE_MAX)
			return -E2BIG;
		err = automaton_check(table, &automata[i]);
		if (err)
			return err;
	}
	return 0;
}

static int filter_check(const struct seki_pf_table *table)
{
	__u32 count = count_of(table, SEKI_PF_FILTER_AT);

	if (!count)
		return count_of(table, SEKI_PF_LITERALS_AT) ? -EINVAL : 0;
	return table->filter_bits > SEKI_PF_FILTER_BITS || count != 1u << table->filter_bits ? -EINVAL : 0;
}

static int gram_check(const struct seki_pf_table *table, enum seki_pf_class class,
		      const struct seki_pf_gram *gram)
{
	if (gram->literal >= count_of(table, SEKI_PF_LITERALS_AT) || gram->outside >= SEKI_PF_OUTSIDE_MAX)
		return -EINVAL;
	return class == SEKI_PF_WHOLE && gram->outside != SEKI_PF_NOTHING ? -EINVAL : 0;
}

static int class_check(const struct seki_pf_table *table, enum seki_pf_class class)
{
	const __u32 *buckets = seki_pf_section(table, SEKI_PF_BUCKETS_WHOLE_AT + class);
	const struct seki_pf_gram *grams = seki_pf_section(table, SEKI_PF_GRAMS_WHOLE_AT + class);
	__u32 count = count_of(table, SEKI_PF_GRAMS_WHOLE_AT + class);
	__u32 bucket_count = 1u << (table->bucket_bits[class] & 31), i;
	int err;

	if (!count)
		return 0;
	if (table->bucket_bits[class] < 1 || table->bucket_bits[class] > 20 ||
	    count_of(table, SEKI_PF_BUCKETS_WHOLE_AT + class) != bucket_count + 1)
		return -EINVAL;
	for (i = 0; i < bucket_count; i++)
		if (buckets[i] > buckets[i + 1] || buckets[i + 1] - buckets[i] > SEKI_PF_BUCKET_MAX)
			return -EINVAL;
	if (buckets[0] || buckets[bucket_count] != count)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		err = gram_check(table, class, &grams[i]);
		if (err)
			return err;
	}
	return 0;
}

/* Does the filter let the window through, whatever the byte outside is? */
static bool filter_lets_all(const struct seki_pf_table *table, __u32 value, enum seki_pf_outside outside)
{
	const __u32 *filter = seki_pf_section(table, SEKI_PF_FILTER_AT);
	__u32 word = filter[seki_pf_word(value, table->multiplier, (1u << table->filter_bits) - 1)];
	__u32 bits = seki_pf_bits(value, outside);

	return (word & bits) == bits;
}

/* Would the scan come to this window of the literal? */
static bool window_reachable(const struct seki_pf_table *table, __u32 number, __s32 offset)
{
	const struct seki_pf_literal *literals = seki_pf_section(table, SEKI_PF_LITERALS_AT);
	const struct seki_pf_literal *literal = &literals[number];
	const __u8 *data = (const __u8 *)seki_pf_section(table, SEKI_PF_BYTES_AT) + literal->bytes;
	enum seki_pf_outside outside = seki_pf_outside_of(literal->len, offset);
	enum seki_pf_class class = outside == SEKI_PF_NOTHING ? SEKI_PF_WHOLE : SEKI_PF_PART;
	const __u32 *buckets = seki_pf_section(table, SEKI_PF_BUCKETS_WHOLE_AT + class);
	const struct seki_pf_gram *grams = seki_pf_section(table, SEKI_PF_GRAMS_WHOLE_AT + class);
	__u32 value = seki_pf_window_of(data, literal->len, offset), bucket, i;

	if (!filter_lets_all(table, value, outside) || !count_of(table, SEKI_PF_GRAMS_WHOLE_AT + class))
		return false;
	bucket = seki_pf_bucket(class, value, table->multiplier, table->bucket_bits[class]);
	for (i = buckets[bucket]; i < buckets[bucket + 1]; i++)
		if (grams[i].value == value && grams[i].outside == outside && grams[i].literal == number &&
		    grams[i].offset == offset)
			return true;
	return false;
}

static int literal_check(const struct seki_pf_table *table, const struct seki_pf_literal *literal,
			 __u32 number)
{
	const __u8 *data = (const __u8 *)seki_pf_section(table, SEKI_PF_BYTES_AT) + literal->bytes;
	__u32 i;

	if (literal->len < SEKI_PF_LITERAL_MIN || literal->len > SEKI_PF_LITERAL_MAX ||
	    literal->len > table->longest ||
	    !within(literal->links, literal->link_count, count_of(table, SEKI_PF_LINKS_AT)) ||
	    !within(literal->bytes, literal->len, count_of(table, SEKI_PF_BYTES_AT)) || literal->base < -1 ||
	    literal->base + SEKI_PF_LITERAL_BASE > literal->len)
		return -EINVAL;
	for (i = 0; i < literal->len && literal->nocase; i++)
		if (data[i] != seki_pf_lower(data[i]))
			return -EINVAL;
	return window_reachable(table, number, literal->base) &&
			       window_reachable(table, number, literal->base + 1)
		       ? 0
		       : -EINVAL;
}

static int literals_check(const struct seki_pf_table *table)
{
	const struct seki_pf_literal *literals = seki_pf_section(table, SEKI_PF_LITERALS_AT);
	const __u16 *links = seki_pf_section(table, SEKI_PF_LINKS_AT);
	__u32 i;
	int err;

	if (table->longest < SEKI_PF_LITERAL_MIN || table->longest > SEKI_PF_LITERAL_MAX)
		return -EINVAL;
	for (i = 0; i < count_of(table, SEKI_PF_LINKS_AT); i++)
		if (links[i] >= count_of(table, SEKI_PF_RULES_AT))
			return -EINVAL;
	for (i = 0; i < count_of(table, SEKI_PF_LITERALS_AT); i++) {
		err = literal_check(table, &literals[i], i);
		if (err)
			return err;
	}
	return 0;
}

int seki_prefilter_check(const void *image, __u32 len)
{
	const struct seki_pf_table *table = image;
	int err, i;

	if (len < sizeof(*table) || table->magic != SEKI_PF_MAGIC || table->len != len)
		return -EINVAL;
	if (table->version != SEKI_PF_VERSION)
		return -EPROTO;
	if (len > SEKI_PF_TABLE_MAX)
		return -E2BIG;
	if (!(table->multiplier & 1))
		return -EINVAL;
	err = sections_check(table, len);
	if (!err)
		err = rules_check(table);
	if (!err)
		err = steps_check(table);
	if (!err)
		err = automata_check(table);
	if (!err)
		err = filter_check(table);
	for (i = 0; i < SEKI_PF_CLASS_MAX && !err; i++)
		err = class_check(table, i);
	return err ? err : literals_check(table);
}
