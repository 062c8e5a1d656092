// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eve - lines that another process sent: completed, taken apart, masked.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/eve/eve.h"
#include "core/eve/eve_bytes.h"
#include "core/report/evidence.h"
#include "core/report/evidence_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_json(const char *text, size_t len)
{
	json_error_t error;
	json_t *root = json_loadb(text, len, JSON_ALLOW_NUL, &error);

	json_decref(root);
	return root != NULL;
}

/* Taken apart, a record and its packet are JSON each if the line was; read, shown and masked they are in
 * bounds. */
static void bytes_apart(const char *line, size_t size)
{
	AUTO_FREE char *rest = malloc(size + 1), *packet = malloc(size + 3);
	CLEANUP(evidence_packet_free) struct evidence_packet *read = NULL;
	AUTO_FREE char *layers = NULL;
	AUTO_FREE char *dump = NULL;
	AUTO_FREE uint8_t *pcap = NULL;
	size_t from, to, len;

	if (!rest || !packet || !eve_bytes_find(line, size, &from, &to))
		return;
	memcpy(rest, line, from);
	memcpy(rest + from, line + to, size - to);
	len = to - from - 1;
	packet[0] = '{';
	memcpy(packet + 1, line + from + 1, len);
	memcpy(packet + 1 + len, "}", 2);
	if (!is_json(packet, len + 2) || (is_json(line, size) && !is_json(rest, size - (to - from))))
		abort();
	if (evidence_packet_read(packet, &read))
		return;
	layers = evidence_packet_layers(read);
	dump = evidence_packet_dump(read, true);
	pcap = evidence_packet_pcap(read, 1, true, &len);
	if (!layers || !dump || !pcap || len != 40 + read->len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct eve_enforcement enforcement = {
		.verdict = SEKI_VERDICT_CUT, .action = "cut-flow", .why = "shared source"};
	char *out = NULL, *again = NULL;
	size_t len, again_len;

	AUTO_FREE char *masked = evidence_masked_line((const char *)data, size);

	bytes_apart((const char *)data, size);
	if (masked && !is_json(masked, strlen(masked)))
		abort();
	if (eve_enforce((const char *)data, size, &enforcement, &out, &len) == 0) {
		/* A completed line is complete: it cannot be completed twice. */
		if (len > EVE_LINE_MAX || eve_enforce(out, len, &enforcement, &again, &again_len) != -EINVAL)
			abort();
		free(out);
	}
	return 0;
}
