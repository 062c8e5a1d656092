// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_header.c - addresses, ports, groups, variables, directions and the
 * tests of header fields.
 */
#include <netinet/in.h>

#include "rules.h"

static const struct header_row {
	const char *header;
	int expect; /* over 10.0.0.1:1024 -> 10.0.0.2:80, UDP; -1 refused */
} rows[] = {
	{"alert udp any any -> any any", 1},
	{"alert tcp any any -> any any", 0},
	{"alert ip any any -> any any", 1},
	{"alert ip4 any any -> any any", 1},
	{"alert ip6 any any -> any any", 0},
	{"alert udp 10.0.0.1 any -> any any", 1},
	{"alert udp 10.0.0.2 any -> any any", 0},
	{"alert udp 10.0.0.2 any <> any any", 1},
	{"alert udp 10.0.0.0/24 any -> any any", 1},
	{"alert udp 10.0.0.7/24 any -> any any", 1},
	{"alert udp 10.0.1.0/24 any -> any any", 0},
	{"alert udp !10.0.0.0/24 any -> any any", 0},
	{"alert udp [10.0.0.9,10.0.0.1] any -> any any", 1},
	{"alert udp [10.0.0.0/24,!10.0.0.1] any -> any any", 0},
	{"alert udp [10.0.0.0/24, ![10.0.0.2, 10.0.0.3]] any -> any any", 1},
	{"alert udp ![10.0.0.0/24,![10.0.0.1]] any -> any any", 1},
	{"alert udp 10.0.0.0-10.0.0.1 any -> any any", 1},
	{"alert udp 0.0.0.0/0 any -> any any", 1},
	{"alert udp ::/0 any -> any any", 1},
	{"alert udp 2001:db8::/32 any -> any any", 0},
	{"alert udp $HOME_NET any -> any any", 1},
	{"alert udp !$HOME_NET any -> any any", 0},
	{"alert udp [$HOME_NET,!10.0.0.1] any -> any any", 0},
	{"alert udp any 1024 -> any 80", 1},
	{"alert udp any any -> any 81", 0},
	{"alert udp any any -> any !80", 0},
	{"alert udp any any -> any [79:81]", 1},
	{"alert udp any any -> any 81:", 0},
	{"alert udp any any -> any :80", 1},
	{"alert udp any any -> any [1:100,!80]", 0},
	{"alert udp any any -> any [1,2,$HTTP_PORTS]", 1},
	{"alert udp any any -> any $HTTP_PORTS", 1},
	{"alert udp any 80 <> any 1024", 1},
	{"alert udp [[[[[[[[[[[[[[[10.0.0.1]]]]]]]]]]]]]]] any -> any any", 1},
	{"alert udp ![[[[[[[[[[[[[[10.0.0.1]]]]]]]]]]]]]] any -> any any", 0},
	{"alert udp [[10.0.0.0/8,![[10.0.0.0/24,!10.0.0.1],10.1.0.0/16]],192.0.2.1] any -> any any", 1},
	{"alert udp any any -> any [[1:100,![[70:90,!80],60]],443]", 1},
	{"alert udp any any -> any [[1:100,![[70:90,!79],60]],443]", 0},
	/* refused */
	{"alert udp [[[[[[[[[[[[[[[[[[10.0.0.1]]]]]]]]]]]]]]]]]] any -> any any", -1},
	{"alarm udp any any -> any any", -1},
	{"alert xyz any any -> any any", -1},
	{"alert udp any any <- any any", -1},
	{"alert udp any any -> any", -1},
	{"alert udp any any -> any any any", -1},
	{"alert udp 10.0.0.256 any -> any any", -1},
	{"alert udp 10.0.0.0/33 any -> any any", -1},
	{"alert udp [10.0.0.1 any -> any any", -1},
	{"alert udp [] any -> any any", -1},
	{"alert udp !any any -> any any", -1},
	{"alert udp $NO_SUCH any -> any any", -1},
	{"alert udp any 65536 -> any any", -1},
	{"alert udp any 9:8 -> any any", -1},
	{"alert udp [10.0.0.1,!10.0.0.0/8] any -> any any", -1},
};

