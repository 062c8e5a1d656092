/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * verdict - from lists, allow set, auto-block, mode, deadline and settings to
 * pass or drop, and the counter of that way.
 */
#include "lib/bpftest.h"

#define BAD4  "198.51.100.66"
#define GOOD4 "198.51.100.7"
#define BAD6  "2001:db8:bad::66"
#define OUR4  "192.0.2.10"
#define OUR6  "2001:db8:1::10"

static struct world world;

/* A packet from a listed source, and one from nobody in particular. */
static struct frame listed, other;

static void world_fresh(void)
{
	flows_forget(&world);
	map_clear(world.ifaces);
	map_clear(world.nets);
	map_clear(world.blocked);
	settings_sane(&world);
	iface_write(&world, 0, SEKI_ROLE_WAN, SEKI_MODE_ENFORCE, 0);
}

static void nothing_written_means_wan_in_monitor(void)
{
	world_fresh();
	memset(&world.policy, 0, sizeof(world.policy));
	settings_write(&world);
	map_clear(world.ifaces);
	CHECK_OUTCOME(send_xdp(&world, &listed), would, LISTED_SRC, "listed, bare defaults");
	CHECK(outcome_is_free(send_xdp(&world, &other)), "others pass on bare defaults");
}

static void interface_without_row_is_unmanaged(void)
{
	world_fresh();
	map_clear(world.ifaces);
	CHECK_OUTCOME(send_xdp(&world, &listed), pass, UNMANAGED, "no row");
	iface_write(&world, 0, SEKI_ROLE_NONE, SEKI_MODE_ENFORCE, 0);
	CHECK_OUTCOME(send_xdp(&world, &listed), pass, UNMANAGED, "role none");
}

static void vlan_row_wins(void)
{
	struct frame tagged, elsewhere;

	world_fresh();
	frame_make(&tagged, "eth vlan:7 ip4:" BAD4 ">" OUR4 " udp:1000>53 data:8");
	frame_make(&elsewhere, "eth vlan:8 ip4:" BAD4 ">" OUR4 " udp:1000>53 data:8");
	iface_write(&world, 7, SEKI_ROLE_WAN, SEKI_MODE_MONITOR, 0);
	CHECK_OUTCOME(send_xdp(&world, &listed), drop, LISTED_SRC, "untagged");
	CHECK_OUTCOME(send_xdp(&world, &tagged), would, LISTED_SRC, "tag with a row");
	CHECK_OUTCOME(send_xdp(&world, &elsewhere), drop, LISTED_SRC, "tag without a row");
	iface_write(&world, 0, SEKI_ROLE_WAN, SEKI_MODE_MONITOR, 0);
	iface_write(&world, 7, SEKI_ROLE_WAN, SEKI_MODE_ENFORCE, 0);
	CHECK_OUTCOME(send_xdp(&world, &listed), would, LISTED_SRC, "untagged in monitor");
	CHECK_OUTCOME(send_xdp(&world, &tagged), drop, LISTED_SRC, "tag in enforce");
}

static void outermost_tag_chooses_the_row(void)
{
	struct frame f;

	world_fresh();
	iface_write(&world, 7, SEKI_ROLE_WAN, SEKI_MODE_MONITOR, 0);
	frame_make(&f, "eth vlan:8,tpid=0x88a8 vlan:7 ip4:" BAD4 ">" OUR4 " udp:1000>53 data:8");
	CHECK_OUTCOME(send_xdp(&world, &f), drop, LISTED_SRC, "inner tag 7");
	frame_make(&f, "eth vlan:7,tpid=0x88a8 vlan:8 ip4:" BAD4 ">" OUR4 " udp:1000>53 data:8");
	CHECK_OUTCOME(send_xdp(&world, &f), would, LISTED_SRC, "outer tag 7");
}

static void monitor_and_deadline(void)
{
	world_fresh();
	iface_write(&world, 0, SEKI_ROLE_WAN, SEKI_MODE_MONITOR, 0);
	CHECK_OUTCOME(send_xdp(&world, &listed), would, LISTED_SRC, "monitor");
	iface_write(&world, 0, SEKI_ROLE_WAN, SEKI_MODE_ENFORCE, world_seconds() + 100);
	CHECK_OUTCOME(send_xdp(&world, &listed), drop, LISTED_SRC, "deadline to come");
	iface_write(&world, 0, SEKI_ROLE_WAN, SEKI_MODE_ENFORCE, world_seconds() - 1);
	CHECK_OUTCOME(send_xdp(&world, &listed), would, LISTED_SRC, "deadline passed");
	iface_write(&world, 0, SEKI_ROLE_WAN, SEKI_MODE_ENFORCE, 0);
	CHECK_OUTCOME(send_xdp(&world, &listed), drop, LISTED_SRC, "confirmed");
}

