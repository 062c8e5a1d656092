// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_metrics.c - counters in the Prometheus text format: one table of names.
 */
#include <stdio.h>
#include <string.h>

#include "client.h"

struct metric {
	const char *name, *object, *key, *type, *help; /* object NULL: top level of the status */
};

static const struct metric metrics[] = {
	{"sekimori_policy_generation", NULL, "generation", "gauge", "generation of the policy that holds"},
	{"sekimori_start_time_seconds", NULL, "started", "gauge", "when the daemon started"},
	{"sekimori_alarms_total", NULL, "alarms", "counter", "alarms since start"},
	{"sekimori_list_entries", NULL, "list_total", "gauge", "entries of all lists"},
	{"sekimori_proposals_total", NULL, "proposals", "counter", "what engines asked for"},
	{"sekimori_proposals_refused_total", NULL, "proposals_refused", "counter", "of these, refused"},
	{"sekimori_protocol_breaks_total", NULL, "protocol_breaks", "counter",
	 "children replaced for what they sent"},
	{"sekimori_sources_blocked_total", NULL, "blocks_made", "counter", "sources blocked automatically"},
	{"sekimori_flows_cut_total", NULL, "cuts_made", "counter", "flows cut"},
	{"sekimori_blocked_sources", "usage", "blocked", "gauge", "automatic blocks in the kernel now"},
	{"sekimori_list_rows", "usage", "list_rows", "gauge", "rows of the active generation"},
	{"sekimori_flows", "usage", "flows", "gauge", "validated flows in the kernel"},
	{"sekimori_engines", "engine", "count", "gauge", "engines that should run"},
	{"sekimori_engines_ready", "engine", "ready", "gauge", "engines with rules"},
	{"sekimori_rules_loaded", "engine", "rules_loaded", "gauge", "rules loaded"},
	{"sekimori_rules_failed", "engine", "rules_failed", "gauge", "rules refused"},
	{"sekimori_engine_packets_total", "engine", "packets", "counter", "packets inspected"},
	{"sekimori_engine_bytes_total", "engine", "bytes", "counter", "bytes inspected"},
	{"sekimori_engine_alerts_total", "engine", "alerts", "counter", "matches"},
	{"sekimori_engine_reassembly_gaps_total", "engine", "reassembly_gaps", "counter", "holes in streams"},
	{"sekimori_engine_proposals_lost_total", "engine", "proposals_lost", "counter",
	 "proposals that did not get through"},
	{"sekimori_ring_used_bytes", "engine", "ring_used", "gauge", "bytes waiting in the rings"},
	{"sekimori_events_written_total", "events", "written", "counter", "lines in the event file"},
	{"sekimori_events_lost_total", "events", "lost", "counter", "events not written"},
};

static void print_status(const json_t *status)
{
	const json_t *row;
	size_t at;

	for (size_t i = 0; i < ARRAY_LEN(metrics); i++) {
		const struct metric *m = &metrics[i];
		const json_t *from = m->object ? json_object_get(status, m->object) : status;

		printf("# HELP %s %s\n# TYPE %s %s\n%s %lld\n", m->name, m->help, m->name, m->type, m->name,
		       client_number(from, m->key));
	}
	printf("# HELP sekimori_interface_enforcing 1 when the interface enforces, 0 when it only watches or "
	       "is not attached\n"
	       "# TYPE sekimori_interface_enforcing gauge\n");
	json_array_foreach(json_object_get(status, "ifaces"), at, row)
		printf("sekimori_interface_enforcing{interface=\"%s\",vlan=\"%lld\",role=\"%s\"} %d\n",
		       client_text(row, "name"), client_number(row, "vlan"), client_text(row, "role"),
		       client_flag(row, "attached") && !strcmp(client_text(row, "mode"), "enforce"));
}

static void print_reasons(const json_t *reasons, const char *name, const char *key, const char *help)
{
	const char *reason;
	const json_t *row;

	printf("# HELP %s %s\n# TYPE %s counter\n", name, help, name);
	json_object_foreach((json_t *)reasons, reason, row)
		printf("%s{reason=\"%s\"} %lld\n", name, reason, client_number(row, key));
}

int cmd_metrics(int argc, char **argv)
{
	AUTO_JSON json_t *status = NULL;
	AUTO_JSON json_t *counters = NULL;
	const json_t *reasons, *value;
	const char *key;

	if (argc > 1)
		return client_usage("metrics", "unexpected argument", argv[1]);
	status = client_ask(json_pack("{s:s}", "command", "status"), -1);
	if (!client_ok(status))
		return client_fail(status);
	print_status(status);
	counters = client_ask(json_pack("{s:s}", "command", "counters"), -1);
	if (!client_ok(counters))
		return client_fail(counters);
	reasons = json_object_get(counters, "reasons");
	print_reasons(reasons, "sekimori_packets_total", "packets",
		      "packets that left the packet program this way");
	print_reasons(reasons, "sekimori_bytes_total", "bytes",
		      "bytes that left the packet program this way");
	print_reasons(reasons, "sekimori_would_packets_total", "would_packets",
		      "packets that passed only because of monitor mode or a chosen pass");
	printf("# HELP sekimori_losses_total what the sensor did not see\n# TYPE sekimori_losses_total "
	       "counter\n");
	json_object_foreach((json_t *)json_object_get(counters, "losses"), key, value) printf(
		"sekimori_losses_total{kind=\"%s\"} %lld\n", key, (long long)json_integer_value(value));
	return 0;
}
