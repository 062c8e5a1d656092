// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_smtp - sessions cut at every byte: commands, mails, BDAT, STARTTLS.
 */
#include "lib/session.h"

#define PLAY(turns, status) session_check(APP_SMTP, turns, sizeof(turns) / sizeof((turns)[0]), status)

static void mails(void)
{
	static const struct turn turns[] = {
		FROM_SERVER("220-mail\r\n220 ready\r\n"),
		FROM_CLIENT("EHLO client.example\r\n"),
		FROM_SERVER("250-mail\r\n250 SIZE\r\n"),
		FROM_CLIENT("MAIL FROM:<a@b> SIZE=10\r\nRCPT TO:<c@d>\r\nrcpt to: <e@f>\r\nDATA\r\n"),
		FROM_SERVER("250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n"),
		FROM_CLIENT("Content-Type: multipart/mixed;\r\n boundary=\"b 1\"\r\n\r\npreamble\r\n--b 1\r\n"
			    "Content-Type: text/plain\r\n\r\nno file\r\n--b 1\r\n"
			    "Content-Disposition: attachment; "
			    "filename=\"x.exe\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
			    "TVqQAAMAAAA\r\nEAAAA//8=\r\n\r\n--b 1\r\nContent-Type: application/x; name=y\r\n"
			    "Content-Transfer-Encoding: quoted-printable\r\n\r\na=3Db=\r\nc\r\n..dot\r\n--b "
			    "1--\r\n.\r\n"
			    "MAIL FROM:<g@h>\r\nDATA\r\n"),
		FROM_SERVER("250 queued\r\n250 ok\r\n354 go\r\n"),
		FROM_CLIENT("Subject: x\r\n\r\nbody\r\n.\r\nQUIT\r\n"),
	};
	char *text = PLAY(turns, NULL);

	CHECK_LINE(text, "0 smtp.helo S0=client.example");
	CHECK_LINE(text, "0 smtp.mail_from S0=<a@b>");
	CHECK_LINE(text, "0 smtp.rcpt_to S0=<c@d>");
	CHECK_LINE(text, "0 smtp.rcpt_to S1=<e@f>");
	CHECK_LINE(text, "0 smtp.command_line S1=MAIL FROM:<a@b> SIZE=10");
	CHECK_LINE(text, "0 smtp.command_line S4=DATA");
	CHECK_LINE(text, "0 file.data S0=MZ\\x90\\x00\\x03\\x00\\x00\\x00\\x04\\x00\\x00\\x00\\xff\\xff");
	CHECK_LINE(text, "0 file.name S0=x.exe");
	CHECK_LINE(text, "0 file.data S1=a=bc\\r\\n.dot");
	CHECK_LINE(text, "0 file.name S1=y");
	CHECK_LINE(text, "1 smtp.helo S0=client.example");
	CHECK_LINE(text, "1 smtp.mail_from S0=<g@h>");
	CHECK_LINE(text, "2 smtp.command_line S0=QUIT");
	CHECK_NO(text, "file.data S2");
	CHECK_NO(text, "no file");
	free(text);
}

static void bdat(void)
{
	static const struct turn turns[] = {
		FROM_CLIENT("EHLO x\r\nMAIL FROM:<a@b>\r\nBDAT 65\r\nContent-Type: x/y; "
			    "name=n\r\nContent-Transfer-Encoding: base64\r\n"
			    "\r\nTBDAT 3 LAST\r\nVo=RSET\r\n"),
	};
	char *text = PLAY(turns, NULL);

	CHECK_LINE(text, "0 file.data S0=MZ");
	CHECK_LINE(text, "0 smtp.command_line S3=BDAT 3 LAST");
	CHECK_LINE(text, "1 smtp.command_line S0=RSET");
	free(text);
}

/* The server refuses DATA: what follows are commands, not mail. */
static void refused(void)
{
	static const struct turn turns[] = {
		FROM_SERVER("220 x\r\n"), FROM_CLIENT("EHLO x\r\n"), FROM_SERVER("250 x\r\n"),
		FROM_CLIENT("DATA\r\n"),  FROM_SERVER("503 no\r\n"), FROM_CLIENT("MAIL FROM:<later@x>\r\n"),
	};
	char *text = PLAY(turns, NULL);

	CHECK_LINE(text, "0 smtp.mail_from S0=<later@x>");
	free(text);
}

