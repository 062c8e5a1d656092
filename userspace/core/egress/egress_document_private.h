/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * egress_document_private.h - what the sections of the suspicious-communication
 * report share.
 */
#ifndef CORE_EGRESS_DOCUMENT_PRIVATE_H
#define CORE_EGRESS_DOCUMENT_PRIVATE_H

#include "core/report/document.h"
#include "core/report/phrase.h"
#include "egress_report_parts.h"

struct writer {
	const struct egress_report *report;
	struct document *document;
	enum explain_language language;
	int32_t zone_s;
};

const char *writer_say(const struct writer *w, enum phrase which);
/* Each fills text and returns it. */
const char *writer_when(const struct writer *w, uint64_t us, char text[48]);
const char *writer_number(uint64_t value, char text[24]);
const char *writer_tenths(uint64_t value, char text[24]);
/* Takes text over; NULL is want of memory, which an empty cell must not hide: *failed. */
void writer_cell(struct document *document, char *text, bool *failed);

void writer_findings(const struct writer *w, bool *failed);
void writer_steps(const struct writer *w);
void writer_talks(const struct writer *w);

#endif
