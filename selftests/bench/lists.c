// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lists.c - what a look-up in the blacklist costs, beside the kernel's hash and trie, in the same rounds: hit
 * and miss, hosts and mixed prefixes, both families, several sizes. Net of the cost of taking an address from
 * the stream. Then the cost of making and changing it.
 */
#include "list_shapes.h"

#define REPEAT (1 << 18)

#define HASH "kernel HASH (hosts)"
#define TRIE "kernel LPM_TRIE"

static const struct bench_aim aims[] = {
	{"lists.v4_mixed_1m_drop_net_ns", HASH, 2.0 / 5},
	{"lists.v4_mixed_1m_drop_net_ns", TRIE, 1.0 / 8},
	{"lists.v4_mixed_1m_clean_net_ns", HASH, 1.0 / 6},
	{"lists.v4_mixed_1m_clean_net_ns", TRIE, 1.0 / 12},
	{"lists.v6_mixed_1m_drop_net_ns", TRIE, 1.0 / 5},
	{"lists.v6_mixed_1m_clean_net_ns", TRIE, 1.0 / 5},
	{"lists.v4_hosts_1m_replace_ms", NULL, 150},
	{"lists.v4_mixed_1m_replace_ms", NULL, 150},
	{"lists.v6_mixed_1m_replace_ms", NULL, 150},
	{"lists.v4_hosts_10m_replace_ms", NULL, 1000},
	{"lists.v4_mixed_10m_replace_ms", NULL, 1000},
	{"lists.v6_mixed_10m_replace_ms", NULL, 1000},
	{"lists.v4_hosts_1m_generation_mib", NULL, 24},
	{"lists.v4_mixed_1m_generation_mib", NULL, 24},
	{"lists.v4_hosts_10m_generation_mib", NULL, 300},
	{"lists.v4_mixed_10m_generation_mib", NULL, 300},
	{0},
};

/* --- the object, loaded anew for each size: the kernel's maps are sized at load */

struct bench {
	struct bpf_object *object;
	struct seki_addr *stream;
	struct seki_list_head head;
	struct list_table table;
	double build_ms, peer_ms;
};

static int map_of(const struct bench *b, const char *name)
{
	return bpf_object__find_map_fd_by_name(b->object, name);
}

static void load(struct bench *b, const char *path, bool six)
{
	struct bpf_map *map;
	int fd;

	b->object = bpf_object__open_file(path, NULL);
	if (!b->object)
		die(path);
	bpf_object__for_each_map(map, b->object)
	{
		const char *name = bpf_map__name(map);

		bpf_map__set_pin_path(map, NULL);
		if (!strcmp(name, six ? "hash6" : "hash4") || !strcmp(name, six ? "trie6" : "trie4"))
			bpf_map__set_max_entries(map, count + 1);
	}
	if (bpf_object__load(b->object))
		die("load");
	fd = map_of(b, "stream");
	b->stream = mmap(NULL, STREAM * sizeof(*b->stream), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (b->stream == MAP_FAILED)
		die("stream");
}

static void fill(struct bench *b, bool six)
{
	double start = bench_now_ns();
	int hash = map_of(b, six ? "hash6" : "hash4"), trie = map_of(b, six ? "trie6" : "trie4");
	uint64_t digest;

	if (list_fill(b->object, 0, rows, count, &b->head, &b->table) || list_table_check(&b->table, &digest))
		die("build");
	b->build_ms = (bench_now_ns() - start) / 1e6;
	start = bench_now_ns();
	for (uint32_t i = 0; i < count; i++) {
		const struct seki_list_hit hit = list_hit_of(&rows[i]);
		struct {
			uint32_t len, addr;
		} four = {rows[i].key.prefixlen - 96, rows[i].key.addr.w[3]};

		if (bpf_map_update_elem(trie, six ? (void *)&rows[i].key : &four, &hit, BPF_ANY))
			die("trie");
	}
	b->peer_ms = (bench_now_ns() - start) / 1e6;
	for (uint32_t i = 0; i < count; i++) {
		const struct seki_list_hit hit = list_hit_of(&rows[i]);

		if (bpf_map_update_elem(hash, six ? (void *)&rows[i].key.addr : &rows[i].key.addr.w[3], &hit,
					BPF_ANY))
			die("hash");
	}
}

static void stream_hits(struct bench *b)
{
	for (uint32_t i = 0; i < STREAM; i++) {
		const struct gate_list_row *row = &rows[(uint32_t)(draw() >> 32) % count];

		b->stream[i] = row->key.addr;
	}
}

static void stream_misses(struct bench *b, bool six)
{
	struct seki_list_hit hit;
	struct seki_lpm prefix;

	for (uint32_t i = 0; i < STREAM;) {
		b->stream[i] = six ? address6() : address4((uint32_t)draw() % 0xdf000000u + 0x01000000);
		i += !list_table_find(&b->table, &b->stream[i], NULL, NULL, &prefix, &hit);
	}
}

static double run(struct bench *b, const char *name, uint32_t want)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(b->object, name);
	uint8_t frame[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = sizeof(frame),
		    .repeat = REPEAT);

	if (!prog || bpf_prog_test_run_opts(bpf_program__fd(prog), &options))
		die(name);
	if (want != UINT32_MAX && options.retval != want) {
		errno = EILSEQ;
		die(name);
	}
	return options.duration;
}

