// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * messages - hostile senders against the keeper (T9): whatever an engine, the
 * reporter, the parser or ctl's channel brings, nothing is blocked, allowed or
 * switched that the kernel's own answers do not justify. The kernel is played
 * by this file: it counts what it is asked to change.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "lib/ktap.h"
#include "sekimorid/keeper.h"

#include "sekimorid/keeper_proposal.c"
#include "sekimorid/ctl_request.c"
#include "sekimorid/message.c"

/* --- the kernel, played --- */
static struct {
	struct seki_flow flow;
	struct seki_flow_key key;
	uint64_t id;
	struct seki_net net;
	struct seki_source source;
	bool has_net, mute;
	unsigned int blocks, cuts, clears, expects, tunnels;
	struct seki_expect_key expected;
	struct seki_entry last;
} world;

int gate_flow_ctl(struct gate *gate, struct seki_flow_cmd *cmd)
{
	if (world.mute)
		return -EIO;
	cmd->result = memcmp(&cmd->key, &world.key, sizeof(cmd->key)) ? -ENOENT
		      : cmd->id != world.id			      ? -ESTALE
								      : 0;
	if (cmd->result)
		return 0;
	world.cuts += cmd->op == SEKI_OP_BLOCK;
	world.clears += cmd->op == SEKI_OP_CLEAR || cmd->op == SEKI_OP_SEAL;
	cmd->flow = world.flow;
	return 0;
}

int gate_block_put(struct gate *gate, const struct seki_addr *addr, const struct seki_entry *entry)
{
	world.blocks++;
	world.last = *entry;
	return 0;
}

int gate_block_get(struct gate *gate, const struct seki_addr *addr, struct seki_entry *out)
{
	return -ENOENT;
}

int gate_net_lookup(struct gate *gate, const struct seki_addr *addr, struct seki_net *out)
{
	if (!world.has_net)
		return -ENOENT;
	*out = world.net;
	return 0;
}

int gate_source_get(struct gate *gate, const struct seki_addr *addr, struct seki_source *out)
{
	*out = world.source;
	return 0;
}

/* --- the rest of the keeper, played --- */
static struct keeper *k;
static struct message_judged judged;
static unsigned int reports;
static uint32_t second = 1000;

uint32_t keeper_now(void)
{
	return second;
}

void keeper_report(struct keeper *keeper, uint32_t type, const void *body, size_t len)
{
	reports++;
	memcpy(&judged, body, sizeof(judged));
}

void keeper_audit(struct keeper *keeper, enum message_audit_kind kind, uint32_t uid, const char *format, ...)
{
}

static struct seki_addr addr4(const char *text)
{
	struct seki_addr a = {.b = {[10] = 0xff, [11] = 0xff}};

	inet_pton(AF_INET, text, a.b + 12);
	return a;
}

static struct message_proposal fresh(void)
{
	struct message_proposal p = {.key = world.key,
				     .flow_id = world.id,
				     .attacker = world.key.hi,
				     .sid = 1,
				     .line_len = 2,
				     .kind = DECIDE_BLOCK_SOURCE,
				     .severity = SEKI_SEVERITY_CRITICAL};

	return p;
}

/* A protected server 192.0.2.1 and an attacker 203.0.113.9 with a validated connection, enforcing
 * interface 7. */
static void setup(void)
{
	static struct gate *const somewhere = (struct gate *)&world;

	memset(&world, 0, sizeof(world));
	if (!k)
		k = calloc(1, sizeof(*k));
	policy_free(k->now.base);
	memset(k, 0, sizeof(*k));
	if (policy_default(&k->now.base))
		abort();
	k->gate = somewhere;
	k->settings.rings = 1;
	k->iface_count = 1;
	k->ifaces[0].ifindex = 7;
	k->ifaces[0].want.mode = SEKI_MODE_ENFORCE;
	world.key = (struct seki_flow_key){.lo = addr4("192.0.2.1"),
					   .hi = addr4("203.0.113.9"),
					   .lo_port = htons(80),
					   .hi_port = htons(40000),
					   .proto = 6};
	world.id = 42;
	world.flow = (struct seki_flow){.id = 42,
					.ifindex = 7,
					.pkts = {3, 2},
					.bytes = {300, 200},
					.flags = SEKI_FLOW_VALIDATED | SEKI_FLOW_INIT_KNOWN};
	reports = 0;
	second += 10;
}

