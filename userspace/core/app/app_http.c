// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_http.c - HTTP/1 over any byte stream: framing, pairing of requests and
 * responses, resynchronisation after loss, tunnels.
 */
#include <netinet/in.h>
#include <string.h>

#include "app_tls.h"
#include "http_line.h"
#include "http_parts.h"

#define HTTP_NAME_MAX 128u /* bytes looked at to tell a field from a body */

static enum app_status start_line(struct flow *flow, struct http *http, enum direction dir, struct span line)
{
	struct http_side *side = &http->sides[dir];
	struct span sent;
	uint32_t cut;
	bool good;

	/* Clients look for the status line behind white space and NULs. */
	while (dir == TO_CLIENT && line.len && (byte_space(line.data[0]) || !line.data[0]))
		line = span_from(line, 1);
	sent = line;
	good = dir == TO_SERVER ? http_line_is_request(line) : http_line_is_response(line);
	if (!span_trim(line).len)
		return APP_OK; /* empty lines between messages */
	if (!good && side->step == HTTP_LOST)
		return APP_OK;
	if (!good && dir == TO_CLIENT && !side->any) {
		/* Clients skip one line in front of the status line. */
		side->step = HTTP_PROBE;
		side->probed = 0;
		blob_clear(&side->raw);
		flow->app_skipped += blob_add(&side->raw, line.data, line.len, HTTP_RAW_MAX);
		return APP_OK;
	}
	/* Where the server answers with HTTP all the same, its answers are looked at. */
	if (!good && dir == TO_SERVER && !side->any && flow->side_app[TO_CLIENT] != APP_HTTP)
		return APP_ERROR;
	if (!good) {
		side->step = HTTP_LOST;
		return APP_OK;
	}
	if (!http_message_begin(flow, http, dir))
		return APP_OK;
	/* Clients take a lone CR for the end of a line. */
	cut = dir == TO_CLIENT ? span_find(sent, '\r') : sent.len;
	flow->app_skipped += http_head_line(&side->tx->side[dir], dir, (struct span){sent.data, cut});
	if (cut < sent.len) {
		struct span rest = span_from(sent, cut + 1);

		flow->app_skipped += blob_add(&side->raw, rest.data, rest.len, HTTP_RAW_MAX - 2);
		blob_text(&side->raw, "\r\n", HTTP_RAW_MAX);
	}
	http_events_take(side->tx, dir);
	side->tx->tx.dirty[dir] = true;
	side->step = HTTP_FIELDS;
	return APP_OK;
}

static void chunk_size(struct flow *flow, struct http *http, enum direction dir, struct span line)
{
	struct http_side *side = &http->sides[dir];
	struct span rest;
	uint64_t size = 0;
	uint32_t i = 0;

	while (i < line.len && byte_space(line.data[i]))
		i++;
	if (i == line.len)
		return; /* servers that send an extra line end */
	if (byte_hex(line.data[i]) < 0) {
		/* Not a size: what follows is taken as body, as lenient clients do. */
		http_side_fault(side, dir, HTTP_FAULT_CHUNK_LENGTH);
		if (dir == TO_CLIENT) {
			side->step = HTTP_TO_END;
			http_body_write(flow, http, dir, line);
		} else {
			http_message_end(flow, http, dir);
			side->step = HTTP_LOST;
		}
		return;
	}
	for (; i < line.len && byte_hex(line.data[i]) >= 0; i++)
		size = size > UINT32_MAX ? size : size * 16 + (uint64_t)byte_hex(line.data[i]);
	rest = span_trim(span_from(line, i));
	if (rest.len)
		http_side_fault(side, dir,
				rest.data[0] == ';' ? HTTP_FAULT_CHUNK_EXTENSION : HTTP_FAULT_CHUNK_LENGTH);
	side->left = size;
	side->step = size ? HTTP_CHUNK : HTTP_TRAILER;
}

/* One whole line in the steps that read lines. */
static enum app_status line_step(struct flow *flow, struct http *http, enum direction dir, struct span line)
{
	struct http_side *side = &http->sides[dir];

	switch (side->step) {
	case HTTP_START:
	case HTTP_LOST:
		return start_line(flow, http, dir, line);
	case HTTP_FIELDS:
		/* Fields behind a request that names no protocol: HTTP/0.9 has none. */
		if (dir == TO_SERVER && line.len && !side->raw.len && !side->tx->side[dir].has_protocol)
			tx_event_set(&side->tx->tx, EVENT_HTTP_REQUEST_LINE_MISSING_PROTOCOL);
		flow->app_skipped += blob_add(&side->raw, line.data, line.len, HTTP_RAW_MAX - 2);
		blob_text(&side->raw, "\r\n", HTTP_RAW_MAX);
		if (!line.len)
			http_head_end(flow, http, dir);
		else
			side->blank = dir == TO_CLIENT && !span_trim(line).len;
		return APP_OK;
	case HTTP_CHUNK_SIZE:
		chunk_size(flow, http, dir, line);
		return APP_OK;
	case HTTP_CHUNK_END:
		side->step = HTTP_CHUNK_SIZE;
		if (span_trim(line)
			    .len) /* no line end behind the chunk: read it as the size it seems to be */
			chunk_size(flow, http, dir, line);
		return APP_OK;
	case HTTP_TRAILER:
		if (!line.len)
			http_message_end(flow, http, dir);
		return APP_OK;
	default:
		return APP_OK;
	}
}

