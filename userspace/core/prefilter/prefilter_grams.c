// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prefilter_grams.c - the first stage of the prefilter: of every literal the
 * windows that common traffic has least, hashed into a filter and buckets.
 */
#include "prefilter_grams.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kmod/prefilter_parts.h"

#define GRAMS_ALIKE_MAX	   (SEKI_PF_BUCKET_MAX / 2)
#define GRAMS_USE_BITS	   16u
#define GRAMS_FILTER_LEAST 8u
#define GRAMS_TRIES	   64u

struct grams {
	struct seki_pf_gram *rows[SEKI_PF_CLASS_MAX];
	uint32_t count[SEKI_PF_CLASS_MAX], room[SEKI_PF_CLASS_MAX];
	uint8_t uses[SEKI_PF_CLASS_MAX][1u << GRAMS_USE_BITS]; /* by hash: how many are alike, at least */
};

int grams_new(struct grams **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void grams_free(struct grams *grams)
{
	for (int i = 0; grams && i < SEKI_PF_CLASS_MAX; i++)
		free(grams->rows[i]);
	free(grams);
}

/* The window of these bytes at this offset. */
static struct seki_pf_gram gram_of(const uint8_t *bytes, uint32_t len, int offset)
{
	return (struct seki_pf_gram){.value = seki_pf_window_of(bytes, len, offset),
				     .offset = (int8_t)offset,
				     .outside = (uint8_t)seki_pf_outside_of(len, offset)};
}

static enum seki_pf_class gram_class(const struct seki_pf_gram *gram)
{
	return gram->outside == SEKI_PF_NOTHING ? SEKI_PF_WHOLE : SEKI_PF_PART;
}

static uint8_t *gram_uses(struct grams *grams, const struct seki_pf_gram *gram)
{
	enum seki_pf_class class = gram_class(gram);

	return &grams->uses[class][seki_pf_bucket(class, gram->value, 0x9e3779b1u, GRAMS_USE_BITS)];
}

/* How often a byte is seen in traffic, roughly: text, then binary. */
static unsigned int byte_weight(uint8_t byte)
{
	byte |= SEKI_PF_FOLD & 0xff;
	if (byte == ' ') /* NUL, too, when folded */
		return 9;
	if (byte && strchr("etaoinsrhl", byte))
		return 8;
	if (isalpha(byte))
		return 6;
	if (isdigit(byte) || (byte && strchr("/.-:=<>\"", byte)))
		return 5;
	return isprint(byte) ? 3 : 2;
}

/* A byte outside is any: worse than the most frequent one. */
static unsigned int gram_weight(struct grams *grams, const struct seki_pf_gram *gram)
{
	unsigned int weight = 20u * *gram_uses(grams, gram);

	for (unsigned int i = 0; i < SEKI_PF_WINDOW; i++)
		weight += seki_pf_inside[gram->outside] >> 8 * i & 1
				  ? byte_weight((uint8_t)(gram->value >> 8 * i))
				  : 20;
	return weight;
}

static int gram_put(struct grams *grams, enum seki_pf_class class, struct seki_pf_gram row)
{
	if (grams->count[class] == grams->room[class]) {
		uint32_t room = grams->room[class] ? grams->room[class] * 2 : 256;
		struct seki_pf_gram *rows = realloc(grams->rows[class], room * sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		grams->rows[class] = rows;
		grams->room[class] = room;
	}
	grams->rows[class][grams->count[class]++] = row;
	return 0;
}

int grams_add(struct grams *grams, const uint8_t *bytes, uint32_t len, uint32_t literal, int8_t *base)
{
	unsigned int best = UINT32_MAX;
	int err = 0;

	for (int at = -1; at + SEKI_PF_LITERAL_BASE <= (int)len; at++) {
		struct seki_pf_gram first = gram_of(bytes, len, at), second = gram_of(bytes, len, at + 1);
		unsigned int weight = gram_weight(grams, &first) + gram_weight(grams, &second);

		if (*gram_uses(grams, &first) < GRAMS_ALIKE_MAX &&
		    *gram_uses(grams, &second) < GRAMS_ALIKE_MAX && weight < best) {
			best = weight;
			*base = (int8_t)at;
		}
	}
	if (best == UINT32_MAX)
		return -ENOSPC;
	for (int i = 0; i < (int)SEKI_PF_STRIDE && !err; i++) {
		struct seki_pf_gram row = gram_of(bytes, len, *base + i);

		row.literal = (uint16_t)literal;
		++*gram_uses(grams, &row);
		err = gram_put(grams, gram_class(&row), row);
	}
	return err;
}

void grams_forget(struct grams *grams, uint32_t literal)
{
	for (int class = 0; class < SEKI_PF_CLASS_MAX; class ++) {
		const struct seki_pf_gram *rows = grams->rows[class];

		while (grams->count[class] && rows[grams->count[class] - 1].literal >= literal)
			--*gram_uses(grams, &rows[--grams->count[class]]);
	}
}

static uint8_t bits_for(uint32_t count, uint8_t low, uint8_t high)
{
	uint8_t bits = low;

	while (bits < high && 1u << bits < count)
		bits++;
	return bits;
}

/* Where buckets begin under this multiplier; false: one is too large. */
static bool buckets_fit(const struct grams *grams, enum seki_pf_class class, const struct seki_pf_table *head,
			uint32_t *buckets)
{
	uint32_t bits = head->bucket_bits[class], count = 1u << bits, sum = 0;

	memset(buckets, 0, (count + 1) * sizeof(*buckets));
	for (uint32_t i = 0; i < grams->count[class]; i++) {
		uint32_t bucket = seki_pf_bucket(class, grams->rows[class][i].value, head->multiplier, bits);

		if (++buckets[bucket] > SEKI_PF_BUCKET_MAX)
			return false;
	}
	for (uint32_t i = 0; i <= count; i++) {
		uint32_t size = buckets[i];

		buckets[i] = sum;
		sum += size;
	}
	return true;
}

static int class_layout(const struct grams *grams, enum seki_pf_class class, const struct seki_pf_table *head,
			uint32_t *buckets, struct blob section[SEKI_PF_SECTION_MAX])
{
	uint32_t bits = head->bucket_bits[class], bytes = (uint32_t)sizeof(*buckets) << bits;
	AUTO_FREE struct seki_pf_gram *rows = calloc(grams->count[class], sizeof(*rows));
	AUTO_FREE uint32_t *next = malloc(bytes);

	if (!rows || !next)
		return -ENOMEM;
	if (!buckets_fit(grams, class, head, buckets))
		return -E2BIG;
	memcpy(next, buckets, bytes);
	for (uint32_t i = 0; i < grams->count[class]; i++) {
		const struct seki_pf_gram *row = &grams->rows[class][i];

		rows[next[seki_pf_bucket(class, row->value, head->multiplier, bits)]++] = *row;
	}
	if (blob_add(&section[SEKI_PF_BUCKETS_WHOLE_AT + class], buckets, bytes + (uint32_t)sizeof(*buckets),
		     SEKI_PF_TABLE_MAX) ||
	    blob_add(&section[SEKI_PF_GRAMS_WHOLE_AT + class], rows,
		     grams->count[class] * (uint32_t)sizeof(*rows), SEKI_PF_TABLE_MAX))
		return -ENOMEM;
	return 0;
}

static int filter_layout(const struct grams *grams, const struct seki_pf_table *head, struct blob *section)
{
	uint32_t count = 1u << head->filter_bits;
	AUTO_FREE uint32_t *filter = calloc(count, sizeof(*filter));

	if (!filter)
		return -ENOMEM;
	for (int class = 0; class < SEKI_PF_CLASS_MAX; class ++) {
		for (uint32_t i = 0; i < grams->count[class]; i++) {
			const struct seki_pf_gram *row = &grams->rows[class][i];

			filter[seki_pf_word(row->value, head->multiplier, count - 1)] |=
				seki_pf_bits(row->value, row->outside);
		}
	}
	return blob_add(section, filter, count * (uint32_t)sizeof(*filter), SEKI_PF_TABLE_MAX) ? -ENOMEM : 0;
}

/* One multiplier for all: some are tried, since most spread well enough. */
static bool multiplier_fits(const struct grams *grams, const struct seki_pf_table *head, uint32_t *buckets)
{
	for (int i = 0; i < SEKI_PF_CLASS_MAX; i++)
		if (!buckets_fit(grams, i, head, buckets))
			return false;
	return true;
}

int grams_layout(struct grams *grams, struct seki_pf_table *head, struct blob section[SEKI_PF_SECTION_MAX])
{
	AUTO_FREE uint32_t *buckets = malloc(sizeof(*buckets) * ((1u << 16) + 1));
	uint32_t total = 0, tries = 0;
	int err = buckets ? 0 : -ENOMEM;

	head->multiplier = 0x9e3779b1u;
	for (int i = 0; i < SEKI_PF_CLASS_MAX; i++) {
		total += grams->count[i];
		/* Most of what is looked up is not there: buckets enough that it finds an empty one. */
		head->bucket_bits[i] = bits_for(grams->count[i] * 2, 4, 16);
	}
	head->filter_bits = bits_for(total * 2, GRAMS_FILTER_LEAST, SEKI_PF_FILTER_BITS);
	while (!err && total && !multiplier_fits(grams, head, buckets)) {
		head->multiplier = head->multiplier * 0x41c64e6du | 1;
		if (++tries == GRAMS_TRIES)
			return -E2BIG;
	}
	for (int i = 0; i < SEKI_PF_CLASS_MAX && !err; i++)
		if (grams->count[i])
			err = class_layout(grams, i, head, buckets, section);
	return err || !total ? err : filter_layout(grams, head, &section[SEKI_PF_FILTER_AT]);
}
