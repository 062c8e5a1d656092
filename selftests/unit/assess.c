// SPDX-License-Identifier: GPL-2.0-or-later
/* assess.c - a guideline against facts: what is met, what is not, what is not known; files that are none. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/report/assess.h"
#include "lib/file.h"
#include "lib/ktap.h"

static const struct assess_frame frame = {.language = EXPLAIN_EN, .when = "now"};

static struct assess *guideline(const char *text)
{
	struct assess *assess = NULL;
	char why[160] = "";

	CHECK(!assess_new(text, strlen(text), &assess, why), "%s", why);
	return assess;
}

/* One point about facts; the counts as 100 * met + 10 * drifts + unknown. */
static unsigned int judged(const char *point, const char *facts)
{
	CLEANUP(assess_free) struct assess *assess = NULL;
	CLEANUP(document_free) struct document *document = NULL;
	char text[1024];
	json_t *object = json_loads(facts, 0, NULL);
	struct assess_sum sum = {0};

	snprintf(text, sizeof(text),
		 "{\"points\":[{\"id\":\"x\",%s,\"title\":{\"en\":\"T\",\"ja\":\"題\"},\"cause\":{\"en\":\"C "
		 "{row.a}\",\"ja\":\"因\"},\"fix\":\"do {name}\"}]}",
		 point);
	assess = guideline(text);
	CHECK_EQ(assess_report(assess, object, &frame, &document, &sum), 0);
	json_decref(object);
	return sum.met * 100 + sum.drifts * 10 + sum.unknown;
}

enum { MET = 100, DRIFT = 10, UNKNOWN = 1 };

static void relations(void)
{
	static const struct {
		const char *point, *facts;
		unsigned int want;
	} rows[] = {
		{"\"fact\":\"a.b\",\"is\":true", "{\"a\":{\"b\":true}}", MET},
		{"\"fact\":\"a.b\",\"is\":true", "{\"a\":{\"b\":false}}", DRIFT},
		{"\"fact\":\"a.b\",\"is\":true", "{\"a\":{}}", UNKNOWN},
		{"\"fact\":\"a.b\",\"is\":true", "{}", UNKNOWN},
		{"\"fact\":\"a.b\",\"is\":true", "{\"a\":\"b\"}", UNKNOWN},
		{"\"fact\":\"a\",\"is-not\":\"\"", "{\"a\":\"x\"}", MET},
		{"\"fact\":\"a\",\"is-not\":\"\"", "{\"a\":\"\"}", DRIFT},
		{"\"fact\":\"a\",\"is-not\":\"\"", "{}", UNKNOWN},
		{"\"fact\":\"a\",\"at-least\":2", "{\"a\":2}", MET},
		{"\"fact\":\"a\",\"at-least\":2", "{\"a\":1}", DRIFT},
		{"\"fact\":\"a\",\"at-least\":2", "{\"a\":\"many\"}", DRIFT},
		{"\"fact\":\"a\",\"at-most\":2", "{\"a\":2}", MET},
		{"\"fact\":\"a\",\"at-most\":2", "{\"a\":3}", DRIFT},
		{"\"fact\":\"a\",\"at-most\":2", "{}", UNKNOWN},
		{"\"fact\":\"a\",\"one-of\":[1,\"x\"]", "{\"a\":\"x\"}", MET},
		{"\"fact\":\"a\",\"one-of\":[1,\"x\"]", "{\"a\":\"y\"}", DRIFT},
		{"\"fact\":\"a\",\"same-as\":\"b.c\"", "{\"a\":1,\"b\":{\"c\":1}}", MET},
		{"\"fact\":\"a\",\"same-as\":\"b.c\"", "{\"a\":1,\"b\":{\"c\":2}}", DRIFT},
		{"\"fact\":\"a\",\"same-as\":\"b.c\"", "{\"a\":1}", UNKNOWN},
		{"\"fact\":\"a\",\"same-as\":\"b\"", "{}", UNKNOWN},
		{"\"fact\":\"a.b\",\"absent\":true", "{\"a\":{}}", MET},
		{"\"fact\":\"a.b\",\"absent\":true", "{\"a\":{\"b\":1}}", DRIFT},
		{"\"fact\":\"a.b\",\"absent\":true", "{}", UNKNOWN},
		{"\"each\":\"l\",\"fact\":\"a\",\"is\":1", "{\"l\":[{\"a\":1},{\"a\":2},{}]}",
		 MET + DRIFT + UNKNOWN},
		{"\"each\":\"l\",\"fact\":\"a\",\"is\":1", "{\"a\":1}", UNKNOWN},
		{"\"each\":\"l\",\"fact\":\"a\",\"is\":1", "{\"l\":[]}", 0},
		{"\"each\":\"l\",\"fact\":\"a\",\"same-as\":\"z\"", "{\"l\":[{\"a\":1}],\"z\":1}", MET},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned int got = judged(rows[i].point, rows[i].facts);

		CHECK(got == rows[i].want, "%s of %s: %u", rows[i].point, rows[i].facts, got);
	}
}

