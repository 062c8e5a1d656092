// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_http - HTTP conversations, cut at every byte.
 */
#include <zlib.h>

#include "lib/session.h"

#define PLAY(turns, status) session_check(APP_HTTP, turns, sizeof(turns) / sizeof((turns)[0]), status)

static void basic(void)
{
	static const struct turn turns[] = {
		FROM_CLIENT("GET /a/../b.php?x=%27 HTTP/1.1\r\nHost: WWW.Example.com:8080\r\nUser-Agent:  "
			    "curl/8 \r\n"
			    "Cookie: a=1\r\nAccept: */*\r\nX-Fold: one\r\n two\r\nAccept: text/html\r\n\r\n"),
		FROM_SERVER("HTTP/1.1 200 OK\r\nServer: nginx\r\nSet-Cookie: s=1\r\nSet-Cookie: t=2\r\n"
			    "Content-Length: 5\r\nContent-Type: text/html\r\n\r\nhello"),
	};
	char *text = PLAY(turns, NULL);

	CHECK_LINE(text, "0 http.uri S0=/b.php?x='");
	CHECK_LINE(text, "0 http.uri.raw S0=/a/../b.php?x=%27");
	CHECK_LINE(text, "0 http.method S0=GET");
	CHECK_LINE(text, "0 http.request_line S0=GET /a/../b.php?x=%27 HTTP/1.1");
	CHECK_LINE(text, "0 http.protocol S0=HTTP/1.1");
	CHECK_LINE(text, "0 http.protocol C0=HTTP/1.1");
	CHECK_LINE(text, "0 http.host S0=www.example.com");
	CHECK_LINE(text, "0 http.host.raw S0=WWW.Example.com:8080");
	CHECK_LINE(text, "0 http.header S0=Host: WWW.Example.com:8080\\r\\nUser-Agent: curl/8\\r\\nAccept: "
			 "*/*, text/html\\r\\n"
			 "X-Fold: one two\\r\\n");
	CHECK_LINE(text, "0 http.header.raw S0=Host: WWW.Example.com:8080\\r\\nUser-Agent:  curl/8 "
			 "\\r\\nCookie: a=1\\r\\n"
			 "Accept: */*\\r\\nX-Fold: one\\r\\n two\\r\\nAccept: text/html\\r\\n\\r\\n");
	CHECK_LINE(text, "0 http.header_names "
			 "S0=\\r\\nHost\\r\\nUser-Agent\\r\\nCookie\\r\\nAccept\\r\\nX-Fold\\r\\n\\r\\n");
	CHECK_LINE(text, "0 http.user_agent S0=curl/8");
	CHECK_LINE(text, "0 http.cookie S0=a=1");
	CHECK_LINE(text, "0 http.cookie C0=s=1, t=2");
	CHECK_LINE(text, "0 http.start C0=HTTP/1.1 200 OK\\r\\nServer: nginx\\r\\nSet-Cookie: s=1, t=2\\r\\n"
			 "Content-Length: 5\\r\\nContent-Type: text/html\\r\\n\\r\\n");
	CHECK_LINE(text, "0 http.stat_code C0=200");
	CHECK_LINE(text, "0 http.stat_msg C0=OK");
	CHECK_LINE(text, "0 http.server C0=nginx");
	CHECK_LINE(text, "0 http.content_len C0=5");
	CHECK_LINE(text, "0 http.response_line C0=HTTP/1.1 200 OK");
	CHECK_LINE(text, "0 http.response_body C0=hello");
	CHECK_LINE(text, "0 file.data C0=hello");
	CHECK_LINE(text, "0 file.name C0=/b.php");
	CHECK_LINE(text, "0 http.request_header S2=Cookie: a=1");
	CHECK_LINE(text, "0 http.request_header S4=X-Fold: one two");
	CHECK_LINE(text, "0 http.response_header C0=Server: nginx");
	CHECK_NO(text, "http.request_header S5");
	CHECK_NO(text, "http.referer");
	CHECK_NO(text, "\n1 ");
	free(text);
}

static void pipelining(void)
{
	static const struct turn turns[] = {
		FROM_CLIENT("GET /1 HTTP/1.1\nHost: a\n\nHEAD /2 HTTP/1.1\nHost: a\n\nPOST /3 "
			    "HTTP/1.1\nContent-Length: 3\n\n"
			    "abc\r\nGET /4 HTTP/1.1\n\n"),
		FROM_SERVER("HTTP/1.1 200 OK\nContent-Length: 1\n\nAHTTP/1.1 200 OK\nContent-Length: 99\n\n"
			    "HTTP/1.1 100 Continue\n\nHTTP/1.1 204 No\n\nHTTP/1.0 200 OK\n\nto the end"),
	};
	char *text = PLAY(turns, NULL);

	CHECK_LINE(text, "0 http.uri S0=/1");
	CHECK_LINE(text, "0 http.response_body C0=A");
	CHECK_LINE(text, "1 http.uri S0=/2");
	CHECK_LINE(text, "1 http.content_len C0=99");
	CHECK_LINE(text, "2 http.request_body S0=abc");
	CHECK_LINE(text, "2 http.stat_code C0=204");
	CHECK_LINE(text, "3 http.uri S0=/4");
	CHECK_LINE(text, "3 http.response_body C0=to the end");
	CHECK_NO(text, "\n4 ");
	free(text);
}