static void measure(struct bench *b, const char *size, enum shape shape, bool hit)
{
	const char *peers[2] = {shape == MIXED6 ? "bench_hash6" : "bench_hash4",
				shape == MIXED6 ? "bench_trie6" : "bench_trie4"};
	double base[BENCH_ROUNDS], ours[BENCH_ROUNDS], hash[BENCH_ROUNDS], trie[BENCH_ROUNDS], net, zero;
	char metric[96];

	for (int i = 0; i < BENCH_ROUNDS; i++) {
		base[i] = run(b, "bench_base", UINT32_MAX);
		ours[i] = run(b, "bench_ours", hit ? 1 : 2);
		hash[i] = run(b, peers[0], UINT32_MAX);
		trie[i] = run(b, peers[1], hit ? 1 : 2);
	}
	zero = bench_median(base, BENCH_ROUNDS);
	net = bench_median(ours, BENCH_ROUNDS) - zero;
	snprintf(metric, sizeof(metric), "lists.%s_%s_%s_net_ns", shape_names[shape], size,
		 hit ? "drop" : "clean");
	bench_row(metric, net, bench_median(hash, BENCH_ROUNDS) - zero, HASH);
	bench_row(metric, net, bench_median(trie, BENCH_ROUNDS) - zero, TRIE);
}

/* Single changes of a full-size table: what one pushed address costs. */
static void measure_changes(struct bench *b, const char *size)
{
	enum { CHANGES = 2000 };
	static double put[CHANGES];
	char metric[96];

	for (int i = 0; i < CHANGES; i++) {
		struct gate_list_row row = {draw_key(HOSTS4), {.flags = SEKI_ENTRY_SRC}};
		double start = bench_now_ns();

		if (list_table_put(&b->table, &row, NULL, NULL))
			i--;
		else
			put[i] = bench_now_ns() - start;
	}
	snprintf(metric, sizeof(metric), "lists.put_one_%s_p50_ns", size);
	bench_row(metric, bench_median(put, CHANGES), -1, NULL);
	snprintf(metric, sizeof(metric), "lists.put_one_%s_p99_ns", size);
	bench_row(metric, put[CHANGES * 99 / 100], -1, NULL);
}

static void one(const char *path, const char *size, uint32_t want, enum shape shape)
{
	struct bench b = {0};
	bool six = shape == MIXED6;
	char metric[96];

	draw_rows(shape, want);
	load(&b, path, six);
	fill(&b, six);
	stream_hits(&b);
	measure(&b, size, shape, true);
	stream_misses(&b, six);
	measure(&b, size, shape, false);
	snprintf(metric, sizeof(metric), "lists.%s_%s_replace_ms", shape_names[shape], size);
	bench_row(metric, b.build_ms, -1, NULL);
	snprintf(metric, sizeof(metric), "lists.%s_%s_fill_ms", shape_names[shape], size);
	bench_row(metric, b.build_ms, b.peer_ms, TRIE);
	snprintf(metric, sizeof(metric), "lists.%s_%s_generation_mib", shape_names[shape], size);
	bench_row(metric, (double)list_bytes(&b.head) / (1 << 20), -1, NULL);
	if (shape == HOSTS4)
		measure_changes(&b, size);
	list_drop(&b.table);
	munmap(b.stream, STREAM * sizeof(*b.stream));
	bpf_object__close(b.object);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		uint32_t rows;
	} sizes[] = {{"1k", 1000}, {"100k", 100000}, {"1m", 1000000}, {"10m", 10000000}};
	uint32_t largest = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1000000;
	uint32_t least = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;

	libbpf_set_print(NULL);
	bench_aims = aims;
	if (argc < 2) {
		fprintf(stderr, "usage: lists OBJECT [LARGEST [LEAST]]\n");
		return 2;
	}
	rows = calloc(largest, sizeof(*rows));
	if (!rows)
		die("rows");
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		for (int shape = HOSTS4;
		     shape <= MIXED6 && sizes[i].rows <= largest && sizes[i].rows >= least; shape++)
			one(argv[1], sizes[i].name, sizes[i].rows, (enum shape)shape);
	free(rows);
	bench_aims_say();
	return 0;
}
