/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * prefilter.bpf.h - what the benchmark tells its packet program of a table: where its parts are.
 */
#ifndef SELFTESTS_BENCH_PREFILTER_BPF_H
#define SELFTESTS_BENCH_PREFILTER_BPF_H

#include "sekimori/prefilter.h"

/* Offsets in the image; no grams: nothing of this class. */
struct bench_class {
	__u32 buckets, grams, count, bits;
};

struct bench_table {
	struct bench_class classes[SEKI_PF_CLASS_MAX];
	__u32 filter, filter_mask, multiplier, literals, bytes, len;
};

#endif
