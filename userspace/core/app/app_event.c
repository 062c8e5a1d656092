// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_event.c - the table of anomalies, and sets of them.
 */
#include "app_event.h"

#include <string.h>

#include "tx.h"

#define RAISED_Y true
#define RAISED_N false

const struct app_event_info app_event_infos[APP_EVENT_MAX] = {
#define Y(id, text, is)			 [EVENT_##id] = {.name = text, .raised = RAISED_##is},
#define X(id, keyword, prefix, protocol) APP_EVENTS_##id(Y)
	APP_EVENT_GROUPS(X)
#undef X
#undef Y
};

static const struct {
	enum app_event event;
	const char *name;
} aliases[] = {
#define X(id, text) {EVENT_##id, text},
	APP_EVENT_ALIASES(X)
#undef X
};

const struct app_event_group_info app_event_groups[EVENT_GROUP_MAX] = {
#define X(id, word, before, protocol)                                                                        \
	[EVENT_GROUP_##id] = {.keyword = word,                                                               \
			      .prefix = before,                                                              \
			      .first = EVENT_##id##_FIRST,                                                   \
			      .end = EVENT_##id##_END,                                                       \
			      .app = APP_##protocol},
	APP_EVENT_GROUPS(X)
#undef X
};

enum app_event_group app_event_group_of(enum app_event event)
{
	for (unsigned int i = 0; i < EVENT_GROUP_MAX; i++)
		if (event >= app_event_groups[i].first && event < app_event_groups[i].end)
			return (enum app_event_group)i;
	return EVENT_GROUP_MAX;
}

enum app_event app_event_find(const char *keyword, const char *text)
{
	bool packet = strcmp(keyword, app_event_groups[EVENT_GROUP_APPLAYER].keyword);

	for (unsigned int i = 0; i < EVENT_GROUP_MAX; i++) {
		const struct app_event_group_info *group = &app_event_groups[i];
		size_t prefix = strlen(group->prefix);

		/* Rules use decode-event and stream-event for either. */
		if (packet ? i > EVENT_GROUP_STREAM : strcmp(group->keyword, keyword) != 0)
			continue;
		if (strncmp(text, group->prefix, prefix))
			continue;
		for (unsigned int event = group->first; event < group->end; event++)
			if (!strcmp(app_event_infos[event].name, text + prefix))
				return (enum app_event)event;
		for (unsigned int a = 0; a < ARRAY_LEN(aliases); a++)
			if (aliases[a].event >= group->first && aliases[a].event < group->end &&
			    !strcmp(aliases[a].name, text + prefix))
				return aliases[a].event;
	}
	return EVENT_NONE;
}

void event_list_add(struct event_list *list, enum app_event event)
{
	if (event_list_has(list, event))
		return;
	if (list->count < EVENT_LIST_MAX)
		list->events[list->count++] = (uint16_t)event;
	else if (list->more < UINT8_MAX)
		list->more++;
}

void event_list_move(struct event_list *to, struct event_list *from)
{
	for (unsigned int i = 0; i < from->count; i++)
		event_list_add(to, (enum app_event)from->events[i]);
	*from = (struct event_list){};
}

bool event_list_has(const struct event_list *list, enum app_event event)
{
	for (unsigned int i = 0; i < list->count; i++)
		if (list->events[i] == event)
			return true;
	return false;
}
