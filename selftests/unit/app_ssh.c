// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_ssh - banners, and ciphertext only after both sides changed keys.
 */
#include "lib/session.h"

#define KEXINIT "\0\0\0\x0c\x0a\x14pppppppppp"
#define NEWKEYS "\0\0\0\x0c\x0a\x15pppppppppp"

static void full(void)
{
	static const struct turn turns[] = {
		FROM_SERVER("welcome\r\nSSH-1.99-OpenSSH_9.2p1 Debian-2\r\n" KEXINIT),
		FROM_CLIENT("SSH-2.0-libssh2\n" KEXINIT NEWKEYS "cipher"),
		FROM_SERVER(NEWKEYS "cipher"),
	};
	enum app_status status;
	char *text = session_check(APP_SSH, turns, 3, &status);

	CHECK_EQ(status, APP_ENCRYPTED);
	CHECK_LINE(text, "0 ssh.proto S0=2.0");
	CHECK_LINE(text, "0 ssh.software S0=libssh2");
	CHECK_LINE(text, "0 ssh.proto C0=1.99");
	CHECK_LINE(text, "0 ssh.software C0=OpenSSH_9.2p1");
	CHECK_NO(text, "\n1 ");
	CHECK_NO(text, " event ");
	free(text);
	free(session_check(APP_SSH, turns, 2, &status));
	CHECK_EQ(status, APP_OK);
}

static void odd(void)
{
	static const struct turn nonsense[] = {
		FROM_CLIENT("SSH-2.0-x\r\n\xff\xff\xff\xff\xff\xff"),
		FROM_SERVER("SSH-2.0\r\n" NEWKEYS "more"),
	};
	static const struct turn other[] = {FROM_CLIENT("GET / HTTP/1.1\r\n")};
	enum app_status status;
	char *text = session_check(APP_SSH, nonsense, 2, &status);

	CHECK_EQ(status, APP_OK);
	CHECK_NO(text, "ssh.proto C");
	CHECK_LINE(text, "0 event ssh.invalid_record");
	CHECK_LINE(text, "0 event ssh.invalid_banner");
	free(text);
	free(session_check(APP_SSH, other, 1, &status));
	CHECK_EQ(status, APP_ERROR);
}

/* The name lists of a KEXINIT; which of them count depends on the direction. */
static void fingerprints(void)
{
	static const char *const lists[] = {"curve25519-sha256,diffie-hellman-group14-sha1",
					    "ssh-rsa",
					    "aes128-ctr",
					    "aes256-ctr",
					    "hmac-sha2-256",
					    "hmac-sha1",
					    "none",
					    "zlib",
					    "",
					    ""};
	char bytes[512] = "SSH-2.0-x\r\n\0\0\0\0\4\x14"
			  "cookie of 16 byte";
	uint32_t head = 11, at = head + 6 + 16;
	struct turn turns[2];
	char *text;

	for (unsigned int i = 0; i < ARRAY_LEN(lists); i++) {
		uint32_t len = (uint32_t)strlen(lists[i]);

		memset(bytes + at, 0, 4);
		bytes[at + 3] = (char)len;
		memcpy(bytes + at + 4, lists[i], len);
		at += 4 + len;
	}
	memset(bytes + at, 0, 5 + 4); /* no guess, reserved, padding */
	at += 5 + 4;
	bytes[head + 3] = (char)(at - head - 4);
	turns[0] = (struct turn){.dir = TO_SERVER, .data = bytes, .len = at};
	turns[1] = (struct turn){.dir = TO_CLIENT, .data = bytes, .len = at};
	text = session_check(APP_SSH, turns, 2, NULL);
	CHECK_LINE(text, "0 ssh.hassh S0=c10186e7085a862e2fddf54d4e7d61fa");
	CHECK_LINE(text, "0 ssh.hassh.server C0=0caa6204f50b978d1cbbc5cfeb4b44f3");
	CHECK_LINE(text, "0 ssh.hassh.string S0=curve25519-sha256,diffie-hellman-group14-sha1;aes128-ctr;"
			 "hmac-sha2-256;none");
	free(text);
	/* A list that is longer than the message: no fingerprint. */
	bytes[head + 6 + 16 + 2] = 1;
	text = session_check(APP_SSH, turns, 2, NULL);
	CHECK_NO(text, "hassh");
	free(text);
}

static void long_banner(void)
{
	char banner[300];
	struct turn turn = {.dir = TO_SERVER, .data = banner, .len = sizeof(banner)};
	char *text;

	memset(banner, 'x', sizeof(banner));
	memcpy(banner, "SSH-2.0-", 8);
	banner[sizeof(banner) - 1] = '\n';
	text = session_check(APP_SSH, &turn, 1, NULL);
	CHECK_LINE(text, "0 event ssh.long_banner");
	free(text);
}

static const struct ktap_test tests[] = {TEST(full), TEST(odd), TEST(fingerprints), TEST(long_banner)};
KTAP_MAIN(tests)
