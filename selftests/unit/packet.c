// SPDX-License-Identifier: GPL-2.0-or-later
/* Decoding: each layer, each reason, every truncation of every frame. */
#include "lib/ktap.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "core/flow/packet.h"

struct frame {
	uint8_t bytes[512];
	size_t len;
};

static void add(struct frame *frame, const void *data, size_t len)
{
	memcpy(frame->bytes + frame->len, data, len);
	frame->len += len;
}

/* Hexadecimal, spaces ignored. */
static void hex(struct frame *frame, const char *text)
{
	unsigned int byte;

	while (*text) {
		if (*text == ' ') {
			text++;
			continue;
		}
		if (sscanf(text, "%2x", &byte) != 1)
			abort();
		frame->bytes[frame->len++] = (uint8_t)byte;
		text += 2;
	}
}

/* Copies to a block of exactly len bytes so that the sanitizer sees any read beyond it. */
static enum seki_reason decode(enum link_type link, const uint8_t *bytes, size_t len, struct packet *out)
{
	static uint8_t *copy;
	enum seki_reason reason;

	free(copy);
	copy = malloc(len ? len : 1);
	memcpy(copy, bytes, len);
	reason = packet_decode(link, copy, len, out);
	packet_verify(out);
	if (reason == SEKI_R_CLEAN) {
		CHECK(out->ip_header.data >= copy && out->ip_header.data + out->ip_header.len <= copy + len);
		CHECK(out->payload.data >= copy && out->payload.data + out->payload.len <= copy + len);
		CHECK(out->l4_header.data >= copy && out->l4_header.data + out->l4_header.len <= copy + len);
	}
	return reason;
}

#define MACS			"0200000000010200000000 02"
#define ETH4			MACS "0800"
#define ETH6			MACS "86dd"
#define IP4(total, frag, proto) "4500" total "1234" frag "40" proto "0000 c0000201 c6336402"
#define IP6(len, next)                                                                                       \
	"60000000" len next "40 20010db8000000000000000000000001 20010db8000000000000000000000002"
#define TCP_AB	  "c000 0050 00000001 00000002 5018 1000 0000 0000 6162"
#define TCP_SYN	  "c000 0050 00000001 00000000 5002 1000 0000 0000"
#define UDP_AB	  "c000 0035 000a 0000 6162"
#define ICMP_ECHO "0800 0000 0007 0009 6162"
#define VLAN	  "8100 0007"

