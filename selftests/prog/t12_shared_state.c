// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * t12_shared_state - row T12: the active generation lives in a pinned map and in no object's data; an idle
 * one is filled again only when no packet can still read it; what user space writes and what packets count
 * are different maps; entries end without a daemon.
 */
#include <bpf/libbpf.h>
#include <glob.h>
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "lib/list_judge.h"
#include "sekimori/blacklist.h"

#define EACH	     300
#define ROWS	     (2 * EACH + 1)
#define REPLACEMENTS 12
#define REWRITES     20000
#define LIST	     6u

enum { ONLY_B, ALWAYS, ONLY_A, NEVER };

static struct gate *gate;
static struct gate_why why;
static int prog = -1;
static struct gate_list_row rows[2][ROWS]; /* A, B */
static bool over;

static bool list_replace(int which)
{
	struct seki_settings settings;
	uint32_t slot;

	return CHECK(!gate_list_build(gate, rows[which], ROWS, &slot, &why), "%s", why.text) &&
	       CHECK_EQ(gate_settings_get(gate, &settings), 0) && ((settings.active = slot), 1) &&
	       CHECK_EQ(gate_settings_set(gate, &settings), 0);
}

static void instance_opens(void)
{
	for (uint32_t i = 0; i < EACH; i++) {
		for (int which = 0; which < 2; which++) {
			rows[which][2 * i] = judge_row(ALWAYS, i);
			rows[which][2 * i].value.list = LIST;
			rows[which][2 * i + 1] = judge_row(which ? ONLY_B : ONLY_A, i);
		}
	}
	/* A network each, which a word of the first table tells apart. */
	for (uint32_t which = 0; which < 2; which++) {
		struct gate_list_row *row = &rows[which][2 * EACH];

		*row = judge_row(ALWAYS, 1);
		row->key.prefixlen = 96 + 24;
		row->key.addr.w[3] = htonl(0xc6120000 + (which << 8));
	}
	if (judge_world("t12", &gate, &why, &prog))
		list_replace(0);
}

/* --- where it lives */

static void no_object_has_state_of_its_own(void)
{
	struct bpf_object *object = bpf_object__open_file(world_object, NULL);
	const struct bpf_map *map;

	if (!CHECK(object))
		return;
	bpf_object__for_each_map(map, object)
	{
		const char *name = bpf_map__name(map);

		/* Beside what `ip link` begins with, which no program changes. */
		CHECK(!strstr(name, ".bss") && (!strstr(name, ".data") ||
						bpf_map__value_size(map) == sizeof(struct seki_settings)),
		      "%s: what lies there is gone with the object", name);
	}
	bpf_object__close(object);
}

