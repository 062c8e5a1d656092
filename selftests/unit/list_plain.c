// SPDX-License-Identifier: GPL-2.0-or-later
/* list_plain.c - list files: lines, comments, ranges, what is refused. */
#include <errno.h>

#include "core/list.h"
#include "lib/ktap.h"

struct sink {
	char text[8192];
	char refused[2048];
	unsigned int count;
	int answer, answer_from; /* given from the n-th prefix on */
};

static int add(const struct prefix *prefix, void *arg)
{
	struct sink *sink = arg;
	char text[PREFIX_TEXT_MAX];

	if (++sink->count > (unsigned int)sink->answer_from && sink->answer)
		return sink->answer;
	strcat(sink->text, prefix_format(prefix, text));
	strcat(sink->text, " ");
	return 0;
}

static void refused(unsigned int line, const char *text, const char *why, void *arg)
{
	struct sink *sink = arg;
	size_t used = strlen(sink->refused);

	snprintf(sink->refused + used, sizeof(sink->refused) - used, "%u[%s] ", line, text);
	CHECK(why && *why);
}

static int run(const char *text, struct sink *sink, struct list_report *report)
{
	return list_parse_plain(text, strlen(text), add, refused, sink, report);
}

static void lines(void)
{
	struct sink sink = {0};
	struct list_report report;

	CHECK_EQ(run("\xef\xbb\xbf# head\n\n192.0.2.1\r\n 198.51.100.0/24 ; SBL1\n; x\n\t2001:db8::/32# "
		     "y\n10.0.0.1",
		     &sink, &report),
		 0);
	CHECK_STR(sink.text, "192.0.2.1 198.51.100.0/24 2001:db8::/32 10.0.0.1 ");
	CHECK_STR(sink.refused, "");
	CHECK_EQ(report.lines, 4);
	CHECK_EQ(report.accepted, 4);
	CHECK_EQ(report.merged + report.refused, 0);
}

static void malformed(void)
{
	struct sink sink = {0};
	struct list_report report;
	char text[400];

	CHECK_EQ(run("bad\n192.0.2.1/24\n192.0.2.1 "
		     "drop\n192.0.2.9\n1.1.1.2-1.1.1.1\n1.1.1.1-::2\n1.0.0.0/"
		     "8-1.1.1.1\n-\n1-2\n::-::1:0:0:0\n",
		     &sink, &report),
		 0);
	CHECK_STR(sink.text, "192.0.2.9 ");
	CHECK_STR(sink.refused, "1[bad] 2[192.0.2.1/24] 3[192.0.2.1 drop] 5[1.1.1.2-1.1.1.1] 6[1.1.1.1-::2] "
				"7[1.0.0.0/8-1.1.1.1] 8[-] 9[1-2] 10[::-::1:0:0:0] ");
	CHECK_EQ(report.lines, 10);
	CHECK_EQ(report.refused, 9);
	sink = (struct sink){0};
	memset(text, 'x', sizeof(text));
	text[399] = '\0';
	CHECK_EQ(run(text, &sink, &report), 0);
	CHECK(strstr(sink.refused, "xxx...] "));
	sink = (struct sink){0};
	CHECK_EQ(list_parse_plain("1.2\0003.4\n", 8, add, NULL, &sink, &report), 0);
	CHECK_EQ(report.refused, 1);
}

static void ranges(void)
{
	static const struct {
		const char *range, *prefixes;
	} rows[] = {
		{"192.0.2.0-192.0.2.255", "192.0.2.0/24 "},
		{"192.0.2.5 - 192.0.2.5", "192.0.2.5 "},
		{"192.0.2.1-192.0.2.6", "192.0.2.1 192.0.2.2/31 192.0.2.4/31 192.0.2.6 "},
		{"0.0.0.0-255.255.255.255", "0.0.0.0/0 "},
		{"255.255.255.254-255.255.255.255", "255.255.255.254/31 "},
		{"9.255.255.255-10.0.0.0", "9.255.255.255 10.0.0.0 "},
		{"2001:db8::-2001:db8::ffff", "2001:db8::/112 "},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		 "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127 "},
		{"::1-::4", "::1 ::2/127 ::4 "},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sink sink = {0};
		struct list_report report;

		CHECK_EQ(run(rows[i].range, &sink, &report), 0);
		CHECK_STR(sink.text, rows[i].prefixes);
		CHECK_EQ(report.accepted, 1);
	}
}

struct cover {
	uint64_t next; /* address that the next prefix must begin with */
	unsigned int count;
	uint8_t lens[256];
	bool holds;
};

static uint64_t low_bits(const struct prefix *p)
{
	uint64_t value = 0;

	for (int i = 12; i < 16; i++)
		value = value << 8 | p->addr[i];
	return value;
}

static int follow(const struct prefix *prefix, void *arg)
{
	struct cover *cover = arg;

	cover->holds &= low_bits(prefix) == cover->next && prefix_is_canonical(prefix);
	cover->next += 1ull << (128 - prefix->len);
	if (cover->count < 256)
		cover->lens[cover->count] = prefix->len;
	cover->count++;
	return 0;
}

/* The fewest aligned blocks for from..to, by the textbook recursion over halves. */
static unsigned int fewest(uint64_t from, uint64_t to, uint64_t begin, uint64_t size)
{
	if (from > begin + size - 1 || to < begin)
		return 0;
	if (from <= begin && to >= begin + size - 1)
		return 1;
	return fewest(from, to, begin, size / 2) + fewest(from, to, begin + size / 2, size / 2);
}

static void ranges_are_exact_and_minimal(void)
{
	uint64_t seed = 12345;

	for (int i = 0; i < 3000; i++) {
		uint64_t a, b, spread;
		struct cover cover = {.holds = true};
		struct list_report report;
		char text[64];

		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		spread = 1ull << (seed >> 59);
		a = seed >> 16 & 0xffffffff;
		b = a + (seed >> 8) % spread;
		if (b > 0xffffffff)
			b = 0xffffffff;
		cover.next = a;
		snprintf(text, sizeof(text), "%u.%u.%u.%u-%u.%u.%u.%u", (unsigned int)(a >> 24),
			 (unsigned int)(a >> 16 & 255), (unsigned int)(a >> 8 & 255), (unsigned int)(a & 255),
			 (unsigned int)(b >> 24), (unsigned int)(b >> 16 & 255), (unsigned int)(b >> 8 & 255),
			 (unsigned int)(b & 255));
		CHECK_EQ(list_parse_plain(text, strlen(text), follow, NULL, &cover, &report), 0);
		CHECK(cover.holds && cover.next == b + 1, "%s", text);
		CHECK(cover.count == fewest(a, b, 0, 1ull << 32), "%s", text);
	}
}

static void answers(void)
{
	struct sink sink = {.answer = -EEXIST, .answer_from = 1};
	struct list_report report;

	CHECK_EQ(run("10.0.0.1\n10.0.0.1\n10.0.0.2-10.0.0.4\n", &sink, &report), 0);
	CHECK_EQ(report.accepted, 1);
	CHECK_EQ(report.merged, 2);
	sink = (struct sink){.answer = -ENOSPC, .answer_from = 2};
	CHECK_EQ(run("10.0.0.1\n10.0.0.2\n10.0.0.3\n10.0.0.4\n", &sink, &report), -ENOSPC);
	CHECK_EQ(sink.count, 3);
}

static const struct ktap_test tests[] = {
	TEST(lines), TEST(malformed), TEST(ranges), TEST(ranges_are_exact_and_minimal), TEST(answers),
};
KTAP_MAIN(tests)
