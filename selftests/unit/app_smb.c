// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_smb - shares, files and the DCE/RPC in pipes, SMB1 and SMB2; DCE/RPC over TCP. Cut anywhere.
 */
#include "core/app/app_dcerpc.h"
#include "lib/session.h"

#define UUID_TEXT "12345778-1234-abcd-ef00-0123456789ac"

#define NETBIOS_WORDS 32 /* where the words of an SMB 1 message begin */

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
	CHECK_NO(text, "file.name"); /* a pipe holds no file */
	CHECK_LINE(text, "3 dcerpc.iface S0=" UUID_TEXT);
	CHECK_LINE(text, "3 dcerpc.opnum S0=5");
	CHECK_LINE(text, "3 dcerpc.stub_data S0=arguments");
	CHECK_LINE(text, "3 dcerpc.stub_data C0=results");
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

/* --- files */

#define LARGE 200000u /* of one message: more than is kept of it */

static void put_create2(struct wire *out, uint64_t number, const char *name)
{
	struct wire body = {}, one;

	put(&body, "00000000000000000000000000000000000000000000", 44);
	put_le(&body, 64 + 48, 2);
	put_le(&body, 2 * strlen(name), 2);
	put_wide(&body, name);
	one = smb2(5, number, false, &body);
	netbios(out, &one);
}

static void put_created2(struct wire *out, uint64_t number)
{
	struct wire body = {}, one;

	put_le(&body, 89, 2);
	while (body.len < 64)
		put_le(&body, 0, 1);
	put_id(&body);
	put(&body, "........", 8);
	one = smb2(5, number, true, &body);
	memset(one.data + 8, 0, 4);
	netbios(out, &one);
}

static struct wire write2(uint64_t number, uint64_t at, const char *data, uint32_t len)
{
	struct wire body = {};

	put_le(&body, 49, 2);
	put_le(&body, 64 + 48, 2);
	put_le(&body, len, 4);
	put_le(&body, at, 8);
	put_id(&body);
	put(&body, "0000000000000000", 16);
	put(&body, data, (uint32_t)strlen(data));
	return smb2(9, number, false, &body);
}

static void put_write2(struct wire *out, uint64_t number, uint64_t at, const char *data)
{
	struct wire one = write2(number, at, data, (uint32_t)strlen(data));

	netbios(out, &one);
}

static void put_read2(struct wire *out, uint64_t number, uint64_t at)
{
	struct wire body = {}, one;

	put_le(&body, 49, 2);
	put_le(&body, 0, 2);
	put_le(&body, 100, 4);
	put_le(&body, at, 8);
	put_id(&body);
	put(&body, "0000000000000000", 16);
	one = smb2(8, number, false, &body);
	netbios(out, &one);
}

static void put_read_answer2(struct wire *out, uint64_t number, const char *data)
{
	struct wire body = {}, one;

	put_le(&body, 17, 2);
	put_le(&body, 64 + 16, 2);
	put_le(&body, strlen(data), 4);
	put(&body, "........", 8);
	put(&body, data, (uint32_t)strlen(data));
	one = smb2(8, number, true, &body);
	memset(one.data + 8, 0, 4);
	netbios(out, &one);
}

static void put_close2(struct wire *out, uint64_t number)
{
	struct wire body = {}, one;

	put(&body, "\x18\0\0\0\0\0\0\0", 8);
	put_id(&body);
	one = smb2(6, number, false, &body);
	netbios(out, &one);
}

