// SPDX-License-Identifier: GPL-2.0-only
/*
 * lists.bpf.c - one look-up per run: the product's tables, and the kernel's maps beside them, over the same
 * stream of addresses.
 */
#include <linux/ip.h>

#include "list.bpf.h"
#include "../selftests/bench/list_live.h"

#define STREAM (1u << 20)

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, STREAM);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct seki_addr);
} stream SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} hash4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct seki_addr);
	__type(value, __u64);
} hash6 SEC(".maps");

struct lpm4 {
	__u32 prefixlen;
	__be32 addr;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct lpm4);
	__type(value, __u64);
} trie4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct seki_lpm);
	__type(value, __u64);
} trie6 SEC(".maps");

__u32 at, now;

static __always_inline struct seki_addr *next(void)
{
	__u32 index = ++at & (STREAM - 1);

	return bpf_map_lookup_elem(&stream, &index);
}

SEC("xdp")
int bench_base(struct xdp_md *ctx)
{
	struct seki_addr *a = next();

	return a && a->w[3] == 1 ? XDP_DROP : XDP_PASS;
}

/*
 * What any blacklist asks of an entry on the way to a drop, and counts for its list: the same for the
 * product's and for the kernel's maps, whose values say the same.
 */
static __always_inline int verdict(__u64 word)
{
	union seki_list_said said = {.word = word};
	__u32 list = said.hit.list;
	struct seki_hits *hits;

	if (!(said.hit.flags & SEKI_ENTRY_SRC) || (said.hit.expires && said.hit.expires <= now))
		return XDP_PASS;
	hits = bpf_map_lookup_elem(&seki_list_count, &list);
	if (hits) {
		hits->pkts++;
		hits->last = now;
	}
	return XDP_DROP;
}

static __always_inline int verdict_at(const __u64 *said)
{
	return said ? verdict(*said) : XDP_PASS;
}

SEC("xdp")
int bench_ours(struct xdp_md *ctx)
{
	struct seki_addr *a = next();
	__u32 gate;

	if (!a)
		return XDP_ABORTED;
	if (addr_is4(a)) {
		gate = list_gate4(0, bpf_ntohl(a->w[3]));
		return gate ? verdict(list_find4(0, bpf_ntohl(a->w[3]), gate)) : XDP_PASS;
	}
	gate = list_gate6(0, bpf_ntohl(a->w[0]));
	return gate ? verdict(seki_list_find6(0, addr_hi(a), addr_lo(a), gate)) : XDP_PASS;
}

SEC("xdp")
int bench_hash4(struct xdp_md *ctx)
{
	struct seki_addr *a = next();

	return a ? verdict_at(bpf_map_lookup_elem(&hash4, &a->w[3])) : XDP_ABORTED;
}

SEC("xdp")
int bench_hash6(struct xdp_md *ctx)
{
	struct seki_addr *a = next();

	return a ? verdict_at(bpf_map_lookup_elem(&hash6, a)) : XDP_ABORTED;
}

SEC("xdp")
int bench_trie4(struct xdp_md *ctx)
{
	struct seki_addr *a = next();
	struct lpm4 key = {.prefixlen = 32};

	if (!a)
		return XDP_ABORTED;
	key.addr = a->w[3];
	return verdict_at(bpf_map_lookup_elem(&trie4, &key));
}

SEC("xdp")
int bench_trie6(struct xdp_md *ctx)
{
	struct seki_addr *a = next();
	struct seki_lpm key = {.prefixlen = 128};

	if (!a)
		return XDP_ABORTED;
	key.addr = *a;
	return verdict_at(bpf_map_lookup_elem(&trie6, &key));
}

/*
 * Live frames: the sender gives each the next address and hands it to the wire; whoever waits at the other
 * end looks it up, counts it and drops it either way, so that only the look-up differs.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct bench_live);
} live SEC(".maps");

static __always_inline struct bench_live *live_of(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&live, &zero);
}

SEC("xdp")
int bench_send(struct xdp_md *ctx)
{
	struct iphdr *ip = (void *)(long)ctx->data + sizeof(struct ethhdr);
	struct bench_live *l = live_of();
	struct seki_addr *a = next();
	__u32 sum;

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end || !a || !l)
		return XDP_ABORTED;
	ip->saddr = a->w[3];
	sum = l->sum + (ip->saddr & 0xffff) + (ip->saddr >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = (__u16) ~(sum + (sum >> 16));
	return bpf_redirect(l->to, 0);
}

/* In host byte order; 0 when the frame is no IPv4. */
static __always_inline __u32 live_source(struct xdp_md *ctx)
{
	const struct iphdr *ip = (void *)(long)ctx->data + sizeof(struct ethhdr);

	return (void *)(ip + 1) > (void *)(long)ctx->data_end ? 0 : bpf_ntohl(ip->saddr);
}

static __always_inline int live_count(bool hit)
{
	struct bench_live *l = live_of();

	if (l)
		l->hits += hit;
	return XDP_DROP;
}

SEC("xdp")
int live_drop(struct xdp_md *ctx)
{
	return live_count(live_source(ctx));
}

SEC("xdp")
int live_ours(struct xdp_md *ctx)
{
	__u32 source = live_source(ctx), gate = list_gate4(0, source);

	return live_count(gate && list_find4(0, source, gate));
}

SEC("xdp")
int live_hash4(struct xdp_md *ctx)
{
	__be32 source = bpf_htonl(live_source(ctx));

	return live_count(bpf_map_lookup_elem(&hash4, &source));
}

SEC("xdp")
int live_trie4(struct xdp_md *ctx)
{
	struct lpm4 key = {32, bpf_htonl(live_source(ctx))};

	return live_count(bpf_map_lookup_elem(&trie4, &key));
}

char LICENSE[] SEC("license") = "GPL";
