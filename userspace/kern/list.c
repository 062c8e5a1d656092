// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list.c - blacklist generations: two slots of maps in memory, so that a change is a store. A slot is filled
 * again only after a grace period (T12).
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "list_slot.h"
#include "list_table.h"

#define GATE_LIST_SPILL_MAX (2 * GATE_LIST_SPILL_ALARM) /* as bpf/maps.bpf.h has it: of both generations */
#define HEADS_BYTES	    4096			/* two of them, in whole pages */

static int heads_map(struct gate *gate)
{
	void *memory = mmap(NULL, HEADS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			    map_fd(gate, GATE_MAP_LIST_HEAD), 0);

	if (memory == MAP_FAILED)
		return -errno;
	gate->list_heads = memory;
	return 0;
}

/* Returns when no packet that began before is still being judged: the kernel waits before it answers such a
 * store. */
static int list_grace(struct gate *gate, uint32_t slot)
{
	const struct gate_list_maps *odd = &gate->list[slot].part[GATE_LIST_ODD];

	if (!odd->count)
		return 0; /* nobody can have read what was never there */
	return bpf_map_update_elem(map_fd(gate, GATE_MAP_LIST_ODD), &slot, odd->fd, BPF_ANY);
}

/* Keys of a generation that found no room in its buckets: few, or none. */
struct spilling {
	struct {
		struct seki_list_spill_key key;
		struct seki_list_hit hit;
	} rows[GATE_LIST_SPILL_MAX];
	uint32_t count, slot;
};

static int list_spill(const struct seki_list_spill_key *key, const struct seki_list_hit *hit, void *arg)
{
	struct spilling *to = arg;

	if (to->count == GATE_LIST_SPILL_ALARM) /* the other half is the other generation's */
		return -ENOSPC;
	to->rows[to->count].key = *key;
	to->rows[to->count].key.generation |= to->slot << 1;
	to->rows[to->count++].hit = *hit;
	return 0;
}

struct spilled {
	struct gate *gate;
	uint32_t slot;
};

/* The same, of a change that packets see at once. */
static int list_spill_now(const struct seki_list_spill_key *key, const struct seki_list_hit *hit, void *arg)
{
	const struct spilled *to = arg;
	struct seki_list_spill_key own = *key;
	struct seki_list_hit held;
	int fd = map_fd(to->gate, GATE_MAP_LIST_SPILL), err;
	bool there;

	own.generation |= to->slot << 1;
	there = !bpf_map_lookup_elem(fd, &own, &held);
	if (!there && (!hit || to->gate->list_heads[to->slot].spilled > GATE_LIST_SPILL_ALARM - 1))
		return hit ? -ENOSPC : -ENOENT;
	if (!hit)
		return bpf_map_delete_elem(fd, &own);
	err = bpf_map_update_elem(fd, &own, hit, BPF_ANY);
	return err == -E2BIG ? -ENOSPC : err;
}

/* Keys that an earlier generation of this slot left in the spill map. */
static int spill_drop(const void *key, const void *value, void *arg)
{
	const struct spilled *from = arg;
	const struct seki_list_spill_key *entry = key;

	if (entry->generation >> 1 == from->slot)
		(void)bpf_map_delete_elem(map_fd(from->gate, GATE_MAP_LIST_SPILL), key);
	return 0;
}

static int spill_replace(struct gate *gate, uint32_t slot, const struct spilling *spilling)
{
	struct spilled from = {gate, slot};
	struct map_shape shape;
	int err;

	map_shape_get(gate, GATE_MAP_LIST_SPILL, &shape);
	err = map_walk(&shape, spill_drop, &from);
	for (uint32_t i = 0; !err && i < spilling->count; i++)
		err = bpf_map_update_elem(shape.fd, &spilling->rows[i].key, &spilling->rows[i].hit, BPF_ANY);
	return err;
}

struct odd_row {
	struct seki_lpm key;
	struct seki_list_hit hit;
};
SEKI_STATIC_ASSERT(offsetof(struct odd_row, hit) == sizeof(struct seki_lpm),
		   "a row is its key, then its value");

void list_odd_shape(const struct gate_generation *g, struct map_shape *out)
{
	*out = (struct map_shape){g->part[GATE_LIST_ODD].fd[0], "the IPv6 list's trie",
				  sizeof(struct seki_lpm), sizeof(struct seki_list_hit), LIST_ODD_ENTRIES};
}

