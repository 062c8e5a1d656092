// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prefilter_regex.c - reads the part of PCRE's syntax that describes regular
 * languages. Everything else is refused by name.
 */
#include "prefilter_regex.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define REGEX_NODES_MAX	 20000u
#define REGEX_DEPTH_MAX	 24u
#define REGEX_REPEAT_MAX 1000u

struct reader {
	struct regex *regex;
	const struct regex_options *options;
	const char *at;
	unsigned int depth;
	bool failed;
};

static const struct regex_set regex_all = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};

void regex_clear(struct regex *regex)
{
	free(regex->nodes);
	regex->nodes = NULL;
	regex->count = regex->room = 0;
}

static void set_add(struct regex_set *set, unsigned int byte)
{
	set->bits[byte / 64] |= 1ull << (byte % 64);
}

static bool set_has(const struct regex_set *set, unsigned int byte)
{
	return set->bits[byte / 64] >> (byte % 64) & 1;
}

static void set_invert(struct regex_set *set)
{
	for (int i = 0; i < 4; i++)
		set->bits[i] = ~set->bits[i];
}

static void set_merge(struct regex_set *set, const struct regex_set *more)
{
	for (int i = 0; i < 4; i++)
		set->bits[i] |= more->bits[i];
}

static void set_fold(struct regex_set *set)
{
	for (unsigned int c = 'a'; c <= 'z'; c++) {
		if (set_has(set, c) || set_has(set, c - 32)) {
			set_add(set, c);
			set_add(set, c - 32);
		}
	}
}

/* Equal sets have one number. */
static uint32_t set_number(struct regex *regex, const struct regex_set *set)
{
	for (uint32_t i = 0; i < regex->set_count; i++)
		if (!memcmp(&regex->sets[i], set, sizeof(*set)))
			return i;
	if (regex->set_count == REGEX_SETS_MAX)
		return UINT32_MAX;
	regex->sets[regex->set_count] = *set;
	return regex->set_count++;
}

uint32_t regex_node(struct regex *regex, struct regex_node node)
{
	if (regex->count == REGEX_NODES_MAX)
		return UINT32_MAX;
	if (regex->count == regex->room) {
		uint32_t room = regex->room ? regex->room * 2 : 64;
		struct regex_node *nodes = realloc(regex->nodes, room * sizeof(*nodes));

		if (!nodes)
			return UINT32_MAX;
		regex->nodes = nodes;
		regex->room = room;
	}
	regex->nodes[regex->count] = node;
	return regex->count++;
}

static uint32_t node_of_set(struct regex *regex, const struct regex_set *set, enum regex_kind kind, bool edge)
{
	uint32_t number = set_number(regex, set);

	if (number == UINT32_MAX)
		return UINT32_MAX;
	return regex_node(regex,
			  (struct regex_node){.kind = (uint8_t)kind, .set = (uint16_t)number, .edge = edge});
}

uint32_t regex_cat(struct regex *regex, uint32_t a, uint32_t b)
{
	if (a == UINT32_MAX || b == UINT32_MAX)
		return UINT32_MAX;
	return regex_node(regex, (struct regex_node){.kind = REGEX_CAT, .a = a, .b = b});
}

uint32_t regex_bytes(struct regex *regex, const uint8_t *data, uint32_t len, bool nocase)
{
	uint32_t root = regex_node(regex, (struct regex_node){.kind = REGEX_EMPTY});

	for (uint32_t i = 0; i < len && root != UINT32_MAX; i++) {
		struct regex_set set = {{0}};

		set_add(&set, data[i]);
		if (nocase)
			set_fold(&set);
		root = regex_cat(regex, root, node_of_set(regex, &set, REGEX_SET, false));
	}
	return root;
}

uint32_t regex_gap(struct regex *regex, uint32_t low, uint32_t high)
{
	uint32_t any = node_of_set(regex, &regex_all, REGEX_SET, false);

	if (any == UINT32_MAX)
		return any;
	return regex_node(regex,
			  (struct regex_node){.kind = REGEX_REPEAT, .a = any, .low = low, .high = high});
}

/* --- reading */

static uint32_t refuse(struct reader *r, const char *why)
{
	if (!r->failed)
		r->regex->why = why;
	r->failed = true;
	return UINT32_MAX;
}

