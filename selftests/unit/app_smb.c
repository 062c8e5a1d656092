// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_smb - shares, files and the DCE/RPC in pipes, SMB1 and SMB2; DCE/RPC over TCP. Cut anywhere.
 */
#include "core/app_dcerpc.h"
#include "lib/session.h"

#define UUID_TEXT "12345778-1234-abcd-ef00-0123456789ac"

struct wire {
	uint8_t data[4096];
	uint32_t len;
};

static void put(struct wire *wire, const void *data, uint32_t len)
{
	memcpy(wire->data + wire->len, data, len);
	wire->len += len;
}

/* Little endian. */
static void put_le(struct wire *wire, uint64_t value, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		wire->data[wire->len++] = (uint8_t)(value >> 8 * i);
}

static void put_wide(struct wire *wire, const char *text)
{
	for (; *text; text++)
		put_le(wire, (uint8_t)*text, 2);
}

static struct turn turn_of(enum direction dir, const struct wire *wire)
{
	return (struct turn){.dir = dir, .data = (const char *)wire->data, .len = wire->len};
}

/* --- DCE/RPC */

static void pdu(struct wire *out, uint8_t type, uint8_t flags, uint32_t call, const void *body, uint32_t len)
{
	put(out, "\5\0", 2);
	put_le(out, type, 1);
	put_le(out, flags, 1);
	put(out, "\x10\0\0\0", 4);
	put_le(out, 16 + len, 2);
	put_le(out, 0, 2);
	put_le(out, call, 4);
	put(out, body, len);
}

static struct wire binding(void)
{
	struct wire body = {}, out = {};

	put_le(&body, 4280, 2);
	put_le(&body, 4280, 2);
	put_le(&body, 0, 4);
	put_le(&body, 1, 4); /* one context */
	put_le(&body, 7, 2); /* its number */
	put_le(&body, 1, 2);
	put(&body, "\x78\x57\x34\x12\x34\x12\xcd\xab\xef\x00\x01\x23\x45\x67\x89\xac", 16);
	put_le(&body, 3, 4);
	put(&body, "transfer syntax 20 b", 20);
	pdu(&out, 11, 3, 1, body.data, body.len);
	return out;
}

static struct wire request(uint16_t opnum, uint8_t flags, const char *stub)
{
	struct wire body = {}, out = {};

	put_le(&body, strlen(stub), 4);
	put_le(&body, 7, 2);
	put_le(&body, opnum, 2);
	put(&body, stub, (uint32_t)strlen(stub));
	pdu(&out, 0, flags, 2, body.data, body.len);
	return out;
}

static struct wire response(const char *stub)
{
	struct wire body = {}, out = {};

	put_le(&body, strlen(stub), 4);
	put_le(&body, 7, 2);
	put_le(&body, 0, 2);
	put(&body, stub, (uint32_t)strlen(stub));
	pdu(&out, 2, 3, 2, body.data, body.len);
	return out;
}

static void dcerpc(void)
{
	struct wire client = binding(), more = request(64, 1, "first "), answer = response("results");
	struct turn turns[3];
	char *text;

	put(&client, more.data, more.len);
	more = request(64, 2, "second");
	put(&client, more.data, more.len);
	turns[0] = turn_of(TO_SERVER, &client);
	turns[1] = turn_of(TO_CLIENT, &answer);
	CHECK_EQ(app_dcerpc.probe((struct span){client.data, client.len}, TO_SERVER, 4711), APP_PROBE_YES);
	text = session_check(APP_DCERPC, turns, 2, NULL);
	CHECK_LINE(text, "0 dcerpc.iface S0=" UUID_TEXT);
	CHECK_LINE(text, "0 dcerpc.version S0=\\x00\\x03");
	CHECK_LINE(text, "0 dcerpc.opnum S0=64");
	CHECK_LINE(text, "0 dcerpc.stub_data S0=first second");
	CHECK_LINE(text, "0 dcerpc.stub_data C0=results");
	CHECK_NO(text, "\n1 ");
	free(text);
}

/* Calls without end or answer, and every byte changed: bounded, and nothing is read beyond its end. */
static void hostile(void)
{
	struct wire client = binding(), call = request(3, 3, "stub"), answer = response("x");
	struct session *session = malloc(sizeof(*session));
	unsigned int open = 0;

	session_init(session, APP_DCERPC, IPPROTO_TCP);
	for (uint32_t i = 0; i < 200; i++) {
		call.data[12] = (uint8_t)i;
		session_feed(session, TO_SERVER, call.data, call.len, false, false);
	}
	for (struct tx *tx = session->flow.txs; tx; tx = tx->next)
		open++;
	CHECK_EQ(open, DCERPC_CALLS_MAX);
	free(session_end(session));
	put(&client, call.data, call.len);
	for (uint32_t at = 0; at < client.len; at++)
		for (unsigned int value = 0; value < 256; value += 3) {
			struct wire bad = client;

			bad.data[at] = (uint8_t)value;
			session_init(session, APP_DCERPC, IPPROTO_TCP);
			session_feed(session, TO_SERVER, bad.data, bad.len, false, false);
			session_feed(session, TO_CLIENT, answer.data, answer.len, false, false);
			free(session_end(session));
		}
	free(session);
}

