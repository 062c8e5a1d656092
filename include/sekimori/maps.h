/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * maps.h - the BPF maps: names, keys, values, who writes what.
 *
 * Rule (T12): a map is written by user space or by BPF, never by both, since
 * an update from user space overwrites whole values. User space changes a
 * flow through the "syscall" program seki_flow_ctl (struct seki_flow_cmd).
 * Times are seconds of CLOCK_MONOTONIC, 0 means never.
 */
#ifndef SEKIMORI_MAPS_H
#define SEKIMORI_MAPS_H

#include "abi.h"
#include "blacklist.h"

/*      name             kind               key                value               writer
 * seki_settings    ARRAY 1            u32                seki_settings       user
 * seki_ifaces      HASH               seki_iface_key     seki_iface          user
 * seki_nets        LPM_TRIE           seki_lpm           seki_net            user   own, DMZ, allow scopes
 * seki_list_head   ARRAY 2            u32 slot           seki_list_head      user   blacklist generations (blacklist.h)
 * seki_list_gate4  ARRAY_OF_MAPS 2 of ARRAY u64          class of each /24    user
 * seki_list_words  ARRAY_OF_MAPS 2 of ARRAY u64          SEKI_LIST_AT_*       user
 * seki_shard4, 6   ARRAY_OF_MAPS 2 * SEKI_LIST_SHARDS_MAX of ARRAY seki_list_line*   user
 * seki_list_odd    ARRAY_OF_MAPS 2 of LPM_TRIE seki_lpm -> seki_list_hit     user   IPv6 lengths without a level
 * seki_list_spill  HASH               seki_list_spill_key seki_list_hit      user   keys whose buckets are full
 * seki_blocked     HASH               seki_addr          seki_entry          user   auto-blocked sources
 * seki_egress_host LPM_TRIE           seki_lpm           u32 profile         user   DMZ host -> profile | SEKI_HOST_MONITOR
 * seki_egress      LPM_TRIE           seki_egress_key    seki_egress_rule    user   what a profile may start
 * seki_egress_use  LRU_HASH           u32 rule id        seki_egress_use     BPF    which rules let something out, for `egress lint`
 * seki_expect      LRU_HASH           seki_expect_key    seki_expect         user   announced connections; BPF takes (removes) a row that is used
 * seki_expected    LRU_HASH           seki_flow_key      seki_expected       BPF    flows that took one, and first SYNs that wait for one
 * seki_ftp         LRU_HASH           seki_pair          u32 second          BPF    pairs of hosts with an FTP control connection
 * seki_heard       LRU_HASH           seki_heard_key     u32 second          BPF    datagrams from outside, by our port: replies of unbound sockets (T20)
 * seki_owners      LRU_HASH           u64 socket cookie  seki_process        BPF    who opened a socket's way out (role host)
 * seki_grace       ARRAY 1            u32                u32                 BPF    flows learnt in the grace period
 * seki_flows       HASH               seki_flow_key      seki_flow           BPF    validated flows
 * seki_embryos     LRU_HASH           seki_flow_key      seki_flow           BPF    unanswered SYN, unvalidated UDP (T18)
 * seki_quota       LRU_HASH           seki_addr (/24,/48) u32 flows          BPF
 * seki_sources     LRU_HASH           seki_addr          seki_source         BPF    token bucket, clean flows (T2)
 * seki_hits        LRU_HASH           seki_hits_key      seki_hits           BPF    per-entry counters
 * seki_list_count  PERCPU_ARRAY       u32 list           seki_hits           BPF    per-list counters
 * seki_counters    PERCPU_ARRAY       u32 seki_reason    seki_counter        BPF
 * seki_losses      PERCPU_ARRAY       u32 seki_loss      u64                 BPF
 * seki_ids         PERCPU_ARRAY 1     u32                u64                 BPF    flow ids given so far
 * seki_frags       LRU_HASH           seki_frag_key      u8                  BPF    datagrams whose first fragment the egress policy passed
 * seki_rings       ARRAY_OF_MAPS 16 of RINGBUF                               BPF -> engine; slot 0 exists at load
 * seki_prio        RINGBUF                                                   BPF -> keeper's reader of decisions
 */

