// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mpm.c - the searches of our own and Vectorscan's for what they leave;
 * equal literals are one pattern with a list of rules.
 */
#include "mpm.h"

#include <errno.h>
#include <hs/hs.h>
#include <stdio.h>
#include <string.h>

#define MPM_DIGEST_BYTES 32u
#define MPM_SIEVE_MIN	 96u /* fewer literals the library searches as fast */

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

/* Never changes; the last that uses it frees it. */
struct mpm_database {
	hs_database_t *hs;
	uint32_t users;
	uint8_t literals[MPM_DIGEST_BYTES];
};

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

/* What of the literals is kept for the time after the build. -ENOMEM. */
static int mpm_keep(struct mpm *mpm)
{
	uint32_t count = mpm->pattern_count;

	mpm->rules = calloc(count, sizeof(*mpm->rules));
	mpm->first = calloc(count + 1u, sizeof(*mpm->first));
	mpm->places = mpm->patterns[0].last_end ? calloc(count, sizeof(*mpm->places)) : NULL;
	if (!mpm->rules || !mpm->first || (mpm->patterns[0].last_end && !mpm->places))
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		const struct mpm_pattern *pattern = &mpm->patterns[i];

		mpm->rules[i] = pattern->rule;
		if (!mpm->places)
			continue;
		mpm->places[i] = (struct mpm_place){pattern->first_end, pattern->last_end};
		if (pattern->last_end > mpm->limit)
			mpm->limit = pattern->last_end;
	}
	return 0;
}

/* Our own searches come first: few literals at once, else the long ones of many and then the rest. */
static int mpm_build_own(struct mpm *mpm)
{
	int err = quad_build(&mpm->quad, mpm->literals, mpm->literal_count);

	if (err || mpm->quad.count || mpm->literal_count < MPM_SIEVE_MIN)
		return err;
	err = sieve_build(&mpm->sieve, mpm->literals, mpm->literal_count);
	return err ? err : quad_build(&mpm->quad, mpm->literals, mpm->literal_count);
}

/* The literals, once they are in order. */
static int mpm_keep_literals(struct mpm *mpm)
{
	uint32_t count = mpm->pattern_count;

	mpm->literals = calloc(count, sizeof(*mpm->literals));
	if (!mpm->literals)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		const struct mpm_pattern *pattern = &mpm->patterns[i];

		if (i && !mpm_literal_compare(pattern, &mpm->patterns[i - 1]))
			continue;
		mpm->first[mpm->literal_count] = i;
		mpm->literals[mpm->literal_count++] = (struct literal){
			.data = pattern->data, .len = pattern->len, .nocase = pattern->nocase};
		if (pattern->len > mpm->longest)
			mpm->longest = pattern->len;
	}
	mpm->first[mpm->literal_count] = count;
	return mpm_build_own(mpm);
}

/* The patterns are not needed once they are ordered. */
static void mpm_prepared(struct mpm *mpm)
{
	free(mpm->patterns);
	mpm->patterns = NULL;
	mpm->pattern_count = mpm->pattern_room = 0;
}

int mpm_prepare(struct mpm *mpm, bool once)
{
	int err;

	if (!mpm->pattern_count || mpm->first)
		return 0;
	qsort(mpm->patterns, mpm->pattern_count, sizeof(*mpm->patterns), mpm_compare);
	err = mpm_keep(mpm);
	if (err)
		return err;
	mpm->once = once && !mpm->places;
	err = mpm_keep_literals(mpm);
	mpm_prepared(mpm);
	return err;
}

static unsigned int mpm_flags(const struct mpm *mpm, const struct literal *literal)
{
	return (literal->nocase ? HS_FLAG_CASELESS : 0) | (mpm->once ? HS_FLAG_SINGLEMATCH : 0);
}

void mpm_digest(const struct mpm *mpm, struct digest *digest)
{
	digest_add(digest, (struct span){(const uint8_t *)&mpm->literal_count, sizeof(mpm->literal_count)});
	for (uint32_t i = 0; i < mpm->literal_count; i++) {
		const struct literal *literal = &mpm->literals[i];
		const uint32_t head[] = {mpm_flags(mpm, literal), literal->len, literal->taken};

		digest_add(digest, (struct span){(const uint8_t *)head, sizeof(head)});
		digest_add(digest, (struct span){literal->data, literal->len});
	}
}

static void mpm_literals(const struct mpm *mpm, uint8_t out[MPM_DIGEST_BYTES])
{
	struct digest digest;

	digest_begin(&digest, DIGEST_SHA256);
	mpm_digest(mpm, &digest);
	digest_end(&digest, out);
}

/* Takes over hs, also on failure. -ENOMEM. */
static int mpm_take(struct mpm *mpm, hs_database_t *hs)
{
	struct mpm_database *database = malloc(sizeof(*database));

	if (!database) {
		hs_free_database(hs);
		return -ENOMEM;
	}
	*database = (struct mpm_database){.hs = hs, .users = 1};
	mpm_literals(mpm, database->literals);
	mpm->database = database;
	return 0;
}

static void mpm_database_put(struct mpm_database *database)
{
	if (!database || __atomic_sub_fetch(&database->users, 1, __ATOMIC_ACQ_REL))
		return;
	hs_free_database(database->hs);
	free(database);
}

