// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * transform.c - what each transform makes of a buffer, alone and in a row.
 */
#include "core/match/transform.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/rule/rule_parse.h"
#include "lib/ktap.h"

#define BYTES(text) text, sizeof(text) - 1

static const struct transform_row {
	const char *keywords[3]; /* "name" or "name:argument" */
	const char *in;
	size_t in_len;
	const char *out;
	size_t out_len;
} rows[] = {
	{{"dotprefix"}, BYTES("a.b"), BYTES(".a.b")},
	{{"dotprefix"}, BYTES(""), BYTES(".")},
	{{"to_lowercase"}, BYTES("aBC@[`{\xc0"), BYTES("abc@[`{\xc0")},
	{{"to_uppercase"}, BYTES("aBc@[`{"), BYTES("ABC@[`{")},
	{{"strip_whitespace"}, BYTES(" a\t b\r\n"), BYTES("ab")},
	{{"compress_whitespace"}, BYTES(" a \t b\r\n"), BYTES(" a b ")},
	{{"url_decode"}, BYTES("a%41+%4g%"), BYTES("aA %4g%")},
	{{"header_lowercase"}, BYTES("Aa: Bb\r\nCc:Dd"), BYTES("aa: Bb\r\ncc:Dd")},
	{{"strip_pseudo_headers"}, BYTES(":a b\r\nc: d\r\n:e"), BYTES("c: d\r\n")},
	{{"to_md5"}, BYTES(""), BYTES("\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e")},
	{{"to_sha1"},
	 BYTES("abc"),
	 BYTES("\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9d")},
	{{"to_sha256"},
	 BYTES("abc"),
	 BYTES("\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22\x23\xb0\x03\x61\xa3\x96\x17\x7a"
	       "\x9c"
	       "\xb4\x10\xff\x61\xf2\x00\x15\xad")},
	{{"xor:\"0102\""}, BYTES("abc"), BYTES("``b")},
	{{"pcrexform:\"name=([^&]*)\""}, BYTES("x=1&name=y&z"), BYTES("y")},
	{{"pcrexform:\"name=([^&]*)\""}, BYTES("x=1"), BYTES("x=1")},
	{{"pcrexform:\"(a)|b(c)(d)\""}, BYTES("bcd"), BYTES("bcd")},
	{{"from_base64"}, BYTES("dGhpcw=="), BYTES("this")},
	{{"from_base64"}, BYTES("dGhp cw=="), BYTES("thi")},
	{{"from_base64"}, BYTES("!"), BYTES("!")},
	{{"from_base64:mode rfc2045"}, BYTES("dGhp\r\ncw=="), BYTES("this")},
	{{"from_base64:mode strict"}, BYTES("dGhp cw=="), BYTES("dGhp cw==")},
	{{"from_base64:mode strict"}, BYTES("dGhpcw=="), BYTES("this")},
	{{"from_base64:offset 2, bytes 4"}, BYTES("x=dGhpcw=="), BYTES("thi")},
	{{"from_base64:offset 200"}, BYTES("x"), BYTES("x")},
	{{"gunzip"},
	 BYTES("\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\x4b\x4c\x4a\x06\x00\xc2\x41\x24\x35\x03\x00\x00"
	       "\x00"),
	 BYTES("abc")},
	{{"gunzip:max-size 2"},
	 BYTES("\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\x4b\x4c\x4a\x06\x00\xc2\x41\x24\x35\x03\x00\x00"
	       "\x00"),
	 BYTES("ab")},
	{{"gunzip"}, BYTES("no gzip"), BYTES("no gzip")},
	{{"zlib_deflate"}, BYTES("\x78\x9c\x4b\x4c\x4a\x06\x00\x02\x4d\x01\x27"), BYTES("abc")},
	{{"domain"}, BYTES("WWW.Example.co.uk"), BYTES("Example.co.uk")},
	{{"domain"}, BYTES("co.uk"), BYTES("co.uk")},
	{{"tld"}, BYTES("www.example.co.uk"), BYTES("co.uk")},
	{{"tld"}, BYTES(""), BYTES("")},
	{{"from_base64", "xor:\"20\"", "dotprefix"}, BYTES("dGhpcw=="), BYTES(".THIS")},
	{{"strip_whitespace", "to_md5", "xor:\"00\""},
	 BYTES("  "),
	 BYTES("\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e")},
};

