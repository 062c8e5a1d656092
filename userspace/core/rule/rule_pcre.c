// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_pcre.c - pcre:"/regex/flags".
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <errno.h>
#include <string.h>

#include "rule_parse.h"

static const struct pcre_flag {
	char letter;
	uint32_t option; /* of PCRE2 */
	uint8_t buffer;	 /* enum buffer_id; PAYLOAD: none named */
} pcre_flags[] = {
	{'i', PCRE2_CASELESS, 0},
	{'m', PCRE2_MULTILINE, 0},
	{'s', PCRE2_DOTALL, 0},
	{'x', PCRE2_EXTENDED, 0},
	{'A', PCRE2_ANCHORED, 0},
	{'E', PCRE2_DOLLAR_ENDONLY, 0},
	{'G', PCRE2_UNGREEDY, 0},
	{'R', 0, 0}, /* relative */
	{'B', 0, 0}, /* raw bytes: always so */
	{'O', 0, 0}, /* own limits: ours always hold */
	{'U', 0, BUFFER_HTTP_URI},
	{'I', 0, BUFFER_HTTP_URI_RAW},
	{'P', 0, BUFFER_HTTP_REQUEST_BODY},
	{'Q', 0, BUFFER_HTTP_RESPONSE_BODY},
	{'H', 0, BUFFER_HTTP_HEADER},
	{'D', 0, BUFFER_HTTP_HEADER_RAW},
	{'M', 0, BUFFER_HTTP_METHOD},
	{'C', 0, BUFFER_HTTP_COOKIE},
	{'S', 0, BUFFER_HTTP_STAT_CODE},
	{'Y', 0, BUFFER_HTTP_STAT_MSG},
	{'V', 0, BUFFER_HTTP_USER_AGENT},
	{'W', 0, BUFFER_HTTP_HOST},
	{'Z', 0, BUFFER_HTTP_HOST_RAW},
};

static int pcre_options(struct rule_parser *parser, struct rule_node *node, const char *letters,
			uint32_t *options)
{
	for (; *letters; letters++) {
		const struct pcre_flag *row = NULL;

		for (size_t i = 0; i < ARRAY_LEN(pcre_flags) && !row; i++) {
			if (pcre_flags[i].letter == *letters)
				row = &pcre_flags[i];
		}
		if (!row)
			return rule_refuse(parser, "unknown flag letter");
		*options |= row->option;
		node->relative |= row->letter == 'R';
		if (row->buffer) {
			int list = rule_find_list(parser, row->buffer, false);

			if (list < 0)
				return -EINVAL;
			/* A response's body is file.data by another name. */
			if (row->buffer == BUFFER_HTTP_RESPONSE_BODY &&
			    parser->lists[node->list].view.buffer == BUFFER_FILE_DATA)
				continue;
			if (node->list && node->list != list)
				return rule_refuse(parser, "a buffer letter behind another buffer");
			node->list = (uint8_t)list;
		}
	}
	return 0;
}

/* ",flow:name, pkt:name": groups that would be logged under a name. Read, without effect; *captures is cut
 * off. */
static int pcre_captures(struct rule_parser *parser, char *captures)
{
	static const char *const kinds[] = {"flow:", "pkt:", "alert:"};
	char *rest = captures + 1, *item;

	*captures = '\0';
	while ((item = rule_item(&rest))) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
			known |= !strncmp(item, kinds[i], strlen(kinds[i]));
		if (!known)
			return rule_refuse(parser,
					   "only flow:, pkt: and alert: names may stand behind the flags");
	}
	return 0;
}

int rule_compile_pcre(struct rule_parser *parser, struct rule_node *node, const char *expression,
		      uint32_t options)
{
	PCRE2_SIZE at;
	int code;

	node->pcre.text = text_pool_get(parser->context->texts, expression, strlen(expression));
	if (!node->pcre.text)
		return -ENOMEM;
	node->pcre.flags =
		(options & PCRE2_CASELESS ? NODE_PCRE_NOCASE : 0) |
		(options & PCRE2_DOTALL ? NODE_PCRE_DOTALL : 0) |
		(options & PCRE2_MULTILINE ? NODE_PCRE_MULTILINE : 0) |
		(options & ~(PCRE2_CASELESS | PCRE2_DOTALL | PCRE2_MULTILINE) ? NODE_PCRE_OTHER : 0);
	node->pcre.code = pcre2_compile((PCRE2_SPTR)expression, PCRE2_ZERO_TERMINATED,
					options | PCRE2_NEVER_BACKSLASH_C, &code, &at, NULL);
	if (!node->pcre.code)
		return code == PCRE2_ERROR_HEAP_FAILED
			       ? -ENOMEM
			       : rule_refuse(parser, "the regular expression is not valid");
	return 0;
}

int keyword_pcre(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	bool negated = *arg == '!';
	/* Without quotes too. */
	char *bare = rule_trim(arg + negated), *text, *slash, *captures;
	uint32_t options = 0;
	struct rule_node *node;

	text = *bare == '/' ? bare : rule_unquote(arg, &negated);
	if (!text || text[0] != '/' || (slash = strrchr(text + 1, '/')) == NULL)
		return rule_refuse(parser, "not \"/regex/flags\"");
	*slash = '\0';
	captures = strchr(slash + 1, ',');
	if (captures && pcre_captures(parser, captures))
		return -EINVAL;
	node = rule_add_node(parser, NODE_PCRE);
	if (!node)
		return -EINVAL;
	node->negated = negated;
	if (pcre_options(parser, node, slash + 1, &options))
		return -EINVAL;
	parser->last = (int)parser->node_count - 1;
	return rule_compile_pcre(parser, node, text + 1, options);
}