/* A node, or what is wrong. */
static uint32_t keep(struct reader *r, uint32_t node)
{
	return node != UINT32_MAX ? node : refuse(r, "too large for the kernel");
}

static uint32_t read_alternatives(struct reader *r);

/* \s, \d, \w and their opposites. */
static bool set_named(char letter, struct regex_set *set)
{
	*set = (struct regex_set){{0}};
	if (!letter || !strchr("sSdDwW", letter))
		return false;
	for (unsigned int c = 0; c < 256; c++) {
		bool in = letter == 's' || letter == 'S'   ? c == ' ' || (c >= 9 && c <= 13)
			  : letter == 'd' || letter == 'D' ? c >= '0' && c <= '9'
							   : c < 128 && (isalnum((int)c) || c == '_');

		if (in)
			set_add(set, c);
	}
	if (isupper((unsigned char)letter))
		set_invert(set);
	return true;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : isxdigit((unsigned char)c) ? (c | 32) - 'a' + 10 : -1;
}

/* Behind a backslash that stands for one byte; -1: it does not. */
static int read_escaped(struct reader *r)
{
	static const char letters[] = "ntrfae", bytes[] = "\n\t\r\f\a\x1b";
	char c = *r->at;
	const char *known = c ? strchr(letters, c) : NULL;
	int value = 0;

	if (known) {
		r->at++;
		return bytes[known - letters];
	}
	if (c == 'x') {
		r->at++;
		for (int i = 0; i < 2 && hex_digit(*r->at) >= 0; i++)
			value = value * 16 + hex_digit(*r->at++);
		return value;
	}
	if (!c || isalnum((unsigned char)c))
		return -1;
	r->at++;
	return (unsigned char)c;
}

/* One byte or a named set inside of brackets; *byte -1 for a set. */
static bool read_class_item(struct reader *r, struct regex_set *set, int *byte)
{
	struct regex_set named;

	*byte = -1;
	if (r->at[0] == '[' && (r->at[1] == ':' || r->at[1] == '.' || r->at[1] == '=')) {
		refuse(r, "a POSIX class");
		return false;
	}
	if (*r->at != '\\') {
		*byte = (unsigned char)*r->at++;
		return true;
	}
	r->at++;
	if (*r->at && set_named(*r->at, &named)) {
		r->at++;
		set_merge(set, &named);
		return true;
	}
	if (*r->at == 'b') {
		r->at++;
		*byte = 8;
		return true;
	}
	*byte = read_escaped(r);
	if (*byte < 0)
		refuse(r, "an escape that automata do not have");
	return *byte >= 0;
}

static bool read_class(struct reader *r, struct regex_set *set)
{
	bool inverted = *r->at == '^', first = true;

	*set = (struct regex_set){{0}};
	r->at += inverted;
	for (; *r->at && (*r->at != ']' || first); first = false) {
		int low, high;

		if (!read_class_item(r, set, &low))
			return false;
		if (low < 0)
			continue;
		high = low;
		if (r->at[0] == '-' && r->at[1] && r->at[1] != ']') {
			r->at++;
			if (!read_class_item(r, set, &high))
				return false;
			if (high < low) {
				refuse(r, "a range that automata do not have");
				return false;
			}
		}
		for (int c = low; c <= high; c++)
			set_add(set, (unsigned int)c);
	}
	if (*r->at++ != ']') {
		refuse(r, "brackets without end");
		return false;
	}
	if (r->options->nocase)
		set_fold(set);
	if (inverted)
		set_invert(set);
	return true;
}

static uint32_t node_alt(struct reader *r, uint32_t a, uint32_t b)
{
	if (a == UINT32_MAX || b == UINT32_MAX)
		return UINT32_MAX;
	return keep(r, regex_node(r->regex, (struct regex_node){.kind = REGEX_ALT, .a = a, .b = b}));
}

