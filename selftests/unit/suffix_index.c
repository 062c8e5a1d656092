// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * suffix_index.c - every literal that ends a buffer and begins at a dot or at
 * its front is found, whatever the case; rules that need more are not for it.
 */
#include "core/rule/ruleset_parts.h"
#include "rules.h"

#define RULES 400u

static uint32_t state = 1;

static uint32_t next(uint32_t below)
{
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % below;
}

/* Few letters, so that labels meet. */
static uint8_t random_name(uint8_t *out, uint8_t room)
{
	uint8_t len = (uint8_t)(1 + next(room));

	for (uint8_t i = 0; i < len; i++)
		out[i] = (uint8_t) "ab.AB.abc."[next(10)];
	return len;
}

static void mark(const uint32_t *rules, uint32_t count, uint64_t to, void *arg)
{
	for (uint32_t i = 0; i < count; i++)
		((bool *)arg)[rules[i]] = true;
}

static bool ends(const uint8_t *data, uint8_t len, const struct node_content *content)
{
	uint8_t from = len - (uint8_t)content->len;

	if (content->len > len || (from && content->data[0] != '.'))
		return false;
	for (uint8_t i = 0; i < content->len; i++)
		if ((data[from + i] | 32) != (content->data[i] | 32))
			return false;
	return true;
}

static void all_are_found(void)
{
	static uint8_t texts[RULES][8];
	static struct node_content contents[RULES];
	struct suffix_index index = {0};

	for (uint32_t i = 0; i < RULES; i++) {
		contents[i] = (struct node_content){.data = texts[i], .len = random_name(texts[i], 8)};
		CHECK_EQ(suffix_index_add(&index, &contents[i], i), 0);
	}
	CHECK_EQ(suffix_index_build(&index), 0);
	for (unsigned int round = 0; round < 3000; round++) {
		bool found[RULES] = {false};
		uint8_t data[12], len = random_name(data, 12);
		uint8_t *copy = malloc(len); /* so that the sanitizer sees its ends */

		memcpy(copy, data, len);
		suffix_index_find(&index, (struct span){copy, len}, mark, found);
		for (uint32_t i = 0; i < RULES; i++)
			CHECK(found[i] == ends(data, len, &contents[i]), "%.*s in %.*s: %d",
			      (int)contents[i].len, (const char *)contents[i].data, len, (const char *)data,
			      found[i]);
		free(copy);
	}
	suffix_index_find(&index, (struct span){NULL, 0}, mark, NULL);
	suffix_index_clear(&index);
	suffix_index_find(&index, (struct span){(const uint8_t *)"a", 1}, mark, NULL);
}

/* Rules that are a test of a domain lie in the index and in no database; the others do not. */
static void which_rules(void)
{
	static const struct {
		const char *options;
		bool suffix;
	} rows[] = {
		{"dns.query; content:\"evil.example\"; bsize:12;", true},
		{"dns.query; content:\"evil.example\"; startswith; endswith;", true},
		{"dns.query; dotprefix; content:\".evil.example\"; nocase; endswith;", true},
		{"dns.query; content:\".evil.example\"; endswith;", true},
		{"dns.query; content:\"evil.example\"; endswith;", false},
		{"dns.query; content:\"evil.example\"; startswith;", false},
		{"dns.query; content:\".evil.example\";", false},
		{"dns.query; content:\"evil.example\"; bsize:<12;", false},
		{"dns.query; content:\"evil.example\"; bsize:13;", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rules_world world;
		uint32_t suffixes = 0, literals = 0;
		char text[256];

		snprintf(text, sizeof(text), "alert dns any any -> any any (%s sid:1;)", rows[i].options);
		if (!rules_open(&world, text))
			return;
		CHECK(!world.refused_count, "%s: %s", text, world.refused);
		for (uint32_t j = 0; j < world.set->tx_lane_count[TO_SERVER]; j++) {
			suffixes += world.set->tx_lanes[TO_SERVER][j].suffixes.count;
			literals += world.set->tx_lanes[TO_SERVER][j].mpm.literal_count;
		}
		CHECK(suffixes == rows[i].suffix && literals == !rows[i].suffix, "%s: %u %u", text, suffixes,
		      literals);
		rules_close(&world);
	}
}

static const struct ktap_test tests[] = {TEST(all_are_found), TEST(which_rules)};
KTAP_MAIN(tests)
