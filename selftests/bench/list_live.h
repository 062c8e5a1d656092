/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * list_live.h - what lists.bpf.c and lists_live.c share.
 */
#ifndef SELFTESTS_LIST_LIVE_H
#define SELFTESTS_LIST_LIVE_H

#include <linux/types.h>

struct bench_live {
	__u32 to;  /* the sender's interface */
	__u32 sum; /* of the IP header without source and checksum */
	__u64 hits;
};

#endif
