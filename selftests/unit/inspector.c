// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames to alerts and outcomes, with real rules and decoders. */
#include "lib/ktap.h"
#include "lib/segments.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <zlib.h>

#include "core/match/inspector.h"
#include "core/rule/ruleset.h"
#include "sekimori/maps.h"

#define FIN 1
#define SYN 2
#define RST 4
#define ACK 16

#define RULE_EVIL "alert tcp any any -> any any (msg:\"evil\"; content:\"evil\"; sid:1;)\n"
#define RULE_LATE "alert tcp any any -> any any (msg:\"late\"; content:\"late\"; sid:2;)\n"

static struct inspector *inspector;
static unsigned int alerts, outcomes[FLOW_OUTCOME_MAX];
static uint32_t last_sid;
static uint64_t now, last_flow_id;

static void on_alert(const struct detect_alert *alert, void *arg)
{
	alerts++;
	last_sid = alert->rule->sid;
}

static void on_flow(const struct flow *flow, enum flow_outcome outcome, void *arg)
{
	outcomes[outcome]++;
	last_flow_id = flow->id;
}

static void fresh(const char *rules, struct inspector_options options)
{
	CLEANUP(ruleset_free) struct ruleset *set = rules_of(rules);
	struct inspector_ops ops = {.alert = on_alert, .flow = on_flow};

	inspector_free(inspector);
	inspector = NULL;
	alerts = last_sid = 0;
	memset(outcomes, 0, sizeof(outcomes));
	now = 1000000;
	if (inspector_new(&options, set, &ops, &inspector))
		abort();
}

static void send_hint(bool from_client, uint32_t seq, uint32_t ack, uint8_t flags, const void *data,
		      size_t len, const struct inspector_hint *hint)
{
	uint8_t bytes[2048], *frame;
	size_t frame_len = tcp_frame(bytes, from_client, 40000, seq, ack, flags, data, len);

	frame = malloc(frame_len);
	memcpy(frame, bytes, frame_len);
	inspector_frame(inspector, LINK_RAW, frame, frame_len, now += 1000, hint);
	free(frame);
}

static void put(bool from_client, uint32_t seq, uint32_t ack, uint8_t flags, const char *text)
{
	send_hint(from_client, seq, ack, flags, text, strlen(text), NULL);
}

static void handshake(void)
{
	put(true, 100, 0, SYN, "");
	put(false, 500, 101, SYN | ACK, "");
	put(true, 101, 501, ACK, "");
}

static void found_across_every_split(void)
{
	static const char text[] = "some evil bytes";

	for (size_t i = 1; i < sizeof(text) - 1; i++) {
		fresh(RULE_EVIL, (struct inspector_options){0});
		handshake();
		send_hint(true, 101, 501, ACK, text, i, NULL);
		send_hint(true, 101 + (uint32_t)i, 501, ACK, text + i, sizeof(text) - 1 - i, NULL);
		inspector_finish(inspector);
		CHECK(alerts >= 1, "split at %zu", i);
		CHECK_EQ(outcomes[FLOW_ENDED_ALERTED], 1);
		CHECK_EQ(outcomes[FLOW_ENDED], 0);
	}
}

static void found_out_of_order_and_midstream(void)
{
	fresh(RULE_EVIL, (struct inspector_options){0});
	put(true, 101, 501, ACK, "x");
	put(true, 104, 501, ACK, "il");
	CHECK_EQ(alerts, 0);
	put(true, 102, 501, ACK, "ev");
	CHECK_EQ(alerts, 1);
}

static void insertion_does_not_end_a_flow(void)
{
	fresh(RULE_EVIL, (struct inspector_options){0});
	handshake();
	put(true, 101, 501, ACK, "ev");
	put(true, 900, 501, RST, "");
	put(false, 77, 0, RST, "");
	put(true, 103, 501, ACK | FIN, ""); /* never acknowledged */
	put(true, 103, 501, ACK, "il");
	CHECK_EQ(alerts, 1);
	CHECK_EQ(outcomes[FLOW_ENDED], 0);
}

