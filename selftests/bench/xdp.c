// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xdp.c - ns per packet of the XDP program for pass, drop and suspect copy,
 * through BPF_PROG_RUN and with live frames over veth, beside an empty
 * program and xdp-filter in the same rounds. Runs in its own namespaces
 * (selftests/bench/run.sh) where bench0/bench1 is a veth pair and
 * xdp-filter, if installed, sits on xf1 of the pair xf0/xf1.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/if.h>
#include <stdbool.h>
#include <unistd.h>

#include "bench/bench.h"
#include "kern/gate.h"
#include "kern/ring.h"

#define RUN_REPEAT 200000
#define LIVE_REPEAT 200000
#define COPY_BATCH 2000 /* frames between two emptyings of the ring */

struct frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	unsigned char data[18];
} __attribute__((packed));

static void frame_fill(struct frame *frame, const char *source, uint16_t source_port)
{
	uint32_t sum = 0;
	const uint16_t *word = (const uint16_t *)&frame->ip;

	memset(frame, 0, sizeof(*frame));
	memset(frame->eth.h_dest, 2, 6);
	memset(frame->eth.h_source, 4, 6);
	frame->eth.h_proto = htons(ETH_P_IP);
	frame->ip.version = 4;
	frame->ip.ihl = 5;
	frame->ip.ttl = 64;
	frame->ip.protocol = IPPROTO_UDP;
	frame->ip.tot_len = htons(sizeof(*frame) - sizeof(frame->eth));
	inet_pton(AF_INET, source, &frame->ip.saddr);
	inet_pton(AF_INET, "198.51.100.1", &frame->ip.daddr);
	for (int i = 0; i < 10; i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	frame->ip.check = (uint16_t)~(sum + (sum >> 16));
	frame->udp.source = htons(source_port);
	frame->udp.dest = htons(53);
	frame->udp.len = htons(sizeof(frame->udp) + sizeof(frame->data));
}

/* A program of three instructions: returns verdict, or redirects to ifindex when it is not 0. */
static int tiny_program(int verdict, int ifindex)
{
	struct bpf_insn plain[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = verdict },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct bpf_insn redirect[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = ifindex },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct bpf_insn *insns = ifindex ? redirect : plain;
	size_t count = ifindex ? 4 : 2;

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "bench_tiny", "GPL", insns, count, NULL);
}

static double run_ns(int prog, const struct frame *frame, uint32_t ifindex, int repeat)
{
	struct frame out;
	struct xdp_md context = { .data_end = sizeof(*frame), .ingress_ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = sizeof(*frame), .data_out = &out,
		    .data_size_out = sizeof(out), .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = repeat);

	if (bpf_prog_test_run_opts(prog, &options)) {
		fprintf(stderr, "xdp bench: BPF_PROG_RUN: %s\n", strerror(errno));
		exit(1);
	}
	return options.duration;
}

/* Frames enter by redirect into one end of a veth pair; whatever sits on the other end's XDP hook works on them. */
static double live_ns(int redirect, const struct frame *frame)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = sizeof(*frame), .repeat = LIVE_REPEAT,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = 64);
	double start = bench_now_ns();

	if (bpf_prog_test_run_opts(redirect, &options)) {
		fprintf(stderr, "xdp bench: live frames: %s\n", strerror(errno));
		exit(1);
	}
	return (bench_now_ns() - start) / LIVE_REPEAT;
}

static void ring_drop(const struct seki_record *record, const uint8_t *data, void *arg)
{
	*(uint64_t *)arg += record->cap_len;
}

