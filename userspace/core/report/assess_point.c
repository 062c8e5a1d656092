// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * assess_point.c - comparing what a guideline wants with what is.
 */
#include "assess_point.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/text.h"

#define PATH_MAX_NAMES 8u
#define NAME_BYTES     48u

const json_t *assess_fact(const char *path, const json_t *row, const json_t *facts)
{
	const json_t *at = NULL;
	char name[NAME_BYTES];

	for (unsigned int depth = 0; depth < PATH_MAX_NAMES; depth++) {
		size_t len = strcspn(path, ".");

		if (!len || len >= sizeof(name))
			return NULL;
		memcpy(name, path, len);
		name[len] = '\0';
		at = depth ? json_object_get(at, name) : json_object_get(row, name);
		if (!at && !depth)
			at = json_object_get(facts, name);
		if (!path[len] || !at)
			return at;
		path += len + 1;
	}
	return NULL;
}

/* --- relations: each answers only when it can */

static bool is(const json_t *value, const json_t *wanted)
{
	return json_equal(value, wanted);
}

static bool is_not(const json_t *value, const json_t *wanted)
{
	return !json_equal(value, wanted);
}

static bool at_least(const json_t *value, const json_t *wanted)
{
	return json_is_integer(value) && json_integer_value(value) >= json_integer_value(wanted);
}

static bool at_most(const json_t *value, const json_t *wanted)
{
	return json_is_integer(value) && json_integer_value(value) <= json_integer_value(wanted);
}

static bool one_of(const json_t *value, const json_t *wanted)
{
	const json_t *row;
	size_t i;

	json_array_foreach((json_t *)wanted, i, row) if (json_equal(value, row)) return true;
	return false;
}

enum relation_kind { RELATION_VALUE, RELATION_NUMBER, RELATION_LIST, RELATION_FACT, RELATION_ABSENT };

static const struct relation {
	const char *key, *said;
	enum relation_kind kind;
	bool (*holds)(const json_t *value, const json_t *wanted);
} relations[] = {
	{"is", "", RELATION_VALUE, is},
	{"is-not", "not ", RELATION_VALUE, is_not},
	{"at-least", ">= ", RELATION_NUMBER, at_least},
	{"at-most", "<= ", RELATION_NUMBER, at_most},
	{"one-of", "", RELATION_LIST, one_of},
	{"same-as", "", RELATION_FACT, is},
	{"absent", "", RELATION_ABSENT, NULL},
};

static const struct relation *relation_of(const json_t *point)
{
	const struct relation *found = NULL;

	for (size_t i = 0; i < ARRAY_LEN(relations); i++) {
		if (!json_object_get(point, relations[i].key))
			continue;
		if (found)
			return NULL;
		found = &relations[i];
	}
	return found;
}

