/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inspection.h - one run of `sekimori inspect`: what was asked, what is
 * loaded, what was found. The files inspection_*.c each hold one part of it.
 */
#ifndef SEKIMORI_INSPECTION_H
#define SEKIMORI_INSPECTION_H

#include <stdio.h>

#include "core/eve/eve_writer.h"
#include "core/match/inspector.h"
#include "core/prefilter/prefilter_emulation.h"
#include "core/rule/ruleset.h"
#include "eve_merge.h"
#include "rules_cache.h"
#include "sid_counts.h"

#define INSPECT_DATA_MAX    64u
#define INSPECT_WORKERS_MAX 64u

struct inspection {
	struct inspector_options options;
	struct overlap_hosts hosts; /* the first worker's, for all */
	struct ruleset_builder *builder;
	struct rules_cache cache;
	struct ruleset *set;
	bool prefilter; /* as if the kernel module were there */
	void *prefilter_image;
	struct prefilter_emulation *emulation;
	struct inspector *inspector;
	FILE *eve;
	struct eve_writer records;
	const char *log_dir, *capture;
	bool json, rules_given, profile;
	unsigned int workers, worker; /* how many share the captures, and which of them this is */
	char *const *captures;
	unsigned int capture_count, capture_at;
	struct eve_part part; /* with several workers: instead of eve */
	bool failed;	      /* a capture or a record could not be read or written whole; it was said */
	struct {
		enum rule_data_kind kind;
		const char *path;
	} data[INSPECT_DATA_MAX]; /* read when every variable is known, before the rules */
	unsigned int data_count;
	const char *dataset_folder;
	struct sid_counts sids;
	uint64_t refused, frames, cut_frames;
	uint64_t capture_frames; /* of the capture at hand, whoever looks at them */
	double seconds;
};

/* --- settings: what --set takes */

/* KEY=VALUE of the command line. Says what is wrong. */
__must_check int inspection_set(struct inspection *inspection, const char *text);

/* --- rules and their data */

typedef int (*inspection_add_fn)(struct ruleset_builder *builder, const char *file, const char *text,
				 size_t len, ruleset_refused_fn fn, void *arg);

/* A file that add reads. Lines that are refused are named and counted, the others hold. */
__must_check int inspection_load_file(struct inspection *inspection, const char *path, inspection_add_fn add);
/* Every rule file that pattern names, with the classification beside it. */
__must_check int inspection_load_rules(struct inspection *inspection, const char *pattern);
/* The files that settings named; before the rules, after every variable. */
__must_check int inspection_load_data(struct inspection *inspection);
/* What loads data sets for the builder; arg is the inspection. */
int inspection_load_dataset(const char *rules, const char *name, char **text, size_t *len, void *arg);

/* --- the run */

/* Opens DIR/eve.json, if asked for. */
__must_check int inspection_open_eve(struct inspection *inspection);
/* Makes the inspector; its alerts and records go where the inspection says. */
__must_check int inspection_start(struct inspection *inspection);
/* Reads all captures; with several workers only this one's share. One that cannot be read makes the run fail.
 */
void inspection_read_captures(struct inspection *inspection);
/* Shares the captures among as many workers as were asked for, and takes up what they found. */
__must_check int inspection_share(struct inspection *inspection, struct inspector_stats *stats);
void inspection_free(struct inspection *inspection);

/* --- what is said */

void inspection_print_json(const struct inspection *inspection, const struct inspector_stats *stats,
			   const struct ruleset_counts *rules);
void inspection_print_text(const struct inspection *inspection, const struct inspector_stats *stats,
			   const struct ruleset_counts *rules);
/* Names the records that eve.json lacks. */
void inspection_complain_lost(const struct eve_writer *records);

#endif
