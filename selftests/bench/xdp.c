// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xdp.c - ns per packet of the XDP program for pass, drop and suspect copy,
 * through BPF_PROG_RUN and with live frames over veth, beside an empty
 * program and xdp-filter in the same rounds. Runs in its own namespaces
 * (selftests/bench/run.sh) where bench0/bench1 and empty0/empty1 are veth
 * pairs and xdp-filter, if installed, sits on xf1 of the pair xf0/xf1.
 * Every series is proved: verdicts by the return value and our counters,
 * copies by the records, live frames by the counters of the far device.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdbool.h>
#include <unistd.h>

#include "bench/bench.h"
#include "kern/gate.h"
#include "kern/ring.h"
#include "lib/log.h"

#define RUN_REPEAT  200000
#define LIVE_REPEAT 200000
#define COPY_BATCH  2000 /* frames between two emptyings of the ring */
#define COPY_ROUND  20	 /* such batches in a round */
#define LIVE_BATCH  20000
#define SMALL	    60
#define LARGE	    1400
#define RING_BYTES  (16 << 20)

struct frame {
	struct ethhdr eth;
	struct iphdr ip;
	union {
		struct udphdr udp;
		struct tcphdr tcp;
		unsigned char data[LARGE - 34];
	};
	uint32_t len; /* not sent */
} __attribute__((packed));

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *format, ...)
{
	va_list args;

	fputs("xdp bench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

static void frame_sum(struct frame *frame)
{
	uint16_t word[sizeof(frame->ip) / 2];
	uint32_t sum = 0;

	frame->ip.check = 0;
	memcpy(word, &frame->ip, sizeof(word));
	for (size_t i = 0; i < sizeof(word) / 2; i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	frame->ip.check = (uint16_t) ~(sum + (sum >> 16));
}

static void frame_fill(struct frame *frame, const char *source, uint16_t source_port, uint32_t len)
{
	memset(frame, 0, sizeof(*frame));
	frame->len = len;
	memset(frame->eth.h_dest, 2, 6);
	memset(frame->eth.h_source, 4, 6);
	frame->eth.h_proto = htons(ETH_P_IP);
	frame->ip.version = 4;
	frame->ip.ihl = 5;
	frame->ip.ttl = 64;
	frame->ip.protocol = IPPROTO_UDP;
	frame->ip.tot_len = htons((uint16_t)(len - sizeof(frame->eth)));
	inet_pton(AF_INET, source, &frame->ip.saddr);
	inet_pton(AF_INET, "198.51.100.1", &frame->ip.daddr);
	frame_sum(frame);
	frame->udp.source = htons(source_port);
	frame->udp.dest = htons(53);
	frame->udp.len = htons((uint16_t)(len - sizeof(frame->eth) - sizeof(frame->ip)));
}

/* A program of three instructions: returns verdict, or redirects to ifindex when it is not 0. */
static int tiny_program(int verdict, int ifindex)
{
	struct bpf_insn plain[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = verdict},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct bpf_insn redirect[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 1, .imm = ifindex},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 0},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct bpf_insn *insns = ifindex ? redirect : plain;
	size_t count = ifindex ? 4 : 2;

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "bench_tiny", "GPL", insns, count, NULL);
}

static double run_ns(int prog, const struct frame *frame, uint32_t ifindex, int repeat, uint32_t verdict)
{
	struct frame out;
	struct xdp_md context = {.data_end = frame->len, .ingress_ifindex = ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = frame->len,
		    .data_out = &out, .data_size_out = sizeof(out), .ctx_in = &context,
		    .ctx_size_in = sizeof(context), .repeat = repeat);

	if (bpf_prog_test_run_opts(prog, &options))
		die("BPF_PROG_RUN: %s", strerror(errno));
	if (options.retval != verdict)
		die("the verdict is %u, not %u: this measures something else", options.retval, verdict);
	return options.duration;
}

static uint64_t frames_seen(const char *ifname)
{
	char path[128];
	uint64_t seen = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/net/%s/statistics/rx_packets", ifname);
	file = fopen(path, "re");
	if (!file || fscanf(file, "%lu", &seen) != 1)
		die("%s: %s", path, strerror(errno));
	fclose(file);
	return seen;
}

/*
 * Frames enter by redirect into one end of a veth pair; whatever sits on the XDP hook of `far`, the other
 * end, works on them. Time per frame that `far` has seen; the time of the last ones counts too.
 */
static double live_ns(int redirect, const struct frame *frame, const char *far, unsigned int repeat)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = frame->len,
		    .repeat = (int)repeat, .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = 64);
	uint64_t before = frames_seen(far), seen = 0;
	double start = bench_now_ns(), end = start;

	if (bpf_prog_test_run_opts(redirect, &options))
		die("live frames: %s", strerror(errno));
	do {
		end = bench_now_ns();
		seen = frames_seen(far) - before;
	} while (seen < repeat && end - start < 5e9);
	if (seen < repeat)
		die("%s has seen %lu of %u live frames", far, (unsigned long)seen, repeat);
	return (end - start) / repeat;
}

