// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * store.c - the event store: events a second, and what a month of a million
 * events costs to read. Arguments: folder, number of events.
 */
#include <stdio.h>
#include <string.h>

#include "bench/bench.h"
#include "store/store.h"

#define BATCH	  2000u
#define SEPTEMBER 1409529600000000ull
#define MONTH_US  (30ull * 86400 * 1000000)

/* An alert with its packet: the bytes of the packet do not repeat, the rest is much the same in each. */
static char lines[BATCH][1400];

static int line_make(char line[1400], uint64_t number, uint32_t mixed)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char payload[601];
	uint64_t random = (number + 1) * 0x9e3779b97f4a7c15ull;
	unsigned int len = 200 + (mixed >> 3) % 400;

	for (unsigned int i = 0; i < len; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		payload[i] = digits[random & 63];
	}
	payload[len] = '\0';
	return snprintf(line, 1400,
			"{\"timestamp\":\"2014-09-%02u.%06u+0900\",\"flow_id\":%u,\"event_type\":\"alert\","
			"\"src_ip\":"
			"\"198.18.%u.%u\",\"src_port\":%u,\"dest_ip\":\"192.0.2.%u\",\"dest_port\":80,"
			"\"proto\":\"TCP\","
			"\"alert\":{\"action\":\"allowed\",\"gid\":1,\"signature_id\":%u,\"rev\":1,"
			"\"signature\":\"SEKIMORI an "
			"attack of some kind\",\"category\":\"Attempted Administrator Privilege "
			"Gain\",\"severity\":1},"
			"\"sekimori\":{\"severity\":\"critical\",\"verdict\":\"cut\",\"target\":\"dest\"},"
			"\"payload\":\"%s\"}",
			mixed % 30 + 1, mixed % 1000000, mixed, mixed >> 20 & 255, mixed >> 4 & 255,
			mixed & 65535, mixed & 63, 9000000 + (mixed >> 16) % 300, payload);
}

static void fill(struct store_event *event, uint64_t number, uint64_t total)
{
	uint32_t mixed = (uint32_t)(number * 2654435761u);

	*event = (struct store_event){
		.t_packet = SEPTEMBER + number * (MONTH_US / total),
		.kind = number % 8 ? STORE_ALERT : STORE_DROP,
		.severity = (uint8_t)(mixed >> 8 & 3),
		.verdict = (uint8_t)(mixed >> 12 & 3),
		.proto = 6,
		.gid = 1,
		.sid = number % 8 ? 9000000 + (mixed >> 16) % 300 : 0,
		.rev = 1,
		.src = {.b = {[10] = 0xff,
			      [11] = 0xff,
			      198,
			      18,
			      (uint8_t)(mixed >> 20),
			      (uint8_t)(mixed >> 4)}},
		.dst = {.b = {[10] = 0xff, [11] = 0xff, 192, 0, 2, (uint8_t)(mixed & 63)}},
		.label = "SEKIMORI an attack of some kind",
		.rule = "{}",
		.iface = "wan",
		.line = lines[number % BATCH],
	};
	event->line_len = (size_t)line_make(lines[number % BATCH], number, mixed);
	event->t_match = event->t_packet + 500;
}

static bool count_row(const struct store_row *row, void *arg)
{
	++*(uint64_t *)arg;
	return true;
}

static bool count_figure(const struct store_figure *figure, void *arg)
{
	*(uint64_t *)arg += figure->count;
	return true;
}

int main(int argc, char **argv)
{
	const struct store_options options = {.dir = argc > 1 ? argv[1] : "."};
	uint64_t total = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000, stored = 0, seen = 0, counted = 0;
	static struct store_event events[BATCH];
	const struct store_filter month = {.from = SEPTEMBER, .to = SEPTEMBER + MONTH_US};
	CLEANUP(store_close) struct store *store = NULL;
	char why[STORE_WHY_MAX];
	double began, took = 0;

	if (store_open(&options, &store, why)) {
		fprintf(stderr, "%s\n", why);
		return 1;
	}
	for (uint64_t i = 0; i < total; i += BATCH) {
		for (uint64_t j = 0; j < BATCH; j++)
			fill(&events[j], i + j, total);
		began = bench_now_ns();
		stored += store_insert(store, events, BATCH).stored;
		took += bench_now_ns() - began;
	}
	bench_row("events inserted a second", (double)stored / took * 1e9, 40000, "wanted at least");
	began = bench_now_ns();
	if (store_scan(store, &month, count_row, &seen))
		return 1;
	bench_row("ms to read all events of a month", (bench_now_ns() - began) / 1e6, 1000, "wanted at most");
	began = bench_now_ns();
	if (store_figures(store, &month, count_figure, &counted))
		return 1;
	bench_row("ms for all figures of a month", (bench_now_ns() - began) / 1e6, 1000, "wanted at most");
	return stored == seen && counted == seen && stored >= total ? 0 : 1;
}