static void propose(const struct message_proposal *p)
{
	struct keeper_child engine = {.kind = PROCESS_ENGINE};
	_Alignas(8) uint8_t body[sizeof(*p) + 2];

	memcpy(body, p, sizeof(*p));
	memcpy(body + sizeof(*p), "{}", 2);
	memset(&judged, 0, sizeof(judged));
	keeper_proposal(k, &engine, body, sizeof(body));
}

static void honest_proposal_blocks(void)
{
	struct message_proposal p;

	setup();
	p = fresh();
	propose(&p);
	CHECK_EQ(world.blocks, 1);
	CHECK_EQ(world.cuts, 1);
	CHECK_EQ(judged.verdict, SEKI_VERDICT_CUT);
	CHECK_EQ(judged.action, DECIDE_BLOCK_SOURCE);
	CHECK_EQ(judged.delivered_pkts, 3);
	CHECK_EQ(judged.block_seconds, k->now.base->block.ttl);
	CHECK_EQ(world.last.expires, second + k->now.base->block.ttl);
}

static void repeats_last_longer_but_are_capped(void)
{
	struct message_proposal p;
	uint32_t before = 0;

	setup();
	p = fresh();
	for (int i = 0; i < 20; i++) {
		propose(&p);
		CHECK(judged.block_seconds >= before);
		CHECK(judged.block_seconds <= k->now.base->block.ttl_max);
		before = judged.block_seconds;
	}
	CHECK_EQ(before, k->now.base->block.ttl_max);
}

struct refusal {
	const char *name;
	void (*change)(struct message_proposal *p);
	unsigned int cuts;
	enum seki_verdict verdict;
	const char *why;
};

static void change_unvalidated(struct message_proposal *p)
{
	world.flow.flags &= ~SEKI_FLOW_VALIDATED;
}
static void change_guessed(struct message_proposal *p)
{
	world.flow.flags &= ~SEKI_FLOW_INIT_KNOWN;
}
static void change_responder(struct message_proposal *p)
{
	p->attacker = world.key.lo;
}
static void change_udp(struct message_proposal *p)
{
	p->key.proto = world.key.proto = 17;
}
static void change_stranger(struct message_proposal *p)
{
	p->attacker = addr4("198.51.100.1");
}
static void change_own(struct message_proposal *p)
{
	world.has_net = true, world.net.flags = SEKI_NET_OWN;
}
static void change_dmz(struct message_proposal *p)
{
	world.has_net = true, world.net.flags = SEKI_NET_DMZ;
}
static void change_shared(struct message_proposal *p)
{
	world.has_net = true, world.net.flags = SEKI_NET_SHARED;
}
static void change_allow(struct message_proposal *p)
{
	world.has_net = true, world.net.scopes = 1;
}
static void change_nat(struct message_proposal *p)
{
	world.source.clean[0] = k->now.base->block.shared_flows;
	world.source.window = keeper_now();
}
static void change_id(struct message_proposal *p)
{
	p->flow_id++;
}
static void change_key(struct message_proposal *p)
{
	p->key.hi_port++;
}
static void change_mode(struct message_proposal *p)
{
	k->ifaces[0].want.mode = SEKI_MODE_MONITOR;
}
static void change_iface(struct message_proposal *p)
{
	world.flow.ifindex = 8;
}
static void change_mute(struct message_proposal *p)
{
	world.mute = true;
}
static void change_ring(struct message_proposal *p)
{
	/* Until neither hash gives ring 0, which the sender serves. */
	struct keeper_child engine = {.kind = PROCESS_ENGINE};

	k->settings.rings = 16;
	while (proposal_ring(k, &engine, &p->key))
		p->key.hi_port++;
	world.key = p->key;
}
static void change_low(struct message_proposal *p)
{
	p->severity = SEKI_SEVERITY_HIGH;
}
static void change_off(struct message_proposal *p)
{
	k->now.base->block.enabled = false;
}