/* Written and read in pieces, the second before the first; the file is final with its close. */
static void files2(void)
{
	struct wire client = {}, server = {}, more = {}, answers = {}, end = {};
	struct turn turns[5];
	char *text;

	put_create2(&client, 1, "dir\\a.txt");
	put_created2(&server, 1);
	put_write2(&more, 2, 6, "second");
	put_write2(&more, 3, 0, "first ");
	put_read2(&more, 4, 5);
	put_read2(&more, 5, 0);
	put_read_answer2(&answers, 4, "world");
	put_read_answer2(&answers, 5, "hello");
	put_close2(&end, 6);
	turns[0] = turn_of(TO_SERVER, &client);
	turns[1] = turn_of(TO_CLIENT, &server);
	turns[2] = turn_of(TO_SERVER, &more);
	turns[3] = turn_of(TO_CLIENT, &answers);
	turns[4] = turn_of(TO_SERVER, &end);
	text = session_check(APP_SMB, turns, 5, NULL);
	CHECK_LINE(text, "1 file.name S0=dir\\x5ca.txt");
	CHECK_LINE(text, "1 file.data S0=first second");
	CHECK_LINE(text, "2 file.name C0=dir\\x5ca.txt");
	CHECK_LINE(text, "2 file.data C0=helloworld");
	CHECK_NO(text, "event");
	free(text);
}

/* Opened and written in one chain, whose second message names "the file of the first". */
static void chained2(void)
{
	struct wire create = {}, client = {}, server = {}, end = {}, write = write2(2, 0, "chained", 7);
	struct turn turns[3];
	char *text;

	put_create2(&create, 1, "b.txt");
	while ((create.len - 4) % 8)
		put_le(&create, 0, 1);
	create.data[4 + 20] = (uint8_t)(create.len - 4);
	memset(write.data + 64 + 16, 0xff, 16);
	put(&create, write.data, write.len);
	write.len = 0;
	put(&write, create.data + 4, create.len - 4);
	netbios(&client, &write);
	put_created2(&server, 1);
	put_close2(&end, 3);
	turns[0] = turn_of(TO_SERVER, &client);
	turns[1] = turn_of(TO_CLIENT, &server);
	turns[2] = turn_of(TO_SERVER, &end);
	text = session_check(APP_SMB, turns, 3, NULL);
	CHECK_LINE(text, "1 file.name S0=b.txt");
	CHECK_LINE(text, "1 file.data S0=chained");
	free(text);
}

/* One message that is longer than what is kept of messages: its file is whole all the same. */
static void large2(void)
{
	struct session *session = malloc(sizeof(*session));
	struct wire head = write2(1, 0, "", LARGE), end = {};
	uint8_t *all = malloc(4 + head.len + LARGE);
	uint32_t len = 4;
	struct span data;
	bool final;

	memcpy(all + len, head.data, head.len);
	len += head.len;
	for (uint32_t i = 0; i < LARGE; i++)
		all[len++] = (uint8_t)(i * 31 >> 3);
	all[0] = 0;
	all[1] = (uint8_t)((len - 4) >> 16);
	all[2] = (uint8_t)((len - 4) >> 8);
	all[3] = (uint8_t)(len - 4);
	for (uint32_t piece = 1460; piece <= len; piece = piece == 1460 ? len : len + 1) {
		session_init(session, APP_SMB, IPPROTO_TCP);
		for (uint32_t at = 0; at < len; at += piece)
			session_feed(session, TO_SERVER, all + at, len - at < piece ? len - at : piece, false,
				     false);
		if (CHECK(session->flow.txs &&
			  tx_buffer(session->flow.txs, BUFFER_FILE_DATA, TO_SERVER, 0, &data, &final))) {
			CHECK(!final && data.len == LARGE && !memcmp(data.data, all + len - LARGE, LARGE));
			end.len = 0;
			put_close2(&end, 2);
			session_feed(session, TO_SERVER, end.data, end.len, false, false);
		}
		free(session_end(session));
	}
	free(all);
	free(session);
}