/* Pins of programs go, as with an upgrade: others are loaded around the same maps. */
static void programs_come_and_go(void)
{
	struct bpf_prog_info before = {0}, after = {0};
	uint32_t size = sizeof(before);
	glob_t found = {0};

	CHECK_EQ(bpf_obj_get_info_by_fd(prog, &before, &size), 0);
	gate_free(gate);
	gate = NULL;
	close(prog);
	CHECK_EQ(glob(SEKI_PIN_ROOT "/t12/" SEKI_PROG_XDP "_*", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		CHECK_EQ(unlink(found.gl_pathv[i]), 0);
	globfree(&found);
	if (!CHECK(!world_gate("t12", NULL, 0, &gate, &why), "%s", why.text))
		return;
	prog = judge_prog("t12");
	size = sizeof(after);
	CHECK_EQ(bpf_obj_get_info_by_fd(prog, &after, &size), 0);
	CHECK(after.id != before.id, "it is the same program still");
	for (uint32_t i = 0; i < EACH; i++)
		CHECK(judge_drops_key(prog, ALWAYS, i) && judge_drops_key(prog, ONLY_A, i) &&
			      !judge_drops_key(prog, ONLY_B, i) && !judge_drops_key(prog, NEVER, i),
		      "%u", i);
}

/* --- a generation that somebody still reads */

struct seen {
	uint64_t runs, crossed, torn;
};

static struct bpf_object *reader_load(uint32_t word)
{
	static const char *const shared[] = {"seki_list_gate4", "seki_settings"};
	char path[PATH_MAX];
	struct bpf_object *object;
	const struct bpf_map *rodata;
	uint32_t *constant;
	size_t size;

	snprintf(path, sizeof(path), "%.*s/prog/list_reader.bpf.o",
		 (int)(strrchr(world_object, '/') - world_object), world_object);
	object = bpf_object__open_file(path, NULL);
	if (!CHECK(object, "%s: build it with `make tests`", path))
		return NULL;
	rodata = bpf_object__find_map_by_name(object, ".rodata");
	constant = rodata ? (uint32_t *)bpf_map__initial_value((struct bpf_map *)rodata, &size) : NULL;
	if (CHECK(constant && size >= sizeof(*constant)))
		*constant = word;
	for (size_t i = 0; i < ARRAY_LEN(shared); i++) {
		char pin[PATH_MAX];
		int fd;

		snprintf(pin, sizeof(pin), SEKI_PIN_ROOT "/t12/%s", shared[i]);
		fd = bpf_obj_get(pin);
		CHECK(fd >= 0 && !bpf_map__reuse_fd(bpf_object__find_map_by_name(object, shared[i]), fd),
		      "%s", pin);
		close(fd);
	}
	if (CHECK_EQ(bpf_object__load(object), 0))
		return object;
	bpf_object__close(object);
	return NULL;
}

static const uint64_t *generation_map(int slot)
{
	char pin[PATH_MAX];
	void *memory;
	int fd;

	snprintf(pin, sizeof(pin), SEKI_PIN_ROOT "/t12/list_gate4_%d", slot);
	fd = bpf_obj_get(pin);
	memory = mmap(NULL, 8ul * SEKI_LIST_WORDS_GATE4, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	return memory == MAP_FAILED ? NULL : memory;
}

/* A word of the first table that the two lists have different, and neither has empty. */
static bool word_find(uint32_t *word)
{
	const uint64_t *a = generation_map(0), *b = generation_map(1);

	for (*word = 0; a && b && *word < SEKI_LIST_WORDS_GATE4; ++*word)
		if (a[*word] && b[*word] && a[*word] != b[*word])
			return true;
	return false;
}

static void *reader_run(void *arg)
{
	uint8_t frame[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = sizeof(frame), .repeat = 1);
	int fd = *(const int *)arg;

	while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE))
		if (bpf_prog_test_run_opts(fd, &run) || run.retval != 2)
			break;
	return NULL;
}

static void idle_generation_waits_for_its_readers(void)
{
	struct bpf_object *object;
	pthread_t thread;
	struct seen seen = {0};
	uint32_t word, zero = 0;
	int fd;

	if (!list_replace(1) || !CHECK(word_find(&word), "no word tells the lists apart"))
		return;
	object = reader_load(word);
	if (!object)
		return;
	fd = bpf_program__fd(bpf_object__find_program_by_name(object, "reader"));
	if (CHECK_EQ(pthread_create(&thread, NULL, reader_run, &fd), 0)) {
		/* Twice each: a slot holds another list every time. */
		for (int i = 0; i < (ktap_slow() ? 4 : REPLACEMENTS) && list_replace(i / 2 % 2); i++)
			;
		__atomic_store_n(&over, true, __ATOMIC_RELEASE);
		pthread_join(thread, NULL);
	}
	CHECK_EQ(bpf_map__lookup_elem(bpf_object__find_map_by_name(object, "seen"), &zero, sizeof(zero),
				      &seen, sizeof(seen), 0),
		 0);
	printf("# %llu readers, in %llu of them the list was switched\n", (unsigned long long)seen.runs,
	       (unsigned long long)seen.crossed);
	CHECK_EQ(seen.torn, 0);
	CHECK(seen.crossed > 1, "nobody read while the list changed");
	bpf_object__close(object);
}

/* --- verdicts and counters */

struct sender {
	pthread_t thread;
	uint64_t sent, passed;
};

static void *sender_run(void *arg)
{
	struct sender *s = arg;

	for (uint32_t i = 0; !__atomic_load_n(&over, __ATOMIC_ACQUIRE); i = (i + 1) % EACH) {
		s->passed += !judge_drops_key(prog, ALWAYS, i);
		s->sent++;
	}
	return NULL;
}

/* User space writes rows as fast as it can while packets are counted for them: no count and no row is lost.
 */
static void counters_and_verdicts_do_not_meet(void)
{
	struct gate_list_verdict verdict;
	struct seki_hits before, after;
	struct sender sender = {0};

	over = false;
	if (!list_replace(0) || !CHECK_EQ(gate_list_hits(gate, LIST, &before), 0) ||
	    !CHECK_EQ(pthread_create(&sender.thread, NULL, sender_run, &sender), 0))
		return;
	for (uint32_t i = 0; i < REWRITES && !ktap_failed_checks; i++) {
		struct gate_list_row row = rows[0][2 * (i % EACH)];

		row.value.expires = i / EACH % 2 ? 0 : UINT32_MAX;
		CHECK_EQ(gate_list_put(gate, &row), 0);
	}
	for (uint32_t i = 0; i < EACH; i++)
		CHECK_EQ(gate_list_put(gate, &rows[0][2 * i]), 0);
	__atomic_store_n(&over, true, __ATOMIC_RELEASE);
	pthread_join(sender.thread, NULL);
	CHECK_EQ(gate_list_hits(gate, LIST, &after), 0);
	printf("# %llu packets while %u rows were written\n", (unsigned long long)sender.sent, REWRITES);
	CHECK_EQ(sender.passed, 0);
	CHECK_EQ(after.pkts - before.pkts, sender.sent);
	CHECK_EQ(gate_list_verify(gate, rows[0], ROWS, &verdict), 0);
	CHECK_EQ(verdict.differences, 0);
}

/* Whole lists, too: what was counted goes on. */
static void counters_go_on_over_a_switch(void)
{
	struct seki_hits before, after;

	CHECK_EQ(gate_list_hits(gate, LIST, &before), 0);
	for (int i = 0; i < 4; i++)
		list_replace(i % 2);
	CHECK(judge_drops_key(prog, ALWAYS, 1));
	CHECK_EQ(gate_list_hits(gate, LIST, &after), 0);
	CHECK_EQ(after.pkts, before.pkts + 1);
}

/* --- time */

static void entries_end_without_a_daemon(void)
{
	struct gate_list_row row = judge_row(NEVER, 4);
	struct timespec now;
	int waited = 0;

	clock_gettime(CLOCK_MONOTONIC, &now);
	row.value.expires = (uint32_t)now.tv_sec + 2;
	CHECK_EQ(gate_list_put(gate, &row), 0);
	gate_free(gate); /* nobody has a descriptor of the maps but the program */
	gate = NULL;
	CHECK(judge_drops_key(prog, NEVER, 4));
	while (judge_drops_key(prog, NEVER, 4) && waited++ < 500)
		usleep(10000);
	clock_gettime(CLOCK_MONOTONIC, &now);
	CHECK(!judge_drops_key(prog, NEVER, 4), "it never ended");
	CHECK(now.tv_sec >= row.value.expires, "it ended too early");
	CHECK(judge_drops_key(prog, ALWAYS, 4), "what does not end did");
}

static void instance_closes(void)
{
	if (!CHECK(!world_gate("t12", NULL, 0, &gate, &why), "%s", why.text))
		return;
	CHECK_EQ(gate_remove(gate, &why), 0);
	gate_free(gate);
}

static const struct ktap_test tests[] = {
	TEST(instance_opens),
	TEST(no_object_has_state_of_its_own),
	TEST(programs_come_and_go),
	TEST(idle_generation_waits_for_its_readers),
	TEST(counters_and_verdicts_do_not_meet),
	TEST(counters_go_on_over_a_switch),
	TEST(entries_end_without_a_daemon),
	TEST(instance_closes),
};
WORLD_MAIN(tests)