static void chunks(void)
{
	static const struct turn turns[] = {
		FROM_CLIENT("POST /u HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"
			    "4;ext=\"1\"\r\nWiki\r\n0005\r\npedia\r\n0\r\nTrailer: x\r\n\r\nGET /next "
			    "HTTP/1.1\r\n\r\n"),
		FROM_SERVER(
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\nabc\n 2 \r\nde\r\n0\r\n\r\n"
			"HTTP/1.1 304 Not Modified\r\n\r\n"),
	};
	char *text = PLAY(turns, NULL);

	CHECK_LINE(text, "0 http.request_body S0=Wikipedia");
	CHECK_LINE(text, "0 http.response_body C0=abcde");
	CHECK_LINE(text, "1 http.uri S0=/next");
	CHECK_LINE(text, "1 http.stat_code C0=304");
	free(text);
}

static void multipart(void)
{
	static const struct turn turns[] = {FROM_CLIENT(
		"POST /upload.php HTTP/1.1\r\nContent-Type: multipart/form-data; "
		"boundary=\"xyz\"\r\nContent-Length: 236\r\n\r\n"
		"--xyz\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\ntext\r\n"
		"--xyz\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.exe\"\r\nContent-Type: "
		"x/y\r\n\r\nMZ\r\n\x90\r\n"
		"--xyz\r\nContent-Disposition: form-data; filename=b\r\n\r\nsecond\r\n--xyz--\r\n")};
	char *text = PLAY(turns, NULL);

	CHECK_LINE(text, "0 file.data S0=MZ\\r\\n\\x90");
	CHECK_LINE(text, "0 file.name S0=a.exe");
	CHECK_LINE(text, "0 file.data S1=second");
	CHECK_LINE(text, "0 file.name S1=b");
	CHECK_NO(text, "file.data S2");
	free(text);
}

static void one_sided(void)
{
	static const struct turn client[] = {
		FROM_CLIENT("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"),
	};
	static const struct turn server[] = {
		FROM_SERVER("HTTP/1.1 404 Gone\r\nContent-Length: 2\r\n\r\nnoHTTP/1.1 200 "
			    "OK\r\nContent-Length: 1\r\n\r\nx"),
	};
	char *text = PLAY(client, NULL);

	CHECK_LINE(text, "0 http.uri S0=/1");
	CHECK_LINE(text, "1 http.uri S0=/2");
	free(text);
	text = PLAY(server, NULL);
	CHECK_LINE(text, "0 http.stat_code C0=404");
	CHECK_LINE(text, "1 http.response_body C0=x");
	CHECK_NO(text, " S0=");
	free(text);
}

