// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eve_record.c - EVE lines beside alerts: flows, transactions, files,
 * anomalies, drops, statistics.
 */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/digest.h"
#include "eve_parts.h"
#include "core/match/inspector.h"

const char *const eve_kind_names[EVE_KIND_MAX] = {
#define X(id, name) [EVE_##id] = name,
	EVE_KINDS(X)
#undef X
};

int eve_kinds_read(const char *text, uint32_t *kinds)
{
	uint32_t mask = 0;

	while (*text) {
		size_t len = strcspn(text, ", ");
		unsigned int kind = 0;

		while (kind < EVE_KIND_MAX &&
		       (strlen(eve_kind_names[kind]) != len || memcmp(eve_kind_names[kind], text, len)))
			kind++;
		if (kind < EVE_KIND_MAX)
			mask |= 1u << kind;
		else if (len == 3 && !memcmp(text, "all", 3))
			mask |= (1u << EVE_KIND_MAX) - 1;
		else if (len)
			return -EINVAL;
		text += len + (text[len] != '\0');
	}
	if (!mask)
		return -EINVAL;
	*kinds = mask;
	return 0;
}

enum eve_kind eve_kind_of(enum app_proto proto)
{
	static const enum eve_kind kinds[APP_PROTO_MAX] = {
		[APP_HTTP] = EVE_HTTP, [APP_DNS] = EVE_DNS, [APP_TLS] = EVE_TLS,
		[APP_SMTP] = EVE_SMTP, [APP_FTP] = EVE_FTP, [APP_SSH] = EVE_SSH,
	};

	return proto < APP_PROTO_MAX && kinds[proto] ? kinds[proto] : EVE_KIND_MAX;
}

/* --- flows */

static json_t *tcp_json(const struct flow *flow)
{
	static const struct {
		const char *key;
		uint8_t bit;
	} flags[] = {{"fin", 1},  {"syn", 2},  {"rst", 4},  {"psh", 8},
		     {"ack", 16}, {"urg", 32}, {"ecn", 64}, {"cwr", 128}};
	uint8_t both = flow->tcp_flags[TO_SERVER] | flow->tcp_flags[TO_CLIENT];
	json_t *out = json_object();

	if (!out)
		return NULL;
	eve_set(out, "tcp_flags", json_sprintf("%02x", both));
	eve_set(out, "tcp_flags_ts", json_sprintf("%02x", flow->tcp_flags[TO_SERVER]));
	eve_set(out, "tcp_flags_tc", json_sprintf("%02x", flow->tcp_flags[TO_CLIENT]));
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (both & flags[i].bit)
			eve_set(out, flags[i].key, json_true());
	for (enum direction dir = TO_SERVER; dir <= TO_CLIENT; dir++)
		if (flow->gaps[dir])
			eve_set(out, dir == TO_SERVER ? "ts_gap" : "tc_gap", json_true());
	eve_set(out, "state",
		json_string(flow->closed	? "closed"
			    : flow->established ? "established"
						: "syn_sent"));
	return out;
}

int eve_flow(const struct flow *flow, enum flow_end_reason reason, uint64_t wall_us,
	     const struct eve_origin *origin, char **line, size_t *len)
{
	static const char *const reasons[] = {
		[FLOW_REASON_TIMEOUT] = "timeout",
		[FLOW_REASON_FORCED] = "forced",
		[FLOW_REASON_SHUTDOWN] = "shutdown",
		[FLOW_REASON_REUSE] = "tcp_reuse",
	};
	/* Flow times run on the packets' clock, which live is not the wall's. */
	uint64_t age = flow->last_us > flow->first_us ? flow->last_us - flow->first_us : 0;
	AUTO_JSON json_t *event = eve_begin("flow", wall_us, flow, origin, 0);
	bool established = flow->established || flow->both_directions;
	json_t *object;
	char text[40];

	if (!event)
		return -ENOMEM;
	eve_flow_ends(event, flow, origin);
	object = eve_flow_object(flow, wall_us > age ? wall_us - age : 0);
	eve_set(object, "end", json_string(eve_time(wall_us, text)));
	eve_set(object, "age", json_integer((json_int_t)(age / 1000000)));
	eve_set(object, "state", json_string(flow->closed ? "closed" : established ? "established" : "new"));
	eve_set(object, "reason", json_string(reasons[reason]));
	eve_set(object, "alerted", json_boolean(flow->alerted));
	eve_set(object, "tx_cnt", json_integer((json_int_t)flow->tx_count));
	eve_set(event, "flow", object);
	if (flow->proto == IPPROTO_TCP)
		eve_set(event, "tcp", tcp_json(flow));
	if (origin->capture_file)
		eve_set(event, "capture_file", eve_text_of(origin->capture_file));
	return eve_print(event, line, len);
}

