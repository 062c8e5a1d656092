// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * metrics.c - one table of families without labels; families with labels are a
 * function each. A family's samples stand together, counters end in _total
 * (OpenMetrics 1.0, "Overall Structure" and "Counter").
 */
#include "metrics.h"

#include <string.h>

#include "client.h"
#include "core/report/notice.h"

enum metric_type { COUNTER, GAUGE };
struct metric {
	const char *name, *object,
		*key; /* object: path of at most two names with a dot; NULL: top level of the status */
	enum metric_type type;
	const char *unit, *help; /* unit: end of the name, "" none */
};

static const struct metric metrics[] = {
	{"sekimori_policy_generation", NULL, "generation", GAUGE, "", "Generation of the policy that holds."},
	{"sekimori_start_time_seconds", NULL, "started", GAUGE, "seconds", "When the daemon started."},
	{"sekimori_alarms", NULL, "alarms", COUNTER, "", "Alarms since the start."},
	{"sekimori_list_entries", NULL, "list_total", GAUGE, "", "Entries of all lists."},
	{"sekimori_proposals", NULL, "proposals", COUNTER, "", "What engines asked for."},
	{"sekimori_proposals_refused", NULL, "proposals_refused", COUNTER, "",
	 "Proposals that were refused."},
	{"sekimori_protocol_breaks", NULL, "protocol_breaks", COUNTER, "",
	 "Child processes replaced for what they sent."},
	{"sekimori_sources_blocked", NULL, "blocks_made", COUNTER, "", "Sources blocked automatically."},
	{"sekimori_flows_cut", NULL, "cuts_made", COUNTER, "", "Flows cut."},
	{"sekimori_engines", "engine", "count", GAUGE, "", "Engines that should run."},
	{"sekimori_engines_ready", "engine", "ready", GAUGE, "", "Engines with rules."},
	{"sekimori_rules_loaded", "engine", "rules_loaded", GAUGE, "", "Rules loaded."},
	{"sekimori_rules_failed", "engine", "rules_failed", GAUGE, "", "Rules refused."},
	{"sekimori_engine_packets", "engine", "packets", COUNTER, "", "Packets inspected."},
	{"sekimori_engine_bytes", "engine", "bytes", COUNTER, "bytes", "Bytes inspected."},
	{"sekimori_engine_ciphertext_bytes", "engine", "ciphertext_bytes", COUNTER, "bytes",
	 "Bytes that are ciphertext to the engines."},
	{"sekimori_engine_alerts", "engine", "alerts", COUNTER, "", "Matches."},
	{"sekimori_engine_reassembly_gaps", "engine", "reassembly_gaps", COUNTER, "", "Holes in streams."},
	{"sekimori_engine_flows_given_up", "engine", "flows_given_up", COUNTER, "",
	 "Flows not inspected to their end."},
	{"sekimori_engine_proposals_lost", "engine", "proposals_lost", COUNTER, "",
	 "Proposals that did not get through."},
	{"sekimori_engine_events_lost", "engine", "events_lost", COUNTER, "",
	 "Events that did not get through."},
	{"sekimori_ring_used_bytes", "engine", "ring_used", GAUGE, "bytes", "Bytes waiting in the rings."},
	{"sekimori_ring_size_bytes", "engine", "ring_size", GAUGE, "bytes", "Size of the rings."},
	{"sekimori_events_written", "events", "written", COUNTER, "", "Lines in the event file."},
	{"sekimori_events_lost", "events", "lost", COUNTER, "", "Events not in the event file."},
	{"sekimori_events_stored", "events.store", "stored", COUNTER, "", "Events in the store."},
	{"sekimori_events_store_refused", "events.store", "refused", COUNTER, "",
	 "Events that the store does not take."},
	{"sekimori_spool_events", "events.store", "waiting", GAUGE, "", "Events on their way to the store."},
	{"sekimori_spool_lost", "events.store", "lost", COUNTER, "",
	 "Events that found no room on their way to the store."},
	{"sekimori_audit_lines", "events.store", "audit_lines", GAUGE, "", "Lines of the audit log."},
	{"sekimori_audit_fault", "events.store", "audit_fault", GAUGE, "",
	 "First line of the audit log that is wrong, 0 none."},
	{"sekimori_notice_events", "events.notices", "events", COUNTER, "",
	 "Critical attacks that were not blocked."},
	{"sekimori_notice_events_told", "events.notices", "told", COUNTER, "",
	 "Of these, in notices that were delivered."},
	{"sekimori_notice_events_waiting", "events.notices", "waiting", GAUGE, "", "Of these, not told yet."},
	{"sekimori_notices_delivered", "events.notices", "messages", COUNTER, "", "Notices delivered."},
	{"sekimori_notice_attempts", "events.notices", "attempts", COUNTER, "",
	 "Attempts to deliver notices."},
	{"sekimori_notice_failures", "events.notices", "failures", COUNTER, "", "Attempts that failed."},
	{"sekimori_notice_breaches", "events.notices", "breaches", COUNTER, "",
	 "Notices later than two hours."},
	{"sekimori_notices_unacknowledged", "events.notices", "unacknowledged", GAUGE, "",
	 "Notices that wait for somebody to acknowledge them."},
	{"sekimori_notices_escalated", "events.notices", "escalated", COUNTER, "",
	 "Notices handed to a channel of escalation."},
};