static void settings_choose_the_action(void)
{
	world_fresh();
	world.policy.action[SEKI_R_LISTED_SRC] = SEKI_ACTION_PASS;
	settings_write(&world);
	CHECK_OUTCOME(send_xdp(&world, &listed), would, LISTED_SRC, "action pass");
	world.policy.action[SEKI_R_LISTED_SRC] = SEKI_ACTION_DROP;
	settings_write(&world);
	CHECK_OUTCOME(send_xdp(&world, &listed), drop, LISTED_SRC, "action drop");
}

static void fixed_exits_ignore_settings(void)
{
	struct frame arp;

	world_fresh();
	frame_make(&arp, "eth arp");
	memset(world.policy.action, SEKI_ACTION_DROP, sizeof(world.policy.action));
	settings_write(&world);
	CHECK_OUTCOME(send_xdp(&world, &arp), pass, NON_IP, "ARP with every action drop");
	frame_make(&arp, "eth ip6:fe80::1>ff02::1,ttl=255 icmp6:135");
	CHECK_OUTCOME(send_xdp(&world, &arp), pass, NEIGHBOUR, "ND with every action drop");
}

static void counters_count_packets_and_bytes(void)
{
	struct tally a, b;

	world_fresh();
	a = counters_read(&world);
	for (int i = 0; i < 5; i++)
		run_xdp(&world, &listed);
	b = counters_read(&world);
	CHECK_EQ(b.of[SEKI_R_LISTED_SRC].pkts - a.of[SEKI_R_LISTED_SRC].pkts, 5);
	CHECK_EQ(b.of[SEKI_R_LISTED_SRC].bytes - a.of[SEKI_R_LISTED_SRC].bytes, 5 * listed.len);
	iface_write(&world, 0, SEKI_ROLE_WAN, SEKI_MODE_MONITOR, 0);
	run_xdp(&world, &listed);
	a = counters_read(&world);
	CHECK_EQ(a.of[SEKI_R_LISTED_SRC].would_pkts - b.of[SEKI_R_LISTED_SRC].would_pkts, 1);
	CHECK_EQ(a.of[SEKI_R_LISTED_SRC].would_bytes - b.of[SEKI_R_LISTED_SRC].would_bytes, listed.len);
}

static void entries_count_their_hits(void)
{
	struct seki_hits hits = {0}, per_cpu[256];
	struct seki_hits_key key = {.prefixlen = 128, .list = 9};
	__u32 list = 9;
	__u64 pkts = 0;
	struct frame f;

	world_fresh();
	key.addr = addr_of("198.51.100.90");
	list_add_entry(&world, "198.51.100.90",
		       (struct seki_entry){.list = list, .flags = SEKI_ENTRY_SRC, .sid = 5});
	frame_make(&f, "eth ip4:198.51.100.90>" OUR4 " udp:1000>53 data:8");
	for (int i = 0; i < 3; i++)
		CHECK_OUTCOME(send_xdp(&world, &f), drop, LISTED_SRC, "a listed host");
	CHECK_EQ(bpf_map_lookup_elem(world_map(&world, "seki_hits"), &key, &hits), 0);
	CHECK_EQ(hits.pkts, 3);
	CHECK_EQ(hits.bytes, 3 * f.len);
	CHECK(hits.last + 5 >= world_seconds() && hits.last <= world_seconds(), "last hit %u", hits.last);
	if (libbpf_num_possible_cpus() > 256)
		SKIP("more than 256 CPUs");
	CHECK_EQ(bpf_map_lookup_elem(world_map(&world, "seki_list_count"), &list, per_cpu), 0);
	for (int i = 0; i < libbpf_num_possible_cpus(); i++)
		pkts += per_cpu[i].pkts;
	CHECK_EQ(pkts, 3);
}

static struct outcome send_from(const char *source)
{
	struct frame f;
	bool v6 = strchr(source, ':');

	frame_make(&f, "eth %s:%s>%s udp:1000>53 data:8", v6 ? "ip6" : "ip4", source, v6 ? OUR6 : OUR4);
	return send_xdp(&world, &f);
}

