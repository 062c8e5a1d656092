// SPDX-License-Identifier: GPL-2.0-or-later
/* list_guard.c - what lists must not touch, and how much of the address space they cover; gathering of
 * duplicates. */
#include <errno.h>

#include "core/list/list_gather.h"
#include "core/list/list_guard.h"
#include "lib/ktap.h"
#include "sekimori/maps.h"

static struct prefix prefix(const char *text)
{
	struct prefix p = {0};

	CHECK(!prefix_parse(text, strlen(text), &p, NULL), "%s", text);
	return p;
}

static void own(void)
{
	static const struct {
		const char *prefix, *why; /* NULL: touches nothing */
	} checks[] = {
		{"198.18.0.1", "is the gateway 198.18.0.1"},
		{"198.18.0.2", NULL},
		{"198.18.0.0/24", "covers the gateway 198.18.0.1"},
		{"0.0.0.0/0", "covers the own address 9.9.9.9"},
		{"10.0.2.7", "is the management peer 10.0.2.0/24"},
		{"10.0.2.0/24", "is the management peer 10.0.2.0/24"},
		{"10.0.2.0/23", "covers the management peer 10.0.2.0/24"},
		{"10.0.3.0/24", NULL},
		{"2001:db8::1", "is the resolver 2001:db8::1"},
		{"2001:db8::/32", "covers the resolver 2001:db8::1"},
		{"::/0", "covers the SOC ::5"},
		{"8000::/1", NULL},
		{"255.255.255.255", NULL},
		{"ffff::", NULL},
	};
	struct list_guard_row rows[] = {
		{prefix("198.18.0.1"), SEKI_SCOPE_GATEWAY},
		{prefix("10.0.2.9"), SEKI_SCOPE_OWN},
		{prefix("2001:db8::1"), SEKI_SCOPE_RESOLVER},
		{prefix("10.0.2.0/24"), SEKI_SCOPE_MANAGEMENT},
		{prefix("::5"), SEKI_SCOPE_SOC},
		{prefix("9.9.9.9"), SEKI_SCOPE_OWN},
	};
	struct list_guard guard = {.rows = rows, .count = ARRAY_LEN(rows)};
	char why[160];

	list_guard_sort(&guard);
	CHECK_EQ(guard.count, 5); /* one lay inside another */
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		struct prefix p = prefix(checks[i].prefix);

		CHECK(list_guard_own(&guard, &p, why) == (checks[i].why != NULL), "%s", checks[i].prefix);
		if (checks[i].why)
			CHECK_STR(why, checks[i].why);
	}
	guard.count = guard.count_v4 = 0;
	CHECK(!list_guard_own(&guard, &rows[0].prefix, why));
}

/* Each block: its ends are in it, its neighbours are not. */
static void special(void)
{
	static const struct {
		const char *in, *out;
	} checks[] = {
		{"0.255.255.255", "1.0.0.0"},
		{"10.0.0.0", "9.255.255.255"},
		{"100.127.255.255", "100.128.0.0"},
		{"127.0.0.1", "128.0.0.0"},
		{"169.254.9.9", "169.255.0.0"},
		{"172.31.255.255", "172.32.0.0"},
		{"192.0.0.0", "192.0.1.0"},
		{"192.0.2.255", "192.0.3.0"},
		{"192.168.1.1", "192.169.0.0"},
		{"198.19.255.255", "198.20.0.0"},
		{"198.51.100.1", "198.51.101.0"},
		{"203.0.113.5", "203.0.114.0"},
		{"224.0.0.1", "223.255.255.255"},
		{"255.255.255.255", "223.0.0.0"},
		{"::1", "::2"},
		{"::", "64:ff9b::1"},
		{"64:ff9b:1::1", "64:ff9b:2::"},
		{"100::5", "100:0:0:1::"},
		{"2001:db8::1", "2001:db9::"},
		{"3fff::1", "3ffe::"},
		{"fd00::1", "fe00::1"},
		{"fe80::1", "fe7f::"},
		{"ff02::1", "feff::"},
		{"240.0.0.0", "2a06::1"},
	};
	struct prefix wide;
	char why[160];

	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		struct prefix in = prefix(checks[i].in), out = prefix(checks[i].out);

		CHECK(list_guard_special(&in, why) == LIST_TOUCH_WITHIN, "%s", checks[i].in);
		CHECK(list_guard_special(&out, NULL) == LIST_TOUCH_NONE, "%s", checks[i].out);
	}
	wide = prefix("192.0.0.0/8");
	CHECK_EQ(list_guard_special(&wide, why), LIST_TOUCH_COVERS);
	CHECK_STR(why, "covers 192.0.0.0/24, protocol assignments (RFC 6890)");
}

