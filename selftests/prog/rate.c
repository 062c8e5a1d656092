/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rate - what happens when there is too much: admission by source, quota by
 * prefix, full tables. Flows that were admitted never pay for others.
 */
#include "lib/bpftest.h"

#define SERVER4 "192.0.2.10"
#define SERVER6 "2001:db8:1::10"

static struct world world;

static void world_fresh(void)
{
	flows_forget(&world);
	settings_sane(&world);
	iface_write(&world, 0, SEKI_ROLE_HOST, SEKI_MODE_ENFORCE, 0);
}

static struct outcome client_sends(const char *client, int port, const char *flags, __u32 seq, __u32 ack,
				   int payload)
{
	bool v6 = strchr(client, ':');
	struct frame f;

	frame_make(&f, "eth %s:%s>%s tcp:%d>80,%s,seq=%u,ack=%u data:%d", v6 ? "ip6" : "ip4", client,
		   v6 ? SERVER6 : SERVER4, port, flags, seq, ack, payload);
	return send_xdp(&world, &f);
}

static struct outcome client_opens(const char *client, int port)
{
	return client_sends(client, port, "S", 1, 0, 0);
}

static struct outcome server_answers(const char *client, int port)
{
	bool v6 = strchr(client, ':');
	struct frame f;

	frame_make(&f, "eth %s:%s>%s tcp:80>%d,SA,seq=500,ack=2", v6 ? "ip6" : "ip4", v6 ? SERVER6 : SERVER4,
		   client, port);
	return send_tc(&world, &f);
}

/* A whole handshake; what its last packet did. */
static struct outcome client_connects(const char *client, int port)
{
	client_opens(client, port);
	server_answers(client, port);
	return client_sends(client, port, "A", 2, 501, 0);
}

static enum flow_place client_flow(const char *client, int port, struct seki_flow *flow)
{
	bool v6 = strchr(client, ':');
	struct seki_flow_key key = key_of(client, port, v6 ? SERVER6 : SERVER4, 80, 6);

	return flow_find(&world, &key, flow);
}

static void bucket_write(__u32 rate, __u32 burst)
{
	world.policy.rate = rate;
	world.policy.burst = burst;
	settings_write(&world);
}

static void check_bucket(const char *client, const char *neighbour)
{
	struct seki_flow flow;

	world_fresh();
	bucket_write(1, 5);
	for (int i = 0; i < 8; i++) {
		struct outcome o = client_opens(client, 1000 + i);

		CHECK(!o.dropped, "%s: SYN %d dropped", client, i);
		CHECK(outcome_is_noted(o, SEKI_R_RATE_LIMITED) == (i >= 5), "%s: SYN %d by %s", client, i,
		      outcome_reason(o));
		CHECK(client_flow(client, 1000 + i, &flow) != FLOW_NOWHERE, "%s: no flow %d", client, i);
		CHECK((flow.state == SEKI_FLOW_UNINSPECTED) == (i >= 5), "%s: flow %d in state %u", client, i,
		      flow.state);
	}
	CHECK(outcome_is_free(client_opens(neighbour, 1000)), "another source pays");
}

static void bucket_limits_new_flows_of_a_source(void)
{
	check_bucket("198.51.100.7", "198.51.100.8");
	check_bucket("2001:db8:900d::7", "2001:db8:900d::8");
}

static void admitted_flows_are_never_limited(void)
{
	struct seki_flow flow;

	world_fresh();
	bucket_write(1, 2);
	client_connects("198.51.100.7", 1000);
	client_opens("198.51.100.7", 1001);
	client_opens("198.51.100.7", 1002);
	for (int i = 0; i < 100; i++) {
		struct outcome o = client_sends("198.51.100.7", 1000, "PA", 2 + 10 * i, 501, 10);

		if (!CHECK(outcome_is_pass(o, SEKI_R_COPIED), "packet %d by %s", i, outcome_reason(o)))
			break;
	}
	client_flow("198.51.100.7", 1000, &flow);
	CHECK_EQ(flow.state, SEKI_FLOW_SUSPECT);
}

