// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_ftp - one transaction per command; AUTH TLS.
 */
#include "core/flow/expect.h"
#include "lib/session.h"

static void commands(void)
{
	static const struct turn turns[] = {
		FROM_SERVER("220 ready\r\n"),
		FROM_CLIENT("user Bob\r\nPASS secret word\r\n\r\nPASV\r\n  RETR  a b\n"),
		FROM_SERVER("331 x\r\n230-a\r\n230 b\r\n"),
		LOSS_THEN(TO_SERVER, "tail\r\nQUIT"),
	};
	char *text = session_check(APP_FTP, turns, 4, NULL);

	CHECK_LINE(text, "0 ftp.reply C0=ready");
	CHECK_LINE(text, "0 ftp.completion_code C0=220");
	CHECK_LINE(text, "1 ftp.command S0=USER");
	CHECK_LINE(text, "1 ftp.command_data S0=Bob");
	CHECK_LINE(text, "1 ftp.completion_code C0=331");
	CHECK_LINE(text, "2 ftp.command_data S0=secret word");
	CHECK_LINE(text, "2 ftp.reply C0=a");
	CHECK_LINE(text, "2 ftp.reply C1=b");
	CHECK_LINE(text, "3 ftp.command S0=PASV");
	CHECK_NO(text, "3 ftp.command_data");
	CHECK_LINE(text, "4 ftp.command_data S0=a b");
	CHECK_LINE(text, "4 event ftp.file_before_port");
	CHECK_LINE(text, "6 ftp.command S0=QUIT");
	free(text);
}

/* Which connections follow, by what the two sides say. */
static void transfers(void)
{
	static const struct {
		const char *client, *server, *transfer;
		uint16_t port;
		bool passive;
		bool untold; /* not for the gate: refused, or another host's port */
	} rows[] = {
		{"PORT 10,0,0,1,4,1\r\n", "200 ok\r\n", "STOR a\r\n", 1025, false, false},
		{"EPRT |1|10.0.0.1|2000|\r\n", "200 ok\r\n", "RETR a\r\n", 2000, false, false},
		{"PASV\r\n", "227 Entering (10,0,0,2,8,0).\r\n", "LIST a\r\n", 2048, true, false},
		{"PASV\r\n", "227 Entering 10,0,0,2,8,0\r\n", "RETR a\r\n", 2048, true, false},
		{"EPSV\r\n", "229 Entering (|||3000|)\r\n", "RETR a\r\n", 3000, true, false},
		{"PASV\r\n", "227 (10,0,0,2,8)\r\n", "RETR a\r\n", 0, true, false},
		{"PASV\r\n", "227 (10,0,0,2,256,1)\r\n", "RETR a\r\n", 0, true, false},
		{"EPSV\r\n", "229 (|||70000|)\r\n", "RETR a\r\n", 0, true, false},
		{"EPSV\r\n", "229 |||", "RETR a\r\n", 0, true, false},
		{"PORT 1,2,3\r\n", "500 no\r\n", "RETR a\r\n", 0, false, false},
		{"NOOP\r\n", "200 ok\r\n", "RETR a\r\n", 0, false, false},
		{"PORT 10,0,0,1,4,1\r\n", "500 no\r\n", "STOR a\r\n", 1025, false, true},
		{"PORT 10,0,0,9,4,1\r\n", "200 ok\r\n", "STOR a\r\n", 1025, false, true},
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct session *session = malloc(sizeof(*session));
		const struct expectation *said, *told;
		struct seki_addr *listener;

		session_init(session, APP_FTP, IPPROTO_TCP);
		session->flow.client =
			(struct seki_addr){.b = {[10] = 0xff, [11] = 0xff, [12] = 10, [15] = 1}};
		session->flow.server.b[15] = 2;
		session_feed(session, TO_SERVER, rows[i].client, (uint32_t)strlen(rows[i].client), false,
			     false);
		session_feed(session, TO_CLIENT, rows[i].server, (uint32_t)strlen(rows[i].server), false,
			     false);
		session_feed(session, TO_SERVER, rows[i].transfer, (uint32_t)strlen(rows[i].transfer), false,
			     false);
		told = session->flow.listens;
		CHECK(!told == (!rows[i].port || rows[i].untold),
		      "row %u: told to the gate before the transfer", i);
		if (told && rows[i].port) {
			CHECK_EQ(told->port, rows[i].port);
			CHECK_EQ(told->listener.b[15], rows[i].passive ? 2 : 1);
			CHECK_EQ(told->peer.b[15], rows[i].passive ? 1 : 2);
		}
		said = session->flow.expects;
		listener = rows[i].passive ? &session->flow.server : &session->flow.client;
		CHECK(!said == !rows[i].port, "row %u", i);
		if (said && rows[i].port) {
			CHECK_EQ(said->port, rows[i].port);
			CHECK(!memcmp(&said->listener, listener, sizeof(*listener)), "row %u", i);
			CHECK(said->name_len == 1 && said->name[0] == 'a', "row %u", i);
			CHECK(!said->next, "one port is for one transfer");
		}
		free(session_end(session));
		free(session);
	}
}

