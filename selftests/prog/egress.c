/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * egress - what a DMZ host may start, and what it may answer. The default
 * profile holds DNS, SMTP and NTP; web and FTP belong to the proxy only.
 */
#include "lib/bpftest.h"

#define WEB4   "10.0.10.5"
#define WEB6   "2001:db8:d::5"
#define PROXY4 "10.0.10.9"
#define PROXY6 "2001:db8:d::9"
#define OUT4   "198.51.100.7"
#define OUT6   "2001:db8:900d::7"

#define PROXY_PROFILE 1

static struct world world;

static void world_fresh(void)
{
	flows_forget(&world);
	map_clear(world_map(&world, "seki_frags"));
	map_clear(world_map(&world, "seki_ftp"));
	map_clear(world_map(&world, "seki_expect"));
	map_clear(world_map(&world, "seki_expected"));
	settings_sane(&world);
	iface_write(&world, 0, SEKI_ROLE_DMZ, SEKI_MODE_ENFORCE, 0);
}

static struct outcome send_line(enum seki_role role, const char *line)
{
	struct frame f;

	iface_write(&world, 0, role, SEKI_MODE_ENFORCE, 0);
	frame_make(&f, "%s", line);
	return send_xdp(&world, &f);
}

static struct outcome dmz_sends(const char *line)
{
	return send_line(SEKI_ROLE_DMZ, line);
}

static struct outcome wan_sends(const char *line)
{
	return send_line(SEKI_ROLE_WAN, line);
}

static const struct {
	const char *service, *tcp_or_udp;
	int port;
	bool web, proxy; /* who may start it */
} matrix[] = {
	{"dns", "udp", 53, true, true},
	{"dns over tcp", "tcp", 53, true, true},
	{"smtp", "tcp", 25, true, true},
	{"ntp", "udp", 123, true, true},
	{"http", "tcp", 80, false, true},
	{"https", "tcp", 443, false, true},
	{"ftp", "tcp", 21, false, true},
	{"quic", "udp", 443, false, false},
	{"reverse shell", "tcp", 4444, false, false},
	{"ssh", "tcp", 22, false, false},
	{"smtp by udp", "udp", 25, false, false},
	{"ntp by tcp", "tcp", 123, false, false},
	{"irc", "tcp", 6667, false, false},
	{"tftp", "udp", 69, false, false},
	{"port 0", "tcp", 0, false, false},
	{"top port", "udp", 65535, false, false},
};

#define ROWS ((int)(sizeof(matrix) / sizeof(matrix[0])))

static void check_row(int row, const char *host, const char *out, bool may)
{
	bool v6 = strchr(host, ':'), tcp = !strcmp(matrix[row].tcp_or_udp, "tcp");
	struct outcome o;
	struct frame f;

	world_fresh();
	frame_make(&f, "eth %s:%s>%s %s:33000>%d%s", v6 ? "ip6" : "ip4", host, out, tcp ? "tcp" : "udp",
		   matrix[row].port, tcp ? ",S" : " data:30");
	o = send_xdp(&world, &f);
	CHECK(may ? outcome_is_free(o) : outcome_is_drop(o, SEKI_R_EGRESS_DENIED),
	      "%s from %s: verdict %d by %s", matrix[row].service, host, o.verdict, outcome_reason(o));
}

static void role_matrix(void)
{
	for (int i = 0; i < ROWS; i++) {
		check_row(i, WEB4, OUT4, matrix[i].web);
		check_row(i, WEB6, OUT6, matrix[i].web);
		check_row(i, PROXY4, OUT4, matrix[i].proxy);
		check_row(i, PROXY6, OUT6, matrix[i].proxy);
	}
}

