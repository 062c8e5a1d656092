// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_import_json.c - JSON lists without a tree of the whole: the document is
 * walked, and each element of the arrays that matter is read by itself. That
 * bounds memory, gives lines, and leaves one bad element alone.
 */
#include <errno.h>
#include <string.h>

#include "lib/json_scan.h"
#include "list_import_parts.h"

#define DEPTH_MAX   32u	       /* of the document around the elements, and within one */
#define ELEMENT_MAX (1u << 20) /* bytes */

struct walk {
	struct list_import *in;
	const struct json_reader *reader;
	struct text text;
	size_t at;
	unsigned int line, depth;
	struct {
		char close;	 /* ] or } */
		struct text key; /* of the container itself */
	} open[DEPTH_MAX];
	struct text key; /* of the value that comes next */
	bool want_value; /* a key and its colon were read */
};

static int element_read(struct list_import *in, const struct json_reader *reader, const char *array,
			unsigned int line, struct text text)
{
	struct json_element element = {.array = array, .line = line, .text = text};
	json_error_t error;
	json_t *object;
	int err = 0;

	object = text.len <= ELEMENT_MAX ? json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, &error)
					 : NULL;
	if (json_is_object(object)) {
		element.object = object;
		err = reader->element(in, &element, reader->arg);
	} else {
		import_row(in, line, text);
		if (text.len > ELEMENT_MAX)
			import_refuse(in, "longer than %u bytes", ELEMENT_MAX);
		else
			import_refuse(in, "not a JSON object: %.100s",
				      object ? "it is something else" : error.text);
		import_end(in);
	}
	json_decref(object);
	return err;
}

/* Nobody asks for more than the members of what was read before. */
static void walk_doubt(struct walk *w, const char *what)
{
	if (w->in)
		import_doubt(w->in, LIST_ALLOW_CUT, "line %u %s", w->line, what);
}

static const char *array_wanted(const struct walk *w)
{
	const char *const *name = w->reader->arrays;

	if (!name || !w->depth || w->open[w->depth - 1].close != ']')
		return NULL;
	while (*name && !text_is(w->open[w->depth - 1].key, *name))
		name++;
	return *name;
}

static int walk_open(struct walk *w, char c)
{
	const char *array = c == '{' ? array_wanted(w) : NULL;
	unsigned int lines, deepest;
	struct text element;
	size_t end;
	int err;

	if (!array) {
		if (w->depth == DEPTH_MAX) {
			walk_doubt(w, "is nested too deep");
			return -ECANCELED;
		}
		if (c == '{' && w->reader->object && w->want_value) {
			end = json_container_end(w->text, w->at, &lines, &deepest);
			element = (struct text){w->text.at + w->at, end - w->at};
			if (end <= w->text.len)
				w->reader->object(w->key, element, w->reader->arg);
		}
		w->open[w->depth].close = c == '{' ? '}' : ']';
		/* Arrays in arrays have no name; the top one is "". */
		w->open[w->depth++].key = w->want_value ? w->key : (struct text){"", 0};
		w->want_value = false;
		w->at++;
		return 0;
	}
	end = json_container_end(w->text, w->at, &lines, &deepest);
	if (end > w->text.len)
		end = w->text.len;
	element = (struct text){w->text.at + w->at, end - w->at};
	if (deepest > DEPTH_MAX) {
		import_row(w->in, w->line, element);
		import_refuse(w->in, "more than %u levels", DEPTH_MAX);
		import_end(w->in);
		err = 0;
	} else {
		err = element_read(w->in, w->reader, array, w->line, element);
	}
	w->at = end;
	w->line += lines;
	return err;
}

static void walk_scalar(struct walk *w, struct text value)
{
	if (w->want_value && w->reader->member)
		w->reader->member(w->depth, w->key, value, w->reader->arg);
	w->want_value = false;
}

static void walk_string(struct walk *w)
{
	size_t end = json_string_end(w->text, w->at), next = end;
	struct text inner = {w->text.at + w->at + 1, end - w->at - 1};

	if (inner.len && inner.at[inner.len - 1] == '"')
		inner.len--;
	while (next < w->text.len && memchr(" \t\r\n", w->text.at[next], 4))
		next++;
	w->at = end;
	if (!w->want_value && next < w->text.len && w->text.at[next] == ':') {
		w->key = inner;
		w->want_value = true;
		for (; w->at < next; w->at++)
			w->line += w->text.at[w->at] == '\n';
		w->at++;
	} else {
		walk_scalar(w, inner);
	}
}

/* A number, true, false or null; anything else is damage, and one of its bytes is passed. */
static int walk_word(struct walk *w)
{
	size_t len = 0;

	while (w->at + len < w->text.len && len < 64 &&
	       strchr("+-.0123456789aeflnrstuE", w->text.at[w->at + len]) && w->text.at[w->at + len])
		len++;
	if (!len) {
		walk_doubt(w, "is not JSON");
		len = 1;
	}
	walk_scalar(w, (struct text){w->text.at + w->at, len});
	w->at += len;
	return 0;
}

static int walk_step(struct walk *w)
{
	char c = w->text.at[w->at];

	switch (c) {
	case '\n':
		w->line++;
		/* fallthrough */
	case ' ':
	case '\t':
	case '\r':
	case ',':
		w->at++;
		return 0;
	case '{':
	case '[':
		return walk_open(w, c);
	case '}':
	case ']':
		if (!w->depth || w->open[w->depth - 1].close != c)
			walk_doubt(w, c == '}' ? "has a } too many" : "has a ] too many");
		else
			w->depth--;
		w->want_value = false;
		w->at++;
		return 0;
	case '"':
		walk_string(w);
		return 0;
	default:
		return walk_word(w);
	}
}

int import_json(struct list_import *in, const struct json_reader *reader)
{
	struct walk w = {.in = in, .reader = reader, .text = in->text, .line = 1};
	int err = 0;

	while (!err && w.at < w.text.len)
		err = walk_step(&w);
	if (err == -ECANCELED)
		return 0; /* said as a doubt */
	if (!err && w.depth)
		import_doubt(in, LIST_ALLOW_CUT, "it is cut off: the document does not end");
	return err;
}

void json_members(struct text object,
		  void (*member)(unsigned int depth, struct text key, struct text value, void *arg),
		  void *arg)
{
	const struct json_reader reader = {.member = member, .arg = arg};
	struct walk w = {.reader = &reader, .text = object, .line = 1};

	while (w.at < w.text.len && !walk_step(&w))
		;
}

int import_json_lines(struct list_import *in, const struct json_reader *reader)
{
	struct text rest = in->text, line;
	unsigned int number = 0;
	int err = 0;

	while (!err && text_line(&rest, &line)) {
		number++;
		line = text_trim(line);
		if (line.len)
			err = element_read(in, reader, "", number, line);
	}
	return err;
}

struct text json_text(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_string(value) ? (struct text){json_string_value(value), json_string_length(value)}
				     : (struct text){"", 0};
}

bool json_head(struct text head)
{
	while (head.len && memchr(" \t\r\n", *head.at, 4)) {
		head.at++;
		head.len--;
	}
	return head.len && (*head.at == '{' || *head.at == '[');
}

bool json_has(struct text head, const char *key)
{
	char quoted[64];

	snprintf(quoted, sizeof(quoted), "\"%s\"", key);
	return json_head(head) && text_has(head, quoted);
}
