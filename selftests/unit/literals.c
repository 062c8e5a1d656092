// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sieve.c - what the sieve finds is what comparing every literal with every
 * place finds, in data that ends where the memory does.
 */
#include "core/match/sieve.h"
#include "lib/ktap.h"

#define LITERALS 400u
#define DATA	 300u

static uint32_t state = 11;

static uint32_t next(uint32_t below)
{
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % below;
}

static uint8_t texts[LITERALS][64];
static struct literal literals[LITERALS];
static uint32_t found[LITERALS][DATA + 1];

static void mark(uint32_t literal, uint32_t end, void *arg)
{
	found[literal][end]++;
}

/* Few letters in two cases, so that much is nearly there. */
static uint8_t byte_of(bool lower)
{
	return lower ? (uint8_t) "abc{\0"[next(5)] : (uint8_t) "abcABC[{\0\xe1"[next(10)];
}

static void literals_make(void)
{
	for (uint32_t i = 0; i < LITERALS; i++) {
		literals[i] = (struct literal){
			.data = texts[i], .len = (uint16_t)(5 + next(30)), .nocase = next(2)};
		for (uint32_t j = 0; j < literals[i].len; j++)
			texts[i][j] = byte_of(literals[i].nocase);
	}
}

/* Random bytes, and literals put there whole, up to both ends. */
static uint8_t *data_make(uint32_t len)
{
	uint8_t *data = malloc(len);

	for (uint32_t i = 0; i < len; i++)
		data[i] = byte_of(false);
	for (uint32_t i = 0; i < 6; i++) {
		const struct literal *literal = &literals[next(LITERALS)];
		uint32_t room = len >= literal->len ? len - literal->len : 0, at;

		at = i == 0 ? 0 : i == 1 ? room : next(room + 1);
		for (uint32_t j = 0; j < literal->len && at + j < len; j++) {
			uint8_t byte = literal->data[j];

			data[at + j] =
				literal->nocase && byte >= 'a' && byte <= 'z' && next(2) ? byte - 32 : byte;
		}
	}
	return data;
}

static bool ends_here(const struct literal *literal, const uint8_t *data, uint32_t end)
{
	if (end < literal->len)
		return false;
	for (uint32_t i = 0; i < literal->len; i++) {
		uint8_t byte = data[end - literal->len + i];

		if (literal->nocase && byte >= 'A' && byte <= 'Z')
			byte += 32;
		if (byte != literal->data[i])
			return false;
	}
	return true;
}

static void found_once_where_it_is(void)
{
	struct sieve sieve = {0};
	uint32_t taken = 0, there = 0;

	literals_make();
	CHECK_EQ(sieve_build(&sieve, literals, LITERALS), 0);
	for (uint32_t i = 0; i < LITERALS; i++) {
		taken += literals[i].taken;
		CHECK(!literals[i].taken || literals[i].len >= SIEVE_LITERAL_MIN, "literal %u is too short",
		      i);
	}
	CHECK_EQ(taken, sieve.count);
	CHECK(taken > LITERALS / 2, "%u of %u taken", taken, LITERALS);
	for (unsigned int round = 0; round < 2000; round++) {
		uint32_t len = 1 + next(round % 4 ? 60 : DATA);
		uint8_t *data = data_make(len);
		unsigned int wrong = 0;

		memset(found, 0, sizeof(found));
		sieve_scan(&sieve, data, len, mark, NULL);
		for (uint32_t i = 0; i < LITERALS; i++) {
			for (uint32_t end = 0; end <= len; end++) {
				bool is = literals[i].taken && ends_here(&literals[i], data, end);

				wrong += found[i][end] != is;
				there += is;
			}
		}
		CHECK_EQ(wrong, 0);
		free(data);
	}
	CHECK(there > 2000, "only %u were there", there);
	sieve_clear(&sieve);
	sieve_scan(&sieve, (const uint8_t *)"abcabcabc", 9, mark, NULL);
}

/* Thousands that differ only before and behind one word would all be compared wherever it stands. */
static void crowded_grams_are_left(void)
{
	static struct literal crowd[1000];
	struct sieve sieve = {0};

	for (uint32_t i = 0; i < ARRAY_LEN(crowd); i++)
		crowd[i] = (struct literal){.data = (const uint8_t *)"crowded!", .len = 8};
	CHECK_EQ(sieve_build(&sieve, crowd, ARRAY_LEN(crowd)), 0);
	CHECK(sieve.count && sieve.count <= SIEVE_CHAIN_MAX, "%u of one gram", sieve.count);
	sieve_clear(&sieve);
}

static const struct ktap_test tests[] = {TEST(found_once_where_it_is), TEST(crowded_grams_are_left)};
KTAP_MAIN(tests)