static const struct row {
	const char *name;
	enum link_type link;
	const char *hex;
	enum seki_reason reason;
	uint8_t proto;
	uint16_t dst_port;
	uint32_t payload;
	uint8_t tunnels, vlans;
	bool fragment;
} rows[] = {
	/* what decodes */
	{"tcp", LINK_ETHERNET, ETH4 IP4("002a", "0000", "06") TCP_AB, SEKI_R_CLEAN, 6, 80, 2, 0, 0, 0},
	{"tcp padded", LINK_ETHERNET, ETH4 IP4("002a", "0000", "06") TCP_AB "00000000", SEKI_R_CLEAN, 6, 80,
	 2, 0, 0, 0},
	{"udp", LINK_ETHERNET, ETH4 IP4("001e", "0000", "11") UDP_AB, SEKI_R_CLEAN, 17, 53, 2, 0, 0, 0},
	{"icmp", LINK_ETHERNET, ETH4 IP4("001e", "0000", "01") ICMP_ECHO, SEKI_R_CLEAN, 1, 0, 2, 0, 0, 0},
	{"options", LINK_ETHERNET, ETH4 "4600 0022 1234 0000 40 11 0000 c0000201 c6336402 01010100" UDP_AB,
	 SEKI_R_CLEAN, 17, 53, 2, 0, 0, 0},
	{"vlan", LINK_ETHERNET, MACS VLAN "0800" IP4("001e", "0000", "11") UDP_AB, SEKI_R_CLEAN, 17, 53, 2, 0,
	 1, 0},
	{"four tags", LINK_ETHERNET, MACS "88a8 0001" VLAN "9100 0003" VLAN "86dd" IP6("000a", "11") UDP_AB,
	 SEKI_R_CLEAN, 17, 53, 2, 0, 4, 0},
	{"pppoe", LINK_ETHERNET, MACS "8864 1100 0001 0020 0021" IP4("001e", "0000", "11") UDP_AB,
	 SEKI_R_CLEAN, 17, 53, 2, 0, 0, 0},
	{"mpls, two labels", LINK_ETHERNET, MACS "8847 00100040 00200140" IP4("001e", "0000", "11") UDP_AB,
	 SEKI_R_CLEAN, 17, 53, 2, 0, 0, 0},
	{"mpls, explicit null", LINK_ETHERNET, MACS "8848 00002140" IP6("000a", "11") UDP_AB, SEKI_R_CLEAN,
	 17, 53, 2, 0, 0, 0},
	{"mpls, pseudowire", LINK_ETHERNET,
	 MACS "8847 00100140 00000000" ETH4 IP4("001e", "0000", "11") UDP_AB, SEKI_R_CLEAN, 17, 53, 2, 0, 0,
	 0},
	{"cisco hdlc", LINK_CHDLC, "0f00 0800" IP4("001e", "0000", "11") UDP_AB, SEKI_R_CLEAN, 17, 53, 2, 0,
	 0, 0},
	{"ip6 tcp", LINK_ETHERNET, ETH6 IP6("0016", "06") TCP_AB, SEKI_R_CLEAN, 6, 80, 2, 0, 0, 0},
	{"hop-by-hop, routing, options", LINK_ETHERNET,
	 ETH6 IP6("0022", "00") "2b00 010400000000 3c00 040000000000 1100 010400000000" UDP_AB, SEKI_R_CLEAN,
	 17, 53, 2, 0, 0, 0},
	{"atomic fragment", LINK_ETHERNET, ETH6 IP6("0012", "2c") "1100 0000 00000009" UDP_AB, SEKI_R_CLEAN,
	 17, 53, 2, 0, 0, 0},
	{"no next header", LINK_ETHERNET, ETH6 IP6("0000", "3b"), SEKI_R_CLEAN, 59, 0, 0, 0, 0, 0},
	{"first fragment", LINK_ETHERNET, ETH4 IP4("0024", "2000", "11") UDP_AB "636465666768", SEKI_R_CLEAN,
	 17, 0, 16, 0, 0, 1},
	{"later fragment", LINK_ETHERNET, ETH4 IP4("001e", "0002", "11") UDP_AB, SEKI_R_CLEAN, 17, 0, 10, 0,
	 0, 1},
	{"ip6 fragment", LINK_ETHERNET, ETH6 IP6("0012", "2c") "1100 0010 00000009" UDP_AB, SEKI_R_CLEAN, 17,
	 0, 10, 0, 0, 1},
	{"ipip", LINK_ETHERNET, ETH4 IP4("0032", "0000", "04") IP4("001e", "0000", "11") UDP_AB, SEKI_R_CLEAN,
	 17, 53, 2, 1, 0, 0},
	{"6in4", LINK_ETHERNET, ETH4 IP4("0046", "0000", "29") IP6("000a", "11") UDP_AB, SEKI_R_CLEAN, 17, 53,
	 2, 1, 0, 0},
	{"4in6", LINK_ETHERNET, ETH6 IP6("001e", "04") IP4("001e", "0000", "11") UDP_AB, SEKI_R_CLEAN, 17, 53,
	 2, 1, 0, 0},
	{"gre", LINK_ETHERNET, ETH4 IP4("0036", "0000", "2f") "0000 0800" IP4("001e", "0000", "11") UDP_AB,
	 SEKI_R_CLEAN, 17, 53, 2, 1, 0, 0},
	{"gre key sequence", LINK_ETHERNET,
	 ETH4 IP4("003e", "0000", "2f") "3000 0800 00000001 00000002" IP4("001e", "0000", "11") UDP_AB,
	 SEKI_R_CLEAN, 17, 53, 2, 1, 0, 0},
	{"gre ethernet", LINK_ETHERNET,
	 ETH4 IP4("0044", "0000", "2f") "0000 6558" ETH4 IP4("001e", "0000", "11") UDP_AB, SEKI_R_CLEAN, 17,
	 53, 2, 1, 0, 0},
	{"gre other", LINK_ETHERNET, ETH4 IP4("001a", "0000", "2f") "0000 1234 6162", SEKI_R_CLEAN, 47, 0, 2,
	 0, 0, 0},
	{"vxlan", LINK_ETHERNET,
	 ETH4 IP4("0050", "0000", "11") "c000 12b5 003c 0000 08000000 00000100" ETH4 IP4("001e", "0000", "11")
		 UDP_AB,
	 SEKI_R_CLEAN, 17, 53, 2, 1, 0, 0},
	{"not vxlan", LINK_ETHERNET, ETH4 IP4("001e", "0000", "11") "c000 12b5 000a 0000 6162", SEKI_R_CLEAN,
	 17, 4789, 2, 0, 0, 0},
	{"two tunnels", LINK_ETHERNET,
	 ETH4 IP4("0046", "0000", "04") IP4("0032", "0000", "04") IP4("001e", "0000", "11") UDP_AB,
	 SEKI_R_CLEAN, 17, 53, 2, 2, 0, 0},
	{"nsh", LINK_ETHERNET, MACS "894f 0fc2 0201 00000000" IP4("001e", "0000", "11") UDP_AB, SEKI_R_CLEAN,
	 17, 53, 2, 0, 0, 0},
	{"sctp", LINK_ETHERNET, ETH4 IP4("0022", "0000", "84") "c000 0050 00000001 00000000 6162",
	 SEKI_R_CLEAN, 132, 80, 2, 0, 0, 0},
	{"null", LINK_NULL, "02000000" IP4("001e", "0000", "11") UDP_AB, SEKI_R_CLEAN, 17, 53, 2, 0, 0, 0},
	{"loop", LINK_NULL, "0000001e" IP6("000a", "11") UDP_AB, SEKI_R_CLEAN, 17, 53, 2, 0, 0, 0},
	{"raw", LINK_RAW, IP4("001e", "0000", "11") UDP_AB, SEKI_R_CLEAN, 17, 53, 2, 0, 0, 0},
	{"raw 6", LINK_RAW_12, IP6("000a", "11") UDP_AB, SEKI_R_CLEAN, 17, 53, 2, 0, 0, 0},
	{"sll", LINK_SLL, "0000 0001 0006 020000000001 0000 0800" IP4("001e", "0000", "11") UDP_AB,
	 SEKI_R_CLEAN, 17, 53, 2, 0, 0, 0},
	{"sll2", LINK_SLL2, "86dd 0000 00000001 0001 00 06 0200000000010000" IP6("000a", "11") UDP_AB,
	 SEKI_R_CLEAN, 17, 53, 2, 0, 0, 0},
	{"ppp", LINK_PPP, "ff03 0021" IP4("001e", "0000", "11") UDP_AB, SEKI_R_CLEAN, 17, 53, 2, 0, 0, 0},
	{"ppp compressed", LINK_PPP, "21" IP4("001e", "0000", "11") UDP_AB, SEKI_R_CLEAN, 17, 53, 2, 0, 0, 0},
	{"pptp", LINK_ETHERNET,
	 ETH4 IP4("0043", "0000", "2f") "3081 880b 0020 0001 00000001 00000001"
					"21" IP4("001e", "0000", "11") UDP_AB,
	 SEKI_R_CLEAN, 17, 53, 2, 1, 0, 0},
	/* what does not */
	{"arp", LINK_ETHERNET, MACS "0806 0001", SEKI_R_NON_IP, 0, 0, 0, 0, 0, 0},
	{"lcp", LINK_ETHERNET, MACS "8864 1100 0001 0006 c021 01000000", SEKI_R_NON_IP, 0, 0, 0, 0, 0, 0},
	{"mpls, no bottom", LINK_ETHERNET, MACS "8847 00100040 00200040", SEKI_R_FRAME_SHORT, 0, 0, 0, 0, 0,
	 0},
	{"mpls, nothing behind", LINK_ETHERNET, MACS "8847 00100140", SEKI_R_FRAME_SHORT, 0, 0, 0, 0, 0, 0},
	{"mpls, router alert last", LINK_ETHERNET, MACS "8847 00001140 45", SEKI_R_NON_IP, 0, 0, 0, 0, 0, 0},
	{"mpls, nested", LINK_ETHERNET, MACS "8847 00100140 00000000" MACS "8847 00100140 45", SEKI_R_NON_IP,
	 0, 0, 0, 0, 0, 0},
	{"mpls, reserved", LINK_ETHERNET, MACS "8847 00007140 45", SEKI_R_NON_IP, 0, 0, 0, 0, 0, 0},
	{"mpls, something else", LINK_ETHERNET, MACS "8847 00100140 50", SEKI_R_NON_IP, 0, 0, 0, 0, 0, 0},
	{"cisco hdlc, short", LINK_CHDLC, "0f00 08", SEKI_R_FRAME_SHORT, 0, 0, 0, 0, 0, 0},
	{"short link", LINK_ETHERNET, "020000000001", SEKI_R_FRAME_SHORT, 0, 0, 0, 0, 0, 0},
	{"short tag", LINK_ETHERNET, MACS "8100 00", SEKI_R_FRAME_SHORT, 0, 0, 0, 0, 0, 0},
	{"five tags", LINK_ETHERNET, MACS VLAN VLAN VLAN VLAN VLAN "0800" IP4("001e", "0000", "11") UDP_AB,
	 SEKI_R_VLAN_DEPTH, 0, 0, 0, 0, 4, 0},
	{"pppoe version", LINK_ETHERNET, MACS "8864 2100 0001 0020 0021" IP4("001e", "0000", "11") UDP_AB,
	 SEKI_R_PPPOE_BAD, 0, 0, 0, 0, 0, 0},
	{"pppoe length", LINK_ETHERNET, MACS "8864 1100 0001 0200 0021" IP4("001e", "0000", "11") UDP_AB,
	 SEKI_R_PPPOE_BAD, 0, 0, 0, 0, 0, 0},
	{"ip4 version", LINK_ETHERNET, ETH4 "5500 001e 1234 0000 4011 0000 c0000201 c6336402" UDP_AB,
	 SEKI_R_IP4_BAD, 0, 0, 0, 0, 0, 0},
	{"ip4 header length", LINK_ETHERNET, ETH4 "4400 001e 1234 0000 4011 0000 c0000201 c6336402" UDP_AB,
	 SEKI_R_IP4_BAD, 0, 0, 0, 0, 0, 0},
	{"ip4 total too small", LINK_ETHERNET, ETH4 IP4("0013", "0000", "11") UDP_AB, SEKI_R_IP4_BAD, 0, 0, 0,
	 0, 0, 0},
	{"ip4 total too big", LINK_ETHERNET, ETH4 IP4("0200", "0000", "11") UDP_AB, SEKI_R_IP4_BAD, 17, 53, 2,
	 0, 0, 0},
	{"ip6 version", LINK_ETHERNET, ETH6 "40000000 000a 1140" UDP_AB UDP_AB UDP_AB UDP_AB UDP_AB,
	 SEKI_R_IP6_BAD, 0, 0, 0, 0, 0, 0},
	{"ip6 length", LINK_ETHERNET, ETH6 IP6("0200", "11") UDP_AB, SEKI_R_IP6_BAD, 17, 53, 2, 0, 0, 0},
	{"extension cut off", LINK_ETHERNET, ETH6 IP6("0008", "00") "11ff 010400000000", SEKI_R_IP6_BAD, 0, 0,
	 0, 0, 0, 0},
	{"nine extensions", LINK_ETHERNET,
	 ETH6 IP6("0052",
		  "3c") "3c00010400000000 3c00010400000000 3c00010400000000 3c00010400000000 3c00010400000000"
			"3c00010400000000 3c00010400000000 3c00010400000000 1100010400000000" UDP_AB,
	 SEKI_R_IP6_EXT_DEPTH, 0, 0, 0, 0, 0, 0},
	{"tiny first fragment", LINK_ETHERNET, ETH4 IP4("001c", "2000", "06") "c000005000000001",
	 SEKI_R_FRAGMENT_BAD, 6, 0, 8, 0, 0, 1},
	{"fragment in the header", LINK_ETHERNET, ETH4 IP4("001c", "2001", "06") "c000005000000001",
	 SEKI_R_FRAGMENT_BAD, 6, 0, 8, 0, 0, 1},
	{"fragment beyond 64k", LINK_ETHERNET, ETH4 IP4("001e", "1fff", "11") UDP_AB, SEKI_R_FRAGMENT_BAD, 17,
	 0, 10, 0, 0, 1},
	{"fragment not of eights", LINK_ETHERNET, ETH4 IP4("001e", "2000", "11") UDP_AB, SEKI_R_FRAGMENT_BAD,
	 17, 0, 10, 0, 0, 1},
	{"three tunnels", LINK_ETHERNET,
	 ETH4 IP4("005a", "0000", "04") IP4("0046", "0000", "04") IP4("0032", "0000", "04")
		 IP4("001e", "0000", "11") UDP_AB,
	 SEKI_R_TUNNEL_DEPTH, 4, 0, 30, 2, 0, 0},
	{"inner length", LINK_ETHERNET, ETH4 IP4("0032", "0000", "04") IP4("0100", "0000", "11") UDP_AB,
	 SEKI_R_TUNNEL_BAD, 17, 53, 2, 1, 0, 0},
	{"gre cut off", LINK_ETHERNET, ETH4 IP4("001a", "0000", "2f") "3000 0800 0000", SEKI_R_TUNNEL_BAD, 47,
	 0, 6, 0, 0, 0},
	{"tcp short", LINK_ETHERNET, ETH4 IP4("0018", "0000", "06") "c0000050", SEKI_R_L4_SHORT, 6, 0, 4, 0,
	 0, 0},
	{"tcp offset", LINK_ETHERNET,
	 ETH4 IP4("002a", "0000", "06") "c000 0050 00000001 00000002 4018 1000 0000 0000 6162",
	 SEKI_R_L4_SHORT, 6, 0, 22, 0, 0, 0},
	{"tcp options beyond", LINK_ETHERNET,
	 ETH4 IP4("002a", "0000", "06") "c000 0050 00000001 00000002 f018 1000 0000 0000 6162",
	 SEKI_R_L4_SHORT, 6, 0, 22, 0, 0, 0},
	{"udp length 7", LINK_ETHERNET, ETH4 IP4("001e", "0000", "11") "c000 0035 0007 0000 6162",
	 SEKI_R_L4_SHORT, 17, 0, 10, 0, 0, 0},
	{"udp length beyond", LINK_ETHERNET, ETH4 IP4("001e", "0000", "11") "c000 0035 000b 0000 6162",
	 SEKI_R_L4_SHORT, 17, 0, 10, 0, 0, 0},
	{"icmp short", LINK_ETHERNET, ETH4 IP4("0018", "0000", "01") "08000000", SEKI_R_L4_SHORT, 1, 0, 4, 0,
	 0, 0},
	{"syn fin", LINK_ETHERNET,
	 ETH4 IP4("0028", "0000", "06") "c000 0050 00000001 00000000 5003 1000 0000 0000", SEKI_R_TCP_FLAGS,
	 6, 80, 0, 0, 0, 0},
	{"syn rst", LINK_ETHERNET,
	 ETH4 IP4("0028", "0000", "06") "c000 0050 00000001 00000000 5006 1000 0000 0000", SEKI_R_TCP_FLAGS,
	 6, 80, 0, 0, 0, 0},
	{"no flags", LINK_ETHERNET,
	 ETH4 IP4("0028", "0000", "06") "c000 0050 00000001 00000000 5000 1000 0000 0000", SEKI_R_TCP_FLAGS,
	 6, 80, 0, 0, 0, 0},
	{"land", LINK_ETHERNET,
	 ETH4
	 "4500 0028 1234 0000 40 06 0000 c0000201 c0000201 0050 0050 00000001 00000000 5002 1000 0000 0000",
	 SEKI_R_LAND, 6, 80, 0, 0, 0, 0},
};