static void permitted_flow_goes_on(void)
{
	struct seki_flow_key key = key_of(WEB4, 33000, OUT4, 25, 6);
	struct seki_flow flow;

	world_fresh();
	CHECK(outcome_is_free(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:33000>25,S,seq=1")), "SYN");
	CHECK(flow_find(&world, &key, &flow) != FLOW_NOWHERE && flow.flags & SEKI_FLOW_EGRESS_OK, "flags %x",
	      flow.flags);
	CHECK(outcome_is_free(wan_sends("eth ip4:" OUT4 ">" WEB4 " tcp:25>33000,SA,seq=9,ack=2")), "answer");
	CHECK(outcome_is_free(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:33000>25,A,seq=2,ack=10")), "ACK");
	CHECK(outcome_is_free(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:33000>25,PA,seq=2,ack=10 data:40")),
	      "data");
	CHECK(outcome_is_free(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:33000>25,FA,seq=42,ack=10")), "FIN");
}

static void denied_flow_stays_denied(void)
{
	world_fresh();
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:33000>4444,S,seq=1"), drop, EGRESS_DENIED,
		      "SYN");
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:33000>4444,S,seq=1"), drop, EGRESS_DENIED,
		      "again");
	CHECK(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:33000>4444,A,seq=2,ack=5").dropped, "ACK");
	CHECK(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:33000>4444,PA,seq=2,ack=5 data:40").dropped, "data");
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:80>4444,S,seq=1"), drop, EGRESS_DENIED,
		      "from a service's port");
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:33000>4444,SPU,seq=1 data:9"), drop,
		      EGRESS_DENIED, "SYN with odd flags");
}

static void public_service_answers(void)
{
	world_fresh();
	CHECK(outcome_is_free(wan_sends("eth ip4:" OUT4 ">" WEB4 " tcp:50000>80,S,seq=1")), "SYN");
	CHECK(outcome_is_free(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:80>50000,SA,seq=9,ack=2")), "SYN+ACK");
	CHECK(outcome_is_free(wan_sends("eth ip4:" OUT4 ">" WEB4 " tcp:50000>80,A,seq=2,ack=10")), "ACK");
	CHECK(outcome_is_free(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:80>50000,PA,seq=10,ack=2 data:50")),
	      "data");
	CHECK(outcome_is_free(wan_sends("eth ip6:" OUT6 ">" WEB6 " tcp:50000>443,S,seq=1")), "SYN v6");
	CHECK(outcome_is_free(dmz_sends("eth ip6:" WEB6 ">" OUT6 " tcp:443>50000,SA,seq=9,ack=2")),
	      "SYN+ACK v6");
	CHECK(outcome_is_free(wan_sends("eth ip4:" OUT4 ">" WEB4 " udp:50000>5060 data:30")), "UDP in");
	CHECK(outcome_is_free(dmz_sends("eth ip4:" WEB4 ">" OUT4 " udp:5060>50000 data:30")), "UDP out");
	CHECK(outcome_is_free(wan_sends("eth ip4:" OUT4 ">" WEB4 " icmp:8,id=3")), "echo in");
	CHECK(outcome_is_free(dmz_sends("eth ip4:" WEB4 ">" OUT4 " icmp:0,id=3")), "echo reply out");
}

/* On role dmz the tc program of the same interface sees what goes to the host (T3). */
static void both_directions_on_one_interface(void)
{
	struct frame f;

	world_fresh();
	frame_make(&f, "eth ip4:" OUT4 ">" WEB4 " tcp:50001>80,S,seq=1");
	CHECK(!send_tc(&world, &f).dropped, "SYN towards the host");
	CHECK(outcome_is_free(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:80>50001,SA,seq=9,ack=2")), "SYN+ACK");
	CHECK(outcome_is_free(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:80>50001,PA,seq=10,ack=2 data:9")),
	      "data");
}

static void answers_to_nobody_are_dropped(void)
{
	world_fresh();
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:80>50000,PA,seq=10,ack=2 data:50"), drop,
		      EGRESS_MIDSTREAM, "data of no flow");
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:80>50000,A,seq=10,ack=2"), drop,
		      EGRESS_MIDSTREAM, "ACK of no flow");
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 " udp:5060>50000 data:30"), drop, EGRESS_DENIED,
		      "UDP of no flow");
	CHECK(dmz_sends("eth ip4:" WEB4 ">" OUT4 " icmp:0,id=3 data:40").dropped, "echo reply of no flow");
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 " icmp:8,id=4"), drop, EGRESS_DENIED, "echo");
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 ",type=50 data:40"), drop, EGRESS_DENIED, "ESP");
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 " gre ip4:10.1.1.1>10.1.1.2 udp:1>53"), drop,
		      EGRESS_DENIED, "GRE");
}

/* A host that sends an unasked SYN+ACK must not gain a flow whose data then passes as an answer. */
static void unasked_syn_ack_opens_nothing(void)
{
	world_fresh();
	dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:80>4444,SA,seq=9,ack=2");
	CHECK(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:80>4444,PA,seq=10,ack=2 data:50").dropped,
	      "data after it passes");
	world_fresh();
	CHECK(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:80>4444,SA,seq=9,ack=2 data:500").dropped,
	      "data inside of it passes");
	world_fresh();
	dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:80>4444,R,seq=9");
	CHECK(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:80>4444,PA,seq=10,ack=2 data:50").dropped,
	      "data after a RST passes");
	world_fresh();
	dmz_sends("eth ip4:" WEB4 ">" OUT4 " icmp:0,id=4");
	CHECK(dmz_sends("eth ip4:" WEB4 ">" OUT4 " icmp:8,id=4 data:50").dropped,
	      "echo after an unasked reply passes");
}

static void grace_lets_old_flows_go_on(void)
{
	world_fresh();
	world.policy.grace_until = world_seconds() + 100;
	settings_write(&world);
	CHECK(outcome_is_free(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:80>50000,PA,seq=10,ack=2 data:50")),
	      "in grace");
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:33000>4444,S,seq=1"), drop, EGRESS_DENIED,
		      "SYN in grace");
	world.policy.grace_until = world_seconds() - 1;
	settings_write(&world);
	CHECK(outcome_is_free(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:80>50000,PA,seq=60,ack=2 data:50")),
	      "learnt");
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:80>50009,PA,seq=10,ack=2 data:50"), drop,
		      EGRESS_MIDSTREAM, "after grace");
}

static void icmp_errors_follow_their_flow(void)
{
	world_fresh();
	CHECK(outcome_is_free(wan_sends("eth ip4:" OUT4 ">" WEB4 " udp:50000>161 data:30")), "UDP in");
	CHECK(outcome_is_free(dmz_sends("eth ip4:" WEB4 ">" OUT4 " icmp:3,code=3 ip4:" OUT4 ">" WEB4
					",type=17 udp:50000>161")),
	      "port unreachable about it");
	CHECK(dmz_sends("eth ip4:" WEB4 ">" OUT4 " icmp:3,code=3 ip4:" OUT4 ">" WEB4 ",type=17 udp:50001>161")
		      .dropped,
	      "port unreachable about nothing");
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">203.0.113.200 icmp:3,code=3 ip4:" OUT4 ">" WEB4
				",type=17 udp:50000>161 data:400"),
		      drop, EGRESS_DENIED, "port unreachable to somebody else");
}

