// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list.c - blacklist generations: two slots of inner tries per family. A
 * slot's trie is never refilled: a new one takes its place, and the kernel
 * returns from that store after a grace period (T12).
 */
#include <errno.h>
#include <string.h>

#include "gate_private.h"
#include "lib/log.h"

static const char *const family_names[GATE_FAMILY_MAX] = {[GATE_FAMILY_4] = "IPv4", [GATE_FAMILY_6] = "IPv6"};
static const enum gate_map_id family_maps[GATE_FAMILY_MAX] = {
	[GATE_FAMILY_4] = GATE_MAP_LIST4, [GATE_FAMILY_6] = GATE_MAP_LIST6};
static const uint8_t mapped_head[12] = {[10] = 0xff, [11] = 0xff};

SEKI_STATIC_ASSERT(offsetof(struct gate_list_row, value) == sizeof(struct seki_lpm),
		   "a row is its key, then its value");

struct row4 {
	struct seki_lpm4 key;
	struct seki_entry value;
};
SEKI_STATIC_ASSERT(offsetof(struct row4, value) == sizeof(struct seki_lpm4),
		   "a row is its key, then its value");

static void pin_name(char name[16], enum gate_family family, uint32_t slot)
{
	snprintf(name, 16, "list%c_%u", family == GATE_FAMILY_4 ? '4' : '6', slot);
}

static enum gate_family key_family(const struct seki_lpm *key)
{
	return key->prefixlen >= 96 && !memcmp(key->addr.b, mapped_head, sizeof(mapped_head)) ? GATE_FAMILY_4
											      : GATE_FAMILY_6;
}

static struct seki_lpm4 key_to4(const struct seki_lpm *key)
{
	return (struct seki_lpm4){.prefixlen = key->prefixlen - 96, .addr = key->addr.w[3]};
}

static struct seki_lpm key_from4(const struct seki_lpm4 *key)
{
	struct seki_lpm out = {.prefixlen = key->prefixlen + 96};

	memcpy(out.addr.b, mapped_head, sizeof(mapped_head));
	out.addr.w[3] = key->addr;
	return out;
}

static void trie_shape(const struct gate *gate, enum gate_family family, const struct gate_trie *trie,
		       struct map_shape *out)
{
	*out = (struct map_shape){trie->fd, family == GATE_FAMILY_4 ? "the IPv4 list" : "the IPv6 list",
				  gate->list_template[family].key_size,
				  gate->list_template[family].value_size, trie->entries};
}

static int trie_create(const struct gate *gate, enum gate_family family, uint32_t slot, struct gate_trie *out)
{
	const struct gate_template *form = &gate->list_template[family];
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = form->flags);
	char name[BPF_OBJ_NAME_LEN];
	int fd;

	snprintf(name, sizeof(name), "seki_l%c_%u", family == GATE_FAMILY_4 ? '4' : '6', slot);
	fd = bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, name, form->key_size, form->value_size, form->entries,
			    &options);
	if (fd < 0)
		return fd;
	*out = (struct gate_trie){.fd = fd, .entries = form->entries, .rows = 0};
	return 0;
}

static void trie_close(struct gate_trie *trie)
{
	if (!trie)
		return;
	if (trie->fd >= 0)
		close(trie->fd);
	trie->fd = -1;
}
DEFINE_CLEANUP(trie_close, struct gate_trie)

/* The pin goes first: what the slot holds can always be opened without CAP_SYS_ADMIN. */
static int trie_publish(struct gate *gate, enum gate_family family, uint32_t slot,
			const struct gate_trie *trie)
{
	char name[16];
	int err;

	pin_name(name, family, slot);
	err = pin_put(gate, name, trie->fd);
	return err ? err : bpf_map_update_elem(map_fd(gate, family_maps[family]), &slot, &trie->fd, BPF_ANY);
}

/* What the slot holds: by pin when that is the one, by id when the kernel lets us, else the pin is put back.
 */