static enum app_status side_feed(struct flow *flow, struct http *http, enum direction dir, struct span data);

/* The line of blanks was the end of the head: what was read since is of the body. */
static void blank_end(struct flow *flow, struct http *http, enum direction dir)
{
	struct http_side *side = &http->sides[dir];
	uint32_t len = side->line_fresh ? 0 : side->line.len;
	uint8_t text[HTTP_NAME_MAX];

	side->blank = false;
	if (len)
		memcpy(text, side->line.data, len);
	blob_clear(&side->line);
	http_head_end(flow, http, dir);
	if (len)
		side_feed(flow, http, dir, (struct span){text, len});
}

/* It is a response that begins here, or it is not: then the body does, of the head before or of none. */
static void probe_end(struct flow *flow, struct http *http, enum direction dir, bool response)
{
	static const uint8_t text[] = "HTTP/";
	struct http_side *side = &http->sides[dir];
	struct span seen = {text, side->probed};

	if (response) {
		if (side->tx)
			http_message_end(flow, http, dir);
		blob_clear(&side->raw);
		side->step = HTTP_START;
		blob_clear(&side->line);
		side->line_fresh = false;
		blob_add(&side->line, seen.data, seen.len, APP_LINE_MAX);
		return;
	}
	if (side->tx) {
		http_body_begin(flow, http, dir);
	} else {
		http_headless_body(flow, http, blob_span(&side->raw), true);
		blob_clear(&side->raw);
	}
	if (side->step != HTTP_PROBE && seen.len)
		side_feed(flow, http, dir, seen);
}

static void side_gap(struct flow *flow, struct http *http, enum direction dir)
{
	struct http_side *side = &http->sides[dir];

	blob_clear(&side->line);
	side->line_fresh = false;
	if (side->tx)
		side->tx->side[dir].body_gap = true;
	switch (side->step) {
	case HTTP_TUNNEL:
	case HTTP_LOST:
		return;
	case HTTP_TO_END: /* goes on; what is decoded so far stands, the rest cannot be decoded */
		http_inflate_free(side->inflate);
		side->inflate = NULL;
		return;
	case HTTP_PROBE:
		probe_end(flow, http, dir, false);
		break;
	case HTTP_FIELDS:
		flow->app_skipped += http_head_fields(&side->tx->side[dir], dir, blob_span(&side->raw));
		http_events_take(side->tx, dir);
		break;
	default:
		break;
	}
	http_message_end(flow, http, dir);
	side->step = HTTP_LOST;
}

/* No more will come in dir: everything unfinished ends. */
static void side_last(struct flow *flow, struct http *http, enum direction dir)
{
	struct http_side *side = &http->sides[dir];
	struct span line = side->line_fresh ? (struct span){} : blob_span(&side->line);

	if (side->step == HTTP_START && line.len) {
		if (dir == TO_CLIENT && !side->any && !http_line_is_response(line))
			http_headless_body(flow, http, line, false);
		else if (dir == TO_SERVER ? http_line_is_request(line) : http_line_is_response(line))
			start_line(flow, http, dir, line);
		if (dir == TO_SERVER && side->tx)
			tx_event_set(&side->tx->tx, EVENT_HTTP_REQUEST_LINE_INCOMPLETE);
		line = (struct span){};
	}
	if (side->step == HTTP_PROBE)
		probe_end(flow, http, dir, false);
	if (side->step == HTTP_FIELDS && side->blank) {
		blank_end(flow, http, dir);
		line = (struct span){};
	}
	if (side->step == HTTP_FIELDS) {
		flow->app_skipped += blob_add(&side->raw, line.data, line.len, HTTP_RAW_MAX);
		flow->app_skipped += http_head_fields(&side->tx->side[dir], dir, blob_span(&side->raw));
		http_events_take(side->tx, dir);
	}
	if (side->step == HTTP_CHUNK_SIZE && line.len)
		chunk_size(flow, http, dir, line);
	http_message_end(flow, http, dir);
	side->step = HTTP_LOST;
	blob_clear(&side->line);
	side->line_fresh = false;
	for (struct tx *tx = flow->txs; tx; tx = tx->next)
		if (tx->proto == APP_HTTP)
			http_tx_end(http, (struct http_tx *)tx, dir);
	if (dir == TO_CLIENT)
		http->awaiting = NULL;
}

