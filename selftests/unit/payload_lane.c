// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * payload_lane.c - the rule groups of payload leave nothing out: places near
 * the beginning and behind, ports of either side, protocols known or not.
 */
#include "rules.h"

#define TEXT	 "needle"
#define TEXT_LEN (sizeof(TEXT) - 1)
#define ROOM	 1100u

/* The content at every place around its bounds, as packet and as a stream in pieces of every small size. */
static unsigned int alerts_at(struct rules_world *world, const char *kind, uint32_t place, uint32_t piece)
{
	uint8_t data[ROOM];
	struct packet packet;

	memset(data, '.', sizeof(data));
	memcpy(data + place, TEXT, TEXT_LEN);
	detect_flow_free(world->flow.detect);
	world->flow.detect = NULL;
	world->alerts = 0;
	if (strcmp(kind, "only_stream")) {
		packet = rules_packet(world, IPPROTO_TCP, TO_SERVER, data, sizeof(data));
		detect_packet(world->detect, &packet, &world->flow, TO_SERVER);
		detect_packet_end(world->detect);
		return world->alerts;
	}
	for (uint32_t used = 0; used < sizeof(data);) {
		uint32_t fresh = piece < sizeof(data) - used ? piece : (uint32_t)sizeof(data) - used;

		used += fresh;
		packet = rules_packet(world, IPPROTO_TCP, TO_SERVER, data + used - fresh, fresh);
		detect_stream(world->detect, &packet, &world->flow, TO_SERVER, (struct span){data, used}, 0,
			      fresh, used == sizeof(data));
		detect_packet_end(world->detect);
	}
	return world->alerts;
}

static void check_places(const char *kind, const char *chop, uint32_t offset, uint32_t depth)
{
	struct rules_world world;
	char text[256];

	snprintf(text, sizeof(text),
		 "alert tcp any any -> any any (flow:%s; content:\"" TEXT
		 "\"; offset:%u; depth:%u;%s sid:1;)",
		 kind, offset, depth, chop);
	if (!rules_open(&world, text))
		return;
	for (int64_t place = (int64_t)offset - 2; place < (int64_t)offset + depth + 2; place++) {
		bool fits = place >= offset && place + TEXT_LEN <= offset + depth;

		/* The bounds, and some between. */
		if (place < 0 || place + (int64_t)TEXT_LEN > ROOM ||
		    (place > offset + 2 && place + (int64_t)TEXT_LEN + 2 < offset + depth && place % 97))
			continue;
		for (uint32_t piece = 1; piece < 9; piece += 3)
			CHECK(alerts_at(&world, kind, (uint32_t)place, piece) == fits,
			      "%s%s offset %u depth %u place %ld piece %u", kind, chop, offset, depth,
			      (long)place, piece);
	}
	rules_close(&world);
}

static void places(void)
{
	static const uint32_t bounds[][2] = {{0, 6},	 {0, 7},    {3, 6},    {5, 40},
					     {100, 500}, {0, 1024}, {20, 1060}};
	static const char *const chops[] = {"", " fast_pattern:1,3;", " fast_pattern:0,2;",
					    " fast_pattern:4,2;"};

	for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
		for (size_t j = 0; j < ARRAY_LEN(chops); j++) {
			check_places("no_stream", chops[j], bounds[i][0], bounds[i][1]);
			check_places("only_stream", chops[j], bounds[i][0], bounds[i][1]);
		}
	}
}

static const struct port_row {
	const char *header;
	enum direction dir;
	uint16_t client, server;
	int expect;
} port_rows[] = {
	{"any any -> any 80", TO_SERVER, 1024, 80, 1},
	{"any any -> any 80", TO_SERVER, 1024, 81, 0},
	{"any any -> any 80", TO_CLIENT, 1024, 80, 0},
	{"any any -> any 80", TO_CLIENT, 80, 1024, 1},
	{"any 80 -> any any", TO_CLIENT, 1024, 80, 1},
	{"any 80 -> any any", TO_CLIENT, 1024, 8080, 0},
	{"any 80 -> any any", TO_SERVER, 80, 1024, 1},
	{"any [80,8080:8090] -> any any", TO_CLIENT, 1024, 8085, 1},
	{"any [80,8080:8090] -> any any", TO_CLIENT, 1024, 8091, 0},
	{"any 80 -> any 1024", TO_CLIENT, 1024, 80, 1},
	{"any 80 -> any 1024", TO_CLIENT, 1025, 80, 0},
	{"any 80 <> any any", TO_SERVER, 1024, 80, 1},
	{"any 80 <> any any", TO_CLIENT, 1024, 80, 1},
	{"any 1024: -> any 1024:", TO_SERVER, 1024, 2000, 1},
	{"any 1024: -> any 1024:", TO_SERVER, 1023, 2000, 0},
	{"any !80 -> any any", TO_CLIENT, 1024, 81, 1},
	{"any !80 -> any any", TO_CLIENT, 1024, 80, 0},
};

