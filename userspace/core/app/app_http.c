// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_http.c - HTTP/1 over any byte stream: framing, pairing of requests and
 * responses, resynchronisation after loss, tunnels.
 */
#include "app_rows.h"

#include <netinet/in.h>
#include <string.h>

#include "app_tls.h"
#include "http_body.h"
#include "http_check.h"
#include "http_head.h"
#include "http_line.h"

#define HTTP_HELD_MAX                                                                                        \
	(8u << 20) /* body bytes that one flow may hold in all its transactions; two whole bodies where      \
		      those may be longer */
#define HTTP_NAME_MAX	 128u /* bytes looked at to tell a field from a body */
#define HTTP_TUNNEL_HEAD 6u   /* bytes that tell TLS in a tunnel */

enum http_step {
	HTTP_START,	 /* before a first line */
	HTTP_FIELDS,	 /* header lines until the empty one */
	HTTP_LENGTH,	 /* body of known length */
	HTTP_CHUNK_SIZE, /* the line in front of a chunk */
	HTTP_CHUNK,
	HTTP_CHUNK_END, /* the line end behind a chunk */
	HTTP_TRAILER,
	HTTP_TO_END, /* body until the connection closes */
	HTTP_PROBE,  /* a response may begin here, or something that only its absence makes a body */
	HTTP_LOST,   /* after a gap: until something looks like a first line */
	HTTP_TUNNEL,
};

struct http_side {
	enum http_step step;
	struct http_tx *tx; /* whose message is being read */
	struct blob line;   /* a partial line, see app_line() */
	bool line_fresh;
	struct blob raw; /* header lines so far */
	uint64_t left;	 /* of the body or chunk */
	struct http_inflate *inflate;
	bool any;	/* a message was recognised in this direction */
	bool blank;	/* a line of blanks: the end of the head unless something of a head follows */
	uint8_t probed; /* bytes of "HTTP/" that were there */
};

struct http {
	struct http_side sides[2];
	struct http_tx *awaiting; /* oldest request without a response begun */
	uint32_t open;		  /* unfinished transactions */
	uint32_t orphans;	  /* responses to come whose transaction was ended early */
	uint64_t held;		  /* body bytes in all transactions, as of this feed */
	struct tls *tls;	  /* inside a tunnel */
	struct http_tx *tunnel;	  /* that opened it, until what it carries is decided */
	bool tunnel_told;	  /* it is */
};

static void tx_end(struct http *http, struct http_tx *tx, enum direction dir)
{
	if (tx->tx.done[dir])
		return;
	tx->tx.done[dir] = true;
	tx->tx.dirty[dir] = true;
	if (tx->tx.done[!dir])
		http->open--;
}

/* What was noticed about the message goes to its transaction. */
static void events_take(struct http_tx *tx, enum direction dir)
{
	struct event_list *events = &tx->side[dir].events;

	for (unsigned int i = 0; i < events->count; i++)
		tx_event_set(&tx->tx, (enum app_event)events->events[i]);
	*events = (struct event_list){};
}

static void fault(struct http_side *side, enum direction dir, enum http_fault which)
{
	if (!side->tx)
		return;
	http_fault_note(&side->tx->side[dir].events, dir, which);
	events_take(side->tx, dir);
}

static void awaiting_advance(struct http *http)
{
	struct tx *tx = http->awaiting ? http->awaiting->tx.next : NULL;

	while (tx && (tx->proto != APP_HTTP || ((struct http_tx *)tx)->side[TO_CLIENT].begun ||
		      tx->done[TO_CLIENT]))
		tx = tx->next;
	http->awaiting = (struct http_tx *)tx;
}

static struct http_tx *tx_open(struct flow *flow, struct http *http, enum direction dir)
{
	struct http_tx *tx;

	if (http->open >= APP_TX_MAX && http->awaiting && http->awaiting->tx.done[TO_SERVER]) {
		struct http_tx *oldest = http->awaiting;

		awaiting_advance(http);
		tx_end(http, oldest, TO_CLIENT);
		http->orphans++;
	}
	tx = (struct http_tx *)app_tx_new(flow, sizeof(*tx), APP_HTTP);
	if (!tx)
		return NULL;
	http->open++;
	if (dir == TO_CLIENT)
		tx->tx.done[TO_SERVER] = true; /* nobody saw its request */
	else if (!http->awaiting)
		http->awaiting = tx;
	return tx;
}

