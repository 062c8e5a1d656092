/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guard_table.h - the guard's table read: one source for the kernel, the fuzzer and the tests. No memory, no
 * locks, no clock.
 */
#ifndef KMOD_GUARD_TABLE_H
#define KMOD_GUARD_TABLE_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#endif

#include "sekimori/guard.h"

/* 0: every count, range, flag and index inside is sound, so that judging needs to check nothing again.
 * -EINVAL else. */
int seki_guard_check(const void *table, __u32 len);

#define SEKI_GUARD_HEADERS    3	  /* IP headers: outer and two inner ones, as the packet program follows */
#define SEKI_GUARD_HEAD_BYTES 192 /* of a frame that are worth reading */

struct seki_guard_pair {
	__u64 src_hi, src_lo, dst_hi, dst_lo; /* host byte order; IPv4 v4-mapped */
};

struct seki_guard_packet {
	struct seki_guard_pair pair[SEKI_GUARD_HEADERS];
	__u32 pairs;
	__u32 ifindex;
	__u16 sport, dport; /* host byte order; of the outer header */
	__u16 vlan;	    /* outermost tag's id, 0 none */
	__u8 proto;
	__u8 has_ports;
};

/*
 * Addresses and ports of the bytes that follow the Ethernet header; ethertype in host byte order.
 * packet->vlan and ifindex are the caller's, a tag inside the bytes sets vlan when it was 0. True: there is
 * at least one pair.
 */
bool seki_guard_parse(const __u8 *data, size_t len, __u16 ethertype, struct seki_guard_packet *packet);

enum seki_guard_answer { SEKI_GUARD_PASS, SEKI_GUARD_EXEMPT, SEKI_GUARD_DROP };

/* table was checked. now: second of CLOCK_MONOTONIC. */
enum seki_guard_answer seki_guard_judge(const void *table, const struct seki_guard_packet *packet, __u32 now);

#endif
