// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inspect_eve.c - records of an inspection, each made only when it is wanted.
 */
#include "inspect_eve.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "core/app.h"

static bool wants(const struct inspect_eve *eve, enum eve_kind kind)
{
	return eve->write && eve->kinds >> kind & 1;
}

static void put(struct inspect_eve *eve, enum eve_kind kind, uint64_t number, int error, const char *line,
		size_t len)
{
	if (error || eve->write(eve->arg, number, line, len))
		eve->lost[kind]++;
}

void inspect_eve_alert(struct inspect_eve *eve, const struct detect_alert *alert)
{
	static const struct eve_enforcement nobody = {.verdict = SEKI_VERDICT_UNKNOWN, .action = "none"};
	bool drop = alert->action == RULE_DROP || alert->action == RULE_REJECT;
	uint64_t when = alert->packet->time_us, number = alert->packet->number;
	AUTO_FREE char *told = NULL, *dropped = NULL;
	size_t len = 0;
	int error;

	if (!alert->quiet && wants(eve, EVE_ALERT)) {
		error = eve_alert(alert, when, NULL, eve->origin.capture_file, &nobody, &told, &len);
		put(eve, EVE_ALERT, number, error, told, len);
	}
	if (drop && wants(eve, EVE_DROP)) {
		error = eve_drop(alert, SEKI_VERDICT_WOULD_BLOCK, when, &eve->origin, &dropped, &len);
		put(eve, EVE_DROP, number, error, dropped, len);
	}
}

void inspect_eve_event(struct inspect_eve *eve, const struct inspector_event *event)
{
	AUTO_FREE char *line = NULL;
	size_t len = 0;
	int error;

	if (!wants(eve, EVE_ANOMALY))
		return;
	error = eve_anomaly(event->event, event->packet, event->flow, event->tx, event->packet->time_us,
			    &eve->origin, &line, &len);
	put(eve, EVE_ANOMALY, event->packet->number, error, line, len);
}

void inspect_eve_tx(struct inspect_eve *eve, const struct flow *flow, const struct tx *tx)
{
	enum eve_kind kind = eve_kind_of(tx->proto);

	if (kind < EVE_KIND_MAX && wants(eve, kind)) {
		AUTO_FREE char *line = NULL;
		size_t len = 0;
		int error = eve_tx(flow, tx, flow->last_us, &eve->origin, &line, &len);

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

void inspect_eve_flow_end(struct inspect_eve *eve, const struct flow *flow, enum flow_end_reason reason)
{
	AUTO_FREE char *line = NULL;
	size_t len = 0;
	int error;

	if (!wants(eve, EVE_FLOW))
		return;
	error = eve_flow(flow, reason, flow->last_us, &eve->origin, &line, &len);
	put(eve, EVE_FLOW, flow->last_number, error, line, len);
}

void inspect_eve_stats(struct inspect_eve *eve, const struct inspector_stats *stats,
		       const struct ruleset_counts *rules)
{
	uint64_t covered = eve->last_us > eve->first_us ? eve->last_us - eve->first_us : 0;
	AUTO_FREE char *line = NULL;
	size_t len = 0;
	int error;

	if (!wants(eve, EVE_STATS))
		return;
	error = eve_stats(stats, rules, covered, eve->last_us, &line, &len);
	put(eve, EVE_STATS, 0, error, line, len);
}

void inspect_eve_complain(const struct inspect_eve *eve)
{
	for (int kind = 0; kind < EVE_KIND_MAX; kind++)
		if (eve->lost[kind])
			fprintf(stderr,
				"eve.json lacks %" PRIu64 " records of kind %s: too long, or not written\n",
				eve->lost[kind], eve_kind_names[kind]);
}
