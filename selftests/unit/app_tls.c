// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_tls - handshakes cut anywhere; what is and what is not called ciphertext.
 */
#include "core/app/app_tls.h"
#include "core/app/ja4.h"
#include "lib/session.h"

struct wire {
	uint8_t data[8192];
	uint32_t len;
};

static void put(struct wire *wire, const void *data, uint32_t len)
{
	memcpy(wire->data + wire->len, data, len);
	wire->len += len;
}

static void put_number(struct wire *wire, uint32_t value, unsigned int bytes)
{
	for (unsigned int i = bytes; i-- > 0;)
		wire->data[wire->len++] = (uint8_t)(value >> 8 * i);
}

static void put_vector(struct wire *wire, const struct wire *body, unsigned int bytes)
{
	put_number(wire, body->len, bytes);
	put(wire, body->data, body->len);
}

static void put_record(struct wire *wire, uint8_t type, const void *body, uint32_t len)
{
	put_number(wire, type, 1);
	put_number(wire, 0x0303, 2);
	put_number(wire, len, 2);
	put(wire, body, len);
}

static struct wire message(uint8_t type, const struct wire *body)
{
	struct wire out = {};

	put_number(&out, type, 1);
	put_vector(&out, body, 3);
	return out;
}

/* A ClientHello with a server name, a ServerHello with or without TLS 1.3. */
static struct wire client_hello(const char *name)
{
	struct wire body = {}, extension = {};
	uint8_t random[32] = {1, 2, 3};

	put_number(&body, 0x0303, 2);
	put(&body, random, 32);
	put_number(&body, 0, 1);
	put(&body, "\0\2\x13\1\1\0", 6);
	put_number(&extension, 0, 2);
	put_number(&extension, (uint32_t)strlen(name) + 5, 2);
	put_number(&extension, (uint32_t)strlen(name) + 3, 2);
	put_number(&extension, 0, 1);
	put_number(&extension, (uint32_t)strlen(name), 2);
	put(&extension, name, (uint32_t)strlen(name));
	put_vector(&body, &extension, 2);
	return message(1, &body);
}

static struct wire server_hello(bool tls13)
{
	struct wire body = {};
	uint8_t random[32] = {9};

	put_number(&body, 0x0303, 2);
	put(&body, random, 32);
	put_number(&body, 0, 1);
	put(&body, "\x13\1\0", 3);
	if (tls13)
		put(&body, "\0\6\0\x2b\0\2\3\4", 8);
	return message(2, &body);
}

static void put_der(struct wire *wire, uint8_t tag, const struct wire *body)
{
	put_number(wire, tag, 1);
	if (body->len >= 128)
		put_number(wire, 0x82, 1);
	put_vector(wire, body, body->len >= 128 ? 2 : 1);
}

static void put_attribute(struct wire *name, const char *oid, uint32_t oid_len, const char *value)
{
	struct wire part = {}, pair = {}, set = {}, sequence = {};

	put(&part, oid, oid_len);
	put_der(&pair, 6, &part);
	part.len = 0;
	put(&part, value, (uint32_t)strlen(value));
	put_der(&pair, 0x13, &part);
	put_der(&sequence, 0x30, &pair);
	put_der(&set, 0x31, &sequence);
	put(name, set.data, set.len);
}

static struct wire certificate(void)
{
	struct wire tbs = {}, part = {}, inner = {}, all = {}, out = {};

	put(&part, "\2\1\2", 3);
	put_der(&tbs, 0xa0, &part);
	part.len = 0;
	put(&part, "\0\xe1\x0f", 3);
	put_der(&tbs, 2, &part);
	part.len = 0;
	put(&part, "\6\1\x2a", 3);
	put_der(&tbs, 0x30, &part);
	part.len = 0;
	put_attribute(&part, "\x55\4\6", 3, "JP");
	put_attribute(&part, "\x55\4\12", 3, "An Issuer");
	put_der(&tbs, 0x30, &part);
	part.len = 0;
	put(&inner, "240131235959Z", 13);
	put_der(&part, 0x17, &inner);
	inner.len = 0;
	put(&inner, "20501231000000Z", 15);
	put_der(&part, 0x18, &inner);
	put_der(&tbs, 0x30, &part);
	part.len = 0;
	put_attribute(&part, "\x55\4\3", 3, "host.example");
	put_attribute(&part, "\x2a\x86\x48\x86\xf7\x0d\1\11\1", 9, "a@b");
	put_attribute(&part, "\x55\4\x61", 3, "odd");
	put_der(&tbs, 0x30, &part);
	put_der(&all, 0x30, &tbs);
	put_der(&out, 0x30, &all);
	return out;
}

