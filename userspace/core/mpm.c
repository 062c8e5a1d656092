// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mpm.c - Vectorscan literal databases; equal literals are one pattern with
 * a list of rules.
 */
#include "mpm.h"

#include <errno.h>
#include <hs/hs.h>
#include <stdio.h>
#include <string.h>

int mpm_add(struct mpm *mpm, const struct mpm_pattern *pattern)
{
	struct mpm_pattern *slot;

	if (mpm->pattern_count == mpm->pattern_room) {
		uint32_t room = mpm->pattern_room ? mpm->pattern_room * 2 : 64;
		struct mpm_pattern *more = realloc(mpm->patterns, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		mpm->patterns = more;
		mpm->pattern_room = room;
	}
	slot = &mpm->patterns[mpm->pattern_count++];
	*slot = *pattern;
	if (slot->len > MPM_PATTERN_MAX)
		slot->len = MPM_PATTERN_MAX;
	return 0;
}

static int mpm_literal_compare(const struct mpm_pattern *x, const struct mpm_pattern *y)
{
	int order;

	if (x->nocase != y->nocase)
		return x->nocase ? 1 : -1;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	order = memcmp(x->data, y->data, x->len);
	return order;
}

static int mpm_compare(const void *a, const void *b)
{
	const struct mpm_pattern *x = a, *y = b;
	int order = mpm_literal_compare(x, y);

	if (order)
		return order;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static int mpm_compile(struct mpm *mpm, const char **texts, unsigned int *flags, unsigned int *ids,
		       size_t *lens, char *why, size_t why_len)
{
	hs_compile_error_t *error = NULL;
	hs_error_t code;

	code = hs_compile_lit_multi(texts, flags, ids, lens, mpm->literal_count, HS_MODE_BLOCK, NULL,
				    &mpm->database, &error);
	if (code == HS_SUCCESS)
		return 0;
	snprintf(why, why_len, "the pattern compiler refuses: %s",
		 error ? error->message : "no reason given");
	hs_free_compile_error(error);
	return code == HS_NOMEM ? -ENOMEM : -EINVAL;
}

/* What of the literals is kept for the time after the build. -ENOMEM. */
static int mpm_keep(struct mpm *mpm, bool placed)
{
	uint32_t count = mpm->pattern_count;

	mpm->rules = calloc(count, sizeof(*mpm->rules));
	mpm->first = calloc(count + 1u, sizeof(*mpm->first));
	mpm->places = placed ? calloc(count, sizeof(*mpm->places)) : NULL;
	if (!mpm->rules || !mpm->first || (placed && !mpm->places))
		return -ENOMEM;
	qsort(mpm->patterns, count, sizeof(*mpm->patterns), mpm_compare);
	for (uint32_t i = 0; i < count; i++) {
		const struct mpm_pattern *pattern = &mpm->patterns[i];

		mpm->rules[i] = pattern->rule;
		if (!placed)
			continue;
		mpm->places[i] = (struct mpm_place){pattern->first_end, pattern->last_end};
		if (pattern->last_end > mpm->limit)
			mpm->limit = pattern->last_end;
	}
	return 0;
}

int mpm_build(struct mpm *mpm, bool once, char *why, size_t why_len)
{
	uint32_t count = mpm->pattern_count;
	AUTO_FREE const char **texts = calloc(count + 1u, sizeof(*texts));
	AUTO_FREE unsigned int *flags = calloc(count + 1u, sizeof(*flags));
	AUTO_FREE unsigned int *ids = calloc(count + 1u, sizeof(*ids));
	AUTO_FREE size_t *lens = calloc(count + 1u, sizeof(*lens));
	bool placed = count && mpm->patterns[0].last_end;
	int err;

	if (!count)
		return 0;
	if (!texts || !flags || !ids || !lens)
		return -ENOMEM;
	err = mpm_keep(mpm, placed);
	if (err)
		return err;
	for (uint32_t i = 0; i < count; i++) {
		const struct mpm_pattern *pattern = &mpm->patterns[i];

		if (i && !mpm_literal_compare(pattern, pattern - 1))
			continue;
		texts[mpm->literal_count] = (const char *)pattern->data;
		lens[mpm->literal_count] = pattern->len;
		ids[mpm->literal_count] = mpm->literal_count;
		flags[mpm->literal_count] = (pattern->nocase ? HS_FLAG_CASELESS : 0) |
					    (once && !placed ? HS_FLAG_SINGLEMATCH : 0);
		mpm->first[mpm->literal_count++] = i;
		if (pattern->len > mpm->longest)
			mpm->longest = pattern->len;
	}
	mpm->first[mpm->literal_count] = count;
	err = mpm_compile(mpm, texts, flags, ids, lens, why, why_len);
	free(mpm->patterns);
	mpm->patterns = NULL;
	mpm->pattern_count = mpm->pattern_room = 0;
	return err;
}

void mpm_clear(struct mpm *mpm)
{
	free(mpm->patterns);
	free(mpm->rules);
	free(mpm->first);
	free(mpm->places);
	hs_free_database(mpm->database);
	*mpm = (struct mpm){0};
}

int mpm_scratch(const struct mpm *mpm, struct hs_scratch **scratch)
{
	if (!mpm->database)
		return 0;
	return hs_alloc_scratch(mpm->database, scratch) == HS_SUCCESS ? 0 : -ENOMEM;
}

void mpm_scratch_free(struct hs_scratch *scratch)
{
	hs_free_scratch(scratch);
}

struct mpm_scan {
	const struct mpm *mpm;
	uint64_t base;
	mpm_hit_fn fn;
	void *arg;
};

static int mpm_event(unsigned int id, unsigned long long from, unsigned long long to, unsigned int flags,
		     void *arg)
{
	const struct mpm_scan *scan = arg;
	const struct mpm *mpm = scan->mpm;
	uint32_t first = mpm->first[id], end = mpm->first[id + 1];
	uint64_t at = scan->base + to;

	if (!mpm->places) {
		scan->fn(mpm->rules + first, end - first, at, scan->arg);
		return 0;
	}
	for (; first < end; first++) {
		if (at >= mpm->places[first].first_end && at <= mpm->places[first].last_end)
			scan->fn(mpm->rules + first, 1, at, scan->arg);
	}
	return 0;
}

void mpm_scan(const struct mpm *mpm, struct hs_scratch *scratch, const uint8_t *data, uint32_t len,
	      uint64_t base, mpm_hit_fn fn, void *arg)
{
	struct mpm_scan scan = {mpm, base, fn, arg};

	if (!mpm->database)
		return;
	if (mpm->places)
		len = base >= mpm->limit ? 0 : len < mpm->limit - base ? len : (uint32_t)(mpm->limit - base);
	if (len)
		(void)hs_scan(mpm->database, (const char *)data, len, 0, scratch, mpm_event, &scan);
}
