// SPDX-License-Identifier: GPL-2.0-or-later
/* prefix.c - text to prefix and back, containment, order. */
#include <errno.h>

#include "lib/ktap.h"
#include "lib/prefix.h"

static struct prefix parse(const char *text)
{
	struct prefix p = {0};
	const char *why = NULL;

	CHECK_EQ(prefix_parse(text, strlen(text), &p, &why), 0);
	return p;
}

static void accepts(void)
{
	static const struct {
		const char *in, *out;
		unsigned int len;
		bool v4;
	} rows[] = {
		{"192.0.2.1", "192.0.2.1", 128, true},
		{"192.0.2.0/24", "192.0.2.0/24", 120, true},
		{"0.0.0.0/0", "0.0.0.0/0", 96, true},
		{"255.255.255.255/32", "255.255.255.255", 128, true},
		{"2001:db8::/32", "2001:db8::/32", 32, false},
		{"2001:DB8:0:0::1", "2001:db8::1", 128, false},
		{"::/0", "::/0", 0, false},
		{"::", "::", 128, false},
		{"::ffff:192.0.2.1", "192.0.2.1", 128, true},
		{"::ffff:0:0/96", "0.0.0.0/0", 96, true},
		{"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128",
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct prefix p = parse(rows[i].in);
		char text[PREFIX_TEXT_MAX];

		CHECK_EQ(p.len, rows[i].len);
		CHECK_EQ(prefix_is_v4(&p), rows[i].v4);
		CHECK_STR(prefix_format(&p, text), rows[i].out);
	}
}

static void refuses(void)
{
	static const char *const rows[] = {
		"",
		" 192.0.2.1",
		"192.0.2.1 ",
		"192.0.2",
		"192.0.2.1.5",
		"192.0.02.1",
		"256.0.0.1",
		"1.2.3.4/33",
		"1.2.3.4/",
		"1.2.3.4/024",
		"1.2.3.4/24",
		"1.2.3.4/-1",
		"1.2.3.",
		".1.2.3",
		"1..2.3",
		"0x1.2.3.4",
		"::/129",
		":::",
		"1::2::3",
		"2001:db8::1/32",
		"2001:db8::%eth0",
		"g::",
		"::1/",
		"a",
		"/",
		"/8",
		"::ffff:1.2.3.4/8",
		"1.2.3.4/32/32",
		"+1.2.3.4",
	};
	struct prefix p = {.len = 77};
	const char *why;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		why = NULL;
		CHECK(prefix_parse(rows[i], strlen(rows[i]), &p, &why) == -EINVAL, "%s", rows[i]);
		CHECK(why && *why, "%s", rows[i]);
	}
	CHECK_EQ(prefix_parse("1.2\0003.4", 7, &p, &why), -EINVAL);
	CHECK_EQ(prefix_parse("1.2.3.4", 7, &p, NULL), 0);
	p.len = 77;
	CHECK_EQ(prefix_parse("bad", 3, &p, NULL), -EINVAL);
	CHECK_EQ(p.len, 77);
}

/* Text behind len does not belong to the address. */
static void length_counts(void)
{
	struct prefix p;
	char text[PREFIX_TEXT_MAX];

	CHECK_EQ(prefix_parse("10.0.0.0/255", 10, &p, NULL), -EINVAL);
	CHECK_EQ(prefix_parse("10.0.0.0/8 drop", 10, &p, NULL), 0);
	CHECK_STR(prefix_format(&p, text), "10.0.0.0/8");
}

static void contains(void)
{
	struct prefix any = parse("::/0"), ten = parse("10.0.0.0/8"), host = parse("10.255.0.1"),
		      odd = parse("10.128.0.0/9");
	struct prefix other = parse("11.0.0.1");

	CHECK(prefix_contains(&any, &ten));
	CHECK(prefix_contains(&ten, &ten));
	CHECK(prefix_contains(&ten, &host));
	CHECK(prefix_contains(&odd, &host));
	CHECK(!prefix_contains(&host, &ten));
	CHECK(!prefix_contains(&ten, &other));
	for (unsigned int len = 0; len <= 128; len++) {
		struct prefix p = {.len = (uint8_t)len}, inside;

		for (unsigned int bit = 0; bit < 128; bit++) {
			inside = (struct prefix){.len = 128};
			inside.addr[bit / 8] = (uint8_t)(0x80 >> (bit % 8));
			CHECK(prefix_contains(&p, &inside) == (bit >= len), "len %u bit %u", len, bit);
			p.addr[bit / 8] = inside.addr[bit / 8];
			CHECK(prefix_is_canonical(&p) == (bit < len), "len %u bit %u", len, bit);
			p.addr[bit / 8] = 0;
		}
	}
	CHECK(!prefix_is_canonical(&(struct prefix){.len = 129}));
}

static void order(void)
{
	struct prefix wide = parse("10.0.0.0/8"), first = parse("10.0.0.0/16"), host = parse("10.0.0.0"),
		      next = parse("11.0.0.0/8");

	CHECK(prefix_compare(&wide, &first) < 0);
	CHECK(prefix_compare(&first, &host) < 0);
	CHECK(prefix_compare(&host, &next) < 0);
	CHECK_EQ(prefix_compare(&wide, &wide), 0);
}

static const struct ktap_test tests[] = {TEST(accepts), TEST(refuses), TEST(length_counts), TEST(contains),
					 TEST(order)};
KTAP_MAIN(tests)