/* More files than are followed at a time: the oldest is over. What cannot be put in order is bounded. */
static void many_files(void)
{
	struct session *session = malloc(sizeof(*session));
	unsigned int open = 0;

	session_init(session, APP_SMB, IPPROTO_TCP);
	for (unsigned int i = 0; i < 100; i++) {
		struct wire one = write2(i, 0, "content", 7), out = {};

		one.data[64 + 16] = (uint8_t)i;
		netbios(&out, &one);
		session_feed(session, TO_SERVER, out.data, out.len, false, false);
	}
	for (struct tx *tx = session->flow.txs; tx; tx = tx->next)
		open++;
	CHECK_EQ(open, 32);
	for (unsigned int i = 0; i < 1000; i++) {
		struct wire one = write2(i, (1000 - i) * 100, "late", 4), out = {};

		netbios(&out, &one);
		session_feed(session, TO_SERVER, out.data, out.len, false, false);
	}
	free(session_end(session));
	free(session);
}

/* Two commands in one message: open and write; the second names the file that the first opens. */
static void chained1(void)
{
	struct wire words = {}, bytes = {}, open, client = {}, server = {}, end = {};
	struct turn turns[3];
	uint32_t at;
	char *text;

	put(&words, "\x2f\0\0\0", 4); /* next: write */
	put(&words, "0000000000000000000000000000000000000000000000", 44);
	put(&bytes, "\0", 1);
	put_wide(&bytes, "c.txt");
	put(&bytes, "\0\0", 2);
	open = smb1(0xa2, 1, &words, &bytes);
	at = open.len;
	open.data[32 + 1 + 2] = (uint8_t)at;
	put_le(&open, 14, 1);
	put(&open, "\xff\0\0\0\xff\xff\0\0\0\0", 10);
	put(&open, "0000000000", 10);
	open.data[at + 1 + 18] = open.data[at + 1 + 19] = 0;
	put_le(&open, 5, 2); /* bytes */
	put_le(&open, at + 1 + 28 + 2, 2);
	put_le(&open, 0, 4);
	put_le(&open, 5, 2);
	put(&open, "in it", 5);
	netbios(&client, &open);
	words.len = bytes.len = 0;
	put(&words, "\xff\0\0\0\0\x07\x40", 7);
	put(&words, "0", 1);
	open = smb1(0xa2, 1, &words, &bytes);
	netbios(&server, &open);
	words.len = 0;
	put(&words, "\x07\x40\0\0\0\0", 6);
	open = smb1(0x04, 2, &words, &bytes);
	netbios(&end, &open);
	turns[0] = turn_of(TO_SERVER, &client);
	turns[1] = turn_of(TO_CLIENT, &server);
	turns[2] = turn_of(TO_SERVER, &end);
	text = session_check(APP_SMB, turns, 3, NULL);
	CHECK_LINE(text, "1 file.name S0=c.txt");
	CHECK_LINE(text, "1 file.data S0=in it");
	free(text);
}

static enum app_status sealed_status(bool session_encrypts, bool answered)
{
	struct session *session = malloc(sizeof(*session));
	struct wire body = {}, one, out = {}, sealed = {};
	enum app_status status;

	put_le(&body, 9, 2);
	put_le(&body, session_encrypts ? 4 : 0, 2);
	put_le(&body, 0, 4);
	one = smb2(1, 1, true, &body);
	memset(one.data + 8, 0, 4);
	netbios(&out, &one);
	one.len = 0;
	put(&one, "\xfdSMB", 4);
	put(&one, "signature16bytesnonce of 16 bytelen.....session.....cipher", 58);
	netbios(&sealed, &one);
	session_init(session, APP_SMB, IPPROTO_TCP);
	session_feed(session, TO_CLIENT, out.data, out.len, false, false);
	session_feed(session, TO_SERVER, sealed.data, sealed.len, false, false);
	if (answered)
		session_feed(session, TO_CLIENT, sealed.data, sealed.len, false, false);
	status = session->status;
	free(session_end(session));
	free(session);
	return status;
}

