// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prefilter_table.c - collects rules, literals, steps, and lays them out as
 * the one image of sekimori/prefilter.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kmod/prefilter.h"
#include "prefilter_grams.h"
#include "prefilter_parts.h"

#define PORTS_OF_RULE_MAX 64u
#define LITERAL_SLOTS	  4096u

/* A literal before it is laid out. Its links are counted when all are known. */
struct table_literal {
	struct proof_trigger trigger;
	int8_t base;
	uint32_t next; /* with the same hash, + 1 */
	uint32_t links;
};

struct table_link {
	uint32_t literal, rule; /* rule: those that inspect count from SEKI_PF_JUDGED_MAX on */
};

struct table {
	struct blob section[SEKI_PF_SECTION_MAX];
	struct seki_pf_rule inspecting[SEKI_PF_RULES_MAX];
	uint32_t judged, inspecting_count;
	struct table_literal literals[SEKI_PF_LITERALS_MAX];
	uint32_t literal_count;
	uint32_t slots[LITERAL_SLOTS]; /* literal + 1 */
	struct table_link links[SEKI_PF_LINKS_MAX];
	uint32_t link_count;
	struct grams *grams;
	uint32_t longest;
};

static const uint8_t element_size[SEKI_PF_SECTION_MAX] = {
#define X(id, type) [SEKI_PF_##id##_AT] = sizeof(type),
	SEKI_PF_SECTIONS(X)
#undef X
};

int table_new(struct table **out)
{
	struct table *table = calloc(1, sizeof(*table));
	int err = table ? grams_new(&table->grams) : -ENOMEM;

	if (err) {
		free(table);
		return err;
	}
	*out = table;
	return 0;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (int i = 0; i < SEKI_PF_SECTION_MAX; i++)
		blob_free(&table->section[i]);
	grams_free(table->grams);
	free(table);
}

static uint32_t table_count(const struct table *table, enum seki_pf_section which)
{
	return table->section[which].len / element_size[which];
}

/* *first: number of the first element. */
static int table_put(struct table *table, enum seki_pf_section which, const void *data, uint32_t count,
		     uint32_t *first)
{
	uint32_t bytes = count * element_size[which];

	*first = table_count(table, which);
	return blob_add(&table->section[which], data, bytes, SEKI_PF_TABLE_MAX) ? -ENOMEM : 0;
}

/* Ranges that are there already are not put twice: many rules name the same ports. */
static int ports_put(struct table *table, const struct range_set *set, uint16_t *first, uint16_t *count)
{
	struct seki_pf_ports ports[PORTS_OF_RULE_MAX];
	const struct blob *blob = &table->section[SEKI_PF_PORTS_AT];
	uint32_t bytes = set->count * sizeof(ports[0]), at, number;
	int err;

	*first = *count = 0;
	if (set->all)
		return 0;
	if (set->count > PORTS_OF_RULE_MAX || !set->count)
		return -ENOSPC;
	for (uint32_t i = 0; i < set->count; i++)
		ports[i] = (struct seki_pf_ports){(uint16_t)set->ranges[i].from, (uint16_t)set->ranges[i].to};
	for (at = 0; at + bytes <= blob->len; at += sizeof(ports[0]))
		if (!memcmp(blob->data + at, ports, bytes))
			break;
	number = at / sizeof(ports[0]);
	if (at + bytes > blob->len) {
		err = table_put(table, SEKI_PF_PORTS_AT, ports, set->count, &number);
		if (err)
			return err;
	}
	if (number + set->count > UINT16_MAX)
		return -ENOSPC;
	*first = (uint16_t)number;
	*count = (uint16_t)set->count;
	return 0;
}

static int row_ports(struct table *table, const struct rule *rule, struct seki_pf_rule *row)
{
	int err = ports_put(table, rule->sport, &row->sports, &row->sport_count);

	return err ? err : ports_put(table, rule->dport, &row->dports, &row->dport_count);
}

