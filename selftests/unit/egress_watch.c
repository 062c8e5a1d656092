// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * egress_watch - what hijacked servers do is found, with evidence, severity
 * and next step in both languages; what ordinary ones do is not. What was
 * found survives being written as a line, read again and reported, and
 * "nothing" is proven only when nothing is missing.
 */
#include <jansson.h>
#include <netinet/in.h>

#include "core/egress/egress_name.h"
#include "core/egress/egress_report.h"
#include "core/report/document.h"
#include "lib/ktap.h"

#define SECOND 1000000ull
#define HOUR   (3600 * SECOND)
#define BEGIN  (1790000000 * SECOND)

struct story {
	struct egress_watch *watch;
	struct egress_report *report;
	unsigned int found[EGRESS_FINDING_MAX];
	struct egress_note last[EGRESS_FINDING_MAX]; /* without their pointers */
};

static void on_note(const struct egress_note *note, void *arg)
{
	struct story *s = arg;
	char *line = NULL;
	size_t len = 0;

	if (note->finding < EGRESS_FINDING_MAX) {
		s->found[note->finding]++;
		s->last[note->finding] = *note;
	}
	CHECK_EQ(egress_line_note(note, &line, &len), 0);
	CHECK(len && line[len - 1] == '\n', "a whole line");
	CHECK_EQ(egress_report_line(s->report, line, len), 0);
	free(line);
}

static void story_begin(struct story *s, uint64_t learn_until)
{
	struct egress_limits limits = {.bulk_bytes = 100 << 20, .learn_until = learn_until};

	memset(s, 0, sizeof(*s));
	if (egress_watch_new(&limits, on_note, s, &s->watch) ||
	    egress_report_new(BEGIN - HOUR, BEGIN + 48 * HOUR, &s->report))
		abort();
}

static void story_end(struct story *s)
{
	egress_watch_free(s->watch);
	egress_report_free(s->report);
}

static struct seki_addr addr4(uint32_t a)
{
	struct seki_addr addr = {.b = {[10] = 0xff, [11] = 0xff}};

	a = htonl(a);
	memcpy(addr.b + 12, &a, 4);
	return addr;
}

/* 10.0.0.5 begins a flow to 198.51.100.n. */
static struct egress_origin origin(uint64_t at, unsigned int n, uint16_t port, bool denied)
{
	static uint16_t sport = 20000;

	return (struct egress_origin){.t_us = at,
				      .host = addr4(0x0a000005),
				      .dst = addr4(0xc6336400 + n),
				      .sport = ++sport,
				      .dport = port,
				      .proto = IPPROTO_TCP,
				      .verdict = denied ? SEKI_VERDICT_BLOCKED : SEKI_VERDICT_PASSED,
				      .denied = denied};
}

static void begin(struct story *s, struct egress_origin o)
{
	egress_watch_origin(s->watch, &o);
}

static void unknown_service(void)
{
	struct story s;
	struct egress_origin o = origin(BEGIN, 1, 4444, true);

	story_begin(&s, 0);
	begin(&s, o);
	begin(&s, o); /* sent again: the same flow */
	CHECK_EQ(s.found[EGRESS_SERVICE], 1);
	CHECK_EQ(s.last[EGRESS_SERVICE].severity, SEKI_SEVERITY_HIGH);
	CHECK_EQ(s.last[EGRESS_SERVICE].count, 1);
	begin(&s, origin(BEGIN + 60 * SECOND, 1, 4444, true));
	CHECK_EQ(s.found[EGRESS_SERVICE], 1);
	begin(&s, origin(BEGIN + HOUR + SECOND, 1, 4444, true));
	CHECK_EQ(s.found[EGRESS_SERVICE], 2);
	o = origin(BEGIN, 2, 4444, true);
	o.verdict = SEKI_VERDICT_WOULD_BLOCK;
	begin(&s, o);
	CHECK_EQ(s.found[EGRESS_SERVICE], 3);
	CHECK_EQ(s.last[EGRESS_SERVICE].severity, SEKI_SEVERITY_CRITICAL);
	begin(&s, origin(BEGIN, 3, 443, false));
	CHECK_EQ(s.found[EGRESS_SERVICE], 3);
	story_end(&s);
}

