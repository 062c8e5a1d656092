// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_flow.c - keywords about flows and what rules remember: flow,
 * flowbits, flowint, xbits, hostbits, thresholds, stream size.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "rule_parse.h"

static const struct flow_word {
	const char *word;
	uint16_t flag;
	uint16_t excludes;
} flow_words[] = {
	{"established", FLOW_ESTABLISHED, FLOW_NOT_ESTABLISHED | FLOW_STATELESS},
	{"not_established", FLOW_NOT_ESTABLISHED, FLOW_ESTABLISHED | FLOW_STATELESS},
	{"stateless", FLOW_STATELESS, FLOW_ESTABLISHED | FLOW_NOT_ESTABLISHED},
	{"to_server", FLOW_TO_SERVER, FLOW_TO_CLIENT},
	{"from_client", FLOW_TO_SERVER, FLOW_TO_CLIENT},
	{"to_client", FLOW_TO_CLIENT, FLOW_TO_SERVER},
	{"from_server", FLOW_TO_CLIENT, FLOW_TO_SERVER},
	{"only_stream", FLOW_ONLY_STREAM, FLOW_NO_STREAM},
	{"no_stream", FLOW_NO_STREAM, FLOW_ONLY_STREAM},
	{"no_frag", FLOW_NO_FRAG, FLOW_ONLY_FRAG},
	{"only_frag", FLOW_ONLY_FRAG, FLOW_NO_FRAG},
};

int keyword_flow(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule *rule = parser->rule;
	char *item;

	while ((item = rule_item(&arg))) {
		size_t i;

		for (i = 0; i < ARRAY_LEN(flow_words) && strcasecmp(item, flow_words[i].word); i++)
			;
		if (i == ARRAY_LEN(flow_words))
			return rule_refuse(parser, "unknown flow option");
		if (rule->flow & flow_words[i].excludes)
			return rule_refuse(parser, "flow options that exclude each other");
		rule->flow |= flow_words[i].flag;
	}
	return 0;
}

static const struct state_word {
	const char *word;
	uint8_t action;
} state_words[] = {
	{"set", STATE_SET},	{"unset", STATE_UNSET},	      {"toggle", STATE_TOGGLE},
	{"isset", STATE_ISSET}, {"isnotset", STATE_ISNOTSET},
};

static int state_action(struct rule_parser *parser, const char *word, uint8_t *action)
{
	for (size_t i = 0; word && i < ARRAY_LEN(state_words); i++) {
		if (!strcmp(word, state_words[i].word)) {
			*action = state_words[i].action;
			return 0;
		}
	}
	return rule_refuse(parser, "not one of set, unset, toggle, isset, isnotset");
}

static uint32_t state_hash(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return hash;
}

/* "a" or "a|b|c": their numbers into state->names. */
static int state_names(struct rule_parser *parser, struct rule_state *state, char *text)
{
	uint32_t numbers[32];

	while (text) {
		char *bar = strchr(text, '|');
		int err;

		if (bar)
			*bar++ = '\0';
		text = rule_trim(text);
		if (state->count == ARRAY_LEN(numbers))
			return rule_refuse(parser, "too many names");
		if (strpbrk(text, " \t"))
			return rule_refuse(parser, "a blank inside of a name");
		if (state->kind == STATE_XBIT)
			state->value = state_hash(text);
		err = rule_names_get(parser->context->names, state->kind, text, strlen(text),
				     &numbers[state->count]);
		if (err == -EINVAL)
			return rule_refuse(parser,
					   "the name is empty, too long, or there are too many names");
		if (err)
			return err;
		state->count++;
		text = bar;
	}
	if (state->count > 1 && state->action != STATE_ISSET && state->action != STATE_ISNOTSET)
		return rule_refuse(parser, "alternatives are only for isset and isnotset");
	state->names = arena_copy(parser->context->arena, numbers, state->count * sizeof(*numbers));
	return state->names ? 0 : -ENOMEM;
}

