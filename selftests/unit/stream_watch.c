// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stream_watch - what does not fit the state that a connection is in, one row each: how it came there, the
 * packet, and what is told.
 */
#include "lib/ktap.h"

#include <stdlib.h>

#include "core/flow/stream.h"

#define FIN 1
#define SYN 2
#define RST 4
#define ACK 16
#define URG 32

#define CLIENT_ISN 100u
#define SERVER_ISN 500u

static struct stream_stats stats;

/* One packet: ">SA 0 1 5 8192" is from the client, flags, sequence and acknowledgement behind the first
 * numbers, bytes, window. */
static void step(struct stream *stream, const char *text)
{
	static uint8_t header[24], bytes[4096];
	char way, flags[8];
	unsigned int len, window;
	int seq, ack;
	struct packet packet = {.time_us = 1000000, .payload = {.data = bytes}};
	enum direction dir;
	struct stream_chunk chunk;

	CHECK_EQ(sscanf(text, " %c%7[SAFRUW] %d %d %u %u", &way, flags, &seq, &ack, &len, &window), 6);
	dir = way == '>' ? TO_SERVER : TO_CLIENT;
	packet.seq = (uint32_t)seq + (dir == TO_SERVER ? CLIENT_ISN : SERVER_ISN);
	packet.tcp_flags = (uint8_t)((strchr(flags, 'S') ? SYN : 0) | (strchr(flags, 'A') ? ACK : 0) |
				     (strchr(flags, 'F') ? FIN : 0) | (strchr(flags, 'R') ? RST : 0) |
				     (strchr(flags, 'U') ? URG : 0));
	if (packet.tcp_flags & ACK)
		packet.ack = (uint32_t)ack + (dir == TO_SERVER ? SERVER_ISN : CLIENT_ISN);
	packet.window = (uint16_t)window;
	packet.payload.len = len;
	memcpy(header + 20, "\x03\x03\x07\x01", 4); /* W: a window scale of 7 */
	packet.l4_header = (struct span){header, strchr(flags, 'W') ? 24 : 20};
	header[19] = packet.tcp_flags & URG ? 1 : 0;
	(void)stream_add(stream, &packet, dir);
	for (unsigned int d = 0; d < 2; d++)
		while (stream_next(stream, d, packet.time_us, false, &chunk))
			;
}

/* Steps apart by commas; only the last one's events are left. */
static const struct event_list *play(struct stream *stream, const char *script)
{
	const char *next;

	do {
		next = strchr(script, ',');
		*stream_events(stream) = (struct event_list){};
		step(stream, script);
		script = next ? next + 1 : NULL;
	} while (script);
	return stream_events(stream);
}

#define OPEN	   ">S 0 0 0 8192,<SA 0 1 0 8192,>A 1 1 0 8192,"
#define TALK	   OPEN ">A 1 1 10 8192,<A 1 11 20 8192,>A 11 21 0 8192,"
#define CLOSE_WAIT TALK ">FA 11 21 0 8192,<A 21 12 0 8192,"
#define LAST_ACK   CLOSE_WAIT "<FA 21 12 0 8192,"
#define FIN_WAIT1  TALK "<FA 21 11 0 8192,"
#define FIN_WAIT2  FIN_WAIT1 ">A 11 22 0 8192,"
#define CLOSING	   FIN_WAIT1 ">FA 11 21 0 8192,"
#define TIME_WAIT  FIN_WAIT2 ">FA 11 22 0 8192,"
#define FOUR	   ">S 0 0 0 8192,<S 0 0 0 8192,"

