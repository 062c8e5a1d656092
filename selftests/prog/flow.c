/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * flow - how a flow begins, proves itself, is cleared, re-armed, cut and
 * forgotten; and what seki_flow_ctl answers.
 */
#include "lib/bpftest.h"

/* One TCP conversation of a client behind wan with a server on our side. */
struct talk {
	const char *client, *server;
	int client_port, server_port;
	bool dmz; /* the server's packets arrive by XDP on a dmz interface, else leave by tc on role host */
};

static const struct talk host4 = {"198.51.100.7", "192.0.2.10", 40000, 80, false};
static const struct talk host6 = {"2001:db8:900d::7", "2001:db8:1::10", 40000, 80, false};
static const struct talk dmz4 = {"198.51.100.7", "10.0.10.5", 40000, 443, true};
static const struct talk dmz6 = {"2001:db8:900d::7", "2001:db8:d::5", 40000, 443, true};
static const struct talk small_client = {"5.5.5.5", "192.0.2.10", 40000, 80, false};

#define ISN_CLIENT 1000u
#define ISN_SERVER 77000u

static struct world world;

static void world_fresh(void)
{
	flows_forget(&world);
	map_clear(world.ifaces);
	settings_sane(&world);
}

static struct outcome talk_client(const struct talk *t, const char *flags, __u32 seq, __u32 ack, int payload)
{
	struct frame f;

	iface_write(&world, 0, t->dmz ? SEKI_ROLE_WAN : SEKI_ROLE_HOST, SEKI_MODE_ENFORCE, 0);
	frame_make(&f, "eth %s:%s>%s tcp:%d>%d,%s,seq=%u,ack=%u data:%d",
		   strchr(t->client, ':') ? "ip6" : "ip4", t->client, t->server, t->client_port,
		   t->server_port, flags, seq, ack, payload);
	return send_xdp(&world, &f);
}

static struct outcome talk_server(const struct talk *t, const char *flags, __u32 seq, __u32 ack, int payload)
{
	struct frame f;

	iface_write(&world, 0, t->dmz ? SEKI_ROLE_DMZ : SEKI_ROLE_HOST, SEKI_MODE_ENFORCE, 0);
	frame_make(&f, "eth %s:%s>%s tcp:%d>%d,%s,seq=%u,ack=%u data:%d",
		   strchr(t->client, ':') ? "ip6" : "ip4", t->server, t->client, t->server_port,
		   t->client_port, flags, seq, ack, payload);
	return t->dmz ? send_xdp(&world, &f) : send_tc(&world, &f);
}

static struct seki_flow_key talk_key(const struct talk *t)
{
	return key_of(t->client, t->client_port, t->server, t->server_port, 6);
}

static enum flow_place talk_find(const struct talk *t, struct seki_flow *flow)
{
	struct seki_flow_key key = talk_key(t);

	return flow_find(&world, &key, flow);
}

/* The three-way handshake; the validated flow's row. */
static struct seki_flow talk_open(const struct talk *t)
{
	struct seki_flow flow;

	talk_client(t, "S", ISN_CLIENT, 0, 0);
	talk_server(t, "SA", ISN_SERVER, ISN_CLIENT + 1, 0);
	talk_client(t, "A", ISN_CLIENT + 1, ISN_SERVER + 1, 0);
	CHECK(talk_find(t, &flow) == FLOW_TABLE, "%s: not in seki_flows after the handshake", t->client);
	return flow;
}

static __u32 initiator_bit(const struct talk *t)
{
	struct seki_flow_key key = talk_key(t);
	struct seki_addr client = addr_of(t->client);

	return memcmp(&key.lo, &client, sizeof(client)) ? 0 : SEKI_FLOW_INIT_LO;
}