static struct wire certificates(void)
{
	struct wire der = certificate(), list = {}, body = {};

	put_vector(&list, &der, 3);
	put_number(&list, 4, 3);
	put(&list, "abcd", 4);
	put_vector(&body, &list, 3);
	return message(11, &body);
}

static struct wire record(uint8_t type, const char *body)
{
	struct wire out = {};

	put_record(&out, type, body, (uint32_t)strlen(body));
	return out;
}

static struct turn turn_of(enum direction dir, const struct wire *wire)
{
	return (struct turn){.dir = dir, .data = (const char *)wire->data, .len = wire->len};
}

static void full(void)
{
	struct wire hello = client_hello("Host.Example"), answer = server_hello(false),
		    certs = certificates(), c1 = {}, s1 = {}, c2 = {}, s2 = {};
	enum app_status status;
	struct turn turns[4];
	char *text;

	/* The hello in two records, the server's messages across records. */
	put_record(&c1, 22, hello.data, 10);
	put_record(&c1, 22, hello.data + 10, hello.len - 10);
	put(&answer, certs.data, certs.len);
	put_record(&s1, 22, answer.data, 70);
	put_record(&s1, 22, answer.data + 70, answer.len - 70);
	put_record(&c2, 20, "\1", 1);
	put_record(&c2, 22, "encrypted finished", 18);
	put_record(&c2, 23, "data", 4);
	put_record(&s2, 20, "\1", 1);
	put_record(&s2, 22, "encrypted finished", 18);
	put_record(&s2, 23, "data", 4);
	turns[0] = turn_of(TO_SERVER, &c1);
	turns[1] = turn_of(TO_CLIENT, &s1);
	turns[2] = turn_of(TO_SERVER, &c2);
	turns[3] = turn_of(TO_CLIENT, &s2);
	text = session_check(APP_TLS, turns, 4, &status);
	CHECK_EQ(status, APP_ENCRYPTED);
	CHECK_LINE(text, "0 tls.sni S0=Host.Example");
	CHECK_LINE(text, "0 tls.cert_issuer C0=C=JP, O=An Issuer");
	CHECK_LINE(text, "0 tls.cert_subject C0=CN=host.example, emailAddress=a@b, 2.5.4.97=odd");
	CHECK_LINE(text, "0 tls.cert_serial C0=00:E1:0F");
	CHECK_LINE(text, "0 tls.certs C1=abcd");
	CHECK_NO(text, " event ");
	CHECK_NO(text, "\n1 ");
	free(text);
	/* The client alone proves nothing; nor does the server without the client's hello. */
	free(session_play(APP_TLS, turns, 1, 1, 0, 0, &status));
	CHECK_EQ(status, APP_OK);
	turns[1] = turns[2];
	free(session_play(APP_TLS, turns, 3, 3, 0, 0, &status));
	CHECK_EQ(status, APP_OK);
}

static void tls13(void)
{
	struct wire hello = client_hello("a"), answer = server_hello(true), c1 = {}, s1 = {}, early = {},
		    data = record(23, "x");
	enum app_status status;
	struct turn turns[4];

	put_record(&c1, 22, hello.data, hello.len);
	put_record(&early, 22, hello.data, hello.len);
	put_record(&early, 23, "0-RTT", 5);
	put_record(&s1, 22, answer.data, answer.len);
	put_record(&s1, 20, "\1", 1);
	put_record(&s1, 23, "certificate and finished", 24);
	turns[0] = turn_of(TO_SERVER, &c1);
	turns[1] = turn_of(TO_CLIENT, &s1);
	turns[2] = turn_of(TO_SERVER, &data);
	free(session_check(APP_TLS, turns, 3, &status));
	CHECK_EQ(status, APP_ENCRYPTED);
	/* Early data came before the server agreed to anything: not counted. */
	turns[0] = turn_of(TO_SERVER, &early);
	free(session_check(APP_TLS, turns, 2, &status));
	CHECK_EQ(status, APP_OK);
}