static void every_reason(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct frame frame = {.len = 0};
		struct packet packet;

		hex(&frame, rows[i].hex);
		CHECK(decode(rows[i].link, frame.bytes, frame.len, &packet) == rows[i].reason, "in %s",
		      rows[i].name);
		if (rows[i].proto) {
			CHECK(packet.proto == rows[i].proto, "in %s: %u", rows[i].name, packet.proto);
			CHECK(packet.dst_port == rows[i].dst_port, "in %s", rows[i].name);
			CHECK(packet.payload.len == rows[i].payload, "in %s: %u", rows[i].name,
			      packet.payload.len);
		}
		CHECK(packet.tunnels == rows[i].tunnels && packet.vlan_count == rows[i].vlans, "in %s",
		      rows[i].name);
		CHECK(packet.fragment == rows[i].fragment, "in %s", rows[i].name);
	}
}

static void every_truncation(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct frame frame = {.len = 0};
		struct packet packet;

		hex(&frame, rows[i].hex);
		for (size_t len = 0; len < frame.len; len++)
			decode(rows[i].link, frame.bytes, len, &packet);
	}
}

static void cut_capture_is_told_apart(void)
{
	struct frame frame = {.len = 0};
	struct packet packet;

	hex(&frame, ETH4 IP4("0100", "0000", "06") TCP_AB);
	CHECK_EQ(decode(LINK_ETHERNET, frame.bytes, frame.len, &packet), SEKI_R_IP4_BAD);
	CHECK(packet.truncated);
	CHECK_EQ(packet.payload.len, 2);
	CHECK(!packet.l4_checksum_bad);
	frame.len = 0;
	hex(&frame, ETH4 IP4("0100", "0000", "06") TCP_SYN);
	frame.bytes[14 + 20 + 12] = 0x40; /* also wrong: that counts more */
	CHECK_EQ(decode(LINK_ETHERNET, frame.bytes, frame.len, &packet), SEKI_R_L4_SHORT);
}

