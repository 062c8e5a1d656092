/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parser - every malformed frame ends in its named reason, and no way of
 * cutting or damaging a frame gets it past the counters or the blacklist.
 */
#include "lib/bpftest.h"

#define BAD4 "198.51.100.66"
#define BAD6 "2001:db8:bad::66"
#define P4   "ip4:198.51.100.7>192.0.2.10"
#define P6   "ip6:2001:db8:900d::7>2001:db8:1::10"

static struct world world;

struct row {
	const char *frame;
	int reason;
};

static const struct row malformed[] = {
	{"eth vlan:1,type=0x8100 zero:0", SEKI_R_FRAME_SHORT},
	{"eth vlan:1,type=0x8100 zero:3", SEKI_R_FRAME_SHORT},
	{"eth:type=0x8100 zero:0", SEKI_R_FRAME_SHORT},
	{"eth:type=0x88a8 zero:2", SEKI_R_FRAME_SHORT},
	{"eth vlan:1 vlan:2 vlan:3 vlan:4 vlan:5 " P4 " udp:1>2", SEKI_R_VLAN_DEPTH},
	{"eth:type=0x8864 zero:7", SEKI_R_PPPOE_BAD},
	{"eth pppoe:ver=0x12 " P4 " udp:1>2", SEKI_R_PPPOE_BAD},
	{"eth pppoe:ver=0x21 " P4 " udp:1>2", SEKI_R_PPPOE_BAD},
	{"eth pppoe:code=9 " P4 " udp:1>2", SEKI_R_PPPOE_BAD},
	{"eth pppoe:len=1000 " P4 " udp:1>2", SEKI_R_PPPOE_BAD},
	{"eth pppoe:len=1 " P4 " udp:1>2", SEKI_R_PPPOE_BAD},
	{"eth:type=0x0800 zero:0", SEKI_R_IP4_BAD},
	{"eth:type=0x0800 data:19", SEKI_R_IP4_BAD},
	{"eth " P4 ",ver=5 udp:1>2", SEKI_R_IP4_BAD},
	{"eth " P4 ",ver=6 udp:1>2", SEKI_R_IP4_BAD},
	{"eth " P4 ",ihl=4 udp:1>2", SEKI_R_IP4_BAD},
	{"eth " P4 ",ihl=0 udp:1>2", SEKI_R_IP4_BAD},
	{"eth " P4 ",ihl=15 udp:1>2", SEKI_R_IP4_BAD},
	{"eth " P4 ",len=1000 udp:1>2", SEKI_R_IP4_BAD},
	{"eth " P4 ",len=19 udp:1>2", SEKI_R_IP4_BAD},
	{"eth " P4 ",opts=20,len=39 udp:1>2", SEKI_R_IP4_BAD},
	{"eth vlan:5,type=0x0800 data:10", SEKI_R_IP4_BAD},
	{"eth:type=0x86dd zero:0", SEKI_R_IP6_BAD},
	{"eth:type=0x86dd data:39", SEKI_R_IP6_BAD},
	{"eth " P6 ",ver=4 udp:1>2", SEKI_R_IP6_BAD},
	{"eth " P6 ",len=1000 udp:1>2", SEKI_R_IP6_BAD},
	{"eth " P6 " dst dst dst dst dst dst dst dst dst udp:1>2", SEKI_R_IP6_EXT_DEPTH},
	{"eth " P4 ",type=6,mf data:8", SEKI_R_FRAGMENT_BAD},
	{"eth " P4 ",type=6,mf data:16", SEKI_R_FRAGMENT_BAD},
	{"eth " P4 ",type=6,off=8 data:32", SEKI_R_FRAGMENT_BAD},
	{"eth " P4 ",type=6,off=8,mf data:32", SEKI_R_FRAGMENT_BAD},
	{"eth " P4 ",type=17,off=65528 data:64", SEKI_R_FRAGMENT_BAD},
	{"eth " P6 " frag:type=6,mf data:8", SEKI_R_FRAGMENT_BAD},
	{"eth " P6 " frag:type=6,off=8 data:32", SEKI_R_FRAGMENT_BAD},
	{"eth " P6 " frag:mf frag udp:1>2 data:8", SEKI_R_FRAGMENT_BAD},
	{"eth " P6 " frag:mf frag:mf udp:1>2 data:8", SEKI_R_FRAGMENT_BAD},
	{"eth " P6 " frag:type=17,off=65528 data:64", SEKI_R_FRAGMENT_BAD},
	{"eth " P4 " ip4:10.1.1.1>10.1.1.2 ip4:10.1.2.1>10.1.2.2 ip4:10.1.3.1>10.1.3.2 udp:1>2",
	 SEKI_R_TUNNEL_DEPTH},
	{"eth " P6 " " P6 " " P6 " " P6 " udp:1>2", SEKI_R_TUNNEL_DEPTH},
	{"eth " P4 " gre eth vlan:5,type=0x8100 zero:1", SEKI_R_TUNNEL_BAD},
	{"eth " P4 " gre eth vlan:5 vlan:6 vlan:7 ip4:10.1.1.1>10.1.1.2 udp:1>2", SEKI_R_TUNNEL_DEPTH},
	{"eth " P4 ",type=4 data:40", SEKI_R_TUNNEL_BAD},
	{"eth " P4 ",type=4 data:10", SEKI_R_TUNNEL_BAD},
	{"eth " P4 ",type=41 data:60", SEKI_R_TUNNEL_BAD},
	{"eth " P4 " gre:type=0x0800 data:40", SEKI_R_TUNNEL_BAD},
	{"eth " P4 " gre:type=0x86dd data:20", SEKI_R_TUNNEL_BAD},
	{"eth " P4 " ip4:10.1.1.1>10.1.1.2,len=500 udp:1>2", SEKI_R_TUNNEL_BAD},
	{"eth " P6 ",type=4 data:40", SEKI_R_TUNNEL_BAD},
	{"eth " P4 ",type=6 data:19", SEKI_R_L4_SHORT},
	{"eth " P4 ",type=6", SEKI_R_L4_SHORT},
	{"eth " P4 " tcp:1>2,A,doff=4", SEKI_R_L4_SHORT},
	{"eth " P4 " tcp:1>2,A,doff=15", SEKI_R_L4_SHORT},
	{"eth " P4 ",type=17 data:7", SEKI_R_L4_SHORT},
	{"eth " P4 " udp:1>2,len=7 data:8", SEKI_R_L4_SHORT},
	{"eth " P4 " udp:1>2,len=100 data:8", SEKI_R_L4_SHORT},
	{"eth " P4 ",type=1 data:7", SEKI_R_L4_SHORT},
	{"eth " P6 ",type=6 data:19", SEKI_R_L4_SHORT},
	{"eth " P6 ",type=17 data:7", SEKI_R_L4_SHORT},
	{"eth " P6 ",type=58 data:3", SEKI_R_L4_SHORT},
	{"eth " P6 " udp:1>2,len=7 data:8", SEKI_R_L4_SHORT},
	{"eth " P4 " tcp:1>2,SF", SEKI_R_TCP_FLAGS},
	{"eth " P4 " tcp:1>2,SR", SEKI_R_TCP_FLAGS},
	{"eth " P4 " tcp:1>2,0", SEKI_R_TCP_FLAGS},
	{"eth " P4 " tcp:1>2,FSRPAU", SEKI_R_TCP_FLAGS},
	{"eth " P6 " tcp:1>2,SF", SEKI_R_TCP_FLAGS},
	{"eth " P6 " dst tcp:1>2,0", SEKI_R_TCP_FLAGS},
	{"eth ip4:192.0.2.10>192.0.2.10 tcp:80>80,S", SEKI_R_LAND},
	{"eth ip4:192.0.2.10>192.0.2.10 udp:80>80", SEKI_R_LAND},
	{"eth ip6:2001:db8:1::10>2001:db8:1::10 tcp:80>80,S", SEKI_R_LAND},
};

