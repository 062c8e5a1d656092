// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * egress.c - what the egress check costs a packet. The same packet of the
 * same flow passes on role lan, which does not ask, and on role dmz, which
 * does, in turn; through BPF_PROG_RUN. The wanted figure is a ratio of at
 * most 1.25 for flows that go on.
 */
#include "bench/bench.h"
#include "lib/bpftest.h"

#define REPEAT	 200000
#define RATIO	 1.25
#define WEB	 "10.0.10.5"
#define OUT	 "198.51.100.7"
#define FROM_WEB "eth ip4:" WEB ">" OUT " "
#define TO_WEB	 "eth ip4:" OUT ">" WEB " "

static struct world world;

static double run_ns(const char *line, enum seki_role role, __u32 verdict)
{
	static __u8 out[FRAME_MAX + WORLD_OUT_SPARE];
	struct frame f;
	struct xdp_md context = {.ingress_ifindex = WORLD_IFINDEX};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_out = out, .data_size_out = sizeof(out),
		    .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = REPEAT);

	iface_write(&world, 0, role, SEKI_MODE_ENFORCE, 0);
	frame_make(&f, "%s", line);
	context.data_end = f.len;
	options.data_in = f.data;
	options.data_size_in = f.len;
	if (bpf_prog_test_run_opts(world.xdp, &options))
		world_die("run", line, errno);
	if (options.retval != verdict)
		world_die("another verdict than is measured", line, EBADMSG);
	return options.duration;
}

static void pass(enum seki_role role, const char *line)
{
	struct frame f;

	iface_write(&world, 0, role, SEKI_MODE_ENFORCE, 0);
	frame_make(&f, "%s", line);
	if (run_xdp(&world, &f) != XDP_PASS)
		world_die("dropped", line, EBADMSG);
}

/* An established connection that nobody looks into any more. */
static void connect_pair(const char *syn, enum seki_role role, const char *answer, enum seki_role other,
			 const char *ack, struct seki_flow_key key)
{
	struct seki_flow flow;

	pass(role, syn);
	pass(other, answer);
	pass(role, ack);
	if (flow_find(&world, &key, &flow) != FLOW_TABLE || flow_op(&world, SEKI_OP_CLEAR, &key, flow.id, 0))
		world_die("no established flow", syn, ENOENT);
}

static const struct {
	const char *metric, *line;
} rows[] = {
	{"egress.permitted_flow_ns", FROM_WEB "tcp:33000>443,A,seq=2,ack=10"},
	{"egress.service_answer_ns", FROM_WEB "tcp:80>50001,A,seq=10,ack=2"},
};

int main(void)
{
	double asked[BENCH_ROUNDS], plain[BENCH_ROUNDS], denied[BENCH_ROUNDS];
	int failed = 0;

	if (world_missing())
		world_die("world", world_missing(), ENOENT);
	world_open(&world, NULL);
	settings_sane(&world);
	net_add(&world, "10.0.10.0/24", SEKI_NET_DMZ, NULL);
	for (int port = 1; port < 1000; port++) /* a policy of some size */
		egress_add(&world, 0, 6, port, "0.0.0.0/0");
	connect_pair(FROM_WEB "tcp:33000>443,S,seq=1", SEKI_ROLE_DMZ, TO_WEB "tcp:443>33000,SA,seq=9,ack=2",
		     SEKI_ROLE_WAN, FROM_WEB "tcp:33000>443,A,seq=2,ack=10", key_of(WEB, 33000, OUT, 443, 6));
	connect_pair(TO_WEB "tcp:50001>80,S,seq=1", SEKI_ROLE_WAN, FROM_WEB "tcp:80>50001,SA,seq=9,ack=2",
		     SEKI_ROLE_DMZ, TO_WEB "tcp:50001>80,A,seq=2,ack=10", key_of(WEB, 80, OUT, 50001, 6));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int round = 0; round < BENCH_ROUNDS; round++) {
			plain[round] = run_ns(rows[i].line, SEKI_ROLE_LAN, XDP_PASS);
			asked[round] = run_ns(rows[i].line, SEKI_ROLE_DMZ, XDP_PASS);
			denied[round] = run_ns(FROM_WEB "tcp:33001>4444,S,seq=1", SEKI_ROLE_DMZ, XDP_DROP);
		}
		bench_row(rows[i].metric, bench_median(asked, BENCH_ROUNDS),
			  bench_median(plain, BENCH_ROUNDS), "plain pass");
		failed |= bench_median(asked, BENCH_ROUNDS) > RATIO * bench_median(plain, BENCH_ROUNDS);
	}
	bench_row("egress.denied_ns", bench_median(denied, BENCH_ROUNDS), -1, NULL);
	world_close(&world);
	if (failed)
		fprintf(stderr, "egress bench: more than %.2f of a plain pass\n", RATIO);
	return failed;
}
