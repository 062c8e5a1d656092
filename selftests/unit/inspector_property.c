// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inspector_property - however a connection's bytes are cut, ordered and
 * repeated, the alerts are the same.
 */
#include "core/match/inspector.h"
#include "core/app/tx.h"
#include "lib/ktap.h"
#include "lib/segments.h"

#define ROUNDS	 300
#define SIDS_MAX 16

enum { FIN = 1, SYN = 2, ACK = 16 };

struct exchange {
	bool from_client;
	const char *data;
	uint32_t len;
};
#define CLIENT(text)                                                                                         \
	{                                                                                                    \
		true, text, sizeof(text) - 1                                                                 \
	}
#define SERVER(text)                                                                                         \
	{                                                                                                    \
		false, text, sizeof(text) - 1                                                                \
	}

struct conversation {
	const char *name, *rules;
	struct exchange turns[6];
};

static const struct conversation conversations[] = {
	{"http",
	 "alert http any any -> any any (http.uri; content:\"/evil\"; http.user_agent; content:\"bot\"; "
	 "sid:1;)\n"
	 "alert http any any -> any any (http.request_body; content:\"payload\"; sid:2;)\n"
	 "alert http any any -> any any (file.data; content:\"MZ\"; startswith; content:\"PE\"; distance:0; "
	 "sid:3;)\n"
	 "alert http any any -> any any (http.stat_code; content:\"200\"; sid:4;)\n"
	 "alert http any any -> any any (app-layer-event:http.request_header_repetition; sid:5;)\n"
	 "alert tcp any any -> any any (content:\"Transfer-\"; content:\"chunked\"; distance:10; within:7; "
	 "sid:6;)\n",
	 {CLIENT("POST /evil?a=1 HTTP/1.1\r\nHost: a\r\nX: 1\r\nx: 2\r\nUser-Agent: bot\r\n"
		 "Transfer-Encoding: chunked\r\n\r\n3\r\npay\r\n4\r\nload\r\n0\r\n\r\nGET /evil/2 "
		 "HTTP/1.1\r\nHost: a\r\n"
		 "User-Agent: bot\r\n\r\n"),
	  SERVER("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nMZ..PEHTTP/1.1 200 OK\r\nTransfer-Encoding: "
		 "chunked\r\n"
		 "\r\n2\r\nMZ\r\n2\r\nPE\r\n0\r\n\r\n"),
	  CLIENT("GET /other HTTP/1.1\r\nHost: a\r\n\r\n"),
	  SERVER("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n")}},
	{"smtp",
	 "alert smtp any any -> any any (smtp.mail_from; content:\"<a@b>\"; sid:1;)\n"
	 "alert smtp any any -> any any (file.data; content:\"MZ\"; startswith; sid:2;)\n"
	 "alert smtp any any -> any any (file.name; content:\"x.exe\"; sid:3;)\n"
	 "alert smtp any any -> any any (smtp.command_line; content:\"RCPT\"; sid:4;)\n"
	 "alert smtp any any -> any any (app-layer-event:smtp.tls_rejected; sid:5;)\n",
	 {SERVER("220 mail ESMTP\r\n"), CLIENT("EHLO c\r\nSTARTTLS\r\n"), SERVER("250 mail\r\n454 no\r\n"),
	  CLIENT("MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"), SERVER("250 ok\r\n250 ok\r\n354 go\r\n"),
	  CLIENT("Content-Type: x/y; name=x.exe\r\nContent-Transfer-Encoding: "
		 "base64\r\n\r\nTVqQAAMAAAA=\r\n.\r\nQUIT\r\n")}},
	{"ftp",
	 "alert ftp any any -> any any (ftp.command; content:\"USER\"; ftp.command_data; content:\"root\"; "
	 "sid:1;)\n"
	 "alert ftp any any -> any any (ftp.completion_code; content:\"530\"; sid:2;)\n"
	 "alert ftp any any -> any any (app-layer-event:ftp.file_before_port; sid:3;)\n",
	 {SERVER("220 FTP\r\n"), CLIENT("USER root\r\n"), SERVER("331 pw\r\n"),
	  CLIENT("PASS x\r\nRETR a\r\n"), SERVER("530-no\r\n530 really\r\n530 no\r\n")}},
	{"dns",
	 "alert dns any any -> any any (dns.query; content:\"bad.example\"; sid:1;)\n"
	 "alert dns any any -> any any (app-layer-event:dns.z_flag_set; sid:2;)\n",
	 {CLIENT("\0\x1d\0\1\1\0\0\1\0\0\0\0\0\0\3bad\7example\0\0\1\0\1"
		 "\0\x1b\0\2\1\x40\0\1\0\0\0\0\0\0\1x\7example\0\0\1\0\1")}},
	{"raw",
	 "alert tcp any any -> any any (content:\"first\"; content:\"second\"; distance:3; within:20; "
	 "sid:1;)\n"
	 "alert tcp any any -> any any (pcre:\"/b[0-9]{4}d/\"; sid:2;)\n"
	 "alert tcp any any -> any any (content:\"|00 01 02|\"; sid:3;)\n",
	 {CLIENT("\x90\x91 first and then second b1234d \0\1\2"), SERVER("\x90\x91 nothing")}},
};

