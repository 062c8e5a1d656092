// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * literals.c - what sieve and quad find is what comparing every literal with
 * every place finds, in data that ends where the memory does.
 */
#include <sys/mman.h>

#include "core/match/quad.h"
#include "core/match/sieve.h"
#include "lib/draw.h"
#include "lib/ktap.h"

#define LITERALS 400u
#define DATA	 300u
#define PAGE	 65536u

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
	return lower ? (uint8_t) "xqz{\1"[draw(5)] : (uint8_t) "xqzXQZ[{\1\xe1"[draw(10)];
}

static void literals_make(uint32_t count, uint32_t shortest)
{
	for (uint32_t i = 0; i < count; i++) {
		literals[i] = (struct literal){
			.data = texts[i], .len = (uint16_t)(shortest + draw(30)), .nocase = draw(2)};
		for (uint32_t j = 0; j < literals[i].len; j++)
			texts[i][j] = byte_of(literals[i].nocase);
	}
}

/* DATA bytes behind which no byte may be read. */
static uint8_t *data_room(void)
{
	static uint8_t *end;
	uint8_t *room;

	if (end)
		return end - DATA;
	room = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED || mprotect(room + PAGE, PAGE, PROT_NONE))
		abort();
	end = room + PAGE;
	return end - DATA;
}

/* Random bytes, and literals put there whole, up to both ends. */
static uint8_t *data_make(uint32_t len, uint32_t count)
{
	uint8_t *data = data_room() + DATA - len;

	for (uint32_t i = 0; i < len; i++)
		data[i] = byte_of(false);
	for (uint32_t i = 0; i < 6; i++) {
		const struct literal *literal = &literals[draw(count)];
		uint32_t room = len >= literal->len ? len - literal->len : 0, at;

		at = i == 0 ? 0 : i == 1 ? room : draw(room + 1);
		for (uint32_t j = 0; j < literal->len && at + j < len; j++) {
			uint8_t byte = literal->data[j];

			data[at + j] =
				literal->nocase && byte >= 'a' && byte <= 'z' && draw(2) ? byte - 32 : byte;
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

/* Calls scan for random data; how many places of literals there were. */
static uint32_t all_found(uint32_t count, void (*scan)(const uint8_t *data, uint32_t len))
{
	uint32_t there = 0;

	for (unsigned int round = 0; round < 2000; round++) {
		uint32_t len = 1 + draw(round % 4 ? 60 : DATA);
		const uint8_t *data = data_make(len, count);
		unsigned int wrong = 0;

		memset(found, 0, sizeof(found));
		scan(data, len);
		for (uint32_t i = 0; i < count; i++) {
			for (uint32_t end = 0; end <= len; end++) {
				bool is = literals[i].taken && ends_here(&literals[i], data, end);

				wrong += found[i][end] != is;
				there += is;
			}
		}
		CHECK_EQ(wrong, 0);
	}
	return there;
}

static struct sieve sieve;
static struct quad quad;

static void sieve_scans(const uint8_t *data, uint32_t len)
{
	sieve_scan(&sieve, data, len, mark, NULL);
}

static void quad_scans(const uint8_t *data, uint32_t len)
{
	quad_scan(&quad, data, len, mark, NULL);
}

static void sieve_finds_what_is_there(void)
{
	uint32_t taken = 0, there;

	literals_make(LITERALS, 5);
	CHECK_EQ(sieve_build(&sieve, literals, LITERALS), 0);
	for (uint32_t i = 0; i < LITERALS; i++) {
		taken += literals[i].taken;
		CHECK(!literals[i].taken || literals[i].len >= SIEVE_LITERAL_MIN, "literal %u is too short",
		      i);
	}
	CHECK_EQ(taken, sieve.count);
	CHECK(taken > LITERALS / 2, "%u of %u taken", taken, LITERALS);
	there = all_found(LITERALS, sieve_scans);
	CHECK(there > 2000, "only %u were there", there);
	sieve_clear(&sieve);
	sieve_scan(&sieve, (const uint8_t *)"abcabcabc", 9, mark, NULL);
}

/* One literal, few, and as many as it takes. */
static void quad_finds_what_is_there(void)
{
	static const uint32_t counts[] = {1, 5, 40, QUAD_LITERALS_MAX};

	if (!quad_supported())
		SKIP("the processor lacks the instruction");
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		uint32_t count = counts[i], there;

		literals_make(count, i == 3 ? 4 : 2);
		CHECK_EQ(quad_build(&quad, literals, count), 0);
		CHECK_EQ(quad.count, count);
		there = all_found(count, quad_scans);
		CHECK(there > 1000, "only %u were there", there);
		quad_clear(&quad);
	}
	quad_scan(&quad, (const uint8_t *)"abcabcabc", 9, mark, NULL);
}

/* What another search has taken is not looked for again; too many or too common ones are left, all of them.
 */
static void quad_leaves_what_it_should(void)
{
	static struct literal few[] = {{.data = (const uint8_t *)"quite", .len = 5},
				       {.data = (const uint8_t *)"zebra", .len = 5, .taken = true},
				       {.data = (const uint8_t *)"e", .len = 1}};

	CHECK_EQ(quad_build(&quad, few, 2), 0);
	CHECK_EQ(quad.count, quad_supported());
	memset(found, 0, sizeof(found));
	quad_scan(&quad, (const uint8_t *)"quite zebra", 11, mark, NULL);
	CHECK_EQ(found[0][5], quad_supported());
	CHECK_EQ(found[1][11], 0);
	quad_clear(&quad);

	few[0].taken = false;
	CHECK_EQ(quad_build(&quad, few, 3), 0);
	CHECK_EQ(quad.count, 0);
	CHECK(!few[0].taken && !few[2].taken, "all or none");

	literals_make(QUAD_LITERALS_MAX + 1, 6);
	CHECK_EQ(quad_build(&quad, literals, QUAD_LITERALS_MAX + 1), 0);
	CHECK_EQ(quad.count, 0);
}

/* Thousands that differ only before and behind one word would all be compared wherever it stands. */
static void crowded_grams_are_left(void)
{
	static struct literal crowd[1000];

	for (uint32_t i = 0; i < ARRAY_LEN(crowd); i++)
		crowd[i] = (struct literal){.data = (const uint8_t *)"crowded!", .len = 8};
	CHECK_EQ(sieve_build(&sieve, crowd, ARRAY_LEN(crowd)), 0);
	CHECK(sieve.count && sieve.count <= SIEVE_CHAIN_MAX, "%u of one gram", sieve.count);
	sieve_clear(&sieve);
}

static const struct ktap_test tests[] = {
	TEST(sieve_finds_what_is_there),
	TEST(crowded_grams_are_left),
	TEST(quad_finds_what_is_there),
	TEST(quad_leaves_what_it_should),
};
KTAP_MAIN(tests)
