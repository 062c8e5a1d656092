// SPDX-License-Identifier: GPL-2.0-only
/*
 * prefilter.bpf.c - the prefilter's scan as a packet program could do it: windows, filter and buckets of the
 * module's own source over the same table. The payload is loaded from the frame, as a program must that takes
 * frames in several buffers; then every access is bounded by a mask, which is cheaper than comparing with a
 * packet's end.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "bench/prefilter.bpf.h"
#include "kmod/prefilter_parts.h"

#define IMAGE	(1u << 20)
#define PAYLOAD 2048u

struct image {
	__u8 bytes[IMAGE];
};
struct payload {
	__u8 bytes[PAYLOAD + 64];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct image);
} image SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct payload);
} payload SEC(".maps");

/* One variable: nothing says in which order a linker lays out several. */
struct bench_table t;

static __always_inline __u32 word_at(const struct image *table, __u32 at)
{
	return *(const __u32 *)(table->bytes + (at & (IMAGE - 4)));
}

/* The literal of a gram, byte by byte. */
static __always_inline bool literal_same(const struct image *table, const struct payload *data, __u32 literal,
					 __u32 at)
{
	__u32 from = t.bytes + word_at(table, literal);
	__u32 sizes = word_at(table, literal + 8);
	__u32 size = sizes >> 16 & 0xff, i;
	bool nocase = sizes >> 24;

	if (t.len - at < size)
		return false;
	for (i = 0; i < SEKI_PF_LITERAL_MAX && i < size; i++) {
		__u8 byte = data->bytes[(at + i) & (PAYLOAD - 1)];

		if ((nocase ? seki_pf_lower(byte) : byte) != table->bytes[(from + i) & (IMAGE - 1)])
			return false;
	}
	return true;
}

static __always_inline int class_hit(const struct image *table, const struct payload *data,
				     enum seki_pf_class class, __u32 at, __u32 window)
{
	const struct bench_class *c = &t.classes[class];
	__u32 bucket = c->buckets + 4 * seki_pf_bucket(class, window, t.multiplier, c->bits & 31);
	__u32 first = word_at(table, bucket), last = word_at(table, bucket + 4), i;

	if (!c->count)
		return 0;
	for (i = 0; i < SEKI_PF_BUCKET_MAX && first + i < last; i++) {
		__u32 row = c->grams + (first + i) * sizeof(struct seki_pf_gram);
		__u32 where = word_at(table, row + 4);
		__s32 begin = (__s32)at - (__s8)(where >> 16);
		__u32 outside = where >> 24;

		if (begin < 0 || outside >= SEKI_PF_OUTSIDE_MAX ||
		    (window & seki_pf_inside[outside]) != word_at(table, row))
			continue;
		if (literal_same(table, data,
				 t.literals + (where & 0xffff) * (__u32)sizeof(struct seki_pf_literal),
				 (__u32)begin))
			return 1;
	}
	return 0;
}

/* A window that the filter let through: 1, a literal is there. */
__noinline int window_hit(__u32 at, __u32 window)
{
	__u32 zero = 0;
	const struct image *table = bpf_map_lookup_elem(&image, &zero);
	const struct payload *data = bpf_map_lookup_elem(&payload, &zero);
	int found;

	if (!table || !data)
		return 0;
	found = class_hit(table, data, SEKI_PF_WHOLE, at, window);
	return found ? found : class_hit(table, data, SEKI_PF_PART, at, window);
}

SEC("xdp")
int scan(struct xdp_md *ctx)
{
	__u32 zero = 0, at, end = t.len, by = t.multiplier, filter = t.filter, mask = t.filter_mask;
	const struct image *table = bpf_map_lookup_elem(&image, &zero);
	struct payload *data = bpf_map_lookup_elem(&payload, &zero);
	int found = 0;

	if (!table || !data || !end || end > PAYLOAD || bpf_xdp_load_bytes(ctx, 0, data->bytes, end))
		return 0;
	/* One byte behind the end: the last window of a short literal; it is let through or not, and looked
	 * at. */
	for (at = 0; at < PAYLOAD && at + 3 <= end; at += SEKI_PF_STRIDE) {
		__u32 window = seki_pf_window(data->bytes + at);
		__u32 word = seki_pf_word(window, by, mask);

		if (word_at(table, filter + word * 4) >> seki_pf_bit(window) & 1)
			found |= window_hit(at, window);
	}
	return found ? XDP_DROP : XDP_PASS;
}

/* What the run itself costs. */
SEC("xdp")
int nothing(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