static void clean_flow_ends_once(void)
{
	fresh(RULE_EVIL, (struct inspector_options){0});
	handshake();
	put(true, 101, 501, ACK | FIN, "hello");
	put(false, 501, 107, ACK | FIN, "");
	put(true, 107, 502, ACK, "");
	inspector_tick(inspector, now + 10000000);
	CHECK_EQ(outcomes[FLOW_ENDED], 1);
	inspector_finish(inspector);
	CHECK_EQ(outcomes[FLOW_ENDED], 1);
	CHECK_EQ(outcomes[FLOW_LOST], 0);
}

static void depth_is_per_turn(void)
{
	struct inspector_options options = {.depth = {16, 16}};
	static const char filler[] = "0123456789abcdefghij";

	fresh(RULE_EVIL RULE_LATE, options);
	handshake();
	put(true, 101, 501, ACK, "ask");
	put(false, 501, 104, ACK, filler);
	CHECK_EQ(outcomes[FLOW_DEPTH], 1);
	put(false, 521, 104, ACK, filler);
	CHECK_EQ(outcomes[FLOW_DEPTH], 1);
	put(true, 104, 541, ACK, "an evil"); /* the next request is looked at again */
	CHECK_EQ(last_sid, 1);
}

/* A request that follows a long one without waiting is looked at, and the long one clears nothing (T5). */
static void pipelined_behind_a_long_request(void)
{
	struct inspector_options options = {.depth = {64, 64}};
	char body[401];

	memset(body, 'x', 400);
	body[400] = '\0';
	fresh(RULE_EVIL RULE_LATE, options);
	handshake();
	put(true, 101, 501, ACK, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 800\r\n\r\n");
	put(true, 101 + 49, 501, ACK, body);
	put(true, 101 + 449, 501, ACK, body);
	CHECK_EQ(outcomes[FLOW_DEPTH], 0);
	CHECK_EQ(alerts, 0);
	put(true, 101 + 849, 501, ACK, "GET /evil HTTP/1.1\r\nHost: a\r\n\r\n");
	CHECK_EQ(last_sid, 1);
	/* Both in one segment. */
	fresh(RULE_EVIL RULE_LATE, options);
	handshake();
	put(true, 101, 501, ACK, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 404\r\n\r\n");
	put(true, 101 + 49, 501, ACK, body);
	put(true, 101 + 449, 501, ACK, "xxxxGET / HTTP/1.1\r\nA: late\r\n\r\n");
	CHECK_EQ(last_sid, 2);
	CHECK_EQ(outcomes[FLOW_DEPTH], 0);
}

static void lost_records_are_not_vouched_for(void)
{
	struct inspector_hint hint = {
		.flow_id = 99, .flow_flags = SEKI_FLOW_INIT_KNOWN | SEKI_FLOW_INIT_LO, .from_lo = true};
	struct inspector_options options = {.live = true, .depth = {16, 16}};

	fresh(RULE_EVIL, options);
	send_hint(true, 101, 501, ACK, "one", 3, &hint);
	CHECK_EQ(outcomes[FLOW_LOST], 0);
	hint.lost = true;
	send_hint(true, 200, 501, ACK, "an evil thing of some length", 28, &hint);
	CHECK_EQ(outcomes[FLOW_LOST], 1);
	CHECK_EQ(last_flow_id, 99);
	now += 1000000;
	inspector_tick(inspector, now);
	CHECK_EQ(alerts >= 1, 1); /* what there is, is still inspected */
	inspector_finish(inspector);
	CHECK_EQ(outcomes[FLOW_LOST], 1);
	CHECK_EQ(outcomes[FLOW_DEPTH], 0);
	CHECK_EQ(outcomes[FLOW_ENDED], 0);
}

static void new_kernel_flow_replaces_the_old(void)
{
	struct inspector_hint hint = {.flow_id = 5, .from_lo = true};

	fresh(RULE_EVIL, (struct inspector_options){.live = true});
	send_hint(true, 101, 501, ACK, "ev", 2, &hint);
	hint.flow_id = 6;
	send_hint(true, 103, 501, ACK, "il", 2, &hint);
	CHECK_EQ(alerts, 0);
	CHECK_EQ(outcomes[FLOW_ENDED], 1);
	CHECK_EQ(last_flow_id, 5);
}

static void full_table_gives_up_the_oldest(void)
{
	struct inspector_stats stats;
	uint8_t frame[64];

	fresh(RULE_EVIL, (struct inspector_options){.flow_max = 4});
	for (uint16_t port = 1; port <= 10; port++) {
		size_t len = tcp_frame(frame, true, (uint16_t)(40000 + port), 100, 0, SYN, "", 0);

		inspector_frame(inspector, LINK_RAW, frame, len, now, NULL);
	}
	CHECK_EQ(outcomes[FLOW_LOST], 6);
	inspector_count(inspector, &stats);
	CHECK_EQ(stats.flows_given_up, 6);
	CHECK_EQ(stats.memory_flows, 0);
	CHECK_EQ(stats.flows, 10);
}

/* A thousand compressed bytes that become half a million are charged as what they became. */
static void compressed_bodies_are_charged(void)
{
	static const char head[] =
		"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9999\r\n\r\n";
	static uint8_t zeros[512 << 10];
	uint8_t frame[2048], body[1400];
	struct inspector_stats stats;
	size_t head_len = sizeof(head) - 1, body_len;
	z_stream z = {.next_in = zeros, .avail_in = sizeof(zeros)};

	memcpy(body, head, head_len);
	z.next_out = body + head_len;
	z.avail_out = (uInt)(sizeof(body) - head_len);
	if (!CHECK_EQ(deflateInit2(&z, 9, Z_DEFLATED, 16 + 15, 9, Z_DEFAULT_STRATEGY), Z_OK))
		return;
	CHECK_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
	body_len = sizeof(body) - z.avail_out;
	deflateEnd(&z);
	fresh(RULE_EVIL, (struct inspector_options){.flow_memory = 4 << 20});
	for (uint16_t port = 1; port <= 20; port++) {
		size_t len = tcp_frame(frame, false, (uint16_t)(40000 + port), 500, 101, ACK, body, body_len);

		inspector_frame(inspector, LINK_RAW, frame, len, now += 1000, NULL);
	}
	inspector_count(inspector, &stats);
	CHECK_EQ(stats.flows, 20);
	CHECK_EQ(stats.memory_flows, stats.flows_given_up);
	CHECK(stats.flows_given_up >= 12 && stats.flows_given_up < 20, "%u flows of 20",
	      (unsigned int)stats.flows_given_up);
}

/* A connection whose end both sides acknowledged holds next to nothing until it expires. */
static void closed_flows_hold_nothing(void)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n";
	static char body[1400];
	struct inspector_stats stats;
	uint8_t frame[2048];

	memset(body, 'x', sizeof(body));
	fresh(RULE_EVIL, (struct inspector_options){.flow_memory = 1 << 20});
	for (uint16_t port = 40001; port <= 40400; port++) {
		const struct {
			bool client;
			uint32_t seq, ack;
			uint8_t flags;
			const char *data;
			size_t len;
		} rows[] = {
			{true, 100, 0, SYN, "", 0},
			{false, 500, 101, SYN | ACK, "", 0},
			{true, 101, 501, ACK, "GET / HTTP/1.1\r\n\r\n", 18},
			{false, 501, 119, ACK, head, sizeof(head) - 1},
			{false, 500 + sizeof(head), 119, ACK, body, sizeof(body)},
			{false, 500 + sizeof(head) + 1400, 119, ACK, body, sizeof(body)},
			{false, 500 + sizeof(head) + 2800, 119, ACK, body, sizeof(body)},
			{false, 500 + sizeof(head) + 4200, 119, ACK, body, sizeof(body)},
			{false, 500 + sizeof(head) + 5600, 119, ACK | FIN, "", 0},
			{true, 119, 501 + sizeof(head) + 5600, ACK | FIN, "", 0},
			{false, 501 + sizeof(head) + 5600, 120, ACK, "", 0},
		};

		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			size_t len = tcp_frame(frame, rows[i].client, port, rows[i].seq, rows[i].ack,
					       rows[i].flags, rows[i].data, rows[i].len);

			inspector_frame(inspector, LINK_RAW, frame, len, now += 10, NULL);
		}
	}
	inspector_count(inspector, &stats);
	CHECK_EQ(stats.flows, 400);
	CHECK_EQ(stats.flows_given_up, 0);
}

