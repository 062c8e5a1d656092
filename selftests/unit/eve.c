// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eve - alert lines: names, types, hostile text, completion, limits.
 */
#include "core/eve/eve.h"
#include "core/eve/eve_bytes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "core/app/app.h"
#include "core/eve/eve_text.h"
#include "lib/ktap.h"

static const char *const metadata[] = {"affected_product Any", "tag a", "tag b", "lone"};
static const char *const references[] = {"cve,2014-6271"};
static const char *const addresses[] = {"https://cve.example/2014-6271"};
static const struct rule_info rule = {
	.sid = 2019232,
	.gid = 1,
	.rev = 4,
	.priority = 1,
	.msg = "TEST \"quoted\" \xff",
	.category = "Attempted Administrator Privilege Gain",
	.severity = SEKI_SEVERITY_CRITICAL,
	.target = RULE_TARGET_DST,
	.metadata = metadata,
	.metadata_count = 4,
	.references = references,
	.addresses = addresses,
	.reference_count = 1,
};

static struct seki_addr address(const char *text)
{
	struct seki_addr addr = {};

	if (strchr(text, ':')) {
		inet_pton(AF_INET6, text, addr.b);
	} else {
		addr.b[10] = addr.b[11] = 0xff;
		inet_pton(AF_INET, text, addr.b + 12);
	}
	return addr;
}

struct world {
	struct flow flow;
	struct packet packet;
	struct detect_alert alert;
};

static void world_init(struct world *world, uint8_t proto, const char *client, uint16_t client_port,
		       const char *server, uint16_t server_port)
{
	bool client_low;

	memset(world, 0, sizeof(*world));
	world->flow = (struct flow){.id = UINT64_MAX,
				    .proto = proto,
				    .client = address(client),
				    .server = address(server),
				    .client_port = client_port,
				    .server_port = server_port,
				    .app = APP_UNKNOWN,
				    .first_us = 1000000,
				    .pkts = {3, 2},
				    .bytes = {300, 200}};
	client_low = memcmp(world->flow.client.b, world->flow.server.b, 16) < 0 ||
		     (!memcmp(world->flow.client.b, world->flow.server.b, 16) && client_port < server_port);
	world->flow.key = (struct seki_flow_key){
		.lo = client_low ? world->flow.client : world->flow.server,
		.hi = client_low ? world->flow.server : world->flow.client,
		.lo_port = htons(client_low ? client_port : server_port),
		.hi_port = htons(client_low ? server_port : client_port),
		.proto = proto,
	};
	world->packet = (struct packet){.proto = proto,
					.src = world->flow.client,
					.dst = world->flow.server,
					.src_port = client_port,
					.dst_port = server_port,
					.ip_version = 4,
					.number = 7,
					.time_us = 3500000,
					.vlan = {12},
					.vlan_count = 1};
	world->alert = (struct detect_alert){.rule = &rule, .packet = &world->packet, .flow = &world->flow};
}

static const char *text_at(const json_t *event, const char *a, const char *b)
{
	const json_t *value = json_object_get(event, a);

	return json_string_value(b ? json_object_get(value, b) : value);
}

static json_int_t number_at(const json_t *event, const char *a, const char *b)
{
	const json_t *value = json_object_get(event, a);

	return json_integer_value(b ? json_object_get(value, b) : value);
}

static const struct eve_origin nowhere;

static const char *left_out(const json_t *event, size_t index)
{
	return json_string_value(
		json_array_get(json_object_get(json_object_get(event, "sekimori"), "left_out"), index));
}

static json_t *parse(const char *line, size_t len)
{
	CHECK(len && line[len - 1] == '\n' && !memchr(line, '\n', len - 1));
	CHECK(len <= EVE_LINE_MAX);
	return json_loadb(line, len, 0, NULL);
}