static double copy_ns(int prog, const struct frame *frame, uint32_t ifindex, struct ring *ring, double *consume_ns)
{
	uint64_t bytes = 0;
	double total = 0, consumed = 0;
	unsigned int done, bad, records = 0;

	for (int batch = 0; batch < RUN_REPEAT / COPY_BATCH / 4; batch++) {
		double start;

		total += run_ns(prog, frame, ifindex, COPY_BATCH);
		start = bench_now_ns();
		if (ring_consume(ring, COPY_BATCH * 2, ring_drop, &bytes, &done, &bad))
			exit(1);
		consumed += bench_now_ns() - start;
		records += done;
	}
	if (records < RUN_REPEAT / 8) {
		fprintf(stderr, "xdp bench: only %u records arrived: this measures no copying\n", records);
		exit(1);
	}
	*consume_ns = consumed / records;
	return total / (RUN_REPEAT / COPY_BATCH / 4);
}

static int program_on(const char *ifname)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	int ifindex = (int)if_nametoindex(ifname);

	if (!ifindex || bpf_xdp_query(ifindex, 0, &query) || !query.prog_id)
		return -1;
	return bpf_prog_get_fd_by_id(query.prog_id);
}

static struct gate *bench_gate(uint32_t ifindex)
{
	struct gate_options options = { .object = "build/sekimori.bpf.o", .instance = "bench", .ring_bytes = 16 << 20 };
	struct gate_attach_options attach = { 0 };
	struct gate_why why = { "" };
	struct gate_hook hook;
	struct gate *gate;
	struct seki_settings settings = { 0 };
	struct seki_iface_key key = { .ifindex = ifindex };
	struct seki_iface row = { .role = SEKI_ROLE_WAN, .mode = SEKI_MODE_ENFORCE };
	struct gate_list_row listed = { .key.prefixlen = 128, .value = { .id = 1, .flags = SEKI_ENTRY_SRC } };

	if (gate_open(&options, &ifindex, 1, &gate, &why) || gate_attach(gate, ifindex, &attach, &hook, &why)) {
		fprintf(stderr, "xdp bench: %s\n", why.text);
		exit(1);
	}
	settings.magic = SEKI_MAGIC;
	settings.schema = SEKI_SCHEMA;
	settings.rings = 1;
	settings.depth[0] = settings.depth[1] = UINT32_MAX;
	settings.chunk = SEKI_CHUNK_MAX;
	settings.rate = settings.burst = 1000000;
	settings.quota = 1000000;
	settings.tcp_idle = settings.tcp_closing = settings.udp_idle = settings.other_idle = 600;
	listed.key.addr.b[10] = listed.key.addr.b[11] = 0xff;
	inet_pton(AF_INET, "203.0.113.66", listed.key.addr.b + 12);
	if (gate_settings_set(gate, &settings) || gate_iface_set(gate, &key, &row) || gate_list_put(gate, &listed)) {
		fprintf(stderr, "xdp bench: cannot write the tables\n");
		exit(1);
	}
	return gate;
}

static void clear_flow(struct gate *gate, const char *source, uint16_t port)
{
	struct seki_flow_cmd read = { .op = SEKI_OP_READ };
	struct in_addr ours, theirs;

	inet_pton(AF_INET, "198.51.100.1", &ours);
	inet_pton(AF_INET, source, &theirs);
	read.key.lo.b[10] = read.key.lo.b[11] = read.key.hi.b[10] = read.key.hi.b[11] = 0xff;
	memcpy(read.key.lo.b + 12, &ours, 4); /* 198.… sorts before 203.… */
	memcpy(read.key.hi.b + 12, &theirs, 4);
	read.key.lo_port = htons(53);
	read.key.hi_port = htons(port);
	read.key.proto = IPPROTO_UDP;
	if (gate_flow_ctl(gate, &read) || read.result) {
		fprintf(stderr, "xdp bench: the flow is not in the table (%d)\n", read.result);
		exit(1);
	}
	read.op = SEKI_OP_CLEAR;
	read.id = read.flow.id;
	if (gate_flow_ctl(gate, &read) || read.result) {
		fprintf(stderr, "xdp bench: the flow cannot be cleared (%d)\n", read.result);
		exit(1);
	}
}

enum { PASS, DROP, COPY, EMPTY, FILTER_PASS, FILTER_DROP, LIVE_PASS, LIVE_DROP, LIVE_EMPTY, LIVE_FILTER, CONSUME, SERIES };

