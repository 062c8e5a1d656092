// SPDX-License-Identifier: GPL-2.0-or-later
/* siem_line.c - CEF and LEEF: golden lines, and nothing of an attacker becomes a field or a line. */
#include <ctype.h>

#include "core/report/siem_line.h"
#include "lib/ktap.h"

static char *line_of(enum siem_format format, const char *eve)
{
	struct eve_fields fields;
	char *line;

	if (!CHECK_EQ(eve_read(eve, strlen(eve), &fields), 0))
		return NULL;
	line = siem_line(format, &fields);
	eve_fields_end(&fields);
	return line;
}

static void golden(void)
{
	static const char v4[] = "{\"timestamp\":\"2014-09-29T09:00:00.123456+0900\",\"event_type\":"
				 "\"alert\",\"in_iface\":\"wan\",\"src_ip\":"
				 "\"198.18.0.77\",\"src_port\":40000,\"dest_ip\":\"192.0.2.1\",\"dest_port\":"
				 "80,\"proto\":\"TCP\",\"alert\":{"
				 "\"gid\":1,\"signature_id\":9001001,\"rev\":1,\"signature\":\"Shell|shock = "
				 "\\\\ \\\"x\\\"\",\"severity\":1},"
				 "\"sekimori\":{\"severity\":\"critical\",\"verdict\":\"cut\"}}";
	static const char v6[] = "{\"timestamp\":\"2014-09-29T09:00:00.000000+0900\",\"event_type\":\"drop\","
				 "\"src_ip\":\"2001:db8::1\",\"dest_ip\":"
				 "\"2001:db8::2\",\"proto\":\"UDP\",\"drop\":{\"reason\":\"listed\"},"
				 "\"sekimori\":{\"verdict\":\"blocked\",\"list\":"
				 "\"a=b\"}}";
	AUTO_FREE char *cef = line_of(SIEM_CEF, v4), *leef = line_of(SIEM_LEEF, v4),
		       *six = line_of(SIEM_CEF, v6);

	CHECK_STR(cef,
		  "CEF:0|Sekimori|sekimori|1|1:9001001|Shell\\|shock = \\\\ \"x\"|10|rt=1411948800123 "
		  "src=198.18.0.77 "
		  "dst=192.0.2.1 spt=40000 dpt=80 proto=TCP cat=alert act=cut deviceInboundInterface=wan");
	CHECK_STR(leef, "LEEF:2.0|Sekimori|sekimori|1|1:9001001|x09|devTime=1411948800123\tcat=alert\tsev="
			"10\tsrc=198.18.0.77\t"
			"dst=192.0.2.1\tsrcPort=40000\tdstPort=80\tproto=TCP\tpolicy=Shell|shock = \\ "
			"\"x\"\taction=cut\tinterface=wan");
	CHECK_STR(six, "CEF:0|Sekimori|sekimori|1|drop|listed|3|rt=1411948800000 c6a2=2001:db8::1 "
		       "c6a2Label=Source IPv6 Address "
		       "c6a3=2001:db8::2 c6a3Label=Destination IPv6 Address proto=UDP cat=drop act=blocked "
		       "cs1=a\\=b cs1Label=list");
}

/* Every byte in a signature: the number of fields stays, and there is one line. */
static void hostile(void)
{
	for (unsigned int byte = 1; byte < 0x80; byte++) {
		char eve[512];

		snprintf(eve, sizeof(eve),
			 "{\"timestamp\":\"2014-09-29T09:00:00.000000+0900\",\"event_type\":\"alert\",\"src_"
			 "ip\":\"192.0.2.1\","
			 "\"dest_ip\":\"192.0.2.2\",\"alert\":{\"gid\":1,\"signature_id\":7,\"rev\":1,"
			 "\"signature\":\"a\\u%04x"
			 "src\\u003d6\",\"severity\":1}}",
			 byte);
		for (int format = 0; format < SIEM_FORMAT_MAX; format++) {
			AUTO_FREE char *line = line_of(format, eve);
			unsigned int bars = 0, tabs = 0;

			for (const char *at = line; at && *at; at++) {
				bars += *at == '|' && at[-1] != '\\';
				tabs += *at == '\t';
				CHECK(!iscntrl((unsigned char)*at) || *at == '\t', "byte %u", byte);
			}
			if (format == SIEM_CEF)
				CHECK_EQ(bars, 7);
			else
				CHECK_EQ(tabs, 6);
		}
	}
}

static const struct ktap_test tests[] = {TEST(golden), TEST(hostile)};
KTAP_MAIN(tests)
