// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lists_live.c - frames from random sources over veth: what a drop and a clean source cost at the far end,
 * beside the kernel's maps in XDP, xdp-filter, nftables and ipset, in the same rounds. Everything is dropped
 * in the end, listed or not, so that only the look-up differs. Runs in namespaces of its own (run.sh); every
 * series proves what it has seen.
 */
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <net/if.h>
#include <stdarg.h>

#include "list_live.h"
#include "list_shapes.h"

#define FRAMES 200000
#define ROUNDS 5

/* Who waits at the far end. Hosts: takes no prefixes. */
enum kind { XDP, NFT, NFT_SET, NFT_INTERVAL, IPTABLES, IPSET, FILTER };
static const struct series {
	const char *name, *dev; /* dev 1 is the far end, dev 0 the sender's */
	enum kind kind;
	const char *program;
	uint32_t most; /* entries that it can have, or be filled with in time */
} series[] = {
	{"XDP, drop only", "lx", XDP, "live_drop", UINT32_MAX},
	{"sekimori", "lx", XDP, "live_ours", UINT32_MAX},
	{"kernel HASH (hosts)", "lx", XDP, "live_hash4", UINT32_MAX},
	{"kernel LPM_TRIE", "lx", XDP, "live_trie4", 1000000},
	{"nftables, drop only", "ln", NFT, NULL, UINT32_MAX},
	{"nftables set (hosts)", "ls", NFT_SET, NULL, 1000000},
	{"nftables interval set", "li", NFT_INTERVAL, NULL, 1000000},
	{"iptables, drop only", "lq", IPTABLES, NULL, UINT32_MAX},
	{"ipset hash:net", "lp", IPSET, NULL, 1000000},
	{"xdp-filter (hosts)", "lf", FILTER, NULL, 1000},
};
#define SERIES ARRAY_LEN(series)

static struct seki_addr *stream;
static struct bench_live *live;
static const char *skipped[SERIES]; /* why a series is left out */

static bool __attribute__((format(printf, 1, 2))) run(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	return system(command) == 0;
}

/* --- worlds at the far ends */

static void pair_make(const char *dev)
{
	if (!run("ip link add %s0 type veth peer name %s1 && ip link set %s1 address 02:02:02:02:02:02 &&"
		 " sysctl -qw net.ipv6.conf.%s0.disable_ipv6=1 net.ipv6.conf.%s1.disable_ipv6=1 &&"
		 " ethtool -K %s0 gro on >/dev/null 2>&1; ethtool -K %s1 gro on >/dev/null 2>&1; ip link set "
		 "%s0 up && ip link set %s1 up",
		 dev, dev, dev, dev, dev, dev, dev, dev, dev))
		die("veth pairs (ip, ethtool)");
}

/* One prefix a line, between two texts. */
static void rows_write(FILE *file, const char *before, const char *after, bool prefixes)
{
	char text[INET_ADDRSTRLEN + 4];

	for (uint32_t i = 0; i < count; i++) {
		uint32_t len = rows[i].key.prefixlen - 96;

		inet_ntop(AF_INET, &rows[i].key.addr.w[3], text, sizeof(text));
		if (prefixes && len < 32)
			snprintf(text + strlen(text), 4, "/%u", len);
		fprintf(file, "%s%s%s\n", before, text, after);
	}
}

/* A set of intervals takes nothing that overlaps, unless told to merge it. */
static bool nft_fill(const struct series *s)
{
	FILE *file = popen("nft -f - 2>/dev/null", "w");
	bool set = s->kind != NFT;

	if (!file)
		return false;
	fprintf(file, "table netdev %s {\n", s->dev);
	if (set) {
		fprintf(file, "set l { type ipv4_addr; %s elements = {\n",
			s->kind == NFT_INTERVAL ? "flags interval; auto-merge;" : "");
		rows_write(file, "", ",", s->kind == NFT_INTERVAL);
		fputs("}\n}\n", file);
	}
	fprintf(file, "chain c { type filter hook ingress device %s1 priority 0;\n", s->dev);
	if (set)
		fputs("ip saddr @l counter drop\n", file);
	fputs("counter drop\n}\n}\n", file);
	return pclose(file) == 0;
}

