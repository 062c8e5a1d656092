/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * eve_writer.h - the records of one inspection, by kind, and how many were lost.
 */
#ifndef CORE_EVE_WRITER_H
#define CORE_EVE_WRITER_H

#include "eve.h"
#include "core/match/inspector.h"

struct eve_writer {
	uint32_t kinds; /* a bit per enum eve_kind */
	struct eve_origin origin;
	/* Takes one line; number: of the last frame that it is about. NULL: nothing is written. */
	int (*write)(void *arg, uint64_t number, const char *line, size_t len);
	void *arg;
	int64_t wall_offset_us;	     /* of the wall's clock against that of the packets */
	uint64_t lost[EVE_KIND_MAX]; /* could not be written, or too long */
	uint64_t first_us, last_us;  /* packets' clock: what the statistics cover */
};

/* For inspector_ops, but that arg is the writer. */
/* An alert where nobody enforces, and the packet that its rule would have dropped. */
void eve_writer_alert(struct eve_writer *eve, const struct detect_alert *alert);
void eve_writer_drop(struct eve_writer *eve, const struct detect_alert *alert, enum seki_verdict verdict);
void eve_writer_event(struct eve_writer *eve, const struct inspector_event *event);
void eve_writer_tx(struct eve_writer *eve, const struct flow *flow, const struct tx *tx);
void eve_writer_flow_end(struct eve_writer *eve, const struct flow *flow, enum flow_end_reason reason);
/* Once, at the end. */
void eve_writer_stats(struct eve_writer *eve, const struct inspector_stats *stats,
		      const struct ruleset_counts *rules);
#endif
