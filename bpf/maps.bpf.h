/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * maps.bpf.h - the maps of include/sekimori/maps.h, and the scratch memory
 * of one packet. Named pins let iproute2 and the daemon share them.
 */
#ifndef BPF_MAPS_H
#define BPF_MAPS_H

#include <linux/bpf.h>
#include <linux/errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_helpers.h>

#include "sekimori/event.h"
#include "sekimori/maps.h"
#include "sekimori/prefilter.h"

#define FLOW_ENTRIES   131072
#define EMBRYO_ENTRIES 65536
#define SOURCE_ENTRIES 65536
#define BLOCK_ENTRIES  65536
#define RING_BYTES     (8 << 20)
#define PRIO_BYTES     (4 << 20)

/*
 * Behind a constant table. Without it the compiler puts those of exactly 4, 8, 16 or 32 bytes into a section
 * of their own, to be merged (.rodata.cst16), which BTF has no data section for: the object would not load.
 * The Makefile refuses an object that has such a section.
 */
#define TABLE SEC(".rodata")

#define PINNED __uint(pinning, LIBBPF_PIN_BY_NAME)

#define MAP(name, kind, entries, key_type, value_type)                                                       \
	struct {                                                                                             \
		__uint(type, BPF_MAP_TYPE_##kind);                                                           \
		__uint(max_entries, entries);                                                                \
		__type(key, key_type);                                                                       \
		__type(value, value_type);                                                                   \
		PINNED;                                                                                      \
	} name SEC(".maps")

#define TRIE(name, entries, key_type, value_type)                                                            \
	struct {                                                                                             \
		__uint(type, BPF_MAP_TYPE_LPM_TRIE);                                                         \
		__uint(max_entries, entries);                                                                \
		__uint(map_flags, BPF_F_NO_PREALLOC);                                                        \
		__type(key, key_type);                                                                       \
		__type(value, value_type);                                                                   \
		PINNED;                                                                                      \
	} name SEC(".maps")

MAP(seki_settings, ARRAY, 1, __u32, struct seki_settings);
MAP(seki_ifaces, HASH, 1024, struct seki_iface_key, struct seki_iface);
TRIE(seki_nets, 16384, struct seki_lpm, struct seki_net);
MAP(seki_blocked, HASH, BLOCK_ENTRIES, struct seki_addr, struct seki_entry);
TRIE(seki_egress_host, 16384, struct seki_lpm, __u32);
TRIE(seki_egress, 16384, struct seki_egress_key, struct seki_egress_rule);
MAP(seki_egress_use, LRU_HASH, 16384, __u32, struct seki_egress_use);
MAP(seki_expect, LRU_HASH, 4096, struct seki_expect_key, struct seki_expect);
MAP(seki_expected, LRU_HASH, 4096, struct seki_flow_key, struct seki_expected);
MAP(seki_ftp, LRU_HASH, 4096, struct seki_pair, __u32);
MAP(seki_heard, LRU_HASH, 65536, struct seki_heard_key, __u32);
MAP(seki_owners, LRU_HASH, 16384, __u64, struct seki_process);
MAP(seki_grace, ARRAY, 1, __u32, __u32);
MAP(seki_flows, HASH, FLOW_ENTRIES, struct seki_flow_key, struct seki_flow);
MAP(seki_embryos, LRU_HASH, EMBRYO_ENTRIES, struct seki_flow_key, struct seki_flow);
MAP(seki_quota, LRU_HASH, SOURCE_ENTRIES, struct seki_addr, __u32);
MAP(seki_sources, LRU_HASH, SOURCE_ENTRIES, struct seki_addr, struct seki_source);
MAP(seki_hits, LRU_HASH, 65536, struct seki_hits_key, struct seki_hits);
MAP(seki_list_spill, HASH, 1024, struct seki_list_spill_key, struct seki_list_hit);
MAP(seki_list_count, PERCPU_ARRAY, SEKI_MAX_LISTS, __u32, struct seki_hits);
MAP(seki_counters, PERCPU_ARRAY, SEKI_REASON_MAX, __u32, struct seki_counter);
MAP(seki_losses, PERCPU_ARRAY, SEKI_LOSS_MAX, __u32, __u64);
MAP(seki_ids, PERCPU_ARRAY, 1, __u32, __u64);
MAP(seki_frags, LRU_HASH, 8192, struct seki_frag_key, __u8);

/*
 * Inner maps are described by sizes, not types: with types the kernel keeps
 * their BTF, and Linux 6.1 then refuses every generation that user space
 * makes without it (map_meta_equal compares what BTF said about timers).
 * Without BPF_F_INNER_MAP all of a kind have one size, and a look-up is no call.
 * Each has a single value, in which the program computes places: an index would go over the stack. 4 MiB is
 * the most that a value may have on Linux 6.1.
 */
#define LIST_INNER(name, size)                                                                               \
	struct name {                                                                                        \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                            \
		__uint(max_entries, 1);                                                                      \
		__uint(map_flags, BPF_F_MMAPABLE);                                                           \
		__uint(key_size, sizeof(__u32));                                                             \
		__uint(value_size, size);                                                                    \
	}
#define LIST_OUTER(name, inner, slots)                                                                       \
	struct {                                                                                             \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);                                                    \
		__uint(max_entries, slots);                                                                  \
		__type(key, __u32);                                                                          \
		PINNED;                                                                                      \
		__array(values, struct inner);                                                               \
	} name SEC(".maps")

