/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench.h - medians of interleaved rounds, one TSV row per metric.
 */
#ifndef SELFTESTS_BENCH_H
#define SELFTESTS_BENCH_H

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

/* Appends to $BENCH_TSV (or stdout alone) and prints for people. peer < 0: no peer in this row. */
static inline void bench_row(const char *metric, double ours, double peer, const char *peer_name)
{
	const char *path = getenv("BENCH_TSV");
	FILE *file = path ? fopen(path, "a") : NULL;

	if (peer >= 0) {
		printf("%-44s %10.1f   %-24s %10.1f   ratio %.2f\n", metric, ours, peer_name, peer,
		       ours / peer);
		if (file)
			fprintf(file, "%s\t%.2f\t%.2f\t%s\t%.3f\n", metric, ours, peer, peer_name,
				ours / peer);
	} else {
		printf("%-44s %10.1f\n", metric, ours);
		if (file)
			fprintf(file, "%s\t%.2f\t\t\t\n", metric, ours);
	}
	if (file)
		fclose(file);
}

#endif