/* --- transactions and files */

static json_t *tx_begin(const char *type, const struct flow *flow, const struct tx *tx, uint64_t wall_us,
			const struct eve_origin *origin)
{
	json_t *event = eve_begin(type, wall_us, flow, origin, 0);

	if (!event)
		return NULL;
	eve_flow_ends(event, flow, origin);
	eve_set(event, "app_proto", json_string(eve_app_names[tx->proto]));
	eve_set(event, "tx_id", json_integer((json_int_t)tx->id));
	app_eve(tx, event);
	if (origin->capture_file)
		eve_set(event, "capture_file", eve_text_of(origin->capture_file));
	return event;
}

int eve_tx(const struct flow *flow, const struct tx *tx, uint64_t wall_us, const struct eve_origin *origin,
	   char **line, size_t *len)
{
	AUTO_JSON json_t *event = tx_begin(eve_app_names[tx->proto], flow, tx, wall_us, origin);

	return event ? eve_print(event, line, len) : -ENOMEM;
}

static void digests_add(json_t *file, struct span data)
{
	static const char *const keys[DIGEST_KINDS] = {
		[DIGEST_MD5] = "md5", [DIGEST_SHA1] = "sha1", [DIGEST_SHA256] = "sha256"};

	for (enum digest_kind kind = 0; kind < DIGEST_KINDS; kind++) {
		uint8_t bytes[DIGEST_BYTES_MAX];
		char text[3 * DIGEST_BYTES_MAX + 1];

		digest_of(kind, data, bytes);
		digest_text(bytes, digest_bytes(kind), '\0', text);
		eve_set(file, keys[kind], json_string(text));
	}
}

int eve_fileinfo(const struct flow *flow, const struct tx *tx, enum direction dir, unsigned int index,
		 uint64_t wall_us, const struct eve_origin *origin, char **line, size_t *len)
{
	AUTO_JSON json_t *event = NULL;
	struct tx_file found;
	json_t *file;

	if (!tx_file(tx, dir, index, &found))
		return -ENOENT;
	event = tx_begin("fileinfo", flow, tx, wall_us, origin);
	file = json_object();
	if (!event || !file) {
		json_decref(file);
		return -ENOMEM;
	}
	eve_set(event, "direction", json_string(dir == TO_SERVER ? "to_server" : "to_client"));
	eve_set(file, "filename", eve_text(found.name));
	eve_set(file, "gaps", json_boolean(found.gap));
	eve_set(file, "state", json_string(tx_file_whole(&found) ? "CLOSED" : "TRUNCATED"));
	/* What is not there whole has no digest: it would be one of something else. */
	if (tx_file_whole(&found))
		digests_add(file, found.data);
	eve_set(file, "stored", json_false());
	eve_set(file, "size", json_integer((json_int_t)found.size));
	eve_set(file, "tx_id", json_integer((json_int_t)tx->id));
	eve_set(event, "fileinfo", file);
	return eve_print(event, line, len);
}

/* --- anomalies */

