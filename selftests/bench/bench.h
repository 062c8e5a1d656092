/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench.h - medians of interleaved rounds, one TSV row per metric.
 */
#ifndef SELFTESTS_BENCH_H
#define SELFTESTS_BENCH_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BENCH_ROUNDS 9

static inline double bench_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline int bench_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double bench_median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), bench_compare);
	return values[count / 2];
}

static inline double bench_least(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), bench_compare);
	return values[0];
}

/* What a figure is to be at most: the ratio to a peer, or, without one, the value itself. */
struct bench_aim {
	const char *metric, *peer; /* peer NULL: none */
	double most;
};

/* Rows of a table that ends with an empty one; NULL: nobody aims at anything. */
static const struct bench_aim *bench_aims;
static unsigned int bench_aims_met, bench_aims_missed;

static inline bool bench_aim_is(const struct bench_aim *aim, const char *metric, const char *peer)
{
	return !strcmp(aim->metric, metric) &&
	       (peer && aim->peer ? !strcmp(aim->peer, peer) : !peer && !aim->peer);
}

/* Appends to $BENCH_TSV (or stdout alone) and prints for people. peer < 0: no peer in this row. */
static inline void bench_row(const char *metric, double ours, double peer, const char *peer_name)
{
	const struct bench_aim *aim = bench_aims;
	const double figure = peer >= 0 ? ours / peer : ours;
	const char *path = getenv("BENCH_TSV"), *verdict = "";
	FILE *file = path ? fopen(path, "a") : NULL;
	char most[32] = "";

	while (aim && aim->metric && !bench_aim_is(aim, metric, peer >= 0 ? peer_name : NULL))
		aim++;
	if (aim && aim->metric) {
		snprintf(most, sizeof(most), "%.3g", aim->most);
		verdict = figure <= aim->most ? "met" : "NOT met";
		*(figure <= aim->most ? &bench_aims_met : &bench_aims_missed) += 1;
	}
	printf("%-44s %10.1f", metric, ours);
	if (peer >= 0)
		printf("   %-24s %10.1f   ratio %.2f", peer_name, peer, figure);
	printf("%s%s%s%s\n", *most ? "   aim at most " : "", most, *most ? ": " : "", verdict);
	fflush(stdout);
	if (!file)
		return;
	if (peer >= 0)
		fprintf(file, "%s\t%.2f\t%.2f\t%s\t%.3f\t%s\t%s\n", metric, ours, peer, peer_name, figure,
			most, verdict);
	else
		fprintf(file, "%s\t%.2f\t\t\t\t%s\t%s\n", metric, ours, most, verdict);
	fclose(file);
}

/* The last line of who has aims. */
static inline void bench_aims_say(void)
{
	printf("aims: %u met, %u not met\n", bench_aims_met, bench_aims_missed);
}

#endif