static void alert_http(void)
{
	static const char request[] =
		"GET /a?\xff\x01 HTTP/1.1\r\nHost: Host.Example:81\r\nUser-Agent: () { :;};\r\n\r\n";
	static const char response[] =
		"HTTP/1.1 404 No\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\nabc";
	struct world world;
	json_t *event;
	char *line;
	size_t len;

	world_init(&world, IPPROTO_TCP, "192.0.2.1", 40000, "198.51.100.2", 80);
	world.flow.app = APP_HTTP;
	app_find(APP_HTTP, IPPROTO_TCP)
		->feed(&world.flow, TO_SERVER, (struct span){(const uint8_t *)request, sizeof(request) - 1},
		       false, false);
	app_find(APP_HTTP, IPPROTO_TCP)
		->feed(&world.flow, TO_CLIENT, (struct span){(const uint8_t *)response, sizeof(response) - 1},
		       false, false);
	world.alert.tx = world.flow.txs;
	CHECK_EQ(eve_alert(&world.alert, 1713700000500000, &(struct eve_origin){"eth0", "x.pcap", 0}, NULL,
			   &line, &len),
		 0);
	event = parse(line, len);
	if (CHECK(event != NULL)) {
		CHECK_STR(text_at(event, "timestamp", NULL), "2024-04-21T11:46:40.500000+0000");
		CHECK_STR(text_at(event, "event_type", NULL), "alert");
		CHECK_EQ(number_at(event, "flow_id", NULL), INT64_MAX);
		CHECK_STR(text_at(event, "in_iface", NULL), "eth0");
		CHECK_STR(text_at(event, "src_ip", NULL), "192.0.2.1");
		CHECK_EQ(number_at(event, "src_port", NULL), 40000);
		CHECK_STR(text_at(event, "dest_ip", NULL), "198.51.100.2");
		CHECK_STR(text_at(event, "proto", NULL), "TCP");
		CHECK_STR(text_at(event, "app_proto", NULL), "http");
		CHECK_STR(text_at(event, "direction", NULL), "to_server");
		CHECK_EQ(number_at(event, "pcap_cnt", NULL), 7);
		CHECK_EQ(json_integer_value(json_array_get(json_object_get(event, "vlan"), 0)), 12);
		CHECK_STR(text_at(event, "alert", "action"), "allowed");
		CHECK_EQ(number_at(event, "alert", "signature_id"), 2019232);
		CHECK_STR(text_at(event, "alert", "signature"), "TEST \"quoted\" \\xff");
		CHECK_EQ(number_at(event, "alert", "severity"), 1);
		CHECK_STR(text_at(json_object_get(event, "alert"), "target", "ip"), "198.51.100.2");
		CHECK_STR(text_at(json_object_get(event, "alert"), "source", "ip"), "192.0.2.1");
		CHECK_EQ(json_array_size(json_object_get(
				 json_object_get(json_object_get(event, "alert"), "metadata"), "tag")),
			 2);
		CHECK_STR(text_at(event, "http", "hostname"), "host.example");
		CHECK_EQ(number_at(event, "http", "http_port"), 81);
		CHECK_STR(text_at(event, "http", "url"), "/a?\\xff\x01");
		CHECK_STR(text_at(event, "http", "http_user_agent"), "() { :;};");
		CHECK_STR(text_at(event, "http", "http_method"), "GET");
		CHECK_STR(text_at(event, "http", "protocol"), "HTTP/1.1");
		CHECK_EQ(number_at(event, "http", "status"), 404);
		CHECK_EQ(number_at(event, "http", "length"), 3);
		CHECK_EQ(number_at(event, "flow", "pkts_toserver"), 3);
		CHECK_STR(text_at(event, "flow", "start"), "2024-04-21T11:46:38.000000+0000");
		CHECK_STR(text_at(event, "sekimori", "severity"), "critical");
		CHECK(!text_at(event, "sekimori", "verdict"));
	}
	json_decref(event);
	free(line);
	app_reap(&world.flow, true);
	app_find(APP_HTTP, IPPROTO_TCP)->flow_free(&world.flow);
}