static int trie_find(struct gate *gate, enum gate_family family, uint32_t slot, struct gate_trie *out,
		     bool *placed)
{
	int outer = map_fd(gate, family_maps[family]);
	struct gate_trie trie = {.fd = -1, .rows = -1};
	struct bpf_map_info info;
	int fd AUTO_FD = -1;
	uint32_t id = 0;
	char name[16];
	int err = map_slot_id(outer, slot, &id);

	if (err && err != -ENOENT)
		return err;
	pin_name(name, family, slot);
	err = pin_open(gate, name, &fd);
	if (err && err != -ENOENT)
		return err;
	if (fd >= 0 && map_info(fd, &info))
		return -EIO;
	*placed = fd >= 0 && info.id == id;
	if (id && (fd < 0 || info.id != id)) {
		int by_id = bpf_map_get_fd_by_id(id);

		if (by_id >= 0) {
			if (fd >= 0)
				close(fd);
			fd = by_id;
			err = map_info(fd, &info);
			if (err)
				return err;
		} else if (fd < 0) {
			return by_id;
		}
	}
	if (fd < 0)
		return -ENOENT;
	trie.fd = TAKE_FD(fd);
	trie.entries = info.max_entries;
	*out = trie;
	return 0;
}

int list_open(struct gate *gate, uint32_t list_entries, struct gate_why *why)
{
	for (int family = 0; family < GATE_FAMILY_MAX; family++) {
		if (list_entries)
			gate->list_template[family].entries = list_entries;
		for (uint32_t slot = 0; slot < 2; slot++) {
			struct gate_trie trie = {.fd = -1};
			bool placed = false;
			/* A fresh object's own tries give way to ones of the size that was asked for. */
			int err = gate->adopted ? trie_find(gate, family, slot, &trie, &placed) : -ENOENT;

			if (err == -ENOENT)
				err = trie_create(gate, family, slot, &trie);
			if (err)
				return why_set(why, err, "cannot open slot %u of the %s list: %s", slot,
					       family_names[family], strerror(-err));
			gate->list[family][slot] = trie;
			if (!placed)
				err = trie_publish(gate, family, slot, &trie);
			if (err)
				return why_set(why, err, "cannot place slot %u of the %s list: %s", slot,
					       family_names[family], strerror(-err));
		}
	}
	return 0;
}

void list_close(struct gate *gate)
{
	for (int family = 0; family < GATE_FAMILY_MAX; family++)
		for (int slot = 0; slot < 2; slot++)
			trie_close(&gate->list[family][slot]);
}

static int row_check(const struct gate_list_row *row)
{
	uint32_t len = row->key.prefixlen;

	if (len > 128 || row->value.list >= SEKI_MAX_LISTS)
		return -EINVAL;
	/* Host bits would make two keys of one prefix. */
	if (len % 8 && row->key.addr.b[len / 8] & (0xff >> (len % 8)))
		return -EINVAL;
	for (uint32_t i = (len + 7) / 8; i < 16; i++)
		if (row->key.addr.b[i])
			return -EINVAL;
	return 0;
}

/* Splits rows by family into flat arrays of the tries' own row form. */
struct split {
	void *rows[GATE_FAMILY_MAX];
	uint32_t count[GATE_FAMILY_MAX];
};

static void split_clear(struct split *split)
{
	for (int family = 0; family < GATE_FAMILY_MAX; family++)
		free(split->rows[family]);
}

static inline void split_cleanup(struct split *split)
{
	split_clear(split);
}

static int split_make(struct split *split, const struct gate_list_row *rows, uint32_t count,
		      struct gate_why *why)
{
	struct gate_list_row *rows6 = malloc(((size_t)count + 1) * sizeof(*rows6));
	struct row4 *rows4 = malloc(((size_t)count + 1) * sizeof(*rows4));