static bool ipset_fill(const struct series *s)
{
	FILE *file = popen("ipset restore 2>/dev/null", "w");

	if (!file)
		return false;
	fprintf(file, "create bench hash:net hashsize %u maxelem %u\n", count, count + 1);
	rows_write(file, "add bench ", " -exist", true);
	if (pclose(file))
		return false;
	return run("iptables -t raw -A PREROUTING -i %s1 -m set --match-set bench src -j DROP 2>/dev/null &&"
		   " iptables -t raw -A PREROUTING -i %s1 -j DROP",
		   s->dev, s->dev);
}

static bool filter_fill(const struct series *s)
{
	char text[INET_ADDRSTRLEN];

	if (!run("xdp-filter load %s1 -f ipv4 -p allow >/dev/null 2>&1", s->dev))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		inet_ntop(AF_INET, &rows[i].key.addr.w[3], text, sizeof(text));
		if (!run("xdp-filter ip -m src %s >/dev/null 2>&1", text))
			return false;
	}
	return true;
}

static const char *series_fill(const struct series *s)
{
	switch (s->kind) {
	case XDP:
		return NULL;
	case NFT:
	case NFT_SET:
	case NFT_INTERVAL:
		return !run("command -v nft >/dev/null") ? "nft is not installed"
		       : nft_fill(s)			 ? NULL
							 : "nft refuses it here";
	case IPTABLES:
		return run("iptables -t raw -A PREROUTING -i %s1 -j DROP 2>/dev/null", s->dev)
			       ? NULL
			       : "no iptables";
	case IPSET:
		return !run("command -v ipset >/dev/null") ? "ipset is not installed"
		       : ipset_fill(s)			   ? NULL
							   : "ipset refuses it here";
	default:
		return !run("command -v xdp-filter >/dev/null") ? "xdp-filter is not installed"
		       : filter_fill(s)				? NULL
								: "xdp-filter does not load here";
	}
}

static void worlds_clear(void)
{
	(void)run("nft flush ruleset 2>/dev/null; iptables -t raw -F 2>/dev/null; ipset destroy 2>/dev/null;"
		  " xdp-filter unload -a >/dev/null 2>&1; true");
}

/* --- frames */

/* What the far end's own counter of listed sources says. */
static uint64_t hits_of(const struct series *s)
{
	char command[256], text[64] = "0";
	FILE *file;

	if (s->kind == XDP)
		return live->hits;
	if (s->kind == IPSET)
		snprintf(command, sizeof(command),
			 "iptables -t raw -nvxL PREROUTING | awk '/match-set/ {print $1}'");
	else if (s->kind == NFT_SET || s->kind == NFT_INTERVAL)
		snprintf(command, sizeof(command),
			 "nft list chain netdev %s c | sed -n 's/.*saddr.* packets \\([0-9]*\\) .*/\\1/p'",
			 s->dev);
	else
		return 0;
	file = popen(command, "r");
	if (!file || !fgets(text, sizeof(text), file))
		text[0] = 0;
	if (file)
		pclose(file);
	return strtoull(text, NULL, 10);
}

static uint64_t frames_seen(const char *dev)
{
	char path[96], text[32] = "0";
	FILE *file;

	snprintf(path, sizeof(path), "/sys/class/net/%s1/statistics/rx_packets", dev);
	file = fopen(path, "re");
	if (!file || !fgets(text, sizeof(text), file))
		die(path);
	fclose(file);
	return strtoull(text, NULL, 10);
}

/*
 * Per frame that arrives: a far end too slow for the sender has its queue overflow, and what it does with the
 * others is its cost all the same. *arrived grows by them; less than half is no measurement.
 */
