// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_meta.c - keywords that describe a rule: message, numbers, class,
 * references, metadata, target; and those that are read without effect.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "reference.h"
#include "rule_parse.h"

static int meta_number(struct rule_parser *parser, const char *arg, uint32_t min, uint32_t *out)
{
	uint64_t value;

	if (rule_unsigned(arg, UINT32_MAX, &value) || value < min)
		return rule_refuse(parser, "not a number in the allowed range");
	*out = (uint32_t)value;
	return 0;
}

int keyword_msg(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	bool negated;
	char *text = rule_unquote(arg, &negated), *to;

	if (!text || negated)
		return rule_refuse(parser, "the message is not quoted");
	if (parser->msg_seen)
		return rule_refuse(parser, "given twice");
	to = text;
	for (char *from = text; *from; from++) {
		if (*from == '\\' && from[1] && strchr("\";:\\", from[1]))
			from++;
		*to++ = *from;
	}
	parser->msg_seen = true;
	parser->rule->info.msg = text_pool_get(parser->context->texts, text, (size_t)(to - text));
	return parser->rule->info.msg ? 0 : -ENOMEM;
}

int keyword_sid(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	if (parser->sid_seen)
		return rule_refuse(parser, "given twice");
	parser->sid_seen = true;
	return meta_number(parser, arg, 1, &parser->rule->info.sid);
}

int keyword_rev(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	return meta_number(parser, arg, 0, &parser->rule->info.rev);
}

int keyword_gid(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	return meta_number(parser, arg, 0, &parser->rule->info.gid);
}

int keyword_priority(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	parser->priority_seen = true;
	return meta_number(parser, arg, 1, &parser->rule->info.priority);
}

int keyword_classtype(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	const struct classtype *row = classification_find(parser->context->classes, arg);
	struct rule_info *info = &parser->rule->info;

	if (!row)
		return rule_refuse(parser, "unknown classtype");
	info->classtype = text_pool_get(parser->context->texts, row->name, strlen(row->name));
	info->category = text_pool_get(parser->context->texts, row->description, strlen(row->description));
	if (!info->classtype || !info->category)
		return -ENOMEM;
	if (!parser->priority_seen)
		info->priority = row->priority;
	return 0;
}

int keyword_reference(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct text_pool *texts = parser->context->texts;
	const char *comma = strchr(arg, ','), *prefix, *text, *address = NULL;
	AUTO_FREE char *whole = NULL;

	if (!comma)
		return rule_refuse(parser, "not \"kind,value\"");
	if (parser->reference_count == RULE_REFERENCES_MAX)
		return rule_refuse(parser, "too many references");
	prefix = reference_prefix(parser->context->references, arg, (size_t)(comma - arg));
	text = text_pool_get(texts, arg, strlen(arg));
	comma += 1 + strspn(comma + 1, " \t");
	if (asprintf(&whole, "%s%s", prefix ? prefix : "", comma) < 0)
		whole = NULL;
	if (whole)
		address = text_pool_get(texts, whole, strlen(whole));
	if (!text || !address)
		return -ENOMEM;
	parser->addresses[parser->reference_count] = address;
	parser->references[parser->reference_count++] = text;
	return 0;
}

int keyword_metadata(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	char *item;

	while ((item = rule_item(&arg))) {
		const char *text;

		if (!*item)
			continue;
		if (parser->metadata_count == RULE_METADATA_MAX)
			return rule_refuse(parser, "too many metadata entries");
		text = text_pool_get(parser->context->texts, item, strlen(item));
		if (!text)
			return -ENOMEM;
		parser->metadata[parser->metadata_count++] = text;
	}
	return 0;
}

int keyword_target(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	if (!strcmp(arg, "src_ip"))
		parser->rule->info.target = RULE_TARGET_SRC;
	else if (!strcmp(arg, "dest_ip"))
		parser->rule->info.target = RULE_TARGET_DST;
	else
		return rule_refuse(parser, "neither src_ip nor dest_ip");
	return 0;
}

int keyword_noalert(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	parser->rule->noalert = true;
	return 0;
}

int keyword_alert(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	parser->rule->pass_alerts = true;
	return 0;
}

/* "version >= 7.0.3 < 9" compared with the language level that is read here. */
static bool version_fits(const char *text)
{
	static const unsigned int level[] = {8, 0, 0};

	while (*text) {
		unsigned int part[3] = {0}, count = 0;
		bool less = *text == '<', more = *text == '>', equal = false, fits;
		int order = 0;

		text += less || more;
		equal = *text == '=';
		text += equal;
		text += strspn(text, " \t");
		while (count < 3 && isdigit((unsigned char)*text)) {
			char *end;

			part[count++] = (unsigned int)strtoul(text, &end, 10);
			text = *end == '.' ? end + 1 : end;
		}
		if (!count)
			return false;
		for (unsigned int i = 0; i < 3 && !order; i++)
			order = level[i] < part[i] ? -1 : level[i] > part[i];
		fits = (less && order < 0) || (more && order > 0) || ((equal || (!less && !more)) && !order);
		if (!fits)
			return false;
		text += strspn(text, " \t|");
	}
	return true;
}

int keyword_requires(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	char *item;

	while ((item = rule_item(&arg))) {
		char *value = item + strcspn(item, " \t");

		if (*value)
			*value++ = '\0';
		value = rule_trim(value);
		if (!*value)
			return rule_refuse(parser, "a requirement has no value");
		if (!strcmp(item, "keyword")) {
			if (!rule_keyword_find(value))
				return rule_refuse(parser, "it needs a keyword that is not here");
		} else if (!strcmp(item, "version")) {
			if (!version_fits(value))
				return rule_refuse(
					parser,
					"it is not for the level of the language that is read here, 8.0");
		} else {
			return rule_refuse(parser, "it needs something that is not known here");
		}
	}
	return 0;
}

int keyword_ignored(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	return 0;
}
