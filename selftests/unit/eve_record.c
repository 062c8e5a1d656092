// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eve_record - lines beside alerts: kinds, names, types, limits.
 */
#include "core/eve/eve.h"

#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "core/app/app.h"
#include "core/match/inspector.h"
#include "lib/ktap.h"

static const struct eve_origin origin = {.capture_file = "a.pcap"};
static struct flow flow;
static struct packet packet;

static void fresh(uint8_t proto, enum app_proto app)
{
	flow = (struct flow){.id = 77,
			     .proto = proto,
			     .client = {.b = {[10] = 0xff, 0xff, 192, 0, 2, 1}},
			     .server = {.b = {[10] = 0xff, 0xff, 192, 0, 2, 2}},
			     .client_port = 1024,
			     .server_port = 53,
			     .app = app,
			     .first_us = 1000000,
			     .last_us = 4500000,
			     .pkts = {3, 2},
			     .bytes = {300, 200}};
	packet = (struct packet){.time_us = 4500000,
				 .number = 9,
				 .ip_version = 4,
				 .proto = proto,
				 .ttl = 64,
				 .tos = 8,
				 .ip_id = 5,
				 .src = flow.client,
				 .dst = flow.server,
				 .src_port = 1024,
				 .dst_port = 53};
}

static void feed(enum direction dir, const char *data, size_t len)
{
	const struct app_decoder *row = app_find(flow.app, flow.proto);

	row->feed(&flow, dir, (struct span){(const uint8_t *)data, (uint32_t)len}, false, false);
}

static void finish(void)
{
	app_reap(&flow, true);
	app_find(flow.app, flow.proto)->flow_free(&flow);
}

/* The value at "a.b[1].c", as text. */
static const char *value_at(const json_t *value, const char *path, char text[256])
{
	char name[64];
	size_t len;

	while (value && *path) {
		len = strcspn(path, ".[");
		if (len >= sizeof(name))
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		if (len)
			value = json_object_get(value, name);
		path += len;
		if (*path == '[') {
			value = json_array_get(value, strtoul(path + 1, NULL, 10));
			path = strchr(path, ']') + 1;
		}
		path += *path == '.';
	}
	if (json_is_string(value))
		return json_string_value(value);
	if (json_is_boolean(value))
		return json_is_true(value) ? "true" : "false";
	if (!json_is_integer(value))
		return NULL;
	snprintf(text, 256, "%lld", (long long)json_integer_value(value));
	return text;
}

struct wanted {
	const char *path, *value; /* NULL: must not be there */
};

static void check(int error, char *line, size_t len, const struct wanted *wanted, size_t count)
{
	json_error_t why;
	json_t *event;
	char text[256];

	if (!CHECK_EQ(error, 0))
		return;
	CHECK(len && line[len - 1] == '\n' && !line[len]);
	event = json_loadb(line, len, JSON_REJECT_DUPLICATES, &why);
	if (!CHECK(event != NULL, "%s", why.text))
		return;
	for (size_t i = 0; i < count; i++) {
		const char *value = value_at(event, wanted[i].path, text);

		CHECK(value && wanted[i].value ? !strcmp(value, wanted[i].value) : value == wanted[i].value,
		      "%s is %s in %s", wanted[i].path, value ? value : "absent", line);
	}
	json_decref(event);
	free(line);
}
#define CHECK_LINE_OF(call, ...)                                                                             \
	do {                                                                                                 \
		static const struct wanted wanted_[] = {__VA_ARGS__};                                        \
		char *line_ = NULL;                                                                          \
		size_t len_ = 0;                                                                             \
		int error_ = call;                                                                           \
                                                                                                             \
		check(error_, line_, len_, wanted_, sizeof(wanted_) / sizeof(wanted_[0]));                   \
	} while (0)

static void kinds(void)
{
	uint32_t mask = 0;

	CHECK_EQ(eve_kinds_read("alert,flow", &mask), 0);
	CHECK_EQ(mask, 1u << EVE_ALERT | 1u << EVE_FLOW);
	CHECK_EQ(eve_kinds_read("stats http, dns", &mask), 0);
	CHECK_EQ(mask, 1u << EVE_STATS | 1u << EVE_HTTP | 1u << EVE_DNS);
	CHECK_EQ(eve_kinds_read("all", &mask), 0);
	CHECK_EQ(mask, (1u << EVE_KIND_MAX) - 1);
	CHECK_EQ(eve_kinds_read("", &mask), -EINVAL);
	CHECK_EQ(eve_kinds_read("alert,flo", &mask), -EINVAL);
	CHECK_EQ(mask, (1u << EVE_KIND_MAX) - 1);
	/* Nothing per flow unless it is asked for. */
	CHECK(!(EVE_STANDARD & (1u << EVE_FLOW | 1u << EVE_HTTP | 1u << EVE_FILEINFO)));
}