int main(void)
{
	double value[SERIES][BENCH_ROUNDS], median[SERIES];
	struct frame clean, listed, suspect, filtered;
	uint32_t bench1 = if_nametoindex("bench1");
	struct gate *gate = bench_gate(bench1);
	int ours = program_on("bench1"), filter = program_on("xf1");
	int empty = tiny_program(XDP_PASS, 0);
	int redirect = tiny_program(0, (int)if_nametoindex("bench0"));
	int redirect_filter = filter >= 0 ? tiny_program(0, (int)if_nametoindex("xf0")) : -1;
	int redirect_empty = tiny_program(0, (int)if_nametoindex("empty0"));
	struct gate_why why;
	struct ring *ring;
	int ring_fd;

	if (ours < 0 || empty < 0 || redirect < 0 || gate_ring_fd(gate, 0, &ring_fd, &why) || ring_open(ring_fd, &ring)) {
		fprintf(stderr, "xdp bench: set-up failed: %s\n", strerror(errno));
		return 1;
	}
	frame_fill(&clean, "203.0.113.1", 40001);
	frame_fill(&suspect, "203.0.113.2", 40002);
	frame_fill(&listed, "203.0.113.66", 40003);
	frame_fill(&filtered, "203.0.113.66", 40003);
	run_ns(ours, &clean, bench1, 1);
	clear_flow(gate, "203.0.113.1", 40001);
	for (int round = 0; round < BENCH_ROUNDS; round++) {
		value[PASS][round] = run_ns(ours, &clean, bench1, RUN_REPEAT);
		value[EMPTY][round] = run_ns(empty, &clean, bench1, RUN_REPEAT);
		value[DROP][round] = run_ns(ours, &listed, bench1, RUN_REPEAT);
		value[COPY][round] = copy_ns(ours, &suspect, bench1, ring, &value[CONSUME][round]);
		value[LIVE_PASS][round] = live_ns(redirect, &clean);
		value[LIVE_DROP][round] = live_ns(redirect, &listed);
		value[LIVE_EMPTY][round] = live_ns(redirect_empty, &clean);
		if (filter >= 0) {
			value[FILTER_PASS][round] = run_ns(filter, &clean, bench1, RUN_REPEAT);
			value[FILTER_DROP][round] = run_ns(filter, &filtered, bench1, RUN_REPEAT);
			value[LIVE_FILTER][round] = live_ns(redirect_filter, &filtered);
		}
	}
	for (int i = 0; i < SERIES; i++)
		median[i] = bench_median(value[i], BENCH_ROUNDS);
	bench_row("xdp.pass_cleared_ns", median[PASS], median[EMPTY], "empty program");
	bench_row("xdp.drop_listed_ns", median[DROP], median[EMPTY], "empty program");
	bench_row("xdp.copy_60_bytes_ns", median[COPY], median[EMPTY], "empty program");
	if (filter >= 0) {
		bench_row("xdp.pass_cleared_ns", median[PASS], median[FILTER_PASS], "xdp-filter deny ip");
		bench_row("xdp.drop_listed_ns", median[DROP], median[FILTER_DROP], "xdp-filter deny ip");
		bench_row("xdp.live_drop_ns", median[LIVE_DROP], median[LIVE_FILTER], "xdp-filter deny ip");
	}
	bench_row("xdp.live_pass_ns", median[LIVE_PASS], median[LIVE_EMPTY], "empty program, pass");
	bench_row("xdp.live_drop_ns", median[LIVE_DROP], median[LIVE_EMPTY], "empty program, pass");
	bench_row("ring.consume_ns_per_record", median[CONSUME], -1, NULL);
	bench_row("ring.million_records_per_second", 1e3 / (median[COPY] + median[CONSUME]), -1, NULL);
	if (gate_remove(gate, &why))
		fprintf(stderr, "xdp bench: %s\n", why.text);
	ring_free(ring);
	gate_free(gate);
	return 0;
}
