// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/web/page.h"

#include <errno.h>

#include "core/web/web_request.h"
#include "lib/ktap.h"

static char *taken(struct page *page)
{
	char *out = NULL;
	size_t len;

	if (page_take(page, &out, &len))
		return strdup("(fault)");
	return out;
}

#define WRITTEN(expected, ...)                                                                               \
	do {                                                                                                 \
		CLEANUP(page_free) struct page *page = page_new();                                           \
		AUTO_FREE char *text = NULL;                                                                 \
		page_put(page, __VA_ARGS__);                                                                 \
		text = taken(page);                                                                          \
		CHECK_STR(text, expected);                                                                   \
	} while (0)

static void text_is_escaped_by_its_place(void)
{
	WRITTEN("<p>&lt;script&gt;&amp;&quot;&#39;</p>", "<p>%s</p>", "<script>&\"'");
	WRITTEN("<a title=\"&quot; onclick=&quot;x\">y</a>", "<a title=\"%s\">y</a>", "\" onclick=\"x");
	WRITTEN("<a href=\"/x?a=%26b%3D%22%20%2F\">y</a>", "<a href=\"/x?a=%s\">y</a>", "&b=\" /");
	WRITTEN("<a href=\"/x/7\">7 -7</a>", "<a href=\"/x/%u\">%u %d</a>", 7u, 7u, -7);
	WRITTEN("<rect width=\"100%\"/>", "<rect width=\"100%%\"/>");
	WRITTEN("<b>ab</b>", "<b>%.*s</b>", 2, "abc");
}

static void places_where_nothing_is_safe_fail_the_page(void)
{
	WRITTEN("(fault)", "<a href=\"%s\">y</a>", "javascript:alert(1)");
	WRITTEN("(fault)", "<p %s>", "x");
	WRITTEN("(fault)", "<%s>", "script");
	WRITTEN("(fault)", "<p onclick=\"%s\">", "x");
	WRITTEN("(fault)", "<p style=\"%s\">", "x");
	WRITTEN("(fault)", "<script>%s</script>", "x");
	WRITTEN("(fault)", "<style>%s</style>", "x");
	WRITTEN("(fault)", "<p title=%s>", "x");
	WRITTEN("(fault)", "<p title='%s'>", "x");
	WRITTEN("(fault)", "<p title=\"%s", "x");
}

static void characters_that_deceive_are_shown_as_such(void)
{
	WRITTEN("<p>a\xef\xbf\xbd"
		"b</p>",
		"<p>%s</p>",
		"a\x01"
		"b");
	WRITTEN("<p>\xef\xbf\xbd"
		"cod.exe</p>",
		"<p>%s</p>",
		"\xe2\x80\xae"
		"cod.exe");						     /* right to left */
	WRITTEN("<p>\xef\xbf\xbd\xef\xbf\xbd</p>", "<p>%s</p>", "\xc0\xaf"); /* overlong */
	WRITTEN("<p>\xef\xbf\xbd"
		"&lt;</p>",
		"<p>%s</p>", "\xe3<"); /* a cut character hides nothing */
	WRITTEN("<p>日本</p>", "<p>%s</p>", "日本");
}

static void forms_are_read_or_refused(void)
{
	struct web_form form;
	uint64_t number = 0;

	if (CHECK_EQ(web_form_read("a=1&b=x%20y+z&c&&a=2&d=%e3%81%82", 32, &form), 0)) {
		CHECK_STR(web_form_get(&form, "a"), "1");
		CHECK_STR(web_form_get(&form, "b"), "x y z");
		CHECK_STR(web_form_get(&form, "c"), "");
		CHECK_STR(web_form_get(&form, "d"), "あ");
		CHECK_STR(web_form_get(&form, "e"), "");
		CHECK(web_form_number(&form, "a", 5, &number) && number == 1);
		CHECK(!web_form_number(&form, "a", 0, &number) && !web_form_number(&form, "b", 5, &number));
		web_form_end(&form);
	}
	CHECK_EQ(web_form_read("a=%00", 5, &form), -EINVAL);
	CHECK_EQ(web_form_read("a=%2", 4, &form), -EINVAL);
	CHECK_EQ(web_form_read("a=%zz", 5, &form), -EINVAL);
	CHECK_EQ(web_form_read("a=\x01", 3, &form), -EINVAL);
}

