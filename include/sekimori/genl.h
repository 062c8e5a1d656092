/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * genl.h - generic netlink family "sekimori", version 1: the one place where it is specified. Every command needs CAP_NET_ADMIN, works
 * on the caller's network namespace, takes the attributes of its row and refuses others; every refusal carries a text (extack).
 *
 * A table is replaced as a whole: TABLE_BEGIN (KIND, SIZE, DIGEST), TABLE_PUT (KIND, OFFSET, CHUNK) from offset 0 on without gaps,
 * TABLE_COMMIT (KIND). What is in force changes in one step, after size, digest and every index inside were checked, or not at all.
 * A transaction belongs to the socket that began it and dies with it.
 *
 * command        takes                                           gives
 * GET_INFO       -                                               VERSION, MODULE, KFUNC_ABI
 * GET_STATS      -                                               STATS: nest of u64, attribute type = 1 + enum seki_stat
 * GET_TABLE      dump                                            per table in force: KIND, SERIAL, SIZE, DIGEST, AGE, UID
 * GET_GUARD      dump                                            per protected interface: IFINDEX, IFNAME, STATE, PROG, FOUND, ROWS,
 *                                                                STATS: nest of u64, type = 1 + enum seki_guard_stat
 * TABLE_BEGIN    KIND, SIZE, DIGEST                              -EFBIG, -EBUSY another client's is open, -ENOMEM
 * TABLE_PUT      KIND, OFFSET, CHUNK                             -ENOENT no transaction of this socket, -ERANGE a gap or beyond SIZE
 * TABLE_COMMIT   KIND                                            SERIAL; -ENOENT, -ENODATA not all was put, -EBADMSG digest, -EINVAL contents
 * TABLE_ABORT    KIND                                            -ENOENT
 * TABLE_DROP     KIND, REASON                                    the table in force is withdrawn; -ENOENT, -EBUSY interfaces are guarded by it
 * GUARD_SET      IFINDEX, PROG, ROWS                             protected from now on, or changed; -ENODEV, -ENOSPC, -ENODATA no guard table
 * GUARD_CLEAR    IFINDEX, REASON                                 protected no more; -ENOENT
 * EVENT          multicast, group "state"                        KIND of enum seki_genl_event in EVENT, and what it is about
 */
#ifndef SEKIMORI_GENL_H
#define SEKIMORI_GENL_H

#include "abi.h"

#define SEKI_GENL_NAME	  "sekimori"
#define SEKI_GENL_VERSION 1 /* raised by every change that an old client would misread */
#define SEKI_GENL_GROUP	  "state"

enum seki_genl_cmd {
	SEKI_CMD_UNSPEC,
	SEKI_CMD_GET_INFO,
	SEKI_CMD_GET_STATS,
	SEKI_CMD_GET_TABLE,
	SEKI_CMD_GET_GUARD,
	SEKI_CMD_TABLE_BEGIN,
	SEKI_CMD_TABLE_PUT,
	SEKI_CMD_TABLE_COMMIT,
	SEKI_CMD_TABLE_ABORT,
	SEKI_CMD_TABLE_DROP,
	SEKI_CMD_GUARD_SET,
	SEKI_CMD_GUARD_CLEAR,
	SEKI_CMD_EVENT,
	SEKI_CMD_MAX
};

enum seki_genl_attr {
	SEKI_A_UNSPEC,
	SEKI_A_PAD,
	SEKI_A_VERSION,	  /* u32 SEKI_GENL_VERSION */
	SEKI_A_MODULE,	  /* string: the module's version */
	SEKI_A_KFUNC_ABI, /* u32 SEKI_KFUNC_ABI */
	SEKI_A_STATS,	  /* nest */
	SEKI_A_KIND,	  /* u32 enum seki_table_kind */
	SEKI_A_SERIAL,	  /* u64, counts the commits of a kind in this namespace */
	SEKI_A_SIZE,	  /* u64 bytes */
	SEKI_A_DIGEST,	  /* 32 bytes, SHA-256 of the table */
	SEKI_A_AGE,	  /* u64 seconds since the commit */
	SEKI_A_UID,	  /* u32 who committed or asked */
	SEKI_A_OFFSET,	  /* u64 */
	SEKI_A_CHUNK,	  /* up to SEKI_CHUNK_BYTES */
	SEKI_A_REASON,	  /* string up to SEKI_REASON_TEXT bytes: why, for the record */
	SEKI_A_IFINDEX,	  /* u32 */
	SEKI_A_IFNAME,	  /* string */
	SEKI_A_STATE,	  /* u32 enum seki_guard_state */
	SEKI_A_PROG,	  /* u32 id of the XDP program that has to be there; 0: any */
	SEKI_A_FOUND,	  /* u32 id of the one that is; 0: none */
	SEKI_A_ROWS,	  /* array of struct seki_guard_row */
	SEKI_A_EVENT,	  /* u32 enum seki_genl_event */
	SEKI_A_MAX_PLUS_1
};