static void every_condition_refuses(void)
{
	static const struct refusal refusals[] = {
		{"unvalidated", change_unvalidated, 1, SEKI_VERDICT_CUT, "path not validated"},
		{"guessed", change_guessed, 1, SEKI_VERDICT_CUT, "initiator not seen"},
		{"responder", change_responder, 1, SEKI_VERDICT_CUT, "path not validated"},
		{"udp", change_udp, 1, SEKI_VERDICT_CUT, "path not validated"},
		{"stranger", change_stranger, 0, SEKI_VERDICT_PASSED, "the attacker is not in the flow"},
		{"own", change_own, 1, SEKI_VERDICT_CUT, "protected network"},
		{"dmz", change_dmz, 1, SEKI_VERDICT_CUT, "protected network"},
		{"shared", change_shared, 1, SEKI_VERDICT_CUT, "shared source"},
		{"allow", change_allow, 1, SEKI_VERDICT_CUT, "allow set"},
		{"nat", change_nat, 1, SEKI_VERDICT_CUT, "shared source"},
		{"id", change_id, 0, SEKI_VERDICT_PASSED, "the flow is gone"},
		{"key", change_key, 0, SEKI_VERDICT_PASSED, "the flow is gone"},
		{"mode", change_mode, 0, SEKI_VERDICT_WOULD_BLOCK, "monitor mode"},
		{"iface", change_iface, 0, SEKI_VERDICT_WOULD_BLOCK, "monitor mode"},
		{"mute", change_mute, 0, SEKI_VERDICT_UNKNOWN, "the kernel did not answer"},
		{"ring", change_ring, 0, SEKI_VERDICT_PASSED, "the flow is not this engine's"},
		{"low", change_low, 1, SEKI_VERDICT_CUT, "severity"},
		{"off", change_off, 1, SEKI_VERDICT_CUT, "auto-block is off"},
	};

	for (size_t i = 0; i < ARRAY_LEN(refusals); i++) {
		struct message_proposal p;

		setup();
		p = fresh();
		refusals[i].change(&p);
		propose(&p);
		CHECK(world.blocks == 0, "%s: blocked", refusals[i].name);
		CHECK(world.cuts == refusals[i].cuts, "%s: %u cuts", refusals[i].name, world.cuts);
		CHECK(judged.verdict == refusals[i].verdict, "%s: verdict %u", refusals[i].name,
		      judged.verdict);
		CHECK(!strcmp(judged.why, refusals[i].why), "%s: \"%s\"", refusals[i].name, judged.why);
	}
}

static void rate_of_blocks_is_bounded(void)
{
	setup();
	for (unsigned int i = 0; i < 1000; i++) {
		struct message_proposal p;

		world.key.hi = addr4("203.0.113.9");
		world.key.hi.b[14] = (uint8_t)(i >> 8);
		world.key.hi.b[15] = (uint8_t)i;
		p = fresh();
		propose(&p);
	}
	CHECK_EQ(world.blocks, k->now.base->block.rate);
	CHECK_EQ(world.cuts, 1000);
}

static void random_bytes(uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)rand();
}

/* Garbage, and good messages with some bytes changed: nothing but the one true flow is ever touched. */
static void garbage_changes_nothing(void)
{
	static _Alignas(8) uint8_t body[sizeof(struct message_proposal) + MESSAGE_LINE_MAX];
	struct keeper_child engine = {.kind = PROCESS_ENGINE};

	srand(1);
	setup();
	for (int i = 0; i < 200000; i++) {
		size_t len = sizeof(struct message_proposal) + (size_t)rand() % 300;

		random_bytes(body, len);
		keeper_proposal(k, &engine, body, len);
		random_bytes(body, sizeof(struct message_outcomes));
		keeper_outcomes(k, &engine, body, sizeof(struct message_outcomes));
	}
	CHECK_EQ(world.blocks, 0);
	CHECK_EQ(world.cuts, 0);
	CHECK_EQ(world.clears, 0);
	CHECK(k->proposals_refused > 0);
}

