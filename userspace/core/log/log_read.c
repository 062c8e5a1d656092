// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * log_read.c - which container a log has, and what all of them share: records,
 * their fields and their counts.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "log_read_parts.h"

static const struct {
	const char *name;
	const struct log_container *container;
} containers[] = {
#define X(id, name, ...) {name, &log_container_##id},
	LOG_CONTAINERS(X)
#undef X
};

const struct text *log_field(const struct log_record *record, struct text name)
{
	const struct text *likely = NULL;

	for (unsigned int i = 0; i < record->count; i++) {
		const struct log_field *field = &record->fields[i];

		if (field->name.len != name.len || strncasecmp(field->name.at, name.at, name.len) != 0)
			continue;
		if (!memcmp(field->name.at, name.at, name.len))
			return &field->value;
		likely = likely ? likely : &field->value;
	}
	return likely;
}

bool log_container_known(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(containers); i++)
		if (!strcmp(containers[i].name, name))
			return true;
	return false;
}

void log_begin(struct log_reader *reader, unsigned int line)
{
	reader->record.line = line;
	reader->record.count = 0;
	reader->why = NULL;
	reader->used = 0;
}

void log_put(struct log_reader *reader, struct text name, struct text value)
{
	if (reader->record.count == LOG_FIELDS_MAX) {
		log_refuse(reader, "more than 128 fields");
		return;
	}
	reader->record.fields[reader->record.count++] = (struct log_field){name, value};
}

char *log_room(struct log_reader *reader, size_t len)
{
	char *place = reader->scratch + reader->used;

	if (len > LOG_RECORD_MAX - reader->used) {
		log_refuse(reader, "longer than 1 MiB");
		return NULL;
	}
	reader->used += len;
	return place;
}

struct text log_join(struct log_reader *reader, struct text a, const char *between, struct text b)
{
	size_t middle = strlen(between), len = a.len + middle + b.len;
	char *place = log_room(reader, len);

	if (!place)
		return (struct text){"", 0};
	memcpy(place, a.at, a.len);
	memcpy(place + a.len, between, middle);
	memcpy(place + a.len + middle, b.at, b.len);
	return (struct text){place, len};
}

void log_refuse(struct log_reader *reader, const char *why)
{
	if (!reader->why)
		reader->why = why;
}

/* Fields that are a text of labels, taken apart. */
static void labels_expand(struct log_reader *reader)
{
	const char *const *name = reader->how->labels;

	for (; name && *name; name++) {
		const struct text *message = log_field(&reader->record, text_of(*name));

		if (message)
			log_put_labels(reader, *message);
	}
}

int log_end(struct log_reader *reader, struct text shown)
{
	if (!reader->why && !reader->record.count)
		log_refuse(reader, "it has no field");
	if (!reader->why)
		labels_expand(reader);
	if (!reader->why) {
		reader->report->records++;
		return reader->fn(&reader->record, reader->arg);
	}
	reader->report->refused++;
	if (reader->refused)
		reader->refused(reader->record.line, shown, reader->why, reader->arg);
	return 0;
}

static const struct log_container *container_find(const struct log_how *how, struct text text,
						  struct log_report *report)
{
	struct text head = {text.at, text.len < LOG_SNIFF_ROOM ? text.len : LOG_SNIFF_ROOM};
	enum log_sniff best = LOG_NO;
	size_t found = ARRAY_LEN(containers);

	for (size_t i = 0; i < ARRAY_LEN(containers); i++) {
		enum log_sniff sure;

		if (*how->container) {
			if (!strcmp(containers[i].name, how->container))
				found = i;
			continue;
		}
		sure = containers[i].container->sniff(head);
		if (sure > best) {
			best = sure;
			found = i;
		}
	}
	if (found == ARRAY_LEN(containers))
		return NULL;
	report->container = containers[found].name;
	return containers[found].container;
}

int log_read(struct text text, const struct log_how *how, log_record_fn fn, log_refused_fn refused, void *arg,
	     struct log_report *report)
{
	AUTO_FREE struct log_reader *reader = calloc(1, sizeof(*reader));
	AUTO_FREE char *scratch = malloc(LOG_RECORD_MAX);
	const struct log_container *container;

	*report = (struct log_report){.container = ""};
	if (!reader || !scratch)
		return -ENOMEM;
	if (text_begins(text, "\xef\xbb\xbf"))
		text = (struct text){text.at + 3, text.len - 3};
	container = container_find(how, text, report);
	if (!container)
		return -EINVAL;
	*reader = (struct log_reader){.text = text,
				      .how = how,
				      .fn = fn,
				      .refused = refused,
				      .arg = arg,
				      .report = report,
				      .scratch = scratch};
	return container->read(reader);
}