struct outcome {
	unsigned int alerts[SIDS_MAX];
};

struct side {
	uint32_t seq, ack;
};

struct world {
	struct inspector *inspector;
	struct outcome outcome;
	struct side sides[2]; /* client, server */
	uint64_t now;
};

static uint32_t seed;

static uint32_t dice(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static void on_alert(const struct detect_alert *alert, void *arg)
{
	struct world *world = arg;

	if (alert->rule->sid < SIDS_MAX)
		world->outcome.alerts[alert->rule->sid]++;
}

static void segment(struct world *world, bool from_client, uint32_t seq, uint8_t flags, const char *data,
		    uint32_t len)
{
	const struct side *side = &world->sides[!from_client];
	uint8_t bytes[4096], *frame;
	size_t size = tcp_frame(bytes, from_client, 40000, seq, side->ack, flags, data, len);

	frame = malloc(size); /* at its size, so that a sanitizer sees reads beyond it */
	memcpy(frame, bytes, size);
	inspector_frame(world->inspector, LINK_RAW, frame, size, world->now += 1000, NULL);
	free(frame);
}

/* One turn: whole, or in pieces of any size in any order, some of them more than once. */
static void turn(struct world *world, const struct exchange *exchange, bool scatter)
{
	struct side *self = &world->sides[!exchange->from_client],
		    *peer = &world->sides[exchange->from_client];
	uint32_t at[512], order[512], count = 0, begin = 0;

	while (begin < exchange->len) {
		uint32_t left = exchange->len - begin, n = scatter ? 1 + dice(dice(4) ? 12 : 60) : left;

		at[count++] = begin;
		begin += n < left ? n : left;
	}
	at[count] = exchange->len;
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	for (uint32_t i = count; scatter && i > 1; i--) {
		uint32_t j = dice(i), swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t times = scatter && !dice(4) ? 2 : 1; times; times--)
			segment(world, exchange->from_client, self->seq + at[order[i]], ACK,
				exchange->data + at[order[i]], at[order[i] + 1] - at[order[i]]);
	self->seq += exchange->len;
	peer->ack = self->seq;
	segment(world, !exchange->from_client, peer->seq, ACK, "", 0);
}

static struct outcome play(const struct conversation *conversation, struct ruleset *set, bool scatter)
{
	struct inspector_options options = {0};
	struct world world = {.sides = {{.seq = 0xfffffff0}, {.seq = 7000}}, .now = 1000000};
	struct inspector_ops ops = {.alert = on_alert, .arg = &world};

	if (inspector_new(&options, set, &ops, &world.inspector))
		abort();
	segment(&world, true, world.sides[0].seq++, SYN, "", 0);
	world.sides[1].ack = world.sides[0].seq;
	segment(&world, false, world.sides[1].seq++, SYN | ACK, "", 0);
	world.sides[0].ack = world.sides[1].seq;
	segment(&world, true, world.sides[0].seq, ACK, "", 0);
	for (unsigned int i = 0; i < ARRAY_LEN(conversation->turns) && conversation->turns[i].len; i++)
		turn(&world, &conversation->turns[i], scatter);
	segment(&world, true, world.sides[0].seq, FIN | ACK, "", 0);
	inspector_finish(world.inspector);
	inspector_free(world.inspector);
	return world.outcome;
}

static void same_alerts(void)
{
	for (unsigned int i = 0; i < ARRAY_LEN(conversations); i++) {
		const struct conversation *conversation = &conversations[i];
		CLEANUP(ruleset_free) struct ruleset *set = rules_of(conversation->rules);
		struct outcome whole = play(conversation, set, false);
		unsigned int rules = 0;

		for (const char *at = conversation->rules; (at = strstr(at, "sid:")); at++)
			rules++;
		for (unsigned int sid = 1; sid <= rules; sid++)
			CHECK(whole.alerts[sid], "%s: sid %u does not match at all", conversation->name, sid);
		for (unsigned int round = 0; round < ROUNDS; round++) {
			struct outcome other;

			seed = round * 7919 + 1;
			other = play(conversation, set, true);
			for (unsigned int sid = 1; sid <= rules; sid++)
				if (!CHECK(other.alerts[sid] == whole.alerts[sid],
					   "%s round %u sid %u: %u alerts, not %u", conversation->name, round,
					   sid, other.alerts[sid], whole.alerts[sid]))
					round = ROUNDS;
		}
	}
}

static const struct ktap_test tests[] = {TEST(same_alerts)};
KTAP_MAIN(tests)