static void check_handshake(const struct talk *t)
{
	struct seki_flow flow;

	world_fresh();
	CHECK(!talk_client(t, "S", ISN_CLIENT, 0, 0).dropped, "SYN");
	CHECK(talk_find(t, &flow) == FLOW_EMBRYO, "%s: SYN is not an embryo", t->client);
	CHECK(flow.state == SEKI_FLOW_NEW || flow.state == SEKI_FLOW_SUSPECT, "state %u", flow.state);
	CHECK(flow.id != 0, "no id");
	CHECK_EQ(flow.flags & (SEKI_FLOW_INIT_LO | SEKI_FLOW_INIT_KNOWN | SEKI_FLOW_VALIDATED),
		 initiator_bit(t) | SEKI_FLOW_INIT_KNOWN);
	CHECK(!talk_server(t, "SA", ISN_SERVER, ISN_CLIENT + 1, 0).dropped, "SYN+ACK");
	CHECK(talk_find(t, &flow) == FLOW_EMBRYO, "%s: SYN+ACK promotes", t->client);
	CHECK(flow.flags & SEKI_FLOW_REPLIED, "not replied");
	CHECK_EQ(flow.iss, ISN_SERVER);
	CHECK_EQ(flow.snd_nxt, ISN_SERVER + 1);
	CHECK(!talk_client(t, "A", ISN_CLIENT + 1, ISN_SERVER + 1, 0).dropped, "ACK");
	CHECK(talk_find(t, &flow) == FLOW_TABLE, "%s: not promoted", t->client);
	CHECK(flow.flags & SEKI_FLOW_VALIDATED, "not validated");
	CHECK_EQ(flow.state, SEKI_FLOW_SUSPECT);
	CHECK_EQ(flow.pkts[0], 2);
	CHECK_EQ(flow.pkts[1], 1);
}

static void handshake_validates(void)
{
	check_handshake(&host4);
	check_handshake(&host6);
	check_handshake(&dmz4);
	check_handshake(&dmz6);
	check_handshake(&small_client);
}

