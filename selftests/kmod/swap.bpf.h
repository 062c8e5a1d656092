/* SPDX-License-Identifier: GPL-2.0-only */
/* swap.bpf.h - between swap.c and its program. */
#ifndef SELFTESTS_KMOD_SWAP_H
#define SELFTESTS_KMOD_SWAP_H

#define SWAP_PORT	7002
#define SWAP_PAYLOAD_AT 42 /* Ethernet, IPv4, UDP */
#define SWAP_KINDS	4  /* of payloads, by their first byte: '0' and on */

/* The module's answer; others are the sid of the rule that dropped. */
enum swap_answer { SWAP_PASSED = 0, SWAP_FAILED = 3, SWAP_ANSWERS };

struct swap_counts {
	__u64 of[SWAP_KINDS][SWAP_ANSWERS];
};

#endif
