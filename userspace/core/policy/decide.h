/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decide.h - from a match to what is asked of the kernel: whom, how long, and
 * why not more. Pure. The keeper judges the proposal again with what only it knows.
 */
#ifndef CORE_DECIDE_H
#define CORE_DECIDE_H

#include "core/match/detect.h"
#include "policy.h"

enum decide_kind { DECIDE_NONE, DECIDE_CUT_FLOW, DECIDE_BLOCK_SOURCE /* and cut the flow */ };

struct decision {
	enum decide_kind kind;
	struct seki_addr attacker; /* T2: opposite of the rule's target, else the initiator */
	const char *why; /* why not more, static, or NULL: "severity", "path not validated", "no flow",
			    "protected network" … */
};

/*
 * protected: is this address ours or behind us (never blocked)? called with arg.
 * A rule with action drop or reject asks for at least a cut; pass asks for nothing.
 */
struct decision decide(const struct policy_block *policy, const struct detect_alert *alert,
		       bool (*protected_address)(const struct seki_addr *addr, void *arg), void *arg);

/* The one predicate: a real-time notice goes out exactly for these. */
bool decide_notify(enum seki_severity severity, enum seki_verdict verdict);

/* TTL of the n-th block (0 = first) of the same source. */
uint32_t decide_ttl(const struct policy_block *policy, uint32_t repeats);

#endif
