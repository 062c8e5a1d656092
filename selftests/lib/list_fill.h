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

/* The memory of one part, which the object's outer map holds from then on; MAP_FAILED and errno. */
static inline void *list_part(struct bpf_object *object, const char *outer, __u32 at, __u32 value_size,
			      __u32 entries)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "seki_test_list", 4, value_size, entries, &options);
	void *memory = MAP_FAILED;

	if (fd < 0)
		return memory;
	if (!bpf_map_update_elem(bpf_object__find_map_fd_by_name(object, outer), &at, &fd, BPF_ANY))
		memory = mmap(NULL, (size_t)value_size * entries, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return memory;
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
	for (__u32 kind = 0; kind < SEKI_LIST_WORDS_MAX; kind++)
		table->words[kind] = list_part(object, "seki_list_words", slot * SEKI_LIST_WORDS_MAX + kind,
					       8, list_table_words(head, kind));
	table->bucket4 =
		list_part(object, "seki_bucket4", slot, sizeof(*table->bucket4), head->bucket_mask4 + 1);
	table->bucket6 =
		list_part(object, "seki_bucket6", slot, sizeof(*table->bucket6), head->bucket_mask6 + 1);
	for (int kind = 0; kind < SEKI_LIST_WORDS_MAX; kind++)
		if (table->words[kind] == MAP_FAILED)
			return -errno;
	if ((void *)table->bucket4 == MAP_FAILED || (void *)table->bucket6 == MAP_FAILED)
		return -errno;
	err = list_table_build(table, rows, count, slot ? NULL : list_fill_spill, object, &bad);
	if (!err)
		err = list_odd(object, slot, rows, count);
	return err ? err
		   : bpf_map_update_elem(bpf_object__find_map_fd_by_name(object, "seki_list_head"), &slot,
					 head, BPF_ANY);
}

static inline size_t list_bytes(const struct seki_list_head *head)
{
	size_t bytes = sizeof(struct seki_list_bucket4) * (head->bucket_mask4 + 1ul) +
		       sizeof(struct seki_list_bucket6) * (head->bucket_mask6 + 1ul);

	for (int kind = 0; kind < SEKI_LIST_WORDS_MAX; kind++)
		bytes += 8ul * list_table_words(head, kind);
	return bytes;
}

static inline void list_drop(struct list_table *table)
{
	for (int kind = 0; kind < SEKI_LIST_WORDS_MAX; kind++)
		munmap(table->words[kind], 8ul * list_table_words(table->head, kind));
	munmap(table->bucket4, sizeof(*table->bucket4) * (table->head->bucket_mask4 + 1ul));
	munmap(table->bucket6, sizeof(*table->bucket6) * (table->head->bucket_mask6 + 1ul));
}

#endif
