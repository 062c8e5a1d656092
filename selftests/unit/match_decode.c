// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * match_decode.c - base64 and BER in hostile data, alone and in rules.
 */
#include "core/match/match_decode.h"
#include "rules.h"

static void base64_cut(void)
{
	static const struct {
		const char *text, *bytes;
	} rows[] = {
		{"dGhpcw==", "this"},
		{"dGhpcw", "this"},
		{"dGhp cw==", "thi"},
		{"dGhpc", "thi"},
		{"dGhpc3M", "thiss"},
		{"", ""},
		{"=", ""},
		{"d", ""},
		{"+/+/", "\xfb\xff\xbf"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint8_t out[64];
		uint32_t len = base64_decode(
			(struct span){(const uint8_t *)rows[i].text, (uint32_t)strlen(rows[i].text)}, out);

		CHECK(len == strlen(rows[i].bytes) && !memcmp(out, rows[i].bytes, len), "%s: %u bytes",
		      rows[i].text, len);
	}
}

static void base64_rules(void)
{
	CHECK_EQ(TRY("base64_decode; base64_data; content:\"this\";", "dGhpcw=="), 1);
	CHECK_EQ(TRY("base64_decode; base64_data; content:\"dGhp\";", "dGhpcw=="), 0);
	CHECK_EQ(TRY("base64_decode:offset 2; base64_data; content:\"this\"; startswith; endswith;",
		     "x=dGhpcw=="),
		 1);
	CHECK_EQ(TRY("base64_decode:bytes 4, offset 2; base64_data; content:\"this\";", "x=dGhpcw=="), 0);
	CHECK_EQ(TRY("content:\"x=\"; base64_decode:relative; base64_data; content:\"this\";", "ax=dGhpcw=="),
		 1);
	/* Another place of the content before it helps. */
	CHECK_EQ(
		TRY("content:\"x=\"; base64_decode:relative; base64_data; content:\"this\";", "x=x=dGhpcw=="),
		1);
	CHECK_EQ(TRY("base64_decode; base64_data; content:!\"that\";", "dGhpcw=="), 1);
	CHECK_EQ(TRY("base64_decode; base64_data; content:!\"this\";", "dGhpcw=="), 0);
	CHECK_EQ(TRY("base64_decode;", "!"), 0);
	CHECK_EQ(TRY("base64_data; content:\"this\";", "dGhpcw=="), -1);
	CHECK_EQ(TRY("base64_decode; base64_decode; base64_data; content:\"a\";", "a"), -1);
	CHECK_EQ(TRY("base64_decode; base64_data; base64_decode;", "a"), -1);
	CHECK_EQ(TRY("base64_decode:bytes 70000; base64_data; content:\"a\";", "a"), -1);
}

static void asn1_faults(void)
{
	static const uint8_t bits[] = {0x30, 4, 3, 2, 9, 0}, fine[] = {0x30, 4, 3, 2, 7, 0};
	static const uint8_t big[] = {0x30, 0x82, 4, 1, 2}, beyond[] = {2, 0x84, 0xff, 0xff, 0xff, 0xff, 0};
	uint8_t real[264] = {9, 0x82, 1, 1};

	CHECK_EQ(rules_try("asn1:bitstring_overflow;", bits, sizeof(bits)), 1);
	CHECK_EQ(rules_try("asn1:bitstring_overflow;", fine, sizeof(fine)), 0);
	CHECK_EQ(rules_try("asn1:oversize_length 1024;", big, sizeof(big)), 1);
	CHECK_EQ(rules_try("asn1:oversize_length 1025;", big, sizeof(big)), 0);
	CHECK_EQ(rules_try("asn1:oversize_length 2147483647;", beyond, sizeof(beyond)), 1);
	CHECK_EQ(rules_try("asn1:double_overflow;", real, sizeof(real)), 1);
	real[3] = 0;
	CHECK_EQ(rules_try("asn1:double_overflow;", real, sizeof(real)), 0);
	CHECK_EQ(rules_try("asn1:bitstring_overflow, absolute_offset 2;", bits, sizeof(bits)), 1);
	CHECK_EQ(rules_try("content:\"0\"; asn1:bitstring_overflow, relative_offset -1;", bits, sizeof(bits)),
		 1);
	CHECK_EQ(rules_try("content:\"0\"; asn1:bitstring_overflow, relative_offset -2;", bits, sizeof(bits)),
		 0);
	CHECK_EQ(TRY("asn1:relative_offset 3;", "a"), -1);
	CHECK_EQ(TRY("asn1:oversize_length 0;", "a"), -1);
}

static const struct ktap_test tests[] = {TEST(base64_cut), TEST(base64_rules), TEST(asn1_faults)};
KTAP_MAIN(tests)
