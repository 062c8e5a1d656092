// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dataset.c - values in and out of sets, files, and the memory they may take.
 */
#include "core/rule/dataset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ktap.h"

struct told {
	unsigned int count, line;
	char why[128];
};

static void refused(const char *file, unsigned int line, uint32_t sid, const char *keyword, const char *why,
		    void *arg)
{
	struct told *told = arg;

	told->count++;
	told->line = line;
	snprintf(told->why, sizeof(told->why), "%s", why);
}

static struct span text(const char *value)
{
	return (struct span){(const uint8_t *)value, (uint32_t)strlen(value)};
}

static struct dataset *define(struct dataset_pool *pool, const char *name, enum dataset_type type,
			      uint64_t memory)
{
	struct dataset *set = NULL;
	const char *why;
	bool fresh;

	CHECK_EQ(dataset_define(pool, name, type, memory, &set, &fresh, &why), 0);
	return set;
}

static void values(void)
{
	CLEANUP(dataset_pool_free) struct dataset_pool *pool = NULL;
	struct dataset *set;

	if (!CHECK_EQ(dataset_pool_new(&pool), 0))
		return;
	set = define(pool, "a", DATASET_STRING, 0);
	dataset_will_change(set);
	CHECK(!dataset_has(set, text("x")));
	CHECK(!dataset_change(set, text("x"), false), "nothing to remove");
	CHECK(dataset_change(set, text("x"), true));
	CHECK(!dataset_change(set, text("x"), true), "it is in already");
	CHECK(dataset_has(set, text("x")) && !dataset_has(set, text("X")) && !dataset_has(set, text("xx")));
	CHECK(dataset_change(set, text("x"), false) && !dataset_has(set, text("x")));
	CHECK(dataset_change(set, text("x"), true) && dataset_has(set, text("x")), "it came back");
	CHECK(dataset_change(set, text(""), true) && dataset_has(set, text("")));
	for (unsigned int i = 0; i < 5000; i++) {
		char value[16];

		snprintf(value, sizeof(value), "v%u", i);
		CHECK(dataset_change(set, text(value), true));
		if (i % 2)
			CHECK(dataset_change(set, text(value), false));
	}
	CHECK(dataset_has(set, text("v4998")) && !dataset_has(set, text("v4999")) &&
	      dataset_has(set, text("x")));
	CHECK_EQ(dataset_left_out(set), 0);
}

/* The same name is the same set, of one type. */
static void names(void)
{
	CLEANUP(dataset_pool_free) struct dataset_pool *pool = NULL;
	struct dataset *set, *again;
	const char *why = NULL;
	char name[DATASET_NAME_MAX + 1];
	bool fresh;

	if (!CHECK_EQ(dataset_pool_new(&pool), 0))
		return;
	set = define(pool, "a", DATASET_IP, 0);
	CHECK_EQ(dataset_define(pool, "a", DATASET_IP, 0, &again, &fresh, &why), 0);
	CHECK(again == set && !fresh);
	CHECK_EQ(dataset_define(pool, "a", DATASET_MD5, 0, &again, &fresh, &why), -EINVAL);
	memset(name, 'a', DATASET_NAME_MAX);
	name[DATASET_NAME_MAX] = '\0';
	CHECK_EQ(dataset_define(pool, name, DATASET_MD5, 0, &again, &fresh, &why), -EINVAL);
	for (unsigned int i = 1; i < DATASET_SETS_MAX; i++) {
		snprintf(name, sizeof(name), "s%u", i);
		define(pool, name, DATASET_STRING, 0);
	}
	CHECK_EQ(dataset_define(pool, "more", DATASET_MD5, 0, &again, &fresh, &why), -EINVAL);
}

