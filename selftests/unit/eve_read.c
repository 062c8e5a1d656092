// SPDX-License-Identifier: GPL-2.0-or-later
/* eve_read.c - lines that we write are read back; lines of strangers do no harm. */
#include <errno.h>

#include "core/eve/eve_read.h"
#include "lib/ktap.h"

static const char alert[] =
	"{\"timestamp\":\"2014-09-29T08:30:00.000250+0900\",\"event_type\":\"alert\",\"in_iface\":\"wan\","
	"\"src_ip\":\"192.0.2.7\",\"src_port\":80,\"dest_ip\":\"2001:db8::1\",\"dest_port\":40000,\"proto\":"
	"\"TCP\","
	"\"alert\":{\"action\":\"allowed\",\"gid\":1,\"signature_id\":9000001,\"rev\":3,\"signature\":\"x "
	"\\u3042\","
	"\"category\":\"c\",\"target\":{\"ip\":\"192.0.2.7\",\"port\":80},\"metadata\":{\"threat\":[\"exe\"]}"
	"},"
	"\"sekimori\":{\"severity\":\"critical\",\"verdict\":\"would_block\"}}";

static void alert_line(void)
{
	struct eve_fields f;

	if (!CHECK_EQ(eve_read(alert, strlen(alert), &f), 0))
		return;
	CHECK_EQ(f.t_us, 1411947000000250ull);
	CHECK_STR(f.type, "alert");
	CHECK_EQ(f.severity, SEKI_SEVERITY_CRITICAL);
	CHECK_EQ(f.verdict, SEKI_VERDICT_WOULD_BLOCK);
	CHECK_EQ(f.sid, 9000001);
	CHECK_EQ(f.rev, 3);
	CHECK_EQ(f.proto, 6);
	CHECK_EQ(f.src_port, 80);
	CHECK_EQ(f.dst_port, 40000);
	CHECK_EQ(f.src.b[15], 7);
	CHECK_EQ(f.src.b[10], 0xff);
	CHECK_EQ(f.dst.b[0], 0x20);
	CHECK(f.target_is_src);
	CHECK_STR(f.label, "x \xe3\x81\x82");
	CHECK_STR(f.rule, "{\"category\":\"c\",\"metadata\":{\"threat\":[\"exe\"]}}");
	eve_fields_end(&f);
}

static void drop_line(void)
{
	static const char line[] =
		"{\"timestamp\":\"2014-09-29T00:00:00Z\",\"event_type\":\"drop\",\"src_ip\":\"198.51.100.1\","
		"\"proto\":\"132\",\"drop\":{\"reason\":\"listed-source\"},\"sekimori\":{\"verdict\":"
		"\"blocked\","
		"\"list\":\"feed\",\"sid\":5}}";
	struct eve_fields f;

	if (!CHECK_EQ(eve_read(line, strlen(line), &f), 0))
		return;
	CHECK_STR(f.label, "listed-source");
	CHECK_STR(f.list, "feed");
	CHECK_EQ(f.verdict, SEKI_VERDICT_BLOCKED);
	CHECK_EQ(f.proto, 132);
	CHECK_EQ(f.sid, 5);
	CHECK_EQ(f.dst.w[0] | f.dst.w[1] | f.dst.w[2] | f.dst.w[3], 0);
	eve_fields_end(&f);
}

static void times(void)
{
	static const struct {
		const char *text;
		uint64_t us;
	} good[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"1970-01-01T09:00:00+0900", 0},
		{"1970-01-01T09:00:01.5+09:00", 1500000},
		{"1970-01-01T00:30:00-0100", 5400000000},
		{"2000-02-29T12:00:00.123456789+0000", 951825600123456},
	};
	static const char *const bad[] = {"",
					  "2014",
					  "2014-09-01 00:00:00",
					  "2014-13-01T00:00:00Z",
					  "2014-09-01T24:00:00Z",
					  "2014-09-01T00:00:00+0960",
					  "2014-09-01T00:00:00+09",
					  "2014-09-01T00:00:00Zx",
					  "1969-12-31T23:59:59Z"};
	uint64_t us = 0;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		CHECK(!eve_read_time(good[i].text, &us) && us == good[i].us, "%s gives %llu", good[i].text,
		      (unsigned long long)us);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(eve_read_time(bad[i], &us) == -EINVAL, "%s", bad[i]);
}

/* Every cut and every changed byte of a line gives an answer, and never another object's memory. */
static void hostile(void)
{
	char line[sizeof(alert)];

	for (size_t at = 0; at < strlen(alert); at++) {
		for (int bit = 0; bit < 8; bit++) {
			struct eve_fields f;

			memcpy(line, alert, sizeof(alert));
			line[at] ^= (char)(1 << bit);
			if (!eve_read(line, strlen(alert), &f)) {
				CHECK(f.severity < SEKI_SEVERITY_MAX && f.verdict < SEKI_VERDICT_MAX);
				eve_fields_end(&f);
			}
		}
		CHECK_EQ(eve_read(alert, at, &(struct eve_fields){0}), -EBADMSG);
	}
	CHECK_EQ(eve_read("[]", 2, &(struct eve_fields){0}), -EBADMSG);
	CHECK_EQ(eve_read("{}", 2, &(struct eve_fields){0}), -EBADMSG);
}

static const struct ktap_test tests[] = {TEST(alert_line), TEST(drop_line), TEST(times), TEST(hostile)};
KTAP_MAIN(tests)
