/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h - what happened, kept: events, their figures by the quarter of an
 * hour, counters of what was seen and lost, notices. One interface; behind it
 * SQLite with one file a month, so that the old can go as whole files.
 *
 * One writer (the reporter's store process), any number of readers. Every time
 * is microseconds since the epoch and an argument: the store has no clock.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "sekimori/abi.h"

#define STORE_WHY_MAX  256
#define STORE_TEXT_MAX 512u /* bytes of tenant, label, list and iface; a longer one is cut at a character */
#define STORE_SLOT_US                                                                                        \
	(900ull * 1000000) /* figures are kept by the quarter of an hour: every time zone is a multiple */
#define STORE_BATCH_MAX	  65536u
#define STORE_MONTH_SHIFT 40 /* of an event's id: ids above it are of one month and grow */

/* Kinds of events. Adding one is adding a row; the number is stored, so rows stay where they are. */
#define STORE_KINDS(X)                                                                                       \
	X(ALERT, "alert", "a rule matched")                                                                  \
	X(DROP, "drop", "the kernel dropped or would have, without a rule")                                  \
	X(SHIELD, "shield", "alarms, changes and notes of the daemon")                                       \
	X(EGRESS, "egress", "a finding about what the DMZ started")                                          \
	X(ANOMALY, "anomaly", "something no sound sender does")                                              \
	X(RECORD, "record", "a flow, a transaction or a file")
enum store_kind {
#define X(id, ...) STORE_##id,
	STORE_KINDS(X)
#undef X
		STORE_KIND_MAX
};
extern const char *const store_kind_names[STORE_KIND_MAX];

/* Texts may be NULL, which reads as "". All are the caller's and copied. */
struct store_event {
	uint64_t t_packet; /* when the packet was on the wire */
	uint64_t t_match;  /* when we knew */
	uint8_t kind;	   /* enum store_kind */
	uint8_t severity;  /* enum seki_severity */
	uint8_t verdict;   /* enum seki_verdict: what the kernel did */
	uint8_t proto;
	uint8_t target; /* 0 dst is the target, 1 src is */
	uint16_t src_port, dst_port;
	uint32_t gid, sid, rev;	   /* sid 0: no rule */
	struct seki_addr src, dst; /* v4-mapped; all zero: none */
	const char *tenant;	   /* whose; "" on an edge of one owner */
	const char *label; /* of an alert the signature, of a drop the reason, of a finding its type */
	const char *list;  /* the list entry's list */
	const char *iface;
	const char *rule; /* JSON of what is known of the rule, kept once for each (gid, sid, rev) */
	const char *line; /* the whole record with its evidence, as it was told; not NUL-terminated */
	size_t line_len;
	const char *packet; /* JSON of the packet it is about, kept for its own time; NULL none */
	uint64_t id; /* out: names the event for good; 0 when it was not stored */
};

/* What one call did; exact in every case: stored + lost is what came in. */
struct store_result {
	uint64_t stored, lost;
	int error; /* the first -errno, 0 none */
};

struct store_limits {
	uint64_t max_bytes; /* of all months together, 0: no bound */
	uint32_t max_days;  /* of age, 0: no bound */
	uint32_t packet_seconds[SEKI_SEVERITY_MAX]; /* how long packets are kept; 0: not at all */
};

struct store_options {
	const char *dir; /* must exist; "." when the caller has no path to it */
	bool readonly;	 /* never creates, repairs or removes */
	struct store_limits limits;
};

struct store;

/* -ENOENT: there is none yet (readonly), -EIO and the like with why. A damaged file is set aside by the
 * writer. */
__must_check int store_open(const struct store_options *options, struct store **out, char why[STORE_WHY_MAX]);
void store_close(struct store *store); /* NULL is fine */
DEFINE_CLEANUP(store_close, struct store)
/* From now on; the writer applies them with store_retain(). */
void store_limits(struct store *store, const struct store_limits *limits);

/*
 * Stores count events, each month's in one transaction: all of a month or none. A month whose file is damaged
 * is set aside and begun anew; what it held is counted as lost there (store_losses). -ENOSPC and other errors
 * leave the store usable. Sets id of every event.
 */
struct store_result store_insert(struct store *store, struct store_event *events, size_t count);

/*
 * Adds to the counter name in the slot of time t: "alive.ms", "bytes.inspected", "lost.ring-full", whatever a
 * stage counts. Deltas, so that restarts do not matter. -errno: not counted, the caller keeps the delta.
 */
struct store_delta {
	const char *name;
	uint64_t value;
};
__must_check int store_count(struct store *store, uint64_t t, const struct store_delta *deltas, size_t count);

/* Moments of events that come later than their insertion. */
enum store_moment { STORE_SENT, STORE_DELIVERED, STORE_ACKED, STORE_MOMENT_MAX };
struct store_run { /* events of consecutive ids */
	uint64_t id, count;
};
struct store_marking {
	enum store_moment moment;
	uint64_t t;
	uint64_t notice; /* that told them, 0: none */
	const struct store_run *runs;
	size_t run_count;
};
/* Sets the moment of each event once: an earlier value stays. marked: events that are there. */
__must_check int store_mark(struct store *store, const struct store_marking *marking, uint64_t *marked);

/* --- queries; fn returning false ends the walk without error */

struct store_filter {
	uint64_t from, to;	      /* of t_packet, to exclusive; 0, 0: all */
	uint32_t kinds;		      /* a bit per enum store_kind, 0: all */
	uint32_t severities;	      /* a bit per enum seki_severity, 0: all */
	uint32_t verdicts;	      /* a bit per enum seki_verdict, 0: all */
	uint32_t sid;		      /* 0: any */
	uint64_t id;		      /* this event only; 0: any */
	const char *tenant;	      /* NULL: any */
	const struct seki_addr *host; /* source or destination, NULL: any */
	uint64_t after;		      /* only ids above, for following; 0: any */
	bool urgent;		      /* only what somebody has to be told of: decide_notify() */
	bool untold;		      /* of these, what no notice tells yet; in the order of ids */
	bool newest_first;
	bool brief; /* for counting, in no order: id, t_packet, kind, severity, verdict, target, addresses and
		     * rule; with urgent also t_match and the moments; the rest is 0 or "" */
	uint64_t limit; /* 0: none */
};
struct store_row { /* an event without its line; texts hold until fn returns */
	struct store_event event;
	uint64_t moments[STORE_MOMENT_MAX]; /* 0: not yet */
	uint64_t notice;		    /* that told it, 0: none */
};
__must_check int store_scan(struct store *store, const struct store_filter *filter,
			    bool (*fn)(const struct store_row *row, void *arg), void *arg);
/* The whole record; malloc'ed, NUL-terminated. -ENOENT. */
__must_check int store_line(struct store *store, uint64_t id, char **line, size_t *len);
/* The event's packet, as store_event.packet; malloc'ed. -ENOENT: it had none, or its time is over. */
__must_check int store_packet(struct store *store, uint64_t id, char **json);

/*
 * Figures: how often (kind, rule or label, severity, verdict) was seen in a quarter of an hour. They outlive
 * the events. from and to on slot bounds are exact; others are -EINVAL, so that nothing is rounded in
 * silence. Uses from, to, kinds, severities, verdicts, sid and tenant of the filter.
 */
struct store_figure {
	uint64_t slot; /* begin */
	uint8_t kind, severity, verdict;
	uint32_t gid, sid;
	const char *tenant, *label;
	uint64_t count, first, last; /* first and last t_packet */
};
__must_check int store_figures(struct store *store, const struct store_filter *filter,
			       bool (*fn)(const struct store_figure *figure, void *arg), void *arg);

/* Rules that ever matched, one row for each (gid, sid) with its latest revision. */
struct store_rule {
	uint32_t gid, sid, rev;
	const char *label, *json; /* store_event.rule */
};
__must_check int store_rules(struct store *store, bool (*fn)(const struct store_rule *rule, void *arg),
			     void *arg);

/* Sums of counters whose slots lie in [from, to). */
__must_check int store_counters(struct store *store, uint64_t from, uint64_t to,
				bool (*fn)(const char *name, uint64_t sum, void *arg), void *arg);

/* What each month's file holds and lost. */
struct store_month {
	uint32_t year, month;
	uint64_t inserted; /* ever */
	uint64_t removed;  /* by retention */
	uint64_t lost;	   /* with files that were set aside */
	uint64_t bytes;	   /* on disk now */
};
__must_check int store_months(struct store *store, bool (*fn)(const struct store_month *month, void *arg),
			      void *arg);

/* Removes what is over age or size, oldest first: evidence and events go, figures stay. Packets go when their
 * severity's time is over. */
struct store_retained {
	uint64_t removed, bytes, packets;
};
__must_check int store_retain(struct store *store, uint64_t now, struct store_retained *out);

/* --- notices that were made of events (core/report/notice.h gives them their meaning) */

struct store_notice {
	uint64_t id;
	uint64_t count, groups; /* events in it, and of how many kinds */
	uint64_t t_first, t_sent, t_delivered, t_acked, t_due,
		t_escalated; /* t_first: of the oldest event; 0: not yet */
	uint32_t attempts, gid, sid;
	struct seki_addr source, target;		  /* of its first kind; source zero: several */
	const char *channel, *label, *acked_by, *comment; /* channel: that delivered it first */
};
/* New, or what is known now of one that is there; an acknowledgement stays. */
__must_check int store_notice_put(struct store *store, const struct store_notice *notice);
/* Newest first; open_only: those not acknowledged. */
__must_check int store_notices(struct store *store, uint64_t from, uint64_t to, bool open_only,
			       bool (*fn)(const struct store_notice *notice, void *arg), void *arg);
/* Also of its events. -ENOENT: no such notice; -EALREADY: the first one who said so stays. */
__must_check int store_notice_ack(struct store *store, uint64_t id, uint64_t t, const char *by,
				  const char *comment);

#endif
