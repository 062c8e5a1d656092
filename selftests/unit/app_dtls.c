// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_dtls - hellos, certificates and heartbeats in datagrams; fragments in any order, again, and lies.
 */
#include "core/app/app_tls.h"
#include "lib/session.h"

struct wire {
	uint8_t data[2048];
	uint32_t len;
};

static void put(struct wire *wire, const void *data, uint32_t len)
{
	memcpy(wire->data + wire->len, data, len);
	wire->len += len;
}

static void put_number(struct wire *wire, uint64_t value, unsigned int bytes)
{
	while (bytes--)
		wire->data[wire->len++] = (uint8_t)(value >> 8 * bytes);
}

static void put_record(struct wire *wire, uint8_t type, uint16_t epoch, const void *body, uint32_t len)
{
	put_number(wire, type, 1);
	put_number(wire, 0xfefd, 2);
	put_number(wire, epoch, 2);
	put_number(wire, 7, 6);
	put_number(wire, len, 2);
	put(wire, body, len);
}

/* One record with the bytes [from, to) of a handshake message. */
static void put_fragment(struct wire *out, uint8_t type, uint16_t number, const struct wire *body,
			 uint32_t from, uint32_t to)
{
	struct wire message = {};

	put_number(&message, type, 1);
	put_number(&message, body->len, 3);
	put_number(&message, number, 2);
	put_number(&message, from, 3);
	put_number(&message, to - from, 3);
	put(&message, body->data + from, to - from);
	put_record(out, TLS_HANDSHAKE, 0, message.data, message.len);
}

static struct wire client_hello(const char *cookie)
{
	static const char extensions[] = "\x00\x00\x00\x10\x00\x0e\x00\x00\x0b"
					 "example.org"
					 "\x00\x0a\x00\x04\x00\x02\x00\x1d";
	struct wire out = {};

	put_number(&out, 0xfefd, 2);
	put(&out, "random of 32 bytes..............", 32);
	put_number(&out, 0, 1);
	put_number(&out, strlen(cookie), 1);
	put(&out, cookie, (uint32_t)strlen(cookie));
	put(&out, "\x00\x04\xc0\x2b\xc0\x2f\x01\x00", 8);
	put_number(&out, sizeof(extensions) - 1, 2);
	put(&out, extensions, sizeof(extensions) - 1);
	return out;
}

static struct wire server_hello(void)
{
	struct wire out = {};

	put_number(&out, 0xfefd, 2);
	put(&out, "random of the server............", 32);
	put(&out, "\x00\xc0\x2b\x00\x00\x00", 6);
	return out;
}

static struct wire certificate(void)
{
	struct wire out = {};

	put_number(&out, 3 + 400, 3);
	put_number(&out, 400, 3);
	for (unsigned int i = 0; i < 400; i++)
		put_number(&out, 'a' + i % 26, 1);
	return out;
}

static struct session *session_new(void)
{
	struct session *session = malloc(sizeof(*session));

	session_init(session, APP_TLS, IPPROTO_UDP);
	return session;
}

static void feed(struct session *session, enum direction dir, struct wire *datagram)
{
	session_feed(session, dir, datagram->data, datagram->len, false, false);
	datagram->len = 0;
}

/* The client's half; with its cookie in two fragments, the second one first. */
static void begin(struct session *session)
{
	struct wire hello = client_hello(""), out = {};

	put_fragment(&out, TLS_CLIENT_HELLO, 0, &hello, 0, hello.len);
	CHECK_EQ(app_dtls.probe((struct span){out.data, out.len}, TO_SERVER, 4433), APP_PROBE_YES);
	CHECK_EQ(app_dtls.probe((struct span){out.data, out.len - 1}, TO_SERVER, 4433), APP_PROBE_NO);
	feed(session, TO_SERVER, &out);
	hello.len = 0;
	put(&hello,
	    "\xfe\xff\x06"
	    "cookie",
	    9);
	put_fragment(&out, 3, 0, &hello, 0, hello.len);
	CHECK_EQ(app_dtls.probe((struct span){out.data, out.len}, TO_CLIENT, 4433), APP_PROBE_YES);
	feed(session, TO_CLIENT, &out);
	hello = client_hello("cookie");
	put_fragment(&out, TLS_CLIENT_HELLO, 1, &hello, 30, hello.len);
	feed(session, TO_SERVER, &out);
	put_fragment(&out, TLS_CLIENT_HELLO, 1, &hello, 0, 30);
	feed(session, TO_SERVER, &out);
}

