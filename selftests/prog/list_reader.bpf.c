// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A reader of the list that takes its time: longer than a whole replacement. What it found through the
 * generation that was active when it began must stay as it is until it ends.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "sekimori/maps.h"

#define STEPS (1u << 22)

struct list_gate4 {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 8 * SEKI_LIST_WORDS_GATE4);
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct list_gate4);
} seki_list_gate4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct seki_settings);
} seki_settings SEC(".maps");

struct seen {
	__u64 runs, crossed, torn; /* crossed: another generation was active at the end */
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct seen);
} seen SEC(".maps");

const volatile __u32 word; /* of the first table: lists differ in it */

static int pause_step(__u32 index, void *context)
{
	return 0;
}

SEC("xdp")
int reader(struct xdp_md *ctx)
{
	__u32 zero = 0, slot, at = word;
	struct seki_settings *settings = bpf_map_lookup_elem(&seki_settings, &zero);
	struct seen *out = bpf_map_lookup_elem(&seen, &zero);
	volatile __u64 *value;
	void *generation;
	__u64 first;

	if (!settings || !out)
		return XDP_ABORTED;
	slot = *(volatile __u32 *)&settings->active;
	generation = bpf_map_lookup_elem(&seki_list_gate4, &slot);
	if (!generation)
		return XDP_ABORTED;
	value = bpf_map_lookup_elem(generation, &zero);
	if (!value || at >= SEKI_LIST_WORDS_GATE4)
		return XDP_ABORTED;
	value += at;
	first = *value;
	for (int round = 0; round < 24; round++) {
		bpf_loop(STEPS, pause_step, NULL, 0);
		out->torn += *value != first;
	}
	out->runs++;
	out->crossed += *(volatile __u32 *)&settings->active != slot;
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
