// SPDX-License-Identifier: GPL-2.0-or-later
/* report.c - the newsletter's month as figures: ten rows, their shares, what the ranking hides; and how
 * documents look. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <time.h>

#include "core/report/phrase.h"
#include "core/report/report.h"
#include "core/report/asset.h"
#include "lib/file.h"
#include "lib/ktap.h"

#define SEPTEMBER 1409497200000000ull /* 2014-09-01 00:00 in Japan */
#define DAY	  86400000000ull

static const struct {
	int rank;
	uint64_t count;
} printed[] = {{1, 2600}, {2, 2513}, {3, 876}, {4, 860}, {5, 476},
	       {6, 453},  {7, 339},  {8, 219}, {9, 214}, {10, 183}};

static struct threat_set *threats_shipped(void)
{
	struct threat_set *set = NULL;
	AUTO_FREE char *text = NULL;
	char why[160] = "";
	size_t len = 0;

	CHECK_EQ(file_read(AT_FDCWD, "rules/threats.json", 1 << 20, &text, &len), 0);
	CHECK(!threat_set_new(text, len, &set, why), "%s", why);
	return set;
}

static struct report *report_of(struct threat_set *threats, enum explain_language language)
{
	const struct report_frame frame = {
		.language = language,
		.from = SEPTEMBER,
		.to = SEPTEMBER + 30 * DAY,
		.before_from = SEPTEMBER - 31 * DAY,
		.now = SEPTEMBER + 31 * DAY,
		.zone_s = 9 * 3600,
		.n = 10,
		.name = "2014-09",
	};
	struct report *report = NULL;

	CHECK_EQ(report_new(&frame, threats, &report), 0);
	return report;
}

static void seen(struct report *report, uint32_t sid, uint64_t t, uint64_t count)
{
	const struct report_figure figure = {
		.slot = t - t % 900000000, .gid = 1, .sid = sid, .count = count, .first = t, .last = t};

	CHECK_EQ(report_figure(report, &figure), 0);
}

static void rule(struct report *report, uint32_t sid, int rank)
{
	char json[80];

	snprintf(json, sizeof(json), "{\"metadata\":{\"newsletter_rank\":[\"%d\"]}}", rank);
	CHECK_EQ(report_rule(report, 1, sid, "signature", json), 0);
}

/* The month as printed, told by two rules of each threat and on many days; last in order first. */
static void month(struct report *report)
{
	for (int i = 9; i >= 0; i--) {
		uint32_t sid = 9000000 + (uint32_t)i * 100;
		uint64_t left = printed[i].count;

		rule(report, sid, printed[i].rank);
		rule(report, sid + 1, printed[i].rank);
		for (uint64_t day = 0; left; day = (day + 1) % 30) {
			uint64_t n = left < 37 ? left : 37;

			seen(report, sid + day % 2, SEPTEMBER + day * DAY + 3600000000ull, n);
			left -= n;
		}
	}
}

static json_t *rows_of(json_t *root, const char *section)
{
	size_t i;
	json_t *value;

	json_array_foreach(json_object_get(root, "sections"), i, value)
	{
		if (!strcmp(json_string_value(json_object_get(value, "key")), section))
			return json_object_get(json_array_get(json_object_get(value, "tables"), 0), "rows");
	}
	return NULL;
}

static char *written(struct report *report, enum document_format format, bool log)
{
	CLEANUP(document_free) struct document *document = NULL;
	char *text = NULL;
	size_t len = 0;

	CHECK_EQ(log ? report_log(report, &document) : report_top(report, &document), 0);
	CHECK_EQ(document_write(document, format, &text, &len), 0);
	return text;
}

static const char *cell(json_t *rows, size_t row, const char *key)
{
	const char *text = json_string_value(json_object_get(json_array_get(rows, row), key));

	return text ? text : "";
}

static bool has_share(json_t *rows, const char *rows_share, const char *how)
{
	for (size_t i = 0; i < json_array_size(rows); i++)
		if (!strcmp(cell(rows, i, "of_rows"), rows_share) && strstr(cell(rows, i, "how"), how))
			return true;
	return false;
}

