/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * ring.h - which ring a flow's records go to. The packet program chooses by
 * it, the keeper checks by it that an engine speaks of its own flows (T9).
 */
#ifndef SEKIMORI_RING_H
#define SEKIMORI_RING_H

#include "abi.h"

static inline __attribute__((always_inline)) __u32 seki_hash_mix(__u32 h, __u32 x)
{
	h = (h ^ x) * 0x9e3779b1u;
	return h ^ h >> 15;
}

/*
 * The same for both directions. By address pair, without ports: later fragments have none, and the connections
 * that one pair of hosts makes for another (FTP) belong together, so one engine sees all of it and nothing must
 * be handed on between engines (T15). rings 0 and 1: ring 0.
 */
static inline __attribute__((always_inline)) __u32 seki_ring_of(const struct seki_flow_key *key, __u32 rings)
{
	__u32 h = 0;

	for (int i = 0; i < 4; i++)
		h = seki_hash_mix(h, key->lo.w[i] + key->hi.w[i] * 31);
	/* Neighbours differ in the high bits only so far, and a few rings are chosen by the low ones. */
	h = (h ^ h >> 16) * 0x85ebca6bu;
	h = (h ^ h >> 13) * 0xc2b2ae35u;
	h ^= h >> 16;
	return rings > 1 ? h % rings : 0;
}

#endif