bool mpm_share(struct mpm *mpm, const struct mpm *from)
{
	uint8_t literals[MPM_DIGEST_BYTES];

	if (mpm->database || !from->database || mpm->literal_count != from->literal_count)
		return false;
	mpm_literals(mpm, literals);
	if (memcmp(literals, from->database->literals, sizeof(literals)))
		return false;
	__atomic_add_fetch(&from->database->users, 1, __ATOMIC_RELAXED);
	mpm->database = from->database;
	return true;
}

uint32_t mpm_compiled(const struct mpm *mpm)
{
	return mpm->literal_count - mpm->sieve.count - mpm->quad.count;
}

int mpm_compile(struct mpm *mpm, char *why, size_t why_len)
{
	uint32_t count = mpm_compiled(mpm), n = 0;
	AUTO_FREE const char **texts = calloc(count + 1u, sizeof(*texts));
	AUTO_FREE unsigned int *flags = calloc(count + 1u, sizeof(*flags));
	AUTO_FREE unsigned int *ids = calloc(count + 1u, sizeof(*ids));
	AUTO_FREE size_t *lens = calloc(count + 1u, sizeof(*lens));
	hs_compile_error_t *error = NULL;
	hs_database_t *hs = NULL;
	hs_error_t code;

	if (!count || mpm->database)
		return 0;
	if (!texts || !flags || !ids || !lens)
		return -ENOMEM;
	for (uint32_t i = 0; i < mpm->literal_count; i++) {
		const struct literal *literal = &mpm->literals[i];

		if (literal->taken)
			continue;
		texts[n] = (const char *)literal->data;
		lens[n] = literal->len;
		flags[n] = mpm_flags(mpm, literal);
		ids[n++] = i;
	}
	code = hs_compile_lit_multi(texts, flags, ids, lens, count, HS_MODE_BLOCK, NULL, &hs, &error);
	if (code == HS_SUCCESS)
		return mpm_take(mpm, hs);
	snprintf(why, why_len, "the pattern compiler refuses: %s",
		 error ? error->message : "no reason given");
	hs_free_compile_error(error);
	return code == HS_NOMEM ? -ENOMEM : -EINVAL;
}

int mpm_save(const struct mpm *mpm, char **out, size_t *len)
{
	*out = NULL;
	*len = 0;
	if (!mpm->database)
		return 0;
	return hs_serialize_database(mpm->database->hs, out, len) == HS_SUCCESS ? 0 : -ENOMEM;
}

int mpm_load(struct mpm *mpm, const char *data, size_t len)
{
	hs_database_t *hs = NULL;

	if (hs_deserialize_database(data, len, &hs) != HS_SUCCESS)
		return -EBADMSG;
	return mpm_take(mpm, hs);
}

void mpm_platform(struct digest *digest)
{
	const char *version = hs_version();
	hs_platform_info_t platform = {0};

	(void)hs_populate_platform(&platform);
	digest_add(digest, (struct span){(const uint8_t *)version, (uint32_t)strlen(version)});
	digest_add(digest, (struct span){(const uint8_t *)&platform, sizeof(platform)});
}

void mpm_clear(struct mpm *mpm)
{
	free(mpm->patterns);
	free(mpm->rules);
	free(mpm->first);
	free(mpm->places);
	free(mpm->literals);
	sieve_clear(&mpm->sieve);
	quad_clear(&mpm->quad);
	mpm_database_put(mpm->database);
	*mpm = (struct mpm){0};
}

int mpm_scratch(const struct mpm *mpm, struct hs_scratch **scratch)
{
	if (!mpm->database)
		return 0;
	return hs_alloc_scratch(mpm->database->hs, scratch) == HS_SUCCESS ? 0 : -ENOMEM;
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

static void mpm_report(const struct mpm_scan *scan, uint32_t literal, uint64_t at)
{
	const struct mpm *mpm = scan->mpm;
	uint32_t first = mpm->first[literal], end = mpm->first[literal + 1];

	if (!mpm->places) {
		scan->fn(mpm->rules + first, end - first, at, scan->arg);
		return;
	}
	for (; first < end; first++) {
		if (at >= mpm->places[first].first_end && at <= mpm->places[first].last_end)
			scan->fn(mpm->rules + first, 1, at, scan->arg);
	}
}

static int mpm_event(unsigned int id, unsigned long long from, unsigned long long to, unsigned int flags,
		     void *arg)
{
	const struct mpm_scan *scan = arg;

	mpm_report(scan, id, scan->base + to);
	return 0;
}

static void mpm_found(uint32_t literal, uint32_t end, void *arg)
{
	const struct mpm_scan *scan = arg;

	mpm_report(scan, literal, scan->base + end);
}

void mpm_scan(const struct mpm *mpm, struct hs_scratch *scratch, const uint8_t *data, uint32_t len,
	      uint64_t base, mpm_hit_fn fn, void *arg)
{
	struct mpm_scan scan = {mpm, base, fn, arg};

	if (mpm->places)
		len = base >= mpm->limit ? 0 : len < mpm->limit - base ? len : (uint32_t)(mpm->limit - base);
	sieve_scan(&mpm->sieve, data, len, mpm_found, &scan);
	quad_scan(&mpm->quad, data, len, mpm_found, &scan);
	if (len && mpm->database)
		(void)hs_scan(mpm->database->hs, (const char *)data, len, 0, scratch, mpm_event, &scan);
}
