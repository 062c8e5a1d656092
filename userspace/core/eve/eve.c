// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eve.c - alert lines.
 */
#include "eve.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "core/policy/contract_names.h"
#include "eve_parts.h"

static json_t *endpoint_json(const struct packet *packet, bool source)
{
	json_t *out = json_object();
	char text[48];

	if (!out)
		return NULL;
	eve_set(out, "ip", json_string(eve_address(source ? &packet->src : &packet->dst, text)));
	if (eve_has_ports(packet->proto))
		eve_set(out, "port", json_integer(source ? packet->src_port : packet->dst_port));
	return out;
}

/* "key value" strings to {"key": ["value", …]}; a key without value gets an empty one. */
static json_t *metadata_json(const struct rule_info *rule)
{
	json_t *out = json_object();

	for (unsigned int i = 0; out && i < rule->metadata_count; i++) {
		const char *entry = rule->metadata[i], *space = strchr(entry, ' ');
		size_t key_len = space ? (size_t)(space - entry) : strlen(entry);
		char key[128];
		json_t *values;

		if (key_len >= sizeof(key))
			key_len = sizeof(key) - 1;
		memcpy(key, entry, key_len);
		key[key_len] = '\0';
		values = json_object_get(out, key);
		if (!values) {
			eve_set(out, key, json_array());
			values = json_object_get(out, key);
		}
		while (space && *space == ' ')
			space++;
		json_array_append_new(values, eve_text_of(space));
	}
	return out;
}

static json_t *rule_json(const struct detect_alert *alert)
{
	const struct rule_info *rule = alert->rule;
	json_t *out = json_object(), *list;

	if (!out)
		return NULL;
	/* Until enforcement says otherwise the packet passed; see eve_enforce(). */
	eve_set(out, "action", json_string("allowed"));
	eve_set(out, "gid", json_integer(rule->gid));
	eve_set(out, "signature_id", json_integer(rule->sid));
	eve_set(out, "rev", json_integer(rule->rev));
	eve_set(out, "signature", eve_text_of(rule->msg));
	eve_set(out, "category", eve_text_of(rule->category));
	eve_set(out, "severity", json_integer(rule->priority));
	if (rule->target != RULE_TARGET_NONE) {
		bool to_source = rule->target == RULE_TARGET_SRC;

		eve_set(out, "source", endpoint_json(alert->packet, !to_source));
		eve_set(out, "target", endpoint_json(alert->packet, to_source));
	}
	if (rule->metadata_count)
		eve_set(out, "metadata", metadata_json(rule));
	if (rule->reference_count) {
		list = json_array();
		for (unsigned int i = 0; list && i < rule->reference_count; i++)
			json_array_append_new(list, eve_text_of(rule->addresses[i]));
		eve_set(out, "references", list);
	}
	return out;
}

static void enforcement_add(json_t *event, const struct eve_enforcement *enforcement)
{
	json_t *ours = json_object_get(event, "sekimori"), *alert = json_object_get(event, "alert"),
	       *delivered;
	unsigned int verdict =
		enforcement->verdict < SEKI_VERDICT_MAX ? enforcement->verdict : SEKI_VERDICT_UNKNOWN;

	/* "blocked" is said of a packet that never arrived, and of no other. */
	eve_set(alert, "action", json_string(verdict == SEKI_VERDICT_BLOCKED ? "blocked" : "allowed"));
	eve_set(ours, "verdict", json_string(contract_verdicts[verdict]));
	eve_set(ours, "action", eve_text_of(enforcement->action ? enforcement->action : "none"));
	delivered = json_object();
	if (delivered) {
		eve_set(delivered, "pkts", json_integer((json_int_t)enforcement->delivered_pkts));
		eve_set(delivered, "bytes", json_integer((json_int_t)enforcement->delivered_bytes));
	}
	eve_set(ours, "delivered", delivered);
	eve_set(ours, "block_seconds", json_integer(enforcement->block_seconds));
	if (enforcement->why)
		eve_set(ours, "why", eve_text_of(enforcement->why));
}