static json_t *anomaly_json(enum app_event event, const struct tx *tx)
{
	enum app_event_group group = app_event_group_of(event);
	const struct app_event_group_info *info = group < EVENT_GROUP_MAX ? &app_event_groups[group] : NULL;
	json_t *out = json_object();
	const char *type = "decode";

	if (!out || !info)
		return out;
	if (!strcmp(info->keyword, "stream-event"))
		type = "stream";
	else if (!strcmp(info->keyword, "app-layer-event"))
		type = "applayer";
	if (info->app || tx)
		eve_set(out, "app_proto", json_string(eve_app_names[tx ? tx->proto : info->app]));
	eve_set(out, "type", json_string(type));
	if (*type == 'a')
		eve_set(out, "event", json_string(app_event_infos[event].name));
	else
		eve_set(out, "event",
			json_sprintf("%s.%s", *type == 's' ? "stream" : "decoder",
				     app_event_infos[event].name));
	if (*type == 'a')
		eve_set(out, "layer", json_string(info->app ? "proto_parser" : "proto_detect"));
	return out;
}

int eve_anomaly(enum app_event anomaly, const struct packet *packet, const struct flow *flow,
		const struct tx *tx, uint64_t wall_us, const struct eve_origin *origin, char **line,
		size_t *len)
{
	AUTO_JSON json_t *event = eve_begin("anomaly", wall_us, flow, origin, packet->number);
	char text[40];

	if (!event)
		return -ENOMEM;
	eve_packet(event, packet, origin->capture_file);
	if (tx)
		eve_set(event, "tx_id", json_integer((json_int_t)tx->id));
	if (flow) {
		eve_community_id(flow, text);
		eve_set(event, "community_id", json_string(text));
	}
	eve_set(event, "anomaly", anomaly_json(anomaly, tx));
	if (origin->capture_file)
		eve_set(event, "capture_file", eve_text_of(origin->capture_file));
	return eve_print(event, line, len);
}

/* --- what runs where */

int eve_asset(const struct flow *flow, const char *kind, struct span banner, uint64_t wall_us,
	      const struct eve_origin *origin, char **line, size_t *len)
{
	AUTO_JSON json_t *event = eve_begin("asset", wall_us, flow, origin, flow->last_number);
	json_t *asset = json_object();

	if (!event || !asset) {
		json_decref(asset);
		return -ENOMEM;
	}
	eve_flow_ends(event, flow, origin);
	eve_set(asset, "kind", json_string(kind));
	eve_set(asset, "banner", eve_text(banner));
	eve_set(event, "asset", asset);
	return eve_print(event, line, len);
}

/* --- drops */

static json_t *drop_json(const struct packet *packet, enum seki_verdict verdict)
{
	json_t *out = json_object();

	if (!out)
		return NULL;
	eve_set(out, "len", json_integer(packet->ip_header.len + packet->ip_payload.len));
	eve_set(out, "tos", json_integer(packet->tos));
	eve_set(out, "ttl", json_integer(packet->ttl));
	if (packet->ip_version == 4)
		eve_set(out, "ipid", json_integer(packet->ip_id));
	if (packet->proto == IPPROTO_TCP) {
		eve_set(out, "tcpseq", json_integer(packet->seq));
		eve_set(out, "tcpack", json_integer(packet->ack));
		eve_set(out, "tcpwin", json_integer(packet->window));
		eve_set(out, "syn", json_boolean(packet->tcp_flags & 2));
		eve_set(out, "ack", json_boolean(packet->tcp_flags & 16));
		eve_set(out, "psh", json_boolean(packet->tcp_flags & 8));
		eve_set(out, "rst", json_boolean(packet->tcp_flags & 4));
		eve_set(out, "urg", json_boolean(packet->tcp_flags & 32));
		eve_set(out, "fin", json_boolean(packet->tcp_flags & 1));
	} else if (packet->proto == IPPROTO_UDP) {
		eve_set(out, "udplen", json_integer(8 + packet->payload.len));
	}
	eve_set(out, "reason", json_string("rules"));
	eve_set(out, "verdict", json_string(verdict == SEKI_VERDICT_BLOCKED ? "drop" : "alert"));
	return out;
}

