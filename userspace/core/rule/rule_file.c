// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_file.c - keywords about transferred files: name, size, digests.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dataset.h"
#include "lib/digest.h"
#include "core/match/file_magic.h"
#include "rule_content.h"

/* "100<>200", ">2MB": units become digits. -EINVAL: too long or not a unit. */
static int size_digits(const char *text, char *out, size_t room)
{
	static const struct {
		const char *unit;
		uint64_t bytes;
	} units[] = {{"KB", 1u << 10}, {"MB", 1u << 20}, {"GB", 1u << 30}};
	size_t n = 0;

	while (*text) {
		uint64_t value = 0;
		char *end;
		int len;

		if (n + 24 > room)
			return -EINVAL;
		if (*text < '0' || *text > '9') {
			out[n++] = *text++;
			continue;
		}
		value = strtoull(text, &end, 10);
		for (size_t i = 0; i < ARRAY_LEN(units); i++) {
			if (strncasecmp(end, units[i].unit, 2))
				continue;
			if (value > UINT64_MAX / units[i].bytes)
				return -EINVAL;
			value *= units[i].bytes;
			end += 2;
		}
		len = snprintf(out + n, room - n, "%llu", (unsigned long long)value);
		n += (size_t)len;
		text = end;
	}
	out[n] = '\0';
	return 0;
}

/* The length of the file's content, when it is known; before it the direction that the file takes. */
int keyword_filesize(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_node *node = rule_fact_node(parser, BUFFER_FILE_SIZE, NODE_NUMBER);
	char text[128], *rest = arg, *side;

	if (!node)
		return -EINVAL;
	if (strchr(arg, ',')) {
		side = rule_item(&rest);
		if (!rest || rule_list_direction(parser, node->list, side))
			return rest ? -EINVAL : rule_refuse(parser, "the size is missing");
		arg = rule_trim(rest);
	}
	if (size_digits(arg, text, sizeof(text)) || rule_range(text, UINT32_MAX, &node->size))
		return rule_refuse(parser, "not a size or range of sizes");
	return 0;
}

/* filename and fileext: a content on the file's name; keyword->value 'e' at its end behind a dot. */
int keyword_file_name(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	bool negated;
	char *text = rule_unquote(arg, &negated), dotted[256];
	int kept = parser->list, list, err;
	struct rule_node *node;

	if (!text || strlen(text) > sizeof(dotted) - 2)
		return rule_refuse(parser, "the name is not quoted or too long");
	list = rule_find_list(parser, BUFFER_FILE_NAME, false);
	node = list < 0 ? NULL : rule_add_node(parser, NODE_CONTENT);
	if (!node)
		return -EINVAL;
	parser->list = kept;
	node->list = (uint8_t)list;
	node->negated = negated;
	node->content.nocase = true;
	node->content.endswith = keyword->value == 'e';
	snprintf(dotted, sizeof(dotted), "%s%s", keyword->value == 'e' ? "." : "", text);
	err = content_bytes(parser, dotted, &node->content.data, &node->content.len);
	parser->last = -1;
	return err;
}

/* The list of rules on what libmagic calls a file; -1: refused. */
static int file_magic_list(struct rule_parser *parser)
{
	struct rule_view *view;
	int list;

	if (!file_magic_known()) {
		parser->why = "libmagic's database is not there (Debian: libmagic-mgc)";
		return -1;
	}
	list = rule_find_list(parser, BUFFER_FILE_BEGIN, true);
	if (list < 0)
		return -1;
	view = &parser->lists[list].view;
	view->transforms[view->transform_count++] = TRANSFORM_MAGIC;
	return list;
}

/* file.magic: contents behind it look at the words. */
int keyword_file_magic(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	int list = file_magic_list(parser);

	if (list < 0)
		return -EINVAL;
	rule_stick_to(parser, list);
	return 0;
}

/* filemagic: words in any case. */
int keyword_filemagic(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	bool negated;
	char *text = rule_unquote(arg, &negated);
	int kept = parser->list, list;
	struct rule_node *node;

	if (!text || !*text)
		return rule_refuse(parser, "the words are not quoted");
	list = file_magic_list(parser);
	node = list < 0 ? NULL : rule_add_node(parser, NODE_CONTENT);
	if (!node)
		return -EINVAL;
	parser->list = kept;
	parser->last = -1;
	node->list = (uint8_t)list;
	node->negated = negated;
	node->content.nocase = true;
	return content_bytes(parser, text, &node->content.data, &node->content.len);
}

/* filemd5 and its like: [!]file with one digest per line; keyword->value is the transform that makes them. */
int keyword_file_digest(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	static const struct {
		uint8_t transform, type;
	} rows[] = {{TRANSFORM_TO_MD5, DATASET_MD5},
		    {TRANSFORM_TO_SHA1, DATASET_SHA1},
		    {TRANSFORM_TO_SHA256, DATASET_SHA256}};
	bool negated = *arg == '!';
	enum dataset_type type = DATASET_TYPES;
	struct rule_node *node;
	struct rule_list *list;

	arg = rule_trim(arg + negated);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].transform == keyword->value)
			type = rows[i].type;
	if (!*arg)
		return rule_refuse(parser, "the file is missing");
	node = rule_fact_node(parser, BUFFER_FILE_WHOLE, NODE_DATASET);
	if (!node)
		return -EINVAL;
	list = &parser->lists[node->list];
	if (list->view.transform_count)
		return rule_refuse(parser, "one list of digests per rule");
	list->view.transforms[list->view.transform_count++] = (uint8_t)keyword->value;
	node->data.action = negated ? STATE_ISNOTSET : STATE_ISSET;
	return rule_load_digests(parser, arg, type, &node->data.set);
}
