/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bypass - no dress in which a blacklisted source gets past the list: every
 * encapsulation, cut and extension that a peer was seen to pass.
 */
#include "lib/bpftest.h"

#define BAD4  "198.51.100.66"
#define BAD6  "2001:db8:bad::66"
#define GOOD4 "198.51.100.7"
#define GOOD6 "2001:db8:900d::7"
#define OUR4  "192.0.2.10"
#define OUR6  "2001:db8:1::10"
#define FROM4 "ip4:" BAD4 ">" OUR4
#define FROM6 "ip6:" BAD6 ">" OUR6
#define ABOVE "udp:4000>53 data:20"

static struct world world;

struct row {
	const char *name, *frame;
	int reason; /* LISTED_SRC (0 stands for it), else the parser's reason that drops it before the list */
};

static const struct row rows[] = {
	{"v4 udp", "eth " FROM4 " " ABOVE, 0},
	{"v6 udp", "eth " FROM6 " " ABOVE, 0},
	{"v4 tcp syn", "eth " FROM4 " tcp:4000>80,S", 0},
	{"v6 tcp syn", "eth " FROM6 " tcp:4000>80,S", 0},
	{"v4 1 vlan", "eth vlan:7 " FROM4 " " ABOVE, 0},
	{"v6 1 vlan", "eth vlan:7 " FROM6 " " ABOVE, 0},
	{"v4 priority tag", "eth vlan:0 " FROM4 " " ABOVE, 0},
	{"v4 88a8", "eth vlan:7,tpid=0x88a8 " FROM4 " " ABOVE, 0},
	{"v4 qinq", "eth vlan:7,tpid=0x88a8 vlan:8 " FROM4 " " ABOVE, 0},
	{"v6 qinq", "eth vlan:7,tpid=0x88a8 vlan:8 " FROM6 " " ABOVE, 0},
	{"v4 3 vlans", "eth vlan:1 vlan:2 vlan:3 " FROM4 " " ABOVE, 0},
	{"v4 4 vlans", "eth vlan:1 vlan:2 vlan:3 vlan:4 " FROM4 " " ABOVE, 0},
	{"v6 4 vlans", "eth vlan:1 vlan:2 vlan:3 vlan:4 " FROM6 " " ABOVE, 0},
	{"v4 5 vlans", "eth vlan:1 vlan:2 vlan:3 vlan:4 vlan:5 " FROM4 " " ABOVE, SEKI_R_VLAN_DEPTH},
	{"v6 5 vlans", "eth vlan:1 vlan:2 vlan:3 vlan:4 vlan:5 " FROM6 " " ABOVE, SEKI_R_VLAN_DEPTH},
	{"v4 8 vlans", "eth vlan:1 vlan:2 vlan:3 vlan:4 vlan:5 vlan:6 vlan:7 vlan:8 " FROM4 " " ABOVE,
	 SEKI_R_VLAN_DEPTH},
	{"v4 pppoe", "eth pppoe " FROM4 " " ABOVE, 0},
	{"v6 pppoe", "eth pppoe " FROM6 " " ABOVE, 0},
	{"v4 vlan pppoe", "eth vlan:7 pppoe " FROM4 " " ABOVE, 0},
	{"v6 qinq pppoe", "eth vlan:7,tpid=0x88a8 vlan:8 pppoe " FROM6 " " ABOVE, 0},
	{"v4 options", "eth " FROM4 ",opts=40 " ABOVE, 0},
	{"v4 first fragment", "eth " FROM4 ",mf " ABOVE " data:100", 0},
	{"v4 later fragment", "eth " FROM4 ",off=1480,type=17 data:64", 0},
	{"v4 gre", "eth " FROM4 " gre ip4:10.1.1.1>10.1.1.2 " ABOVE, 0},
	{"v4 gre of an unknown protocol", "eth " FROM4 " gre,type=0x88b5 data:40", 0},
	{"v4 esp", "eth " FROM4 " esp data:40", 0},
	{"v6 esp", "eth " FROM6 " esp data:40", 0},
	{"v4 ah", "eth " FROM4 " ah " ABOVE, 0},
	{"v4 unknown protocol", "eth " FROM4 ",type=200 data:40", 0},
	{"v4 sctp", "eth " FROM4 ",type=132 data:40", 0},
	{"v4 icmp", "eth " FROM4 " icmp:8 data:40", 0},
	{"v6 icmp6 echo", "eth " FROM6 " icmp6:128 data:40", 0},
	{"v6 hop-by-hop", "eth " FROM6 " hop " ABOVE, 0},
	{"v6 first fragment", "eth " FROM6 " frag:mf " ABOVE " data:108", 0},
	{"v6 atomic fragment", "eth " FROM6 " frag " ABOVE, 0},
	{"v6 later fragment", "eth " FROM6 " frag:off=1232,type=17 data:64", 0},
	{"v6 routing header", "eth " FROM6 " rt " ABOVE, 0},
	{"v6 ah", "eth " FROM6 " ah " ABOVE, 0},
	{"v6 no next header", "eth " FROM6, 0},
	{"v6 7 extension headers", "eth " FROM6 " hop dst rt dst dst dst dst " ABOVE, 0},
	{"v6 8 extension headers", "eth " FROM6 " hop dst rt dst dst dst dst dst " ABOVE, 0},
	{"ipip, outer", "eth " FROM4 " ip4:10.1.1.1>10.1.1.2 " ABOVE, 0},
	{"ipip, inner", "eth ip4:" GOOD4 ">" OUR4 " ip4:" BAD4 ">10.1.1.2 " ABOVE, 0},
	{"6in4, inner", "eth ip4:" GOOD4 ">" OUR4 " ip6:" BAD6 ">" OUR6 " " ABOVE, 0},
	{"6in4, outer", "eth " FROM4 " ip6:" GOOD6 ">" OUR6 " " ABOVE, 0},
	{"4in6, inner", "eth ip6:" GOOD6 ">" OUR6 " ip4:" BAD4 ">10.1.1.2 " ABOVE, 0},
	{"ip6ip6, inner", "eth ip6:" GOOD6 ">" OUR6 " ip6:" BAD6 ">" OUR6 " " ABOVE, 0},
	{"gre v4, inner", "eth ip4:" GOOD4 ">" OUR4 " gre ip4:" BAD4 ">10.1.1.2 " ABOVE, 0},
	{"gre with key, checksum, sequence, inner",
	 "eth ip4:" GOOD4 ">" OUR4 " gre:key,csum,seq ip4:" BAD4 ">10.1.1.2 " ABOVE, 0},
	{"gre web cache redirect, inner",
	 "eth ip4:" GOOD4 ">" OUR4 " gre:type=0x883e ip4:" BAD4 ">10.1.1.2 " ABOVE, 0},
	{"gre web cache redirect with its header, inner",
	 "eth ip4:" GOOD4 ">" OUR4 " gre:type=0x883e zero:4 ip4:" BAD4 ">10.1.1.2 " ABOVE, 0},
	{"gre in a first fragment, inner",
	 "eth ip4:" GOOD4 ">" OUR4 ",mf gre ip4:" BAD4 ">10.1.1.2,len=2000 udp:1>2,len=1980 data:8", 0},
	{"v4 protocol 58", "eth " FROM4 ",ttl=255 icmp6:135 data:40", 0},
	{"v6 redirect from afar", "eth " FROM6 ",ttl=60 icmp6:137 data:40", 0},
	{"gre v6, inner", "eth ip6:" GOOD6 ">" OUR6 " gre ip6:" BAD6 ">" OUR6 " " ABOVE, 0},
	{"gre ethernet, inner", "eth ip4:" GOOD4 ">" OUR4 " gre eth ip4:" BAD4 ">10.1.1.2 " ABOVE, 0},
	{"gre ethernet with a tag, inner",
	 "eth ip4:" GOOD4 ">" OUR4 " gre eth vlan:5 ip4:" BAD4 ">10.1.1.2 " ABOVE, 0},
	{"gre ethernet with two tags, inner",
	 "eth ip4:" GOOD4 ">" OUR4 " gre:key eth vlan:5,tpid=0x88a8 vlan:6 ip6:" BAD6 ">" OUR6 " " ABOVE, 0},
	{"two tunnels, innermost",
	 "eth ip4:" GOOD4 ">" OUR4 " ip4:10.1.1.1>10.1.1.2 ip4:" BAD4 ">10.1.1.3 " ABOVE, 0},
	{"three tunnels, innermost",
	 "eth ip4:" GOOD4 ">" OUR4 " ip4:10.1.1.1>10.1.1.2 ip4:10.2.1.1>10.2.1.2 ip4:" BAD4
	 ">10.1.1.3 " ABOVE,
	 SEKI_R_TUNNEL_DEPTH},
	{"gre over v4, inner v6", "eth ip4:" GOOD4 ">" OUR4 " gre ip6:" BAD6 ">" OUR6 " " ABOVE, 0},
	{"gre over v6, inner v4", "eth ip6:" GOOD6 ">" OUR6 " gre ip4:" BAD4 ">10.1.1.2 " ABOVE, 0},
	{"gre over v6, outer", "eth " FROM6 " gre ip6:" GOOD6 ">" OUR6 " " ABOVE, 0},
	{"gre of an unknown protocol over v6", "eth " FROM6 " gre,type=0x88b5 data:40", 0},
	{"gre with key, checksum, sequence, inner v6",
	 "eth ip6:" GOOD6 ">" OUR6 " gre:key,csum,seq ip6:" BAD6 ">" OUR6 " " ABOVE, 0},
	{"gre in a first fragment, inner v6",
	 "eth ip4:" GOOD4 ">" OUR4 ",mf gre ip6:" BAD6 ">" OUR6 ",len=1980 udp:1>2,len=1980 data:20", 0},
	{"gre in a first fragment of v6, inner v6",
	 "eth ip6:" GOOD6 ">" OUR6 " frag:mf gre ip6:" BAD6 ">" OUR6 ",len=1980 udp:1>2,len=1980 data:12", 0},
	{"gre ethernet, inner v6", "eth ip4:" GOOD4 ">" OUR4 " gre eth ip6:" BAD6 ">" OUR6 " " ABOVE, 0},
	{"gre ethernet over v6 with a tag, inner v6",
	 "eth ip6:" GOOD6 ">" OUR6 " gre eth vlan:5 ip6:" BAD6 ">" OUR6 " " ABOVE, 0},
	{"6in4 behind tags, inner",
	 "eth vlan:7,tpid=0x88a8 vlan:8 ip4:" GOOD4 ">" OUR4 " ip6:" BAD6 ">" OUR6 " " ABOVE, 0},
	{"6in4 in pppoe, inner", "eth pppoe ip4:" GOOD4 ">" OUR4 " ip6:" BAD6 ">" OUR6 " " ABOVE, 0},
	{"6in4 behind options, inner", "eth ip4:" GOOD4 ">" OUR4 ",opts=40 ip6:" BAD6 ">" OUR6 " " ABOVE, 0},
	{"6in4, inner extension headers", "eth ip4:" GOOD4 ">" OUR4 " ip6:" BAD6 ">" OUR6 " hop dst " ABOVE,
	 0},
	{"6in4, inner later fragment",
	 "eth ip4:" GOOD4 ">" OUR4 " ip6:" BAD6 ">" OUR6 " frag:off=1232,type=17 data:64", 0},
	{"6in4, inner cut to its header", "eth ip4:" GOOD4 ">" OUR4 " ip6:" BAD6 ">" OUR6, 0},
	{"4in6, outer", "eth " FROM6 " ip4:" GOOD4 ">10.1.1.2 " ABOVE, 0},
	{"ip6ip6, outer", "eth " FROM6 " ip6:" GOOD6 ">" OUR6 " " ABOVE, 0},
	{"ip6ip6 behind extension headers, inner",
	 "eth ip6:" GOOD6 ">" OUR6 " hop dst ip6:" BAD6 ">" OUR6 " " ABOVE, 0},
	{"ip6ip6 behind a routing header, inner",
	 "eth ip6:" GOOD6 ">" OUR6 " rt ip6:" BAD6 ">" OUR6 " " ABOVE, 0},
	{"two tunnels, innermost v6",
	 "eth ip4:" GOOD4 ">" OUR4 " ip6:" GOOD6 ">" OUR6 " ip6:" BAD6 ">" OUR6 " " ABOVE, 0},
	{"gre in 4in6, innermost v6",
	 "eth ip6:" GOOD6 ">" OUR6 " ip4:" GOOD4 ">10.1.1.2 gre ip6:" BAD6 ">" OUR6 " " ABOVE, 0},
	{"three tunnels, innermost v6",
	 "eth ip6:" GOOD6 ">" OUR6 " ip6:" GOOD6 ">" OUR6 " ip6:" GOOD6 ">" OUR6 " ip6:" BAD6 ">" OUR6
	 " " ABOVE,
	 SEKI_R_TUNNEL_DEPTH},
	/* Tunnels in UDP: whoever sends them is judged here, what is inside where it is unpacked. */
	{"v4 vxlan, outer", "eth " FROM4 " udp:4000>4789 zero:8 data:64", 0},
	{"v6 vxlan, outer", "eth " FROM6 " udp:4000>4789 zero:8 data:64", 0},
	{"v4 geneve, outer", "eth " FROM4 " udp:4000>6081 zero:8 data:64", 0},
	{"v6 geneve, outer", "eth " FROM6 " udp:4000>6081 zero:8 data:64", 0},
	{"v4 teredo, outer", "eth " FROM4 " udp:4000>3544 ip6:" GOOD6 ">" OUR6 " " ABOVE, 0},
	{"v6 gtp, outer", "eth " FROM6 " udp:2152>2152 zero:8 data:64", 0},
	{"v6 trailing bytes", "eth " FROM6 ",len=28 udp:4000>53,len=28 data:20 zero:12", 0},
	{"trailing bytes", "eth " FROM4 ",len=48 udp:4000>53,len=28 data:20 zero:12", 0},
};