static void paths_fit_or_do_not(void)
{
	static const struct {
		const char *pattern, *path;
		bool fits;
	} rows[] = {
		{"/", "/", true},
		{"/", "//", false},
		{"/alerts", "/alerts", true},
		{"/alerts", "/alerts/", false},
		{"/alerts", "/alertsx", false},
		{"/alerts/:id", "/alerts/42", true},
		{"/alerts/:id", "/alerts/", false},
		{"/alerts/:id", "/alerts/-1", false},
		{"/alerts/:id", "/alerts/4%32", false},
		{"/alerts/:id", "/alerts/42/x", false},
		{"/alerts/:id/ack", "/alerts/42/ack", true},
		{"/alerts/:id/ack", "/alerts/42", false},
		{"/reports/:name", "/reports/security-log", true},
		{"/reports/:name", "/reports/..", false},
		{"/reports/:name", "/reports/.", false},
		{"/reports/:name", "/reports/A", false},
		{"/alerts", "alerts", false},
		{"/alerts", "", false},
	};
	struct web_captured captured;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK(web_path_fits(rows[i].pattern, text_of(rows[i].path), &captured) == rows[i].fits,
		      "%s %s", rows[i].pattern, rows[i].path);
	CHECK(web_path_fits("/alerts/:id", text_of("/alerts/42"), &captured) && captured.id == 42);
}

static void hosts_and_origins_are_ours_or_not(void)
{
	static const char *const ours[] = {"localhost",	     "localhost:7443", "127.0.0.1",
					   "127.0.0.1:7443", "[::1]",	       "[::1]:7443",
					   "edge.example",   "EDGE.example:1", "192.0.2.1:80"};
	static const char *const others[] = {"",
					     "evil.example",
					     "127.0.0.1.evil.example",
					     "localhost.evil.example",
					     "edge.example.evil",
					     ":80",
					     "127.0.0.1:x",
					     "127.0.0.1/8",
					     "[::1",
					     "::1",
					     "127.0.0.1:80:90"};
	struct text value;

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		CHECK(web_host_ours(text_of(ours[i]), "edge.example"), "%s", ours[i]);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		CHECK(!web_host_ours(text_of(others[i]), "edge.example"), "%s", others[i]);
	CHECK(!web_host_ours(text_of(""), ""));
	CHECK(web_origin_ours(text_of("http://localhost:7443"), text_of("localhost:7443"), false));
	CHECK(!web_origin_ours(text_of("http://localhost:7443"), text_of("localhost:7443"), true));
	CHECK(!web_origin_ours(text_of("null"), text_of("localhost:7443"), false));
	CHECK(!web_origin_ours(text_of("http://localhost:7443.evil"), text_of("localhost:7443"), false));
	CHECK(web_cookie(text_of("a=1; sekimori=x; b=2"), "sekimori", &value) && text_is(value, "x"));
	CHECK(!web_cookie(text_of("xsekimori=1"), "sekimori", &value));
}

static const struct ktap_test tests[] = {
	TEST(text_is_escaped_by_its_place),
	TEST(places_where_nothing_is_safe_fail_the_page),
	TEST(characters_that_deceive_are_shown_as_such),
	TEST(forms_are_read_or_refused),
	TEST(paths_fit_or_do_not),
	TEST(hosts_and_origins_are_ours_or_not),
};

int main(void)
{
	return ktap_run(tests, ARRAY_LEN(tests));
}
