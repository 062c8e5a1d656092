// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/report/asset.h"

#include <errno.h>

#include "core/eve/eve_read.h"
#include "core/web/mask.h"
#include "lib/ktap.h"

static struct seki_addr address(const char *text)
{
	struct seki_addr out = {0};

	CHECK_EQ(eve_read_address(text, &out), 0);
	return out;
}

static int take(struct asset_set *set, const char *text, struct asset_fault *fault)
{
	size_t taken = 0;

	return asset_read(set, text, strlen(text), &taken, fault);
}

static void csv_and_json_are_taken_whole_or_not(void)
{
	CLEANUP(asset_set_free) struct asset_set *set = asset_set_new();
	CLEANUP(asset_set_free) struct asset_set *again = asset_set_new();
	AUTO_FREE char *text = NULL;
	struct asset_fault fault;
	size_t len, taken;

	CHECK_EQ(take(set,
		      "address,port,product,version\n192.0.2.1,25,Postfix,3.7\n\"192.0.2.2\",80,\"Apache, "
		      "httpd\",2.4\n",
		      &fault),
		 0);
	CHECK_EQ(asset_count(set), 2);
	CHECK_EQ(take(set, "address,port,product\n192.0.2.3,80,nginx\n192.0.2.300,80,nginx\n", &fault),
		 -EINVAL);
	CHECK_EQ(fault.line, 3);
	CHECK_EQ(asset_count(set), 2);
	CHECK_EQ(take(set, "address,ports\n192.0.2.3,80\n", &fault), -EINVAL);
	CHECK_EQ(take(set,
		      "[{\"address\":\"2001:db8::1\",\"port\":443,\"cpe\":\"cpe:2.3:a:nginx:nginx:1.22.1:*:*:"
		      "*:*:*:*:*\"}]",
		      &fault),
		 0);
	CHECK_EQ(asset_count(set), 3);
	CHECK_EQ(take(set, "[{\"port\":443,\"product\":\"x\"}]", &fault), -EINVAL);
	/* The same again replaces. */
	CHECK_EQ(take(set, "address,port,product,version\n192.0.2.1,25,Postfix,3.8\n", &fault), 0);
	CHECK_EQ(asset_count(set), 3);
	CHECK_EQ(asset_write(set, ASSETS_ALL, &text, &len), 0);
	CHECK_EQ(asset_read(again, text, len, &taken, &fault), 0);
	CHECK_EQ(taken, 3);
	CHECK(strstr(text, "1.22.1") && strstr(text, "3.8") && !strstr(text, "3.7"));
}

/* M8: an attack on Sendmail at a host that runs Postfix, at one that runs Sendmail, and where nobody knows.
 */
static void unknown_never_reads_as_safe(void)
{
	static const char rule[] = "{\"metadata\":{\"affected_product\":[\"Sendmail\"]}}";
	CLEANUP(asset_set_free) struct asset_set *set = asset_set_new();
	struct seki_addr sendmail = address("192.0.2.1"), postfix = address("192.0.2.2"),
			 web = address("192.0.2.3"), none = address("192.0.2.4"),
			 whole = address("192.0.2.5"), seen = address("192.0.2.6");
	const struct asset *asset;
	struct asset_fault fault;

	CHECK_EQ(take(set,
		      "address,port,product,complete\n192.0.2.1,25,Sendmail,\n192.0.2.2,25,Postfix,\n192.0.2."
		      "3,80,nginx,\n192.0.2.5,0,Postfix,yes\n",
		      &fault),
		 0);
	CHECK(asset_observe(set, &seen, 25, "Postfix/3.7", 1));
	CHECK_EQ(asset_concerns(set, &sendmail, 25, rule, "", &asset), ASSET_APPLICABLE);
	CHECK(asset && !strcmp(asset->product, "Sendmail"));
	CHECK_EQ(asset_concerns(set, &postfix, 25, rule, "", &asset), ASSET_NOT_APPLICABLE);
	CHECK_EQ(asset_concerns(set, &web, 25, rule, "", &asset), ASSET_UNKNOWN);
	CHECK_EQ(asset_concerns(set, &none, 25, rule, "", &asset), ASSET_UNKNOWN);
	CHECK_EQ(asset_concerns(set, &whole, 25, rule, "", &asset), ASSET_NOT_APPLICABLE);
	/* A banner may lie, and is one of several. */
	CHECK_EQ(asset_concerns(set, &seen, 25, rule, "", &asset), ASSET_UNKNOWN);
	/* What lies behind a server is not excluded by the server. */
	CHECK_EQ(asset_concerns(set, &web, 80, "{}", "Bash", &asset), ASSET_UNKNOWN);
	/* A rule that does not say what it is about. */
	CHECK_EQ(asset_concerns(set, &postfix, 25, "{}", "", &asset), ASSET_UNKNOWN);
	CHECK_EQ(asset_concerns(set, &postfix, 25, "{\"metadata\":{\"affected_product\":[\"Any\"]}}", "",
				&asset),
		 ASSET_UNKNOWN);
	CHECK_EQ(asset_concerns(set, &sendmail, 25, NULL, "Sendmail", &asset), ASSET_APPLICABLE);
}

