// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * place_index.c - literals at one place: found there and only there, in data
 * that begins anywhere and is seen in pieces.
 */
#include "core/rule/place_index.h"
#include "lib/draw.h"
#include "lib/ktap.h"

#define LITERALS 300u
#define DATA	 64u

static void mark(const uint32_t *rules, uint32_t count, uint64_t to, void *arg)
{
	((uint64_t *)arg)[rules[0]] = to;
}

static bool same(const uint8_t *data, const struct mpm_pattern *pattern)
{
	for (uint32_t i = 0; i < pattern->len; i++) {
		uint8_t a = data[i], b = pattern->data[i];

		if (pattern->nocase && a >= 'A' && a <= 'Z')
			a += 32;
		if (a != b)
			return false;
	}
	return true;
}

static void found_in_place(void)
{
	static uint8_t texts[LITERALS][4];
	static struct mpm_pattern patterns[LITERALS];
	static uint32_t starts[LITERALS];
	struct place_index index = {0};

	for (uint32_t i = 0; i < LITERALS; i++) {
		patterns[i] = (struct mpm_pattern){
			.data = texts[i], .len = (uint16_t)(1 + draw(4)), .nocase = draw(2), .rule = i};
		for (uint32_t j = 0; j < patterns[i].len; j++)
			texts[i][j] = (uint8_t)(patterns[i].nocase ? "ab\0"[draw(3)] : "aAbB\0"[draw(5)]);
		starts[i] = draw(DATA);
		CHECK_EQ(place_index_add(&index, &patterns[i], starts[i]), 0);
	}
	CHECK_EQ(place_index_build(&index), 0);
	for (unsigned int round = 0; round < 2000; round++) {
		uint64_t found[LITERALS] = {0}, base = draw(DATA / 2), fresh;
		uint32_t len = 1 + draw(DATA - (uint32_t)base);
		uint8_t *data = malloc(len);

		for (uint32_t i = 0; i < len; i++)
			data[i] = (uint8_t) "aAbB\0"[draw(5)];
		fresh = base + draw(len + 1);
		place_index_find(&index, data, len, base, fresh, mark, found);
		for (uint32_t i = 0; i < LITERALS; i++) {
			uint64_t end = (uint64_t)starts[i] + patterns[i].len;
			bool there = starts[i] >= base && end <= base + len && end > fresh &&
				     same(data + (starts[i] - base), &patterns[i]);

			CHECK(found[i] == (there ? end : 0), "literal %u at %u, data %u from %u fresh %u: %u",
			      i, starts[i], len, (unsigned int)base, (unsigned int)fresh,
			      (unsigned int)found[i]);
		}
		free(data);
	}
	place_index_clear(&index);
	place_index_find(&index, (const uint8_t *)"a", 1, 0, 0, mark, NULL);
}

static const struct ktap_test tests[] = {TEST(found_in_place)};
KTAP_MAIN(tests)