static void share_is(const char *const *prefixes, uint32_t want4, uint32_t want6)
{
	struct list_share share = {0};
	uint32_t v4, v6;

	for (; *prefixes; prefixes++) {
		struct prefix p = prefix(*prefixes);

		CHECK_EQ(list_share_add(&share, &p), 0);
	}
	list_share_sum(&share, &v4, &v6);
	CHECK_EQ(v4, want4);
	CHECK_EQ(v6, want6);
	list_share_clear(&share);
}

static void share(void)
{
	share_is((const char *const[]){NULL}, 0, 0);
	share_is((const char *const[]){"0.0.0.0/0", "::/0", NULL}, 1000, 1000);
	share_is((const char *const[]){"64.0.0.0/3", "64.0.0.0/4", "80.1.1.1", NULL}, 125, 0);
	share_is((const char *const[]){"128.0.0.0/1", "0.0.0.0/1", NULL}, 1000, 0);
	share_is((const char *const[]){"255.0.0.0/8", "255.255.255.255", "0.0.0.0", NULL}, 3, 0);
	/* of 2000::/3 only what is in it */
	share_is((const char *const[]){"2000::/4", "fc00::/7", "::/4", NULL}, 0, 500);
}

static void shares_refuse(void)
{
	static const struct {
		const char *text;
		uint32_t allow;
		const char *refusal; /* NULL: none */
	} checks[] = {
		{"0.0.0.0/0\n", 0, "it covers 100.0 % of the IPv4 address space, more than 20 %"},
		{"0.0.0.0/0\n", LIST_ALLOW_SHARE, NULL},
		{"64.0.0.0/3\n96.0.0.0/4\n", 0, NULL},
		{"64.0.0.0/3\n96.0.0.0/4\n112.0.0.0/5\n", 0, "it covers 21.8 % of the IPv4"},
		/* bogons say nothing about how much of the internet is covered */
		{"224.0.0.0/4\n240.0.0.0/4\n0.0.0.0/8\n10.0.0.0/8\n127.0.0.0/8\n64.0.0.0/3\n", 0, NULL},
		{"2000::/5\n", 0, "it covers 25.0 % of the IPv6 address space, more than 20 %"},
	};

	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		struct list_guard guard = {.allow = checks[i].allow,
					   .max_share = checks[i].allow & LIST_ALLOW_SHARE ? 0 : 20};
		struct list_import_how how = {.format = "plain", .flags = SEKI_ENTRY_SRC, .guard = &guard};
		const struct list_gather_how said = {.flags = SEKI_ENTRY_SRC};
		struct list_batch batch = {0};
		struct list_gather gather = {0};
		struct list_report report;

		CHECK_EQ(list_gather_begin(&gather, &batch, &said, 0), 0);
		CHECK_EQ(list_import(checks[i].text, strlen(checks[i].text), &how, list_gather_add, NULL,
				     &gather, &report),
			 0);
		CHECK(checks[i].refusal
			      ? !strncmp(report.refusal, checks[i].refusal, strlen(checks[i].refusal))
			      : !*report.refusal,
		      "%s: %s", checks[i].text, report.refusal);
		/* a list that only tells may say what it likes */
		how.flags |= SEKI_ENTRY_ALERT;
		CHECK_EQ(list_import(checks[i].text, strlen(checks[i].text), &how, list_gather_add, NULL,
				     &gather, &report),
			 0);
		CHECK_STR(report.refusal, "");
		CHECK_EQ(report.refused, 0);
		list_gather_end(&gather);
		list_batch_clear(&batch);
	}
}