static void bucket_refills(void)
{
	struct timespec pause = {.tv_nsec = 50000000};
	struct seki_flow flow;

	world_fresh();
	bucket_write(100, 1);
	client_opens("198.51.100.7", 1000);
	client_opens("198.51.100.7", 1001);
	client_flow("198.51.100.7", 1001, &flow);
	CHECK_EQ(flow.state, SEKI_FLOW_UNINSPECTED);
	nanosleep(&pause, NULL);
	client_opens("198.51.100.7", 1002);
	client_flow("198.51.100.7", 1002, &flow);
	CHECK(flow.state != SEKI_FLOW_UNINSPECTED, "not refilled after 50 ms at 100 per second");
}

static void limited_flow_follows_its_settings(void)
{
	struct seki_flow flow;

	world_fresh();
	bucket_write(1, 1);
	client_opens("198.51.100.7", 1000);
	world.policy.action[SEKI_R_RATE_LIMITED] = SEKI_ACTION_DROP;
	settings_write(&world);
	CHECK_OUTCOME(client_opens("198.51.100.7", 1001), drop, RATE_LIMITED, "action drop");
	CHECK(outcome_is_free(client_sends("198.51.100.7", 1000, "PA", 2, 501, 10)), "the admitted flow");
	iface_write(&world, 0, SEKI_ROLE_HOST, SEKI_MODE_MONITOR, 0);
	CHECK(outcome_is_noted(client_opens("198.51.100.7", 1002), SEKI_R_RATE_LIMITED), "monitor");
	iface_write(&world, 0, SEKI_ROLE_HOST, SEKI_MODE_ENFORCE, 0);
	world.policy.action[SEKI_R_UNINSPECTED] = SEKI_ACTION_DROP;
	settings_write(&world);
	client_flow("198.51.100.7", 1002, &flow);
	CHECK_EQ(flow.state, SEKI_FLOW_UNINSPECTED);
	CHECK_OUTCOME(client_sends("198.51.100.7", 1002, "PA", 2, 501, 10), drop, UNINSPECTED,
		      "its later packets");
}

static void limited_flow_is_never_cleared(void)
{
	struct seki_flow_key key = key_of("198.51.100.7", 1001, SERVER4, 80, 6);
	struct seki_flow flow;

	world_fresh();
	bucket_write(1, 1);
	client_opens("198.51.100.7", 1000);
	client_connects("198.51.100.7", 1001);
	client_flow("198.51.100.7", 1001, &flow);
	CHECK_EQ(flow.state, SEKI_FLOW_UNINSPECTED);
	CHECK(flow_op(&world, SEKI_OP_CLEAR, &key, flow.id, 0) < 0, "CLEAR of an uninspected flow");
	CHECK(flow_op(&world, SEKI_OP_SEAL, &key, flow.id, 0) < 0, "SEAL of an uninspected flow");
	client_flow("198.51.100.7", 1001, &flow);
	CHECK_EQ(flow.state, SEKI_FLOW_UNINSPECTED);
}

/* Clients are before, a number, after: all of one prefix. */
static void check_quota(const char *before, const char *after, const char *neighbour)
{
	struct seki_flow flow;
	char client[64];

	world_fresh();
	world.policy.quota = 3;
	settings_write(&world);
	for (int i = 1; i <= 5; i++) {
		struct outcome o;

		snprintf(client, sizeof(client), "%s%d%s", before, i, after);
		o = client_connects(client, 2000);
		CHECK(!o.dropped, "%s dropped", client);
		CHECK(outcome_is_noted(o, SEKI_R_FLOW_QUOTA) == (i > 3), "%s: by %s", client,
		      outcome_reason(o));
		CHECK_EQ(client_flow(client, 2000, &flow), i > 3 ? FLOW_EMBRYO : FLOW_TABLE);
	}
	CHECK(outcome_is_free(client_connects(neighbour, 2000)), "another prefix pays: %s", neighbour);
	world.policy.action[SEKI_R_FLOW_QUOTA] = SEKI_ACTION_DROP;
	settings_write(&world);
	snprintf(client, sizeof(client), "%s9%s", before, after);
	CHECK_OUTCOME(client_connects(client, 2000), drop, FLOW_QUOTA, client);
}

static void quota_holds_per_prefix(void)
{
	check_quota("198.51.100.", "", "198.51.101.1");
	check_quota("2001:db8:900d:1::", "", "2001:db8:900e::1");
	check_quota("2001:db8:900d:", ":5::1", "2001:db8:900c::1");
}