static int odd_fill(const struct gate_generation *g, const struct gate_list_row *rows, uint32_t count,
		    uint32_t many, struct gate_why *why)
{
	struct odd_row *odd AUTO_FREE = NULL;
	struct map_shape shape;
	uint32_t at = 0;

	if (!many)
		return 0;
	odd = calloc(many, sizeof(*odd));
	if (!odd)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		if (list_table_is_odd(&rows[i].key))
			odd[at++] = (struct odd_row){rows[i].key, list_hit_of(&rows[i])};
	list_odd_shape(g, &shape);
	return map_fill(&shape, odd, many, why);
}

static int head_make(const struct gate_list_row *rows, uint32_t count, struct seki_list_head *head,
		     struct gate_why *why)
{
	uint32_t bad = 0;
	int err;

	if (getrandom(head->seed, sizeof(head->seed), 0) != (ssize_t)sizeof(head->seed))
		return why_set(why, -EIO, "no random numbers for the list's hash");
	err = list_table_size(rows, count, head, &bad);
	if (err == -EINVAL)
		return why_set(why, err,
			       "row %u: prefix length %u, list %u, flags or set host bits are out of bounds",
			       bad, rows[bad].key.prefixlen, rows[bad].value.list);
	if (err)
		return why_set(why, -ENOSPC, "%u rows do not fit: the tables hold about %u per family", count,
			       GATE_LIST_MAX);
	if (head->rows_odd > LIST_ODD_ENTRIES)
		return why_set(why, -ENOSPC,
			       "%u IPv6 prefixes of lengths 65 to 127 or below 24 do not fit: at most %u",
			       head->rows_odd, LIST_ODD_ENTRIES);
	return 0;
}

static int generation_build(const struct gate_list_row *rows, uint32_t count, struct seki_list_head *head,
			    struct gate_generation *g, struct spilling *spilling, struct gate_why *why)
{
	struct list_table table = slot_table(g, head);
	uint64_t digest;
	uint32_t bad = 0;
	int err = list_table_build(&table, rows, count, list_spill, spilling, &bad);

	if (err == -EINVAL)
		return why_set(why, err, "row %u: its prefix comes twice", bad);
	if (err)
		return why_set(why, err, "cannot build tables for %u rows: %s", count, strerror(-err));
	err = list_table_check(&table, &digest);
	if (err)
		return why_set(why, err, "the tables of %u rows do not answer for every entry", count);
	return odd_fill(g, rows, count, head->rows_odd, why);
}

static int active_slot(struct gate *gate, uint32_t *slot)
{
	struct seki_settings settings;
	int err = gate_settings_get(gate, &settings);

	if (err)
		return err;
	if (settings.active > 1)
		return -EIO;
	*slot = settings.active;
	return 0;
}

/*
 * A generation into a slot that no packet reads. From the first change of the slot to the last its head has
 * no sizes: whoever finds that, also after a death in between, knows that there is nothing to roll back to.
 */
static int slot_replace(struct gate *gate, uint32_t slot, const struct gate_list_row *rows, uint32_t count,
			struct gate_why *why)
{
	const struct seki_list_head before = gate->list_heads[slot];
	struct spilling *spilling AUTO_FREE = calloc(1, sizeof(*spilling));
	struct seki_list_head head = {0};
	int err = spilling ? head_make(rows, count, &head, why) : -ENOMEM;

	if (err)
		return err;
	spilling->slot = slot;
	/* Packets that began before the last switch may still read this slot. */
	err = list_grace(gate, slot);
	if (err)
		return why_set(why, err, "the idle list cannot be let go: %s", strerror(-err));
	memset(&gate->list_heads[slot], 0, sizeof(head));
	err = slot_fit(gate, slot, &head, !before.shards4 || before.rows_odd || head.rows_odd);
	if (err)
		return why_set(why, err, "cannot make tables for %u rows: %s", count, strerror(-err));
	err = generation_build(rows, count, &head, &gate->list[slot], spilling, why);
	if (err)
		return err;
	err = spill_replace(gate, slot, spilling);
	if (err)
		return why_set(why, err, "cannot place the list into slot %u: %s", slot, strerror(-err));
	gate->list_heads[slot] = head;
	return 0;
}