static void merges(void)
{
	static const struct {
		struct list_entry first, second, row; /* severity UNSAID: the list's, high */
	} checks[] = {
		{{.expires = 10, .severity = 1, .reason = "a"},
		 {.expires = 20, .severity = 0, .reason = "b"},
		 {.expires = 20, .severity = 1, .flags = SEKI_ENTRY_SRC, .reason = "a"}},
		{{.expires = 10, .severity = LIST_SEVERITY_UNSAID, .reason = ""},
		 {.expires = 0, .severity = 3, .reason = "b"},
		 {.expires = 0, .severity = 3, .flags = SEKI_ENTRY_SRC, .reason = "b"}},
		{{.flags = SEKI_ENTRY_SRC | SEKI_ENTRY_ALERT, .reason = ""},
		 {.flags = SEKI_ENTRY_DST, .reason = ""},
		 {.flags = SEKI_ENTRY_SRC | SEKI_ENTRY_DST, .reason = ""}},
		{{.remove = true, .reason = ""},
		 {.expires = 5, .severity = 3, .reason = "new"},
		 {.expires = 5, .severity = 3, .flags = SEKI_ENTRY_SRC, .reason = "new"}},
		{{.expires = 5, .severity = 3, .reason = "new"},
		 {.remove = true, .reason = ""},
		 {.expires = 5, .severity = 3, .flags = SEKI_ENTRY_SRC, .reason = "new"}},
	};

	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		const struct list_gather_how how = {.flags = SEKI_ENTRY_SRC, .severity = SEKI_SEVERITY_HIGH};
		struct list_entry first = checks[i].first, second = checks[i].second;
		struct list_gather gather = {0};
		struct list_batch batch = {0};
		const struct list_cell *cell;

		first.prefix = second.prefix = prefix("45.9.20.0/24");
		CHECK_EQ(list_gather_begin(&gather, &batch, &how, 0), 0);
		CHECK_EQ(list_gather_add(&first, &gather), 0);
		CHECK_EQ(list_gather_add(&second, &gather), -EEXIST);
		CHECK_EQ(batch.cell_count, 1);
		cell = &batch.cells[0];
		CHECK_EQ(list_cell_expires(cell), checks[i].row.expires);
		CHECK_EQ(list_cell_severity(cell), checks[i].row.severity);
		CHECK_EQ(list_cell_flags(cell), checks[i].row.flags);
		CHECK(!(cell->said & LIST_CELL_REMOVE));
		CHECK_STR(cell->note ? batch.blob + batch.texts[cell->note - 1].at : "",
			  checks[i].row.reason);
		list_gather_end(&gather);
		list_batch_clear(&batch);
	}
}

/* Ten thousand prefixes twice, half the reasons the same: one cell each, every reason once. */
static void gathers(void)
{
	const struct list_gather_how how = {.flags = SEKI_ENTRY_SRC, .expires = 1000};
	struct list_gather gather = {0};
	struct list_batch batch = {0};

	CHECK_EQ(list_gather_begin(&gather, &batch, &how, 0), 0);
	for (unsigned int i = 0; i < 20000; i++) {
		char text[32], reason[32];
		struct list_entry entry = {.reason = reason};

		snprintf(text, sizeof(text), "11.0.%u.%u", i % 10000 / 256, i % 10000 % 256);
		snprintf(reason, sizeof(reason), "reason %u", i % 5000);
		entry.prefix = prefix(text);
		CHECK_EQ(list_gather_add(&entry, &gather), i < 10000 ? 0 : -EEXIST);
	}
	CHECK_EQ(batch.cell_count, 10000);
	CHECK_EQ(batch.text_count, 5000);
	CHECK_STR(batch.blob + batch.texts[batch.cells[7001].note - 1].at, "reason 2001");
	CHECK_EQ(list_cell_expires(&batch.cells[7001]), 1000);
	list_gather_end(&gather);
	list_batch_clear(&batch);
}

static void names(void)
{
	CHECK_EQ(list_allow_bit("own"), LIST_ALLOW_OWN);
	CHECK_EQ(list_allow_bit("cut"), LIST_ALLOW_CUT);
	CHECK_EQ(list_allow_bit("all"), 0);
	CHECK_STR(list_allow_name(LIST_ALLOW_SHRINK), "shrink");
}

static const struct ktap_test tests[] = {
	TEST(own), TEST(special), TEST(share), TEST(shares_refuse), TEST(merges), TEST(gathers), TEST(names),
};
KTAP_MAIN(tests)