/* Two processors' records of one moment, the later one first: the hour has not gone by, and no window has. */
static void out_of_order(void)
{
	struct story s;

	story_begin(&s, 0);
	begin(&s, origin(BEGIN + 4000, 1, 4444, true));
	begin(&s, origin(BEGIN, 1, 4444, true));
	CHECK_EQ(s.found[EGRESS_SERVICE], 1);
	story_end(&s);
}

/* jitter: of 60 seconds, per cent to either side */
static unsigned int beacons(unsigned int jitter, uint8_t proto, uint16_t port, struct egress_note *note)
{
	struct story s;
	uint64_t at = BEGIN;
	unsigned int n;

	story_begin(&s, UINT64_MAX);
	srand(11);
	for (int i = 0; i < 24; i++) {
		struct egress_origin o = origin(at, 7, port, false);

		o.proto = proto;
		begin(&s, o);
		at += 60 * SECOND + 600000ull * ((unsigned int)rand() % (2 * jitter + 1)) -
		      600000ull * jitter;
	}
	n = s.found[EGRESS_BEACON];
	*note = s.last[EGRESS_BEACON];
	story_end(&s);
	return n;
}

static void beaconing_with_jitter(void)
{
	struct egress_note note;

	for (unsigned int jitter = 0; jitter <= 20; jitter += 5) {
		CHECK_EQ(beacons(jitter, IPPROTO_TCP, 443, &note), 1);
		CHECK(note.interval_ms > 50000 && note.interval_ms < 70000, "%u ms", note.interval_ms);
		CHECK(note.jitter_permille <= jitter * 10, "%u per mille of %u %%", note.jitter_permille,
		      jitter);
		CHECK_EQ(note.severity, SEKI_SEVERITY_HIGH);
	}
	CHECK(!beacons(80, IPPROTO_TCP, 443, &note), "people are irregular");
	CHECK(!beacons(0, IPPROTO_UDP, 123, &note), "clocks are set by the clock");
}

static void scanning(void)
{
	struct story s;

	story_begin(&s, UINT64_MAX);
	for (unsigned int i = 0; i < 19; i++)
		begin(&s, origin(BEGIN + i * SECOND, i, 445, true));
	CHECK_EQ(s.found[EGRESS_SCAN], 0);
	begin(&s, origin(BEGIN + 20 * SECOND, 20, 445, true));
	CHECK_EQ(s.found[EGRESS_SCAN], 1);
	CHECK(!s.last[EGRESS_SCAN].ports && s.last[EGRESS_SCAN].count == 20, "hosts");
	story_end(&s);
	story_begin(&s, UINT64_MAX);
	for (unsigned int i = 0; i < 20; i++)
		begin(&s, origin(BEGIN + i * SECOND, 1, (uint16_t)(1000 + i), true));
	CHECK(s.found[EGRESS_SCAN] == 1 && s.last[EGRESS_SCAN].ports, "ports of one host");
	story_end(&s);
	story_begin(&s, UINT64_MAX);
	for (unsigned int i = 0; i < 40; i++)
		begin(&s, origin(BEGIN + i * 10 * SECOND, i, 445, true));
	CHECK(!s.found[EGRESS_SCAN], "too slow for the window");
	for (unsigned int i = 0; i < 200; i++)
		begin(&s, origin(BEGIN + HOUR + i * SECOND, i % 100, 443, false));
	CHECK(!s.found[EGRESS_SCAN], "what is permitted is no scan");
	story_end(&s);
}