static void banners_are_observed(void)
{
	CLEANUP(asset_set_free) struct asset_set *set = asset_set_new();
	struct seki_addr host = address("192.0.2.1");
	AUTO_FREE char *text = NULL;
	struct asset_fault fault;
	size_t len;

	CHECK(asset_observe(set, &host, 80, "Apache/2.4.57 (Debian)", 1));
	CHECK(!asset_observe(set, &host, 80, "Apache/2.4.57 (Debian)", 2));
	CHECK(asset_observe(set, &host, 80, "nginx/1.22.1", 3));
	CHECK(asset_observe(set, &host, 22, "SSH-2.0-OpenSSH_9.2p1 Debian-2", 4));
	CHECK(!asset_observe(set, &host, 23, "", 5));
	CHECK_EQ(asset_count(set), 2);
	CHECK_EQ(asset_write(set, ASSETS_ALL, &text, &len), 0);
	CHECK(strstr(text, "OpenSSH") && strstr(text, "9.2p1") && !strstr(text, "Apache"));
	CHECK(strstr(text, "cpe:2.3:a:openbsd:openssh:9.2p1:*:*:*:*:*:*:*"));
	CHECK(strstr(text, "cpe:2.3:a:f5:nginx:1.22.1:*:*:*:*:*:*:*"));
	/* What somebody imported stays. */
	CHECK_EQ(take(set, "address,port,product\n192.0.2.1,443,HAProxy\n", &fault), 0);
	CHECK(!asset_observe(set, &host, 443, "Apache/2.4.57", 6));
}

static void secrets_are_masked(void)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"GET /?user=x&password=hunter2&y=1 HTTP/1.1", "GET /?user=x&password=*******&y=1 HTTP/1.1"},
		{"Authorization: Basic aHVudGVy\r\nHost: x", "Authorization: **************\r\nHost: x"},
		{"a\r\nCookie: id=1\r\n", "a\r\nCookie: ****\r\n"},
		{"{\"token\": \"abc\"}", "{\"token\": \"***\"}"},
		{"PASS hunter2\r\n", "PASS *******\r\n"},
		{"by pass to", "by pass to"},
		{"compass=north", "compass=north"},
		{"mail taro.yamada@example.jp now", "mail t**********@example.jp now"},
		{"card 4111 1111 1111 1111.", "card **** **** **** 1111."},
		{"no card 4111 1111 1111 1112.", "no card 4111 1111 1111 1112."},
		{"123456789018", "************"},
		{"123456789012", "123456789012"},
		{"nothing at all", "nothing at all"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_FREE char *masked = mask_text(rows[i].in, strlen(rows[i].in), "x");

		CHECK_STR(masked, rows[i].out);
	}
	{
		AUTO_FREE char *whole = mask_text("id=1", 4, "http.cookie");

		CHECK_STR(whole, "****");
	}
}

/* Imported goes before observed, place by place; each is written to its own file. */
static void observed_joins(void)
{
	CLEANUP(asset_set_free) struct asset_set *set = asset_set_new(), *seen = asset_set_new();
	struct seki_addr host = address("192.0.2.1"), other = address("192.0.2.9");
	AUTO_FREE char *imported = NULL;
	AUTO_FREE char *observed = NULL;
	struct asset_fault fault;
	size_t len;

	CHECK_EQ(take(set, "address,port,product\n192.0.2.1,443,HAProxy\n", &fault), 0);
	CHECK(asset_observe(seen, &host, 443, "nginx/1.22.1", 1));
	CHECK(asset_observe(seen, &host, 80, "nginx/1.22.1", 1));
	CHECK(asset_observe(seen, &other, 443, "a b(c*)/1:2*", 1));
	CHECK_EQ(asset_merge(set, seen), 0);
	CHECK_EQ(asset_count(set), 3);
	CHECK_EQ(asset_write(set, ASSETS_IMPORTED, &imported, &len), 0);
	CHECK(strstr(imported, "HAProxy") && !strstr(imported, "nginx"));
	CHECK_EQ(asset_write(set, ASSETS_OBSERVED, &observed, &len), 0);
	CHECK(!strstr(observed, "HAProxy") && strstr(observed, "nginx") && !strstr(observed, ":443"));
}

static const struct ktap_test tests[] = {
	TEST(csv_and_json_are_taken_whole_or_not),
	TEST(unknown_never_reads_as_safe),
	TEST(banners_are_observed),
	TEST(observed_joins),
	TEST(secrets_are_masked),
};

int main(void)
{
	return ktap_run(tests, ARRAY_LEN(tests));
}
