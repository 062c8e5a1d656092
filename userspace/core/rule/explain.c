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
#include "rule_snort.h"
#include "core/app/tx.h"

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

static const char *const explain_arguments[] = {
	[ARGUMENT_NONE] = "no value",
	[ARGUMENT_NEEDED] = "needs a value",
	[ARGUMENT_OPTIONAL] = "a value may follow",
};

static void explain_place(const struct rule_keyword *row, char *out, size_t len)
{
	static const char *const protocols[APP_PROTO_MAX] = {
#define X(id, text) [APP_##id] = text,
		APP_PROTOS(X)
#undef X
	};
	const struct buffer_info *info;

	*out = '\0';
	if (row->parse != keyword_buffer && row->parse != keyword_old_buffer &&
	    row->parse != keyword_buffer_content)
		return;
	info = &buffer_infos[row->value];
	snprintf(out, len, "buffer %s, protocol %s, %s%s", info->name,
		 info->proto == APP_UNKNOWN ? "any" : protocols[info->proto],
		 info->dir == 'S'   ? "to the server"
		 : info->dir == 'C' ? "to the client"
				    : "both directions",
		 info->many == 'M' ? ", several per transaction" : "");
}

/* The reference follows the table's order; a heading stands before the row that begins it. */
static const struct explain_heading {
	const char *first, *title;
} explain_headings[] = {
	{"msg", "What the rule is"},
	{"flow", "Flows and what rules remember"},
	{"app-layer-event", "Anomalies"},
	{"dsize", "Packets"},
	{"content", "Contents, expressions and numbers"},
	{"dotprefix", "Transforms, right behind a sticky buffer"},
	{"pkt_data", "Sticky buffers"},
	{"file_data", "Older spellings of sticky buffers"},
	{"http_uri", "Modifiers of the content before"},
	{"uricontent", "Facts that a decoder knows"},
};

static const char *explain_section_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(explain_headings); i++) {
		if (!strcmp(name, explain_headings[i].first))
			return explain_headings[i].title;
	}
	return NULL;
}

static void explain_row(const struct rule_keyword *keyword, struct explain_row *out)
{
	*out = (struct explain_row){
		.section = explain_section_of(keyword->name),
		.name = keyword->name,
		.alias = keyword->alias,
		.help = keyword->help,
		.argument = explain_arguments[keyword->argument],
		.packet = keyword->flags & KEYWORD_PACKET,
		.no_effect = keyword->flags & KEYWORD_NO_EFFECT,
	};
	explain_place(keyword, out->place, sizeof(out->place));
}

bool explain_keyword_at(unsigned int index, struct explain_row *out)
{
	unsigned int common = rule_keyword_count();
	bool snort = index >= common;
	const struct rule_keyword *keyword =
		snort ? snort_keyword_at(index - common) : rule_keyword_at(index);

	if (!keyword)
		return false;
	explain_row(keyword, out);
	out->snort = snort;
	if (snort)
		out->section = index == common ? "Snort 3: what differs" : NULL;
	return true;
}

int explain_keyword(const char *name, char **out, const char **nearest)
{
	const struct rule_keyword *keyword = rule_keyword_find(name), *other;
	struct explain_row row;

	if (!keyword)
		keyword = snort_keyword_find(name);
	if (!keyword) {
		const char *names[EXPLAIN_KEYWORDS_MAX];
		size_t count = 0;

		while (count < ARRAY_LEN(names) && rule_keyword_at((unsigned int)count)) {
			names[count] = rule_keyword_at((unsigned int)count)->name;
			count++;
		}
		*nearest = conf_suggest(name, names, count);
		return -ENOENT;
	}
	explain_row(keyword, &row);
	other = rule_keyword_find(name) ? snort_keyword_find(name) : NULL;
	if (asprintf(out, "%s: %s\n%s%s%s%s%s%s%s\n%s%s%s", row.name, row.help, row.argument,
		     row.packet ? "; looks at single packets" : "",
		     row.no_effect ? "; changes nothing here" : "", row.alias ? "; also written " : "",
		     row.alias ? row.alias : "", *row.place ? "\n" : "", row.place,
		     other ? "in a Snort 3 rule: " : "", other ? other->help : "", other ? "\n" : "") < 0)
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
