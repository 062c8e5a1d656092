/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * severity.h - how urgent a rule is: the local table by sid first, then the
 * rule's signature_severity, then the priority of its classtype.
 */
#ifndef CORE_SEVERITY_H
#define CORE_SEVERITY_H

#include <stddef.h>
#include <stdint.h>

#include "ruleset.h"

struct severity_row {
	uint32_t sid;
	enum seki_severity severity;
};
struct severity_table {
	struct severity_row *rows; /* malloc'ed, sorted by sid after reading; the later of two lines wins */
	uint32_t count;
};

/* "sid severity" per line, # comments. 0, -EINVAL (a line was refused, the others hold), -ENOMEM. */
__must_check int severity_read(struct severity_table *table, const char *file, const char *text, size_t len,
			       ruleset_refused_fn fn, void *arg);
void severity_clear(struct severity_table *table);

/* info's sid, metadata, classtype and priority are filled. */
enum seki_severity severity_of(const struct severity_table *table, const struct rule_info *info);

/* -EINVAL: not one of the names in SEKI_SEVERITIES. */
__must_check int severity_parse(const char *text, enum seki_severity *out);

#endif
