// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eve_writer.c - records of an inspection, each made only when it is wanted.
 */
#include "eve_writer.h"

#include <errno.h>

#include "core/app/app.h"

static bool wants(const struct eve_writer *eve, enum eve_kind kind)
{
	return eve->write && eve->kinds >> kind & 1;
}

static uint64_t wall(const struct eve_writer *eve, uint64_t time_us)
{
	return (uint64_t)((int64_t)time_us + eve->wall_offset_us);
}

static void put(struct eve_writer *eve, enum eve_kind kind, uint64_t number, int error, const char *line,
		size_t len)
{
	if (error || eve->write(eve->arg, number, line, len))
		eve->lost[kind]++;
}

void eve_writer_drop(struct eve_writer *eve, const struct detect_alert *alert, enum seki_verdict verdict)
{
	AUTO_FREE char *line = NULL;
	size_t len = 0;
	int error;

	if (!wants(eve, EVE_DROP))
		return;
	error = eve_drop(alert, verdict, wall(eve, alert->packet->time_us), &eve->origin, &line, &len);
	put(eve, EVE_DROP, alert->packet->number, error, line, len);
}

void eve_writer_alert(struct eve_writer *eve, const struct detect_alert *alert)
{
	static const struct eve_enforcement nobody = {.verdict = SEKI_VERDICT_UNKNOWN, .action = "none"};
	AUTO_FREE char *line = NULL;
	size_t len = 0;
	int error;

	if (!alert->quiet && wants(eve, EVE_ALERT)) {
		error = eve_alert(alert, wall(eve, alert->packet->time_us), &eve->origin, &nobody, &line,
				  &len);
		put(eve, EVE_ALERT, alert->packet->number, error, line, len);
	}
	if (alert->action == RULE_DROP || alert->action == RULE_REJECT)
		eve_writer_drop(eve, alert, SEKI_VERDICT_WOULD_BLOCK);
}

void eve_writer_event(struct eve_writer *eve, const struct inspector_event *event)
{
	AUTO_FREE char *line = NULL;
	size_t len = 0;
	int error;

	if (!wants(eve, EVE_ANOMALY))
		return;
	error = eve_anomaly(event->event, event->packet, event->flow, event->tx,
			    wall(eve, event->packet->time_us), &eve->origin, &line, &len);
	put(eve, EVE_ANOMALY, event->packet->number, error, line, len);
}

void eve_writer_tx(struct eve_writer *eve, const struct flow *flow, const struct tx *tx)
{
	enum eve_kind kind = eve_kind_of(tx->proto);

	if (kind < EVE_KIND_MAX && wants(eve, kind)) {
		AUTO_FREE char *line = NULL;
		size_t len = 0;
		int error = eve_tx(flow, tx, wall(eve, flow->last_us), &eve->origin, &line, &len);

		put(eve, kind, flow->last_number, error, line, len);
	}
	if (!wants(eve, EVE_FILEINFO))
		return;
	for (int dir = TO_SERVER; dir <= TO_CLIENT; dir++)
		for (unsigned int i = 0;; i++) {
			AUTO_FREE char *line = NULL;
			size_t len = 0;
			int error = eve_fileinfo(flow, tx, (enum direction)dir, i, flow->last_us,
						 &eve->origin, &line, &len);

			if (error == -ENOENT)
				break;
			put(eve, EVE_FILEINFO, flow->last_number, error, line, len);
		}
}

void eve_writer_flow_end(struct eve_writer *eve, const struct flow *flow, enum flow_end_reason reason)
{
	AUTO_FREE char *line = NULL;
	size_t len = 0;
	int error;

	if (!wants(eve, EVE_FLOW))
		return;
	error = eve_flow(flow, reason, wall(eve, flow->last_us), &eve->origin, &line, &len);
	put(eve, EVE_FLOW, flow->last_number, error, line, len);
}

void eve_writer_stats(struct eve_writer *eve, const struct inspector_stats *stats,
		      const struct ruleset_counts *rules)
{
	uint64_t covered = eve->last_us > eve->first_us ? eve->last_us - eve->first_us : 0;
	AUTO_FREE char *line = NULL;
	size_t len = 0;
	int error;

	if (!wants(eve, EVE_STATS))
		return;
	error = eve_stats(stats, rules, covered, wall(eve, eve->last_us), &line, &len);
	put(eve, EVE_STATS, 0, error, line, len);
}
