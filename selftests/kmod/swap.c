// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swap.c - two sets of rules take turns in the module, thousands of times, while datagrams are judged: each
 * by one set or by the other, never by a mix of both and never by none. What either drops is dropped always,
 * for a rule of the one or of the other; what one of them drops is dropped for that rule or passes; the rest
 * passes.
 */
#include <linux/types.h>
#include <pthread.h>
#include <stdatomic.h>

#include "core/prefilter/prefilter.h"
#include "kmod/swap.bpf.h"
#include "lib/kmod_world.h"
#include "unit/rules.h"

#define OTHERS 300 /* rules of the larger set, so that nothing of both lies at one place */

enum kind { NEITHER, FIRST, SECOND, BOTH };

static struct kmod *kmod;
static struct bpf_object *object;
static atomic_bool stop;
static atomic_ulong sent;

/* Rule 1 or 2, each of two literals and an expression, among many others. */
static void *table_of(int which, uint32_t *len)
{
	static char text[OTHERS * 100];
	const struct prefilter_options options = {.drops = true, .drop_severity = SEKI_SEVERITY_LOW};
	struct prefilter_counts counts;
	struct rules_world world;
	void *image = NULL;
	int at = snprintf(text, sizeof(text),
			  "drop udp any any -> any any (content:\"%s\"; content:\"payload\"; "
			  "pcre:\"/%s[0-9]{3}/\"; sid:%d;)\n",
			  which ? "beta" : "alpha", which ? "beta" : "alpha", 1 + which);

	for (int i = 0; which && i < OTHERS; i++)
		at += snprintf(text + at, sizeof(text) - (size_t)at,
			       "drop udp any any -> any any (content:\"filler%d\"; sid:%d;)\n", i, 100 + i);
	if (!CHECK(rules_open(&world, text), "%s", world.refused))
		return NULL;
	CHECK_EQ(prefilter_compile(world.set, &options, NULL, NULL, &image, len, &counts), 0);
	CHECK(counts.fates[PREFILTER_DROPS] >= 1);
	rules_close(&world);
	return image;
}

static void *inject(void *arg)
{
	static const char *const texts[SWAP_KINDS] = {
		[NEITHER] = "0 alpha beta payload", /* of neither the number */
		[FIRST] = "1 payload alpha123",
		[SECOND] = "2 payload beta456",
		[BOTH] = "3 payload alpha789 beta012",
	};
	struct frame frames[SWAP_KINDS];
	int fd = world_sender("w1");

	for (int i = 0; i < SWAP_KINDS; i++) {
		frame_make(&frames[i], "eth ip4:192.0.2.10>192.0.2.1 udp:4000>%d data:%zu", SWAP_PORT,
			   strlen(texts[i]));
		memcpy(frames[i].data + SWAP_PAYLOAD_AT, texts[i], strlen(texts[i]));
	}
	while (!atomic_load(&stop)) {
		for (int i = 0; i < SWAP_KINDS; i++)
			(void)!send(fd, frames[i].data, frames[i].len, 0);
		atomic_fetch_add(&sent, 1);
	}
	close(fd);
	return NULL;
}

static bool program_attach(void)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/kmodtest/swap.bpf.o", getenv("BUILD") ? getenv("BUILD") : "build");
	object = bpf_object__open(path);
	return CHECK(object && !bpf_object__load(object), "%s", path) &&
	       CHECK_EQ(bpf_xdp_attach((int)if_nametoindex("w0"),
				       bpf_program__fd(bpf_object__find_program_by_name(object, "swap")), 0,
				       NULL),
			0);
}

static void counts_read(struct swap_counts *counts)
{
	uint32_t zero = 0;
	int fd = bpf_map__fd(bpf_object__find_map_by_name(object, ".bss"));

	memset(counts, 0, sizeof(*counts));
	CHECK_EQ(bpf_map_lookup_elem(fd, &zero, counts), 0);
}

static void judged_by_one_set(void)
{
	int swaps = ktap_slow() ? 2000 : 10000;
	struct swap_counts counts;
	pthread_t threads[2];
	struct gate_why why;
	uint32_t len[2];
	uint64_t serial = 0;
	void *tables[2] = {table_of(0, &len[0]), table_of(1, &len[1])};

	if (!CHECK(tables[0] && tables[1]) ||
	    !CHECK(!kmod_table_commit(kmod, SEKI_TABLE_PREFILTER, tables[0], len[0], &serial, &why), "%s",
		   why.text) ||
	    !program_attach())
		return;
	for (int i = 0; i < 2; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, inject, NULL), 0);
	for (int i = 1; i <= swaps; i++)
		if (!CHECK(!kmod_table_commit(kmod, SEKI_TABLE_PREFILTER, tables[i % 2], len[i % 2], &serial,
					      &why),
			   "swap %d: %s", i, why.text))
			break;
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	counts_read(&counts);
	printf("# %d swaps, %lu packets of each kind, of those of both %llu dropped by one set and %llu by "
	       "the "
	       "other\n",
	       swaps, atomic_load(&sent), counts.of[BOTH][1], counts.of[BOTH][2]);
	for (int i = 0; i < SWAP_KINDS; i++)
		CHECK_EQ(counts.of[i][SWAP_FAILED], 0);
	CHECK_EQ(counts.of[NEITHER][1] + counts.of[NEITHER][2], 0);
	CHECK_EQ(counts.of[FIRST][2], 0);
	CHECK_EQ(counts.of[SECOND][1], 0);
	CHECK_EQ(counts.of[BOTH][SWAP_PASSED], 0);
	CHECK(counts.of[BOTH][1] > 100 && counts.of[BOTH][2] > 100, "both were in force");
	CHECK(counts.of[FIRST][1] > 100 && counts.of[FIRST][SWAP_PASSED] > 100, "the first came and went");
	CHECK(counts.of[SECOND][2] > 100 && counts.of[SECOND][SWAP_PASSED] > 100, "the second, too");
	CHECK_EQ(kmod_table_drop(kmod, SEKI_TABLE_PREFILTER, "test", &why), 0);
	CHECK_EQ(bpf_xdp_detach((int)if_nametoindex("w0"), 0, NULL), 0);
	bpf_object__close(object);
	free(tables[0]);
	free(tables[1]);
}

static const struct ktap_test tests[] = {TEST(judged_by_one_set)};

int main(void)
{
	const char *skip = world_enter();

	if (skip) {
		printf("KTAP version 1\n1..0 # SKIP %s\n", skip);
		return 0;
	}
	kmod = world_open();
	if (!kmod || !world_link()) {
		printf("KTAP version 1\n1..1\nnot ok 1 a world to test in\n");
		return 1;
	}
	return ktap_run(tests, ARRAY_LEN(tests));
}
