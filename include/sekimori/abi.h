/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * abi.h - the words that the kernel side and user space share: verdicts,
 * severities, roles, reasons and the limits of both. Types and names only.
 */
#ifndef SEKIMORI_ABI_H
#define SEKIMORI_ABI_H

#include <linux/types.h>

#define SEKI_MAGIC 0x53454b49u /* "SEKI" */
/* Raised by every change of a struct or enum in include/sekimori. */
#define SEKI_SCHEMA 4u

/* Parser limits. What exceeds them ends in the reason named beside it. */
#define SEKI_MAX_VLAN 4	     /* tags; more: SEKI_R_VLAN_DEPTH */
#define SEKI_MAX_IP6_EXT 8   /* extension headers; more: SEKI_R_IP6_EXT_DEPTH */
#define SEKI_MAX_TUNNEL 2    /* inner IP headers; more: SEKI_R_TUNNEL_DEPTH */
#define SEKI_MAX_RINGS 16    /* engines */
#define SEKI_MAX_LISTS 64    /* named lists; per-list counters have as many slots */
#define SEKI_MAX_SCOPES 8    /* allow scopes that hold for one prefix */

/*
 * What the kernel did, never what a rule asked for.
 * blocked: the packet that carried the attack never reached its target.
 * cut: it was delivered, then the flow or source was dropped.
 */
#define SEKI_VERDICTS(X) \
	X(UNKNOWN, "unknown") \
	X(BLOCKED, "blocked") \
	X(CUT, "cut") \
	X(WOULD_BLOCK, "would_block") \
	X(PASSED, "passed")

#define SEKI_SEVERITIES(X) \
	X(LOW, "low") \
	X(MEDIUM, "medium") \
	X(HIGH, "high") \
	X(CRITICAL, "critical")

#define SEKI_ROLES(X) \
	X(NONE, "none", "not managed: everything passes, nothing is counted as protected") \
	X(WAN, "wan", "faces the internet") \
	X(DMZ, "dmz", "receives from DMZ hosts: the egress allowlist holds here") \
	X(LAN, "lan", "receives from inner hosts") \
	X(HOST, "host", "the machine protects itself on this interface")

#define SEKI_MODES(X) \
	X(MONITOR, "monitor") \
	X(ENFORCE, "enforce")

/*
 * Flow states. new: seen, not yet admitted to inspection. suspect: copied to
 * the ring. cleared: copied no more until re-armed (client data after server
 * data). sealed: cleared for good, because it is ciphertext no rule can see.
 * uninspected: lost a record or was not admitted; never becomes cleared.
 */
#define SEKI_FLOW_STATES(X) \
	X(NEW, "new") \
	X(SUSPECT, "suspect") \
	X(CLEARED, "cleared") \
	X(SEALED, "sealed") \
	X(UNINSPECTED, "uninspected") \
	X(BLOCKED, "blocked")

/*
 * Every way out of the packet program: id, name, class, default action, help.
 * Class X: plain exit, its action is fixed. Class V: a verdict that monitor
 * mode turns into pass + would_block. Settings may choose the action of V rows.
 */
#define SEKI_REASONS(X) \
	X(CLEAN, "clean", X, PASS, "nothing against it") \
	X(COPIED, "copied", X, PASS, "passed and copied to an engine") \
	X(ALLOWED, "allowed", X, PASS, "listed or auto-blocked, but in the allow set") \
	X(NON_IP, "non-ip", X, PASS, "ARP, LLDP and other frames without IP") \
	X(NEIGHBOUR, "neighbour-discovery", X, PASS, "ICMPv6 neighbour discovery among neighbours is never dropped") \
	X(UNMANAGED, "unmanaged", X, PASS, "the interface has no role") \
	X(LISTED_SRC, "listed-source", V, DROP, "the source is on a blacklist") \
	X(LISTED_DST, "listed-destination", V, DROP, "the destination is on a blacklist") \
	X(SOURCE_BLOCKED, "source-blocked", V, DROP, "the source is auto-blocked") \
	X(FLOW_BLOCKED, "flow-blocked", V, DROP, "the flow is cut") \
	X(SPOOFED, "spoofed", V, DROP, "an own or DMZ address arrived on wan") \
	X(EGRESS_DENIED, "egress-denied", V, DROP, "a DMZ host started what its allowlist does not have") \
	X(EGRESS_AWAITED, "egress-awaited", V, DROP, "the first packet of a connection that FTP may be about to announce") \
	X(EGRESS_MIDSTREAM, "egress-midstream", V, DROP, "DMZ traffic of a flow that nobody saw begin") \
	X(FRAME_SHORT, "frame-short", V, DROP, "the frame ends inside its link header") \
	X(VLAN_DEPTH, "vlan-depth", V, DROP, "more VLAN tags than the parser follows") \
	X(PPPOE_BAD, "pppoe-bad", V, DROP, "malformed PPPoE session header") \
	X(IP4_BAD, "ip4-bad", V, DROP, "IPv4 version, header or total length is wrong") \
	X(IP6_BAD, "ip6-bad", V, DROP, "IPv6 version or payload length is wrong") \
	X(IP6_EXT_DEPTH, "ip6-extension-depth", V, DROP, "more IPv6 extension headers than the parser follows") \
	X(FRAGMENT_BAD, "fragment-bad", V, DROP, "a fragment that is tiny, overlaps the header or overflows 64 KiB") \
	X(TUNNEL_DEPTH, "tunnel-depth", V, DROP, "more inner IP headers than the parser follows") \
	X(TUNNEL_BAD, "tunnel-bad", V, DROP, "the header inside a tunnel cannot be parsed") \
	X(L4_SHORT, "l4-short", V, DROP, "TCP, UDP or ICMP header cut off or with impossible lengths") \
	X(TCP_FLAGS, "tcp-flags", V, DROP, "TCP flags that no stack sends (SYN+FIN, SYN+RST, none)") \
	X(LAND, "land", V, DROP, "source and destination are the same address and port") \
	X(FLOW_TABLE_FULL, "flow-table-full", V, PASS, "no room for a validated flow") \
	X(FLOW_QUOTA, "flow-quota", V, PASS, "the source prefix has used its share of the flow table") \
	X(RATE_LIMITED, "rate-limited", V, PASS, "the source opens flows faster than inspection admits them") \
	X(UNINSPECTED, "uninspected", V, PASS, "the flow lost a record and cannot be vouched for") \
	X(ATTACK, "attack-in-packet", V, DROP, "the packet alone matches a rule that blocks (kernel module)") \
	X(NARROWED, "narrowed", X, PASS, "passed, not inspected: no rule can match what the kernel module did not find in it")

