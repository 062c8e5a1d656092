// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mime.c - line by line: headers, boundaries, transfer encodings.
 */
#include "mime.h"

#include <string.h>

#include "core/flow/account.h"
#include "lib/base64.h"

/* What is longer is an oddity; it is read all the same. */
#define MIME_BOUNDARY_LONG 254u
#define MIME_NAME_LONG	   75u
#define MIME_VALUE_LONG	   2000u
#define MIME_FILENAME_LONG 255u
#define MIME_LINE_LONG	   998u /* RFC 5322 section 2.1.1 */
#define MIME_CODED_LONG	   76u	/* RFC 2045 section 6 */

#define MIME_LINE_MAX 4096u /* longer lines are read in pieces of this size */

enum mime_state { MIME_HEAD, MIME_LEAF, MIME_BETWEEN /* parts: preamble, epilogue */ };
enum mime_encoding { MIME_PLAIN, MIME_BASE64, MIME_QUOTED };

struct mime_part {
	struct blob name, data;
	bool done;
	uint64_t size; /* decoded, kept or not */
	bool gap;
};

struct mime {
	enum mime_state state;
	enum mime_encoding encoding;
	bool form;
	bool midline; /* the next piece continues a line */
	struct blob line, head;
	struct blob mail_head; /* the first header block, when it was a mail's */
	bool mail_head_done;
	struct event_list events;
	struct blob boundaries[MIME_DEPTH_MAX]; /* [0..depth) with the leading "--" */
	unsigned int depth;
	struct mime_part files[MIME_FILES_MAX];
	unsigned int count;
	bool open; /* files[count - 1] is being filled */
	uint32_t total;
	uint8_t eol[2]; /* held back: belongs to a boundary if one follows */
	uint8_t eol_len;
	uint32_t quantum; /* base64 bits */
	unsigned int quantum_chars;
	uint32_t left;	   /* left out in this call */
	uint32_t line_len; /* of the line so far, without its end */
};

struct mime *mime_new_mail(void)
{
	struct mime *mime = calloc(1, sizeof(*mime));

	if (mime)
		account_charge(sizeof(*mime));
	return mime;
}

bool mime_parameter(struct span value, const char *name, struct span *out)
{
	while (value.len) {
		struct span key;
		uint32_t n = 0;
		bool quoted = false;

		while (n < value.len && (quoted || value.data[n] != ';')) {
			quoted ^= value.data[n] == '"';
			n++;
		}
		value = span_from(value, n < value.len ? n + 1 : n);
		key = (struct span){value.data, span_find(value, '=')};
		if (key.len == value.len || !span_is(span_trim(key), name))
			continue;
		value = span_trim(span_from(value, key.len + 1));
		if (value.len && value.data[0] == '"') {
			value = span_from(value, 1);
			value.len = span_find(value, '"');
		} else {
			value.len = span_find(value, ';');
			value = span_trim(value);
		}
		*out = value;
		return true;
	}
	return false;
}

static bool boundary_push(struct mime *mime, struct span type)
{
	struct blob *boundary = &mime->boundaries[mime->depth];
	struct span value;

	if (!span_begins(type, "multipart/") || !mime_parameter(type, "boundary", &value) || !value.len)
		return false;
	if (value.len > MIME_BOUNDARY_LONG)
		event_list_add(&mime->events, EVENT_SMTP_MIME_LONG_BOUNDARY);
	if (mime->depth == MIME_DEPTH_MAX || value.len > MIME_BOUNDARY_MAX)
		return false;
	blob_clear(boundary);
	if (blob_text(boundary, "--", MIME_BOUNDARY_MAX + 2) ||
	    blob_add(boundary, value.data, value.len, MIME_BOUNDARY_MAX + 2))
		return false;
	mime->depth++;
	mime->state = MIME_BETWEEN;
	return true;
}

struct mime *mime_new_form(struct span content_type)
{
	CLEANUP(mime_free) struct mime *mime = mime_new_mail();

	if (!mime)
		return NULL;
	mime->form = true;
	return boundary_push(mime, span_trim(content_type)) ? TAKE_PTR(mime) : NULL;
}

