// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_race.c - packets are judged on every CPU while the list changes: ten thousand single changes a second
 * and fifty whole lists. What is listed throughout is never passed, what never is is never dropped.
 */
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "lib/list_judge.h"

#define STEADY	 300
#define CHURN	 4000
#define THREADS	 4
#define SWITCHES 50
#define SECONDS	 4

static struct gate *gate;
static struct gate_why why;
static int prog = -1;
static bool over;

/* Listed throughout; coming and going; never listed. */
enum { ALWAYS = 1, SOMETIMES, NEVER };

struct judge {
	pthread_t thread;
	unsigned int cpu;
	uint64_t asked, passed_wrongly, dropped_wrongly, failed;
};

static void *judge_run(void *arg)
{
	struct judge *j = arg;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(j->cpu, &cpus);
	j->failed += sched_setaffinity(0, sizeof(cpus), &cpus) != 0;
	for (uint32_t i = 0; !__atomic_load_n(&over, __ATOMIC_ACQUIRE); i = (i + 1) % STEADY) {
		j->passed_wrongly += !judge_drops_key(prog, ALWAYS, i);
		j->dropped_wrongly += judge_drops_key(prog, NEVER, i);
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
		rows[count++] = judge_row(ALWAYS, i);
	for (uint32_t i = 0; i < CHURN; i++)
		if (present[i])
			rows[count++] = judge_row(SOMETIMES, i);
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
			struct gate_list_row row = judge_row(SOMETIMES, i);

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
	(void)judge_world("race", &gate, &why, &prog);
}

static void instance_closes(void)
{
	CHECK_EQ(gate_remove(gate, &why), 0);
	gate_free(gate);
}

static const struct ktap_test tests[] = {TEST(instance_opens), TEST(judges_never_err), TEST(instance_closes)};
WORLD_MAIN(tests)