static void wrong_acks_validate_nothing(void)
{
	static const struct {
		__u32 iss, ack;
		bool valid;
	} rows[] = {
		{ISN_SERVER, ISN_SERVER, false},
		{ISN_SERVER, ISN_SERVER + 1, true},
		{ISN_SERVER, ISN_SERVER + 2, false},
		{ISN_SERVER, 0, false},
		{ISN_SERVER, 0x80000000u, false},
		{ISN_SERVER, ISN_SERVER - 1, false},
		{0xffffffffu, 0, true},
		{0xffffffffu, 0xffffffffu, false},
		{0xffffffffu, 1, false},
		{0, 1, true},
		{0, 0, false},
		{0x7fffffffu, 0x80000000u, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seki_flow flow;

		world_fresh();
		talk_client(&host4, "S", ISN_CLIENT, 0, 0);
		talk_server(&host4, "SA", rows[i].iss, ISN_CLIENT + 1, 0);
		talk_client(&host4, "A", ISN_CLIENT + 1, rows[i].ack, 0);
		talk_find(&host4, &flow);
		CHECK(!!(flow.flags & SEKI_FLOW_VALIDATED) == rows[i].valid, "iss %u ack %u", rows[i].iss,
		      rows[i].ack);
	}
}

static void forged_clients_prove_nothing(void)
{
	struct seki_flow flow;

	world_fresh();
	talk_client(&host4, "S", ISN_CLIENT, 0, 0);
	talk_client(&host4, "A", ISN_CLIENT + 1, ISN_SERVER + 1, 0);
	talk_client(&host4, "PA", ISN_CLIENT + 1, ISN_SERVER + 1, 100);
	CHECK(talk_find(&host4, &flow) == FLOW_EMBRYO, "an unanswered SYN leaves the embryos");
	CHECK(!(flow.flags & SEKI_FLOW_VALIDATED), "validated without an answer");
	world_fresh();
	talk_client(&host4, "PA", ISN_CLIENT + 1, ISN_SERVER + 1, 100);
	CHECK(talk_find(&host4, &flow) == FLOW_EMBRYO, "mid-stream client data is an embryo");
	CHECK(!(flow.flags & (SEKI_FLOW_VALIDATED | SEKI_FLOW_INIT_KNOWN)), "flags %x", flow.flags);
	world_fresh();
	talk_client(&host4, "SA", ISN_SERVER, ISN_CLIENT + 1, 0);
	talk_client(&host4, "A", ISN_SERVER + 1, ISN_CLIENT + 1, 0);
	talk_find(&host4, &flow);
	CHECK(!(flow.flags & SEKI_FLOW_VALIDATED), "a SYN+ACK from outside proves nothing");
}

static void midstream_is_validated_by_acknowledged_data(void)
{
	struct seki_flow flow;

	world_fresh();
	talk_server(&host4, "PA", 5000, 1, 100);
	talk_client(&host4, "A", 1, 5000, 0);
	talk_find(&host4, &flow);
	CHECK(!(flow.flags & SEKI_FLOW_VALIDATED), "acknowledging nothing validates");
	talk_client(&host4, "A", 1, 5101, 0);
	talk_find(&host4, &flow);
	CHECK(!(flow.flags & SEKI_FLOW_VALIDATED), "acknowledging too much validates");
	talk_client(&host4, "A", 1, 5050, 0);
	CHECK(talk_find(&host4, &flow) == FLOW_TABLE && flow.flags & SEKI_FLOW_VALIDATED, "flags %x",
	      flow.flags);
}

static void blocked_flow_is_cut_in_both_directions(void)
{
	const struct talk *const talks[] = {&host4, &host6, &dmz4, &dmz6};

	for (size_t i = 0; i < sizeof(talks) / sizeof(talks[0]); i++) {
		const struct talk *t = talks[i];
		struct seki_flow_key key = talk_key(t);
		struct seki_flow flow;

		world_fresh();
		flow = talk_open(t);
		CHECK_EQ(flow_op(&world, SEKI_OP_BLOCK, &key, flow.id, world_seconds() + 100), 0);
		CHECK_OUTCOME(talk_client(t, "PA", ISN_CLIENT + 1, ISN_SERVER + 1, 50), drop, FLOW_BLOCKED,
			      t->client);
		CHECK_OUTCOME(talk_client(t, "A", ISN_CLIENT + 51, ISN_SERVER + 1, 0), drop, FLOW_BLOCKED,
			      t->client);
		CHECK_OUTCOME(talk_server(t, "PA", ISN_SERVER + 1, ISN_CLIENT + 51, 50), drop, FLOW_BLOCKED,
			      t->server);
		CHECK(talk_find(t, &flow) == FLOW_TABLE, "blocked flow is not in seki_flows");
		CHECK_EQ(flow.state, SEKI_FLOW_BLOCKED);
		CHECK_EQ(flow.cut_pkts[0], 2);
		CHECK_EQ(flow.cut_pkts[1], 1);
		CHECK_EQ(flow.pkts[0], 2);
		CHECK_EQ(flow.pkts[1], 1);
		CHECK_EQ(flow_op(&world, SEKI_OP_UNBLOCK, &key, flow.id, 0), 0);
		CHECK(!talk_client(t, "PA", ISN_CLIENT + 1, ISN_SERVER + 1, 50).dropped, "after unblock");
	}
}

static void block_ends_at_its_time(void)
{
	struct seki_flow_key key = talk_key(&host4);
	struct seki_flow flow;

	world_fresh();
	flow = talk_open(&host4);
	CHECK_EQ(flow_op(&world, SEKI_OP_BLOCK, &key, 0, world_seconds()), 0);
	CHECK(!talk_client(&host4, "PA", ISN_CLIENT + 1, ISN_SERVER + 1, 50).dropped, "an ended block drops");
	talk_find(&host4, &flow);
	CHECK(flow.state != SEKI_FLOW_BLOCKED, "an ended block stays in the state");
}

static void blocked_embryo_moves_to_the_lasting_table(void)
{
	struct seki_flow_key key = talk_key(&host4);
	struct seki_flow flow;

	world_fresh();
	talk_client(&host4, "S", ISN_CLIENT, 0, 0);
	CHECK_EQ(flow_op(&world, SEKI_OP_BLOCK, &key, 0, world_seconds() + 100), 0);
	CHECK(talk_find(&host4, &flow) == FLOW_TABLE, "a blocked flow lives in an evictable table");
	CHECK_EQ(bpf_map_lookup_elem(world.embryos, &key, &flow), -ENOENT);
	CHECK_OUTCOME(talk_client(&host4, "S", ISN_CLIENT, 0, 0), drop, FLOW_BLOCKED, "SYN again");
}

static void blocked_flow_in_monitor_only_would(void)
{
	struct seki_flow_key key = talk_key(&host4);
	struct frame f;

	world_fresh();
	talk_open(&host4);
	CHECK_EQ(flow_op(&world, SEKI_OP_BLOCK, &key, 0, world_seconds() + 100), 0);
	iface_write(&world, 0, SEKI_ROLE_HOST, SEKI_MODE_MONITOR, 0);
	frame_make(&f, "eth ip4:198.51.100.7>192.0.2.10 tcp:40000>80,PA,seq=1001,ack=77001 data:5");
	CHECK_OUTCOME(send_xdp(&world, &f), would, FLOW_BLOCKED, "monitor");
}

static void cleared_flow_is_copied_no_more_until_rearmed(void)
{
	struct seki_flow_key key = talk_key(&host4);
	struct seki_flow flow;

	world_fresh();
	flow = talk_open(&host4);
	CHECK_OUTCOME(talk_client(&host4, "PA", ISN_CLIENT + 1, ISN_SERVER + 1, 50), pass, COPIED, "suspect");
	CHECK_EQ(flow_op(&world, SEKI_OP_CLEAR, &key, flow.id, 0), 0);
	CHECK_OUTCOME(talk_client(&host4, "PA", ISN_CLIENT + 51, ISN_SERVER + 1, 50), pass, CLEAN,
		      "more client data");
	CHECK_OUTCOME(talk_server(&host4, "PA", ISN_SERVER + 1, ISN_CLIENT + 101, 70), pass, CLEAN,
		      "server data");
	CHECK_OUTCOME(talk_client(&host4, "A", ISN_CLIENT + 101, ISN_SERVER + 71, 0), pass, CLEAN,
		      "bare ACK");
	talk_find(&host4, &flow);
	CHECK_EQ(flow.state, SEKI_FLOW_CLEARED);
	CHECK_OUTCOME(talk_client(&host4, "PA", ISN_CLIENT + 101, ISN_SERVER + 71, 50), pass, COPIED,
		      "next request");
	talk_find(&host4, &flow);
	CHECK_EQ(flow.state, SEKI_FLOW_SUSPECT);
}

static void sealed_flow_is_never_rearmed(void)
{
	struct seki_flow_key key = talk_key(&host4);
	struct seki_flow flow;

	world_fresh();
	flow = talk_open(&host4);
	CHECK_EQ(flow_op(&world, SEKI_OP_SEAL, &key, flow.id, 0), 0);
	CHECK_OUTCOME(talk_server(&host4, "PA", ISN_SERVER + 1, ISN_CLIENT + 1, 70), pass, CLEAN,
		      "server data");
	CHECK_OUTCOME(talk_client(&host4, "PA", ISN_CLIENT + 1, ISN_SERVER + 71, 50), pass, CLEAN,
		      "client data");
	talk_find(&host4, &flow);
	CHECK_EQ(flow.state, SEKI_FLOW_SEALED);
}

static void one_sided_flow_cannot_be_sealed(void)
{
	struct seki_flow_key key = talk_key(&host4);
	struct seki_flow flow;

	world_fresh();
	talk_client(&host4, "S", ISN_CLIENT, 0, 0);
	talk_client(&host4, "PA", ISN_CLIENT + 1, 1, 50);
	talk_find(&host4, &flow);
	CHECK(flow_op(&world, SEKI_OP_SEAL, &key, flow.id, 0) < 0, "sealed without the server's half");
	talk_find(&host4, &flow);
	CHECK(flow.state != SEKI_FLOW_SEALED, "state %u", flow.state);
}

static void depth_counts_per_transaction(void)
{
	world_fresh();
	world.policy.depth[0] = 100;
	settings_write(&world);
	talk_open(&host4);
	CHECK_OUTCOME(talk_client(&host4, "PA", ISN_CLIENT + 1, ISN_SERVER + 1, 80), pass, COPIED,
		      "within depth");
	CHECK_OUTCOME(talk_client(&host4, "PA", ISN_CLIENT + 81, ISN_SERVER + 1, 80), pass, COPIED,
		      "reaches depth");
	CHECK_OUTCOME(talk_client(&host4, "PA", ISN_CLIENT + 161, ISN_SERVER + 1, 80), pass, CLEAN,
		      "beyond depth");
	talk_server(&host4, "PA", ISN_SERVER + 1, ISN_CLIENT + 241, 10);
	CHECK_OUTCOME(talk_client(&host4, "PA", ISN_CLIENT + 241, ISN_SERVER + 11, 80), pass, COPIED,
		      "next request");
}

static void lost_flow_cannot_be_cleared(void)
{
	struct seki_flow_key key = talk_key(&host4);
	struct seki_flow flow;

	world_fresh();
	flow = talk_open(&host4);
	flow.flags |= SEKI_FLOW_LOST;
	map_write(world.flows, &key, &flow, "seki_flows");
	CHECK_EQ(flow_op(&world, SEKI_OP_CLEAR, &key, flow.id, 0), -EBUSY);
	talk_find(&host4, &flow);
	CHECK_EQ(flow.state, SEKI_FLOW_UNINSPECTED);
	CHECK_EQ(flow_op(&world, SEKI_OP_SEAL, &key, flow.id, 0), -EBUSY);
	CHECK(outcome_is_noted(talk_client(&host4, "PA", ISN_CLIENT + 1, ISN_SERVER + 1, 50),
			       SEKI_R_UNINSPECTED),
	      "an uninspected flow is not counted as one");
	world.policy.action[SEKI_R_UNINSPECTED] = SEKI_ACTION_DROP;
	settings_write(&world);
	CHECK_OUTCOME(talk_client(&host4, "PA", ISN_CLIENT + 51, ISN_SERVER + 1, 50), drop, UNINSPECTED,
		      "action drop");
}

static void commands_answer(void)
{
	struct seki_flow_cmd cmd = {.op = SEKI_OP_READ};
	struct seki_flow_key key = talk_key(&host4), none = talk_key(&dmz6);
	struct seki_flow flow;

	world_fresh();
	flow = talk_open(&host4);
	for (int op = SEKI_OP_READ; op < SEKI_OP_MAX; op++)
		CHECK(flow_op(&world, op, &none, 1, 0) == -ENOENT, "op %d of no flow", op);
	for (int op = SEKI_OP_READ; op < SEKI_OP_MAX; op++)
		CHECK(flow_op(&world, op, &key, flow.id + 1, 0) == -ESTALE, "op %d with a stale id", op);
	CHECK(flow_op(&world, SEKI_OP_CLEAR, &key, 0, 0) < 0, "CLEAR without an id");
	CHECK(flow_op(&world, SEKI_OP_UNBLOCK, &key, 0, 0) < 0, "UNBLOCK without an id");
	CHECK_EQ(flow_op(&world, SEKI_OP_MAX, &key, flow.id, 0), -EINVAL);
	cmd.key = key;
	CHECK_EQ(flow_ctl(&world, &cmd), 0);
	CHECK_EQ(cmd.flow.id, flow.id);
	CHECK(!memcmp(&cmd.flow, &flow, sizeof(flow)), "READ differs from the table");
	cmd.id = flow.id;
	CHECK_EQ(flow_ctl(&world, &cmd), 0);
}

static void ids_are_not_reused(void)
{
	struct seki_flow_key key = talk_key(&host4);
	struct seki_flow first, second;

	world_fresh();
	first = talk_open(&host4);
	bpf_map_delete_elem(world.flows, &key);
	second = talk_open(&host4);
	CHECK(first.id != second.id, "both are %llu", first.id);
	CHECK_EQ(flow_op(&world, SEKI_OP_CLEAR, &key, first.id, 0), -ESTALE);
}

static void expire_removes_what_is_idle(void)
{
	struct seki_flow_key key4 = talk_key(&host4), key6 = talk_key(&host6),
			     small = talk_key(&small_client);
	__u32 now = world_seconds();
	struct seki_flow flow, idle, blocked, living;

	world_fresh();
	flow = talk_open(&host4);
	flow.last = now > 400 ? now - 400 : 0;
	world.policy.tcp_idle = 1;
	settings_write(&world);
	map_write(world.flows, &key4, &flow, "seki_flows");
	idle = flow;
	flow = talk_open(&host6);
	flow.last = now > 400 ? now - 400 : 0;
	flow.state = SEKI_FLOW_BLOCKED;
	flow.blocked_until = now + 100;
	map_write(world.flows, &key6, &flow, "seki_flows");
	blocked = flow;
	living = talk_open(&small_client);
	living.last = now + 1000;
	map_write(world.flows, &small, &living, "seki_flows");
	CHECK_EQ(flow_op(&world, SEKI_OP_EXPIRE, &key4, idle.id, 0), 0);
	CHECK_EQ(flow_op(&world, SEKI_OP_EXPIRE, &key4, idle.id, 0), -ENOENT);
	CHECK_EQ(flow_op(&world, SEKI_OP_EXPIRE, &key6, blocked.id, 0), -EBUSY);
	CHECK_EQ(flow_op(&world, SEKI_OP_EXPIRE, &small, living.id, 0), -EBUSY);
	CHECK_EQ(flow_op(&world, SEKI_OP_EXPIRE, &small, living.id + 1, 0), -ESTALE);
	CHECK_EQ(flow_find(&world, &key4, &flow), FLOW_NOWHERE);
	CHECK_EQ(flow_find(&world, &key6, &flow), FLOW_TABLE);
	CHECK_EQ(flow_find(&world, &small, &flow), FLOW_TABLE);
}

static void closed_flows_leave_sooner(void)
{
	struct seki_flow_key key = talk_key(&host4);
	struct seki_flow flow;

	world_fresh();
	talk_open(&host4);
	talk_client(&host4, "FA", ISN_CLIENT + 1, ISN_SERVER + 1, 0);
	talk_find(&host4, &flow);
	CHECK_EQ(flow.flags & (SEKI_FLOW_FIN_LO | SEKI_FLOW_FIN_HI),
		 initiator_bit(&host4) ? SEKI_FLOW_FIN_LO : SEKI_FLOW_FIN_HI);
	talk_server(&host4, "FA", ISN_SERVER + 1, ISN_CLIENT + 2, 0);
	talk_find(&host4, &flow);
	CHECK_EQ(flow.flags & (SEKI_FLOW_FIN_LO | SEKI_FLOW_FIN_HI), SEKI_FLOW_FIN_LO | SEKI_FLOW_FIN_HI);
	CHECK_EQ(flow_op(&world, SEKI_OP_EXPIRE, &key, flow.id, 0), -EBUSY);
	flow.last -= world.policy.tcp_closing + 1;
	map_write(world.flows, &key, &flow, "seki_flows");
	CHECK_EQ(flow_op(&world, SEKI_OP_EXPIRE, &key, flow.id, 0), 0);
}

static void udp_is_never_validated(void)
{
	struct seki_flow_key key = key_of("198.51.100.7", 5000, "192.0.2.10", 53, 17);
	struct seki_flow flow;
	struct frame f;

	world_fresh();
	iface_write(&world, 0, SEKI_ROLE_HOST, SEKI_MODE_ENFORCE, 0);
	frame_make(&f, "eth ip4:198.51.100.7>192.0.2.10 udp:5000>53 data:30");
	CHECK_OUTCOME(send_xdp(&world, &f), pass, COPIED, "first UDP");
	CHECK_EQ(flow_find(&world, &key, &flow), FLOW_EMBRYO);
	frame_make(&f, "eth ip4:192.0.2.10>198.51.100.7 udp:53>5000 data:60");
	CHECK_OUTCOME(send_tc(&world, &f), pass, COPIED, "answer");
	CHECK(flow_find(&world, &key, &flow) != FLOW_NOWHERE, "no flow");
	CHECK_EQ(flow.flags & (SEKI_FLOW_VALIDATED | SEKI_FLOW_REPLIED), SEKI_FLOW_REPLIED);
	CHECK_EQ(flow.pkts[0] + flow.pkts[1], 2);
}

static void echo_is_one_flow(void)
{
	struct seki_flow_key key = key_of("198.51.100.7", 9, "192.0.2.10", 9, 1);
	struct seki_flow flow;
	struct frame f;

	world_fresh();
	iface_write(&world, 0, SEKI_ROLE_HOST, SEKI_MODE_ENFORCE, 0);
	frame_make(&f, "eth ip4:198.51.100.7>192.0.2.10 icmp:8,id=9 data:30");
	CHECK(outcome_is_free(send_xdp(&world, &f)), "echo");
	frame_make(&f, "eth ip4:192.0.2.10>198.51.100.7 icmp:0,id=9 data:30");
	CHECK(outcome_is_free(send_tc(&world, &f)), "reply");
	CHECK(flow_find(&world, &key, &flow) != FLOW_NOWHERE, "no flow of the identifier");
	CHECK_EQ(flow.pkts[0], 1);
	CHECK_EQ(flow.pkts[1], 1);
}

static void clean_end_counts_for_the_source(void)
{
	struct seki_flow_key key = talk_key(&host4);
	struct seki_addr client = addr_of(host4.client);
	struct seki_source source = {0};
	struct seki_flow flow;

	world_fresh();
	flow = talk_open(&host4);
	CHECK_EQ(flow_op(&world, SEKI_OP_CLEAN_END, &key, flow.id, 0), 0);
	CHECK_EQ(bpf_map_lookup_elem(world.sources, &client, &source), 0);
	CHECK_EQ(source.clean[0] + source.clean[1], 1);
	talk_find(&host4, &flow);
	CHECK_EQ(flow.state, SEKI_FLOW_SUSPECT);
}

static void reset_in_the_middle_does_not_end_a_living_flow(void)
{
	struct seki_flow flow;

	world_fresh();
	talk_open(&host4);
	talk_client(&host4, "R", ISN_CLIENT + 500000, 0, 0);
	talk_find(&host4, &flow);
	CHECK_EQ(flow.state, SEKI_FLOW_SUSPECT);
	CHECK_OUTCOME(talk_client(&host4, "PA", ISN_CLIENT + 1, ISN_SERVER + 1, 50), pass, COPIED,
		      "data after a RST");
}

/* A SYN+ACK sent ahead of the own SYN would make the rules look for the attack on the server's side. */
static void stray_answer_does_not_swap_the_parties(void)
{
	const struct talk *const talks[] = {&host4, &dmz4, &small_client};

	for (size_t i = 0; i < sizeof(talks) / sizeof(talks[0]); i++) {
		const struct talk *t = talks[i];
		struct seki_flow before, flow;

		world_fresh();
		talk_client(t, "SA", 5, 6, 0);
		talk_server(t, "R", 6, 0, 0);
		talk_find(t, &before);
		flow = talk_open(t);
		CHECK_EQ(flow.flags & (SEKI_FLOW_INIT_LO | SEKI_FLOW_INIT_KNOWN),
			 initiator_bit(t) | SEKI_FLOW_INIT_KNOWN);
		CHECK(flow.id != before.id, "an engine would go on with the old parties");
		CHECK_EQ(flow.pkts[0], 2);
	}
}

static void forged_syn_does_not_swap_the_parties(void)
{
	struct seki_flow flow;

	world_fresh();
	talk_server(&host4, "S", ISN_SERVER, 0, 0);
	talk_client(&host4, "S", 5, 0, 0);
	talk_find(&host4, &flow);
	CHECK_EQ(flow.flags & SEKI_FLOW_INIT_LO, SEKI_FLOW_INIT_LO ^ initiator_bit(&host4));
	world_fresh();
	flow = talk_open(&host4);
	talk_server(&host4, "S", ISN_SERVER + 1, 0, 0);
	talk_find(&host4, &flow);
	CHECK_EQ(flow.flags & SEKI_FLOW_INIT_LO, initiator_bit(&host4));
}

/* Else an idle living connection would be forgotten after seconds, as if it were the ended one. */
static void next_connection_on_the_same_ports_is_not_closing(void)
{
	struct seki_flow flow;

	world_fresh();
	talk_open(&host4);
	talk_client(&host4, "FA", ISN_CLIENT + 1, ISN_SERVER + 1, 0);
	talk_server(&host4, "FA", ISN_SERVER + 1, ISN_CLIENT + 2, 0);
	talk_client(&host4, "S", ISN_CLIENT + 9000, 0, 0);
	talk_find(&host4, &flow);
	CHECK_EQ(flow.flags & (SEKI_FLOW_FIN_LO | SEKI_FLOW_FIN_HI | SEKI_FLOW_RST), 0);
}

/* Cleared and sealed are said of one connection, not of its ports. */
static void next_connection_on_the_same_ports_is_inspected(void)
{
	static const enum seki_flow_op ops[] = {SEKI_OP_CLEAR, SEKI_OP_SEAL};
	struct seki_flow_key key = talk_key(&host4);
	struct seki_flow flow;

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		world_fresh();
		flow = talk_open(&host4);
		talk_client(&host4, "PA", ISN_CLIENT + 1, ISN_SERVER + 1, 50);
		CHECK_EQ(flow_op(&world, ops[i], &key, flow.id, 0), 0);
		talk_client(&host4, "R", ISN_CLIENT + 51, 0, 0);
		talk_client(&host4, "S", ISN_CLIENT + 9000, 0, 0);
		talk_server(&host4, "SA", ISN_SERVER + 9000, ISN_CLIENT + 9001, 0);
		CHECK_OUTCOME(talk_client(&host4, "PA", ISN_CLIENT + 9001, ISN_SERVER + 9001, 50), pass,
			      COPIED, "first data of the next connection");
	}
}