static void lies(void)
{
	struct wire hello = client_hello("a"), c1 = {}, s1 = {}, data = record(23, "x"),
		    mad = record(99, "x");
	enum app_status status;
	struct turn turns[3];
	char *text;

	put_record(&c1, 22, hello.data, hello.len);
	put(&c1, data.data, data.len);
	/* An echo service returns the client's bytes: no ServerHello. */
	turns[0] = turn_of(TO_SERVER, &c1);
	turns[1] = turn_of(TO_CLIENT, &c1);
	free(session_check(APP_TLS, turns, 2, &status));
	CHECK_EQ(status, APP_OK);
	/* Application data on both sides without handshakes. */
	turns[0] = turn_of(TO_SERVER, &data);
	turns[1] = turn_of(TO_CLIENT, &data);
	free(session_check(APP_TLS, turns, 2, &status));
	CHECK_EQ(status, APP_OK);
	turns[0] = turn_of(TO_SERVER, &mad);
	free(session_check(APP_TLS, turns, 1, &status));
	CHECK_EQ(status, APP_ERROR);
	/* A gap: nothing is taken from behind it. */
	turns[0] = turn_of(TO_SERVER, &c1);
	turns[0].gap = true;
	text = session_check(APP_TLS, turns, 1, &status);
	CHECK_STR(text, "");
	free(text);
	(void)s1;
}

static void version2(void)
{
	static const char v2[] = "\x80\x1c\x01\x00\x02\x00\x03\x00\x00\x00\x10\x01\x02\x03"
				 "cccccccccccccccc";
	static const char v2_server[] = "\x80\x0b\x04\x00\x01\x00\x02\x00\x00\x00\x00\x00\x00";
	struct turn turns[] = {FROM_CLIENT(v2), FROM_SERVER(v2_server), FROM_CLIENT("\x80\x03\x02key")};
	enum app_status status;

	CHECK_EQ(tls_probe((struct span){(const uint8_t *)v2, sizeof(v2) - 1}, TO_SERVER, 443),
		 APP_PROBE_YES);
	CHECK_EQ(tls_probe((struct span){(const uint8_t *)v2_server, sizeof(v2_server) - 1}, TO_CLIENT, 443),
		 APP_PROBE_YES);
	free(session_check(APP_TLS, turns, 3, &status));
	CHECK_EQ(status, APP_OK);
	CHECK_STR(tls_version_name(2), "SSLv2");
}

/* The fingerprints of a hello with GREASE in every list, computed by hand; and of what is cut off. */
/* SSLv2 from end to end: both hellos, the certificate, and the client's key in clear, however it is cut. */
static void version2_key(void)
{
	static const char client[] = "\x80\x1c\x01\x00\x02\x00\x03\x00\x00\x00\x10\x01\x02\x03"
				     "0123456789abcdef";
	static const char server[] = "\x80\x17\x04\x00\x01\x00\x02\x00\x05\x00\x03\x00\x04"
				     "CERTxyzCONN";
	static const char key[] = "\x80\x12\x02\x01\x00\x80\x00\x00\x00\x04\x00\x04"
				  "keysargs"
				  "\x80\x05"
				  "crypt";
	struct turn turns[] = {FROM_CLIENT(client), FROM_SERVER(server), FROM_CLIENT(key),
			       FROM_SERVER("\x80\x04"
					   "more")};
	char *text = session_check(APP_TLS, turns, 4, NULL);

	CHECK_LINE(text, "0 tls.version S0=sslv2");
	CHECK_LINE(text, "0 tls.version C0=sslv2");
	CHECK(strstr(text, " client_keyx") && strstr(text, " server_hello"));
	CHECK_LINE(text, "0 tls.certs C0=CERTx");
	CHECK_NO(text, "invalid_sslv2_header");
	free(text);
}

