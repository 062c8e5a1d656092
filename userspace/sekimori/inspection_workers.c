// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inspection_workers.c - several workers over the same captures: each reads them
 * by itself and looks at its share; their findings are put together here.
 */
#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "inspection.h"
#include "lib/cleanup.h"

/* A worker of its own state over the same rules. */
static int worker_new(const struct inspection *first, unsigned int index, struct inspection *out)
{
	*out = (struct inspection){
		.options = first->options,
		.set = ruleset_ref(first->set),
		.log_dir = first->log_dir,
		.records.kinds = first->records.kinds,
		.workers = first->workers,
		.worker = index,
		.captures = first->captures,
		.capture_count = first->capture_count,
	};
	out->options.flow_memory /= first->workers;
	if (first->eve)
		out->part.file = tmpfile();
	if (first->eve && !out->part.file)
		return -errno;
	return inspection_start(out);
}

static void add_counters(struct inspector_stats *sum, const struct inspector_stats *more)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)more;

	_Static_assert(sizeof(*sum) % sizeof(uint64_t) == 0, "the counters are numbers of one size");
	for (size_t i = 0; i < sizeof(*sum) / sizeof(uint64_t); i++)
		to[i] += from[i];
}

/* Takes up what a worker found; every worker saw every frame, so those are not added. */
static void worker_merge(struct inspection *to, const struct inspection *worker,
			 struct inspector_stats *stats)
{
	struct inspector_stats one;

	inspector_count(worker->inspector, &one);
	add_counters(stats, &one);
	sid_counts_merge(&to->sids, &worker->sids);
	for (int kind = 0; kind < EVE_KIND_MAX; kind++)
		to->records.lost[kind] += worker->records.lost[kind];
	to->records.first_us = worker->records.first_us;
	to->records.last_us = worker->records.last_us;
	to->cut_frames += worker->cut_frames;
	if (worker->seconds > to->seconds)
		to->seconds = worker->seconds;
	to->failed |= worker->failed;
}

static int merge_records(struct inspection *inspection, struct inspection *workers)
{
	AUTO_FREE struct eve_part *parts = calloc(inspection->workers, sizeof(*parts));
	int error;

	if (!parts)
		return -ENOMEM;
	for (unsigned int i = 0; i < inspection->workers; i++)
		parts[i] = workers[i].part;
	error = eve_parts_merge(parts, inspection->workers, inspection->eve);
	if (error)
		fprintf(stderr, "%s/eve.json: %s\n", inspection->log_dir, strerror(-error));
	return error;
}

static void *read_captures(void *arg)
{
	inspection_read_captures(arg);
	return NULL;
}

static int run_workers(struct inspection *inspection, struct inspection *workers,
		       struct inspector_stats *stats)
{
	pthread_t threads[INSPECT_WORKERS_MAX];
	unsigned int started = 0;
	int error = 0;

	while (started < inspection->workers && !error) {
		error = worker_new(inspection, started, &workers[started]);
		if (!error)
			error = -pthread_create(&threads[started], NULL, read_captures, &workers[started]);
		if (!error)
			started++;
	}
	for (unsigned int i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	for (unsigned int i = 0; i < started && !error; i++)
		worker_merge(inspection, &workers[i], stats);
	if (!error && inspection->eve)
		error = merge_records(inspection, workers);
	return error;
}

int inspection_share(struct inspection *inspection, struct inspector_stats *stats)
{
	AUTO_FREE struct inspection *workers = calloc(inspection->workers, sizeof(*workers));
	int error;

	if (!workers)
		return -ENOMEM;
	json_object_seed(0); /* jansson wants that before threads */
	error = run_workers(inspection, workers, stats);
	for (unsigned int i = 0; i < inspection->workers; i++)
		inspection_free(&workers[i]);
	return error;
}