static void expired_flows_give_their_quota_back(void)
{
	struct seki_flow_key key = key_of("198.51.100.1", 2000, SERVER4, 80, 6);
	struct seki_flow flow;

	world_fresh();
	world.policy.quota = 1;
	settings_write(&world);
	client_connects("198.51.100.1", 2000);
	CHECK(outcome_is_noted(client_connects("198.51.100.2", 2000), SEKI_R_FLOW_QUOTA), "second flow");
	client_flow("198.51.100.1", 2000, &flow);
	flow.last -= world.policy.tcp_idle + 1;
	map_write(world.flows, &key, &flow, "seki_flows");
	CHECK_EQ(flow_op(&world, SEKI_OP_EXPIRE, &key, flow.id, 0), 0);
	CHECK(outcome_is_free(client_connects("198.51.100.3", 2000)), "after expiry");
}

static void unanswered_flood_leaves_validated_flows_alone(void)
{
	struct seki_flow flow;
	char client[64];
	struct frame f;

	world_fresh();
	client_connects("198.51.100.7", 1000);
	for (int i = 0; i < 20000; i++) {
		snprintf(client, sizeof(client), "203.%d.%d.%d", i & 15, i >> 8 & 255, i & 255);
		frame_make(&f, "eth ip4:%s>" SERVER4 " tcp:%d>80,S", client, 1024 + i);
		run_xdp(&world, &f);
	}
	CHECK_EQ(client_flow("198.51.100.7", 1000, &flow), FLOW_TABLE);
	CHECK(flow.flags & SEKI_FLOW_VALIDATED, "flags %x", flow.flags);
}

/* Two CPUs that give back at once may leave less than nothing: no reason to refuse a prefix for ever. */
static void quota_below_zero_is_not_full(void)
{
	struct seki_addr prefix = addr_of("198.51.100.0");
	__u32 below = -1u - 1;
	struct seki_flow flow;

	world_fresh();
	map_write(world.quota, &prefix, &below, "seki_quota");
	client_connects("198.51.100.7", 2000);
	CHECK_EQ(client_flow("198.51.100.7", 2000, &flow), FLOW_TABLE);
}

/* Forged queries to a service that answers must not fill the table that nothing evicts (T18). */
static void answered_udp_stays_where_a_flood_may_churn(void)
{
	struct seki_flow_key key = key_of("198.51.100.7", 5000, SERVER4, 53, 17);
	struct seki_flow flow;
	struct frame f;

	world_fresh();
	frame_make(&f, "eth ip4:198.51.100.7>" SERVER4 " udp:5000>53 data:30");
	run_xdp(&world, &f);
	frame_make(&f, "eth ip4:" SERVER4 ">198.51.100.7 udp:53>5000 data:60");
	run_tc(&world, &f);
	frame_make(&f, "eth ip4:198.51.100.7>" SERVER4 " udp:5000>53 data:30");
	run_xdp(&world, &f);
	CHECK_EQ(flow_find(&world, &key, &flow), FLOW_EMBRYO);
	CHECK(flow.flags & SEKI_FLOW_REPLIED, "flags %x", flow.flags);
}

static void full_table_has_a_verdict(void)
{
	static const struct world_size sizes[] = {{"seki_flows", 4}, {NULL, 0}};
	struct world saved = world;
	int limited = 0;

	world_open(&world, sizes);
	world_fresh();
	for (int i = 0; i < 8; i++) {
		struct outcome o = client_connects("198.51.100.7", 3000 + i);

		CHECK(!o.dropped, "flow %d dropped", i);
		limited += outcome_is_noted(o, SEKI_R_FLOW_TABLE_FULL);
	}
	CHECK_EQ(limited, 4);
	world.policy.action[SEKI_R_FLOW_TABLE_FULL] = SEKI_ACTION_DROP;
	settings_write(&world);
	CHECK_OUTCOME(client_connects("198.51.100.7", 3100), drop, FLOW_TABLE_FULL, "action drop");
	world_close(&world);
	world = saved;
}

static const struct ktap_test tests[] = {
	TEST(bucket_limits_new_flows_of_a_source),
	TEST(admitted_flows_are_never_limited),
	TEST(bucket_refills),
	TEST(limited_flow_follows_its_settings),
	TEST(limited_flow_is_never_cleared),
	TEST(quota_holds_per_prefix),
	TEST(expired_flows_give_their_quota_back),
	TEST(unanswered_flood_leaves_validated_flows_alone),
	TEST(quota_below_zero_is_not_full),
	TEST(answered_udp_stays_where_a_flood_may_churn),
	TEST(full_table_has_a_verdict),
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
