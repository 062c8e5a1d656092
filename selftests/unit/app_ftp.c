// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_ftp - one transaction per command; AUTH TLS.
 */
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

	CHECK_LINE(text, "0 ftp.command S0=USER");
	CHECK_LINE(text, "0 ftp.command_data S0=Bob");
	CHECK_LINE(text, "1 ftp.command_data S0=secret word");
	CHECK_LINE(text, "2 ftp.command S0=PASV");
	CHECK_NO(text, "2 ftp.command_data");
	CHECK_LINE(text, "3 ftp.command_data S0=a b");
	CHECK_LINE(text, "5 ftp.command S0=QUIT");
	free(text);
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

static const struct ktap_test tests[] = {TEST(commands), TEST(auth)};
KTAP_MAIN(tests)
