/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * audit_log.h - every change that anyone or anything makes, one JSON line each,
 * chained: a line holds the hash of the line before, so that a line which is
 * changed, removed or put in shows, and so do all behind it. Cutting off the
 * end shows against the head, which is kept beside and told with every report.
 */
#ifndef STORE_AUDIT_LOG_H
#define STORE_AUDIT_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"

#define AUDIT_LOG_FILE	"audit.log"
#define AUDIT_LOG_HEAD	"audit.head"
#define AUDIT_HASH_TEXT 65u /* 64 hex digits and NUL */
#define AUDIT_LINE_MAX	16384u

struct audit_head {
	uint64_t number;	    /* lines so far */
	char hash[AUDIT_HASH_TEXT]; /* of the last line; zeros before the first */
};

struct audit_entry {
	uint64_t t; /* us since the epoch */
	uint32_t uid;
	const char *kind; /* "change", "alarm", "note", "read", … */
	const char *who;  /* a name, "" unknown */
	const char *text;
};

/*
 * The next line ("…\n", malloc'ed, without I/O) and the head behind it. -EMSGSIZE when it is longer than
 * AUDIT_LINE_MAX, -ENOMEM.
 */
__must_check int audit_line(const struct audit_head *head, const struct audit_entry *entry, char **line,
			    size_t *len, struct audit_head *next);

/* What is wrong first; number 0: nothing. */
struct audit_fault {
	uint64_t number;  /* of the line, from 1 */
	const char *what; /* static */
};
/*
 * Walks a whole log. expect: the head as kept elsewhere, or NULL. 0 also when a fault is found; -EBADMSG
 * never. *head is what the sound part ends with.
 */
void audit_verify(const char *text, size_t len, const struct audit_head *expect, struct audit_head *head,
		  struct audit_fault *fault);

/* On disk. One writer. */
struct audit_log;
/*
 * Opens or begins the log in dir and walks it against its head; half a line of a crash is taken off. A fault
 * does not stop it: what follows is chained to the last line as it stands, and every later walk finds the
 * fault again.
 */
__must_check int audit_log_open(const char *dir, struct audit_log **out, struct audit_fault *fault);
void audit_log_close(struct audit_log *log);
DEFINE_CLEANUP(audit_log_close, struct audit_log)
/* On disk when it returns 0. After an error nothing was added. */
__must_check int audit_log_add(struct audit_log *log, const struct audit_entry *entry);
const struct audit_head *audit_log_head(const struct audit_log *log);
/* Reads the head file of dir. -ENOENT, -EBADMSG. */
__must_check int audit_head_read(const char *dir, struct audit_head *head);

#endif