/* A cut flow must not go on inside errors about it. */
static void icmp_errors_of_a_cut_flow_are_cut(void)
{
	struct seki_flow_key key = key_of(OUT4, 50000, WEB4, 161, 17);

	world_fresh();
	wan_sends("eth ip4:" OUT4 ">" WEB4 " udp:50000>161 data:30");
	CHECK_EQ(flow_op(&world, SEKI_OP_BLOCK, &key, 0, world_seconds() + 100), 0);
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 " icmp:3,code=3 ip4:" OUT4 ">" WEB4
				",type=17 udp:50000>161 data:400"),
		      drop, FLOW_BLOCKED, "port unreachable about a cut flow");
}

static void neighbour_discovery_carries_nothing_out(void)
{
	world_fresh();
	CHECK_OUTCOME(dmz_sends("eth ip6:" WEB6 ">" OUT6 ",ttl=255 icmp6:135 data:400"), drop, EGRESS_DENIED,
		      "solicitation to the internet");
	CHECK_OUTCOME(dmz_sends("eth ip6:" WEB6 ">" OUT6 ",ttl=255 icmp6:136 data:400"), drop, EGRESS_DENIED,
		      "advertisement to the internet");
	world.policy.grace_until = world_seconds() + 100;
	settings_write(&world);
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 ",ttl=255 icmp6:135 data:400"), drop, EGRESS_DENIED,
		      "protocol 58 in IPv4, in grace");
	CHECK_OUTCOME(dmz_sends("eth ip6:" WEB6 ">" PROXY6 ",ttl=255 icmp6:135 data:24"), pass, NEIGHBOUR,
		      "solicitation between neighbours");
	CHECK_OUTCOME(dmz_sends("eth ip6:" WEB6 ">fe80::1,ttl=255 icmp6:136 data:24"), pass, NEIGHBOUR,
		      "advertisement to the gateway");
}