/* What a given-up hole held back is charged no more, although no packet of the flow comes. */
static void holes_given_up_are_not_charged(void)
{
	static char body[1400];
	struct inspector_stats stats;
	uint8_t frame[2048];

	memset(body, 'x', sizeof(body));
	fresh(RULE_EVIL, (struct inspector_options){.flow_memory = 1 << 20});
	for (unsigned int round = 0; round < 4; round++) {
		for (uint16_t port = 0; port < 8; port++) {
			uint16_t client = (uint16_t)(40001 + round * 8 + port);

			for (uint32_t i = 0; i < 50; i++) {
				uint32_t seq = 501 + (i + !!i) * sizeof(body);
				size_t len =
					tcp_frame(frame, false, client, seq, 101, ACK, body, sizeof(body));

				inspector_frame(inspector, LINK_RAW, frame, len, now += 10, NULL);
			}
		}
		inspector_tick(inspector, now += 11000000);
	}
	inspector_count(inspector, &stats);
	CHECK_EQ(stats.reassembly_gaps, 32);
	CHECK_EQ(stats.flows_given_up, 0);
}

static void fragments_are_put_together(void)
{
	uint8_t whole[128], part[128];
	size_t len = tcp_frame(whole, true, 40000, 101, 501, ACK, "some evil bytes in here!", 24);

	fresh(RULE_EVIL, (struct inspector_options){0});
	memcpy(part, whole, 20); /* the last part first */
	memcpy(part + 20, whole + 20 + 24, len - 44);
	put16(part + 2, (uint32_t)(len - 24));
	put16(part + 6, 3);
	inspector_frame(inspector, LINK_RAW, part, len - 24, now, NULL);
	CHECK_EQ(alerts, 0);
	memcpy(part, whole, 44);
	put16(part + 2, 44);
	put16(part + 6, 0x2000);
	inspector_frame(inspector, LINK_RAW, part, 44, now, NULL);
	CHECK_EQ(alerts, 1);
}

