/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * assess_point.h - one point of a guideline: is it well formed, is it met, and
 * how it is said.
 */
#ifndef CORE_ASSESS_POINT_H
#define CORE_ASSESS_POINT_H

#include <jansson.h>

#include "core/rule/explain.h"

enum assess_answer { ASSESS_MET, ASSESS_DRIFT, ASSESS_UNKNOWN };

struct assess_point_result {
	enum assess_answer answer;
	const json_t *point, *row; /* borrowed; row NULL: the point is about all */
	const json_t *value;	   /* what is; NULL: not known, or absent */
	const json_t *wanted;	   /* what it was compared with; NULL: not known, or absence is wanted */
	const char *relation;	   /* "", "not ", ">= ", "<= " */
};

/* What is wrong with a point, NULL: nothing. */
const char *assess_point_fault(const json_t *point);
struct assess_point_result assess_point_judge(const json_t *point, const json_t *row, const json_t *facts);

/* The value at a path "a.b.c", of the row when its first name is there, else of the facts; NULL: none. */
const json_t *assess_fact(const char *path, const json_t *row, const json_t *facts);

/* malloc'ed, NULL: no memory. A text of the point in the language (or the same for all), with {path} filled.
 */
char *assess_text(const json_t *point, const char *key, enum explain_language language, const json_t *row,
		  const json_t *facts);
char *assess_value(const json_t *value);
char *assess_wanted(const struct assess_point_result *result);

#endif
