// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_event - the table of anomalies, sets of them, and rules that ask for them.
 */
#include "core/app/app_event.h"
#include "rules.h"

static void names(void)
{
	CHECK_EQ(app_event_find("app-layer-event", "http.double_encoded_uri"), EVENT_HTTP_DOUBLE_ENCODED_URI);
	CHECK_EQ(app_event_find("app-layer-event", "applayer_unexpected_protocol"),
		 EVENT_APPLAYER_UNEXPECTED_PROTOCOL);
	CHECK_EQ(app_event_find("decode-event", "ipv4.frag_overlap"), EVENT_DECODER_IPV4_FRAG_OVERLAP);
	CHECK_EQ(app_event_find("stream-event", "reassembly_seq_gap"), EVENT_STREAM_REASSEMBLY_SEQ_GAP);
	CHECK_EQ(app_event_find("stream-event", "est_synack_resend_with_different_ack"),
		 EVENT_STREAM_EST_SYNACK_RESEND_WITH_DIFF_ACK);
	CHECK_EQ(app_event_find("decode-event", "reassembly_seq_gap"), EVENT_STREAM_REASSEMBLY_SEQ_GAP);
	CHECK_EQ(app_event_find("app-layer-event", "ipv4.frag_overlap"), EVENT_NONE);
	CHECK_EQ(app_event_find("decode-event", "http.double_encoded_uri"), EVENT_NONE);
	CHECK_EQ(app_event_find("app-layer-event", "http.no_such"), EVENT_NONE);
	CHECK_EQ(app_event_find("app-layer-event", ""), EVENT_NONE);
	for (unsigned int event = 0; event < APP_EVENT_MAX; event++) {
		const struct app_event_info *info = &app_event_infos[event];
		enum app_event_group group = app_event_group_of((enum app_event)event);
		char text[128];

		CHECK_EQ(group == EVENT_GROUP_MAX, info->name == NULL);
		if (!info->name)
			continue;
		snprintf(text, sizeof(text), "%s%s", app_event_groups[group].prefix, info->name);
		CHECK_EQ(app_event_find(app_event_groups[group].keyword, text), event);
	}
}

static void sets(void)
{
	struct event_list list = {};

	for (unsigned int i = 0; i < 2; i++)
		event_list_add(&list, EVENT_DECODER_IPV4_FRAG_OVERLAP);
	CHECK_EQ(list.count, 1);
	for (unsigned int i = 0; i < EVENT_LIST_MAX; i++)
		event_list_add(&list, (enum app_event)(EVENT_STREAM_FIRST + i));
	CHECK_EQ(list.count, EVENT_LIST_MAX);
	CHECK_EQ(list.more, 1);
}

/* A rule on an event of a packet is asked when the packet has it, not before. */
static void packet_rules(void)
{
	struct rules_world world;
	struct packet packet;

	if (!rules_open(&world, "alert tcp any any -> any any (stream-event:reassembly_seq_gap; sid:1;)\n"
				"alert pkthdr any any -> any any (decode-event:ipv4.frag_overlap; "
				"content:\"x\"; sid:2;)\n"
				"alert ip any any -> any any "
				"(app-layer-event:applayer_proto_detection_skipped; sid:3;)\n"))
		return;
	packet = rules_packet(&world, IPPROTO_TCP, TO_SERVER, "x", 1);
	detect_packet(world.detect, &packet, &world.flow, TO_SERVER);
	detect_events(world.detect, &packet, &world.flow, TO_SERVER);
	detect_packet_end(world.detect);
	CHECK_EQ(world.alerts, 0);
	event_list_add(&packet.events, EVENT_STREAM_REASSEMBLY_SEQ_GAP);
	event_list_add(&packet.events, EVENT_DECODER_IPV4_FRAG_OVERLAP);
	event_list_add(&world.flow.events, EVENT_APPLAYER_PROTO_DETECTION_SKIPPED);
	detect_packet(world.detect, &packet, &world.flow, TO_SERVER);
	CHECK_EQ(world.alerts, 0);
	detect_events(world.detect, &packet, &world.flow, TO_SERVER);
	detect_packet_end(world.detect);
	CHECK_EQ(world.alerts, 3);
	/* Events are all that some frames have: no IP, no flow. */
	packet.proto = packet.ip_version = 0;
	detect_events(world.detect, &packet, NULL, TO_SERVER);
	detect_packet_end(world.detect);
	CHECK_EQ(world.alerts, 4);
	CHECK_EQ(world.sids[3], 2);
	rules_close(&world);
}

/* A rule on an event of a transaction matches once, whenever the event comes. */
static void tx_rules(void)
{
	struct rules_world world;
	struct packet packet;
	struct tx *tx = calloc(1, 4096);

	if (!rules_open(&world,
			"alert dns any any -> any any (app-layer-event:dns.z_flag_set; sid:1;)\n"
			"alert dns any any -> any any (app-layer-event:dns.malformed_data; sid:2;)\n"))
		return;
	world.flow.app = tx->proto = APP_DNS;
	packet = rules_packet(&world, IPPROTO_TCP, TO_SERVER, "x", 1);
	detect_tx(world.detect, &packet, &world.flow, tx, TO_SERVER);
	detect_packet_end(world.detect);
	CHECK_EQ(world.alerts, 0);
	tx_event_set(tx, EVENT_DNS_Z_FLAG_SET);
	CHECK(tx->dirty[TO_CLIENT] && tx->dirty[TO_SERVER]);
	detect_tx(world.detect, &packet, &world.flow, tx, TO_CLIENT);
	detect_packet_end(world.detect);
	CHECK_EQ(world.alerts, 1);
	CHECK_EQ(world.sids[0], 1);
	tx_event_set(tx, EVENT_DNS_Z_FLAG_SET);
	detect_tx(world.detect, &packet, &world.flow, tx, TO_SERVER);
	detect_packet_end(world.detect);
	CHECK_EQ(world.alerts, 1);
	detect_tx_free(tx->detect);
	free(tx);
	rules_close(&world);
}

static void refused(void)
{
	struct rules_world world;

	if (!rules_open(&world, "alert ip any any -> any any (decode-event:afpacket.trunc_pkt; sid:1;)\n"
				"alert http any any -> any any (app-layer-event:dns.z_flag_set; sid:2;)\n"
				"alert dns any any -> any any (app-layer-event:dns.nothing; sid:3;)\n"))
		return;
	CHECK_EQ(world.refused_count, 3);
	rules_close(&world);
}

static const struct ktap_test tests[] = {TEST(names), TEST(sets), TEST(packet_rules), TEST(tx_rules),
					 TEST(refused)};
KTAP_MAIN(tests)
