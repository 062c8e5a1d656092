// SPDX-License-Identifier: GPL-2.0-or-later
/* A whole capture file, pcap or pcapng, as `sekimori inspect` reads it: the library's reader, then frames of
 * whatever lengths and times it says. */
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/match/inspector.h"
#include "lib/rules_load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char rules[] = "alert tcp any any -> any any (content:\"evil\"; sid:1;)\n"
			    "alert http any any -> any any (http.uri; content:\"/cgi\"; sid:2;)\n"
			    "alert pkthdr any any -> any any (decode-event:ipv4.trunc_pkt; sid:3;)\n";

static void frames_read(pcap_t *pcap, enum link_type link, struct inspector *inspector)
{
	struct pcap_pkthdr *head;
	const u_char *frame;

	for (unsigned int i = 0; i < 10000 && pcap_next_ex(pcap, &head, &frame) == 1; i++) {
		struct inspector_hint hint = {.truncated = head->caplen < head->len};

		inspector_frame(inspector, link, frame, head->caplen,
				(uint64_t)head->ts.tv_sec * 1000000 + (uint64_t)head->ts.tv_usec, &hint);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ruleset *set;
	struct inspector_options options = {.flow_max = 8, .flow_memory = 4 << 20, .depth = {4096, 4096}};
	struct inspector_ops ops = {0};
	CLEANUP(inspector_free) struct inspector *inspector = NULL;
	char why[PCAP_ERRBUF_SIZE];
	enum link_type link;
	pcap_t *pcap;
	FILE *file;

	if (!set)
		set = rules_load(rules, sizeof(rules) - 1);
	file = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	if (!file)
		return 0;
	pcap = pcap_fopen_offline(file, why);
	if (!pcap) {
		fclose(file);
		return 0;
	}
	if (packet_link_find(pcap_datalink(pcap), &link)) {
		if (inspector_new(&options, set, &ops, &inspector))
			abort();
		frames_read(pcap, link, inspector);
		inspector_finish(inspector);
	}
	pcap_close(pcap);
	return 0;
}