static void starttls(void)
{
	static const struct turn agreed[] = {
		FROM_SERVER("220 x\r\n"),
		FROM_CLIENT("EHLO x\r\n"),
		FROM_SERVER("250 x\r\n"),
		FROM_CLIENT("STARTTLS\r\n"),
		FROM_SERVER("220 go\r\n"),
		FROM_CLIENT("\x16\x03\x01\x00\x39\x01\x00\x00\x35\x03\x03"
			    "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\x00\x00\x02\x13\x01\x01\x00\x00\x0a\x00\x00\x00"
			    "\x06\x00\x04\x00\x00\x01"
			    "a"
			    "\x17\x03\x03\x00\x01x"),
	};
	static const struct turn fake[] = {
		FROM_SERVER("220 x\r\n"),
		FROM_CLIENT("EHLO x\r\n"),
		FROM_SERVER("250 x\r\n"),
		FROM_CLIENT("STARTTLS\r\n"),
		FROM_SERVER("454 not available\r\n"),
		FROM_CLIENT("MAIL FROM:<seen@x>\r\n"),
	};
	enum app_status status;
	char *text = PLAY(agreed, &status);

	CHECK_LINE(text, "1 tls.sni S0=a");
	CHECK_EQ(status, APP_OK);
	free(text);
	text = PLAY(fake, &status);
	CHECK_LINE(text, "0 smtp.mail_from S0=<seen@x>");
	CHECK_EQ(status, APP_OK);
	free(text);
}

static void loss(void)
{
	static const struct turn turns[] = {
		FROM_CLIENT("MAIL FROM:<a@b>\r\nDATA\r\nContent-Type: x/y; name=n\r\n\r\nfirst\r\n"),
		LOSS_THEN(TO_SERVER, "rest\r\n.\r\nMAIL FROM:<c@d>\r\n"),
	};
	char *text = PLAY(turns, NULL);

	CHECK_LINE(text, "0 file.data S0=first");
	CHECK_LINE(text, "1 smtp.mail_from S0=<c@d>");
	free(text);
}

static void many(void)
{
	struct session *session = malloc(sizeof(*session));
	char *text;

	session_init(session, APP_SMTP, IPPROTO_TCP);
	for (int i = 0; i < 1000; i++)
		session_feed(session, TO_SERVER, "RCPT TO:<a@b>\r\n", 15, false, false);
	session_feed(session, TO_SERVER, "", 0, false, true);
	CHECK_EQ(session->txs, 8);
	CHECK(session->flow.app_skipped > 0); /* recipients beyond the limit */
	text = session_end(session);
	CHECK_LINE(text, "7 smtp.rcpt_to S0=<a@b>");
	free(text);
	free(session);
}

/* One oddity each; the first conversation has none. */
static void events(void)
{
	static const struct {
		const char *event, *client, *server;
	} rows[] = {
		{NULL, "EHLO a\r\nMAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n",
		 "220 x\r\n250 x\r\n250 x\r\n250 x\r\n354 x\r\n"},
		{"invalid_reply", "EHLO a\r\n", "220 x\r\n99 x\r\n"},
		{"invalid_reply", "EHLO a\r\n", "220 x\r\nwhat\r\n"},
		{"no_server_welcome_message", "EHLO a\r\n", "250 x\r\n"},
		{"unable_to_match_reply_with_request", "EHLO a\r\n", "220 x\r\n250 x\r\n250 x\r\n"},
		{"tls_rejected", "EHLO a\r\nSTARTTLS\r\n", "220 x\r\n250 x\r\n454 x\r\n"},
		{"invalid_pipelined_sequence", "STARTTLS\r\nNOOP\r\n", ""},
		{"data_command_rejected", "EHLO a\r\nMAIL FROM:<a>\r\nDATA\r\n",
		 "220 x\r\n250 x\r\n250 x\r\n503 x\r\n"},
		{"duplicate_fields", "MAIL FROM:<a>\r\nMAIL FROM:<b>\r\n", ""},
		{"invalid_bdat", "MAIL FROM:<a>\r\nBDAT x\r\n", ""},
		{"mime_invalid_base64",
		 "DATA\r\nContent-Type: x/y; name=z\r\nContent-Transfer-Encoding: "
		 "base64\r\n\r\nTV*q\r\n.\r\n",
		 ""},
		{"mime_invalid_qp",
		 "DATA\r\nContent-Type: x/y; name=z\r\nContent-Transfer-Encoding: "
		 "quoted-printable\r\n\r\na=zz\r\n.\r\n",
		 ""},
	};
	char text[6000], *print;
	struct turn turns[3] = {};

	for (unsigned int i = 0; i < ARRAY_LEN(rows); i++) {
		const char *greeting = rows[i].server, *rest = strchr(greeting, '\n');
		uint32_t len = rest ? (uint32_t)(rest + 1 - greeting) : 0;
		char line[64];

		/* The server's first line comes before the client's, the others behind it. */
		turns[0] = (struct turn){.dir = TO_CLIENT, .data = greeting, .len = len};
		turns[1] = (struct turn){
			.dir = TO_SERVER, .data = rows[i].client, .len = (uint32_t)strlen(rows[i].client)};
		turns[2] = (struct turn){
			.dir = TO_CLIENT, .data = greeting + len, .len = (uint32_t)strlen(greeting + len)};
		print = PLAY(turns, NULL);
		snprintf(line, sizeof(line), " event smtp.%s\n", rows[i].event ? rows[i].event : "");
		CHECK(rows[i].event ? strstr(print, line) != NULL : !strstr(print, " event "), "%s in\n%s",
		      rows[i].event ? rows[i].event : "nothing", print);
		free(print);
	}
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\n';
	for (unsigned int dir = 0; dir < 2; dir++) {
		turns[0] = (struct turn){.dir = (enum direction)dir, .data = text, .len = sizeof(text)};
		print = session_play(APP_SMTP, turns, 1, 1, 0, 0, NULL);
		CHECK_LINE(print, dir ? "0 event smtp.max_reply_line_len_exceeded"
				      : "0 event smtp.max_command_line_len_exceeded");
		free(print);
	}
}

