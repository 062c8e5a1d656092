/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message_engine.h - what an engine and its keeper say to each other, and what becomes of an alert.
 */
#ifndef SEKIMORID_MESSAGE_ENGINE_H
#define SEKIMORID_MESSAGE_ENGINE_H

#include "core/egress/host_said.h"
#include "kern/gate.h"
#include "sekimori/event.h"
#include "sekimorid/message_common.h"

#define MESSAGE_OUTCOMES_MAX 64u

struct message_proposal { /* followed by the EVE line, line_len bytes */
	struct seki_flow_key key;
	uint64_t flow_id;
	struct seki_addr attacker;
	uint32_t sid;
	uint32_t line_len;
	uint16_t vlan;
	uint8_t kind;	  /* enum decide_kind */
	uint8_t severity; /* enum seki_severity */
	uint8_t dir;	  /* enum direction of the match: 0 to server */
	uint8_t dropped;  /* what matched was dropped by the kernel before it was delivered */
	uint8_t pad[2];
	char why[64]; /* why the engine asks for no more */
};

struct message_outcome {
	struct seki_flow_key key;
	uint64_t flow_id;
	uint8_t outcome; /* enum flow_outcome */
	uint8_t pad[7];
};

struct message_outcomes {
	uint32_t count, pad;
	struct message_outcome rows[MESSAGE_OUTCOMES_MAX];
};

/* FTP's two sides agreed on a data connection: from will connect to `to`, port (host order). */
struct message_announced {
	struct seki_flow_key key; /* of the control connection */
	uint64_t flow_id;
	struct seki_addr from, to;
	uint16_t port;
	uint8_t pad[6];
};

struct message_host_said { /* a host of ours gives itself a name */
	uint8_t mac[6];
	uint16_t vlan;
	uint32_t by; /* enum host_said_by */
	char name[HOST_SAID_MAX];
};

struct message_tunnel { /* names that may carry data out */
	struct seki_addr host, server;
	uint64_t names, bytes;
	char domain[256];
};

struct message_engine_stats {
	uint64_t packets, bytes, flows, alerts, undecoded, midstream, gaps, given_up;
	uint64_t inspected_bytes, ciphertext_bytes;
	uint64_t bad_records, chunks_lost, proposals_lost, events_lost;
	uint64_t ring_used, ring_size;
	uint64_t state_given_up; /* what rules counted and shared memory had no room for */
	uint64_t state_locks_taken,
		state_alone; /* of shared memory: see tracker_taken(), tracker_is_alone() */
};

struct message_ready {
	uint32_t loaded, failed, skipped;
	int32_t result;	    /* 0, or why the set was not taken: the old one stays */
	uint8_t digest[32]; /* SHA-256 of the rule files that are now active */
	uint32_t load_ms;   /* from the message to the new set */
	uint32_t peak_kib;  /* the most memory that the process ever held */
	uint32_t cached;    /* 1: nothing had to be compiled */
	uint32_t pad;
	char text[MESSAGE_TEXT_MAX]; /* first refused rules */
};

struct message_names { /* of interfaces, for children that may not ask */
	uint32_t count, pad;
	struct {
		uint32_t ifindex;
		char name[16];
	} rows[MESSAGE_IFACES_MAX];
};

struct message_judged { /* followed by the EVE line, line_len bytes */
	uint64_t delivered_pkts, delivered_bytes;
	uint32_t block_seconds;
	uint32_t line_len;
	uint8_t verdict; /* enum seki_verdict */
	uint8_t action;	 /* enum decide_kind as done */
	uint8_t pad[6];
	char why[64];
};

struct message_decision {
	struct seki_record record;
	uint64_t wall_us;
	char list[LIST_NAME_MAX];
};

_Static_assert(sizeof(struct message_proposal) == 144, "message_proposal");
_Static_assert(sizeof(struct message_outcome) == 56, "message_outcome");

#endif
