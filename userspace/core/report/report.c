// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report.c - counting: what the store tells becomes rows by threat, source and
 * target.
 */
#include "report.h"

#include <errno.h>
#include <string.h>

#include "core/policy/contract_names.h"
#include "report_private.h"

#define RULES_MAX (1u << 20)
#define PAIRS_MAX (1u << 20)

int report_new(const struct report_frame *frame, struct threat_set *threats, struct report **out)
{
	CLEANUP(report_free) struct report *report = calloc(1, sizeof(*report));

	if (!report)
		return -ENOMEM;
	report->frame = *frame;
	report->threats = threats;
	report->rule_bits = 8;
	report->rules = calloc(1u << report->rule_bits, sizeof(*report->rules));
	if (!report->rules)
		return -ENOMEM;
	*out = TAKE_PTR(report);
	return 0;
}

void report_free(struct report *report)
{
	if (!report)
		return;
	for (size_t i = 0; i < report->row_count; i++) {
		free(report->rows[i]->days);
		free(report->rows[i]);
	}
	free(report->rows);
	free(report->rules);
	free(report->sources.places);
	free(report->targets.places);
	free(report->urgent.places);
	report_slo_free(report);
	free(report);
}

/* --- rules and their threats */

static struct report_rule_row *rule_place(struct report_rule_row *rules, unsigned int bits, uint32_t gid,
					  uint32_t sid)
{
	uint32_t mask = (1u << bits) - 1, at = (sid * 2654435761u ^ gid * 40503u) & mask;

	while (rules[at].row && (rules[at].gid != gid || rules[at].sid != sid))
		at = (at + 1) & mask;
	return &rules[at];
}

static int rules_grow(struct report *report)
{
	unsigned int bits = report->rule_bits + 1;
	struct report_rule_row *moved = calloc(1ull << bits, sizeof(*moved));

	if (!moved)
		return -ENOMEM;
	for (size_t i = 0; i < 1u << report->rule_bits; i++)
		if (report->rules[i].row)
			*rule_place(moved, bits, report->rules[i].gid, report->rules[i].sid) =
				report->rules[i];
	free(report->rules);
	report->rules = moved;
	report->rule_bits = bits;
	return 0;
}

static struct report_row *row_of(struct report *report, const struct threat *threat)
{
	struct report_row *row;

	for (size_t i = 0; i < report->row_count; i++)
		if (report->rows[i]->threat == threat)
			return report->rows[i];
	if (report->row_count == report->row_room) {
		size_t room = report->row_room ? 2 * report->row_room : 64;
		struct report_row **moved = realloc(report->rows, room * sizeof(*moved));

		if (!moved)
			return NULL;
		report->rows = moved;
		report->row_room = room;
	}
	row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;
	row->days = calloc(REPORT_DAYS, sizeof(*row->days));
	if (!row->days) {
		free(row);
		return NULL;
	}
	row->threat = threat;
	report->rows[report->row_count++] = row;
	return row;
}

int report_rule(struct report *report, uint32_t gid, uint32_t sid, const char *label, const char *rule)
{
	const struct threat *threat;
	struct report_rule_row *place;

	if (report->rule_count >= RULES_MAX)
		return -E2BIG;
	if (2 * (report->rule_count + 1) > 1ull << report->rule_bits && rules_grow(report))
		return -ENOMEM;
	place = rule_place(report->rules, report->rule_bits, gid, sid);
	if (place->row)
		return 0;
	threat = threat_of(report->threats, gid, sid, label, rule);
	*place = (struct report_rule_row){gid, sid, threat ? row_of(report, threat) : NULL};
	report->rule_count += place->row != NULL;
	return place->row ? 0 : -ENOMEM;
}

struct report_row *report_row_of_rule(struct report *report, uint32_t gid, uint32_t sid)
{
	struct report_rule_row *place = rule_place(report->rules, report->rule_bits, gid, sid);

