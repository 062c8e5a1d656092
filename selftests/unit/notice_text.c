// SPDX-License-Identifier: GPL-2.0-or-later
/* notice_text.c - mails that every reader can read, and nothing of an attacker in their headers. */
#include "core/report/notice_text.h"
#include "lib/ktap.h"

static const struct notice_frame frame = {.language = EXPLAIN_JA,
					  .host = "edge",
					  .instance = "",
					  .now = 1411948800000000ull,
					  .zone_s = 9 * 3600};

/* Every length of subject, of one, two, three and four byte characters: lines stay short, words whole. */
static void subjects(void)
{
	static const char *const letters[] = {"a", "\xc3\xa9", "\xe9\x96\xa2", "\xf0\x9f\x94\xa5"};

	for (size_t kind = 0; kind < ARRAY_LEN(letters); kind++) {
		for (int length = 0; length < 120; length++) {
			char subject[512] = "";
			AUTO_FREE char *mail = NULL;

			for (int i = 0; i < length; i++)
				strcat(subject, letters[kind]);
			mail = notice_mail(&frame, "a@b", "c@d", subject, "x", "k");
			for (const char *line = mail; line && *line;) {
				size_t len = strcspn(line, "\r");
				const char *word = memmem(line, len, "=?UTF-8?B?", 10);

				CHECK(len <= 76, "%zu: %.*s", len, (int)len, line);
				/* base64 without a rest and of whole characters: bytes are a multiple of the
				 * letter's */
				if (word) {
					size_t digits = strcspn(word + 10, "?"),
					       pad = word[10 + digits - 1] == '=';

					pad += word[10 + digits - 2] == '=';
					CHECK_EQ(digits % 4, 0);
					CHECK_EQ((digits / 4 * 3 - pad) % strlen(letters[kind]), 0);
				}
				line += len + 2;
			}
		}
	}
}

static void no_injection(void)
{
	AUTO_FREE char *mail = notice_mail(&frame, "a@b", "c@d", "x\r\nBcc: evil@example.com\r\n\r\nbody",
					   "y\r\n.\r\n", "k");
	AUTO_FREE char *line = notice_syslog(&frame, "x\n<34>1 forged", "k\"]", NULL);

	CHECK(!strstr(mail, "\nBcc"));
	CHECK(strstr(mail, "Date: Mon, 29 Sep 2014 09:00:00 +0900\r\n"));
	CHECK(!strchr(line, '\n'));
	CHECK(strstr(line, "[sekimori@32473 id=\"k\\\"\\]\"] \xef\xbb\xbfx <34>1 forged"), "%s", line);
}

static void words(void)
{
	struct notice_message message = {
		.id = 0x5428a3b2ull << 24 | 7, .events = 3, .groups = 1, .row_count = 1};
	AUTO_FREE char *subject = NULL, *body = NULL, *json = NULL, *many = NULL;

	message.rows[0] = (struct notice_row){.sid = 9,
					      .target = {.b = {[10] = 0xff, [11] = 0xff, 192, 0, 2, 1}},
					      .sources = 4096,
					      .count = 3,
					      .verdict = SEKI_VERDICT_CUT,
					      .label = "evil \"quoted\""};
	subject = notice_subject(&frame, &message);
	CHECK_STR(subject, "[関守] 重大な攻撃 (到達後に切断): evil \"quoted\" → 192.0.2.1");
	body = notice_body(&frame, &message);
	CHECK(strstr(body, "4096 以上の送信元"));
	json = notice_json(&frame, &message);
	CHECK(strstr(body, "sekimori ack 5428a3b2-7"));
	CHECK(strstr(json, "\"id\":\"5428a3b2-7\"") && strstr(json, "evil \\\"quoted\\\"") &&
	      strstr(json, "\"verdict\":\"cut\""));
	message.groups = 60;
	many = notice_body(&frame, &message);
	CHECK(strstr(many, "ほかに 59 組"));
}

/* Numbers are read as they are written, and nothing else is one. */
static void numbers(void)
{
	static const char *const bad[] = {"",
					  "7",
					  "-7",
					  "5428a3b2-",
					  "5428a3b2-7x",
					  "5428A3B2-7",
					  "5428a3b2-07",
					  "5428a3b2-16777216",
					  " 5428a3b2-7",
					  "all"};
	struct notice_message message = {.id = notice_id_first(1411948800000000ull)};
	char text[96];
	uint64_t id;

	for (uint64_t i = 0; i < 1000; i++) {
		message.id += i;
		notice_id_text(message.id, text);
		CHECK_EQ(notice_id_read(text, &id), 0);
		CHECK_EQ(id, message.id);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(notice_id_read(bad[i], &id) < 0, "%s", bad[i]);
	message.id = notice_id_first(1411948800000000ull);
	notice_key(&message, text);
	CHECK_STR(text, "5428a100-1");
	message.revision = 3;
	notice_key(&message, text);
	CHECK_STR(text, "5428a100-1.3");
}

static void escalated(void)
{
	struct notice_message message = {.id = 1,
					 .events = 3,
					 .groups = 1,
					 .row_count = 1,
					 .escalation = true,
					 .t_delivered = 1411948800000000ull};
	AUTO_FREE char *subject = notice_subject(&frame, &message), *body = notice_body(&frame, &message);

	CHECK(strstr(subject, "【未確認】") == subject, "%s", subject);
	CHECK(strstr(body, "2014-09-29 09:00:00 から確認されていません"), "%s", body);
}

static const struct ktap_test tests[] = {TEST(subjects), TEST(no_injection), TEST(words), TEST(numbers),
					 TEST(escalated)};
KTAP_MAIN(tests)