static const struct row plain[] = {
	{"eth arp", SEKI_R_NON_IP},
	{"eth vlan:7 arp", SEKI_R_NON_IP},
	{"eth:type=0x88cc data:46", SEKI_R_NON_IP},
	{"eth:type=0x0026 data:46", SEKI_R_NON_IP},
	{"eth:type=0x8863 data:46", SEKI_R_NON_IP},
	{"eth pppoe:type=0xc021 data:10", SEKI_R_NON_IP},
	{"eth " P6 ",ttl=255 icmp6:133", SEKI_R_NEIGHBOUR},
	{"eth " P6 ",ttl=255 icmp6:134", SEKI_R_NEIGHBOUR},
	{"eth " P6 ",ttl=255 icmp6:135", SEKI_R_NEIGHBOUR},
	{"eth " P6 ",ttl=255 icmp6:136", SEKI_R_NEIGHBOUR},
	{"eth " P6 ",ttl=255 icmp6:137", SEKI_R_NEIGHBOUR},
	{"eth vlan:9 " P6 ",ttl=255 icmp6:135", SEKI_R_NEIGHBOUR},
	{"eth ip6:fe80::66>ff02::1,ttl=255 icmp6:135", SEKI_R_NEIGHBOUR},
	{"eth ip6:::>ff02::1:ff00:10,ttl=255 icmp6:135", SEKI_R_NEIGHBOUR},
};

