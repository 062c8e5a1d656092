// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * document_text.c - a report for a terminal: columns stand under each other also
 * where characters are two cells wide.
 */
#include <string.h>

#include "document_private.h"

#define GAP 2u

/* Ranges that UAX 11 calls wide or fullwidth, and marks that stand on the character before them. */
static const struct {
	uint32_t first, last;
	uint8_t cells;
} widths[] = {
	{0x0300, 0x036f, 0}, {0x1100, 0x115f, 2}, {0x200b, 0x200f, 0},	 {0x2e80, 0x303e, 2},
	{0x3041, 0x33ff, 2}, {0x3400, 0x4dbf, 2}, {0x4e00, 0x9fff, 2},	 {0xa000, 0xa4cf, 2},
	{0xac00, 0xd7a3, 2}, {0xf900, 0xfaff, 2}, {0xfe00, 0xfe0f, 0},	 {0xfe30, 0xfe6f, 2},
	{0xff01, 0xff60, 2}, {0xffe0, 0xffe6, 2}, {0x1f300, 0x1faff, 2}, {0x20000, 0x3fffd, 2},
};

static size_t code_cells(uint32_t code)
{
	for (size_t i = 0; i < ARRAY_LEN(widths); i++)
		if (code >= widths[i].first && code <= widths[i].last)
			return widths[i].cells;
	return 1;
}

size_t document_width(const char *text)
{
	const uint8_t *at = (const uint8_t *)text;
	size_t cells = 0;

	while (*at) {
		uint32_t code = *at++;
		unsigned int more = code >= 0xf0 ? 3 : code >= 0xe0 ? 2 : code >= 0xc0 ? 1 : 0;

		if (more)
			code &= 0x3fu >> more;
		for (; more && (*at & 0xc0) == 0x80; more--)
			code = code << 6 | (*at++ & 0x3f);
		cells += code_cells(code);
	}
	return cells;
}

static void cell_write(struct output *out, const char *text, size_t width, bool right, bool last)
{
	size_t cells = document_width(text), fill = cells < width ? width - cells : 0;

	if (right)
		output_spaces(out, fill);
	output_text(out, text);
	if (!right && !last)
		output_spaces(out, fill);
	if (!last)
		output_spaces(out, GAP);
}

static void table_write(const struct part *part, struct output *out)
{
	size_t width[DOCUMENT_COLUMNS_MAX], columns = part->column_count;

	for (size_t i = 0; i < columns; i++)
		width[i] = document_width(part->columns[i].title);
	for (size_t i = 0; i < part->cell_count; i++) {
		size_t cells = document_width(part->cells[i]);

		if (cells > width[i % columns])
			width[i % columns] = cells;
	}
	for (size_t i = 0; i < part->shown; i++)
		cell_write(out, part->columns[i].title, width[i], part->columns[i].number,
			   i + 1 == part->shown);
	output_text(out, "\n");
	for (size_t i = 0; i < part->cell_count; i++) {
		bool last = i % columns + 1 == part->shown;

		if (i % columns >= part->shown)
			continue;
		cell_write(out, part->cells[i], width[i % columns], part->columns[i % columns].number, last);
		if (last)
			output_text(out, "\n");
	}
}

void document_write_text(const struct document *document, struct output *out)
{
	static const char *const marks[] = {
		[TONE_PLAIN] = "", [TONE_GOOD] = "", [TONE_LOOK] = "! ", [TONE_NOTE] = "  "};

	output_format(out, "%s\n", document->title);
	for (size_t i = document_width(document->title); i; i--)
		output_text(out, "=");
	output_text(out, "\n");
	for (const struct part *part = document->first; part; part = part->next) {
		switch (part->kind) {
		case PART_SECTION:
			output_format(out, "\n%s\n", part->text);
			for (size_t i = document_width(part->text); i; i--)
				output_text(out, "-");
			output_text(out, "\n");
			break;
		case PART_SENTENCE:
			output_format(out, "%s%s\n", marks[part->tone], part->text);
			break;
		case PART_PICTURE:
			break;
		case PART_TABLE:
			if (!part->shown)
				break;
			table_write(part, out);
			if (*part->text)
				output_format(out, "  < %s\n", part->text);
			break;
		}
	}
}