#define SEKI_A_MAX (SEKI_A_MAX_PLUS_1 - 1)

#define SEKI_CHUNK_BYTES 32768
#define SEKI_REASON_TEXT 127
#define SEKI_DIGEST_BYTES 32

/* id, name, largest size */
#define SEKI_TABLE_KINDS(X) \
	X(PREFILTER, "prefilter", 64u << 20) \
	X(GUARD, "guard", 256u << 20) \
	X(BLOCKS, "blocks", 32u << 20) /* of the guard's format: automatic blocks, which change more often than lists */

enum seki_table_kind {
#define X(id, ...) SEKI_TABLE_##id,
	SEKI_TABLE_KINDS(X)
#undef X
	SEKI_TABLE_MAX
};

/* Of a namespace. */
#define SEKI_STATS(X) \
	X(SCANS, "scans", "payloads that the prefilter looked at") \
	X(SCAN_BYTES, "scan_bytes", "bytes of them") \
	X(SCAN_HITS, "scan_hits", "payloads with a pattern in them") \
	X(SCAN_DROPS, "scan_drops", "payloads that an inline pattern had dropped") \
	X(SCAN_FAILED, "scan_failed", "payloads that could not be read") \
	X(COMMITS, "commits", "tables that came into force") \
	X(REFUSED, "refused", "tables that the check refused at their commit") \
	X(ABORTED, "aborted", "transactions given up, by command, by a dead client, or by silence") \
	X(EVENTS_LOST, "events_lost", "state events that no memory could be had for")

enum seki_stat {
#define X(id, ...) SEKI_STAT_##id,
	SEKI_STATS(X)
#undef X
	SEKI_STAT_MAX
};

/* Of a protected interface. All but seen count only while the program is missing. */
#define SEKI_GUARD_STATS(X) \
	X(PACKETS, "packets", "judged by the guard") \
	X(DROPPED, "dropped", "of a listed party, dropped") \
	X(WOULD_DROP, "would_drop", "of a listed party, passed in monitor mode") \
	X(ALLOWED, "allowed", "of a listed party that the allow set exempts") \
	X(MALFORMED, "malformed", "passed: no addresses could be read") \
	X(MISSED, "missed", "times that the program was found missing or replaced")

enum seki_guard_stat {
#define X(id, ...) SEKI_GUARD_STAT_##id,
	SEKI_GUARD_STATS(X)
#undef X
	SEKI_GUARD_STAT_MAX
};

/* present: the program does its work, the guard only watches. */
#define SEKI_GUARD_STATES(X) \
	X(PRESENT, "present") \
	X(MISSING, "missing") \
	X(REPLACED, "replaced")

enum seki_guard_state {
#define X(id, ...) SEKI_GUARD_##id,
	SEKI_GUARD_STATES(X)
#undef X
	SEKI_GUARD_STATE_MAX
};

#define SEKI_GENL_EVENTS(X) \
	X(XDP_PRESENT, "xdp-present", "the program is there again; the guard withdrew to watching") \
	X(XDP_MISSING, "xdp-missing", "no XDP program: the guard enforces the last lists") \
	X(XDP_REPLACED, "xdp-replaced", "another XDP program: the guard enforces the last lists") \
	X(GUARD_SET, "guard-set", "the interface is protected") \
	X(GUARD_CLEAR, "guard-clear", "the interface is protected no more, by command") \
	X(DEVICE_GONE, "device-gone", "a protected interface left this namespace") \
	X(DEVICE_RENAMED, "device-renamed", "a protected interface has another name") \
	X(TABLE_COMMIT, "table-commit", "a table came into force") \
	X(TABLE_ABORT, "table-abort", "a transaction was given up") \
	X(TABLE_DROP, "table-drop", "a table was withdrawn, by command")

enum seki_genl_event {
#define X(id, ...) SEKI_EVENT_##id,
	SEKI_GENL_EVENTS(X)
#undef X
	SEKI_EVENT_MAX
};

/* How a protected interface is judged; one row per VLAN with an own role, VLAN 0: all the rest. */
struct seki_guard_row {
	__u16 vlan;
	__u8 mode; /* enum seki_mode */
	__u8 pad;
	__u32 enforce_until; /* second of CLOCK_MONOTONIC after which enforce reads as monitor; 0: never */
};

#define SEKI_GUARD_ROWS 64
#define SEKI_GUARD_DEVICES 256 /* per namespace */

SEKI_STATIC_ASSERT(sizeof(struct seki_guard_row) == 8, "seki_guard_row");

#endif
