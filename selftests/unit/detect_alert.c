// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * detect_alert.c - what becomes of rules that fit: the order within a packet,
 * pass and drop, and who speaks how often.
 */
#include "core/flow/stream.h"
#include "rules.h"

/* Packets to the server of one connection, in order; the sids that must alert, in order. */
static const struct row {
	const char *rules;
	const char *payloads[4];
	uint32_t sids[8];
} rows[] = {
	/* A pass keeps quiet what comes behind it, wherever in the packet that was found. */
	{"alert tcp any any -> any any (dsize:>0; sid:1;)\npass tcp any any -> any any (content:\"ok\"; "
	 "sid:2;)",
	 {"ok", "more"},
	 {0}},
	{"alert tcp any any -> any any (dsize:>0; sid:1;)\npass tcp any any -> any any (dsize:2; sid:2;)",
	 {"ok", "more"},
	 {1}},
	{"alert tcp any any -> any any (content:\"bad\"; sid:1;)\npass tcp any any -> any any "
	 "(content:\"ok\"; "
	 "sid:2;)",
	 {"bad", "ok", "bad"},
	 {1}},
	{"pass tcp any any -> any any (alert; content:\"ok\"; sid:2;)", {"ok", "ok"}, {2}},
	/* A drop that looked at the stream holds for the flow, one about a packet for that packet. */
	{"drop tcp any any -> any any (content:\"bad\"; sid:1;)\nalert tcp any any -> any any (dsize:>0; "
	 "sid:2;)",
	 {"x", "bad", "x"},
	 {2, 1, 2}},
	{"drop tcp any any -> any any (dsize:3; sid:1;)\nalert tcp any any -> any any (dsize:>0; sid:2;)",
	 {"x", "bad", "x"},
	 {2, 1, 2, 2}},
	/* ... also when a threshold mutes it. */
	{"drop tcp any any -> any any (content:\"bad\"; threshold:type limit,track by_src,count 1,seconds "
	 "60; "
	 "sid:1;)\nalert tcp any any -> any any (dsize:>0; sid:2;)",
	 {"bad", "x"},
	 {1, 2}},
	/* Rules on the packet and rules on the stream are judged together: who sets a bit comes first. */
	{"alert tcp any any -> any any (dsize:3; flowbits:isset,b; sid:1;)\n"
	 "alert tcp any any -> any any (content:\"bit\"; flowbits:set,b; flowbits:noalert; sid:2;)",
	 {"bit"},
	 {1}},
	{"alert tcp any any -> any any (content:\"two\"; flowbits:isset,b; sid:1;)\n"
	 "alert tcp any any -> any any (dsize:3; flowbits:set,b; flowbits:noalert; sid:2;)",
	 {"two"},
	 {1}},
	/* Reading a bit is no matter of once per flow. */
	{"alert ip any any -> any any (flowbits:isset,b; sid:1;)\n"
	 "alert tcp any any -> any any (content:\"bit\"; flowbits:set,b; flowbits:noalert; sid:2;)",
	 {"x", "bit"},
	 {1}},
};

static void send_all(struct rules_world *world, const struct row *row)
{
	char stream[64];
	uint32_t used = 0;

	for (int i = 0; i < 4 && row->payloads[i]; i++) {
		uint32_t len = (uint32_t)strlen(row->payloads[i]);
		struct packet packet = rules_packet(world, IPPROTO_TCP, TO_SERVER, row->payloads[i], len);

		memcpy(stream + used, row->payloads[i], len);
		used += len;
		detect_packet(world->detect, &packet, &world->flow, TO_SERVER);
		detect_stream(world->detect, &packet, &world->flow, TO_SERVER,
			      (struct span){(const uint8_t *)stream, used}, 0, len, false);
		detect_packet_end(world->detect);
	}
}

static void order(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct stream_stats stats = {0};
		struct rules_world world;
		unsigned int wanted = 0;

		if (!rules_open(&world, rows[i].rules))
			continue;
		CHECK(!world.refused_count, "%s", world.refused);
		CHECK_EQ(stream_new(&stats, &world.flow.stream), 0);
		detect_drop_ends_flow(world.detect, true);
		send_all(&world, &rows[i]);
		while (rows[i].sids[wanted])
			wanted++;
		CHECK(world.alerts == wanted && !memcmp(world.sids, rows[i].sids, wanted * sizeof(uint32_t)),
		      "%u alerts, first %u: %s", world.alerts, world.sids[0], rows[i].rules);
		stream_free(world.flow.stream);
		rules_close(&world);
	}
}