void mime_free(struct mime *mime)
{
	if (!mime)
		return;
	for (unsigned int i = 0; i < MIME_DEPTH_MAX; i++)
		blob_free(&mime->boundaries[i]);
	for (unsigned int i = 0; i < MIME_FILES_MAX; i++) {
		blob_free(&mime->files[i].name);
		blob_free(&mime->files[i].data);
	}
	blob_free(&mime->line);
	blob_free(&mime->head);
	blob_free(&mime->mail_head);
	account_release(sizeof(*mime));
	free(mime);
}

static void file_write(struct mime *mime, const void *data, uint32_t len)
{
	struct blob *blob;
	uint32_t room = MIME_TOTAL_MAX - mime->total, before, left = 0;

	if (!mime->open)
		return;
	mime->files[mime->count - 1].size += len;
	if (len > room) {
		left = len - room;
		len = room;
	}
	blob = &mime->files[mime->count - 1].data;
	before = blob->len;
	left += blob_add(blob, data, len, MIME_FILE_MAX);
	mime->total += blob->len - before;
	mime->left += left;
}

static void part_end(struct mime *mime)
{
	uint8_t tail[2] = {(uint8_t)(mime->quantum >> 16), (uint8_t)(mime->quantum >> 8)};

	/* An unfinished quantum, as decoders that forgive missing padding read it. */
	if (mime->encoding == MIME_BASE64 && mime->quantum_chars >= 2)
		file_write(mime, tail, mime->quantum_chars - 1);
	mime->quantum = 0;
	mime->quantum_chars = 0;
	mime->eol_len = 0;
	if (mime->open && mime->form && !mime->files[mime->count - 1].size)
		event_list_add(&mime->events, EVENT_HTTP_MULTIPART_NO_FILEDATA);
	if (mime->open)
		mime->files[mime->count - 1].done = true;
	mime->open = false;
	mime->encoding = MIME_PLAIN;
}

static void base64_write(struct mime *mime, struct span line)
{
	uint8_t out[MIME_LINE_MAX];
	uint32_t n = 0;

	for (uint32_t i = 0; i < line.len; i++) {
		int v;

		if (!mime->quantum_chars)
			i += base64_groups(span_from(line, i), out, &n);
		if (i == line.len)
			break;
		v = base64_digit(line.data[i]);
		if (line.data[i] == '=' && mime->quantum_chars >= 2) {
			out[n++] = (uint8_t)(mime->quantum >> 16);
			if (mime->quantum_chars == 3)
				out[n++] = (uint8_t)(mime->quantum >> 8);
			mime->quantum = 0;
			mime->quantum_chars = 0;
		}
		if (v < 0 && line.data[i] != '=' && !byte_space(line.data[i]))
			event_list_add(&mime->events, EVENT_SMTP_MIME_INVALID_BASE64);
		if (v < 0)
			continue;
		mime->quantum |= (uint32_t)v << (18 - 6 * mime->quantum_chars);
		if (++mime->quantum_chars == 4) {
			out[n++] = (uint8_t)(mime->quantum >> 16);
			out[n++] = (uint8_t)(mime->quantum >> 8);
			out[n++] = (uint8_t)mime->quantum;
			mime->quantum = 0;
			mime->quantum_chars = 0;
		}
	}
	file_write(mime, out, n);
}

static void quoted_write(struct mime *mime, struct span line, struct span eol)
{
	uint8_t out[MIME_LINE_MAX];
	uint32_t n = 0;

	if (mime->eol_len)
		file_write(mime, mime->eol, mime->eol_len);
	mime->eol_len = 0;
	for (uint32_t i = 0; i < line.len; i++) {
		int high, low;

		if (line.data[i] != '=') {
			out[n++] = line.data[i];
			continue;
		}
		if (span_trim(span_from(line, i + 1)).len == 0) {
			eol.len = 0; /* soft line break */
			break;
		}
		high = i + 2 < line.len ? byte_hex(line.data[i + 1]) : -1;
		low = i + 2 < line.len ? byte_hex(line.data[i + 2]) : -1;
		if (high < 0 || low < 0) {
			event_list_add(&mime->events, EVENT_SMTP_MIME_INVALID_QP);
			out[n++] = '=';
			continue;
		}
		out[n++] = (uint8_t)(high << 4 | low);
		i += 2;
	}
	file_write(mime, out, n);
	if (eol.len)
		memcpy(mime->eol, eol.data, eol.len);
	mime->eol_len = (uint8_t)eol.len;
}

