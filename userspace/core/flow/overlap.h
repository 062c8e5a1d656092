/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * overlap.h - which bytes a receiver keeps when TCP segments or IP fragments
 * overlap and differ. Systems disagree; the answer depends on where the newer
 * piece begins and ends relative to the older one (Sturges and Novak,
 * "Target-Based TCP Stream Reassembly"; Novak, "Target-Based Fragmentation Reassembly").
 */
#ifndef CORE_OVERLAP_H
#define CORE_OVERLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "lib/prefix.h"
#include "sekimori/abi.h"

/* The newer piece begins before, with or behind the older one, and ends so: one bit per pair. */
#define OVERLAP_CELL(begin, end) (1u << ((begin)*3 + (end)))
#define OVERLAP_BEFORE		 (OVERLAP_CELL(0, 0) | OVERLAP_CELL(0, 1) | OVERLAP_CELL(0, 2))
#define OVERLAP_SAME		 (OVERLAP_CELL(1, 0) | OVERLAP_CELL(1, 1) | OVERLAP_CELL(1, 2))
#define OVERLAP_BEHIND		 (OVERLAP_CELL(2, 0) | OVERLAP_CELL(2, 1) | OVERLAP_CELL(2, 2))
#define OVERLAP_COVERS		 (OVERLAP_CELL(0, 1) | OVERLAP_CELL(0, 2))

/* id, name in configurations, where the newer piece wins among segments, among fragments */
#define OVERLAP_POLICIES(X)                                                                                  \
	X(BSD, "bsd", OVERLAP_BEFORE, OVERLAP_BEFORE)                                                        \
	X(BSD_RIGHT, "bsd-right", OVERLAP_BEFORE, OVERLAP_SAME | OVERLAP_BEHIND)                             \
	X(LINUX, "linux", OVERLAP_BEFORE | OVERLAP_CELL(1, 2), OVERLAP_BEFORE | OVERLAP_SAME)                \
	X(OLD_LINUX, "old-linux", OVERLAP_BEFORE | OVERLAP_CELL(1, 1) | OVERLAP_CELL(1, 2),                  \
	  OVERLAP_BEFORE | OVERLAP_SAME)                                                                     \
	X(SOLARIS, "solaris", OVERLAP_COVERS | OVERLAP_CELL(1, 1) | OVERLAP_CELL(1, 2) | OVERLAP_CELL(2, 2), \
	  OVERLAP_COVERS)                                                                                    \
	X(OLD_SOLARIS, "old-solaris",                                                                        \
	  OVERLAP_COVERS | OVERLAP_CELL(1, 1) | OVERLAP_CELL(1, 2) | OVERLAP_CELL(2, 2), 0)                  \
	X(HPUX10, "hpux10", OVERLAP_BEFORE, OVERLAP_BEFORE)                                                  \
	X(HPUX11, "hpux11", OVERLAP_COVERS | OVERLAP_CELL(1, 1) | OVERLAP_CELL(1, 2) | OVERLAP_CELL(2, 2),   \
	  0)                                                                                                 \
	X(IRIX, "irix", OVERLAP_BEFORE, OVERLAP_BEFORE)                                                      \
	X(MACOS, "macos", OVERLAP_BEFORE, 0)                                                                 \
	X(WINDOWS, "windows", OVERLAP_BEFORE, OVERLAP_CELL(0, 2))                                            \
	X(WINDOWS2K3, "windows2k3", OVERLAP_BEFORE, OVERLAP_CELL(0, 2))                                      \
	X(VISTA, "vista", 0, OVERLAP_CELL(0, 2))                                                             \
	X(FIRST, "first", 0, 0)                                                                              \
	X(LAST, "last", 0x1ff, 0x1ff)

enum overlap_policy {
#define X(id, ...) OVERLAP_##id,
	OVERLAP_POLICIES(X)
#undef X
		OVERLAP_POLICY_MAX
};

/* Does the newer of two overlapping pieces win? begin, end: signed distances of its ends from the older
 * one's. */
bool overlap_segment_wins(enum overlap_policy policy, int32_t begin, int32_t end);
bool overlap_fragment_wins(enum overlap_policy policy, int32_t begin, int32_t end);

/* -EINVAL: no such policy. */
__must_check int overlap_policy_find(const char *name, enum overlap_policy *out);
const char *overlap_policy_name(enum overlap_policy policy);

/* Which receiver does what: by the longest prefix that holds its address. */
#define OVERLAP_HOSTS_MAX 256u
struct overlap_hosts {
	struct {
		struct prefix prefix;
		uint8_t policy;
	} rows[OVERLAP_HOSTS_MAX];
	uint32_t count;
};

/* -ENOSPC: the table is full. The same prefix again replaces its policy. */
__must_check int overlap_hosts_add(struct overlap_hosts *hosts, const struct prefix *prefix,
				   enum overlap_policy policy);
/* hosts may be NULL. Where nothing is said: OVERLAP_BSD. */
enum overlap_policy overlap_hosts_find(const struct overlap_hosts *hosts, const struct seki_addr *receiver);

#endif
