// SPDX-License-Identifier: GPL-2.0-or-later
/* decide.c - whom, how much, and when people are told (T1, T2). */
#include <netinet/in.h>

#include "core/policy/decide.h"
#include "lib/ktap.h"

#define CLIENT 0x11
#define SERVER 0x22
#define INSIDE 0x80 /* addresses with this bit are protected */

static struct policy_block policy(void)
{
	struct policy *p = NULL;
	struct policy_block block = {0};

	if (CHECK_EQ(policy_default(&p), 0))
		block = p->block;
	policy_free(p);
	return block;
}

static bool is_protected(const struct seki_addr *addr, void *arg)
{
	return addr->b[15] & INSIDE;
}

static void notify(void)
{
	/* rows: low medium high critical; columns: unknown blocked cut would_block passed */
	static const bool expected[SEKI_SEVERITY_MAX][SEKI_VERDICT_MAX] = {
		[SEKI_SEVERITY_CRITICAL] = {true, false, true, true, true},
	};

	for (int s = 0; s < SEKI_SEVERITY_MAX; s++)
		for (int v = 0; v < SEKI_VERDICT_MAX; v++)
			CHECK(decide_notify(s, v) == expected[s][v], "severity %d verdict %d", s, v);
}

struct row {
	enum rule_target target;
	enum direction dir;
	uint8_t client, server;
	bool initiator_known, validated;
	uint8_t attacker;
	enum decide_kind kind;
	const char *why;
};

static struct decision decide_row(const struct row *row, uint8_t proto, bool both)
{
	struct rule_info rule = {.severity = SEKI_SEVERITY_CRITICAL, .target = row->target};
	struct flow flow = {.proto = proto,
			    .initiator_known = row->initiator_known,
			    .validated = row->validated,
			    .both_directions = both};
	struct detect_alert alert = {.rule = &rule, .flow = &flow, .dir = row->dir};
	struct policy_block block = policy();

	flow.client.b[15] = row->client;
	flow.server.b[15] = row->server;
	return decide(&block, &alert, is_protected, NULL);
}