static void many_unanswered(void)
{
	struct turn turns[201] = {};
	static const struct turn answer = FROM_SERVER(
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2");
	char *text;

	for (int i = 0; i < 200; i++)
		turns[i] = (struct turn)FROM_CLIENT("GET /x HTTP/1.1\r\n\r\n");
	turns[200] = answer;
	text = session_play(APP_HTTP, turns, 201, 201, 0, 0, NULL);
	CHECK_LINE(text, "199 http.uri S0=/x");
	/* The first 136 were ended; the first answers are theirs and not those of requests still open. */
	CHECK_LINE(text, "200 http.response_body C0=1");
	CHECK_LINE(text, "201 http.response_body C0=2");
	free(text);
}

static void loss(void)
{
	static const struct turn body[] = {
		FROM_CLIENT("POST /1 HTTP/1.1\r\nContent-Length: 50\r\n\r\nbegin"),
		LOSS_THEN(TO_SERVER, "rest of it\r\nmore GET HTTP\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n"),
	};
	static const struct turn head[] = {
		FROM_SERVER("HTTP/1.1 200 OK\r\nServer: x\r\nX-Lo"),
		LOSS_THEN(TO_CLIENT,
			  "garbage\r\n\r\nHTTP/1.1 302 Moved\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n"),
	};
	static const struct turn to_end[] = {
		FROM_SERVER("HTTP/1.0 200 OK\r\n\r\nfirst "),
		LOSS_THEN(TO_CLIENT, "last"),
	};
	char *text = PLAY(body, NULL);

	CHECK_LINE(text, "0 http.request_body S0=begin");
	CHECK_LINE(text, "1 http.uri S0=/2");
	free(text);
	text = PLAY(head, NULL);
	CHECK_LINE(text, "0 http.server C0=x");
	CHECK_LINE(text, "1 http.location C0=/y");
	free(text);
	text = PLAY(to_end, NULL);
	CHECK_LINE(text, "0 http.response_body C0=first last");
	free(text);
}

static void odd_heads(void)
{
	static const struct turn turns[] = {
		FROM_CLIENT("\r\n\r\nGET  http://Other.example/p  HTTP/1.0\r\nHost: h\r\nNoColon here\r\n: "
			    "empty name\r\n"
			    "content-length: 0\r\nContent-Length: 7\r\nUser-Agent:\r\n\r\n"),
		FROM_SERVER("HTTP/1.1 200\r\n folded before any field\r\nConnection: close\r\n\r\n"),
		FROM_CLIENT("GET /no-version\r\nUser-Agent: x\r\n\r\n"),
	};
	char *text = PLAY(turns, NULL);

	CHECK_LINE(text, "0 http.uri S0=/p");
	CHECK_LINE(text, "0 http.host S0=other.example");
	CHECK_LINE(text, "0 http.user_agent S0=");
	CHECK_LINE(text, "0 http.content_len S0=0");
	CHECK_LINE(text, "0 http.stat_msg C0=");
	CHECK_LINE(text, "1 http.uri S0=/no-version");
	CHECK_LINE(text, "1 http.user_agent S0=x");
	CHECK_NO(text, "\n1 http.protocol S");
	free(text);
}

/* Where receivers disagree the body is shown whole. */
static void evasions(void)
{
	static const struct turn length[] = {
		FROM_SERVER("HTTP/1.1 200 ok\r\nContent-length: 4( 68)\r\n\r\nEICAR-TEST")};
	static const struct turn nul[] = {FROM_SERVER(
		"\0 HTTP/1.1 200 ok\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nEI\r\n3\r\nCAR\r\n0\r\n\r\n")};
	static const struct turn no_head[] = {FROM_SERVER("EICAR without a head")};
	static const struct turn bad_chunk[] = {
		FROM_SERVER("HTTP/1.1 200 ok\r\nTransfer-Encoding: chunked\r\n\r\ntest EICAR, not chunked")};
	char *text = PLAY(length, NULL);

	CHECK_LINE(text, "0 file.data C0=EICAR-TEST");
	free(text);
	text = PLAY(nul, NULL);
	CHECK_LINE(text, "0 file.data C0=EICAR");
	free(text);
	text = PLAY(no_head, NULL);
	CHECK_LINE(text, "0 file.data C0=EICAR without a head");
	free(text);
	text = PLAY(bad_chunk, NULL);
	CHECK_LINE(text, "0 file.data C0=test EICAR, not chunked");
	free(text);
}

/* What some client reads as a body of "EICAR", byte by byte too. */
static void lenient_responses(void)
{
#define CHUNKED "\r\n\r\n2\r\nEI\r\n3\r\nCAR\r\n0\r\n\r\n"
	static const struct {
		const char *name;
		struct turn turn;
	} rows[] = {
		{"lone CR between fields",
		 FROM_SERVER("HTTP/1.1 200 k\r\nA: b\rTransfer-Encoding: chunked" CHUNKED)},
		{"lone CR behind the status",
		 FROM_SERVER("HTTP/1.1 200 k\rTransfer-Encoding: chunked" CHUNKED)},
		{"folded first field", FROM_SERVER("HTTP/1.1 200 k\r\n Transfer-Encoding: chunked" CHUNKED)},
		{"coding in a folded line",
		 FROM_SERVER("HTTP/1.1 200 k\r\nA: b\r\n\tTransfer-Encoding: chunked" CHUNKED)},
		{"NUL in the name", FROM_SERVER("HTTP/1.1 200 k\r\nTransfer\0-Encoding: chunked" CHUNKED)},
		{"NUL in the value", FROM_SERVER("HTTP/1.1 200 k\r\nTransfer-Encoding: chu\0nked" CHUNKED)},
		{"NUL that folds", FROM_SERVER("HTTP/1.1 200 k\r\nTransfer-Encoding:\n\0chunked" CHUNKED)},
		{"folded colon",
		 FROM_SERVER("HTTP/1.1 200 k\r\nTransfer-Encoding\r\n \r\n :\r\n chunked" CHUNKED)},
		{"blank within the head",
		 FROM_SERVER("HTTP/1.1 200 k\r\nA: b\r\n \r\nTransfer-Encoding: chunked" CHUNKED)},
		{"CRs within the head",
		 FROM_SERVER("HTTP/1.1 200 k\r\nA: b\r\n\r\r\r\nTransfer-Encoding: chunked" CHUNKED)},
		{"blank ends the head", FROM_SERVER("HTTP/1.1 200 k\r\nContent-Length: 5\n \nEICAR")},
		{"blank, then the end",
		 FROM_SERVER("HTTP/1.1 200 k\r\nContent-Length: 5\r\n\t\r\n\r\nEICAR")},
		{"CR ends the head", FROM_SERVER("HTTP/1.1 200 k\r\nContent-Length: 5\n\r\r\nEICAR")},
		{"chunk behind a blank",
		 FROM_SERVER("HTTP/1.1 200 k\r\nTransfer-Encoding: chunked\n \n5\r\nEICAR\r\n0\r\n\r\n")},
		{"100 with a body", FROM_SERVER("HTTP/1.1 100 k\r\nContent-Length: 5\r\n\r\nEICAR")},
		{"101 with a body", FROM_SERVER("HTTP/1.1 101 k\r\nContent-Length: 5\r\n\r\nEICAR")},
		{"204 with a body", FROM_SERVER("HTTP/1.1 204 k\r\nContent-Length: 5\r\n\r\nEICAR")},
		{"304 in chunks", FROM_SERVER("HTTP/1.1 304 k\r\nTransfer-Encoding: chunked" CHUNKED)},
		{"four digits", FROM_SERVER("HTTP/1.1 2040 k\r\nContent-Length: 5\r\n\r\nEICAR")},
		{"a line in front", FROM_SERVER("foo\r\nHTTP/1.1 200 k\r\nContent-Length: 5\r\n\r\nEICAR")},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = session_check(APP_HTTP, &rows[i].turn, 1, NULL);

		CHECK(session_has(text, "0 file.data C0=EICAR"), "%s: %s", rows[i].name, text);
		free(text);
	}
}

/* An answer without a body that says how long it would be, and the next one. */
static void not_modified(void)
{
	static const struct turn turns[] = {
		FROM_CLIENT("GET /a HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n\r\n"),
		FROM_SERVER("HTTP/1.1 304 No\r\nContent-Length: 500\r\n\r\n"
			    "HTTP/1.1 200 k\r\nContent-Length: 5\r\n\r\nHTTP!"),
	};
	char *text = PLAY(turns, NULL);

	CHECK_LINE(text, "0 http.stat_code C0=304");
	CHECK_LINE(text, "1 http.stat_code C0=200");
	CHECK_LINE(text, "1 file.data C0=HTTP!");
	free(text);
}

static void connect_tunnel(void)
{
	static const struct turn refused[] = {
		FROM_CLIENT("CONNECT a:443 HTTP/1.1\r\n\r\n"),
		FROM_SERVER("HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n"),
		FROM_CLIENT("GET / HTTP/1.1\r\nHost: z\r\n\r\n"),
	};
	static const struct turn agreed[] = {
		FROM_CLIENT("CONNECT a:443 HTTP/1.1\r\n\r\n"),
		FROM_SERVER("HTTP/1.1 200 Ok\r\n\r\n"),
		FROM_CLIENT("\x16\x03\x01\x00\x39\x01\x00\x00\x35\x03\x03"
			    "rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\x00\x00\x02\x13\x01\x01\x00\x00\x0a\x00\x00\x00"
			    "\x06\x00\x04\x00\x00\x01"
			    "a"),
		FROM_SERVER("opaque"),
	};
	enum app_status status;
	char *text = PLAY(refused, NULL);

	CHECK_LINE(text, "0 http.uri S0=a:443");
	CHECK_LINE(text, "0 http.host S0=a");
	CHECK_LINE(text, "1 http.host S0=z");
	free(text);
	text = PLAY(agreed, &status);
	CHECK_LINE(text, "1 tls.sni S0=a");
	CHECK_EQ(status, APP_OK);
	free(text);
}

static void not_http(void)
{
	static const struct turn turns[] = {FROM_CLIENT("\x01\x02 binary\nnoise\n")};
	enum app_status status;
	char *text = PLAY(turns, &status);

	CHECK_EQ(status, APP_ERROR);
	CHECK_STR(text, "");
	free(text);
}

static uint32_t deflate_text(const char *in, uint32_t len, int bits, uint8_t *out, uint32_t room)
{
	z_stream z = {};

	deflateInit2(&z, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY);
	z.next_in = (Bytef *)in;
	z.avail_in = len;
	z.next_out = out;
	z.avail_out = room;
	deflate(&z, Z_FINISH);
	deflateEnd(&z);
	return room - z.avail_out;
}

static char *play_encoded(const char *encoding, const uint8_t *body, uint32_t len, struct turn *turn)
{
	static char message[65536];
	int head = snprintf(message, sizeof(message),
			    "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %u\r\n\r\n", encoding,
			    len);

	memcpy(message + head, body, len);
	*turn = (struct turn){.dir = TO_CLIENT, .data = message, .len = (uint32_t)head + len};
	return session_check(APP_HTTP, turn, 1, NULL);
}

static void encodings(void)
{
	static const char plain[] = "the eicar test text, the eicar test text";
	uint8_t once[4096], twice[4096];
	static const struct {
		const char *name;
		int bits;
	} rows[] = {{"gzip", 16 + MAX_WBITS},	{"x-gzip", 16 + MAX_WBITS},
		    {"deflate", MAX_WBITS},	{"deflate", -MAX_WBITS},
		    {"gzip", MAX_WBITS},	{"identity, gzip", 16 + MAX_WBITS},
		    {"gzip x", 16 + MAX_WBITS}, {"x gzip;", 16 + MAX_WBITS},
		    {": deflate", -MAX_WBITS},	{"\xa0gzip\xa0", 16 + MAX_WBITS}};
	struct turn turn;
	uint32_t n;
	char *text;

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n = deflate_text(plain, sizeof(plain) - 1, rows[i].bits, once, sizeof(once));
		text = play_encoded(rows[i].name, once, n, &turn);
		CHECK_LINE(text, "0 http.response_body C0=the eicar test text, the eicar test text");
		free(text);
	}
	n = deflate_text(plain, sizeof(plain) - 1, MAX_WBITS, once, sizeof(once));
	n = deflate_text((char *)once, n, 16 + MAX_WBITS, twice, sizeof(twice));
	text = play_encoded("deflate, gzip", twice, n, &turn);
	CHECK_LINE(text, "0 http.response_body C0=the eicar test text, the eicar test text");
	free(text);
	n = deflate_text((char *)twice, n, MAX_WBITS, once, sizeof(once));
	text = play_encoded("deflate, gzip, deflate", once, n, &turn);
	CHECK_LINE(text, "0 http.response_body C0=the eicar test text, the eicar test text");
	free(text);
	/* A header that zlib refuses: reserved flags, a wrong checksum, a name in front of it. */
	for (unsigned int flags = 0; flags < 256; flags++) {
		uint8_t *at = twice;

		if (flags & 4)
			continue;
		n = deflate_text(plain, sizeof(plain) - 1, -MAX_WBITS, once, sizeof(once));
		memcpy(at, "\x1f\x8b\x08\0\0\0\0\0\0\3", 10);
		at[3] = (uint8_t)flags;
		at += 10;
		for (unsigned int name = 8; name <= 16; name *= 2)
			if (flags & name) {
				memcpy(at, "nm", 3);
				at += 3;
			}
		if (flags & 2)
			*at++ = 0, *at++ = 0;
		memcpy(at, once, n);
		memset(at + n, 0x55, 8); /* what stands for its checksum and length */
		text = play_encoded("gzip", twice, (uint32_t)(at - twice) + n + 8, &turn);
		if (flags & 0xe2)
			CHECK(session_has(text,
					  "0 http.response_body C0=the eicar test text, the eicar test text"),
			      "flags %02x: %s", flags, text);
		free(text);
	}
	n = deflate_text(plain, sizeof(plain) - 1, MAX_WBITS, once, sizeof(once));
	/* Said to be compressed, but is not. */
	text = play_encoded("gzip", (const uint8_t *)"plain text", 10, &turn);
	CHECK_LINE(text, "0 http.response_body C0=plain text");
	free(text);
	text = play_encoded("deflate", (const uint8_t *)"<html>plain</html>", 18, &turn);
	CHECK_LINE(text, "0 http.response_body C0=<html>plain</html>");
	free(text);
	/* Two members, and broken ones. */
	n = deflate_text("one ", 4, 16 + MAX_WBITS, once, sizeof(once));
	n += deflate_text("two", 3, 16 + MAX_WBITS, once + n, sizeof(once) - n);
	text = play_encoded("gzip", once, n, &turn);
	CHECK_LINE(text, "0 http.response_body C0=one two");
	free(text);
	n = deflate_text(plain, sizeof(plain) - 1, 16 + MAX_WBITS, once, sizeof(once));
	once[n / 2] ^= 0xff;
	free(play_encoded("gzip", once, n, &turn));
}

