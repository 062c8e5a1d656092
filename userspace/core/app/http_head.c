// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * http_head.c - first lines and header fields to inspection buffers. Lenient
 * as the most lenient server, with the buffers' contents as ET rules expect.
 */
#include "http_head.h"

#include <string.h>

#include "http_check.h"
#include "http_uri.h"

/* A field whose value is a buffer of its own. */
struct field_buffer {
	const char *name;
	enum buffer_id id;
	char dir; /* S, C, B */
};

static const struct field_buffer field_buffers[] = {
	{"user-agent", BUFFER_HTTP_USER_AGENT, 'S'},
	{"cookie", BUFFER_HTTP_COOKIE, 'S'},
	{"set-cookie", BUFFER_HTTP_COOKIE, 'C'},
	{"referer", BUFFER_HTTP_REFERER, 'S'},
	{"accept", BUFFER_HTTP_ACCEPT, 'S'},
	{"accept-encoding", BUFFER_HTTP_ACCEPT_ENC, 'S'},
	{"accept-language", BUFFER_HTTP_ACCEPT_LANG, 'S'},
	{"connection", BUFFER_HTTP_CONNECTION, 'B'},
	{"content-type", BUFFER_HTTP_CONTENT_TYPE, 'B'},
	{"content-length", BUFFER_HTTP_CONTENT_LEN, 'B'},
	{"server", BUFFER_HTTP_SERVER, 'C'},
	{"location", BUFFER_HTTP_LOCATION, 'C'},
};

struct field {
	struct span name; /* within raw */
	struct blob value;
	bool present;
};

struct field_list {
	struct field fields[HTTP_FIELDS_MAX];
	uint32_t count;
	enum direction dir;
	struct event_list *events;
};

bool http_piece_get(const struct http_message *message, enum buffer_id id, struct span *out)
{
	if (!(message->present & 1u << (id - HTTP_FIRST)))
		return false;
	*out = http_piece_span(message, message->pieces[id - HTTP_FIRST]);
	return true;
}

struct span http_piece_span(const struct http_message *message, struct http_piece piece)
{
	return (struct span){message->text.data ? message->text.data + piece.at : NULL, piece.len};
}

/* Names the text from `from` to its end. */
static void piece_set(struct http_message *message, enum buffer_id id, uint32_t from)
{
	message->pieces[id - HTTP_FIRST] = (struct http_piece){from, message->text.len - from};
	message->present |= 1u << (id - HTTP_FIRST);
}

static uint32_t piece_put(struct http_message *message, enum buffer_id id, struct span bytes)
{
	uint32_t from = message->text.len,
		 left = blob_add(&message->text, bytes.data, bytes.len, HTTP_HEAD_MAX);

	piece_set(message, id, from);
	return left;
}

static struct http_piece piece_hide(struct http_message *message, struct span bytes)
{
	uint32_t from = message->text.len;

	blob_add(&message->text, bytes.data, bytes.len, HTTP_HEAD_MAX);
	return (struct http_piece){from, message->text.len - from};
}

static void host_put(struct http_message *message, struct span host, bool raw_too)
{
	uint32_t from;
	int port;

	if (raw_too)
		piece_put(message, BUFFER_HTTP_HOST_RAW, host);
	host = http_authority_split(span_trim(host), &port);
	while (host.len && host.data[host.len - 1] == '.')
		host.len--;
	from = message->text.len;
	piece_put(message, BUFFER_HTTP_HOST, span_trim(host));
	for (uint32_t i = from; i < message->text.len; i++)
		message->text.data[i] = byte_lower(message->text.data[i]);
}

static struct span word_take(struct span *line)
{
	uint32_t n = 0;
	struct span word;

	while (line->len && byte_space(line->data[0]))
		*line = span_from(*line, 1);
	while (n < line->len && !byte_space(line->data[n]))
		n++;
	word = (struct span){line->data, n};
	*line = span_from(*line, n);
	return word;
}