int list_open(struct gate *gate, struct gate_why *why)
{
	uint32_t active = 0;
	int err = heads_map(gate);

	if (!err)
		err = active_slot(gate, &active);
	if (err)
		return why_set(why, err, "cannot reach the list's head: %s", strerror(-err));
	for (uint32_t slot = 0; slot < 2; slot++) {
		struct gate_generation *g = &gate->list[slot];

		err = slot_open(gate, slot);
		if (!err)
			continue;
		slot_close(g);
		if (slot != active) {
			memset(&gate->list_heads[slot], 0,
			       sizeof(*gate->list_heads)); /* nothing to roll back to */
			continue;
		}
		/* A list in force that cannot be opened is never replaced by an empty one. */
		if (gate->list_heads[slot].shards4)
			return why_set(why, err, "the list in force cannot be opened: %s", strerror(-err));
		err = slot_replace(gate, slot, NULL, 0, why);
		if (err)
			return err;
	}
	return 0;
}

void list_init(struct gate *gate)
{
	memset(gate->list, 0, sizeof(gate->list));
}

void list_close(struct gate *gate)
{
	for (int slot = 0; slot < 2; slot++)
		slot_close(&gate->list[slot]);
	if (gate->list_heads)
		munmap(gate->list_heads, HEADS_BYTES);
	gate->list_heads = NULL;
}

int gate_list_build(struct gate *gate, const struct gate_list_row *rows, uint32_t count, uint32_t *slot,
		    struct gate_why *why)
{
	uint32_t active;
	int err = active_slot(gate, &active);

	if (!err)
		err = slot_replace(gate, 1 - active, rows, count, why);
	if (!err)
		*slot = 1 - active;
	return err;
}

bool gate_list_has_previous(struct gate *gate)
{
	uint32_t active;

	return !active_slot(gate, &active) && gate->list_heads[1 - active].shards4;
}

enum which { ACTIVE, IDLE };

/* The generation that packets read, or the other one. */
static int list_of(struct gate *gate, enum which which, struct list_table *table, struct gate_generation **g,
		   uint32_t *slot)
{
	int err = active_slot(gate, slot);

	if (err)
		return err;
	*slot ^= which == IDLE;
	if (!gate->list[*slot].part[GATE_LIST_ODD].count || !gate->list_heads[*slot].shards4)
		return -ENOENT;
	*g = &gate->list[*slot];
	*table = slot_table(*g, &gate->list_heads[*slot]);
	return 0;
}

int list_active(struct gate *gate, struct list_table *table, struct gate_generation **g, uint32_t *slot)
{
	return list_of(gate, ACTIVE, table, g, slot);
}

static int list_put(struct gate *gate, enum which which, const struct gate_list_row *row)
{
	struct seki_list_hit hit = list_hit_of(row);
	struct spilled spill = {.gate = gate};
	struct gate_generation *g;
	struct list_table table;
	struct map_shape shape;
	int err = list_of(gate, which, &table, &g, &spill.slot);

	if (err)
		return err;
	if (!list_table_is_odd(&row->key))
		return list_table_put(&table, row, list_spill_now, &spill);
	list_odd_shape(g, &shape);
	table.head->rows_odd++; /* or more than there are: the memory of a slot with a trie is not refilled */
	err = map_put(&shape, &row->key, &hit);
	return err ? err : list_table_put(&table, row, NULL, NULL);
}

static int list_remove(struct gate *gate, enum which which, const struct seki_lpm *key,
		       const struct gate_list_row *heir)
{
	struct spilled spill = {.gate = gate};
	struct gate_generation *g;
	struct list_table table;
	int err = list_of(gate, which, &table, &g, &spill.slot);

	if (!err && key->prefixlen > 128)
		err = -EINVAL;
	if (err)
		return err;
	return list_table_is_odd(key) ? bpf_map_delete_elem(g->part[GATE_LIST_ODD].fd[0], key)
				      : list_table_remove(&table, key, heir, list_spill_now, &spill);
}

int gate_list_put(struct gate *gate, const struct gate_list_row *row)
{
	return list_put(gate, ACTIVE, row);
}

int gate_list_put_idle(struct gate *gate, const struct gate_list_row *row)
{
	return list_put(gate, IDLE, row);
}

int gate_list_remove(struct gate *gate, const struct seki_lpm *key, const struct gate_list_row *heir)
{
	return list_remove(gate, ACTIVE, key, heir);
}

int gate_list_remove_idle(struct gate *gate, const struct seki_lpm *key, const struct gate_list_row *heir)
{
	return list_remove(gate, IDLE, key, heir);
}

uint32_t gate_list_heir_low(const struct seki_lpm *key)
{
	return list_table_level_low(key);
}

static bool list_spilled(const struct seki_list_spill_key *key, struct seki_list_hit *out, void *arg)
{
	const struct spilled *in = arg;
	struct seki_list_spill_key own = *key;

	own.generation |= in->slot << 1;
	return !bpf_map_lookup_elem(map_fd(in->gate, GATE_MAP_LIST_SPILL), &own, out);
}

