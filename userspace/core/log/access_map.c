// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * access_map.c - fields of a product's log to accesses, by a mapping file.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "access_map_parts.h"

bool access_number(struct text text, uint64_t *out)
{
	*out = 0;
	if (!text_begins(text, "0x") && !text_begins(text, "0X"))
		return text_number(text, UINT64_MAX, out);
	for (size_t i = 2; i < text.len; i++) {
		char c = text.at[i];
		unsigned int digit = c >= '0' && c <= '9' ? (unsigned int)(c - '0')
							  : (unsigned int)((c | 0x20) - 'a') + 10;

		if (digit > 15 || i > 17)
			return false;
		*out = *out << 4 | digit;
	}
	return text.len > 2;
}

void access_map_free(struct access_map *maps)
{
	while (maps) {
		struct access_map *next = maps->next;

		conf_free(maps->tree);
		free(maps);
		maps = next;
	}
}

const struct access_map *access_map_next(const struct access_map *map)
{
	return map->next;
}

const char *access_map_name(const struct access_map *map)
{
	return map->name;
}

const char *access_map_help(const struct access_map *map, bool japanese)
{
	return japanese ? map->help_ja : map->help;
}

struct log_how access_map_how(const struct access_map *map)
{
	return (struct log_how){.container = map->container, .labels = map->labels};
}

static struct text field_value(const struct field *field, const struct log_record *record)
{
	for (unsigned int i = 0; field && i < field->sources.count; i++) {
		const struct text *value = log_field(record, text_of(field->sources.at[i]));

		/* "-" is how Windows and syslog write nothing. */
		if (value && value->len && !text_is(*value, "-"))
			return *value;
	}
	return (struct text){"", 0};
}

static bool value_fits(enum test test, struct text value, const char *word)
{
	size_t len = strlen(word);

	if (test == TEST_HAS) {
		for (size_t i = 0; i + len <= value.len; i++)
			if (!strncasecmp(value.at + i, word, len))
				return true;
		return false;
	}
	if (test == TEST_IS ? value.len != len : value.len < len)
		return false;
	return !strncasecmp(value.at + (test == TEST_ENDS ? value.len - len : 0), word, len);
}

static bool when_holds(const struct when *when, const struct log_record *record)
{
	struct text value = field_value(when->field, record);
	uint64_t number;

	switch (when->test) {
	case TEST_ANY:
		return value.len;
	case TEST_NONE:
		return !value.len;
	case TEST_NOT:
		for (unsigned int i = 0; i < when->values.count; i++)
			if (value_fits(TEST_IS, value, when->values.at[i]))
				return false;
		return value.len;
	case TEST_MASK:
		return access_number(value, &number) && number & when->mask;
	default:
		for (unsigned int i = 0; i < when->values.count; i++)
			if (value_fits(when->test, value, when->values.at[i]))
				return true;
		return false;
	}
}

static const struct event *event_find(const struct access_map *map, const struct log_record *record)
{
	for (unsigned int i = 0; i < map->event_count; i++) {
		const struct event *event = &map->events[i];
		unsigned int at = 0;

		while (at < event->when_count && when_holds(&event->whens[at], record))
			at++;
		if (at == event->when_count)
			return event;
	}
	return NULL;
}

/* Digits behind the seconds, as microseconds: the patterns pass over them. */
static int64_t fraction_of(struct text text)
{
	int64_t value = 0, unit = 100000;
	size_t at = 0;

	/* The last point or comma that digits follow and that digits stand before. */
	for (size_t i = 1; i + 1 < text.len; i++)
		if ((text.at[i] == '.' || text.at[i] == ',') && text.at[i - 1] >= '0' &&
		    text.at[i - 1] <= '9')
			at = i + 1;
	for (; at && at < text.len && text.at[at] >= '0' && text.at[at] <= '9'; at++, unit /= 10)
		value += (text.at[at] - '0') * unit;
	return value;
}

static int64_t seconds_in(struct civil wall, int64_t ahead, bool zoned, const struct access_clock *clock)
{
	return civil_seconds(&wall) - (zoned ? ahead : clock->zone(&wall, clock->arg));
}

