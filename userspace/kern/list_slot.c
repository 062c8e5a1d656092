// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_slot.c - the maps of a blacklist generation. All of a kind have one size, so that the packet program
 * looks them up without a call; a larger list has more of them.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "list_slot.h"

/* What a generation consists of: name of its pins, outer map, one inner map, how many a slot of the outer one
 * has. */
static const struct part {
	const char *name;
	enum gate_map_id outer;
	uint32_t value_size, entries, stride;
} parts[GATE_LIST_PARTS] = {
	[GATE_LIST_GATE4] = {"gate4", GATE_MAP_LIST_GATE4, 8 * SEKI_LIST_WORDS_GATE4, 1, 1},
	[GATE_LIST_WORDS] = {"words", GATE_MAP_LIST_WORDS, 8 * SEKI_LIST_WORDS, 1, 1},
	[GATE_LIST_SHARD4] = {"shard4", GATE_MAP_LIST_SHARD4, SEKI_LIST_SHARD_BYTES, 1, SEKI_LIST_SHARDS_MAX},
	[GATE_LIST_SHARD6] = {"shard6", GATE_MAP_LIST_SHARD6, SEKI_LIST_SHARD_BYTES, 1, SEKI_LIST_SHARDS_MAX},
	[GATE_LIST_ODD] = {"odd", GATE_MAP_LIST_ODD, sizeof(struct seki_list_hit), LIST_ODD_ENTRIES, 1},
};

static uint32_t part_count(const struct seki_list_head *head, int part)
{
	return part == GATE_LIST_SHARD4 ? head->shards4 : part == GATE_LIST_SHARD6 ? head->shards6 : 1;
}

static size_t part_bytes(int part)
{
	return (size_t)parts[part].value_size * parts[part].entries;
}
SEKI_STATIC_ASSERT(SEKI_LIST_WORDS * 8 % 4096 == 0, "maps lie one behind the other, in whole pages");

static void maps_unmap(struct gate_list_maps *maps, int part)
{
	if (maps->memory)
		munmap(maps->memory, maps->count * part_bytes(part));
	maps->memory = NULL;
}

/* Keeps the first count of them. */
static void maps_shrink(struct gate_list_maps *maps, int part, uint32_t count)
{
	if (maps->count <= count)
		return;
	maps_unmap(maps, part);
	while (maps->count > count)
		close(maps->fd[--maps->count]);
}

/* One behind the other in memory. */
static int maps_map(struct gate_list_maps *maps, int part)
{
	size_t bytes = part_bytes(part);
	uint8_t *memory;

	if (part == GATE_LIST_ODD || maps->memory)
		return 0;
	memory = mmap(NULL, maps->count * bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
		      0);
	if (memory == MAP_FAILED)
		return -errno;
	maps->memory = memory;
	for (uint32_t i = 0; i < maps->count; i++)
		if (mmap(memory + i * bytes, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			 maps->fd[i], 0) == MAP_FAILED)
			return -errno;
	return 0;
}

static int maps_room(struct gate_list_maps *maps, uint32_t count)
{
	int *fd = realloc(maps->fd, count * sizeof(*fd));

	if (!fd)
		return -ENOMEM;
	maps->fd = fd;
	return 0;
}

static int maps_grow(struct gate_list_maps *maps, int part, uint32_t count)
{
	LIBBPF_OPTS(bpf_map_create_opts, array, .map_flags = BPF_F_MMAPABLE);
	LIBBPF_OPTS(bpf_map_create_opts, trie, .map_flags = BPF_F_NO_PREALLOC);
	bool odd = part == GATE_LIST_ODD;
	char name[BPF_OBJ_NAME_LEN];
	int err;

	if (maps->count >= count)
		return 0;
	maps_unmap(maps, part);
	err = maps_room(maps, count);
	if (err)
		return err;
	snprintf(name, sizeof(name), "seki_l_%s", parts[part].name);
	while (maps->count < count) {
		int fd = bpf_map_create(odd ? BPF_MAP_TYPE_LPM_TRIE : BPF_MAP_TYPE_ARRAY, name,
					odd ? sizeof(struct seki_lpm) : sizeof(uint32_t),
					parts[part].value_size, parts[part].entries, odd ? &trie : &array);

		if (fd < 0)
			return fd;
		maps->fd[maps->count++] = fd;
	}
	return 0;
}

void slot_close(struct gate_generation *g)
{
	for (int i = 0; i < GATE_LIST_PARTS; i++) {
		maps_shrink(&g->part[i], i, 0);
		free(g->part[i].fd);
		g->part[i] = (struct gate_list_maps){0};
	}
}

struct list_table slot_table(const struct gate_generation *g, struct seki_list_head *head)
{
	return (struct list_table){.head = head,
				   .gate4 = g->part[GATE_LIST_GATE4].memory,
				   .words = g->part[GATE_LIST_WORDS].memory,
				   .bucket4 = g->part[GATE_LIST_SHARD4].memory,
				   .line6 = g->part[GATE_LIST_SHARD6].memory};
}

uint64_t slot_bytes(const struct gate *gate, uint32_t slot)
{
	uint64_t bytes = 0;

	for (int i = 0; i < GATE_LIST_PARTS; i++)
		if (i != GATE_LIST_ODD)
			bytes += gate->list[slot].part[i].count * part_bytes(i);
	return bytes;
}