/* Lines of a mail that are longer than they may be: any, and those of a coded part. */
static void long_lines(void)
{
	static const struct {
		const char *coding;
		unsigned int len;
		const char *event; /* NULL: none */
	} rows[] = {{"7bit", 998, NULL},
		    {"7bit", 999, "mime_long_line"},
		    {"base64", 76, NULL},
		    {"base64", 80, "mime_long_enc_line"},
		    {"quoted-printable", 77, "mime_long_enc_line"}};

	for (unsigned int i = 0; i < ARRAY_LEN(rows); i++) {
		char mail[1400], line[64], *print;
		struct turn turn = {.dir = TO_SERVER, .data = mail};
		size_t len = (size_t)snprintf(
			mail, sizeof(mail),
			"DATA\r\nContent-Type: x/y; name=z\r\nContent-Transfer-Encoding: %s\r\n\r\n",
			rows[i].coding);

		memset(mail + len, 'A', rows[i].len);
		strcpy(mail + len + rows[i].len, "\r\n.\r\n");
		turn.len = (uint32_t)strlen(mail);
		print = session_check(APP_SMTP, &turn, 1, NULL);
		snprintf(line, sizeof(line), " event smtp.%s", rows[i].event ? rows[i].event : "");
		CHECK(!strstr(print, line) == !rows[i].event, "%u: %s", i, print);
		free(print);
	}
}

/* TLS was granted, and something else follows. */
static void no_tls_after_starttls(void)
{
	static const struct turn turns[] = {
		FROM_SERVER("220 x\r\n"),
		FROM_CLIENT("EHLO a\r\nSTARTTLS\r\n"),
		FROM_SERVER("250-x\r\n250 STARTTLS\r\n220 go\r\n"),
		FROM_CLIENT("GET / HTTP/1.1\r\n\r\n"),
	};
	struct session *session = malloc(sizeof(*session));
	char *text = PLAY(turns, NULL);

	CHECK(strstr(text, " event smtp.failed_protocol_change\n") != NULL, "%s", text);
	free(text);
	session_init(session, APP_SMTP, IPPROTO_TCP);
	for (unsigned int i = 0; i < ARRAY_LEN(turns); i++)
		session_feed(session, turns[i].dir, turns[i].data, turns[i].len, false, false);
	CHECK(event_list_has(&session->flow.events, EVENT_APPLAYER_NO_TLS_AFTER_STARTTLS));
	CHECK(event_list_has(&session->flow.events, EVENT_APPLAYER_UNEXPECTED_PROTOCOL));
	free(session_end(session));
	free(session);
}

static const struct ktap_test tests[] = {TEST(events),	  TEST(no_tls_after_starttls),
					 TEST(mails),	  TEST(bdat),
					 TEST(refused),	  TEST(starttls),
					 TEST(loss),	  TEST(many),
					 TEST(long_lines)};
KTAP_MAIN(tests)
