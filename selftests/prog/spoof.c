/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spoof - sources that cannot come from outside are dropped on wan, and only
 * there; the allow set does not help them.
 */
#include "lib/bpftest.h"

static struct world world;

static struct outcome send_as(enum seki_role role, const char *source, const char *more)
{
	bool v6 = strchr(source, ':');
	struct frame f;

	iface_write(&world, 0, role, SEKI_MODE_ENFORCE, 0);
	frame_make(&f, "eth %s:%s>%s%s", v6 ? "ip6" : "ip4", source, v6 ? "2001:db8:1::10" : "192.0.2.10",
		   more);
	return send_xdp(&world, &f);
}

static const char *const ours[] = {"192.0.2.10", "10.0.10.1", "10.0.10.255", "2001:db8:1::1",
				   "2001:db8:d::5"};

static const char *const impossible[] = {
	"127.0.0.1", "127.255.255.254", "224.0.0.1", "239.1.2.3", "255.255.255.255",	 "0.0.0.0", "0.1.2.3",
	"::1",	     "ff02::1",		"ff0e::5",   "::",	  "::ffff:198.51.100.7",
};

static const char *const possible[] = {
	"198.51.100.7",	   "10.0.11.1",	       "192.0.2.12", "8.8.8.8",
	"223.255.255.255", "2001:db8:900d::7", "fe80::1",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void own_sources_are_dropped_on_wan(void)
{
	for (size_t i = 0; i < COUNT(ours); i++) {
		CHECK_OUTCOME(send_as(SEKI_ROLE_WAN, ours[i], " udp:1>2 data:9"), drop, SPOOFED, ours[i]);
		CHECK_OUTCOME(send_as(SEKI_ROLE_WAN, ours[i], " tcp:1>80,S"), drop, SPOOFED, ours[i]);
	}
}

static void impossible_sources_are_dropped_on_wan(void)
{
	for (size_t i = 0; i < COUNT(impossible); i++)
		CHECK_OUTCOME(send_as(SEKI_ROLE_WAN, impossible[i], " udp:1>2 data:9"), drop, SPOOFED,
			      impossible[i]);
}

static void possible_sources_pass(void)
{
	for (size_t i = 0; i < COUNT(possible); i++)
		CHECK(outcome_is_free(send_as(SEKI_ROLE_WAN, possible[i], " udp:1>2 data:9")), "%s",
		      possible[i]);
}

static void own_sources_pass_where_they_live(void)
{
	for (size_t i = 0; i < COUNT(ours); i++) {
		CHECK(outcome_is_free(send_as(SEKI_ROLE_LAN, ours[i], " udp:1>2 data:9")), "lan %s", ours[i]);
		CHECK(outcome_is_free(send_as(SEKI_ROLE_DMZ, ours[i], " udp:1>2 data:9")), "dmz %s", ours[i]);
	}
}

static void spoofed_in_every_dress(void)
{
	static const char *const dress[] = {
		" icmp:8",
		",type=17,off=800 data:64",
		",mf udp:1>2 data:64",
		" gre ip4:198.51.100.7>192.0.2.10 udp:1>2",
		" tcp:1>2,SF",
		",type=6 data:4",
	};

	for (size_t i = 0; i < COUNT(dress); i++)
		CHECK_OUTCOME(send_as(SEKI_ROLE_WAN, "10.0.10.1", dress[i]), drop, SPOOFED, dress[i]);
}

static void spoofed_is_told_before_lists_and_blocks(void)
{
	list_add(&world, "10.0.10.77", SEKI_ENTRY_SRC);
	block_add(&world, "10.0.10.77", 0);
	CHECK_OUTCOME(send_as(SEKI_ROLE_WAN, "10.0.10.77", " udp:1>2"), drop, SPOOFED,
		      "also listed and blocked");
}

static void spoofed_follows_mode_and_settings(void)
{
	struct frame f;

	frame_make(&f, "eth ip4:10.0.10.1>192.0.2.10 udp:1>2");
	iface_write(&world, 0, SEKI_ROLE_WAN, SEKI_MODE_MONITOR, 0);
	CHECK_OUTCOME(send_xdp(&world, &f), would, SPOOFED, "monitor");
	world.policy.action[SEKI_R_SPOOFED] = SEKI_ACTION_PASS;
	settings_write(&world);
	CHECK_OUTCOME(send_as(SEKI_ROLE_WAN, "10.0.10.1", " udp:1>2"), would, SPOOFED, "action pass");
	settings_sane(&world);
}

static void client_without_address_may_ask_for_one(void)
{
	struct frame f;

	iface_write(&world, 0, SEKI_ROLE_WAN, SEKI_MODE_ENFORCE, 0);
	frame_make(&f, "eth ip6:::>ff02::1:ff00:10,ttl=255 icmp6:135");
	CHECK_OUTCOME(send_xdp(&world, &f), pass, NEIGHBOUR, "duplicate address detection");
	frame_make(&f, "eth ip4:0.0.0.0>255.255.255.255 udp:68>67 data:240");
	CHECK(outcome_is_free(send_xdp(&world, &f)), "DHCP discover");
}

static const struct ktap_test tests[] = {
	TEST(own_sources_are_dropped_on_wan),
	TEST(impossible_sources_are_dropped_on_wan),
	TEST(possible_sources_pass),
	TEST(own_sources_pass_where_they_live),
	TEST(spoofed_in_every_dress),
	TEST(spoofed_is_told_before_lists_and_blocks),
	TEST(spoofed_follows_mode_and_settings),
	TEST(client_without_address_may_ask_for_one),
};

int main(void)
{
	struct seki_scope any = {0};
	int result;

	if (world_missing())
		return ktap_skip_all(world_missing());
	world_open(&world, NULL);
	settings_sane(&world);
	net_add(&world, "192.0.2.10", SEKI_NET_OWN, &any);
	net_add(&world, "10.0.10.0/24", SEKI_NET_DMZ, NULL);
	net_add(&world, "2001:db8:1::1", SEKI_NET_OWN, &any);
	net_add(&world, "2001:db8:1::10", SEKI_NET_OWN, &any);
	net_add(&world, "2001:db8:d::/48", SEKI_NET_DMZ, NULL);
	result = ktap_run(tests, COUNT(tests));
	world_close(&world);
	return result;
}
