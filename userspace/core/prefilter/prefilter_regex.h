/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prefilter_regex.h - regular expressions to automata that the kernel can
 * walk. What is accepted is never more than what the expression matches;
 * where it may be less, `exact` is false.
 */
#ifndef CORE_PREFILTER_REGEX_H
#define CORE_PREFILTER_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"

#define REGEX_SETS_MAX 256u

struct regex_set {
	uint64_t bits[4];
};

/* An expression as a tree; nodes refer to one another by number. */
enum regex_kind { REGEX_EMPTY, REGEX_SET, REGEX_CAT, REGEX_ALT, REGEX_REPEAT, REGEX_BEHIND, REGEX_AHEAD };
#define REGEX_FOREVER UINT32_MAX
struct regex_node {
	uint8_t kind;
	bool edge;	    /* BEHIND, AHEAD: holds at the beginning, at the end too */
	uint16_t set;	    /* SET, BEHIND, AHEAD */
	uint32_t a, b;	    /* children; REPEAT: a */
	uint32_t low, high; /* REPEAT */
};

struct regex {
	struct regex_node *nodes;
	uint32_t count, room;
	struct regex_set sets[REGEX_SETS_MAX];
	uint32_t set_count;
	bool exact;
	const char *why; /* of a refusal, static */
};

struct regex_options {
	bool nocase, dotall, multiline, relative; /* relative: "^" is where the walk stands */
};

void regex_clear(struct regex *regex);
DEFINE_CLEANUP(regex_clear, struct regex)

/* Building blocks. The number of the node, UINT32_MAX without memory (or, of sets, without room). */
uint32_t regex_node(struct regex *regex, struct regex_node node);
uint32_t regex_bytes(struct regex *regex, const uint8_t *data, uint32_t len, bool nocase);
/* Any byte, low to high times. */
uint32_t regex_gap(struct regex *regex, uint32_t low, uint32_t high);
uint32_t regex_cat(struct regex *regex, uint32_t a, uint32_t b);
/* PCRE's syntax to a tree. -EINVAL with regex->why: not a form that automata have. -ENOMEM. */
__must_check int regex_parse(struct regex *regex, const char *text, const struct regex_options *options,
			     uint32_t *root);

/* An automaton as in sekimori/prefilter.h: the last class is the end. */
struct automaton {
	uint8_t map[256];
	uint16_t *moves;
	uint32_t states, classes;
};
void automaton_clear(struct automaton *automaton);

/*
 * The automaton that finds root somewhere. known: the view's beginning and end are the real ones, so that
 * assertions about what lies beyond can hold. -E2BIG with regex->why: too many states. -EINVAL, -ENOMEM.
 */
__must_check int automaton_build(struct regex *regex, uint32_t root, bool known, struct automaton *out);

#endif