#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

/* Headers that end before their L4 header: the address is known, so the list must hold whatever else is
 * wrong. */
static const struct row cut_rows[] = {
	{"v4 header only, udp", "eth " FROM4 ",type=17", 0},
	{"v4 header only, tcp", "eth " FROM4 ",type=6", 0},
	{"v4 tcp cut off", "eth " FROM4 ",type=6 data:12", 0},
	{"v6 header only, tcp", "eth " FROM6 ",type=6", 0},
	{"v6 udp cut off", "eth " FROM6 ",type=17 data:5", 0},
	{"v4 icmp cut off", "eth " FROM4 ",type=1 data:3", 0},
	{"v4 tcp syn+fin", "eth " FROM4 " tcp:4000>80,SF", 0},
	{"v4 tiny first fragment", "eth " FROM4 ",type=6,mf data:8", 0},
	{"v4 gre cut off", "eth " FROM4 ",type=47 data:2", 0},
	{"v4 inner header is nonsense", "eth " FROM4 ",type=4 data:40", 0},
	{"v6 extension header cut off", "eth " FROM6 ",type=60 data:4", 0},
	{"v6 9 extension headers", "eth " FROM6 " hop dst rt dst dst dst dst dst dst " ABOVE, 0},
};

#define CUT_ROWS ((int)(sizeof(cut_rows) / sizeof(cut_rows[0])))

