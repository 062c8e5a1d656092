/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * event.h - the records that the packet program puts into the rings.
 */
#ifndef SEKIMORI_EVENT_H
#define SEKIMORI_EVENT_H

#include "abi.h"

#define SEKI_CHUNK_MAX 16384u /* frame bytes in one record */

enum seki_record_kind {
	SEKI_REC_PACKET = 1, /* flow rings: frame bytes follow */
	SEKI_REC_DECISION,   /* priority ring: a drop or would-drop, at most decision_rate per second and source */
	SEKI_REC_ORIGIN,     /* priority ring: our side began a flow; the frame's head follows, then who did it */
	SEKI_REC_KIND_MAX
};

#define SEKI_REC_EGRESS 1u	 /* seen by tc egress, else by XDP */
#define SEKI_REC_FROM_LO 2u	 /* the sender is the key's lo side */
#define SEKI_REC_GSO 4u		 /* a super-packet: L4 checksum and lengths are not on-wire ones */
#define SEKI_REC_CSUM_PARTIAL 8u /* the checksum is not filled in yet: do not verify it */
#define SEKI_REC_LAST 16u	 /* the last chunk of its frame */
#define SEKI_REC_TRUNCATED 32u	 /* frame bytes beyond this chunk are lost */
#define SEKI_REC_FRAGMENT 64u	 /* an IP fragment: ports in the key are 0, ring chosen by address pair */
#define SEKI_REC_PROCESS 256u	 /* origin: a seki_process follows the head */
#define SEKI_REC_WOULD 128u	 /* decision: passed, would have been dropped in enforce mode */

/*
 * Followed by cap_len bytes of the frame from `offset` on; the first chunk
 * of a frame begins with its link header. A record is at most
 * sizeof(struct seki_record) + SEKI_CHUNK_MAX long; the ring entry may be
 * longer than that (size classes), cap_len says what counts.
 */
struct seki_record {
	__u16 kind;	 /* enum seki_record_kind */
	__u16 flags;	 /* SEKI_REC_* */
	__u32 cap_len;
	__u64 t_ns;	 /* CLOCK_MONOTONIC, coarse */
	__u64 flow_id;	 /* 0: no flow (malformed, fragment without one) */
	struct seki_flow_key key;
	__u32 flow_flags; /* SEKI_FLOW_* at that moment */
	__u32 seq;	 /* number of the frame within its flow, equal for its chunks: a gap means loss */
	__u32 ifindex;
	__u16 vlan;	 /* outermost id or 0 */
	__u8 role, mode;
	__u8 verdict;	 /* enum seki_verdict: passed, blocked or would_block, of this packet */
	__u8 reason;	 /* enum seki_reason */
	__u8 state;	 /* enum seki_flow_state */
	__u8 pad;
	__u32 frame_len; /* of the whole frame */
	__u32 offset;	 /* of the first byte here within the frame */
	__u16 l3_offset; /* where the (outermost) IP header begins in the frame */
	__u16 list;	 /* decision: deciding list */
	__u32 entry;	 /* decision: length of the deciding entry's prefix (IPv4 96 + len) + 1, 0 = none */
	__u32 sid;	 /* decision: rule behind the entry, 0 = none; origin: of the egress policy */
	__u32 pad2;
};
SEKI_STATIC_ASSERT(sizeof(struct seki_record) == 112, "seki_record");

/*
 * Behind each origin record: SEKI_ORIGIN_HEAD bytes of the frame (cap_len of
 * them are real; none when a socket hook refused before there was one), then,
 * with SEKI_REC_PROCESS, who sent it. Names are as the kernel held them at that moment, so that
 * they outlive the process; path components lie leaf first, an empty one ends them.
 */
#define SEKI_ORIGIN_HEAD 64u
#define SEKI_PROCESS_COMM 16
#define SEKI_PROCESS_PATH 10 /* components of the executable's path, each cut at SEKI_PROCESS_NAME - 1 */
#define SEKI_PROCESS_NAME 40
#define SEKI_PROCESS_CGROUPS 4
#define SEKI_PROCESS_CGROUP 64

enum seki_process_way {
	SEKI_WAY_NONE,	  /* nobody known: a gateway, or a sender below the socket hooks */
	SEKI_WAY_CONNECT, /* seen at connect or sendmsg */
	SEKI_WAY_SOCKET,  /* seen when the (raw) socket was made */
	SEKI_WAY_CGROUP,  /* only the socket's cgroup is known: a packet socket */
	SEKI_WAY_MAX
};

struct seki_process {
	__u64 socket;	 /* cookie, 0 unknown */
	__u64 cgroup_id;
	__u64 start_ns;	 /* of the process, CLOCK_BOOTTIME: tells a reused pid */
	__u32 pid, tid, ppid, uid, gid;
	__u32 way;	 /* enum seki_process_way */
	char comm[SEKI_PROCESS_COMM], parent[SEKI_PROCESS_COMM];
	char path[SEKI_PROCESS_PATH][SEKI_PROCESS_NAME];
	char cgroup[SEKI_PROCESS_CGROUPS][SEKI_PROCESS_CGROUP];
};
SEKI_STATIC_ASSERT(sizeof(struct seki_process) == 736, "seki_process");

#endif