static uint32_t *literal_slot(struct table *table, const struct proof_trigger *trigger)
{
	uint32_t hash = trigger->len + 256u * trigger->nocase;

	for (uint32_t i = 0; i < trigger->len; i++)
		hash = (hash ^ trigger->bytes[i]) * 0x01000193u;
	return &table->slots[hash % LITERAL_SLOTS];
}

/* The literal's number, a new one if need be. */
static int literal_number(struct table *table, const struct proof_trigger *trigger, uint32_t *number)
{
	uint32_t *slot = literal_slot(table, trigger);
	struct table_literal *literal;
	int err;

	for (uint32_t i = *slot; i; i = table->literals[i - 1].next) {
		const struct proof_trigger *known = &table->literals[i - 1].trigger;

		*number = i - 1;
		if (known->len == trigger->len && known->nocase == trigger->nocase &&
		    !memcmp(known->bytes, trigger->bytes, trigger->len))
			return 0;
	}
	if (table->literal_count == SEKI_PF_LITERALS_MAX)
		return -ENOSPC;
	*number = table->literal_count;
	literal = &table->literals[*number];
	*literal = (struct table_literal){.trigger = *trigger, .next = *slot};
	err = grams_add(table->grams, trigger->bytes, trigger->len, *number, &literal->base);
	if (err)
		return err;
	*slot = ++table->literal_count;
	if (trigger->len > table->longest)
		table->longest = trigger->len;
	return 0;
}

/* A literal that is too much like others gives way to a piece of it. */
static int literal_piece(struct table *table, const struct proof_trigger *trigger, uint32_t *number)
{
	int err = literal_number(table, trigger, number);

	for (uint32_t len = trigger->len - 1u; len >= SEKI_PF_LITERAL_MIN && err == -ENOSPC; len--) {
		for (uint32_t at = 0; at + len <= trigger->len && err == -ENOSPC; at++) {
			struct proof_trigger piece = {.len = (uint8_t)len, .nocase = trigger->nocase};

			memcpy(piece.bytes, trigger->bytes + at, len);
			err = literal_number(table, &piece, number);
		}
	}
	return err;
}

static int literal_put(struct table *table, const struct proof_trigger *trigger, uint32_t rule)
{
	uint32_t number;
	int err = table->link_count == SEKI_PF_LINKS_MAX ? -ENOSPC : literal_piece(table, trigger, &number);

	if (!err)
		table->links[table->link_count++] = (struct table_link){number, rule};
	return err;
}

static int automaton_put(struct table *table, const struct automaton *automaton, uint32_t *number)
{
	struct seki_pf_automaton row = {.states = (uint16_t)automaton->states,
					.classes = (uint16_t)automaton->classes};
	int err = table_put(table, SEKI_PF_MAPS_AT, automaton->map, 256, &row.map);

	if (!err)
		err = table_put(table, SEKI_PF_MOVES_AT, automaton->moves,
				automaton->states * automaton->classes, &row.moves);
	return err ? err : table_put(table, SEKI_PF_AUTOMATA_AT, &row, 1, number);
}

static int step_put(struct table *table, const struct proof_step *step)
{
	struct seki_pf_step row = {.kind = step->kind,
				   .view = step->view,
				   .negated = step->negated,
				   .nocase = step->nocase,
				   .len = step->len,
				   .first = step->first,
				   .last = step->last,
				   .probe_count = step->probe_count};
	uint32_t at;
	int err = 0;

	if (table_count(table, SEKI_PF_STEPS_AT) == SEKI_PF_STEPS_MAX ||
	    table_count(table, SEKI_PF_PROBES_AT) + step->probe_count > SEKI_PF_PROBES_MAX)
		return -ENOSPC;
	if (step->kind == SEKI_PF_MATCH) {
		row.len = 0;
		row.first = 0;
		row.last = SEKI_PF_ANYWHERE;
		err = automaton_put(table, &step->automaton, &row.at);
	} else {
		err = table_put(table, SEKI_PF_BYTES_AT, step->bytes, step->len, &row.at);
	}
	if (!err && step->probe_count) {
		err = table_put(table, SEKI_PF_PROBES_AT, step->probes, step->probe_count, &at);
		row.probes = (uint16_t)at;
	}
	return err ? err : table_put(table, SEKI_PF_STEPS_AT, &row, 1, &at);
}