static void proof_is_of_one_connection(void)
{
	struct seki_flow flow;

	world_fresh();
	talk_open(&host4);
	talk_client(&host4, "S", 5, 0, 0);
	talk_server(&host4, "SA", ISN_SERVER + 9000, 6, 0);
	talk_client(&host4, "PA", 6, 1, 50);
	talk_find(&host4, &flow);
	CHECK(!(flow.flags & SEKI_FLOW_VALIDATED), "the old proof stands for a forged connection");
	talk_client(&host4, "A", 6, ISN_SERVER + 9001, 0);
	talk_find(&host4, &flow);
	CHECK(flow.flags & SEKI_FLOW_VALIDATED, "a new proof is not taken");
	world_fresh();
	talk_client(&host4, "S", 5, 0, 0);
	talk_server(&host4, "SA", ISN_SERVER, 6, 0);
	talk_client(&host4, "S", 50, 0, 0);
	talk_server(&host4, "SA", ISN_SERVER + 1000000000, 51, 0);
	talk_client(&host4, "A", 51, ISN_SERVER + 500000000, 0);
	talk_find(&host4, &flow);
	CHECK(!(flow.flags & SEKI_FLOW_VALIDATED), "a number between two connections is proof");
}

static void unanswered_datagrams_are_looked_at_again(void)
{
	struct seki_flow_key key = key_of("198.51.100.7", 5000, "192.0.2.10", 514, 17);
	struct seki_flow flow;
	struct frame f;

	world_fresh();
	world.policy.depth[0] = 100;
	settings_write(&world);
	iface_write(&world, 0, SEKI_ROLE_HOST, SEKI_MODE_ENFORCE, 0);
	frame_make(&f, "eth ip4:198.51.100.7>192.0.2.10 udp:5000>514 data:200");
	CHECK_OUTCOME(send_xdp(&world, &f), pass, COPIED, "first");
	flow_find(&world, &key, &flow);
	flow.last -= 100;
	map_write(world.embryos, &key, &flow, "seki_embryos");
	CHECK_OUTCOME(send_xdp(&world, &f), pass, COPIED, "a minute later");
}