static void of_a_flow(void)
{
	fresh(IPPROTO_TCP, APP_HTTP);
	flow.established = flow.closed = flow.alerted = true;
	flow.tcp_flags[TO_SERVER] = 0x1b;
	flow.tcp_flags[TO_CLIENT] = 0x12;
	flow.tx_count = 4;
	flow.gaps[TO_CLIENT] = true;
	CHECK_LINE_OF(eve_flow(&flow, FLOW_REASON_TIMEOUT, 10000000, &origin, &line_, &len_),
		      {"event_type", "flow"}, {"flow_id", "77"}, {"src_ip", "192.0.2.1"},
		      {"src_port", "1024"}, {"dest_ip", "192.0.2.2"}, {"dest_port", "53"}, {"proto", "TCP"},
		      {"ip_v", "4"}, {"app_proto", "http"}, {"flow.pkts_toserver", "3"},
		      {"flow.bytes_toclient", "200"}, {"flow.age", "3"},
		      {"flow.start", "1970-01-01T00:00:06.500000+0000"},
		      {"flow.end", "1970-01-01T00:00:10.000000+0000"}, {"flow.state", "closed"},
		      {"flow.reason", "timeout"}, {"flow.alerted", "true"}, {"flow.tx_cnt", "4"},
		      {"tcp.tcp_flags", "1b"}, {"tcp.tcp_flags_ts", "1b"}, {"tcp.tcp_flags_tc", "12"},
		      {"tcp.fin", "true"}, {"tcp.rst", NULL}, {"tcp.state", "closed"}, {"tcp.tc_gap", "true"},
		      {"tcp.ts_gap", NULL}, {"capture_file", "a.pcap"}, {"pcap_cnt", NULL});
	fresh(IPPROTO_UDP, APP_UNKNOWN);
	CHECK_LINE_OF(eve_flow(&flow, FLOW_REASON_FORCED, 10000000, &(struct eve_origin){.in_iface = "eth0"},
			       &line_, &len_),
		      {"in_iface", "eth0"}, {"flow.state", "new"}, {"flow.reason", "forced"}, {"tcp", NULL},
		      {"pkt_src", "wire"}, {"capture_file", NULL});
}

static void of_transactions(void)
{
	static const char query[] = "\0\7\1\0\0\1\0\0\0\0\0\0\1a\1b\0\0\1\0\1";
	static const char request[] = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Disposition: attachment; "
				     "filename=\"n.txt\"\r\nContent-Length: 3\r\n\r\nabc";

	fresh(IPPROTO_UDP, APP_DNS);
	feed(TO_SERVER, query, sizeof(query) - 1);
	CHECK_EQ(eve_kind_of(APP_DNS), EVE_DNS);
	CHECK_LINE_OF(eve_tx(&flow, flow.txs, 5000000, &origin, &line_, &len_), {"event_type", "dns"},
		      {"tx_id", "0"}, {"dns.type", "request"}, {"dns.id", "7"}, {"dns.rd", "true"},
		      {"dns.queries[0].rrname", "a.b"}, {"dns.queries[0].rrtype", "A"},
		      {"dns.answers", NULL});
	finish();
	fresh(IPPROTO_TCP, APP_HTTP);
	feed(TO_SERVER, request, sizeof(request) - 1);
	feed(TO_CLIENT, answer, sizeof(answer) - 1);
	CHECK_LINE_OF(eve_tx(&flow, flow.txs, 5000000, &origin, &line_, &len_), {"event_type", "http"},
		      {"http.hostname", "h"}, {"http.url", "/x"}, {"http.status", "200"},
		      {"http.length", "3"});
	CHECK_LINE_OF(
		eve_fileinfo(&flow, flow.txs, TO_CLIENT, 0, 5000000, &origin, &line_, &len_),
		{"event_type", "fileinfo"}, {"http.url", "/x"}, {"fileinfo.filename", "n.txt"},
		{"fileinfo.size", "3"}, {"fileinfo.state", "CLOSED"}, {"fileinfo.stored", "false"},
		{"fileinfo.md5", "900150983cd24fb0d6963f7d28e17f72"},
		{"fileinfo.sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"},
		{"fileinfo.sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"});
	CHECK_EQ(eve_fileinfo(&flow, flow.txs, TO_CLIENT, 1, 5, &origin, &(char *){NULL}, &(size_t){0}),
		 -ENOENT);
	CHECK_EQ(eve_fileinfo(&flow, flow.txs, TO_SERVER, 0, 5, &origin, &(char *){NULL}, &(size_t){0}),
		 -ENOENT);
	finish();
	/* A file that is not all there has no digest: it would be one of something else. */
	fresh(IPPROTO_TCP, APP_HTTP);
	feed(TO_SERVER, request, sizeof(request) - 1);
	feed(TO_CLIENT, answer, sizeof(answer) - 2);
	CHECK_LINE_OF(eve_fileinfo(&flow, flow.txs, TO_CLIENT, 0, 5000000, &origin, &line_, &len_),
		      {"fileinfo.size", "2"}, {"fileinfo.state", "TRUNCATED"}, {"fileinfo.md5", NULL});
	finish();
	CHECK_EQ(eve_kind_of(APP_UNKNOWN), EVE_KIND_MAX);
}