static void actions_set(enum seki_action action)
{
	for (int reason = SEKI_R_FRAME_SHORT; reason <= SEKI_R_LAND; reason++)
		world.policy.action[reason] = action;
	settings_write(&world);
}

static void listed_source_never_passes(void)
{
	struct frame f;

	for (int i = 0; i < ROWS; i++) {
		int reason = rows[i].reason ?: SEKI_R_LISTED_SRC;
		struct outcome o;

		frame_make(&f, "%s", rows[i].frame);
		o = send_xdp(&world, &f);
		CHECK(outcome_is_drop(o, reason), "%s: verdict %d by %s, expected a drop by %s", rows[i].name,
		      o.verdict, outcome_reason(o), reason_name[reason]);
	}
}

static void listed_source_passes_only_as_would_in_monitor(void)
{
	struct frame f;

	iface_write(&world, 0, SEKI_ROLE_WAN, SEKI_MODE_MONITOR, 0);
	for (int i = 0; i < ROWS; i++) {
		int reason = rows[i].reason ?: SEKI_R_LISTED_SRC;
		struct outcome o;

		frame_make(&f, "%s", rows[i].frame);
		o = send_xdp(&world, &f);
		CHECK(outcome_is_would(o, reason), "%s: verdict %d by %s, expected would-drop by %s",
		      rows[i].name, o.verdict, outcome_reason(o), reason_name[reason]);
	}
	iface_write(&world, 0, SEKI_ROLE_WAN, SEKI_MODE_ENFORCE, 0);
}