static void send_bytes(struct story *s, uint64_t at, uint64_t bytes)
{
	struct egress_origin o = origin(at, 1, 443, false);

	egress_watch_bytes(s->watch, at, &o.host, &o.dst, o.proto, o.dport, bytes, 10);
}

static void bulk_first_listed_tunnel_raw(void)
{
	struct story s;
	struct egress_origin o = origin(BEGIN, 1, 443, false);

	story_begin(&s, BEGIN - 1);
	begin(&s, o);
	begin(&s, origin(BEGIN + SECOND, 2, 443, false)); /* the service is known by then */
	for (unsigned int i = 0; i < 8; i++)
		send_bytes(&s, BEGIN + i * HOUR, 60 << 20);
	CHECK_EQ(s.found[EGRESS_BULK], 0);
	send_bytes(&s, BEGIN + 7 * HOUR + SECOND, 60 << 20);
	CHECK_EQ(s.found[EGRESS_BULK], 1);
	CHECK_EQ(s.last[EGRESS_BULK].bytes, 120ull << 20);
	egress_watch_listed(s.watch, &o, true, "bad-addresses");
	egress_watch_listed(s.watch, &o, false, "bad-addresses");
	egress_watch_tunnel(s.watch, &o, "evil.example", 100, 5000);
	egress_watch_raw(s.watch, BEGIN, 7, true);
	for (int i = EGRESS_LISTED_OUT; i < EGRESS_FINDING_MAX; i++)
		CHECK_EQ(s.found[i], 1);
	CHECK_EQ(s.last[EGRESS_RAW].count, 7);
	story_end(&s);
	story_begin(&s, UINT64_MAX);
	begin(&s, o);
	CHECK_EQ(s.found[EGRESS_FIRST], 0);
	story_end(&s);
}

/* --- the report */

static char *report_text(const struct egress_report *report, enum document_format format,
			 enum explain_language lang)
{
	CLEANUP(document_free) struct document *document = NULL;
	char *text = NULL;
	size_t len;

	if (egress_report_document(report, lang, 9 * 3600, &document) ||
	    document_write(document, format, &text, &len))
		abort();
	return text;
}

static unsigned int count_of(const char *text, const char *word)
{
	unsigned int n = 0;

	for (; (text = strstr(text, word)); text++)
		n++;
	return n;
}

/* A cell of the JSON report: of the rows of a section's table that has such a column, the first. */
static const char *cell_of(const json_t *root, const char *key, const char *column)
{
	const json_t *section, *table, *row;
	size_t i, j, k;

	json_array_foreach(json_object_get(root, "sections"), i, section)
	{
		if (strcmp(json_string_value(json_object_get(section, "key")), key) != 0)
			continue;
		json_array_foreach(json_object_get(section, "tables"), j, table)
			json_array_foreach(json_object_get(table, "rows"), k, row) if (
				json_string_value(json_object_get(
					row, column))) return json_string_value(json_object_get(row, column));
	}
	return "";
}

