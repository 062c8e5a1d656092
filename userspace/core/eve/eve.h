/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * eve.h - events as EVE JSON lines, names and types as Suricata's consumers
 * expect; ours in the sub-object "sekimori". Pure: builds text in memory.
 */
#ifndef CORE_EVE_H
#define CORE_EVE_H

#include "core/app/app_event.h"
#include "core/match/detect.h"

#define EVE_LINE_MAX 60000u /* longer records lose payload first, then are refused and counted */

/* What an alert carries of its packet, for who asks for it; names as Suricata's options have them. */
#define EVE_DETAILS(X)                                                                                       \
	X(PAYLOAD, "payload")                                                                                \
	X(PAYLOAD_PRINTABLE, "payload-printable")                                                            \
	X(PACKET, "packet")
enum eve_detail {
#define X(id, name) EVE_DETAIL_##id,
	EVE_DETAILS(X)
#undef X
		EVE_DETAIL_MAX
};
extern const char *const eve_detail_names[EVE_DETAIL_MAX];

/* Where a packet was seen, either may be NULL; and a bit per enum eve_detail. */
struct eve_origin {
	const char *in_iface, *capture_file;
	uint32_t details;
};

/* What became of it; {UNKNOWN, 0…} where nobody enforces (files). */
struct eve_enforcement {
	enum seki_verdict verdict;
	uint64_t delivered_pkts, delivered_bytes; /* to the target, before the cut */
	const char *action;			  /* "none", "cut-flow", "block-source" */
	uint32_t block_seconds;
	const char *why; /* why not more, or NULL ("allow set", "path not validated", "shared source", …) */
};

/*
 * One alert line with the protocol object (http, dns, tls, smtp) and "flow", ending in "\n".
 * wall_us: time of the packet since the epoch. enforcement NULL: the caller (the reporter) adds it later
 * with eve_enforce(). *line is malloc'ed, owned by the caller. -ENOMEM, -EMSGSIZE.
 */
__must_check int eve_alert(const struct detect_alert *alert, uint64_t wall_us,
			   const struct eve_origin *origin, const struct eve_enforcement *enforcement,
			   char **line, size_t *len);

/* Parses one line that eve_alert() made without enforcement, returns it completed (alert.action, sekimori.*).
 * -EINVAL when it is not such a line. */
__must_check int eve_enforce(const char *line, size_t len, const struct eve_enforcement *enforcement,
			     char **out, size_t *out_len);

/*
 * Kinds of records, beside "alert". Those of each flow and transaction are many: who wants them asks for
 * them. Every function gives one line that ends in "\n", malloc'ed, owned by the caller; -ENOMEM, or
 * -EMSGSIZE when it is longer than EVE_LINE_MAX.
 */
#define EVE_KINDS(X)                                                                                         \
	X(ALERT, "alert")                                                                                    \
	X(DROP, "drop")                                                                                      \
	X(ANOMALY, "anomaly")                                                                                \
	X(STATS, "stats")                                                                                    \
	X(FLOW, "flow")                                                                                      \
	X(FILEINFO, "fileinfo")                                                                              \
	X(HTTP, "http") X(DNS, "dns") X(TLS, "tls") X(SMTP, "smtp") X(FTP, "ftp") X(SSH, "ssh")
enum eve_kind {
#define X(id, name) EVE_##id,
	EVE_KINDS(X)
#undef X
		EVE_KIND_MAX
};
#define EVE_STANDARD (1u << EVE_ALERT | 1u << EVE_DROP | 1u << EVE_STATS)

extern const char *const eve_kind_names[EVE_KIND_MAX];
/* "alert,flow,http" or "all" to a bit per kind. -EINVAL: no such kind, or none. */
__must_check int eve_kinds_read(const char *text, uint32_t *kinds);

/* A flow that ended. */
__must_check int eve_flow(const struct flow *flow, enum flow_end_reason reason, uint64_t wall_us,
			  const struct eve_origin *origin, char **line, size_t *len);
/* The kind that a transaction's record has; EVE_KIND_MAX: none. */
enum eve_kind eve_kind_of(enum app_proto proto);
/* A transaction that will not change any more. */
__must_check int eve_tx(const struct flow *flow, const struct tx *tx, uint64_t wall_us,
			const struct eve_origin *origin, char **line, size_t *len);
/* The index-th file that tx carried in direction dir. -ENOENT: there are no more. */
__must_check int eve_fileinfo(const struct flow *flow, const struct tx *tx, enum direction dir,
			      unsigned int index, uint64_t wall_us, const struct eve_origin *origin,
			      char **line, size_t *len);
/* Something no sound sender does. flow and tx may be NULL. */
__must_check int eve_anomaly(enum app_event event, const struct packet *packet, const struct flow *flow,
			     const struct tx *tx, uint64_t wall_us, const struct eve_origin *origin,
			     char **line, size_t *len);
/* The packet of this alert went no further: verdict BLOCKED, or WOULD_BLOCK where nobody enforces. */
__must_check int eve_drop(const struct detect_alert *alert, enum seki_verdict verdict, uint64_t wall_us,
			  const struct eve_origin *origin, char **line, size_t *len);
/* uptime_us: how long it has been running, or how much time the files cover. */
struct inspector_stats;
__must_check int eve_stats(const struct inspector_stats *stats, const struct ruleset_counts *rules,
			   uint64_t uptime_us, uint64_t wall_us, char **line, size_t *len);

/* What the server of a flow says of itself, and where: "http", "ssh". */
__must_check int eve_asset(const struct flow *flow, const char *kind, struct span banner, uint64_t wall_us,
			   const struct eve_origin *origin, char **line, size_t *len);

/* community id v1, seed 0; text needs 40 bytes. */
void eve_community_id(const struct flow *flow, char text[40]);

#endif
