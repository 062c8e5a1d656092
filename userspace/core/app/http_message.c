// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * http_message.c - one message: what its head says of its body, and the body.
 */
#include "http_parts.h"

#define HTTP_FILE_NAME_LONG 4096u
#define HTTP_HELD_MAX                                                                                        \
	(8u << 20) /* body bytes that one flow may hold in all its transactions; two whole bodies where      \
		      those may be longer */

void http_side_reset(struct http_side *side)
{
	http_inflate_free(side->inflate);
	side->inflate = NULL;
	blob_clear(&side->raw);
	side->tx = NULL;
	side->left = 0;
}

/* What is odd about a form's parts. Their encodings are mail's business. */
static void form_events_take(struct http_tx *tx, struct mime *form)
{
	struct event_list *events = mime_events(form);

	if (event_list_has(events, EVENT_HTTP_MULTIPART_INVALID_HEADER))
		tx_event_set(&tx->tx, EVENT_HTTP_MULTIPART_INVALID_HEADER);
	if (event_list_has(events, EVENT_HTTP_MULTIPART_NO_FILEDATA))
		tx_event_set(&tx->tx, EVENT_HTTP_MULTIPART_NO_FILEDATA);
	*events = (struct event_list){};
}

void http_message_end(struct flow *flow, struct http *http, enum direction dir)
{
	struct http_side *side = &http->sides[dir];

	if (side->tx) {
		struct mime *form = side->tx->side[dir].form;

		if (form) {
			flow->app_skipped += mime_end(form);
			form_events_take(side->tx, form);
		}
		http_tx_end(http, side->tx, dir);
	}
	http_side_reset(side);
	side->step = HTTP_START;
}

void http_body_write(struct flow *flow, struct http *http, enum direction dir, struct span data)
{
	struct http_side *side = &http->sides[dir];
	struct http_message *message = &side->tx->side[dir];
	uint32_t before = message->body.len, max = app_body_max();
	uint64_t held = max > HTTP_HELD_MAX / 2 ? max * 2ull : HTTP_HELD_MAX;
	uint64_t room = http->held < held ? held - http->held : 0;
	struct span name;

	if (!data.len)
		return;
	if (!message->has_body && !message->form && http_file_name(side->tx, dir, &name) &&
	    name.len > HTTP_FILE_NAME_LONG)
		tx_event_set(&side->tx->tx, EVENT_HTTP_FILE_NAME_TOO_LONG);
	message->has_body = true;
	if (max - before > room)
		max = before + (uint32_t)room;
	if (side->inflate) {
		flow->app_skipped +=
			http_inflate_feed(side->inflate, data, &message->body, max, &message->events);
		http_events_take(side->tx, dir);
	} else {
		flow->app_skipped += blob_add(&message->body, data.data, data.len, max);
	}
	message->body_seen += side->inflate ? message->body.len - before : data.len;
	http->held += message->body.len - before;
	if (message->form && message->body.len > before) {
		flow->app_skipped += mime_feed(message->form, span_from(blob_span(&message->body), before));
		form_events_take(side->tx, message->form);
		http->held += message->body.len - before;
	}
	side->tx->tx.dirty[dir] = true;
}

static bool method_is(const struct http_tx *tx, const char *name)
{
	struct span method;

	return http_piece_get(&tx->side[TO_SERVER], BUFFER_HTTP_METHOD, &method) && span_is(method, name);
}

