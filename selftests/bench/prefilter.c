// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prefilter.c - the module's scanner over one payload, beside the same scan as a BPF program, Vectorscan and
 * a naive search: prefilter OBJECT. Patterns become rules and a table as the product makes them. All of them
 * must give the same answer before anything is measured.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <hs/hs.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/bench.h"
#include "bench/prefilter.bpf.h"
#include "core/prefilter/prefilter.h"
#include "kmod/prefilter.h"
#include "kmod/prefilter_parts.h"
#include "unit/rules.h"

#define PATTERNS_MAX 3000
#define ROUNDS	     40
#define PAYLOAD_MAX  1400
#define ROUND_NS     1e6 /* a round is so long: short enough to be alone at times, on a busy machine */

static const unsigned int pattern_counts[] = {100, 1000, 3000};
static const uint32_t sizes[] = {64, 512, 1400};

struct pattern {
	char text[SEKI_PF_LITERAL_MAX + 1];
	uint32_t len;
};
static struct pattern patterns[PATTERNS_MAX];
static uint8_t payload[PAYLOAD_MAX + 64];
static uint64_t seed = 88172645463325252ull;

static uint32_t draw(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 24) % below;
}

/* A request, then a page: letters as often as in English, so that sieves have something to do. */
static void payload_draw(void)
{
	static const char head[] =
		"POST /index.html HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; "
		"Linux x86_64)\r\nAccept: */*\r\nContent-Type: text/html\r\n\r\n<html><body>";
	static const char letters[] = "etaoinshrdlucmfwypvbgkjqxz etaoin shrdlu etaoin   <p>=\"/";

	for (uint32_t i = 0; i < PAYLOAD_MAX; i++)
		payload[i] = (uint8_t)(i < sizeof(head) - 1 ? head[i] : letters[draw(sizeof(letters) - 1)]);
}

/* Lengths as those of the fast patterns of public rules: one in fifty of 3 bytes, most of 7 and more. */
static struct pattern pattern_draw(void)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789/._-=?&%";
	uint32_t kind = draw(50);
	struct pattern pattern = {.len = kind < 1    ? 3
					 : kind < 8  ? 4 + draw(3)
					 : kind < 30 ? 7 + draw(6)
						     : 13 + draw(12)};

	for (uint32_t i = 0; i < pattern.len; i++)
		pattern.text[i] = alphabet[draw(sizeof(alphabet) - 1)];
	return pattern;
}

static bool pattern_found(const struct pattern *pattern, uint32_t len)
{
	for (uint32_t at = 0; at + pattern->len <= len; at++)
		if (seki_pf_same(payload + at, (const uint8_t *)pattern->text, pattern->len, true))
			return true;
	return false;
}

/* None that is in the payload: what is to be found is put there. */
static void patterns_draw(void)
{
	for (int i = 0; i < PATTERNS_MAX;) {
		patterns[i] = pattern_draw();
		i += !pattern_found(&patterns[i], PAYLOAD_MAX);
	}
}

static void *table_make(unsigned int count, uint32_t *len)
{
	AUTO_FREE char *text = malloc(count * 160ul);
	const struct prefilter_options options = {.drops = false};
	struct prefilter_counts counts;
	struct rules_world world;
	void *image = NULL;
	size_t at = 0;

	for (unsigned int i = 0; text && i < count; i++)
		at += (size_t)sprintf(text + at,
				      "alert tcp any any -> any any (content:\"%s\"; nocase; sid:%u;)\n",
				      patterns[i].text, i + 1);
	if (!text || !rules_open(&world, text))
		return NULL;
	if (prefilter_compile(world.set, &options, NULL, NULL, &image, len, &counts))
		image = NULL;
	else if (counts.fates[PREFILTER_INSPECTS] != count)
		printf("# %u of %u patterns are in the table\n", counts.fates[PREFILTER_INSPECTS], count);
	rules_close(&world);
	return image;
}

/* --- who searches: each returns whether something was found */

static const struct seki_pf_table *table;
static struct seki_pf_room room;
static hs_database_t *database;
static hs_scratch_t *scratch;
static unsigned int pattern_count;
static int program_fd, nothing_fd;

static bool module_run(uint32_t len, enum seki_pf_isa isa)
{
	struct seki_pf_piece piece = {payload, len};
	struct seki_pf_query query = {.len = len, .proto = IPPROTO_TCP, .direction = SEKI_PF_TO_SERVER};

	seki_prefilter_scan(table, &piece, 1, &query, &room, isa);
	return query.outcome != SEKI_PF_NONE;
}

static bool scalar_run(uint32_t len)
{
	return module_run(len, SEKI_PF_SCALAR);
}