static void mutated_proposals_stay_within_the_flow(void)
{
	setup();
	srand(2);
	k->now.base->block.rate = UINT32_MAX;
	for (int i = 0; i < 300000; i++) {
		struct message_proposal p = fresh();
		uint8_t *bytes = (uint8_t *)&p;
		unsigned int blocks = world.blocks, cuts = world.cuts;
		bool same_flow, same_attacker;

		for (int n = rand() % 4; n >= 0; n--)
			bytes[(size_t)rand() % sizeof(p)] ^= (uint8_t)(1 << rand() % 8);
		same_flow = !memcmp(&p.key, &world.key, sizeof(p.key)) && p.flow_id == world.id;
		same_attacker = address_equal(&p.attacker, &world.key.lo) ||
				address_equal(&p.attacker, &world.key.hi);
		propose(&p);
		if (!same_flow || !same_attacker) {
			CHECK_EQ(world.blocks, blocks);
			CHECK_EQ(world.cuts, cuts);
		}
		if (world.blocks != blocks)
			CHECK(world.last.expires > second &&
			      world.last.expires <= second + k->now.base->block.ttl_max);
	}
}

/* --- FTP's announcements */

int gate_expect_put(struct gate *gate, const struct seki_expect_key *key, const struct seki_expect *value)
{
	world.expects++;
	world.expected = *key;
	CHECK(value->until == second + SEKI_EXPECT_SECONDS, "it ends");
	return 0;
}

void keeper_watch_announced(struct keeper *keeper, const struct seki_expect_key *key)
{
	CHECK(!memcmp(key, &world.expected, sizeof(*key)), "what the kernel was told");
}

void keeper_watch_tunnel(struct keeper *keeper, const struct message_tunnel *in)
{
	world.tunnels++;
}

static void announce(const struct message_announced *in)
{
	struct keeper_child engine = {.kind = PROCESS_ENGINE};

	keeper_announced(k, &engine, (const uint8_t *)in);
}

/* 192.0.2.1 is ours and has an FTP control connection with 203.0.113.9, whose server it is. */
static struct message_announced agreed(void)
{
	setup();
	world.has_net = true;
	world.net.flags = SEKI_NET_DMZ;
	world.key.lo_port = htons(21);
	return (struct message_announced){.key = world.key,
					  .flow_id = world.id,
					  .from = world.key.lo,
					  .to = world.key.hi,
					  .port = 40001};
}

static void tunnels_are_about_ours(void)
{
	struct message_tunnel in = {.names = 100, .domain = "example.org"};

	agreed();
	keeper_tunnel(k, (const uint8_t *)&in);
	CHECK_EQ(world.tunnels, 1);
	world.has_net = false;
	keeper_tunnel(k, (const uint8_t *)&in);
	CHECK_EQ(world.tunnels, 1);
	world.has_net = true;
	memset(in.domain, 'x', sizeof(in.domain));
	keeper_tunnel(k, (const uint8_t *)&in);
	CHECK_EQ(world.tunnels, 1);
}

static void announced_connections(void)
{
	static const char *const wrong[] = {"a third host",	"the same host twice", "a service's port",
					    "another protocol", "no control port",     "another flow",
					    "no proof",		"a flow that is cut",  "nobody of ours"};
	struct message_announced in = agreed();

	announce(&in);
	CHECK_EQ(world.expects, 1);
	CHECK(!memcmp(&world.expected.src, &in.from, sizeof(in.from)) &&
		      !memcmp(&world.expected.dst, &in.to, sizeof(in.to)),
	      "for these two");
	CHECK_EQ(ntohs(world.expected.dport), 40001);
	for (unsigned int i = 0; i < ARRAY_LEN(wrong); i++) {
		in = agreed();
		switch (i) {
		case 0:
			in.to = addr4("198.51.100.7");
			break;
		case 1:
			in.to = in.from;
			break;
		case 2:
			in.port = 22;
			break;
		case 3:
			in.key.proto = world.key.proto = 17;
			break;
		case 4:
			in.key.lo_port = world.key.lo_port = htons(80);
			break;
		case 5:
			in.flow_id++;
			break;
		case 6:
			world.flow.flags &= ~SEKI_FLOW_VALIDATED;
			break;
		case 7:
			world.flow.state = SEKI_FLOW_BLOCKED;
			break;
		case 8:
			world.has_net = false;
			break;
		}
		announce(&in);
		CHECK(!world.expects, "%s opens nothing", wrong[i]);
	}
}