static void bad_checksums_are_not_for_the_receiver(void)
{
	struct inspector_stats stats;
	uint8_t frame[128];
	size_t len;

	for (int live = 0; live < 2; live++) {
		fresh(RULE_EVIL, (struct inspector_options){.verify_checksums = true, .live = live});
		put(true, 101, 501, ACK, "ev"); /* TCP's checksum is zero */
		put(true, 103, 501, ACK, "il");
		CHECK_EQ(alerts, 0);
		put(true, 105, 501, ACK, "evil");
		CHECK_EQ(alerts, live ? 0 : 1); /* by itself, in a file */
		inspector_count(inspector, &stats);
		CHECK_EQ(stats.checksum_bad, 3);
		len = tcp_frame(frame, true, 41000, 1, 1, ACK, "evil", 4);
		frame[10] ^= 1; /* now IP's is bad too */
		inspector_frame(inspector, LINK_RAW, frame, len, now, NULL);
		CHECK_EQ(alerts, live ? 0 : 2);
		CHECK_EQ(stats.flows, 0);
	}
}

/* stream.checksum-validation=no: told, and taken. */
static void bad_checksums_that_count(void)
{
	struct inspector_stats stats;

	fresh(RULE_EVIL, (struct inspector_options){.verify_checksums = true, .bad_checksums_count = true});
	put(true, 101, 501, ACK, "ev");
	put(true, 103, 501, ACK, "il");
	inspector_count(inspector, &stats);
	CHECK_EQ(stats.checksum_bad, 2);
	CHECK_EQ(stats.flows, 1);
	CHECK_EQ(alerts, 1);
}

