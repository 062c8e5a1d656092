// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_race.c - packets are judged on every CPU while the list changes: ten thousand single changes a second
 * and fifty whole lists. What is listed throughout is never passed, what never is is never dropped.
 */
#include <arpa/inet.h>
#include <glob.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "gate_world.h"

#define STEADY	 300
#define CHURN	 4000
#define THREADS	 4
#define SWITCHES 50
#define SECONDS	 4

static struct gate *gate;
static struct gate_why why;
static int prog = -1;
static bool over;

/* Listed throughout; never listed; coming and going. Neighbours of each other, hosts and networks of both
 * families. */
static struct seki_lpm key_of(uint32_t kind, uint32_t i)
{
	struct seki_lpm key = {.prefixlen = 128};

	if (i % 3 == 0) {
		key.addr.w[0] = htonl(0x20010db8);
		key.addr.w[1] = htonl(i);
		key.addr.w[3] = htonl(kind);
		return key;
	}
	key.addr.b[10] = key.addr.b[11] = 0xff;
	key.addr.w[3] = htonl(0x0a000000 + i * 64 + kind * 16 + (i % 3 == 2 ? 0 : 5));
	if (i % 3 == 2)
		key.prefixlen = 96 + 28;
	return key;
}

static struct gate_list_row row_of(uint32_t kind, uint32_t i)
{
	return (struct gate_list_row){key_of(kind, i), {.list = kind, .flags = SEKI_ENTRY_SRC}};
}

struct judge {
	pthread_t thread;
	unsigned int cpu;
	uint64_t asked, passed_wrongly, dropped_wrongly, failed;
};

static bool judged(const struct seki_addr *source)
{
	uint8_t frame[14 + 40 + 8 + 8] = {0};
	bool four = source->w[2] == htonl(0xffff) && !source->w[0];
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = sizeof(frame), .repeat = 1);

	frame[12] = four ? 0x08 : 0x86;
	frame[13] = four ? 0x00 : 0xdd;
	if (four) {
		static const uint8_t head[20] = {0x45, 0, 0, 56, 0, 0, 0,   0, 64, 17,
						 0,    0, 0, 0,	 0, 0, 192, 0, 2,  10};

		memcpy(frame + 14, head, sizeof(head));
		memcpy(frame + 26, &source->w[3], 4);
		frame[14 + 20 + 5] = 36;
	} else {
		frame[14] = 0x60;
		frame[14 + 5] = 16;
		frame[14 + 6] = 17;
		frame[14 + 7] = 64;
		memcpy(frame + 22, source, 16);
		frame[38] = 0x20;
		frame[39] = 0x01;
		frame[14 + 40 + 5] = 16;
	}
	return !bpf_prog_test_run_opts(prog, &run) && run.retval == 1;
}

static void *judge_run(void *arg)
{
	struct judge *j = arg;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(j->cpu, &cpus);
	j->failed += sched_setaffinity(0, sizeof(cpus), &cpus) != 0;
	for (uint32_t i = 0; !__atomic_load_n(&over, __ATOMIC_ACQUIRE); i = (i + 1) % STEADY) {
		struct seki_lpm listed = key_of(1, i), never = key_of(3, i);

		listed.addr.b[15] |= listed.prefixlen < 128 ? 3 : 0; /* inside a network */
		j->passed_wrongly += !judged(&listed.addr);
		j->dropped_wrongly += judged(&never.addr);
		j->asked += 2;
	}
	return NULL;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool present[CHURN];

static uint32_t all_rows(struct gate_list_row *rows)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < STEADY; i++)
		rows[count++] = row_of(1, i);
	for (uint32_t i = 0; i < CHURN; i++)
		if (present[i])
			rows[count++] = row_of(2, i);
	return count;
}

static bool list_replace(struct gate_list_row *rows)
{
	struct seki_settings settings;
	uint32_t slot;

	return CHECK(!gate_list_build(gate, rows, all_rows(rows), &slot, &why), "%s", why.text) &&
	       CHECK_EQ(gate_settings_get(gate, &settings), 0) && ((settings.active = slot), 1) &&
	       CHECK_EQ(gate_settings_set(gate, &settings), 0);
}

static void judges_never_err(void)
{
	static struct gate_list_row rows[STEADY + CHURN];
	struct judge judges[THREADS] = {0};
	uint64_t asked = 0, wrong = 0, start, changes = 0;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int switches = 0;

	if (!list_replace(rows))
		return;
	for (int i = 0; i < THREADS; i++) {
		judges[i].cpu = (unsigned int)(i % cpus);
		CHECK_EQ(pthread_create(&judges[i].thread, NULL, judge_run, &judges[i]), 0);
	}
	start = now_ns();
	while (now_ns() - start < SECONDS * 1000000000ull) {
		uint64_t due = (now_ns() - start) / 100000; /* ten thousand a second */

		for (int burst = 0; changes < due && burst < 500; changes++, burst++) {
			uint32_t i = (uint32_t)(changes * 2654435761u) % CHURN;
			struct gate_list_row row = row_of(2, i);

			if (!CHECK_EQ(present[i] ? gate_list_remove(gate, &row.key, NULL)
						 : gate_list_put(gate, &row),
				      0))
				return;
			present[i] = !present[i];
		}
		if (switches < SWITCHES &&
		    (now_ns() - start) / (SECONDS * 1000000000ull / SWITCHES) > switches) {
			if (!list_replace(rows))
				break;
			switches++;
		}
		usleep(200);
	}
	__atomic_store_n(&over, true, __ATOMIC_RELEASE);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(judges[i].thread, NULL);
		asked += judges[i].asked;
		wrong += judges[i].passed_wrongly + judges[i].dropped_wrongly + judges[i].failed;
		CHECK_EQ(judges[i].passed_wrongly, 0);
		CHECK_EQ(judges[i].dropped_wrongly, 0);
	}
	printf("# %llu packets judged, %llu single changes, %u whole lists\n", (unsigned long long)asked,
	       (unsigned long long)changes, switches);
	CHECK_EQ(wrong, 0);
	if (ktap_slow())
		CHECK(asked > 1000 && changes > 500 && switches > 2, "too little happened");
	else
		CHECK(asked > 10000 && changes > SECONDS * 5000u && switches > SWITCHES / 2,
		      "too little happened");
}

static void instance_opens(void)
{
	struct seki_settings settings = {.rate = 0};
	struct seki_iface_key key = {.ifindex = 1};
	glob_t found = {0};
	struct seki_iface row = {.role = SEKI_ROLE_WAN, .mode = SEKI_MODE_ENFORCE};

	if (!CHECK(!world_gate("race", NULL, 0, &gate, &why), "%s", why.text))
		return;
	CHECK_EQ(gate_settings_set(gate, &settings), 0);
	CHECK_EQ(gate_iface_set(gate, &key, &row), 0);
	/* The pin's name ends with the object's digest. */
	if (CHECK(!glob(SEKI_PIN_ROOT "/race/" SEKI_PROG_XDP "_????????????????", 0, NULL, &found)))
		prog = bpf_obj_get(found.gl_pathv[0]);
	globfree(&found);
	CHECK(prog >= 0, "%d", prog);
}

static void instance_closes(void)
{
	CHECK_EQ(gate_remove(gate, &why), 0);
	gate_free(gate);
}

static const struct ktap_test tests[] = {TEST(instance_opens), TEST(judges_never_err), TEST(instance_closes)};
WORLD_MAIN(tests)