static void every_sender_has_its_own_rows(void)
{
	struct channel_rule rules[MESSAGE_MAX];
	size_t count = message_rules(PROCESS_ENGINE, PROCESS_KEEPER, rules);

	for (size_t i = 0; i < count; i++)
		CHECK(rules[i].type == MESSAGE_PROPOSAL || rules[i].type == MESSAGE_OUTCOMES ||
		      rules[i].type == MESSAGE_ANNOUNCED || rules[i].type == MESSAGE_TUNNEL ||
		      rules[i].type == MESSAGE_HOST_SAID || rules[i].type == MESSAGE_ENGINE_STATS ||
		      rules[i].type == MESSAGE_READY);
	CHECK_EQ(message_rules(PROCESS_REPORTER, PROCESS_KEEPER, rules), 1);
	CHECK_EQ(rules[0].type, MESSAGE_REPORTER_STATS);
	CHECK_EQ(message_rules(PROCESS_REPORTER, PROCESS_ENGINE, rules), 0);
	CHECK_EQ(message_rules(PROCESS_ENGINE, PROCESS_CTL, rules), 0);
	for (size_t i = 1; i < MESSAGE_MAX; i++)
		CHECK(message_table[i].rule.max <= CHANNEL_BODY_MAX &&
		      message_table[i].rule.min <= message_table[i].rule.max);
}

/* The same over real channels: a hostile engine's bytes are refused by its rows before any handler sees them.
 */
static void channel_refuses_what_the_rows_do_not_have(void)
{
	struct channel_rule rules[MESSAGE_MAX];
	size_t count = message_rules(PROCESS_ENGINE, PROCESS_KEEPER, rules);
	static uint8_t body[CHANNEL_BODY_MAX];
	int refused = 0;

	srand(3);
	for (uint32_t type = 0; type < MESSAGE_MAX + 8; type++) {
		const struct message_row *row = type && type < MESSAGE_MAX ? &message_table[type] : NULL;
		size_t len = row ? row->rule.min : 64;
		bool mine = row && row->sender == PROCESS_ENGINE && row->receiver == PROCESS_KEEPER;
		struct channel_head head;
		int ends[2], fd, err;

		if (!CHECK_EQ(channel_pair(ends), 0))
			return;
		CHECK_EQ(channel_send(ends[0], type, 0, body, len, -1), 0);
		err = channel_receive(ends[1], rules, count, &head, body, &fd);
		CHECK(mine ? err == 0 : err == -EPROTO, "type %u gives %d", type, err);
		refused += err == -EPROTO;
		if (mine) { /* one byte too many */
			CHECK_EQ(channel_send(ends[0], type, 0, body, row->rule.max + 1, -1)
					 ? -EPROTO
					 : channel_receive(ends[1], rules, count, &head, body, &fd),
				 -EPROTO);
		}
		close(ends[0]);
		close(ends[1]);
	}
	CHECK(refused > 20);
}

static void rates_are_counted_per_second(void)
{
	struct message_meter meter = {0};
	unsigned int admitted = 0;

	for (int i = 0; i < 100; i++)
		admitted += message_admit(&meter, MESSAGE_UP, 5);
	CHECK_EQ(admitted, message_table[MESSAGE_UP].rate);
	CHECK_EQ(meter.dropped, 100 - admitted);
	CHECK(message_admit(&meter, MESSAGE_UP, 6));
}

