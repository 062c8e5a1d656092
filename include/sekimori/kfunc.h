/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * kfunc.h - what sekimori.ko offers to XDP and tc programs. Prototypes, once for the module (which sees struct sk_buff and
 * struct xdp_buff behind the two contexts) and for bpf/.
 */
#ifndef SEKIMORI_KFUNC_H
#define SEKIMORI_KFUNC_H

#include "prefilter.h"

/* Raised by every change of a kfunc. A loader takes the object with kfuncs only when the module says the same number. */
#define SEKI_KFUNC_ABI 3

struct xdp_md;
struct __sk_buff;

#ifdef __bpf__
#define SEKI_KFUNC(prototype) extern prototype __attribute__((section(".ksyms")))
#else
#define SEKI_KFUNC(prototype) prototype
#endif

/*
 * Judges the payload that the query (struct seki_pf_query) names by the prefilter table in force. 0: the
 * query's outgoing fields are filled. -ENOENT: there is no table. -EINVAL: query__sz is not its size, or the
 * payload does not lie in the frame. -E2BIG: it lies in too many pieces.
 */
SEKI_KFUNC(int bpf_seki_scan_xdp(struct xdp_md *ctx, void *query, __u32 query__sz));
SEKI_KFUNC(int bpf_seki_scan_tc(struct __sk_buff *ctx, void *query, __u32 query__sz));

#endif