/* Ciphertext is said only of a session whose server takes nothing else, and when both sides encrypt (T5). */
static void sealed(void)
{
	CHECK_EQ(sealed_status(true, true), APP_ENCRYPTED);
	CHECK_EQ(sealed_status(true, false), APP_OK);
	CHECK_EQ(sealed_status(false, true), APP_OK);
}

/* --- DCE/RPC over UDP */

static struct wire datagram(uint8_t type, uint8_t flags, uint16_t fragment, const char *stub)
{
	struct wire out = {};

	put_le(&out, 4, 1);
	put_le(&out, type, 1);
	put_le(&out, flags, 1);
	put(&out, "\0\x10\0\0\0", 5);
	put(&out, "object uuid 16 b", 16);
	put(&out, "\x78\x57\x34\x12\x34\x12\xcd\xab\xef\x00\x01\x23\x45\x67\x89\xac", 16);
	put(&out, "activity uuid 16", 16);
	put_le(&out, 0, 4);
	put_le(&out, 3, 4);
	put_le(&out, 9, 4);
	put_le(&out, 11, 2);
	put_le(&out, 0xffffffff, 4);
	put_le(&out, strlen(stub), 2);
	put_le(&out, fragment, 2);
	put_le(&out, 0, 2);
	put(&out, stub, (uint32_t)strlen(stub));
	return out;
}

static void connectionless(void)
{
	struct wire first = datagram(0, 4, 0, "first "), last = datagram(0, 6, 1, "last"),
		    answer = datagram(2, 0, 0, "result");
	struct session *session = malloc(sizeof(*session));
	char *text;

	CHECK_EQ(app_dcerpc_udp.probe((struct span){first.data, first.len}, TO_SERVER, 4711), APP_PROBE_YES);
	CHECK_EQ(app_dcerpc_udp.probe((struct span){answer.data, answer.len}, TO_CLIENT, 1), APP_PROBE_YES);
	CHECK_EQ(app_dcerpc_udp.probe((struct span){answer.data, answer.len}, TO_SERVER, 1), APP_PROBE_NO);
	CHECK_EQ(app_dcerpc_udp.probe((struct span){first.data, first.len - 1}, TO_SERVER, 1), APP_PROBE_NO);
	session_init(session, APP_DCERPC, IPPROTO_UDP);
	session_feed(session, TO_SERVER, first.data, first.len, false, false);
	session_feed(session, TO_SERVER, last.data, last.len, false, false);
	session_feed(session, TO_CLIENT, answer.data, answer.len, false, false);
	text = session_end(session);
	CHECK_LINE(text, "0 dcerpc.iface S0=" UUID_TEXT);
	CHECK_LINE(text, "0 dcerpc.opnum S0=11");
	CHECK_LINE(text, "0 dcerpc.stub_data S0=first last");
	CHECK_LINE(text, "0 dcerpc.stub_data C0=result");
	CHECK_NO(text, "\n1 ");
	free(text);
	free(session);
}

/* --- what is odd */

/* Plays what each side says, and looks for an event; NULL: none. */
static void expect_event(const char *what, const struct wire *client, const struct wire *server,
			 const char *event)
{
	struct wire all[2] = {};
	struct turn turns[2];
	char *text, line[80];

	if (client)
		netbios(&all[0], client);
	if (server)
		netbios(&all[1], server);
	turns[0] = turn_of(TO_SERVER, &all[0]);
	turns[1] = turn_of(TO_CLIENT, &all[1]);
	text = session_check(APP_SMB, turns, 2, NULL);
	snprintf(line, sizeof(line), " event smb.%s", event ? event : "");
	CHECK(!strstr(text, line) == !event, "%s: %s", what, text);
	free(text);
}

static struct wire negotiated(uint32_t read_max, uint32_t write_max)
{
	struct wire body = {};

	put(&body, "................................", 32);
	put_le(&body, read_max, 4);
	put_le(&body, write_max, 4);
	put(&body, "....................", 20);
	return smb2(0, 0, true, &body);
}

