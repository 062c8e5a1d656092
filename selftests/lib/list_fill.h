/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_fill.h - a blacklist generation for a BPF object that a test has loaded by itself, without the gate:
 * tables made, built through memory, put into a slot.
 */
#ifndef SELFTESTS_LIST_FILL_H
#define SELFTESTS_LIST_FILL_H

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "kern/list_table.h"

/* The memory of count parts one behind the other, which the object's outer map holds from then on, from at
 * on; MAP_FAILED and errno. */
static inline void *list_part(struct bpf_object *object, const char *outer, __u32 at, __u32 bytes,
			      __u32 count)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);
	void *memory = mmap(NULL, (size_t)bytes * count, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	__u32 index[SEKI_LIST_SHARDS_MAX], many = count;
	int fd[SEKI_LIST_SHARDS_MAX], err = 0, into = bpf_object__find_map_fd_by_name(object, outer);

	for (__u32 i = 0; !err && i < count; i++) {
		index[i] = at + i;
		fd[i] = bpf_map_create(BPF_MAP_TYPE_ARRAY, "seki_test_list", 4, bytes, 1, &options);
		err = fd[i] < 0 || mmap((char *)memory + (size_t)i * bytes, bytes, PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_FIXED, fd[i], 0) == MAP_FAILED;
	}
	if (!err && bpf_map_update_batch(into, index, fd, &many, NULL))
		for (__u32 i = 0; !err && i < count; i++)
			err = bpf_map_update_elem(into, &index[i], &fd[i], BPF_ANY) != 0;
	for (__u32 i = 0; !err && i < count; i++)
		close(fd[i]);
	return err ? MAP_FAILED : memory;
}

/* The trie of IPv6 lengths that have no level. */
static inline int list_odd(struct bpf_object *object, __u32 slot, const struct gate_list_row *rows,
			   __u32 count)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);
	int outer = bpf_object__find_map_fd_by_name(object, "seki_list_odd");
	int fd = bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "seki_test_odd", sizeof(struct seki_lpm),
				sizeof(struct seki_list_hit), count + 1, &options);
	int err = fd < 0 ? fd : 0;

	for (__u32 i = 0; !err && i < count; i++) {
		struct seki_list_hit hit = list_hit_of(&rows[i]);

		if (list_table_is_odd(&rows[i].key))
			err = bpf_map_update_elem(fd, &rows[i].key, &hit, BPF_ANY);
	}
	if (!err)
		err = bpf_map_update_elem(outer, &slot, &fd, BPF_ANY);
	if (fd >= 0)
		close(fd);
	return err;
}

/* Into the object's own spill map. */
static inline int list_fill_spill(const struct seki_list_spill_key *key, const struct seki_list_hit *hit,
				  void *arg)
{
	return bpf_map_update_elem(bpf_object__find_map_fd_by_name(arg, "seki_list_spill"), key, hit,
				   BPF_ANY);
}

/* The table is the caller's, to be given back by list_drop(). slot 0 alone may spill. -EINVAL, -errno. */
static inline int list_fill(struct bpf_object *object, __u32 slot, const struct gate_list_row *rows,
			    __u32 count, struct seki_list_head *head, struct list_table *table)
{
	__u32 bad;
	int err;

	*head = (struct seki_list_head){.seed = {1, 2}};
	*table = (struct list_table){.head = head};
	err = list_table_size(rows, count, head, &bad);
	if (err)
		return err;
	table->gate4 = list_part(object, "seki_list_gate4", slot, 8 * SEKI_LIST_WORDS_GATE4, 1);
	table->words = list_part(object, "seki_list_words", slot, 8 * SEKI_LIST_WORDS, 1);
	table->bucket4 = list_part(object, "seki_shard4", slot * SEKI_LIST_SHARDS_MAX, SEKI_LIST_SHARD_BYTES,
				   head->shards4);
	table->line6 = list_part(object, "seki_shard6", slot * SEKI_LIST_SHARDS_MAX, SEKI_LIST_SHARD_BYTES,
				 head->shards6);
	if ((void *)table->gate4 == MAP_FAILED || (void *)table->words == MAP_FAILED ||
	    (void *)table->bucket4 == MAP_FAILED || (void *)table->line6 == MAP_FAILED)
		return -errno;
	err = list_table_build(table, rows, count, slot ? NULL : list_fill_spill, object, &bad);
	if (!err)
		err = list_odd(object, slot, rows, count);
	return err ? err
		   : bpf_map_update_elem(bpf_object__find_map_fd_by_name(object, "seki_list_head"), &slot,
					 head, BPF_ANY);
}

static inline size_t list_shards4(const struct seki_list_head *head)
{
	return (size_t)head->shards4 * SEKI_LIST_BUCKETS4 * sizeof(struct seki_list_bucket4);
}

static inline size_t list_shards6(const struct seki_list_head *head)
{
	return (size_t)head->shards6 * SEKI_LIST_LINES6 * sizeof(union seki_list_line6);
}

static inline size_t list_bytes(const struct seki_list_head *head)
{
	return 8ul * (SEKI_LIST_WORDS_GATE4 + SEKI_LIST_WORDS) + list_shards4(head) + list_shards6(head);
}

static inline void list_drop(struct list_table *table)
{
	munmap(table->gate4, 8ul * SEKI_LIST_WORDS_GATE4);
	munmap(table->words, 8ul * SEKI_LIST_WORDS);
	munmap(table->bucket4, list_shards4(table->head));
	munmap(table->line6, list_shards6(table->head));
}

#endif