/* A SYN from outside, even to a closed port, must not let the host connect to its sender. */
static void knock_from_outside_opens_no_way_out(void)
{
	world_fresh();
	CHECK(outcome_is_free(wan_sends("eth ip4:" OUT4 ">" WEB4 " tcp:4444>50000,S,seq=1")), "knock");
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:50000>4444,S,seq=9"), drop, EGRESS_DENIED,
		      "SYN back");
	CHECK(outcome_is_free(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:50000>4444,RA,seq=0,ack=2")), "RST");
	CHECK(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:50001>4444,R,seq=1234").dropped, "RST about nothing");
}

static int followed(const char *line, enum seki_role role, bool out)
{
	struct outcome o;
	struct frame f;

	iface_write(&world, 0, role, SEKI_MODE_ENFORCE, 0);
	frame_make(&f, "%s", line);
	o = out ? send_tc(&world, &f) : send_xdp(&world, &f);
	return o.dropped ? -1 : o.reason;
}

#define TO_WEB	 "eth ip4:" OUT4 ">" WEB4 " tcp:50002>80,"
#define FROM_WEB "eth ip4:" WEB4 ">" OUT4 " tcp:80>50002,"

/* Behind DNAT the wan side knows the flow under other addresses: both halves are followed here (T3). */
static void nat_flow_is_followed_and_cut_on_dmz(void)
{
	struct seki_flow_key key = key_of(OUT4, 50002, WEB4, 80, 6);
	struct seki_flow flow;

	world_fresh();
	followed(TO_WEB "S,seq=1", SEKI_ROLE_DMZ, true);
	followed(FROM_WEB "SA,seq=9,ack=2", SEKI_ROLE_DMZ, false);
	followed(TO_WEB "A,seq=2,ack=10", SEKI_ROLE_DMZ, true);
	CHECK_EQ(flow_find(&world, &key, &flow), FLOW_TABLE);
	CHECK(flow.flags & SEKI_FLOW_VALIDATED, "flags %x", flow.flags);
	CHECK_EQ(flow.pkts[0], 2);
	CHECK_EQ(flow.pkts[1], 1);
	CHECK_EQ(followed(TO_WEB "PA,seq=2,ack=10 data:40", SEKI_ROLE_DMZ, true), SEKI_R_COPIED);
	CHECK_EQ(flow_op(&world, SEKI_OP_BLOCK, &key, 0, world_seconds() + 100), 0);
	CHECK_EQ(followed(TO_WEB "PA,seq=42,ack=10 data:40", SEKI_ROLE_DMZ, true), -1);
}

static void flow_seen_on_wan_is_counted_once(void)
{
	struct seki_flow_key key = key_of(OUT4, 50002, WEB4, 80, 6);
	struct seki_flow flow;

	world_fresh();
	for (int out = 0; out < 2; out++)
		followed(TO_WEB "S,seq=1", out ? SEKI_ROLE_DMZ : SEKI_ROLE_WAN, out);
	followed(FROM_WEB "SA,seq=9,ack=2", SEKI_ROLE_DMZ, false);
	for (int out = 0; out < 2; out++)
		followed(TO_WEB "A,seq=2,ack=10", out ? SEKI_ROLE_DMZ : SEKI_ROLE_WAN, out);
	CHECK_EQ(flow_find(&world, &key, &flow), FLOW_TABLE);
	CHECK_EQ(flow.pkts[0], 2);
	CHECK_EQ(flow.pkts[1], 1);
}

static void fragments_follow_the_first(void)
{
	world_fresh();
	CHECK(outcome_is_free(dmz_sends("eth ip4:" WEB4 ">" OUT4 ",mf,id=7 udp:33000>53 data:64")), "first");
	CHECK(outcome_is_free(dmz_sends("eth ip4:" WEB4 ">" OUT4 ",off=72,id=7,type=17 data:64")),
	      "its second");
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 ",off=72,id=8,type=17 data:64"), drop,
		      EGRESS_MIDSTREAM, "a second without a first");
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 ",mf,id=9 udp:33000>4444 data:64"), drop,
		      EGRESS_DENIED, "first of a denied one");
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 ",off=72,id=9,type=17 data:64"), drop,
		      EGRESS_MIDSTREAM, "second of a denied one");
}