static void entries_expire_and_have_directions(void)
{
	__u32 now = world_seconds();
	struct frame f;

	world_fresh();
	list_add_entry(&world, "198.51.100.91",
		       (struct seki_entry){.expires = now - 1, .flags = SEKI_ENTRY_SRC});
	list_add_entry(&world, "198.51.100.92",
		       (struct seki_entry){.expires = now + 100, .flags = SEKI_ENTRY_SRC});
	list_add_entry(&world, "198.51.100.93", (struct seki_entry){.flags = SEKI_ENTRY_DST});
	list_add_entry(&world, "198.51.100.94",
		       (struct seki_entry){.flags = SEKI_ENTRY_SRC | SEKI_ENTRY_ALERT});
	CHECK(outcome_is_free(send_from("198.51.100.91")), "expired");
	CHECK_OUTCOME(send_from("198.51.100.92"), drop, LISTED_SRC, "not yet expired");
	CHECK(outcome_is_free(send_from("198.51.100.93")), "a destination entry does not block the source");
	CHECK(!send_from("198.51.100.94").dropped, "an alert entry passes");
	frame_make(&f, "eth ip4:" GOOD4 ">198.51.100.93 udp:1000>53 data:8");
	CHECK_OUTCOME(send_xdp(&world, &f), drop, LISTED_DST, "destination entry");
	frame_make(&f, "eth ip4:" GOOD4 ">198.51.100.92 udp:1000>53 data:8");
	CHECK(outcome_is_free(send_xdp(&world, &f)), "a source entry does not block the destination");
}

static void prefixes_match(void)
{
	world_fresh();
	list_add(&world, "203.0.113.0/25", SEKI_ENTRY_SRC);
	list_add(&world, "2001:db8:f00::/48", SEKI_ENTRY_SRC);
	CHECK_OUTCOME(send_from("203.0.113.1"), drop, LISTED_SRC, "inside /25");
	CHECK_OUTCOME(send_from("203.0.113.127"), drop, LISTED_SRC, "last of /25");
	CHECK(outcome_is_free(send_from("203.0.113.128")), "beyond /25");
	CHECK_OUTCOME(send_from("2001:db8:f00:ffff::1"), drop, LISTED_SRC, "inside /48");
	CHECK(outcome_is_free(send_from("2001:db8:f01::1")), "beyond /48");
	CHECK_OUTCOME(send_from("::ffff:203.0.113.1"), drop, SPOOFED, "v4-mapped in an IPv6 header");
}

static void generations_switch_by_one_store(void)
{
	world_fresh();
	world.policy.active = 1;
	list_add(&world, "198.51.100.95", SEKI_ENTRY_SRC);
	CHECK(outcome_is_free(send_from("198.51.100.95")), "the idle generation is not asked");
	settings_write(&world);
	CHECK_OUTCOME(send_from("198.51.100.95"), drop, LISTED_SRC, "the new generation");
	CHECK(outcome_is_free(send_from(BAD4)), "the old generation is not asked");
	world.policy.active = 0;
	settings_write(&world);
	CHECK_OUTCOME(send_from(BAD4), drop, LISTED_SRC, "rolled back");
}

static bool is_allowed(const char *frame)
{
	struct outcome o;
	struct frame f;

	flows_forget(&world);
	frame_make(&f, "%s", frame);
	o = send_xdp(&world, &f);
	return outcome_is_noted(o, SEKI_R_ALLOWED) && !(o.would >> SEKI_R_LISTED_SRC & 1);
}

static void allow_set_goes_before_lists(void)
{
	static const struct {
		const char *name;
		struct seki_scope scope;
		bool tcp443, udp53;
	} rows[] = {
		{"anything", {0}, true, true},
		{"this interface", {.ifindex = WORLD_IFINDEX}, true, true},
		{"another interface", {.ifindex = 77}, false, false},
		{"tcp", {.proto = 6}, true, false},
		{"udp", {.proto = 17}, false, true},
		{"tcp 443", {.proto = 6}, true, false},
		{"tcp 22", {.proto = 6}, false, false},
		{"port 53", {0}, false, true},
	};
	static const int ports[] = {0, 0, 0, 0, 0, 443, 22, 53};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seki_scope scope = rows[i].scope;

		world_fresh();
		scope.port = htons(ports[i]);
		net_add(&world, "198.51.100.64/29", 0, &scope);
		CHECK(is_allowed("eth ip4:" BAD4 ">" OUR4 " tcp:1000>443,S") == rows[i].tcp443, "%s: tcp 443",
		      rows[i].name);
		CHECK(is_allowed("eth ip4:" BAD4 ">" OUR4 " udp:1000>53 data:8") == rows[i].udp53,
		      "%s: udp 53", rows[i].name);
		CHECK(is_allowed("eth ip4:" BAD4 ">" OUR4 ",off=1480,type=17 data:8") == rows[i].udp53,
		      "%s: later fragment of udp 53", rows[i].name);
	}
}

static void allow_set_exempts_from_nothing_else(void)
{
	struct seki_scope any = {0};
	struct outcome o;
	struct frame f;

	world_fresh();
	net_add(&world, BAD4, SEKI_NET_OWN, &any);
	CHECK_OUTCOME(send_from(BAD4), drop, SPOOFED, "own address from wan");
	net_add(&world, BAD4, 0, &any);
	frame_make(&f, "eth ip4:" BAD4 ">" OUR4 " tcp:1>2,SF");
	o = send_xdp(&world, &f);
	CHECK(o.dropped && o.counted == 1ull << SEKI_R_TCP_FLAGS, "malformed: verdict %d, counted %llx",
	      o.verdict, o.counted);
	net_add(&world, OUR4, SEKI_NET_OWN, &any);
	CHECK_OUTCOME(send_from("198.51.100.92"), drop, LISTED_SRC,
		      "a listed source towards an allowed address");
}