static void leaf_write(struct mime *mime, struct span line, struct span eol)
{
	switch (mime->encoding) {
	case MIME_BASE64:
		base64_write(mime, line);
		return;
	case MIME_QUOTED:
		quoted_write(mime, line, eol);
		return;
	case MIME_PLAIN:
		file_write(mime, mime->eol, mime->eol_len);
		file_write(mime, line.data, line.len);
		if (eol.len)
			memcpy(mime->eol, eol.data, eol.len);
		mime->eol_len = (uint8_t)eol.len;
	}
}

struct mime_headers {
	struct span type, disposition, encoding;
};

/* Next "name: value" of a block whose folded lines were joined; a line without a colon has an empty name.
 * false: the block ends. */
static bool field_next(struct span *head, struct span *name, struct span *value)
{
	uint32_t n = span_find(*head, '\n');
	struct span line = {head->data, n};

	if (!head->len)
		return false;
	*head = span_from(*head, n < head->len ? n + 1 : n);
	*name = (struct span){line.data, span_find(line, ':')};
	*value = (struct span){NULL, 0};
	if (name->len == line.len)
		name->len = 0;
	else
		*value = span_trim(span_from(line, name->len + 1));
	*name = span_trim(*name);
	return true;
}

/* The fields of a header block whose folded lines were joined when they were gathered. */
static void head_read(struct span head, struct mime_headers *headers, struct event_list *events)
{
	struct span name, value;

	while (field_next(&head, &name, &value)) {
		if (!name.len)
			event_list_add(events, EVENT_HTTP_MULTIPART_INVALID_HEADER);
		if (name.len > MIME_NAME_LONG)
			event_list_add(events, EVENT_SMTP_MIME_LONG_HEADER_NAME);
		if (value.len > MIME_VALUE_LONG)
			event_list_add(events, EVENT_SMTP_MIME_LONG_HEADER_VALUE);
		if (span_is(name, "content-type") && !headers->type.len)
			headers->type = value;
		else if (span_is(name, "content-disposition") && !headers->disposition.len)
			headers->disposition = value;
		else if (span_is(name, "content-transfer-encoding") && !headers->encoding.len)
			headers->encoding = value;
	}
}

static void file_open(struct mime *mime, struct span name)
{
	struct mime_part *file;

	if (name.len > MIME_FILENAME_LONG)
		event_list_add(&mime->events, EVENT_SMTP_MIME_LONG_FILENAME);
	if (mime->count == MIME_FILES_MAX)
		return;
	file = &mime->files[mime->count++];
	mime->open = true;
	mime->left += blob_add(&file->name, name.data, name.len, MIME_HEAD_MAX);
}

/* The header block is complete: what comes next? */
static void head_end(struct mime *mime)
{
	struct mime_headers headers = {};
	struct span name = {};
	bool named, text;

	head_read(blob_span(&mime->head), &headers, &mime->events);
	if (!mime->mail_head_done && !mime->form)
		mime->left += blob_add(&mime->mail_head, mime->head.data, mime->head.len, MIME_HEAD_MAX);
	mime->mail_head_done = true;
	blob_clear(&mime->head);
	mime->state = MIME_LEAF;
	if (boundary_push(mime, headers.type))
		return;
	if (!mime->form && span_begins(headers.type, "message/rfc822")) {
		mime->state = MIME_HEAD;
		return;
	}
	mime->encoding = span_begins(headers.encoding, "base64")	     ? MIME_BASE64
			 : span_begins(headers.encoding, "quoted-printable") ? MIME_QUOTED
									     : MIME_PLAIN;
	named = mime_parameter(headers.disposition, "filename", &name) ||
		(!mime->form && mime_parameter(headers.type, "name", &name));
	text = !headers.type.len || span_begins(headers.type, "text/");
	if (named ? name.len || !mime->form
		  : !mime->form && (!text || span_begins(headers.disposition, "attachment")))
		file_open(mime, name);
}

static void head_write(struct mime *mime, struct span line, bool whole)
{
	if (!mime->midline && !line.len && whole) {
		head_end(mime);
		return;
	}
	/* A folded line goes on behind the one before. */
	if (!mime->midline && mime->head.len && line.len && line.data[0] != ' ' && line.data[0] != '\t')
		blob_text(&mime->head, "\n", MIME_HEAD_MAX);
	mime->left += blob_add(&mime->head, line.data, line.len, MIME_HEAD_MAX);
}