/* -EINVAL: refused. */
static int view_add(struct transform_pool *pool, struct rule_view *view, const char *text)
{
	char copy[256], *argument;
	const struct rule_keyword *keyword;
	const char *why = NULL;
	int err;

	snprintf(copy, sizeof(copy), "%s", text);
	argument = strchr(copy, ':');
	if (argument)
		*argument++ = '\0';
	keyword = rule_keyword_find(copy);
	if (!CHECK(keyword && keyword->parse == keyword_transform, "%s", copy))
		return -ENOENT;
	err = transform_argument(pool, keyword->value, argument, &view->arguments[view->transform_count],
				 &why);
	CHECK(!err || why, "a refusal without a reason: %s", text);
	view->transforms[view->transform_count++] = (uint8_t)keyword->value;
	return err;
}

static void table(void)
{
	CLEANUP(transform_pool_free) struct transform_pool *pool = NULL;
	struct transform_room room = {0};

	if (!CHECK_EQ(transform_pool_new(&pool), 0))
		return;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct transform_row *row = &rows[i];
		struct rule_view view = {.buffer = BUFFER_HTTP_URI};
		uint8_t *in = malloc(row->in_len ? row->in_len : 1); /* so that the sanitizer sees its end */
		struct span out = {0};

		memcpy(in, row->in, row->in_len);
		for (size_t j = 0; j < ARRAY_LEN(row->keywords) && row->keywords[j]; j++)
			CHECK_EQ(view_add(pool, &view, row->keywords[j]), 0);
		CHECK_EQ(transform_apply(pool, &view, (struct span){in, (uint32_t)row->in_len}, &room, &out),
			 0);
		CHECK(out.len == row->out_len && !memcmp(out.data, row->out, out.len), "%s: \"%.*s\"",
		      row->keywords[0], (int)out.len, (const char *)out.data);
		free(in);
	}
	transform_room_clear(&room);
}

static void refused(void)
{
	static const char *const bad[] = {
		"xor:\"0\"",
		"xor:\"\"",
		"xor:\"0g\"",
		"xor:01",
		"pcrexform:\"a\"",
		"pcrexform:\"(\"",
		"pcrexform:\"\"",
		"from_base64:bytes 0",
		"from_base64:mode loose",
		"from_base64:bits 3",
		"gunzip:max-size 0",
		"gunzip:max-size 4294967296",
		"to_md5:1",
	};
	CLEANUP(transform_pool_free) struct transform_pool *pool = NULL;

	if (!CHECK_EQ(transform_pool_new(&pool), 0))
		return;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct rule_view view = {0};

		CHECK(view_add(pool, &view, bad[i]) == -EINVAL, "%s", bad[i]);
	}
}

/* Equal arguments are one row, so that equal views compare equal. */
static void shared(void)
{
	CLEANUP(transform_pool_free) struct transform_pool *pool = NULL;
	struct rule_view one = {0}, two = {0}, other = {0};

	if (!CHECK_EQ(transform_pool_new(&pool), 0))
		return;
	CHECK_EQ(view_add(pool, &one, "xor:\"0aFF\""), 0);
	CHECK_EQ(view_add(pool, &other, "xor:\"0a\""), 0);
	CHECK_EQ(view_add(pool, &two, "xor:\"0Aff\""), 0);
	CHECK(!memcmp(&one, &two, sizeof(one)));
	CHECK(memcmp(&one, &other, sizeof(one)));
}

/* An expression that explodes is cut off, and the buffer stays. */
static void bounded(void)
{
	CLEANUP(transform_pool_free) struct transform_pool *pool = NULL;
	struct rule_view view = {0};
	struct transform_room room = {0};
	uint8_t in[4096];
	struct span out = {0};

	memset(in, 'a', sizeof(in));
	if (!CHECK_EQ(transform_pool_new(&pool), 0))
		return;
	CHECK_EQ(view_add(pool, &view, "pcrexform:\"^((a+)+)+b\""), 0);
	CHECK_EQ(transform_apply(pool, &view, (struct span){in, sizeof(in)}, &room, &out), 0);
	CHECK_EQ(out.len, sizeof(in));
	transform_room_clear(&room);
}

static const struct ktap_test tests[] = {TEST(table), TEST(refused), TEST(shared), TEST(bounded)};
KTAP_MAIN(tests)
