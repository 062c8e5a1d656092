// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * http_uri - request targets and what rules see of them.
 */
#include "core/app/http_uri.h"

#include "lib/ktap.h"

struct row {
	const char *in, *out, *host;
};

static const struct row rows[] = {
	{"/", "/", ""},
	{"/index.html?a=b", "/index.html?a=b", ""},
	{"http://www.example.com:80/a/b?x#y", "/a/b?x#y", "www.example.com"},
	{"http://user:pass@example.com/p", "/p", "example.com"},
	{"http://[2001:db8::1]:8080/p", "/p", "[2001:db8::1]"},
	{"http://example.com", "", "example.com"},
	/* one level of decoding, in path and query */
	{"/%2e%2e/%65tc", "/etc", ""},
	{"/a%252fb", "/a%2fb", ""},
	{"/a?b=%27%20or%201", "/a?b=' or 1", ""},
	{"/a?b=%2527", "/a?b=%27", ""},
	{"/a+b?c+d", "/a+b?c+d", ""},
	/* what is no encoding stays */
	{"/100%", "/100%", ""},
	{"/a%zz%4", "/a%zz%4", ""},
	{"/a%u12", "/a%u12", ""},
	{"/a?%u002fb", "/a?/b", ""},
	{"/%u0041", "/A", ""},
	{"/%uff0e%uff0e/x", "/x", ""},
	/* separators */
	{"/a//b///c", "/a/b/c", ""},
	{"/a\\b\\..\\c", "/a/c", ""},
	{"/a%5cb", "/a/b", ""},
	{"/a%2fb", "/a/b", ""},
	{"/a?b\\c//d", "/a?b\\c//d", ""},
	/* dot segments */
	{"/./a/./b", "/a/b", ""},
	{"/a/../b", "/b", ""},
	{"/../../etc/passwd", "/etc/passwd", ""},
	{"/a/b/../../../c", "/c", ""},
	{"/scripts/..%c0%af../winnt/system32/cmd.exe?/c+dir", "/winnt/system32/cmd.exe?/c+dir", ""},
	{"/a/..b/.c", "/a/..b/.c", ""},
	{"/a/b/..", "/a", ""},
	{"/a/", "/a/", ""},
	{"/a/.", "/a", ""},
	{"../a", "a", ""},
	{"*", "*", ""},
	/* UTF-8, overlong and broken */
	{"/%c3%a9", "/\xe9", ""},
	{"/%c0%ae%c0%ae/x", "/x", ""},
	{"/%ff", "/?", ""},
	{"/%e2%82x", "/?x", ""},
	{"/x%00y", NULL, ""}, /* holds a NUL, looked at below */
};

static void table(void)
{
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct blob out = {};
		struct span host, in = {(const uint8_t *)rows[i].in, (uint32_t)strlen(rows[i].in)};
		bool some = http_uri_normalise(in, &out, 65536, &host);

		if (rows[i].out) {
			CHECK(some == (rows[i].out[0] != '\0'), "%s", rows[i].in);
			CHECK(out.len == strlen(rows[i].out) && !memcmp(out.data, rows[i].out, out.len),
			      "%s: got %.*s, not %s", rows[i].in, (int)out.len, (char *)out.data,
			      rows[i].out);
		} else {
			CHECK(out.len == 4 && !memcmp(out.data, "/x\0y", 4));
		}
		CHECK(host.len == strlen(rows[i].host) &&
			      !memcmp(host.data ? (const char *)host.data : "", rows[i].host, host.len),
		      "%s: host %.*s", rows[i].in, (int)host.len, (const char *)host.data);
		blob_free(&out);
	}
}

static void limit(void)
{
	struct blob out = {};
	struct span host;

	CHECK(!http_uri_normalise((struct span){(const uint8_t *)"/abcdef", 7}, &out, 6, &host));
	CHECK_EQ(out.len, 0);
	CHECK(!http_uri_normalise((struct span){NULL, 0}, &out, 6, &host));
	blob_free(&out);
}

static const struct ktap_test tests[] = {TEST(table), TEST(limit)};
KTAP_MAIN(tests)