static void answer(struct session *session)
{
	struct wire hello = server_hello(), chain = certificate(), out = {};

	put_fragment(&out, TLS_SERVER_HELLO, 1, &hello, 0, hello.len);
	put_fragment(&out, TLS_CERTIFICATE, 2, &chain, 0, 100);
	feed(session, TO_CLIENT, &out);
	put_fragment(&out, TLS_CERTIFICATE, 2, &chain, 300, chain.len);
	feed(session, TO_CLIENT, &out);
	put_fragment(&out, TLS_CERTIFICATE, 2, &chain, 80, 300);
	feed(session, TO_CLIENT, &out);
	put_fragment(&out, TLS_CERTIFICATE, 2, &chain, 0, chain.len); /* repeated */
	feed(session, TO_CLIENT, &out);
}

static void handshake(void)
{
	struct session *session = session_new();
	struct wire out = {};
	char *text;

	begin(session);
	answer(session);
	put_record(&out, TLS_HANDSHAKE, 1, "finished, encrypted", 19);
	feed(session, TO_SERVER, &out);
	CHECK_EQ(session->status, APP_OK);
	put_record(&out, TLS_DATA, 1, "answer, encrypted", 17);
	feed(session, TO_CLIENT, &out);
	CHECK_EQ(session->status, APP_ENCRYPTED);
	text = session_end(session);
	CHECK_LINE(text, "0 tls.sni S0=example.org");
	CHECK_LINE(text, "0 tls.version S0=tls1.2");
	CHECK_LINE(text, "0 ssl_state S0= client_hello server_hello");
	CHECK_LINE(text, "0 tls.cert_chain_len C0=\\x00\\x00\\x00\\x01");
	CHECK_LINE(text, "0 ja3.string S0=65277,49195-49199,0-10,29,");
	CHECK(strstr(text, "0 ja4.hash S0=dd2d0202"), "transport, version, name, two suites, two extensions");
	CHECK(strstr(text, "0 tls.certs C0=abcdefghij") != NULL);
	CHECK_NO(text, "\n1 ");
	free(text);
	free(session);
}

/* Ciphertext needs both halves of the handshake (T5). */
static void half(void)
{
	struct session *session = session_new();
	struct wire out = {};

	begin(session);
	for (enum direction dir = TO_SERVER; dir <= TO_CLIENT; dir++) {
		put_record(&out, TLS_DATA, 1, "says that it is encrypted", 25);
		feed(session, dir, &out);
	}
	CHECK_EQ(session->status, APP_OK);
	free(session_end(session));
	free(session);
}

/* RFC 6520: the length of the payload lies within the record, with padding. */
static void heartbeats(void)
{
	static const struct {
		const char *body, *event;
	} rows[] = {
		{"\x01\x00\x04payl0123456789abcdef", "heartbeat_message"},
		{"\x01\x40\x00payl0123456789abcdef", "overflow_heartbeat_message"},
		{"\x01\x00\x04payl", "invalid_heartbeat_message"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct session *session = session_new();
		struct wire out = {};
		char *text, line[64];

		begin(session);
		put_record(&out, TLS_HEARTBEAT, 0, rows[i].body, i == 2 ? 7 : 23);
		feed(session, TO_SERVER, &out);
		text = session_end(session);
		snprintf(line, sizeof(line), "0 event tls.%s", rows[i].event);
		CHECK_LINE(text, line);
		free(text);
		free(session);
	}
}

/* Lengths that lie, messages without end, every byte changed: bounded, and nothing is read beyond its end. */
static void hostile(void)
{
	struct wire hello = client_hello("cookie"), out = {}, bad;
	struct session *session = session_new();
	char *text;

	put_fragment(&out, TLS_CLIENT_HELLO, 1, &hello, 0, hello.len);
	bad = out;
	bad.data[13 + 8] = 200; /* begins behind the end */
	feed(session, TO_SERVER, &out);
	feed(session, TO_SERVER, &bad);
	text = session_end(session);
	CHECK_LINE(text, "0 event tls.handshake_invalid_length");
	free(text);
	session_init(session, APP_TLS, IPPROTO_UDP);
	for (unsigned int i = 0; i < 2000; i++) {
		put_fragment(&out, TLS_CLIENT_HELLO, (uint16_t)i, &hello, 1 + i % 50, 60);
		feed(session, TO_SERVER, &out);
	}
	free(session_end(session));
	put_fragment(&out, TLS_CLIENT_HELLO, 1, &hello, 0, hello.len);
	for (uint32_t at = 0; at < out.len; at++)
		for (unsigned int value = 0; value < 256; value += 5) {
			bad = out;
			bad.data[at] = (uint8_t)value;
			session_init(session, APP_TLS, IPPROTO_UDP);
			feed(session, TO_SERVER, &bad);
			free(session_end(session));
		}
	free(session);
}

static const struct ktap_test tests[] = {TEST(handshake), TEST(half), TEST(heartbeats), TEST(hostile)};
KTAP_MAIN(tests)