static struct wire moving(uint16_t command, bool answer, uint32_t len)
{
	struct wire body = {};

	if (answer) {
		put_le(&body, 17, 2);
		put_le(&body, 80, 2);
		put_le(&body, len, 4);
		put(&body, "........x", 9);
	} else {
		put_le(&body, 49, 2);
		put_le(&body, 112, 2);
		put_le(&body, len, 4);
		put_le(&body, 0, 8);
		put_id(&body);
		put(&body, "0000000000000000x", 17);
	}
	return smb2(command, 9, answer, &body);
}

static void sizes(void)
{
	struct wire hello = smb2(0, 0, false, &(struct wire){.data = "................", .len = 16}), one;

	one = negotiated(1 << 20, 1 << 20);
	expect_event("usual", &hello, &one, NULL);
	one = negotiated((16 << 20) + 1, 1 << 20);
	expect_event("reads", &hello, &one, "negotiate_max_read_size_too_large");
	one = negotiated(1 << 20, (16 << 20) + 1);
	expect_event("writes", &hello, &one, "negotiate_max_write_size_too_large");
	one = moving(8, false, 1 << 20);
	expect_event("a read", &one, NULL, NULL);
	one = moving(8, false, (16 << 20) + 1);
	expect_event("a large read", &one, NULL, "read_request_too_large");
	one = moving(9, false, (16 << 20) + 1);
	expect_event("a large write", &one, NULL, "write_request_too_large");
	hello = moving(8, false, 10);
	one = moving(8, true, (16 << 20) + 1);
	expect_event("a large answer", &hello, &one, "read_response_too_large");
}

/* Beyond what the server said, however small that is. */
static void agreed_sizes(void)
{
	struct wire hello = negotiated(1000, 2000), ask = moving(8, false, 1001),
		    put_more = moving(9, false, 2001);
	struct wire all[3] = {};
	struct turn turns[2];
	char *text;

	netbios(&all[0], &hello);
	netbios(&all[1], &ask);
	netbios(&all[1], &put_more);
	turns[0] = turn_of(TO_CLIENT, &all[0]);
	turns[1] = turn_of(TO_SERVER, &all[1]);
	text = session_check(APP_SMB, turns, 2, NULL);
	CHECK(strstr(text, " event smb.read_request_too_large") &&
		      strstr(text, " event smb.write_request_too_large"),
	      "%s", text);
	free(text);
}

static void odd_messages(void)
{
	struct wire body = {.data = "................................", .len = 32}, one, none = {},
		    words = {};

	one = smb2(3, 1, false, &body);
	expect_event("request", &one, NULL, NULL);
	expect_event("request to a client", NULL, &one, "request_to_client");
	one = smb2(3, 1, true, &body);
	expect_event("answer", NULL, &one, NULL);
	expect_event("answer to a server", &one, NULL, "response_to_server");
	one.data[4] = 63;
	expect_event("another head", NULL, &one, "malformed_data");
	one = smb2(3, 1, false, &body);
	one.data[20] = 7; /* the next message begins within the head */
	expect_event("chain", &one, NULL, "malformed_data");
	one = (struct wire){.data = "\xfeSMB short", .len = 10};
	expect_event("cut", &one, NULL, "malformed_data");
	one = (struct wire){.data = "\xffSMB short", .len = 10};
	expect_event("cut, version 1", &one, NULL, "malformed_data");
	one = (struct wire){.data = "not SMB at all", .len = 14};
	expect_event("something else", &one, NULL, "malformed_data");
	/* dialects */
	one = smb1(0x72, 1, &none, &(struct wire){.data = "\2NT LM 0.12\0\2SMB 2.002", .len = 23});
	expect_event("dialects", &one, NULL, NULL);
	one = smb1(0x72, 1, &none, &(struct wire){.data = "\3NT LM 0.12", .len = 12});
	expect_event("no dialect", &one, NULL, "negotiate_malformed_dialects");
	one = smb1(0x72, 1, &none, &(struct wire){.data = "\2NT", .len = 3});
	expect_event("without an end", &one, NULL, "negotiate_malformed_dialects");
	put_le(&words, 5, 2);
	one = smb1(0x72, 1, &none, &(struct wire){.data = "\2NT LM 0.12", .len = 12});
	body = smb1(0x72, 1, &words, &none);
	expect_event("none of them was chosen", &one, &body, "negotiate_malformed_dialects");
	one.data[NETBIOS_WORDS] = 200; /* more words than there are */
	expect_event("words", &one, NULL, "malformed_data");
}