static void cut_frames_are_dropped(void)
{
	struct frame f;

	for (int i = 0; i < CUT_ROWS; i++) {
		struct outcome o;

		frame_make(&f, "%s", cut_rows[i].frame);
		o = send_xdp(&world, &f);
		CHECK(o.dropped && o.reason >= 0, "%s: verdict %d by %s", cut_rows[i].name, o.verdict,
		      outcome_reason(o));
	}
}

static void list_holds_where_malformed_frames_may_pass(void)
{
	struct frame f;

	actions_set(SEKI_ACTION_PASS);
	for (int i = 0; i < CUT_ROWS; i++) {
		struct outcome o;

		frame_make(&f, "%s", cut_rows[i].frame);
		o = send_xdp(&world, &f);
		CHECK(outcome_is_drop(o, SEKI_R_LISTED_SRC), "%s: verdict %d by %s", cut_rows[i].name,
		      o.verdict, outcome_reason(o));
	}
	actions_set(SEKI_ACTION_DEFAULT);
}

static void unparsable_frames_end_in_the_configured_verdict(void)
{
	static const struct row odd[] = {
		{"5 vlans", "eth vlan:1 vlan:2 vlan:3 vlan:4 vlan:5 " FROM4 " " ABOVE, SEKI_R_VLAN_DEPTH},
		{"vlan cut off", "eth vlan:1,type=0x8100 zero:1", SEKI_R_FRAME_SHORT},
		{"pppoe version", "eth pppoe:ver=0x21 " FROM4 " " ABOVE, SEKI_R_PPPOE_BAD},
		{"v4 header cut off", "eth:type=0x0800 zero:19", SEKI_R_IP4_BAD},
		{"v6 header cut off", "eth:type=0x86dd zero:39", SEKI_R_IP6_BAD},
	};
	struct frame f;

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct outcome o;

		frame_make(&f, "%s", odd[i].frame);
		actions_set(SEKI_ACTION_DROP);
		o = send_xdp(&world, &f);
		CHECK(outcome_is_drop(o, odd[i].reason), "%s, drop: verdict %d by %s", odd[i].name, o.verdict,
		      outcome_reason(o));
		actions_set(SEKI_ACTION_PASS);
		o = send_xdp(&world, &f);
		CHECK(outcome_is_would(o, odd[i].reason), "%s, pass: verdict %d by %s", odd[i].name,
		      o.verdict, outcome_reason(o));
	}
	actions_set(SEKI_ACTION_DEFAULT);
}

