/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http_parts.h - one connection of HTTP/1 between the files that read it:
 * app_http.c takes lines and bytes, http_pair.c finds the transaction,
 * http_message.c reads head and body, http_tunnel.c what is HTTP no longer.
 */
#ifndef CORE_HTTP_PARTS_H
#define CORE_HTTP_PARTS_H

#include "app_rows.h"
#include "http_body.h"
#include "http_check.h"
#include "http_head.h"

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

/* --- http_pair.c */

/* Nothing more belongs to dir of the transaction. */
void http_tx_end(struct http *http, struct http_tx *tx, enum direction dir);
/* What was noticed about the message goes to its transaction. */
void http_events_take(struct http_tx *tx, enum direction dir);
/* A fault in the message that is being read, if one is. */
void http_side_fault(struct http_side *side, enum direction dir, enum http_fault which);
/* The transaction that a message beginning now in dir belongs to; NULL without memory. */
struct http_tx *http_tx_for(struct flow *flow, struct http *http, enum direction dir);

/* --- http_message.c */

/* Forgets the message that is being read; the partial line stays. */
void http_side_reset(struct http_side *side);
/* The message is complete, or will never be: the next one may begin. */
void http_message_end(struct flow *flow, struct http *http, enum direction dir);
/* Bytes of the body as sent: decoded, kept within bounds, given to the parts of a form. */
void http_body_write(struct flow *flow, struct http *http, enum direction dir, struct span data);
/* The head is complete: what follows it? */
void http_head_end(struct flow *flow, struct http *http, enum direction dir);
/* By what the head says of its body. */
void http_body_begin(struct flow *flow, struct http *http, enum direction dir);
/* Finds the transaction of a message that begins; false without memory. */
bool http_message_begin(struct flow *flow, struct http *http, enum direction dir);
/* A body without a head: what HTTP/0.9 answers with, and what clients show when a server forgets the status
 * line. */
void http_headless_body(struct flow *flow, struct http *http, struct span line, bool whole);

/* --- http_tunnel.c */

/* Both directions carry something else from here on. */
void http_tunnel_begin(struct http *http);
/* What the tunnel carries is decided, or never will be. */
void http_tunnel_tell(struct http *http, bool failed);
/* Bytes of a tunnel: TLS where they begin like it. */
enum app_status http_tunnel_feed(struct flow *flow, struct http *http, enum direction dir, struct span data,
				 bool gap, bool last);

/* --- http_view.c */

/* Of the file in a message that is no form: what the head says, else the path. false: neither. */
bool http_file_name(const struct http_tx *tx, enum direction dir, struct span *out);
/* As struct app_decoder asks for them. */
bool http_tx_file(const struct tx *tx, enum direction dir, unsigned int index, struct tx_file *out);
bool http_tx_buffer(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
		    struct span *out, bool *final);

#endif