static void family(FILE *out, const char *name, const char *type, const char *unit, const char *help)
{
	fprintf(out, "# TYPE %s %s\n", name, type);
	if (*unit)
		fprintf(out, "# UNIT %s %s\n", name, unit);
	fprintf(out, "# HELP %s %s\n", name, help);
}

/* ABNF of a label's value: backslash, quote and line end are escaped. */
static void label(FILE *out, const char *begin, const char *name, const char *value)
{
	fprintf(out, "%s%s=\"", begin, name);
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", out);
		else if (*value == '"' || *value == '\\')
			fprintf(out, "\\%c", *value);
		else
			fputc(*value, out);
	}
	fputc('"', out);
}

static const json_t *object_at(const json_t *root, const char *path)
{
	char name[32];

	while (path && *path) {
		size_t len = strcspn(path, ".");

		snprintf(name, sizeof(name), "%.*s", (int)len, path);
		root = json_object_get(root, name);
		path += len + (path[len] == '.');
	}
	return root;
}

static void plain_write(FILE *out, const json_t *status)
{
	for (size_t i = 0; i < ARRAY_LEN(metrics); i++) {
		const struct metric *m = &metrics[i];

		family(out, m->name, m->type == COUNTER ? "counter" : "gauge", m->unit, m->help);
		fprintf(out, "%s%s %lld\n", m->name, m->type == COUNTER ? "_total" : "",
			client_number(object_at(status, m->object), m->key));
	}
}

static void ifaces_write(FILE *out, const json_t *status)
{
	const json_t *row;
	char vlan[24];
	size_t at;

	family(out, "sekimori_interface_enforcing", "gauge", "",
	       "1 when the interface enforces, 0 when it only watches or is not attached.");
	json_array_foreach(json_object_get(status, "ifaces"), at, row)
	{
		snprintf(vlan, sizeof(vlan), "%lld", client_number(row, "vlan"));
		label(out, "sekimori_interface_enforcing{", "interface", client_text(row, "name"));
		label(out, ",", "vlan", vlan);
		label(out, ",", "role", client_text(row, "role"));
		fprintf(out, "} %d\n",
			client_flag(row, "attached") && !strcmp(client_text(row, "mode"), "enforce"));
	}
}

/* Tables of the kernel: how full they are of what they can hold. */
static void tables_write(FILE *out, const json_t *status)
{
	static const struct {
		const char *table, *used, *max;
	} rows[] = {{"flows", "flows", "flows_max"},
		    {"blocked", "blocked", "blocked_max"},
		    {"lists", "list_rows", "list_max"}};
	const json_t *usage = json_object_get(status, "usage");

	family(out, "sekimori_map_entries", "gauge", "", "Entries of tables in the kernel.");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		fprintf(out, "sekimori_map_entries{map=\"%s\"} %lld\n", rows[i].table,
			client_number(usage, rows[i].used));
	family(out, "sekimori_map_max_entries", "gauge", "", "Entries that these tables can hold.");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		fprintf(out, "sekimori_map_max_entries{map=\"%s\"} %lld\n", rows[i].table,
			client_number(usage, rows[i].max));
}

static void verdicts_write(FILE *out, const json_t *status)
{
	static const char *const keys[] = {"dropped", "would_drop", "passed"};

	family(out, "sekimori_verdict_packets", "counter", "", "Packets by what was done with them.");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		fprintf(out, "sekimori_verdict_packets_total{verdict=\"%s\"} %lld\n", keys[i],
			client_number(status, keys[i]));
}