static void listed_destination_never_passes(void)
{
	static const char *const frames[] = {
		"eth ip4:" GOOD4 ">203.0.113.99 " ABOVE,
		"eth vlan:7 ip4:" GOOD4 ">203.0.113.99 tcp:4000>80,S",
		"eth ip4:" GOOD4 ">" OUR4 " gre ip4:10.1.1.1>203.0.113.99 " ABOVE,
		"eth ip6:" GOOD6 ">2001:db8:f::99 " ABOVE,
		"eth ip6:" GOOD6 ">" OUR6 " ip6:" GOOD6 ">2001:db8:f::99 " ABOVE,
	};
	struct frame f;

	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		frame_make(&f, "%s", frames[i]);
		CHECK_OUTCOME(send_xdp(&world, &f), drop, LISTED_DST, frames[i]);
	}
}

static void same_frames_of_others_pass(void)
{
	struct frame f;

	for (int i = 0; i < ROWS; i++) {
		char line[512], *at;
		struct outcome o;

		if (rows[i].reason)
			continue;
		snprintf(line, sizeof(line), "%s", rows[i].frame);
		while ((at = strstr(line, BAD4)))
			memcpy(at, "198.51.100.77", strlen(BAD4));
		while ((at = strstr(line, BAD6)))
			memcpy(at, "2001:db8:bed::66", strlen(BAD6));
		frame_make(&f, "%s", line);
		o = send_xdp(&world, &f);
		CHECK(outcome_is_free(o), "%s: verdict %d by %s", line, o.verdict, outcome_reason(o));
	}
}

