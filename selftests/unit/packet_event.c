// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packet_event - what decoding notices about link headers, tags, tunnels and
 * the messages of hosts among themselves: each name raised by one frame that
 * is odd in just that way, and none by its sound neighbour.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/flow/packet.h"
#include "lib/ktap.h"

#define ETH(type)	  "0200000000010200000000 02" type
#define IP4(total, proto) "4500" total "0000 0000 40" proto "0000 0a000001 0a000002"
#define IP6(len, next)                                                                                       \
	"60000000" len next "40 fd000000000000000000000000000001 fd000000000000000000000000000002"
#define UDP4	   IP4("001c", "11") "0035 9000 0008 0000"
#define GRE(total) ETH("0800") IP4(total, "2f")
#define VXLAN(total, udp, type)                                                                              \
	ETH("0800") IP4(total, "11") "9000 12b5" udp "0000 08000000 00000100" ETH(type)
#define GENEVE(type)	 ETH("0800") IP4("0025", "11") "9000 17c1 0011 0000 0000" type "00000100 00"
#define ARP(words)	 ETH("0806") words "020000000001 0a000001 000000000000 0a000002"
#define IGMP(total)	 ETH("0800") IP4(total, "02")
#define SCTP(total, tag) ETH("0800") IP4(total, "84") "0050 9000" tag "00000000"
#define INIT		 "01000014 00000001 00001000 00010001 00000001"
#define DATA		 "00030011 00000001 0000 0000 00000000 41000000"
#define PPP(protocol)	 "ff03" protocol

struct row {
	enum app_event event; /* 0: none */
	enum link_type link;
	const char *hex;
};

#define ROW(name, link, hex)                                                                                 \
	{                                                                                                    \
		EVENT_DECODER_##name, LINK_##link, hex                                                       \
	}
#define SOUND(link, hex)                                                                                     \
	{                                                                                                    \
		EVENT_NONE, LINK_##link, hex                                                                 \
	}