static void pin_name(char name[32], int part, uint32_t slot, uint32_t n)
{
	snprintf(name, 32, parts[part].stride > 1 ? "list_%s_%u_%u" : "list_%s_%u", parts[part].name, slot,
		 n);
}

/* Puts maps into the outer map, in one call where the kernel can: it waits for a grace period in each. */
static int outer_put(const struct gate *gate, const struct gate_list_maps *maps, int part, uint32_t slot,
		     uint32_t from)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	int outer = map_fd(gate, parts[part].outer), err = 0;
	uint32_t at[SEKI_LIST_SHARDS_MAX], count = maps->count - from;

	for (uint32_t i = 0; i < count; i++)
		at[i] = slot * parts[part].stride + from + i;
	if (count > 1 && !bpf_map_update_batch(outer, at, maps->fd + from, &count, &options))
		return 0;
	for (uint32_t i = from; !err && i < maps->count; i++)
		err = bpf_map_update_elem(outer, &at[i - from], &maps->fd[i], BPF_ANY);
	return err;
}

/* The pin goes first: what the slot holds can always be opened without CAP_SYS_ADMIN. */
static int maps_publish(struct gate *gate, const struct gate_list_maps *maps, int part, uint32_t slot,
			uint32_t from)
{
	for (uint32_t i = from; i < maps->count; i++) {
		char name[32];
		int err;

		pin_name(name, part, slot, i);
		err = pin_put(gate, name, maps->fd[i]);
		if (err)
			return err;
	}
	return from < maps->count ? outer_put(gate, maps, part, slot, from) : 0;
}

/* Gives back what a much smaller list has no use for. */
static int maps_release(struct gate *gate, struct gate_list_maps *maps, int part, uint32_t slot,
			uint32_t count)
{
	uint32_t had = maps->count;

	maps_shrink(maps, part, count);
	for (uint32_t i = maps->count; i < had; i++) {
		uint32_t at = slot * parts[part].stride + i;
		char name[32];
		int err;

		pin_name(name, part, slot, i);
		err = pin_remove(gate, name);
		if (!err || err == -ENOENT)
			err = bpf_map_delete_elem(map_fd(gate, parts[part].outer), &at);
		if (err && err != -ENOENT)
			return err;
	}
	return 0;
}

static int part_fit(struct gate *gate, struct gate_list_maps *maps, int part, uint32_t slot, uint32_t count)
{
	uint32_t had;
	int err = 0;

	if (maps->count / 2 > count)
		err = maps_release(gate, maps, part, slot, count);
	had = maps->count;
	if (!err && had)
		err = maps_map(maps, part);
	if (!err && maps->memory)
		memset(maps->memory, 0, had * part_bytes(part)); /* new ones are zero */
	if (!err)
		err = maps_grow(maps, part, count);
	if (!err)
		err = maps_publish(gate, maps, part, slot, had);
	return err ? err : maps_map(maps, part);
}

int slot_fit(struct gate *gate, uint32_t slot, const struct seki_list_head *head, bool odd)
{
	struct gate_generation *g = &gate->list[slot];
	int err = 0;

	if (odd)
		maps_shrink(&g->part[GATE_LIST_ODD], GATE_LIST_ODD, 0);
	for (int i = 0; !err && i < GATE_LIST_PARTS; i++)
		err = part_fit(gate, &g->part[i], i, slot, part_count(head, i));
	return err;
}

/* One map of what the slot holds: by its pin when that is the one, else by id, when the kernel lets us; then
 * the pin is put back. */
static int map_open(struct gate *gate, uint32_t slot, int part, uint32_t n, int *out)
{
	uint32_t at = slot * parts[part].stride + n, held = 0;
	int fd AUTO_FD = -1;
	struct bpf_map_info info;
	char name[32];
	int err = map_slot_id(map_fd(gate, parts[part].outer), at, &held);

	if (err)
		return err;
	pin_name(name, part, slot, n);
	err = pin_open(gate, name, &fd);
	if (err && err != -ENOENT)
		return err;
	if (!err)
		err = map_info(fd, &info);
	if (!err && info.id == held) {
		*out = TAKE_FD(fd);
		return 0;
	}
	if (fd >= 0)
		close(fd);
	fd = bpf_map_get_fd_by_id(held);
	err = fd < 0 ? fd : pin_put(gate, name, fd);
	if (!err)
		*out = TAKE_FD(fd);
	return err;
}

static int part_open(struct gate *gate, uint32_t slot, int part, uint32_t count)
{
	struct gate_list_maps *maps = &gate->list[slot].part[part];
	int err = maps_room(maps, count);

	for (uint32_t i = 0; !err && i < count; i++) {
		struct bpf_map_info info;

		err = map_open(gate, slot, part, i, &maps->fd[i]);
		if (err)
			return err;
		maps->count++;
		err = map_info(maps->fd[i], &info);
		if (!err &&
		    (info.value_size != parts[part].value_size || info.max_entries != parts[part].entries))
			err = -EBADMSG;
	}
	return err ? err : maps_map(maps, part);
}

int slot_open(struct gate *gate, uint32_t slot)
{
	const struct seki_list_head *head = &gate->list_heads[slot];
	int err = 0;

	if (!head->shards4)
		return -ENOENT;
	if (head->shards4 > SEKI_LIST_SHARDS_MAX || head->shards6 > SEKI_LIST_SHARDS_MAX)
		return -EBADMSG;
	for (int i = 0; !err && i < GATE_LIST_PARTS; i++)
		err = part_open(gate, slot, i, part_count(head, i));
	return err;
}
