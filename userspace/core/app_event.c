// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_event.c - the tables of events and their names.
 */
#include "app_event.h"

#include <string.h>

/* The protocol's part of the name is that of the protocol's row. */
static const char *const event_protos[APP_PROTO_MAX] = {
#define X(id, name) [APP_##id] = name,
	APP_PROTOS(X)
#undef X
};

const struct app_event_info app_event_infos[APP_EVENT_MAX] = {
#define X(id, app, text, what) [APP_EVENT_##id] = {APP_##app, text, what},
	APP_EVENTS(X)
#undef X
};

const struct packet_event_info packet_event_infos[PACKET_EVENT_MAX] = {
#define X(id, layer, text, what) [PACKET_EVENT_##id] = {#layer[0], text, what},
	PACKET_EVENTS(X)
#undef X
};

bool app_event_find(const char *name, enum app_event *out)
{
	const char *dot = strchr(name, '.');

	for (unsigned int i = 0; dot && i < APP_EVENT_MAX; i++) {
		const char *proto = event_protos[app_event_infos[i].proto];

		if (strlen(proto) == (size_t)(dot - name) && !memcmp(proto, name, strlen(proto)) &&
		    !strcmp(dot + 1, app_event_infos[i].name)) {
			*out = (enum app_event)i;
			return true;
		}
	}
	return false;
}

bool packet_event_find(char kind, const char *name, enum packet_event *out)
{
	for (unsigned int i = 0; i < PACKET_EVENT_MAX; i++) {
		if (packet_event_infos[i].kind == kind && !strcmp(packet_event_infos[i].name, name)) {
			*out = (enum packet_event)i;
			return true;
		}
	}
	return false;
}

void app_event_set(struct tx *tx, enum app_event event)
{
	for (unsigned int i = 0; i < tx->event_count; i++) {
		if (tx->events[i] == event)
			return;
	}
	if (tx->event_count == TX_EVENTS_MAX)
		return;
	tx->events[tx->event_count++] = (uint16_t)event;
	/* Rules may ask in either direction. */
	tx->dirty[TO_SERVER] = tx->dirty[TO_CLIENT] = true;
}
