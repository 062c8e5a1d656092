// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * document_picture.c - a report's pictures as SVG within its page: no script, no
 * style of their own.
 */
#include "document_private.h"

#define WIDTH	  960u
#define MARK	  5u
#define BAR_LEFT  380u
#define BAR_WIDTH 470u
#define BAR_STEP  22u

static const char *const classes[] = {
	[TONE_PLAIN] = "plain", [TONE_GOOD] = "seen", [TONE_LOOK] = "bad", [TONE_NOTE] = "mild"};

static unsigned int place(uint64_t at, uint64_t scale, unsigned int width)
{
	return (unsigned int)((unsigned __int128)at * width / scale);
}

/* What lies on the line is drawn in its order; however short, it is seen. */
static void strip_write(const struct part *part, struct output *out)
{
	for (size_t i = 0; i < part->stroke_count; i++) {
		const struct stroke *stroke = &part->strokes[i];
		unsigned int from = place(stroke->from, part->scale, WIDTH),
			     to = place(stroke->to, part->scale, WIDTH);

		if (stroke->from == stroke->to && !*stroke->text) {
			output_format(out, "<path class=\"%s\" d=\"M%u 18l-%u -12h%uz\"/>\n",
				      classes[stroke->tone], from, MARK, 2 * MARK);
		} else if (stroke->from < stroke->to) {
			from = to - from < 2 && from + 2 > WIDTH ? WIDTH - 2 : from;
			output_format(out,
				      "<rect class=\"%s\" x=\"%u\" y=\"20\" width=\"%u\" height=\"24\"/>\n",
				      classes[stroke->tone], from, to < from + 2 ? 2 : to - from);
		}
		if (!*stroke->text)
			continue;
		output_format(out, "<text x=\"%u\" y=\"57\" text-anchor=\"%s\">", from,
			      from < WIDTH / 4	     ? "start"
			      : from > WIDTH * 3 / 4 ? "end"
						     : "middle");
		output_escaped(out, stroke->text);
		output_text(out, "</text>\n");
	}
}

static void bars_write(const struct part *part, struct output *out)
{
	for (size_t i = 0; i < part->stroke_count; i++) {
		const struct stroke *stroke = &part->strokes[i];
		unsigned int y = (unsigned int)i * BAR_STEP,
			     width = place(stroke->to, part->scale, BAR_WIDTH) + 1;

		output_format(out,
			      "<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"16\"/>"
			      "<text x=\"%u\" y=\"%u\" text-anchor=\"end\">",
			      classes[stroke->tone], BAR_LEFT, y + 2, width, BAR_LEFT - 8, y + 14);
		output_escaped(out, stroke->text);
		output_format(out, "</text><text x=\"%u\" y=\"%u\">%llu</text>\n", BAR_LEFT + width + 8,
			      y + 14, (unsigned long long)stroke->to);
	}
}

void document_write_picture(const struct part *part, struct output *out)
{
	unsigned int height =
		part->picture == PICTURE_STRIP ? 60 : (unsigned int)part->stroke_count * BAR_STEP + 4;

	if (part->picture == PICTURE_BARS) { /* a strip stands below its own heading */
		output_text(out, "<p class=\"note\">");
		output_escaped(out, part->text);
		output_text(out, "</p>\n");
	}
	output_format(out, "<svg viewBox=\"0 0 %u %u\" role=\"img\" aria-label=\"", WIDTH, height);
	output_escaped(out, part->text);
	output_text(out, "\">\n");
	if (part->picture == PICTURE_STRIP)
		strip_write(part, out);
	else
		bars_write(part, out);
	output_text(out, "</svg>\n");
}