static void newsletter(void)
{
	static const char *const affected[] = {"Windows 2000、Windows NT",
					       "Zom-Mail: 1.0.9",
					       "全般",
					       "すべての Web サーバー",
					       "Windows 95、98、NT4.0、UNIX",
					       "Sendmail",
					       "Microsoft Internet Explorer",
					       "PHP",
					       "全般",
					       "Microsoft Office"};
	CLEANUP(threat_set_free) struct threat_set *threats = threats_shipped();
	CLEANUP(report_free) struct report *report = report_of(threats, EXPLAIN_JA);
	AUTO_FREE char *text = NULL;
	json_t *root, *rows, *shares;

	month(report);
	text = written(report, DOCUMENT_JSON, false);
	root = json_loads(text, 0, NULL);
	rows = rows_of(root, "ranking");
	CHECK_EQ(json_array_size(rows), 10);
	for (size_t i = 0; i < 10; i++) {
		CHECK_EQ(json_integer_value(json_object_get(json_array_get(rows, i), "rank")), i + 1);
		CHECK_EQ(json_integer_value(json_object_get(json_array_get(rows, i), "count")),
			 printed[i].count);
		CHECK_STR(cell(rows, i, "affected"), affected[i]);
	}
	CHECK_STR(cell(rows, 8, "threat"), "TLS/DTLS ハートビート機能の脆弱性を狙った攻撃");
	shares = rows_of(root, "shares");
	CHECK(has_share(shares, "58.5 % (5113/8733)", ""));
	CHECK(has_share(shares, "35.7 % (3122/8733)", "1+7+10"));
	CHECK(has_share(shares, "41.2 % (3598/8733)", "1+5+7+10"));
	CHECK(has_share(shares, "85.2 % (7440/8733)", "1+2+3+5+6+7+10"));
	CHECK(has_share(shares, "75.2 % (6564/8733)", "1+2+5+6+7+10"));
	json_decref(root);
}

/* Five hits on two days at the end of the month: far below the ranking, and the thing to know. */
static void emerging(void)
{
	CLEANUP(threat_set_free) struct threat_set *threats = threats_shipped();
	CLEANUP(report_free) struct report *report = report_of(threats, EXPLAIN_EN);
	AUTO_FREE char *text = NULL;
	json_t *root, *rows;

	month(report);
	for (uint32_t i = 0; i < 29; i++) { /* others in between, known since August */
		seen(report, 100 + i, SEPTEMBER - 3 * DAY, 50);
		seen(report, 100 + i, SEPTEMBER + 3 * DAY, 50);
	}
	rule(report, 9001001, 0);
	seen(report, 9001001, SEPTEMBER + 28 * DAY + 30, 3);
	seen(report, 9001001, SEPTEMBER + 29 * DAY + 30, 2);
	text = written(report, DOCUMENT_JSON, false);
	root = json_loads(text, 0, NULL);
	rows = rows_of(root, "emerging");
	CHECK_EQ(json_array_size(rows), 1);
	CHECK_EQ(json_integer_value(json_object_get(json_array_get(rows, 0), "rank")), 40);
	CHECK_EQ(json_integer_value(json_object_get(json_array_get(rows, 0), "count")), 5);
	CHECK_STR(cell(rows, 0, "days"), "2 of 2");
	CHECK_STR(cell(rows, 0, "first"), "2014-09-29 00:00");
	CHECK(strstr(text,
		     "(Shellshock) is new: first seen 2014-09-29, on 2 of 2 days since, 5 detections."));
	json_decref(root);
}

static void moves(void)
{
	CLEANUP(threat_set_free) struct threat_set *threats = threats_shipped();
	CLEANUP(report_free) struct report *report = report_of(threats, EXPLAIN_EN);
	AUTO_FREE char *text = NULL;
	json_t *root, *rows;

	seen(report, 1, SEPTEMBER - 40 * DAY, 500); /* gone since */
	seen(report, 2, SEPTEMBER - 10 * DAY, 20);
	seen(report, 2, SEPTEMBER + 10 * DAY, 90);
	seen(report, 3, SEPTEMBER - 10 * DAY, 20);
	seen(report, 3, SEPTEMBER + 10 * DAY, 21);
	seen(report, 4, SEPTEMBER + 31 * DAY, 99); /* of the next period */
	text = written(report, DOCUMENT_JSON, false);
	root = json_loads(text, 0, NULL);
	rows = rows_of(root, "moves");
	CHECK_EQ(json_array_size(rows), 2);
	CHECK_STR(cell(rows, 0, "move"), "rising");
	CHECK_STR(cell(rows, 1, "move"), "spike, then gone");
	rows = rows_of(root, "ranking");
	CHECK_EQ(json_array_size(rows), 2);
	CHECK_EQ(json_integer_value(json_object_get(json_array_get(rows, 1), "rank_before")), 2);
	/* first in July though not seen since; two share the first place of August */
	rows = rows_of(root, "rank_history");
	CHECK_EQ(json_array_size(rows), 3);
	CHECK_STR(cell(rows, 0, "months"),
		  "2014-04: -; 2014-05: -; 2014-06: -; 2014-07: -; 2014-08: 1 (20); 2014-09: 1 (90)");
	CHECK_STR(cell(rows, 1, "months"),
		  "2014-04: -; 2014-05: -; 2014-06: -; 2014-07: -; 2014-08: 1 (20); 2014-09: 2 (21)");
	CHECK_STR(cell(rows, 2, "months"),
		  "2014-04: -; 2014-05: -; 2014-06: -; 2014-07: 1 (500); 2014-08: -; 2014-09: -");
	json_decref(root);
}