int keyword_flowbits(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	char *action = rule_item(&arg);
	struct rule_state *state;

	if (action && !strcmp(action, "noalert") && !arg) {
		parser->rule->noalert = true;
		return 0;
	}
	state = rule_add_state(parser);
	if (!state)
		return -EINVAL;
	state->kind = STATE_FLOWBIT;
	if (state_action(parser, action, &state->action))
		return -EINVAL;
	return arg ? state_names(parser, state, arg) : rule_refuse(parser, "the name is missing");
}

int keyword_flowint(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	static const struct {
		const char *word;
		uint8_t action, op;
	} rows[] = {
		{"+", STATE_ADD, 0},
		{"-", STATE_SUB, 0},
		{"=", STATE_ASSIGN, 0},
		{">", STATE_COMPARE, RANGE_GT},
		{"<", STATE_COMPARE, RANGE_LT},
		{">=", STATE_COMPARE, RANGE_GE},
		{"<=", STATE_COMPARE, RANGE_LE},
		{"==", STATE_COMPARE, RANGE_EQ},
		{"!=", STATE_COMPARE, RANGE_NE},
		{"isset", STATE_ISSET, 0},
		{"isnotset", STATE_ISNOTSET, 0},
		{"notset", STATE_ISNOTSET, 0},
		{"unset", STATE_UNSET, 0},
	};
	struct rule_state *state = rule_add_state(parser);
	char *name = rule_item(&arg), *word = rule_item(&arg), *value = rule_item(&arg);
	uint64_t number = 0;
	size_t i;

	if (!state)
		return -EINVAL;
	for (i = 0; word && i < ARRAY_LEN(rows) && strcmp(word, rows[i].word); i++)
		;
	if (!word || i == ARRAY_LEN(rows))
		return rule_refuse(parser, "unknown flowint operator");
	state->kind = STATE_FLOWINT;
	state->action = rows[i].action;
	state->op = rows[i].op;
	if (state->action >= STATE_ADD) {
		if (!value)
			return rule_refuse(parser, "the value is missing");
		if (rule_unsigned(value, UINT32_MAX, &number)) {
			int err = rule_names_get(parser->context->names, STATE_FLOWINT, value, strlen(value),
						 &state->other);

			if (err || isdigit((unsigned char)*value))
				return err == -ENOMEM ? err
						      : rule_refuse(parser, "the value is no number or name");
			state->value_named = true;
		}
	} else if (value) {
		return rule_refuse(parser, "a value where none belongs");
	}
	state->value = (uint32_t)number;
	return state_names(parser, state, name);
}

/* "track ip_src", "expire 30" behind the name. */
static int xbits_options(struct rule_parser *parser, struct rule_state *state, char *arg)
{
	static const struct {
		const char *word;
		uint8_t track;
	} tracks[] = {
		{"ip_src", TRACK_SRC}, {"ip_dst", TRACK_DST}, {"ip_pair", TRACK_BOTH}, {"tx", TRACK_TX}};
	char *item;

	state->expire = 30;
	while ((item = rule_item(&arg))) {
		uint64_t value;

		if (!strncmp(item, "track ", 6)) {
			for (size_t i = 0; i < ARRAY_LEN(tracks); i++) {
				if (!strcmp(rule_trim(item + 6), tracks[i].word))
					state->track = tracks[i].track;
			}
		} else if (!strncmp(item, "expire ", 7)) {
			if (rule_unsigned(rule_trim(item + 7), 86400u * 365, &value) || !value)
				return rule_refuse(parser, "expire is not a number of seconds");
			state->expire = (uint32_t)value;
		} else {
			return rule_refuse(parser, "unknown xbits option");
		}
	}
	if (state->track == TRACK_TX && state->action != STATE_SET && state->action != STATE_ISSET)
		return rule_refuse(parser, "marks on a transaction are set and isset only");
	return state->track ? 0 : rule_refuse(parser, "track is not ip_src, ip_dst, ip_pair or tx");
}