static struct wire logon(uint32_t at, uint16_t len)
{
	struct wire body = {}, ntlm = {};

	put(&ntlm, "NTLMSSP\0\3\0\0\0................", 28);
	put_le(&ntlm, len, 2); /* domain */
	put_le(&ntlm, len, 2);
	put_le(&ntlm, at, 4);
	put_le(&ntlm, 4, 2); /* user */
	put_le(&ntlm, 4, 2);
	put_le(&ntlm, 64, 4);
	put(&ntlm, "....................USER", 24);
	put(&body, "............", 12);
	put_le(&body, 64 + 24, 2);
	put_le(&body, ntlm.len, 2);
	put(&body, "........", 8);
	put(&body, ntlm.data, ntlm.len);
	return smb2(1, 1, false, &body);
}

static void logons(void)
{
	struct wire one = logon(64, 4);

	expect_event("logon", &one, NULL, NULL);
	one = logon(66, 4);
	expect_event("domain outside", &one, NULL, "malformed_ntlmssp_request");
	one = logon(0xfffffff0, 0x20);
	expect_event("domain far outside", &one, NULL, "malformed_ntlmssp_request");
}

/* Writes with a hole before each: too many of them, or too large. */
static void queues(void)
{
	static const struct {
		uint32_t count, len;
		const char *event, *other;
	} rows[] = {{60, 1, NULL, "queue"},
		    {70, 1, "write_queue_cnt_exceeded", "write_queue_size"},
		    {40, 32768, "write_queue_size_exceeded", "write_queue_cnt"}};
	static const uint8_t zeros[32768];

	for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
		struct session *session = malloc(sizeof(*session));
		char *text;

		session_init(session, APP_SMB, IPPROTO_TCP);
		for (uint32_t i = 0; i < rows[r].count; i++) {
			struct wire body = {}, head = {}, one;

			put_le(&body, 49, 2);
			put_le(&body, 112, 2);
			put_le(&body, rows[r].len, 4);
			put_le(&body, 10 + (uint64_t)i * (rows[r].len + 1), 8);
			put_id(&body);
			put(&body, "0000000000000000", 16);
			one = smb2(9, i, false, &body);
			put_le(&head, 0, 1);
			for (unsigned int shift = 24; shift; shift -= 8)
				put_le(&head, (one.len + rows[r].len) >> (shift - 8), 1);
			put(&head, one.data, one.len);
			session_feed(session, TO_SERVER, head.data, head.len, false, false);
			session_feed(session, TO_SERVER, zeros, rows[r].len, false, false);
		}
		text = session_end(session);
		CHECK(!rows[r].event || strstr(text, rows[r].event), "%zu: %.400s", r, text);
		CHECK_NO(text, rows[r].other);
		free(text);
		free(session);
	}
}

static const struct ktap_test tests[] = {
	TEST(dcerpc), TEST(hostile),	    TEST(pipes2), TEST(version1),     TEST(many_pipes),
	TEST(files2), TEST(chained2),	    TEST(large2), TEST(many_files),   TEST(chained1),
	TEST(sealed), TEST(connectionless), TEST(sizes),  TEST(agreed_sizes), TEST(odd_messages),
	TEST(logons), TEST(queues)};
KTAP_MAIN(tests)
