// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_import.c - every format: a golden and a damaged file with what is to be
 * read from them, a huge one, every cut. The files are the fuzzer's seeds.
 * WANT_UPDATE=1 writes the expectations anew, for reading.
 */
#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "core/list/list_gather.h"
#include "core/list/list_import.h"
#include "lib/file.h"
#include "lib/ktap.h"

#define FILES  "selftests/fuzz/corpus/list_import/"
#define WANTED "selftests/unit/list_import/"
#define NOW    1795564800u /* 2026-11-25 */

static const struct list_import_how plain = {.format = "plain"};

/* What is read, as text. */
struct sink {
	char text[16384];
	size_t len;
	unsigned int count;
	int answer, answer_from; /* given from the n-th prefix on */
};

__attribute__((format(printf, 2, 3))) static void say(struct sink *sink, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	sink->len += (size_t)vsnprintf(sink->text + sink->len, sizeof(sink->text) - sink->len, format, args);
	va_end(args);
}

static int add(const struct list_entry *entry, void *arg)
{
	struct sink *sink = arg;
	char text[PREFIX_TEXT_MAX];

	if (++sink->count > (unsigned int)sink->answer_from && sink->answer)
		return sink->answer;
	say(sink, "%s ", prefix_format(&entry->prefix, text));
	return 0;
}

static void refused(unsigned int line, const char *text, const char *why, void *arg)
{
	say(arg, "%u[%s] ", line, text);
	CHECK(why && *why);
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

		CHECK_EQ(list_import(rows[i].range, strlen(rows[i].range), &plain, add, refused, &sink,
				     &report),
			 0);
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

static int follow(const struct list_entry *entry, void *arg)
{
	const struct prefix *prefix = &entry->prefix;
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
		CHECK_EQ(list_import(text, strlen(text), &plain, follow, NULL, &cover, &report), 0);
		CHECK(cover.holds && cover.next == b + 1, "%s", text);
		CHECK(cover.count == fewest(a, b, 0, 1ull << 32), "%s", text);
	}
}

static void stops(void)
{
	static const char text[] = "10.0.0.1\n10.0.0.1\n10.0.0.2-10.0.0.4\n";
	struct sink sink = {.answer = -EEXIST, .answer_from = 1};
	struct list_report report;

	CHECK_EQ(list_import(text, strlen(text), &plain, add, refused, &sink, &report), 0);
	CHECK_EQ(report.accepted, 1);
	CHECK_EQ(report.merged, 2);
	sink = (struct sink){.answer = -ENOSPC, .answer_from = 2};
	CHECK_EQ(list_import(text, strlen(text), &plain, add, refused, &sink, &report), -ENOSPC);
	CHECK_EQ(sink.count, 3);
}

static void bounds(void)
{
	struct sink sink = {0};
	struct list_report report;
	char text[400];

	CHECK_EQ(list_import("\xef\xbb\xbf# head\n\n192.0.2.1\r\n\t2001:db8::/32# y\n10.0.0.1", 48, &plain,
			     add, refused, &sink, &report),
		 0);
	CHECK_STR(sink.text, "192.0.2.1 2001:db8::/32 10.0.0.1 ");
	sink = (struct sink){0};
	memset(text, 'x', sizeof(text));
	CHECK_EQ(list_import(text, sizeof(text), &plain, add, refused, &sink, &report), 0);
	CHECK(strstr(sink.text, "xxx...] "));
	sink = (struct sink){0};
	CHECK_EQ(list_import("1.2\0003.4\n", 8, &plain, add, refused, &sink, &report), 0);
	CHECK_STR(sink.text, "1[1.2?3.4] ");
	CHECK_EQ(list_import("10.0.0.1-10.0.0.", 16, &plain, add, NULL, &sink, &report), 0);
	CHECK_EQ(report.refused, 1);
}

/* --- golden and damaged files */

static const char *severity_name(uint8_t severity)
{
	static const char *const names[] = {"low", "medium", "high", "critical"};

	return severity < ARRAY_LEN(names) ? names[severity] : "-";
}