static void bomb(void)
{
	uint32_t size = 64u << 20, n;
	char *zeros = calloc(1, size);
	uint8_t *packed = malloc(1 << 20);
	struct session *session = malloc(sizeof(*session));
	char head[128];

	n = deflate_text(zeros, size, 16 + MAX_WBITS, packed, 1 << 20);
	session_init(session, APP_HTTP, IPPROTO_TCP);
	snprintf(head, sizeof(head),
		 "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %u\r\n\r\n", n);
	session->decoder->feed(&session->flow, TO_CLIENT,
			       (struct span){(uint8_t *)head, (uint32_t)strlen(head)}, false, false);
	session->decoder->feed(&session->flow, TO_CLIENT, (struct span){packed, n}, false, false);
	if (CHECK(session->flow.txs != NULL)) {
		struct span body;
		bool final;

		CHECK(tx_buffer(session->flow.txs, BUFFER_FILE_DATA, TO_CLIENT, 0, &body, &final));
		CHECK_EQ(body.len, APP_BODY_MAX);
		CHECK(session->flow.app_skipped > 0);
	}
	free(session_end(session));
	free(session);
	free(packed);
	free(zeros);
}

/* All bodies of one flow together are bounded too. */
static void memory(void)
{
	struct session *session = malloc(sizeof(*session));
	char *body = calloc(1, APP_BODY_MAX);
	static const char head[] = "POST / HTTP/1.1\r\nContent-Length: 1048576\r\n\r\n";
	uint64_t held = 0;

	session_init(session, APP_HTTP, IPPROTO_TCP);
	for (int i = 0; i < 40; i++) {
		session->decoder->feed(&session->flow, TO_SERVER,
				       (struct span){(const uint8_t *)head, sizeof(head) - 1}, false, false);
		session->decoder->feed(&session->flow, TO_SERVER,
				       (struct span){(uint8_t *)body, APP_BODY_MAX}, false, false);
	}
	for (struct tx *tx = session->flow.txs; tx; tx = tx->next) {
		struct span bytes;
		bool final;

		held += tx_buffer(tx, BUFFER_HTTP_REQUEST_BODY, TO_SERVER, 0, &bytes, &final) ? bytes.len : 0;
	}
	CHECK_EQ(held, 8u << 20);
	CHECK_EQ(session->flow.app_skipped, 32u << 20);
	free(session_end(session));
	free(session);
	free(body);
}

