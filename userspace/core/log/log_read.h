/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log_read.h - logs of other products: bytes in, records of named fields out.
 * Pure. One row of a table per container; what fields mean is not known here
 * (access_map.h).
 */
#ifndef CORE_LOG_READ_H
#define CORE_LOG_READ_H

#include "lib/cleanup.h"
#include "lib/text.h"

/* Member of log_container_*, name, what it is. */
#define LOG_CONTAINERS(X)                                                                                    \
	X(xml, "xml", "Windows events: <Event> elements, one behind the other or in any document")           \
	X(json, "json",                                                                                      \
	  "JSON objects, one a line, one behind the other or in an array; members of members are a.b")       \
	X(csv, "csv", "RFC 4180: comma, semicolon or tab, the first line names the columns")                 \
	X(syslog, "syslog", "RFC 5424 and RFC 3164 lines; key=value and JSON in the message become fields")  \
	X(audit, "audit", "Linux auditd: lines of one event become a record for each file that it names")

#define LOG_FIELDS_MAX 128u
#define LOG_RECORD_MAX (1u << 20) /* bytes of one record */

/* Borrowed until the callback returns; UTF-8 where the text was. */
struct log_field {
	struct text name, value;
};
struct log_record {
	unsigned int line; /* where it begins, from 1 */
	unsigned int count;
	struct log_field fields[LOG_FIELDS_MAX];
};

/* The first field of exactly that name, else of that name in another case of ASCII letters; NULL: none. */
const struct text *log_field(const struct log_record *record, struct text name);

/* Records: what was read; each went to fn, or to refused with a reason. */
struct log_report {
	const char *container; /* which it was */
	uint64_t lines, records, refused;
};
typedef int (*log_record_fn)(const struct log_record *record, void *arg);
typedef void (*log_refused_fn)(unsigned int line, struct text shown, const char *why, void *arg);

/* Containers by name, "": by content. */
struct log_how {
	const char *container;
	/*
	 * Fields whose text is lines of "Label:  value", as Windows writes messages, NULL-terminated; may be
	 * NULL. They become "Section/Label" and, below no section, "Label"; a line that names a label twice
	 * counts the first time.
	 */
	const char *const *labels;
};

/*
 * Every record to fn; a negative answer ends the reading and is returned. What cannot be read is told to
 * refused (may be NULL) and counted, and reading goes on behind it. -EINVAL: no such container, or it is not
 * to be told by content; -ENOMEM.
 */
__must_check int log_read(struct text text, const struct log_how *how, log_record_fn fn,
			  log_refused_fn refused, void *arg, struct log_report *report);

bool log_container_known(const char *name);

#endif