/* Is the line behind one of blanks empty, folded, or a field? Else it was the end of the head, as for some
 * clients. */
static struct span blank_feed(struct flow *flow, struct http *http, enum direction dir, struct span data)
{
	struct http_side *side = &http->sides[dir];

	if (side->line_fresh)
		blob_clear(&side->line);
	side->line_fresh = false;
	if (!side->line.len && byte_space(data.data[0])) {
		side->blank = false;
		return data;
	}
	while (data.len && side->line.len < HTTP_NAME_MAX && http_token_byte(data.data[0])) {
		blob_add(&side->line, data.data, 1, HTTP_NAME_MAX);
		data = span_from(data, 1);
	}
	if (!data.len && side->line.len < HTTP_NAME_MAX)
		return data;
	if (data.len && data.data[0] == ':' && side->line.len)
		side->blank = false;
	else
		blank_end(flow, http, dir);
	return data;
}

static struct span probe_feed(struct flow *flow, struct http *http, enum direction dir, struct span data)
{
	static const uint8_t text[] = "HTTP/";
	struct http_side *side = &http->sides[dir];

	while (data.len && side->probed < 5 && data.data[0] == text[side->probed]) {
		side->probed++;
		data = span_from(data, 1);
	}
	if (data.len || side->probed == 5)
		probe_end(flow, http, dir, side->probed == 5);
	return data;
}

static enum app_status side_feed(struct flow *flow, struct http *http, enum direction dir, struct span data)
{
	struct http_side *side = &http->sides[dir];
	enum app_status status = APP_OK;
	bool too_long;

	while (data.len && status == APP_OK) {
		struct span part = data, line;

		if (side->step == HTTP_FIELDS && side->blank) {
			data = blank_feed(flow, http, dir, data);
			continue;
		}
		switch (side->step) {
		case HTTP_PROBE:
			data = probe_feed(flow, http, dir, data);
			break;
		case HTTP_TUNNEL:
			return http_tunnel_feed(flow, http, dir, data, false, false);
		case HTTP_LENGTH:
		case HTTP_CHUNK:
			if (part.len > side->left)
				part.len = (uint32_t)side->left;
			http_body_write(flow, http, dir, part);
			side->left -= part.len;
			data = span_from(data, part.len);
			if (side->left)
				break;
			if (side->step == HTTP_CHUNK)
				side->step = HTTP_CHUNK_END;
			else
				http_message_end(flow, http, dir);
			break;
		case HTTP_TO_END:
			http_body_write(flow, http, dir, data);
			return APP_OK;
		default:
			if (!app_line(flow, &side->line, &side->line_fresh, &data, &line))
				break;
			too_long = line.len >= APP_LINE_MAX - 1;
			status = line_step(flow, http, dir, line);
			if (too_long)
				http_side_fault(side, dir, HTTP_FAULT_TOO_LONG);
		}
	}
	return status;
}

static enum app_status http_feed(struct flow *flow, enum direction dir, struct span data, bool gap, bool last)
{
	struct http *http = flow->app_state[0];
	enum app_status status;

	if (!http)
		http = flow->app_state[0] = calloc(1, sizeof(*http));
	if (!http)
		return APP_ERROR;
	http->held = 0;
	for (struct tx *tx = flow->txs; tx; tx = tx->next)
		if (tx->proto == APP_HTTP)
			http->held += ((struct http_tx *)tx)->side[0].body.len +
				      ((struct http_tx *)tx)->side[1].body.len;
	if (gap && http->sides[dir].step != HTTP_TUNNEL)
		side_gap(flow, http, dir);
	if (http->sides[dir].step == HTTP_TUNNEL)
		status = http_tunnel_feed(flow, http, dir, data, gap, last);
	else
		status = side_feed(flow, http, dir, data);
	if (last && http->sides[dir].step != HTTP_TUNNEL)
		side_last(flow, http, dir);
	return status;
}

static void http_tx_free(struct tx *tx)
{
	struct http_tx *http = (struct http_tx *)tx;

	http_message_free(&http->side[TO_SERVER]);
	http_message_free(&http->side[TO_CLIENT]);
	free(http);
}

static void http_flow_free(struct flow *flow)
{
	struct http *http = flow->app_state[0];

	if (!http)
		return;
	for (enum direction dir = TO_SERVER; dir <= TO_CLIENT; dir++) {
		http_side_reset(&http->sides[dir]);
		blob_free(&http->sides[dir].line);
		blob_free(&http->sides[dir].raw);
	}
	tls_free(http->tls);
	free(http);
	flow->app_state[0] = NULL;
}

const struct app_decoder app_http = {
	.proto = APP_HTTP,
	.ip_proto = IPPROTO_TCP,
	.probe = http_line_probe,
	.feed = http_feed,
	.buffer = http_tx_buffer,
	.file = http_tx_file,
	.tx_free = http_tx_free,
	.flow_free = http_flow_free,
};