static void headers(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rules_world world;
		char text[512];
		int result;

		/* With a content and without: the second kind is found by the address index. */
		for (int content = 0; content < 2; content++) {
			snprintf(text, sizeof(text), "%s (%s sid:1;)\n", rows[i].header,
				 content ? "content:\"x\";" : "");
			if (!rules_open(&world, text))
				continue;
			result = world.refused_count ? -1 : (int)rules_datagram(&world, "x", 1);
			CHECK(result == rows[i].expect, "%d, not %d: %s", result, rows[i].expect,
			      rows[i].header);
			rules_close(&world);
		}
	}
}

static void deep_groups(void)
{
	struct rules_world world;
	char text[512] = "alert udp ";

	for (int i = 0; i < 40; i++)
		strcat(text, "[");
	strcat(text, "10.0.0.1");
	for (int i = 0; i < 40; i++)
		strcat(text, "]");
	strcat(text, " any -> any any (sid:1;)\n");
	if (rules_open(&world, text))
		CHECK_EQ(world.refused_count, 1);
	rules_close(&world);
}

static void variables(void)
{
	CLEANUP(ruleset_builder_free) struct ruleset_builder *builder = NULL;
	const char *why = NULL;

	if (!CHECK_EQ(ruleset_builder_new(&builder), 0))
		return;
	CHECK_EQ(ruleset_set_variable(builder, "HOME_NET", "[192.0.2.0/24]", &why), 0);
	CHECK_EQ(ruleset_set_variable(builder, "MINE", "[$HOME_NET,198.51.100.1]", &why), 0);
	CHECK_EQ(ruleset_set_variable(builder, "PORTS", "[80,443]", &why), 0);
	CHECK_EQ(ruleset_set_variable(builder, "BAD", "192.0.2.0/64", &why), -EINVAL);
	CHECK(why != NULL);
	CHECK_EQ(ruleset_set_variable(builder, "BAD", "$BAD", &why), -EINVAL);
	CHECK_EQ(ruleset_set_variable(builder, "", "any", &why), -EINVAL);
	/* A loop that comes about later is found when it is used. */
	CHECK_EQ(ruleset_set_variable(builder, "A", "any", &why), 0);
	CHECK_EQ(ruleset_set_variable(builder, "B", "$A", &why), 0);
	CHECK_EQ(ruleset_set_variable(builder, "A", "$B", &why), 0);
	CHECK_EQ(ruleset_set_variable(builder, "C", "$A", &why), -EINVAL);
}

struct field_row {
	const char *options;
	int expect;
};

/* Over an IPv4 TCP segment: ttl 64, id 7, seq 100, ack 200, window 300, flags PSH ACK, 3 bytes. */
static const struct field_row fields[] = {
	{"ttl:64;", 1},
	{"ttl:<64;", 0},
	{"ttl:>63;", 1},
	{"ttl:60-70;", 1},
	{"ttl:64-70;", 0},
	{"id:7;", 1},
	{"id:8;", 0},
	{"dsize:3;", 1},
	{"dsize:>3;", 0},
	{"dsize:2<>4;", 1},
	{"dsize:!3;", 0},
	{"seq:100;", 1},
	{"seq:101;", 0},
	{"ack:200;", 1},
	{"window:300;", 1},
	{"window:!300;", 0},
	{"flags:PA;", 1},
	{"flags:A;", 0},
	{"flags:A+;", 1},
	{"flags:+A;", 1},
	{"flags:*AS;", 1},
	{"flags:!S;", 1},
	{"flags:!PA;", 0},
	{"flags:A,P;", 1},
	{"flags:S,12;", 0},
	{"ip_proto:6;", 1},
	{"ip_proto:tcp;", 1},
	{"ip_proto:!6;", 0},
	{"ip_proto:17;", 0},
	{"sameip;", 0},
	{"itype:8;", 0},
	{"fragoffset:0;", 1},
	{"flow:established;", 1},
	{"flow:to_client;", 0},
	{"flow:stateless;", 1},
	{"ttl:256;", -1},
	{"flags:X;", -1},
	{"dsize:a;", -1},
	{"flow:sideways;", -1},
	{"flow:to_client,to_server;", -1},
	{"dsize:5<>3;", -1},
};

