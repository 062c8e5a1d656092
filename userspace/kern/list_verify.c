// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_verify.c - the active generation read back and compared with the rows it should hold. Tables of the
 * rows are built beside it, by the same code but with another seed, so that only what they say can be equal.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "gate_private.h"
#include "list_table.h"

struct said { /* by one entry */
	struct seki_lpm prefix;
	struct seki_list_hit hit;
};

struct side {
	uint64_t digest;
	uint32_t unreached;
	bool listing; /* entries are wanted, too */
	struct said *all;
	size_t count, room;
	struct gate_list_verdict *verdict; /* what packets do not find is told here; NULL: nowhere */
};

static int side_list(struct side *side, const struct seki_lpm *prefix, const struct seki_list_hit *hit)
{
	if (side->count == side->room) {
		size_t room = 2 * side->room + 4096;
		struct said *grown = realloc(side->all, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		side->all = grown;
		side->room = room;
	}
	side->all[side->count++] = (struct said){*prefix, *hit};
	return 0;
}

static void verdict_add(struct gate_list_verdict *verdict, const struct seki_lpm *prefix, uint32_t kind,
			const struct seki_list_hit *want, const struct seki_list_hit *held)
{
	struct gate_list_difference *row = &verdict->first[verdict->count];

	verdict->differences++;
	if (verdict->count == GATE_LIST_DIFFERENCES)
		return;
	*row = (struct gate_list_difference){.key = *prefix, .kind = kind};
	if (want)
		row->want = list_entry_of(want);
	if (held)
		row->held = list_entry_of(held);
	verdict->count++;
}

static int side_add(const struct seki_lpm *prefix, const struct seki_list_hit *hit, uint64_t digest,
		    bool reached, void *arg)
{
	struct side *side = arg;

	if (side->listing)
		return side_list(side, prefix, hit);
	side->digest += digest;
	side->unreached += !reached;
	if (!reached && side->verdict)
		verdict_add(side->verdict, prefix, GATE_LIST_UNREACHED, NULL, hit);
	return 0;
}

/* --- what the rows add up to */

struct meant {
	struct seki_list_head head;
	struct list_table table;
	struct spilled_key {
		struct seki_list_spill_key key;
		struct seki_list_hit hit;
	} * spilled;
	size_t spilled_count, spilled_room;
};

static void meant_clear(struct meant *m)
{
	free(m->table.gate4);
	free(m->table.words);
	free(m->table.bucket4);
	free(m->table.line6);
	free(m->spilled);
}

DEFINE_CLEANUP(meant_clear, struct meant)

static int meant_spill(const struct seki_list_spill_key *key, const struct seki_list_hit *hit, void *arg)
{
	struct meant *m = arg;

	if (m->spilled_count == m->spilled_room) {
		size_t room = 2 * m->spilled_room + 64;
		struct spilled_key *grown = realloc(m->spilled, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		m->spilled = grown;
		m->spilled_room = room;
	}
	m->spilled[m->spilled_count++] = (struct spilled_key){*key, *hit};
	return 0;
}

static int meant_make(struct meant *m, const struct gate_list_row *rows, uint32_t count)
{
	uint32_t bad;
	int err;

	if (getrandom(m->head.seed, sizeof(m->head.seed), 0) != (ssize_t)sizeof(m->head.seed))
		return -EIO;
	m->table.head = &m->head;
	err = list_table_size(rows, count, &m->head, &bad);
	if (err)
		return err;
	m->table.gate4 = calloc(SEKI_LIST_WORDS_GATE4, sizeof(*m->table.gate4));
	m->table.words = calloc(SEKI_LIST_WORDS, sizeof(*m->table.words));
	m->table.bucket4 = calloc((size_t)m->head.shards4 * SEKI_LIST_BUCKETS4, sizeof(*m->table.bucket4));
	m->table.line6 = calloc((size_t)m->head.shards6 * SEKI_LIST_LINES6, sizeof(*m->table.line6));
	if (!m->table.gate4 || !m->table.words || !m->table.bucket4 || !m->table.line6)
		return -ENOMEM;
	return list_table_build(&m->table, rows, count, meant_spill, m, &bad);
}

static int meant_side(const struct meant *m, const struct gate_list_row *rows, uint32_t count,
		      struct side *side)
{
	int err = list_table_audit(&m->table, side_add, side);
	struct seki_lpm prefix;
	uint64_t digest;
	bool reached;

	for (size_t i = 0; !err && i < m->spilled_count; i++) {
		const struct spilled_key *row = &m->spilled[i];

		if (list_table_audit_spilled(&m->table, &row->key, &row->hit, &prefix, &digest, &reached))
			err = side_add(&prefix, &row->hit, digest, reached, side);
	}
	for (uint32_t i = 0; !err && m->head.rows_odd && i < count; i++) {
		struct seki_list_hit hit = list_hit_of(&rows[i]);

		if (!list_table_is_odd(&rows[i].key))
			continue;
		list_table_audit_odd(&m->table, &rows[i].key, &hit, &digest, &reached);
		err = side_add(&rows[i].key, &hit, digest, reached, side);
	}
	return err;
}

/* --- what the kernel holds */

struct holding {
	const struct list_table *table;
	struct side *side;
	uint32_t slot;
};

static int held_spilled(const void *key, const void *value, void *arg)
{
	const struct seki_list_spill_key *entry = key;
	const struct holding *h = arg;
	struct seki_lpm prefix;
	uint64_t digest;
	bool reached;

	if (entry->generation >> 1 != h->slot)
		return 0;
	return list_table_audit_spilled(h->table, entry, value, &prefix, &digest, &reached)
		       ? side_add(&prefix, value, digest, reached, h->side)
		       : 0;
}

static int held_odd(const void *key, const void *value, void *arg)
{
	const struct holding *h = arg;
	uint64_t digest;
	bool reached;

	list_table_audit_odd(h->table, key, value, &digest, &reached);
	return side_add(key, value, digest, reached, h->side);
}

static int held_side(struct gate *gate, struct side *side, uint32_t *spilled)
{
	struct gate_generation *g;
	struct list_table table;
	struct map_shape shape;
	struct holding h = {.table = &table, .side = side};
	int err = list_active(gate, &table, &g, &h.slot);

	if (!err)
		err = list_table_audit(&table, side_add, side);
	if (err)
		return err;
	*spilled = table.head->spilled;
	map_shape_get(gate, GATE_MAP_LIST_SPILL, &shape);
	err = map_walk(&shape, held_spilled, &h);
	if (err)
		return err;
	list_odd_shape(g, &shape);
	return map_walk(&shape, held_odd, &h);
}

/* --- where they differ */

static int prefix_order(const struct seki_lpm *a, const struct seki_lpm *b)
{
	int order = memcmp(&a->addr, &b->addr, sizeof(a->addr));

	return order ? order : (a->prefixlen > b->prefixlen) - (a->prefixlen < b->prefixlen);
}

static int said_order(const void *a, const void *b)
{
	const struct said *x = a, *y = b;
	int order = prefix_order(&x->prefix, &y->prefix);

	return order ? order : memcmp(&x->hit, &y->hit, sizeof(x->hit));
}

static void side_sort(struct side *side)
{
	if (side->count)
		qsort(side->all, side->count, sizeof(*side->all), said_order);
}

/* The entry at a place, if it is of that prefix (NULL: of any); else NULL. */
static const struct said *side_at(const struct side *side, size_t at, const struct seki_lpm *prefix)
{
	if (at == side->count || (prefix && prefix_order(&side->all[at].prefix, prefix)))
		return NULL;
	return &side->all[at];
}

/* All that both say of one prefix; the first thing that only one of them says goes into want and held. */
static void prefix_compare_sides(const struct side *meant, size_t *m, const struct side *held, size_t *h,
				 const struct seki_lpm *prefix, const struct said **want,
				 const struct said **has)
{
	const struct said *x, *y;

	*want = *has = NULL;
	while ((x = side_at(meant, *m, prefix)), (y = side_at(held, *h, prefix)), x || y) {
		int order = !x ? 1 : !y ? -1 : said_order(x, y);

		*m += order <= 0;
		*h += order >= 0;
		if (order < 0 && !*want)
			*want = x;
		if (order > 0 && !*has)
			*has = y;
	}
}

static void sides_compare(struct side *meant, struct side *held, struct gate_list_verdict *out)
{
	size_t m = 0, h = 0;

	side_sort(meant);
	side_sort(held);
	for (;;) {
		const struct said *x = side_at(meant, m, NULL), *y = side_at(held, h, NULL), *want, *has;
		struct seki_lpm prefix;

		if (!x && !y)
			break;
		prefix = !y || (x && prefix_order(&x->prefix, &y->prefix) <= 0) ? x->prefix : y->prefix;
		prefix_compare_sides(meant, &m, held, &h, &prefix, &want, &has);
		if (want || has)
			verdict_add(out, &prefix,
				    !has    ? GATE_LIST_MISSING
				    : !want ? GATE_LIST_EXTRA
					    : GATE_LIST_OTHER,
				    want ? &want->hit : NULL, has ? &has->hit : NULL);
	}
}

int gate_list_verify(struct gate *gate, const struct gate_list_row *rows, uint32_t count,
		     struct gate_list_verdict *out)
{
	struct meant made = {0}, *m CLEANUP(meant_clear) = &made;
	struct side meant = {0}, held = {.verdict = out};
	int err;

	memset(out, 0, sizeof(*out));
	err = meant_make(m, rows, count);
	if (!err)
		err = meant_side(m, rows, count, &meant);
	if (!err)
		err = held_side(gate, &held, &out->spilled);
	if (err)
		return err;
	if (meant.unreached)
		return -EIO; /* our own fault: what was just built does not answer */
	out->want = meant.digest;
	out->held = held.digest;
	if (meant.digest == held.digest)
		return 0;
	meant.listing = held.listing = true;
	err = meant_side(m, rows, count, &meant);
	if (!err)
		err = held_side(gate, &held, &out->spilled);
	if (!err)
		sides_compare(&meant, &held, out);
	free(meant.all);
	free(held.all);
	return err;
}