static void long_line(void)
{
	uint32_t n = 40000;
	char *request = malloc(n + 64);
	struct turn turn = {.dir = TO_SERVER, .data = request};
	char *whole, *pieces;

	turn.len = (uint32_t)sprintf(request, "GET /");
	memset(request + turn.len, 'a', n);
	turn.len += n;
	turn.len += (uint32_t)sprintf(request + turn.len, " HTTP/1.1\r\nHost: h\r\n\r\n");
	whole = session_play(APP_HTTP, &turn, 1, 1, 0, 0, NULL);
	pieces = session_play(APP_HTTP, &turn, 1, 1, 0, 1000, NULL);
	CHECK(!strcmp(whole, pieces));
	CHECK(strstr(whole, "http.uri S0=/aaaa") != NULL);
	CHECK_LINE(whole, "0 http.host S0=h");
	free(whole);
	free(pieces);
	free(request);
}

static void probe(void)
{
	static const struct {
		const char *text;
		enum direction dir;
		enum app_proto proto;
	} rows[] = {
		{"GET / HTTP/1.1\r\n", TO_SERVER, APP_HTTP},
		{"GET /", TO_SERVER, APP_HTTP},
		{"G", TO_SERVER, APP_UNKNOWN},
		{"FOO /bar HTTP/1.1\r\n", TO_SERVER, APP_HTTP},
		{"OPTIONS sip:a SIP/2.0\r\n", TO_SERVER, APP_FAILED},
		{"HTTP/1.1 200", TO_CLIENT, APP_HTTP},
		{"SSH-2.0-x\r\n", TO_CLIENT, APP_SSH},
		{"220 mail ESMTP\r\n", TO_CLIENT, APP_SMTP},
		{"220 ProFTPD\r\n", TO_CLIENT, APP_FTP},
		{"220 hello\r\n", TO_CLIENT, APP_UNKNOWN},
		{"EHLO x\r\n", TO_SERVER, APP_SMTP},
		{"USER x\r\n", TO_SERVER, APP_FTP},
		{"\x16\x03\x01\x01\x00\x01", TO_SERVER, APP_TLS},
		{"\x16\x03\x01\x01\x00\x02", TO_CLIENT, APP_TLS},
	};
	struct flow flow = {.proto = IPPROTO_TCP, .server_port = 9999};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct span all = {(const uint8_t *)rows[i].text, (uint32_t)strlen(rows[i].text)};
		enum app_proto said;

		if (all.len < 6 && rows[i].proto == APP_TLS)
			all.len = 6;
		said = app_probe(&flow, all, rows[i].dir);
		CHECK(said == rows[i].proto, "%s: %d", rows[i].text, said);
	}
	CHECK_EQ(app_probe(&flow, (struct span){(const uint8_t *)"\1\2\3\4\5\6\7\10\11\12\13\14\15\16", 14},
			   TO_SERVER),
		 APP_FAILED);
	CHECK_EQ(app_probe(&flow, (struct span){}, TO_SERVER), APP_UNKNOWN);
}