/* Each header with the literal at a fixed place and anywhere, in packet and stream, protocol open and known.
 */
static void ports(void)
{
	static const char *const places[] = {"offset:2; depth:6;", ""};
	static const enum app_proto apps[] = {APP_UNKNOWN, APP_HTTP, APP_FAILED};
	static const uint8_t data[] = "..needle..";

	for (size_t i = 0; i < ARRAY_LEN(port_rows) * 12; i++) {
		const struct port_row *row = &port_rows[i / 12];
		bool stream = i % 2;
		struct span span = {data, sizeof(data) - 1};
		struct rules_world world;
		struct packet packet;
		char text[256];

		snprintf(text, sizeof(text), "alert tcp %s (flow:%s; content:\"needle\"; %s sid:1;)",
			 row->header, stream ? "only_stream" : "no_stream", places[i / 2 % 2]);
		if (!rules_open(&world, text))
			return;
		world.flow.client_port = row->client;
		world.flow.server_port = row->server;
		world.flow.app = apps[i / 4 % 3];
		packet = rules_packet(&world, IPPROTO_TCP, row->dir, span.data, span.len);
		if (stream)
			detect_stream(world.detect, &packet, &world.flow, row->dir, span, 0, span.len, true);
		else
			detect_packet(world.detect, &packet, &world.flow, row->dir);
		detect_packet_end(world.detect);
		CHECK((int)world.alerts == row->expect, "%s, %u to %u, app %u: %u alerts", text, row->client,
		      row->server, world.flow.app, world.alerts);
		rules_close(&world);
	}
}

/* A rule of a protocol waits while the protocol is open, and is not there for another. */
static void protocols(void)
{
	static const struct {
		enum app_proto app;
		unsigned int expect;
	} rows[] = {{APP_HTTP, 1}, {APP_UNKNOWN, 0}, {APP_TLS, 0}, {APP_FAILED, 0}};
	static const uint8_t data[] = "..needle..";
	const struct span span = {data, sizeof(data) - 1};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (uint16_t port = 80; port <= 81; port++) {
			struct rules_world world;
			struct packet packet;

			if (!rules_open(&world, "alert http any any -> any any (content:\"needle\"; sid:1;)"))
				return;
			world.flow.server_port = port;
			world.flow.app = rows[i].app;
			packet = rules_packet(&world, IPPROTO_TCP, TO_SERVER, span.data, span.len);
			detect_stream(world.detect, &packet, &world.flow, TO_SERVER, span, 0, span.len, true);
			detect_packet_end(world.detect);
			CHECK_EQ(world.alerts, rows[i].expect);
			/* What was searched while the protocol was open is not lost. */
			if (rows[i].app == APP_UNKNOWN) {
				world.flow.app = APP_HTTP;
				detect_stream(world.detect, &packet, &world.flow, TO_SERVER, span, 0, 0,
					      true);
				detect_packet_end(world.detect);
				CHECK_EQ(world.alerts, 1);
			}
			rules_close(&world);
		}
	}
}

/* Rules without content are passed over by ports and flags only where they cannot match. */
static void gates(void)
{
	static const struct {
		const char *rule;
		uint8_t flags;
		uint16_t server;
		unsigned int expect;
	} rows[] = {
		{"any any -> any 22 (flags:S;", 2, 22, 1},
		{"any any -> any 22 (flags:S;", 2, 23, 0},
		{"any any -> any 22 (flags:S;", 18, 22, 0},
		{"any any -> any 22 (flags:S,CE;", 2 + 64, 22, 1},
		{"any any -> any any (flags:+S;", 18, 22, 1},
		{"any any -> any any (flags:+S;", 16, 22, 0},
		{"any any -> any any (flags:*SF;", 1 + 16, 22, 1},
		{"any any -> any any (flags:!S;", 16, 22, 1},
		{"any any -> any [22,25] (flags:S;", 2, 23, 0},
		{"any any -> any [22,25] (flags:S;", 2, 25, 1},
		{"any 22 <> any any (flags:S;", 2, 22, 1},
		{"any any -> any any (flags:0;", 0, 22, 1},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rules_world world;
		struct packet packet;
		char text[128];

		snprintf(text, sizeof(text), "alert tcp %s sid:1;)", rows[i].rule);
		if (!rules_open(&world, text))
			return;
		world.flow.server_port = rows[i].server;
		packet = rules_packet(&world, IPPROTO_TCP, TO_SERVER, "", 0);
		packet.tcp_flags = rows[i].flags;
		detect_packet(world.detect, &packet, &world.flow, TO_SERVER);
		detect_packet_end(world.detect);
		CHECK(world.alerts == rows[i].expect, "%s flags %u port %u: %u", text, rows[i].flags,
		      rows[i].server, world.alerts);
		rules_close(&world);
	}
}

static const struct ktap_test tests[] = {TEST(places), TEST(ports), TEST(protocols), TEST(gates)};
KTAP_MAIN(tests)