/* --- SMB */

static void netbios(struct wire *out, const struct wire *message)
{
	put_le(out, 0, 2);
	put_le(out, message->len >> 8, 1);
	put_le(out, message->len, 1);
	put(out, message->data, message->len);
}

static struct wire smb2(uint16_t command, uint64_t number, bool answer, const struct wire *body)
{
	struct wire out = {};

	put(&out, "\xfeSMB\x40\0\0\0\0\0\0\0", 12);
	put_le(&out, command, 2);
	put_le(&out, 1, 2);
	put_le(&out, answer, 4);
	put_le(&out, 0, 4);
	put_le(&out, number, 8);
	put(&out, "................................", 32);
	put(&out, body->data, body->len);
	return out;
}

static void put_id(struct wire *wire)
{
	put(wire, "FILEIDFILEIDFILE", 16);
}

static void pipes2(void)
{
	struct wire body = {}, one, rpc, client = {}, server = {}, again = {}, last = {};
	struct turn turns[4];
	char *text;

	/* tree connect */
	put_le(&body, 9, 2);
	put_le(&body, 0, 2);
	put_le(&body, 64 + 8, 2);
	put_le(&body, 2 * 10, 2);
	put_wide(&body, "\\\\srv\\IPC$");
	one = smb2(3, 1, false, &body);
	netbios(&client, &one);
	/* create */
	body.len = 0;
	put(&body, "00000000000000000000000000000000000000000000", 44);
	put_le(&body, 64 + 48, 2);
	put_le(&body, 2 * 4, 2);
	put_wide(&body, "samr");
	one = smb2(5, 2, false, &body);
	netbios(&client, &one);
	/* write: the bind */
	rpc = binding();
	body.len = 0;
	put_le(&body, 49, 2);
	put_le(&body, 64 + 48, 2);
	put_le(&body, rpc.len, 4);
	put_le(&body, 0, 8);
	put_id(&body);
	put(&body, "0000000000000000", 16);
	put(&body, rpc.data, rpc.len);
	one = smb2(9, 3, false, &body);
	netbios(&client, &one);
	/* answers end transactions */
	body.len = 0;
	put(&body, "12345678", 8);
	one = smb2(3, 1, true, &body);
	netbios(&server, &one);
	one = smb2(5, 2, true, &body);
	netbios(&server, &one);
	/* transact: the call, and its answer */
	rpc = request(5, 3, "arguments");
	body.len = 0;
	put_le(&body, 57, 2);
	put_le(&body, 0, 2);
	put_le(&body, 0x0011c017, 4);
	put_id(&body);
	put_le(&body, 64 + 56, 4);
	put_le(&body, rpc.len, 4);
	put(&body, "000000000000000000000000", 24);
	put(&body, rpc.data, rpc.len);
	one = smb2(11, 4, false, &body);
	netbios(&again, &one);
	rpc = response("results");
	body.len = 0;
	put_le(&body, 49, 2);
	put_le(&body, 0, 2);
	put_le(&body, 0x0011c017, 4);
	put_id(&body);
	put_le(&body, 0, 8);
	put_le(&body, 64 + 48, 4);
	put_le(&body, rpc.len, 4);
	put_le(&body, 0, 8);
	put(&body, rpc.data, rpc.len);
	one = smb2(11, 4, true, &body);
	netbios(&last, &one);

	turns[0] = turn_of(TO_SERVER, &client);
	turns[1] = turn_of(TO_CLIENT, &server);
	turns[2] = turn_of(TO_SERVER, &again);
	turns[3] = turn_of(TO_CLIENT, &last);
	text = session_check(APP_SMB, turns, 4, NULL);
	CHECK_LINE(text, "0 smb.named_pipe S0=\\x5c\\x5csrv\\x5cIPC$");
	CHECK_NO(text, "smb.share");
	CHECK_LINE(text, "1 file.name S0=samr");
	CHECK_LINE(text, "2 dcerpc.iface S0=" UUID_TEXT);
	CHECK_LINE(text, "2 dcerpc.opnum S0=5");
	CHECK_LINE(text, "2 dcerpc.stub_data S0=arguments");
	CHECK_LINE(text, "2 dcerpc.stub_data C0=results");
	free(text);
}