static const struct row rows[] = {
	SOUND(ETHERNET, ETH("0800") UDP4),
	ROW(ETHERNET_UNKNOWN_ETHERTYPE, ETHERNET, ETH("88cc") "0207"),
	/* tags */
	SOUND(ETHERNET, ETH("8100") "0001 0800" UDP4),
	ROW(VLAN_UNKNOWN_TYPE, ETHERNET, ETH("8100") "0001 88cc"),
	SOUND(ETHERNET, ETH("8926") "80010002 0800" UDP4),
	ROW(VNTAG_HEADER_TOO_SMALL, ETHERNET, ETH("8926") "80010002 08"),
	ROW(VNTAG_UNKNOWN_TYPE, ETHERNET, ETH("8926") "80010002 88cc"),
	SOUND(ETHERNET, ETH("893f") "000000010000 0800" UDP4),
	ROW(ETAG_HEADER_TOO_SMALL, ETHERNET, ETH("893f") "000000010000 08"),
	ROW(ETAG_UNKNOWN_TYPE, ETHERNET, ETH("893f") "000000010000 88cc"),
	SOUND(ETHERNET, ETH("88e7") "00000001" ETH("0800") UDP4),
	ROW(IEEE8021AH_HEADER_TOO_SMALL, ETHERNET, ETH("88e7") "00000001 0200000000010200000000 02 08"),
	SOUND(ETHERNET, ETH("8903") "0001" ETH("0800") UDP4),
	ROW(DCE_PKT_TOO_SMALL, ETHERNET, ETH("8903") "0001 0200000000010200000000 02 08"),
	/* PPP and its sessions */
	SOUND(PPP, PPP("0021") UDP4),
	SOUND(PPP, PPP("c021") "01010004"),
	ROW(PPP_IP4_PKT_TOO_SMALL, PPP, PPP("0021") "45000000"),
	ROW(PPP_IP6_PKT_TOO_SMALL, PPP, PPP("0057") "60000000"),
	ROW(PPP_VJU_PKT_TOO_SMALL, PPP, PPP("002f") "45000000"),
	ROW(PPP_UNSUP_PROTO, PPP, PPP("002b") "ffff0022"),
	ROW(PPP_WRONG_TYPE, PPP, PPP("1234") "ffff0022"),
	SOUND(ETHERNET, ETH("8863") "1109 0000 0004 01010000"),
	ROW(PPPOE_WRONG_CODE, ETHERNET, ETH("8863") "1108 0000 0004 01010000"),
	ROW(PPPOE_MALFORMED_TAGS, ETHERNET, ETH("8863") "1109 0000 0005 01010000"),
	ROW(IPRAW_INVALID_IP_VERSION, RAW, "7500001c" UDP4),
	/* ARP */
	SOUND(ETHERNET, ARP("0001 0800 0604 0001")),
	ROW(ARP_PKT_TOO_SMALL, ETHERNET, ETH("0806") "0001 0800 0604 00"),
	ROW(ARP_INVALID_PKT, ETHERNET, ETH("0806") "0001 0800 0604 0001 02"),
	ROW(ARP_UNSUPPORTED_HARDWARE, ETHERNET, ARP("0006 0800 0604 0001")),
	ROW(ARP_UNSUPPORTED_PROTOCOL, ETHERNET, ARP("0001 0806 0604 0001")),
	ROW(ARP_INVALID_HARDWARE_SIZE, ETHERNET, ARP("0001 0800 0504 0001")),
	ROW(ARP_INVALID_PROTOCOL_SIZE, ETHERNET, ARP("0001 0800 0605 0001")),
	ROW(ARP_UNSUPPORTED_OPCODE, ETHERNET, ARP("0001 0800 0604 0005")),
	/* GRE */
	SOUND(ETHERNET, GRE("0034") "0000 0800" UDP4),
	ROW(GRE_VERSION0_RECUR, ETHERNET, GRE("0034") "0100 0800" UDP4),
	ROW(GRE_VERSION0_FLAGS, ETHERNET, GRE("0034") "0008 0800" UDP4),
	ROW(GRE_VERSION0_MALFORMED_SRE_HDR, ETHERNET, GRE("0020") "4000 0800 00000000 00020009"),
	SOUND(ETHERNET, GRE("003c") "2001 880b 00200001 ff03 0021" UDP4),
	ROW(GRE_VERSION1_CHKSUM, ETHERNET, GRE("0040") "a001 880b 00000000 00200001 ff03 0021" UDP4),
	ROW(GRE_VERSION1_ROUTE, ETHERNET, GRE("0040") "6001 880b 00000000 00200001 ff03 0021" UDP4),
	ROW(GRE_VERSION1_SSR, ETHERNET, GRE("003c") "2801 880b 00200001 ff03 0021" UDP4),
	ROW(GRE_VERSION1_RECUR, ETHERNET, GRE("003c") "2101 880b 00200001 ff03 0021" UDP4),
	ROW(GRE_VERSION1_FLAGS, ETHERNET, GRE("003c") "2009 880b 00200001 ff03 0021" UDP4),
	ROW(GRE_VERSION1_NO_KEY, ETHERNET, GRE("0038") "0001 880b ff03 0021" UDP4),
	ROW(GRE_VERSION1_WRONG_PROTOCOL, ETHERNET, GRE("0038") "2001 0800 00200001" UDP4),
	SOUND(ETHERNET, GRE("004e") "1000 88be 00000001 10010000 00000000" ETH("0800") UDP4),
	SOUND(ETHERNET, GRE("0042") "0000 88be" ETH("0800") UDP4),
	ROW(ERSPAN_UNSUPPORTED_VERSION, ETHERNET,
	    GRE("0052") "1000 88be 00000001 20010000 00000000 00000000" ETH("0800") UDP4),
	ROW(ERSPAN_TOO_MANY_VLAN_LAYERS, ETHERNET,
	    ETH("8100") "0001 8100 0001 8100 0001 8100 0001 0800" IP4("004e",
								      "2f") "1000 88be 00000001 10010000 "
									    "00000000" ETH("0800") UDP4),
	/* VXLAN, GENEVE */
	SOUND(ETHERNET, VXLAN("004e", "003a", "0800") UDP4),
	ROW(VXLAN_UNKNOWN_PAYLOAD_TYPE, ETHERNET, VXLAN("0032", "001e", "88cc")),
	SOUND(ETHERNET, GENEVE("0806")),
	ROW(GENEVE_UNKNOWN_PAYLOAD_TYPE, ETHERNET, GENEVE("88cc")),
	/* IP in IPv6 */
	SOUND(IPV6, IP6("001c", "04") UDP4),
	ROW(IPV6_IPV4_IN_IPV6_TOO_SMALL, IPV6, IP6("0004", "04") "45000004"),
	ROW(IPV6_IPV4_IN_IPV6_WRONG_VERSION, IPV6,
	    IP6("0014", "04") "6500001400000000401100000a0000010a000002"),
	ROW(IPV6_IPV6_IN_IPV6_TOO_SMALL, IPV6, IP6("0004", "29") "60000000"),
	ROW(IPV6_IPV6_IN_IPV6_WRONG_VERSION, IPV6,
	    IP6("0028",
		"29") "45000028000000004011000000000000 0000000000000000000000000000000000000000 00000000"),
	ROW(TOO_MANY_LAYERS, IPV4,
	    IP4("006c", "04") IP4("0058", "04") IP4("0044", "04") IP4("0030", "04") UDP4),
	/* IGMP */
	SOUND(ETHERNET, IGMP("001c") "1600 0000 e0000001"),
	SOUND(ETHERNET, IGMP("0024") "1164 0000 00000000 027d 0001 0a000009"),
	ROW(IGMP_PKT_TOO_SMALL, ETHERNET, IGMP("001b") "1600 0000 e00000"),
	ROW(IGMP_V3_PKT_TOO_SMALL, ETHERNET, IGMP("0024") "1164 0000 00000000 027d 0002 0a000009"),
	ROW(IGMP_MALFORMED, ETHERNET, IGMP("0024") "1164 0000 00000000 027d ffff 0a000009"),
	SOUND(ETHERNET, IGMP("0024") "2200 0000 0000 0001 04000000 e0000001"),
	ROW(IGMP_V3_PKT_TOO_SMALL, ETHERNET, IGMP("0024") "2200 0000 0000 0002 04000000 e0000001"),
	ROW(IGMP_MALFORMED, ETHERNET, IGMP("0024") "2200 0000 0000 0001 04000001 e0000001"),
	/* SCTP */
	SOUND(ETHERNET, SCTP("0034", "00000000") INIT),
	SOUND(ETHERNET, SCTP("0034", "00000001") DATA),
	ROW(SCTP_CHUNK_TOO_SMALL, ETHERNET, SCTP("0022", "00000001") "0300"),
	ROW(SCTP_CHUNK_LEN_INVALID, ETHERNET, SCTP("0024", "00000001") "03000003"),
	ROW(SCTP_CHUNK_LEN_INVALID, ETHERNET, SCTP("0024", "00000001") "03000005"),
	ROW(SCTP_INIT_WITH_NON_ZERO_VTAG, ETHERNET, SCTP("0034", "00000001") INIT),
	ROW(SCTP_INIT_CHUNK_BUNDLED, ETHERNET, SCTP("0038", "00000000") INIT "03000004"),
	ROW(SCTP_DATA_WITH_ZERO_VTAG, ETHERNET, SCTP("0034", "00000000") DATA),
};

