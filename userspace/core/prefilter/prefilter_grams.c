// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prefilter_grams.c - the first stage of the prefilter: of every literal the
 * pieces that common traffic has least, hashed into a bitmap and buckets.
 */
#include "prefilter_grams.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kmod/prefilter_parts.h"

#define GRAMS_ALIKE_MAX	   (SEKI_PF_BUCKET_MAX / 2)
#define GRAMS_VECTOR_MAX   96u /* more short ones, and the nibbles let nearly everything through */
#define GRAMS_GROUPS	   8u
#define GRAMS_USE_BITS	   16u
#define GRAMS_BITS_PER_ONE 64u
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

static uint32_t gram_value(enum seki_pf_class class, const uint8_t *data)
{
	return seki_pf_classes[class].gram == 4 ? seki_pf_gram4(data) : seki_pf_gram3(data);
}

static uint8_t *gram_uses(struct grams *grams, enum seki_pf_class class, uint32_t value)
{
	return &grams->uses[class][value * 0x9e3779b1u >> (32 - GRAMS_USE_BITS)];
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

static unsigned int gram_weight(struct grams *grams, enum seki_pf_class class, const uint8_t *data)
{
	unsigned int weight = 20u * *gram_uses(grams, class, gram_value(class, data));

	for (unsigned int i = 0; i < seki_pf_classes[class].gram; i++)
		weight += byte_weight(data[i]);
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

int grams_add(struct grams *grams, const uint8_t *bytes, uint32_t len, uint32_t literal, uint8_t *base)
{
	enum seki_pf_class class = seki_pf_class_of(len);
	uint32_t gram = seki_pf_classes[class].gram, stride = seki_pf_classes[class].stride;
	unsigned int best = UINT32_MAX;
	int err = 0;

	for (uint32_t at = 0; at + gram + stride - 1 <= len; at++) {
		unsigned int weight = 0, alike = 0;

		for (uint32_t i = 0; i < stride; i++) {
			uint8_t uses = *gram_uses(grams, class, gram_value(class, bytes + at + i));

			weight += gram_weight(grams, class, bytes + at + i);
			alike = uses > alike ? uses : alike;
		}
		if (alike < GRAMS_ALIKE_MAX && weight < best) {
			best = weight;
			*base = (uint8_t)at;
		}
	}
	if (best == UINT32_MAX)
		return -ENOSPC;
	for (uint32_t i = 0; i < stride && !err; i++) {
		uint32_t value = gram_value(class, bytes + *base + i);

		++*gram_uses(grams, class, value);
		err = gram_put(grams, class,
			       (struct seki_pf_gram){.value = value,
						     .literal = (uint16_t)literal,
						     .offset = (uint8_t)(*base + i)});
	}
	return err;
}

void grams_forget(struct grams *grams, uint32_t literal)
{
	for (int class = 0; class < SEKI_PF_CLASS_MAX; class ++) {
		const struct seki_pf_gram *rows = grams->rows[class];

		while (grams->count[class] && rows[grams->count[class] - 1].literal >= literal)
			--*gram_uses(grams, class, rows[--grams->count[class]].value);
	}
}

static uint8_t bits_for(uint32_t count, uint8_t low, uint8_t high)
{
	uint8_t bits = low;

	while (bits < high && 1u << bits < count)
		bits++;
	return bits;
}

struct layout {
	uint32_t multiplier;
	uint8_t bucket_bits, bitmap_bits;
};

/* Sizes of the buckets under this multiplier; false: one is too large. */
static bool buckets_fit(const struct grams *grams, enum seki_pf_class class, const struct layout *layout,
			uint32_t *buckets)
{
	uint32_t count = 1u << layout->bucket_bits, sum = 0;

	memset(buckets, 0, (count + 1) * sizeof(*buckets));
	for (uint32_t i = 0; i < grams->count[class]; i++) {
		uint32_t hash = grams->rows[class][i].value * layout->multiplier;

		if (++buckets[hash >> (32 - layout->bucket_bits)] > SEKI_PF_BUCKET_MAX)
			return false;
	}
	for (uint32_t i = 0; i <= count; i++) {
		uint32_t size = buckets[i];

		buckets[i] = sum;
		sum += size;
	}
	return true;
}

static void class_fill(const struct grams *grams, enum seki_pf_class class, const struct layout *layout,
		       const uint32_t *buckets, uint32_t *bitmap, struct seki_pf_gram *rows)
{
	AUTO_FREE uint32_t *next = malloc(sizeof(*next) << layout->bucket_bits);

	if (!next)
		return; /* the check will refuse what is missing */
	memcpy(next, buckets, sizeof(*next) << layout->bucket_bits);
	for (uint32_t i = 0; i < grams->count[class]; i++) {
		uint32_t hash = grams->rows[class][i].value * layout->multiplier;
		uint32_t bit = hash >> (32 - layout->bitmap_bits);

		bitmap[bit / 32] |= 1u << (bit % 32);
		rows[next[hash >> (32 - layout->bucket_bits)]++] = grams->rows[class][i];
	}
}

static int class_layout(const struct grams *grams, enum seki_pf_class class, struct layout layout,
			struct blob section[SEKI_PF_SECTION_MAX])
{
	uint32_t bucket_bytes = ((1u << layout.bucket_bits) + 1) * sizeof(uint32_t);
	uint32_t bitmap_bytes = 1u << (layout.bitmap_bits - 3);
	AUTO_FREE uint32_t *buckets = malloc(bucket_bytes);
	AUTO_FREE uint32_t *bitmap = calloc(1, bitmap_bytes);
	AUTO_FREE struct seki_pf_gram *rows = calloc(grams->count[class], sizeof(*rows));

	if (!buckets || !bitmap || !rows)
		return -ENOMEM;
	if (!buckets_fit(grams, class, &layout, buckets))
		return -EAGAIN;
	class_fill(grams, class, &layout, buckets, bitmap, rows);
	if (blob_add(&section[SEKI_PF_BUCKETS_LONG_AT + class], buckets, bucket_bytes, SEKI_PF_TABLE_MAX) ||
	    blob_add(&section[SEKI_PF_BITMAP_LONG_AT + class], bitmap, bitmap_bytes, SEKI_PF_TABLE_MAX) ||
	    blob_add(&section[SEKI_PF_GRAMS_LONG_AT + class], rows,
		     grams->count[class] * (uint32_t)sizeof(*rows), SEKI_PF_TABLE_MAX))
		return -ENOMEM;
	return 0;
}

static int gram_compare(const void *a, const void *b)
{
	const struct seki_pf_gram *x = a, *y = b;

	return x->value < y->value ? -1 : x->value > y->value;
}

/* Short grams in groups of neighbours: the fewer nibbles a group has, the less it lets through. */
static int nibbles_fill(const struct grams *grams, struct seki_pf_table *head)
{
	uint32_t count = grams->count[SEKI_PF_SHORT];
	AUTO_FREE struct seki_pf_gram *rows = NULL;

	if (!count || count > GRAMS_VECTOR_MAX)
		return 0;
	rows = malloc(count * sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	memcpy(rows, grams->rows[SEKI_PF_SHORT], count * sizeof(*rows));
	qsort(rows, count, sizeof(*rows), gram_compare);
	for (uint32_t i = 0; i < count; i++) {
		uint8_t group = (uint8_t)(1u << (i * GRAMS_GROUPS / count));

		for (int place = 0; place < 3; place++) {
			uint8_t byte = (uint8_t)(rows[i].value >> (8 * place));

			head->nibbles[place][0][byte & 15] |= group;
			head->nibbles[place][1][byte >> 4] |= group;
		}
	}
	return 0;
}

/* One multiplier for all classes: some are tried, since most spread well enough. */
static bool multiplier_fits(const struct grams *grams, const struct layout layouts[SEKI_PF_CLASS_MAX],
			    uint32_t multiplier, uint32_t *buckets)
{
	for (int i = 0; i < SEKI_PF_CLASS_MAX; i++) {
		struct layout layout = layouts[i];

		layout.multiplier = multiplier;
		if (grams->count[i] && !buckets_fit(grams, i, &layout, buckets))
			return false;
	}
	return true;
}

int grams_layout(struct grams *grams, struct seki_pf_table *head, struct blob section[SEKI_PF_SECTION_MAX])
{
	struct layout layouts[SEKI_PF_CLASS_MAX] = {{0}};
	AUTO_FREE uint32_t *buckets = malloc(sizeof(*buckets) * ((1u << 16) + 1));
	uint32_t multiplier = 0x9e3779b1u, tries = 0;
	int err = buckets ? 0 : -ENOMEM;

	for (int i = 0; i < SEKI_PF_CLASS_MAX; i++) {
		layouts[i].bucket_bits = bits_for(grams->count[i], 4, 16);
		layouts[i].bitmap_bits = bits_for(grams->count[i] * GRAMS_BITS_PER_ONE, 13, 18);
	}
	while (!err && !multiplier_fits(grams, layouts, multiplier, buckets)) {
		multiplier = multiplier * 0x41c64e6du | 1;
		if (++tries == GRAMS_TRIES)
			return -E2BIG;
	}
	head->multiplier = multiplier;
	for (int i = 0; i < SEKI_PF_CLASS_MAX && !err; i++) {
		if (!grams->count[i])
			continue;
		layouts[i].multiplier = multiplier;
		head->bucket_bits[i] = layouts[i].bucket_bits;
		head->bitmap_bits[i] = layouts[i].bitmap_bits;
		err = class_layout(grams, i, layouts[i], section);
	}
	return err ? err : nibbles_fill(grams, head);
}