static void findings_are_reported(void)
{
	static const char *const next[] = {[EXPLAIN_EN] = "Look at the program that sent it. If it is wanted",
					   [EXPLAIN_JA] = "業務上必要なら宛先を限定して許可し"};
	struct story s;
	struct egress_origin o = origin(BEGIN, 1, 443, false);
	json_t *json;

	story_begin(&s, 0);
	begin(&s, origin(BEGIN, 9, 4444, true));
	egress_watch_listed(s.watch, &o, true, "bad-addresses");
	egress_watch_tunnel(s.watch, &o, "evil.example", 100, 5000);
	egress_watch_raw(s.watch, BEGIN, 7, true);
	egress_watch_flush(s.watch, BEGIN + 60 * SECOND);
	egress_report_close(s.report);
	CHECK_EQ(egress_report_verdict(s.report), EGRESS_FOUND);
	for (int lang = EXPLAIN_EN; lang <= EXPLAIN_JA; lang++) {
		char *text = report_text(s.report, DOCUMENT_TEXT, (enum explain_language)lang);

		CHECK_EQ(count_of(text, next[lang]), 1);
		CHECK(strstr(text, "10.0.0.5") && strstr(text, "198.51.100.9") && strstr(text, "4444") &&
			      strstr(text, "evil.example") && strstr(text, "bad-addresses") &&
			      strstr(text, "UTC+09:00"),
		      "%s", text);
		CHECK(!strstr(text, "unknown-service"), "words for programs: %s", text);
		free(text);
		text = report_text(s.report, DOCUMENT_HTML, (enum explain_language)lang);
		CHECK(strstr(text, "</html>") && strstr(text, "evil.example"), "HTML");
		CHECK(count_of(text, "<svg") >= 1 && count_of(text, "<path") == 4, "a mark for each finding");
		CHECK(!strstr(text, "unknown-service"), "words for programs");
		free(text);
		text = report_text(s.report, DOCUMENT_CSV, (enum explain_language)lang);
		CHECK(strstr(text, "\"198.51.100.9\",\"TCP/4444\"") && strstr(text, "unknown-service"), "%s",
		      text);
		free(text);
		text = report_text(s.report, DOCUMENT_JSON, (enum explain_language)lang);
		json = json_loads(text, 0, NULL);
		CHECK(!strcmp(cell_of(json, "verdict", "verdict"), "found"), "JSON: %s", text);
		CHECK(strstr(text, "\"service\": \"TCP/4444\""), "JSON: %s", text);
		json_decref(json);
		free(text);
	}
	story_end(&s);
}

/* What strangers name their programs reaches neither terminal nor browser. */
static void hostile_names(void)
{
	static const char line[] =
		"{\"event_type\":\"egress\",\"dest_ip\":\"198.51.100.9\",\"dest_port\":4444,\"proto\":"
		"\"TCP\","
		"\"egress\":{\"kind\":\"talk\",\"first\":%llu,\"last\":%llu,\"flows\":1,\"blocked\":1,"
		"\"process\":{\"pid\":7,\"exe\":\"/tmp/\\u001b[2J\\u009b<script>=x\"}},"
		"\"sekimori\":{\"verdict\":\"blocked\"}}";
	CLEANUP(egress_report_free) struct egress_report *report = NULL;
	char text[sizeof(line) + 40], *out;

	snprintf(text, sizeof(text), line, (unsigned long long)BEGIN, (unsigned long long)BEGIN);
	if (egress_report_new(BEGIN, BEGIN + HOUR, &report))
		abort();
	CHECK_EQ(egress_report_line(report, text, strlen(text)), 0);
	egress_report_close(report);
	for (int format = 0; format < DOCUMENT_FORMATS; format++) {
		out = report_text(report, (enum document_format)format, EXPLAIN_EN);
		CHECK(strstr(out, "/tmp/"), "%s", out);
		CHECK(!strchr(out, 0x1b) && !strstr(out, "\xc2\x9b"), "format %d: control characters",
		      format);
		CHECK(format != DOCUMENT_HTML || !strstr(out, "<script>"), "markup");
		free(out);
	}
}

/* Two days of minutes, all of it seen, and a canary each five. */
static void cover(struct egress_report *report, void (*spoil)(struct egress_coverage *c), uint64_t at)
{
	for (uint64_t t = BEGIN - HOUR; t < BEGIN + 48 * HOUR; t += 60 * SECOND) {
		struct egress_coverage c = {.from = t,
					    .to = t + 60 * SECOND,
					    .attached_us = 60 * SECOND,
					    .packets = 10,
					    .canaries_due = t % (300 * SECOND) < 60 * SECOND,
					    .enforcing = true,
					    .raw_covered = true,
					    .xdp_covered = true};
		char *line = NULL;
		size_t len = 0;

		c.canaries_seen = c.canaries_due;
		if (spoil && t <= at && at < c.to)
			spoil(&c);
		if (!c.to)
			continue;
		CHECK_EQ(egress_line_coverage(&c, &line, &len), 0);
		CHECK_EQ(egress_report_line(report, line, len), 0);
		free(line);
	}
}