/* The authority of a target: who is asked, and which port is meant. */
static void authority_check(struct http_message *message, struct span authority)
{
	if (!http_host_valid(http_authority_split(authority, &message->port)))
		event_list_add(&message->events, EVENT_HTTP_REQUEST_URI_HOST_INVALID);
	if (message->port == -2)
		event_list_add(&message->events, EVENT_HTTP_INVALID_AUTHORITY_PORT);
}

static uint32_t request_line(struct http_message *message, struct span line)
{
	struct span host, rest = line, method = word_take(&rest), target, protocol = {};
	uint32_t at, from, left;
	bool uri;

	left = piece_put(message, BUFFER_HTTP_REQUEST_LINE, line);
	left += piece_put(message, BUFFER_HTTP_METHOD, method);
	rest = span_trim(rest);
	/* The protocol is what follows the last white space when it begins with HTTP/; targets may hold
	 * spaces. */
	for (at = rest.len; at > 0 && !byte_space(rest.data[at - 1]); at--)
		;
	target = rest;
	if (at > 0 && span_begins(span_from(rest, at), "HTTP/")) {
		protocol = span_from(rest, at);
		target = span_trim((struct span){rest.data, at});
	} else if (at == 0 && span_begins(rest, "HTTP/")) {
		protocol = rest;
		target.len = 0;
	}
	http_check_request_line(&message->events, line, method, target, protocol);
	message->http10 = !span_is(protocol, "HTTP/1.1");
	message->has_protocol = protocol.len;
	if (protocol.len)
		left += piece_put(message, BUFFER_HTTP_PROTOCOL, protocol);
	if (!target.len)
		return left;
	left += piece_put(message, BUFFER_HTTP_URI_RAW, target);
	from = message->text.len;
	/* The target may lie in text, which may move: use the line, which is the caller's. */
	if (span_is(method, "CONNECT")) {
		left += piece_put(message, BUFFER_HTTP_URI, target);
		authority_check(message, target);
		host_put(message, target, true);
		return left;
	}
	uri = http_uri_normalise(target, &message->text, HTTP_HEAD_MAX, &host);
	if (uri)
		piece_set(message, BUFFER_HTTP_URI, from);
	if (uri && http_encoded_again(span_from(blob_span(&message->text), from)))
		event_list_add(&message->events, EVENT_HTTP_DOUBLE_ENCODED_URI);
	if (host.len) {
		/* Behind the host, its port, up to where the path begins. */
		struct span authority = span_from(target, (uint32_t)(host.data - target.data));

		for (at = host.len; at < authority.len && !strchr("/?#", authority.data[at]);)
			at++;
		authority.len = at;
		authority_check(message, authority);
		host_put(message, host, true);
	}
	return left;
}

static uint32_t response_line(struct http_message *message, struct span line)
{
	struct span rest = line, protocol = word_take(&rest), code = word_take(&rest);
	uint32_t left;

	http_check_response_line(&message->events, protocol, code);
	left = piece_put(message, BUFFER_HTTP_RESPONSE_LINE, line);
	left += piece_put(message, BUFFER_HTTP_PROTOCOL, protocol);
	if (code.len)
		left += piece_put(message, BUFFER_HTTP_STAT_CODE, code);
	left += piece_put(message, BUFFER_HTTP_STAT_MSG, span_trim(rest));
	message->http10 = !span_is(protocol, "HTTP/1.1");
	message->status = 0;
	for (uint32_t i = 0; i < code.len && i < 4 && code.data[i] >= '0' && code.data[i] <= '9'; i++)
		message->status = message->status * 10 + (code.data[i] - '0');
	if (message->status > 999)
		message->status = 0;
	return left;
}

uint32_t http_head_line(struct http_message *message, enum direction dir, struct span line)
{
	message->begun = true;
	message->port = -1;
	return dir == TO_SERVER ? request_line(message, line) : response_line(message, line);
}

/* Next line of raw without its end. Clients take a lone CR for one. */
static struct span line_take(struct span *raw, enum direction dir)
{
	uint32_t n = span_find(*raw, '\n'), cr = dir == TO_CLIENT ? span_find(*raw, '\r') : n;
	struct span line;

	n = cr < n ? cr : n;
	line = (struct span){raw->data, n};

