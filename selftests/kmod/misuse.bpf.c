// SPDX-License-Identifier: GPL-2.0-only
/* misuse.bpf.c - calls of the module that the verifier has to refuse, and two that it has to take. See
 * misuse.c. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "sekimori/kfunc.h"

SEC("?xdp")
int right_xdp(struct xdp_md *ctx)
{
	struct seki_pf_query query = {.len = 1};

	return bpf_seki_scan_xdp(ctx, &query, sizeof(query)) ? XDP_PASS : XDP_DROP;
}

SEC("?tc")
int right_tc(struct __sk_buff *skb)
{
	struct seki_pf_query query = {.len = 1};

	return bpf_seki_scan_tc(skb, &query, sizeof(query)) ? 0 : 2;
}

/* More bytes than the memory has. */
SEC("?xdp")
int beyond_memory(struct xdp_md *ctx)
{
	struct seki_pf_query query = {.len = 1};

	return bpf_seki_scan_xdp(ctx, &query, sizeof(query) + 512) ? XDP_PASS : XDP_DROP;
}

/* A length that nobody bounded. */
SEC("?xdp")
int unbounded_length(struct xdp_md *ctx)
{
	struct seki_pf_query query = {.len = 1};

	return bpf_seki_scan_xdp(ctx, &query, ctx->rx_queue_index) ? XDP_PASS : XDP_DROP;
}

/* Something else in the place of the context. */
SEC("?xdp")
int no_context(struct xdp_md *ctx)
{
	struct seki_pf_query query = {.len = 1};

	return bpf_seki_scan_xdp((struct xdp_md *)&query, &query, sizeof(query)) ? XDP_PASS : XDP_DROP;
}

/* A number in the place of the memory. */
SEC("?xdp")
int no_memory(struct xdp_md *ctx)
{
	return bpf_seki_scan_xdp(ctx, (void *)(unsigned long)ctx->rx_queue_index, 24) ? XDP_PASS : XDP_DROP;
}

/* Packet bytes beyond what was compared with the packet's end. */
SEC("?xdp")
int unchecked_packet(struct xdp_md *ctx)
{
	return bpf_seki_scan_xdp(ctx, (void *)(long)ctx->data, 24) ? XDP_PASS : XDP_DROP;
}

/* The call for tc in an XDP program, and the other way round. */
SEC("?xdp")
int tc_call_in_xdp(struct xdp_md *ctx)
{
	struct seki_pf_query query = {.len = 1};

	return bpf_seki_scan_tc((struct __sk_buff *)ctx, &query, sizeof(query)) ? XDP_PASS : XDP_DROP;
}

SEC("?tc")
int xdp_call_in_tc(struct __sk_buff *skb)
{
	struct seki_pf_query query = {.len = 1};

	return bpf_seki_scan_xdp((struct xdp_md *)skb, &query, sizeof(query));
}

/* A kind of program that may not call it at all. */
SEC("?socket")
int other_kind(struct __sk_buff *skb)
{
	struct seki_pf_query query = {.len = 1};

	return bpf_seki_scan_tc(skb, &query, sizeof(query));
}

char LICENSE[] SEC("license") = "GPL";