static unsigned int spoiled_gap;
static void spoil_gap(struct egress_coverage *c)
{
	c->gaps[spoiled_gap] = 1;
}
static void spoil_absent(struct egress_coverage *c)
{
	c->to = 0;
}
static void spoil_canary(struct egress_coverage *c)
{
	c->canaries_due = 1;
	c->canaries_seen = 0;
}
static void spoil_raw(struct egress_coverage *c)
{
	c->raw_covered = false;
}
static void spoil_xdp(struct egress_coverage *c)
{
	c->xdp_covered = false;
}

static void spoil_twice(struct egress_coverage *c)
{
	c->from -= 30 * SECOND; /* it was told before: the clock went back, or it is another sensor's */
}
static enum egress_verdict verdict_of(void (*spoil)(struct egress_coverage *c), const char *line)
{
	CLEANUP(egress_report_free) struct egress_report *report = NULL;
	char *text;

	if (egress_report_new(BEGIN - HOUR, BEGIN + 48 * HOUR, &report))
		abort();
	cover(report, spoil, BEGIN);
	if (line)
		CHECK_EQ(egress_report_line(report, line, strlen(line)), 0);
	egress_report_close(report);
	text = report_text(report, DOCUMENT_TEXT, EXPLAIN_EN);
	CHECK(!strstr(text, ", proven") == (egress_report_verdict(report) != EGRESS_ZERO), "%s", text);
	CHECK(!strstr(text, "because") == (egress_report_verdict(report) != EGRESS_UNPROVEN), "%s", text);
	free(text);
	return egress_report_verdict(report);
}

static void zero_is_proven_or_not_said(void)
{
	static void (*const spoils[])(struct egress_coverage *) = {spoil_absent, spoil_canary, spoil_raw,
								   spoil_xdp, spoil_twice};

	CHECK_EQ(verdict_of(NULL, NULL), EGRESS_ZERO);
	for (size_t i = 0; i < ARRAY_LEN(spoils); i++)
		CHECK(verdict_of(spoils[i], NULL) == EGRESS_UNPROVEN, "spoil %zu", i);
	for (spoiled_gap = 0; spoiled_gap < EGRESS_GAP_MAX; spoiled_gap++)
		CHECK(verdict_of(spoil_gap, NULL) == EGRESS_UNPROVEN, "%s", egress_gap_names[spoiled_gap]);
	CHECK_EQ(verdict_of(NULL, "{\"event_type\":\"egress\",\"egress\":{\"kind\":\"finding\"\n"),
		 EGRESS_UNPROVEN);
}

static void one_more_span(struct egress_report *report, uint64_t from, uint32_t due, uint32_t seen)
{
	struct egress_coverage c = {.from = from,
				    .to = from + 60 * SECOND,
				    .attached_us = 60 * SECOND,
				    .packets = 1,
				    .canaries_due = due,
				    .canaries_seen = seen,
				    .enforcing = true,
				    .raw_covered = true,
				    .xdp_covered = true};
	char *line = NULL;
	size_t len = 0;

	CHECK_EQ(egress_line_coverage(&c, &line, &len), 0);
	CHECK_EQ(egress_report_line(report, line, len), 0);
	free(line);
}

static enum egress_verdict verdict_of_two(uint32_t first_seen, uint32_t second_seen, uint64_t to,
					  uint64_t lost)
{
	CLEANUP(egress_report_free) struct egress_report *report = NULL;

	if (egress_report_new(BEGIN, to, &report))
		abort();
	one_more_span(report, BEGIN, 1, first_seen);
	one_more_span(report, BEGIN + 60 * SECOND, 1, second_seen);
	egress_report_lost(report, lost);
	egress_report_close(report);
	return egress_report_verdict(report);
}

