// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_bytes.c - byte_test, byte_jump, byte_extract, byte_math.
 */
#include "rules.h"

static const struct bytes_row {
	const char *options, *data;
	size_t len;
	int expect;
} rows[] = {
#define ROW(options, data, expect)                                                                           \
	{                                                                                                    \
		options, data, sizeof(data) - 1, expect                                                      \
	}
	ROW("byte_test:1,=,5,0;", "\x05", 1),
	ROW("byte_test:1,!=,5,0;", "\x05", 0),
	ROW("byte_test:1,!,5,0;", "\x06", 1),
	ROW("byte_test:1,>,5,0;", "\x06", 1),
	ROW("byte_test:1,<,5,0;", "\x06", 0),
	ROW("byte_test:1,>=,6,0;", "\x06", 1),
	ROW("byte_test:1,<=,6,0;", "\x06", 1),
	ROW("byte_test:1,&,4,0;", "\x06", 1),
	ROW("byte_test:1,!&,4,0;", "\x06", 0),
	ROW("byte_test:1,!&,8,0;", "\x06", 1),
	ROW("byte_test:2,=,0x102,0;", "\x01\x02", 1),
	ROW("byte_test:2,=,0x201,0,little;", "\x01\x02", 1),
	ROW("byte_test:4,=,0x01020304,1;", "x\x01\x02\x03\x04", 1),
	ROW("byte_test:4,=,0x01020304,2;", "x\x01\x02\x03\x04", 0),
	ROW("byte_test:3,=,123,0,string,dec;", "123x", 1),
	ROW("byte_test:3,=,0x12f,0,string,hex;", "12fx", 1),
	ROW("byte_test:3,=,83,0,string,oct;", "123x", 1),
	ROW("byte_test:3,=,1,0,string,dec;", "abc", 0),
	ROW("byte_test:2,=,1,0,bitmask 0xf000;", "\x10\x00", 1),
	ROW("content:\"ab\"; byte_test:1,=,7,0,relative;", "xab\x07", 1),
	ROW("content:\"ab\"; byte_test:1,=,7,0,relative;", "xab", 0),
	ROW("content:\"ab\"; byte_test:1,=,7,-3,relative;",
	    "\x07"
	    "ab",
	    1),
	ROW("content:\"ab\"; byte_test:1,=,7,-4,relative;",
	    "\x07"
	    "ab",
	    0),
	/* the next place of the content */
	ROW("content:\"ab\"; byte_test:1,=,7,0,relative;",
	    "ab\x01"
	    "ab\x07",
	    1),
	ROW("byte_jump:1,0; content:\"cd\"; distance:0; within:2;",
	    "\x02"
	    "xxcd",
	    1),
	ROW("byte_jump:1,0; content:\"cd\"; distance:0; within:2;",
	    "\x03"
	    "xxcd",
	    0),
	ROW("byte_jump:1,0,multiplier 2; content:\"cd\"; within:2;",
	    "\x01"
	    "xxcd",
	    1),
	ROW("byte_jump:1,0,from_beginning; content:\"cd\"; within:2;",
	    "\x03"
	    "xxcd",
	    1),
	ROW("byte_jump:1,0,post_offset -1; content:\"cd\"; within:2;",
	    "\x03"
	    "xxcd",
	    1),
	ROW("byte_jump:1,0,from_end,post_offset -4; content:\"cd\"; within:2;", "\x02xxcd", 1),
	ROW("byte_jump:1,0; isdataat:!1,relative;", "\x04xxxx", 1),
	ROW("content:\"x\"; byte_jump:0,0,relative,post_offset -9; content:\"ab\"; within:2;", "abxcd", 1),
	ROW("byte_jump:0,0,from_end,post_offset -2; content:\"cd\"; within:2;", "xxcd", 1),
	ROW("byte_jump:1,0,align; content:\"d\"; within:1;", "\x01xxxxd", 1),
	ROW("byte_jump:4,0; content:\"a\";",
	    "\xff\xff\xff\xff"
	    "a",
	    0),
	ROW("byte_extract:1,0,n; content:\"cd\"; offset:n;",
	    "\x03"
	    "xxcd",
	    1),
	ROW("byte_extract:1,0,n; content:\"cd\"; offset:n; depth:2;",
	    "\x02"
	    "xxcd",
	    0),
	ROW("byte_extract:1,0,n; content:\"ab\"; content:\"cd\"; distance:n; within:2;",
	    "\x01"
	    "ab-cd",
	    1),
	ROW("byte_extract:1,0,n; byte_test:1,=,n,1;", "\x07\x07", 1),
	ROW("byte_extract:1,0,n; byte_test:1,=,n,1;", "\x07\x08", 0),
	ROW("content:\"ab\"; byte_extract:1,0,n,relative; content:\"cd\"; offset:n; depth:2;",
	    "ab\x09"
	    "ab\x06"
	    "cd",
	    1),
	ROW("byte_math:bytes 1, offset 0, oper +, rvalue 2, result n; content:\"cd\"; offset:n;",
	    "\x01"
	    "xxcd",
	    1),
	ROW("byte_math:bytes 1, offset 0, oper /, rvalue 0, result n; content:\"cd\"; offset:n;",
	    "\x01"
	    "xxcd",
	    0),
	ROW("byte_math:bytes 1, offset 0, oper -, rvalue 2, result n; content:\"cd\"; offset:n;",
	    "\x01"
	    "xxcd",
	    0),
	ROW("byte_math:bytes 1, offset 0, oper -, rvalue 2, result n; byte_test:1,<,n,0;", "\x01", 1),
	ROW("byte_math:bytes 1, offset 0, oper +, rvalue 1, result n, bitmask 0xf0; byte_test:1,=,n,1;",
	    "\x0f\x01", 1),
	ROW("byte_extract:8,0,n; content:\"a\"; offset:n;",
	    "\xff\xff\xff\xff\xff\xff\xff\xff"
	    "a",
	    0),
	ROW("byte_extract:8,0,n; content:\"a\"; distance:n;",
	    "\xff\xff\xff\xff\xff\xff\xff\xff"
	    "a",
	    0),
	/* refused */
	ROW("byte_test:9,=,1,0;", "", -1),
	ROW("byte_test:1,~,1,0;", "", -1),
	ROW("byte_test:1,=,1;", "", -1),
	ROW("byte_test:1,=,1,0,sideways;", "", -1),
	ROW("byte_test:1,=,n,0;", "", -1),
	ROW("byte_jump:9,0;", "", -1),
	ROW("byte_extract:1,0;", "", -1),
	ROW("byte_math:bytes 1, offset 0, oper +, rvalue 1;", "", -1),
};

static void table(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int result = rules_try(rows[i].options, rows[i].data, rows[i].len);

		CHECK(result == rows[i].expect, "%d, not %d: row %zu %s", result, rows[i].expect, i,
		      rows[i].options);
	}
}

static const struct ktap_test tests[] = {TEST(table)};
KTAP_MAIN(tests)
