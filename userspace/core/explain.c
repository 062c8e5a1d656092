// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain.c - the keyword table and the explanations file as text.
 */
#include "explain.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "lib/conf.h"
#include "rule_parse.h"
#include "tx.h"

#define EXPLAIN_KEYWORDS_MAX 512

static const struct explain_section {
	const char *key;
	const char *head[2]; /* by enum explain_language */
} explain_sections[] = {
	{"what", {"What happened", "何が起きたか"}},
	{"affected", {"Affected", "影響を受けるもの"}},
	{"action", {"What to do", "対処"}},
};
static const char *const explain_references[2] = {"References", "参考"};

enum explain_language explain_language(const char *name)
{
	return name && !strncmp(name, "ja", 2) ? EXPLAIN_JA : EXPLAIN_EN;
}

int explain_keyword(const char *name, char **out, const char **nearest)
{
	const struct rule_keyword *row = rule_keyword_find(name);
	static const char *const arguments[] = {
		[ARGUMENT_NONE] = "no value",
		[ARGUMENT_NEEDED] = "needs a value",
		[ARGUMENT_OPTIONAL] = "a value may follow",
	};
	static const char *const protocols[APP_PROTO_MAX] = {
#define X(id, text) [APP_##id] = text,
		APP_PROTOS(X)
#undef X
	};
	char place[160] = "";

	if (!row) {
		const char *names[EXPLAIN_KEYWORDS_MAX];
		size_t count = 0;

		while (count < ARRAY_LEN(names) && rule_keyword_at((unsigned int)count)) {
			names[count] = rule_keyword_at((unsigned int)count)->name;
			count++;
		}
		*nearest = conf_suggest(name, names, count);
		return -ENOENT;
	}
	if (row->parse == keyword_buffer || row->parse == keyword_old_buffer) {
		const struct buffer_info *info = &buffer_infos[row->value];

		snprintf(place, sizeof(place), "\nbuffer: %s, protocol %s, %s%s", info->name,
			 info->proto == APP_UNKNOWN ? "any" : protocols[info->proto],
			 info->dir == 'S'   ? "to the server"
			 : info->dir == 'C' ? "to the client"
					    : "both directions",
			 info->many == 'M' ? ", several per transaction" : "");
	}
	if (asprintf(out, "%s: %s\n%s%s%s%s%s%s\n", row->name, row->help, arguments[row->argument],
		     row->flags & KEYWORD_PACKET ? "; looks at single packets" : "",
		     row->flags & KEYWORD_NO_EFFECT ? "; changes nothing here" : "",
		     row->alias ? "; also written " : "", row->alias ? row->alias : "", place) < 0)
		return -ENOMEM;
	return 0;
}

static const char *explain_text(const json_t *value, enum explain_language language)
{
	const json_t *text = json_object_get(value, language == EXPLAIN_JA ? "ja" : "en");

	if (json_is_string(value))
		return json_string_value(value);
	if (!json_is_string(text))
		text = json_object_get(value, "en");
	return json_is_string(text) ? json_string_value(text) : "";
}

static const json_t *explain_entry(const json_t *root, uint32_t sid)
{
	char key[16];
	size_t i;
	const json_t *item;

	snprintf(key, sizeof(key), "%u", sid);
	if (json_is_object(root))
		return json_object_get(root, key);
	json_array_foreach((json_t *)root, i, item)
	{
		if (json_integer_value(json_object_get(item, "sid")) == (json_int_t)sid)
			return item;
	}
	return NULL;
}

static int explain_print(const json_t *entry, uint32_t sid, enum explain_language language, char **out)
{
	const json_t *references = json_object_get(entry, "references"), *item;
	char *text = NULL;
	size_t len = 0, i;
	FILE *to = open_memstream(&text, &len);
	bool bad;

	if (!to)
		return -ENOMEM;
	fprintf(to, "%u  %s\n", sid, explain_text(json_object_get(entry, "title"), language));
	for (size_t j = 0; j < ARRAY_LEN(explain_sections); j++) {
		const char *body = explain_text(json_object_get(entry, explain_sections[j].key), language);

		if (*body)
			fprintf(to, "\n%s:\n  %s\n", explain_sections[j].head[language], body);
	}
	if (json_array_size(references))
		fprintf(to, "\n%s:\n", explain_references[language]);
	json_array_foreach((json_t *)references, i, item)
	{
		if (json_is_string(item))
			fprintf(to, "  %s\n", json_string_value(item));
	}
	bad = ferror(to);
	if (fclose(to) || bad) {
		free(text);
		return -ENOMEM;
	}
	*out = text;
	return 0;
}

int explain_sid(const char *json, size_t len, uint32_t sid, enum explain_language language, char **out,
		const char **why)
{
	json_t *root = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
	const json_t *entry;
	int err;

	if (!json_is_object(root) && !json_is_array(root)) {
		json_decref(root);
		*why = "not a JSON object or array";
		return -EBADMSG;
	}
	entry = explain_entry(root, sid);
	err = json_is_object(entry) ? explain_print(entry, sid, language, out) : -ENOENT;
	json_decref(root);
	return err;
}