static void fingerprints(void)
{
	static const uint8_t hello[] =
		"\x03\x03rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\x00\x00\x06\x0a\x0a\x13\x01\x00\x2f\x01\x00"
		"\x00\x18\xfa\xfa\x00\x00\x00\x17\x00\x00\x00\x0a\x00\x06\x00\x04\x1a\x1a\x00\x1d"
		"\x00\x0b\x00\x02\x01\x00";
	static const uint8_t answer[] =
		"\x03\x03rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\x00\x13\x01\x00\x00\x04\x00\x17\x00\x00";
	struct ja3 ja3 = {};

	ja3_read((struct span){hello, sizeof(hello) - 1}, false, &ja3);
	CHECK(ja3.present);
	CHECK(ja3.text.len == 25 && !memcmp(ja3.text.data, "771,4865-47,23-10-11,29,0", 25), "%.*s",
	      (int)ja3.text.len, (char *)ja3.text.data);
	CHECK_STR(ja3.hash, "711ce1454b3e639ad836c36df1cb0bd5");
	ja3_read((struct span){answer, sizeof(answer) - 1}, true, &ja3);
	CHECK(ja3.present);
	CHECK_STR(ja3.hash, "c4def9a845c41151540407a7e47854a8");
	for (uint32_t i = 0; i < 40; i++) {
		ja3_read((struct span){hello, i}, false, &ja3);
		CHECK(!ja3.present, "%u bytes", i);
	}
	ja3_free(&ja3);
}

