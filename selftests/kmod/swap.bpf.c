// SPDX-License-Identifier: GPL-2.0-only
/* swap.bpf.c - asks the module of every datagram to one port and counts its answers. See swap.c. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "kmod/swap.bpf.h"
#include "sekimori/kfunc.h"

struct swap_counts swap_counts;

SEC("xdp")
int swap(struct xdp_md *ctx)
{
	__u8 *data = (__u8 *)(long)ctx->data, *end = (__u8 *)(long)ctx->data_end;
	struct seki_pf_query query = {
		.payload = SWAP_PAYLOAD_AT, .proto = 17, .direction = SEKI_PF_TO_SERVER};
	__u32 kind, answer;

	if (data + SWAP_PAYLOAD_AT + 1 > end || data[12] != 8 || data[13] || data[23] != 17 ||
	    (data[36] << 8 | data[37]) != SWAP_PORT)
		return XDP_PASS;
	query.len = (__u32)(end - data) - SWAP_PAYLOAD_AT;
	query.dport = SWAP_PORT;
	kind = data[SWAP_PAYLOAD_AT] - '0';
	if (bpf_seki_scan_xdp(ctx, &query, sizeof(query)))
		answer = SWAP_FAILED;
	else
		answer = query.outcome == SEKI_PF_DROP ? query.sid : SWAP_PASSED;
	if (kind < SWAP_KINDS)
		__sync_fetch_and_add(&swap_counts.of[kind & 3][answer & 3], 1);
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
