// SPDX-License-Identifier: GPL-2.0-or-later
/* list_export.c - what others read of a list, and that our own format says all of it. */
#include <errno.h>

#include "core/list/list_export.h"
#include "lib/ktap.h"
#include "sekimori/maps.h"

#define NOW 1795564800u /* 2026-11-25 */

static const struct {
	const char *prefix;
	uint8_t flags;
	uint64_t expires;
	const char *reason;
} rows[] = {
	{"2a06:e480::/29", SEKI_ENTRY_SRC, 0, "net"},
	{"10.1.0.0/16", SEKI_ENTRY_SRC | SEKI_ENTRY_DST, NOW + 60, "shorter than what covers it"},
	{"10.0.0.0/8", SEKI_ENTRY_SRC | SEKI_ENTRY_DST, 0, "\"quoted\" and \xe9\x96\xa2"},
	{"45.9.20.5", SEKI_ENTRY_SRC, NOW + 3600, ""},
	{"45.9.20.6", SEKI_ENTRY_DST, NOW, "over"},
	{"45.9.20.7", SEKI_ENTRY_SRC | SEKI_ENTRY_ALERT, 0, "watched"},
};

static uint32_t entries_make(struct list_entry entries[ARRAY_LEN(rows)])
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		entries[i] = (struct list_entry){.flags = rows[i].flags,
						 .severity = SEKI_SEVERITY_CRITICAL,
						 .created = NOW - 60,
						 .expires = rows[i].expires,
						 .reason = rows[i].reason};
		CHECK_EQ(prefix_parse(rows[i].prefix, strlen(rows[i].prefix), &entries[i].prefix, NULL), 0);
	}
	list_export_sort(entries, ARRAY_LEN(rows));
	return ARRAY_LEN(rows);
}

static void formats(void)
{
	static const struct {
		const char *format, *text;
		uint32_t left_out;
	} wanted[] = {
		{"plain", "# list a-b\n10.0.0.0/8\n10.1.0.0/16\n45.9.20.5\n2a06:e480::/29\n", 1},
		{"edl", "10.0.0.0/8\n10.1.0.0/16\n45.9.20.5\n2a06:e480::/29\n", 1},
		{"ipset",
		 "create a-b-4 hash:net family inet hashsize 16384 maxelem 65536 timeout 0\n"
		 "add a-b-4 10.0.0.0/8 timeout 0\nadd a-b-4 45.9.20.5 timeout 3600\n"
		 "create a-b-6 hash:net family inet6 hashsize 16384 maxelem 65536 timeout 0\n"
		 "add a-b-6 2a06:e480::/29 timeout 0\n",
		 1},
		{"nft",
		 "table inet sekimori {\n\tset list_a_b_4 {\n\t\ttype ipv4_addr\n\t\tflags interval, "
		 "timeout\n"
		 "\t\tauto-merge\n\t\telements = {\n\t\t\t10.0.0.0/8,\n\t\t\t45.9.20.5 timeout "
		 "3600s\n\t\t}\n\t}\n}\n"
		 "table inet sekimori {\n\tset list_a_b_6 {\n\t\ttype ipv6_addr\n\t\tflags interval, "
		 "timeout\n"
		 "\t\tauto-merge\n\t\telements = {\n\t\t\t2a06:e480::/29\n\t\t}\n\t}\n}\n",
		 1},
	};
	struct list_entry entries[ARRAY_LEN(rows)];
	uint32_t count = entries_make(entries), left_out = 7;

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		AUTO_FREE char *text = NULL;
		size_t len = 0;

		CHECK_EQ(list_export(wanted[i].format, "a-b", entries, count, NOW, &text, &len, &left_out),
			 0);
		CHECK_STR(text, wanted[i].text);
		CHECK_EQ(len, strlen(wanted[i].text));
		CHECK_EQ(left_out, wanted[i].left_out);
	}
	{
		AUTO_FREE char *text = NULL;
		size_t len;

		CHECK_EQ(list_export("xml", "a", entries, count, NOW, &text, &len, &left_out), -EINVAL);
		CHECK(!text);
	}
}

static void whole_space(void)
{
	struct list_entry entries[2] = {{.reason = ""}, {.reason = ""}};
	AUTO_FREE char *text = NULL;
	uint32_t left_out;
	size_t len;

	CHECK_EQ(prefix_parse("0.0.0.0/0", 9, &entries[0].prefix, NULL), 0);
	CHECK_EQ(prefix_parse("::/0", 4, &entries[1].prefix, NULL), 0);
	CHECK_EQ(list_export("ipset", "all", entries, 2, NOW, &text, &len, &left_out), 0);
	CHECK(text && strstr(text, "add all-4 0.0.0.0/1 timeout 0\nadd all-4 128.0.0.0/1 timeout 0\n"));
	CHECK(text && strstr(text, "add all-6 ::/1 timeout 0\nadd all-6 8000::/1 timeout 0\n"));
}

static void empty(void)
{
	static const struct {
		const char *format, *text;
	} wanted[] = {{"plain", "# list none\n"}, {"edl", ""}, {"nft", ""}, {"ipset", ""}};

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		AUTO_FREE char *text = NULL;
		uint32_t left_out;
		size_t len;

		CHECK_EQ(list_export(wanted[i].format, "none", NULL, 0, NOW, &text, &len, &left_out), 0);
		CHECK_STR(text, wanted[i].text);
	}
}

struct again {
	const struct list_entry *entries;
	uint32_t next;
};

static int same(const struct list_entry *entry, void *arg)
{
	struct again *again = arg;
	const struct list_entry *old = &again->entries[again->next++];

	if (old->expires == NOW)
		old = &again->entries[again->next++];
	CHECK_EQ(prefix_compare(&entry->prefix, &old->prefix), 0);
	CHECK_EQ(entry->flags, old->flags);
	CHECK_EQ(entry->severity, old->severity);
	CHECK_EQ(entry->created, old->created);
	CHECK_EQ(entry->expires, old->expires);
	CHECK_STR(entry->reason, old->reason);
	return 0;
}

/* Our own format says all, and is recognised and whole when it is read again. */
static void round_trip(void)
{
	const struct list_import_how how = {.now = NOW, .flags = SEKI_ENTRY_SRC | SEKI_ENTRY_DST};
	struct list_entry entries[ARRAY_LEN(rows)];
	uint32_t count = entries_make(entries), left_out = 7;
	struct again again = {.entries = entries};
	struct list_report report;
	AUTO_FREE char *text = NULL;
	size_t len = 0;

	CHECK_EQ(list_export("sekimori", "a-b", entries, count, NOW, &text, &len, &left_out), 0);
	CHECK_EQ(left_out, 0);
	CHECK_EQ(list_import(text, len, &how, same, NULL, &again, &report), 0);
	CHECK_STR(report.refusal, "");
	CHECK_STR(report.format, "sekimori");
	CHECK_EQ(report.accepted, count - 1);
	CHECK_EQ(again.next, count);
}

static const struct ktap_test tests[] = {
	TEST(formats),
	TEST(whole_space),
	TEST(empty),
	TEST(round_trip),
};
KTAP_MAIN(tests)