static void neighbours_and_own_networks_are_not_outside(void)
{
	static const char *const inside[] = {
		"eth ip4:" WEB4 ">10.0.10.9 tcp:33000>4444,S",
		"eth ip4:" WEB4 ">224.0.0.251 udp:5353>5353 data:20",
		"eth ip4:" WEB4 ">255.255.255.255 udp:68>67 data:240",
		"eth ip6:fe80::5>ff02::2,ttl=255 icmp6:133",
		"eth ip6:" WEB6 ">ff02::fb udp:5353>5353 data:20",
		"eth arp",
	};

	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
		world_fresh();
		CHECK(outcome_is_free(dmz_sends(inside[i])), "%s", inside[i]);
	}
}

static void destination_bound_rules(void)
{
	world_fresh();
	CHECK(outcome_is_free(dmz_sends("eth ip4:" WEB4 ">203.0.113.20 tcp:33000>8883,S")),
	      "inside the prefix");
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">203.0.113.40 tcp:33000>8883,S"), drop, EGRESS_DENIED,
		      "outside");
	CHECK(outcome_is_free(dmz_sends("eth ip6:" WEB6 ">2001:db8:8883::1 tcp:33000>8883,S")), "inside v6");
	CHECK_OUTCOME(dmz_sends("eth ip6:" WEB6 ">" OUT6 " tcp:33000>8883,S"), drop, EGRESS_DENIED,
		      "outside v6");
}

static void policy_holds_on_dmz_only_and_follows_the_mode(void)
{
	struct frame f;

	world_fresh();
	frame_make(&f, "eth ip4:" WEB4 ">" OUT4 " tcp:33000>4444,S");
	iface_write(&world, 0, SEKI_ROLE_LAN, SEKI_MODE_ENFORCE, 0);
	CHECK(outcome_is_free(send_xdp(&world, &f)), "role lan");
	flows_forget(&world);
	iface_write(&world, 0, SEKI_ROLE_DMZ, SEKI_MODE_MONITOR, 0);
	CHECK_OUTCOME(send_xdp(&world, &f), would, EGRESS_DENIED, "monitor");
	CHECK_OUTCOME(send_xdp(&world, &f), would, EGRESS_DENIED, "monitor, again");
	iface_write(&world, 0, SEKI_ROLE_DMZ, SEKI_MODE_ENFORCE, 0);
	CHECK_OUTCOME(send_xdp(&world, &f), drop, EGRESS_DENIED, "a flow begun in monitor gains nothing");
}

/* What passed only because nobody enforced must not look like an answer later. */
static void monitor_teaches_nothing(void)
{
	static const struct {
		const char *first, *then;
	} rows[] = {
		{"tcp:80>4444,SA,seq=9,ack=2", "tcp:80>4444,PA,seq=10,ack=2 data:50"},
		{"tcp:80>4444,A,seq=9,ack=2", "tcp:80>4444,PA,seq=9,ack=2 data:50"},
		{"udp:80>4444 data:5", "udp:80>4444 data:5"},
		{"icmp:0,id=6 data:40", "icmp:0,id=6 data:40"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct frame f;

		world_fresh();
		iface_write(&world, 0, SEKI_ROLE_DMZ, SEKI_MODE_MONITOR, 0);
		frame_make(&f, "eth ip4:" WEB4 ">" OUT4 " %s", rows[i].first);
		CHECK(!send_xdp(&world, &f).dropped, "monitor drops %s", rows[i].first);
		iface_write(&world, 0, SEKI_ROLE_DMZ, SEKI_MODE_ENFORCE, 0);
		frame_make(&f, "eth ip4:" WEB4 ">" OUT4 " %s", rows[i].then);
		CHECK(send_xdp(&world, &f).dropped, "passes after monitor: %s", rows[i].then);
	}
}

static void allow_set_is_no_egress_rule(void)
{
	struct seki_scope any = {0};

	world_fresh();
	net_add(&world, "198.51.100.200", 0, &any);
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">198.51.100.200 tcp:33000>4444,S"), drop, EGRESS_DENIED,
		      "towards an allowed address");
}

