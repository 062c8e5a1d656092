/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_import.h - list files as people publish them: bytes in, entries out.
 * Pure; times are arguments. One row of a table per format.
 */
#ifndef CORE_LIST_IMPORT_H
#define CORE_LIST_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "lib/prefix.h"
#include "list_guard.h"

/* Member of list_format_* and name: one row per format. */
#define LIST_FORMATS(X)                                                                                      \
	X(plain, "plain")                                                                                    \
	X(firehol, "firehol")                                                                                \
	X(spamhaus, "spamhaus")                                                                              \
	X(spamhaus_json, "spamhaus-json")                                                                    \
	X(feodo, "feodo")                                                                                    \
	X(feodo_json, "feodo-json")                                                                          \
	X(crowdsec, "crowdsec")                                                                              \
	X(iprep, "iprep")                                                                                    \
	X(stix, "stix")                                                                                      \
	X(misp, "misp")                                                                                      \
	X(own, "sekimori")

#define LIST_SEVERITY_UNSAID 0xffu
#define LIST_REASON_ROOM     128u /* with the terminating NUL */

/* What one row of a file says about one prefix. */
struct list_entry {
	struct prefix prefix;
	uint8_t flags;		   /* SEKI_ENTRY_*; 0: those of the list */
	uint8_t severity;	   /* enum seki_severity or LIST_SEVERITY_UNSAID */
	bool remove;		   /* a change that takes the prefix off the list */
	uint64_t created, expires; /* epoch seconds, 0: unsaid */
	const char *reason; /* UTF-8 without control characters, shorter than LIST_REASON_ROOM; "" none */
};

/*
 * Rows: lines of a text, elements of a document. Every row read is either accepted, merged (all it names was
 * there before) or refused. `removed` of the accepted ones take something off.
 */
struct list_report {
	uint32_t lines, accepted, merged, refused, removed;
	uint64_t not_after; /* the file's own word how long it holds, 0 none */
	uint32_t allow; /* enum list_allow: what would have to be allowed for the file to be taken; 0: nothing
			 */
	const char *format; /* which it was */
	char refusal[200];  /* why the whole is not to be taken; "" it may be */
};

/* 0, -EEXIST for a prefix that is there already, or another -errno, which ends the reading and is returned.
 */
typedef int (*list_entry_fn)(const struct list_entry *entry, void *arg);
typedef void (*list_refused_fn)(unsigned int line, const char *text, const char *why, void *arg);

struct list_import_how {
	const char *format;		/* "" or NULL: by content */
	uint64_t now;			/* epoch seconds; what ended before is refused. 0: nothing is */
	uint8_t flags;			/* SEKI_ENTRY_* of rows that do not say */
	const struct list_guard *guard; /* NULL: nothing is refused for what it covers */
	list_refused_fn
		noted; /* may be NULL: what touches our own side and is taken, since that is allowed */
};

/*
 * Every row of text to add, every refused one to refused (may be NULL) with its line and why. A malformed row
 * is left out and counted, never ends or shortens the rest; what makes the whole doubtful (cut off, counts
 * that do not fit, too much of the address space) is in report->refusal. -EINVAL with report->refusal: there
 * is no such format, or by content it is not to be told. Else add's -errno.
 */
__must_check int list_import(const char *text, size_t len, const struct list_import_how *how,
			     list_entry_fn add, list_refused_fn refused, void *arg,
			     struct list_report *report);

/* Rows of the table for help and messages: false at the end. */
bool list_import_format(unsigned int at, const char **name, const char **help);
bool list_import_known(const char *name);

#endif