static void zero_is_not_lied_about(void)
{
	CHECK_EQ(verdict_of_two(1, 1, BEGIN + 120 * SECOND, 0), EGRESS_ZERO);
	/* one canary too many does not make up for one that is missing */
	CHECK_EQ(verdict_of_two(2, 0, BEGIN + 120 * SECOND, 0), EGRESS_UNPROVEN);
	/* the period goes on where the sensor does not, be it for a moment */
	CHECK_EQ(verdict_of_two(1, 1, BEGIN + 120 * SECOND + 1, 0), EGRESS_UNPROVEN);
	CHECK_EQ(verdict_of_two(1, 1, BEGIN + 48 * HOUR, 0), EGRESS_UNPROVEN);
	/* the store has lost what may have been a finding */
	CHECK_EQ(verdict_of_two(1, 1, BEGIN + 120 * SECOND, 1), EGRESS_UNPROVEN);
}

/* The nearest row that has a name; it comes through line, report and document, and the address stays. */
static void hosts_have_names(void)
{
	struct policy_host rows[] = {
		{.prefix = {.addr = {[10] = 0xff, [11] = 0xff, [12] = 10}, .len = 96 + 8}, .name = "ten"},
		{.prefix = {.addr = {[10] = 0xff, [11] = 0xff, [12] = 10}, .len = 96 + 20}, .name = ""},
		{.prefix = {.addr = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 5}, .len = 128},
		 .name = "mail"},
		{.prefix = {.addr = {0x20, 0x01, 0x0d, 0xb8, 0x40}, .len = 35}, .name = "six"},
		{.self = 1, .name = "edge"},
	};
	struct policy policy = {.hosts = rows, .host_count = ARRAY_LEN(rows)};
	CLEANUP(egress_names_free) struct egress_names *names = NULL;
	struct seki_addr five = addr4(0x0a000005), six = addr4(0x0a000006), other = addr4(0x0b000005),
			 self = {0}, in = {.b = {0x20, 0x01, 0x0d, 0xb8, 0x5f}},
			 out = {.b = {0x20, 0x01, 0x0d, 0xb8, 0x60}};

	CHECK(!egress_names_find(NULL, &five), "no table, no name");
	CHECK_EQ(egress_names_make(&policy, &names), 0);
	CHECK_STR(egress_names_find(names, &five), "mail");
	CHECK_STR(egress_names_find(names, &six), "ten");
	CHECK_STR(egress_names_find(names, &in), "six");
	CHECK_STR(egress_names_find(names, &self), "edge");
	CHECK(!egress_names_find(names, &other) && !egress_names_find(names, &out), "nobody's");
}

static void report_has_names(void)
{
	struct egress_talk talk = {.host = addr4(0x0a000005),
				   .dst = addr4(0xc6336401),
				   .dport = 25,
				   .proto = IPPROTO_TCP,
				   .first = BEGIN,
				   .last = BEGIN + SECOND,
				   .flows = 1};
	struct egress_note note = {.finding = EGRESS_FINDING_MAX, .t_us = BEGIN + SECOND, .talk = &talk};
	CLEANUP(egress_report_free) struct egress_report *report = NULL;
	CLEANUP(document_free) struct document *document = NULL;
	char *text = NULL;
	size_t len;

	if (egress_report_new(BEGIN - HOUR, BEGIN + HOUR, &report))
		abort();
	for (int i = 0; i < 2; i++) { /* renamed in between: one row, by its last name */
		char *line = NULL;

		note.name = i ? "mail" : "old";
		talk.last += SECOND;
		CHECK_EQ(egress_line_note(&note, &line, &len), 0);
		CHECK_EQ(egress_report_line(report, line, len), 0);
		free(line);
	}
	egress_report_close(report);
	CHECK_EQ(egress_report_document(report, EXPLAIN_EN, 0, &document), 0);
	CHECK_EQ(document_write(document, DOCUMENT_CSV, &text, &len), 0);
	CHECK(strstr(text, "mail (10.0.0.5)") && strstr(text, "\"10.0.0.5\",\"mail\"") &&
		      !strstr(text, "old"),
	      "name and address, together and apart");
	free(text);
}