/* M39: a rule goes from monitor to block, a list takes over: both spans stand side by side. */
static void change(void)
{
	CLEANUP(threat_set_free) struct threat_set *threats = threats_shipped();
	CLEANUP(report_free) struct report *report = report_of(threats, EXPLAIN_EN);
	CLEANUP(document_free) struct document *document = NULL;
	AUTO_FREE char *text = NULL, *plain = NULL;
	struct report_figure figure = {.gid = 1, .sid = 7, .count = 40, .verdict = SEKI_VERDICT_WOULD_BLOCK};
	json_t *root, *rows;
	size_t len;

	figure.slot = figure.first = figure.last = SEPTEMBER - 5 * DAY;
	CHECK_EQ(report_figure(report, &figure), 0);
	figure.slot = figure.first = figure.last = SEPTEMBER + 5 * DAY;
	figure.count = 3;
	figure.verdict = SEKI_VERDICT_BLOCKED;
	CHECK_EQ(report_figure(report, &figure), 0);
	report_counter_before(report, "would.listed", 900);
	report_counter(report, "drop.listed", 800);
	CHECK_EQ(report_change(report, &document), 0);
	CHECK_EQ(document_write(document, DOCUMENT_JSON, &text, &len), 0);
	CHECK_EQ(document_write(document, DOCUMENT_TEXT, &plain, &len), 0);
	root = json_loads(text, 0, NULL);
	rows = rows_of(root, "rules");
	CHECK_EQ(json_array_size(rows), 1);
	CHECK_EQ(json_integer_value(json_object_get(json_array_get(rows, 0), "before")), 40);
	CHECK_EQ(json_integer_value(json_object_get(json_array_get(rows, 0), "after")), 3);
	CHECK_EQ(json_integer_value(json_object_get(json_array_get(rows, 0), "would_before")), 40);
	CHECK_EQ(json_integer_value(json_object_get(json_array_get(rows, 0), "blocked_after")), 3);
	CHECK_EQ(json_integer_value(json_object_get(json_array_get(rows, 0), "would_after")), 0);
	rows = rows_of(root, "drops");
	CHECK_EQ(json_array_size(rows), 2);
	CHECK_EQ(json_integer_value(json_object_get(json_array_get(rows, 0), "before")), 900);
	CHECK_EQ(json_integer_value(json_object_get(json_array_get(rows, 1), "after")), 800);
	CHECK(strstr(plain, "fewer detections are no proof there"));
	json_decref(root);
}

/* Nothing is told as safe without proof. */
static void coverage(void)
{
	CLEANUP(threat_set_free) struct threat_set *threats = threats_shipped();
	CLEANUP(report_free) struct report *blind = report_of(threats, EXPLAIN_EN);
	CLEANUP(report_free) struct report *partly = report_of(threats, EXPLAIN_EN);
	CLEANUP(report_free) struct report *whole = report_of(threats, EXPLAIN_EN);
	AUTO_FREE char *a = written(blind, DOCUMENT_TEXT, true);
	AUTO_FREE char *b = NULL, *c = NULL;

	CHECK(strstr(a, "coverage is unknown"));
	report_counter(partly, "packets", 1000);
	report_counter(partly, "bytes", 100000);
	report_counter(partly, "uninspected.ciphertext-bytes", 25000);
	report_counter(partly, "time.watching-us", 15 * DAY);
	report_counter(partly, "lost.ring-full", 7);
	report_counter(partly, "drop.listed-source", 3);
	report_counter(partly, "would.listed-source", 4);
	b = written(partly, DOCUMENT_TEXT, true);
	CHECK(strstr(b, "! The sensor was watching for 50.0 % of the period"));
	CHECK(strstr(b, "! 7 records or events were lost"));
	CHECK(strstr(b, "25.0 % (25000/100000)"));
	CHECK(strstr(b, "listed-source                3                                  4"), "%s", b);
	report_counter(whole, "packets", 1000);
	report_counter(whole, "time.watching-us", 30 * DAY);
	c = written(whole, DOCUMENT_TEXT, true);
	CHECK(strstr(c, "Nothing needs your attention"));
	CHECK(strstr(c, "Watched 100.0 % of the period"));
}