	split->rows[GATE_FAMILY_4] = rows4;
	split->rows[GATE_FAMILY_6] = rows6;
	if (!rows4 || !rows6)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		enum gate_family family = key_family(&rows[i].key);
		uint32_t at = split->count[family]++;

		if (row_check(&rows[i]))
			return why_set(why, -EINVAL,
				       "row %u: prefix length %u, list %u or set host bits are out of bounds",
				       i, rows[i].key.prefixlen, rows[i].value.list);
		if (family == GATE_FAMILY_4)
			rows4[at] = (struct row4){key_to4(&rows[i].key), rows[i].value};
		else
			rows6[at] = rows[i];
	}
	return 0;
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

static int trie_build(struct gate *gate, enum gate_family family, uint32_t slot, const struct split *split,
		      struct gate_trie *out, struct gate_why *why)
{
	CLEANUP(trie_close) struct gate_trie *owner = NULL;
	struct map_shape shape;
	int err = trie_create(gate, family, slot, out);

	if (err)
		return why_set(why, err, "cannot create an %s list of %u rows: %s", family_names[family],
			       gate->list_template[family].entries, strerror(-err));
	owner = out;
	trie_shape(gate, family, out, &shape);
	err = map_fill(&shape, split->rows[family], split->count[family], why);
	if (err)
		return err;
	out->rows = split->count[family];
	(void)TAKE_PTR(owner);
	return 0;
}

int gate_list_build(struct gate *gate, const struct gate_list_row *rows, uint32_t count, uint32_t *slot,
		    struct gate_why *why)
{
	__attribute__((cleanup(split_cleanup))) struct split split = {0};
	struct gate_trie fresh[GATE_FAMILY_MAX] = {{.fd = -1}, {.fd = -1}};
	bool placing = false;
	uint32_t active, idle;
	int err = split_make(&split, rows, count, why);

	if (!err)
		err = active_slot(gate, &active);
	if (err)
		return err;
	idle = 1 - active;
	for (int family = 0; family < GATE_FAMILY_MAX; family++)
		if (split.count[family] > gate->list_template[family].entries)
			return why_set(why, -ENOSPC,
				       "%u %s rows do not fit: the list has room for %u (list_entries)",
				       split.count[family], family_names[family],
				       gate->list_template[family].entries);
	for (int family = 0; family < GATE_FAMILY_MAX && !err; family++)
		err = trie_build(gate, family, idle, &split, &fresh[family], why);
	for (int family = 0; family < GATE_FAMILY_MAX && !err; family++) {
		placing = true;
		err = trie_publish(gate, family, idle, &fresh[family]);
		if (err)
			why_set(why, err, "cannot place the %s list into slot %u: %s", family_names[family],
				idle, strerror(-err));
	}
	for (int family = 0; family < GATE_FAMILY_MAX; family++) {
		struct gate_trie *held = &gate->list[family][idle];

		if (err) {
			/* Both families belong together: the previous generation goes back as far as it can.
			 */
			if (placing && trie_publish(gate, family, idle, held))
				log_error("the previous %s list could not be put back into slot %u",
					  family_names[family], idle);
			trie_close(&fresh[family]);
			continue;
		}
		trie_close(held);
		*held = fresh[family];
	}
	if (!err)
		*slot = idle;
	return err;
}

static int trie_active(struct gate *gate, enum gate_family family, struct gate_trie **trie,
		       struct map_shape *shape)
{
	uint32_t slot;
	int err = active_slot(gate, &slot);

	if (err)
		return err;
	*trie = &gate->list[family][slot];
	trie_shape(gate, family, *trie, shape);
	return 0;
}

static int trie_count(const struct map_shape *shape, struct gate_trie *trie, uint32_t *count)
{
	if (trie->rows < 0) {
		uint32_t rows;
		int err = map_count(shape, &rows);

		if (err)
			return err;
		trie->rows = rows;
	}
	*count = (uint32_t)trie->rows;
	return 0;
}