/* The finding was told before the period, which is not empty for that. */
static void denied_flows_are_no_zero(void)
{
	CLEANUP(egress_report_free) struct egress_report *report = NULL;
	struct story s;
	char *text;

	story_begin(&s, UINT64_MAX);
	if (egress_report_new(BEGIN, BEGIN + HOUR, &report))
		abort();
	begin(&s, origin(BEGIN - SECOND, 9, 4444, true));
	egress_watch_flush(s.watch, BEGIN - SECOND);
	egress_report_free(s.report);
	s.report = TAKE_PTR(report); /* the rest of the story is in the period */
	begin(&s, origin(BEGIN + 60 * SECOND, 9, 4444, true));
	CHECK_EQ(s.found[EGRESS_SERVICE], 1);
	egress_watch_flush(s.watch, BEGIN + 70 * SECOND);
	cover(s.report, NULL, 0);
	egress_report_close(s.report);
	CHECK_EQ(egress_report_verdict(s.report), EGRESS_FOUND);
	text = report_text(s.report, DOCUMENT_TEXT, EXPLAIN_EN);
	CHECK(strstr(text, "1 detections") && strstr(text, "4444"), "%s", text);
	free(text);
	story_end(&s);
}

static void damaged_lines(void)
{
	static const char line[] = "{\"timestamp\":\"2026-09-21T14:13:20.000000+0000\",\"event_type\":"
				   "\"egress\",\"src_ip\":\"10.0.0.5\",\"dest_ip\":"
				   "\"198.51.100.9\",\"dest_port\":4444,\"proto\":\"TCP\",\"egress\":{"
				   "\"kind\":\"finding\",\"finding\":\"beaconing\",\"first\":1,"
				   "\"last\":2,\"flows\":3,\"blocked\":1,\"would_block\":0,\"bytes_out\":5,"
				   "\"bytes_in\":6,\"process\":{\"pid\":7,\"comm\":\"x\"},"
				   "\"evidence\":{\"count\":3,\"interval_ms\":4,\"jitter_permille\":5}},"
				   "\"sekimori\":{\"verdict\":\"blocked\",\"severity\":"
				   "\"high\"}}\n";
	CLEANUP(egress_report_free) struct egress_report *report = NULL;
	char text[sizeof(line)];

	if (egress_report_new(1, UINT64_MAX, &report))
		abort();
	CHECK_EQ(egress_report_line(report, line, sizeof(line) - 1), 0);
	srand(17);
	for (int i = 0; i < 100000; i++) {
		size_t len = sizeof(line) - 1 - (i % 5 ? 0 : (size_t)rand() % (sizeof(line) - 1));

		memcpy(text, line, sizeof(line));
		for (int n = rand() % 4; n >= 0; n--)
			text[(size_t)rand() % (sizeof(line) - 1)] = (char)rand();
		CHECK_EQ(egress_report_line(report, text, len), 0);
	}
	egress_report_close(report);
	for (int format = 0; format < DOCUMENT_FORMATS; format++)
		free(report_text(report, (enum document_format)format, EXPLAIN_JA));
}

static const struct ktap_test tests[] = {
	TEST(unknown_service),
	TEST(out_of_order),
	TEST(beaconing_with_jitter),
	TEST(scanning),
	TEST(bulk_first_listed_tunnel_raw),
	TEST(findings_are_reported),
	TEST(hostile_names),
	TEST(zero_is_proven_or_not_said),
	TEST(hosts_have_names),
	TEST(report_has_names),
	TEST(zero_is_not_lied_about),
	TEST(denied_flows_are_no_zero),
	TEST(damaged_lines),
};
KTAP_MAIN(tests)