/* \b: a word on one side only. */
static uint32_t node_boundary(struct reader *r)
{
	struct regex_set word, other;
	uint32_t leaves, enters;

	set_named('w', &word);
	set_named('W', &other);
	leaves = regex_cat(r->regex, node_of_set(r->regex, &word, REGEX_BEHIND, false),
			   node_of_set(r->regex, &other, REGEX_AHEAD, true));
	enters = regex_cat(r->regex, node_of_set(r->regex, &other, REGEX_BEHIND, true),
			   node_of_set(r->regex, &word, REGEX_AHEAD, false));
	return node_alt(r, keep(r, leaves), keep(r, enters));
}

static uint32_t read_backslash(struct reader *r)
{
	struct regex_set set = {{0}};
	int byte;

	r->at++;
	if (*r->at == 'b') {
		r->at++;
		return node_boundary(r);
	}
	if (*r->at && set_named(*r->at, &set)) {
		r->at++;
		return keep(r, node_of_set(r->regex, &set, REGEX_SET, false));
	}
	if (isdigit((unsigned char)*r->at))
		return refuse(r, "a back-reference");
	byte = read_escaped(r);
	if (byte < 0)
		return refuse(r, "an escape that automata do not have");
	set_add(&set, (unsigned int)byte);
	if (r->options->nocase)
		set_fold(&set);
	return keep(r, node_of_set(r->regex, &set, REGEX_SET, false));
}

/* The first byte that a tree of sets in a row can begin with; false: it is of another form. */
static bool first_set(const struct regex *regex, uint32_t node, struct regex_set *set, bool *single)
{
	*single = true;
	while (regex->nodes[node].kind == REGEX_CAT) {
		uint32_t a = regex->nodes[node].a;

		if (regex->nodes[a].kind == REGEX_EMPTY) {
			node = regex->nodes[node].b;
			continue;
		}
		*single = false;
		node = a;
	}
	if (regex->nodes[node].kind == REGEX_ALT) {
		struct regex_set more;
		bool alone;

		if (!first_set(regex, regex->nodes[node].a, set, &alone))
			return false;
		*single &= alone;
		if (!first_set(regex, regex->nodes[node].b, &more, &alone))
			return false;
		*single &= alone;
		set_merge(set, &more);
		return true;
	}
	if (regex->nodes[node].kind != REGEX_SET)
		return false;
	*set = regex->sets[regex->nodes[node].set];
	return true;
}

/* (?= (?! (?<= (?<! over one byte. What a longer one forbids is forbidden by its first byte: less is matched.
 */
static uint32_t read_look(struct reader *r, bool behind, bool negated)
{
	uint32_t inner = read_alternatives(r);
	struct regex_set set;
	bool single;

	if (inner == UINT32_MAX)
		return inner;
	if (!first_set(r->regex, inner, &set, &single) || (!single && (behind || !negated)))
		return refuse(r, "an assertion over more than one byte");
	r->regex->exact &= single;
	if (negated)
		set_invert(&set);
	return keep(r, node_of_set(r->regex, &set, behind ? REGEX_BEHIND : REGEX_AHEAD, negated));
}

static uint32_t read_group(struct reader *r)
{
	uint32_t node;

	if (++r->depth > REGEX_DEPTH_MAX)
		return refuse(r, "groups too deep");
	r->at++;
	if (!strncmp(r->at, "?:", 2)) {
		r->at += 2;
		node = read_alternatives(r);
	} else if (!strncmp(r->at, "?=", 2) || !strncmp(r->at, "?!", 2)) {
		r->at += 2;
		node = read_look(r, false, r->at[-1] == '!');
	} else if (!strncmp(r->at, "?<=", 3) || !strncmp(r->at, "?<!", 3)) {
		r->at += 3;
		node = read_look(r, true, r->at[-1] == '!');
	} else if (*r->at == '?' || *r->at == '*') {
		return refuse(r, "a group that automata do not have");
	} else {
		node = read_alternatives(r);
	}
	r->depth--;
	if (node != UINT32_MAX && *r->at++ != ')')
		return refuse(r, "a group without end");
	return node;
}