/* A response head without a body, or one that is no answer yet; true when it is dealt with. */
static bool response_special(struct flow *flow, struct http *http, struct http_side *side)
{
	struct http_tx *tx = side->tx;
	struct http_message *message = &tx->side[TO_CLIENT];
	bool connect = method_is(tx, "CONNECT");

	bool framed = message->chunked || (message->has_length && message->length);

	if (framed && message->status == 101)
		tx_event_set(&tx->tx, EVENT_HTTP_SWITCHING_PROTO_WITH_CONTENT_LENGTH);
	else if (framed && (message->status / 100 == 1 || message->status == 204 || message->status == 304))
		tx_event_set(&tx->tx, EVENT_HTTP_RESPONSE_BODY_UNEXPECTED);

	/* Some clients read the body that such an answer announces, although it cannot have one. */
	if (framed && message->status / 100 == 1 && !message->length_odd)
		return false;
	if (framed && (message->status == 204 || message->status == 304) && !method_is(tx, "HEAD")) {
		side->step = HTTP_PROBE;
		side->probed = 0;
		return true;
	}
	if (message->status == 101 || (connect && message->status / 100 == 2)) {
		/* It stays open towards the client until it is known whether the change came about. */
		side->tx = NULL;
		http->tunnel = tx;
		if (http->sides[TO_SERVER].tx)
			http_message_end(flow, http, TO_SERVER);
		http_tunnel_begin(http);
		return true;
	}
	if (connect && http->sides[TO_SERVER].step == HTTP_TUNNEL)
		http->sides[TO_SERVER].step = HTTP_START; /* refused: requests go on */
	if (message->status / 100 == 1) {
		/* An interim answer: the real one follows for the same request. */
		if (message->status == 100 && message->interim)
			tx_event_set(&tx->tx, EVENT_HTTP_100_CONTINUE_ALREADY_SEEN);
		http_message_free(message);
		*message = (struct http_message){.begun = true, .interim = true};
		blob_clear(&side->raw);
		side->step = HTTP_START;
		return true;
	}
	if (message->status == 204 || message->status == 304 || method_is(tx, "HEAD")) {
		http_message_end(flow, http, TO_CLIENT);
		return true;
	}
	return false;
}

void http_head_end(struct flow *flow, struct http *http, enum direction dir)
{
	struct http_side *side = &http->sides[dir];
	struct http_message *message = &side->tx->side[dir];

	side->blank = false;
	flow->app_skipped += http_head_fields(message, dir, blob_span(&side->raw));
	if (dir == TO_SERVER && message->port >= 0 && message->port != flow->server_port &&
	    !method_is(side->tx, "CONNECT"))
		event_list_add(&message->events, EVENT_HTTP_REQUEST_SERVER_PORT_TCP_PORT_MISMATCH);
	http_events_take(side->tx, dir);
	blob_clear(&side->raw);
	side->tx->tx.dirty[dir] = true;
	if (dir == TO_CLIENT && response_special(flow, http, side))
		return;
	if (dir == TO_SERVER && method_is(side->tx, "CONNECT")) {
		http_message_end(flow, http, dir);
		side->step = HTTP_TUNNEL;
		return;
	}
	http_body_begin(flow, http, dir);
}

void http_body_begin(struct flow *flow, struct http *http, enum direction dir)
{
	struct http_side *side = &http->sides[dir];
	struct http_message *message = &side->tx->side[dir];
	struct span type;

	if (message->encoding.len)
		side->inflate = http_inflate_new(http_piece_span(message, message->encoding));
	if (dir == TO_SERVER && http_piece_get(message, BUFFER_HTTP_CONTENT_TYPE, &type))
		message->form = mime_new_form(type);
	/* Both framings at once: chunked holds, as RFC 9112 has it. */
	if (message->chunked) {
		side->step = HTTP_CHUNK_SIZE;
	} else if (message->has_length && !(dir == TO_CLIENT && message->length_odd)) {
		side->left = message->length;
		side->step = HTTP_LENGTH;
		if (!side->left)
			http_message_end(flow, http, dir);
	} else if (dir == TO_SERVER) {
		http_message_end(flow, http, dir);
	} else {
		/* Such a body says itself where it ends, which nobody reads. */
		if (http_piece_get(message, BUFFER_HTTP_CONTENT_TYPE, &type) &&
		    span_begins(type, "multipart/byteranges"))
			tx_event_set(&side->tx->tx, EVENT_HTTP_RESPONSE_MULTIPART_BYTERANGES);
		side->step = HTTP_TO_END;
	}
}

bool http_message_begin(struct flow *flow, struct http *http, enum direction dir)
{
	struct http_side *side = &http->sides[dir];

	if (!side->tx)
		side->tx = http_tx_for(flow, http, dir);
	if (!side->tx)
		return false;
	side->any = true;
	if (dir == TO_CLIENT)
		side->tx->side[dir].begun = true;
	return true;
}

void http_headless_body(struct flow *flow, struct http *http, struct span line, bool whole)
{
	struct http_side *side = &http->sides[TO_CLIENT];

	if (!http_message_begin(flow, http, TO_CLIENT))
		return;
	side->step = HTTP_TO_END;
	tx_event_set(&side->tx->tx, EVENT_HTTP_RESPONSE_BODY_UNEXPECTED);
	http_body_write(flow, http, TO_CLIENT, line);
	if (whole)
		http_body_write(flow, http, TO_CLIENT, (struct span){(const uint8_t *)"\n", 1});
}