/* As eve_print(); what is longest goes first, and the line says so. */
static int event_fit(json_t *event, enum app_proto proto, char **line, size_t *len)
{
	json_t *left_out = NULL;
	int rc;

	while ((rc = eve_print(event, line, len)) == -EMSGSIZE) {
		const char *key = eve_detail_remove(event);

		if (!key && proto > APP_FAILED && !json_object_del(event, eve_app_names[proto]))
			key = eve_app_names[proto];
		if (!key)
			break;
		if (!left_out) {
			eve_set(json_object_get(event, "sekimori"), "left_out", json_array());
			left_out = json_object_get(json_object_get(event, "sekimori"), "left_out");
		}
		json_array_append_new(left_out, json_string(key));
	}
	return rc;
}

static void flow_add(json_t *event, const struct detect_alert *alert, uint64_t wall_us)
{
	const struct flow *flow = alert->flow;
	/* flow times run on the packet's clock, which live is not the wall's */
	uint64_t age = alert->packet->time_us > flow->first_us ? alert->packet->time_us - flow->first_us : 0;
	char text[40];

	if (flow->app > APP_FAILED || alert->tx)
		eve_set(event, "app_proto",
			json_string(eve_app_names[alert->tx ? alert->tx->proto : flow->app]));
	else if (flow->app == APP_FAILED)
		eve_set(event, "app_proto", json_string(eve_app_names[APP_FAILED]));
	eve_set(event, "direction", json_string(alert->dir == TO_SERVER ? "to_server" : "to_client"));
	eve_community_id(flow, text);
	eve_set(event, "community_id", json_string(text));
	eve_set(event, "flow", eve_flow_object(flow, wall_us > age ? wall_us - age : 0));
}

int eve_alert(const struct detect_alert *alert, uint64_t wall_us, const struct eve_origin *origin,
	      const struct eve_enforcement *enforcement, char **line, size_t *len)
{
	AUTO_JSON json_t *event = json_object();
	json_t *ours = json_object();
	unsigned int severity =
		alert->rule->severity < SEKI_SEVERITY_MAX ? alert->rule->severity : SEKI_SEVERITY_LOW;
	char text[40];

	eve_set(event, "timestamp", json_string(eve_time(wall_us, text)));
	if (alert->flow)
		eve_set(event, "flow_id", json_integer((json_int_t)(alert->flow->id & INT64_MAX)));
	if (origin->in_iface)
		eve_set(event, "in_iface", eve_text_of(origin->in_iface));
	if (origin->capture_file)
		eve_set(event, "pcap_cnt", json_integer((json_int_t)alert->packet->number));
	eve_set(event, "event_type", json_string("alert"));
	eve_packet(event, alert->packet, origin->capture_file);
	if (alert->tx)
		eve_set(event, "tx_id", json_integer((json_int_t)alert->tx->id));
	eve_set(event, "alert", rule_json(alert));
	if (alert->tx)
		app_eve(alert->tx, event);
	if (alert->flow)
		flow_add(event, alert, wall_us);
	eve_details_add(event, alert->packet, origin->details);
	if (origin->capture_file)
		eve_set(event, "capture_file", eve_text_of(origin->capture_file));
	eve_set(ours, "severity", json_string(contract_severities[severity]));
	eve_set(event, "sekimori", ours);
	if (!event || !json_object_get(event, "alert") || !json_object_get(event, "sekimori"))
		return -ENOMEM;
	if (enforcement)
		enforcement_add(event, enforcement);
	return event_fit(event, alert->tx ? alert->tx->proto : APP_UNKNOWN, line, len);
}

int eve_enforce(const char *line, size_t len, const struct eve_enforcement *enforcement, char **out,
		size_t *out_len)
{
	AUTO_JSON json_t *event = NULL;
	json_t *alert, *ours;
	json_error_t error;

	if (len > EVE_LINE_MAX)
		return -EINVAL;
	event = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	alert = json_object_get(event, "alert");
	ours = json_object_get(event, "sekimori");
	if (!json_is_object(alert) || !json_is_object(ours) ||
	    !json_is_string(json_object_get(ours, "severity")) ||
	    !json_is_string(json_object_get(alert, "action")) || json_object_get(ours, "verdict"))
		return -EINVAL;
	enforcement_add(event, enforcement);
	return eve_print(event, out, out_len);
}
