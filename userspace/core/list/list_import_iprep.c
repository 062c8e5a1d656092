// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_import_iprep.c - Suricata's reputation files: address,category,score.
 */
#include "list_import_parts.h"
#include "sekimori/abi.h"

#define CATEGORY_MAX 60u  /* as Suricata has them */
#define SCORE_MAX    127u /* 0 says that nothing is known */

static bool iprep_read(struct text line, struct text *address, uint64_t *category, uint64_t *score)
{
	*address = text_trim(text_split(&line, ','));
	return text_number(text_trim(text_split(&line, ',')), CATEGORY_MAX, category) &&
	       text_number(text_trim(line), SCORE_MAX, score);
}

static int iprep_row(struct list_import *in, unsigned int number, struct text line)
{
	static const uint8_t severities[] = {SEKI_SEVERITY_LOW, SEKI_SEVERITY_MEDIUM, SEKI_SEVERITY_HIGH,
					     SEKI_SEVERITY_CRITICAL};
	struct list_entry *entry = import_row(in, number, line);
	uint64_t category, score;
	struct text address;
	int err = 0;

	if (!iprep_read(line, &address, &category, &score)) {
		import_refuse(in, "not address,category (0 to %u),score (1 to %u)", CATEGORY_MAX, SCORE_MAX);
	} else if (!score) {
		import_refuse(in, "score 0: nothing is said against it");
	} else {
		char text[48];

		snprintf(text, sizeof(text), "reputation: category %u, score %u", (unsigned int)category,
			 (unsigned int)score);
		import_reason(in, "", text_of(text));
		entry->severity = severities[score / 32];
		err = import_add_text(in, entry, address);
	}
	if (!err)
		import_end(in);
	return err;
}

static int iprep_parse(struct list_import *in)
{
	struct text rest = in->text, line;
	unsigned int number = 0;
	int err = 0;

	while (!err && text_line(&rest, &line)) {
		number++;
		line = text_trim(line);
		if (line.len && *line.at != '#')
			err = iprep_row(in, number, line);
	}
	return err;
}

static enum list_sniff iprep_sniff(struct text head)
{
	uint64_t category, score;
	struct text line, address;
	struct prefix prefix;
	const char *why;

	return text_data_line(&head, &line) && iprep_read(line, &address, &category, &score) &&
			       !prefix_parse(address.at, address.len, &prefix, &why)
		       ? SNIFF_YES
		       : SNIFF_NO;
}

const struct list_format list_format_iprep = {
	.help = "Suricata reputation: address,category,score; the severity follows the score",
	.sniff = iprep_sniff,
	.parse = iprep_parse,
};