struct reading {
	uint64_t bytes, sum;
};

/* Reads every byte, as whoever inspects it would. */
static void ring_read(const struct seki_record *record, const uint8_t *data, void *arg)
{
	struct reading *reading = arg;
	uint64_t word;

	for (uint32_t at = 0; at + sizeof(word) <= record->cap_len; at += sizeof(word)) {
		memcpy(&word, data + at, sizeof(word));
		reading->sum += word;
	}
	reading->bytes += record->cap_len;
}

/* Empties the ring; every frame must have become a record of its whole length. Adds the time to *ns. */
static void ring_expect(struct ring *ring, unsigned int frames, uint32_t len, double *ns)
{
	struct reading reading = {0};
	unsigned int done, bad;
	double start = bench_now_ns();

	ring_consume(ring, frames * 2 + 1, ring_read, &reading, &done, &bad);
	*ns += bench_now_ns() - start;
	if (done != frames || bad || reading.bytes != (uint64_t)frames * len)
		die("%u frames of %u bytes gave %u records of %lu bytes, %u malformed", frames, len, done,
		    (unsigned long)reading.bytes, bad);
}

static double copy_ns(int prog, const struct frame *frame, uint32_t ifindex, struct ring *ring,
		      double *consume_ns)
{
	double total = 0, consumed = 0;

	for (int batch = 0; batch < COPY_ROUND; batch++) {
		total += run_ns(prog, frame, ifindex, COPY_BATCH, XDP_PASS);
		ring_expect(ring, COPY_BATCH, frame->len, &consumed);
	}
	*consume_ns = consumed / COPY_ROUND / COPY_BATCH;
	return total / COPY_ROUND;
}

static double live_copy_ns(int redirect, const struct frame *frame, struct ring *ring)
{
	double total = 0, consumed = 0;

	for (int done = 0; done < LIVE_REPEAT; done += LIVE_BATCH) {
		total += live_ns(redirect, frame, "bench1", LIVE_BATCH);
		ring_expect(ring, LIVE_BATCH, frame->len, &consumed);
	}
	return total / (LIVE_REPEAT / LIVE_BATCH);
}

static int program_on(const char *ifname)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	int ifindex = (int)if_nametoindex(ifname);

	if (!ifindex || bpf_xdp_query(ifindex, 0, &query) || !query.prog_id)
		return -1;
	return bpf_prog_get_fd_by_id(query.prog_id);
}

static struct gate *bench_gate(uint32_t ifindex, uint32_t inside)
{
	struct gate_options options = {
		.object = "build/sekimori.bpf.o", .instance = "bench", .ring_bytes = RING_BYTES};
	struct gate_attach_options attach = {0};
	struct gate_why why = {""};
	struct gate_hook hook;
	struct gate *gate;
	struct seki_settings settings = {0};
	struct seki_iface_key outer = {.ifindex = ifindex}, inner = {.ifindex = inside};
	struct seki_iface wan = {.role = SEKI_ROLE_WAN, .mode = SEKI_MODE_ENFORCE};
	struct seki_iface lan = {.role = SEKI_ROLE_LAN, .mode = SEKI_MODE_ENFORCE};
	struct gate_list_row listed = {.key.prefixlen = 128, .value = {.flags = SEKI_ENTRY_SRC}};

	if (gate_open(&options, &ifindex, 1, &gate, &why) || gate_attach(gate, ifindex, &attach, &hook, &why))
		die("%s", why.text);
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
	if (gate_settings_set(gate, &settings) || gate_iface_set(gate, &outer, &wan) ||
	    gate_iface_set(gate, &inner, &lan) || gate_list_put(gate, &listed))
		die("cannot write the tables");
	return gate;
}