static bool known_key(const char *key)
{
	static const char *const keys[] = {"id", "each", "row", "fact", "title", "cause", "fix"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (!strcmp(key, keys[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(relations); i++)
		if (!strcmp(key, relations[i].key))
			return true;
	return false;
}

static bool both_languages(const json_t *texts)
{
	return json_string_length(json_object_get(texts, "en")) &&
	       json_string_length(json_object_get(texts, "ja"));
}

static const char *wanted_fault(const struct relation *relation, const json_t *wanted)
{
	switch (relation->kind) {
	case RELATION_NUMBER:
		return json_is_integer(wanted) ? NULL : "at-least and at-most take a number";
	case RELATION_LIST:
		return json_array_size(wanted) ? NULL : "one-of takes a list";
	case RELATION_FACT:
		return json_is_string(wanted) ? NULL : "same-as takes the path of a fact";
	case RELATION_ABSENT:
		return json_is_true(wanted) ? NULL : "absent takes true";
	default:
		return json_is_array(wanted) || json_is_object(wanted) ? "it is compared with one value"
								       : NULL;
	}
}

const char *assess_point_fault(const json_t *point)
{
	const struct relation *relation;
	const char *key;
	json_t *value;

	if (!json_is_object(point))
		return "it is no object";
	json_object_foreach((json_t *)point, key,
			    value) if (!known_key(key)) return "it has a key that is not known";
	if (!json_string_length(json_object_get(point, "id")) ||
	    !json_string_length(json_object_get(point, "fact")))
		return "\"id\" or \"fact\" is missing";
	if (!both_languages(json_object_get(point, "title")) ||
	    !both_languages(json_object_get(point, "cause")))
		return "\"title\" and \"cause\" need \"en\" and \"ja\"";
	if (!json_string_length(json_object_get(point, "fix")))
		return "\"fix\" is missing: what mends it?";
	relation = relation_of(point);
	if (!relation)
		return "it needs one of is, is-not, at-least, at-most, one-of, same-as, absent";
	return wanted_fault(relation, json_object_get(point, relation->key));
}

/* Is what would hold the fact there? Then a fact that is not there is known to be absent. */
static bool parent_known(const char *path, const json_t *row, const json_t *facts)
{
	const char *dot = strrchr(path, '.');
	AUTO_FREE char *parent = dot ? strndup(path, (size_t)(dot - path)) : NULL;

	return dot ? parent && assess_fact(parent, row, facts) : row || facts;
}

struct assess_point_result assess_point_judge(const json_t *point, const json_t *row, const json_t *facts)
{
	const struct relation *relation = relation_of(point);
	const char *path = json_string_value(json_object_get(point, "fact"));
	struct assess_point_result out = {
		.answer = ASSESS_UNKNOWN,
		.point = point,
		.row = row,
		.value = assess_fact(path, row, facts),
		.wanted = json_object_get(point, relation->key),
		.relation = relation->said,
	};

	/* A point about rows that are not known has no row: its fact may not be taken from elsewhere. */
	if (json_object_get(point, "each") && !row) {
		out.value = NULL;
		out.wanted = relation->kind == RELATION_FACT ? NULL : out.wanted;
		return out;
	}
	if (relation->kind == RELATION_ABSENT) {
		out.wanted = NULL;
		if (parent_known(path, row, facts))
			out.answer = out.value ? ASSESS_DRIFT : ASSESS_MET;
		return out;
	}
	if (relation->kind == RELATION_FACT)
		out.wanted = assess_fact(json_string_value(out.wanted), row, facts);
	if (out.value && out.wanted)
		out.answer = relation->holds(out.value, out.wanted) ? ASSESS_MET : ASSESS_DRIFT;
	return out;
}

/* --- said */

static void value_put(FILE *to, const json_t *value)
{
	const json_t *row;
	size_t i;

	if (!value)
		fputs("-", to);
	else if (json_is_string(value))
		fputs(json_string_length(value) ? json_string_value(value) : "-", to);
	else if (json_is_integer(value))
		fprintf(to, "%lld", (long long)json_integer_value(value));
	else if (json_is_boolean(value))
		fputs(json_is_true(value) ? "yes" : "no", to);
	else
		json_array_foreach((json_t *)value, i, row) fprintf(
			to, "%s%s", i ? " | " : "", json_string_value(row) ? json_string_value(row) : "?");
}

static char *stream_take(FILE *to, char **text)
{
	bool bad = ferror(to);

	if (fclose(to) || bad) {
		free(*text);
		return NULL;
	}
	return *text;
}

char *assess_value(const json_t *value)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return NULL;
	value_put(to, value);
	return stream_take(to, &text);
}

char *assess_wanted(const struct assess_point_result *result)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return NULL;
	fputs(result->relation, to);
	value_put(to, result->wanted);
	return stream_take(to, &text);
}

/* A "{" that is not the begin of a path stays as it is written: commands have blocks, too. */
static size_t place_len(const char *at)
{
	size_t len = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_.");

	return len && at[1 + len] == '}' ? len : 0;
}

char *assess_text(const json_t *point, const char *key, enum explain_language language, const json_t *row,
		  const json_t *facts)
{
	const json_t *texts = json_object_get(point, key);
	const char *at = json_string_value(
		json_is_object(texts) ? json_object_get(texts, language == EXPLAIN_JA ? "ja" : "en") : texts);
	char *text = NULL, path[NAME_BYTES * 2];
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return NULL;
	while (at && *at) {
		size_t name = *at == '{' ? place_len(at) : 0;

		if (!name || name >= sizeof(path)) {
			fputc(*at++, to);
			continue;
		}
		memcpy(path, at + 1, name);
		path[name] = '\0';
		value_put(to, assess_fact(path, row, facts));
		at += name + 2;
	}
	return stream_take(to, &text);
}
