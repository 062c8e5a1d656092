/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rules.h - a small world for tests of the rule language: rules from text,
 * hand-made packets and flows, and the sids that alerted.
 */
#ifndef SELFTESTS_UNIT_RULES_H
#define SELFTESTS_UNIT_RULES_H

#include <netinet/in.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/match/detect.h"
#include "core/rule/ruleset.h"
#include "lib/ktap.h"

struct rules_world {
	struct ruleset *set;
	struct detect *detect;
	struct flow flow;
	uint64_t now_us;
	uint64_t packets;
	unsigned int alerts;
	uint32_t sids[64]; /* in order */
	unsigned int quiet;
	enum rule_action action; /* of the last one, quiet or not */
	char refused[256];	 /* "line:keyword:why" of the last refused rule */
	unsigned int refused_count;
};

static inline void rules_alert(const struct detect_alert *alert, void *arg)
{
	struct rules_world *world = arg;

	world->action = alert->action;
	if (alert->quiet) {
		world->quiet++;
		return;
	}
	if (world->alerts < 64)
		world->sids[world->alerts] = alert->rule->sid;
	world->alerts++;
}

static inline void rules_refused(const char *file, unsigned int line, uint32_t sid, const char *keyword,
				 const char *why, void *arg)
{
	struct rules_world *world = arg;

	world->refused_count++;
	snprintf(world->refused, sizeof(world->refused), "%u:%s:%s", line, keyword, why);
}

static inline struct seki_addr rules_address(uint8_t last)
{
	struct seki_addr addr = {.b = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, last}};

	return addr;
}

/* For the worlds opened from here on, see ruleset_set_action_order(); NULL: the usual one. */
static const char *rules_order;

/* 10.0.0.1:1024 is the client, 10.0.0.2:80 the server. thresholds: a threshold.config, may be NULL. */
static inline bool rules_open_limited(struct rules_world *world, const char *text, const char *thresholds)
{
	CLEANUP(ruleset_builder_free) struct ruleset_builder *builder = NULL;
	char why[256] = "";
	const char *reason;

	*world = (struct rules_world){.now_us = 1000000};
	if (!CHECK_EQ(ruleset_builder_new(&builder), 0))
		return false;
	if (rules_order)
		CHECK_EQ(ruleset_set_action_order(builder, rules_order, &reason), 0);
	if (thresholds)
		(void)!ruleset_add_data(builder, RULE_DATA_THRESHOLD, "threshold.config", thresholds,
					strlen(thresholds), rules_refused, world);
	CHECK_EQ(ruleset_add_rules(builder, "test.rules", text, strlen(text), rules_refused, world), 0);
	if (!CHECK(!ruleset_build(builder, &world->set, why, sizeof(why)), "%s", why))
		return false;
	if (!CHECK_EQ(detect_new(world->set, rules_alert, world, &world->detect), 0))
		return false;
	world->flow.id = 7;
	world->flow.proto = IPPROTO_TCP;
	world->flow.client = rules_address(1);
	world->flow.server = rules_address(2);
	world->flow.client_port = 1024;
	world->flow.server_port = 80;
	world->flow.established = true;
	return true;
}

static inline bool rules_open(struct rules_world *world, const char *text)
{
	return rules_open_limited(world, text, NULL);
}

static inline void rules_close(struct rules_world *world)
{
	detect_flow_free(world->flow.detect);
	detect_free(world->detect);
	ruleset_free(world->set);
}

static inline struct packet rules_packet(struct rules_world *world, uint8_t proto, enum direction dir,
					 const void *data, size_t len)
{
	struct packet packet = {
		.time_us = world->now_us, .number = ++world->packets, .ip_version = 4, .ttl = 64};

	packet.proto = proto;
	packet.src = dir == TO_SERVER ? world->flow.client : world->flow.server;
	packet.dst = dir == TO_SERVER ? world->flow.server : world->flow.client;
	if (proto == IPPROTO_TCP || proto == IPPROTO_UDP) {
		packet.src_port = dir == TO_SERVER ? world->flow.client_port : world->flow.server_port;
		packet.dst_port = dir == TO_SERVER ? world->flow.server_port : world->flow.client_port;
	}
	packet.payload = (struct span){data, (uint32_t)len};
	packet.tcp_flags = proto == IPPROTO_TCP ? 24 : 0;
	return packet;
}

/* One datagram to the server; returns how many alerts it gave. */
static inline unsigned int rules_datagram(struct rules_world *world, const void *data, size_t len)
{
	unsigned int before = world->alerts;
	struct packet packet;
	uint8_t *copy = malloc(len + 1); /* so that the sanitizer sees its end */

	memcpy(copy, data, len);
	copy = realloc(copy, len ? len : 1);
	world->flow.proto = IPPROTO_UDP;
	packet = rules_packet(world, IPPROTO_UDP, TO_SERVER, copy, len);
	detect_packet(world->detect, &packet, &world->flow, TO_SERVER);
	detect_packet_end(world->detect);
	free(copy);
	return world->alerts - before;
}

/* The rule's options over one datagram: 1 it alerted, 0 not, -1 it was refused. */
static inline int rules_try(const char *options, const void *data, size_t len)
{
	struct rules_world world;
	char text[4096];
	int result;

	snprintf(text, sizeof(text), "alert udp any any -> any any (%s sid:1;)\n", options);
	if (!rules_open(&world, text))
		return -2;
	result = world.refused_count ? -1 : (int)rules_datagram(&world, data, len);
	if (result < 0)
		printf("# refused: %s\n", world.refused);
	rules_close(&world);
	return result;
}
#define TRY(options, text) rules_try(options, text, sizeof(text) - 1)

#endif
