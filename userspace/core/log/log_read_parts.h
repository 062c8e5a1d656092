/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log_read_parts.h - what the containers share, for the log_read*.c files only.
 */
#ifndef CORE_LOG_READ_PARTS_H
#define CORE_LOG_READ_PARTS_H

#include "log_read.h"

struct log_reader {
	struct text text; /* without byte order mark */
	const struct log_how *how;
	log_record_fn fn;
	log_refused_fn refused;
	void *arg;
	struct log_report *report;
	struct log_record record; /* the one under way */
	const char *why;	  /* it is not to be taken; NULL it may be */
	char *scratch;		  /* LOG_RECORD_MAX bytes for what had to be decoded or composed */
	size_t used;
};

/* How sure a container is that text is of it. */
enum log_sniff { LOG_NO, LOG_MAYBE, LOG_YES };

struct log_container {
	enum log_sniff (*sniff)(struct text head); /* the first LOG_SNIFF_ROOM bytes */
	__must_check int (*read)(struct log_reader *reader);
};
#define LOG_SNIFF_ROOM 65536u

/* A record begins; line from 1. */
void log_begin(struct log_reader *reader, unsigned int line);
/* A field of it; too many make the record refused. Both texts must hold until log_end(). */
void log_put(struct log_reader *reader, struct text name, struct text value);
/* A place of len bytes that holds until log_end(); NULL: the record is too long and will be refused. */
char *log_room(struct log_reader *reader, size_t len);
/* "a<between>b" in such a place; {"", 0} when there is none. */
struct text log_join(struct log_reader *reader, struct text a, const char *between, struct text b);
/* The record is not to be taken; the first why (static) stays. */
void log_refuse(struct log_reader *reader, const char *why);
/* The record ends: told to fn or, with shown, to refused. */
__must_check int log_end(struct log_reader *reader, struct text shown);

/* key=value, key="value" and key='value' of a line, each a field with prefix "". False: there was none. */
bool log_put_pairs(struct log_reader *reader, struct text line);
/* Members of a JSON object, those of members as a.b; numbers and words as they are written. False: no object.
 */
bool log_put_json(struct log_reader *reader, struct text object);
/* Lines of "Label: value". */
void log_put_labels(struct log_reader *reader, struct text message);

#define X(id, ...) extern const struct log_container log_container_##id;
LOG_CONTAINERS(X)
#undef X

#endif
