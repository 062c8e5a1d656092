// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A rules text, a NUL byte, then data: the rules run over it as a datagram, as a segment without a flow, and
 * as a stream in two pieces. Classes and severities read the rules text too.
 */
#include <netinet/in.h>
#include <string.h>

#include "core/match/detect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void alerted(const struct detect_alert *alert, void *arg)
{
	if (!alert->rule->sid || !alert->packet)
		abort();
}

static void run(struct detect *detect, uint8_t proto, const uint8_t *data, uint32_t len)
{
	struct flow flow = {.proto = proto, .client_port = 1024, .server_port = 80, .established = true};
	struct packet packet = {.time_us = 1,
				.number = 1,
				.ip_version = 4,
				.proto = proto,
				.src_port = 1024,
				.dst_port = 80,
				.payload = {data, len}};

	packet.src.b[15] = flow.client.b[15] = 1;
	packet.dst.b[15] = flow.server.b[15] = 2;
	detect_packet(detect, &packet, &flow, TO_SERVER);
	detect_packet_end(detect);
	packet.number++;
	detect_packet(detect, &packet, NULL, TO_SERVER);
	if (proto == IPPROTO_TCP) {
		detect_stream(detect, &packet, &flow, TO_SERVER, (struct span){data, len / 2}, 0, len / 2,
			      false);
		detect_stream(detect, &packet, &flow, TO_SERVER, (struct span){data, len}, 0, len - len / 2,
			      true);
		detect_stream(detect, &packet, &flow, TO_CLIENT, (struct span){data, len}, 5000, len, true);
	}
	detect_packet_end(detect);
	detect_flow_free(flow.detect);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(ruleset_builder_free) struct ruleset_builder *builder = NULL;
	CLEANUP(ruleset_free) struct ruleset *set = NULL;
	CLEANUP(detect_free) struct detect *detect = NULL;
	const uint8_t *nul = memchr(data, 0, size);
	size_t rules = nul ? (size_t)(nul - data) : size;
	uint8_t *copy = NULL;
	uint32_t len = nul ? (uint32_t)(size - rules - 1) : 0;
	char why[256];

	if (ruleset_builder_new(&builder))
		abort();
	(void)!ruleset_add_classification(builder, "c", (const char *)data, rules, NULL, NULL);
	(void)!ruleset_add_severity(builder, "s", (const char *)data, rules, NULL, NULL);
	if (ruleset_add_rules(builder, "r", (const char *)data, rules, NULL, NULL))
		abort();
	if (ruleset_build(builder, &set, why, sizeof(why)) || detect_new(set, alerted, NULL, &detect))
		return 0;
	copy = malloc(len ? len : 1);
	if (len)
		memcpy(copy, nul + 1, len);
	run(detect, IPPROTO_UDP, copy, len);
	run(detect, IPPROTO_TCP, copy, len);
	run(detect, IPPROTO_ICMP, copy, len);
	free(copy);
	return 0;
}