struct table_mark {
	uint32_t lengths[SEKI_PF_SECTION_MAX], literals, links;
};

static struct table_mark table_mark(const struct table *table)
{
	struct table_mark mark = {.literals = table->literal_count, .links = table->link_count};

	for (int i = 0; i < SEKI_PF_SECTION_MAX; i++)
		mark.lengths[i] = table->section[i].len;
	return mark;
}

/* As it was before a rule that did not fit. */
static void table_undo(struct table *table, const struct table_mark *mark)
{
	for (int i = 0; i < SEKI_PF_SECTION_MAX; i++)
		table->section[i].len = mark->lengths[i];
	for (; table->literal_count > mark->literals; table->literal_count--) {
		const struct table_literal *literal = &table->literals[table->literal_count - 1];

		*literal_slot(table, &literal->trigger) = literal->next;
	}
	table->link_count = mark->links;
	grams_forget(table->grams, mark->literals);
}

int table_add_judged(struct table *table, const struct rule *rule, const struct proof *proof,
		     struct seki_pf_rule row)
{
	struct table_mark mark = table_mark(table);
	int err = table->judged == SEKI_PF_JUDGED_MAX ? -ENOSPC : row_ports(table, rule, &row);
	uint32_t at;

	row.steps = (uint16_t)table_count(table, SEKI_PF_STEPS_AT);
	row.step_count = (uint16_t)proof->step_count;
	for (uint32_t i = 0; i < proof->step_count && !err; i++)
		err = step_put(table, &proof->steps[i]);
	for (uint32_t i = 0; i < proof->trigger_count && !err; i++)
		err = literal_put(table, &proof->triggers[i], table->judged);
	if (!err)
		err = table_put(table, SEKI_PF_RULES_AT, &row, 1, &at);
	if (err)
		table_undo(table, &mark);
	table->judged += !err;
	return err;
}

int table_add_inspecting(struct table *table, const struct rule *rule, const struct proof_trigger *triggers,
			 uint32_t count, struct seki_pf_rule row)
{
	struct table_mark mark = table_mark(table);
	int err;

	if (table->inspecting_count + SEKI_PF_JUDGED_MAX >= SEKI_PF_RULES_MAX)
		return -ENOSPC;
	/* Ports that there is no room for: any will do. */
	err = row_ports(table, rule, &row);
	if (err == -ENOSPC)
		row.sport_count = row.dport_count = 0;
	else if (err)
		return err;
	err = 0;
	for (uint32_t i = 0; i < count && !err; i++)
		err = literal_put(table, &triggers[i], SEKI_PF_JUDGED_MAX + table->inspecting_count);
	if (err)
		table_undo(table, &mark);
	else
		table->inspecting[table->inspecting_count++] = row;
	return err;
}

/* Many rules have the same header; when there is no room for more of them, one stands for all. */
int table_add_blind(struct table *table, const struct rule *rule, struct seki_pf_rule row)
{
	const struct blob *blob = &table->section[SEKI_PF_BLINDS_AT];
	uint32_t at;
	int err;

	row.sid = 0;
	err = row_ports(table, rule, &row);
	if (err == -ENOSPC)
		row.sport_count = row.dport_count = 0;
	else if (err)
		return err;
	if (table_count(table, SEKI_PF_BLINDS_AT) + 1 >= SEKI_PF_BLINDS_MAX)
		row = (struct seki_pf_rule){.outcome = SEKI_PF_BLIND,
					    .directions = SEKI_PF_TO_SERVER | SEKI_PF_TO_CLIENT};
	for (at = 0; at < blob->len; at += sizeof(row))
		if (!memcmp(blob->data + at, &row, sizeof(row)))
			return 0;
	return table_put(table, SEKI_PF_BLINDS_AT, &row, 1, &at);
}