int eve_drop(const struct detect_alert *alert, enum seki_verdict verdict, uint64_t wall_us,
	     const struct eve_origin *origin, char **line, size_t *len)
{
	AUTO_JSON json_t *event = eve_begin("drop", wall_us, alert->flow, origin, alert->packet->number);
	json_t *rule = json_object(), *ours = json_object();

	eve_set(rule, "action", json_string(verdict == SEKI_VERDICT_BLOCKED ? "blocked" : "allowed"));
	eve_set(rule, "gid", json_integer(alert->rule->gid));
	eve_set(rule, "signature_id", json_integer(alert->rule->sid));
	eve_set(rule, "rev", json_integer(alert->rule->rev));
	eve_set(rule, "signature", eve_text_of(alert->rule->msg));
	eve_set(rule, "category", eve_text_of(alert->rule->category));
	eve_set(rule, "severity", json_integer(alert->rule->priority));
	eve_set(ours, "verdict", json_string(verdict == SEKI_VERDICT_BLOCKED ? "blocked" : "would_block"));
	if (!event || !rule || !ours) {
		json_decref(rule);
		json_decref(ours);
		return -ENOMEM;
	}
	eve_packet(event, alert->packet, origin->capture_file);
	eve_set(event, "drop", drop_json(alert->packet, verdict));
	eve_set(event, "alert", rule);
	if (origin->capture_file)
		eve_set(event, "capture_file", eve_text_of(origin->capture_file));
	eve_set(event, "sekimori", ours);
	return eve_print(event, line, len);
}

/* --- statistics */

static json_t *counters_json(const struct inspector_stats *stats, const struct ruleset_counts *rules)
{
	uint64_t undecoded = 0;

	for (unsigned int i = 0; i < SEKI_REASON_MAX; i++)
		undecoded += i == SEKI_R_NON_IP ? 0 : stats->undecoded[i];
	return json_pack("{s{sIsIsI} s{sIsI} s{sIsIsIsI} s{sI} s{s[{sisIsIsI}]sI} s{sIsIsIsIsI}}", "decoder",
			 "pkts", (json_int_t)stats->packets, "bytes", (json_int_t)stats->bytes, "invalid",
			 (json_int_t)undecoded, "flow", "total", (json_int_t)stats->flows, "memcap",
			 (json_int_t)stats->flows_given_up, "tcp", "reassembly_gap",
			 (json_int_t)stats->reassembly_gaps, "overlap_diff_data", (json_int_t)stats->overlaps,
			 "midstream_pickups", (json_int_t)stats->midstream, "invalid_checksum",
			 (json_int_t)stats->checksum_bad, "defrag", "fragments", (json_int_t)stats->fragments,
			 "detect", "engines", "id", 0, "rules_loaded", (json_int_t)rules->loaded,
			 "rules_failed", (json_int_t)rules->failed, "rules_skipped",
			 (json_int_t)rules->skipped, "alert", (json_int_t)stats->alerts, "sekimori",
			 "inspected_bytes", (json_int_t)stats->inspected_bytes, "ciphertext_bytes",
			 (json_int_t)stats->ciphertext_bytes, "skipped_bytes",
			 (json_int_t)stats->skipped_bytes, "anomalies", (json_int_t)stats->events,
			 "anomalies_dropped", (json_int_t)stats->events_dropped);
}

int eve_stats(const struct inspector_stats *stats, const struct ruleset_counts *rules, uint64_t uptime_us,
	      uint64_t wall_us, char **line, size_t *len)
{
	static const struct eve_origin nowhere;
	AUTO_JSON json_t *event = eve_begin("stats", wall_us, NULL, &nowhere, 0);
	json_t *counters = counters_json(stats, rules);

	if (!event || !counters) {
		json_decref(counters);
		return -ENOMEM;
	}
	eve_set(counters, "uptime", json_integer((json_int_t)(uptime_us / 1000000)));
	eve_set(event, "stats", counters);
	return eve_print(event, line, len);
}
