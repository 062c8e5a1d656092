// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * race.c - tables are replaced thousands of times while packets are judged by them: what every table lists is
 * dropped always, what none lists passes always, and nothing is in between. Guards are declared and cleared,
 * programs attached and detached meanwhile.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "lib/kmod_world.h"

#define PORT 7001

static struct kmod *kmod;
static atomic_bool stop;
static atomic_ulong sent;
static uint32_t w0;

static void add(struct list_row *rows, uint32_t *count, const char *prefix)
{
	const char *complaint;

	if (prefix_parse(prefix, strlen(prefix), &rows[*count].prefix, &complaint))
		abort();
	rows[*count].entry = (struct seki_entry){.flags = SEKI_ENTRY_SRC};
	(*count)++;
}

/* Both list 192.0.2.66; each has many others, at other places of its arrays. */
static void *table_of(int which, size_t *len)
{
	static struct list_row rows[4100];
	uint32_t count = 0;
	void *table = NULL;
	char text[32];

	add(rows, &count, "192.0.2.66");
	for (int i = 0; i < (which ? 4000 : 3); i++) {
		snprintf(text, sizeof(text), "%d.%d.%d.0/24", which ? 10 : 203, i / 250, i % 250);
		add(rows, &count, text);
	}
	return guard_image_build(rows, count, NULL, 0, &table, len) ? NULL : table;
}

static void *inject(void *arg)
{
	int fd = world_sender("w1");
	struct frame bad, good;

	frame_make(&bad, "eth ip4:192.0.2.66>192.0.2.1 udp:4000>%d data:8", PORT);
	frame_make(&good, "eth ip4:192.0.2.10>192.0.2.1 udp:4000>%d data:8", PORT + 1);
	while (!atomic_load(&stop)) {
		(void)!send(fd, bad.data, bad.len, 0);
		(void)!send(fd, good.data, good.len, 0);
		atomic_fetch_add(&sent, 1);
	}
	close(fd);
	return NULL;
}

static void commits_under_traffic(void)
{
	const struct seki_guard_row rows[] = {{.mode = SEKI_MODE_ENFORCE}};
	int swaps = getenv("SEKI_TEST_SLOW") ? 2000 : 10000, bad = world_receiver(PORT),
	    good = world_receiver(PORT + 1);
	pthread_t threads[2];
	void *tables[2];
	size_t len[2];
	struct gate_why why;
	uint64_t serial = 0, first = 0, arrived = 0;
	char data[64];

	tables[0] = table_of(0, &len[0]);
	tables[1] = table_of(1, &len[1]);
	CHECK_EQ(kmod_table_commit(kmod, SEKI_TABLE_GUARD, tables[0], len[0], &first, &why), 0);
	CHECK_EQ(kmod_guard_set(kmod, w0, 0, rows, 1, &why), 0);
	for (int i = 0; i < 2; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, inject, NULL), 0);
	for (int i = 1; i <= swaps; i++) {
		if (kmod_table_commit(kmod, SEKI_TABLE_GUARD, tables[i % 2], len[i % 2], &serial, &why)) {
			CHECK(false, "swap %d: %s", i, why.text);
			break;
		}
		while (recv(good, data, sizeof(data), 0) > 0)
			arrived++;
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(serial, first + (uint64_t)swaps);
	CHECK(atomic_load(&sent) > 1000, "%lu rounds", atomic_load(&sent));
	CHECK(arrived > 500, "%llu clean packets arrived", (unsigned long long)arrived);
	CHECK(recv(bad, data, sizeof(data), 0) < 0, "a packet of a listed source came through");
	printf("# %d swaps, %lu packets of each kind\n", swaps, atomic_load(&sent));
	CHECK_EQ(kmod_guard_clear(kmod, w0, "test", &why), 0);
	free(tables[0]);
	free(tables[1]);
	close(bad);
	close(good);
}

static void *flap(void *arg)
{
	int prog = world_prog("flap", 3);

	while (!atomic_load(&stop)) {
		(void)bpf_xdp_attach((int)w0, prog, 0, NULL);
		(void)bpf_xdp_detach((int)w0, 0, NULL);
	}
	close(prog);
	return NULL;
}

static void guards_under_traffic(void)
{
	const struct seki_guard_row rows[] = {{.mode = SEKI_MODE_ENFORCE}};
	pthread_t threads[3];
	struct gate_why why;

	atomic_store(&stop, false);
	CHECK_EQ(pthread_create(&threads[0], NULL, inject, NULL), 0);
	CHECK_EQ(pthread_create(&threads[1], NULL, inject, NULL), 0);
	CHECK_EQ(pthread_create(&threads[2], NULL, flap, NULL), 0);
	for (int i = 0; i < 200; i++) {
		CHECK_EQ(kmod_guard_set(kmod, w0, 0, rows, 1, &why), 0);
		if (i % 3)
			CHECK_EQ(kmod_guard_set(kmod, w0, 1, rows, 1, &why), 0);
		CHECK_EQ(kmod_guard_clear(kmod, w0, "test", &why), 0);
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
}

static const struct ktap_test tests[] = {TEST(commits_under_traffic), TEST(guards_under_traffic)};

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
	w0 = if_nametoindex("w0");
	return ktap_run(tests, ARRAY_LEN(tests));
}