int keyword_xbits(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	char *action = rule_item(&arg), *name;
	struct rule_state *state;

	if (action && !strcmp(action, "noalert") && !arg) {
		parser->rule->noalert = true;
		return 0;
	}
	state = rule_add_state(parser);
	name = rule_item(&arg);
	if (!state)
		return -EINVAL;
	state->kind = STATE_XBIT;
	if (state_action(parser, action, &state->action))
		return -EINVAL;
	if (!name || !arg)
		return rule_refuse(parser, "name and track are needed");
	if (strchr(name, '|'))
		return rule_refuse(parser, "one name only");
	if (xbits_options(parser, state, arg))
		return -EINVAL;
	return state_names(parser, state, name);
}

int keyword_hostbits(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_state *state = rule_add_state(parser);
	char *action = rule_item(&arg), *name = rule_item(&arg), *host = rule_item(&arg);

	if (!state)
		return -EINVAL;
	state->kind = STATE_XBIT;
	state->track = TRACK_SRC;
	state->expire = 300;
	if (state_action(parser, action, &state->action))
		return -EINVAL;
	if (!name)
		return rule_refuse(parser, "the name is missing");
	if (host && !strcmp(host, "dst"))
		state->track = TRACK_DST;
	else if (host && strcmp(host, "src"))
		return rule_refuse(parser, "the host is neither src nor dst");
	return state_names(parser, state, name);
}

static const struct threshold_word {
	const char *word;
	uint8_t value;
} threshold_kinds[] = {{"limit", THRESHOLD_LIMIT},
		       {"threshold", THRESHOLD_THRESHOLD},
		       {"both", THRESHOLD_BOTH},
		       {"backoff", THRESHOLD_BACKOFF}},
  threshold_tracks[] = {{"by_src", TRACK_SRC},
			{"by_dst", TRACK_DST},
			{"by_both", TRACK_BOTH},
			{"by_rule", TRACK_RULE},
			{"by_flow", TRACK_FLOW}};

static uint8_t threshold_word(const struct threshold_word *rows, size_t count, const char *word)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(rows[i].word, word))
			return rows[i].value;
	}
	return 0;
}

static int threshold_options(struct rule_parser *parser, char *arg, struct rule_threshold *out)
{
	struct rule_threshold value = {0};
	char *item;

	while ((item = rule_item(&arg))) {
		char *word = item + strcspn(item, " \t");
		uint64_t number;

		if (*word)
			*word++ = '\0';
		word = rule_trim(word);
		if (!strcmp(item, "type")) {
			value.kind = threshold_word(threshold_kinds, ARRAY_LEN(threshold_kinds), word);
			if (!value.kind)
				return rule_refuse(parser,
						   "the type is not limit, threshold, both or backoff");
		} else if (!strcmp(item, "track")) {
			value.track = threshold_word(threshold_tracks, ARRAY_LEN(threshold_tracks), word);
			if (!value.track)
				return rule_refuse(
					parser, "track is not by_src, by_dst, by_both, by_rule or by_flow");
		} else if (!strcmp(item, "multiplier")) {
			if (rule_unsigned(word, UINT16_MAX, &number) || number < 2)
				return rule_refuse(parser, "the multiplier is not a number above 1");
			value.multiplier = (uint32_t)number;
		} else if (!strcmp(item, "count") || !strcmp(item, "seconds")) {
			if (rule_unsigned(word, UINT32_MAX, &number) || !number)
				return rule_refuse(parser, "count and seconds are numbers above 0");
			*(item[0] == 'c' ? &value.count : &value.seconds) = (uint32_t)number;
		} else if (!strcmp(item, "unique_on")) {
			if (strcmp(word, "src_port") && strcmp(word, "dst_port"))
				return rule_refuse(parser, "unique_on is src_port or dst_port");
			value.unique = word[0];
		} else {
			return rule_refuse(parser, "unknown threshold option");
		}
	}
	if (value.kind == THRESHOLD_BACKOFF) {
		if (!value.track || !value.count || !value.multiplier || value.seconds)
			return rule_refuse(parser, "a backoff has track, count and multiplier");
	} else if (!value.track || !value.count || !value.seconds || value.multiplier) {
		return rule_refuse(parser, "track, count and seconds are needed");
	}
	*out = value;
	return 0;
}