static double frames_ns(struct bpf_object *object, const struct series *s, uint64_t *arrived)
{
	struct {
		struct ethhdr eth;
		struct iphdr ip;
		char rest[26];
	} __attribute__((packed)) frame = {.eth = {.h_dest = {2, 2, 2, 2, 2, 2},
						   .h_source = {4, 4, 4, 4, 4, 4},
						   .h_proto = htons(ETH_P_IP)},
					   .ip = {.version = 4,
						  .ihl = 5,
						  .ttl = 64,
						  .protocol = 253,
						  .tot_len = htons(46),
						  .daddr = htonl(0xc6336401)}};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = &frame, .data_size_in = sizeof(frame),
		    .repeat = FRAMES, .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = 64);
	uint16_t words[sizeof(frame.ip) / 2];
	uint64_t before = frames_seen(s->dev), seen, last = 0;
	double start, end;
	char name[16];

	snprintf(name, sizeof(name), "%s0", s->dev);
	live->to = if_nametoindex(name);
	live->sum = 0;
	memcpy(words, &frame.ip, sizeof(words));
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		live->sum += words[i];
	start = end = bench_now_ns();
	if (bpf_prog_test_run_opts(bpf_program__fd(bpf_object__find_program_by_name(object, "bench_send")),
				   &options))
		die("live frames");
	do {
		seen = frames_seen(s->dev) - before;
		if (seen != last)
			end = bench_now_ns();
		last = seen;
	} while (seen < FRAMES && bench_now_ns() - end < 2e8);
	if (seen < FRAMES / 2)
		die(s->name);
	*arrived += seen;
	return (end - start) / (double)seen;
}

/* In XDP all series share one device. */
static double round_ns(struct bpf_object *object, const struct series *s, uint64_t *arrived)
{
	int ifindex = (int)if_nametoindex("lx1");
	double ns;

	if (s->kind == XDP &&
	    bpf_xdp_attach(ifindex, bpf_program__fd(bpf_object__find_program_by_name(object, s->program)),
			   XDP_FLAGS_DRV_MODE, NULL))
		die("attach");
	ns = frames_ns(object, s, arrived);
	if (s->kind == XDP)
		bpf_xdp_detach(ifindex, XDP_FLAGS_DRV_MODE, NULL);
	return ns;
}

/* Has it dropped what is listed because it is listed, and nothing else? */
static void hits_check(const struct series *s, uint64_t hits, uint64_t arrived, bool listed)
{
	bool counts = s->program ? strcmp(s->program, "live_drop") != 0
				 : s->kind == NFT_SET || s->kind == NFT_INTERVAL || s->kind == IPSET;

	if (counts && hits != (listed ? arrived : 0)) {
		fprintf(stderr, "lists bench: %s: %llu of %llu frames were found\n", s->name,
			(unsigned long long)hits, (unsigned long long)arrived);
		exit(1);
	}
}

static void measure(struct bpf_object *object, const char *size, enum shape shape, bool listed)
{
	double ns[SERIES][ROUNDS];
	uint64_t hits[SERIES] = {0}, arrived[SERIES] = {0};
	char metric[96];

	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < SERIES; i++) {
			uint64_t before = skipped[i] ? 0 : hits_of(&series[i]);

			if (skipped[i])
				continue;
			ns[i][round] = round_ns(object, &series[i], &arrived[i]);
			hits[i] += hits_of(&series[i]) - before;
		}
	snprintf(metric, sizeof(metric), "lists.live_%s_%s_%s_ns", shape_names[shape], size,
		 listed ? "drop" : "clean");
	for (size_t i = 0; i < SERIES; i++)
		if (!skipped[i])
			hits_check(&series[i], hits[i], arrived[i], listed);
	for (size_t i = 0; i < SERIES; i++)
		if (i != 1 && !skipped[i])
			bench_row(metric, bench_median(ns[1], ROUNDS), bench_median(ns[i], ROUNDS),
				  series[i].name);
}

/* --- lists */