static const struct row {
	const char *script;
	enum app_event event;
} rows[] = {
	/* handshakes */
	{OPEN ">A 1 1 10 8192", EVENT_NONE},
	{">S 0 0 0 8192,<SA 0 1 0 8192,>A 1 9000000 0 8192", EVENT_STREAM_3WHS_RIGHT_SEQ_WRONG_ACK_EVASION},
	{">S 0 0 0 8192,<SA 0 1 0 8192,>A 1 -9 0 8192", EVENT_STREAM_3WHS_RIGHT_SEQ_WRONG_ACK_EVASION},
	{">S 0 0 0 8192,<SA 0 1 0 8192,>A 7 -9 0 8192", EVENT_STREAM_3WHS_WRONG_SEQ_WRONG_ACK},
	{">S 0 0 0 8192,<SA 0 1 0 8192,>A 7 1 9 8192", EVENT_NONE},
	{">S 0 0 0 8192,<SA 0 1 0 8192,<A 1 1 9 8192", EVENT_NONE},
	{">S 0 0 0 8192,>A 9 1 5 8192", EVENT_STREAM_3WHS_ASYNC_WRONG_SEQ},
	{">S 0 0 0 8192,>A 1 1 5 8192", EVENT_NONE},
	{">S 0 0 0 8192,<A 7 -50 0 8192", EVENT_NONE}, /* an older connection's end */
	{">S 0 0 0 8192,<SA 0 1 0 8192,<SA 1 1 0 8192,<SA 2 1 0 8192,<SA 3 1 0 8192,<SA 4 1 0 8192,"
	 "<SA 5 1 0 8192,<SA 6 1 0 8192",
	 EVENT_STREAM_3WHS_SYNACK_FLOOD},
	{FOUR ">SA 0 1 0 8192", EVENT_NONE},
	{FOUR ">SA 0 7 0 8192", EVENT_STREAM_4WHS_SYNACK_WITH_WRONG_ACK},
	{FOUR ">SA 3 1 0 8192", EVENT_STREAM_4WHS_SYNACK_WITH_WRONG_SYN},
	{FOUR ">SA 0 1 0 8192,<A 1 1 0 8192", EVENT_NONE},
	{FOUR ">SA 0 1 0 8192,<A 5 1 0 8192", EVENT_STREAM_4WHS_WRONG_SEQ},
	{FOUR ">SA 0 1 0 8192,<A 1 9000000 0 8192", EVENT_STREAM_4WHS_INVALID_ACK},
	/* an open connection */
	{TALK ">A 11 21 0 8192", EVENT_NONE},
	{TALK ">A 11 30000 0 8192", EVENT_STREAM_EST_INVALID_ACK},
	{TALK ">A 11 -9000 0 8192", EVENT_STREAM_EST_INVALID_ACK},
	{TALK ">A 11 30000 0 8192", EVENT_STREAM_PKT_INVALID_ACK},
	{TALK ">A 11 8000 0 8192", EVENT_NONE}, /* bytes that this sensor missed */
	{TALK ">A 10 21 0 8192", EVENT_NONE},	/* keep-alive */
	{TALK ">A 5 21 0 8192", EVENT_STREAM_EST_PKT_BEFORE_LAST_ACK},
	{TALK ">FA 11 30000 0 8192", EVENT_STREAM_FIN_INVALID_ACK},
	{TALK ">FA 30000 21 0 8192", EVENT_STREAM_FIN_OUT_OF_WINDOW},
	{TALK ">FA 5 21 0 8192", EVENT_STREAM_FIN_OUT_OF_WINDOW},
	{TALK ">A 4000 8000 5 40", EVENT_STREAM_PKT_BAD_WINDOW_UPDATE},
	{TALK ">A 11 21 5 40", EVENT_NONE},
	{TALK ">A 11 21 0 0,<A 21 11 1 8192,>A 11 22 0 0", EVENT_STREAM_EST_ACK_ZWP_DATA},
	/* and one that ends */
	{CLOSE_WAIT "<A 21 12 5 8192", EVENT_NONE},
	{CLOSE_WAIT ">A 12 30000 0 8192", EVENT_STREAM_CLOSEWAIT_INVALID_ACK},
	{CLOSE_WAIT ">FA 30000 21 0 8192", EVENT_STREAM_CLOSEWAIT_FIN_OUT_OF_WINDOW},
	{CLOSE_WAIT ">A 30000 21 0 8192", EVENT_STREAM_CLOSEWAIT_ACK_OUT_OF_WINDOW},
	{CLOSE_WAIT ">A 1 21 10 8192", EVENT_STREAM_CLOSEWAIT_PKT_BEFORE_LAST_ACK},
	{CLOSE_WAIT ">S 0 0 0 8192", EVENT_STREAM_SHUTDOWN_SYN_RESEND},
	{LAST_ACK ">A 12 22 0 8192", EVENT_NONE},
	{LAST_ACK ">A 12 30000 0 8192", EVENT_STREAM_LASTACK_INVALID_ACK},
	{LAST_ACK ">A 40 22 0 8192", EVENT_STREAM_LASTACK_ACK_WRONG_SEQ},
	{FIN_WAIT1 ">A 11 22 0 8192", EVENT_NONE},
	{FIN_WAIT1 ">A 11 30000 0 8192", EVENT_STREAM_FIN1_INVALID_ACK},
	{FIN_WAIT1 ">A 30000 22 5 8192", EVENT_STREAM_FIN1_ACK_WRONG_SEQ},
	{FIN_WAIT1 ">FA 30000 22 0 8192", EVENT_STREAM_FIN1_FIN_WRONG_SEQ},
	{FIN_WAIT1 "<FA 21 11 0 8192", EVENT_NONE}, /* again */
	{FIN_WAIT2 ">A 11 22 5 8192", EVENT_NONE},
	{FIN_WAIT2 ">A 11 30000 0 8192", EVENT_STREAM_FIN2_INVALID_ACK},
	{FIN_WAIT2 ">A 30000 22 5 8192", EVENT_STREAM_FIN2_ACK_WRONG_SEQ},
	{FIN_WAIT2 ">FA 30000 22 0 8192", EVENT_STREAM_FIN2_FIN_WRONG_SEQ},
	{CLOSING ">A 12 22 0 8192", EVENT_NONE},
	{CLOSING ">A 12 30000 0 8192", EVENT_STREAM_CLOSING_INVALID_ACK},
	{CLOSING ">A 40 22 0 8192", EVENT_STREAM_CLOSING_ACK_WRONG_SEQ},
	{TIME_WAIT "<A 22 12 0 8192", EVENT_NONE},
	{TIME_WAIT "<A 22 30000 0 8192", EVENT_STREAM_TIMEWAIT_INVALID_ACK},
	{TIME_WAIT "<A 60 12 0 8192", EVENT_STREAM_TIMEWAIT_ACK_WRONG_SEQ},
	{TIME_WAIT "<A 22 12 0 8192,<A 60 12 0 8192", EVENT_NONE}, /* over */
	/* picked up in the middle, and one side alone */
	{">A 700 900 10 8192,<A 900 710 10 8192,>A 710 910 5 8192", EVENT_NONE},
	{">A 700 900 10 8192,>A 710 60000 10 8192", EVENT_NONE},
};

