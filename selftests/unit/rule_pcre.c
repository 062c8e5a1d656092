// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_pcre.c - regular expressions: flags, relative ones, limits.
 */
#include "rules.h"

static const struct pcre_row {
	const char *options, *data;
	int expect;
} rows[] = {
	{"pcre:\"/a.c/\";", "xxabcxx", 1},
	{"pcre:\"/a.c/\";", "xxABCxx", 0},
	{"pcre:\"/a.c/i\";", "xxABCxx", 1},
	{"pcre:\"/a.c/\";", "xa\ncx", 0},
	{"pcre:\"/a.c/s\";", "xa\ncx", 1},
	{"pcre:\"/^b/m\";", "a\nb", 1},
	{"pcre:\"/^b/\";", "a\nb", 0},
	{"pcre:\"/a  b/x\";", "ab", 1},
	{"pcre:!\"/abc/\";", "abd", 1},
	{"pcre:!\"/abc/\";", "abc", 0},
	{"pcre:\"/a\\/b/\";", "a/b", 1},
	{"pcre:\"/a\\x3bb/\";", "a;b", 1},
	{"pcre:\"/a\\;b/\";", "a;b", 1},
	{"pcre:\"/(a)(b)\\2\\1/\";", "abba", 1},
	{"pcre:\"/a(?=b)/\";", "ab", 1},
	{"content:\"ab\"; pcre:\"/^cd/R\";", "abcd", 1},
	{"content:\"ab\"; pcre:\"/^cd/R\";", "ab-cd", 0},
	{"content:\"ab\"; pcre:\"/^cd/R\";", "ab-abcd", 1},
	{"content:\"ab\"; pcre:\"/cd/R\";", "cdab", 0},
	{"pcre:\"/[0-9]+/\"; content:\"x\"; within:1;", "12-345x", 1},
	{"pcre:\"/[0-9]/\"; content:\"x\"; within:1;", "1-2-3x", 1},
	{"pcre:\"/[0-9]/\"; content:\"x\"; within:1;", "1-2-3-x", 0},
	{"content:\"ab\"; pcre:!\"/^c/R\";", "abcabd", 1},
	{"content:\"ab\"; pcre:!\"/^c/R\";", "abcabc", 0},
	/* refused */
	{"pcre:\"/a(b/\";", "", -1},
	{"pcre:\"abc\";", "", -1},
	{"pcre:\"/abc/k\";", "", -1},
	{"pcre:/a.c/;", "xabc", 1},
	{"pcre:!/a.c/i;", "xABC", 0},
};

static void table(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int result = rules_try(rows[i].options, rows[i].data, strlen(rows[i].data));

		CHECK(result == rows[i].expect, "%d, not %d: %s over \"%s\"", result, rows[i].expect,
		      rows[i].options, rows[i].data);
	}
}

/* An expression that would take longer than the universe is given up. */
static void bounded(void)
{
	char data[4096];

	memset(data, 'a', sizeof(data));
	CHECK_EQ(rules_try("pcre:\"/(a+)+(a+)+b$/\";", data, sizeof(data)), 0);
	CHECK_EQ(rules_try("pcre:\"/(?:a|aa)*$b/\";", data, sizeof(data)), 0);
}

/* An expression over the payload needs one, whatever it would say of nothing. */
static void empty_data(void)
{
	CHECK_EQ(TRY("pcre:\"/^$/\"; dsize:0;", ""), 0);
	CHECK_EQ(TRY("dsize:0;", ""), 1);
}

static const struct ktap_test tests[] = {TEST(table), TEST(bounded), TEST(empty_data)};
KTAP_MAIN(tests)