	*raw = span_from(*raw, n < raw->len ? n + 1 : n);
	if (line.len && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

static struct field *field_find(struct field_list *list, struct span name)
{
	for (uint32_t i = 0; i < list->count; i++) {
		struct field *field = &list->fields[i];

		if (field->name.len == name.len && name.len &&
		    !strncasecmp((const char *)field->name.data, (const char *)name.data, name.len))
			return field;
	}
	return NULL;
}

/* Behind anything that is no digit. *odd: something follows the number. false: there is none. */
static bool length_read(struct span value, uint64_t *length, bool *odd)
{
	uint64_t n = 0;
	uint32_t i = 0;

	while (i < value.len && (value.data[i] < '0' || value.data[i] > '9'))
		i++;
	if (i == value.len)
		return false;
	for (; i < value.len && value.data[i] >= '0' && value.data[i] <= '9'; i++)
		n = n > UINT32_MAX * 1000ull ? n : n * 10 + (value.data[i] - '0');
	if (odd)
		*odd = span_trim(span_from(value, i)).len > 0;
	*length = n;
	return true;
}

/* Repeated fields join with ", " in the place of the first; of Content-Length the first holds. */
static uint32_t field_add(struct field_list *list, struct span name, struct span value, struct field **last)
{
	struct field *field;

	*last = NULL;
	name = span_trim(name);
	value = span_trim(value);
	field = field_find(list, name);
	if (!field) {
		if (list->count == HTTP_FIELDS_MAX) {
			http_fault_note(list->events, list->dir, HTTP_FAULT_TOO_MANY);
			return name.len + value.len;
		}
		field = &list->fields[list->count++];
		*field = (struct field){.name = name};
	} else if (span_is(name, "content-length")) {
		struct span first = blob_span(&field->value);
		uint64_t lengths[2];

		http_fault_note(list->events, list->dir, HTTP_FAULT_REPEATED);
		if (!length_read(first, &lengths[0], NULL) || !length_read(value, &lengths[1], NULL) ||
		    lengths[0] != lengths[1])
			http_fault_note(list->events, list->dir, HTTP_FAULT_LENGTH_TWICE);
		return value.len;
	} else {
		http_fault_note(list->events, list->dir, HTTP_FAULT_REPEATED);
		blob_text(&field->value, ", ", HTTP_RAW_MAX);
	}
	*last = field;
	return blob_add(&field->value, value.data, value.len, HTTP_RAW_MAX);
}

static bool folded(struct span line)
{
	return line.len && (line.data[0] == ' ' || line.data[0] == '\t');
}

/* A line that seems to be folded but names a coding: there are clients that take it for that field. */
static bool coding_folded(struct span line)
{
	struct span name;

	line = span_trim(line);
	name = span_trim((struct span){line.data, span_find(line, ':')});
	return name.len < line.len &&
	       (span_is(name, "transfer-encoding") || span_is(name, "content-encoding"));
}

/* The colon of a name without one may stand in a folded line behind it; what follows it then. */
static bool colon_folded(struct span *raw, enum direction dir, struct span *value)
{
	struct span rest = *raw;

	while (dir == TO_CLIENT && rest.len) {
		struct span line = line_take(&rest, dir), text = span_trim(line);

		if (line.len && !folded(line))
			return false;
		if (!text.len)
			continue;
		if (text.data[0] != ':')
			return false;
		*value = span_from(text, 1);
		*raw = rest;
		return true;
	}
	return false;
}

static uint32_t fields_split(struct field_list *list, struct span raw)
{
	struct field *last = NULL;
	uint32_t left = 0;

	while (raw.len) {
		struct span line = line_take(&raw, list->dir), value;
		bool own = list->dir == TO_CLIENT && coding_folded(line);
		uint32_t colon;

		if (!line.len)
			continue;
		if (folded(line) && (!list->count || own))
			http_fault_note(list->events, list->dir, HTTP_FAULT_FOLDING);
		if (folded(line) && list->count && !own) {
			struct span more = span_trim(line);

			if (!last) {
				left += more.len;
				continue;
			}
			if (last->value.len)
				blob_add(&last->value, line.data, 1, HTTP_RAW_MAX);
			left += blob_add(&last->value, more.data, more.len, HTTP_RAW_MAX);
			continue;
		}
		colon = span_find(line, ':');
		if (colon == line.len && colon_folded(&raw, list->dir, &value)) {
			left += field_add(list, line, value, &last);
		} else if (colon == line.len) { /* no colon: a value without name */
			http_fault_note(list->events, list->dir, HTTP_FAULT_NO_COLON);
			left += field_add(list, (struct span){}, line, &last);
		} else {
			struct span name = {line.data, colon};

			http_check_name(list->events, list->dir, name);
			left += field_add(list, name, span_from(line, colon + 1), &last);
		}
	}
	return left;
}

static uint32_t field_print(struct http_message *message, const struct field *field)
{
	return blob_add(&message->text, field->name.data, field->name.len, HTTP_HEAD_MAX) +
	       blob_text(&message->text, ": ", HTTP_HEAD_MAX) +
	       blob_add(&message->text, field->value.data, field->value.len, HTTP_HEAD_MAX) +
	       blob_text(&message->text, "\r\n", HTTP_HEAD_MAX);
}

static bool field_is_cookie(const struct field *field, enum direction dir)
{
	return span_is(field->name, dir == TO_SERVER ? "cookie" : "set-cookie");
}

static uint32_t fields_print(struct http_message *message, enum direction dir, const struct field_list *list)
{
	uint32_t left = 0, from = message->text.len, i;
	struct http_piece line =
		message->pieces[(dir == TO_SERVER ? BUFFER_HTTP_REQUEST_LINE : BUFFER_HTTP_RESPONSE_LINE) -
				HTTP_FIRST];

	for (i = 0; i < list->count; i++)
		if (!field_is_cookie(&list->fields[i], dir))
			left += field_print(message, &list->fields[i]);
	if (message->text.len > from)
		piece_set(message, BUFFER_HTTP_HEADER, from);

	from = message->text.len;
	left += blob_text(&message->text, "\r\n", HTTP_HEAD_MAX);
	for (i = 0; i < list->count; i++) {
		left += blob_add(&message->text, list->fields[i].name.data, list->fields[i].name.len,
				 HTTP_HEAD_MAX);
		left += blob_text(&message->text, "\r\n", HTTP_HEAD_MAX);
	}
	left += blob_text(&message->text, "\r\n", HTTP_HEAD_MAX);
	if (list->count)
		piece_set(message, BUFFER_HTTP_HEADER_NAMES, from);

	from = message->text.len;
	if (blob_room(&message->text, line.len, HTTP_HEAD_MAX))
		blob_add(&message->text, message->text.data + line.at, line.len, HTTP_HEAD_MAX);
	left += blob_text(&message->text, "\r\n", HTTP_HEAD_MAX);
	for (i = 0; i < list->count; i++)
		left += field_print(message, &list->fields[i]);
	left += blob_text(&message->text, "\r\n", HTTP_HEAD_MAX);
	piece_set(message, BUFFER_HTTP_START, from);
	return left;
}

/* Clients look over NULs, in front of a line as over a blank. */
static struct span nuls_clean(struct span raw, struct blob *room)
{
	if (!raw.len || !memchr(raw.data, 0, raw.len))
		return raw;
	for (uint32_t i = 0; i < raw.len; i++) {
		bool begins = !i || raw.data[i - 1] == '\n';

		if (raw.data[i] || begins)
			blob_add(room, raw.data[i] ? &raw.data[i] : (const uint8_t *)" ", 1, HTTP_RAW_MAX);
	}
	return blob_span(room);
}

static void coding_read(struct http_message *message, enum direction dir, struct span value)
{
	for (uint32_t i = 0; i < value.len; i++)
		message->chunked |= span_begins(span_from(value, i), "chunked");
	if (!message->chunked)
		http_fault_note(&message->events, dir, HTTP_FAULT_CODING_INVALID);
	else if (dir == TO_CLIENT && !span_is(span_trim(value), "chunked"))
		event_list_add(&message->events, EVENT_HTTP_RESPONSE_ABNORMAL_TRANSFER_ENCODING);
	if (message->chunked && dir == TO_CLIENT && message->http10)
		event_list_add(&message->events, EVENT_HTTP_RESPONSE_CHUNKED_OLD_PROTO);
}

/* The Host field beside what the target already said. */
static void host_read(struct http_message *message, struct span value)
{
	struct span said, host;
	bool has_said = http_piece_get(message, BUFFER_HTTP_HOST, &said);
	int port;

	host = http_authority_split(span_trim(value), &port);
	message->has_host = true;
	if (!http_host_valid(host))
		event_list_add(&message->events, EVENT_HTTP_REQUEST_HEADER_HOST_INVALID);
	if (port == -2)
		event_list_add(&message->events, EVENT_HTTP_INVALID_SERVER_PORT_IN_REQUEST);
	if (!has_said) {
		message->port = port;
		host_put(message, value, true);
		return;
	}
	/* The authority of an absolute target wins over the Host field. */
	while (host.len && host.data[host.len - 1] == '.')
		host.len--;
	if (said.len != host.len || strncasecmp((const char *)said.data, (const char *)host.data, host.len) ||
	    (port >= 0 && message->port >= 0 && port != message->port))
		event_list_add(&message->events, EVENT_HTTP_HOST_HEADER_AMBIGUOUS);
}

/* Fields that say more than their text. */
static void field_read(struct http_message *message, enum direction dir, struct span name, struct span value)
{
	if (span_is(name, "transfer-encoding")) {
		coding_read(message, dir, value);
	} else if (span_is(name, "content-length")) {
		message->has_length = length_read(value, &message->length, &message->length_odd);
		if (!message->has_length)
			http_fault_note(&message->events, dir, HTTP_FAULT_LENGTH_INVALID);
	} else if (span_is(name, "content-encoding")) {
		http_check_encoding(&message->events, value);
		message->encoding = piece_hide(message, value);
	} else if (span_is(name, "content-disposition")) {
		message->disposition = piece_hide(message, value);
	} else if (dir == TO_CLIENT && message->status == 206 && span_is(name, "content-range")) {
		if (!http_range_valid(value))
			event_list_add(&message->events, EVENT_HTTP_RANGE_INVALID);
	} else if (dir == TO_SERVER && span_is(name, "host")) {
		host_read(message, value);
	} else if (dir == TO_SERVER && span_is(name, "authorization")) {
		http_check_authorization(&message->events, value);
	}
}

uint32_t http_head_fields(struct http_message *message, enum direction dir, struct span raw)
{
	AUTO_FREE struct field_list *list = malloc(sizeof(*list));
	struct blob room = {};
	uint32_t left = 0;

	message->head_done = true;
	if (!list)
		return raw.len;
	list->count = 0;
	list->dir = dir;
	list->events = &message->events;
	left += piece_put(message, BUFFER_HTTP_HEADER_RAW, raw);
	left += fields_split(list, dir == TO_CLIENT ? nuls_clean(raw, &room) : raw);
	left += fields_print(message, dir, list);
	for (uint32_t i = 0; i < list->count; i++) {
		struct field *field = &list->fields[i];
		struct span value = blob_span(&field->value);

		field_read(message, dir, field->name, value);
		for (unsigned int b = 0; b < ARRAY_LEN(field_buffers); b++) {
			const struct field_buffer *row = &field_buffers[b];

			if (row->dir != 'B' && row->dir != (dir == TO_SERVER ? 'S' : 'C'))
				continue;
			if (!span_is(field->name, row->name))
				continue;
			left += piece_put(message, row->id, value);
		}
		blob_free(&field->value);
	}
	if (dir == TO_SERVER && message->has_protocol && !message->http10 && !message->has_host)
		event_list_add(&message->events, EVENT_HTTP_MISSING_HOST_HEADER);
	blob_free(&room);
	return left;
}

void http_message_free(struct http_message *message)
{
	blob_free(&message->text);
	blob_free(&message->body);
	mime_free(message->form);
	message->form = NULL;
}