/* The transaction that a message beginning now in dir belongs to. */
static struct http_tx *tx_for(struct flow *flow, struct http *http, enum direction dir)
{
	struct http_tx *tx = http->awaiting;

	if (dir == TO_SERVER)
		return tx_open(flow, http, TO_SERVER);
	if (http->orphans) {
		http->orphans--;
		return tx_open(flow, http, TO_CLIENT);
	}
	if (!tx) {
		tx = tx_open(flow, http, TO_CLIENT);
		if (tx)
			tx_event_set(&tx->tx, EVENT_HTTP_UNABLE_TO_MATCH_RESPONSE_TO_REQUEST);
		return tx;
	}
	awaiting_advance(http);
	return tx;
}

static void side_reset(struct http_side *side)
{
	http_inflate_free(side->inflate);
	side->inflate = NULL;
	blob_clear(&side->raw);
	side->tx = NULL;
	side->left = 0;
}

static void message_end(struct flow *flow, struct http *http, enum direction dir)
{
	struct http_side *side = &http->sides[dir];

	if (side->tx) {
		struct mime *form = side->tx->side[dir].form;

		if (form)
			flow->app_skipped += mime_end(form);
		tx_end(http, side->tx, dir);
	}
	side_reset(side);
	side->step = HTTP_START;
}

static void body_write(struct flow *flow, struct http *http, enum direction dir, struct span data)
{
	struct http_side *side = &http->sides[dir];
	struct http_message *message = &side->tx->side[dir];
	uint32_t before = message->body.len, max = app_body_max();
	uint64_t held = max > HTTP_HELD_MAX / 2 ? max * 2ull : HTTP_HELD_MAX;
	uint64_t room = http->held < held ? held - http->held : 0;

	if (!data.len)
		return;
	message->has_body = true;
	if (max - before > room)
		max = before + (uint32_t)room;
	if (side->inflate) {
		flow->app_skipped +=
			http_inflate_feed(side->inflate, data, &message->body, max, &message->events);
		events_take(side->tx, dir);
	} else {
		flow->app_skipped += blob_add(&message->body, data.data, data.len, max);
	}
	message->body_seen += side->inflate ? message->body.len - before : data.len;
	http->held += message->body.len - before;
	if (message->form && message->body.len > before) {
		flow->app_skipped += mime_feed(message->form, span_from(blob_span(&message->body), before));
		http->held += message->body.len - before;
	}
	side->tx->tx.dirty[dir] = true;
}

static bool method_is(const struct http_tx *tx, const char *name)
{
	struct span method;

	return http_piece_get(&tx->side[TO_SERVER], BUFFER_HTTP_METHOD, &method) && span_is(method, name);
}

static void tunnel_begin(struct http *http)
{
	for (enum direction dir = TO_SERVER; dir <= TO_CLIENT; dir++) {
		side_reset(&http->sides[dir]);
		blob_clear(&http->sides[dir].line);
		http->sides[dir].line_fresh = false;
		http->sides[dir].step = HTTP_TUNNEL;
	}
}

/* A response head without a body, or one that is no answer yet; true when it is dealt with. */
static bool response_special(struct flow *flow, struct http *http, struct http_side *side)
{
	struct http_tx *tx = side->tx;
	struct http_message *message = &tx->side[TO_CLIENT];
	bool connect = method_is(tx, "CONNECT");

	bool framed = message->chunked || (message->has_length && message->length);

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
			message_end(flow, http, TO_SERVER);
		tunnel_begin(http);
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
		message_end(flow, http, TO_CLIENT);
		return true;
	}
	return false;
}

static void body_begin(struct flow *flow, struct http *http, enum direction dir);

