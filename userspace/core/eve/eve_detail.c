// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eve_detail.c - bytes of the packet that an alert is about.
 */
#include "eve_parts.h"

#include "lib/base64.h"

const char *const eve_detail_names[EVE_DETAIL_MAX] = {
#define X(id, name) [EVE_DETAIL_##id] = name,
	EVE_DETAILS(X)
#undef X
};

static void base64_add(json_t *event, const char *key, struct span bytes)
{
	AUTO_FREE char *text = malloc(BASE64_ROOM((size_t)bytes.len));

	if (!text)
		return;
	base64_encode(bytes, text);
	eve_set(event, key, json_string(text));
}

/* Letters, and dots for what is none, as its readers know it from elsewhere. */
static void printable_add(json_t *event, struct span bytes)
{
	AUTO_FREE char *text = malloc((size_t)bytes.len + 1);

	if (!text)
		return;
	for (uint32_t i = 0; i < bytes.len; i++) {
		uint8_t c = bytes.data[i];

		text[i] = (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\r' ? (char)c : '.';
	}
	text[bytes.len] = '\0';
	eve_set(event, "payload_printable", json_string(text));
}

void eve_details_add(json_t *event, const struct packet *packet, uint32_t details)
{
	struct span payload = packet->payload;
	bool any = details & (1u << EVE_DETAIL_PAYLOAD | 1u << EVE_DETAIL_PAYLOAD_PRINTABLE);

	if (any && payload.len) {
		eve_set(event, "payload_length", json_integer(payload.len));
		/* Of this packet, also where a rule looked at the stream that it belongs to. */
		eve_set(event, "stream", json_integer(0));
		if (payload.len > EVE_PAYLOAD_MAX)
			payload.len = EVE_PAYLOAD_MAX;
		if (details >> EVE_DETAIL_PAYLOAD & 1)
			base64_add(event, "payload", payload);
		if (details >> EVE_DETAIL_PAYLOAD_PRINTABLE & 1)
			printable_add(event, payload);
	}
	if (details >> EVE_DETAIL_PACKET & 1 && packet->frame.len) {
		json_t *info = json_object();
		struct span frame = packet->frame;

		if (frame.len > EVE_PACKET_MAX)
			frame.len = EVE_PACKET_MAX;
		base64_add(event, "packet", frame);
		eve_set(info, "linktype", json_integer(packet->link));
		eve_set(info, "linktype_name", json_string(packet_link_name(packet->link)));
		if (frame.len < packet->frame.len)
			eve_set(info, "length", json_integer(packet->frame.len));
		eve_set(event, "packet_info", info);
	}
}

const char *eve_detail_remove(json_t *event)
{
	static const char *const keys[] = {"packet", "payload", "payload_printable"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (!json_object_del(event, keys[i])) {
			if (!i)
				json_object_del(event, "packet_info");
			return keys[i];
		}
	return NULL;
}
