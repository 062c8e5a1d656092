/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inspect_eve.h - what `sekimori inspect` writes to eve.json: which records,
 * and how many could not be written.
 */
#ifndef SEKIMORI_INSPECT_EVE_H
#define SEKIMORI_INSPECT_EVE_H

#include "core/eve.h"
#include "core/inspector.h"

struct inspect_eve {
	uint32_t kinds; /* a bit per enum eve_kind */
	struct eve_origin origin;
	/* Takes one line; number: of the last frame that it is about. NULL: nothing is written. */
	int (*write)(void *arg, uint64_t number, const char *line, size_t len);
	void *arg;
	uint64_t lost[EVE_KIND_MAX]; /* could not be written, or too long */
	uint64_t first_us, last_us;  /* of the frames so far */
};

/* For inspector_ops, but that arg is the writer. */
void inspect_eve_alert(struct inspect_eve *eve, const struct detect_alert *alert);
void inspect_eve_event(struct inspect_eve *eve, const struct inspector_event *event);
void inspect_eve_tx(struct inspect_eve *eve, const struct flow *flow, const struct tx *tx);
void inspect_eve_flow_end(struct inspect_eve *eve, const struct flow *flow, enum flow_end_reason reason);
/* Once, at the end. */
void inspect_eve_stats(struct inspect_eve *eve, const struct inspector_stats *stats,
		       const struct ruleset_counts *rules);
/* Says on stderr what was lost. */
void inspect_eve_complain(const struct inspect_eve *eve);

#endif
