/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message_answer.h - what the keeper answers, through ctl.
 */
#ifndef SEKIMORID_MESSAGE_ANSWER_H
#define SEKIMORID_MESSAGE_ANSWER_H

#include "core/policy/policy.h"
#include "kern/gate.h"
#include "kern/genl.h"
#include "sekimorid/message_engine.h"
#include "sekimorid/message_keep.h"
#include "sekimorid/message_notify.h"

#define MESSAGE_PROCESSES_MAX 24u
#define MESSAGE_WHY_MAX	      32u  /* items shown; the total is always told */
#define MESSAGE_ITEMS_MAX     128u /* items of one page */

struct message_done {
	int32_t result;
	uint32_t pad;
	char text[4096];
};

struct message_status_iface {
	char name[16];
	uint32_t ifindex, prog_id,
		enforce_left; /* seconds until an unconfirmed enforce falls back; 0 = none */
	uint16_t vlan;
	uint8_t role, mode, kind, generic, frags, tc_egress, attached;
	uint8_t held, role_held, mode_held; /* what the kernel's row says, where it has one */
	uint64_t since;			    /* epoch seconds, 0 unknown */
};
struct message_status_process {
	char name[16];
	uint32_t pid, restarts;
	uint32_t up, pad;
};
struct message_status_module {
	uint32_t presence; /* enum kmod_presence */
	uint32_t used;	   /* the packet program calls it */
	uint32_t behind;   /* the prefilter's table is not of the engines' rules */
	uint32_t rules_drop, rules_inspect, rules_stay; /* of those that it was made of; all 0: none was */
	uint32_t guarded, enforcing; /* interfaces; those of them where the guard does the program's work */
	uint64_t guard_dropped, guard_would;
	uint64_t stats[SEKI_STAT_MAX];
	struct {
		uint64_t serial, size; /* 0: none is in force */
		uint8_t digest[SEKI_DIGEST_BYTES];
	} tables[SEKI_TABLE_MAX];
	char version[32]; /* "" none */
};
/* What this machine itself begins (role host): the layers that judge it. */
struct message_status_egress {
	uint8_t self;	       /* 0: no interface has that role, the rest is 0 */
	uint8_t monitor;       /* nothing is refused */
	uint8_t early;	       /* sockets are refused, not only packets */
	uint8_t backstop, xdp; /* packet sockets are stopped; AF_XDP sockets are refused */
	char other[16];	       /* an interface by which frames may leave unseen, "" none */
};
struct message_status {
	uint64_t generation, digest, started, since;
	uint64_t digest_held;	/* of the policy, as the kernel's settings have it; 0 unknown */
	uint64_t config_digest; /* policy_digest() of the configuration that holds; 0 there is none */
	uint32_t gate, adopted;
	uint32_t pending_left, alarms;
	uint32_t iface_count, process_count, list_total, rules_loaded, rules_failed, engines, engines_ready;
	uint32_t landlock; /* ABI, 0 = the kernel has none */
	uint64_t messages_dropped, events_lost, proposals, refused_proposals, protocol_breaks;
	uint64_t blocks_made, cuts_made;
	struct message_engine_stats engine; /* summed */
	struct message_reporter_stats reporter;
	struct message_archive_stats archive;
	struct message_notifier_stats notifier;
	struct gate_usage usage;
	uint32_t lab_clock; /* 1: the time of day of records is made up */
	uint64_t losses[SEKI_LOSS_MAX];
	uint64_t dropped, would_drop, passed;
	struct message_status_module module;
	struct message_status_egress egress;
	char alarm[256]; /* the last one */
	char eve[POLICY_PATH_MAX];
	char config[POLICY_PATH_MAX];
	struct message_status_iface ifaces[MESSAGE_IFACES_MAX];
	struct message_status_process processes[MESSAGE_PROCESSES_MAX];
};

struct message_item {
	struct message_prefix prefix;
	uint64_t expires, created; /* epoch seconds */
	uint32_t sid;
	uint8_t flags, severity;
	uint8_t pad[2];
	char list[LIST_NAME_MAX];
	char reason[LIST_REASON_MAX];
};
struct message_why {
	struct message_prefix prefix;
	uint32_t now; /* CLOCK_MONOTONIC seconds, the clock of the entries */
	uint32_t gate;
	uint32_t listed, blocked, net, enforcing; /* found in the kernel; any interface enforces */
	struct seki_entry list_entry, block_entry;
	struct message_prefix list_prefix; /* of list_entry */
	struct seki_hits list_hits, block_hits;
	struct seki_net net_entry;
	char list[LIST_NAME_MAX];
	uint32_t total, count;
	struct message_item items[MESSAGE_WHY_MAX];
};
struct message_items {
	uint32_t total, first, count, pad;
	struct message_item items[MESSAGE_ITEMS_MAX];
};
struct message_lists {
	uint32_t count, total, limit;
	uint32_t now; /* CLOCK_MONOTONIC seconds, the clock of the hits */
	uint32_t gate, previous, stale, pad;
	uint64_t bytes; /* of the daemon's own copy */
	struct gate_usage usage;
	struct {
		char name[LIST_NAME_MAX];
		struct list_about about;
		struct seki_hits hits;
		uint32_t rollback, pad; /* 1: an earlier state is kept */
	} rows[SEKI_MAX_LISTS];
};
struct message_verified {
	uint64_t want, held; /* digests */
	uint32_t rows;	     /* that the lists add up to */
	uint32_t spilled, differences, count;
	uint32_t mended, pad; /* 1: the tables were made anew for it */
	struct {
		struct gate_list_difference seen;
		char want[LIST_NAME_MAX], held[LIST_NAME_MAX];
	} first[GATE_LIST_DIFFERENCES];
};
struct message_counters {
	struct seki_counter reasons[SEKI_REASON_MAX];
	uint64_t losses[SEKI_LOSS_MAX];
};

#endif
