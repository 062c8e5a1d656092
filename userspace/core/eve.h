/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * eve.h - events as EVE JSON lines, names and types as Suricata's consumers
 * expect; ours in the sub-object "sekimori". Pure: builds text in memory.
 */
#ifndef CORE_EVE_H
#define CORE_EVE_H

#include "detect.h"

#define EVE_LINE_MAX 60000u /* longer records lose payload first, then are refused and counted */

/* What became of it; {UNKNOWN, 0…} where nobody enforces (files). */
struct eve_enforcement {
	enum seki_verdict verdict;
	uint64_t delivered_pkts, delivered_bytes; /* to the target, before the cut */
	const char *action; /* "none", "cut-flow", "block-source" */
	uint32_t block_seconds;
	const char *why; /* why not more, or NULL ("allow set", "path not validated", "shared source", …) */
};

/*
 * One alert line with the protocol object (http, dns, tls, smtp) and "flow", ending in "\n".
 * wall_us: time of the packet since the epoch. enforcement NULL: the caller (the reporter) adds it later
 * with eve_enforce(). *line is malloc'ed, owned by the caller. -ENOMEM, -EMSGSIZE.
 */
__must_check int eve_alert(const struct detect_alert *alert, uint64_t wall_us, const char *in_iface,
			   const char *capture_file, const struct eve_enforcement *enforcement, char **line, size_t *len);

/* Parses one line that eve_alert() made without enforcement, returns it completed (alert.action, sekimori.*). -EINVAL when it is not such a line. */
__must_check int eve_enforce(const char *line, size_t len, const struct eve_enforcement *enforcement, char **out, size_t *out_len);

/* community id v1, seed 0; text needs 40 bytes. */
void eve_community_id(const struct flow *flow, char text[40]);

#endif
