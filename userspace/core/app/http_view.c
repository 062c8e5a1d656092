// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * http_view.c - what rules see of an exchange: its buffers and files.
 */
#include "http_parts.h"

bool http_file_name(const struct http_tx *tx, enum direction dir, struct span *out)
{
	const struct http_message *message = &tx->side[dir];
	struct span uri;

	if (mime_parameter(http_piece_span(message, message->disposition), "filename", out))
		return true;
	if (!http_piece_get(&tx->side[TO_SERVER], BUFFER_HTTP_URI, &uri))
		return false;
	/* The whole path, as rules are written for. */
	*out = (struct span){uri.data, span_find(uri, '?')};
	return out->len > 0;
}

bool http_tx_file(const struct tx *tx, enum direction dir, unsigned int index, struct tx_file *out)
{
	const struct http_tx *http = (const struct http_tx *)tx;
	const struct http_message *message = &http->side[dir];

	if (message->form)
		return mime_file(message->form, index, out);
	if (index || !message->has_body)
		return false;
	http_file_name(http, dir, &out->name);
	out->data = blob_span(&message->body);
	out->size = message->body_seen;
	out->final = tx->done[dir];
	out->gap = message->body_gap;
	return true;
}

/* The index-th header field, "name: value", out of the normalised head. */
static bool field_at(const struct http_message *message, unsigned int index, struct span *out)
{
	struct span head;

	if (!http_piece_get(message, BUFFER_HTTP_START, &head))
		return false;
	for (;; index--) {
		uint32_t n = span_find(head, '\n');

		head = span_from(head, n < head.len ? n + 1 : n);
		n = span_find(head, '\n');
		if (n == head.len || n < 2)
			return false;
		*out = (struct span){head.data, n - 1};
		if (!index)
			return true;
	}
}

bool http_tx_buffer(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
		    struct span *out, bool *final)
{
	const struct http_tx *http = (const struct http_tx *)tx;
	const struct http_message *message = &http->side[dir];

	if (id == BUFFER_HTTP_REQUEST_BODY || id == BUFFER_HTTP_RESPONSE_BODY) {
		if (!message->has_body)
			return false;
		*out = blob_span(&message->body);
		*final = tx->done[dir];
		return true;
	}
	if (id == BUFFER_HTTP_REQUEST_HEADER || id == BUFFER_HTTP_RESPONSE_HEADER)
		return (*final = field_at(message, index, out));
	if (id < HTTP_FIRST || id >= HTTP_FIRST + HTTP_BUFFERS)
		return false;
	*final = true;
	return http_piece_get(message, id, out);
}
