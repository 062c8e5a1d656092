/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * app_event.h - anomalies by name: what decoders, reassembly and protocol
 * detection noticed that no sound sender does. Rules ask for them
 * (decode-event, stream-event, app-layer-event), EVE records them. The names
 * are those that public rules use.
 */
#ifndef CORE_APP_EVENT_H
#define CORE_APP_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app_event_rows.h"

enum app_event_group {
#define X(id, keyword, prefix, app) EVENT_GROUP_##id,
	APP_EVENT_GROUPS(X)
#undef X
		EVENT_GROUP_MAX
};

/* Each group's events have consecutive numbers between EVENT_x_FIRST and EVENT_x_END. */
enum app_event {
	EVENT_NONE,
#define Y(id, name, raised) EVENT_##id,
#define X(id, keyword, prefix, app)                                                                          \
	EVENT_##id##_FIRST, EVENT_##id##_BEFORE = EVENT_##id##_FIRST - 1, APP_EVENTS_##id(Y) EVENT_##id##_END,
	APP_EVENT_GROUPS(X)
#undef X
#undef Y
		APP_EVENT_MAX
};

struct app_event_info {
	const char *name; /* without the group's prefix; NULL: no event has this number */
	bool raised;	  /* false: a known name that nothing here sets, so a rule on it could never match */
};
extern const struct app_event_info app_event_infos[APP_EVENT_MAX];

struct app_event_group_info {
	const char *keyword; /* of rules that ask for it */
	const char *prefix;  /* in front of the name in that keyword: "http.", "applayer_" or nothing */
	uint16_t first, end; /* enum app_event, end exclusive */
	uint8_t app;	     /* enum app_proto; 0: none in particular */
};
extern const struct app_event_group_info app_event_groups[EVENT_GROUP_MAX];

/* The event that a rule names: keyword "app-layer-event", text "http.double_encoded_uri". EVENT_NONE: there
 * is none. decode-event and stream-event share their names, as in Suricata. */
enum app_event app_event_find(const char *keyword, const char *text);
/* EVENT_GROUP_MAX: no event. */
enum app_event_group app_event_group_of(enum app_event event);

/* Events of one packet, flow or transaction, in the order they were noticed, each once. What does not fit is
 * counted in more. */
#define EVENT_LIST_MAX 22u
struct event_list {
	uint8_t count, more;
	uint16_t events[EVENT_LIST_MAX];
};

void event_list_add(struct event_list *list, enum app_event event);
/* All of from, which is then empty. */
void event_list_move(struct event_list *to, struct event_list *from);
bool event_list_has(const struct event_list *list, enum app_event event);

#endif