	/* A figure whose rule the store does not tell: it is counted under its number all the same. */
	if (!place->row && report_rule(report, gid, sid, "", NULL))
		return NULL;
	return rule_place(report->rules, report->rule_bits, gid, sid)->row;
}

/* --- figures */

static int64_t local_day(const struct report *report, uint64_t t)
{
	return ((int64_t)(t / 1000000) + report->frame.zone_s) / 86400;
}

int report_figure(struct report *report, const struct report_figure *figure)
{
	const struct report_frame *f = &report->frame;
	struct report_row *row;
	int64_t back;

	if (figure->slot >= f->to || figure->severity >= SEKI_SEVERITY_MAX ||
	    figure->verdict >= SEKI_VERDICT_MAX)
		return 0;
	row = report_row_of_rule(report, figure->gid, figure->sid);
	if (!row)
		return -ENOMEM;
	if (!report->history || figure->first < report->history)
		report->history = figure->first;
	if (!row->first || figure->first < row->first)
		row->first = figure->first;
	if (figure->last > row->last)
		row->last = figure->last;
	back = local_day(report, f->to - 1) - local_day(report, figure->slot);
	if (back < REPORT_DAYS)
		row->days[REPORT_DAYS - 1 - back] += (uint32_t)figure->count;
	if (figure->slot >= f->from) {
		row->count += figure->count;
		row->severity[figure->severity] += figure->count;
		row->verdict[figure->verdict] += figure->count;
		report->table[figure->severity][figure->verdict] += figure->count;
		report->total += figure->count;
		if (!row->first_in || figure->first < row->first_in)
			row->first_in = figure->first;
		if (figure->last > row->last_in)
			row->last_in = figure->last;
	} else if (figure->slot >= f->before_from) {
		row->before += figure->count;
		row->verdict_before[figure->verdict] += figure->count;
		report->total_before += figure->count;
	}
	return 0;
}

/* --- events: groups by address */

static struct report_pair *pair_place(struct report_pair *places, unsigned int bits,
				      const struct report_row *row, const struct seki_addr *addr)
{
	uint64_t mask = (1ull << bits) - 1, words[2], at;

	memcpy(words, addr, sizeof(words));
	/* Every bit of the address counts: the last octet of an IPv4 one is the highest byte of its word. */
	at = words[0] ^ (words[1] ^ words[1] >> 32) * 0x9e3779b97f4a7c15ull ^ (uintptr_t)row >> 4;
	at = (at ^ at >> 33) * 0xff51afd7ed558ccdull;
	at = (at ^ at >> 33) & mask;
	while (places[at].count &&
	       (places[at].row != row || memcmp(&places[at].addr, addr, sizeof(*addr)) != 0))
		at = (at + 1) & mask;
	return &places[at];
}

static int pairs_grow(struct report_pairs *pairs)
{
	unsigned int bits = pairs->places ? pairs->bits + 1 : 10;
	struct report_pair *moved = calloc(1ull << bits, sizeof(*moved));

	if (!moved)
		return -ENOMEM;
	for (size_t i = 0; pairs->places && i < 1ull << pairs->bits; i++)
		if (pairs->places[i].count)
			*pair_place(moved, bits, pairs->places[i].row, &pairs->places[i].addr) =
				pairs->places[i];
	free(pairs->places);
	pairs->places = moved;
	pairs->bits = bits;
	return 0;
}

static int pairs_add(struct report_pairs *pairs, struct report_row *row, const struct seki_addr *addr,
		     const struct report_event *event)
{
	struct report_pair *place;

	if ((!pairs->places || 4 * (pairs->count + 1) > 3ull << pairs->bits) && pairs->count < PAIRS_MAX &&
	    pairs_grow(pairs))
		return -ENOMEM;
	place = pair_place(pairs->places, pairs->bits, row, addr);
	if (!place->count) {
		if (pairs->count >= PAIRS_MAX) {
			pairs->uncounted++;
			return 0;
		}
		place->row = row;
		place->addr = *addr;
		pairs->count++;
	}
	place->count++;
	place->critical += event->severity == SEKI_SEVERITY_CRITICAL;
	if (event->t >= place->last) {
		place->last = event->t;
		place->verdict = event->verdict;
	}
	return 0;
}