LIST_INNER(list_gate4, 8 * SEKI_LIST_WORDS_GATE4);
LIST_INNER(list_words, 8 * SEKI_LIST_WORDS);
LIST_INNER(list_shard4, SEKI_LIST_SHARD_BYTES);
LIST_INNER(list_shard6, SEKI_LIST_SHARD_BYTES);
struct list_odd {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1 << 20);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct seki_lpm));
	__uint(value_size, sizeof(struct seki_list_hit));
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct seki_list_head);
	PINNED;
} seki_list_head SEC(".maps");
LIST_OUTER(seki_list_gate4, list_gate4, 2);
LIST_OUTER(seki_list_words, list_words, 2);
LIST_OUTER(seki_shard4, list_shard4, 2 * SEKI_LIST_SHARDS_MAX);
LIST_OUTER(seki_shard6, list_shard6, 2 * SEKI_LIST_SHARDS_MAX);
LIST_OUTER(seki_list_odd, list_odd, 2);

struct ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} seki_ring0 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, SEKI_MAX_RINGS);
	__type(key, __u32);
	PINNED;
	__array(values, struct ring);
} seki_rings SEC(".maps") = {.values = {&seki_ring0}};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, PRIO_BYTES);
	PINNED;
} seki_prio SEC(".maps");

/* Header bytes that the parser sees. Headers that reach beyond end in a named reason. */
#define HEAD_MAX 256

/* One IP header's addresses. */
struct pair {
	struct seki_addr src, dst;
};

/* Everything known of the packet in hand. */
struct packet {
	struct pair ip; /* the outermost */
	struct pair inner[SEKI_MAX_TUNNEL];
	struct pair error; /* of the packet that an ICMP error quotes */
	__be16 error_sport, error_dport;
	__u8 error_proto;
	__u8 has_addresses; /* ip is valid, also when a later header is bad */
	__u8 inners;
	__u8 is_icmp_error;
	__u32 len, ip_len; /* frame; IP datagram from l3_offset on */
	__u16 vlan, l3_offset, l4_offset;
	__u16 next_offset; /* parser: where the next header begins … */
	__u8 next_proto;   /* … and what it is */
	__be16 sport, dport;
	__u32 payload;	/* bytes behind the L4 header */
	__u32 seq, ack; /* host order */
	__be32 frag_id;
	__u8 proto, version, tcp_flags, icmp_type;
	__u8 fragment; /* 1 first, 2 later */
	__u8 gso;
	__u8 hops; /* TTL or hop limit of the header parsed last */
	__u8 cut;  /* inside a first fragment: inner headers promise bytes of later ones */
};

/* Memory of one packet; a pointer to a map value must not be kept in it. */
struct work {
	__u8 head[HEAD_MAX];
	struct packet p;
	struct seki_flow_key key;
	struct seki_flow flow; /* a new flow before it is in its table */
	__u64 now_ns;
	__u32 now; /* seconds */
	__u32 ifindex;
	__u32 head_len;
	__u8 role, mode, egress, ours; /* ours: the sender is on our side */
	__u32 enforce_until;
	__u8 from_lo, from_initiator, state, verdict;
	__u8 reason, copy;
	__u8 alert; /* an alert entry hit: LISTED_SRC or LISTED_DST */
	__u8 profile;
	__u8 host_monitor; /* what this host starts is told, not dropped */
	__u8 origin;	   /* it begins a permitted flow that leaves */
	__u8 first_data;   /* the initiator has sent no data before */
	__u8 pad;
	__u16 rec_flags;
	__u16 list;
	struct seki_pf_query query; /* len 0: nothing to ask */
	__u32 entry, sid;
	__u32 rule; /* of the egress policy, which let it out */
	__u32 flow_flags;
	__u64 flow_id;
	__u64 cookie;	 /* tc: of the socket, 0 unknown */
	__u64 cgroup_id; /* tc: of the socket's owner, 0 unknown */
	/* copying */
	__u32 offset;
	__u32 seq;
	struct seki_addr address; /* key of small look-ups */
	union {
		struct seki_lpm lpm;
		struct seki_hits_key hits_key;
		struct seki_egress_key egress_key;
		struct seki_frag_key frag_key;
		struct seki_source source;
		struct seki_expect_key expect_key;
		struct seki_pair pair;
		struct seki_heard_key heard_key;
	};
	struct seki_hits hits;
	union seki_list_said held; /* what the last look-up found */
};

/* Slot 0 XDP, 1 tc egress: the two may interrupt one another, neither itself. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct work);
} seki_work SEC(".maps");

#endif