static bool time_read(const struct access_map *map, struct text text, const struct access_clock *clock,
		      int64_t *out)
{
	for (unsigned int i = 0; i < map->times.count; i++) {
		struct civil wall;
		int64_t ahead, seconds;
		bool zoned;

		if (!time_pattern(text, map->times.at[i], &wall, &ahead, &zoned))
			continue;
		if (!wall.year) {
			wall.year = civil_of(clock->latest).year + 1;
			while (!civil_holds(wall.year, wall.month, wall.day) ||
			       seconds_in(wall, ahead, zoned, clock) > clock->latest)
				wall.year--;
		}
		seconds = seconds_in(wall, ahead, zoned, clock);
		if (seconds <= 0)
			return false;
		*out = seconds * 1000000 + (strchr(map->times.at[i], '%') && strstr(map->times.at[i], "%f")
						    ? fraction_of(text)
						    : 0);
		return true;
	}
	return false;
}

struct reading {
	const struct access_map *map;
	const struct event *event;
	const struct log_record *record;
};

static struct text role_value(const struct reading *r, enum role role)
{
	const struct field *own = r->event->roles[role];

	return field_value(own ? own : r->map->roles[role], r->record);
}

/* "DOMAIN\user" where both are known; a path of folder and name. */
static struct text pair(struct text first, char between, struct text last, char **place, size_t *room)
{
	size_t len = first.len + last.len + 1;
	char *at = *place;

	if (!first.len || !last.len)
		return first.len ? first : last;
	if (len > *room)
		return (struct text){"", ACCESS_TEXT_MAX + 1};
	memcpy(at, first.at, first.len);
	at[first.len] = between;
	memcpy(at + first.len + 1, last.at, last.len);
	*place += len;
	*room -= len;
	return (struct text){at, len};
}

static bool text_takes(struct text text)
{
	return text.len <= ACCESS_TEXT_MAX && !(text.len && memchr(text.at, '\0', text.len));
}

/* The folder's own last separator, or the one that it uses. */
static struct text object_of(const struct reading *r, char **place, size_t *room)
{
	struct text parent = role_value(r, ROLE_PARENT), object = role_value(r, ROLE_OBJECT);
	char between = parent.len && memchr(parent.at, '/', parent.len) ? '/' : '\\';

	while (parent.len && (parent.at[parent.len - 1] == '/' || parent.at[parent.len - 1] == '\\'))
		parent.len--;
	while (parent.len && object.len && (*object.at == '/' || *object.at == '\\')) {
		object.at++;
		object.len--;
	}
	return pair(parent, between, object, place, room);
}

int access_map_apply(const struct access_map *map, const struct log_record *record,
		     const struct access_clock *clock, char scratch[ACCESS_TEXT_MAX],
		     struct access_found *out, const char **why)
{
	const struct event *event = event_find(map, record);
	struct access_found found = {.kind = event ? event->kind : ACCESS_KIND_NONE};
	size_t room = ACCESS_TEXT_MAX;
	struct reading r = {map, event, record};
	struct access *access = &found.access;

	if (found.kind == ACCESS_KIND_NONE || found.kind == ACCESS_KIND_SKIP) {
		*out = found;
		return 0;
	}
	if (!time_read(map, role_value(&r, ROLE_TIME), clock, &access->time)) {
		*why = "its time is missing or fits no pattern of the map";
		return -EINVAL;
	}
	access->line = record->line;
	access->action = (uint8_t)event->action;
	access->denied = event->denied;
	access->share = event->share;
	if (!access_number(role_value(&r, ROLE_SERIAL), &access->serial))
		access->serial = 0;
	access->user = pair(role_value(&r, ROLE_DOMAIN), '\\', role_value(&r, ROLE_USER), &scratch, &room);
	if (!role_value(&r, ROLE_USER).len)
		access->user.len = 0;
	access->object = object_of(&r, &scratch, &room);
	access->client = role_value(&r, ROLE_CLIENT);
	access->server = role_value(&r, ROLE_SERVER);
	found.handle = role_value(&r, ROLE_HANDLE);
	found.by_handle = event->by_handle;
	if (!text_takes(access->user) || !text_takes(access->object) || !text_takes(access->client) ||
	    !text_takes(access->server) || !text_takes(found.handle)) {
		*why = "a name is longer than 4096 bytes or holds a NUL";
		return -EINVAL;
	}
	*out = found;
	return 0;
}