static struct bpf_object *load(const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_map *map;

	if (!object)
		die(path);
	bpf_object__for_each_map(map, object)
	{
		const char *name = bpf_map__name(map);

		bpf_map__set_pin_path(map, NULL);
		if (!strcmp(name, "hash4") || !strcmp(name, "trie4"))
			bpf_map__set_max_entries(map, count + 1);
	}
	if (bpf_object__load(object))
		die("load");
	stream = mmap(NULL, STREAM * sizeof(*stream), PROT_READ | PROT_WRITE, MAP_SHARED,
		      bpf_object__find_map_fd_by_name(object, "stream"), 0);
	live = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
		    bpf_object__find_map_fd_by_name(object, "live"), 0);
	if (stream == MAP_FAILED || live == MAP_FAILED)
		die("stream");
	return object;
}

static void maps_fill(struct bpf_object *object)
{
	int hash = bpf_object__find_map_fd_by_name(object, "hash4"),
	    trie = bpf_object__find_map_fd_by_name(object, "trie4");
	uint64_t value = 1;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t four[2] = {rows[i].key.prefixlen - 96, rows[i].key.addr.w[3]};

		if (bpf_map_update_elem(hash, &four[1], &value, BPF_ANY) ||
		    bpf_map_update_elem(trie, four, &value, BPF_ANY))
			die("kernel maps");
	}
}

/* Clean sources are those that the built table does not know. */
static void stream_fill(const struct list_table *table, bool listed)
{
	struct seki_list_hit hit;
	struct seki_lpm prefix;

	for (uint32_t i = 0; i < STREAM;) {
		stream[i] = listed ? rows[(uint32_t)(draw() >> 32) % count].key.addr
				   : address4((uint32_t)draw() % 0xdf000000u + 0x01000000);
		i += listed || !list_table_find(table, &stream[i], NULL, NULL, &prefix, &hit);
	}
}

static void one(const char *path, const char *size, uint32_t want, enum shape shape)
{
	struct seki_list_head head;
	struct bpf_object *object;
	struct list_table table;

	draw_rows(shape, want);
	object = load(path);
	if (list_fill(object, 0, rows, count, &head, &table))
		die("build");
	maps_fill(object);
	worlds_clear();
	for (size_t i = 0; i < SERIES; i++) {
		bool hosts = series[i].kind == NFT_SET || series[i].kind == FILTER;

		skipped[i] = want > series[i].most	? "too large for it"
			     : hosts && shape != HOSTS4 ? "takes hosts only"
							: series_fill(&series[i]);
		if (skipped[i])
			printf("# live %s %s: no %s: %s\n", shape_names[shape], size, series[i].name,
			       skipped[i]);
	}
	for (int listed = 1; listed >= 0; listed--) {
		stream_fill(&table, listed);
		measure(object, size, shape, listed);
	}
	worlds_clear();
	list_drop(&table);
	munmap(stream, STREAM * sizeof(*stream));
	munmap(live, 4096);
	bpf_object__close(object);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		uint32_t rows;
	} sizes[] = {{"1k", 1000}, {"100k", 100000}, {"1m", 1000000}};
	uint32_t largest = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000000;
	uint32_t least = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;

	libbpf_set_print(NULL);
	if (argc < 2) {
		fprintf(stderr, "usage: lists_live OBJECT [LARGEST [LEAST]]\n");
		return 2;
	}
	rows = calloc(1000000, sizeof(*rows));
	if (!rows)
		die("rows");
	for (size_t i = 0; i < SERIES; i++)
		if (!if_nametoindex(series[i].dev) && (i == 0 || strcmp(series[i].dev, series[i - 1].dev)))
			pair_make(series[i].dev);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		for (int shape = HOSTS4;
		     shape <= MIXED4 && sizes[i].rows <= largest && sizes[i].rows >= least; shape++)
			one(argv[1], sizes[i].name, sizes[i].rows, (enum shape)shape);
	free(rows);
	return 0;
}