static uint16_t sum(const uint8_t *p, size_t len, uint32_t start)
{
	for (size_t i = 0; i < len; i++)
		start += (uint32_t)p[i] << (i % 2 ? 0 : 8);
	while (start >> 16)
		start = (start & 0xffff) + (start >> 16);
	return (uint16_t)~start;
}

static void put_sum(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void checksums(void)
{
	static const uint8_t odd[] = "xyz";
	struct frame frame = {.len = 0};
	struct packet packet;
	uint8_t *ip = frame.bytes + 14;

	hex(&frame, ETH4 IP4("002d", "0000", "06") TCP_AB);
	add(&frame, odd, 3);
	put_sum(ip + 10, sum(ip, 20, 0));
	put_sum(ip + 20 + 16, sum(ip + 20, 25, (uint16_t)~sum(ip + 12, 8, 6 + 25)));
	CHECK_EQ(decode(LINK_ETHERNET, frame.bytes, frame.len, &packet), SEKI_R_CLEAN);
	CHECK(!packet.ip_checksum_bad);
	CHECK(!packet.l4_checksum_bad);
	ip[20 + 24] ^= 1;
	decode(LINK_ETHERNET, frame.bytes, frame.len, &packet);
	CHECK(packet.l4_checksum_bad);
	CHECK(!packet.ip_checksum_bad);
	ip[8]++;
	decode(LINK_ETHERNET, frame.bytes, frame.len, &packet);
	CHECK(packet.ip_checksum_bad);

	frame.len = 0; /* none over IPv4 is allowed, over IPv6 it is not */
	hex(&frame, ETH4 IP4("001e", "0000", "11") UDP_AB);
	decode(LINK_ETHERNET, frame.bytes, frame.len, &packet);
	CHECK(!packet.l4_checksum_bad);
	frame.len = 0;
	hex(&frame, ETH6 IP6("000a", "11") UDP_AB);
	decode(LINK_ETHERNET, frame.bytes, frame.len, &packet);
	CHECK(packet.l4_checksum_bad);
}

static void outer_layers(void)
{
	struct frame frame = {.len = 0};
	struct packet packet;

	hex(&frame, ETH4 IP4("0046", "0000", "04")
			    IP4("0032", "0000", "2f") "00000800" IP4("001e", "0000", "11") UDP_AB);
	frame.bytes[14 + 3] = 0x4a;
	frame.bytes[14 + 23] = 0x36;
	CHECK_EQ(packet_decode(LINK_ETHERNET, frame.bytes, frame.len, &packet), SEKI_R_CLEAN);
	CHECK_EQ(packet.tunnels, 2);
	CHECK_EQ(packet_decode_layer(LINK_ETHERNET, frame.bytes, frame.len, 0, &packet), SEKI_R_CLEAN);
	CHECK_EQ(packet.proto, IPPROTO_IPIP);
	CHECK_EQ(packet_decode_layer(LINK_ETHERNET, frame.bytes, frame.len, 1, &packet), SEKI_R_CLEAN);
	CHECK_EQ(packet.proto, IPPROTO_GRE);
	CHECK_EQ(packet.payload.len, 30);
}

static void tcp_fields(void)
{
	struct frame frame = {.len = 0};
	struct packet packet;

	hex(&frame,
	    ETH4 IP4("0036", "0000",
		     "06") "c000 0050 01020304 0a0b0c0d 8018 1000 0000 0000 0101 080a 00000007 00000008"
			   "6162");
	CHECK_EQ(decode(LINK_ETHERNET, frame.bytes, frame.len, &packet), SEKI_R_CLEAN);
	CHECK_EQ(packet.seq, 0x01020304);
	CHECK_EQ(packet.ack, 0x0a0b0c0d);
	CHECK_EQ(packet.window, 4096);
	CHECK_EQ(packet.tcp_flags, 0x18);
	CHECK(packet.has_timestamp);
	CHECK_EQ(packet.tsval, 7);
	CHECK_EQ(packet.tsecr, 8);
	CHECK_EQ(packet.src.b[10], 0xff);
	CHECK_EQ(packet.src.b[12], 192);
	CHECK_EQ(packet.src_port, 49152);
	CHECK_EQ(packet.ttl, 64);
	CHECK_EQ(packet.ip_id, 0x1234);
}

static const struct ktap_test tests[] = {
	TEST(every_reason), TEST(every_truncation), TEST(cut_capture_is_told_apart),
	TEST(checksums),    TEST(outer_layers),	    TEST(tcp_fields),
};
KTAP_MAIN(tests)
