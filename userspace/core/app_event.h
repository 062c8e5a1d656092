/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * app_event.h - what decoders notice: traffic that breaks the rules of its
 * layer. Rules ask for it by name (app-layer-event, decode-event,
 * stream-event), anomaly records carry the same names. One row per event; the
 * names are those that rule sets use, so an event that nothing here notices
 * has no row, and a rule that asks for it is refused by name.
 */
#ifndef CORE_APP_EVENT_H
#define CORE_APP_EVENT_H

#include "packet.h"
#include "tx.h"

/* id, protocol of the transaction, name behind "protocol.", help */
#define APP_EVENTS(X) \
	X(DNS_Z_FLAG_SET, DNS, "z_flag_set", "a header bit is set that must be zero (RFC 1035 4.1.1)")

enum app_event {
#define X(id, ...) APP_EVENT_##id,
	APP_EVENTS(X)
#undef X
	APP_EVENT_MAX
};

/* id, name as rules spell it, help; P stands for decode-event, S for stream-event */
#define PACKET_EVENTS(X) \
	X(IPV6_RH_TYPE_0, P, "ipv6.rh_type_0", "a routing header of type 0 (RFC 5095)")

enum packet_event {
#define X(id, ...) PACKET_EVENT_##id,
	PACKET_EVENTS(X)
#undef X
	PACKET_EVENT_MAX
};

struct app_event_info {
	enum app_proto proto;
	const char *name; /* "z_flag_set": rules put the protocol before it */
	const char *help;
};
extern const struct app_event_info app_event_infos[APP_EVENT_MAX];

struct packet_event_info {
	char kind; /* 'P' or 'S' */
	const char *name, *help;
};
extern const struct packet_event_info packet_event_infos[PACKET_EVENT_MAX];

/* The event that rules call name, false: none is noticed by that name. */
bool app_event_find(const char *name, enum app_event *out);
bool packet_event_find(char kind, const char *name, enum packet_event *out);

/* Notes event on the transaction, once; beyond TX_EVENTS_MAX distinct ones nothing is added. */
void app_event_set(struct tx *tx, enum app_event event);

static inline void packet_event_set(struct packet *packet, enum packet_event event)
{
	packet->events[event / 64] |= 1ull << event % 64;
}
static inline bool packet_event_has(const struct packet *packet, uint64_t event)
{
	return event < PACKET_EVENT_MAX && packet->events[event / 64] >> event % 64 & 1;
}
_Static_assert(PACKET_EVENT_MAX <= 64 * PACKET_EVENT_WORDS, "room for every packet event");

#endif