static bool avx2_run(uint32_t len)
{
	return module_run(len, SEKI_PF_AVX2);
}

static int on_match(unsigned int id, unsigned long long from, unsigned long long to, unsigned int flags,
		    void *found)
{
	*(bool *)found = true;
	return 0;
}

static bool vectorscan_run(uint32_t len)
{
	bool found = false;

	hs_scan(database, (const char *)payload, len, 0, scratch, on_match, &found);
	return found;
}

static bool naive_run(uint32_t len)
{
	bool found = false;

	for (unsigned int i = 0; i < pattern_count && !found; i++)
		found = pattern_found(&patterns[i], len);
	return found;
}

/* Nanoseconds of one run, as the kernel measures it. */
static double program_ns(int fd, uint32_t len, uint32_t repeat, bool *found)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = payload, .data_size_in = len,
		    .repeat = (int)repeat);

	if (bpf_prog_test_run_opts(fd, &options))
		return -1;
	if (found)
		*found = options.retval == 1;
	return options.duration;
}

static const struct searcher {
	const char *name;
	bool (*run)(uint32_t len);
	bool vectors;
} searchers[] = {
	{"scalar", scalar_run, false},
	{"avx2", avx2_run, true},
	{"vectorscan", vectorscan_run, false},
	{"naive", naive_run, false},
};
enum { SCALAR, AVX2, VECTORSCAN, NAIVE, SEARCHERS, BPF = SEARCHERS, COLUMNS };

static bool searcher_there(const struct searcher *searcher)
{
#if defined(__x86_64__)
	return !searcher->vectors || __builtin_cpu_supports("avx2");
#else
	return !searcher->vectors;
#endif
}

static double searcher_ns(const struct searcher *searcher, uint32_t len)
{
	double begin = bench_now_ns(), end;
	uint64_t runs = 0;

	do {
		for (int i = 0; i < (searcher->run == naive_run ? 1 : 64); i++, runs++) {
			searcher->run(len);
			__asm__ volatile("" ::: "memory");
		}
		end = bench_now_ns();
	} while (end - begin < ROUND_NS);
	return (end - begin) / (double)runs;
}

/* --- the BPF program's side */

static struct bpf_object *object_load(const char *path)
{
	struct bpf_object *object = bpf_object__open(path);

	if (!object || bpf_object__load(object))
		return NULL;
	program_fd = bpf_program__fd(bpf_object__find_program_by_name(object, "scan"));
	nothing_fd = bpf_program__fd(bpf_object__find_program_by_name(object, "nothing"));
	return object;
}

static bool map_put(const struct bpf_object *object, const char *name, const void *data, size_t len)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(object, name);
	size_t size = map ? bpf_map__value_size(map) : 0;
	AUTO_FREE uint8_t *value = size >= len ? calloc(1, size) : NULL;
	uint32_t zero = 0;

	if (!value)
		return false;
	memcpy(value, data, len);
	return !bpf_map_update_elem(bpf_map__fd(map), &zero, value, 0);
}

static bool program_prepare(const struct bpf_object *object, uint32_t image_len, uint32_t len)
{
	struct bench_table values = {
		.filter = table->section[SEKI_PF_FILTER_AT].at,
		.filter_mask = (1u << table->filter_bits) - 1u,
		.multiplier = table->multiplier,
		.literals = table->section[SEKI_PF_LITERALS_AT].at,
		.bytes = table->section[SEKI_PF_BYTES_AT].at,
		.len = len,
	};

	for (int i = 0; i < SEKI_PF_CLASS_MAX; i++)
		values.classes[i] = (struct bench_class){
			.buckets = table->section[SEKI_PF_BUCKETS_WHOLE_AT + i].at,
			.grams = table->section[SEKI_PF_GRAMS_WHOLE_AT + i].at,
			.count = table->section[SEKI_PF_GRAMS_WHOLE_AT + i].count,
			.bits = table->bucket_bits[i],
		};
	return map_put(object, "image", table, image_len) && map_put(object, ".bss", &values, sizeof(values));
}

/* --- measuring */

static bool database_make(void)
{
	static const char *texts[PATTERNS_MAX];
	static unsigned int flags[PATTERNS_MAX], ids[PATTERNS_MAX];
	static size_t lens[PATTERNS_MAX];
	hs_compile_error_t *error = NULL;

	hs_free_database(database);
	for (unsigned int i = 0; i < pattern_count; i++) {
		texts[i] = patterns[i].text;
		flags[i] = HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH;
		ids[i] = i;
		lens[i] = patterns[i].len;
	}
	return !hs_compile_lit_multi(texts, flags, ids, lens, pattern_count, HS_MODE_BLOCK, NULL, &database,
				     &error) &&
	       !hs_alloc_scratch(database, &scratch);
}