static void refused(void)
{
#define GOOD "\"title\":{\"en\":\"T\",\"ja\":\"T\"},\"cause\":{\"en\":\"T\",\"ja\":\"T\"},\"fix\":\"f\""
	static const char *const bad[] = {
		"",
		"{}",
		"{\"points\":[]}",
		"{\"points\":[1]}",
		"{\"points\":[{\"fact\":\"a\",\"is\":1," GOOD "}]}",
		"{\"points\":[{\"id\":\"x\",\"is\":1," GOOD "}]}",
		"{\"points\":[{\"id\":\"x\",\"fact\":\"a\"," GOOD "}]}",
		"{\"points\":[{\"id\":\"x\",\"fact\":\"a\",\"is\":1,\"is-not\":2," GOOD "}]}",
		"{\"points\":[{\"id\":\"x\",\"fact\":\"a\",\"at-least\":\"2\"," GOOD "}]}",
		"{\"points\":[{\"id\":\"x\",\"fact\":\"a\",\"one-of\":[]," GOOD "}]}",
		"{\"points\":[{\"id\":\"x\",\"fact\":\"a\",\"same-as\":3," GOOD "}]}",
		"{\"points\":[{\"id\":\"x\",\"fact\":\"a\",\"is\":{}," GOOD "}]}",
		"{\"points\":[{\"id\":\"x\",\"fact\":\"a\",\"iss\":1,\"is\":1," GOOD "}]}",
		"{\"points\":[{\"id\":\"x\",\"fact\":\"a\",\"is\":1,\"title\":{\"en\":\"T\"},"
		"\"cause\":{\"en\":\"T\",\"ja\":\"T\"},\"fix\":\"f\"}]}",
		"{\"points\":[{\"id\":\"x\",\"id\":\"y\",\"fact\":\"a\",\"is\":1," GOOD "}]}",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct assess *assess = NULL;
		char why[160] = "";

		CHECK(assess_new(bad[i], strlen(bad[i]), &assess, why) == -EBADMSG && *why, "%s", bad[i]);
	}
}

/* A daemon that does not answer: one drift that says so, everything else is not known, and nothing is met. */
static void shipped_without_daemon(void)
{
	CLEANUP(assess_free) struct assess *assess = NULL;
	CLEANUP(document_free) struct document *document = NULL;
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *out = NULL;
	json_t *facts = json_loads("{\"answers\":false,\"config\":{\"path\":\"/c\",\"good\":true}}", 0, NULL);
	struct assess_sum sum = {0};
	char why[160] = "";
	size_t len = 0;

	CHECK_EQ(file_read(AT_FDCWD, "rules/guideline.json", 1 << 20, &text, &len), 0);
	CHECK(!assess_new(text, len, &assess, why), "%s", why);
	assess_facts(facts, 1000);
	CHECK_EQ(assess_report(assess, facts, &frame, &document, &sum), 0);
	CHECK_EQ(sum.drifts, 1);
	CHECK_EQ(sum.met, 1);
	CHECK(sum.unknown > 20, "%u", sum.unknown);
	CHECK_EQ(document_write(document, DOCUMENT_TEXT, &out, &len), 0);
	CHECK(strstr(out, "sekimori up --iface IF --config /c"), "%s", out);
	json_decref(facts);
}

static void derived(void)
{
	json_t *facts = json_loads(
		"{\"status\":{\"ifaces\":[{\"name\":\"a\",\"mode\":\"enforce\"},{\"name\":\"b\",\"vlan\":7}],"
		"\"losses\":{\"x\":2,\"y\":3},\"usage\":{\"list_rows\":95,\"list_max\":100},"
		"\"events\":{\"lost\":1,\"store\":{\"lost\":4}}},"
		"\"config\":{\"ifaces\":[{\"name\":\"a\",\"vlan\":0,\"mode\":\"monitor\"},{\"name\":\"b\","
		"\"vlan\":8,"
		"\"mode\":\"enforce\"}]},"
		"\"lists\":{\"lists\":[{\"not_after\":900},{\"not_after\":0},{\"not_after\":2000}]}}",
		0, NULL);
	const json_t *counted, *ifaces, *lists;

	assess_facts(facts, 1000);
	counted = json_object_get(facts, "derived");
	ifaces = json_object_get(json_object_get(facts, "status"), "ifaces");
	lists = json_object_get(json_object_get(facts, "lists"), "lists");
	CHECK_EQ(json_integer_value(json_object_get(counted, "lost")), 5);
	CHECK_EQ(json_integer_value(json_object_get(counted, "events_lost")), 5);
	CHECK_EQ(json_integer_value(json_object_get(counted, "list_percent")), 95);
	CHECK(!strcmp(json_string_value(json_object_get(json_array_get(ifaces, 0), "configured_mode")),
		      "monitor"));
	CHECK(!strcmp(json_string_value(json_object_get(json_array_get(ifaces, 1), "configured_mode")), ""));
	CHECK(json_is_true(json_object_get(json_array_get(lists, 0), "ended")));
	CHECK(json_is_false(json_object_get(json_array_get(lists, 1), "ended")));
	CHECK(json_is_false(json_object_get(json_array_get(lists, 2), "ended")));
	json_decref(facts);
}

static const struct ktap_test tests[] = {TEST(relations), TEST(refused), TEST(shipped_without_daemon),
					 TEST(derived)};
KTAP_MAIN(tests)
