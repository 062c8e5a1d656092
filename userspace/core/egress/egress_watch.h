/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * egress_watch.h - what our side began, watched over time: who talks to whom,
 * how often, how much, and what of it a hijacked server would do. Pure: time
 * is an argument, notes leave through a callback. Bounded; what had to be
 * forgotten is counted, since a report may then not say "nothing".
 */
#ifndef CORE_EGRESS_WATCH_H
#define CORE_EGRESS_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "sekimori/event.h"

#define EGRESS_TALKS_MAX 16384u
#define EGRESS_HOSTS_MAX 4096u
#define EGRESS_KNOWN_MAX 65536u /* (host, service, program) that were ever seen */
#define EGRESS_STARTS	 16u	/* last beginnings of a talk, for the regularity */

/* id, name, severity when it was blocked, severity when it was not */
#define EGRESS_FINDINGS(X)                                                                                   \
	X(SERVICE, "unknown-service", HIGH, CRITICAL)                                                        \
	X(BEACON, "beaconing", HIGH, HIGH)                                                                   \
	X(SCAN, "scanning", HIGH, CRITICAL)                                                                  \
	X(BULK, "bulk-transfer", MEDIUM, MEDIUM)                                                             \
	X(LISTED_OUT, "listed-destination", HIGH, CRITICAL)                                                  \
	X(LISTED_IN, "listed-source", LOW, MEDIUM)                                                           \
	X(TUNNEL, "dns-tunnel", HIGH, HIGH)                                                                  \
	X(FIRST, "first-seen", LOW, LOW)                                                                     \
	X(RAW, "raw-sender", HIGH, CRITICAL)
enum egress_finding {
#define X(id, ...) EGRESS_##id,
	EGRESS_FINDINGS(X)
#undef X
		EGRESS_FINDING_MAX
};
extern const char *const egress_finding_names[EGRESS_FINDING_MAX];

/* A flow that our side began, permitted or not. */
struct egress_origin {
	uint64_t t_us;		    /* since the epoch */
	struct seki_addr host, dst; /* host all zero: this machine, before it had chosen an address */
	uint16_t sport, dport;	    /* host order */
	uint8_t proto, verdict;	    /* enum seki_verdict */
	bool denied;		    /* the allowlist does not have it */
	uint16_t vlan;
	uint8_t mac[6]; /* of the sender as it came in; all zero unknown */
	uint32_t rule;
	const struct seki_process *process; /* NULL: not known */
};

/* Who talks to whom by which service. */
struct egress_talk {
	struct seki_addr host, dst;
	uint16_t dport, vlan;
	uint8_t proto;
	uint8_t mac[6];
	uint8_t verdict;      /* of the last flow */
	uint64_t first, last; /* us */
	uint64_t flows, blocked, would, bytes_out, bytes_in;
	struct seki_process process; /* of the last flow that had one; way 0: none */
};

/* A note: a finding, or (finding == EGRESS_FINDING_MAX) the figures of a talk since its last note. */
struct egress_note {
	enum egress_finding finding;
	uint64_t t_us;
	enum seki_severity severity;
	const struct egress_talk *talk; /* figures: of this span only; findings: so far */
	/* evidence; what a finding has no use for is 0 */
	uint64_t count; /* flows, destinations, ports, frames or names */
	uint64_t bytes;
	uint32_t interval_ms, jitter_permille; /* beaconing: median, and mean deviation from it */
	bool ports;			       /* scanning: count are ports of one host, else hosts */
	const char *text;		       /* list, or domain; NULL none */
	const char *name;		       /* of the host; the watch knows none: NULL */
	const char *said, *said_by;	       /* what it calls itself, and by what; NULL */
};
typedef void (*egress_note_fn)(const struct egress_note *note, void *arg);

struct egress_limits {
	uint64_t bulk_bytes;  /* to one destination within an hour */
	uint64_t learn_until; /* us: until then whatever is seen for the first time is learnt in silence */
};

struct egress_watch;
__must_check int egress_watch_new(const struct egress_limits *limits, egress_note_fn fn, void *arg,
				  struct egress_watch **out);
void egress_watch_free(struct egress_watch *watch);
DEFINE_CLEANUP(egress_watch_free, struct egress_watch)
void egress_watch_limits(struct egress_watch *watch, const struct egress_limits *limits);

void egress_watch_origin(struct egress_watch *watch, const struct egress_origin *origin);
/* More bytes of a flow that was begun by host; ignored when nobody knows the talk. */
void egress_watch_bytes(struct egress_watch *watch, uint64_t t_us, const struct seki_addr *host,
			const struct seki_addr *dst, uint8_t proto, uint16_t dport, uint64_t out,
			uint64_t in);
/* A packet between one of ours and a listed address. outward: ours sent it. */
void egress_watch_listed(struct egress_watch *watch, const struct egress_origin *pair, bool outward,
			 const char *list);
/* host asks server for names that may carry data. */
void egress_watch_tunnel(struct egress_watch *watch, const struct egress_origin *pair, const char *domain,
			 uint64_t names, uint64_t bytes);
/* Frames of packet sockets that the backstop stopped (or, stopped false, counted). */
void egress_watch_raw(struct egress_watch *watch, uint64_t t_us, uint64_t frames, bool stopped);
/* Figures of every talk that moved since the last call. Once a minute. */
void egress_watch_flush(struct egress_watch *watch, uint64_t t_us);
uint64_t egress_watch_forgotten(const struct egress_watch *watch);

/* What was ever seen, to keep over a restart: an array of hashes. take: -EINVAL more than EGRESS_KNOWN_MAX.
 */
size_t egress_watch_known(const struct egress_watch *watch, const uint64_t **known);
__must_check int egress_watch_know(struct egress_watch *watch, const uint64_t *known, size_t count);

#endif