#define SEKI_PIN_ROOT "/sys/fs/bpf/sekimori" /* + "/" + instance */
#define SEKI_PIN_IPROUTE2 "/sys/fs/bpf/tc/globals"
#define SEKI_OBJECT "sekimori.bpf.o"
#define SEKI_OBJECT_KMOD "sekimori-kmod.bpf.o" /* the same with calls into sekimori.ko, without which it does not load */
#define SEKI_PROG_XDP "seki_xdp"	   /* section "xdp" */
#define SEKI_PROG_XDP_FRAGS "seki_xdp_frags" /* section "xdp.frags" */
#define SEKI_PROG_TC "seki_tc_egress"	   /* section "tc" */
#define SEKI_PROG_CTL "seki_flow_ctl"	   /* section "syscall" */
/* Hooks of the root cgroup, for role host. */
#define SEKI_PROG_CONNECT4 "seki_connect4"
#define SEKI_PROG_CONNECT6 "seki_connect6"
#define SEKI_PROG_SENDMSG4 "seki_sendmsg4"
#define SEKI_PROG_SENDMSG6 "seki_sendmsg6"
#define SEKI_PROG_SOCKET "seki_sock_create"
#define SEKI_OBJECT_FAMILY "sekimori-family.bpf.o"
#define SEKI_PROG_FAMILY "seki_family" /* section "lsm/socket_create" */

/* settings.egress_flags */
#define SEKI_EGRESS_SELF 1u	    /* the allowlist holds for this machine's own traffic (role host) */
#define SEKI_EGRESS_SELF_MONITOR 2u /* it is only told */
#define SEKI_EGRESS_SELF_EARLY 4u   /* every way out is a managed one: the socket hooks may refuse */
#define SEKI_EGRESS_MONITOR 8u	    /* hosts without a row are only told */

/*
 * One per machine. magic == 0 (nobody has written it, as after a bare
 * `ip link`): the compiled defaults of bpf/config.bpf.h hold.
 */
struct seki_settings {
	__u32 magic, schema;
	__u64 generation;	/* of the policy, rises with every apply */
	__u64 policy_digest;	/* of the image that was applied */
	__u32 active;		/* generation slot of the blacklist: 0 or 1 */
	__u32 rings;		/* engines served, 1..SEKI_MAX_RINGS */
	__u32 depth[2];		/* inspection depth in payload bytes per transaction: to server, to client */
	__u32 chunk;		/* payload bytes per record, at most SEKI_CHUNK_MAX */
	__u32 rate, burst;	/* new flows per second and source; bucket depth */
	__u32 decision_rate;	/* decision records per second and source */
	__u32 quota;		/* validated flows per source /24 or /48 */
	__u32 tcp_idle, tcp_closing, udp_idle, other_idle; /* seconds */
	__u32 grace_until;	/* until then mid-stream DMZ flows pass and are learnt … */
	__u32 grace_limit;	/* … but no more than this */
	__u32 origin_rate;	/* records of flows that begin, per second and CPU */
	__u64 self_cookie;	/* of the network namespace that role host protects (T20) */
	__u32 self_until;	/* confirm-or-rollback for the socket hooks: after this second they only watch */
	__u8 self_profile, egress_flags; /* SEKI_EGRESS_* */
	__u8 narrow; /* the module's table is of the rules that the engines have, so that flows may be narrowed */
	__u8 pad;
	__u8 action[64];	/* enum seki_action per enum seki_reason */
};
SEKI_STATIC_ASSERT(SEKI_REASON_MAX <= 64, "settings.action is too small");
SEKI_STATIC_ASSERT(sizeof(struct seki_settings) == 168, "seki_settings");

struct seki_iface_key {
	__u32 ifindex;
	__u16 vlan; /* outermost VLAN id, 0 = untagged or any tag without an own row */
	__u16 pad;
};

/* A virtual device: frames of local senders reach it before their checksum is filled in; never verify them. */
#define SEKI_IFACE_CSUM_PARTIAL 1u

struct seki_iface {
	__u8 role, mode; /* enum seki_role, enum seki_mode */
	__u16 flags;	 /* SEKI_IFACE_* */
	__u32 enforce_until; /* confirm-or-rollback: after this second enforce reads as monitor */
};

struct seki_lpm {
	__u32 prefixlen; /* 0..128; v4 prefixes are 96 + len */
	struct seki_addr addr;
};

/* Exemption from lists and auto-block (T7). Zero fields match anything. */
struct seki_scope {
	__u32 ifindex;
	__be16 port; /* of our side */
	__u8 proto;
	__u8 kind; /* enum seki_scope_kind, for `why` only */
};

enum seki_scope_kind { SEKI_SCOPE_USER, SEKI_SCOPE_MANAGEMENT, SEKI_SCOPE_GATEWAY, SEKI_SCOPE_RESOLVER, SEKI_SCOPE_SOC, SEKI_SCOPE_OWN };

#define SEKI_NET_OWN 1u	  /* an address of this machine */
#define SEKI_NET_DMZ 2u	  /* a protected network behind this machine */
#define SEKI_NET_SHARED 4u /* a declared proxy, CDN or NAT: never auto-blocked as a source */

