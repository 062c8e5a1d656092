// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * threat.c - rules to threats.
 */
#include "threat.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "core/eve/eve_parts.h"

#define THREATS_MAX 65536u

struct threat_set {
	struct threat **threats;   /* each by itself: callers keep pointers */
	size_t count, room, known; /* known: those of the file come first */
};

static void threat_free(struct threat *threat)
{
	if (!threat)
		return;
	for (int i = 0; i < 2; i++) {
		free(threat->title[i]);
		free(threat->affected[i]);
	}
	free(threat->sids);
	free(threat);
}

void threat_set_free(struct threat_set *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->count; i++)
		threat_free(set->threats[i]);
	free(set->threats);
	free(set);
}

static int set_add(struct threat_set *set, struct threat *threat)
{
	if (set->count == set->room) {
		size_t room = set->room ? 2 * set->room : 64;
		struct threat **moved =
			room > THREATS_MAX ? NULL : realloc(set->threats, room * sizeof(*moved));

		if (!moved)
			return -ENOMEM;
		set->threats = moved;
		set->room = room;
	}
	set->threats[set->count++] = threat;
	return 0;
}

static unsigned int names_read(const json_t *array, char out[THREAT_NAMES_MAX][24])
{
	unsigned int count = 0;
	size_t i;
	json_t *value;

	json_array_foreach(array, i, value)
	{
		const char *text = json_string_value(value);

		if (text && count < THREAT_NAMES_MAX)
			snprintf(out[count++], 24, "%s", text);
	}
	return count;
}

static bool texts_read(const json_t *object, const char *key, char *out[2])
{
	static const char *const languages[] = {[EXPLAIN_EN] = "en", [EXPLAIN_JA] = "ja"};

	for (int i = 0; i < 2; i++) {
		const char *text =
			json_string_value(json_object_get(json_object_get(object, key), languages[i]));

		out[i] = text && *text ? strdup(text) : NULL;
		if (!out[i])
			return false;
	}
	return true;
}

static struct threat *threat_read(const char *key, const json_t *object)
{
	struct threat *threat = calloc(1, sizeof(*threat));
	const json_t *sids = json_object_get(object, "sids"),
		     *rank = json_object_get(object, "newsletter_rank");

	if (!threat || strlen(key) >= sizeof(threat->key) || !texts_read(object, "title", threat->title) ||
	    !texts_read(object, "affected", threat->affected)) {
		threat_free(threat);
		return NULL;
	}
	memcpy(threat->key, key, strlen(key));
	threat->since = (uint32_t)json_integer_value(json_object_get(object, "since"));
	threat->platform_count = names_read(json_object_get(object, "platforms"), threat->platforms);
	threat->method_count = names_read(json_object_get(object, "methods"), threat->methods);
	threat->platform_unclear = json_is_true(json_object_get(object, "platform_unclear"));
	threat->method_unclear = json_is_true(json_object_get(object, "method_unclear"));
	threat->rank = json_is_integer(rank) ? (int)json_integer_value(rank) : -1;
	threat->sids = calloc(json_array_size(sids) + 1, sizeof(*threat->sids));
	for (size_t i = 0; threat->sids && i < json_array_size(sids); i++)
		threat->sids[threat->sid_count++] = (uint32_t)json_integer_value(json_array_get(sids, i));
	return threat;
}

static int set_read(struct threat_set *set, json_t *root, char why[160])
{
	const char *key;
	json_t *value;

	json_object_foreach(root, key, value)
	{
		struct threat *threat = threat_read(key, value);

		if (!threat) {
			snprintf(why, 160, "threat \"%.60s\" lacks a title or affected system in en or ja",
				 key);
			return -EBADMSG;
		}
		if (set_add(set, threat)) {
			threat_free(threat);
			return -ENOMEM;
		}
	}
	set->known = set->count;
	return 0;
}