/* Where the kernel is asked to drop, inspection goes on: it may only monitor. */
static void drop_of_a_live_flow(void)
{
	struct stream_stats stats = {0};
	struct rules_world world;
	const struct row row = {.payloads = {"bad", "bad"}};

	if (!rules_open(&world, "drop tcp any any -> any any (content:\"bad\"; sid:1;)\n"))
		return;
	CHECK_EQ(stream_new(&stats, &world.flow.stream), 0);
	send_all(&world, &row);
	CHECK_EQ(world.alerts, 2);
	stream_free(world.flow.stream);
	rules_close(&world);
}

/* A payload that no receiver takes is seen by rules on the stream all the same, but not by those that insist
 * on it. */
static void loose(void)
{
	struct stream_stats stats = {0};
	struct rules_world world;
	struct packet packet;

	if (!rules_open(&world, "alert tcp any any -> any any (content:\"abc\"; sid:1;)\n"
				"alert tcp any any -> any any (content:\"abc\"; flow:only_stream; sid:2;)\n"
				"alert tcp any any -> any any (dsize:3; flowbits:set,b; sid:3;)\n"
				"alert tcp any any -> any any (content:\"bc\"; flowbits:isset,b; sid:4;)\n"))
		return;
	CHECK_EQ(stream_new(&stats, &world.flow.stream), 0);
	packet = rules_packet(&world, IPPROTO_TCP, TO_SERVER, "abc", 3);
	detect_packet(world.detect, &packet, &world.flow, TO_SERVER);
	detect_loose(world.detect, &packet, &world.flow, TO_SERVER);
	CHECK_EQ(world.alerts, 0); /* nothing before the packet is done */
	detect_packet_end(world.detect);
	CHECK_EQ(world.alerts, 3);
	CHECK(world.sids[0] == 3 && world.sids[1] == 4 && world.sids[2] == 1);
	stream_free(world.flow.stream);
	rules_close(&world);
}

/* By action, then priority, then as they were read; the order of actions can be set. */
static void order_of_rules(void)
{
	static const struct {
		const char *order;
		uint32_t sids[3];
	} orders[] = {{NULL, {2, 3, 1}}, {"alert,drop,pass,reject", {3, 1, 2}}};
	const struct row row = {.payloads = {"x"}};

	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		struct stream_stats stats = {0};
		struct rules_world world;

		rules_order = orders[i].order;
		if (!rules_open(&world, "alert tcp any any -> any any (dsize:1; priority:2; sid:1;)\n"
					"drop tcp any any -> any any (dsize:1; sid:2;)\n"
					"alert tcp any any -> any any (dsize:1; priority:1; sid:3;)\n"))
			continue;
		CHECK_EQ(stream_new(&stats, &world.flow.stream), 0);
		send_all(&world, &row);
		CHECK_EQ(world.alerts, 3);
		CHECK(!memcmp(world.sids, orders[i].sids, sizeof(orders[i].sids)));
		stream_free(world.flow.stream);
		rules_close(&world);
	}
	rules_order = NULL;
}

static void bad_orders(void)
{
	static const char *const bad[] = {"",
					  "pass",
					  "pass,drop,reject",
					  "pass,drop,reject,pass",
					  "pass,drop,reject,alert,alert",
					  "pass,drop,reject,log"};
	CLEANUP(ruleset_builder_free) struct ruleset_builder *builder = NULL;
	const char *why;

	CHECK_EQ(ruleset_builder_new(&builder), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_EQ(ruleset_set_action_order(builder, bad[i], &why), -EINVAL);
	CHECK_EQ(ruleset_set_action_order(builder, "alert,reject,drop,pass", &why), 0);
}

static const struct ktap_test tests[] = {TEST(order_of_rules), TEST(bad_orders), TEST(order),
					 TEST(drop_of_a_live_flow), TEST(loose)};
KTAP_MAIN(tests)