int keyword_threshold(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	int err = threshold_options(parser, arg, &parser->rule->threshold);

	if (!err && !parser->rule->threshold.kind)
		return rule_refuse(parser, "the type is missing");
	if (!err && parser->rule->threshold.unique)
		return rule_refuse(parser, "unique_on is for detection_filter");
	return err;
}

int keyword_detection_filter(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	int err = threshold_options(parser, arg, &parser->rule->detection);

	if (!err && parser->rule->detection.kind)
		return rule_refuse(parser, "a detection_filter has no type");
	parser->rule->detection.kind = THRESHOLD_DETECTION;
	return err;
}

int keyword_stream_size(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	static const struct {
		const char *word;
		char side;
	} sides[] = {{"client", 'c'}, {"server", 's'}, {"both", 'b'}, {"either", 'e'}};
	struct rule_test *test = rule_add_test(parser, TEST_STREAM_SIZE);
	char *side = rule_item(&arg), *op = rule_item(&arg), *value = rule_item(&arg), text[64];

	if (!test)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
		if (!strcmp(side, sides[i].word))
			test->mode = sides[i].side;
	}
	if (!test->mode || !op || !value || arg)
		return rule_refuse(parser, "not \"client|server|both|either,operator,number\"");
	snprintf(text, sizeof(text), "%.8s%.40s", !strcmp(op, "!=") ? "!" : op, value);
	if (!strpbrk(op, "<>=!") || rule_range(text, UINT32_MAX, &test->range))
		return rule_refuse(parser, "not a size with an operator");
	parser->rule->needs_packet = true;
	return 0;
}

/* "direction,range" with keyword->max 0, or "range" with the direction's letter in keyword->max. */
int keyword_flow_count(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	static const struct {
		const char *word;
		char mode;
	} rows[] = {{"toserver", 's'},
		    {"to_server", 's'},
		    {"toclient", 'c'},
		    {"to_client", 'c'},
		    {"either", 'e'}};
	struct rule_test *test = rule_add_test(parser, (enum rule_test_kind)keyword->value);
	char *side;

	if (!test)
		return -EINVAL;
	test->mode = (char)keyword->max;
	side = test->mode ? NULL : rule_item(&arg);
	for (size_t i = 0; side && i < ARRAY_LEN(rows); i++) {
		if (!strcmp(side, rows[i].word))
			test->mode = rows[i].mode;
	}
	if (!test->mode || !arg || rule_range(rule_trim(arg), UINT64_MAX, &test->range))
		return rule_refuse(parser, keyword->max ? "not a number or range"
							: "not \"toserver|toclient|either,range\"");
	return 0;
}

int keyword_app_protocol(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	static const char *const names[APP_PROTO_MAX] = {
#define X(id, name) [APP_##id] = name,
		APP_PROTOS(X)
#undef X
	};
	/* A connection keeps the protocol that it had first. */
	static const struct {
		const char *word;
		char mode;
	} modes[] = {{"final", 0},	 {"original", 0},    {"either", 'e'},
		     {"to_server", 's'}, {"to_client", 'c'}, {"direction", 'd'}};
	struct rule_test *test = rule_add_test(parser, TEST_APP);
	char *mode;
	size_t row = 0;

	if (!test)
		return -EINVAL;
	mode = arg;
	arg = rule_item(&mode);
	mode = mode ? rule_trim(mode) : NULL;
	while (mode && row < ARRAY_LEN(modes) && strcmp(mode, modes[row].word))
		row++;
	if (row == ARRAY_LEN(modes))
		return rule_refuse(parser, "not final, original, either, to_server, to_client or direction");
	test->mode = mode ? modes[row].mode : 0;
	if (*arg == '!') {
		test->negated = true;
		arg = rule_trim(arg + 1);
	}
	if (!strcmp(arg, "http1"))
		arg[4] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!strcmp(arg, names[i])) {
			test->range.low = i;
			return 0;
		}
	}
	return rule_refuse(parser, "not a protocol that is detected here");
}