/* One exchange per row; the oddity is named, whatever the cut, and is not where nothing is odd. */
static const struct {
	const char *event, *request, *response;
} odd[] = {
	{"request_line_leading_whitespace", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", ""},
	{"method_delim_non_compliant", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", ""},
	{"uri_delim_non_compliant", "GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", ""},
	{"request_line_missing_protocol", "GET /a\r\nHost: a\r\n\r\n", ""},
	{"request_line_unknown_method_invalid_protocol", "WHAT / HTTP/1x\r\nHost: a\r\n\r\n", ""},
	{"double_encoded_uri", "GET /%2541 HTTP/1.1\r\nHost: a\r\n\r\n", ""},
	{"request_uri_host_invalid", "GET http://a..b/ HTTP/1.1\r\nHost: a\r\n\r\n", ""},
	{"invalid_authority_port", "GET http://a:99999/ HTTP/1.1\r\nHost: a\r\n\r\n", ""},
	{"host_header_ambiguous", "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", ""},
	{"request_header_host_invalid", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", ""},
	{"invalid_server_port_in_request", "GET / HTTP/1.1\r\nHost: a:x\r\n\r\n", ""},
	{"request_server_port_tcp_port_mismatch", "GET / HTTP/1.1\r\nHost: a:81\r\n\r\n", ""},
	{"missing_host_header", "GET / HTTP/1.1\r\nA: b\r\n\r\n", ""},
	{"request_field_missing_colon", "GET / HTTP/1.1\r\nHost: a\r\nhello\r\n\r\n", ""},
	{"request_header_invalid", "GET / HTTP/1.1\r\nHost: a\r\nX(y): b\r\n\r\n", ""},
	{"request_invalid_empty_name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", ""},
	{"request_invalid_lws_after_name", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", ""},
	{"invalid_request_field_folding", "GET / HTTP/1.1\r\n A: b\r\nHost: a\r\n\r\n", ""},
	{"request_header_repetition", "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\na: c\r\n\r\n", ""},
	{"duplicate_content_length_field_in_request",
	 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", ""},
	{"invalid_content_length_field_in_request", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
	 ""},
	{"invalid_transfer_encoding_value_in_request",
	 "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunk\r\n\r\n", ""},
	{"invalid_request_chunk_len", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
	 ""},
	{"request_chunk_extension",
	 "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\nx\r\n0\r\n\r\n", ""},
	{"request_chunk_extension",
	 "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0 ; a=b\r\n\r\n", ""},
	{"request_auth_unrecognized", "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: x y\r\n\r\n", ""},
	{"too_many_encoding_layers",
	 "POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip, gzip, gzip\r\n\r\n", ""},
	{"abnormal_ce_header", "POST / HTTP/1.1\r\nHost: a\r\nContent-Encoding: xgzip\r\n\r\n", ""},
	{"unable_to_match_response_to_request", "", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
	{"100_continue_already_seen", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	 "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"},
	{"response_invalid_protocol", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1x 200 OK\r\n\r\n"},
	{"response_invalid_status", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 20x OK\r\n\r\n"},
	{"response_field_missing_colon", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	 "HTTP/1.1 200 OK\r\nhello\r\n\r\n"},
	{"response_chunked_old_proto", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	 "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
	{"response_abnormal_transfer_encoding", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	 "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"},
	{"invalid_response_chunk_len", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1g\r\nx\r\n0\r\n\r\n"},
	{"gzip_decompression_failed", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	 "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"},
	{"request_line_invalid", "WHAT / HTTP/1x\r\nHost: a\r\n\r\n", ""},
	{"response_header_name_not_token", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	 "HTTP/1.1 200 OK\r\nX(y): b\r\n\r\n"},
	{"switching_proto_with_content_length", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	 "HTTP/1.1 101 Go\r\nContent-Length: 5\r\n\r\nhello"},
	{"response_body_unexpected", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	 "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello"},
	{"response_body_unexpected", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "hello\r\nworld\r\n"},
	{"response_multipart_byteranges", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	 "HTTP/1.1 206 OK\r\nContent-Type: multipart/byteranges; boundary=x\r\n\r\n--x\r\n"},
	{"range_invalid", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	 "HTTP/1.1 206 OK\r\nContent-Range: bytes 5-2/9\r\n\r\n"},
	{"range_invalid", "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	 "HTTP/1.1 206 OK\r\nContent-Range: bytes 0-9/9\r\n\r\n"},
	{"multipart_invalid_header",
	 "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; "
	 "boundary=x\r\nContent-Length: 28\r\n\r\n"
	 "--x\r\nno colon\r\n\r\nb\r\n--x--\r\n",
	 ""},
	{"multipart_no_filedata",
	 "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; "
	 "boundary=x\r\nContent-Length: 62\r\n\r\n"
	 "--x\r\nContent-Disposition: form-data; filename=\"a\"\r\n\r\n\r\n--x--\r\n",
	 ""},
	{"failed_protocol_change", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"},
};

static void events(void)
{
	for (unsigned int i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct turn turns[3] = {
			{.dir = TO_SERVER, .data = odd[i].request, .len = (uint32_t)strlen(odd[i].request)},
			{.dir = TO_CLIENT, .data = odd[i].response, .len = (uint32_t)strlen(odd[i].response)},
			FROM_CLIENT("no TLS at all"),
		};
		bool tunnel = !strcmp(odd[i].event, "failed_protocol_change");
		char line[96], *text = session_check(APP_HTTP, turns, tunnel ? 3 : 2, NULL);

		snprintf(line, sizeof(line), "0 event http.%s", odd[i].event);
		CHECK_LINE(text, line);
		free(text);
	}
}

static void nothing_odd(void)
{
	static const struct turn turns[] = {
		FROM_CLIENT("POST http://a.example/%41?b=%20 HTTP/1.1\r\nHost: A.example:80\r\nCookie: a\r\n"
			    "Authorization: Basic YTpi\r\nContent-Length: 1\r\n\r\nx"
			    "GET /2 HTTP/1.0\r\n\r\n"),
		FROM_SERVER(
			"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
			"1\r\nx\r\n0\r\n\r\nHTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
	};
	char *text = session_check(APP_HTTP, turns, 2, NULL);

	CHECK_LINE(text, "0 http.host S0=a.example");
	CHECK_NO(text, " event ");
	free(text);
}

/* "hello hello hello hello hello" by the reference encoder. */
#define BROTLI_HELLO "\x1b\x1c\x00\xf8\x8d\x94\x6e\xde\x44\x55\x86\x96\x6c\x20\x6f\x41\x4f\x1c\x20\x71"
static void brotli(void)
{
	static const struct turn turns[] = {
		FROM_CLIENT("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
		FROM_SERVER(
			"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 20\r\n\r\n" BROTLI_HELLO),
		FROM_SERVER("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: "
			    "5\r\n\r\n\xff\xff\xff\xff\xff"),
	};
	char *text = session_check(APP_HTTP, turns, 3, NULL);

	CHECK_LINE(text, "0 http.response_body C0=hello hello hello hello hello");
	CHECK_LINE(text, "1 event http.gzip_decompression_failed");
	free(text);
}

/* Ranges that nothing is wrong with, and a name that is as long as names may be. */
static void no_events(void)
{
	static const char *const ranges[] = {"bytes 0-4/9", "bytes 0-8/9", "bytes 5-8/*", "bytes */9"};
	char *uri = malloc(5000), *text;

	for (unsigned int i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		char answer[128];
		struct turn turns[] = {FROM_CLIENT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), {.dir = TO_CLIENT}};

		snprintf(answer, sizeof(answer), "HTTP/1.1 206 OK\r\nContent-Range: %s\r\n\r\nx", ranges[i]);
		turns[1].data = answer;
		turns[1].len = (uint32_t)strlen(answer);
		text = session_check(APP_HTTP, turns, 2, NULL);
		CHECK_NO(text, " event ");
		free(text);
	}
	for (unsigned int len = 4096; len <= 4097; len++) {
		struct turn turns[] = {{.dir = TO_SERVER, .data = uri},
				       FROM_SERVER("HTTP/1.1 200 OK\r\n\r\nx")};

		memcpy(uri, "GET /", 5);
		memset(uri + 5, 'a', len - 1);
		strcpy(uri + 4 + len, " HTTP/1.1\r\nHost: a\r\n\r\n");
		turns[0].len = (uint32_t)strlen(uri);
		text = session_play(APP_HTTP, turns, 2, 2, 0, 0, NULL);
		CHECK(!strstr(text, " event http.file_name_too_long") == (len == 4096), "%u", len);
		free(text);
	}
	free(uri);
}

static const struct ktap_test tests[] = {TEST(basic),	     TEST(pipelining),
					 TEST(chunks),	     TEST(multipart),
					 TEST(one_sided),    TEST(many_unanswered),
					 TEST(loss),	     TEST(odd_heads),
					 TEST(evasions),     TEST(lenient_responses),
					 TEST(not_modified), TEST(connect_tunnel),
					 TEST(not_http),     TEST(encodings),
					 TEST(bomb),	     TEST(memory),
					 TEST(long_line),    TEST(probe),
					 TEST(events),	     TEST(nothing_odd),
					 TEST(brotli),	     TEST(no_events)};
KTAP_MAIN(tests)
