// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * log_read_xml.c - Windows events: each <Event> is found in the text and given
 * to expat by itself, so that damage harms one event and memory is bounded.
 *
 * Fields: <Data Name="X">v</Data> is X, <EventID>4663</EventID> is EventID, an attribute is Element.Attribute
 * (TimeCreated.SystemTime).
 */
#include <errno.h>
#include <expat.h>
#include <string.h>

#include "log_read_parts.h"

#define DEPTH_MAX 16u

struct event {
	struct log_reader *reader;
	unsigned int depth;
	struct text names[DEPTH_MAX]; /* of the open elements, copied */
	struct text data[DEPTH_MAX];  /* their Name attribute */
	char *value;		      /* text of the innermost one, grows in the reader's scratch */
	size_t len;
};

static struct text kept(struct log_reader *reader, const char *string)
{
	return log_join(reader, text_of(string), "", text_of(""));
}

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
	struct event *event = user;
	struct log_reader *reader = event->reader;

	if (event->depth == DEPTH_MAX) {
		log_refuse(reader, "elements within elements, more than 16 levels");
		return;
	}
	event->names[event->depth] = kept(reader, name);
	event->data[event->depth] = text_of("");
	for (; *attributes; attributes += 2) {
		struct text attribute = log_join(reader, text_of(name), ".", text_of(attributes[0]));
		struct text value = kept(reader, attributes[1]);

		if (!strcmp(attributes[0], "Name") && !strcmp(name, "Data"))
			event->data[event->depth] = value;
		else if (strcmp(attributes[0], "xmlns") != 0)
			log_put(reader, attribute, value);
	}
	event->depth++;
	event->value = NULL;
	event->len = 0;
}

static void XMLCALL on_text(void *user, const XML_Char *text, int len)
{
	struct event *event = user;
	char *more = event->depth ? log_room(event->reader, (size_t)len) : NULL;

	if (!more)
		return;
	/* Pieces of one text lie one behind the other, since nothing else takes room between them. */
	if (!event->value)
		event->value = more;
	memcpy(more, text, (size_t)len);
	event->len += (size_t)len;
}

static void XMLCALL on_end(void *user, const XML_Char *name)
{
	struct event *event = user;
	struct text value = text_trim((struct text){event->value ? event->value : "", event->len});

	if (!event->depth)
		return;
	event->depth--;
	if (event->data[event->depth].len)
		log_put(event->reader, event->data[event->depth], value);
	else if (value.len)
		log_put(event->reader, event->names[event->depth], value);
	event->value = NULL;
	event->len = 0;
}

static int event_read(struct log_reader *reader, struct text element, unsigned int line)
{
	struct event event = {.reader = reader};
	XML_Parser parser;

	log_begin(reader, line);
	if (element.len > LOG_RECORD_MAX) {
		log_refuse(reader, "longer than 1 MiB");
		return log_end(reader, element);
	}
	parser = XML_ParserCreate("UTF-8");
	if (!parser)
		return -ENOMEM;
	XML_SetUserData(parser, &event);
	XML_SetElementHandler(parser, on_start, on_end);
	XML_SetCharacterDataHandler(parser, on_text);
	/* No document type can stand in front of an element that was cut out, so nothing of it expands. */
	if (XML_Parse(parser, element.at, (int)element.len, 1) != XML_STATUS_OK)
		log_refuse(reader, "not XML");
	XML_ParserFree(parser);
	return log_end(reader, element);
}

/* The place of word in text, or text.len. */
static size_t find(struct text text, const char *word)
{
	const char *found = text.len ? memmem(text.at, text.len, word, strlen(word)) : NULL;

	return found ? (size_t)(found - text.at) : text.len;
}

/* "<Event>" or "<Event xmlns=...": not "<Events>" nor "<EventID>". */
static size_t find_event(struct text text)
{
	size_t at = 0;

	for (;;) {
		at += find((struct text){text.at + at, text.len - at}, "<Event");
		if (at + 6 >= text.len)
			return text.len;
		if (strchr("> \t\r\n", text.at[at + 6]) && text.at[at + 6])
			return at;
		at += 6;
	}
}

static unsigned int lines_of(struct text text)
{
	unsigned int lines = 0;

	for (size_t i = 0; i < text.len; i++)
		lines += text.at[i] == '\n';
	return lines;
}

static int xml_read(struct log_reader *reader)
{
	struct text text = reader->text;
	unsigned int line = 1;
	int err = 0;

	while (!err) {
		size_t begin = find_event(text), end, next;
		struct text rest;

		line += lines_of((struct text){text.at, begin});
		text = (struct text){text.at + begin, text.len - begin};
		if (!text.len)
			break;
		end = find(text, "</Event>");
		end += end < text.len ? strlen("</Event>") : 0;
		/* An event that lost its end must not take the next one with it. */
		rest = (struct text){text.at + 6, text.len - 6};
		next = find_event(rest) + 6;
		if (next < end)
			end = next;
		err = event_read(reader, (struct text){text.at, end}, line);
		line += lines_of((struct text){text.at, end});
		text = (struct text){text.at + end, text.len - end};
	}
	reader->report->lines = line;
	return err;
}

static enum log_sniff xml_sniff(struct text head)
{
	return find_event(head) < head.len ? LOG_YES : LOG_NO;
}

const struct log_container log_container_xml = {.sniff = xml_sniff, .read = xml_read};
