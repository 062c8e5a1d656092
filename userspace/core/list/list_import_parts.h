/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_import_parts.h - what the formats share, for the list_import_*.c files
 * only.
 */
#ifndef CORE_LIST_IMPORT_PARTS_H
#define CORE_LIST_IMPORT_PARTS_H

#include <jansson.h>

#include "lib/civil.h"
#include "lib/text.h"
#include "list_import.h"

struct list_import {
	struct text text; /* without byte order mark */
	const struct list_import_how *how;
	list_entry_fn add;
	list_refused_fn refused;
	void *arg;
	struct list_report *report;
	struct list_share share;
	struct list_entry entry; /* defaults of every row: what import_row() begins with */
	/* the row under way */
	unsigned int line;
	struct text shown;
	bool fresh, named;
	char why[200];
	char reason[LIST_REASON_ROOM];
};

/* How sure a format is that text is of it. */
enum list_sniff { SNIFF_NO, SNIFF_MAYBE, SNIFF_YES };

struct list_format {
	const char *help;
	enum list_sniff (*sniff)(struct text head); /* the first SNIFF_ROOM bytes */
	/* Every row of in->text. 0 or what import_add() gave. */
	int (*parse)(struct list_import *in);
};
#define SNIFF_ROOM 65536u

/* --- rows: begin, add what the row names, end */

/* A row begins at this line; shown is said when it is refused. Gives the entry to be filled, with defaults.
 */
struct list_entry *import_row(struct list_import *in, unsigned int line, struct text shown);
/* One prefix of the row. Refused ones (guard, expired) are noted and give 0. -errno ends the reading. */
__must_check int import_add(struct list_import *in, const struct list_entry *entry);
/* The same, from text. */
__must_check int import_add_text(struct list_import *in, struct list_entry *entry, struct text prefix);
/* The same, every prefix of an address, CIDR or a-b range. */
__must_check int import_add_range(struct list_import *in, struct list_entry *entry, struct text text);
/* The row is not (wholly) taken; the first why stays. */
__attribute__((format(printf, 2, 3))) void import_refuse(struct list_import *in, const char *format, ...);
/* Counts the row. */
void import_end(struct list_import *in);
/* The whole file is doubtful; the first why stays. */
__attribute__((format(printf, 3, 4))) void import_doubt(struct list_import *in, uint32_t allow,
							const char *format, ...);
/* Appends to the row's reason, sep between, without control characters and cut (with ...) at its room. */
void import_reason(struct list_import *in, const char *sep, struct text text);

/* --- JSON: documents that are read element by element, lines with one object each */

struct json_element {
	const char *array; /* the key of its array, "" at the top */
	unsigned int line;
	struct text text;
	const json_t *object;
};
/*
 * Calls element for every object that stands in an array whose key is one of arrays (NULL-terminated; NULL:
 * none), wherever that is; the row is its to begin and end. Elements that are no JSON are refused here; a
 * document that is cut off is a doubt. object (may be NULL) hears of every other object that is a member,
 * before what is in it.
 */
struct json_reader {
	const char *const *arrays;
	int (*element)(struct list_import *in, const struct json_element *element, void *arg);
	void (*object)(struct text key, struct text object, void *arg);
	void (*member)(unsigned int depth, struct text key, struct text value,
		       void *arg); /* json_members() */
	void *arg;
};
__must_check int import_json(struct list_import *in, const struct json_reader *reader);
/* Every member of the object that is no container; those of the object itself have depth 1. */
void json_members(struct text object,
		  void (*member)(unsigned int depth, struct text key, struct text value, void *arg),
		  void *arg);
/* Every line that is not blank as an object; those that are none are refused. */
__must_check int import_json_lines(struct list_import *in, const struct json_reader *reader);
/* A member that is a string, or "". */
struct text json_text(const json_t *object, const char *key);
/* Is the head the begin of a JSON document, and does it have this key somewhere? */
bool json_head(struct text head);
bool json_has(struct text head, const char *key);

#define X(id, name) extern const struct list_format list_format_##id;
LIST_FORMATS(X)
#undef X

#endif