/* Valid frames from a blacklisted source, at the outermost or the innermost header. */
static const char *const listed[] = {
	"eth ip4:" BAD4 ">192.0.2.10 udp:4000>53 data:20",
	"eth ip4:" BAD4 ">192.0.2.10,opts=40 tcp:4000>80,A,opts=12 data:20",
	"eth ip4:" BAD4 ">192.0.2.10 icmp:8 data:20",
	"eth ip4:" BAD4 ">192.0.2.10,mf udp:4000>53 data:64",
	"eth ip4:" BAD4 ">192.0.2.10,off=1480,type=17 data:64",
	"eth ip6:" BAD6 ">2001:db8:1::10 udp:4000>53 data:20",
	"eth ip6:" BAD6 ">2001:db8:1::10 hop dst:size=24 rt frag ah dst tcp:4000>80,S",
	"eth ip6:" BAD6 ">2001:db8:1::10 icmp6:128 data:20",
	"eth vlan:1,tpid=0x88a8 vlan:2 vlan:3 vlan:4 ip4:" BAD4 ">192.0.2.10 udp:4000>53",
	"eth vlan:1 pppoe ip6:" BAD6 ">2001:db8:1::10 udp:4000>53",
	"eth pppoe ip4:" BAD4 ">192.0.2.10 tcp:4000>80,S",
	"eth ip4:" BAD4 ">192.0.2.10 gre:key,csum,seq ip4:10.1.1.1>10.1.1.2 udp:4000>53",
	"eth ip4:" BAD4 ">192.0.2.10 ip6:2001:db8:900d::7>2001:db8:1::10 ip4:10.1.1.1>10.1.1.2 tcp:4000>80,S",
};