int gate_list_lookup(struct gate *gate, const struct seki_addr *addr, struct gate_list_row *out)
{
	struct seki_lpm host = {.prefixlen = 128, .addr = *addr}, prefix = {0};
	struct seki_list_hit hit = {0}, odd = {0};
	struct spilled spilled = {.gate = gate};
	struct gate_generation *g;
	struct list_table table;
	int err = list_active(gate, &table, &g, &spilled.slot);
	bool found;

	if (err)
		return err;
	found = list_table_find(&table, addr, list_spilled, &spilled, &prefix, &hit);
	/* The trie's answer has no prefix of its own: its length tells it. Nothing odd is IPv4. */
	err = bpf_map_lookup_elem(g->part[GATE_LIST_ODD].fd[0], &host, &odd);
	if (err && err != -ENOENT)
		return err;
	if (!err && (!found || odd.len > prefix.prefixlen)) {
		found = true;
		hit = odd;
		prefix = (struct seki_lpm){.prefixlen = odd.len, .addr = *addr};
		list_prefix_mask(&prefix);
	}
	if (!found)
		return -ENOENT;
	*out = (struct gate_list_row){prefix, list_entry_of(&hit)};
	return 0;
}

struct dumping {
	struct gate_list_row *rows;
	size_t count, room;
};

static int dump_entry(const struct seki_lpm *prefix, const struct seki_list_hit *hit, void *arg)
{
	struct dumping *d = arg;

	if (d->count == d->room) {
		size_t room = 2 * d->room + 4096;
		struct gate_list_row *more = realloc(d->rows, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		d->rows = more;
		d->room = room;
	}
	d->rows[d->count++] = (struct gate_list_row){*prefix, list_entry_of(hit)};
	return 0;
}

static int dump_pair(const void *key, const void *value, void *arg)
{
	return dump_entry(key, value, arg);
}

static int dump_compare(const void *a, const void *b)
{
	const struct gate_list_row *x = a, *y = b;
	int order = memcmp(&x->key.addr, &y->key.addr, sizeof(x->key.addr));

	return order ? order : (x->key.prefixlen > y->key.prefixlen) - (x->key.prefixlen < y->key.prefixlen);
}

struct dump_spilled {
	struct dumping *to;
	uint32_t slot;
};

/* Rows whose keys found no room in the tables. */
static int dump_spill(const void *key, const void *value, void *arg)
{
	const struct seki_list_spill_key *entry = key;
	const struct dump_spilled *from = arg;
	struct seki_lpm prefix;

	if (entry->generation >> 1 != from->slot)
		return 0;
	prefix = list_spilled_prefix(entry, value);
	return dump_entry(&prefix, value, from->to);
}

static int list_dump(struct gate *gate, struct dumping *d)
{
	struct gate_generation *g;
	struct list_table table;
	struct map_shape shape;
	uint32_t slot;
	int err = list_active(gate, &table, &g, &slot);

	if (!err)
		err = list_table_each(&table, dump_entry, d);
	if (err)
		return err;
	list_odd_shape(g, &shape);
	err = map_walk(&shape, dump_pair, d);
	map_shape_get(gate, GATE_MAP_LIST_SPILL, &shape);
	return err ? err : map_walk(&shape, dump_spill, &(struct dump_spilled){d, slot});
}

int gate_list_dump(struct gate *gate, struct gate_list_row **rows, uint32_t *count)
{
	struct dumping d = {0};
	size_t kept = 0;
	int err = list_dump(gate, &d);

	if (err) {
		free(d.rows);
		return err;
	}
	/* A prefix of several keys came several times. */
	if (d.count)
		qsort(d.rows, d.count, sizeof(*d.rows), dump_compare);
	for (size_t i = 0; i < d.count; i++)
		if (!kept || dump_compare(&d.rows[kept - 1], &d.rows[i]))
			d.rows[kept++] = d.rows[i];
	*rows = d.rows;
	*count = (uint32_t)kept;
	return 0;
}

int list_usage(struct gate *gate, struct gate_usage *out)
{
	struct gate_generation *g;
	struct list_table table;
	uint32_t slot;
	int err = list_active(gate, &table, &g, &slot);

	if (err)
		return err;
	out->list_rows = table.head->rows4 + table.head->rows6;
	out->list_max = GATE_LIST_MAX;
	out->list_spilled = table.head->spilled;
	out->list_bytes = slot_bytes(gate, 0) + slot_bytes(gate, 1);
	return 0;
}