static void right_party(void)
{
	static const uint8_t C = CLIENT, S = SERVER | INSIDE, IC = CLIENT | INSIDE, OS = SERVER;
	const struct row rows[] = {
		/* from outside to our server: the client attacks, whichever side the rule watches */
		{RULE_TARGET_NONE, TO_SERVER, C, S, true, true, C, DECIDE_BLOCK_SOURCE, NULL},
		{RULE_TARGET_NONE, TO_CLIENT, C, S, true, true, C, DECIDE_BLOCK_SOURCE, NULL},
		{RULE_TARGET_DST, TO_SERVER, C, S, true, true, C, DECIDE_BLOCK_SOURCE, NULL},
		{RULE_TARGET_SRC, TO_CLIENT, C, S, true, true, C, DECIDE_BLOCK_SOURCE, NULL},
		/* rules that accuse our own server: never blocked */
		{RULE_TARGET_DST, TO_CLIENT, C, S, true, true, S, DECIDE_CUT_FLOW, "protected network"},
		{RULE_TARGET_SRC, TO_SERVER, C, S, true, true, S, DECIDE_CUT_FLOW, "protected network"},
		/* our client, a server outside that sends malware */
		{RULE_TARGET_DST, TO_CLIENT, IC, OS, true, true, OS, DECIDE_BLOCK_SOURCE, NULL},
		{RULE_TARGET_SRC, TO_SERVER, IC, OS, true, true, OS, DECIDE_BLOCK_SOURCE, NULL},
		{RULE_TARGET_NONE, TO_SERVER, IC, OS, true, true, IC, DECIDE_CUT_FLOW, "protected network"},
		/* nobody of ours acknowledged anything for a responder between strangers */
		{RULE_TARGET_DST, TO_CLIENT, C, OS, true, true, OS, DECIDE_CUT_FLOW, "path not validated"},
		/* T1: no block without a validated path */
		{RULE_TARGET_NONE, TO_SERVER, C, S, true, false, C, DECIDE_CUT_FLOW, "path not validated"},
		{RULE_TARGET_DST, TO_SERVER, C, S, true, false, C, DECIDE_CUT_FLOW, "path not validated"},
		{RULE_TARGET_DST, TO_CLIENT, IC, OS, true, false, OS, DECIDE_CUT_FLOW, "path not validated"},
		/* a guessed initiator is no evidence; a rule's target is */
		{RULE_TARGET_NONE, TO_SERVER, C, S, false, true, C, DECIDE_CUT_FLOW, "initiator not seen"},
		{RULE_TARGET_DST, TO_SERVER, C, S, false, true, C, DECIDE_BLOCK_SOURCE, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct decision d = decide_row(&rows[i], IPPROTO_TCP, true);

		CHECK(d.kind == rows[i].kind, "row %zu", i);
		CHECK(d.attacker.b[15] == rows[i].attacker, "row %zu", i);
		CHECK(!d.why == !rows[i].why && (!d.why || !strcmp(d.why, rows[i].why)), "row %zu: %s", i,
		      d.why ? d.why : "-");
		/* never more than a cut without TCP or with one direction only */
		CHECK(decide_row(&rows[i], IPPROTO_UDP, true).kind == DECIDE_CUT_FLOW, "row %zu", i);
		CHECK(decide_row(&rows[i], IPPROTO_TCP, false).kind == DECIDE_CUT_FLOW, "row %zu", i);
	}
}

static void severity_and_action(void)
{
	struct flow flow = {
		.proto = IPPROTO_TCP, .initiator_known = true, .validated = true, .both_directions = true};
	struct policy_block block = policy();

	for (int s = 0; s < SEKI_SEVERITY_MAX; s++) {
		for (int a = RULE_ALERT; a <= RULE_PASS; a++) {
			struct rule_info rule = {.severity = s, .action = a};
			struct detect_alert alert = {.rule = &rule, .flow = &flow, .action = a};
			struct decision d = decide(&block, &alert, is_protected, NULL);
			enum decide_kind expected =
				s == SEKI_SEVERITY_CRITICAL ? DECIDE_BLOCK_SOURCE
				: s == SEKI_SEVERITY_HIGH || a == RULE_DROP || a == RULE_REJECT
					? DECIDE_CUT_FLOW
					: DECIDE_NONE;

			if (a == RULE_PASS)
				expected = DECIDE_NONE;
			CHECK(d.kind == expected, "severity %d action %d", s, a);
			CHECK(!d.why == (expected == DECIDE_BLOCK_SOURCE));
			block.enabled = false;
			CHECK_EQ(decide(&block, &alert, is_protected, NULL).kind, DECIDE_NONE);
			block.enabled = true;
			alert.quiet = true;
			CHECK_EQ(decide(&block, &alert, is_protected, NULL).kind,
				 a == RULE_DROP || a == RULE_REJECT ? DECIDE_CUT_FLOW : DECIDE_NONE);
		}
	}
}

static void flowless(void)
{
	struct rule_info rule = {.severity = SEKI_SEVERITY_CRITICAL};
	struct packet packet = {0};
	struct detect_alert alert = {.rule = &rule, .packet = &packet};
	struct policy_block block = policy();
	struct decision d;

	packet.src.b[15] = CLIENT;
	packet.dst.b[15] = SERVER;
	d = decide(&block, &alert, is_protected, NULL);
	CHECK_EQ(d.kind, DECIDE_NONE);
	CHECK_STR(d.why, "no flow");
	CHECK_EQ(d.attacker.b[15], CLIENT);
	rule.target = RULE_TARGET_SRC;
	CHECK_EQ(decide(&block, &alert, is_protected, NULL).attacker.b[15], SERVER);
}

static void ttl(void)
{
	struct policy_block block = policy();

	CHECK_EQ(decide_ttl(&block, 0), 600);
	CHECK_EQ(decide_ttl(&block, 1), 2400);
	CHECK_EQ(decide_ttl(&block, 2), 9600);
	CHECK_EQ(decide_ttl(&block, 3), 38400);
	CHECK_EQ(decide_ttl(&block, 4), 86400);
	CHECK_EQ(decide_ttl(&block, UINT32_MAX), 86400);
	block = (struct policy_block){.ttl = 5, .ttl_max = UINT32_MAX, .repeat_factor = 1000};
	CHECK_EQ(decide_ttl(&block, 100), UINT32_MAX);
	block.repeat_factor = 1;
	CHECK_EQ(decide_ttl(&block, UINT32_MAX), 5);
	block = (struct policy_block){.ttl = 0, .ttl_max = 9, .repeat_factor = 2};
	CHECK_EQ(decide_ttl(&block, UINT32_MAX), 0);
}

static const struct ktap_test tests[] = {
	TEST(notify), TEST(right_party), TEST(severity_and_action), TEST(flowless), TEST(ttl),
};
KTAP_MAIN(tests)