static void events(void)
{
	char request[5000], reply[5000], *text;
	struct turn turns[] = {
		{.dir = TO_SERVER, .data = request, .len = sizeof(request)},
		{.dir = TO_CLIENT, .data = reply, .len = sizeof(reply)},
		FROM_CLIENT("RETR\r\n"),
	};

	memset(request, 'a', sizeof(request));
	memset(reply, '2', sizeof(reply));
	request[sizeof(request) - 1] = reply[sizeof(reply) - 1] = '\n';
	text = session_play(APP_FTP, turns, 3, 3, 0, 0, NULL);
	CHECK_LINE(text, "0 event ftp.request_command_too_long");
	CHECK_LINE(text, "0 event ftp.response_command_too_long");
	CHECK_LINE(text, "1 event ftp.file_without_name");
	free(text);
}

/* Commands that nobody answers do not pile up. */
static void many(void)
{
	struct session *session = malloc(sizeof(*session));
	unsigned int open = 0;
	char *text;

	session_init(session, APP_FTP, IPPROTO_TCP);
	for (unsigned int i = 0; i < 400; i++)
		session_feed(session, TO_SERVER, "NOOP\r\n", 6, false, false);
	for (struct tx *tx = session->flow.txs; tx; tx = tx->next)
		open++;
	CHECK_EQ(open, 256);
	text = session_end(session);
	CHECK_LINE(text, "0 event ftp.too_many_transactions");
	CHECK_NO(text, "\n200 event");
	free(text);
	free(session);
}

static void auth(void)
{
	static const struct turn turns[] = {
		FROM_CLIENT("AUTH TLS\r\n"),
		FROM_SERVER("234-wait\r\n234 go\r\n"),
		FROM_CLIENT("\x16\x03\x01\x00\x39\x01\x00\x00\x35\x03\x03"
			    "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\x00\x00\x02\x13\x01\x01\x00\x00\x0a\x00\x00\x00"
			    "\x06\x00\x04\x00\x00\x01"
			    "a"),
	};
	static const struct turn refused[] = {
		FROM_CLIENT("AUTH TLS\r\n"),
		FROM_SERVER("502 no\r\n"),
		FROM_CLIENT("USER x\r\n"),
	};
	char *text = session_check(APP_FTP, turns, 3, NULL);

	CHECK_LINE(text, "1 tls.sni S0=a");
	free(text);
	text = session_check(APP_FTP, refused, 3, NULL);
	CHECK_LINE(text, "1 ftp.command S0=USER");
	free(text);
}

static const struct ktap_test tests[] = {TEST(commands), TEST(transfers), TEST(events), TEST(many),
					 TEST(auth)};
KTAP_MAIN(tests)
