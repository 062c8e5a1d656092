// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dataset_json.c - values of a set from JSON: one document, or one object per
 * line. What else the objects say is not kept.
 */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "config_line.h"
#include "dataset.h"

#define DATASET_KEY_MAX 128u /* of one step of a path */

static inline void json_value_free(json_t *value)
{
	json_decref(value);
}
DEFINE_CLEANUP(json_value_free, json_t)

struct json_reader {
	struct dataset *set;
	const struct dataset_source *source;
};

/* What lies at a path of keys joined by dots; NULL: nothing. Belongs to value. */
static json_t *json_at(json_t *value, const char *path)
{
	char key[DATASET_KEY_MAX];

	while (value && *path) {
		size_t len = strcspn(path, ".");

		if (len >= sizeof(key))
			return NULL;
		memcpy(key, path, len);
		key[len] = '\0';
		path += len + (path[len] == '.');
		value = json_object_get(value, key);
	}
	return value;
}

/* NULL: it holds; else why not. *err as config_line_fn's. */
static const char *object_read(const struct json_reader *reader, json_t *object, int *err)
{
	const json_t *value = json_at(object, reader->source->value_key);
	int added;

	if (!value)
		return "an object without the value_key";
	if (!json_is_string(value))
		return "the value is not a string";
	added = dataset_add_text(
		reader->set,
		(struct span){(const uint8_t *)json_string_value(value), (uint32_t)json_string_length(value)},
		true, 0);
	if (added == -EINVAL)
		return "not a value of the set's type";
	*err = added;
	return NULL;
}

static const char *line_read(char *text, int *err, void *arg)
{
	CLEANUP(json_value_free) json_t *object = json_loads(text, 0, NULL);

	return object ? object_read(arg, object, err) : "the line is not JSON";
}

/* A document tells no lines: a refused element is told by its place in the array. */
static int array_read(const struct json_reader *reader, json_t *array, const char *file,
		      ruleset_refused_fn fn, void *arg)
{
	int result = 0, err = 0;

	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *why = object_read(reader, json_array_get(array, i), &err);

		if (err)
			return err;
		if (!why)
			continue;
		if (fn)
			fn(file, (unsigned int)i + 1, 0, "dataset", why, arg);
		result = -EINVAL;
	}
	return result;
}

int dataset_load_json(struct dataset *set, const struct dataset_source *source, const char *file,
		      const char *text, size_t len, ruleset_refused_fn fn, void *arg)
{
	struct json_reader reader = {set, source};
	CLEANUP(json_value_free) json_t *document = NULL;
	json_error_t error = {};
	json_t *array;

	if (source->format == DATASET_NDJSON)
		return config_lines("dataset", file, text, len, line_read, &reader, fn, arg);
	document = json_loadb(text, len, 0, &error);
	array = document ? json_at(document, source->array_key ? source->array_key : "") : NULL;
	if (json_is_array(array))
		return array_read(&reader, array, file, fn, arg);
	if (fn)
		fn(file, error.line > 0 ? (unsigned int)error.line : 1, 0, "dataset",
		   document ? "there is no array at the array_key" : "the file is not JSON", arg);
	return -EINVAL;
}