int gate_list_put(struct gate *gate, const struct gate_list_row *row)
{
	enum gate_family family = key_family(&row->key);
	struct seki_lpm4 key4 = {0};
	struct gate_trie *trie;
	struct map_shape shape;
	int err = row_check(row);

	if (!err)
		err = trie_active(gate, family, &trie, &shape);
	if (err)
		return err;
	if (family == GATE_FAMILY_4)
		key4 = key_to4(&row->key);
	trie->rows = -1; /* it may have been a new row or a changed one */
	return map_put(&shape, family == GATE_FAMILY_4 ? (const void *)&key4 : &row->key, &row->value);
}

int gate_list_remove(struct gate *gate, const struct seki_lpm *key)
{
	enum gate_family family = key_family(key);
	struct seki_lpm4 key4 = {0};
	const void *raw = key;
	struct gate_trie *trie;
	struct map_shape shape;
	int err;

	if (key->prefixlen > 128)
		return -EINVAL;
	err = trie_active(gate, family, &trie, &shape);
	if (err)
		return err;
	if (family == GATE_FAMILY_4) {
		key4 = key_to4(key);
		raw = &key4;
	}
	err = bpf_map_delete_elem(shape.fd, raw);
	if (err)
		return err;
	if (trie->rows > 0)
		trie->rows--;
	/* Read-back: a lookup could answer with a wider row, a second removal cannot. */
	return bpf_map_delete_elem(shape.fd, raw) == -ENOENT ? 0 : -EIO;
}

int gate_list_lookup(struct gate *gate, const struct seki_addr *addr, struct seki_entry *out)
{
	struct seki_lpm key = {.prefixlen = 128, .addr = *addr};
	enum gate_family family = key_family(&key);
	struct seki_lpm4 key4 = {0};
	struct seki_entry entry;
	struct gate_trie *trie;
	struct map_shape shape;
	int err = trie_active(gate, family, &trie, &shape);

	if (err)
		return err;
	if (family == GATE_FAMILY_4)
		key4 = key_to4(&key);
	err = bpf_map_lookup_elem(shape.fd, family == GATE_FAMILY_4 ? (const void *)&key4 : &key, &entry);
	if (!err)
		*out = entry;
	return err;
}

int gate_list_dump(struct gate *gate, struct gate_list_row **rows, uint32_t *count)
{
	void *dumped4 AUTO_FREE = NULL, *dumped6 AUTO_FREE = NULL;
	struct gate_list_row *all AUTO_FREE = NULL;
	uint32_t count4, count6;
	struct gate_trie *trie;
	struct map_shape shape;
	int err = trie_active(gate, GATE_FAMILY_4, &trie, &shape);

	if (!err)
		err = map_dump(&shape, &dumped4, &count4);
	if (!err)
		err = trie_active(gate, GATE_FAMILY_6, &trie, &shape);
	if (!err)
		err = map_dump(&shape, &dumped6, &count6);
	if (err)
		return err;
	all = malloc(((size_t)count4 + count6 + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	for (uint32_t i = 0; i < count4; i++) {
		const struct row4 *row = (const struct row4 *)dumped4 + i;

		all[i] = (struct gate_list_row){key_from4(&row->key), row->value};
	}
	memcpy(all + count4, dumped6, (size_t)count6 * sizeof(*all));
	*rows = TAKE_PTR(all);
	*count = count4 + count6;
	return 0;
}

int list_usage(struct gate *gate, struct gate_usage *out)
{
	uint32_t rows = 0, entries = 0;

	for (int family = 0; family < GATE_FAMILY_MAX; family++) {
		struct gate_trie *trie;
		struct map_shape shape;
		uint32_t count;
		int err = trie_active(gate, family, &trie, &shape);

		if (!err)
			err = trie_count(&shape, trie, &count);
		if (err)
			return err;
		rows += count;
		entries += trie->entries;
	}
	out->list_rows = rows;
	out->list_max = entries;
	return 0;
}
