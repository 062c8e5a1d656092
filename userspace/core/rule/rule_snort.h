/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rule_snort.h - the third syntax: Snort 3. Its own keywords and meanings,
 * read into the same struct rule. What it has in common with Suricata is read
 * by the common rows.
 */
#ifndef CORE_RULE_SNORT_H
#define CORE_RULE_SNORT_H

#include "rule_parse.h"

/* Is a rule with this header and these options (NUL-terminated, without the parentheses) Snort 3? */
bool snort_recognise(const char *header, const char *options);

/* Row of a keyword that means something else or exists only there; NULL: the common row holds. */
const struct rule_keyword *snort_keyword_find(const char *name);
const struct rule_keyword *snort_keyword_at(unsigned int index);

/* "alert http": everything that the header leaves out is any. -EINVAL, -ENOMEM as rule_parse_header(). */
__must_check int snort_parse_header(struct rule_parser *parser, char *text);

/* The option that begins at *rest: as in Suricata, but quoted text may hold semicolons. */
char *snort_option_next(char **rest);

/* Services to protocols, once every option is read. */
__must_check int snort_finish(struct rule_parser *parser);

#endif