/* Longest match wins, so user space writes inherited scopes and flags into each row. */
struct seki_net {
	__u32 flags;  /* SEKI_NET_* */
	__u32 scopes; /* used rows of scope[]; 0 = not in the allow set */
	struct seki_scope scope[SEKI_MAX_SCOPES];
};

#define SEKI_ENTRY_SRC 1u
#define SEKI_ENTRY_DST 2u
#define SEKI_ENTRY_ALERT 4u /* pass, tell */
#define SEKI_ENTRY_ALLOW 8u /* an exception: the wider entries around it do not hold for it */

/*
 * A blacklist or auto-block row. The longest match decides, so user
 * space writes into each row the latest expiry of every prefix that covers
 * it; an expired short row never hides a lasting wide one.
 */
struct seki_entry {
	__u32 expires; /* 0 = never */
	__u32 sid;     /* rule that caused it, 0 = none */
	__u16 list;    /* 0..SEKI_MAX_LISTS-1 */
	__u8 flags;    /* SEKI_ENTRY_* */
	__u8 severity;
};

#define SEKI_EGRESS_FIXED_BITS 32u /* profile, proto, port come before the address */
struct seki_egress_key {
	__u32 prefixlen; /* 32 + 0..128 */
	__u8 profile;	 /* 0 = the default profile of every DMZ host */
	__u8 proto;
	__be16 port;
	struct seki_addr dst;
};

#define SEKI_HOST_PROFILE 0xffu
#define SEKI_HOST_MONITOR 0x100u /* what this host starts is told, not dropped */

/* The longest match decides, so user space writes into each row the latest expiry of the rows that cover it. */
struct seki_egress_rule {
	__u32 rule;    /* of the policy, stable over applies of the same words */
	__u32 expires; /* 0 = never */
};

struct seki_egress_use {
	__u64 flows;
	__u32 first, last; /* seconds */
};

/* src may open one TCP connection to dst:port: FTP's data connection. */
struct seki_expect_key {
	struct seki_addr src, dst;
	__be16 dport;
	__u16 pad;
};
struct seki_expect {
	__u32 until; /* second */
	__u32 pad;
	__u64 flow_id; /* of the control connection */
};
#define SEKI_EXPECT_SECONDS 60u

/* Of a flow whose SYN fitted an announcement, or came before one. */
struct seki_expected {
	__u32 until; /* it may begin, again too, until then; 0: not announced yet */
	__u32 asked; /* when it was first seen */
};
#define SEKI_AWAIT_SECONDS 5u /* so long an unannounced one beside an FTP connection is no finding */

struct seki_pair {
	struct seki_addr from, to;
};

struct seki_heard_key {
	struct seki_addr remote;
	__be16 remote_port, local_port;
	__u32 pad;
};

struct seki_frag_key {
	struct seki_addr src, dst;
	__be32 id;
	__u8 proto;
	__u8 pad[3];
};

#define SEKI_FLOW_INIT_LO 1u	/* the key's lo side opened the flow */
#define SEKI_FLOW_INIT_KNOWN 2u /* a SYN or the first UDP packet was seen; else guessed by port */
#define SEKI_FLOW_VALIDATED 4u	/* the remote party acknowledged a sequence number that our side sent (T1) */
#define SEKI_FLOW_LOST 8u	/* a record of this flow was lost (T4) */
#define SEKI_FLOW_FIN_LO 16u
#define SEKI_FLOW_FIN_HI 32u
#define SEKI_FLOW_RST 64u
#define SEKI_FLOW_REPLIED 128u	/* both directions were seen */
#define SEKI_FLOW_EGRESS_OK 256u /* DMZ-originated and allowed */
#define SEKI_FLOW_LAST_SERVER 512u /* the last data came from the responder: client data re-arms (T5) */
#define SEKI_FLOW_SEEN_LO 1024u /* XDP judged packets of the key's lo side, so tc egress of role dmz need not */
#define SEKI_FLOW_TURN 4096u /* a request of the initiator's begins at sequence number turn_seq */
#define SEKI_FLOW_INLINE 8192u /* an attack was dropped in the packet that carried it */
#define SEKI_FLOW_CLIENT_EVER 16384u /* the initiator has sent data */
#define SEKI_FLOW_INLINE_FIRST 32768u /* INLINE, and nothing that the initiator sent was delivered before */
#define SEKI_FLOW_NARROW 65536u /* nothing but datagrams without a decoder: only what a rule might match is handed over */
#define SEKI_FLOW_MARKS 17 /* from this bit on: SEKI_PF_MARKS_MAX marks of the prefilter */
#define SEKI_FLOW_SEEN_HI 2048u /* under NAT it has not: there both halves are followed on the dmz interface (T3) */