static void blocked_sources(void)
{
	struct seki_scope any = {0};
	__u32 now = world_seconds();

	world_fresh();
	block_add(&world, GOOD4, now + 100);
	block_add(&world, "2001:db8:900d::7", 0);
	block_add(&world, "198.51.100.8", now - 1);
	CHECK_OUTCOME(send_from(GOOD4), drop, SOURCE_BLOCKED, "blocked");
	CHECK_OUTCOME(send_from("2001:db8:900d::7"), drop, SOURCE_BLOCKED, "blocked for good");
	CHECK(outcome_is_free(send_from("198.51.100.8")), "the block has ended");
	net_add(&world, GOOD4, 0, &any);
	CHECK(outcome_is_noted(send_from(GOOD4), SEKI_R_ALLOWED), "blocked, but allowed");
	block_add(&world, BAD4, 0);
	CHECK_OUTCOME(send_from(BAD4), drop, LISTED_SRC, "listed and blocked: the list decides");
	iface_write(&world, 0, SEKI_ROLE_WAN, SEKI_MODE_MONITOR, 0);
	CHECK_OUTCOME(send_from("2001:db8:900d::7"), would, SOURCE_BLOCKED, "monitor");
}

/* tc egress: what this machine sends to a listed address is dropped as well; what nobody manages is left
 * alone. */
static void lists_hold_on_the_way_out(void)
{
	struct frame bad, good;

	world_fresh();
	list_add(&world, "203.0.113.200", SEKI_ENTRY_SRC | SEKI_ENTRY_DST);
	frame_make(&bad, "eth ip4:" OUR4 ">203.0.113.200 tcp:1000>443,S");
	frame_make(&good, "eth ip4:" OUR4 ">203.0.113.201 tcp:1000>443,S");
	iface_write(&world, 0, SEKI_ROLE_HOST, SEKI_MODE_ENFORCE, 0);
	CHECK_OUTCOME(send_tc(&world, &bad), drop, LISTED_DST, "host");
	CHECK(outcome_is_free(send_tc(&world, &good)), "others, host");
	iface_write(&world, 0, SEKI_ROLE_WAN, SEKI_MODE_ENFORCE, 0);
	CHECK_OUTCOME(send_tc(&world, &bad), drop, LISTED_DST, "wan");
	iface_write(&world, 0, SEKI_ROLE_WAN, SEKI_MODE_MONITOR, 0);
	CHECK_OUTCOME(send_tc(&world, &bad), would, LISTED_DST, "wan, monitor");
	map_clear(world.ifaces);
	CHECK_OUTCOME(send_tc(&world, &bad), pass, UNMANAGED, "no row");
}

/* Our own addresses leave through wan: the spoof check is for what arrives. */
static void own_sources_may_leave(void)
{
	struct frame f;

	world_fresh();
	net_add(&world, OUR4, SEKI_NET_OWN, NULL);
	frame_make(&f, "eth ip4:" OUR4 ">" GOOD4 " tcp:1000>443,S");
	CHECK(outcome_is_free(send_tc(&world, &f)), "own source on the way out");
}

static const struct ktap_test tests[] = {
	TEST(nothing_written_means_wan_in_monitor),
	TEST(interface_without_row_is_unmanaged),
	TEST(vlan_row_wins),
	TEST(outermost_tag_chooses_the_row),
	TEST(monitor_and_deadline),
	TEST(settings_choose_the_action),
	TEST(fixed_exits_ignore_settings),
	TEST(counters_count_packets_and_bytes),
	TEST(entries_count_their_hits),
	TEST(entries_expire_and_have_directions),
	TEST(prefixes_match),
	TEST(generations_switch_by_one_store),
	TEST(allow_set_goes_before_lists),
	TEST(allow_set_exempts_from_nothing_else),
	TEST(blocked_sources),
	TEST(lists_hold_on_the_way_out),
	TEST(own_sources_may_leave),
};

int main(void)
{
	int result;

	if (world_missing())
		return ktap_skip_all(world_missing());
	world_open(&world, NULL);
	list_add(&world, BAD4, SEKI_ENTRY_SRC);
	list_add(&world, BAD6, SEKI_ENTRY_SRC);
	frame_make(&listed, "eth ip4:" BAD4 ">" OUR4 " udp:1000>53 data:20");
	frame_make(&other, "eth ip4:" GOOD4 ">" OUR4 " udp:1000>53 data:20");
	result = ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
	world_close(&world);
	return result;
}
