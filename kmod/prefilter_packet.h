/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * prefilter_packet.h - the prefilter over what the kernel's hooks hold.
 */
#ifndef KMOD_PREFILTER_PACKET_H
#define KMOD_PREFILTER_PACKET_H

#include "prefilter.h"

struct sk_buff;
struct xdp_buff;

/* The room of each CPU. 0 or -ENOMEM; exit when nothing can scan any more. */
int seki_prefilter_init(void);
void seki_prefilter_exit(void);

/*
 * Judges query->len bytes from query->payload on in the frame, linear or in
 * fragments. Bottom halves are off and the table is held by RCU. 0; -EINVAL
 * the payload does not lie in the frame; -E2BIG it lies in too many pieces;
 * then query is as it was.
 */
int seki_prefilter_xdp(const struct seki_pf_table *table, const struct xdp_buff *xdp,
		       struct seki_pf_query *query);
int seki_prefilter_skb(const struct seki_pf_table *table, const struct sk_buff *skb,
		       struct seki_pf_query *query);

#endif