/* --- flow tables under pressure */

#define EMBRYOS 65536 /* as the object has it */

/* A frame from a different address or port each time, without the cost of writing it anew. */
static void send_many(enum seki_role role, const char *line, int count, bool from_outside)
{
	struct frame f;

	iface_write(&world, 0, role, SEKI_MODE_ENFORCE, 0);
	frame_make(&f, "%s", line);
	for (int i = 0; i < count; i++) {
		__u32 at = htonl(0xc6120000u + (__u32)i); /* 198.18.0.0/15, RFC 2544 */

		memcpy(f.data + (from_outside ? 26 : 30), &at,
		       4); /* nothing in the packet path looks at the sum */
		run_xdp(&world, &f);
	}
}

static void question_that_was_evicted_is_no_finding(void)
{
	const char *ask = "eth ip4:" OUT4 ">" WEB4 " udp:50000>53 data:30";
	const char *answer = "eth ip4:" WEB4 ">" OUT4 " udp:53>50000 data:30";
	struct seki_flow_key key = key_of(WEB4, 53, OUT4, 50000, 17);
	struct seki_flow flow;
	__u64 lost;

	world_fresh();
	CHECK(outcome_is_free(wan_sends(ask)), "a question");
	CHECK(outcome_is_free(dmz_sends(answer)), "its answer");
	CHECK(!bpf_map_delete_elem(world.embryos, &key), "it had a row");
	CHECK_OUTCOME(dmz_sends(answer), drop, EGRESS_DENIED, "without pressure nobody asked");
	wan_sends(ask);
	send_many(SEKI_ROLE_WAN, "eth ip4:" OUT4 ">" WEB4 " udp:50000>53 data:30", EMBRYOS + EMBRYOS / 2,
		  true);
	CHECK(flow_find(&world, &key, &flow) == FLOW_NOWHERE, "a flood of questions evicts the first");
	lost = loss_read(&world, SEKI_LOSS_UNTRACKED);
	CHECK_OUTCOME(dmz_sends(answer), drop, EGRESS_MIDSTREAM, "its answer accuses nobody");
	CHECK_EQ(loss_read(&world, SEKI_LOSS_UNTRACKED), lost + 1);
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 " udp:50000>4444 data:30"), drop, EGRESS_DENIED,
		      "what looks like no answer does");
	CHECK_OUTCOME(dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:53>50000,S"), drop, EGRESS_DENIED,
		      "nor a SYN");
}