static const char *const listed_inside[] = {
	"eth " P4 " gre:key ip4:" BAD4 ">10.1.1.2 udp:4000>53 data:20",
	"eth " P4 " ip4:" BAD4 ">10.1.1.2 tcp:4000>80,S",
	"eth " P4 " ip6:" BAD6 ">2001:db8:1::10 udp:4000>53 data:20",
	"eth " P6 " ip6:" BAD6 ">2001:db8:1::10 dst udp:4000>53 data:20",
	"eth " P4 " ip4:10.1.1.1>10.1.1.2 gre ip6:" BAD6 ">2001:db8:1::10 udp:4000>53 data:20",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void malformed_frames_have_their_reason(void)
{
	struct frame f;

	for (size_t i = 0; i < COUNT(malformed); i++) {
		struct outcome o;

		frame_make(&f, "%s", malformed[i].frame);
		o = send_xdp(&world, &f);
		CHECK(outcome_is_drop(o, malformed[i].reason), "%s: verdict %d by %s, expected a drop by %s",
		      malformed[i].frame, o.verdict, outcome_reason(o), reason_name[malformed[i].reason]);
	}
}

static void malformed_frames_have_their_reason_on_egress(void)
{
	struct frame f;

	iface_write(&world, 0, SEKI_ROLE_HOST, SEKI_MODE_ENFORCE, 0);
	for (size_t i = 0; i < COUNT(malformed); i++) {
		struct outcome o;

		frame_make(&f, "%s", malformed[i].frame);
		o = send_tc(&world, &f);
		if (o.verdict == -EINVAL) /* the kernel does not run tc on cut IP headers */
			continue;
		CHECK(o.verdict >= 0 && !o.twice && (o.counted | o.would), "%s: verdict %d by %s",
		      malformed[i].frame, o.verdict, outcome_reason(o));
	}
	iface_write(&world, 0, SEKI_ROLE_WAN, SEKI_MODE_ENFORCE, 0);
}

static void frames_without_hosts_pass(void)
{
	struct frame f;

	for (size_t i = 0; i < COUNT(plain); i++) {
		struct outcome o;

		frame_make(&f, "%s", plain[i].frame);
		o = send_xdp(&world, &f);
		CHECK(outcome_is_pass(o, plain[i].reason), "%s: verdict %d by %s, expected a pass by %s",
		      plain[i].frame, o.verdict, outcome_reason(o), reason_name[plain[i].reason]);
	}
}

static void frames_cut_anywhere_are_dropped(void)
{
	struct frame f;

	for (size_t i = 0; i < COUNT(listed); i++) {
		frame_make(&f, "%s", listed[i]);
		for (size_t len = f.len; len >= 14; len--) {
			struct outcome o;

			frame_cut(&f, len, false);
			o = send_xdp(&world, &f);
			if (!CHECK(o.dropped && o.reason >= 0, "%s cut at %zu: verdict %d by %s", listed[i],
				   len, o.verdict, outcome_reason(o)))
				break;
		}
	}
}

static void mended_cuts_never_hide_a_listed_source(void)
{
	struct frame f;

	for (size_t i = 0; i < COUNT(listed); i++) {
		frame_make(&f, "%s", listed[i]);
		for (size_t len = f.len; len >= 15; len--) {
			struct outcome o;

			frame_cut(&f, len, true);
			o = send_xdp(&world, &f);
			if (!CHECK(o.dropped && o.reason >= 0, "%s mended at %zu: verdict %d by %s",
				   listed[i], len, o.verdict, outcome_reason(o)))
				break;
		}
	}
}

/* Inside a tunnel: as long as the inner header is there in full, its source is readable. */
static void mended_cuts_never_hide_an_inner_source(void)
{
	struct frame f;

	for (size_t i = 0; i < COUNT(listed_inside); i++) {
		size_t inner = 0;

		frame_make(&f, "%s", listed_inside[i]);
		for (int n = 0; n < f.layers; n++)
			if (f.layer[n].kind == FRAME_IP4 || f.layer[n].kind == FRAME_IP6)
				inner = f.layer[n].at + f.layer[n].size;
		for (size_t len = f.len; len >= inner; len--) {
			struct outcome o;

			frame_cut(&f, len, true);
			o = send_xdp(&world, &f);
			if (!CHECK(o.dropped && o.reason >= 0, "%s mended at %zu: verdict %d by %s",
				   listed_inside[i], len, o.verdict, outcome_reason(o)))
				break;
		}
	}
}

/* Damaged frames: whatever they become, exactly one way out counts them and the verdict is one of two. */
static void damaged_frames_leave_one_way(void)
{
	__u32 seed = 2463534242u;

	for (int i = 0; i < 4000; i++) {
		static struct frame f;
		struct outcome o;
		bool egress;

		frame_make(&f, "%s",
			   i % 3 ? listed[i % COUNT(listed)] : listed_inside[i % COUNT(listed_inside)]);
		for (int n = 0; n < 1 + i % 4; n++) {
			seed ^= seed << 13;
			seed ^= seed >> 17;
			seed ^= seed << 5;
			f.data[12 + seed % (f.len - 12)] = seed >> 24;
		}
		egress = seed & 1;
		if (seed & 2)
			f.len = 14 + (seed >> 3) % (f.len - 13);
		o = egress ? send_tc(&world, &f) : send_xdp(&world, &f);
		if (egress && o.verdict == -EINVAL)
			continue;
		if (!CHECK(o.verdict >= 0 && o.verdict <= 2 && !o.twice && (o.counted | o.would),
			   "frame %d (%s): verdict %d by %s, counted %llx would %llx", i,
			   egress ? "tc" : "xdp", o.verdict, outcome_reason(o), o.counted, o.would))
			break;
	}
}

static void neighbour_discovery_passes_before_lists(void)
{
	struct frame f;

	frame_make(&f, "eth ip6:" BAD6 ">2001:db8:1::10,ttl=255 icmp6:135");
	CHECK_OUTCOME(send_xdp(&world, &f), pass, NEIGHBOUR, "neighbour solicitation of a listed source");
	frame_make(&f, "eth ip6:" BAD6 ">2001:db8:1::10,ttl=254 icmp6:135 data:400");
	CHECK_OUTCOME(send_xdp(&world, &f), drop, LISTED_SRC, "solicitation that crossed a router");
	frame_make(&f, "eth ip4:" BAD4 ">192.0.2.10,ttl=255 icmp6:135 data:400");
	CHECK_OUTCOME(send_xdp(&world, &f), drop, LISTED_SRC, "protocol 58 in IPv4");
	frame_make(&f, "eth ip6:" BAD6 ">2001:db8:1::10 icmp6:128");
	CHECK_OUTCOME(send_xdp(&world, &f), drop, LISTED_SRC, "echo of a listed source");
}

/* What stacks do send, though a strict reader might refuse it. */
static void odd_but_legal_frames_pass(void)
{
	static const char *const legal[] = {
		"eth ip4:198.51.100.7>192.0.2.10,mf gre ip4:10.1.1.1>10.1.1.2,len=2000 udp:1>2,len=1980 "
		"data:8",
		"eth ip4:198.51.100.7>192.0.2.10,mf ip6:2001:db8:7::1>2001:db8:7::2,len=1400 "
		"udp:1>2,len=1400 "
		"data:8",
		"eth ip4:198.51.100.7>192.0.2.10,mf ip4:10.1.1.1>10.1.1.2,len=2000 "
		"ip4:10.2.1.1>10.2.1.2,len=1980 udp:1>2,len=1960 data:16",
		"eth " P6 " frag:mf ip6:2001:db8:7::1>2001:db8:7::2,len=1400 udp:1>2,len=1400 data:8",
		"eth " P4 ",type=136 udp:1>2,len=0 data:8",
		"eth " P4 ",type=136 udp:1>2,len=8 data:8",
	};
	struct frame f;

	for (size_t i = 0; i < COUNT(legal); i++) {
		struct outcome o;

		frame_make(&f, "%s", legal[i]);
		o = send_xdp(&world, &f);
		CHECK(outcome_is_free(o), "%s: verdict %d by %s", legal[i], o.verdict, outcome_reason(o));
	}
}

static const struct ktap_test tests[] = {
	TEST(odd_but_legal_frames_pass),
	TEST(malformed_frames_have_their_reason),
	TEST(malformed_frames_have_their_reason_on_egress),
	TEST(frames_without_hosts_pass),
	TEST(frames_cut_anywhere_are_dropped),
	TEST(mended_cuts_never_hide_a_listed_source),
	TEST(mended_cuts_never_hide_an_inner_source),
	TEST(damaged_frames_leave_one_way),
	TEST(neighbour_discovery_passes_before_lists),
};

int main(void)
{
	int result;

	if (world_missing())
		return ktap_skip_all(world_missing());
	world_open(&world, NULL);
	settings_sane(&world);
	iface_write(&world, 0, SEKI_ROLE_WAN, SEKI_MODE_ENFORCE, 0);
	list_add(&world, BAD4, SEKI_ENTRY_SRC);
	list_add(&world, BAD6, SEKI_ENTRY_SRC);
	result = ktap_run(tests, COUNT(tests));
	world_close(&world);
	return result;
}