/* The head is complete: what follows it? */
static void head_end(struct flow *flow, struct http *http, enum direction dir)
{
	struct http_side *side = &http->sides[dir];
	struct http_message *message = &side->tx->side[dir];

	side->blank = false;
	flow->app_skipped += http_head_fields(message, dir, blob_span(&side->raw));
	if (dir == TO_SERVER && message->port >= 0 && message->port != flow->server_port &&
	    !method_is(side->tx, "CONNECT"))
		event_list_add(&message->events, EVENT_HTTP_REQUEST_SERVER_PORT_TCP_PORT_MISMATCH);
	events_take(side->tx, dir);
	blob_clear(&side->raw);
	side->tx->tx.dirty[dir] = true;
	if (dir == TO_CLIENT && response_special(flow, http, side))
		return;
	if (dir == TO_SERVER && method_is(side->tx, "CONNECT")) {
		message_end(flow, http, dir);
		side->step = HTTP_TUNNEL;
		return;
	}
	body_begin(flow, http, dir);
}

/* By what the head says of its body. */
static void body_begin(struct flow *flow, struct http *http, enum direction dir)
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
			message_end(flow, http, dir);
	} else if (dir == TO_SERVER) {
		message_end(flow, http, dir);
	} else {
		side->step = HTTP_TO_END;
	}
}

static bool message_begin(struct flow *flow, struct http *http, enum direction dir, struct span line)
{
	struct http_side *side = &http->sides[dir];

	if (!side->tx)
		side->tx = tx_for(flow, http, dir);
	if (!side->tx)
		return false;
	side->any = true;
	if (dir == TO_CLIENT)
		side->tx->side[dir].begun = true;
	return true;
}

/* A body without a head: what HTTP/0.9 answers with, and what clients show when a server forgets the status
 * line. */
static void headless_body(struct flow *flow, struct http *http, struct span line, bool whole)
{
	struct http_side *side = &http->sides[TO_CLIENT];

	if (!message_begin(flow, http, TO_CLIENT, line))
		return;
	side->step = HTTP_TO_END;
	body_write(flow, http, TO_CLIENT, line);
	if (whole)
		body_write(flow, http, TO_CLIENT, (struct span){(const uint8_t *)"\n", 1});
}

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
	if (!message_begin(flow, http, dir, line))
		return APP_OK;
	/* Clients take a lone CR for the end of a line. */
	cut = dir == TO_CLIENT ? span_find(sent, '\r') : sent.len;
	flow->app_skipped += http_head_line(&side->tx->side[dir], dir, (struct span){sent.data, cut});
	if (cut < sent.len) {
		struct span rest = span_from(sent, cut + 1);

		flow->app_skipped += blob_add(&side->raw, rest.data, rest.len, HTTP_RAW_MAX - 2);
		blob_text(&side->raw, "\r\n", HTTP_RAW_MAX);
	}
	events_take(side->tx, dir);
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
		fault(side, dir, HTTP_FAULT_CHUNK_LENGTH);
		if (dir == TO_CLIENT) {
			side->step = HTTP_TO_END;
			body_write(flow, http, dir, line);
		} else {
			message_end(flow, http, dir);
			side->step = HTTP_LOST;
		}
		return;
	}
	for (; i < line.len && byte_hex(line.data[i]) >= 0; i++)
		size = size > UINT32_MAX ? size : size * 16 + (uint64_t)byte_hex(line.data[i]);
	rest = span_trim(span_from(line, i));
	if (rest.len)
		fault(side, dir, rest.data[0] == ';' ? HTTP_FAULT_CHUNK_EXTENSION : HTTP_FAULT_CHUNK_LENGTH);
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
			head_end(flow, http, dir);
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
			message_end(flow, http, dir);
		return APP_OK;
	default:
		return APP_OK;
	}
}

/* What the tunnel carries is decided, or never will be. */
static void tunnel_tell(struct http *http, bool failed)
{
	struct http_tx *tx = http->tunnel;

	http->tunnel_told = true;
	http->tunnel = NULL;
	if (!tx)
		return;
	if (failed)
		tx_event_set(&tx->tx, EVENT_HTTP_FAILED_PROTOCOL_CHANGE);
	tx_end(http, tx, TO_CLIENT);
}