static void urgent(void)
{
	CLEANUP(threat_set_free) struct threat_set *threats = threats_shipped();
	CLEANUP(report_free) struct report *report = report_of(threats, EXPLAIN_EN);
	AUTO_FREE char *text = NULL;
	json_t *root, *rows;

	for (unsigned int s = 0; s < SEKI_SEVERITY_MAX; s++) {
		for (unsigned int v = 0; v < SEKI_VERDICT_MAX; v++) {
			const struct report_event event = {.t = SEPTEMBER + 1,
							   .severity = (uint8_t)s,
							   .verdict = (uint8_t)v,
							   .gid = 1,
							   .sid = 5,
							   .source = {.b = {[15] = (uint8_t)(s * 16 + v)}},
							   .target = {.b = {[15] = 99}}};
			const struct report_figure figure = {.slot = SEPTEMBER,
							     .severity = (uint8_t)s,
							     .verdict = (uint8_t)v,
							     .gid = 1,
							     .sid = 5,
							     .count = 1,
							     .first = SEPTEMBER + 1,
							     .last = SEPTEMBER + 1};

			CHECK_EQ(report_event(report, &event), 0);
			CHECK_EQ(report_figure(report, &figure), 0);
		}
	}
	text = written(report, DOCUMENT_JSON, true);
	root = json_loads(text, 0, NULL);
	rows = rows_of(root, "not_blocked");
	CHECK_EQ(json_array_size(rows), 1);
	CHECK_EQ(json_integer_value(json_object_get(json_array_get(rows, 0), "count")), 4);
	CHECK(strstr(text, "4 critical attacks were not blocked"));
	rows = rows_of(root, "severities");
	CHECK_EQ(json_integer_value(json_object_get(json_array_get(rows, 4), "sum")), 20);
	CHECK_EQ(json_array_size(rows_of(root, "sources")), 20);
	json_decref(root);
}

/* An attack on Sendmail, on three hosts: one runs it, one has all its products told, of one nothing is known.
 */
static void concerned_by_inventory(void)
{
	static const char inventory[] = "address,port,product,complete\n192.0.2.1,25,Sendmail,\n"
					"192.0.2.2,25,Postfix,yes\n";
	static const char *const words[] = {"applicable", "not applicable", "unknown"};
	CLEANUP(threat_set_free) struct threat_set *threats = threats_shipped();
	CLEANUP(report_free) struct report *report = report_of(threats, EXPLAIN_EN);
	CLEANUP(asset_set_free) struct asset_set *assets = asset_set_new();
	AUTO_FREE char *text = NULL;
	struct asset_fault fault;
	size_t taken;
	json_t *root, *rows;

	CHECK_EQ(asset_read(assets, inventory, sizeof(inventory) - 1, &taken, &fault), 0);
	CHECK_EQ(report_rule(report, 1, 77, "Sendmail overflow",
			     "{\"metadata\":{\"affected_product\":[\"Sendmail\"]}}"),
		 0);
	for (uint8_t host = 1; host <= 3; host++) {
		for (uint8_t n = host; n <= 3; n++) { /* so that the order of rows is known */
			const struct report_event event = {
				.t = SEPTEMBER + 1,
				.severity = SEKI_SEVERITY_CRITICAL,
				.verdict = SEKI_VERDICT_CUT,
				.gid = 1,
				.sid = 77,
				.target = {.b = {[10] = 0xff, [11] = 0xff, 192, 0, 2, host}}};

			CHECK_EQ(report_event(report, &event), 0);
		}
	}
	text = written(report, DOCUMENT_JSON, true);
	/* Without an inventory nothing is claimed. */
	CHECK(!strstr(text, "concerns") && !strstr(text, "begin there"));
	free(text);
	report_assets(report, assets);
	text = written(report, DOCUMENT_JSON, true);
	root = json_loads(text, 0, NULL);
	rows = rows_of(root, "not_blocked");
	CHECK_EQ(json_array_size(rows), 3);
	for (size_t i = 0; i < 3; i++)
		CHECK_STR(cell(rows, i, "concerns"), words[i]);
	CHECK(strstr(text, "3 of them attack a product that the inventory has at the target"));
	json_decref(root);
}

