// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * alerts_kept.c - alerts of the store: the rows behind the figures of a report.
 */
#include "alerts_kept.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "client_store.h"
#include "core/eve/eve_text.h"
#include "core/policy/contract_names.h"
#include "core/report/evidence.h"
#include "core/report/siem_line.h"

int alerts_siem = -1;

void alerts_siem_print(const char *line, size_t len)
{
	AUTO_FREE char *text = NULL;
	struct eve_fields fields;

	if (eve_read(line, len, &fields))
		return;
	text = siem_line((enum siem_format)alerts_siem, &fields);
	eve_fields_end(&fields);
	printf("%s\n", text ? text : "");
}

int alerts_json_print(const char *line, size_t len)
{
	AUTO_FREE char *text = evidence_masked_line(line, len);

	if (!text) {
		fprintf(stderr, "sekimori: a record of %zu bytes is no JSON and was left out\n", len);
		return -EBADMSG;
	}
	printf("%s\n", text);
	return 0;
}

void alerts_exported(const char *what)
{
	static const char *const names[] = {
#define X(id, name, ...) [SIEM_##id] = name,
		SIEM_FORMATS(X)
#undef X
	};

	if (client.json || alerts_siem >= 0)
		client_exported("%s as %s", what, client.json ? "json" : names[alerts_siem]);
}

struct kept {
	struct store *store;
	int err;
};

/* Milliseconds from the match; "-" when it did not happen. */
static void lag_print(const char *name, uint64_t t, uint64_t t_match)
{
	if (t)
		printf("  %s +%llu ms", name, (unsigned long long)(t > t_match ? (t - t_match) / 1000 : 0));
}

static bool kept_print(const struct store_row *row, void *arg)
{
	const struct store_event *event = &row->event;
	struct kept *kept = arg;
	char when[40], src[48], dst[48];

	if (client.json || alerts_siem >= 0) {
		AUTO_FREE char *line = NULL;
		size_t len = 0;

		kept->err = store_line(kept->store, event->id, &line, &len);
		if (!kept->err && client.json)
			kept->err = alerts_json_print(line, len);
		else if (!kept->err)
			alerts_siem_print(line, len);
		return !kept->err;
	}
	printf("%llu  %s  %-8s %-11s %s:%u -> %s:%u  [%u] %s", (unsigned long long)event->id,
	       eve_time(event->t_packet, when), contract_severities[event->severity % SEKI_SEVERITY_MAX],
	       contract_verdicts[event->verdict % SEKI_VERDICT_MAX], eve_address(&event->src, src),
	       event->src_port, eve_address(&event->dst, dst), event->dst_port, event->sid, event->label);
	lag_print("sent", row->moments[STORE_SENT], event->t_match);
	lag_print("delivered", row->moments[STORE_DELIVERED], event->t_match);
	printf("\n");
	return true;
}

int alerts_kept(const struct store_filter *filter, const char *dir)
{
	CLEANUP(store_close) struct store *store = NULL;
	struct kept kept = {0};
	int err;

	if (client_store_open(dir, &store))
		return EXIT_NOT_CONVERGED;
	alerts_exported("alerts");
	kept.store = store;
	err = store_scan(store, filter, kept_print, &kept);
	if (err || kept.err)
		fprintf(stderr, "sekimori: alerts: %s\n", strerror(-(err ? err : kept.err)));
	return err || kept.err ? EXIT_NOT_CONVERGED : 0;
}
