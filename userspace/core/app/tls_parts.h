/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tls_parts.h - one session over a stream, between app_tls.c (records) and
 * tls_v2.c (what was before them).
 */
#ifndef CORE_TLS_PARTS_H
#define CORE_TLS_PARTS_H

#include "app_tls.h"

#define V2_HEAD 7u /* bytes that tell an SSLv2 hello */

struct tls_side {
	uint8_t head[5];
	uint8_t head_len;
	uint8_t type;  /* of the current record */
	uint32_t left; /* of the current record's body */
	uint32_t record_len;
	uint8_t begin[3]; /* of a short record's body */
	uint8_t begin_len;
	uint8_t start[4]; /* head of the current handshake message */
	uint8_t start_len;
	uint32_t message_left;
	struct blob message; /* its body, when it is one that we read */
	bool keep;	     /* it is */
	bool hello;	     /* ClientHello, ServerHello was read */
	bool ccs, data;	     /* ChangeCipherSpec and application data in their right order */
	bool blind;	     /* framing is lost */
	bool begun;
	uint8_t empty; /* records without a byte, one behind the other */
};

struct tls {
	struct tls_side sides[2];
	struct tls_tx *tx;
	bool closed; /* the transaction is done both ways */
	bool v2;     /* both sides speak SSLv2: never called ciphertext */
	bool encrypted;
	uint16_t version;
	uint32_t beat; /* length of an encrypted heartbeat that was not answered yet; 0: none */
	enum direction beat_dir;
};

/* The transaction; NULL without memory, or when it is over. */
struct tls_tx *tls_tx_get(struct flow *flow, struct tls *tls);
/* On the transaction, if there is one. */
void tls_note(const struct tls *tls, enum app_event event);

/* --- tls_v2.c */

/* Do these seven bytes begin an SSLv2 hello? */
bool tls_v2_hello(struct span d, enum direction dir);
/* Heads have two bytes, or three when the record is padded. */
void tls_v2_feed(struct flow *flow, struct tls *tls, enum direction dir, struct span data);
/* Gathers the seven bytes that tell an SSLv2 hello, in message, which is unused so early. true: go on with
 * *data. */
bool tls_v2_begin(struct flow *flow, struct tls *tls, enum direction dir, struct span *data,
		  enum app_status *status);

#endif