int threat_set_new(const char *text, size_t len, struct threat_set **out, char why[160])
{
	CLEANUP(threat_set_free) struct threat_set *set = calloc(1, sizeof(*set));
	json_error_t error;
	json_t *root;
	int err = 0;

	if (!set)
		return -ENOMEM;
	if (text) {
		root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
		if (!json_is_object(root)) {
			snprintf(why, 160, "line %d: %.120s", root ? 1 : error.line,
				 root ? "not an object keyed by threat" : error.text);
			err = -EBADMSG;
		} else {
			err = set_read(set, root, why);
		}
		json_decref(root);
	}
	if (!err)
		*out = TAKE_PTR(set);
	return err;
}

static const char *metadata_first(const json_t *metadata, const char *key)
{
	return json_string_value(json_array_get(json_object_get(metadata, key), 0));
}

static const struct threat *set_find(const struct threat_set *set, uint32_t sid, const json_t *metadata)
{
	const char *key = metadata_first(metadata, "threat"),
		   *rank = metadata_first(metadata, "newsletter_rank");

	for (size_t i = 0; i < set->known; i++) {
		const struct threat *threat = set->threats[i];

		if (key && !strcmp(threat->key, key))
			return threat;
		for (size_t j = 0; j < threat->sid_count; j++)
			if (threat->sids[j] == sid)
				return threat;
		if (!key && rank && *rank && threat->rank >= 0 && atoi(rank) == threat->rank)
			return threat;
	}
	return NULL;
}

/* "Apache_HTTP_Server", "IIS" to "Apache HTTP Server, IIS" */
static char *products_join(const json_t *products)
{
	char text[256] = "";
	size_t len = 0, i;
	json_t *value;

	json_array_foreach(products, i, value)
	{
		const char *name = json_string_value(value);
		int n = name ? snprintf(text + len, sizeof(text) - len, "%s%s", len ? ", " : "", name) : 0;

		if (n < 0 || len + (size_t)n >= sizeof(text)) {
			text[len] = '\0';
			break;
		}
		len += (size_t)n;
	}
	for (char *at = text; *at; at++)
		if (*at == '_')
			*at = ' ';
	return strdup(text);
}

/* The year of the oldest "CVE_2014_0160" or reference that names one. */
static uint32_t year_of(const json_t *metadata)
{
	uint32_t year = 0, found;
	size_t i;
	json_t *value;

	json_array_foreach(json_object_get(metadata, "cve"), i, value)
	{
		const char *text = json_string_value(value);

		if (text && sscanf(text, "%*[CVEcve]%*[_-]%4u", &found) == 1 && (!year || found < year))
			year = found;
	}
	return year;
}

static const struct threat *threat_make(struct threat_set *set, const char *key, const char *label,
					const json_t *metadata)
{
	struct threat *threat = calloc(1, sizeof(*threat));

	if (!threat)
		return NULL;
	snprintf(threat->key, sizeof(threat->key), "%s", key);
	for (int i = 0; i < 2; i++) {
		threat->title[i] = strdup(*label ? label : key);
		threat->affected[i] = products_join(json_object_get(metadata, "affected_product"));
	}
	threat->rank = -1;
	threat->since = year_of(metadata);
	threat->platform_count =
		names_read(json_object_get(metadata, "affected_platform"), threat->platforms);
	threat->platform_unclear = threat->platform_count > 1;
	threat->method_count = names_read(json_object_get(metadata, "method"), threat->methods);
	threat->method_unclear = threat->method_count > 1;
	if (!threat->title[0] || !threat->title[1] || !threat->affected[0] || !threat->affected[1] ||
	    set_add(set, threat)) {
		threat_free(threat);
		return NULL;
	}
	return threat;
}

const struct threat *threat_of(struct threat_set *set, uint32_t gid, uint32_t sid, const char *label,
			       const char *rule)
{
	json_error_t error;
	AUTO_JSON json_t *root = json_loads(rule && *rule ? rule : "{}", 0, &error);
	const json_t *metadata = json_object_get(root, "metadata");
	const struct threat *threat = set_find(set, sid, metadata);
	char key[64];

	if (threat)
		return threat;
	snprintf(key, sizeof(key), "%u:%u", gid, sid);
	for (size_t i = set->known; i < set->count; i++)
		if (!strcmp(set->threats[i]->key, key))
			return set->threats[i];
	return threat_make(set, key, label ? label : "", metadata);
}