static void alerts_write(FILE *out, const json_t *status)
{
	const json_t *row, *count;
	const char *severity, *verdict;

	family(out, "sekimori_alerts", "counter", "",
	       "Alerts in the store by severity and by what the kernel did.");
	json_object_foreach((json_t *)object_at(status, "events.store.alerts"), severity, row)
	{
		json_object_foreach((json_t *)row, verdict, count)
		{
			label(out, "sekimori_alerts_total{", "severity", severity);
			label(out, ",", "verdict", verdict);
			fprintf(out, "} %lld\n", (long long)json_integer_value(count));
		}
	}
}

static void lag_write(FILE *out, const json_t *status)
{
	const json_t *notices = object_at(status, "events.notices"), *lags = json_object_get(notices, "lags");
	long long sum = 0;

	family(out, "sekimori_notice_lag_seconds", "histogram", "seconds",
	       "From the match of a critical attack that was not blocked to the delivery of its notice.");
	for (size_t i = 0; i < NOTICE_LAG_STEPS; i++) {
		sum += json_integer_value(json_array_get(lags, i));
		if (i + 1 == NOTICE_LAG_STEPS)
			fprintf(out, "sekimori_notice_lag_seconds_bucket{le=\"+Inf\"} %lld\n", sum);
		else
			fprintf(out, "sekimori_notice_lag_seconds_bucket{le=\"%llu.%llu\"} %lld\n",
				(unsigned long long)(notice_lag_us[i] / 1000000),
				(unsigned long long)(notice_lag_us[i] / 100000 % 10), sum);
	}
	fprintf(out, "sekimori_notice_lag_seconds_sum %.3f\nsekimori_notice_lag_seconds_count %lld\n",
		(double)client_number(notices, "lag_sum_ms") / 1000, sum);
}

static void reasons_write(FILE *out, const json_t *counters)
{
	static const struct {
		const char *name, *key, *unit, *help;
	} rows[] = {
		{"sekimori_packets", "packets", "", "Packets that left the packet program this way."},
		{"sekimori_reason_bytes", "bytes", "bytes", "Bytes that left the packet program this way."},
		{"sekimori_would_packets", "would_packets", "",
		 "Packets that passed only because of monitor mode or a chosen pass."},
	};
	const json_t *row, *value;
	const char *reason;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		family(out, rows[i].name, "counter", rows[i].unit, rows[i].help);
		json_object_foreach((json_t *)json_object_get(counters, "reasons"), reason, row)
			fprintf(out, "%s_total{reason=\"%s\"} %lld\n", rows[i].name, reason,
				client_number(row, rows[i].key));
	}
	family(out, "sekimori_losses", "counter", "", "What the sensor did not see, by kind.");
	json_object_foreach((json_t *)json_object_get(counters, "losses"), reason, value)
		fprintf(out, "sekimori_losses_total{kind=\"%s\"} %lld\n", reason,
			(long long)json_integer_value(value));
}

/* Of each list: is it the newest, is it old? */
static void lists_write(FILE *out, const json_t *lists, long long now)
{
	static const struct {
		const char *name, *key, *unit, *help;
		bool age;
	} rows[] = {
		{"sekimori_list_size", "entries", "", "Entries of the list.", false},
		{"sekimori_list_serial", "serial", "", "Serial of the list.", false},
		{"sekimori_list_age_seconds", "taken", "seconds", "Since the list was last taken over.",
		 true},
		{"sekimori_list_not_after_seconds", "not_after", "seconds",
		 "When the list ends by its own word, 0 never.", false},
	};
	const json_t *row;
	size_t at;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		family(out, rows[i].name, "gauge", rows[i].unit, rows[i].help);
		json_array_foreach(json_object_get(lists, "lists"), at, row)
		{
			long long value = client_number(row, rows[i].key);

			fputs(rows[i].name, out);
			label(out, "{", "list", client_text(row, "name"));
			fprintf(out, "} %lld\n",
				rows[i].age ? (value && now > value ? now - value : 0) : value);
		}
	}
	family(out, "sekimori_list_hits", "counter", "", "Packets that the list decided.");
	json_array_foreach(json_object_get(lists, "lists"), at, row)
	{
		label(out, "sekimori_list_hits_total{", "list", client_text(row, "name"));
		fprintf(out, "} %lld\n", client_number(row, "packets"));
	}
}

void metrics_write(FILE *out, const json_t *status, const json_t *counters, const json_t *lists,
		   long long now)
{
	plain_write(out, status);
	ifaces_write(out, status);
	tables_write(out, status);
	verdicts_write(out, status);
	alerts_write(out, status);
	lag_write(out, status);
	reasons_write(out, counters);
	lists_write(out, lists, now);
	fputs("# EOF\n", out);
}