struct frame {
	uint8_t bytes[1024];
	size_t len;
};

/* Hexadecimal, spaces ignored. */
static void frame_add(struct frame *frame, const char *text)
{
	unsigned int byte;

	for (; *text; text += *text == ' ' ? 1 : 2) {
		if (*text == ' ')
			continue;
		if (sscanf(text, "%2x", &byte) != 1 || frame->len == sizeof(frame->bytes))
			abort();
		frame->bytes[frame->len++] = (uint8_t)byte;
	}
}

/* At exactly its size, so that a sanitizer sees reads beyond it. */
static struct event_list events_of(enum link_type link, const struct frame *frame)
{
	uint8_t *copy = malloc(frame->len ? frame->len : 1);
	struct packet packet;

	memcpy(copy, frame->bytes, frame->len);
	packet_decode(link, copy, frame->len, &packet);
	free(copy);
	return packet.events;
}

static void each_frame(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct frame frame = {.len = 0};
		struct event_list events;

		frame_add(&frame, rows[i].hex);
		events = events_of(rows[i].link, &frame);
		if (rows[i].event)
			CHECK(event_list_has(&events, rows[i].event), "row %zu: %s", i,
			      app_event_infos[rows[i].event].name);
		else
			CHECK(!events.count, "row %zu: %s", i, app_event_infos[events.events[0]].name);
	}
}

static void every_cut(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct frame frame = {.len = 0};

		frame_add(&frame, rows[i].hex);
		while (frame.len--)
			events_of(rows[i].link, &frame);
	}
}

static void many_chunks(void)
{
	struct frame control = {.len = 0}, data = {.len = 0};
	struct event_list events;

	frame_add(&control, SCTP("0064", "00000001"));
	for (int i = 0; i < 17; i++)
		frame_add(&control, "03000004");
	events = events_of(LINK_ETHERNET, &control);
	CHECK(event_list_has(&events, EVENT_DECODER_SCTP_TOO_MANY_CHUNKS));
	CHECK(!event_list_has(&events, EVENT_DECODER_SCTP_TOO_MANY_DATA_CHUNKS));

	frame_add(&data, SCTP("0174", "00000001"));
	for (int i = 0; i < 17; i++)
		frame_add(&data, DATA);
	events = events_of(LINK_ETHERNET, &data);
	CHECK(event_list_has(&events, EVENT_DECODER_SCTP_TOO_MANY_DATA_CHUNKS));
}

/* Labels that lead to frames with tags that lead to labels: an end comes long before that of the frame. */
static void tags_nest_a_few_times(void)
{
	struct frame frame = {.len = 0};
	struct event_list events;

	frame_add(&frame, ETH("893f"));
	for (int i = 0; i < 20; i++)
		frame_add(&frame, "000000010000 8847 00064140 00000000" ETH("893f"));
	events = events_of(LINK_ETHERNET, &frame);
	CHECK(event_list_has(&events, EVENT_DECODER_VLAN_TOO_MANY_LAYERS));
}

int main(void)
{
	static const struct ktap_test tests[] = {TEST(each_frame), TEST(every_cut), TEST(many_chunks),
						 TEST(tags_nest_a_few_times)};

	return ktap_run(tests, ARRAY_LEN(tests));
}
