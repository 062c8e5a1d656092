// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * decide.c - whom a match accuses and how much may be asked against them.
 */
#include <netinet/in.h>
#include <string.h>

#include "decide.h"

struct accused {
	struct seki_addr addr;
	bool is_client;
	bool guessed; /* initiator that nobody saw open the flow */
};

/* src and dst are meant in the direction of the match, which may be another packet's than the one at hand. */
static struct accused find_attacker(const struct detect_alert *alert)
{
	const struct flow *flow = alert->flow;
	const enum rule_target target = alert->rule->target;
	struct accused accused = {0};

	if (!flow) {
		if (alert->packet)
			accused.addr = target == RULE_TARGET_SRC ? alert->packet->dst : alert->packet->src;
		return accused;
	}
	switch (target) {
	case RULE_TARGET_SRC:
		accused.is_client = alert->dir == TO_CLIENT;
		break;
	case RULE_TARGET_DST:
		accused.is_client = alert->dir == TO_SERVER;
		break;
	case RULE_TARGET_NONE:
		accused.is_client = true;
		accused.guessed = !flow->initiator_known;
		break;
	}
	accused.addr = accused.is_client ? flow->client : flow->server;
	return accused;
}

/*
 * Why the attacker's address may be forged, NULL when it is proven (T1). The
 * flow is validated when the remote party acknowledged what our side sent;
 * the remote party is the responder only when the initiator is ours.
 */
static const char *find_doubt(const struct flow *flow, const struct accused *accused,
			      bool (*protected_address)(const struct seki_addr *addr, void *arg), void *arg)
{
	if (flow->proto != IPPROTO_TCP || !flow->both_directions || !flow->validated)
		return "path not validated";
	if (accused->guessed)
		return "initiator not seen";
	if (!accused->is_client && !protected_address(&flow->client, arg))
		return "path not validated";
	return NULL;
}

struct decision decide(const struct policy_block *policy, const struct detect_alert *alert,
		       bool (*protected_address)(const struct seki_addr *addr, void *arg), void *arg)
{
	const struct rule_info *rule = alert->rule;
	struct accused accused = find_attacker(alert);
	struct decision decision = {.kind = DECIDE_NONE, .attacker = accused.addr};
	/* The operator wants to hear nothing of a quiet match: the rule's own action is all there is. */
	bool block = !alert->quiet && rule->severity >= policy->source_severity;
	bool cut = block || (!alert->quiet && rule->severity >= policy->cut_severity) ||
		   alert->action == RULE_DROP || alert->action == RULE_REJECT;

	if (alert->action == RULE_PASS)
		decision.why = "pass rule";
	else if (!policy->enabled)
		decision.why = "automatic blocking is off";
	else if (!cut)
		decision.why = "severity";
	else if (!alert->flow)
		decision.why = "no flow";
	if (decision.why)
		return decision;

	decision.kind = DECIDE_CUT_FLOW;
	if (!block)
		decision.why = "severity";
	else if (protected_address(&accused.addr, arg))
		decision.why = "protected network";
	else
		decision.why = find_doubt(alert->flow, &accused, protected_address, arg);
	if (!decision.why)
		decision.kind = DECIDE_BLOCK_SOURCE;
	return decision;
}

bool decide_notify(enum seki_severity severity, enum seki_verdict verdict)
{
	return severity == SEKI_SEVERITY_CRITICAL && verdict != SEKI_VERDICT_BLOCKED;
}

uint32_t decide_ttl(const struct policy_block *policy, uint32_t repeats)
{
	uint64_t ttl = policy->ttl;

	if (policy->repeat_factor > 1)
		for (; repeats > 0 && ttl > 0 && ttl < policy->ttl_max; repeats--)
			ttl *= policy->repeat_factor;
	return ttl < policy->ttl_max ? (uint32_t)ttl : policy->ttl_max;
}