static void enforce(void)
{
	static const struct {
		enum seki_verdict verdict;
		const char *action, *name;
	} rows[] = {{SEKI_VERDICT_BLOCKED, "blocked", "blocked"},
		    {SEKI_VERDICT_CUT, "allowed", "cut"},
		    {SEKI_VERDICT_WOULD_BLOCK, "allowed", "would_block"},
		    {SEKI_VERDICT_PASSED, "allowed", "passed"},
		    {SEKI_VERDICT_UNKNOWN, "allowed", "unknown"},
		    {SEKI_VERDICT_MAX, "allowed", "unknown"}};
	struct world world;

	world_init(&world, IPPROTO_UDP, "2001:db8::1", 5353, "2001:db8::2", 53);
	for (unsigned int i = 0; i < ARRAY_LEN(rows); i++) {
		struct eve_enforcement enforcement = {.verdict = rows[i].verdict,
						      .delivered_pkts = 2,
						      .delivered_bytes = 99,
						      .action = "cut-flow",
						      .block_seconds = 600,
						      .why = "shared source"};
		char *plain, *later, *at_once, *twice;
		size_t plain_len, later_len, at_once_len, twice_len;
		json_t *event;

		CHECK_EQ(eve_alert(&world.alert, 5, &nowhere, NULL, &plain, &plain_len), 0);
		CHECK_EQ(eve_enforce(plain, plain_len, &enforcement, &later, &later_len), 0);
		CHECK_EQ(eve_alert(&world.alert, 5, &nowhere, &enforcement, &at_once, &at_once_len), 0);
		CHECK_STR(later, at_once);
		CHECK_EQ(eve_enforce(later, later_len, &enforcement, &twice, &twice_len), -EINVAL);
		event = parse(later, later_len);
		CHECK_STR(text_at(event, "alert", "action"), rows[i].action);
		CHECK_STR(text_at(event, "sekimori", "verdict"), rows[i].name);
		CHECK_STR(text_at(event, "sekimori", "action"), "cut-flow");
		CHECK_STR(text_at(event, "sekimori", "why"), "shared source");
		CHECK_EQ(number_at(event, "sekimori", "block_seconds"), 600);
		CHECK_EQ(number_at(json_object_get(event, "sekimori"), "delivered", "bytes"), 99);
		CHECK_STR(text_at(event, "src_ip", NULL), "2001:db8::1");
		json_decref(event);
		free(plain);
		free(later);
		free(at_once);
	}
}

static void enforce_malformed(void)
{
	static const char *const rows[] = {
		"",
		"{",
		"[]",
		"{}",
		"null",
		"{\"alert\":{},\"sekimori\":{}}",
		"{\"alert\":1,\"sekimori\":{\"severity\":\"low\"}}",
		"{\"alert\":{\"action\":1},\"sekimori\":{\"severity\":\"low\"}}",
		"{\"alert\":{\"action\":\"allowed\"},\"sekimori\":{\"severity\":\"low\",\"verdict\":\"cut\"}"
		"}",
		"{\"alert\":{\"action\":\"allowed\"},\"sekimori\":{\"severity\":\"low\"}} x",
	};
	struct eve_enforcement enforcement = {};
	char *out;
	size_t len;

	for (unsigned int i = 0; i < ARRAY_LEN(rows); i++)
		CHECK(eve_enforce(rows[i], strlen(rows[i]), &enforcement, &out, &len) == -EINVAL, "%s",
		      rows[i]);
}

static void too_long(void)
{
	uint32_t n = 4000;
	char *request = malloc(20 * n), *line;
	struct world world;
	json_t *event;
	size_t len, at = 0;

	/* Control characters print as six bytes each: the http object alone is beyond a line. */
	world_init(&world, IPPROTO_TCP, "192.0.2.1", 1, "192.0.2.2", 2);
	world.flow.app = APP_HTTP;
	at += (size_t)sprintf(request, "GET /");
	memset(request + at, 1, n);
	at += n;
	at += (size_t)sprintf(request + at, " HTTP/1.1\r\nUser-Agent: ");
	memset(request + at, 1, n);
	at += n;
	at += (size_t)sprintf(request + at, "\r\nReferer: ");
	memset(request + at, 1, n);
	at += n;
	at += (size_t)sprintf(request + at, "\r\n\r\n");
	app_find(APP_HTTP, IPPROTO_TCP)
		->feed(&world.flow, TO_SERVER, (struct span){(const uint8_t *)request, (uint32_t)at}, false,
		       false);
	world.alert.tx = world.flow.txs;
	world.packet.frame = (struct span){(const uint8_t *)request, 20};
	CHECK_EQ(eve_alert(&world.alert, 5, &(struct eve_origin){.details = 1u << EVE_DETAIL_PACKET}, NULL,
			   &line, &len),
		 0);
	event = parse(line, len);
	CHECK(!json_object_get(event, "http") && !json_object_get(event, "packet") &&
	      !json_object_get(event, "packet_info"));
	CHECK_STR(left_out(event, 0), "packet");
	CHECK_STR(left_out(event, 1), "http");
	json_decref(event);
	free(line);
	app_reap(&world.flow, true);
	app_find(APP_HTTP, IPPROTO_TCP)->flow_free(&world.flow);
	free(request);
}

