// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * log_read_json.c - JSON objects as records: one a line, one behind the other,
 * or the elements of one array.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "lib/json_scan.h"
#include "log_read_parts.h"

#define DEPTH_MAX 8u

static struct text scalar_text(struct log_reader *reader, const json_t *value)
{
	char number[48], *place;
	size_t len;

	if (json_is_string(value)) {
		len = json_string_length(value);
		place = log_room(reader, len);
		if (place)
			memcpy(place, json_string_value(value), len);
		return (struct text){place ? place : "", place ? len : 0};
	}
	if (json_is_true(value))
		return text_of("true");
	if (json_is_false(value))
		return text_of("false");
	if (!json_is_number(value))
		return text_of("");
	if (json_is_integer(value))
		len = (size_t)snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT,
				       json_integer_value(value));
	else
		len = (size_t)snprintf(number, sizeof(number), "%.6f", json_real_value(value));
	place = len < sizeof(number) ? log_room(reader, len) : NULL;
	if (place)
		memcpy(place, number, len);
	return (struct text){place ? place : "", place ? len : 0};
}

/* Containers are kept on a stack of DEPTH_MAX: no recursion on what came from outside. */
static void members_put(struct log_reader *reader, json_t *top)
{
	struct level {
		json_t *object;
		void *at;
		struct text prefix;
	} levels[DEPTH_MAX] = {{top, json_object_iter(top), {"", 0}}};
	unsigned int depth = 1;

	while (depth && !reader->why) {
		struct level *level = &levels[depth - 1];
		struct text key, name;
		json_t *value;

		if (!level->at) {
			depth--;
			continue;
		}
		key = text_of(json_object_iter_key(level->at));
		value = json_object_iter_value(level->at);
		level->at = json_object_iter_next(level->object, level->at);
		name = log_join(reader, level->prefix, level->prefix.len ? "." : "", key);
		if (json_is_object(value) && depth < DEPTH_MAX)
			levels[depth++] = (struct level){value, json_object_iter(value), name};
		else if (json_is_object(value))
			log_refuse(reader, "members within members, more than 8 levels");
		else if (!json_is_array(value))
			log_put(reader, name, scalar_text(reader, value));
		else if (json_array_size(value)) /* of several values the first */
			log_put(reader, name, scalar_text(reader, json_array_get(value, 0)));
	}
}

bool log_put_json(struct log_reader *reader, struct text object)
{
	json_t *tree = json_loadb(object.at, object.len, JSON_ALLOW_NUL, NULL);
	bool is_object = json_is_object(tree);

	if (is_object)
		members_put(reader, tree);
	json_decref(tree);
	return is_object;
}

/* jansson recurses over what it reads, bounded by itself; an object that is deeper or longer than any log's
 * is not given to it. */
static int object_read(struct log_reader *reader, struct text object, unsigned int line, unsigned int deepest)
{
	log_begin(reader, line);
	if (object.len > LOG_RECORD_MAX)
		log_refuse(reader, "longer than 1 MiB");
	else if (deepest > 64)
		log_refuse(reader, "members within members, more than 64 levels");
	else if (!log_put_json(reader, object))
		log_refuse(reader, "not JSON");
	return log_end(reader, object);
}

static int json_read(struct log_reader *reader)
{
	struct text text = reader->text;
	unsigned int line = 1, bad = 0;
	int err = 0;

	for (size_t at = 0; at < text.len && !err;) {
		unsigned int lines, deepest;
		size_t end;

		if (text.at[at] != '{') {
			bool plain = strchr(" \t\r\n,[]", text.at[at]) && text.at[at];

			/* Damage between objects is told once for each line. */
			if (!plain && bad != line) {
				log_begin(reader, line);
				log_refuse(reader, "not JSON");
				err = log_end(reader, (struct text){text.at + at,
								    text.len - at < 80 ? text.len - at : 80});
				bad = line;
			}
			line += text.at[at] == '\n';
			at = text.at[at] == '"' ? json_string_end(text, at) : at + 1;
			continue;
		}
		end = json_container_end(text, at, &lines, &deepest);
		if (end > text.len) { /* this one does not end: what follows its line may still be whole */
			const char *next = memchr(text.at + at, '\n', text.len - at);

			end = next ? (size_t)(next - text.at) : text.len;
			lines = 0;
		}
		err = object_read(reader, (struct text){text.at + at, end - at}, line, deepest);
		line += lines;
		at = end;
	}
	reader->report->lines = line - (text.len && text.at[text.len - 1] == '\n');
	return err;
}

static enum log_sniff json_sniff(struct text head)
{
	while (head.len && strchr(" \t\r\n[", *head.at) && *head.at) {
		head.at++;
		head.len--;
	}
	return head.len && *head.at == '{' ? LOG_YES : LOG_NO;
}

const struct log_container log_container_json = {.sniff = json_sniff, .read = json_read};