/* ctl's reader of client JSON: garbage is refused, what is accepted is within every bound. */
static void requests_of_clients(void)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"null",
		"{\"command\":\"nope\"}",
		"{\"command\":7}",
		"{\"command\":\"block\"}",
		"{\"command\":\"block\",\"address\":\"1.2.3.4/33\"}",
		"{\"command\":\"block\",\"address\":\"1.2.3.4\",\"seconds\":-1}",
		"{\"command\":\"block\",\"address\":\"1.2.3.4\",\"seconds\":1e3}",
		"{\"command\":\"why\",\"address\":\"01.2.3.4\"}",
		"{\"command\":\"apply\",\"path\":\"relative\"}",
		"{\"command\":\"up\",\"ifaces\":[{\"name\":\"\"}]}",
		"{\"command\":\"up\",\"ifaces\":[{\"name\":\"a\",\"vlan\":4095}]}",
		"{\"command\":\"up\",\"ifaces\":[{\"name\":\"0123456789abcdef\"}]}",
		"{\"command\":\"up\",\"ifaces\":[{\"name\":\"a\",\"role\":\"none\"}]}",
		"{\"command\":\"up\",\"confirm\":1}",
		"{\"command\":\"status\",\"command\":\"down\"}",
		"{\"command\":\"down\",\"session\":{\"address\":\"10.0.0.0/8\",\"port\":1}}",
		"{\"command\":\"exported\"}",
		"{\"command\":\"exported\",\"text\":7}",
	};
	struct ctl_request request;
	const char *why;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(ctl_request_read(bad[i], strlen(bad[i]), 0, false, &request, &why) == -EINVAL, "\"%s\"",
		      bad[i]);
	srand(4);
	for (int i = 0; i < 100000; i++) {
		char text[] =
			"{\"command\":\"block\",\"address\":\"192.0.2.1\",\"seconds\":60,\"reason\":\"x\"}";

		for (int n = rand() % 3; n >= 0; n--)
			text[(size_t)rand() % (sizeof(text) - 1)] = (char)rand();
		if (ctl_request_read(text, sizeof(text) - 1, 0, false, &request, &why))
			continue;
		CHECK(request.type < MESSAGE_MAX && request.len == message_table[request.type].rule.max);
		if (request.type == MESSAGE_BLOCK)
			CHECK(message_text_valid(request.body.block.reason,
						 sizeof(request.body.block.reason)));
	}
	CHECK_EQ(ctl_request_read("{\"command\":\"down\"}", 18, 1000, false, &request, &why), 0);
	CHECK(request.changes && request.body.ask.peer.uid == 1000);
}

/* What leaves by the command line is noted for those who may only read, too; they choose no kind. */
static void readers_tell_what_they_export(void)
{
	static const char text[] = "{\"command\":\"exported\",\"kind\":1,\"text\":\"list evil as edl\"}";
	struct ctl_request request;
	const char *why;

	CHECK_EQ(ctl_request_read(text, sizeof(text) - 1, 1000, false, &request, &why), 0);
	CHECK(!request.changes && !request.needs_fd && request.type == MESSAGE_ASK_EXPORTED);
	CHECK_EQ(request.body.trace.kind, 0);
	CHECK_EQ(request.body.trace.peer.uid, 1000);
	CHECK_STR(request.body.trace.text, "list evil as edl");
}

/* T9: what the portal's user may ask for, and that his name counts only when the portal says it. */
static void requests_of_the_portal(void)
{
	static const char *const may[] = {"status", "why", "lists", "block", "unblock", "ack", "trace"};
	static const char *const may_not[] = {"down",	"up",	"apply",  "confirm",	 "rollback",
					      "reload", "load", "verify", "portal-code", "exported"};
	struct ctl_request request;
	const char *why;
	char text[200];

	for (size_t i = 0; i < ARRAY_LEN(may) + ARRAY_LEN(may_not); i++) {
		bool good = i < ARRAY_LEN(may);

		snprintf(text, sizeof(text),
			 "{\"command\":\"%s\",\"address\":\"192.0.2.1\",\"name\":\"x\",\"text\":\"x\","
			 "\"event\":1,"
			 "\"format\":\"plain\",\"by\":\"alice\"}",
			 good ? may[i] : may_not[i - ARRAY_LEN(may)]);
		CHECK_EQ(ctl_request_read(text, strlen(text), 64715, true, &request, &why), 0);
		CHECK(request.portal == good, "%s", text);
		CHECK_STR(request.body.ask.peer.who, "alice");
		CHECK_EQ(request.body.ask.peer.portal, 1);
		CHECK_EQ(ctl_request_read(text, strlen(text), 0, false, &request, &why), 0);
		CHECK(!*request.body.ask.peer.who && !request.body.ask.peer.portal);
	}
}

static const struct ktap_test tests[] = {
	TEST(requests_of_the_portal),	     TEST(readers_tell_what_they_export),
	TEST(honest_proposal_blocks),	     TEST(repeats_last_longer_but_are_capped),
	TEST(every_condition_refuses),	     TEST(rate_of_blocks_is_bounded),
	TEST(garbage_changes_nothing),	     TEST(mutated_proposals_stay_within_the_flow),
	TEST(announced_connections),	     TEST(tunnels_are_about_ours),
	TEST(every_sender_has_its_own_rows), TEST(channel_refuses_what_the_rows_do_not_have),
	TEST(rates_are_counted_per_second),  TEST(requests_of_clients),
};
KTAP_MAIN(tests)