static bool agree(uint32_t len, bool wanted)
{
	bool found = !wanted;

	for (int i = 0; i < SEARCHERS; i++) {
		if (searcher_there(&searchers[i]) && searchers[i].run(len) != wanted) {
			printf("%s: %s\n", searchers[i].name,
			       wanted ? "misses the pattern" : "finds something");
			return false;
		}
	}
	if (program_ns(program_fd, len, 1, &found) < 0 || found != wanted) {
		printf("bpf: another answer\n");
		return false;
	}
	return true;
}

static void row_print(uint32_t len, bool hit, const double ns[COLUMNS])
{
	static const char *const names[COLUMNS] = {"scalar", "avx2", "vectorscan", "naive", "bpf"};
	double vector = ns[AVX2] > 0 ? ns[AVX2] : ns[SCALAR];
	char metric[64];

	printf("%8u %5u %-5s", pattern_count, len, hit ? "hit" : "miss");
	for (int i = 0; i < COLUMNS; i++)
		printf(" %9.0f %7.3f", ns[i], ns[i] / len);
	printf("   %5.1f %5.1f %5.2f\n", ns[BPF] / ns[SCALAR], ns[BPF] / vector, vector / ns[VECTORSCAN]);
	for (int i = SCALAR; i <= AVX2 && getenv("BENCH_TSV"); i++) {
		FILE *file = fopen(getenv("BENCH_TSV"), "a");

		snprintf(metric, sizeof(metric), "%s, %u patterns, %u bytes, %s", names[i], pattern_count,
			 len, hit ? "hit" : "miss");
		for (int j = VECTORSCAN; j < COLUMNS && file; j++)
			fprintf(file, "ns per packet: %s\t%.2f\t%.2f\t%s\t%.3f\n", metric, ns[i], ns[j],
				names[j], ns[i] / ns[j]);
		if (file)
			fclose(file);
	}
}

/* All searchers in each round; the fastest round counts, since whatever disturbs one makes it slower. */
static void measure(uint32_t len, bool hit)
{
	double rounds[COLUMNS][ROUNDS], ns[COLUMNS];

	for (int r = 0; r < ROUNDS; r++) {
		double empty = program_ns(nothing_fd, len, 20000, NULL);

		for (int i = 0; i < SEARCHERS; i++)
			rounds[i][r] = searcher_there(&searchers[i]) ? searcher_ns(&searchers[i], len) : -1;
		rounds[BPF][r] = program_ns(program_fd, len, 1000, NULL) - empty;
	}
	for (int i = 0; i < COLUMNS; i++)
		ns[i] = bench_least(rounds[i], ROUNDS);
	row_print(len, hit, ns);
}

static bool bench_one(const struct bpf_object *object, uint32_t image_len, uint32_t len, bool hit)
{
	const struct pattern *last = &patterns[pattern_count / 2];
	uint8_t kept[64];
	bool good;

	while (last->len < 7)
		last++;
	memcpy(kept, payload + len - last->len, last->len);
	if (hit)
		memcpy(payload + len - last->len, last->text, last->len);
	good = program_prepare(object, image_len, len) && agree(len, hit);
	if (good)
		measure(len, hit);
	memcpy(payload + len - last->len, kept, last->len);
	return good;
}

int main(int argc, char **argv)
{
	struct bpf_object *object = argc == 2 ? object_load(argv[1]) : NULL;
	bool good = object;

	if (!object) {
		fprintf(stderr,
			"prefilter: the BPF program does not load (root? build/bench/prefilter.bpf.o)\n");
		return 1;
	}
	payload_draw();
	patterns_draw();
	printf("nanoseconds per packet, and per byte. vector: avx2, or scalar where there is none.\n%8s %5s "
	       "%-5s",
	       "patterns", "bytes", "");
	for (int i = 0; i < SEARCHERS; i++)
		printf(" %17s", searchers[i].name);
	printf(" %17s   bpf/scalar bpf/vector vector/vectorscan\n", "bpf");
	for (size_t i = 0; i < ARRAY_LEN(pattern_counts) && good; i++) {
		AUTO_FREE void *image = NULL;
		uint32_t image_len = 0;

		pattern_count = pattern_counts[i];
		table = image = table_make(pattern_count, &image_len);
		good = image && database_make();
		for (size_t j = 0; j < 2 * ARRAY_LEN(sizes) && good; j++)
			good = bench_one(object, image_len, sizes[j / 2], j % 2);
	}
	bpf_object__close(object);
	return !good;
}
