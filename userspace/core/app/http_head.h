/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http_head.h - one side of an HTTP exchange: its first line and header
 * fields, taken apart into the buffers that rules look at.
 */
#ifndef CORE_HTTP_HEAD_H
#define CORE_HTTP_HEAD_H

#include "core/flow/blob.h"
#include "mime.h"
#include "tx.h"

#define HTTP_FIRST	BUFFER_HTTP_URI
#define HTTP_BUFFERS	(BUFFER_HTTP_RESPONSE_BODY - BUFFER_HTTP_URI + 1)
#define HTTP_HEAD_MAX	(256u << 10) /* all text of one head, raw and normalised */
#define HTTP_RAW_MAX	(64u << 10)  /* header fields as sent */
#define HTTP_FIELDS_MAX 256	     /* different names; more are left out and counted */

struct http_piece {
	uint32_t at, len; /* within text */
};

struct http_message {
	bool begun, head_done;
	struct blob text; /* every piece lies here */
	struct http_piece pieces[HTTP_BUFFERS];
	uint32_t present;   /* bit per piece */
	struct blob body;   /* decoded, bounded */
	uint64_t body_seen; /* bytes of the body after decoding, kept or not */
	bool has_body;	    /* a byte of it came */
	bool body_gap;	    /* bytes of the message are missing */
	struct mime *form;  /* parts of a multipart body, or NULL */
	/* what framing and content need; not inspection buffers themselves */
	struct http_piece encoding, disposition;
	unsigned int status;
	bool chunked, has_length, http10, has_protocol, has_host;
	int port;	 /* that the request names; -1 none, -2 no port */
	bool length_odd; /* something follows the number: receivers disagree on what it means */
	uint64_t length;
	bool interim;		  /* a 100 was seen in its place */
	struct event_list events; /* noticed and not yet given to the transaction */
};
SEKI_STATIC_ASSERT(HTTP_BUFFERS <= 32, "present is a bit set");

struct http_tx {
	struct tx tx;
	struct http_message side[2]; /* request, response */
};

/* The piece, false when it is not there. */
bool http_piece_get(const struct http_message *message, enum buffer_id id, struct span *out);

/* Bytes of a piece that is not a buffer. */
struct span http_piece_span(const struct http_message *message, struct http_piece piece);

/* Takes the first line (without its line end) apart. Returns bytes left out for want of room. */
uint32_t http_head_line(struct http_message *message, enum direction dir, struct span line);
/*
 * Takes the header fields as sent (raw: whole lines, the empty one included when it came) apart, and reads
 * the framing fields. Returns bytes left out.
 */
uint32_t http_head_fields(struct http_message *message, enum direction dir, struct span raw);
void http_message_free(struct http_message *message); /* its contents */

#endif