static void no_host_evicts_the_flows_of_others(void)
{
	struct seki_flow_key udp = key_of(WEB4, 53, OUT4, 50000, 17), tcp = key_of(WEB4, 80, OUT4, 50001, 6);
	struct seki_flow flow;
	__u64 lost;

	world_fresh();
	map_clear(world_map(&world, "seki_begun"));
	wan_sends("eth ip4:" OUT4 ">" WEB4 " udp:50000>53 data:30");
	dmz_sends("eth ip4:" WEB4 ">" OUT4 " udp:53>50000 data:30");
	wan_sends("eth ip4:" OUT4 ">" WEB4 " tcp:50001>80,S,seq=1");
	dmz_sends("eth ip4:" WEB4 ">" OUT4 " tcp:80>50001,SA,seq=9,ack=2");
	wan_sends("eth ip4:" OUT4 ">" WEB4 " tcp:50001>80,A,seq=2,ack=10");
	CHECK(flow_find(&world, &tcp, &flow) == FLOW_TABLE, "an established connection");
	CHECK(flow_find(&world, &udp, &flow) == FLOW_EMBRYO, "a datagram flow");
	lost = loss_read(&world, SEKI_LOSS_UNTRACKED);
	send_many(SEKI_ROLE_DMZ, "eth ip4:" PROXY4 ">" OUT4 " udp:50000>53 data:30", 2 * EMBRYOS, false);
	CHECK(flow_find(&world, &tcp, &flow) == FLOW_TABLE, "it stays");
	CHECK(flow_find(&world, &udp, &flow) == FLOW_EMBRYO, "so does the datagram flow");
	lost = loss_read(&world, SEKI_LOSS_UNTRACKED) - lost;
	CHECK(lost <= 2 * EMBRYOS - EMBRYOS / 4 && lost >= 2 * EMBRYOS - 2 * (EMBRYOS / 4),
	      "%llu told, within one window or two", lost);
	CHECK(outcome_is_free(dmz_sends("eth ip4:" PROXY4 ">" OUT4 " udp:50000>53 data:30")),
	      "what the rules have goes on");
	CHECK_OUTCOME(dmz_sends("eth ip4:" PROXY4 ">" OUT4 " udp:50000>4444 data:30"), drop, EGRESS_DENIED,
		      "what they have not does not");
}

static const struct ktap_test tests[] = {
	TEST(role_matrix),
	TEST(permitted_flow_goes_on),
	TEST(denied_flow_stays_denied),
	TEST(public_service_answers),
	TEST(both_directions_on_one_interface),
	TEST(answers_to_nobody_are_dropped),
	TEST(unasked_syn_ack_opens_nothing),
	TEST(grace_lets_old_flows_go_on),
	TEST(icmp_errors_follow_their_flow),
	TEST(icmp_errors_of_a_cut_flow_are_cut),
	TEST(neighbour_discovery_carries_nothing_out),
	TEST(knock_from_outside_opens_no_way_out),
	TEST(nat_flow_is_followed_and_cut_on_dmz),
	TEST(flow_seen_on_wan_is_counted_once),
	TEST(fragments_follow_the_first),
	TEST(neighbours_and_own_networks_are_not_outside),
	TEST(destination_bound_rules),
	TEST(policy_holds_on_dmz_only_and_follows_the_mode),
	TEST(monitor_teaches_nothing),
	TEST(allow_set_is_no_egress_rule),
	TEST(question_that_was_evicted_is_no_finding), /* before others that fill the table */
	TEST(no_host_evicts_the_flows_of_others),
};

/* What the shipped policy gives: default profile 0, and one for the proxy. */
static void rules_write(void)
{
	static const char *const any[] = {"0.0.0.0/0", "::/0"};

	for (int i = 0; i < 2; i++) {
		egress_add(&world, 0, 17, 53, any[i]);
		egress_add(&world, 0, 6, 53, any[i]);
		egress_add(&world, 0, 6, 25, any[i]);
		egress_add(&world, 0, 17, 123, any[i]);
		egress_add(&world, PROXY_PROFILE, 6, 80, any[i]);
		egress_add(&world, PROXY_PROFILE, 6, 443, any[i]);
		egress_add(&world, PROXY_PROFILE, 6, 21, any[i]);
	}
	egress_add(&world, 0, 6, 8883, "203.0.113.16/28");
	egress_add(&world, 0, 6, 8883, "2001:db8:8883::/48");
	host_profile_add(&world, PROXY4, PROXY_PROFILE);
	host_profile_add(&world, PROXY6, PROXY_PROFILE);
}

int main(void)
{
	static const struct world_size sizes[] = {{"seki_embryos", EMBRYOS}, {NULL, 0}};
	int result;

	if (world_missing())
		return ktap_skip_all(world_missing());
	world_open(&world, sizes);
	net_add(&world, "10.0.10.0/24", SEKI_NET_DMZ, NULL);
	net_add(&world, "2001:db8:d::/48", SEKI_NET_DMZ, NULL);
	rules_write();
	result = ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
	world_close(&world);
	return result;
}