static void clear_flow(struct gate *gate, const char *source, uint16_t port)
{
	struct seki_flow_cmd read = {.op = SEKI_OP_READ};
	struct in_addr ours, theirs;

	inet_pton(AF_INET, "198.51.100.1", &ours);
	inet_pton(AF_INET, source, &theirs);
	read.key.lo.b[10] = read.key.lo.b[11] = read.key.hi.b[10] = read.key.hi.b[11] = 0xff;
	memcpy(read.key.lo.b + 12, &ours, 4); /* 198.… sorts before 203.… */
	memcpy(read.key.hi.b + 12, &theirs, 4);
	read.key.lo_port = htons(53);
	read.key.hi_port = htons(port);
	read.key.proto = IPPROTO_TCP;
	if (gate_flow_ctl(gate, &read) || read.result)
		die("the flow is not in the table (%d)", read.result);
	read.op = SEKI_OP_CLEAR;
	read.id = read.flow.id;
	if (gate_flow_ctl(gate, &read) || read.result)
		die("the flow cannot be cleared (%d)", read.result);
}

enum {
	PASS,
	DROP,
	COPY,
	COPY_LARGE,
	CONSUME,
	CONSUME_LARGE,
	EMPTY,
	FILTER_PASS,
	FILTER_DROP,
	LIVE_PASS,
	LIVE_DROP,
	LIVE_COPY,
	LIVE_EMPTY,
	LIVE_EMPTY_DROP,
	LIVE_FILTER_PASS,
	LIVE_FILTER_DROP,
	SERIES
};

static double value[SERIES][BENCH_ROUNDS], median[SERIES];

/* The programs and the ways into their interfaces; -1: not there. */
struct contest {
	struct gate *gate;
	struct ring *ring;
	uint32_t ifindex, inside; /* role wan; role lan, where the servers' answers come in */
	int ours, empty, drop, filter;
	int to_ours, to_empty, to_drop, to_filter;
	struct frame clean, listed, suspect, suspect_large;
};

static void tiny_attach(const char *ifname, int prog)
{
	if (bpf_xdp_attach((int)if_nametoindex(ifname), prog, XDP_FLAGS_DRV_MODE, NULL))
		die("cannot attach to %s: %s", ifname, strerror(errno));
}

/* The same packet the other way round. */
static struct frame frame_turn(const struct frame *frame)
{
	struct frame turned = *frame;

	memcpy(&turned.ip.saddr, &frame->ip.daddr, 4);
	memcpy(&turned.ip.daddr, &frame->ip.saddr, 4); /* the sum of the header stays */
	turned.udp.source = frame->udp.dest;	       /* where TCP has its ports, too */
	turned.udp.dest = frame->udp.source;
	return turned;
}

/* Datagrams that nobody answered have a budget: one goes each way before the flow is measured. */
static void flow_begin_udp(const struct contest *c, const struct frame *frame)
{
	struct frame answer = frame_turn(frame);

	run_ns(c->ours, frame, c->ifindex, 1, XDP_PASS);
	run_ns(c->ours, &answer, c->inside, 1, XDP_PASS);
}

/* Turns frame into a data packet of an open, proven and cleared TCP connection. */
static void flow_begin_tcp(const struct contest *c, struct frame *frame)
{
	struct frame answer;

	frame->ip.protocol = IPPROTO_TCP;
	frame_sum(frame);
	memset(&frame->tcp.seq, 0, sizeof(frame->tcp) - 4);
	frame->tcp.doff = 5;
	frame->tcp.syn = 1;
	frame->tcp.seq = htonl(1000);
	answer = frame_turn(frame);
	run_ns(c->ours, frame, c->ifindex, 1, XDP_PASS);
	answer.tcp.ack = 1;
	answer.tcp.seq = htonl(5000);
	answer.tcp.ack_seq = htonl(1001 + SMALL - 54);
	run_ns(c->ours, &answer, c->inside, 1, XDP_PASS);
	frame->tcp.syn = 0;
	frame->tcp.ack = 1;
	frame->tcp.seq = answer.tcp.ack_seq;
	frame->tcp.ack_seq = htonl(5001 + SMALL - 54);
	run_ns(c->ours, frame, c->ifindex, 1, XDP_PASS);
	clear_flow(c->gate, "203.0.113.1", 40001);
}