static void header_fields(void)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct rules_world world;
		struct packet packet;
		char text[256];
		int result = -1;

		snprintf(text, sizeof(text), "alert tcp any any -> any any (%s sid:1;)\n", fields[i].options);
		if (!rules_open(&world, text))
			continue;
		packet = rules_packet(&world, IPPROTO_TCP, TO_SERVER, "abc", 3);
		packet.ip_id = 7;
		packet.seq = 100;
		packet.ack = 200;
		packet.window = 300;
		if (!world.refused_count) {
			detect_packet(world.detect, &packet, &world.flow, TO_SERVER);
			detect_packet_end(world.detect);
			result = (int)world.alerts;
		}
		CHECK(result == fields[i].expect, "%d, not %d: %s", result, fields[i].expect,
		      fields[i].options);
		rules_close(&world);
	}
}

/* Rules that are only addresses speak once per flow and direction; others per packet. */
static void once_per_flow(void)
{
	struct rules_world world;

	if (!rules_open(&world, "alert ip [10.0.0.1,10.9.0.0/30] any -> any any (sid:1;)\n"
				"alert ip any any -> any any (sid:2;)\n"
				"alert udp any any -> any 80 (sid:3;)\n"))
		return;
	rules_datagram(&world, "a", 1);
	CHECK_EQ(world.alerts, 3);
	rules_datagram(&world, "a", 1);
	CHECK_EQ(world.alerts, 4);
	CHECK_EQ(world.sids[3], 3);
	rules_close(&world);
}

static void pass_wins(void)
{
	struct rules_world world;

	if (!rules_open(&world, "alert udp any any -> any any (content:\"a\"; sid:1;)\n"
				"pass udp any any -> any any (content:\"b\"; sid:2;)\n"
				"drop udp any any -> any any (content:\"c\"; sid:3;)\n"))
		return;
	CHECK_EQ(rules_datagram(&world, "a", 1), 1);
	CHECK_EQ(rules_datagram(&world, "abc", 3), 0);
	CHECK_EQ(rules_datagram(&world, "ac", 2), 2);
	CHECK_EQ(world.sids[1], 3);
	rules_close(&world);
}

/* Protocols without ports: each rule sees packets of its own. */
static void portless(void)
{
	static const struct {
		uint8_t proto;
		uint32_t sid;
	} kinds[] = {{IPPROTO_ICMP, 1}, {IPPROTO_IGMP, 2}, {IPPROTO_SCTP, 3}};
	struct rules_world world;

	if (!rules_open(&world, "alert icmp any any -> any any (content:\"x\"; sid:1;)\n"
				"alert igmp any any -> any any (content:\"x\"; sid:2;)\n"
				"alert sctp any any -> any any (content:\"x\"; sid:3;)\n"))
		return;
	for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct packet packet = rules_packet(&world, kinds[i].proto, TO_SERVER, "x", 1);

		detect_packet(world.detect, &packet, NULL, TO_SERVER);
		detect_packet_end(world.detect);
		CHECK_EQ(world.alerts, i + 1);
		CHECK_EQ(world.sids[i], kinds[i].sid);
	}
	rules_close(&world);
}

static const struct ktap_test tests[] = {TEST(headers),	      TEST(deep_groups),   TEST(variables),
					 TEST(header_fields), TEST(once_per_flow), TEST(pass_wins),
					 TEST(portless)};
KTAP_MAIN(tests)
