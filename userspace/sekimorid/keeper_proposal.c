// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_proposal.c - what engines ask for, judged again with what only the
 * keeper knows. An engine reads hostile bytes all day: nothing it says is
 * taken that the kernel does not confirm.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/policy/decide.h"
#include "keeper.h"
#include "lib/log.h"
#include "sekimori/ring.h"

#define CUT_SECONDS 600u /* how long a cut flow stays cut; its end removes it earlier */

struct judgement {
	struct message_judged out;
	struct seki_flow flow; /* as the kernel has it */
	bool enforce;
};

__attribute__((format(printf, 2, 3))) static void judge_say(struct judgement *j, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(j->out.why, sizeof(j->out.why), format, ap);
	va_end(ap);
}

static bool address_equal(const struct seki_addr *a, const struct seki_addr *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* Does the flow go to this engine's ring? */
static bool proposal_ring(const struct keeper *k, const struct keeper_child *engine,
			  const struct seki_flow_key *key)
{
	uint32_t rings = k->settings.rings;

	return rings <= 1 || seki_ring_of(key, rings) == engine->index;
}

static bool proposal_mode(struct keeper *k, uint32_t ifindex, uint16_t vlan)
{
	const struct keeper_iface *best = NULL;

	for (uint32_t i = 0; i < k->iface_count; i++) {
		const struct keeper_iface *row = &k->ifaces[i];

		if (row->ifindex == ifindex && (row->want.vlan == vlan || (!row->want.vlan && !best)))
			best = row;
	}
	return best && best->want.mode == SEKI_MODE_ENFORCE;
}

static bool proposal_valid(const struct message_proposal *p, size_t len)
{
	return p->line_len == len - sizeof(*p) && p->line_len > 1 && p->kind <= DECIDE_BLOCK_SOURCE &&
	       p->kind != DECIDE_NONE && p->severity < SEKI_SEVERITY_MAX && p->dir <= 1 && p->dropped <= 1 &&
	       message_text_valid(p->why, sizeof(p->why)) && p->flow_id &&
	       memcmp(&p->key.lo, &p->key.hi, sizeof(p->key.lo)) <= 0;
}

/* Nobody whom the allow set, a protected network or a shared address names is ever blocked as a source. */
static bool proposal_exempt(struct keeper *k, const struct seki_addr *addr, struct judgement *j)
{
	struct seki_net net;
	int err = gate_net_lookup(k->gate, addr, &net);

	if (err == -ENOENT)
		return false;
	if (err)
		judge_say(j, "the allow set could not be asked");
	else if (net.flags & (SEKI_NET_OWN | SEKI_NET_DMZ))
		judge_say(j, "protected network");
	else if (net.scopes)
		judge_say(j, "allow set");
	else if (net.flags & SEKI_NET_SHARED)
		judge_say(j, "shared source");
	else
		return false;
	return true;
}

/* T2: an address with other clean flows is a proxy or NAT with innocent people behind it. */
static bool proposal_shared(struct keeper *k, const struct policy_block *policy, const struct seki_addr *addr)
{
	struct seki_source source;
	uint32_t age, recent = 0;

	if (gate_source_get(k->gate, addr, &source))
		return false;
	/* BPF turns the windows only when it counts: evidence that is two windows old shields nobody. */
	age = keeper_now() - source.window;
	if (age < 2 * SEKI_SHARED_WINDOW)
		recent += source.clean[0];
	if (age < SEKI_SHARED_WINDOW)
		recent += source.clean[1];
	return recent >= policy->shared_flows;
}

static struct keeper_repeat *repeat_find(struct keeper *k, const struct seki_addr *addr)
{
	struct keeper_repeat *oldest = &k->repeats[0];

	for (uint32_t i = 0; i < KEEPER_REPEATS; i++) {
		struct keeper_repeat *row = &k->repeats[i];

		if (row->last && address_equal(&row->addr, addr))
			return row;
		if (row->last < oldest->last)
			oldest = row;
	}
	*oldest = (struct keeper_repeat){.addr = *addr};
	return oldest;
}

static uint32_t proposal_ttl(struct keeper *k, const struct policy_block *policy,
			     const struct seki_addr *addr)
{
	struct keeper_repeat *repeat = repeat_find(k, addr);
	uint32_t now = keeper_now(), ttl;

	if (repeat->last && now - repeat->last > 2 * policy->ttl_max)
		repeat->count = 0;
	ttl = decide_ttl(policy, repeat->count);
	repeat->count++;
	repeat->last = now ? now : 1;
	return ttl < policy->ttl_max ? ttl : policy->ttl_max;
}

static bool proposal_rate(struct keeper *k, const struct policy_block *policy)
{
	if (k->block_second != keeper_now()) {
		k->block_second = keeper_now();
		k->block_count = 0;
	}
	return k->block_count++ < policy->rate;
}

/* T1: the initiator is proven by the kernel's flag; a responder only when the initiator is ours, whose word
 * it answered. */
static bool proposal_proven(struct keeper *k, const struct message_proposal *p, struct judgement *j)
{
	const struct seki_addr *initiator = j->flow.flags & SEKI_FLOW_INIT_LO ? &p->key.lo : &p->key.hi;
	struct seki_net net;

	if (p->key.proto != 6 || !(j->flow.flags & SEKI_FLOW_VALIDATED)) {
		judge_say(j, "path not validated");
		return false;
	}
	if (!(j->flow.flags & SEKI_FLOW_INIT_KNOWN)) {
		judge_say(j, "initiator not seen");
		return false;
	}
	if (address_equal(&p->attacker, initiator) ||
	    (!gate_net_lookup(k->gate, initiator, &net) && net.flags & (SEKI_NET_OWN | SEKI_NET_DMZ)))
		return true;
	judge_say(j, "path not validated");
	return false;
}

static bool source_may(struct keeper *k, const struct policy_block *policy, const struct message_proposal *p,
		       struct judgement *j)
{
	if (!policy->enabled)
		judge_say(j, "auto-block is off");
	else if (p->severity < policy->source_severity)
		judge_say(j, "severity");
	else if (!proposal_proven(k, p, j))
		return false;
	else if (proposal_exempt(k, &p->attacker, j))
		return false;
	else if (proposal_shared(k, policy, &p->attacker))
		judge_say(j, "shared source");
	else if (!proposal_rate(k, policy))
		judge_say(j, "block rate reached");
	else
		return true;
	return false;
}

static void source_block(struct keeper *k, const struct policy_block *policy,
			 const struct message_proposal *p, struct judgement *j)
{
	struct seki_entry entry = {
		.flags = SEKI_ENTRY_SRC | SEKI_ENTRY_DST, .severity = p->severity, .sid = p->sid};
	struct seki_entry old;
	uint32_t ttl;
	int err;

	if (!source_may(k, policy, p, j))
		return;
	if (!gate_block_get(k->gate, &p->attacker, &old) && old.expires > keeper_now()) {
		/* Several rules saw the same attack: one block, one step of its length. */
		j->out.action = DECIDE_BLOCK_SOURCE;
		j->out.block_seconds = old.expires - keeper_now();
		return;
	}
	ttl = proposal_ttl(k, policy, &p->attacker);
	entry.expires = keeper_now() + ttl;
	err = gate_block_put(k->gate, &p->attacker, &entry);
	if (err) {
		judge_say(j, "%s", err == -ENOSPC ? "block table full" : "the kernel refused the block");
		if (err == -ENOSPC && !k->block_table_full)
			keeper_audit(k, AUDIT_ALARM, 0,
				     "the table of blocked sources is full: attackers are only cut");
		k->block_table_full |= err == -ENOSPC;
		return;
	}
	k->blocks_made++;
	k->block_changes++;
	j->out.action = DECIDE_BLOCK_SOURCE;
	j->out.block_seconds = ttl;
	j->out.why[0] = '\0';
}

/* Delivered to the target: what went in the attacker's direction before the cut. */
static void judge_delivered(const struct message_proposal *p, struct judgement *j)
{
	bool attacker_lo = address_equal(&p->attacker, &p->key.lo);
	bool initiator_lo = j->flow.flags & SEKI_FLOW_INIT_LO;
	int side = attacker_lo == initiator_lo ? 0 : 1;

	j->out.delivered_pkts = j->flow.pkts[side];
	j->out.delivered_bytes = j->flow.bytes[side];
}

static int flow_run(struct keeper *k, uint32_t op, const struct seki_flow_key *key, uint64_t id,
		    uint32_t until, struct seki_flow *flow)
{
	struct seki_flow_cmd cmd = {.op = op, .id = id, .key = *key, .until = until};
	int err = gate_flow_ctl(k->gate, &cmd);

	if (!err)
		err = cmd.result;
	if (!err)
		*flow = cmd.flow;
	return err;
}

static void judge(struct keeper *k, const struct keeper_child *engine, const struct policy_block *policy,
		  const struct message_proposal *p, struct judgement *j)
{
	bool blocked;
	int err;

	j->out.verdict = SEKI_VERDICT_PASSED;
	if (!proposal_ring(k, engine, &p->key)) {
		judge_say(j, "the flow is not this engine's");
		k->proposals_refused++;
		return;
	}
	err = flow_run(k, SEKI_OP_READ, &p->key, p->flow_id, 0, &j->flow);
	if (err == -ENOENT || err == -ESTALE) {
		judge_say(j, "the flow is gone");
		k->proposals_refused++;
		return;
	}
	if (err) {
		j->out.verdict = SEKI_VERDICT_UNKNOWN;
		judge_say(j, "the kernel did not answer");
		return;
	}
	judge_delivered(p, j);
	if (!address_equal(&p->attacker, &p->key.lo) && !address_equal(&p->attacker, &p->key.hi)) {
		judge_say(j, "the attacker is not in the flow");
		k->proposals_refused++;
		return;
	}
	if (!proposal_mode(k, j->flow.ifindex, p->vlan)) {
		j->out.verdict = SEKI_VERDICT_WOULD_BLOCK;
		judge_say(j, "monitor mode");
		return;
	}
	blocked = p->dropped && j->flow.flags & SEKI_FLOW_INLINE;
	/* A datagram that was dropped was dropped alone: whoever forged it must not end what others say. */
	if (blocked && p->key.proto != 6) {
		j->out.verdict = SEKI_VERDICT_BLOCKED;
		return;
	}
	err = flow_run(k, SEKI_OP_BLOCK, &p->key, p->flow_id, keeper_now() + CUT_SECONDS, &j->flow);
	if (err) {
		j->out.verdict = SEKI_VERDICT_UNKNOWN;
		judge_say(j, "the kernel did not cut the flow");
		return;
	}
	k->cuts_made++;
	j->out.verdict = blocked ? SEKI_VERDICT_BLOCKED : SEKI_VERDICT_CUT;
	j->out.action = DECIDE_CUT_FLOW;
	judge_delivered(p, j);
	if (p->kind == DECIDE_BLOCK_SOURCE)
		source_block(k, policy, p, j);
	else
		memcpy(j->out.why, p->why, sizeof(j->out.why));
}

static const struct policy_block *proposal_policy(const struct keeper *k)
{
	return k->now.base ? &k->now.base->block : &k->now.runtime->block;
}

void keeper_proposal(struct keeper *k, struct keeper_child *engine, const uint8_t *body, size_t len)
{
	static _Alignas(8) uint8_t out[sizeof(struct message_judged) + MESSAGE_LINE_MAX];
	struct message_proposal p;
	struct judgement j = {0};

	k->proposals++;
	memcpy(&p, body, sizeof(p));
	if (!k->gate || !proposal_valid(&p, len)) {
		k->proposals_refused++;
		return;
	}
	judge(k, engine, proposal_policy(k), &p, &j);
	j.out.line_len = p.line_len;
	memcpy(out, &j.out, sizeof(j.out));
	memcpy(out + sizeof(j.out), body + sizeof(p), p.line_len);
	keeper_report(k, MESSAGE_JUDGED, out, sizeof(j.out) + p.line_len);
}

/* --- data connections of FTP, towards what the allowlist does not have */

#define FTP_CONTROL_PORT 21

static bool is_protected(struct keeper *k, const struct seki_addr *addr)
{
	struct seki_net net;

	return !gate_net_lookup(k->gate, addr, &net) && net.flags & (SEKI_NET_OWN | SEKI_NET_DMZ);
}

/*
 * An engine that was taken over must not open a way out: both ends are those
 * of a control connection that lives in the kernel, that the policy let pass
 * and whose remote side proved itself. Ports of services are never meant
 * (RFC 2577 section 3).
 */
static bool announced_valid(struct keeper *k, const struct keeper_child *engine,
			    const struct message_announced *in)
{
	const struct seki_flow_key *key = &in->key;
	bool from_lo = address_equal(&in->from, &key->lo) && address_equal(&in->to, &key->hi);
	bool from_hi = address_equal(&in->from, &key->hi) && address_equal(&in->to, &key->lo);
	struct seki_flow flow;

	if ((!from_lo && !from_hi) || in->port < 1024 || key->proto != 6 || !in->flow_id ||
	    (ntohs(key->lo_port) != FTP_CONTROL_PORT && ntohs(key->hi_port) != FTP_CONTROL_PORT) ||
	    !proposal_ring(k, engine, key))
		return false;
	return !flow_run(k, SEKI_OP_READ, key, in->flow_id, 0, &flow) && flow.flags & SEKI_FLOW_VALIDATED &&
	       flow.state != SEKI_FLOW_BLOCKED;
}

void keeper_announced(struct keeper *k, struct keeper_child *engine, const uint8_t *body)
{
	struct message_announced in;
	struct seki_expect_key key = {0};
	struct seki_expect value = {0};
	int err;

	memcpy(&in, body, sizeof(in));
	if (!k->gate || !announced_valid(k, engine, &in)) {
		k->proposals_refused++;
		return;
	}
	if (!is_protected(k, &in.from))
		return; /* from outside in: nothing of it is egress */
	key.src = in.from;
	key.dst = in.to;
	key.dport = htons(in.port);
	value.until = keeper_now() + SEKI_EXPECT_SECONDS;
	value.flow_id = in.flow_id;
	err = gate_expect_put(k->gate, &key, &value);
	keeper_watch_announced(k, &key);
	if (err)
		log_warn("an FTP data connection could not be announced to the kernel: %s", strerror(-err));
}

/* A suspicion is only told; it has to be about one of ours. */
void keeper_tunnel(struct keeper *k, const uint8_t *body)
{
	struct message_tunnel in;

	memcpy(&in, body, sizeof(in));
	if (!k->gate || !message_text_valid(in.domain, sizeof(in.domain)) || !*in.domain ||
	    !is_protected(k, &in.host)) {
		k->proposals_refused++;
		return;
	}
	keeper_watch_tunnel(k, &in);
}

/* An engine may let go of flows of its own ring; what lost a record stays uninspected, the kernel sees to
 * that. */
void keeper_outcomes(struct keeper *k, struct keeper_child *engine, const uint8_t *body, size_t len)
{
	static const uint32_t ops[] = {[FLOW_ENDED] = SEKI_OP_CLEAN_END,
				       [FLOW_DEPTH] = SEKI_OP_CLEAR,
				       [FLOW_CIPHERTEXT] = SEKI_OP_SEAL,
				       [FLOW_NARROW] = SEKI_OP_NARROW};
	struct message_outcomes in;

	memcpy(&in, body, sizeof(in));
	if (!k->gate || in.count > MESSAGE_OUTCOMES_MAX) {
		k->proposals_refused++;
		return;
	}
	for (uint32_t i = 0; i < in.count; i++) {
		const struct message_outcome *row = &in.rows[i];
		struct seki_flow flow;

		if (row->outcome >= FLOW_OUTCOME_MAX || !row->flow_id ||
		    !proposal_ring(k, engine, &row->key)) {
			k->proposals_refused++;
			continue;
		}
		if (row->outcome == FLOW_ENDED_ALERTED || row->outcome == FLOW_LOST)
			continue;
		if (flow_run(k, ops[row->outcome], &row->key, row->flow_id, 0, &flow) < 0)
			continue; /* gone, reused or lossy: nothing to let go of */
	}
}