/* What was asked for of the packet, shortened as it says; too long a line loses that, the rest stays. */
static void details(void)
{
	struct eve_origin origin = {.details = 7};
	struct world world;
	uint8_t *frame = calloc(1, 65000);
	json_t *event;
	char *line;
	size_t len;

	world_init(&world, IPPROTO_TCP, "192.0.2.1", 40000, "198.51.100.2", 80);
	memcpy(frame, "head\0GET \xff\r\n", 12);
	world.packet.frame = (struct span){frame, 12};
	world.packet.payload = (struct span){frame + 5, 7};
	world.packet.link = LINK_ETHERNET;
	CHECK_EQ(eve_alert(&world.alert, 5, &origin, NULL, &line, &len), 0);
	event = parse(line, len);
	CHECK_STR(text_at(event, "payload", NULL), "R0VUIP8NCg==");
	CHECK_STR(text_at(event, "payload_printable", NULL), "GET .\r\n");
	CHECK_EQ(number_at(event, "payload_length", NULL), 7);
	CHECK_STR(text_at(event, "packet", NULL), "aGVhZABHRVQg/w0K");
	CHECK_EQ(number_at(event, "packet_info", "linktype"), 1);
	CHECK_STR(json_string_value(json_object_get(json_object_get(event, "packet_info"), "linktype_name")),
		  "EN10MB");
	CHECK(json_is_integer(json_object_get(event, "stream")));
	json_decref(event);
	free(line);

	CHECK_EQ(eve_alert(&world.alert, 5, &nowhere, NULL, &line, &len), 0);
	event = parse(line, len);
	CHECK(!json_object_get(event, "payload") && !json_object_get(event, "payload_printable") &&
	      !json_object_get(event, "packet"));
	json_decref(event);
	free(line);

	world.packet.frame.len = 65000;
	world.packet.payload.len = 60000;
	CHECK_EQ(eve_alert(&world.alert, 5, &origin, NULL, &line, &len), 0);
	event = parse(line, len);
	CHECK_EQ(strlen(text_at(event, "packet", NULL)), (16384 + 2) / 3 * 4);
	CHECK_EQ(number_at(event, "packet_info", "length"), 65000);
	CHECK_EQ(number_at(event, "payload_length", NULL), 60000);
	CHECK_EQ(strlen(text_at(event, "payload", NULL)), (4096 + 2) / 3 * 4);
	CHECK_EQ(strlen(text_at(event, "payload_printable", NULL)), 4096);
	json_decref(event);
	free(line);
	free(frame);
}