/* Losses: not ways out, but what the sensor did not see or could not tell. */
#define SEKI_LOSSES(X) \
	X(RING_FULL, "ring-full", "records not handed to an engine") \
	X(PRIO_FULL, "priority-ring-full", "decision records not handed over") \
	X(NO_RING, "no-ring", "no engine serves the flow's ring") \
	X(TRUNCATED, "truncated", "records cut at the configured length") \
	X(COPY_FAILED, "copy-failed", "frame bytes that could not be read") \
	X(HELD_BACK, "held-back", "decision records held back by the per-source rate") \
	X(ORIGIN, "origin-untold", "flows that our side began and that were not recorded") \
	X(GRACE_FULL, "grace-full", "flows of the time before the shield beyond the grace limit") \
	X(UNTRACKED, "egress-untracked", "flows that leave without a row, and answers whose questions may have been evicted")

enum seki_verdict {
#define X(id, ...) SEKI_VERDICT_##id,
	SEKI_VERDICTS(X)
#undef X
	SEKI_VERDICT_MAX
};
enum seki_severity {
#define X(id, ...) SEKI_SEVERITY_##id,
	SEKI_SEVERITIES(X)
#undef X
	SEKI_SEVERITY_MAX
};
enum seki_role {
#define X(id, ...) SEKI_ROLE_##id,
	SEKI_ROLES(X)
#undef X
	SEKI_ROLE_MAX
};
enum seki_mode {
#define X(id, ...) SEKI_MODE_##id,
	SEKI_MODES(X)
#undef X
	SEKI_MODE_MAX
};
enum seki_flow_state {
#define X(id, ...) SEKI_FLOW_##id,
	SEKI_FLOW_STATES(X)
#undef X
	SEKI_FLOW_STATE_MAX
};
enum seki_reason {
#define X(id, ...) SEKI_R_##id,
	SEKI_REASONS(X)
#undef X
	SEKI_REASON_MAX
};
enum seki_loss {
#define X(id, ...) SEKI_LOSS_##id,
	SEKI_LOSSES(X)
#undef X
	SEKI_LOSS_MAX
};

/* What a reason does. DEFAULT stands for the table's own column. */
enum seki_action { SEKI_ACTION_DEFAULT, SEKI_ACTION_PASS, SEKI_ACTION_DROP };

/* Every address is 16 bytes; IPv4 is held v4-mapped (::ffff:a.b.c.d). */
struct seki_addr {
	union {
		__u8 b[16];
		__be32 w[4];
	};
};

/*
 * Symmetric flow key: the smaller (address, port) pair by memcmp order is
 * "lo". ICMP echo has its identifier in both ports, other protocols zero.
 * zone is 0 today (one network), kept for overlapping address spaces.
 */
struct seki_flow_key {
	struct seki_addr lo, hi;
	__be16 lo_port, hi_port;
	__u8 proto;
	__u8 pad;
	__u16 zone;
};

#ifdef __cplusplus
#define SEKI_STATIC_ASSERT static_assert
#else
#define SEKI_STATIC_ASSERT _Static_assert
#endif
SEKI_STATIC_ASSERT(sizeof(struct seki_addr) == 16, "seki_addr");
SEKI_STATIC_ASSERT(sizeof(struct seki_flow_key) == 40, "seki_flow_key");

#endif
