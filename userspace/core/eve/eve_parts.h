/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * eve_parts.h - what every kind of EVE line has in common; for eve.c and
 * eve_record.c.
 */
#ifndef CORE_EVE_PARTS_H
#define CORE_EVE_PARTS_H

#include "core/app/app.h"
#include "eve.h"
#include "eve_text.h"

static inline void cleanup_json_(json_t **value)
{
	json_decref(*value);
}
#define AUTO_JSON __attribute__((cleanup(cleanup_json_)))

extern const char *const eve_app_names[APP_PROTO_MAX];

bool eve_has_ports(uint8_t proto);

/* A new record: time, flow, where it was seen, kind. number 0: it is about no packet. NULL: no memory. */
json_t *eve_begin(const char *type, uint64_t wall_us, const struct flow *flow,
		  const struct eve_origin *origin, uint64_t number);
/* Source, destination and protocol: of a packet, or of a flow from client to server. */
void eve_packet(json_t *event, const struct packet *packet, const char *capture_file);
void eve_flow_ends(json_t *event, const struct flow *flow, const struct eve_origin *origin);
/* The counters and end points of the flow, as an alert shows them; start_us by the wall's clock. */
json_t *eve_flow_object(const struct flow *flow, uint64_t start_us);

#define EVE_PAYLOAD_MAX 4096u /* bytes of a payload that an alert carries; payload_length tells them all */
#define EVE_PACKET_MAX                                                                                       \
	16384u /* of a packet; packet_info.length tells them all when it has more (GSO brings 64 KiB) */

/* What of the packet was asked for: a bit per enum eve_detail (eve_detail.c). */
void eve_details_add(json_t *event, const struct packet *packet, uint32_t details);
/* Takes one away again, the longest first. NULL: there is none left. */
const char *eve_detail_remove(json_t *event);

/* Text of event with its line end. -EMSGSIZE when that is too long, -ENOMEM. */
__must_check int eve_print(json_t *event, char **line, size_t *len);

#endif