static void time_say(struct sink *sink, const char *what, uint64_t seconds)
{
	time_t value = (time_t)seconds;
	struct tm tm;
	char text[40];

	if (seconds && gmtime_r(&value, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		say(sink, "%s %s", what, text);
}

static int entry_say(const struct list_entry *entry, void *arg)
{
	struct sink *sink = arg;
	char text[PREFIX_TEXT_MAX];

	CHECK(prefix_is_canonical(&entry->prefix));
	CHECK(strlen(entry->reason) < LIST_REASON_ROOM);
	say(sink, "%s%s flags %u severity %s", entry->remove ? "remove " : "",
	    prefix_format(&entry->prefix, text), entry->flags, severity_name(entry->severity));
	time_say(sink, " created", entry->created);
	time_say(sink, " expires", entry->expires);
	say(sink, " \"%s\"\n", entry->reason);
	return 0;
}

static void refusal_say(unsigned int line, const char *text, const char *why, void *arg)
{
	say(arg, "line %u refused: \"%s\": %s\n", line, text, why);
}

static void report_say(struct sink *sink, const struct list_report *report)
{
	say(sink, "%s: %u rows, %u accepted (%u to remove), %u merged, %u refused\n", report->format,
	    report->lines, report->accepted, report->removed, report->merged, report->refused);
	time_say(sink, "not after", report->not_after);
	say(sink, "%s", report->not_after ? "\n" : "");
	if (*report->refusal)
		say(sink, "refused as a whole (allow-%s): %s\n", list_allow_name(report->allow),
		    report->refusal);
	CHECK_EQ(report->lines, report->accepted + report->merged + report->refused);
}

static struct list_guard guard_default(void)
{
	static struct list_guard_row rows[] = {{{{0}, 0}, SEKI_SCOPE_GATEWAY}};
	struct list_guard guard = {.rows = rows, .count = 1, .max_share = LIST_SHARE_STANDARD};

	CHECK_EQ(prefix_parse("45.9.20.1", 9, &rows[0].prefix, NULL), 0);
	list_guard_sort(&guard);
	return guard;
}

static void file_checked(const char *name, const char *format, const char *text, size_t len)
{
	struct list_guard guard = guard_default();
	struct list_import_how how = {
		.now = NOW, .flags = SEKI_ENTRY_SRC | SEKI_ENTRY_DST, .guard = &guard, .format = format};
	static struct sink sink;
	struct list_report report;
	AUTO_FREE char *wanted = NULL;
	char path[256];
	size_t wanted_len;

	memset(&sink, 0, sizeof(sink));
	CHECK_EQ(list_import(text, len, &how, entry_say, refusal_say, &sink, &report), 0);
	report_say(&sink, &report);
	snprintf(path, sizeof(path), WANTED "%s", name);
	if (getenv("WANT_UPDATE"))
		CHECK_EQ(file_replace(AT_FDCWD, path, sink.text, sink.len, 0644), 0);
	if (CHECK(!file_read(AT_FDCWD, path, 1 << 20, &wanted, &wanted_len), "%s", path))
		CHECK_STR(sink.text, wanted);
}

static void checked(const char *name, const char *format)
{
	AUTO_FREE char *text = NULL;
	char path[256];
	size_t len;

	snprintf(path, sizeof(path), FILES "%s", name);
	if (CHECK(!file_read(AT_FDCWD, path, 1 << 20, &text, &len), "%s", path))
		file_checked(name, format, text, len);
}

/* Recognised by content, and read. */
static void golden(void)
{
	const char *name, *help;

	for (unsigned int i = 0; list_import_format(i, &name, &help); i++)
		checked(name, "");
	checked("crowdsec-empty", "");
}

static void damaged(void)
{
	const char *name, *help;
	char file[64];

	for (unsigned int i = 0; list_import_format(i, &name, &help); i++) {
		snprintf(file, sizeof(file), "%s-damaged", name);
		checked(file, name);
	}
	checked("sekimori-altered", "");
}

/* Whatever is cut off or lost: counts add up, nothing comes that the whole did not have, no byte behind the
 * end is read. */
static void every_cut(void)
{
	const char *name, *help;

	for (unsigned int i = 0; list_import_format(i, &name, &help); i++) {
		struct list_import_how how = {.format = name, .now = NOW};
		AUTO_FREE char *text = NULL;
		char path[256];
		size_t len = 0;

		snprintf(path, sizeof(path), FILES "%s", name);
		if (!CHECK(!file_read(AT_FDCWD, path, 1 << 20, &text, &len), "%s", path))
			continue;
		for (size_t cut = 0; cut < len; cut++) {
			AUTO_FREE char *exact = malloc(cut + !cut);
			struct list_report report;
			struct sink sink = {0};

			memcpy(exact, text, cut);
			CHECK_EQ(list_import(exact, cut, &how, add, NULL, &sink, &report), 0);
			CHECK_EQ(report.lines, report.accepted + report.merged + report.refused);
		}
	}
}

/* Formats that say how long they are: no cut at the end of a row passes for the whole. */
static void cuts_are_told(void)
{
	static const char *const names[] = {"firehol", "spamhaus-json", "feodo-json", "crowdsec",
					    "stix",    "misp",		"sekimori"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct list_import_how how = {.format = names[i], .now = NOW};
		AUTO_FREE char *text = NULL;
		char path[256];
		size_t len = 0;

		snprintf(path, sizeof(path), FILES "%s", names[i]);
		if (!CHECK(!file_read(AT_FDCWD, path, 1 << 20, &text, &len), "%s", path))
			continue;
		for (size_t cut = 1; cut < len; cut++) {
			struct list_report report;
			struct sink sink = {0};

			if (text[cut - 1] != '\n' || (text[0] == '#' && text[cut] == '#'))
				continue;
			CHECK_EQ(list_import(text, cut, &how, add, NULL, &sink, &report), 0);
			CHECK(*report.refusal && report.allow == LIST_ALLOW_CUT, "%s cut at %zu", names[i],
			      cut);
		}
	}
}

static void unsure(void)
{
	static const struct {
		const char *text, *format;
	} rows[] = {
		{"", "plain"},
		{"# nothing\n\n", "plain"},
		{"bad\n45.9.20.5\n", "plain"},
		{"\n45.9.20.5 - 45.9.20.9\n", "plain"},
		{"no list\n", NULL},
		{"\x7f"
		 "ELF\x02\x01\x01",
		 NULL},
		{"{\"a\": 1}", NULL},
		{"[]", NULL},
		{"<html><body>404</body></html>\n", NULL},
		{"45.9.20.5;SBL1\n", "spamhaus"},
		{"45.9.20.5,1,1\n", "iprep"},
		/* two are sure of it */
		{"{\"objects\":[],\"spec_version\":1,\"Attribute\":[]}", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct list_import_how how = {0};
		struct sink sink = {0};
		struct list_report report;
		int err = list_import(rows[i].text, strlen(rows[i].text), &how, add, NULL, &sink, &report);

		CHECK(err == (rows[i].format ? 0 : -EINVAL), "%s", rows[i].text);
		if (rows[i].format)
			CHECK_STR(report.format, rows[i].format);
		else
			CHECK(strstr(report.refusal,
				     "not to be told; --format takes one of: plain, firehol,"));
	}
	{
		struct list_import_how how = {.format = "xml"};
		struct list_report report;

		CHECK_EQ(list_import("", 0, &how, add, NULL, NULL, &report), -EINVAL);
		CHECK(strstr(report.refusal, "no such format"));
	}
}

/* --- huge: a million rows of each format; each address once, one row in 100 000 damaged */

#define HUGE_ROWS 1000000u
#define HUGE_BAD  100000u

static size_t huge_row(const char *format, char *out, size_t room, unsigned int i)
{
	static const struct {
		const char *format, *before, *behind;
	} rows[] = {
		{"plain", "", "\n"},
		{"firehol", "", "\n"},
		{"spamhaus", "", " ; SBL1\n"},
		{"spamhaus-json", "{\"cidr\":\"", "\",\"sblid\":\"SBL1\",\"rir\":\"apnic\"}\n"},
		{"feodo", "\"2026-03-04 14:28:39\",\"", "\",\"443\",\"online\",\"2026-03-05\",\"QakBot\"\n"},
		{"feodo-json", "{\"ip_address\":\"",
		 "\",\"port\":443,\"status\":\"online\",\"first_seen\":"
		 "\"2026-03-04 14:28:39\",\"malware\":\"QakBot\"},\n"},
		{"crowdsec",
		 "{\"duration\":\"4h\",\"origin\":\"CAPI\",\"scenario\":\"http:scan\",\"scope\":\"Ip\","
		 "\"type\":\"ban\",\"value\":\"",
		 "\"},\n"},
		{"iprep", "", ",1,99\n"},
		{"stix",
		 "{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"pattern\":\"[ipv4-addr:value = "
		 "'",
		 "']\"},\n"},
		{"misp",
		 "{\"type\":\"ip-src\",\"category\":\"Network "
		 "activity\",\"to_ids\":true,\"value\":\"",
		 "\"},\n"},
		{"sekimori", "{\"prefix\":\"",
		 "\",\"action\":\"drop\",\"severity\":\"high\",\"reason\":\"scan\"}\n"},
	};
	char address[32];

	/* 11.0.0.0 on: no special block is near; the bad ones have 300 in them */
	snprintf(address, sizeof(address), "%u.%u.%u.%u",
		 i % HUGE_BAD == HUGE_BAD - 1 ? 300 : 11 + i / 65536 % 16, i / 256 % 256, i % 256,
		 i * 7 % 256);
	for (size_t r = 0; r < ARRAY_LEN(rows); r++)
		if (!strcmp(rows[r].format, format))
			return (size_t)snprintf(out, room, "%s%s%s", rows[r].before, address, rows[r].behind);
	return 0;
}

static size_t huge_text(const char *format, char *out, size_t room)
{
	static const struct {
		const char *format, *head, *foot;
	} frames[] = {
		{"feodo",
		 "\"first_seen_utc\",\"dst_ip\",\"dst_port\",\"c2_status\",\"last_online\",\"malware\"\n",
		 ""},
		{"feodo-json", "[\n", "]\n"},
		{"crowdsec", "{\"deleted\":null,\"new\":[\n", "]}\n"},
		{"stix", "{\"objects\":[\n", "]}\n"},
		{"misp", "{\"response\":{\"Attribute\":[\n", "]}}\n"},
		{"spamhaus-json", "", "{\"type\":\"metadata\",\"records\":1000000}\n"},
		{"firehol", "# ipv4 hash:net ipset\n# Entries : 1000000 subnets\n", ""},
	};
	const char *head = "", *foot = "";
	size_t len = 0;

	for (size_t f = 0; f < ARRAY_LEN(frames); f++) {
		if (!strcmp(frames[f].format, format)) {
			head = frames[f].head;
			foot = frames[f].foot;
		}
	}
	len += (size_t)snprintf(out, room, "%s", head);
	for (unsigned int i = 0; i < HUGE_ROWS; i++)
		len += huge_row(format, out + len, room - len, i);
	return len + (size_t)snprintf(out + len, room - len, "%s", foot);
}

static void huge(void)
{
	const size_t room = 300u << 20;
	AUTO_FREE char *text = malloc(room);
	const char *name, *help;

	for (unsigned int i = 0; text && list_import_format(i, &name, &help); i++) {
		struct list_guard guard = guard_default();
		struct list_import_how how = {.format = name, .now = NOW, .guard = &guard};
		const struct list_gather_how said = {.flags = SEKI_ENTRY_SRC};
		struct list_gather gather = {0};
		struct list_batch batch = {0};
		struct list_report report;
		struct timespec begin, end;
		size_t len = huge_text(name, text, room);

		/* a header of our own is what this file leaves out: the rest is read all the same */
		guard.allow = !strcmp(name, "sekimori") ? LIST_ALLOW_CUT : 0;
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
		CHECK_EQ(list_gather_begin(&gather, &batch, &said, len), 0);
		CHECK_EQ(list_import(text, len, &how, list_gather_add, NULL, &gather, &report), 0);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
		printf("# %s: %u rows, %.1f MB, %.3f s of a processor\n", name, report.lines,
		       (double)len / 1e6,
		       (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
		CHECK_STR(report.refusal, "");
		CHECK_EQ(report.lines, HUGE_ROWS);
		CHECK_EQ(report.refused, HUGE_ROWS / HUGE_BAD);
		CHECK_EQ(report.accepted, HUGE_ROWS - HUGE_ROWS / HUGE_BAD);
		CHECK_EQ(batch.cell_count, report.accepted);
		list_gather_end(&gather);
		list_batch_clear(&batch);
	}
}

static const struct ktap_test tests[] = {
	TEST(ranges),	 TEST(ranges_are_exact_and_minimal),
	TEST(stops),	 TEST(bounds),
	TEST(golden),	 TEST(damaged),
	TEST(every_cut), TEST(cuts_are_told),
	TEST(unsure),	 TEST(huge),
};
KTAP_MAIN(tests)