/* The packet goes a way of its own: found where the writer puts it, and nowhere else. */
static void bytes_found(void)
{
	static const struct {
		const char *line, *found; /* "" none */
	} rows[] = {
		{"{\"a\":1,\"packet\":\"QUJD\",\"packet_info\":{\"linktype\":1},\"b\":2}",
		 ",\"packet\":\"QUJD\",\"packet_info\":{\"linktype\":1}"},
		{"{\"a\":1,\"packet\":\"QUJD\",\"packet_info\":{\"linktype\":1,\"linktype_name\":\"EN10MB\","
		 "\"length\":9}}",
		 ",\"packet\":\"QUJD\",\"packet_info\":{\"linktype\":1,\"linktype_name\":\"EN10MB\","
		 "\"length\":9}"},
		{"{\"a\":1,\"packet\":\"QQ==\",\"packet_info\":{\"linktype\":101,\"length\":9}}",
		 ",\"packet\":\"QQ==\",\"packet_info\":{\"linktype\":101,\"length\":9}"},
		/* within a text, without its end, with more than the writer says */
		{"{\"a\":\",\\\"packet\\\":\\\"QQ==\\\",\\\"packet_info\\\":{\\\"linktype\\\":1}\"}", ""},
		{"{\"a\":1,\"packet\":\"QUJD", ""},
		{"{\"a\":1,\"packet\":\"QUJD\",\"packet_info\":{\"linktype\":1", ""},
		{"{\"a\":1,\"packet\":\"QUJD\",\"packet_info\":{\"linktype\":x}}", ""},
		{"{\"a\":1,\"packet\":\"a b\",\"packet_info\":{\"linktype\":1}}", ""},
		{"{\"a\":1,\"packet\":\"QUJD\",\"packet_info\":{\"linktype\":01}}", ""},
		{"{\"a\":1,\"packet\":\"QUJD\",\"packet_info\":{\"linktype\":12345678901}}", ""},
		/* the first that is one */
		{"{\"a\":1,\"packet\":\"x\\u0041\",\"packet\":\"QQ==\",\"packet_info\":{\"linktype\":1}}",
		 ",\"packet\":\"QQ==\",\"packet_info\":{\"linktype\":1}"},
		{"", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t len = strlen(rows[i].line), from = 0, to = 0;
		bool found = eve_bytes_find(rows[i].line, len, &from, &to);

		CHECK_EQ(found, *rows[i].found != 0);
		CHECK_EQ(to - from, strlen(rows[i].found));
		CHECK(!found || !strncmp(rows[i].line + from, rows[i].found, to - from));
	}
}

static void text(void)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"plain", "plain"},
		{"\xe9\x96\xa2\xe5\xae\x88", "\xe9\x96\xa2\xe5\xae\x88"},
		{"\xc0\xaf", "\\xc0\\xaf"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
		{"a\xe2\x82", "a\\xe2\\x82"},
		{"\xff\xfe", "\\xff\\xfe"},
	};
	json_t *value;
	char big[EVE_TEXT_MAX + 10];

	for (unsigned int i = 0; i < ARRAY_LEN(rows); i++) {
		value = eve_text_of(rows[i].in);
		CHECK_STR(json_string_value(value), rows[i].out);
		json_decref(value);
	}
	value = eve_text((struct span){(const uint8_t *)"a\0b", 3});
	CHECK_STR(json_string_value(value), "a\\x00b");
	json_decref(value);
	value = eve_text((struct span){NULL, 0});
	CHECK_STR(json_string_value(value), "");
	json_decref(value);
	memset(big, 'a', sizeof(big));
	value = eve_text((struct span){(const uint8_t *)big, sizeof(big)});
	CHECK_STR(json_string_value(value) + EVE_TEXT_MAX, " [+10 bytes]");
	json_decref(value);
}

/* Values of the community id specification's own test captures. */
static void community_id(void)
{
	static const struct {
		uint8_t proto;
		const char *client, *server;
		uint16_t client_port, server_port;
		const char *id;
	} rows[] = {
		{IPPROTO_TCP, "128.232.110.120", "66.35.250.204", 34855, 80,
		 "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{IPPROTO_TCP, "66.35.250.204", "128.232.110.120", 80, 34855,
		 "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
		{IPPROTO_UDP, "192.168.1.52", "8.8.8.8", 54585, 53, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
		{IPPROTO_ICMP, "192.168.0.89", "192.168.0.1", 512, 512, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
	};
	struct world world;
	char id[40];

	for (unsigned int i = 0; i < ARRAY_LEN(rows); i++) {
		world_init(&world, rows[i].proto, rows[i].client, rows[i].client_port, rows[i].server,
			   rows[i].server_port);
		eve_community_id(&world.flow, id);
		CHECK_STR(id, rows[i].id);
	}
}

static void flowless(void)
{
	struct world world;
	json_t *event;
	char *line;
	size_t len;

	world_init(&world, IPPROTO_ICMP, "192.0.2.1", 0, "192.0.2.2", 0);
	world.alert.flow = NULL;
	world.packet.icmp_type = 8;
	CHECK_EQ(eve_alert(&world.alert, 5, &nowhere, NULL, &line, &len), 0);
	event = parse(line, len);
	CHECK(!json_object_get(event, "flow_id") && !json_object_get(event, "flow") &&
	      !json_object_get(event, "src_port"));
	CHECK_EQ(number_at(event, "icmp_type", NULL), 8);
	json_decref(event);
	free(line);
}

static const struct ktap_test tests[] = {TEST(alert_http),  TEST(enforce),	TEST(enforce_malformed),
					 TEST(too_long),    TEST(text),		TEST(details),
					 TEST(bytes_found), TEST(community_id), TEST(flowless)};
KTAP_MAIN(tests)
