// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Event lines of egress, whole or damaged, through a report into every format
 * and language: it never says more than its lines do, documents are always
 * written, and what is of ours and readable comes back equal when written and read again.
 */
#include <stdlib.h>
#include <string.h>

#include "core/egress/egress_report.h"
#include "core/report/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FROM 1788220800000000ull
#define TO   (FROM + 3600000000ull)

/* A span that was read says the same when it is told again. */
static void again(const struct egress_record *record)
{
	struct egress_record back;
	char *line = NULL;
	size_t len = 0;

	if (egress_line_coverage(&record->coverage, &line, &len) || egress_line_parse(line, len, &back) ||
	    memcmp(&back.coverage, &record->coverage, sizeof(back.coverage)) != 0)
		abort();
	free(line);
}

static void write_all(const struct egress_report *report)
{
	for (int language = EXPLAIN_EN; language <= EXPLAIN_JA; language++) {
		CLEANUP(document_free) struct document *document = NULL;

		if (egress_report_document(report, (enum explain_language)language, 9 * 3600, &document))
			abort();
		for (int format = 0; format < DOCUMENT_FORMATS; format++) {
			char *text = NULL;
			size_t len = 0;

			if (document_write(document, (enum document_format)format, &text, &len) ||
			    strlen(text) != len || strchr(text, 0x1b))
				abort();
			free(text);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(egress_report_free) struct egress_report *report = NULL;
	const char *at = (const char *)data, *end = at + size;
	struct egress_record record;
	uint64_t canaries = 0;

	if (egress_report_new(FROM, TO, &report))
		abort();
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((stop ? stop : end) - at);

		if (!egress_line_parse(at, len, &record) && record.kind == EGRESS_LINE_COVERAGE) {
			again(&record);
			canaries += record.coverage.canaries_seen;
		}
		if (egress_report_line(report, at, len))
			abort();
		at = stop ? stop + 1 : end;
	}
	egress_report_close(report);
	/* zero is not proven by nothing */
	if (egress_report_verdict(report) == EGRESS_ZERO &&
	    (!canaries || egress_report_coverage(report) != 1000))
		abort();
	write_all(report);
	return 0;
}