static uint32_t read_atom(struct reader *r)
{
	struct regex_set set = {{0}};

	switch (*r->at) {
	case '(':
		return read_group(r);
	case '\\':
		return read_backslash(r);
	case '[':
		r->at++;
		return read_class(r, &set) ? keep(r, node_of_set(r->regex, &set, REGEX_SET, false))
					   : UINT32_MAX;
	case '.':
		r->at++;
		set = regex_all;
		if (!r->options->dotall)
			set.bits[0] &= ~(1ull << '\n');
		return keep(r, node_of_set(r->regex, &set, REGEX_SET, false));
	case '^':
		r->at++;
		if (r->options->relative)
			return refuse(r, "an anchor inside of a relative expression");
		if (r->options->multiline)
			set_add(&set, '\n');
		return keep(r, node_of_set(r->regex, &set, REGEX_BEHIND, true));
	case '$':
		/* Before a last line feed it would hold too: that place is given up. */
		r->at++;
		r->regex->exact &= r->options->multiline;
		if (r->options->multiline)
			set_add(&set, '\n');
		return keep(r, node_of_set(r->regex, &set, REGEX_AHEAD, true));
	case '*':
	case '+':
	case '?':
		return refuse(r, "a quantifier without anything before it");
	}
	set_add(&set, (unsigned char)*r->at++);
	if (r->options->nocase)
		set_fold(&set);
	return keep(r, node_of_set(r->regex, &set, REGEX_SET, false));
}

/* {n}, {n,}, {n,m}. false: it is text. */
static bool read_braces(const char **at, uint32_t *low, uint32_t *high)
{
	char *end;
	const char *p = *at + 1;

	if (!isdigit((unsigned char)*p))
		return false;
	*low = *high = (uint32_t)strtoul(p, &end, 10);
	if (*end == ',') {
		p = end + 1;
		*high = isdigit((unsigned char)*p) ? (uint32_t)strtoul(p, &end, 10) : REGEX_FOREVER;
		if (*high == REGEX_FOREVER)
			end = (char *)p;
	}
	if (*end != '}')
		return false;
	*at = end + 1;
	return true;
}

static uint32_t read_repeated(struct reader *r)
{
	uint32_t node = read_atom(r), low, high;

	while (node != UINT32_MAX) {
		if (*r->at == '*' || *r->at == '+' || *r->at == '?') {
			low = *r->at == '+';
			high = *r->at == '?' ? 1 : REGEX_FOREVER;
			r->at++;
		} else if (*r->at != '{' || !read_braces(&r->at, &low, &high)) {
			break;
		}
		if (*r->at == '+')
			return refuse(r, "a possessive quantifier");
		r->at += *r->at == '?';
		if (low > REGEX_REPEAT_MAX || (high != REGEX_FOREVER && high > REGEX_REPEAT_MAX) ||
		    high < low)
			return refuse(r, "too many repetitions");
		node = keep(r,
			    regex_node(r->regex,
				       (struct regex_node){
					       .kind = REGEX_REPEAT, .a = node, .low = low, .high = high}));
	}
	return node;
}

static uint32_t read_alternatives(struct reader *r)
{
	uint32_t all = UINT32_MAX;

	for (;;) {
		uint32_t row = keep(r, regex_node(r->regex, (struct regex_node){.kind = REGEX_EMPTY}));

		while (*r->at && *r->at != '|' && *r->at != ')') {
			row = keep(r, regex_cat(r->regex, row, read_repeated(r)));
			if (r->failed)
				return UINT32_MAX;
		}
		all = all == UINT32_MAX ? row : node_alt(r, all, row);
		if (*r->at != '|' || r->failed)
			return r->failed ? UINT32_MAX : all;
		r->at++;
	}
}

int regex_parse(struct regex *regex, const char *text, const struct regex_options *options, uint32_t *root)
{
	struct reader r = {.regex = regex, .options = options, .at = text};
	bool here = options->relative && *text == '^';

	r.at += here;
	*root = read_alternatives(&r);
	if (!r.failed && *r.at)
		refuse(&r, "a parenthesis too many");
	if (!r.failed && options->relative && here && strchr(text, '|'))
		for (uint32_t i = 0; i < regex->count; i++)
			if (regex->nodes[i].kind == REGEX_ALT && i == *root)
				refuse(&r, "an anchor of one alternative only");
	if (!r.failed && options->relative && !here)
		*root = keep(&r, regex_cat(regex, keep(&r, regex_gap(regex, 0, REGEX_FOREVER)), *root));
	return r.failed ? -EINVAL : 0;
}
