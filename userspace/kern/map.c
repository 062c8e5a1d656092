// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * map.c - the contract's maps and rows in them: put, dump, fill, replace,
 * each read back from the kernel.
 */
#include <errno.h>
#include <string.h>

#include "gate_private.h"

#define BATCH_ROWS 4096u

const struct gate_map_row gate_map_rows[GATE_MAP_MAX] = {
#define X(id, name, type, key, value, entries)                                                               \
	[GATE_MAP_##id] = {name, BPF_MAP_TYPE_##type, key, value, entries},
	GATE_MAPS(X)
#undef X
};

int map_info(int fd, struct bpf_map_info *out)
{
	struct bpf_map_info info;
	uint32_t len = sizeof(info);
	int err;

	memset(&info, 0, sizeof(info));
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	if (err)
		return err;
	*out = info;
	return 0;
}

int map_check(enum gate_map_id id, const struct bpf_map_info *info)
{
	const struct gate_map_row *row = &gate_map_rows[id];

	if (info->type != row->type || info->key_size != row->key_size || info->value_size != row->value_size)
		return -EINVAL;
	return row->entries && info->max_entries != row->entries ? -EINVAL : 0;
}

int map_take(struct gate *gate, enum gate_map_id id, int fd)
{
	int owned AUTO_FD = fd;
	struct bpf_map_info info;
	int err = map_info(owned, &info);

	if (!err)
		err = map_check(id, &info);
	if (err)
		return err;
	gate->map[id] = (struct gate_map){.fd = TAKE_FD(owned), .id = info.id, .entries = info.max_entries};
	return 0;
}

int map_fd(const struct gate *gate, enum gate_map_id id)
{
	return gate->map[id].fd;
}

void map_shape_get(const struct gate *gate, enum gate_map_id id, struct map_shape *out)
{
	const struct gate_map_row *row = &gate_map_rows[id];

	*out = (struct map_shape){gate->map[id].fd, row->name, row->key_size, row->value_size,
				  gate->map[id].entries};
}

int map_slot_id(int outer, uint32_t slot, uint32_t *id)
{
	return bpf_map_lookup_elem(outer, &slot, id);
}

static size_t row_bytes(const struct map_shape *shape)
{
	return (size_t)shape->key_size + shape->value_size;
}

static const uint8_t *row_at(const struct map_shape *shape, const void *rows, uint32_t i)
{
	return (const uint8_t *)rows + i * row_bytes(shape);
}

/* An LPM lookup of a row's own key finds that row, else a shorter one whose value differs by its id. */
static int row_verify(const struct map_shape *shape, const void *key, const void *value, void *scratch)
{
	int err = bpf_map_lookup_elem(shape->fd, key, scratch);

	if (err)
		return err == -ENOENT ? -EIO : err;
	return memcmp(scratch, value, shape->value_size) ? -EIO : 0;
}

int map_put(const struct map_shape *shape, const void *key, const void *value)
{
	void *scratch AUTO_FREE = malloc(shape->value_size);
	int err;

	if (!scratch)
		return -ENOMEM;
	err = bpf_map_update_elem(shape->fd, key, value, BPF_ANY);
	/* hash and array tables say E2BIG where tries say ENOSPC */
	if (err == -E2BIG)
		return -ENOSPC;
	return err ? err : row_verify(shape, key, value, scratch);
}

/* Rows in batches: far fewer system calls than key by key. */
struct batch {
	const struct map_shape *shape;
	uint8_t *keys, *values;
	uint8_t cursor[64]; /* a key, or the kernel's own mark: never longer than the longest key */
	uint64_t sum;	    /* rows so far */
	uint32_t count;	    /* rows in keys and values */
	bool begun, ended;
};

static void batch_clear(struct batch *batch)
{
	free(batch->keys);
	free(batch->values);
}

static int batch_begin(struct batch *batch, const struct map_shape *shape)
{
	*batch = (struct batch){.shape = shape};
	if (shape->key_size > sizeof(batch->cursor))
		return -EINVAL;
	batch->keys = malloc((size_t)BATCH_ROWS * shape->key_size);
	batch->values = malloc((size_t)BATCH_ROWS * shape->value_size);
	return batch->keys && batch->values ? 0 : -ENOMEM;
}

/* -EOPNOTSUPP: this kernel knows no batches of this map type. -EAGAIN: the table changes faster than it is
 * read. */
static int batch_next(struct batch *batch)
{
	const struct map_shape *shape = batch->shape;
	uint32_t n = BATCH_ROWS;
	int err = bpf_map_lookup_batch(shape->fd, batch->begun ? batch->cursor : NULL, batch->cursor,
				       batch->keys, batch->values, &n, NULL);

	batch->count = 0;
	if (err == -KERNEL_ENOTSUPP)
		return -EOPNOTSUPP;
	if (err && err != -ENOENT)
		return err;
	batch->begun = true;
	batch->ended = err == -ENOENT;
	batch->count = n;
	batch->sum += n;
	return batch->sum > 2 * (uint64_t)shape->entries ? -EAGAIN : 0;
}

static int walk_batched(const struct map_shape *shape, map_row_fn fn, void *arg)
{
	__attribute__((cleanup(batch_clear))) struct batch batch;
	int err = batch_begin(&batch, shape);

	while (!err && !batch.ended) {
		err = batch_next(&batch);
		for (uint32_t i = 0; !err && i < batch.count; i++)
			err = fn(batch.keys + (size_t)i * shape->key_size,
				 batch.values + (size_t)i * shape->value_size, arg);
	}
	return err;
}

static int walk_stepped(const struct map_shape *shape, map_row_fn fn, void *arg)
{
	uint8_t *value AUTO_FREE = malloc(shape->value_size);
	uint8_t *key AUTO_FREE = malloc(shape->key_size);
	uint8_t *next AUTO_FREE = malloc(shape->key_size);
	size_t steps = 0;
	int err;

	if (!value || !key || !next)
		return -ENOMEM;
	err = bpf_map_get_next_key(shape->fd, NULL, next);
	while (!err) {
		if (steps++ > 2 * (size_t)shape->entries)
			return -EAGAIN;
		err = bpf_map_lookup_elem(shape->fd, next, value);
		if (!err)
			err = fn(next, value, arg);
		else if (err == -ENOENT)
			err = 0; /* removed meanwhile */
		if (err)
			return err;
		memcpy(key, next, shape->key_size);
		err = bpf_map_get_next_key(shape->fd, key, next);
	}
	return err == -ENOENT ? 0 : err;
}

int map_walk(const struct map_shape *shape, map_row_fn fn, void *arg)
{
	int err = walk_batched(shape, fn, arg);

	/* The first batch says so, before any row. */
	return err == -EOPNOTSUPP || err == -EINVAL ? walk_stepped(shape, fn, arg) : err;
}

struct dump {
	const struct map_shape *shape;
	uint8_t *rows;
	size_t used, room;
};

static int dump_row(const void *key, const void *value, void *arg)
{
	struct dump *dump = arg;
	size_t key_size = dump->shape->key_size, row = row_bytes(dump->shape);

	if (dump->used == dump->room) {
		size_t room = 2 * dump->room + BATCH_ROWS;
		uint8_t *more = realloc(dump->rows, room * row);

		if (!more)
			return -ENOMEM;
		dump->rows = more;
		dump->room = room;
	}
	memcpy(dump->rows + dump->used * row, key, key_size);
	memcpy(dump->rows + dump->used * row + key_size, value, dump->shape->value_size);
	dump->used++;
	return 0;
}

int map_dump(const struct map_shape *shape, void **rows, uint32_t *count)
{
	struct dump dump = {.shape = shape};
	int err = map_walk(shape, dump_row, &dump);

	if (err) {
		free(dump.rows);
		return err;
	}
	*rows = dump.rows;
	*count = (uint32_t)dump.used;
	return 0;
}

static int count_row(const void *key, const void *value, void *arg)
{
	++*(uint32_t *)arg;
	return 0;
}

int map_count(const struct map_shape *shape, uint32_t *count)
{
	uint32_t rows = 0;
	int err = map_walk(shape, count_row, &rows);

	if (!err)
		*count = rows;
	return err;
}

static int write_failed(const struct map_shape *shape, int err, struct gate_why *why)
{
	return why_set(why, err, "writing %s failed: %s", shape->name,
		       err == -EIO ? "the kernel holds something else" : strerror(-err));
}

static int key_compare(const void *a, const void *b, void *arg)
{
	const struct map_shape *shape = arg;

	return memcmp(*(const uint8_t *const *)a, *(const uint8_t *const *)b, shape->key_size);
}

/* Pointers to the rows in the order of their keys. */
static int rows_sort(const struct map_shape *shape, const void *rows, uint32_t count, const uint8_t ***out)
{
	const uint8_t **sorted = malloc(((size_t)count + 1) * sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		sorted[i] = row_at(shape, rows, i);
	qsort_r(sorted, count, sizeof(*sorted), key_compare, (void *)shape);
	*out = sorted;
	return 0;
}

static int sorted_distinct(const struct map_shape *shape, const void *rows, const uint8_t **sorted,
			   uint32_t count, struct gate_why *why)
{
	for (uint32_t i = 1; i < count; i++)
		if (!memcmp(sorted[i - 1], sorted[i], shape->key_size))
			return why_set(why, -EINVAL, "rows %zu and %zu for %s have the same key",
				       (size_t)(sorted[i - 1] - (const uint8_t *)rows) / row_bytes(shape),
				       (size_t)(sorted[i] - (const uint8_t *)rows) / row_bytes(shape),
				       shape->name);
	return 0;
}

/* rows: pointers in key order, so that neighbours share their path through a trie. */
static int fill_batch(const struct map_shape *shape, const uint8_t **rows, uint32_t n, uint8_t *keys,
		      uint8_t *values)
{
	uint32_t done = n;

	for (uint32_t i = 0; i < n; i++) {
		memcpy(keys + (size_t)i * shape->key_size, rows[i], shape->key_size);
		memcpy(values + (size_t)i * shape->value_size, rows[i] + shape->key_size, shape->value_size);
	}
	if (!bpf_map_update_batch(shape->fd, keys, values, &done, NULL))
		return 0;
	/* No batches for this map type, or one row failed: row by row gives the row's own error. */
	for (uint32_t i = 0; i < n; i++) {
		int err = bpf_map_update_elem(shape->fd, rows[i], rows[i] + shape->key_size, BPF_ANY);

		if (err)
			return err == -E2BIG ? -ENOSPC : err;
	}
	return 0;
}

/* Every row is there with its value, and nothing else. */
static int rows_verify(const struct map_shape *shape, const uint8_t **rows, uint32_t count)
{
	void *scratch AUTO_FREE = malloc(shape->value_size);
	uint32_t held;
	int err;

	if (!scratch)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		err = row_verify(shape, rows[i], rows[i] + shape->key_size, scratch);
		if (err)
			return err;
	}
	err = map_count(shape, &held);
	if (err)
		return err;
	return held == count ? 0 : -EIO;
}

int map_fill(const struct map_shape *shape, const void *rows, uint32_t count, struct gate_why *why)
{
	uint8_t *keys AUTO_FREE = malloc((size_t)BATCH_ROWS * shape->key_size);
	uint8_t *values AUTO_FREE = malloc((size_t)BATCH_ROWS * shape->value_size);
	const uint8_t **sorted AUTO_FREE = NULL;
	int err;

	if (!keys || !values)
		return -ENOMEM;
	err = rows_sort(shape, rows, count, &sorted);
	if (!err)
		err = sorted_distinct(shape, rows, sorted, count, why);
	if (err)
		return err;
	for (uint32_t from = 0; from < count && !err;) {
		uint32_t n = count - from < BATCH_ROWS ? count - from : BATCH_ROWS;

		err = fill_batch(shape, sorted + from, n, keys, values);
		from += n;
	}
	if (!err)
		err = rows_verify(shape, sorted, count);
	return err ? write_failed(shape, err, why) : 0;
}

static bool sorted_has(const struct map_shape *shape, const uint8_t **sorted, uint32_t count,
		       const uint8_t *key)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = memcmp(sorted[middle], key, shape->key_size);

		if (!order)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

int map_replace(const struct map_shape *shape, const void *rows, uint32_t count, struct gate_why *why)
{
	const uint8_t **sorted AUTO_FREE = NULL;
	void *held AUTO_FREE = NULL;
	uint32_t held_count, gone = 0;
	int err = rows_sort(shape, rows, count, &sorted);

	if (!err)
		err = sorted_distinct(shape, rows, sorted, count, why);
	if (!err)
		err = map_dump(shape, &held, &held_count);
	if (err)
		return err;
	for (uint32_t i = 0; i < held_count; i++)
		gone += !sorted_has(shape, sorted, count, row_at(shape, held, i));
	/* The new rows come first, so that for a moment both sets must fit. */
	if ((uint64_t)count + gone > shape->entries)
		return why_set(
			why, -ENOSPC,
			"%s has room for %u rows, %u new ones and %u that are to go do not fit together",
			shape->name, shape->entries, count, gone);
	for (uint32_t i = 0; i < count && !err; i++) {
		const uint8_t *row = row_at(shape, rows, i);

		err = bpf_map_update_elem(shape->fd, row, row + shape->key_size, BPF_ANY);
	}
	for (uint32_t i = 0; i < held_count && !err; i++) {
		const uint8_t *row = row_at(shape, held, i);

		if (!sorted_has(shape, sorted, count, row))
			err = bpf_map_delete_elem(shape->fd, row);
	}
	if (!err)
		err = rows_verify(shape, sorted, count);
	return err ? write_failed(shape, err, why) : 0;
}