/* Is line a boundary? Then it is dealt with. */
static bool boundary_check(struct mime *mime, struct span line)
{
	if (line.len < 2 || line.data[0] != '-' || line.data[1] != '-')
		return false;
	for (unsigned int i = mime->depth; i-- > 0;) {
		const struct blob *boundary = &mime->boundaries[i];
		struct span rest;

		if (line.len < boundary->len || memcmp(line.data, boundary->data, boundary->len))
			continue;
		rest = span_from(line, boundary->len);
		if (rest.len && !byte_space(rest.data[0]) && !span_begins(rest, "--"))
			continue;
		part_end(mime);
		blob_clear(&mime->head);
		mime->depth = span_begins(rest, "--") ? i : i + 1;
		mime->state = span_begins(rest, "--") ? MIME_BETWEEN : MIME_HEAD;
		return true;
	}
	return false;
}

/* Lines that no sender may make so long. */
static void line_check(struct mime *mime, uint32_t len)
{
	mime->line_len = (mime->midline ? mime->line_len : 0) + len;
	if (mime->line_len > MIME_LINE_LONG)
		event_list_add(&mime->events, EVENT_SMTP_MIME_LONG_LINE);
	if (mime->line_len > MIME_CODED_LONG && mime->state == MIME_LEAF && mime->encoding != MIME_PLAIN)
		event_list_add(&mime->events, EVENT_SMTP_MIME_LONG_ENC_LINE);
}

/* One line with its end, or a piece of a long one (then without). */
static void line_read(struct mime *mime, struct span line)
{
	struct span eol = {};
	bool whole = line.len && line.data[line.len - 1] == '\n';

	if (whole) {
		uint32_t n = line.len > 1 && line.data[line.len - 2] == '\r' ? 2 : 1;

		eol = (struct span){line.data + line.len - n, n};
		line.len -= n;
	}
	line_check(mime, line.len);
	if (mime->midline || !boundary_check(mime, line)) {
		if (mime->state == MIME_HEAD)
			head_write(mime, line, whole);
		else if (mime->state == MIME_LEAF)
			leaf_write(mime, line, eol);
	}
	mime->midline = !whole;
}

uint32_t mime_feed(struct mime *mime, struct span data)
{
	mime->left = 0;
	while (data.len) {
		uint32_t want = MIME_LINE_MAX - mime->line.len, n = span_find(data, '\n');
		bool whole = n < data.len;

		n = whole ? n + 1 : n;
		if (n > want) {
			n = want;
			whole = true;
		} else if (n == want) {
			whole = true;
		}
		if (whole && !mime->line.len) {
			line_read(mime, (struct span){data.data, n});
		} else {
			mime->left += blob_add(&mime->line, data.data, n, MIME_LINE_MAX);
			if (whole) {
				line_read(mime, blob_span(&mime->line));
				blob_clear(&mime->line);
			}
		}
		data = span_from(data, n);
	}
	return mime->left;
}

uint32_t mime_end(struct mime *mime)
{
	mime->left = 0;
	if (mime->line.len)
		line_read(mime, blob_span(&mime->line));
	blob_clear(&mime->line);
	mime->midline = false;
	if (mime->state == MIME_LEAF && mime->open && mime->eol_len && mime->encoding != MIME_BASE64)
		file_write(mime, mime->eol, mime->eol_len);
	part_end(mime);
	return mime->left;
}

void mime_gap(struct mime *mime)
{
	blob_clear(&mime->line);
	blob_clear(&mime->head);
	if (mime->open)
		mime->files[mime->count - 1].gap = true;
	part_end(mime);
	mime->midline = true; /* not at a line's begin until the next line end */
	mime->state = MIME_BETWEEN;
}

bool mime_file(const struct mime *mime, unsigned int index, struct tx_file *out)
{
	if (index >= mime->count)
		return false;
	out->name = blob_span(&mime->files[index].name);
	out->data = blob_span(&mime->files[index].data);
	out->size = mime->files[index].size;
	out->final = mime->files[index].done;
	out->gap = mime->files[index].gap;
	return true;
}

struct event_list *mime_events(struct mime *mime)
{
	return &mime->events;
}

bool mime_header(const struct mime *mime, const char *name, unsigned int index, struct span *out)
{
	struct span head = blob_span(&mime->mail_head), field;

	while (field_next(&head, &field, out)) {
		if (span_is(field, name) && !index--)
			return true;
	}
	return false;
}