static void of_anomalies(void)
{
	fresh(IPPROTO_TCP, APP_HTTP);
	CHECK_LINE_OF(eve_anomaly(EVENT_DECODER_PPPOE_WRONG_CODE, &packet, NULL, NULL, 5000000, &origin,
				  &line_, &len_),
		      {"event_type", "anomaly"}, {"pcap_cnt", "9"}, {"flow_id", NULL},
		      {"anomaly.type", "decode"}, {"anomaly.event", "decoder.pppoe.wrong_code"},
		      {"anomaly.layer", NULL});
	CHECK_LINE_OF(eve_anomaly(app_event_find("app-layer-event", "http.request_header_invalid"), &packet,
				  &flow, NULL, 5000000, &origin, &line_, &len_),
		      {"flow_id", "77"}, {"anomaly.type", "applayer"}, {"anomaly.app_proto", "http"},
		      {"anomaly.event", "request_header_invalid"}, {"anomaly.layer", "proto_parser"});
}

static void of_drops(void)
{
	static const struct rule_info rule = {
		.sid = 5, .gid = 1, .rev = 2, .priority = 1, .msg = "m", .category = "c"};
	struct detect_alert alert = {.rule = &rule, .packet = &packet, .flow = &flow};

	fresh(IPPROTO_TCP, APP_HTTP);
	packet.tcp_flags = 0x18;
	packet.seq = 100;
	CHECK_LINE_OF(eve_drop(&alert, SEKI_VERDICT_BLOCKED, 5000000, &origin, &line_, &len_),
		      {"event_type", "drop"}, {"drop.ttl", "64"}, {"drop.tos", "8"}, {"drop.ipid", "5"},
		      {"drop.tcpseq", "100"}, {"drop.ack", "true"}, {"drop.syn", "false"},
		      {"drop.reason", "rules"}, {"alert.signature_id", "5"}, {"alert.action", "blocked"},
		      {"sekimori.verdict", "blocked"});
	/* Nothing is called blocked that passed. */
	CHECK_LINE_OF(eve_drop(&alert, SEKI_VERDICT_WOULD_BLOCK, 5000000, &origin, &line_, &len_),
		      {"alert.action", "allowed"}, {"sekimori.verdict", "would_block"});
}

static void of_statistics(void)
{
	struct inspector_stats stats = {.packets = 10, .bytes = 1000, .flows = 3, .alerts = 2};
	struct ruleset_counts rules = {.loaded = 7, .failed = 1};

	stats.undecoded[SEKI_R_IP4_BAD] = 4;
	stats.undecoded[SEKI_R_NON_IP] = 5; /* ARP is not invalid */
	CHECK_LINE_OF(eve_stats(&stats, &rules, 61000000, 5000000, &line_, &len_), {"event_type", "stats"},
		      {"stats.uptime", "61"}, {"stats.decoder.pkts", "10"}, {"stats.decoder.invalid", "4"},
		      {"stats.flow.total", "3"}, {"stats.detect.alert", "2"},
		      {"stats.detect.engines[0].rules_loaded", "7"},
		      {"stats.detect.engines[0].rules_failed", "1"});
}

static const struct ktap_test tests[] = {TEST(kinds),	     TEST(of_a_flow), TEST(of_transactions),
					 TEST(of_anomalies), TEST(of_drops),  TEST(of_statistics)};
KTAP_MAIN(tests)