uint32_t table_literals(const struct table *table)
{
	return table->literal_count;
}

/* Literals and what they lead to. Rules that inspect were numbered as if all places for judged ones were
 * taken. */
static int image_literals(struct table *table)
{
	AUTO_FREE uint16_t *links = calloc(table->link_count + 1, sizeof(*links));
	uint32_t sum = 0, at;
	int err = links ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < table->link_count; i++)
		table->literals[table->links[i].literal].links++;
	for (uint32_t i = 0; i < table->literal_count && !err; i++) {
		const struct table_literal *from = &table->literals[i];
		struct seki_pf_literal row = {.links = sum,
					      .link_count = (uint16_t)from->links,
					      .len = from->trigger.len,
					      .nocase = from->trigger.nocase,
					      .last = SEKI_PF_ANYWHERE,
					      .base = from->base};

		sum += from->links;
		table->literals[i].links = row.links;
		err = table_put(table, SEKI_PF_BYTES_AT, from->trigger.bytes, row.len, &row.bytes);
		if (!err)
			err = table_put(table, SEKI_PF_LITERALS_AT, &row, 1, &at);
	}
	for (uint32_t i = 0; i < table->link_count && !err; i++) {
		uint32_t rule = table->links[i].rule;

		if (rule >= SEKI_PF_JUDGED_MAX)
			rule -= SEKI_PF_JUDGED_MAX - table->judged;
		links[table->literals[table->links[i].literal].links++] = (uint16_t)rule;
	}
	return err ? err : table_put(table, SEKI_PF_LINKS_AT, links, table->link_count, &at);
}

static void head_wanted(const struct table *table, struct seki_pf_table *head)
{
	const struct seki_pf_rule *rules = (const struct seki_pf_rule *)table->section[SEKI_PF_RULES_AT].data;

	for (uint32_t i = 0; i < table_count(table, SEKI_PF_RULES_AT); i++)
		head->wanted[rules[i].outcome - 1] |= rules[i].directions;
}

static uint64_t image_digest(const uint8_t *data, uint32_t len)
{
	uint64_t digest = 0xcbf29ce484222325u; /* FNV-1a: tells tables apart, not a defence */

	for (uint32_t i = 0; i < len; i++)
		digest = (digest ^ data[i]) * 0x100000001b3u;
	return digest;
}

int table_build(struct table *table, void **image, uint32_t *len)
{
	struct seki_pf_table head = {.magic = SEKI_PF_MAGIC,
				     .version = SEKI_PF_VERSION,
				     .longest = table->longest ? table->longest : SEKI_PF_LITERAL_MIN};
	uint64_t total = sizeof(head);
	uint8_t *out;
	uint32_t at;
	int err = table_put(table, SEKI_PF_RULES_AT, table->inspecting, table->inspecting_count, &at);

	if (!err)
		err = image_literals(table);
	if (!err)
		err = grams_layout(table->grams, &head, table->section);
	if (err)
		return err;
	head_wanted(table, &head);
	for (int i = 0; i < SEKI_PF_SECTION_MAX; i++) {
		head.section[i] = (struct seki_pf_span){(uint32_t)total, table_count(table, i)};
		total += (table->section[i].len + 3) & ~3u;
		if (total > SEKI_PF_TABLE_MAX)
			return -E2BIG;
	}
	head.len = (uint32_t)total;
	out = calloc(1, total);
	if (!out)
		return -ENOMEM;
	for (int i = 0; i < SEKI_PF_SECTION_MAX; i++)
		if (table->section[i].len)
			memcpy(out + head.section[i].at, table->section[i].data, table->section[i].len);
	head.digest = image_digest(out + sizeof(head), head.len - (uint32_t)sizeof(head));
	memcpy(out, &head, sizeof(head));
	err = seki_prefilter_check(out, head.len);
	if (err) {
		free(out);
		return err;
	}
	*image = out;
	*len = head.len;
	return 0;
}