static enum app_status tunnel_feed(struct flow *flow, struct http *http, enum direction dir, struct span data,
				   bool gap, bool last)
{
	struct http_side *side = &http->sides[dir];
	enum app_status status;
	bool begun;

	if (http->tls) {
		status = tls_feed(flow, http->tls, dir, data, gap, last);
		return status == APP_ENCRYPTED ? status : APP_OK;
	}
	if (last)
		tunnel_tell(http, false);
	if (http->tunnel_told || dir == TO_CLIENT || !data.len)
		return APP_OK;
	while (side->line.len < HTTP_TUNNEL_HEAD && data.len) {
		blob_add(&side->line, data.data, 1, HTTP_TUNNEL_HEAD);
		data = span_from(data, 1);
	}
	if (side->line.len < HTTP_TUNNEL_HEAD)
		return APP_OK;
	begun = tls_probe(blob_span(&side->line), TO_SERVER, 0) != APP_PROBE_NO;
	tunnel_tell(http, !begun);
	if (!begun)
		return APP_OK;
	http->tls = tls_new();
	if (!http->tls)
		return APP_OK;
	tls_feed(flow, http->tls, dir, blob_span(&side->line), false, false);
	status = tls_feed(flow, http->tls, dir, data, false, last);
	return status == APP_ENCRYPTED ? status : APP_OK;
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
	head_end(flow, http, dir);
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
			message_end(flow, http, dir);
		blob_clear(&side->raw);
		side->step = HTTP_START;
		blob_clear(&side->line);
		side->line_fresh = false;
		blob_add(&side->line, seen.data, seen.len, APP_LINE_MAX);
		return;
	}
	if (side->tx) {
		body_begin(flow, http, dir);
	} else {
		headless_body(flow, http, blob_span(&side->raw), true);
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
		events_take(side->tx, dir);
		break;
	default:
		break;
	}
	message_end(flow, http, dir);
	side->step = HTTP_LOST;
}

/* No more will come in dir: everything unfinished ends. */
static void side_last(struct flow *flow, struct http *http, enum direction dir)
{
	struct http_side *side = &http->sides[dir];
	struct span line = side->line_fresh ? (struct span){} : blob_span(&side->line);

	if (side->step == HTTP_START && line.len) {
		if (dir == TO_CLIENT && !side->any && !http_line_is_response(line))
			headless_body(flow, http, line, false);
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
		events_take(side->tx, dir);
	}
	if (side->step == HTTP_CHUNK_SIZE && line.len)
		chunk_size(flow, http, dir, line);
	message_end(flow, http, dir);
	side->step = HTTP_LOST;
	blob_clear(&side->line);
	side->line_fresh = false;
	for (struct tx *tx = flow->txs; tx; tx = tx->next)
		if (tx->proto == APP_HTTP)
			tx_end(http, (struct http_tx *)tx, dir);
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
			return tunnel_feed(flow, http, dir, data, false, false);
		case HTTP_LENGTH:
		case HTTP_CHUNK:
			if (part.len > side->left)
				part.len = (uint32_t)side->left;
			body_write(flow, http, dir, part);
			side->left -= part.len;
			data = span_from(data, part.len);
			if (side->left)
				break;
			if (side->step == HTTP_CHUNK)
				side->step = HTTP_CHUNK_END;
			else
				message_end(flow, http, dir);
			break;
		case HTTP_TO_END:
			body_write(flow, http, dir, data);
			return APP_OK;
		default:
			if (!app_line(flow, &side->line, &side->line_fresh, &data, &line))
				break;
			too_long = line.len >= APP_LINE_MAX - 1;
			status = line_step(flow, http, dir, line);
			if (too_long)
				fault(side, dir, HTTP_FAULT_TOO_LONG);
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
		status = tunnel_feed(flow, http, dir, data, gap, last);
	else
		status = side_feed(flow, http, dir, data);
	if (last && http->sides[dir].step != HTTP_TUNNEL)
		side_last(flow, http, dir);
	return status;
}

static bool file_name(const struct http_tx *tx, enum direction dir, struct span *out)
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

static bool http_file(const struct tx *tx, enum direction dir, unsigned int index, struct tx_file *out)
{
	const struct http_tx *http = (const struct http_tx *)tx;
	const struct http_message *message = &http->side[dir];

	if (message->form)
		return mime_file(message->form, index, out);
	if (index || !message->has_body)
		return false;
	file_name(http, dir, &out->name);
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

static bool http_buffer(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
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
		side_reset(&http->sides[dir]);
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
	.buffer = http_buffer,
	.file = http_file,
	.tx_free = http_tx_free,
	.flow_free = http_flow_free,
};