/* Detections from as many addresses as there are of them are counted at once, also where only the last octets
 * differ. */
static void many_addresses(void)
{
	CLEANUP(threat_set_free) struct threat_set *threats = threats_shipped();
	CLEANUP(report_free) struct report *report = report_of(threats, EXPLAIN_EN);
	struct timespec began, ended;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &began);
	for (uint32_t i = 0; i < 300000; i++) {
		const struct report_event event = {
			.t = SEPTEMBER + i,
			.gid = 1,
			.sid = 5,
			.severity = SEKI_SEVERITY_CRITICAL,
			.source = {.b = {[10] = 0xff,
					 [11] = 0xff,
					 198,
					 (uint8_t)(i >> 16),
					 (uint8_t)(i >> 8),
					 (uint8_t)i}},
			.target = {.b = {0x20, 1, [14] = (uint8_t)(i >> 8), (uint8_t)i}}};

		CHECK_EQ(report_event(report, &event), 0);
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
	CHECK(ended.tv_sec - began.tv_sec < 4, "%ld s", (long)(ended.tv_sec - began.tv_sec));
}

/* Texts of packets and rules in every format: they stay texts. */
static void hostile_text(void)
{
	static const char evil[] = "=cmd|'/c'!A1 <script>\"&";
	static const struct document_column columns[] = {{"a", "<b>", false}, {"n", "n", true}};
	CLEANUP(document_free) struct document *document = document_new(EXPLAIN_EN, "<t>");
	AUTO_FREE char *html = NULL, *csv = NULL, *json = NULL, *text = NULL;
	size_t len;

	document_section(document, "s", evil);
	document_say(document, TONE_LOOK, evil);
	document_table(document, columns, 2, evil);
	document_cell(document, evil);
	document_number(document, UINT64_MAX);
	CHECK_EQ(document_write(document, DOCUMENT_HTML, &html, &len), 0);
	CHECK_EQ(document_write(document, DOCUMENT_CSV, &csv, &len), 0);
	CHECK_EQ(document_write(document, DOCUMENT_JSON, &json, &len), 0);
	CHECK_EQ(document_write(document, DOCUMENT_TEXT, &text, &len), 0);
	CHECK(!strstr(html, "<script>") && !strstr(html, "<t>") && !strstr(html, "<b>"));
	CHECK(strstr(csv, "\"'=cmd|'/c'!A1 <script>\"\"&\",\"18446744073709551615\"\r\n"));
	CHECK(strstr(json, "\"=cmd|'/c'!A1 <script>\\\"&\""));
	CHECK(strstr(text, "18446744073709551615"));
}

static void widths(void)
{
	CHECK_EQ(document_width("abc"), 3);
	CHECK_EQ(document_width("関守"), 4);
	CHECK_EQ(document_width("ｶﾅ"), 2); /* halfwidth kana */
	CHECK_EQ(document_width("、ＡＢ"), 6);
	CHECK_EQ(document_width("e\xcc\x81"), 1);
	CHECK_EQ(document_width("\xe9"), 1); /* cut off: no reading beyond the end */
}

static void phrases(void)
{
	AUTO_FREE char *text = phrase_with(EXPLAIN_EN, PHRASE_TITLE_TOP, "10", "{0}");

	CHECK_STR(text, "Detections: TOP 10 of {0}");
	for (int i = 0; i < PHRASE_MAX; i++) {
		for (char at = '0'; at <= '9'; at++) { /* both languages have the same places */
			char place[] = {'{', at, '}', '\0'};

			CHECK(!strstr(phrase(EXPLAIN_EN, i), place) == !strstr(phrase(EXPLAIN_JA, i), place),
			      "%s in \"%s\"", place, phrase(EXPLAIN_EN, i));
		}
	}
}

static const struct ktap_test tests[] = {
	TEST(many_addresses), TEST(newsletter), TEST(emerging), TEST(moves),
	TEST(change),	      TEST(coverage),	TEST(urgent),	TEST(concerned_by_inventory),
	TEST(hostile_text),   TEST(widths),	TEST(phrases),
};
KTAP_MAIN(tests)
