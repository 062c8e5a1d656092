// SPDX-License-Identifier: GPL-2.0-or-later
/* evidence.c - records and packets as people and other programs get to see them. */
#include "core/report/evidence.h"

#include <errno.h>
#include <string.h>

#include "core/report/evidence_packet.h"
#include "lib/base64.h"
#include "lib/ktap.h"

/* What leaves the house in a form for programs: by the field's name, by its neighbour, within packets; what
 * is ours stays. */
static void records_are_masked(void)
{
	static const char line[] =
		"{\"event_type\":\"alert\",\"src_ip\":\"192.0.2.1\",\"alert\":{\"signature\":\"password=x in "
		"URL\"},"
		"\"http\":{\"url\":\"/?user=a&password=hunter2\",\"length\":5,\"request_headers\":["
		"{\"name\":\"Authorization\",\"value\":\"Basic "
		"aHVudGVy\"},{\"name\":\"Host\",\"value\":\"x.example\"}]},"
		"\"ftp\":{\"command\":\"PASS\",\"command_data\":\"hunter2\"},"
		"\"smtp\":{\"mail_from\":\"taro@example.jp\"},"
		"\"payload_printable\":\"Cookie: id=1\",\"packet\":\"dG9rZW49YWJjZGVm\"}";
	AUTO_FREE char *out = evidence_masked_line(line, sizeof(line) - 1);

	CHECK_STR(out, "{\"event_type\":\"alert\",\"src_ip\":\"192.0.2.1\",\"alert\":{\"signature\":"
		       "\"password=x in URL\"},"
		       "\"http\":{\"url\":\"/?user=a&password=*******\",\"length\":5,\"request_headers\":["
		       "{\"name\":\"Authorization\",\"value\":\"**************\"},{\"name\":\"Host\","
		       "\"value\":\"x.example\"}]},"
		       "\"ftp\":{\"command\":\"PASS\",\"command_data\":\"*******\"},"
		       "\"smtp\":{\"mail_from\":\"t***@example.jp\"},"
		       "\"payload_printable\":\"Cookie: ****\",\"packet\":\"dG9rZW49KioqKioq\"}");
	CHECK(!evidence_masked_line("[1]", 3));
	CHECK(!evidence_masked_line("{\"a\":", 5));
}

/* What the store keeps becomes layers, bytes and a capture file; credentials leave only when somebody says
 * so. */
static void packets_are_read(void)
{
	static const uint8_t frame[] = {2,    0,    0,	  0,	0,    1,    2,	 0,   0,   0,
					0,    2,    0x81, 0,	0,    7,    8,	 0, /* VLAN 7 */
					0x45, 0,    0,	  54,	0x12, 0x34, 0,	 0,   64,  6,
					0,    0,    198,  18,	0,    77,   192, 0,   2,   1, /* IPv4 */
					0x9c, 0x40, 0,	  80,	0,    0,    0,	 1,   0,   0,
					0,    2,    0x50, 0x18, 0xff, 0xff, 0,	 0,   0,   0, /* TCP */
					't',  'o',  'k',  'e',	'n',  '=',  'a', 'b', 'c', 'd',
					'e',  'f',  '\r', '\n'};
	CLEANUP(evidence_packet_free) struct evidence_packet *packet = NULL;
	char base64[BASE64_ROOM(sizeof(frame))], json[256];
	AUTO_FREE char *layers = NULL;
	AUTO_FREE char *dump = NULL;
	AUTO_FREE char *open = NULL;
	AUTO_FREE uint8_t *pcap = NULL;
	size_t len = 0;

	base64_encode((struct span){frame, sizeof(frame)}, base64);
	snprintf(json, sizeof(json), "{\"packet\":\"%s\",\"packet_info\":{\"linktype\":1}}", base64);
	CHECK_EQ(evidence_packet_read(json, &packet), 0);
	layers = evidence_packet_layers(packet);
	CHECK_STR(layers, "Ethernet: 02:00:00:00:00:02 > 02:00:00:00:00:01\nVLAN: 7\n"
			  "IPv4: 198.18.0.77 > 192.0.2.1, TTL 64, protocol 6, id 0x1234\n"
			  "TCP: 40000 > 80, PSH ACK, seq 1, ack 2, window 65535\npayload: 14 bytes\n");
	dump = evidence_packet_dump(packet, true);
	CHECK(dump && strstr(dump, "0030  ** ** ** ** 0d 0a") == NULL && strstr(dump, "token=") &&
	      !strstr(dump, "abcd"));
	open = evidence_packet_dump(packet, false);
	CHECK(open && strstr(open, "61 62 63 64"));
	pcap = evidence_packet_pcap(packet, 1409529600000005ull, true, &len);
	CHECK_EQ(len, 40 + sizeof(frame));
	CHECK(pcap && !memcmp(pcap + 40, frame, sizeof(frame) - 8) && pcap[40 + sizeof(frame) - 3] == '*');
	CHECK_EQ(*(const uint32_t *)(pcap + 24), 1409529600u);
	CHECK_EQ(*(const uint32_t *)(pcap + 28), 5u);
	/* Kept in part, and what is none. */
	evidence_packet_free(TAKE_PTR(packet));
	base64_encode((struct span){frame, 58}, base64);
	snprintf(json, sizeof(json), "{\"packet\":\"%s\",\"packet_info\":{\"linktype\":1,\"length\":%zu}}",
		 base64, sizeof(frame));
	CHECK_EQ(evidence_packet_read(json, &packet), 0);
	free(layers);
	layers = evidence_packet_layers(packet);
	CHECK(strstr(layers, "TCP: 40000 > 80") && strstr(layers, "kept: the first 58 of 72 bytes"), "%s",
	      layers);
	CHECK_EQ(evidence_packet_read("{\"packet\":7}", &packet), -EBADMSG);
	CHECK_EQ(evidence_packet_read("", &packet), -EBADMSG);
}

static const struct ktap_test tests[] = {
	TEST(records_are_masked),
	TEST(packets_are_read),
};

int main(void)
{
	return ktap_run(tests, ARRAY_LEN(tests));
}