/* Fragments of two hosts share a row: harmless ones must not use up the depth of those to come. */
static void fragments_have_no_common_depth(void)
{
	struct frame f;

	world_fresh();
	world.policy.depth[0] = 100;
	settings_write(&world);
	iface_write(&world, 0, SEKI_ROLE_HOST, SEKI_MODE_ENFORCE, 0);
	for (int i = 0; i < 4; i++) {
		frame_make(&f, "eth ip4:198.51.100.7>192.0.2.10,mf,id=%d udp:5000>514 data:80", i);
		CHECK_OUTCOME(send_xdp(&world, &f), pass, COPIED, "first fragment");
	}
}

static const struct ktap_test tests[] = {
	TEST(stray_answer_does_not_swap_the_parties),
	TEST(forged_syn_does_not_swap_the_parties),
	TEST(next_connection_on_the_same_ports_is_inspected),
	TEST(next_connection_on_the_same_ports_is_not_closing),
	TEST(proof_is_of_one_connection),
	TEST(unanswered_datagrams_are_looked_at_again),
	TEST(fragments_have_no_common_depth),
	TEST(handshake_validates),
	TEST(wrong_acks_validate_nothing),
	TEST(forged_clients_prove_nothing),
	TEST(midstream_is_validated_by_acknowledged_data),
	TEST(blocked_flow_is_cut_in_both_directions),
	TEST(block_ends_at_its_time),
	TEST(blocked_embryo_moves_to_the_lasting_table),
	TEST(blocked_flow_in_monitor_only_would),
	TEST(cleared_flow_is_copied_no_more_until_rearmed),
	TEST(sealed_flow_is_never_rearmed),
	TEST(one_sided_flow_cannot_be_sealed),
	TEST(depth_counts_per_transaction),
	TEST(lost_flow_cannot_be_cleared),
	TEST(commands_answer),
	TEST(ids_are_not_reused),
	TEST(expire_removes_what_is_idle),
	TEST(closed_flows_leave_sooner),
	TEST(udp_is_never_validated),
	TEST(echo_is_one_flow),
	TEST(clean_end_counts_for_the_source),
	TEST(reset_in_the_middle_does_not_end_a_living_flow),
};

int main(void)
{
	int result;

	if (world_missing())
		return ktap_skip_all(world_missing());
	world_open(&world, NULL);
	result = ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
	world_close(&world);
	return result;
}