static struct wire smb1(uint8_t command, uint16_t number, const struct wire *words, const struct wire *bytes)
{
	struct wire out = {};

	put(&out, "\xffSMB", 4);
	put_le(&out, command, 1);
	put(&out, "\0\0\0\0\0\0\x80", 7); /* status, flags, UTF-16 */
	put(&out, "..................", 18);
	put_le(&out, number, 2);
	put_le(&out, words->len / 2, 1);
	put(&out, words->data, words->len);
	put_le(&out, bytes->len, 2);
	put(&out, bytes->data, bytes->len);
	return out;
}

static void version1(void)
{
	struct wire words = {}, bytes = {}, one, rpc = binding(), client = {}, server = {};
	struct turn turns[2];
	char *text;

	/* tree connect: one byte of password, which also aligns the path */
	put(&words, "\xff\0\0\0\0\0\1\0", 8);
	put(&bytes, "\0", 1);
	if ((32 + 1 + 8 + 2 + 1) & 1)
		put(&bytes, "\0", 1);
	put_wide(&bytes, "\\\\srv\\docs");
	put(&bytes, "\0\0?????", 7);
	one = smb1(0x75, 1, &words, &bytes);
	netbios(&client, &one);
	/* transact on a pipe: bind and call in one */
	one = request(12, 3, "arguments");
	put(&rpc, one.data, one.len);
	words.len = bytes.len = 0;
	put(&words, "0000000000000000000000", 22);
	put_le(&words, rpc.len, 2);
	put_le(&words, 32 + 1 + 32 + 2, 2);
	put_le(&words, 2, 2);
	put_le(&words, 0x26, 2);
	put_le(&words, 0x4001, 2);
	put(&bytes, rpc.data, rpc.len);
	one = smb1(0x25, 2, &words, &bytes);
	netbios(&client, &one);
	words.len = bytes.len = 0;
	rpc = response("results");
	put(&words, "000000000000", 12);
	put_le(&words, rpc.len, 2);
	put_le(&words, 32 + 1 + 20 + 2, 2);
	put(&words, "0000", 4);
	put(&bytes, rpc.data, rpc.len);
	one = smb1(0x25, 2, &words, &bytes);
	netbios(&server, &one);
	turns[0] = turn_of(TO_SERVER, &client);
	turns[1] = turn_of(TO_CLIENT, &server);
	text = session_check(APP_SMB, turns, 2, NULL);
	CHECK_LINE(text, "0 smb.share S0=\\x5c\\x5csrv\\x5cdocs");
	CHECK_LINE(text, "1 dcerpc.opnum S0=12");
	CHECK_LINE(text, "1 dcerpc.stub_data S0=arguments");
	CHECK_LINE(text, "1 dcerpc.stub_data C0=results");
	free(text);
	for (uint32_t at = 4; at < client.len; at++)
		for (unsigned int value = 0; value < 256; value += 5) {
			struct session *session = malloc(sizeof(*session));
			struct wire bad = client;

			bad.data[at] = (uint8_t)value;
			session_init(session, APP_SMB, IPPROTO_TCP);
			session_feed(session, TO_SERVER, bad.data, bad.len, false, false);
			session_feed(session, TO_CLIENT, server.data, server.len, false, true);
			free(session_end(session));
			free(session);
		}
}

/* More pipes than are followed at a time: the oldest is forgotten, with its calls. */
static void many_pipes(void)
{
	struct session *session = malloc(sizeof(*session));
	struct wire rpc = binding(), call = request(1, 3, "x"), body, one;
	unsigned int open = 0;

	put(&rpc, call.data, call.len);
	session_init(session, APP_SMB, IPPROTO_TCP);
	for (unsigned int i = 0; i < 100; i++) {
		struct wire out = {};

		body = (struct wire){};
		put_le(&body, 49, 2);
		put_le(&body, 64 + 48, 2);
		put_le(&body, rpc.len, 4);
		put_le(&body, 0, 8);
		put_le(&body, i + 1, 16 - 8);
		put_le(&body, 0, 8);
		put(&body, "0000000000000000", 16);
		put(&body, rpc.data, rpc.len);
		one = smb2(9, i, false, &body);
		netbios(&out, &one);
		session_feed(session, TO_SERVER, out.data, out.len, false, false);
	}
	for (struct tx *tx = session->flow.txs; tx; tx = tx->next)
		open++;
	CHECK_EQ(open, 8);
	free(session_end(session));
	free(session);
}

static const struct ktap_test tests[] = {TEST(dcerpc), TEST(hostile), TEST(pipes2), TEST(version1),
					 TEST(many_pipes)};
KTAP_MAIN(tests)