/* Written by BPF only. Index 0 = from the initiator (to server), 1 = to client. */
struct seki_flow {
	__u64 id;	    /* never reused; the handle for seki_flow_ctl */
	__u32 state;	    /* enum seki_flow_state */
	__u32 flags;	    /* SEKI_FLOW_* */
	__u32 first, last;  /* seconds */
	__u32 blocked_until; /* state blocked: when it ends */
	__u32 ifindex;	    /* where it was first seen */
	__u32 iss, snd_nxt; /* our side's first and next sequence number as seen; equal: nothing seen yet */
	__u64 pkts[2], bytes[2];	     /* delivered, per direction */
	__u64 cut_pkts[2], cut_bytes[2];     /* dropped after the cut */
	__u32 copied[2];    /* payload bytes of this transaction handed over */
	__u32 records;	    /* handed over in all; the record's sequence number in its flow */
	__u32 lost;	    /* records lost */
	__u32 turn_seq;	    /* flag TURN */
	__u32 pad;
};

struct seki_source {
	__u32 tokens, stamp;	 /* admission bucket, milli-tokens and ms */
	__u32 decisions, second; /* decision records in this second */
	__u32 clean[2];		 /* flows that ended or were cleared without a finding: this and the previous window */
	__u32 window;		 /* start of the window, seconds; SEKI_SHARED_WINDOW long */
	__u32 pad;
};
#define SEKI_SHARED_WINDOW 60u

/* Of one prefix in one list; SEKI_LIST_AUTO for automatic blocks. It stays the same over generations. */
struct seki_hits_key {
	struct seki_addr addr;
	__u32 prefixlen; /* 0..128, v4 96 + len */
	__u32 list;
};
#define SEKI_LIST_AUTO 0xffffu

struct seki_hits {
	__u64 pkts, bytes;
	__u32 last; /* second of the last hit */
	__u32 pad;
};

struct seki_counter {
	__u64 pkts, bytes;	     /* left this way (dropped, or passed for passing reasons) */
	/* V reasons: passed only because of monitor mode, deadline or action pass. SEKI_R_ALLOWED counts here,
	 * too: beside the exit (clean, copied) that counts the same packet. */
	__u64 would_pkts, would_bytes;
};

/*
 * Command of seki_flow_ctl, run by BPF_PROG_RUN with this struct as context.
 * in: op, key, id (0 = whatever flow has the key; only READ and BLOCK may),
 * until. out: result, flow (as after the command; untouched when it is gone).
 */
enum seki_flow_op {
	SEKI_OP_READ,	     /* copy the flow out */
	SEKI_OP_CLEAR,	     /* suspect -> cleared; refused (-EBUSY) when LOST, so that it becomes uninspected */
	SEKI_OP_SEAL,	     /* like CLEAR, for ciphertext; needs REPLIED */
	SEKI_OP_CLEAN_END,   /* the flow ended without a finding: counts for its source, state stays */
	SEKI_OP_BLOCK,	     /* -> blocked until `until` */
	SEKI_OP_UNBLOCK,     /* blocked -> suspect */
	SEKI_OP_NARROW,	     /* sets NARROW; refused (-EBUSY) when LOST, -EINVAL for TCP */
	SEKI_OP_EXPIRE,	     /* leaves the table when it is idle or ended by the settings' times; -EBUSY when not */
	SEKI_OP_MAX
};

struct seki_flow_cmd {
	__u32 op;
	__s32 result; /* 0, -ENOENT no such flow, -ESTALE the id is of an older flow, -EBUSY, -ENOSPC table full, -EINVAL */
	__u64 id;
	struct seki_flow_key key;
	__u32 until;
	__u32 pad;
	struct seki_flow flow;
};
SEKI_STATIC_ASSERT(sizeof(struct seki_iface_key) == 8, "seki_iface_key");
SEKI_STATIC_ASSERT(sizeof(struct seki_iface) == 8, "seki_iface");
SEKI_STATIC_ASSERT(sizeof(struct seki_net) == 72, "seki_net");
SEKI_STATIC_ASSERT(sizeof(struct seki_entry) == 12, "seki_entry");
SEKI_STATIC_ASSERT(sizeof(struct seki_egress_key) == 24, "seki_egress_key");
SEKI_STATIC_ASSERT(sizeof(struct seki_egress_rule) == 8, "seki_egress_rule");
SEKI_STATIC_ASSERT(sizeof(struct seki_expect_key) == 36, "seki_expect_key");
SEKI_STATIC_ASSERT(sizeof(struct seki_heard_key) == 24, "seki_heard_key");
SEKI_STATIC_ASSERT(sizeof(struct seki_flow) == 128, "seki_flow");
SEKI_STATIC_ASSERT(sizeof(struct seki_flow_cmd) == 192, "seki_flow_cmd");

#endif