/* The example of the format's own description, with GREASE and in another order. */
static void ja4(void)
{
	static const uint16_t ciphers[] = {0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030,
					   0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
	static const uint16_t extensions[] = {0x1a1a, 0x001b, 0x0000, 0x0033, 0x0010, 0x4469,
					      0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012,
					      0x002b, 0xff01, 0x000b, 0x000a, 0x0015};
	struct wire list = {}, hello = {}, body = {};
	uint8_t random[32] = {7};
	char text[JA4_LEN + 1];

	put_number(&hello, 0x0303, 2);
	put(&hello, random, 32);
	put_number(&hello, 0, 1);
	for (unsigned int i = 0; i < ARRAY_LEN(ciphers); i++)
		put_number(&list, ciphers[i], 2);
	put_vector(&hello, &list, 2);
	put(&hello, "\1\0", 2);
	list.len = 0;
	for (unsigned int i = 0; i < ARRAY_LEN(extensions); i++) {
		body.len = 0;
		if (extensions[i] == 13)
			put(&body, "\0\x10\4\3\x08\4\4\1\5\3\x08\5\5\1\x08\6\6\1", 18);
		if (extensions[i] == 16)
			put(&body, "\0\x0c\2h2\x08http/1.1", 14);
		if (extensions[i] == 43)
			put(&body, "\6\x3a\x3a\3\4\3\3", 7);
		put_number(&list, extensions[i], 2);
		put_vector(&list, &body, 2);
	}
	put_vector(&hello, &list, 2);
	CHECK(ja4_read((struct span){hello.data, hello.len}, 't', text));
	CHECK_STR(text, "t13d1516h2_8daaf6152771_e5627efa2ab1");
	for (uint32_t i = 0; i < 37 + 32; i++)
		CHECK(!ja4_read((struct span){hello.data, i}, 't', text), "%u bytes", i);
	/* Nothing offered at all. */
	hello.len = 35;
	put(&hello, "\0\0\1\0", 4);
	CHECK(ja4_read((struct span){hello.data, hello.len}, 'q', text));
	CHECK_STR(text, "q12i000000_000000000000_000000000000");
}

/* Records and hellos that no sound peer sends. */
static void events(void)
{
	static const struct {
		const char *event;
		uint8_t type;
		const char *body;
		uint8_t len;
	} rows[] = {
		{"heartbeat_message", 24, "\1\0\2xxpppppppppppppppp", 21},
		{"invalid_heartbeat_message", 24, "\1\0\2xxp", 6},
		{"invalid_heartbeat_message", 24, "\7\0\2xxpppppppppppppppp", 21},
		{"overflow_heartbeat_message", 24, "\1\x40\0", 3},
		{"invalid_alert_message", 21, "\3\1", 2},
		{"invalid_alert_message", 21, "\1\1x", 3},
		{"invalid_record_type", 99, "x", 1},
		{"invalid_ssl_record", 22, "", 0},
		{"invalid_handshake_message", 22, "\1\0\0\4abcd", 8},
	};
	struct wire good = client_hello("a");
	struct turn turns[1];
	char *text;

	for (unsigned int i = 0; i < ARRAY_LEN(rows); i++) {
		struct wire wire = {};
		char line[64];

		put_record(&wire, 22, good.data, good.len);
		put_record(&wire, rows[i].type, rows[i].body, rows[i].len);
		put_record(&wire, 22, "\x10\0\0\0", 4);
		turns[0] = turn_of(TO_SERVER, &wire);
		text = session_check(APP_TLS, turns, 1, NULL);
		snprintf(line, sizeof(line), "0 event tls.%s", rows[i].event);
		CHECK_LINE(text, line);
		free(text);
	}
	for (unsigned int i = 0; i < 3; i++) {
		static const char *const expect[] = {"invalid_sni_type", "invalid_sni_length",
						     "multiple_sni_extensions"};
		struct wire bad = client_hello("a"), wire = {};
		uint32_t list = bad.len - 4; /* type, length and name are the last bytes */
		char line[64];

		if (i == 0)
			bad.data[list] = 1;
		if (i == 1)
			bad.data[list + 2] = 9;
		if (i == 2) {
			put(&bad, bad.data + bad.len - 10, 10);
			bad.data[3] += 10;
			bad.data[bad.len - 22 + 1] += 10;
		}
		put_record(&wire, 22, bad.data, bad.len);
		turns[0] = turn_of(TO_SERVER, &wire);
		text = session_check(APP_TLS, turns, 1, NULL);
		snprintf(line, sizeof(line), "0 event tls.%s", expect[i]);
		CHECK_LINE(text, line);
		free(text);
	}
}

/* Certificates by the fault they have: in the list around them, of their own. */
static void certificate_events(void)
{
	struct wire hello = client_hello("a"), answer = server_hello(false), der = certificate();
	struct turn turns[2];

	for (unsigned int i = 0; i < 4; i++) {
		struct wire list = {}, body = {}, certs, c = {}, s = {}, bad = der;
		char *text;

		if (i == 1)
			bad.len -= 5;
		if (i == 2)
			bad.data[8 + 2] = 4; /* the version's number is no number */
		put_vector(&list, &bad, 3);
		if (i == 3)
			list.data[2]++; /* one byte more than there are */
		put_vector(&body, &list, 3);
		certs = message(11, &body);
		put_record(&c, 22, hello.data, hello.len);
		put_record(&s, 22, answer.data, answer.len);
		put_record(&s, 22, certs.data, certs.len);
		turns[0] = turn_of(TO_SERVER, &c);
		turns[1] = turn_of(TO_CLIENT, &s);
		text = session_check(APP_TLS, turns, 2, NULL);
		if (!i)
			CHECK_NO(text, " event ");
		else
			CHECK_LINE(text, "0 event tls.invalid_handshake_message");
		if (i == 1)
			CHECK_LINE(text, "0 event tls.certificate_invalid_length");
		if (i == 2)
			CHECK_LINE(text, "0 event tls.certificate_invalid_version");
		if (i == 3)
			CHECK_LINE(text, "0 event tls.invalid_certificate");
		free(text);
	}
}

/* Heartbeats in ciphertext: one question, one answer, of one length. */
static void hidden_heartbeats(void)
{
	static const struct {
		uint32_t asked, answered;
		bool again;
		const char *event;
	} rows[] = {{40, 40, false, NULL},
		    {40, 20, false, NULL},
		    {40, 41, false, "0 event tls.dataleak_heartbeat_mismatch"},
		    {40, 40, true, "0 event tls.invalid_heartbeat_message"}};
	static const uint8_t noise[64];
	struct wire hello = client_hello("a"), answer = server_hello(false);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wire c1 = {}, s1 = {}, c2 = {}, s2 = {};
		struct turn turns[4];
		char *text;

		put_record(&c1, 22, hello.data, hello.len);
		put_record(&s1, 22, answer.data, answer.len);
		put_record(&c2, 20, "\1", 1);
		put_record(&s1, 20, "\1", 1);
		put_record(&c2, 24, noise, rows[i].asked);
		if (rows[i].again)
			put_record(&c2, 24, noise, rows[i].asked);
		put_record(&s2, 24, noise, rows[i].answered);
		turns[0] = turn_of(TO_SERVER, &c1);
		turns[1] = turn_of(TO_CLIENT, &s1);
		turns[2] = turn_of(TO_SERVER, &c2);
		turns[3] = turn_of(TO_CLIENT, &s2);
		text = session_check(APP_TLS, turns, 4, NULL);
		if (rows[i].event)
			CHECK_LINE(text, rows[i].event);
		else
			CHECK_NO(text, " event ");
		free(text);
	}
}