/* What a payload lacks is no statement about packets without one. */
static void no_payload_lacks_nothing(void)
{
	fresh("alert tcp-pkt any any -> any any (content:!\"evil\"; sid:1;)", (struct inspector_options){0});
	put(true, 100, 0, SYN, "");
	put(false, 500, 101, SYN | ACK, "");
	put(true, 101, 501, ACK, "");
	put(true, 101, 501, ACK, "evil");
	CHECK_EQ(alerts, 0);
	put(true, 105, 501, ACK, "good");
	CHECK_EQ(alerts, 1);
}

/* A request that is none, and a server that answers with HTTP: the answer is looked at. */
static void answers_to_rubbish(void)
{
	fresh("alert http any any -> any any (http.stat_code; content:\"400\"; sid:1;)",
	      (struct inspector_options){0});
	put(true, 101, 501, ACK, "\x85 no \n request\n");
	put(false, 501, 117, ACK, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
	CHECK_EQ(alerts, 1);
}

static void old_flows_keep_their_rules(void)
{
	CLEANUP(ruleset_free) struct ruleset *set = rules_of(RULE_LATE);
	uint8_t frame[128];
	size_t len;

	fresh(RULE_EVIL, (struct inspector_options){0});
	put(true, 101, 501, ACK, "start ");
	CHECK_EQ(inspector_reload(inspector, set), 0);
	put(true, 107, 501, ACK, "late ");
	CHECK_EQ(alerts, 0);
	put(true, 112, 501, ACK, "evil");
	CHECK_EQ(last_sid, 1);
	len = tcp_frame(frame, true, 41000, 100, 1, ACK, "late evil", 9);
	inspector_frame(inspector, LINK_RAW, frame, len, now, NULL);
	CHECK_EQ(last_sid, 2);
	inspector_finish(inspector);
	CHECK_EQ(outcomes[FLOW_ENDED_ALERTED], 2);
}

static void reused_tuple_is_a_new_flow(void)
{
	struct inspector_stats stats;

	fresh(RULE_EVIL, (struct inspector_options){0});
	handshake();
	put(true, 101, 501, ACK, "ev");
	put(true, 0x50000000, 0, SYN, "");
	put(false, 0x60000000, 0x50000001, SYN | ACK, "");
	put(true, 0x50000001, 0x60000001, ACK, "evil");
	CHECK_EQ(alerts, 1);
	CHECK_EQ(outcomes[FLOW_ENDED], 1);
	inspector_count(inspector, &stats);
	CHECK_EQ(stats.flows, 2);
}

static void same_input_same_ids(void)
{
	uint64_t id;

	fresh(RULE_EVIL, (struct inspector_options){0});
	handshake();
	inspector_finish(inspector);
	id = last_flow_id;
	fresh(RULE_EVIL, (struct inspector_options){0});
	handshake();
	inspector_finish(inspector);
	CHECK_EQ(last_flow_id, id);
	CHECK(id != 0);
}

static void inputs_leave_no_trace(void)
{
	fresh("alert tcp any any -> any any (dsize:1; threshold:type limit,track by_src,count 1,seconds 600; "
	      "sid:1;)\n"
	      "alert tcp any any -> any any (dsize:2; xbits:set,x,track ip_src; noalert; sid:2;)\n"
	      "alert tcp any any -> any any (dsize:3; xbits:isset,x,track ip_src; sid:3;)\n",
	      (struct inspector_options){0});
	for (unsigned int i = 1; i <= 2; i++) {
		handshake();
		put(true, 101, 501, ACK, "abc");
		put(true, 104, 501, ACK, "a");
		put(true, 105, 501, ACK, "a");
		put(true, 106, 501, ACK, "ab");
		inspector_finish(inspector);
		CHECK_EQ(alerts, i);
	}
}

/* What rules that only look at packets know of the connection: what was settled before the packet, as its
 * ends know it. */
static void packets_know_what_came_before(void)
{
	fresh("alert tcp any any -> any any (flow:not_established; sid:1;)\n", (struct inspector_options){0});
	handshake();
	CHECK_EQ(alerts, 3); /* the segment that ends the handshake too */
	put(true, 101, 501, ACK, "x");
	CHECK_EQ(alerts, 3);
	fresh("alert tcp any any -> any any (flow:established; dsize:1; sid:1;)\n",
	      (struct inspector_options){0});
	put(true, 101, 501, ACK, "x"); /* picked up in the middle: not seen to be otherwise */
	CHECK_EQ(alerts, 1);
	fresh("alert http any any -> any any (sid:1;)\n", (struct inspector_options){0});
	handshake();
	put(true, 101, 501, ACK, "GET / HTTP/1.1\r\n");
	put(true, 117, 501, ACK, "Host: a\r\n");
	CHECK_EQ(alerts, 0); /* nobody took it yet */
	put(false, 501, 127, ACK, "");
	CHECK_EQ(alerts, 1);
}

static void connections_without_a_beginning_can_be_left_alone(void)
{
	fresh(RULE_EVIL "alert http any any -> any any (http.uri; content:\"/x\"; sid:2;)\n"
			"alert tcp any any -> any any (flow:established; dsize:>0; sid:3;)\n",
	      (struct inspector_options){.handshake_required = true});
	put(true, 101, 501, ACK, "an evil");
	CHECK_EQ(alerts, 1); /* each packet by itself */
	put(true, 108, 501, ACK, "ev");
	put(true, 110, 501, ACK, "il");
	put(true, 112, 501, ACK, "GET /x HTTP/1.1\r\n\r\n");
	CHECK_EQ(alerts, 1);
	handshake();
	put(true, 101, 501, ACK, "ev");
	put(true, 103, 501, ACK, "il");
	CHECK_EQ(alerts, 4);
	for (int answer = 0; answer < 2; answer++) {
		fresh(RULE_EVIL,
		      (struct inspector_options){.handshake_required = true, .answer_opens = answer});
		put(false, 500, 101, SYN | ACK, "");
		put(false, 501, 101, ACK, "ev");
		put(false, 503, 101, ACK, "il");
		CHECK_EQ(alerts, answer);
	}
}

static void one_rule_on_both_halves_of_a_transaction(void)
{
	static const struct {
		const char *options;
		unsigned int alerts;
	} rows[] = {
		{"http.uri; content:\"/a\"; http.stat_code; content:\"404\";", 1},
		{"http.uri; content:\"/a\"; fast_pattern; http.stat_code; content:\"404\";", 1},
		{"http.uri; content:\"/a\"; http.stat_code; content:\"404\"; fast_pattern;", 1},
		{"http.uri; content:\"/b\"; http.stat_code; content:\"404\";", 0},
		{"http.uri; content:\"/a\"; http.stat_code; content:\"200\";", 0},
		{"http.uri; content:\"/a\"; file.data: to_client; content:\"gone\";", 1},
		{"http.uri; content:\"/a\"; file.data: to_server; content:\"gone\";", 0},
		{"http.uri; content:\"/a\"; file.data; content:\"gone\";", 0}, /* refused: whose? */
		{"http.uri; content:\"/a\"; flow:to_server;", 0},	       /* refused: not both */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char rule[256];

		snprintf(rule, sizeof(rule), "alert http any any => any 80 (%s sid:1;)\n", rows[i].options);
		fresh(rule, (struct inspector_options){0});
		handshake();
		put(true, 101, 501, ACK, "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");
		put(false, 501, 130, ACK, "HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\ngone");
		inspector_finish(inspector);
		CHECK(alerts == rows[i].alerts, "%u, not %u: %s", alerts, rows[i].alerts, rows[i].options);
	}
}

/* A buffer of both directions alerts in each, an event of the transaction once; transforms may begin after
 * contents. */
static void once_in_each_direction(void)
{
	static const struct {
		const char *options;
		unsigned int alerts;
	} rows[] = {
		{"http.header; content:\"X-Same\";", 2},
		{"flow:to_client; http.header; content:\"X-Same\";", 1},
		{"app-layer-event:http.double_encoded_uri;", 1},
		{"http.uri; content:\"/a\"; to_uppercase; content:\"/A%25\"; startswith;", 1},
		{"http.uri; content:\"/a\"; to_uppercase; content:\"/a\";", 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char rule[256];

		snprintf(rule, sizeof(rule), "alert http any any -> any any (%s sid:1;)\n", rows[i].options);
		fresh(rule, (struct inspector_options){0});
		handshake();
		put(true, 101, 501, ACK, "GET /a%252525 HTTP/1.1\r\nHost: h\r\nX-Same: 1\r\n\r\n");
		put(false, 501, 151, ACK, "HTTP/1.1 200 k\r\nX-Same: 1\r\nContent-Length: 0\r\n\r\n");
		inspector_finish(inspector);
		CHECK(alerts == rows[i].alerts, "%u, not %u: %s", alerts, rows[i].alerts, rows[i].options);
	}
}

/* Neither in the packets nor in the stream, from when both sides use their new keys. */
static void no_literals_in_ciphertext(void)
{
	static const char keys[] = "\0\0\0\x0c\x0a\x15pppppppppp";

	fresh("alert tcp any any -> any any (dsize:<20; content:\"needle\"; sid:1;)\n"
	      "alert tcp any any -> any any (content:\"needle\"; sid:2;)\n"
	      "alert tcp any any -> any any (dsize:7; sid:3;)\n",
	      (struct inspector_options){0});
	handshake();
	put(true, 101, 501, ACK, "SSH-2.0-needle\r\n");
	CHECK_EQ(alerts, 2);
	put(false, 501, 117, ACK, "SSH-2.0-x\r\n");
	send_hint(true, 117, 512, ACK, keys, 16, NULL);
	put(true, 133, 512, ACK, "needle");
	CHECK_EQ(alerts, 4);
	send_hint(false, 512, 139, ACK, keys, 16, NULL);
	put(false, 528, 139, ACK, "cipher");
	put(true, 139, 534, ACK, "needle");
	CHECK_EQ(alerts, 4);
	put(true, 145, 534, ACK, "needle.");
	CHECK_EQ(alerts, 5);
	CHECK_EQ(last_sid, 3);
}

int main(void)
{
	static const struct ktap_test tests[] = {
		TEST(found_across_every_split),
		TEST(found_out_of_order_and_midstream),
		TEST(insertion_does_not_end_a_flow),
		TEST(clean_flow_ends_once),
		TEST(depth_is_per_turn),
		TEST(pipelined_behind_a_long_request),
		TEST(lost_records_are_not_vouched_for),
		TEST(new_kernel_flow_replaces_the_old),
		TEST(full_table_gives_up_the_oldest),
		TEST(compressed_bodies_are_charged),
		TEST(closed_flows_hold_nothing),
		TEST(holes_given_up_are_not_charged),
		TEST(fragments_are_put_together),
		TEST(bad_checksums_are_not_for_the_receiver),
		TEST(bad_checksums_that_count),
		TEST(no_payload_lacks_nothing),
		TEST(answers_to_rubbish),
		TEST(old_flows_keep_their_rules),
		TEST(reused_tuple_is_a_new_flow),
		TEST(same_input_same_ids),
		TEST(inputs_leave_no_trace),
		TEST(packets_know_what_came_before),
		TEST(connections_without_a_beginning_can_be_left_alone),
		TEST(one_rule_on_both_halves_of_a_transaction),
		TEST(once_in_each_direction),
		TEST(no_literals_in_ciphertext),
	};
	int status = ktap_run(tests, sizeof(tests) / sizeof(tests[0]));

	inspector_free(inspector);
	return status;
}
