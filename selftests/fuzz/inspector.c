// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames of 3 header bytes (length, time and hints) through decoders and rules; raw IP. */
#include <stdlib.h>
#include <string.h>

#include "core/match/inspector.h"
#include "lib/rules_load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char rules[] = "alert tcp any any -> any any (content:\"evil\"; sid:1;)\n"
			    "alert http any any -> any any (http.uri; content:\"/cgi\"; sid:2;)\n"
			    "alert http any any -> any any (file.data; content:\"MZ\"; startswith; sid:3;)\n"
			    "alert dns any any -> any any (dns.query; content:\"bad\"; sid:4;)\n"
			    "alert tls any any -> any any (tls.sni; content:\"bad\"; sid:5;)\n"
			    "alert smtp any any -> any any (content:\"RCPT\"; sid:6;)\n"
			    "alert tcp any any -> any any (pcre:\"/a[0-9]+b/\"; sid:7;)\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ruleset *set;
	struct inspector_options options = {.flow_max = 8, .flow_memory = 4 << 20, .depth = {4096, 4096}};
	struct inspector_ops ops = {0};
	CLEANUP(inspector_free) struct inspector *inspector = NULL;
	uint64_t now = 1000000;

	if (!set)
		set = rules_load(rules, sizeof(rules) - 1);
	if (inspector_new(&options, set, &ops, &inspector))
		abort();
	while (size >= 3) {
		size_t len = (size_t)(data[0] << 8 | data[1]);
		struct inspector_hint hint = {.lost = !(data[2] & 7), .truncated = data[2] & 8};

		if (len > size - 3)
			len = size - 3;
		inspector_frame(inspector, LINK_RAW, data + 3, len, now += (uint64_t)data[2] << 13, &hint);
		data += 3 + len;
		size -= 3 + len;
	}
	inspector_finish(inspector);
	return 0;
}