static void contest_open(struct contest *c)
{
	struct gate_why why = {""};
	int ring_fd;

	c->ifindex = if_nametoindex("bench1");
	c->inside = if_nametoindex("bench0");
	c->gate = bench_gate(c->ifindex, c->inside);
	c->ours = program_on("bench1");
	c->filter = program_on("xf1");
	c->empty = tiny_program(XDP_PASS, 0);
	c->drop = tiny_program(XDP_DROP, 0);
	c->to_ours = tiny_program(0, (int)if_nametoindex("bench0"));
	c->to_empty = tiny_program(0, (int)if_nametoindex("empty0"));
	c->to_drop = tiny_program(0, (int)if_nametoindex("drop0"));
	c->to_filter = c->filter < 0 ? -1 : tiny_program(0, (int)if_nametoindex("xf0"));
	if (c->ours < 0 || c->empty < 0 || c->drop < 0 || c->to_ours < 0 || c->to_empty < 0 || c->to_drop < 0)
		die("set-up failed: %s", strerror(errno));
	if (gate_ring_fd(c->gate, 0, &ring_fd, &why) || ring_open(ring_fd, &c->ring))
		die("no ring: %s", why.text);
	tiny_attach("empty1", c->empty);
	tiny_attach("drop1", c->drop);
	frame_fill(&c->clean, "203.0.113.1", 40001, SMALL);
	frame_fill(&c->suspect, "203.0.113.2", 40002, SMALL);
	frame_fill(&c->suspect_large, "203.0.113.3", 40003, LARGE);
	frame_fill(&c->listed, "203.0.113.66", 40004, SMALL);
	flow_begin_udp(c, &c->suspect);
	flow_begin_udp(c, &c->suspect_large);
	flow_begin_tcp(c, &c->clean);
}

static void contest_round(struct contest *c, int round)
{
	double unused = 0;

	/* What came before the flow was cleared, and neighbour discovery of the fresh links. */
	if (!round) {
		struct reading reading = {0};
		unsigned int done, bad;

		ring_consume(c->ring, UINT32_MAX, ring_read, &reading, &done, &bad);
	}
	value[PASS][round] = run_ns(c->ours, &c->clean, c->ifindex, RUN_REPEAT, XDP_PASS);
	value[EMPTY][round] = run_ns(c->empty, &c->clean, c->ifindex, RUN_REPEAT, XDP_PASS);
	value[DROP][round] = run_ns(c->ours, &c->listed, c->ifindex, RUN_REPEAT, XDP_DROP);
	ring_expect(c->ring, 0, 0, &unused);
	value[COPY][round] = copy_ns(c->ours, &c->suspect, c->ifindex, c->ring, &value[CONSUME][round]);
	value[COPY_LARGE][round] =
		copy_ns(c->ours, &c->suspect_large, c->ifindex, c->ring, &value[CONSUME_LARGE][round]);
	value[LIVE_PASS][round] = live_ns(c->to_ours, &c->clean, "bench1", LIVE_REPEAT);
	value[LIVE_EMPTY][round] = live_ns(c->to_empty, &c->clean, "empty1", LIVE_REPEAT);
	value[LIVE_DROP][round] = live_ns(c->to_ours, &c->listed, "bench1", LIVE_REPEAT);
	value[LIVE_EMPTY_DROP][round] = live_ns(c->to_drop, &c->listed, "drop1", LIVE_REPEAT);
	value[LIVE_COPY][round] = live_copy_ns(c->to_ours, &c->suspect, c->ring);
	if (c->filter < 0)
		return;
	value[FILTER_PASS][round] = run_ns(c->filter, &c->clean, c->ifindex, RUN_REPEAT, XDP_PASS);
	value[FILTER_DROP][round] = run_ns(c->filter, &c->listed, c->ifindex, RUN_REPEAT, XDP_DROP);
	value[LIVE_FILTER_PASS][round] = live_ns(c->to_filter, &c->clean, "xf1", LIVE_REPEAT);
	value[LIVE_FILTER_DROP][round] = live_ns(c->to_filter, &c->listed, "xf1", LIVE_REPEAT);
}