static void told(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct event_list *events;
		struct stream *stream;

		if (stream_new(&stats, &stream))
			abort();
		events = play(stream, rows[i].script);
		if (rows[i].event == EVENT_NONE)
			CHECK(!events->count, "row %zu (%s): %s", i, rows[i].script,
			      app_event_infos[events->events[0]].name);
		else
			CHECK(event_list_has(events, rows[i].event), "row %zu (%s): %s, not %s", i,
			      rows[i].script,
			      events->count ? app_event_infos[events->events[0]].name : "none",
			      app_event_infos[rows[i].event].name);
		stream_free(stream);
	}
}

/* Without all acknowledgements windows are not known; who sees everything knows what is missing. */
static void sight(void)
{
	static const struct {
		bool partial, strict;
		const char *script;
		enum app_event event;
	} views[] = {
		{true, false, TALK ">A 11 30000 0 8192", EVENT_NONE},
		{true, false, TALK ">FA 30000 21 0 8192", EVENT_NONE},
		{true, false, TALK ">A 11 90000000 0 8192", EVENT_STREAM_EST_INVALID_ACK},
		{false, true, ">S 0 0 0 8192,<SA 0 1 0 8192,<A 1 1 9 8192",
		 EVENT_STREAM_3WHS_ACK_DATA_INJECT},
		{false, true, ">S 0 0 0 8192,<SA 0 1 0 8192,<A 1 1 0 8192",
		 EVENT_STREAM_3WHS_ACK_IN_WRONG_DIR},
		{false, true, TALK "<A 21 11 9 8192", EVENT_NONE},
	};

	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		const struct event_list *events;
		struct stream *stream;

		if (stream_new(&stats, &stream))
			abort();
		stream_set_sight(stream, views[i].partial, views[i].strict);
		events = play(stream, views[i].script);
		CHECK(views[i].event == EVENT_NONE ? !events->count : event_list_has(events, views[i].event),
		      "row %zu: %u events", i, events->count);
		stream_free(stream);
	}
}

/* So many bytes out of band that nobody sends them for their own sake. */
static void urgent(void)
{
	struct stream *stream;
	char text[64];

	if (stream_new(&stats, &stream))
		abort();
	play(stream, OPEN ">A 1 1 0 8192");
	for (unsigned int i = 0; i < 256; i++) {
		const struct event_list *events;

		snprintf(text, sizeof(text), ">UA %u 1 2 8192", 1 + 2 * i);
		events = play(stream, text);
		CHECK_EQ(event_list_has(events, EVENT_STREAM_REASSEMBLY_URGENT_OOB_LIMIT_REACHED), i == 255);
	}
	stream_free(stream);
}

/* What waits for a hole is bounded in segments and in bytes; which of them it was is told. */
static void limits(void)
{
	static const struct {
		unsigned int len, gap;
		enum app_event event;
	} sizes[] = {{1, 2, EVENT_STREAM_REASSEMBLY_INSERT_LIMIT},
		     {4096, 4096, EVENT_STREAM_REASSEMBLY_INSERT_MEMCAP}};

	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		struct stream *stream;
		bool seen = false;

		if (stream_new(&stats, &stream))
			abort();
		play(stream, ">SW 0 0 0 8192,<SAW 0 1 0 8192,>A 1 1 0 65535,<A 1 1 0 65535");
		for (unsigned int i = 0; i < 1100 && !seen; i++) {
			char text[64];

			snprintf(text, sizeof(text), ">A %u 1 %u 8192", 10 + i * sizes[s].gap, sizes[s].len);
			seen = event_list_has(play(stream, text), sizes[s].event);
		}
		CHECK(seen, "%u bytes each", sizes[s].len);
		stream_free(stream);
	}
}

static const struct ktap_test tests[] = {TEST(told), TEST(sight), TEST(urgent), TEST(limits)};
KTAP_MAIN(tests)