/* --- the same among a million others */

#define MILLION 1000000u

static struct gate_list_row other_row(__u32 i)
{
	static const __u8 lengths[] = {128, 64, 56, 48, 40, 32};
	struct gate_list_row row = {{.prefixlen = 128},
				    {.list = 9, .flags = SEKI_ENTRY_SRC | SEKI_ENTRY_DST}};

	if (i % 2) { /* 11.0.0.0 on: four hosts of five */
		row.key.addr = addr_of("11.0.0.0");
		row.key.prefixlen = i % 5 ? 128 : 96 + 24;
		row.key.addr.w[3] = htonl(0x0b000000 + (i % 5 ? i * 97 : 0x10000000 + i * 256));
	} else {
		row.key.addr.w[0] = htonl(0x2a000000 + i);
		row.key.prefixlen = lengths[i / 2 % sizeof(lengths)];
		if (row.key.prefixlen == 128)
			row.key.addr.w[3] = htonl(i);
	}
	return row;
}

/* Listed beside everybody that the tests ask about: same networks, same levels. */
static __u32 neighbours(struct gate_list_row *rows_out, struct gate_list_row about)
{
	__u8 own = about.key.addr.b[15];
	__u32 count = 0;

	for (int last = 0; last < 256; last++) {
		if (last == own)
			continue;
		rows_out[count] = about;
		rows_out[count++].key.addr.b[15] = (__u8)last;
	}
	return count;
}

static void a_million_others_are_listed(void)
{
	static const char *const about[] = {BAD6, "2001:db8:bed::66", GOOD6, OUR6};
	struct gate_list_row *many = calloc(MILLION + 256, sizeof(*many));
	struct gate_list_row host = {.value = {.list = 9, .flags = SEKI_ENTRY_SRC}};
	struct seki_list_head head;
	struct list_table table;
	__u32 count = world.row_count[0];

	memcpy(many, world.rows[0], count * sizeof(*many));
	for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++) {
		host.key = lpm_of(about[i]);
		count += neighbours(many + count, host);
	}
	for (int last = 1; last < 256; last++) { /* of 198.51.100.0/24 what nobody asks about */
		if (last == 66 || last == 7 || last == 77)
			continue;
		host.key = lpm_of(BAD4);
		host.key.addr.b[15] = (__u8)last;
		many[count++] = host;
	}
	for (__u32 i = 0; count < MILLION; i++)
		many[count++] = other_row(i);
	CHECK_EQ(list_fill(world.object, 0, many, count, &head, &table), 0);
	CHECK_EQ(head.rows4 + head.rows6 + head.rows_odd, MILLION);
	printf("# %u IPv4 and %u IPv6 prefixes are listed\n", head.rows4, head.rows6);
	list_drop(&table);
	free(many);
}

static const struct ktap_test tests[] = {
	TEST(listed_source_never_passes),
	TEST(listed_source_passes_only_as_would_in_monitor),
	TEST(cut_frames_are_dropped),
	TEST(list_holds_where_malformed_frames_may_pass),
	TEST(unparsable_frames_end_in_the_configured_verdict),
	TEST(listed_destination_never_passes),
	TEST(same_frames_of_others_pass),
	TEST(a_million_others_are_listed),
	TEST(listed_source_never_passes),
	TEST(listed_source_passes_only_as_would_in_monitor),
	TEST(cut_frames_are_dropped),
	TEST(list_holds_where_malformed_frames_may_pass),
	TEST(unparsable_frames_end_in_the_configured_verdict),
	TEST(listed_destination_never_passes),
	TEST(same_frames_of_others_pass),
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
	list_add(&world, "203.0.113.99", SEKI_ENTRY_DST);
	list_add(&world, "2001:db8:f::99", SEKI_ENTRY_DST);
	result = ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
	world_close(&world);
	return result;
}