/* Our counters must account for every frame of every series. */
static void contest_prove(const struct contest *c)
{
	const uint64_t plain = (uint64_t)BENCH_ROUNDS * (RUN_REPEAT + LIVE_REPEAT);
	const uint64_t copies = (uint64_t)BENCH_ROUNDS * (2 * COPY_ROUND * COPY_BATCH + LIVE_REPEAT);
	struct seki_counter counter[SEKI_REASON_MAX];
	uint64_t loss[SEKI_LOSS_MAX];

	if (gate_counters(c->gate, counter) || gate_losses(c->gate, loss))
		die("the counters cannot be read");
	if (counter[SEKI_R_LISTED_SRC].pkts != plain || counter[SEKI_R_CLEAN].pkts < plain ||
	    counter[SEKI_R_COPIED].pkts < copies)
		die("the counters tell of %lu drops (%lu sent), %lu passes (%lu), %lu copies (%lu)",
		    (unsigned long)counter[SEKI_R_LISTED_SRC].pkts, (unsigned long)plain,
		    (unsigned long)counter[SEKI_R_CLEAN].pkts, (unsigned long)plain,
		    (unsigned long)counter[SEKI_R_COPIED].pkts, (unsigned long)copies);
	if (loss[SEKI_LOSS_RING_FULL] || loss[SEKI_LOSS_NO_RING] || loss[SEKI_LOSS_COPY_FAILED])
		die("copies were lost");
	printf("# proved by counters: %lu drops, %lu passes, %lu copies, none lost\n",
	       (unsigned long)counter[SEKI_R_LISTED_SRC].pkts, (unsigned long)counter[SEKI_R_CLEAN].pkts,
	       (unsigned long)counter[SEKI_R_COPIED].pkts);
}

static const struct {
	const char *metric, *peer_name;
	int ours, peer;
} rows[] = {
	{"xdp.pass_cleared_ns", "empty program", PASS, EMPTY},
	{"xdp.pass_cleared_ns", "xdp-filter deny ip", PASS, FILTER_PASS},
	{"xdp.drop_listed_ns", "empty program", DROP, EMPTY},
	{"xdp.drop_listed_ns", "xdp-filter deny ip", DROP, FILTER_DROP},
	{"xdp.copy_60_bytes_ns", "empty program", COPY, EMPTY},
	{"xdp.copy_1400_bytes_ns", "empty program", COPY_LARGE, EMPTY},
	{"xdp.live_pass_ns", "empty program, pass", LIVE_PASS, LIVE_EMPTY},
	{"xdp.live_pass_ns", "xdp-filter deny ip", LIVE_PASS, LIVE_FILTER_PASS},
	{"xdp.live_drop_ns", "empty program, drop", LIVE_DROP, LIVE_EMPTY_DROP},
	{"xdp.live_drop_ns", "xdp-filter deny ip", LIVE_DROP, LIVE_FILTER_DROP},
	{"xdp.live_copy_60_bytes_ns", "empty program, pass", LIVE_COPY, LIVE_EMPTY},
};

int main(void)
{
	struct contest contest = {.ring = NULL};
	struct gate_why why;

	log_init("bench", LOG_LEVEL_WARN);
	contest_open(&contest);
	for (int round = 0; round < BENCH_ROUNDS; round++)
		contest_round(&contest, round);
	contest_prove(&contest);
	for (int i = 0; i < SERIES; i++)
		median[i] = bench_median(value[i], BENCH_ROUNDS);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (median[rows[i].peer] > 0)
			bench_row(rows[i].metric, median[rows[i].ours], median[rows[i].peer],
				  rows[i].peer_name);
	bench_row("ring.consume_60_bytes_ns", median[CONSUME], -1, NULL);
	bench_row("ring.consume_1400_bytes_ns", median[CONSUME_LARGE], -1, NULL);
	/* One core that does both ends. */
	bench_row("ring.million_records_per_cpu_second", 1e3 / (median[COPY] + median[CONSUME]), -1, NULL);
	bench_row("ring.gbit_per_cpu_second_1400_bytes",
		  LARGE * 8 / (median[COPY_LARGE] + median[CONSUME_LARGE]), -1, NULL);
	if (gate_remove(contest.gate, &why))
		fprintf(stderr, "xdp bench: %s\n", why.text);
	ring_free(contest.ring);
	gate_free(contest.gate);
	return 0;
}