int report_event(struct report *report, const struct report_event *event)
{
	struct report_row *row = report_row_of_rule(report, event->gid, event->sid);
	int err = row ? pairs_add(&report->sources, NULL, &event->source, event) : -ENOMEM;

	if (!err)
		err = pairs_add(&report->targets, NULL, &event->target, event);
	if (!err && event->severity == SEKI_SEVERITY_CRITICAL && event->verdict != SEKI_VERDICT_BLOCKED)
		err = pairs_add(&report->urgent, row, &event->target, event);
	report->events += !err;
	return err;
}

static int pair_order(const void *a, const void *b)
{
	const struct report_pair *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	if (x->last != y->last)
		return x->last < y->last ? 1 : -1;
	return memcmp(&x->addr, &y->addr, sizeof(x->addr));
}

void report_pairs_sort(struct report_pairs *pairs)
{
	if (pairs->places)
		qsort(pairs->places, 1ull << pairs->bits, sizeof(*pairs->places), pair_order);
}

/* --- the rest */

/* Its place; -1 beyond the bound. */
static int counter_place(struct report *report, const char *name)
{
	size_t i = 0;

	while (i < report->counter_count && strcmp(report->counters[i].name, name) != 0)
		i++;
	if (i == REPORT_COUNTERS_MAX)
		return -1;
	if (i == report->counter_count)
		snprintf(report->counters[report->counter_count++].name, sizeof(report->counters[0].name),
			 "%s", name);
	return (int)i;
}

void report_counter(struct report *report, const char *name, uint64_t sum)
{
	int at = counter_place(report, name);

	if (at >= 0)
		report->counters[at].sum += sum;
}

void report_counter_before(struct report *report, const char *name, uint64_t sum)
{
	int at = counter_place(report, name);

	if (at >= 0)
		report->counters[at].before += sum;
}

uint64_t report_sum_before(const struct report *report, const char *name)
{
	for (size_t i = 0; i < report->counter_count; i++)
		if (!strcmp(report->counters[i].name, name))
			return report->counters[i].before;
	return 0;
}

uint64_t report_sum(const struct report *report, const char *name)
{
	for (size_t i = 0; i < report->counter_count; i++)
		if (!strcmp(report->counters[i].name, name))
			return report->counters[i].sum;
	return 0;
}

void report_store(struct report *report, uint64_t lost, uint64_t removed)
{
	report->store_lost += lost;
	report->store_removed += removed;
}

/* Equal counts: who came first, then by key, so that two runs never differ. */
static int row_order(const struct report_row *x, const struct report_row *y, uint64_t a, uint64_t b)
{
	if (a != b)
		return a < b ? 1 : -1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return strcmp(x->threat->key, y->threat->key);
}

static int order_now(const void *a, const void *b)
{
	const struct report_row *x = *(struct report_row *const *)a, *y = *(struct report_row *const *)b;

	return row_order(x, y, x->count, y->count);
}

static int order_before(const void *a, const void *b)
{
	const struct report_row *x = *(struct report_row *const *)a, *y = *(struct report_row *const *)b;

	return row_order(x, y, x->before, y->before);
}

void report_rank(struct report *report)
{
	if (!report->row_count)
		return;
	qsort(report->rows, report->row_count, sizeof(*report->rows), order_before);
	for (size_t i = 0; i < report->row_count; i++)
		report->rows[i]->rank_before = report->rows[i]->before ? (unsigned int)i + 1 : 0;
	qsort(report->rows, report->row_count, sizeof(*report->rows), order_now);
	for (size_t i = 0; i < report->row_count; i++)
		report->rows[i]->rank = report->rows[i]->count ? (unsigned int)i + 1 : 0;
}