/* Records without a byte, row after row; and what SSLv2 calls an error. */
static void empty_records(void)
{
	struct wire hello = client_hello("a");

	for (unsigned int count = 31; count <= 32; count++) {
		struct wire c = {};
		struct turn turn;
		char *text;

		put_record(&c, 22, hello.data, hello.len);
		for (unsigned int i = 0; i < count; i++)
			put_record(&c, 23, "", 0);
		turn = turn_of(TO_SERVER, &c);
		text = session_check(APP_TLS, &turn, 1, NULL);
		CHECK(!strstr(text, "too_many_records_in_packet") == (count == 31), "%u: %s", count, text);
		free(text);
	}
}

static void version2_error(void)
{
	static const char client[] = "\x80\x1c\x01\x00\x02\x00\x03\x00\x00\x00\x10\x01\x02\x03"
				     "0123456789abcdef";
	static const char error[] = "\x80\x03\x00\x00\x01";
	struct turn turns[] = {FROM_CLIENT(client), FROM_CLIENT(error)};
	char *text = session_check(APP_TLS, turns, 2, NULL);

	CHECK_LINE(text, "0 event tls.error_message_encountered");
	free(text);
}

static void malformed(void)
{
	struct wire good = certificate();
	struct x509_names names;

	/* Every prefix and every damaged byte: no crash, and an error for every prefix. */
	for (uint32_t i = 0; i <= good.len; i++) {
		uint8_t *copy = malloc(i ? i : 1);

		memcpy(copy, good.data, i);
		names = (struct x509_names){};
		CHECK((x509_read((struct span){copy, i}, &names) == 0) == (i == good.len), "prefix %u", i);
		blob_free(&names.subject);
		blob_free(&names.issuer);
		blob_free(&names.serial);
		free(copy);
	}
	for (uint32_t i = 0; i < good.len; i++)
		for (unsigned int v = 0; v < 256; v += 5) {
			struct wire bad = good;

			bad.data[i] = (uint8_t)v;
			names = (struct x509_names){};
			(void)!x509_read((struct span){bad.data, bad.len}, &names);
			blob_free(&names.subject);
			blob_free(&names.issuer);
			blob_free(&names.serial);
		}
	names = (struct x509_names){};
	CHECK_EQ(x509_read((struct span){good.data, good.len}, &names), 0);
	CHECK_STR(names.not_before, "2024-01-31T23:59:59");
	CHECK_STR(names.not_after, "2050-12-31T00:00:00");
	blob_free(&names.subject);
	blob_free(&names.issuer);
	blob_free(&names.serial);
}

static const struct ktap_test tests[] = {TEST(full),
					 TEST(tls13),
					 TEST(lies),
					 TEST(version2),
					 TEST(version2_key),
					 TEST(fingerprints),
					 TEST(malformed),
					 TEST(ja4),
					 TEST(events),
					 TEST(certificate_events),
					 TEST(hidden_heartbeats),
					 TEST(empty_records),
					 TEST(version2_error)};
KTAP_MAIN(tests)