static void files(void)
{
	static const struct {
		enum dataset_type type;
		bool scores;
		const char *line;
		int result;
		const char *value;
		uint32_t value_len;
	} rows[] = {
		{DATASET_STRING, false, "aGVsbG8=", 0, "hello", 5},
		{DATASET_STRING, false, "  aGVsbG8 \r", 0, "hello", 5},
		{DATASET_STRING, false, "aGVs bG8=", -EINVAL, "", 0},
		{DATASET_STRING, false, "====", -EINVAL, "", 0},
		{DATASET_STRING, false, "aGVsbG8=,1", -EINVAL, "", 0},
		{DATASET_STRING, true, "aGVsbG8=,65535", 0, "hello", 5},
		{DATASET_STRING, true, "aGVsbG8=,65536", -EINVAL, "", 0},
		{DATASET_STRING, true, "aGVsbG8=,", -EINVAL, "", 0},
		{DATASET_STRING, true, "aGVsbG8=", -EINVAL, "", 0},
		{DATASET_MD5, false, "00112233445566778899aabbccddeeFF", 0,
		 "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16},
		{DATASET_MD5, false, "00112233445566778899aabbccddee", -EINVAL, "", 0},
		{DATASET_MD5, false, "0011223344556677889xaabbccddeeff", -EINVAL, "", 0},
		{DATASET_IPV4, false, "10.0.0.1", 0, "\x0a\x00\x00\x01", 4},
		{DATASET_IPV4, false, "2001:db8::1", -EINVAL, "", 0},
		{DATASET_IP, false, "10.0.0.0/8", -EINVAL, "", 0},
		{DATASET_IP, false, "::2", 0, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02", 16},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(dataset_pool_free) struct dataset_pool *pool = NULL;
		struct dataset_source source = {.format = rows[i].scores ? DATASET_SCORES : DATASET_LINES};
		struct told told = {0};
		struct dataset *set;
		char file[128];

		if (!CHECK_EQ(dataset_pool_new(&pool), 0))
			return;
		snprintf(file, sizeof(file), "# a comment\n\n%s", rows[i].line);
		set = define(pool, "a", rows[i].type, 0);
		CHECK(dataset_load(set, &source, "f", file, strlen(file), refused, &told) == rows[i].result,
		      "%s", rows[i].line);
		CHECK(told.count == (rows[i].result ? 1 : 0) && (!told.count || told.line == 3), "%s: %s",
		      rows[i].line, told.why);
		if (!rows[i].result)
			CHECK(dataset_has(set,
					  (struct span){(const uint8_t *)rows[i].value, rows[i].value_len}),
			      "%s", rows[i].line);
	}
}

/* Files of JSON: what is sound is taken, the rest is told with its line or place. */
static void json_files(void)
{
	static const struct {
		enum dataset_type type;
		enum dataset_format format;
		const char *value_key, *array_key, *text;
		int result;
		unsigned int told;
		const char *there;
	} rows[] = {
		{DATASET_STRING, DATASET_JSON, "host", NULL, "[{\"host\":\"a.org\",\"year\":1}]", 0, 0,
		 "a.org"},
		{DATASET_STRING, DATASET_JSON, "host", "info.threat",
		 "{\"info\":{\"threat\":[{\"x\":1},{\"host\":\"a.org\"}]}}", -EINVAL, 1, "a.org"},
		{DATASET_STRING, DATASET_JSON, "host.fqdn", "t", "{\"t\":[{\"host\":{\"fqdn\":\"a.org\"}}]}",
		 0, 0, "a.org"},
		{DATASET_STRING, DATASET_JSON, "host", "t", "{\"t\":{\"host\":\"a.org\"}}", -EINVAL, 1, NULL},
		{DATASET_STRING, DATASET_JSON, "host", NULL, "[{\"host\":\"a.org\"}", -EINVAL, 1, NULL},
		{DATASET_STRING, DATASET_JSON, "host", NULL, "", -EINVAL, 1, NULL},
		{DATASET_STRING, DATASET_JSON, "host", NULL, "[{\"host\":1},{\"host\":\"\"},7]", -EINVAL, 3,
		 NULL},
		{DATASET_STRING, DATASET_NDJSON, "host", NULL,
		 "{\"host\":\"b\"}\n\nno\n{\"host\":\"a.org\"}\n", -EINVAL, 1, "a.org"},
		{DATASET_STRING, DATASET_NDJSON, "host", NULL, "{\"host\":\"aGVsbG8=\"}", 0, 0, "aGVsbG8="},
		{DATASET_IP, DATASET_NDJSON, "ip", NULL, "{\"ip\":\"97.46.111.114\"}", 0, 0, "a.or"},
		{DATASET_MD5, DATASET_NDJSON, "h", NULL, "{\"h\":\"a.org\"}", -EINVAL, 1, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(dataset_pool_free) struct dataset_pool *pool = NULL;
		struct dataset_source source = {rows[i].format, rows[i].value_key, rows[i].array_key};
		struct told told = {0};
		struct dataset *set;

		if (!CHECK_EQ(dataset_pool_new(&pool), 0))
			return;
		set = define(pool, "a", rows[i].type, 0);
		CHECK(dataset_load(set, &source, "f", rows[i].text, strlen(rows[i].text), refused, &told) ==
			      rows[i].result,
		      "%s", rows[i].text);
		CHECK(told.count == rows[i].told && (!told.count || told.line), "%s: %u refused, %s",
		      rows[i].text, told.count, told.why);
		CHECK(!rows[i].there || dataset_has(set, text(rows[i].there)), "%s", rows[i].text);
	}
}

static void parents(void)
{
	CLEANUP(dataset_pool_free) struct dataset_pool *pool = NULL;
	char dots[512];
	struct dataset *set;

	if (!CHECK_EQ(dataset_pool_new(&pool), 0))
		return;
	set = define(pool, "a", DATASET_STRING, 0);
	CHECK(dataset_change(set, text(".evil.org"), true));
	CHECK(dataset_has_parent(set, text(".evil.org")) && dataset_has_parent(set, text(".a.b.evil.org")));
	CHECK(!dataset_has_parent(set, text(".notevil.org")) && !dataset_has_parent(set, text(".org")));
	CHECK(!dataset_has_parent(set, text("")));
	/* More labels than a name can have: bounded work, no match. */
	for (size_t i = 0; i < sizeof(dots); i += 2)
		memcpy(dots + i, "a.", 2);
	memcpy(dots + sizeof(dots) - 10, ".evil.org", 10);
	CHECK(!dataset_has_parent(set, text(dots)));
}

/* A set keeps to its memory whatever is added, and says how much it left out. */
static void bounded(void)
{
	CLEANUP(dataset_pool_free) struct dataset_pool *pool = NULL;
	char value[DATASET_VALUE_MAX + 1];
	struct dataset *set;
	unsigned int added = 0;

	if (!CHECK_EQ(dataset_pool_new(&pool), 0))
		return;
	set = define(pool, "a", DATASET_STRING, 65536);
	dataset_will_change(set);
	memset(value, 'a', sizeof(value));
	for (unsigned int i = 0; i < 1000; i++) {
		snprintf(value, 8, "%07u", i);
		value[7] = 'a';
		added += dataset_change(set, (struct span){(uint8_t *)value, 1000}, true);
	}
	CHECK(added > 40 && added <= 65, "%u", added);
	CHECK_EQ(dataset_left_out(set), 1000 - added);
	CHECK(!dataset_change(set, (struct span){(uint8_t *)value, sizeof(value)}, true), "too long a value");
}

static const struct ktap_test tests[] = {TEST(values),	   TEST(names),	  TEST(files),
					 TEST(json_files), TEST(parents), TEST(bounded)};
KTAP_MAIN(tests)
