/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * payload_lane.h - rule groups of payload: which literals are worth looking
 * for in a packet or stream, by its ports and protocol, and how far in.
 */
#ifndef CORE_PAYLOAD_LANE_H
#define CORE_PAYLOAD_LANE_H

#include "core/match/mpm.h"
#include "core/rule/place_index.h"
#include "core/rule/rule.h"

/* A look may need the lanes of any, protocol, source port and destination port. */
#define PAYLOAD_LANES_MAX 4u

/* What to look for in one packet or stream. */
struct payload_choice {
	const struct mpm *mpms[2 * PAYLOAD_LANES_MAX];
	const struct place_index *places[PAYLOAD_LANES_MAX];
	unsigned int mpm_count, place_count;
};

struct payload_lane {
	struct mpm anywhere;
	struct mpm head;	   /* literals that only count near the beginning */
	struct place_index places; /* literals that only count at one place */
};

struct port_lane {
	uint16_t port;
	struct payload_lane lane;
};
struct port_lanes {
	struct port_lane *rows; /* sorted by port */
	uint32_t count, room;
};

/* Protocol and service port that go together so often that their rules share one search. */
enum payload_pair { PAIR_HTTP, PAIR_MAX };

/* Of one transport and direction, of packets or of streams. */
struct payload_lanes {
	bool paired;		 /* set before rules are added: pairs are worth having */
	struct payload_lane any; /* neither bound to a port nor to a protocol */
	struct payload_lane
		apps[APP_PROTO_MAX]; /* rules that need it; UNKNOWN: all of these, while it is open */
	struct port_lanes by_src, by_dst;
	struct mpm pairs[PAIR_MAX]; /* what any, protocol and port have anywhere */
};

/*
 * packets: each is judged by itself, so that any literal of the rule at a
 * fixed place may lead to it; in streams it is the chosen one. -ENOMEM.
 */
__must_check int payload_lanes_add(struct payload_lanes *lanes, const struct rule *rule, enum direction dir,
				   bool packets);

/* app: UNKNOWN while it is open. */
void payload_lanes_choose(const struct payload_lanes *lanes, enum direction dir, enum app_proto app,
			  uint16_t src_port, uint16_t dst_port, struct payload_choice *out);
/* Once all rules are added; the mpms are built by whoever visits them. -ENOMEM. */
__must_check int payload_lanes_build(struct payload_lanes *lanes);

/* Calls fn for each mpm, in an order that only the rules decide, until it fails. */
typedef int (*mpm_visit_fn)(struct mpm *mpm, void *arg);
__must_check int payload_lanes_each(struct payload_lanes *lanes, mpm_visit_fn fn, void *arg);
void payload_lanes_clear(struct payload_lanes *lanes);

#endif
